//! The policy in force: logged, and published for everybody to judge by; once per version.

use super::{Driver, DriverError};
use crate::{
    changes::{Changes, Row},
    ledger::LedgerError,
};
use countersign_document::RecordBody;
use countersign_model::{Digest, PolicyBundle};
use countersign_policy::files::{DATA_FILE, is_rule_file};
use countersign_replay::{View as _, world};
use countersign_sync::limits::MAX_PLAINTEXT_BYTES;

/// Around the bundle in its record, in bytes; more than enough.
const RECORD_SLACK: usize = 1_024;

impl Driver {
    /// Logs the policy and sends its texts to the desktops, unless it is in force already.
    pub(super) fn publish_policy(&mut self) -> Result<(), DriverError> {
        if self.ledger.policy() == Some(self.policies.reference()) {
            return Ok(());
        }
        let at = self.moment();
        let read = self.policy_files.iter();
        let files = read.filter(|(path, _)| is_rule_file(path) || *path == DATA_FILE);
        let bundle = PolicyBundle {
            version: self.policies.version().into(),
            digest: self.policies.digest(),
            in_force_since_ms: at,
            files: files.map(|(path, text)| (path.clone(), text.clone())).collect(),
        };
        let bytes = bundle.to_bytes().map_err(|error| LedgerError::Record(error.to_string()))?;
        if bytes.len() + RECORD_SLACK > MAX_PLAINTEXT_BYTES {
            return Err(DriverError::PolicyTooLarge { bytes: bytes.len() });
        }
        let (judged, _) = world::policy(&self.ledger.world()?, &bundle, Digest::of(&bytes))?;
        tracing::info!(version = self.policies.version(), digest = %self.policies.digest(), "policy published");
        let mut changes = Changes::default();
        changes.put(Row::Envelope(bytes.clone()));
        changes.send(RecordBody::Policy { bundle: bytes });
        self.commit(judged, changes, at)
    }
}
