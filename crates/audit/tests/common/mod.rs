//! A small signed log for tests.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod story;
pub mod switch;

use countersign_audit::{Frontier, LogKeys, Segment, checkpoint, tree};
use countersign_model::{
    Digest, EventId, PublicKey, Signature, Signer, TimestampMs, WorkspaceId,
    entry::{Actor, ActorKind, EntryBody, EntryHead, LogEvent},
    signature::{SignerError, SigningKey},
};
use uuid::Uuid;

pub const ORIGIN: &str = "countersign.example/log/1";

/// A key and its public half, in one.
pub struct Keys(pub SigningKey, pub PublicKey);

pub fn keys(seed: u8) -> Keys {
    let key = SigningKey::from_seed(&[seed; 32]);
    let public = key.public_key();
    Keys(key, public)
}

impl Signer for Keys {
    fn public_key(&self) -> PublicKey {
        self.1
    }
    fn sign(&self, bytes: &[u8]) -> Result<Signature, SignerError> {
        self.0.sign(bytes)
    }
}

pub fn vkey() -> String {
    checkpoint::make_vkey(ORIGIN, keys(2).1).unwrap()
}

pub fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(1))
}

pub fn body_at(seq: u64, prev_hash: Digest, event: LogEvent) -> EntryBody {
    let head = EntryHead {
        event_id: EventId::from_uuid(Uuid::from_u128(u128::from(seq) + 1_000)),
        seq,
        prev_hash,
        at_ms: TimestampMs::from_millis(1_795_237_200_000 + i64::try_from(seq).unwrap()),
        workspace: workspace(),
    };
    let actor = Actor { kind: ActorKind::Gate, id: "gate".into(), role: None };
    EntryBody::new(head, actor, event)
}

/// The canonical bytes of an entry that is signed.
pub fn entry_at(seq: u64, prev_hash: Digest, salt: i64, gate: &dyn Signer) -> Vec<u8> {
    let input_commitment = Digest::of(&seq.to_be_bytes());
    let event = LogEvent::DraftRefused { input_commitment, count: 1 };
    let mut body = body_at(seq, prev_hash, event);
    body.at_ms = body.at_ms.plus_ms(salt);
    body.sign(gate).unwrap().to_bytes().unwrap()
}

/// Entries signed by gate key 1, checkpoints by log key 2.
pub struct Log {
    pub keys: LogKeys,
    pub entries: Vec<Vec<u8>>,
}

#[derive(Clone)]
pub struct OwnedSegment {
    pub first_seq: u64,
    pub entries: Vec<Vec<u8>>,
    pub checkpoint: String,
}

impl OwnedSegment {
    pub fn borrow(&self) -> Segment<'_> {
        Segment { first_seq: self.first_seq, entries: &self.entries, checkpoint: &self.checkpoint }
    }
}

impl Log {
    pub fn of(count: u64) -> Self {
        Self::with_salt(count, 0)
    }

    /// Logs of different salts differ in every entry.
    pub fn with_salt(count: u64, salt: i64) -> Self {
        let gate = keys(1);
        let mut prev = Digest::from_bytes([0; 32]);
        let mut entries = vec![];
        for seq in 0..count {
            let bytes = entry_at(seq, prev, salt, &gate);
            prev = tree::leaf_hash(&bytes);
            entries.push(bytes);
        }
        let keys = LogKeys { workspace: workspace(), gate_key: gate.1, vkey: vkey() };
        Self { keys, entries }
    }

    pub fn sign_over(&self, size: u64, root: Digest) -> String {
        checkpoint::sign(ORIGIN, size, root, &keys(2)).unwrap()
    }

    pub fn segment(&self, from: usize, to: usize) -> OwnedSegment {
        let mut frontier = Frontier::default();
        self.entries[..to].iter().for_each(|entry| frontier.push(tree::leaf_hash(entry)));
        OwnedSegment {
            first_seq: from as u64,
            entries: self.entries[from..to].to_vec(),
            checkpoint: self.sign_over(to as u64, frontier.root()),
        }
    }
}
