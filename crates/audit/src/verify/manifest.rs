//! The manifest: what the gate signed of the whole file, against what the file holds.

use super::{Walk, lines::Line};
use crate::{
    checkpoint::{self, Checkpoint},
    export::{FORMAT, Manifest},
    report::{Claim, Findings, Place, are, counted},
    trust::Trust,
};
use countersign_model::{Digest, Envelope, causes::in_full};
use std::{collections::BTreeSet, io::BufRead};

pub(super) const NO_MANIFEST: &str = "this is not an export: the first line is not a manifest";

/// Without trusted keys: those the manifest names; its roster names its own root keys.
pub(super) fn own_word(manifest: &Manifest) -> Trust {
    Trust {
        workspace: manifest.workspace,
        gate_key: manifest.gate_key,
        log_vkey: manifest.log_vkey.clone(),
        root_keys: BTreeSet::new(),
        root_threshold: 0,
    }
}

/// The manifest, if the line is one; what is wrong with it is found.
pub(super) fn read_manifest(
    line: &Line,
    trust: Option<&Trust>,
    findings: &mut Findings,
) -> Option<Manifest> {
    let mut wrong = |what: &str| findings.add(Claim::Integrity, Place::line(1), what);
    let envelope = Envelope::from_bytes(&line.bytes).ok()?;
    let manifest = envelope.peek_unverified::<Manifest>().ok()?;
    let gate_key = trust.map_or(manifest.gate_key, |trust| trust.gate_key);
    match envelope.open::<Manifest>(&[gate_key]) {
        Ok(opened) => {
            if opened.subject != manifest.body_sha256
                || opened.subject_name != manifest.workspace.to_string()
            {
                wrong("the manifest's subject is not this export");
            }
        }
        Err(error) => {
            wrong(&format!("the manifest is not signed by the gate: {}", in_full(&error)))
        }
    }
    // One signature, or an added one would be a byte that nothing covers.
    if !envelope.has_one_signature() {
        wrong("the manifest must have exactly one signature");
    }
    if manifest.format != FORMAT {
        wrong("the manifest names another format");
    }
    if let Some(trust) = trust {
        let same = manifest.workspace == trust.workspace
            && manifest.gate_key == trust.gate_key
            && manifest.log_vkey == trust.log_vkey;
        if !same {
            wrong("the manifest names another workspace or other keys than those trusted");
        }
    }
    Some(manifest)
}

impl<R: BufRead> Walk<R> {
    /// Compares what was read with what the manifest says, and gives the checkpoint that it was
    /// made at, if the log has signed it.
    pub(super) fn check_manifest(
        &mut self,
        manifest: &Manifest,
        body: Digest,
    ) -> Option<Checkpoint> {
        let end = Place::line(self.counts.lines + 1);
        if body != manifest.body_sha256 {
            self.wrong(
                Place::line(1),
                "the rest of the file is not what the manifest was signed over",
            );
        }
        for (one, many, expected, found) in [
            ("entry", "entries", manifest.entries, self.counts.entries),
            ("envelope", "envelopes", manifest.envelopes, self.counts.envelopes),
            ("policy", "policies", manifest.policies, self.counts.policies),
            ("cosigned head", "cosigned heads", manifest.cosigned, self.counts.cosigned),
        ] {
            if found < expected {
                let all = counted(expected, one, many);
                self.missing(end, format!("of {all}, {} missing", are(expected - found)));
            } else if found > expected {
                let beyond = match found - expected {
                    1 => format!("is one {one}"),
                    beyond => format!("are {beyond} {many}"),
                };
                self.wrong(end, format!("there {beyond} more than what was exported"));
            }
        }
        let head = match checkpoint::verify(&manifest.checkpoint, &self.trust.log_vkey) {
            Ok(head) => head,
            Err(error) => {
                self.wrong(Place::line(1), error.to_string());
                return None;
            }
        };
        if head.size != manifest.entries {
            self.missing(
                Place::line(1),
                format!(
                    "the checkpoint covers {}, the manifest {}",
                    counted(head.size, "entry", "entries"),
                    manifest.entries
                ),
            );
        }
        if head.root != self.frontier.root() {
            self.wrong(
                Place::line(1),
                "the entries do not have the root that the checkpoint signs",
            );
        }
        Some(head)
    }
}
