//! Taking back what was executed: a person asks, others decide, and the platform gets exactly
//! what it held before, unless it holds something else by now.

use super::{approve, changes, is, proposal};
use crate::support::{World, desktop::Desktop};
use countersign_model::{
    Action, Digest, ProposalId,
    control::Command,
    decision::Refusal,
    entry::{Entry, EntryKind, ExecutionStatus, LogEvent},
};
use serde_json::json;

fn rollback(proposal: ProposalId) -> Command {
    Command::Rollback { proposal, text: "It was approved for another week".into() }
}

/// The case that an accepted wish has opened.
fn opened(entry: &Entry, statement: Digest) -> Option<ProposalId> {
    match &entry.body.event {
        LogEvent::RollbackOpened { proposal_id, statement: named, .. } if *named == statement => {
            Some(*proposal_id)
        }
        _ => None,
    }
}

/// Asks for it, and gives the case that follows.
async fn ask(desktop: &mut Desktop, of: ProposalId) -> ProposalId {
    let asked = desktop.command(&desktop.control(rollback(of))).await;
    assert_eq!(asked.body.event.kind(), EntryKind::RollbackAsked, "{asked:?}");
    let statement = asked.body.event.output_hash().unwrap();
    let entry = desktop.wait_for("the case", |entry| opened(entry, statement).is_some()).await;
    opened(&entry, statement).unwrap()
}

async fn refused(desktop: &mut Desktop, of: ProposalId) -> Refusal {
    let entry = desktop.command(&desktop.control(rollback(of))).await;
    entry.body.event.refusal().unwrap()
}

async fn executed(desktop: &mut Desktop, case: ProposalId) -> (ExecutionStatus, Option<Action>) {
    let finished = desktop
        .wait_for("the outcome", |entry| is(entry, EntryKind::ExecutionFinished, case))
        .await;
    let platform = finished.body.event.platform().unwrap();
    (platform.status, platform.read_back.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_executed_is_taken_back_exactly_by_others() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let mut finance = world.admit(2, "Felix", "finance", None).await;
    let mut second = world.admit(3, "Otto", "ops", None).await;
    let owner = world.admit(4, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    let case = proposal(&world.draft(&token, 0).await);
    assert_eq!(refused(&mut ops, case).await, Refusal::NotExecuted, "nobody has decided");
    let nothing = ProposalId::from_uuid(uuid::Uuid::from_u128(7));
    assert_eq!(refused(&mut ops, nothing).await, Refusal::WrongProposal);

    approve(&mut ops, case).await;
    approve(&mut finance, case).await;
    let (status, held) = executed(&mut ops, case).await;
    assert_eq!(status, ExecutionStatus::Applied);
    let silent = Command::Rollback { proposal: case, text: " ".into() };
    let silent = ops.command(&ops.control(silent)).await;
    assert_eq!(silent.body.event.refusal(), Some(Refusal::ReasonMissing));

    // The case that follows is the exact inverse of what was read back, and says who wants it.
    let back = ask(&mut ops, case).await;
    let seen = ops.open(back).await;
    assert_eq!(seen.proposal.action, held.unwrap().inverse());
    assert_eq!(seen.proposal.rollback().map(|one| (one.of, one.person)), Some((case, ops.person)));
    assert_eq!((seen.proposal.agent(), seen.proposal.evidence.len()), (None, 0));
    let roles: Vec<_> = seen.verdict.quorum.iter().map(|group| group.role.to_string()).collect();
    assert_eq!(roles, ["ops"], "as any change that lowers a budget");
    assert_eq!(refused(&mut finance, case).await, Refusal::RollbackOpen);

    // Whoever asked does not decide.
    let own = ops.approval(&seen);
    assert_eq!(ops.decide(&seen, &own).await, Some(Refusal::InitiatorMayNotDecide));
    // No agent sees a case that no agent drafted.
    let (failed, _) = world.call(&token, "get_case", json!({"proposal": back.to_string()})).await;
    assert!(failed);

    world.kill_gate();
    world.serve().await;
    approve(&mut second, back).await;
    let (status, held) = executed(&mut ops, back).await;
    assert_eq!((status, held.as_ref()), (ExecutionStatus::Applied, Some(&seen.proposal.action)));
    assert_eq!(changes(&world).await, 2, "each exactly once");

    // What was taken back can be asked for again, and is never written: the platform holds
    // something else by now.
    let again = ask(&mut ops, case).await;
    approve(&mut second, again).await;
    assert_eq!(executed(&mut ops, again).await.0, ExecutionStatus::Stale);
    assert_eq!(changes(&world).await, 2);
    world.assert_export_holds().await;
}
