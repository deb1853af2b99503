//! The plaintext of a sealed record, in CBOR (RFC 8949) with numbered fields.
//!
//! Numbers are part of the format: append, never renumber. What is decoded is bounded: every
//! list, text and number that a body carries is within [`crate::limits`].

use crate::limits::{
    MAX_BLOB_BYTES, MAX_BLOB_REFS, MAX_CHAINS, MAX_CHECKPOINT_BYTES, MAX_CONTROL_BYTES, MAX_PACKS,
    MAX_SEGMENT_ENTRIES,
};
use countersign_model::{DeviceId, Digest, ProposalId};
use minicbor::{Decode, Encode, bytes::ByteVec};
use uuid::Uuid;

/// What one record says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecordBody {
    /// A change of one case's document.
    CaseChange {
        /// The case.
        case: ProposalId,
        /// Automerge change bytes, for [`crate::CaseDocument::apply`].
        change: Vec<u8>,
        /// Sealed evidence that travels beside the case.
        blobs: Vec<BlobRef>,
    },
    /// New entries of the audit log. Only the gate's are believed.
    LogSegment {
        /// Position of the first entry.
        first_seq: u64,
        /// Canonical bytes of the entries, in order.
        entries: Vec<Vec<u8>>,
        /// The signed checkpoint over the log up to the last of them.
        checkpoint: String,
    },
    /// A new roster. Believed on its root signatures, whoever carries it.
    Roster {
        /// Canonical bytes of the envelope.
        envelope: Vec<u8>,
    },
    /// A person's control statement: stop, resume, reading a prompt. Believed on its
    /// signature, whoever carries it; it takes effect when the gate has logged it.
    Control {
        /// Canonical bytes of the envelope.
        envelope: Vec<u8>,
    },
    /// The policy's files, for reading and for trying changes. Only the gate's are believed,
    /// and only under the digest that its verdicts name.
    Policy {
        /// Canonical bytes of a [`countersign_model::PolicyBundle`].
        bundle: Vec<u8>,
    },
    /// What a device says of a checkpoint that it has verified. Believed on the device's
    /// cosignature and the log's signature.
    Cosignature {
        /// The checkpoint as a signed note, with the device's `cosignature/v1` line.
        note: String,
    },
    /// What stands for the relay's records up to a position. Only the gate's is believed.
    Snapshot(Snapshot),
}

/// A snapshot: the records that the gate kept are in packs, as their writers signed them; the
/// others were left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// It stands for the records at this position of the relay and below it.
    pub floor: u64,
    /// The sealed packs, in the order in which they are read.
    pub packs: Vec<PackRef>,
    /// Where each writer's chain stands at the floor.
    pub chains: Vec<ChainHead>,
    /// The newest signed checkpoint among the kept records; empty when there is none.
    pub checkpoint: String,
}

/// A sealed pack of records, as the relay names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackRef {
    /// Digest of the sealed bytes.
    pub blob: Digest,
    /// Length of the sealed bytes, at most [`MAX_BLOB_BYTES`].
    pub size_bytes: u64,
}

/// Where one writer's chain of records stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainHead {
    /// The writing device.
    pub writer: DeviceId,
    /// How many records it wrote; at least 1.
    pub records: u64,
    /// Digest of the last of them.
    pub last: Digest,
}

/// Where the sealed form of a piece of evidence is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlobRef {
    /// Digest of the plain canonical bytes, as the proposal names it.
    pub evidence: Digest,
    /// Digest of the sealed bytes, as the relay names it.
    pub blob: Digest,
    /// Length of the sealed bytes, at most [`MAX_BLOB_BYTES`].
    pub size_bytes: u64,
}

/// A record's plaintext is not one that this version takes.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Not the encoding, or of a newer version.
    #[error("the record's content is malformed or of a newer version: {0}")]
    Malformed(String),
    /// A list, a text or a number is beyond its bound.
    #[error("the record's content is too large: {0}")]
    TooLarge(&'static str),
}

#[derive(Encode, Decode)]
enum Wire {
    #[n(0)]
    CaseChange {
        #[n(0)]
        case: String,
        #[n(1)]
        change: ByteVec,
        #[n(2)]
        blobs: Vec<WireBlob>,
    },
    #[n(1)]
    LogSegment {
        #[n(0)]
        first_seq: u64,
        #[n(1)]
        entries: Vec<ByteVec>,
        #[n(2)]
        checkpoint: String,
    },
    #[n(2)]
    Roster {
        #[n(0)]
        envelope: ByteVec,
    },
    #[n(3)]
    Control {
        #[n(0)]
        envelope: ByteVec,
    },
    #[n(4)]
    Policy {
        #[n(0)]
        bundle: ByteVec,
    },
    #[n(5)]
    Cosignature {
        #[n(0)]
        note: String,
    },
    #[n(6)]
    Snapshot {
        #[n(0)]
        floor: u64,
        #[n(1)]
        packs: Vec<WirePack>,
        #[n(2)]
        chains: Vec<WireChain>,
        #[n(3)]
        checkpoint: String,
    },
}

