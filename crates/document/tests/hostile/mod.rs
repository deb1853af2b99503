//! Makes record bodies such as a hostile device may write: most of them encoded as they should
//! be and hostile in what they say. Seeded, so that a run can be repeated.
//!
//! Other rooms' tests include this file with `#[path]`; it names nothing but `document`,
//! `model`, `uuid` and `serde_json`.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test that includes this uses a part"
)]

mod automerge;
mod cbor;
mod statements;

pub use automerge::{Columns, bomb, chunk, plain_change};

use countersign_document::{BlobRef, CaseDocument, RecordBody};
use countersign_model::{
    DeviceId, Digest, PersonId, ProposalId, TimestampMs, WorkspaceId, signature::SigningKey,
};
use uuid::Uuid;

/// A small generator of random numbers (SplitMix64).
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[0]).collect()
    }

    pub fn uuid(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(self.next()) << 64 | u128::from(self.next()))
    }

    pub fn digest(&mut self) -> Digest {
        Digest::of(&self.next().to_be_bytes())
    }

    /// A number as a hostile device likes it: at an edge, or anything.
    pub fn number(&mut self) -> u64 {
        match self.below(6) {
            0 => u64::MAX,
            1 => u64::try_from(i64::MAX).unwrap() + self.next() % 2,
            2 => 1 << self.below(64),
            3 => self.next() % 300,
            4 => 0,
            _ => self.next(),
        }
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Who is hostile, and what it knows.
pub struct Insider {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub device: DeviceId,
    pub key: SigningKey,
    /// A role that the person holds.
    pub role: String,
    /// What it takes for the present.
    pub now: TimestampMs,
    /// Cases that are open, with the digests of their proposals.
    pub cases: Vec<(ProposalId, Digest)>,
    /// Bodies that others have written: to be cut, changed and sent again.
    pub seen: Vec<Vec<u8>>,
}

/// The generator.
pub struct Hostile {
    pub random: Random,
    pub insider: Insider,
}

impl Hostile {
    pub const fn new(seed: u64, insider: Insider) -> Self {
        Self { random: Random::new(seed), insider }
    }

    /// The plaintext of a record, at most 200,000 bytes of it.
    pub fn body(&mut self) -> Vec<u8> {
        let mut body = match self.random.below(12) {
            0 => {
                let count = self.random.below(2_000);
                self.random.bytes(count)
            }
            1 => cbor::anything(&mut self.random),
            2 => self.huge_numbers(),
            3 => self.damaged(),
            4 => self.strange_change(),
            5 => self.bomb(),
            6 | 7 => self.statement(),
            8 => self.junk_envelopes(),
            9 => self.foreign(),
            10 => self.replayed(),
            _ => self.unopened(),
        };
        body.truncate(200_000);
        body
    }

    fn case(&mut self) -> ProposalId {
        if self.insider.cases.is_empty() || self.random.below(10) == 0 {
            return ProposalId::from_uuid(self.random.uuid());
        }
        self.random.pick(&self.insider.cases).0
    }

    fn in_case(&mut self, change: Vec<u8>) -> Vec<u8> {
        let case = self.case();
        written(&RecordBody::CaseChange { case, change, blobs: vec![] })
    }

    /// Bodies of the right shape whose numbers and lists are beyond any sense.
    pub fn huge_numbers(&mut self) -> Vec<u8> {
        let case = self.case();
        let digest = self.random.digest();
        match self.random.below(4) {
            0 => {
                let blobs = (0..self.random.below(200) + 1).map(|_| (digest, self.random.number()));
                let blobs: Vec<_> = blobs.collect();
                cbor::case_change(case, &self.envelopes(&[b"x"]), &blobs)
            }
            1 => cbor::log_segment(self.random.number(), self.random.below(9_000), "x"),
            2 => cbor::log_segment(0, 1, &"x".repeat(self.random.below(100_000))),
            _ => cbor::envelope_body(3, &vec![b'x'; self.random.below(190_000)]),
        }
    }

    /// Something honest, cut or changed.
    fn damaged(&mut self) -> Vec<u8> {
        if self.insider.seen.is_empty() {
            return vec![];
        }
        let mut bytes = self.random.pick(&self.insider.seen).clone();
        if self.random.below(3) == 0 {
            bytes.truncate(self.random.below(bytes.len()));
        }
        for _ in 0..self.random.below(4) {
            if !bytes.is_empty() {
                let at = self.random.below(bytes.len());
                bytes[at] ^= 1 << self.random.below(8);
            }
        }
        bytes
    }

    /// A change with a right checksum whose columns say anything.
    fn strange_change(&mut self) -> Vec<u8> {
        let count = self.random.below(6) + 1;
        let values: Vec<_> = (0..count).map(|_| self.random.bytes(20)).collect();
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let mut columns = Columns::plain(&values, &mut self.random);
        for _ in 0..self.random.below(4) {
            columns.disturb(&mut self.random);
        }
        let change = columns.strange_chunk(&mut self.random);
        self.in_case(change)
    }

    fn bomb(&mut self) -> Vec<u8> {
        let size = self.random.below(140_000) + 1_000;
        let change = bomb(&mut self.random, size);
        self.in_case(change)
    }

    /// Envelopes put under false keys, by a change that is as it should be.
    fn envelopes(&mut self, envelopes: &[&[u8]]) -> Vec<u8> {
        plain_change(envelopes, &mut self.random)
    }

    /// Rightly signed and hostile all the same.
    fn statement(&mut self) -> Vec<u8> {
        let count = self.random.below(3) + 1;
        let made: Vec<_> =
            (0..count).map(|_| statements::signed(&mut self.random, &self.insider)).collect();
        if self.random.below(8) == 0 {
            let control = statements::control(&mut self.random, &self.insider);
            return cbor::envelope_body(3, &control);
        }
        let made: Vec<&[u8]> = made.iter().map(Vec::as_slice).collect();
        let change = self.envelopes(&made);
        self.in_case(change)
    }

    fn junk_envelopes(&mut self) -> Vec<u8> {
        let count = self.random.below(200) + 1;
        let made: Vec<_> = (0..count).map(|_| statements::junk(&mut self.random)).collect();
        let made: Vec<&[u8]> = made.iter().map(Vec::as_slice).collect();
        let change = self.envelopes(&made);
        self.in_case(change)
    }

    /// What only the gate or the roots may say.
    fn foreign(&mut self) -> Vec<u8> {
        match self.random.below(5) {
            0 => {
                let entries = vec![self.random.bytes(300); self.random.below(20)];
                let first_seq = self.random.next() % 1_000;
                let checkpoint = "countersign.test/log\n1\nx\n\n— a b\n".into();
                written(&RecordBody::LogSegment { first_seq, entries, checkpoint })
            }
            1 => cbor::envelope_body(2, &statements::roster(&mut self.random, &self.insider)),
            2 => cbor::envelope_body(2, &self.random.bytes(500)),
            3 => {
                let note = statements::cosigned(&mut self.random, &self.insider);
                written(&RecordBody::Cosignature { note })
            }
            _ => cbor::envelope_body(4, br#"{"digest":"00","files":{},"version":"1"}"#),
        }
    }

    /// What somebody else has written, in another case.
    fn replayed(&mut self) -> Vec<u8> {
        if self.insider.seen.is_empty() {
            return vec![];
        }
        let body = RecordBody::from_bytes(self.random.pick::<Vec<u8>>(&self.insider.seen));
        match body {
            Ok(RecordBody::CaseChange { change, blobs, .. }) => {
                let case = self.case();
                written(&RecordBody::CaseChange { case, change, blobs })
            }
            Ok(body) => written(&body),
            Err(_) => vec![],
        }
    }

    /// A case that the gate knows nothing of, with evidence that does not exist.
    fn unopened(&mut self) -> Vec<u8> {
        let (_, change) = CaseDocument::create(b"proposal", b"verdict").unwrap();
        let case = ProposalId::from_uuid(self.random.uuid());
        let (evidence, blob) = (self.random.digest(), self.random.digest());
        let blobs = vec![BlobRef { evidence, blob, size_bytes: self.random.next() % 4_000_000 }];
        written(&RecordBody::CaseChange { case, change, blobs })
    }
}

fn written(body: &RecordBody) -> Vec<u8> {
    body.to_bytes().unwrap_or_default()
}
