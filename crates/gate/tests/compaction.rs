//! Compaction by the real gate against a real relay: what is kept, what goes, what a crash
//! between two steps leaves, and that the gate goes on afterwards.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use countersign_audit::checkpoint;
use countersign_document::{RecordBody, Snapshot};
use countersign_gate::{
    changes::Changes,
    compact::{Bench, Prepared},
    courier,
    data::DataDir,
    identity::Identity,
    ledger::Ledger,
    relay::{Relay, RelayError},
    store::Store,
};
use countersign_model::{
    Decision, DecisionKind, DeviceId, Digest, Envelope, ProposalId, Roster, TimestampMs,
    entry::EntryKind, reason::Reason,
};
use countersign_sync::{SealedRecord, open_blob, wire::Floor, wire::Page};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use support::{World, desktop::Desktop, now, pause};

/// The gate's own eyes on its relay.
struct Eyes {
    identity: Arc<Identity>,
    store: Arc<Store>,
    relay: Relay,
}

impl Eyes {
    fn of(world: &World) -> Self {
        let data = DataDir::new(&world.data());
        let store = Arc::new(Store::open(&data.database()).unwrap());
        let identity = Arc::new(Identity::load(&data, &store).unwrap());
        let url = world.relay_url.parse().unwrap();
        let relay = Relay::new(url, Arc::clone(&identity)).unwrap();
        Self { identity, store, relay }
    }

    async fn floor(&self) -> Option<Floor> {
        match self.relay.page(0).await {
            Ok(_) => None,
            Err(RelayError::Compacted(floor)) => Some(floor),
            Err(error) => panic!("{error}"),
        }
    }

    fn open(&self, bytes: &[u8]) -> Option<(DeviceId, RecordBody)> {
        let record = SealedRecord::decode(bytes).unwrap();
        let keys = [self.identity.epoch.clone()].into_iter().collect();
        let body = RecordBody::from_bytes(&record.open(&keys).ok()?).ok()?;
        Some((record.header().writer, body))
    }

    async fn snapshot(&self, at: Floor) -> Snapshot {
        let page = self.relay.page(at.snapshot - 1).await.unwrap();
        match self.open(&page.records[0].1) {
            Some((writer, RecordBody::Snapshot(snapshot))) => {
                assert_eq!((writer, snapshot.floor), (self.identity.device, at.floor));
                snapshot
            }
            other => panic!("no snapshot: {other:?}"),
        }
    }

    /// What the snapshot keeps, in its order.
    async fn kept(&self, snapshot: &Snapshot) -> Vec<(DeviceId, RecordBody)> {
        let keys = [self.identity.epoch.clone()].into_iter().collect();
        let (mut kept, mut last) = (vec![], 0);
        for pack in &snapshot.packs {
            let sealed = self.relay.blob(pack.blob).await.unwrap();
            assert_eq!(sealed.len() as u64, pack.size_bytes);
            let plain = open_blob(self.identity.workspace, pack.blob, &sealed, &keys).unwrap();
            for (position, bytes) in Page::decode(&plain).unwrap().records {
                assert!(position > last && position <= snapshot.floor, "out of order");
                last = position;
                let body = self.open(&bytes);
                kept.push(body.unwrap_or_else(|| panic!("junk is no part of a snapshot")));
            }
        }
        kept
    }

