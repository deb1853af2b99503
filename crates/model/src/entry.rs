//! One entry of the audit log: what happened, to what, under which policy, signed by
//! the gate. Prompts and personal data stay outside; entries hold ids and digests.

mod event;
mod leaf;

pub use event::{EntryKind, LogEvent};

use crate::{
    Action, DecisionId, DecisionKind, Digest, EventId, PersonId, PublicKey, Role, Signature,
    Signer, TimestampMs, WorkspaceId, bounded,
    canonical::{self, CanonicalError},
    signature::{SignatureError, SignerError},
    verdict::FactorKind,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// Longest code of what an execution waits for, in characters.
pub const MAX_CODE_CHARS: usize = 128;
/// Longest name of a credential, in characters.
pub const MAX_CREDENTIAL_CHARS: usize = 128;
/// Largest entry in bytes: the length prefix of a C2SP tlog-tiles entry bundle has 16 bits.
pub const MAX_ENTRY_BYTES: usize = 65_535;
/// Said before the canonical bytes when an entry is signed, so that the signature fits nothing else.
const SIGNING_CONTEXT: &[u8] = b"countersign log entry v1\n";
/// What stands around the canonical body and the signature in a leaf.
const LEAF_AROUND: [&[u8]; 3] = [b"{\"body\":", b",\"server_signature\":\"", b"\"}"];

/// Who did it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// A person, an agent, or the gate.
    pub kind: ActorKind,
    /// Their id.
    pub id: String,
    /// The role acted in.
    pub role: Option<Role>,
}

/// The kinds of actor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person.
    Person,
    /// An AI agent.
    Agent,
    /// The gate.
    Gate,
}

/// A person's decision as the log keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// The decision.
    pub id: DecisionId,
    /// What was decided.
    pub kind: DecisionKind,
    /// Digest of the canonical envelope.
    pub envelope: Digest,
    /// Second factor that was checked.
    pub factor: Option<FactorKind>,
}

/// A signature that authorised a change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who signed.
    pub person: PersonId,
    /// In which role.
    pub role: Role,
    /// The decision.
    pub decision: DecisionId,
    /// Digest of its canonical envelope.
    pub envelope: Digest,
}

/// What the ad platform answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformRecord {
    /// The platform's request ids, oldest first.
    pub request_ids: Vec<String>,
    /// How it ended.
    pub status: ExecutionStatus,
    /// The platform's error code, if any.
    pub code: Option<String>,
    /// The state that was read back. Of a change that has legs, only when all of them hold.
    pub read_back: Option<Action>,
    /// What became of each leg that was begun; empty for a change without legs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<LegRecord>,
}

/// What became of one leg of a change over several things.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegRecord {
    /// Which one, counted from 0 in the order of [`Action::legs`].
    pub leg: u16,
    /// How making it ended.
    pub made: LegOutcome,
    /// How taking it back ended, where that was tried because another leg had failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<LegOutcome>,
}

/// How one write ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegOutcome {
    /// How it ended; never [`ExecutionStatus::PartiallyApplied`].
    pub status: ExecutionStatus,
    /// The platform's error code, if any.
    pub code: Option<String>,
    /// The state that was read back.
    pub read_back: Option<Action>,
}

impl LegRecord {
    /// Whether the leg was made and still stands.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.made.status == ExecutionStatus::Applied && !self.is_taken_back()
    }

    /// Whether the leg was made and holds no longer, because it was taken back.
    #[must_use]
    pub fn is_taken_back(&self) -> bool {
        let taken_back = self.taken_back.as_ref();
        taken_back.is_some_and(|outcome| outcome.status == ExecutionStatus::Applied)
    }

    /// Whether it stands and nobody has tried to take it back.
    #[must_use]
    pub fn is_to_be_taken_back(&self) -> bool {
        self.made.status == ExecutionStatus::Applied && self.taken_back.is_none()
    }

    fn ended(&self, status: ExecutionStatus) -> bool {
        let taken_back = self.taken_back.as_ref();
        self.made.status == status || taken_back.is_some_and(|outcome| outcome.status == status)
    }
}

/// How a change of so many legs ended, given what became of each that was begun. What a person
/// must look at outweighs everything else.
#[must_use]
pub fn status_of_legs(planned: usize, legs: &[LegRecord]) -> ExecutionStatus {
    use ExecutionStatus::{Applied, Mismatch, NotApplied, PartiallyApplied, Stale, Unknown};
    let ended = |status| legs.iter().any(|leg| leg.ended(status));
    let standing = legs.iter().filter(|leg| leg.stands()).count();
    if ended(Unknown) {
        Unknown
    } else if ended(Mismatch) {
        Mismatch
    } else if standing == planned && planned > 0 {
        Applied
    } else if standing > 0 {
        PartiallyApplied
    } else if ended(Stale) && !ended(Applied) {
        Stale
    } else {
        NotApplied
    }
}

