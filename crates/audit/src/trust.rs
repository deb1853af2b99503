//! The public keys that an auditor trusts: `trust.json`, made by the gate's owner.

use crate::LogKeys;
use countersign_model::{PublicKey, WorkspaceId, roster::RootKeys};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Public keys, from a source other than the file they check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Signs proposals, verdicts, entries and exports.
    pub gate_key: PublicKey,
    /// Signs checkpoints: `<origin>+<id>+<key>`.
    pub log_vkey: String,
    /// Sign the first roster.
    pub root_keys: BTreeSet<PublicKey>,
    /// How many of them must have signed it.
    pub root_threshold: u8,
}

impl Trust {
    /// The keys of the log alone.
    #[must_use]
    pub fn log_keys(&self) -> LogKeys {
        LogKeys { workspace: self.workspace, gate_key: self.gate_key, vkey: self.log_vkey.clone() }
    }

    /// The keys that the first roster must satisfy.
    #[must_use]
    pub fn root(&self) -> RootKeys {
        RootKeys { keys: self.root_keys.clone(), threshold: self.root_threshold }
    }
}