    async fn has_blob(&self, digest: Digest) -> bool {
        match self.relay.blob(digest).await {
            Ok(_) => true,
            Err(RelayError::Refused { status: 404, .. }) => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until the gate has taken in everything that the relay has.
    async fn settled(&self) {
        for _ in 0..500 {
            // First, so that what is delivered while this looks is in the head that it sees.
            let waiting = self.store.read(|reader| reader.waiting_records(1)).unwrap();
            let head = self.relay.page(self.floor().await.map_or(0, |at| at.floor)).await;
            let state = self.store.read(|reader| reader.meta("reader")).unwrap();
            let state = state.map(|bytes| serde_json::from_slice(&bytes).unwrap());
            let settled = state.map_or(0, |state: countersign_sync::ReaderState| state.settled());
            if settled == head.unwrap().head && waiting.is_empty() {
                return;
            }
            pause().await;
        }
        panic!("the gate did not take everything in");
    }
}

fn cases_of(kept: &[(DeviceId, RecordBody)]) -> Vec<(DeviceId, ProposalId)> {
    let case = |(writer, body): &(DeviceId, RecordBody)| match body {
        RecordBody::CaseChange { case, .. } => Some((*writer, *case)),
        _ => None,
    };
    kept.iter().filter_map(case).collect()
}

fn blobs_of(bodies: &[(DeviceId, RecordBody)], of: ProposalId) -> BTreeSet<Digest> {
    let blobs = bodies.iter().filter_map(|(_, body)| match body {
        RecordBody::CaseChange { case, blobs, .. } if *case == of => Some(blobs),
        _ => None,
    });
    blobs.flatten().map(|blob| blob.blob).collect()
}

/// Entries that the kept segments carry, which must be the whole log.
fn check_log(eyes: &Eyes, snapshot: &Snapshot, kept: &[(DeviceId, RecordBody)]) {
    let mut next = 0;
    for (writer, body) in kept {
        if let RecordBody::LogSegment { first_seq, entries, .. } = body {
            assert_eq!((*writer, *first_seq), (eyes.identity.device, next));
            next += entries.len() as u64;
        }
    }
    let head = checkpoint::verify(&snapshot.checkpoint, &eyes.identity.log_keys.vkey).unwrap();
    assert_eq!(head.size, next, "the snapshot's checkpoint is over what it holds");
    assert!(next > 0);
}

async fn proposal_of(world: &World, token: &str, campaign: usize) -> ProposalId {
    let receipt = world.draft(token, campaign).await;
    receipt["proposal"].as_str().unwrap().parse().unwrap()
}

struct Filled {
    world: World,
    ops: Desktop,
    token: String,
    ended: ProposalId,
    open: ProposalId,
}

/// A case that was rejected, one that is open with a signature, and what a device may send
/// that is of no use to anybody.
async fn filled() -> Filled {
    let mut world = World::start().await;
    let mut ops = world.admit(21, "Olivia", "ops", None).await;
    let owner = world.admit(22, "Otto", "finance", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;

    let ended = proposal_of(&world, &token, 0).await;
    let seen = ops.open(ended).await;
    let reason = Reason { code: "over_budget".into(), text: "MARKER-reason".into() };
    let yes = ops.approval(&seen);
    let no = Decision { kind: DecisionKind::Reject, effective: None, reason, ..yes };
    assert_eq!(ops.decide(&seen, &no).await, None);
    ops.wait_for("the end", |entry| entry.body.event.kind() == EntryKind::CaseRejected).await;
    let open = proposal_of(&world, &token, 1).await;
    let seen = ops.open(open).await;
    let yes = ops.approval(&seen);
    assert_eq!(ops.decide(&seen, &yes).await, None);

    let eyes = Eyes::of(&world);
    for entries in [2, 4] {
        let root = eyes.store.read(|reader| {
            countersign_audit::tree::root(entries, &countersign_gate::store::Hashes(reader))
                .map_err(|_| countersign_gate::store::StoreError::Damaged("a hash"))
        });
        let key = &eyes.identity.log;
        let note = checkpoint::sign(&eyes.identity.origin, entries, root.unwrap(), key).unwrap();
        let note = ops.cosign(&note);
        ops.push(&RecordBody::Cosignature { note }).await;
    }
    // Another's to say, about no case, and nothing at all.
    let empty = RecordBody::LogSegment { first_seq: 0, entries: vec![], checkpoint: "x".into() };
    ops.push(&empty).await;
    let unopened = ProposalId::from_uuid(uuid::Uuid::now_v7());
    ops.push(&RecordBody::CaseChange { case: unopened, change: vec![], blobs: vec![] }).await;
    ops.push(&RecordBody::CaseChange { case: open, change: vec![1, 2, 3], blobs: vec![] }).await;
    ops.push(&RecordBody::Roster { envelope: vec![1] }).await;
    eyes.settled().await;
    Filled { world, ops, token, ended, open }
}

async fn compact(world: &World, keep_days: &str) -> Value {
    let config = world.config();
    world.command(&["compact", "--config", &config, "--keep-days", keep_days]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_keeps_what_is_needed_and_nothing_else() {
    let Filled { mut world, ops, token, ended, open } = filled().await;
    let eyes = Eyes::of(&world);
    let before: Vec<_> = eyes.relay.page(0).await.unwrap().records;
    let before: Vec<_> = before.iter().filter_map(|(_, bytes)| eyes.open(bytes)).collect();

    // While the gate serves. Cases that ended within the kept days stay.
    let all = compact(&world, "90").await;
    let at = eyes.floor().await.unwrap();
    assert_eq!(all["floor"], json!(at.floor));
    let snapshot = eyes.snapshot(at).await;
    let kept = eyes.kept(&snapshot).await;
    let gate = eyes.identity.device;
    let everybodys = [(gate, ended), (ops.device, ended), (gate, open), (ops.device, open)];
    assert_eq!(cases_of(&kept), everybodys);
    assert_eq!(all["kept"], json!(kept.len()));
    assert_eq!(all["left_out"], json!(at.floor - kept.len() as u64));
    check_log(&eyes, &snapshot, &kept);

    // The gate works on; what follows is compacted upon what was, with it or without.
    let newer = proposal_of(&world, &token, 2).await;
    eyes.settled().await;
    world.kill_gate();
    compact(&world, "0").await;
    let second = eyes.floor().await.unwrap();
    assert!(second.floor > at.snapshot);
    let snapshot = eyes.snapshot(second).await;
    let kept = eyes.kept(&snapshot).await;
    // Of the ended case what the log refers to: proposal, verdict and the decision.
    let everybodys = [&everybodys[..], &[(gate, newer)]].concat();
    assert_eq!(cases_of(&kept), everybodys);
    check_log(&eyes, &snapshot, &kept);

    let rosters: Vec<_> = kept
        .iter()
        .filter_map(|(writer, body)| match body {
            RecordBody::Roster { envelope } => Some((*writer, envelope.clone())),
            _ => None,
        })
        .collect();
    let versions = rosters.iter().map(|(writer, bytes)| {
        assert_eq!(*writer, gate);
        Envelope::from_bytes(bytes).unwrap().peek_unverified::<Roster>().unwrap().version
    });
    let newest = ops_roster_version(&eyes);
    assert!(versions.eq(1..=newest), "the chain of rosters never skips");
    let count = |of: fn(&RecordBody) -> bool| kept.iter().filter(|(_, body)| of(body)).count();
    assert_eq!(count(|body| matches!(body, RecordBody::Policy { .. })), 1);
    assert_eq!(count(|body| matches!(body, RecordBody::Snapshot(_))), 0);
    let notes = kept.iter().filter_map(|(writer, body)| match body {
        RecordBody::Cosignature { note } => Some((*writer, note.clone())),
        _ => None,
    });
    let notes: Vec<_> = notes.collect();
    let newest = eyes.store.read(|reader| reader.cosignatures()).unwrap();
    assert_eq!(notes, [(ops.device, newest[0].clone())], "each device's newest");

    // Evidence goes when its case has ended, and packs with their snapshot.
    for (case, stays) in [(ended, false), (open, true)] {
        let blobs = blobs_of(&before, case);
        assert!(!blobs.is_empty());
        for blob in blobs {
            assert_eq!(eyes.has_blob(blob).await, stays, "{case}");
        }
    }
    let first = eyes.store.read(|reader| reader.blobs_to_drop(9)).unwrap();
    assert!(first.is_empty(), "everything was let go of");
    // Nothing is left to do.
    assert_eq!(compact(&world, "0").await["floor"], Value::Null);
    assert_eq!(eyes.floor().await.unwrap(), second);
}

fn ops_roster_version(eyes: &Eyes) -> u64 {
    eyes.store.read(|reader| reader.rosters()).unwrap().len() as u64
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_two_steps_leaves_what_was_and_is_gone_on_with() {
    let Filled { mut world, open, ended, .. } = filled().await;
    world.kill_gate();
    let eyes = Eyes::of(&world);
    let ledger = || Ledger::open(Arc::clone(&eyes.store), Arc::clone(&eyes.identity)).unwrap();
    let bench = |ledger: &Ledger| Bench {
        relay: eyes.relay.clone(),
        store: Arc::clone(&eyes.store),
        identity: Arc::clone(&eyes.identity),
        roster: tokio::sync::watch::channel(Arc::new(ledger.roster().clone())).1,
        random: ledger.random().clone(),
    };
    let head = eyes.relay.page(0).await.unwrap().head;

    // The packs are at the relay, and nothing else was done.
    let prepared = bench(&ledger()).prepare(0, 1, now()).await.unwrap().unwrap();
    assert_eq!(prepared.floor, head);
    let unused = snapshot_of(&prepared);
    assert!(eyes.has_blob(unused.packs[0].blob).await);
    assert_eq!(eyes.floor().await, None);
    assert!(bench(&ledger()).finish().await.unwrap(), "there is nothing to finish");
    assert_eq!(eyes.floor().await, None);

    // The snapshot is committed; its record and its floor are not at the relay.
    let mut owner = ledger();
    let prepared = bench(&owner).prepare(0, 1, now()).await.unwrap().unwrap();
    let used = snapshot_of(&prepared);
    owner.commit(prepared.changes, now()).unwrap();
    assert!(!bench(&owner).finish().await.unwrap(), "its record waits for the relay");
    assert_eq!(eyes.floor().await, None);
    drop(owner);

    // Whoever comes next finishes it, and lets the packs of the first attempt go.
    compact(&world, "0").await;
    let at = eyes.floor().await.unwrap();
    assert_eq!((at.floor, eyes.snapshot(at).await), (head, used));
    assert!(!eyes.has_blob(unused.packs[0].blob).await);
    let kept = eyes.kept(&eyes.snapshot(at).await).await;
    assert!(cases_of(&kept).iter().all(|(_, case)| [open, ended].contains(case)));
    world.serve().await;
    eyes.settled().await;
}

fn snapshot_of(prepared: &Prepared) -> Snapshot {
    match prepared.snapshot() {
        Some(RecordBody::Snapshot(snapshot)) => snapshot.clone(),
        other => panic!("no snapshot: {other:?}"),
    }
}

/// A relay that starts over has nothing of the gate's, whatever was compacted before.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_lost_everything_gets_all_of_the_gate_again() {
    let Filled { mut world, .. } = filled().await;
    world.kill_gate();
    compact(&world, "0").await;
    let eyes = Eyes::of(&world);
    let empty = countersign_relay::start(countersign_relay::Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data: world.folder.path().join("another-relay"),
        operator_token: support::OPERATOR.into(),
        limits: countersign_relay::Limits::default(),
    });
    let empty = empty.await.unwrap();
    let url = format!("http://{}", empty.address).parse().unwrap();
    let relay = Relay::new(url, Arc::clone(&eyes.identity)).unwrap();
    relay.create_workspace(support::OPERATOR).await.unwrap();
    let mut ledger = Ledger::open(Arc::clone(&eyes.store), Arc::clone(&eyes.identity)).unwrap();
    let mut changes = Changes::default();
    changes.send(RecordBody::Policy { bundle: vec![1] });
    ledger.commit(changes, now()).unwrap();
    let roster = ledger.roster().clone();
    courier::deliver_all(&relay, &eyes.store, &roster).await.unwrap();
    let last = eyes.store.read(|reader| reader.last_record()).unwrap().unwrap();
    assert_eq!(relay.page(0).await.unwrap().head, last.writer_seq + 1);
    assert_eq!(eyes.store.read(|reader| reader.waiting_blobs()).unwrap(), []);
    empty.stop().await;
}

/// A relay that ended early for once, by a lie or because it was set back, and has let go of what a
/// snapshot stands for: it refuses that part, and gets the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_compacted_relay_gets_again_what_it_has_not_let_go_of() {
    let Filled { mut world, .. } = filled().await;
    world.kill_gate();
    compact(&world, "0").await;
    let eyes = Eyes::of(&world);
    let at = eyes.floor().await.unwrap();
    let mut ledger = Ledger::open(Arc::clone(&eyes.store), Arc::clone(&eyes.identity)).unwrap();
    let mut changes = Changes::default();
    changes.send(RecordBody::Policy { bundle: vec![1] });
    ledger.commit(changes, now()).unwrap();
    eyes.store.write(|tx| tx.deliver_again()).unwrap();
    courier::deliver_all(&eyes.relay, &eyes.store, ledger.roster()).await.unwrap();
    assert!(eyes.store.read(|reader| reader.waiting_records(1)).unwrap().is_empty());
    let last = eyes.store.read(|reader| reader.last_record()).unwrap().unwrap();
    let page = eyes.relay.page(at.floor).await.unwrap();
    assert_eq!(page.records.last().map(|(_, bytes)| bytes), Some(&last.sealed));
}

/// A serving gate does it by itself when its time has come.
#[tokio::test(flavor = "multi_thread")]
async fn a_serving_gate_compacts_by_itself() {
    let Filled { mut world, mut ops, open, token, .. } = filled().await;
    for number in 0..256 {
        ops.push(&RecordBody::Cosignature { note: format!("none {number}") }).await;
    }
    let eyes = Eyes::of(&world);
    eyes.settled().await;
    world.kill_gate();
    assert_eq!(eyes.floor().await, None);
    let long_ago = TimestampMs::from_millis(0);
    eyes.store.write(|tx| tx.set_compaction_looked_at(long_ago)).unwrap();
    world.serve().await;
    let mut at = None;
    for _ in 0..300 {
        at = eyes.floor().await;
        if at.is_some() {
            break;
        }
        pause().await;
    }
    let at = at.unwrap_or_else(|| panic!("no floor: {}", world.log()));
    let kept = eyes.kept(&eyes.snapshot(at).await).await;
    assert!(cases_of(&kept).iter().any(|(_, case)| *case == open));
    // It serves as before: the open case gets its second signature's answer.
    proposal_of(&world, &token, 2).await;
    eyes.settled().await;
}
