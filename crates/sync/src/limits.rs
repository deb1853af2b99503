//! The bounds of everything on the wire; the relay enforces them before it stores a byte.

/// The largest encoded sealed record, in bytes.
pub const MAX_RECORD_BYTES: usize = 256 * 1024;
/// The largest plaintext of one record, in bytes: what is left beside header, tag,
/// signature and framing.
pub const MAX_PLAINTEXT_BYTES: usize = MAX_RECORD_BYTES - 512;
/// The largest sealed blob, in bytes, nonce and tag included.
pub const MAX_BLOB_BYTES: usize = 4 * 1024 * 1024;
/// The most records in one push or one page.
pub const MAX_BATCH_RECORDS: usize = 512;
/// The largest body of a push or a page, in bytes.
pub const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// The most devices of one workspace.
pub const MAX_DEVICES: usize = 1_000;
/// How far a request's `created` may be from the relay's clock, in seconds, either way.
pub const CREATED_WINDOW_S: i64 = 300;
