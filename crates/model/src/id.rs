//! One newtype for each kind of id, so that a person can never be passed for an agent.
//!
//! On the wire an id is its prefix, an underscore and a hyphenated UUID
//! (version 7, RFC 9562), e.g. `prop_0192f0c1-…`.

use crate::spelling;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Why a text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind} id: expected `{prefix}_` followed by a UUID")]
pub struct ParseIdError {
    kind: &'static str,
    prefix: &'static str,
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix that the written form starts with.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID made elsewhere (this room has no randomness and no clock).
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Characters of the written form.
            const CHARS: usize = $prefix.len() + 1 + uuid::fmt::Hyphenated::LENGTH;

            /// The written form, without an allocation: logs hold millions of them.
            fn spell(self, buffer: &mut [u8; Self::CHARS]) -> &str {
                let (prefix, uuid) = buffer.split_at_mut($prefix.len() + 1);
                prefix.copy_from_slice(concat!($prefix, "_").as_bytes());
                self.0.hyphenated().encode_lower(uuid);
                std::str::from_utf8(buffer).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.spell(&mut [0; Self::CHARS]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let error = ParseIdError { kind: $kind, prefix: $prefix };
                let uuid = text
                    .strip_prefix($prefix)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .ok_or_else(|| error.clone())?;
                let parsed = Uuid::try_parse(uuid).map_err(|_| error.clone())?;
                // One id, one spelling: no braces, upper case or missing hyphens.
                if *parsed.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == *uuid {
                    Ok(Self(parsed))
                } else {
                    Err(error)
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.spell(&mut [0; Self::CHARS]))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                spelling::read(deserializer, str::parse)
            }
        }
    };
}

id_type!(
    /// A team's workspace: one relay stream, one gate, one roster, one log.
    WorkspaceId, "ws", "workspace"
);
id_type!(
    /// One proposed change; also the id of its case.
    ProposalId, "prop", "proposal"
);
id_type!(
    /// One signed decision; also its replay nonce.
    DecisionId, "dec", "decision"
);
id_type!(
    /// A person. Never interchangeable with an agent:
    ///
    /// ```compile_fail
    /// use countersign_model::{AgentId, PersonId};
    /// fn counts_towards_quorum(_: PersonId) {}
    /// fn agent() -> AgentId { unimplemented!() }
    /// counts_towards_quorum(agent());
    /// ```
    PersonId, "person", "person"
);
id_type!(
    /// An AI agent, which may draft and never approve.
    AgentId, "agent", "agent"
);
id_type!(
    /// One enrolled device of a person, or the gate's own.
    DeviceId, "dev", "device"
);
id_type!(
    /// One signed comment.
    CommentId, "com", "comment"
);
id_type!(
    /// One signed control statement: stop, resume, reading a prompt.
    ControlId, "ctl", "control statement"
);
id_type!(
    /// One entry of the audit log.
    EventId, "evt", "event"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = ProposalId::from_uuid(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<ProposalId>(), Ok(id));
        for bad in [
            "00000000-0000-0000-0000-000000000007",
            "dec_00000000-0000-0000-0000-000000000007",
            "prop_00000000000000000000000000000007",
            "prop_{00000000-0000-0000-0000-000000000007}",
            "prop_0000000A-0000-0000-0000-000000000007",
        ] {
            assert!(bad.parse::<ProposalId>().is_err(), "{bad}");
        }
    }
}
