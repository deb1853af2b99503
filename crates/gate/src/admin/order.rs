//! What an operator orders and what comes of it, in one form for a command that works by itself
//! and for one that speaks to a gate that serves (`docs/operate.md`). Every message is one line
//! of JSON; what is unknown in it is refused.

use countersign_identity::enrolment::Enrolment;
use countersign_model::{
    AgentId, PersonId, TimestampMs,
    entity::{AccountRef, PlatformId},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// What a command asks of the gate.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Order {
    /// Something that the log tells: decided first, and committed when the command says so.
    Ledger(LedgerOrder),
    /// Make a snapshot now.
    Compact {
        /// Keep cases that ended within this many days, instead of the configured number.
        keep_days: Option<u32>,
    },
    /// Read the policies again.
    ReloadPolicies {},
}

/// An order that changes nothing but the ledger.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LedgerOrder {
    /// A device that asked becomes a person's.
    Admit(Admit),
    /// An agent joins the roster.
    AddAgent(AddAgent),
    /// An account may be written.
    OpenWriting {
        /// The account.
        account: AccountRef,
        /// The credential that its configuration names as its writer.
        credential: String,
        /// Why, for the log.
        why: String,
    },
    /// An account may be read only.
    CloseWriting {
        /// The account, as its platform writes it.
        account: PlatformId,
        /// Why, for the log.
        why: String,
    },
    /// The newest stamps were in the future.
    CorrectClock {
        /// What had happened to the clock.
        why: String,
    },
}

/// What the administrator decides about a device.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admit {
    /// The request's text, as the device made it.
    pub(crate) request: String,
    /// The person's name.
    pub(crate) name: String,
    /// Roles, separated by commas.
    pub(crate) roles: String,
    /// A person who is on the roster already and gets a further device.
    pub(crate) person: Option<PersonId>,
    /// Whether the person gets a second factor.
    pub(crate) with_totp: bool,
}

/// What the administrator decides about an agent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddAgent {
    /// The agent's name.
    pub(crate) name: String,
    /// Who answers for it.
    pub(crate) owner: PersonId,
    /// Scopes, separated by commas.
    pub(crate) scopes: String,
}

/// What must be with whoever ordered before anything is committed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum HandOver {
    /// Nothing.
    Nothing {},
    /// Of an admission.
    Admission {
        /// For the device.
        enrolment: Box<Enrolment>,
        /// For the person's authenticator.
        totp_uri: Option<Secret>,
    },
    /// Of a new agent.
    Agent {
        /// The agent.
        agent: AgentId,
        /// Its bearer token.
        token: Secret,
    },
}

/// The second message of a command that was handed over what it asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Word {
    /// It is in safe hands: commit.
    Commit {},
}

/// What the gate says to a command.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Told {
    /// Decided; nothing is changed before [`Word::Commit`].
    Decided(HandOver),
    /// Done, and durable.
    Done(Done),
    /// Not done; nothing was changed.
    Refused {
        /// Why, and what to do.
        message: String,
    },
}

/// What was done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Done {
    /// A roster is in force.
    Roster {
        /// Its version.
        version: u64,
        /// Whether the relay knows its devices already.
        relay_told: bool,
    },
    /// The log goes on from another time.
    Clock {
        /// The newest stamp before.
        from_ms: TimestampMs,
        /// The stamp that the log goes on from.
        to_ms: TimestampMs,
    },
    /// An account may be written from here on, or no longer.
    Writing {
        /// The account.
        account: AccountRef,
        /// The credential that writes; none when nothing does any longer.
        credential: Option<String>,
    },
    /// The relay was compacted.
    Compacted(Compacted),
    /// The policies were read.
    Policies(PoliciesReloaded),
}

/// What compacting did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compacted {
    /// The relay's position up to which it was compacted; none when there was nothing to do.
    pub floor: Option<u64>,
    /// How many records the snapshot holds.
    pub kept: u64,
    /// How many the relay has let go of besides.
    pub left_out: u64,
}

/// What reading the policies again did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoliciesReloaded {
    /// The version in force.
    pub version: String,
    /// Its digest, as hex.
    pub digest: String,
    /// Whether it is another than before, and was published.
    pub is_new: bool,
}

/// A text that is wiped when dropped and never shown.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) Zeroizing<String>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Zeroizing::new(String::deserialize(deserializer)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_refused_and_secrets_are_never_shown() {
        for text in [
            r#"{"ledger":{"correct_clock":{"why":"x","at":1}}}"#,
            r#"{"compact":{}, "reload_policies":{}}"#,
            r#"{"compact":{"keep_days":-1}}"#,
            r#"{"reload_policies":{"from":"/etc"}}"#,
            r#"{"commit":{}}"#,
            "{}",
        ] {
            assert!(serde_json::from_str::<Order>(text).is_err(), "{text}");
        }
        let secret = Secret(Zeroizing::new("csag_hush".into()));
        let agent = AgentId::from_uuid(uuid::Uuid::from_u128(1));
        let told = Told::Decided(HandOver::Agent { agent, token: secret });
        assert!(!format!("{told:?}").contains("hush"));
        let text = serde_json::to_string(&told).unwrap();
        let Told::Decided(HandOver::Agent { token, .. }) = serde_json::from_str(&text).unwrap()
        else {
            panic!("{text}")
        };
        assert_eq!(*token.0, "csag_hush");
    }
}
