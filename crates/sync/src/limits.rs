//! The bounds of everything on the wire. The relay enforces them before it stores a byte; a
//! client stops reading an answer beyond them (`wire::BoundedBody`), whatever it was promised.

/// The largest encoded sealed record, in bytes.
pub const MAX_RECORD_BYTES: usize = 256 * 1024;
/// The largest plaintext of one record, in bytes: what is left beside header, tag,
/// signature and framing.
pub const MAX_PLAINTEXT_BYTES: usize = MAX_RECORD_BYTES - 512;
/// The largest sealed blob, in bytes, nonce and tag included.
pub const MAX_BLOB_BYTES: usize = 4 * 1024 * 1024;
/// The most records in one push or one page, and the most blobs in one upload.
pub const MAX_BATCH_RECORDS: usize = 512;
/// The largest body of a push, in bytes.
pub const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// The largest body of an upload of blobs, in bytes: the largest blob with its frame.
pub const MAX_UPLOAD_BYTES: usize = MAX_BLOB_BYTES + 64;
/// What a gate sends in one request as long as one item fits, in bytes: nginx takes no more
/// than 1 MiB of a client unless it is told to (`client_max_body_size`).
pub const USUAL_BODY_BYTES: u64 = 1_000 * 1_000;
/// The largest page, in bytes.
pub const MAX_PAGE_BYTES: usize = MAX_BATCH_BYTES;
/// The largest frame of a live tail, in bytes, without its length.
pub const MAX_TAIL_FRAME_BYTES: usize = MAX_PAGE_BYTES;
/// The largest answer to a push, in bytes: 20 digits and a comma for each position.
pub const MAX_PUSHED_BYTES: usize = 16 * 1024;
/// The largest refusal, in bytes, with room for escapes.
pub const MAX_ERROR_BYTES: usize = 8 * 1024;
/// The longest code of a refusal, in bytes of ASCII.
pub const MAX_ERROR_CODE_BYTES: usize = 48;
/// The longest words of a refusal, in bytes.
pub const MAX_ERROR_MESSAGE_BYTES: usize = 1_024;
/// The largest JSON body of a request to the relay, in bytes.
pub const MAX_JSON_BYTES: usize = 512 * 1024;
/// The longest of the three headers of a signed request, in bytes.
pub const MAX_SIGNATURE_HEADER_BYTES: usize = 512;
/// The most devices of one workspace.
pub const MAX_DEVICES: usize = 1_000;
/// The most blobs that one request lets go.
pub const MAX_DROPPED_BLOBS: usize = 4_096;
/// How far a request's `created` may be from the relay's clock, in seconds, either way.
pub const CREATED_WINDOW_S: i64 = 300;
