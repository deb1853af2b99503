//! The relay is compacted: who was away and who is new begin from the gate's snapshot and
//! lose nothing of it; a relay that lets go of more than the gate signed is found out.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use countersign_client::view::{CaseState, PolicyCheck};
use countersign_document::{RecordBody, Snapshot};
use countersign_model::ProposalId;
use countersign_store::StoreError;
use countersign_sync::{Header, wire::Floor};
use world::{
    CaseSetup, Desktop, Gate, World,
    desktop::{approval, fault},
    eventually, until,
};

/// Everything but one case.
fn without(case: ProposalId) -> impl Fn(&Header, &RecordBody) -> bool {
    move |_, body| !matches!(body, RecordBody::CaseChange { case: one, .. } if *one == case)
}

async fn has_the_log(desktop: &Desktop, gate: &Gate) {
    until("the whole log", || {
        let checkpoint = desktop.engine().connection().checkpoint?;
        (checkpoint.size == gate.log_size()).then_some(())
    })
    .await;
}

/// An old case and an open one that both people have; Olivia's app is closed.
struct Away {
    world: World,
    relay: String,
    old: world::gate::Made,
    open: world::gate::Made,
}

async fn away() -> Away {
    let mut world = World::new().await;
    let old = world.gate.publish_case(CaseSetup::default()).await;
    let open = world.gate.publish_case(CaseSetup::default()).await;
    for desktop in [&world.ops, &world.finance] {
        until("the cases", || desktop.case(&open.id).filter(|case| case.timeline.len() == 2)).await;
    }
    let relay = world.relay.url();
    Away { world, relay, old, open }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_that_was_away_begins_from_the_snapshot_and_sends_what_it_signed() {
    let Away { mut world, relay, old, open } = away().await;
    // Signed without a relay, and closed before there was one again.
    world.relay.stop().await;
    until("offline", || (!world.ops.engine().connection().online).then_some(())).await;
    world.ops.approve(&open.id, "ops");
    world.ops.close().await;
    world.relay.start_again().await;

    // Meanwhile somebody joins, a colleague signs, and a case is opened.
    let late = Desktop::new();
    let request = late.engine().make_enrolment_request().unwrap();
    let enrolment = world.gate.admit(&request.json, "Lena", "ops").await;
    late.join(&enrolment);
    late.start();
    world.finance.approve(&open.id, "finance");
    world.finance.delivered(&open.id).await;
    until("the open case at Lena's", || late.case(&open.id)).await;
    late.approve(&open.id, "ops");
    late.delivered(&open.id).await;
    let newer = world.gate.publish_case(CaseSetup::default()).await;
    let floor = world.gate.compact(&relay, without(old.case)).await;
    assert!(floor.floor > 10, "something was let go of");

    world.ops.open();
    world.ops.start();
    world.ops.delivered(&open.id).await;
    let case = until("everybody's decisions", || {
        world.ops.case(&open.id).filter(|case| case.decisions.len() == 3)
    })
    .await;
    assert!(case.decisions.iter().all(|one| one.signature_checked));
    let later = until("the newer case", || world.ops.case(&newer.id)).await;
    assert_eq!((later.state, later.timeline.len()), (CaseState::Deciding, 2));
    has_the_log(&world.ops, &world.gate).await;
    // What the snapshot leaves out stays where it was.
    assert_eq!(world.ops.case(&old.id).unwrap().timeline.len(), 2);
    let connection = world.ops.engine().connection();
    assert_eq!((connection.fault, connection.unsent), (None, 0));
    // It goes on as everybody: what it sent follows the floor, and what comes is read.
    let sent = world.gate.bodies_after(&relay, floor.floor).await;
    let changes = sent.iter().filter(|(_, body)| matches!(body, RecordBody::CaseChange { .. }));
    assert_eq!(changes.count(), 1, "Olivia's signature, once");
    let last = world.gate.publish_case(CaseSetup::default()).await;
    until("the last case", || world.ops.case(&last.id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_device_joins_after_compaction() {
    let Away { mut world, relay, old, open } = away().await;
    world.finance.approve(&open.id, "finance");
    world.finance.delivered(&open.id).await;
    // What the gate itself keeps: all that the log refers to.
    let keeps = |_: &Header, body: &RecordBody| !matches!(body, RecordBody::Cosignature { .. });
    world.gate.compact(&relay, keeps).await;
    let newer = world.gate.publish_case(CaseSetup::default()).await;

    let fresh = Desktop::new();
    let request = fresh.engine().make_enrolment_request().unwrap();
    let enrolment = world.gate.admit(&request.json, "Nora", "ops").await;
    world.gate.publish_log().await;
    fresh.join(&enrolment);
    fresh.start();
    let case = until("the open case", || {
        fresh.case(&open.id).filter(|case| case.decisions.len() == 1 && case.evidence.complete)
    })
    .await;
    assert!(case.decisions[0].signature_checked);
    until("the newer case", || fresh.case(&newer.id)).await;
    has_the_log(&fresh, &world.gate).await;
    for case in [&old.id, &open.id, &newer.id] {
        until("the judge's word", || {
            fresh.case(case).filter(|case| case.verdict.check == Some(PolicyCheck::Holds))
        })
        .await;
    }
    let checked = fresh.engine().verify_log().unwrap();
    assert_eq!((checked.integrity.problem, checked.completeness.problem), (None, None));
    assert_eq!(fresh.engine().connection().fault, None);
    fresh.approve(&open.id, "ops");
    fresh.delivered(&open.id).await;
    until("the new device's signature at a colleague's", || {
        world.finance.case(&open.id).filter(|case| case.decisions.len() == 2)
    })
    .await;
}

/// The answer to a push was lost, and what was pushed was compacted meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_snapshot_stands_for_is_known_to_be_delivered() {
    let Away { mut world, relay, old, open } = away().await;
    world.ops.approve(&open.id, "ops");
    world.ops.delivered(&open.id).await;
    world.ops.close().await;
    world.ops.store().transaction::<_, StoreError>(|tx| tx.send_again()).unwrap();
    let floor = world.gate.compact(&relay, without(old.case)).await;
    world.ops.open();
    assert_eq!(world.ops.engine().connection().unsent, 1);
    world.ops.start();
    until("all sent", || (world.ops.engine().connection().unsent == 0).then_some(())).await;
    world.ops.delivered(&open.id).await;
    let case = world.ops.case(&open.id).unwrap();
    assert_eq!((case.decisions.len(), world.ops.engine().connection().fault), (1, None));
    let after = world.gate.bodies_after(&relay, floor.floor).await;
    assert!(after.iter().all(|(_, body)| !matches!(body, RecordBody::CaseChange { .. })));
}

/// The same for a device that has read further than the floor, so that it is never told of a
/// snapshot by what it asks for.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_beyond_the_floor_learns_of_its_own_chain_too() {
    let Away { mut world, relay, old, open } = away().await;
    world.ops.approve(&open.id, "ops");
    world.ops.delivered(&open.id).await;
    world.gate.compact(&relay, without(old.case)).await;
    let newer = world.gate.publish_case(CaseSetup::default()).await;
    until("the newer case", || world.ops.case(&newer.id)).await;
    world.ops.close().await;
    world.ops.store().transaction::<_, StoreError>(|tx| tx.send_again()).unwrap();
    world.ops.open();
    world.ops.start();
    until("all sent", || (world.ops.engine().connection().unsent == 0).then_some(())).await;
    world.ops.approve(&newer.id, "ops");
    world.ops.delivered(&newer.id).await;
    assert_eq!(world.ops.engine().connection().fault, None);
}

/// A copy of a profile writes what the relay, which let go of the true record, cannot compare.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_profile_is_found_out_across_the_floor() {
    let Away { mut world, relay, old, open } = away().await;
    let newer = world.gate.publish_case(CaseSetup::default()).await;
    until("the newer case", || world.ops.case(&newer.id)).await;
    let copy = world.ops.crashed();
    world.ops.approve(&open.id, "ops");
    world.ops.delivered(&open.id).await;
    world.ops.close().await;
    world.gate.compact(&relay, without(old.case)).await;
    copy.approve(&newer.id, "ops");
    copy.start();
    fault(&copy, "relay_conflict").await;
    assert_eq!(copy.engine().connection().unsent, 1, "what was signed is not called delivered");
}

/// The gate's snapshot lacks a decision that the log has not answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_was_left_out_without_an_answer_is_sent_again() {
    let Away { mut world, relay, open, .. } = away().await;
    world.ops.approve(&open.id, "ops");
    world.ops.delivered(&open.id).await;
    world.ops.close().await;
    world.gate.publish_case(CaseSetup::default()).await;
    let gate = world.gate.device;
    let keeps = |header: &Header, body: &RecordBody| {
        header.writer == gate || !matches!(body, RecordBody::CaseChange { .. })
    };
    let floor = world.gate.compact(&relay, keeps).await;
    assert_eq!(decisions_after(&world.gate, &relay, floor.floor).await, 0);
    world.ops.open();
    world.ops.start();
    eventually("the decision behind the floor", async || {
        (decisions_after(&world.gate, &relay, floor.floor).await > 0).then_some(())
    })
    .await;
    assert_eq!(decisions_after(&world.gate, &relay, floor.floor).await, 1);
    until("all sent", || (world.ops.engine().connection().unsent == 0).then_some(())).await;
    assert_eq!(world.ops.engine().connection().fault, None);
    let case = world.ops.case(&open.id).unwrap();
    assert_eq!(case.decisions.len(), 1, "one signature, however often it was sent");
}