/// What an execution waits for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// The code of what stood in the way, the platform's own or the gate's.
    #[serde(deserialize_with = "bounded::line::<MAX_CODE_CHARS, _>")]
    pub code: String,
    /// Not tried before this moment, where the platform asked for quiet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<TimestampMs>,
}

impl PlatformRecord {
    /// The changes that count as made: what was read back, or, where nobody could read, what
    /// was authorised, so that small steps do not add up unseen. Empty where nothing was
    /// changed. One rule for whoever counts the increases of the last days.
    #[must_use]
    pub fn counted(&self, authorized: &Action) -> Vec<Action> {
        if self.legs.is_empty() {
            // Of a change with legs that nobody knows anything about, all of them count.
            let counted = counted(self.status, self.read_back.as_ref(), authorized);
            return counted.map_or_else(Vec::new, Action::legs);
        }
        let planned = authorized.legs();
        let counted = |record: &LegRecord| {
            let leg = planned.get(usize::from(record.leg))?;
            let LegOutcome { status, read_back, .. } = &record.made;
            counted(*status, read_back.as_ref(), leg).filter(|_| !record.is_taken_back()).cloned()
        };
        self.legs.iter().filter_map(counted).collect()
    }
}

fn counted<'a>(
    status: ExecutionStatus,
    read_back: Option<&'a Action>,
    authorized: &'a Action,
) -> Option<&'a Action> {
    match status {
        ExecutionStatus::Applied | ExecutionStatus::Mismatch => read_back,
        ExecutionStatus::Unknown => Some(authorized),
        ExecutionStatus::NotApplied
        | ExecutionStatus::Stale
        | ExecutionStatus::PartiallyApplied => None,
    }
}

/// How an execution ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// The platform holds the authorised value, read back.
    Applied,
    /// Nothing was changed.
    NotApplied,
    /// `before` no longer held; nothing was changed.
    Stale,
    /// Of a change over several things some hold and some do not, and what holds could not be
    /// taken back; a person must look.
    PartiallyApplied,
    /// Something else holds than what was sent; a person must look.
    Mismatch,
    /// The write may have been applied, or may still be: nobody could read the platform, or the
    /// write is one that is never sent again; a person must look.
    Unknown,
}

/// The content of an entry: its place, who did it and what happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryBody {
    /// The entry.
    pub event_id: EventId,
    /// Position in the log, from 0.
    pub seq: u64,
    /// RFC 6962 leaf hash of the entry before; 32 zero bytes for the first.
    pub prev_hash: Digest,
    /// The gate's clock.
    pub at_ms: TimestampMs,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub event: LogEvent,
}

/// A digest that an entry refers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Reference {
    /// Digest of the bytes.
    pub digest: Digest,
    /// What they are.
    pub kind: ReferenceKind,
    /// Whether they must be at hand to judge the entry. Bytes that were refused as malformed
    /// may be no envelope at all.
    pub required: bool,
}

/// What an entry refers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ReferenceKind {
    /// The canonical bytes of an envelope.
    Envelope,
    /// The canonical bytes of a [`crate::PolicyBundle`].
    Policy,
}

/// Where an entry stands in its log, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntryHead {
    /// The entry.
    pub event_id: EventId,
    /// Position in the log, from 0.
    pub seq: u64,
    /// RFC 6962 leaf hash of the entry before; 32 zero bytes for the first.
    pub prev_hash: Digest,
    /// The gate's clock.
    pub at_ms: TimestampMs,
    /// The workspace.
    pub workspace: WorkspaceId,
}

/// An entry with the gate's signature; its canonical bytes are the Merkle leaf.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The content.
    pub body: EntryBody,
    /// Base64 of the gate's Ed25519 signature over context and canonical body.
    pub server_signature: String,
}

