//! The stop: one person stops, two resume, and nothing in between raises spend.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "halt/rollback.rs"]
mod rollback;
mod support;

use countersign_model::{
    Control, ControlId, Digest, ProposalId,
    control::Command,
    decision::Refusal,
    entry::{ActorKind, Entry, EntryKind, ExecutionStatus},
    signature::SigningKey,
};
use serde_json::{Value, json};
use std::time::Duration;
use support::{World, desktop::Desktop, draft_of};
use uuid::Uuid;

fn proposal(receipt: &Value) -> ProposalId {
    receipt["proposal"].as_str().unwrap().parse().unwrap()
}

fn resume(stop: Digest, text: &str) -> Command {
    Command::Resume { stop, text: text.into() }
}

fn is(entry: &Entry, kind: EntryKind, case: ProposalId) -> bool {
    entry.body.event.kind() == kind && entry.body.event.proposal_id() == Some(case)
}

async fn changes(world: &World) -> usize {
    world.account().await["changes"].as_array().unwrap().len()
}

async fn approve(desktop: &mut Desktop, case: ProposalId) {
    let seen = desktop.open(case).await;
    let approval = desktop.approval(&seen);
    assert_eq!(desktop.decide(&seen, &approval).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_stops_two_resume_and_the_change_is_made_exactly_once() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let mut finance = world.admit(2, "Felix", "finance", None).await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    let case = proposal(&world.draft(&token, 0).await);
    approve(&mut ops, case).await;

    let stop = ops.control(Command::Stop { text: String::new() });
    let stopped = ops.command(&stop).await;
    assert_eq!(stopped.body.event.kind(), EntryKind::WorkStopped);
    assert_eq!(stopped.body.actor.id, ops.person.to_string());
    assert_eq!(stopped.body.event.reason().unwrap().code, "stop");
    let stop = stopped.body.event.output_hash().unwrap();

    // The quorum holds while work is stopped: authorised, and not begun.
    approve(&mut finance, case).await;
    ops.wait_for("the authority", |entry| is(entry, EntryKind::ChangeAuthorized, case)).await;

    // What lowers spend passes.
    let (_, listed) = world.call(&token, "list_campaigns", json!({})).await;
    let mut lower = draft_of(&listed["campaigns"][1]);
    let before: i64 = lower["change"]["before"]["amount_micros"].as_str().unwrap().parse().unwrap();
    lower["change"]["after"]["amount_micros"] = json!((before / 2).to_string());
    let (failed, receipt) = world.call(&token, "draft_budget_change", lower).await;
    assert!(!failed, "{receipt}");
    let lowered = proposal(&receipt);
    approve(&mut ops, lowered).await;
    ops.wait_for("the decrease", |entry| is(entry, EntryKind::ExecutionFinished, lowered)).await;
    assert_eq!(changes(&world).await, 1);

    // Killed while stopped: it comes back stopped.
    world.kill_gate();
    world.serve().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    ops.sync().await;
    assert!(!ops.entries.iter().any(|entry| is(entry, EntryKind::ExecutionIntended, case)));
    let (_, status) = world.call(&token, "get_case", json!({"proposal": case.to_string()})).await;
    assert_eq!(status["state"], "authorized");

    // One person, however often and by whatever statement, is one.
    let refused = async |desktop: &mut Desktop, control: &Control| {
        let entry = desktop.command(control).await;
        assert_eq!(entry.body.event.kind(), EntryKind::ControlRefused);
        assert_eq!(entry.body.actor.kind, ActorKind::Person);
        entry.body.event.refusal().unwrap()
    };
    let again = ops.control(Command::Stop { text: "once more".into() });
    assert_eq!(refused(&mut ops, &again).await, Refusal::Replayed);
    let another = finance.control(resume(Digest::of(b"another stop"), "safe"));
    assert_eq!(refused(&mut finance, &another).await, Refusal::CaseSettled);
    let asked = ops.control(resume(stop, "checked with the team"));
    assert_eq!(ops.command(&asked).await.body.event.kind(), EntryKind::ResumeAsked);
    let twice = ops.control(resume(stop, "really"));
    assert_eq!(refused(&mut ops, &twice).await, Refusal::PersonAlreadyDecided);
    let respelt = Control { id: asked.id, ..ops.control(resume(stop, "the same id")) };
    assert_eq!(refused(&mut ops, &respelt).await, Refusal::Replayed);
    let mut ahead = finance.control(resume(stop, "early"));
    ahead.signed_at_ms = ahead.signed_at_ms.plus_ms(3_600_000);
    assert_eq!(refused(&mut finance, &ahead).await, Refusal::ClockSkew);
    // Forged in the other's name: nobody is known to have signed it.
    let forged = finance.control(resume(stop, "forged"));
    let entry = ops.command_with(&SigningKey::from_seed(&[99; 32]), &forged).await;
    assert_eq!(entry.body.event.refusal(), Some(Refusal::UnknownKey));
    assert_eq!(entry.body.actor.kind, ActorKind::Gate);
    assert_eq!(changes(&world).await, 1, "still stopped");

    let second = finance.control(resume(stop, "the spend is understood"));
    assert_eq!(finance.command(&second).await.body.event.kind(), EntryKind::WorkResumed);
    let finished =
        ops.wait_for("the outcome", |entry| is(entry, EntryKind::ExecutionFinished, case)).await;
    assert_eq!(finished.body.event.platform().unwrap().status, ExecutionStatus::Applied);
    assert_eq!(changes(&world).await, 2, "exactly once");
    let late = owner_of_nothing(&finance, stop);
    assert_eq!(refused(&mut finance, &late).await, Refusal::CaseSettled, "work goes on already");
    world.assert_export_holds().await;
    // Twice sent was once judged.
    ops.sync().await;
    let stops =
        ops.entries.iter().filter(|entry| entry.body.event.output_hash() == Some(stop)).count();
    assert_eq!(stops, 1);
    assert!(!world.log().contains("checked with the team"), "texts are not for the process's log");
}

/// A rise that waits for its account when work is stopped gives way: what lowers spend on the same
/// account is not held up behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_rise_that_waits_for_its_account_holds_up_no_decrease() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let mut finance = world.admit(2, "Felix", "finance", None).await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    let running = proposal(&world.draft(&token, 0).await);
    let waiting = proposal(&world.draft(&token, 2).await);
    approve(&mut ops, running).await;
    approve(&mut ops, waiting).await;
    let (_, listed) = world.call(&token, "list_campaigns", json!({})).await;
    let campaigns = listed["campaigns"].as_array().unwrap();
    let runs = campaigns.iter().skip(3).find(|campaign| campaign["status"] == "enabled").unwrap();
    let pause = status_draft_of(runs, "paused");
    let (failed, receipt) = world.call(&token, "draft_status_change", pause).await;
    assert!(!failed, "{receipt}");
    let pause = proposal(&receipt);

    world.fault(json!({"kind": "pause_after_commit", "hold_ms": 4_000})).await;
    approve(&mut finance, running).await;
    while world.account().await["holding"] == 0 {
        support::pause().await;
    }
    approve(&mut finance, waiting).await;
    ops.wait_for("the authority", |entry| is(entry, EntryKind::ChangeAuthorized, waiting)).await;
    let stop = ops.control(Command::Stop { text: String::new() });
    ops.command(&stop).await;
    approve(&mut ops, pause).await;
    ops.patience = Duration::from_secs(20);
    ops.wait_for("the pause", |entry| is(entry, EntryKind::ExecutionFinished, pause)).await;
    assert!(ops.entries.iter().any(|entry| is(entry, EntryKind::ExecutionFinished, running)));
    assert!(!ops.entries.iter().any(|entry| is(entry, EntryKind::ExecutionIntended, waiting)));
}

