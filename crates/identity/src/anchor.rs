//! What a device believes everything else on: the workspace, its root keys, its gate and its
//! log. As six words, two people can compare it over the phone before anything is believed.

use countersign_model::{Digest, PublicKey, Roster, WorkspaceId, fingerprint, roster::RootKeys};

/// The first line, so that the digest is of nothing else.
const CONTEXT: &str = "countersign trust anchor v1";

/// The trust anchor of a workspace: what `trust.json` holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anchor {
    workspace: WorkspaceId,
    root: RootKeys,
    gate_key: PublicKey,
    log_vkey: String,
}

impl Anchor {
    /// The anchor that a roster names. It changes with the root keys or the gate's keys only,
    /// so that everybody who holds that roster reads the same words.
    #[must_use]
    pub fn of(roster: &Roster) -> Self {
        Self {
            workspace: roster.workspace,
            root: roster.root.clone(),
            gate_key: roster.gate.signing_key,
            log_vkey: roster.gate.log_vkey.clone(),
        }
    }

    /// The lines that are hashed: one form for each anchor, root keys in ascending order. What
    /// may hold anything, the log's verifier key, stands last.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { workspace, root, gate_key, log_vkey } = self;
        let mut text = format!("{CONTEXT}\nworkspace {workspace}\nthreshold {}\n", root.threshold);
        for key in &root.keys {
            text.push_str(&format!("root {key}\n"));
        }
        text.push_str(&format!("gate {gate_key}\nlog {log_vkey}\n"));
        text
    }

    /// SHA-256 over [`Anchor::text`].
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }

    /// The six words to be compared over a second channel.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        fingerprint::words(self.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::{
        DeviceId, Signer as _, TimestampMs, roster::GateKeys, signature::SigningKey,
    };
    use uuid::Uuid;

    const VKEY: &str = "countersign/log+12345678+AQ==";

    fn key(seed: u8) -> PublicKey {
        SigningKey::from_seed(&[seed; 32]).public_key()
    }

    fn roster(roots: &[u8], threshold: u8, gate: u8, log_vkey: &str) -> Roster {
        Roster {
            workspace: WorkspaceId::from_uuid(Uuid::from_u128(7)),
            version: 1,
            issued_at_ms: TimestampMs::from_millis(0),
            expires_at_ms: TimestampMs::from_millis(1),
            root: RootKeys { keys: roots.iter().map(|seed| key(*seed)).collect(), threshold },
            gate: GateKeys {
                device: DeviceId::from_uuid(Uuid::from_u128(9)),
                signing_key: key(gate),
                log_vkey: log_vkey.into(),
            },
            people: vec![],
            agents: vec![],
        }
    }

    /// Golden: people write these words down, so they never change.
    #[test]
    fn the_text_and_its_words_are_fixed() {
        let anchor = Anchor::of(&roster(&[1, 2], 2, 3, VKEY));
        assert_eq!(anchor.text(), GOLDEN_TEXT);
        assert_eq!(anchor.digest().to_string(), GOLDEN_DIGEST);
        assert_eq!(anchor.words().join(" "), GOLDEN_WORDS);
    }

    const GOLDEN_TEXT: &str = "countersign trust anchor v1
workspace ws_00000000-0000-0000-0000-000000000007
threshold 2
root 8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394
root 8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c
gate ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1
log countersign/log+12345678+AQ==
";
    /// As `sha256sum` has it.
    const GOLDEN_DIGEST: &str = "06185cb261fd70044115c7b157e1a590318329ca66f46e4d8865804189640812";
    const GOLDEN_WORDS: &str = "alcohol seed clutch sentence strike acquire";

    #[test]
    fn every_part_that_is_believed_changes_the_words_and_nothing_else_does() {
        let honest = roster(&[1, 2], 2, 3, VKEY);
        let words = |roster: &Roster| Anchor::of(roster).words();
        for same in [
            roster(&[2, 1], 2, 3, VKEY),
            Roster { version: 2, ..honest.clone() },
            Roster { expires_at_ms: TimestampMs::from_millis(2), ..honest.clone() },
        ] {
            assert_eq!(words(&honest), words(&same));
        }
        for other in [
            roster(&[1, 4], 2, 3, VKEY),
            roster(&[1, 2, 4], 2, 3, VKEY),
            roster(&[1, 2], 1, 3, VKEY),
            roster(&[1, 2], 2, 4, VKEY),
            roster(&[1, 2], 2, 3, "countersign/log+12345678+Ag=="),
            Roster { workspace: WorkspaceId::from_uuid(Uuid::from_u128(8)), ..honest.clone() },
        ] {
            assert_ne!(words(&honest), words(&other));
        }
    }
}
