//! The roster: people, roles, devices, second factors and agents, signed by a threshold
//! of root keys in the manner of TUF (root rotation, section 5.3 of its specification).

use crate::{
    AgentId, DeviceId, Digest, Envelope, PersonId, PublicKey, Signer, TimestampMs, WorkspaceId,
    bounded,
    canonical::{self, CanonicalError},
    envelope::{EnvelopeError, Predicate, SealError},
    verdict::FactorKind,
};
use serde::{Deserialize, Deserializer, Serialize};
use std::{collections::BTreeSet, fmt};

/// Longest name of a person, an agent or a workspace, in characters.
pub const MAX_NAME_CHARS: usize = 80;

/// A role such as `ops` or `finance`: 1 to 32 lower-case letters and underscores.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Role(String);

/// A text is not a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role: expected 1 to 32 lower-case letters and underscores")]
pub struct RoleError;

impl Role {
    /// Reads a role.
    ///
    /// # Errors
    /// [`RoleError`].
    pub fn parse(text: &str) -> Result<Self, RoleError> {
        let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if letters && (1..=32).contains(&text.len()) {
            Ok(Self(text.into()))
        } else {
            Err(RoleError)
        }
    }

    /// The role's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::spelling::read(deserializer, Self::parse)
    }
}

/// Who may act in a workspace, at one version.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Counts up by one; never goes back.
    pub version: u64,
    /// When it was made.
    pub issued_at_ms: TimestampMs,
    /// After this moment it is no longer believed.
    pub expires_at_ms: TimestampMs,
    /// Who signs the next version.
    pub root: RootKeys,
    /// The gate's keys.
    pub gate: GateKeys,
    /// The people.
    pub people: Vec<Person>,
    /// The agents.
    pub agents: Vec<Agent>,
}

/// Root keys and how many of them must sign.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootKeys {
    /// The keys.
    pub keys: BTreeSet<PublicKey>,
    /// How many distinct keys must sign; at least 1.
    pub threshold: u8,
}

/// The gate's public identity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateKeys {
    /// The gate as a device of the relay.
    pub device: DeviceId,
    /// Signs proposals, verdicts, log entries and relay records.
    pub signing_key: PublicKey,
    /// The log's verifier key in signed-note form: `<origin>+<id>+<key>`.
    pub log_vkey: String,
}

/// A person.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The person.
    pub id: PersonId,
    /// What colleagues call them.
    #[serde(deserialize_with = "bounded::line::<MAX_NAME_CHARS, _>")]
    pub name: String,
    /// The roles held.
    pub roles: BTreeSet<Role>,
    /// Enrolled devices, revoked ones included.
    pub devices: Vec<Device>,
    /// Enrolled second factors; their secrets are with the gate.
    pub factors: BTreeSet<FactorKind>,
}

/// An enrolled device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// Its decision and relay signing key.
    pub signing_key: PublicKey,
    /// Its X25519 key for receiving epoch keys (RFC 9180), as hex.
    pub sealing_key: Digest,
    /// Valid from.
    pub enrolled_at_ms: TimestampMs,
    /// Not valid from this moment on.
    pub revoked_at_ms: Option<TimestampMs>,
}

/// An agent with the person who answers for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The agent.
    pub id: AgentId,
    /// Its name.
    #[serde(deserialize_with = "bounded::line::<MAX_NAME_CHARS, _>")]
    pub name: String,
    /// The person who owns it.
    pub owner: PersonId,
}

impl Predicate for Roster {
    const TYPE: &'static str = "urn:countersign:roster:v1";
}

