//! Every bad decision is refused with its reason, logged, and changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "refusals/hostile.rs"]
mod hostile;
mod support;

use countersign_model::{
    DecisionId, Digest, MfaProof, ProposalId, Role, decision::Refusal, entry::EntryKind,
    signature::SigningKey,
};
use serde_json::Value;
use support::{World, now};
use uuid::Uuid;

const HOUR_MS: i64 = 3_600_000;

fn proposal(receipt: &Value) -> ProposalId {
    receipt["proposal"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bad_decision_counts() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let mut second = world.admit(2, "Olivia", "ops", Some(ops.person)).await;
    let mut finance = world.admit(3, "Felix", "finance", None).await;
    let mut owner = world.admit(4, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    let case = proposal(&world.draft(&token, 0).await);
    let other = proposal(&world.draft(&token, 1).await);
    let seen = ops.open(case).await;
    let elsewhere = ops.open(other).await;
    let good = ops.approval(&seen);
    let fresh = || DecisionId::from_uuid(Uuid::now_v7());

    // Forged: the right names, another key; and a flipped byte under the right key.
    let stranger = SigningKey::from_seed(&[99; 32]);
    let forged = ops.sign_with(&stranger, &good, seen.subject);
    let digest = ops.send(case, &forged).await;
    assert_eq!(ops.judged(digest).await, Some(Refusal::UnknownKey));
    let renamed = String::from_utf8(forged)
        .unwrap()
        .replace(&key_of(&stranger), &key_of(&SigningKey::from_seed(&[1; 32])));
    let digest = ops.send(case, renamed.as_bytes()).await;
    assert_eq!(ops.judged(digest).await, Some(Refusal::BadSignature));

    let stale = |mut bad: countersign_model::Decision| {
        bad.id = fresh();
        bad
    };
    let mut moved = stale(good.clone());
    moved.entity_revision += 1;
    assert_eq!(ops.decide(&seen, &moved).await, Some(Refusal::EntityMoved));
    let mut policy = stale(good.clone());
    policy.policy = Digest::of(b"another policy");
    assert_eq!(ops.decide(&seen, &policy).await, Some(Refusal::PolicyMoved));
    let mut role = stale(good.clone());
    role.role = Role::parse("finance").unwrap();
    assert_eq!(ops.decide(&seen, &role).await, Some(Refusal::RoleNotHeld));
    let mut expired = stale(good.clone());
    expired.valid_until_ms = now().plus_ms(-1);
    expired.signed_at_ms = now().plus_ms(-2);
    assert_eq!(ops.decide(&seen, &expired).await, Some(Refusal::Expired));
    let mut set_back = stale(good.clone());
    set_back.signed_at_ms = now().plus_ms(-2 * HOUR_MS);
    let refusal = ops.decide(&seen, &set_back).await;
    // Two hours ago this device was not enrolled, which is seen before its clock is judged.
    assert!(matches!(refusal, Some(Refusal::ClockSkew | Refusal::DeviceRevoked)), "{refusal:?}");
    let mut ahead = stale(good.clone());
    ahead.signed_at_ms = now().plus_ms(2 * HOUR_MS);
    assert_eq!(ops.decide(&seen, &ahead).await, Some(Refusal::ClockSkew));

    // For another proposal by its subject. One that is only filed in the wrong case is judged
    // at the case that it names: who files it there first takes nothing from its author.
    let envelope = ops.sign(&stale(good.clone()), elsewhere.subject);
    let digest = ops.send(case, &envelope).await;
    assert_eq!(ops.judged(digest).await, Some(Refusal::WrongProposal));
    let misfiled = ops.sign(&stale(ops.approval(&elsewhere)), elsewhere.subject);
    let digest = ops.send(case, &misfiled).await;
    assert_eq!(ops.judged(digest).await, None);
    let judged = ops
        .entries
        .iter()
        .find(|entry| entry.body.event.decision().is_some_and(|one| one.envelope == digest));
    assert_eq!(judged.unwrap().body.event.proposal_id(), Some(elsewhere.proposal.id));

    // The agent's owner, though in the right role.
    let seen_by_owner = owner.open(case).await;
    let own = owner.approval(&seen_by_owner);
    assert_eq!(owner.decide(&seen_by_owner, &own).await, Some(Refusal::InitiatorMayNotDecide));

    // Overrides without, with a wrong and with a used code.
    let seen_by_finance = finance.open(case).await;
    let mut bare = finance.override_to(&seen_by_finance, 15);
    bare.mfa = None;
    assert_eq!(finance.decide(&seen_by_finance, &bare).await, Some(Refusal::FactorMissing));
    let mut wrong = finance.override_to(&seen_by_finance, 15);
    let Some(MfaProof::Totp { code }) = &wrong.mfa else { panic!("no code") };
    let other_code = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    wrong.mfa = Some(MfaProof::Totp { code: other_code });
    assert_eq!(finance.decide(&seen_by_finance, &wrong).await, Some(Refusal::FactorWrong));
    // A wider override is refused and its code is spent all the same.
    let wider = finance.override_to(&seen_by_finance, 40);
    assert_eq!(finance.decide(&seen_by_finance, &wider).await, Some(Refusal::WiderThanProposed));
    let mut reused = finance.override_to(&seen_by_finance, 15);
    reused.mfa.clone_from(&wider.mfa);
    reused.signed_at_ms = wider.signed_at_ms;
    assert_eq!(finance.decide(&seen_by_finance, &reused).await, Some(Refusal::FactorReused));

    // One person, once, whatever the device.
    let envelope = ops.sign(&good, seen.subject);
    let digest = ops.send(case, &envelope).await;
    assert_eq!(ops.judged(digest).await, None);
    let seen_again = second.open(case).await;
    let again = second.approval(&seen_again);
    assert_eq!(second.decide(&seen_again, &again).await, Some(Refusal::PersonAlreadyDecided));

    // The accepted envelope once more: under another key here, and in another case.
    ops.send_under(case, Digest::of(b"elsewhere"), &envelope).await;
    ops.send_under(other, Digest::of(b"elsewhere"), &envelope).await;

    let account = world.account().await;
    assert_eq!(account["changes"].as_array().unwrap().len(), 0, "nothing was changed");

    // A rejection settles the case; what comes after is told so.
    let mut no = finance.approval(&seen_by_finance);
    no.kind = countersign_model::DecisionKind::Reject;
    no.effective = None;
    no.reason.code = "over_budget".into();
    assert_eq!(finance.decide(&seen_by_finance, &no).await, None);
    finance.wait_for("the end", |entry| entry.body.event.kind() == EntryKind::CaseRejected).await;
    assert_eq!(ops.refusals(digest).await, [], "the accepted envelope once more is no news");
    let mut late = second.approval(&seen_again);
    late.id = fresh();
    assert_eq!(second.decide(&seen_again, &late).await, Some(Refusal::CaseSettled));
    assert_eq!(world.account().await["mutate_calls"], 0);
}

fn key_of(key: &SigningKey) -> String {
    use countersign_model::Signer as _;
    key.public_key().to_string()
}
