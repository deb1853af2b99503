//! What people say about a case.

use super::Delivery;

view! {
    /// The thread of a case.
    pub struct ThreadView {
        /// Comments, oldest first.
        pub comments: Vec<CommentView>,
        /// Whom one can mention or ask.
        pub people: Vec<PersonRef>,
        /// Questions that nobody asked has answered; nobody approves before.
        pub open_questions: u32,
        /// Those of them that are for me.
        pub questions_for_me: u32,
    }

    /// A person.
    #[derive(Eq)]
    pub struct PersonRef {
        /// Person id.
        pub id: String,
        /// Name.
        pub name: String,
    }

    /// A signed comment.
    pub struct CommentView {
        /// Comment id.
        pub id: String,
        /// Who.
        pub person: String,
        /// Whether it is mine.
        pub mine: bool,
        /// What.
        pub text: String,
        /// Whom it mentions.
        pub mentions: Vec<PersonRef>,
        /// Whom it asks; they must answer before anybody approves.
        pub question_for: Vec<PersonRef>,
        /// The question that it answers.
        pub answers: Option<String>,
        /// A question that somebody asked has answered.
        pub answered: bool,
        /// Device clock.
        #[ts(type = "number")]
        pub at_ms: i64,
        /// The signature was checked on this device.
        pub signature_checked: bool,
        /// How far it has got; only mine are ever on their way.
        pub delivery: Delivery,
    }

    /// A comment to sign.
    #[derive(Eq)]
    pub struct CommentInput {
        /// Proposal id.
        pub proposal: String,
        /// What; at most 4,000 characters.
        pub text: String,
        /// Person ids.
        pub mentions: Vec<String>,
        /// Person ids that must answer; empty for no question.
        pub question_for: Vec<String>,
        /// The comment id of the question that it answers.
        pub answers: Option<String>,
    }
}