/// Why an entry could not be made or was refused.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Not the canonical bytes of an entry.
    #[error("the entry is malformed")]
    Malformed(#[from] CanonicalError),
    /// Too large for a tlog-tiles bundle.
    #[error("the entry is larger than {MAX_ENTRY_BYTES} bytes")]
    TooLarge,
    /// The gate's key could not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signature is not the gate's.
    #[error("the entry's signature is not the gate's")]
    Signature(#[from] SignatureError),
}

impl EntryHead {
    /// The place after an entry. Its id follows from it (the layout of a UUIDv7 with bits of a
    /// digest where randomness would be), so that no two entries share one and nobody chooses it.
    #[must_use]
    pub fn of(workspace: WorkspaceId, seq: u64, prev_hash: Digest, at_ms: TimestampMs) -> Self {
        let seed = [
            workspace.uuid().as_bytes().as_slice(),
            seq.to_be_bytes().as_slice(),
            prev_hash.as_bytes().as_slice(),
        ]
        .concat();
        let mut random = [0_u8; 10];
        random.copy_from_slice(&Digest::of(&seed).as_bytes()[..10]);
        let millis = u64::try_from(at_ms.millis()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        Self { event_id: EventId::from_uuid(id), seq, prev_hash, at_ms, workspace }
    }
}

impl EntryBody {
    /// An entry at its place.
    #[must_use]
    pub const fn new(head: EntryHead, actor: Actor, event: LogEvent) -> Self {
        let EntryHead { event_id, seq, prev_hash, at_ms, workspace } = head;
        Self { event_id, seq, prev_hash, at_ms, workspace, actor, event }
    }

    /// Its place.
    #[must_use]
    pub const fn head(&self) -> EntryHead {
        let Self { event_id, seq, prev_hash, at_ms, workspace, .. } = *self;
        EntryHead { event_id, seq, prev_hash, at_ms, workspace }
    }

    /// The bytes that the gate signs.
    ///
    /// # Errors
    /// Never for a body made from valid parts.
    pub fn signing_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        let mut bytes = SIGNING_CONTEXT.to_vec();
        bytes.extend(canonical::to_bytes(self)?);
        Ok(bytes)
    }

    /// Signs the entry with the gate's key and gives the Merkle leaf: the canonical bytes of the
    /// [`Entry`], in which those of the body stand as they were signed.
    ///
    /// # Errors
    /// When the key cannot sign; [`EntryError::TooLarge`] above [`MAX_ENTRY_BYTES`].
    pub fn sign_leaf(&self, gate: &dyn Signer) -> Result<Vec<u8>, EntryError> {
        let signed = self.signing_bytes()?;
        let signature = STANDARD.encode(gate.sign(&signed)?.as_bytes());
        let body = signed.strip_prefix(SIGNING_CONTEXT).unwrap_or_default();
        let [before, between, after] = LEAF_AROUND;
        let leaf = [before, body, between, signature.as_bytes(), after].concat();
        if leaf.len() > MAX_ENTRY_BYTES { Err(EntryError::TooLarge) } else { Ok(leaf) }
    }

    /// Signs the entry with the gate's key.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(self, gate: &dyn Signer) -> Result<Entry, EntryError> {
        let signature = gate.sign(&self.signing_bytes()?)?;
        Ok(Entry { body: self, server_signature: STANDARD.encode(signature.as_bytes()) })
    }
}

impl Entry {
    /// Reads an entry from its canonical bytes.
    ///
    /// # Errors
    /// [`EntryError::TooLarge`] or [`EntryError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::TooLarge);
        }
        leaf::read(bytes).map_or_else(|| Ok(canonical::from_bytes(bytes)?), Ok)
    }

    /// The canonical bytes: the Merkle leaf.
    ///
    /// # Errors
    /// [`EntryError::TooLarge`] above [`MAX_ENTRY_BYTES`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        let bytes = canonical::to_bytes(self)?;
        if bytes.len() > MAX_ENTRY_BYTES { Err(EntryError::TooLarge) } else { Ok(bytes) }
    }

    /// The bytes that the gate signed, cut out of the leaf that this entry was read from:
    /// [`Entry::from_bytes`] has shown that the leaf is canonical, so the body's canonical
    /// form stands in it as it is. Verifying a long log needs no second encoding.
    ///
    /// # Errors
    /// When `leaf` is not what this entry was read from.
    pub fn signing_bytes_in(&self, leaf: &[u8]) -> Result<Vec<u8>, CanonicalError> {
        let [before, between, after] = LEAF_AROUND;
        let body = leaf
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .and_then(|rest| rest.strip_suffix(self.server_signature.as_bytes()))
            .and_then(|rest| rest.strip_suffix(between))
            .ok_or(CanonicalError::NotCanonical)?;
        Ok([SIGNING_CONTEXT, body].concat())
    }

    /// Checks the gate's signature.
    ///
    /// # Errors
    /// [`EntryError::Signature`].
    pub fn verify(&self, gate: PublicKey) -> Result<(), EntryError> {
        gate.verify(&self.body.signing_bytes()?, &self.signature()?)?;
        Ok(())
    }

    /// The signature itself, for batch verification.
    ///
    /// # Errors
    /// [`EntryError::Signature`] when it is not 64 bytes of base64.
    pub fn signature(&self) -> Result<Signature, EntryError> {
        // As many as a signature's characters can stand for before they are read.
        let mut bytes = [0; 66];
        let length = STANDARD
            .decode_slice(&self.server_signature, &mut bytes)
            .map_err(|_| EntryError::Signature(SignatureError::Length))?;
        Ok(Signature::from_slice(bytes.get(..length).unwrap_or_default())?)
    }
}

#[cfg(test)]
mod tests;
