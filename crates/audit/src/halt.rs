//! The kill switch as it follows from verified log entries, the same for gate, desktop and
//! auditor.

use countersign_model::{
    PersonId,
    control::Halt,
    entry::{EntryBody, EntryKind},
};

/// What follows from one more entry. Entries of other kinds change nothing; what does not
/// fit, as a second stop, changes nothing either.
#[must_use]
pub fn after_entry(halt: &Halt, body: &EntryBody) -> Halt {
    let person = || body.actor.id.parse::<PersonId>().ok();
    match (body.action, halt) {
        (EntryKind::WorkStopped, Halt::Running) => match (body.output_hash, person()) {
            (Some(stop), Some(by)) => Halt::Stopped { stop, by, resume: [].into() },
            _ => Halt::Running,
        },
        (EntryKind::ResumeAsked, Halt::Stopped { stop, by, resume }) => {
            let mut resume = resume.clone();
            resume.extend(person());
            Halt::Stopped { stop: *stop, by: *by, resume }
        }
        (EntryKind::WorkResumed, _) => Halt::Running,
        _ => halt.clone(),
    }
}
