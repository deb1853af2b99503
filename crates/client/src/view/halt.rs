//! The stop: one person stops, two resume.

use super::ProblemView;

view! {
    /// Whether work is stopped.
    pub struct HaltView {
        /// The log says that work is stopped.
        pub stopped: bool,
        /// Since when, by the gate's clock.
        #[ts(type = "number | null")]
        pub since_ms: Option<i64>,
        /// Who stopped it.
        pub by: Option<String>,
        /// Why, in their words.
        pub reason: Option<String>,
        /// Who has asked to resume since.
        pub resume_asked_by: Vec<String>,
        /// How many different persons must ask.
        pub resume_needs: u32,
        /// My own stop or resume that the gate has not logged yet.
        pub pending: Option<HaltKind>,
        /// Why I cannot resume, e.g. because I have asked already; null when I can.
        pub resume_blocked_because: Option<ProblemView>,
    }

    /// Stop or go on.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum HaltKind {
        /// Stop: no change that raises spend is applied.
        Stop,
        /// Ask to go on.
        Resume,
    }

    /// What the person chose; a sheet follows.
    #[derive(Eq)]
    pub struct HaltInput {
        /// Stop or resume.
        pub kind: HaltKind,
        /// Why; may be empty to stop, not to resume.
        pub text: String,
    }
}
