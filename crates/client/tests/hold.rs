//! Held decisions: kept for a while, recalled or released exactly once, whatever happens in
//! between.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use countersign_client::view::{CaseState, Delivery};
use countersign_model::{
    DecisionId, DecisionKind, Digest,
    decision::Refusal,
    entry::{DecisionRecord, LogEvent},
    reason::Reason,
};
use uuid::Uuid;
use world::{CaseSetup, World, desktop::approval, gate::Made, until};

async fn published(world: &mut World) -> Made {
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    made
}

/// Somebody's rejection, which ends the case.
fn rejected(made: &Made) -> LogEvent {
    let decision = DecisionRecord {
        id: DecisionId::from_uuid(Uuid::from_u128(1)),
        kind: DecisionKind::Reject,
        envelope: Digest::of(b"a rejection"),
        factor: None,
    };
    let reason = Reason { code: "over_budget".into(), text: String::new() };
    LogEvent::CaseRejected { proposal_id: made.case, decision, reason }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_held_for_its_time_and_then_sent_once() {
    let mut world = World::new().await;
    let made = published(&mut world).await;
    until("online", || world.ops.engine().connection().online.then_some(())).await;
    let signed = world.ops.sign(&approval(&made.id, "ops"));
    assert!(matches!(signed.delivery, Delivery::Held { until_ms: Some(_) }));
    let case = world.ops.case(&made.id).unwrap();
    assert_eq!(case.my_options.recallable, Some(signed.decision));
    assert_eq!(case.my_options.blocked_because.unwrap().code, "already_decided");
    let quit = world.ops.engine().quit_state();
    assert_eq!((quit.unsent, quit.held), (1, 1));
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(world.gate.decisions(made.case).await.len(), 0, "sent before its time");

    world.ops.skip_hold();
    world.ops.delivered(&made.id).await;
    let quit = world.ops.engine().quit_state();
    assert_eq!((quit.unsent, quit.held), (0, 0));
    assert_eq!(world.gate.decisions(made.case).await.len(), 1);
    let case = world.ops.case(&made.id).unwrap();
    assert_eq!(case.my_options.recallable, None);
    let late = world.ops.engine().recall_decision(&case.decisions[0].id).unwrap_err();
    assert_eq!(late.code, "recall_too_late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_ends_by_itself() {
    let mut world = World::new().await;
    let made = published(&mut world).await;
    let settings = world.ops.engine().settings();
    let quick = countersign_client::view::SettingsView { undo_seconds: 5, ..settings };
    world.ops.engine().change_settings(&quick).unwrap();
    world.ops.sign(&approval(&made.id, "ops"));
    world.ops.delivered(&made.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recalled_decision_never_leaves_and_the_person_may_decide_anew() {
    let mut world = World::new().await;
    let made = published(&mut world).await;
    let signed = world.ops.sign(&approval(&made.id, "ops"));
    world.ops.engine().recall_decision(&signed.decision).unwrap();
    let again = world.ops.engine().recall_decision(&signed.decision).unwrap_err();
    assert_eq!(again.code, "recall_too_late");
    assert_eq!(world.ops.my_delivery(&made.id), Some(Delivery::Recalled));
    assert_eq!(world.ops.engine().connection().unsent, 0);
    assert!(world.ops.case(&made.id).unwrap().my_options.blocked_because.is_none());

    // Neither time, nor a restart, nor the next decision sends it.
    world.ops.skip_hold();
    world.ops.close().await;
    world.ops.open();
    world.ops.start();
    world.ops.approve(&made.id, "ops");
    until("the second decision", || (world.ops.engine().connection().unsent == 0).then_some(()))
        .await;
    let decisions = world.gate.decisions(made.case).await;
    assert_eq!(decisions.len(), 1);
    assert_ne!(decisions[0].0.id.to_string(), signed.decision);
}

/// `nothing_signed_is_lost`, and nothing recalled is sent: as after `kill -9`.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_within_the_hold_loses_nothing_and_sends_nothing_twice() {
    let mut world = World::new().await;
    let (kept, taken_back) = (published(&mut world).await, published(&mut world).await);
    world.ops.sign(&approval(&kept.id, "ops"));
    let recalled = world.ops.sign(&approval(&taken_back.id, "ops"));
    world.ops.engine().recall_decision(&recalled.decision).unwrap();
    let crashed = world.ops.crashed();
    world.ops.close().await;

    assert!(matches!(crashed.my_delivery(&kept.id), Some(Delivery::Held { .. })));
    assert_eq!(crashed.my_delivery(&taken_back.id), Some(Delivery::Recalled));
    crashed.start();
    crashed.skip_hold();
    crashed.delivered(&kept.id).await;
    assert_eq!(world.gate.decisions(kept.case).await.len(), 1);
    assert_eq!(world.gate.decisions(taken_back.case).await.len(), 0);
    let seen = until("the decision at finance", || {
        world.finance.case(&kept.id).filter(|case| case.decisions.len() == 1)
    })
    .await;
    assert!(seen.decisions[0].signature_checked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_decision_is_still_sent_and_comes_back_with_what_happened() {
    let mut world = World::new().await;
    let made = published(&mut world).await;
    world.ops.sign(&approval(&made.id, "ops"));
    world.gate.end(rejected(&made)).await;
    until("the end", || (world.ops.case(&made.id)?.state == CaseState::Rejected).then_some(()))
        .await;
    assert!(matches!(world.ops.my_delivery(&made.id), Some(Delivery::Held { .. })));
    world.ops.skip_hold();
    world.ops.delivered(&made.id).await;
    let (decision, envelope) = world.gate.decisions(made.case).await.remove(0);
    world.gate.judge(&decision, envelope, Some(Refusal::CaseSettled));
    world.gate.publish_log().await;
    let why = until("the answer", || match world.ops.my_delivery(&made.id)? {
        Delivery::Refused { why } => Some(why),
        _ => None,
    })
    .await;
    assert_eq!(why.code, "case_settled");
    assert_eq!(why.values["state"], "rejected");
}