#[derive(Encode, Decode)]
struct WirePack {
    #[cbor(n(0), with = "minicbor::bytes")]
    blob: [u8; 32],
    #[n(1)]
    size_bytes: u64,
}

#[derive(Encode, Decode)]
struct WireChain {
    #[cbor(n(0), with = "minicbor::bytes")]
    writer: [u8; 16],
    #[n(1)]
    records: u64,
    #[cbor(n(2), with = "minicbor::bytes")]
    last: [u8; 32],
}

#[derive(Encode, Decode)]
struct WireBlob {
    #[cbor(n(0), with = "minicbor::bytes")]
    evidence: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    blob: [u8; 32],
    #[n(2)]
    size_bytes: u64,
}

impl RecordBody {
    /// The bytes to be sealed.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] for what nobody would read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BodyError> {
        self.check_bounds()?;
        minicbor::to_vec(Wire::from(self)).map_err(|error| BodyError::Malformed(error.to_string()))
    }

    /// Reads a body and insists that every byte was used.
    ///
    /// # Errors
    /// [`BodyError`] for anything else than exactly one body.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BodyError> {
        let mut decoder = minicbor::Decoder::new(bytes);
        let wire: Wire =
            decoder.decode().map_err(|error| BodyError::Malformed(error.to_string()))?;
        if decoder.position() != bytes.len() {
            return Err(BodyError::Malformed("bytes follow the end".into()));
        }
        let body = Self::try_from(wire)?;
        body.check_bounds()?;
        Ok(body)
    }

    fn check_bounds(&self) -> Result<(), BodyError> {
        let within =
            |holds: bool, what| if holds { Ok(()) } else { Err(BodyError::TooLarge(what)) };
        match self {
            Self::CaseChange { blobs, .. } => {
                within(blobs.len() <= MAX_BLOB_REFS, "pieces of evidence")?;
                let fits = |blob: &BlobRef| blob.size_bytes <= MAX_BLOB_BYTES;
                within(blobs.iter().all(fits), "a piece of evidence")
            }
            Self::LogSegment { first_seq, entries, checkpoint } => {
                within(entries.len() <= MAX_SEGMENT_ENTRIES, "entries of the log")?;
                within(*first_seq < 1 << 53, "a position in the log")?;
                within(checkpoint.len() <= MAX_CHECKPOINT_BYTES, "a checkpoint")
            }
            Self::Control { envelope } => {
                within(envelope.len() <= MAX_CONTROL_BYTES, "a control statement")
            }
            Self::Cosignature { note } => {
                within(note.len() <= MAX_CHECKPOINT_BYTES, "a cosigned checkpoint")
            }
            Self::Snapshot(Snapshot { floor, packs, chains, checkpoint }) => {
                within(*floor < 1 << 53, "a position at the relay")?;
                within(packs.len() <= MAX_PACKS, "packs of records")?;
                let fits = |pack: &PackRef| pack.size_bytes <= MAX_BLOB_BYTES;
                within(packs.iter().all(fits), "a pack of records")?;
                within(chains.len() <= MAX_CHAINS, "chains of writers")?;
                let fits = |chain: &ChainHead| (1..1 << 53).contains(&chain.records);
                within(chains.iter().all(fits), "a number of records")?;
                within(checkpoint.len() <= MAX_CHECKPOINT_BYTES, "a checkpoint")
            }
            // Bounded by the record that carries them.
            Self::Roster { .. } | Self::Policy { .. } => Ok(()),
        }
    }
}

