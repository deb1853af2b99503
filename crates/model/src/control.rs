//! Signed statements about the workspace rather than about one case's change: the kill
//! switch (one person stops, two resume), the reading of a prompt, and the wish to take an executed
//! change back.

use crate::{
    ControlId, DeviceId, Digest, Envelope, PersonId, ProposalId, Roster, TimestampMs, WorkspaceId,
    bounded,
    canonical::CanonicalError,
    decision::Refusal,
    envelope::{self, Predicate},
    personal::{self, Unfit},
    proposal::Rollback,
    reason::MAX_TEXT_CHARS,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many different persons must ask before work goes on.
pub const RESUME_NEEDS: usize = 2;

/// The predicate of a control statement; its subject is the workspace's id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// The statement; also its replay nonce.
    pub id: ControlId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What is asked.
    pub command: Command,
    /// Who asks.
    pub person: PersonId,
    /// On which device.
    pub device: DeviceId,
    /// The device's clock.
    pub signed_at_ms: TimestampMs,
}

/// What a control statement asks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Stop: no change that raises spend is applied until work is resumed.
    Stop {
        /// Why; may be empty, because stopping must be quick.
        #[serde(deserialize_with = "bounded::text::<MAX_TEXT_CHARS, _>")]
        text: String,
    },
    /// Go on. Two different persons must ask after the same stop.
    Resume {
        /// The stop: digest of its canonical envelope, as the log names it.
        stop: Digest,
        /// Why it is safe to go on; not empty.
        #[serde(deserialize_with = "bounded::text::<MAX_TEXT_CHARS, _>")]
        text: String,
    },
    /// The prompt of this case was opened on this device.
    ReadPrompt {
        /// The case.
        proposal: ProposalId,
    },
    /// Take back what was executed in this case: the inverse becomes a case of its own.
    Rollback {
        /// The case that was executed.
        proposal: ProposalId,
        /// Why; not empty.
        #[serde(deserialize_with = "bounded::text::<MAX_TEXT_CHARS, _>")]
        text: String,
    },
}

impl Control {
    /// The person's own words; empty where the command has none.
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.command {
            Command::Stop { text }
            | Command::Resume { text, .. }
            | Command::Rollback { text, .. } => text,
            Command::ReadPrompt { .. } => "",
        }
    }

    /// Whether its command means something only with a reason.
    const fn needs_reason(&self) -> bool {
        matches!(self.command, Command::Resume { .. } | Command::Rollback { .. })
    }

    /// What is asked to be taken back, given the digest of the statement's canonical envelope.
    #[must_use]
    pub fn rollback(&self, statement: Digest) -> Option<Rollback> {
        match &self.command {
            Command::Rollback { proposal, text } => {
                Some(Rollback { of: *proposal, person: self.person, statement, text: text.clone() })
            }
            _ => None,
        }
    }
}

impl Predicate for Control {
    const TYPE: &'static str = "urn:countersign:control:v1";
}

/// A control statement whose signature was checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedControl {
    /// The statement.
    pub control: Control,
    /// The digest of the signed payload bytes.
    pub digest: Digest,
}

/// The exact bytes that are signed.
///
/// # Errors
/// Never for a statement made from valid parts.
pub fn statement_bytes(control: &Control) -> Result<Vec<u8>, CanonicalError> {
    let workspace = control.workspace.to_string();
    envelope::statement_bytes(&workspace, Digest::of(workspace.as_bytes()), control)
}

/// Checks signature, person, device and texts.
///
/// # Errors
/// The [`Refusal`], as a value.
pub fn verify(envelope: &Envelope, roster: &Roster) -> Result<SignedControl, Refusal> {
    examine(envelope, roster).map_err(|unfit| unfit.refusal())
}

