//! The policy in force: logged, and published for everybody to judge by; once per version.

use super::{Core, CoreError, Effect, GateView, Outcome, Rules, take};
use crate::changes::{Changes, Row};
use countersign_document::RecordBody;
use countersign_model::{Digest, PolicyBundle, TimestampMs, causes::in_full};
use countersign_policy::files::{DATA_FILE, is_rule_file};
use countersign_replay::world;
use countersign_sync::limits::MAX_PLAINTEXT_BYTES;

/// Around the bundle in its record, in bytes; more than enough.
const RECORD_SLACK: usize = 1_024;

impl Core {
    /// Puts other rules in force. Open cases keep the verdict that they have. Rules that cannot
    /// be published are not used, and everything else goes on.
    pub(super) fn load_rules<V: GateView>(
        &mut self,
        view: &V,
        rules: Rules,
        at: TimestampMs,
    ) -> Outcome {
        let before = std::mem::replace(&mut self.rules, rules);
        match self.publish_policy(view, at) {
            Err(error @ (CoreError::Policy(_) | CoreError::PolicyTooLarge { .. })) => {
                self.rules = before;
                Ok((Changes::default(), vec![Effect::RulesRefused(error)]))
            }
            published => published,
        }
    }

    /// Logs the policy and sends its texts to the desktops, unless it is in force already.
    pub(super) fn publish_policy<V: GateView>(&self, view: &V, at: TimestampMs) -> Outcome {
        let Rules { policies, files } = &self.rules;
        if view.policy_in_force() == Some(policies.reference()) {
            return Ok(Default::default());
        }
        let files = files.iter().filter(|(path, _)| is_rule_file(path) || *path == DATA_FILE);
        let bundle = PolicyBundle {
            version: policies.version().into(),
            digest: policies.digest(),
            in_force_since_ms: at,
            files: files.map(|(path, text)| (path.clone(), text.clone())).collect(),
        };
        let bytes = bundle.to_bytes().map_err(|error| CoreError::Record(in_full(&error)))?;
        if bytes.len() + RECORD_SLACK > MAX_PLAINTEXT_BYTES {
            return Err(CoreError::PolicyTooLarge { bytes: bytes.len() });
        }
        let (judged, _) = world::policy(&view.world()?, &bundle, Digest::of(&bytes))?;
        tracing::info!(version = policies.version(), digest = %policies.digest(), "policy published");
        let mut changes = Changes::default();
        changes.put(Row::Envelope(bytes.clone()));
        changes.send(RecordBody::Policy { bundle: bytes });
        let effects = take(judged, &mut changes);
        Ok((changes, effects))
    }
}