/// A draft that a listed campaign is in another state.
fn status_draft_of(campaign: &Value, after: &str) -> Value {
    let mut draft = draft_of(campaign);
    draft["change"] = json!({
        "proposal_type": "status_change",
        "entity": campaign["entity"],
        "before": campaign["status"],
        "after": after,
    });
    draft
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_goes_on_while_work_is_stopped_and_enabling_waits() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let mut finance = world.admit(2, "Felix", "finance", None).await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    let listed = async || world.call(&token, "list_campaigns", json!({})).await.1;
    let campaigns = listed().await["campaigns"].clone();
    let named = |status: &str| {
        let mut all = campaigns.as_array().unwrap().iter();
        all.find(|campaign| campaign["status"] == status).unwrap().clone()
    };
    let (running, paused) = (named("enabled"), named("paused"));
    let draft = async |campaign: &Value, after: &str| {
        let draft = status_draft_of(campaign, after);
        let (failed, receipt) = world.call(&token, "draft_status_change", draft).await;
        (failed, receipt)
    };

    // What is no change, and what is not so any more, is refused at the door.
    let (failed, told) = draft(&running, "enabled").await;
    assert!(failed && told["error"]["code"] == "DRAFT_INVALID", "{told}");
    let mut moved = running.clone();
    moved["status"] = json!("paused");
    let (failed, told) = draft(&moved, "enabled").await;
    assert!(failed && told["error"]["code"] == "BEFORE_MOVED", "{told}");

    let stop = ops.control(Command::Stop { text: String::new() });
    let stop = ops.command(&stop).await.body.event.output_hash().unwrap();
    let (failed, receipt) = draft(&running, "paused").await;
    assert!(!failed && receipt["outcome"] == "allow", "{receipt}");
    let pausing = proposal(&receipt);
    approve(&mut ops, pausing).await;
    let finished =
        ops.wait_for("the pause", |entry| is(entry, EntryKind::ExecutionFinished, pausing)).await;
    let outcome = finished.body.event.platform().unwrap();
    assert_eq!(outcome.status, ExecutionStatus::Applied);
    assert_eq!(
        outcome.read_back.as_ref(),
        finished.body.event.change(),
        "what was signed was read back"
    );
    let (_, status) =
        world.call(&token, "get_case", json!({"proposal": pausing.to_string()})).await;
    assert_eq!((&status["state"], &status["executed"]), (&json!("executed"), &json!("paused")));
    let now = listed().await["campaigns"].clone();
    let same = now.as_array().unwrap().iter().find(|one| one["entity"] == running["entity"]);
    assert_eq!(same.unwrap()["status"], "paused", "the platform itself says so");

    // Enabling asks its owner, and raises spend: it is signed and waits.
    let (failed, receipt) = draft(&paused, "enabled").await;
    assert!(!failed && receipt["outcome"] == "escalate", "{receipt}");
    let enabling = proposal(&receipt);
    approve(&mut ops, enabling).await;
    ops.wait_for("the authority", |entry| is(entry, EntryKind::ChangeAuthorized, enabling)).await;
    assert!(!ops.entries.iter().any(|entry| is(entry, EntryKind::ExecutionIntended, enabling)));
    for (desktop, text) in [(&mut ops, "safe"), (&mut finance, "safe too")] {
        let asked = desktop.control(resume(stop, text));
        desktop.command(&asked).await;
    }
    let finished =
        ops.wait_for("the run", |entry| is(entry, EntryKind::ExecutionFinished, enabling)).await;
    assert_eq!(finished.body.event.platform().unwrap().status, ExecutionStatus::Applied);
    assert_eq!(changes(&world).await, 2, "each exactly once");
    world.assert_export_holds().await;
}

fn owner_of_nothing(desktop: &Desktop, stop: Digest) -> Control {
    desktop.control(resume(stop, "once more"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_a_prompt_is_logged() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let token = world.add_agent(ops.person).await;
    world.serve().await;
    let case = proposal(&world.draft(&token, 0).await);
    let read = ops.control(Command::ReadPrompt { proposal: case });
    let entry = ops.command(&read).await;
    assert_eq!(entry.body.event.kind(), EntryKind::PromptRead);
    assert_eq!(entry.body.actor.id, ops.person.to_string());
    assert_eq!(entry.body.event.proposal_id(), Some(case));
    let nothing = ProposalId::from_uuid(Uuid::from_u128(7));
    let unknown = ops.control(Command::ReadPrompt { proposal: nothing });
    assert_eq!(ops.command(&unknown).await.body.event.refusal(), Some(Refusal::WrongProposal));
    let again = Control { id: ControlId::from_uuid(Uuid::now_v7()), ..read };
    assert_eq!(ops.command(&again).await.body.event.kind(), EntryKind::PromptRead, "each reading");
    world.assert_export_holds().await;
}