/// As [`verify`], and says of what does not stand whether a person signed it.
///
/// # Errors
/// [`Unfit`], as a value.
pub fn examine(envelope: &Envelope, roster: &Roster) -> Result<SignedControl, Unfit<Control>> {
    let claim = envelope.claim().map_err(|_| Unfit::Unsigned(Refusal::Malformed))?;
    let (verified, _) = personal::open::<Control>(claim, roster)?;
    let control = verified.predicate;
    let workspace = control.workspace.to_string();
    let subject = Digest::of(workspace.as_bytes());
    let refusal = if verified.subject_name != workspace || verified.subject != subject {
        Refusal::WrongProposal
    } else if control.needs_reason() && control.text().trim().is_empty() {
        Refusal::ReasonMissing
    } else if control.text().chars().count() > MAX_TEXT_CHARS {
        Refusal::Malformed
    } else {
        return Ok(SignedControl { control, digest: verified.payload_digest });
    };
    Err(Unfit::Signed(Box::new(control), refusal))
}

/// Whether work is stopped, as it follows from accepted statements in log order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Halt {
    /// Work goes on.
    #[default]
    Running,
    /// Work is stopped.
    Stopped {
        /// The stop: digest of its canonical envelope.
        stop: Digest,
        /// Who stopped.
        by: PersonId,
        /// Who has asked to resume since.
        resume: BTreeSet<PersonId>,
    },
}

impl Halt {
    /// What follows from one more statement, given the digest of its canonical envelope.
    ///
    /// # Errors
    /// Why it does not count: a stop while stopped counts for nothing new
    /// ([`Refusal::Replayed`]); a resume must name the present stop
    /// ([`Refusal::CaseSettled`]) and come from a person who has not asked yet
    /// ([`Refusal::PersonAlreadyDecided`]).
    pub fn after(&self, control: &Control, envelope: Digest) -> Result<Self, Refusal> {
        match (&control.command, self) {
            (Command::Stop { .. }, Self::Running) => {
                Ok(Self::Stopped { stop: envelope, by: control.person, resume: BTreeSet::new() })
            }
            (Command::Stop { .. }, Self::Stopped { .. }) => Err(Refusal::Replayed),
            (Command::Resume { stop, .. }, Self::Stopped { stop: now, by, resume }) => {
                if stop != now {
                    return Err(Refusal::CaseSettled);
                }
                let mut resume = resume.clone();
                if !resume.insert(control.person) {
                    return Err(Refusal::PersonAlreadyDecided);
                }
                Ok(if resume.len() >= RESUME_NEEDS {
                    Self::Running
                } else {
                    Self::Stopped { stop: *now, by: *by, resume }
                })
            }
            (Command::Resume { .. }, Self::Running) => Err(Refusal::CaseSettled),
            (Command::ReadPrompt { .. } | Command::Rollback { .. }, _) => Ok(self.clone()),
        }
    }

    /// Whether work is stopped.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        matches!(self, Self::Stopped { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn control(person: u128, command: Command) -> Control {
        Control {
            id: ControlId::from_uuid(Uuid::from_u128(person)),
            workspace: WorkspaceId::from_uuid(Uuid::from_u128(1)),
            command,
            person: PersonId::from_uuid(Uuid::from_u128(person)),
            device: DeviceId::from_uuid(Uuid::from_u128(person)),
            signed_at_ms: TimestampMs::from_millis(0),
        }
    }

    #[test]
    fn one_stops_and_two_different_persons_resume() {
        let (stop, other) = (Digest::of(b"stop"), Digest::of(b"another"));
        let ask = |person, stop| control(person, Command::Resume { stop, text: "safe".into() });
        let halted =
            Halt::Running.after(&control(1, Command::Stop { text: String::new() }), stop).unwrap();
        assert!(halted.is_stopped());
        assert_eq!(halted.after(&ask(1, other), other), Err(Refusal::CaseSettled));
        let asked = halted.after(&ask(1, stop), other).unwrap();
        assert!(asked.is_stopped(), "one is not enough");
        assert_eq!(asked.after(&ask(1, stop), other), Err(Refusal::PersonAlreadyDecided));
        assert_eq!(asked.after(&ask(2, stop), other), Ok(Halt::Running));
        assert_eq!(Halt::Running.after(&ask(2, stop), other), Err(Refusal::CaseSettled));
    }
}