/// Why a roster was refused.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The envelope is malformed or holds no roster.
    #[error("the roster cannot be read")]
    Envelope(#[from] EnvelopeError),
    /// Too few root keys have signed.
    #[error("too few root keys have signed the roster: {valid} of {needed}")]
    Threshold {
        /// Valid signatures found.
        valid: usize,
        /// Valid signatures needed.
        needed: u8,
    },
    /// For another workspace.
    #[error("the roster is of another workspace")]
    Workspace,
    /// Not the next version.
    #[error("the roster has version {found}, expected {expected}; versions never go back or skip")]
    Version {
        /// The version found.
        found: u64,
        /// The version expected.
        expected: u64,
    },
    /// Past its expiry.
    #[error("the roster has expired; ask an administrator for a fresh one")]
    Expired,
    /// A rule inside is broken: duplicate ids, a zero threshold, a threshold over the keys.
    #[error("the roster contradicts itself: {0}")]
    Inconsistent(&'static str),
}

impl Device {
    /// Whether a signature made at `at` by this device can count.
    #[must_use]
    pub fn is_valid_at(&self, at: TimestampMs) -> bool {
        self.enrolled_at_ms <= at && self.revoked_at_ms.is_none_or(|revoked| at < revoked)
    }
}

impl Roster {
    /// The person with this id.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// The person and device that hold a signing key.
    #[must_use]
    pub fn holder_of(&self, key: PublicKey) -> Option<(&Person, &Device)> {
        self.people.iter().find_map(|person| {
            let device = person.devices.iter().find(|device| device.signing_key == key)?;
            Some((person, device))
        })
    }

    /// The agent with this id.
    #[must_use]
    pub fn agent(&self, id: AgentId) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.id == id)
    }

    /// Digest of the canonical bytes.
    ///
    /// # Errors
    /// Never for a roster made from valid parts.
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        canonical::digest(self)
    }

    /// Signs the roster with root keys.
    ///
    /// # Errors
    /// When a key cannot sign.
    pub fn seal(&self, root: &[&dyn Signer]) -> Result<Envelope, SealError> {
        let digest = self.digest().map_err(SealError::Canonical)?;
        let payload = crate::envelope::statement_bytes(&self.workspace.to_string(), digest, self)
            .map_err(SealError::Canonical)?;
        Ok(Envelope::sign_payload(&payload, root)?)
    }

    /// Accepts the first roster that a device sees, under root keys it was told to trust.
    ///
    /// # Errors
    /// [`RosterError`].
    pub fn open_first(
        envelope: &Envelope,
        trusted: &RootKeys,
        now: TimestampMs,
    ) -> Result<Self, RosterError> {
        let roster = Self::read(envelope)?;
        roster.require(envelope, trusted)?;
        roster.require(envelope, &roster.root)?;
        roster.check(now)?;
        Ok(roster)
    }

    /// Accepts the successor of `self`: the next version, signed by the old threshold
    /// and by the new one.
    ///
    /// # Errors
    /// [`RosterError`].
    pub fn open_next(&self, envelope: &Envelope, now: TimestampMs) -> Result<Self, RosterError> {
        let next = Self::read(envelope)?;
        if next.workspace != self.workspace {
            return Err(RosterError::Workspace);
        }
        if next.version != self.version + 1 {
            return Err(RosterError::Version { found: next.version, expected: self.version + 1 });
        }
        next.require(envelope, &self.root)?;
        next.require(envelope, &next.root)?;
        next.check(now)?;
        Ok(next)
    }

    fn read(envelope: &Envelope) -> Result<Self, RosterError> {
        Ok(envelope.peek_unverified::<Self>()?)
    }

    fn require(&self, envelope: &Envelope, root: &RootKeys) -> Result<(), RosterError> {
        if root.threshold == 0 || usize::from(root.threshold) > root.keys.len() {
            return Err(RosterError::Inconsistent("the root threshold fits no set of its keys"));
        }
        let keys: Vec<_> = root.keys.iter().copied().collect();
        let valid = envelope.count_valid(&keys)?;
        if valid < usize::from(root.threshold) {
            return Err(RosterError::Threshold { valid, needed: root.threshold });
        }
        Ok(())
    }

    fn check(&self, now: TimestampMs) -> Result<(), RosterError> {
        let people: BTreeSet<_> = self.people.iter().map(|person| person.id).collect();
        let devices = || self.people.iter().flat_map(|person| &person.devices);
        let device_ids: BTreeSet<_> = devices().map(|device| device.id).collect();
        let keys: BTreeSet<_> = devices().map(|device| device.signing_key).collect();
        if people.len() != self.people.len() {
            return Err(RosterError::Inconsistent("a person appears twice"));
        }
        if device_ids.len() != devices().count() || keys.len() != devices().count() {
            return Err(RosterError::Inconsistent("a device or its key appears twice"));
        }
        if keys.contains(&self.gate.signing_key) {
            return Err(RosterError::Inconsistent("the gate's key is also a person's"));
        }
        if self.expires_at_ms <= now { Err(RosterError::Expired) } else { Ok(()) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::signature::SigningKey;
    use uuid::Uuid;

    pub(crate) fn roster(version: u64, root: &[&SigningKey], threshold: u8) -> Roster {
        Roster {
            workspace: WorkspaceId::from_uuid(Uuid::from_u128(1)),
            version,
            issued_at_ms: TimestampMs::from_millis(0),
            expires_at_ms: TimestampMs::from_millis(1_000),
            root: RootKeys { keys: root.iter().map(|key| key.public_key()).collect(), threshold },
            gate: GateKeys {
                device: DeviceId::from_uuid(Uuid::from_u128(2)),
                signing_key: SigningKey::from_seed(&[99; 32]).public_key(),
                log_vkey: "log+0+AA".into(),
            },
            people: vec![],
            agents: vec![],
        }
    }

    #[test]
    fn rotation_needs_the_old_threshold_and_the_new() {
        let (a, b, c) = (key(1), key(2), key(3));
        let now = TimestampMs::from_millis(10);
        let first = roster(1, &[&a, &b], 2);
        let signed = first.seal(&[&a, &b]).unwrap();
        let first = Roster::open_first(&signed, &first.root, now).unwrap();

        let next = roster(2, &[&b, &c], 2);
        assert!(first.open_next(&next.seal(&[&a, &b, &c]).unwrap(), now).is_ok());
        for too_few in [[&a, &b], [&b, &c], [&a, &c]] {
            let too_few = too_few.map(|key| key as &dyn Signer);
            let refused = first.open_next(&next.seal(&too_few).unwrap(), now);
            assert!(matches!(refused, Err(RosterError::Threshold { .. })));
        }
    }

    #[test]
    fn versions_never_go_back_or_skip_and_expiry_holds() {
        let a = key(1);
        let first = roster(5, &[&a], 1);
        let now = TimestampMs::from_millis(10);
        for version in [4, 5, 7] {
            let refused = first.open_next(&roster(version, &[&a], 1).seal(&[&a]).unwrap(), now);
            assert!(matches!(refused, Err(RosterError::Version { .. })));
        }
        let late = TimestampMs::from_millis(1_000);
        let refused = first.open_next(&roster(6, &[&a], 1).seal(&[&a]).unwrap(), late);
        assert!(matches!(refused, Err(RosterError::Expired)));
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }
}
