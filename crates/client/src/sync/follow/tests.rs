//! The judge over the store must say what it says over memory, wherever the work is cut.

use super::{state::Following, *};
use crate::{
    case::{
        check::{Check, check},
        facts::CaseFacts,
    },
    view::PolicyCheck,
};
use countersign_audit::{checkpoint, tree};
use countersign_model::{DecisionKind, Verdict, control::Command, entry::EntryKind};
use countersign_replay::{Memory, View as _};
use countersign_store::{LogHead, PolicyBundleRow, Store};
use std::collections::BTreeMap;
use world::{Gate, checkpoint_of, device, person, roster, seal_again, vkey, workspace};

#[path = "../../../../replay/tests/world/mod.rs"]
mod world;

/// A device that holds a log and some of what it refers to, and has followed nothing yet.
struct Device {
    store: Store,
    me: Me,
    _folder: tempfile::TempDir,
}

const NOW: TimestampMs = TimestampMs::from_millis(1_800_000_000_000);

impl Device {
    fn holding(leaves: &[Vec<u8>], sources: &BTreeMap<Digest, Vec<u8>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(&folder.path().join("store"), &[7; 32]).unwrap();
        store
            .transaction::<_, StoreError>(|tx| {
                for bytes in sources.values() {
                    tx.add_source(bytes)?;
                    if let Ok(bundle) = PolicyBundle::from_bytes(bytes) {
                        let (digest, bytes) = (bundle.digest, bytes.clone());
                        tx.put_policy_bundle(&PolicyBundleRow {
                            digest,
                            bytes,
                            stored_at_ms: NOW,
                        })?;
                    }
                }
                put_log(tx, leaves)
            })
            .unwrap();
        let (person, device) = (person(1), device(1));
        let me = Me { workspace: workspace(), person, device, roster: roster(1) };
        Self { store, me, _folder: folder }
    }

    fn of(gate: &Gate) -> Self {
        Self::holding(&gate.leaves, &gate.sources)
    }

    /// Follows as far as it goes, starting over at each step as after a restart.
    fn follow(&mut self, contact: Option<TimestampMs>) -> u64 {
        loop {
            let mut none = None;
            let step = self.store.transaction(|tx| follow(tx, &self.me, &mut none, contact, NOW));
            if step.unwrap().next != Next::More {
                return self.store.read(state::place).unwrap().next;
            }
        }
    }

    fn found(&mut self) -> Vec<String> {
        let found = self.store.read(found).unwrap();
        [found.wrong, found.missing].into_iter().flatten().map(|one| one.words).collect()
    }
}

fn put_log(tx: &Tx<'_>, leaves: &[Vec<u8>]) -> Result<(), StoreError> {
    let mut hashes = countersign_audit::MemoryHashes::default();
    for (seq, bytes) in (0..).zip(leaves) {
        let new = tree::append(seq, bytes, &hashes).unwrap();
        let rows: Vec<[u8; 32]> = new.iter().map(|hash| *hash.as_bytes()).collect();
        tx.add_log_hashes(tree::stored_count(seq).unwrap(), &rows)?;
        hashes.extend(new);
        let entry = Entry::from_bytes(bytes).unwrap();
        tx.add_log_entry(seq, entry.body.event.proposal_id(), "any", bytes)?;
    }
    let note = checkpoint_of(leaves);
    let signed = checkpoint::verify(&note, &vkey()).unwrap();
    let (size, root) = (signed.size, signed.root);
    tx.put_log_head(&LogHead { size, root, note, verified_at_ms: NOW, gate_clock_ms: NOW })
}

/// What the judge says of each entry, over memory and over the store.
fn both(leaves: &[Vec<u8>], sources: &BTreeMap<Digest, Vec<u8>>) -> [Vec<Vec<Fault>>; 2] {
    let mut device = Device::holding(leaves, sources);
    let bodies: Vec<_> =
        leaves.iter().map(|bytes| Entry::from_bytes(bytes).unwrap().body).collect();
    let mut memory = Memory::default();
    let mut follower = Follower::new(anchors(&device.me));
    let of_memory = bodies.iter().zip(leaves).map(|(entry, bytes)| {
        let known = |digest: Digest| sources.get(&digest).cloned();
        let faults = follower.take(&mut memory, entry, &known).unwrap();
        memory.push_leaf(tree::leaf_hash(bytes));
        faults
    });
    let of_memory = of_memory.collect();
    let me = &device.me;
    let of_store = device.store.transaction::<_, Failure>(|tx| {
        let mut following = Following::load(tx)?;
        let mut follower = Follower::new(anchors(me));
        let mut all = vec![];
        for entry in &bodies {
            let kept = Kept::new(tx, entry);
            all.push(follower.take(&mut following, entry, &kept)?);
            kept.check()?;
            following.place.next += 1;
        }
        assert_eq!(following.world()?, memory.world().unwrap());
        Ok(all)
    });
    [of_memory, of_store.unwrap()]
}

/// A gate with something of every kind of cause.
fn busy() -> Gate {
    let mut gate = Gate::honest();
    let case = gate.draft(4, 100, 125);
    gate.pass(1_000);
    gate.decide(case, 1, DecisionKind::Approve);
    // The same person again: refused.
    gate.decide(case, 1, DecisionKind::Reject);
    gate.control(1, Command::Stop { text: "a wrong price".into() });
    gate.decide(case, 2, DecisionKind::Override);
    gate.pass(world::DAY_MS);
    let other = gate.draft(3, 113, 120);
    gate.decide(other, 1, DecisionKind::Reject);
    gate.draft(3, 113, 121);
    gate.pass(2 * world::DAY_MS);
    gate
}

