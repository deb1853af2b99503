//! What must survive: crashes, a stopped relay, a full disk, a broken document, a keychain
//! that is locked or empty, a clock that is wrong.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod world;

use countersign_client::view::{Delivery, ProblemView, WorkspaceState};
use countersign_relay::Limits;
use countersign_store::StoreError;
use countersign_sync::Heartbeat;
use std::time::Duration;
use world::{
    CaseSetup, Desktop, Nginx, Proxy, Proxying, Relay, World,
    desktop::{approval, comment, fault},
    eventually, until,
};

fn problem(state: WorkspaceState) -> ProblemView {
    match state {
        WorkspaceState::KeychainProblem { problem } | WorkspaceState::StoreProblem { problem } => {
            assert!(!problem.hints.is_empty(), "says only what is wrong: {problem:?}");
            problem
        }
        other => panic!("expected a problem, found {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_signed_is_lost() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case and its log", || {
        let case = world.ops.case(&made.id)?;
        (case.evidence.complete && case.timeline.len() == 2).then_some(())
    })
    .await;
    world.relay.stop().await;
    until("offline", || (!world.ops.engine().connection().online).then_some(())).await;

    // Cold, and with no relay: everything shows, and signing works.
    world.ops.close().await;
    world.ops.open();
    world.ops.start();
    let case = world.ops.case(&made.id).unwrap();
    assert!(case.evidence.complete && case.pacing.is_some() && case.timeline.len() == 2);
    assert!(case.timeline.iter().all(|line| line.included_in.is_some()));
    world.ops.approve(&made.id, "ops");
    assert_eq!(world.ops.my_delivery(&made.id), Some(Delivery::Held { until_ms: None }));
    let connection = world.ops.engine().connection();
    assert_eq!((connection.online, connection.unsent, connection.held), (false, 1, 1));
    assert!(connection.last_contact_ms.is_some());

    // Gone between signing and sending; back before the relay is.
    world.ops.close().await;
    world.ops.open();
    assert_eq!(world.ops.my_delivery(&made.id), Some(Delivery::Held { until_ms: None }));
    assert_eq!(world.ops.engine().connection().unsent, 1);
    world.ops.start();
    world.relay.start_again().await;
    world.ops.delivered(&made.id).await;
    assert_eq!(world.ops.engine().connection().unsent, 0);
    let decisions = world.gate.decisions(made.case).await;
    assert_eq!(decisions.len(), 1, "the gate sees it, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_between_push_and_storing_it_sends_nothing_twice() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    world.ops.approve(&made.id, "ops");
    world.ops.delivered(&made.id).await;
    world.ops.close().await;
    world.ops.store().transaction::<_, StoreError>(|tx| tx.send_again()).unwrap();
    world.ops.open();
    assert_eq!(world.ops.engine().connection().unsent, 1);
    world.ops.start();
    until("all sent", || (world.ops.engine().connection().unsent == 0).then_some(())).await;
    let sent = world.gate.case_changes().await;
    world.ops.close().await;
    assert_eq!(world.gate.case_changes().await, sent);
    assert_eq!(world.gate.decisions(made.case).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_lost_everything_gets_all_of_this_device_again() {
    let mut world = World::new().await;
    let first = world.gate.publish_case(CaseSetup::default()).await;
    let second = world.gate.publish_case(CaseSetup::default()).await;
    until("the cases", || world.ops.case(&second.id)).await;
    world.ops.approve(&first.id, "ops");
    world.ops.delivered(&first.id).await;
    world.relay.stop().await;
    world.relay.start_empty().await;
    world.gate.create_workspace().await;
    world.gate.tell_devices().await;
    world.ops.approve(&second.id, "ops");
    world.ops.delivered(&second.id).await;
    assert_eq!(world.gate.case_changes().await, 2, "both signatures are there");
    fault(&world.ops, "relay_went_back").await;
}

/// Nothing is new on this device, and what it has signed comes to the new relay all the same.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_relay_is_filled_though_nothing_is_new_here() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    world.ops.approve(&made.id, "ops");
    world.ops.delivered(&made.id).await;
    world.relay.stop().await;
    world.relay.start_empty().await;
    world.gate.create_workspace().await;
    world.gate.tell_devices().await;
    eventually("that it comes again", async || {
        (world.gate.case_changes().await == 1).then_some(())
    })
    .await;
}

/// What its writer does not send again to an empty relay comes from the gate, in a record of the
/// gate's, and counts by its own signature.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_gate_sends_again_counts_by_its_own_signature() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    until("the case at finance", || world.finance.case(&made.id)).await;
    world.finance.close().await;
    world.ops.approve(&made.id, "ops");
    world.ops.delivered(&made.id).await;
    world.ops.close().await;
    let decided = world.gate.decisions(made.case).await;
    let (decision, envelope) = &decided[0];
    world.gate.judge(decision, *envelope, None);
    let own = world.gate.own_records().await;
    world.relay.stop().await;
    world.relay.start_empty().await;
    world.gate.create_workspace().await;
    world.gate.tell_devices().await;
    // It meets the relay while that is still shorter than what it has read: how many cosignatures
    // it had read before would otherwise say what it makes of it.
    world.finance.open();
    world.finance.start();
    fault(&world.finance, "relay_went_back").await;
    world.gate.push_as(world.gate.device, &world.gate.key, &own).await;
    world.gate.publish_log().await;
    let again = world.gate.decision_again(made.case, *envelope);
    world.gate.write(&again).await;

    let case = until("the decision, with its entry of the log", || {
        let case = world.finance.case(&made.id)?;
        (case.timeline.len() > 2 && !case.decisions.is_empty()).then_some(case)
    })
    .await;
    assert_eq!(case.decisions.len(), 1);
    let fault = world.finance.engine().connection().fault;
    assert!(fault.as_ref().is_none_or(|fault| fault.code == "relay_went_back"), "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_room_at_the_relay_is_told_and_nothing_is_lost() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    world.relay.stop().await;
    let mut full = Limits::default();
    full.device.records = 0;
    world.relay.start_limited(full).await;
    world.ops.approve(&made.id, "ops");
    let told = until("that it is said", || {
        world.ops.engine().connection().fault.filter(|fault| fault.code == "relay_full")
    })
    .await;
    assert!(told.message.contains("DEVICE_RECORDS_FULL"), "{told:?}");
    assert_eq!(world.ops.engine().connection().unsent, 1);
    // Who cannot write reads on.
    let later = world.gate.publish_case(CaseSetup::default()).await;
    world.ops.engine().add_comment(&comment(&made.id, "Who can make room?")).unwrap();
    until("the later case", || world.ops.case(&later.id)).await;
    world.relay.stop().await;
    world.relay.start_limited(Limits::default()).await;
    // Whatever the person does next is tried at once.
    world.ops.engine().add_comment(&comment(&made.id, "Is it there now?")).unwrap();
    world.ops.delivered(&made.id).await;
    assert_eq!(world.gate.decisions(made.case).await.len(), 1);
    until("that it is over", || world.ops.engine().connection().fault.is_none().then_some(()))
        .await;
}

/// What is signed is delivered, and what others do is seen.
async fn works(world: &mut World) {
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    until("online", || world.ops.engine().connection().online.then_some(())).await;
    world.ops.approve(&made.id, "ops");
    world.ops.delivered(&made.id).await;
    until("the decision at finance", || {
        world.finance.case(&made.id).filter(|case| !case.decisions.is_empty())
    })
    .await;
    until("online", || world.ops.engine().connection().online.then_some(())).await;
}

/// A tail that never comes through holds nothing up: neither sending, nor hearing, nor the
/// word that we are connected.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_keeps_answers_back_holds_nothing_up() {
    for does in [Proxying::LikeNginx, Proxying::KeepsEverything] {
        // What is kept back comes in lumps, so that a tail speaks and falls silent again.
        let heartbeat = Heartbeat::every(Duration::from_millis(200));
        let relay = Relay::start_with(Limits { heartbeat, ..Limits::default() }).await;
        let proxy = Proxy::before(&relay, does).await;
        let mut world = World::at(relay, &proxy.url()).await;
        works(&mut world).await;
        works(&mut world).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_nginx_with_its_defaults_everything_works() {
    let relay = Relay::start().await;
    let nginx = Nginx::before(&relay).await;
    let mut world = World::at(relay, &nginx.url()).await;
    works(&mut world).await;
    works(&mut world).await;
}

/// A connection that says nothing is no connection, and is one again after an answer.
#[tokio::test(flavor = "multi_thread")]
async fn who_hears_nothing_does_not_say_online() {
    let heartbeat = Heartbeat::every(Duration::from_millis(200));
    let relay = Relay::start_with(Limits { heartbeat, ..Limits::default() }).await;
    let proxy = Proxy::before(&relay, Proxying::LikeNginx).await;
    let mut world = World::at(relay, &proxy.url()).await;
    works(&mut world).await;
    let heard = world.ops.engine().connection().last_contact_ms;
    proxy.does(Proxying::Silent);
    until("offline", || (!world.ops.engine().connection().online).then_some(())).await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    let connection = world.ops.engine().connection();
    assert!(
        !connection.online && connection.last_contact_ms >= heard && connection.fault.is_none()
    );
    assert!(world.ops.case(&made.id).is_none());
    proxy.does(Proxying::LikeNginx);
    until("the case", || world.ops.case(&made.id)).await;
    until("online", || world.ops.engine().connection().online.then_some(())).await;
}

/// Who is asked to wait with reading waits with reading, and sends.
#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_asked_for_with_reading_holds_no_signature_up() {
    let relay = Relay::start().await;
    let proxy = Proxy::before(&relay, Proxying::LikeNginx).await;
    let mut world = World::at(relay, &proxy.url()).await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    until("online", || world.ops.engine().connection().online.then_some(())).await;
    proxy.does(Proxying::ReadLater);
    world.gate.publish_case(CaseSetup::default()).await;
    until("that it is said", || {
        world.ops.engine().connection().fault.filter(|fault| fault.code == "relay_busy")
    })
    .await;
    world.ops.approve(&made.id, "ops");
    world.ops.delivered(&made.id).await;
    assert_eq!(world.gate.decisions(made.case).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_document_is_rebuilt_from_rows() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    world.ops.close().await;
    world
        .ops
        .store()
        .transaction::<_, StoreError>(|tx| tx.put_document(made.case, b"broken"))
        .unwrap();
    world.ops.open();
    world.ops.start();
    world.ops.approve(&made.id, "ops");
    world.ops.delivered(&made.id).await;
    assert_eq!(world.gate.decisions(made.case).await.len(), 1);
    let at_finance = until("the decision at finance", || {
        world.finance.case(&made.id).filter(|case| case.decisions.len() == 1)
    })
    .await;
    assert!(at_finance.decisions[0].signature_checked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_signs_nothing_by_half() {
    let mut world = World::new().await;
    let mut cases = vec![];
    for _ in 0..40 {
        cases.push(world.gate.publish_case(CaseSetup::default()).await);
    }
    let last = cases.last().unwrap().id.clone();
    until("the cases", || world.ops.case(&last)).await;
    world.relay.stop().await;
    world.ops.engine().limit_store(1).unwrap();
    let mut signed = 0;
    let refusal = cases.iter().find_map(|made| {
        let sheet = world.ops.engine().prepare_decision(&approval(&made.id, "ops")).unwrap();
        match world.ops.engine().sign_decision(&sheet.ticket) {
            Ok(_) => {
                signed += 1;
                None
            }
            Err(problem) => Some((made.id.clone(), problem)),
        }
    });
    let (unsigned, refusal) = refusal.expect("the disk never filled");
    assert_eq!(refusal.code, "disk_full");
    assert_eq!(world.ops.engine().connection().unsent, signed);
    assert_eq!(world.ops.case(&unsigned).unwrap().decisions, vec![]);
    world.ops.engine().limit_store(1 << 40).unwrap();
    world.ops.approve(&unsigned, "ops");
    assert_eq!(world.ops.engine().connection().unsent, signed + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_keychain_stops_signing_and_opening_and_is_explained() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    let sheet = world.ops.engine().prepare_decision(&approval(&made.id, "ops")).unwrap();
    world.ops.secrets.set_locked(true);
    let refusal = world.ops.engine().sign_decision(&sheet.ticket).unwrap_err();
    assert_eq!(refusal.code, "keychain_refused");
    assert_eq!(world.ops.case(&made.id).unwrap().decisions, vec![]);
    assert_eq!(world.ops.engine().connection().unsent, 0);

    world.ops.close().await;
    world.ops.open();
    assert_eq!(problem(world.ops.engine().workspace_state()).code, "keychain_locked");
    assert_eq!(world.ops.engine().make_enrolment_request().unwrap_err().code, "keychain_locked");
    world.ops.secrets.set_locked(false);
    let state = world.ops.engine().workspace_state();
    assert!(matches!(state, WorkspaceState::Ready { .. }), "unlocking is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_keys_are_said_and_never_made_anew() {
    let mut world = World::new().await;
    world.ops.close().await;
    world.ops.secrets.clear();
    let before = std::fs::read(world.ops.store_path()).unwrap();
    world.ops.open();
    assert_eq!(problem(world.ops.engine().workspace_state()).code, "keychain_key_missing");
    let refused = world.ops.engine().make_enrolment_request().unwrap_err();
    assert_eq!(refused.code, "keychain_key_missing");
    assert_eq!(std::fs::read(world.ops.store_path()).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_opened_is_left_as_it_is() {
    let mut world = World::new().await;
    world.ops.close().await;
    let path = world.ops.store_path();
    let whole = std::fs::read(&path).unwrap();
    let foreign = b"SQLite format 3\0 of someone else".repeat(300);
    let cut = whole[..whole.len() / 2].to_vec();
    for (content, code) in [(cut, "store_truncated"), (foreign, "store_foreign")] {
        std::fs::write(&path, &content).unwrap();
        world.ops.open();
        assert_eq!(problem(world.ops.engine().workspace_state()).code, code);
        assert_eq!(world.ops.engine().make_enrolment_request().unwrap_err().code, code);
        assert_eq!(std::fs::read(&path).unwrap(), content, "the file was touched");
    }
    std::fs::remove_file(&path).unwrap();
    world.ops.open();
    assert_eq!(problem(world.ops.engine().workspace_state()).code, "store_missing");
    std::fs::write(&path, &whole).unwrap();
    let state = world.ops.engine().workspace_state();
    assert!(matches!(state, WorkspaceState::Ready { .. }), "putting it back is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_two_hours_is_said_before_signing() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    world.ops.set_clock_error_ms(-2 * 3_600_000);
    let refusal = world.ops.engine().prepare_decision(&approval(&made.id, "ops")).unwrap_err();
    assert_eq!(refusal.code, "clock_behind");
    world.ops.set_clock_error_ms(0);
    let sheet = world.ops.engine().prepare_decision(&approval(&made.id, "ops")).unwrap();
    world.ops.set_clock_error_ms(91_000);
    let refusal = world.ops.engine().sign_decision(&sheet.ticket).unwrap_err();
    assert_eq!(refusal.code, "ticket_expired");
    assert_eq!(world.ops.case(&made.id).unwrap().decisions, vec![]);
}

#[test]
fn an_interrupted_first_start_is_taken_up_again() {
    let mut desktop = Desktop::new();
    let request = desktop.engine().make_enrolment_request().unwrap();
    let profile = desktop.folder.path().join("profile/profile.json");
    let unfinished =
        std::fs::read_to_string(&profile).unwrap().replace("\"made\": true", "\"made\": false");
    assert!(unfinished.contains("\"made\": false"));
    // As after a crash just before the last step: the keys and the store are used.
    desktop.drop_engine();
    std::fs::write(&profile, &unfinished).unwrap();
    desktop.open();
    assert_eq!(desktop.engine().workspace_state(), WorkspaceState::NotEnrolled);
    assert_eq!(desktop.engine().make_enrolment_request().unwrap(), request);

    // As after a crash just after the first step: there are no keys yet.
    let mut fresh = Desktop::new();
    std::fs::create_dir_all(fresh.folder.path().join("profile")).unwrap();
    std::fs::write(fresh.folder.path().join("profile/profile.json"), &unfinished).unwrap();
    fresh.drop_engine();
    fresh.open();
    assert_eq!(fresh.engine().workspace_state(), WorkspaceState::NotEnrolled);
    fresh.engine().make_enrolment_request().unwrap();
    assert!(matches!(fresh.engine().workspace_state(), WorkspaceState::RequestMade { .. }));
}
