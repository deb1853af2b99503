//! One small document per case: the gate's envelopes and everybody's decisions.

use automerge::{
    AutoCommit, AutomergeError, ObjType, ROOT, ReadDoc, ScalarValue, Value, hydrate,
    transaction::Transactable,
};
use countersign_model::Digest;
use std::collections::{BTreeMap, HashMap};

const PROPOSAL: &str = "proposal";
const VERDICT: &str = "verdict";
const DECISIONS: &str = "decisions";
const COMMENTS: &str = "comments";

/// Why a document or a change was refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The bytes are not an Automerge document or change.
    #[error("the case document cannot be read; it can be rebuilt from the rows kept beside it")]
    Unreadable(#[source] AutomergeError),
    /// The document lacks a part that every case has.
    #[error("the case document lacks its {0}")]
    Missing(&'static str),
}

/// The Automerge document of one case.
#[derive(Debug)]
pub struct CaseDocument {
    document: AutoCommit,
}

impl CaseDocument {
    /// Makes the document of a new case (the gate does, once) with the change to send.
    ///
    /// # Errors
    /// Never for ordinary input; the signature is Automerge's.
    pub fn create(proposal: &[u8], verdict: &[u8]) -> Result<(Self, Vec<u8>), DocumentError> {
        let bytes = |bytes: &[u8]| hydrate::Value::from(ScalarValue::Bytes(bytes.to_vec()));
        let empty = || {
            let entries: HashMap<&str, hydrate::Value> = HashMap::new();
            hydrate::Value::from(hydrate::Map::from(entries))
        };
        let root = hydrate::Map::from(HashMap::from([
            (PROPOSAL, bytes(proposal)),
            (VERDICT, bytes(verdict)),
            (DECISIONS, empty()),
            (COMMENTS, empty()),
        ]));
        let mut document = AutoCommit::new();
        document.init_root_from_hydrate(&root).map_err(DocumentError::Unreadable)?;
        let change = document.save_after(&[]);
        Ok((Self { document }, change))
    }

    /// An empty document, for applying the first change that arrives.
    #[must_use]
    pub fn empty() -> Self {
        Self { document: AutoCommit::new() }
    }

    /// Loads a saved document.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`]; rebuild from rows then.
    pub fn load(bytes: &[u8]) -> Result<Self, DocumentError> {
        let document = AutoCommit::load(bytes).map_err(DocumentError::Unreadable)?;
        Ok(Self { document })
    }

    /// The bytes to store.
    #[must_use]
    pub fn save(&mut self) -> Vec<u8> {
        self.document.save()
    }

    /// Merges a change that arrived, in any order: a change whose predecessors are
    /// missing waits inside the document. Applying one twice changes nothing.
    ///
    /// # Errors
    /// [`DocumentError::Unreadable`]; the document is as before.
    pub fn apply(&mut self, change: &[u8]) -> Result<(), DocumentError> {
        let mut attempt = self.document.clone();
        attempt.load_incremental(change).map_err(DocumentError::Unreadable)?;
        self.document = attempt;
        Ok(())
    }

    /// Adds a signed decision and returns the change to send.
    ///
    /// # Errors
    /// [`DocumentError::Missing`] when the case has not fully arrived.
    pub fn add_decision(
        &mut self,
        payload_digest: Digest,
        envelope: &[u8],
    ) -> Result<Vec<u8>, DocumentError> {
        self.file(DECISIONS, payload_digest, envelope)
    }

    /// Adds a signed comment and returns the change to send.
    ///
    /// # Errors
    /// [`DocumentError::Missing`] when the case has not fully arrived.
    pub fn add_comment(
        &mut self,
        payload_digest: Digest,
        envelope: &[u8],
    ) -> Result<Vec<u8>, DocumentError> {
        self.file(COMMENTS, payload_digest, envelope)
    }

    /// Candidate proposal envelopes. More than one means that somebody wrote over it:
    /// verify each, keep the one that the gate signed.
    #[must_use]
    pub fn proposals(&self) -> Vec<Vec<u8>> {
        self.candidates(PROPOSAL)
    }

    /// Candidate verdict envelopes, as [`CaseDocument::proposals`].
    #[must_use]
    pub fn verdicts(&self) -> Vec<Vec<u8>> {
        self.candidates(VERDICT)
    }

    /// Candidate decision envelopes by the digest they were filed under, all writers' and
    /// all conflicting values included.
    #[must_use]
    pub fn decisions(&self) -> BTreeMap<String, Vec<Vec<u8>>> {
        self.filed(DECISIONS)
    }

    /// Candidate comment envelopes, as [`CaseDocument::decisions`].
    #[must_use]
    pub fn comments(&self) -> BTreeMap<String, Vec<Vec<u8>>> {
        self.filed(COMMENTS)
    }

    fn file(
        &mut self,
        map: &'static str,
        payload_digest: Digest,
        envelope: &[u8],
    ) -> Result<Vec<u8>, DocumentError> {
        let (_, entries) = self
            .document
            .get(ROOT, map)
            .map_err(DocumentError::Unreadable)?
            .filter(|(value, _)| matches!(value, Value::Object(ObjType::Map)))
            .ok_or(DocumentError::Missing(map))?;
        let heads = self.document.get_heads();
        self.document
            .put(&entries, payload_digest.to_string(), ScalarValue::Bytes(envelope.to_vec()))
            .map_err(DocumentError::Unreadable)?;
        self.document.commit();
        Ok(self.document.save_after(&heads))
    }

    fn filed(&self, map: &str) -> BTreeMap<String, Vec<Vec<u8>>> {
        let mut found = BTreeMap::new();
        let Ok(maps) = self.document.get_all(ROOT, map) else { return found };
        for (_, entries) in maps.into_iter().filter(|(value, _)| value.is_object()) {
            for key in self.document.keys(&entries) {
                let values = self.document.get_all(&entries, key.as_str()).unwrap_or_default();
                found
                    .entry(key)
                    .or_insert_with(Vec::new)
                    .extend(values.into_iter().filter_map(|(value, _)| as_bytes(&value)));
            }
        }
        found
    }

    fn candidates(&self, key: &str) -> Vec<Vec<u8>> {
        let values = self.document.get_all(ROOT, key).unwrap_or_default();
        values.into_iter().filter_map(|(value, _)| as_bytes(&value)).collect()
    }
}

fn as_bytes(value: &Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::Scalar(scalar) => match scalar.as_ref() {
            ScalarValue::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        },
        Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_desktops_decide_apart_and_meet() {
        let (_, first) = CaseDocument::create(b"proposal", b"verdict").unwrap();
        let mut ops = CaseDocument::empty();
        let mut finance = CaseDocument::empty();
        ops.apply(&first).unwrap();
        finance.apply(&first).unwrap();
        let from_ops = ops.add_decision(Digest::of(b"ops"), b"ops").unwrap();
        let from_finance = finance.add_decision(Digest::of(b"finance"), b"finance").unwrap();

        let mut gate = CaseDocument::empty();
        for change in [&from_finance, &from_ops, &first, &from_ops] {
            gate.apply(change).unwrap();
        }
        assert_eq!(gate.proposals(), [b"proposal"]);
        assert_eq!(gate.verdicts(), [b"verdict"]);
        assert_eq!(gate.decisions().len(), 2);
        ops.apply(&from_finance).unwrap();
        assert_eq!(ops.decisions(), gate.decisions());
        let reloaded = CaseDocument::load(&gate.save()).unwrap();
        assert_eq!(reloaded.decisions(), gate.decisions());
    }

    #[test]
    fn concurrent_writes_over_the_proposal_are_all_visible() {
        let (_, first) = CaseDocument::create(b"proposal", b"verdict").unwrap();
        let lie = |words: &[u8]| {
            let mut liar = CaseDocument::empty();
            liar.apply(&first).unwrap();
            let heads = liar.document.get_heads();
            liar.document.put(ROOT, PROPOSAL, ScalarValue::Bytes(words.to_vec())).unwrap();
            liar.document.save_after(&heads)
        };
        let mut honest = CaseDocument::empty();
        honest.apply(&first).unwrap();
        assert_eq!(honest.proposals(), [b"proposal"], "the first change shows the gate's own");
        honest.apply(&lie(b"one")).unwrap();
        honest.apply(&lie(b"two")).unwrap();
        let mut seen = honest.proposals();
        seen.sort();
        assert_eq!(seen, [b"one", b"two"]);
    }

    #[test]
    fn a_broken_change_leaves_the_document_as_it_was() {
        let (mut case, first) = CaseDocument::create(b"proposal", b"verdict").unwrap();
        let saved = case.save();
        for index in 0..first.len() {
            let mut broken = first.clone();
            broken[index] ^= 0x40;
            let _ = case.apply(&broken);
            assert_eq!(case.proposals(), [b"proposal"], "byte {index}");
        }
        assert!(CaseDocument::load(&saved[..saved.len() / 2]).is_err());
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic(bytes: Vec<u8>) {
            let _ = CaseDocument::load(&bytes);
            let _ = CaseDocument::empty().apply(&bytes);
        }
    }
}