async fn decisions_after(gate: &Gate, relay: &str, after: u64) -> usize {
    let bodies = gate.bodies_after(relay, after).await;
    bodies.iter().filter(|(_, body)| matches!(body, RecordBody::CaseChange { .. })).count()
}

/// The relay lets go of records, and what it names in their place is an ordinary record.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_compacts_without_a_snapshot_is_said() {
    let Away { mut world, relay, open, .. } = away().await;
    world.ops.close().await;
    world.gate.publish_case(CaseSetup::default()).await;
    let head = world.gate.page_after(&relay, 0).await.head;
    world.gate.put_floor(&relay, Floor { floor: head - 1, snapshot: head }).await;
    world.ops.open();
    world.ops.start();
    fault(&world.ops, "relay_compacted").await;
    assert!(world.ops.case(&open.id).is_some(), "what was verified stays");
}

/// The relay lets go of more than the snapshot stands for.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_names_another_floor_is_said() {
    let Away { mut world, relay, .. } = away().await;
    world.ops.close().await;
    let (snapshot, _) = world.gate.snapshot(&relay, |_, _| true).await;
    let hidden = world.gate.publish_case(CaseSetup::default()).await;
    world.gate.write(&RecordBody::Snapshot(snapshot)).await;
    let head = world.gate.page_after(&relay, 0).await.head;
    world.gate.put_floor(&relay, Floor { floor: head - 1, snapshot: head }).await;
    world.ops.open();
    world.ops.start();
    fault(&world.ops, "relay_compacted").await;
    assert!(world.ops.case(&hidden.id).is_none(), "went on over a hole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_over_less_of_the_log_than_was_verified_is_not_taken() {
    let Away { mut world, relay, .. } = away().await;
    has_the_log(&world.ops, &world.gate).await;
    let verified = world.gate.log_size();
    world.ops.close().await;
    let newer = world.gate.publish_case(CaseSetup::default()).await;
    let (snapshot, _) = world.gate.snapshot(&relay, |_, _| true).await;
    let checkpoint = world.gate.checkpoint_over(2);
    world.gate.publish_snapshot(&relay, Snapshot { checkpoint, ..snapshot }).await;
    world.ops.open();
    world.ops.start();
    fault(&world.ops, "log_fault").await;
    assert!(world.ops.case(&newer.id).is_none());
    assert_eq!(world.ops.engine().connection().checkpoint.unwrap().size, verified);
}

/// The gate leaves entries of the log out, which it never may.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_without_the_whole_log_is_said() {
    let Away { mut world, relay, .. } = away().await;
    let keeps = |_: &Header, body: &RecordBody| !matches!(body, RecordBody::LogSegment { .. });
    world.gate.compact(&relay, keeps).await;
    let fresh = Desktop::new();
    let request = fresh.engine().make_enrolment_request().unwrap();
    let enrolment = world.gate.admit(&request.json, "Nora", "ops").await;
    fresh.join(&enrolment);
    fresh.start();
    fault(&fresh, "log_fault").await;
}

/// Somebody else's snapshot is set aside, and one's own work goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_by_a_device_is_not_believed() {
    let Away { mut world, relay, open, .. } = away().await;
    let (snapshot, _) = world.gate.snapshot(&relay, |_, _| false).await;
    let mut insider = world::Insider::join(&mut world.gate).await;
    insider.write(&world.gate, &[RecordBody::Snapshot(snapshot).to_bytes().unwrap()]).await;
    fault(&world.ops, "snapshot_foreign").await;
    world.ops.sign(&approval(&open.id, "ops"));
    world.ops.skip_hold();
    world.ops.delivered(&open.id).await;
}
