//! What compaction asks of the relay, so that the simulation's relay can be asked too.

use crate::relay::{Relay, RelayError};
use async_trait::async_trait;
use countersign_model::Digest;
use countersign_sync::wire::{Floor, Page, Pushed};

/// A relay's records and blobs, as their owner reads them and lets go of them. Every call is made
/// once and ends within a time-out; what was answered is durable there. Who repeats is the
/// caller's to say.
#[async_trait]
pub trait Shelves: Send + Sync {
    /// Records after a position.
    async fn page(&self, after: u64) -> Result<Page, RelayError>;

    /// Appends records; one that is there already keeps its position.
    async fn push(&self, records: &[Vec<u8>]) -> Result<Pushed, RelayError>;

    /// A sealed blob; whoever opens it checks its digest.
    async fn blob(&self, digest: Digest) -> Result<Vec<u8>, RelayError>;

    /// Keeps sealed blobs, all of them or none.
    async fn put_blobs(&self, sealed: &[Vec<u8>]) -> Result<(), RelayError>;

    /// Lets go of records up to a floor, in steps, and says where it then is.
    async fn put_floor(&self, floor: Floor) -> Result<Floor, RelayError>;

    /// Lets go of blobs; one that is not there is let go already.
    async fn drop_blobs(&self, blobs: &[Digest]) -> Result<(), RelayError>;
}

#[async_trait]
impl Shelves for Relay {
    async fn page(&self, after: u64) -> Result<Page, RelayError> {
        Self::page(self, after).await
    }

    async fn push(&self, records: &[Vec<u8>]) -> Result<Pushed, RelayError> {
        Self::push(self, records).await
    }

    async fn blob(&self, digest: Digest) -> Result<Vec<u8>, RelayError> {
        Self::blob(self, digest).await
    }

    async fn put_blobs(&self, sealed: &[Vec<u8>]) -> Result<(), RelayError> {
        Self::put_blobs(self, sealed).await
    }

    async fn put_floor(&self, floor: Floor) -> Result<Floor, RelayError> {
        Self::put_floor(self, floor).await
    }

    async fn drop_blobs(&self, blobs: &[Digest]) -> Result<(), RelayError> {
        Self::drop_blobs(self, blobs).await
    }
}