impl From<&RecordBody> for Wire {
    fn from(body: &RecordBody) -> Self {
        match body {
            RecordBody::CaseChange { case, change, blobs } => Self::CaseChange {
                case: case.to_string(),
                change: change.clone().into(),
                blobs: blobs.iter().map(WireBlob::from).collect(),
            },
            RecordBody::LogSegment { first_seq, entries, checkpoint } => Self::LogSegment {
                first_seq: *first_seq,
                entries: entries.iter().map(|entry| entry.clone().into()).collect(),
                checkpoint: checkpoint.clone(),
            },
            RecordBody::Roster { envelope } => Self::Roster { envelope: envelope.clone().into() },
            RecordBody::Control { envelope } => Self::Control { envelope: envelope.clone().into() },
            RecordBody::Policy { bundle } => Self::Policy { bundle: bundle.clone().into() },
            RecordBody::Cosignature { note } => Self::Cosignature { note: note.clone() },
            RecordBody::Snapshot(Snapshot { floor, packs, chains, checkpoint }) => Self::Snapshot {
                floor: *floor,
                packs: packs.iter().map(WirePack::from).collect(),
                chains: chains.iter().map(WireChain::from).collect(),
                checkpoint: checkpoint.clone(),
            },
        }
    }
}

impl TryFrom<Wire> for RecordBody {
    type Error = BodyError;

    fn try_from(wire: Wire) -> Result<Self, BodyError> {
        Ok(match wire {
            Wire::CaseChange { case, change, blobs } => Self::CaseChange {
                case: case.parse().map_err(|_| BodyError::Malformed("not a proposal id".into()))?,
                change: change.into(),
                blobs: blobs.into_iter().map(BlobRef::from).collect(),
            },
            Wire::LogSegment { first_seq, entries, checkpoint } => Self::LogSegment {
                first_seq,
                entries: entries.into_iter().map(Into::into).collect(),
                checkpoint,
            },
            Wire::Roster { envelope } => Self::Roster { envelope: envelope.into() },
            Wire::Control { envelope } => Self::Control { envelope: envelope.into() },
            Wire::Policy { bundle } => Self::Policy { bundle: bundle.into() },
            Wire::Cosignature { note } => Self::Cosignature { note },
            Wire::Snapshot { floor, packs, chains, checkpoint } => Self::Snapshot(Snapshot {
                floor,
                packs: packs.into_iter().map(PackRef::from).collect(),
                chains: chains.into_iter().map(ChainHead::from).collect(),
                checkpoint,
            }),
        })
    }
}

impl From<&BlobRef> for WireBlob {
    fn from(blob: &BlobRef) -> Self {
        Self {
            evidence: *blob.evidence.as_bytes(),
            blob: *blob.blob.as_bytes(),
            size_bytes: blob.size_bytes,
        }
    }
}

impl From<WireBlob> for BlobRef {
    fn from(blob: WireBlob) -> Self {
        Self {
            evidence: Digest::from_bytes(blob.evidence),
            blob: Digest::from_bytes(blob.blob),
            size_bytes: blob.size_bytes,
        }
    }
}

impl From<&PackRef> for WirePack {
    fn from(pack: &PackRef) -> Self {
        Self { blob: *pack.blob.as_bytes(), size_bytes: pack.size_bytes }
    }
}

impl From<WirePack> for PackRef {
    fn from(pack: WirePack) -> Self {
        Self { blob: Digest::from_bytes(pack.blob), size_bytes: pack.size_bytes }
    }
}

impl From<&ChainHead> for WireChain {
    fn from(chain: &ChainHead) -> Self {
        Self {
            writer: *chain.writer.uuid().as_bytes(),
            records: chain.records,
            last: *chain.last.as_bytes(),
        }
    }
}

