//! The bounds of what a record may say: whatever is larger is refused where it is decoded, so
//! that nothing behind that point meets a size that somebody else has chosen.

/// The most pieces of sealed evidence that one change may name.
pub const MAX_BLOB_REFS: usize = 32;
/// The largest sealed piece of evidence that a change may name, in bytes: what the relay takes.
pub const MAX_BLOB_BYTES: u64 = 4 * 1024 * 1024;
/// The most entries in one segment of the log.
pub const MAX_SEGMENT_ENTRIES: usize = 4_096;
/// The largest signed checkpoint, in bytes.
pub const MAX_CHECKPOINT_BYTES: usize = 16 * 1024;
/// The largest control statement, in bytes of its envelope.
pub const MAX_CONTROL_BYTES: usize = 32 * 1024;

/// The most packs that one snapshot may name.
pub const MAX_PACKS: usize = 4_096;
/// The most writers whose chains one snapshot may name: the devices of a workspace.
pub const MAX_CHAINS: usize = 1_000;

/// The most Automerge changes that one record may carry.
pub const MAX_CHANGES: usize = 128;
/// The most operations of all changes in one record.
pub const MAX_OPS: u64 = 1_024;
/// The most predecessors that one change may name. Many, because others may make many: what
/// they file must never make my own change too large.
pub const MAX_DEPENDENCIES: usize = 4_096;
/// The longest key of a document's map, in bytes.
pub const MAX_KEY_BYTES: usize = 128;
/// The most candidate envelopes in one record.
pub const MAX_CANDIDATES: usize = 128;
/// The largest candidate envelope, in bytes.
pub const MAX_CANDIDATE_BYTES: usize = 192 * 1024;

/// The most candidate envelopes that one device may file in one case.
pub const MAX_FILED_PER_DEVICE: u32 = 128;
/// The most bytes that one device may file in one case.
pub const MAX_FILED_BYTES_PER_DEVICE: u32 = 512 * 1024;

/// The largest saved document that is loaded, in bytes. Nothing in it is compressed.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;
/// The most items in one column of a saved document.
pub const MAX_DOCUMENT_ITEMS: u64 = 65_536;
/// Changes whose predecessors have not come are kept up to this size, in bytes.
pub const MAX_WAITING_BYTES: usize = 256 * 1024;