#[test]
fn an_honest_log_is_followed_to_its_end_whenever_it_is_cut() {
    let gate = busy();
    let mut device = Device::of(&gate);
    assert_eq!(device.follow(None), gate.leaves.len() as u64);
    assert_eq!(device.found(), Vec::<String>::new());
}

#[test]
fn store_and_memory_judge_alike_what_was_dropped_doubled_or_put_elsewhere() {
    let gate = busy();
    let [memory, store] = both(&gate.leaves, &gate.sources);
    assert_eq!(memory, store);
    assert!(memory.iter().all(Vec::is_empty));
    for index in 1..gate.bodies.len() {
        let mut bodies = gate.bodies.clone();
        match index % 3 {
            0 => drop(bodies.remove(index)),
            1 => bodies.insert(index, gate.bodies[index].clone()),
            _ => bodies.swap(index - 1, index),
        }
        let [memory, store] = both(&seal_again(&bodies), &gate.sources);
        assert_eq!(memory, store, "at entry {index}");
    }
}

#[test]
fn what_nobody_signed_is_named_and_its_case_is_not_to_be_approved() {
    let mut gate = Gate::honest();
    gate.entry(EntryKind::DecisionAccepted).actor.id = person(4).to_string();
    let mut device = Device::holding(&seal_again(&gate.bodies), &gate.sources);
    device.follow(None);
    let words = device.found().join("\n");
    assert!(words.contains("`actor` differs from what was signed"), "{words}");
    let case = gate.bodies.iter().find_map(|body| body.event.proposal_id()).unwrap();
    let fault = device.store.read::<_, StoreError>(|reader| reader.open_fault()).unwrap();
    assert_eq!(fault.unwrap().code, "log_not_signed_for");
    let of_case = device.store.read::<_, StoreError>(|reader| reader.followed_fault_of(case));
    let check = Check::Differs(Some(of_case.unwrap().unwrap().seq), words);
    assert_eq!(check.view(), PolicyCheck::Differs);
}

#[test]
fn an_entry_waits_for_what_it_refers_to_and_not_for_ever() {
    let gate = Gate::honest();
    let at = gate.kinds().iter().position(|kind| *kind == EntryKind::DecisionAccepted).unwrap();
    let named = gate.bodies[at].event.decision().unwrap().envelope;
    let mut sources = gate.sources.clone();
    let late = sources.remove(&named).unwrap();
    let heard = |minutes: i64| Some(NOW.plus_ms(minutes * 60_000));

    let mut device = Device::holding(&gate.leaves, &sources);
    // Away from the relay nothing can come, however long it takes.
    for contact in [None, heard(0), heard(0), None, heard(9)] {
        assert_eq!(device.follow(contact), at as u64);
    }
    assert!(device.found().is_empty());
    device.store.transaction::<_, StoreError>(|tx| tx.add_source(&late)).unwrap();
    assert_eq!(device.follow(heard(9)), gate.leaves.len() as u64);
    assert!(device.found().is_empty());

    let mut device = Device::holding(&gate.leaves, &sources);
    device.follow(heard(0));
    assert_eq!(device.follow(heard(10)), gate.leaves.len() as u64);
    let words = device.found().join("\n");
    assert!(words.contains("which is not here"), "{words}");
}

#[test]
fn a_roster_other_than_the_trusted_one_is_named() {
    let mut gate = Gate::honest();
    let mut other = roster(1);
    other.people[0].name = "Nobody".into();
    let envelope = other.seal(&[&world::key(10)]).unwrap().to_bytes().unwrap();
    let digest = gate.keep_source(envelope);
    let mut device = Device::of(&gate);
    let own = roster(1).seal(&[&world::key(10)]).unwrap().to_bytes().unwrap();
    *gate.find(EntryKind::RosterAccepted) = LogEvent::RosterAccepted { output_hash: digest };
    let mut cheated = Device::holding(&seal_again(&gate.bodies), &gate.sources);
    for device in [&mut device, &mut cheated] {
        device.store.transaction::<_, StoreError>(|tx| tx.add_roster(1, &own)).unwrap();
        device.follow(None);
    }
    assert!(device.found().is_empty());
    let words = cheated.found().join("\n");
    assert!(words.contains("another roster than the one trusted here"), "{words}");
}

#[test]
fn a_verdict_that_the_policy_does_not_give_is_known_before_the_log_has_it() {
    let gate = Gate::honest();
    let case = gate.bodies.iter().find_map(|body| body.event.proposal_id()).unwrap();
    let mut device = Device::of(&gate);
    device.follow(None);
    let proposal = gate.case(case).proposal().clone();
    let mut verdict = gate.case(case).verdict().clone();
    let mut check_of = |verdict: &Verdict| {
        let facts = CaseFacts {
            proposal: proposal.clone(),
            proposal_digest: proposal.digest().unwrap(),
            verdict: verdict.clone(),
            verdict_digest: verdict.digest().unwrap(),
            decisions: vec![],
            entries: vec![],
        };
        device.store.read(|reader| check(reader, &facts)).unwrap()
    };
    assert_eq!(check_of(&verdict), Check::Holds);
    verdict.quorum.pop();
    let Check::Differs(None, words) = check_of(&verdict) else { panic!("unseen") };
    assert!(words.contains("quorum differs"), "{words}");
}