impl From<WireChain> for ChainHead {
    fn from(chain: WireChain) -> Self {
        Self {
            writer: DeviceId::from_uuid(Uuid::from_bytes(chain.writer)),
            records: chain.records,
            last: Digest::from_bytes(chain.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn body() -> impl Strategy<Value = RecordBody> {
        prop_oneof![
            (any::<u128>(), any::<Vec<u8>>(), any::<[u8; 32]>(), 0..=MAX_BLOB_BYTES).prop_map(
                |(case, change, digest, size_bytes)| {
                    let digest = Digest::from_bytes(digest);
                    RecordBody::CaseChange {
                        case: ProposalId::from_uuid(Uuid::from_u128(case)),
                        change,
                        blobs: vec![BlobRef { evidence: digest, blob: digest, size_bytes }],
                    }
                }
            ),
            (0..1_u64 << 53, any::<Vec<Vec<u8>>>(), ".*").prop_map(
                |(first_seq, entries, checkpoint)| RecordBody::LogSegment {
                    first_seq,
                    entries,
                    checkpoint
                }
            ),
            any::<Vec<u8>>().prop_map(|envelope| RecordBody::Roster { envelope }),
            any::<Vec<u8>>().prop_map(|envelope| RecordBody::Control { envelope }),
            any::<Vec<u8>>().prop_map(|bundle| RecordBody::Policy { bundle }),
            ".*".prop_map(|note| RecordBody::Cosignature { note }),
            (0..1_u64 << 53, any::<[u8; 32]>(), 0..=MAX_BLOB_BYTES, any::<u128>(), ".*").prop_map(
                |(floor, digest, size_bytes, writer, checkpoint)| {
                    let digest = Digest::from_bytes(digest);
                    RecordBody::Snapshot(Snapshot {
                        floor,
                        packs: vec![PackRef { blob: digest, size_bytes }],
                        chains: vec![chain(writer, floor.max(1), digest)],
                        checkpoint,
                    })
                }
            ),
        ]
    }

    fn chain(writer: u128, records: u64, last: Digest) -> ChainHead {
        ChainHead { writer: DeviceId::from_uuid(Uuid::from_u128(writer)), records, last }
    }

    fn snapshot(packs: usize, chains: usize) -> Snapshot {
        let digest = Digest::from_bytes([1; 32]);
        Snapshot {
            floor: (1 << 53) - 1,
            packs: vec![PackRef { blob: digest, size_bytes: MAX_BLOB_BYTES }; packs],
            chains: vec![chain(1, (1 << 53) - 1, digest); chains],
            checkpoint: "x".repeat(MAX_CHECKPOINT_BYTES),
        }
    }

    /// With all of its bounds reached, a snapshot still is one record.
    #[test]
    fn the_largest_snapshot_fits_into_a_record() {
        let largest = RecordBody::Snapshot(snapshot(MAX_PACKS, MAX_CHAINS));
        let bytes = largest.to_bytes().unwrap();
        assert!(bytes.len() <= 256 * 1024 - 512, "{} bytes", bytes.len());
        assert_eq!(RecordBody::from_bytes(&bytes).unwrap(), largest);
    }

    #[test]
    fn what_is_beyond_a_bound_is_neither_read_nor_written() {
        let case = ProposalId::from_uuid(Uuid::nil());
        let digest = Digest::from_bytes([1; 32]);
        let blob = |size_bytes| BlobRef { evidence: digest, blob: digest, size_bytes };
        let change = |blobs| RecordBody::CaseChange { case, change: vec![], blobs };
        let segment = |first_seq, count, checkpoint: usize| RecordBody::LogSegment {
            first_seq,
            entries: vec![vec![]; count],
            checkpoint: "x".repeat(checkpoint),
        };
        let too_large = [
            change(vec![blob(u64::MAX)]),
            change(vec![blob(MAX_BLOB_BYTES + 1)]),
            change(vec![blob(1); MAX_BLOB_REFS + 1]),
            segment(u64::MAX, 1, 0),
            segment(0, MAX_SEGMENT_ENTRIES + 1, 0),
            segment(0, 1, MAX_CHECKPOINT_BYTES + 1),
            RecordBody::Control { envelope: vec![0; MAX_CONTROL_BYTES + 1] },
            RecordBody::Snapshot(snapshot(MAX_PACKS + 1, 1)),
            RecordBody::Snapshot(snapshot(1, MAX_CHAINS + 1)),
            RecordBody::Snapshot(Snapshot { floor: 1 << 53, ..snapshot(1, 1) }),
            RecordBody::Snapshot(Snapshot {
                packs: vec![PackRef { blob: digest, size_bytes: MAX_BLOB_BYTES + 1 }],
                ..snapshot(1, 1)
            }),
            RecordBody::Snapshot(Snapshot { chains: vec![chain(1, 0, digest)], ..snapshot(1, 1) }),
        ];
        for body in too_large {
            assert!(matches!(body.to_bytes(), Err(BodyError::TooLarge(_))));
            let written = minicbor::to_vec(Wire::from(&body)).unwrap();
            assert!(matches!(RecordBody::from_bytes(&written), Err(BodyError::TooLarge(_))));
        }
        change(vec![blob(MAX_BLOB_BYTES); MAX_BLOB_REFS]).to_bytes().unwrap();
    }

    proptest! {
        #[test]
        fn round_trip_uses_every_byte(body in body()) {
            let mut bytes = body.to_bytes().unwrap();
            prop_assert_eq!(RecordBody::from_bytes(&bytes).unwrap(), body);
            bytes.push(0);
            prop_assert!(RecordBody::from_bytes(&bytes).is_err());
        }

        #[test]
        fn foreign_bytes_never_panic(bytes: Vec<u8>) {
            let _ = RecordBody::from_bytes(&bytes);
        }
    }
}
