//! What travels between a device and the relay: sealed records and blobs, the requests
//! that carry them, and the session that trusts nothing the relay says.
//! This room reaches no socket, file, clock or randomness: nonces and seeds come in.
//!
//! Reading order: [`limits`] bounds everything, and [`bounded`] reads no further; [`key`] holds epoch keys and wraps them
//! for devices; [`record`] and [`blob`] seal and open; [`writer`] makes the next record;
//! [`reader`] judges what a relay hands out, pages and snapshots; [`wire`] is the API's paths and messages;
//! [`request`] signs and checks HTTP requests; [`refusal`] says what helps, and [`heartbeat`] how long a
//! live tail may be silent. Bytes: `docs/formats/records.md`.

pub mod blob;
pub mod bounded;
pub mod heartbeat;
pub mod key;
pub mod limits;
pub mod reader;
pub mod record;
pub mod refusal;
pub mod request;
pub mod wire;
pub mod writer;

pub use blob::{SealedBlob, open_blob, seal_blob};
pub use bounded::{BodyTooLong, BoundedBody};
pub use heartbeat::Heartbeat;
pub use key::{EpochKey, EpochKeys, SealingPublicKey, SealingSecret, WrappedKey};
pub use reader::{Accepted, Fault, FaultKind, Judged, Reader, ReaderState, SnapshotReading};
pub use record::{Header, SealedRecord};
pub use request::{RequestError, RequestSignature, VerifiedRequest, sign_request, verify_request};
pub use writer::WriterState;
