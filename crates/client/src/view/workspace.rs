//! The workspace, the connection, and what is common to all screens.

use super::{Code, HaltView, InboxPage, RiskTierName, SavedFilter, SettingsView};
use std::collections::BTreeMap;

view! {
    /// Where this device stands with its workspace.
    #[serde(tag = "state", rename_all = "snake_case")]
    pub enum WorkspaceState {
        /// The keychain is locked or missing; nothing is worked around.
        KeychainProblem {
            /// What is wrong and what to do.
            problem: ProblemView,
        },
        /// The local store cannot be opened; nothing is deleted or replaced.
        StoreProblem {
            /// What is wrong and what to do.
            problem: ProblemView,
        },
        /// No key and no workspace yet.
        NotEnrolled,
        /// Keys exist and a request waits for an administrator.
        RequestMade {
            /// The request to hand over.
            request: EnrolmentRequestView,
        },
        /// Ready.
        Ready {
            /// The workspace.
            workspace: WorkspaceView,
        },
    }

    /// All that the first page shows, in one answer.
    pub struct OpeningView {
        /// Where this device stands.
        pub state: WorkspaceState,
        /// What is on the desk, when it is ready.
        pub desk: Option<DeskView>,
        /// The settings.
        pub settings: SettingsView,
        /// A link that the app was opened with; it waits on for `take_link`.
        pub link: Option<LinkView>,
    }

    /// The inbox as it is opened, and what stands around it.
    pub struct DeskView {
        /// The first page of what needs me.
        pub page: InboxPage,
        /// Saved searches.
        pub filters: Vec<SavedFilter>,
        /// Whether we are connected, and what is unsent.
        pub connection: ConnectionView,
        /// Whether work is stopped.
        pub halt: HaltView,
    }

    /// Something that is wrong: a code for the program, words for the person.
    #[derive(Eq)]
    pub struct ProblemView {
        /// Stable code, e.g. `keychain_locked`; the window has its own words for it.
        #[ts(type = "import('./codes').ProblemCode")]
        pub code: Code,
        /// What is wrong, in English.
        pub message: String,
        /// What can be done, most useful first, in English.
        pub hints: Vec<String>,
        /// What the window's words need filled in, by name.
        pub values: BTreeMap<String, String>,
    }

    /// What an administrator needs to admit this device.
    pub struct EnrolmentRequestView {
        /// The request file's content.
        pub json: String,
        /// Six words of the device key, to be confirmed with a colleague.
        pub fingerprint: Vec<String>,
    }

    /// What an enrolment asks to believe, before anything of it is kept.
    pub struct EnrolmentView {
        /// The workspace's name, as the file says it.
        pub workspace_name: String,
        /// Whose device this would be.
        pub person_name: String,
        /// Six words of the root keys, gate and log that would be believed; to be compared
        /// with what the administrator's `admit` printed.
        pub root_words: Vec<String>,
        /// Six words of this device's key.
        pub fingerprint: Vec<String>,
    }

    /// The workspace and who I am in it.
    pub struct WorkspaceView {
        /// Workspace id.
        pub workspace: String,
        /// Its name.
        pub name: String,
        /// My person id.
        pub person: String,
        /// My name.
        pub person_name: String,
        /// My roles.
        pub roles: Vec<String>,
        /// This device.
        pub device: String,
        /// Six words of this device's key.
        pub fingerprint: Vec<String>,
        /// Six words of the root keys, gate and log that this device believes.
        pub root_words: Vec<String>,
    }

    /// Whether we are connected and what has not been sent.
    pub struct ConnectionView {
        /// The relay answers and the live tail runs.
        pub online: bool,
        /// When the relay was last reached.
        #[ts(type = "number | null")]
        pub last_contact_ms: Option<i64>,
        /// The last log head that this device verified itself.
        pub checkpoint: Option<CheckpointView>,
        /// Decisions signed on this device and not yet delivered, the held ones included.
        pub unsent: u32,
        /// Those of them that can still be recalled.
        pub held: u32,
        /// This device's clock minus the workspace's, in milliseconds, when it is out by more
        /// than a signature may be; null when the clocks agree or nothing is known.
        #[ts(type = "number | null")]
        pub clock_skew_ms: Option<i64>,
        /// Cases that need me and whose evidence is not all on this device.
        pub evidence_missing: u32,
        /// A fault that the sync found and will not hide (fork, gap, foreign record).
        pub fault: Option<ProblemView>,
    }

    /// A verified log head.
    pub struct CheckpointView {
        /// Entries.
        #[ts(type = "number")]
        pub size: u64,
        /// Merkle root, hex.
        pub root: String,
        /// When this device verified it.
        #[ts(type = "number")]
        pub verified_at_ms: i64,
    }

    /// An amount.
    pub struct MoneyView {
        /// Millionths of the major unit, as decimal text.
        pub amount_micros: String,
        /// ISO 4217.
        pub currency: String,
    }

    /// Something that this person should hear of although the window is not looked at.
    /// Carries no amount and no name of a campaign: lock screens show notices.
    pub struct NoticeView {
        /// The case to open.
        pub proposal: String,
        /// Why.
        pub kind: NoticeKind,
        /// How much is at stake.
        #[ts(as = "RiskTierName")]
        pub risk_tier: String,
        /// By when my signature counts.
        #[ts(type = "number")]
        pub decide_by_ms: i64,
        /// How many cases it speaks for, itself included; more than one in a digest.
        pub cases: u32,
    }

    /// Why a notice is given.
    #[serde(rename_all = "snake_case")]
    pub enum NoticeKind {
        /// My signature can still change the outcome.
        NeedsMe,
        /// The same, and the time is nearly over.
        DueSoon,
        /// A question in the thread is for me.
        Question,
        /// A decision of mine was refused or came too late.
        Refused,
        /// Somebody stopped all work.
        Stopped,
    }

    /// The prompt behind a proposal; that it was read is logged.
    pub struct PromptView {
        /// Proposal id.
        pub proposal: String,
        /// The prompt.
        pub prompt: String,
        /// Whether it is the one that the gate committed to.
        pub commitment_checked: bool,
    }

    /// What pictures can be saved as; the ending of the file too.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum PictureKind {
        /// Vectors.
        Svg,
        /// Pixels.
        Png,
    }

    /// A picture of a chart to save.
    pub struct PictureInput {
        /// Proposed file name without its ending.
        pub name: String,
        /// What it is.
        pub kind: PictureKind,
        /// The SVG's text, or the PNG's bytes in base64.
        pub content: String,
    }

    /// A link that the app was opened with.
    pub struct LinkView {
        /// The case to open.
        pub proposal: String,
    }

    /// What closing the window would leave unsent.
    pub struct QuitView {
        /// Signed and not delivered, the held ones included.
        pub unsent: u32,
        /// Those that can still be recalled.
        pub held: u32,
    }
}
