//! One small document per case: the gate's envelopes and everybody's decisions.

use crate::{
    change::{Candidates, ChangeError},
    limits::{MAX_DOCUMENT_BYTES, MAX_WAITING_BYTES},
    saved,
};
use automerge::{
    AutoCommit, AutomergeError, Change, ObjId, ObjType, ROOT, ReadDoc, SaveOptions, ScalarValue,
    Value, hydrate, transaction::Transactable,
};
use countersign_model::Digest;
use std::{
    collections::{BTreeMap, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
};

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
    /// The change or the document is not what is allowed, or too large.
    #[error(transparent)]
    Refused(#[from] ChangeError),
    /// The bytes are of the right form and cannot be merged all the same.
    #[error("the change does not fit the case document")]
    Misfit,
    /// The document lacks a part that every case has.
    #[error("the case document lacks its {0}")]
    Missing(&'static str),
}

/// The Automerge document of one case.
#[derive(Debug)]
pub struct CaseDocument {
    document: AutoCommit,
    /// What [`CaseDocument::save`] gives, if nothing has changed since.
    saved: Option<Vec<u8>>,
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
        Ok((Self { document, saved: None }, change))
    }

    /// The change that files a decision in a case again, by whoever has its envelope and not
    /// the document: it depends on no other change, and brings a map of decisions of its own.
    ///
    /// # Errors
    /// Never for ordinary input; the signature is Automerge's.
    pub fn decision_again(
        payload_digest: Digest,
        envelope: &[u8],
    ) -> Result<Vec<u8>, DocumentError> {
        let mut document = AutoCommit::new();
        let entries = document
            .put_object(ROOT, DECISIONS, ObjType::Map)
            .map_err(DocumentError::Unreadable)?;
        document
            .put(&entries, payload_digest.to_string(), ScalarValue::Bytes(envelope.to_vec()))
            .map_err(DocumentError::Unreadable)?;
        Ok(document.save_after(&[]))
    }

    /// An empty document, for applying the first change that arrives.
    #[must_use]
    pub fn empty() -> Self {
        Self { document: AutoCommit::new(), saved: None }
    }

    /// Loads a saved document. Its size is what its length says: nothing is inflated.
    ///
    /// # Errors
    /// [`DocumentError`]; rebuild from rows then.
    pub fn load(bytes: &[u8]) -> Result<Self, DocumentError> {
        saved::check(bytes)?;
        let document = contained(|| AutoCommit::load(bytes).map_err(DocumentError::Unreadable))?;
        Ok(Self { document, saved: None })
    }

    /// The bytes to store.
    #[must_use]
    pub fn save(&mut self) -> Vec<u8> {
        match &self.saved {
            Some(saved) => saved.clone(),
            None => save(&mut self.document),
        }
    }

    /// Merges a change that arrived, in any order: a change whose predecessors are
    /// missing waits inside the document, up to a bound. Applying one twice changes nothing.
    ///
    /// Nothing is to be concluded from what the document shows afterwards: what the change
    /// says is read from the change, by [`Candidates::of`].
    ///
    /// # Errors
    /// [`DocumentError`]; the document is as before.
    pub fn apply(&mut self, change: &[u8]) -> Result<(), DocumentError> {
        let candidates = Candidates::of(change)?;
        let mut attempt = self.document.clone();
        // Saved at once, so that a change after which it cannot be saved or loaded again is
        // refused as well.
        let saved = contained(|| {
            let others_wait = merge(&mut attempt, &candidates.changes)?;
            let saved = save(&mut attempt);
            if others_wait {
                AutoCommit::load(&saved).map_err(DocumentError::Unreadable)?;
            }
            Ok(saved)
        })?;
        if saved.len() > MAX_DOCUMENT_BYTES {
            return Err(ChangeError::TooLarge("the document").into());
        }
        *self = Self { document: attempt, saved: Some(saved) };
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
        let entries = self.map(map).ok_or(DocumentError::Missing(map))?;
        let key = self.free_key(&entries, payload_digest);
        let heads = self.document.get_heads();
        self.saved = None;
        self.document
            .put(&entries, key, ScalarValue::Bytes(envelope.to_vec()))
            .map_err(DocumentError::Unreadable)?;
        self.document.commit();
        Ok(self.document.save_after(&heads))
    }

    /// The map to file into. There may be others of that name, or what is no map.
    fn map(&self, name: &str) -> Option<ObjId> {
        let values = self.document.get_all(ROOT, name).unwrap_or_default();
        let mut maps = values
            .into_iter()
            .filter(|(value, _)| matches!(value, Value::Object(ObjType::Map)))
            .map(|(_, id)| id);
        maps.next_back()
    }

    /// A key that nothing stands under: a change may not write over anything.
    fn free_key(&self, entries: &ObjId, digest: Digest) -> String {
        let is_free = |key: &String| {
            self.document.get_all(entries, key.as_str()).is_ok_and(|values| values.is_empty())
        };
        let first = digest.to_string();
        let next = || (1_u32..).map(|number| format!("{digest}.{number}")).find(is_free);
        if is_free(&first) { first } else { next().unwrap_or(first) }
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

/// Applies plain changes whose form was checked. `true` if changes wait for others, so that
/// more than these may have been merged by it.
fn merge(document: &mut AutoCommit, changes: &[&[u8]]) -> Result<bool, DocumentError> {
    let read = |bytes: &&[u8]| {
        let change = Change::try_from(*bytes).map_err(|_| DocumentError::Misfit)?;
        // Four bytes of the hash stand after the four that say whose format it is.
        if bytes.get(4..8) != change.hash().0.get(..4) {
            return Err(ChangeError::Malformed("its checksum").into());
        }
        // A document keeps operations and makes changes from them again. One that was not
        // written as it would be made is another one then, and the saved document is broken.
        if Change::from(change.decode()).raw_bytes() != *bytes {
            return Err(ChangeError::Malformed("it is not in its one form").into());
        }
        Ok(change)
    };
    let waited = !document.get_missing_deps(&[]).is_empty();
    let changes = changes.iter().map(read).collect::<Result<Vec<_>, DocumentError>>()?;
    document.apply_changes(changes.clone()).map_err(DocumentError::Unreadable)?;
    // What it would be made as depends on the document too.
    for change in &changes {
        let kept = document.get_change_by_hash(&change.hash());
        if kept.is_some_and(|kept| kept.raw_bytes() != change.raw_bytes()) {
            return Err(DocumentError::Misfit);
        }
    }
    Ok(waited || !document.get_missing_deps(&[]).is_empty())
}

/// Saves without compressing, so that whoever loads it knows its size. Changes that wait for
/// others go with it while they are few.
fn save(document: &mut AutoCommit) -> Vec<u8> {
    let mut with =
        |retain_orphans| document.save_with_options(SaveOptions { deflate: false, retain_orphans });
    let all = with(true);
    if all.len() <= MAX_WAITING_BYTES {
        return all;
    }
    let bare = with(false);
    if all.len() - bare.len() > MAX_WAITING_BYTES { bare } else { all }
}

/// Runs Automerge over bytes that others have made. Should it panic over one of them, that one
/// is refused, and the process goes on.
fn contained<T>(work: impl FnOnce() -> Result<T, DocumentError>) -> Result<T, DocumentError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(DocumentError::Misfit))
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
    fn a_decision_comes_again_without_its_document() {
        let (mut whole, first) = CaseDocument::create(b"proposal", b"verdict").unwrap();
        let key = Digest::of(b"statement");
        let change = CaseDocument::decision_again(key, b"envelope").unwrap();
        assert_eq!(Candidates::of(&change).unwrap().envelopes(), [b"envelope"]);
        let mut late = CaseDocument::empty();
        late.apply(&change).unwrap();
        late.apply(&first).unwrap();
        let filed = |document: &CaseDocument| document.decisions()[&key.to_string()].clone();
        assert_eq!(filed(&late), [b"envelope"]);
        // Whoever has it already has it twice, and files on.
        whole.add_decision(key, b"envelope").unwrap();
        whole.apply(&change).unwrap();
        assert_eq!(filed(&whole), [b"envelope", b"envelope"]);
        let later = whole.add_decision(Digest::of(b"later"), b"later envelope").unwrap();
        assert_eq!(Candidates::of(&later).unwrap().envelopes(), [b"later envelope"]);
    }

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

    /// A change that writes over a part of the case, as nothing here would make it.
    fn overwritten(first: &[u8], value: ScalarValue) -> Vec<u8> {
        let mut liar = CaseDocument::empty();
        liar.apply(first).unwrap();
        let heads = liar.document.get_heads();
        liar.document.put(ROOT, DECISIONS, value).unwrap();
        liar.document.save_after(&heads)
    }

    #[test]
    fn nothing_is_written_over_or_deleted() {
        let (_, first) = CaseDocument::create(b"proposal", b"verdict").unwrap();
        let mut honest = CaseDocument::empty();
        honest.apply(&first).unwrap();
        let over = overwritten(&first, ScalarValue::Bytes(b"one".to_vec()));
        let deleted = {
            let mut liar = CaseDocument::empty();
            liar.apply(&first).unwrap();
            let heads = liar.document.get_heads();
            liar.document.delete(ROOT, COMMENTS).unwrap();
            liar.document.save_after(&heads)
        };
        for change in [over, deleted] {
            assert!(matches!(Candidates::of(&change), Err(ChangeError::Forbidden(_))));
            assert!(honest.apply(&change).is_err());
        }
        assert_eq!(honest.proposals(), [b"proposal"]);
    }

    #[test]
    fn a_second_map_of_the_name_hides_nothing() {
        let (_, first) = CaseDocument::create(b"proposal", b"verdict").unwrap();
        let (_, second) = CaseDocument::create(b"other", b"other verdict").unwrap();
        let mut honest = CaseDocument::empty();
        honest.apply(&first).unwrap();
        let good = honest.add_decision(Digest::of(b"good"), b"good").unwrap();
        assert_eq!(Candidates::of(&good).unwrap().envelopes(), [b"good"]);
        for order in [[&second, &good], [&good, &second]] {
            let mut reader = CaseDocument::empty();
            reader.apply(&first).unwrap();
            order.into_iter().for_each(|change| reader.apply(change).unwrap());
            assert_eq!(reader.decisions().into_values().flatten().collect::<Vec<_>>(), [b"good"]);
        }
    }

    #[test]
    fn a_key_that_is_taken_is_not_written_over() {
        let (mut case, _) = CaseDocument::create(b"proposal", b"verdict").unwrap();
        for words in [b"one", b"two"] {
            let change = case.add_comment(Digest::of(b"same"), words).unwrap();
            assert_eq!(Candidates::of(&change).unwrap().envelopes(), [words]);
        }
        assert_eq!(case.comments().len(), 2);
    }

    #[test]
    fn changes_without_predecessors_wait_up_to_a_bound() {
        let (mut author, first) = CaseDocument::create(b"proposal", b"verdict").unwrap();
        let mut reader = CaseDocument::empty();
        reader.apply(&first).unwrap();
        let skipped = author.add_comment(Digest::of(b"skipped"), b"skipped").unwrap();
        for number in 0_u8..40 {
            let words = [number; 10_000];
            let change = author.add_comment(Digest::of(&words), &words).unwrap();
            reader.apply(&change).unwrap();
            let saved = reader.save();
            assert!(saved.len() < MAX_WAITING_BYTES + 4_096, "{} bytes", saved.len());
            reader = CaseDocument::load(&saved).unwrap();
        }
        reader.apply(&skipped).unwrap();
        assert!(reader.comments().contains_key(&Digest::of(b"skipped").to_string()));
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
