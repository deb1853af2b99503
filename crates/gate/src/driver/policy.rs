//! The policy in force, published for reading; once per version, believed by its digest.

use super::{Driver, DriverError};
use crate::{
    changes::{Changes, Row},
    clock,
    ledger::LedgerError,
};
use countersign_document::RecordBody;
use countersign_model::PolicyBundle;
use countersign_policy::files::{DATA_FILE, is_rule_file};
use countersign_sync::limits::MAX_PLAINTEXT_BYTES;

/// The digest of the policy that was published last.
const PUBLISHED: &str = "published_policy";
/// Around the bundle in its record, in bytes; more than enough.
const RECORD_SLACK: usize = 1_024;

impl Driver {
    /// Sends the policy's texts to the desktops unless they have them.
    pub(super) fn publish_policy(&mut self) -> Result<(), DriverError> {
        let digest = self.policies.digest();
        let published = self.ledger.store().read(|reader| reader.meta(PUBLISHED))?;
        if published.as_deref() == Some(digest.as_bytes()) {
            return Ok(());
        }
        let now = clock::now();
        let read = self.policy_files.iter();
        let files = read.filter(|(path, _)| is_rule_file(path) || *path == DATA_FILE);
        let bundle = PolicyBundle {
            version: self.policies.version().into(),
            digest,
            in_force_since_ms: now,
            files: files.map(|(path, text)| (path.clone(), text.clone())).collect(),
        };
        let bundle = bundle.to_bytes().map_err(|error| LedgerError::Record(error.to_string()))?;
        if bundle.len() + RECORD_SLACK > MAX_PLAINTEXT_BYTES {
            tracing::error!(
                bytes = bundle.len(),
                "the policy is too large to be published; desktops judge by verdicts alone"
            );
            return Ok(());
        }
        tracing::info!(version = self.policies.version(), %digest, "policy published");
        let mut changes = Changes::default();
        changes.put(Row::Meta(PUBLISHED, digest.as_bytes().to_vec()));
        changes.send(RecordBody::Policy { bundle });
        Ok(self.ledger.commit(changes, now)?)
    }
}
