//! Logs that are signed, chained and complete, and still tell of something that nobody
//! signed: the verifier does not take the gate's word.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation
)]

mod common;

use common::{
    Keys, keys,
    story::{Story, at, budget, decide, person, role, roster, trust, verdict},
};
use countersign_audit::{Judgement, Trust, verify_export};
use countersign_model::{Decision, DecisionKind, Outcome, entry::EntryKind, verdict::QuorumGroup};
use std::collections::BTreeSet;

/// Asserts that exactly the claim of integrity falls, with a finding that has these words.
#[track_caller]
fn found(story: &Story, words: &str) {
    let report = verify_export(story.export().as_slice(), Some(&trust()), None).unwrap();
    assert_eq!(report.integrity, Judgement::Fails, "unseen: {words}");
    let named = report.findings.iter().find(|finding| finding.what.contains(words));
    let named = named.unwrap_or_else(|| panic!("no {words:?} in {:#?}", report.findings));
    assert!(named.place.seq.is_some() && named.place.event.is_some());
}

fn ops() -> (Decision, Keys) {
    (decide(1, "ops", DecisionKind::Approve, Some(125)), keys(3))
}

fn finance() -> (Decision, Keys) {
    (decide(2, "finance", DecisionKind::Override, Some(115)), keys(4))
}

#[test]
fn too_few_signatures() {
    found(&Story::with(&[ops()], 125), "the quorum asks for 1 of role finance, and 0 signed");
    let none = common::story::Story::of(&roster(), &verdict(), &[], 115);
    found(&none, "the quorum asks for");
}

#[test]
fn a_change_wider_than_an_approval() {
    found(&Story::with(&[ops(), finance()], 120), "goes beyond what one of its approvers signed");
    found(&Story::with(&[ops(), finance()], 130), "goes beyond the proposal");
}

#[test]
fn a_signature_that_is_not_the_persons() {
    let forged = (decide(2, "finance", DecisionKind::Override, Some(115)), keys(1));
    found(&Story::with(&[ops(), forged], 115), "should have been refused");
    let wrong_role = (decide(1, "finance", DecisionKind::Override, Some(115)), keys(3));
    found(&Story::with(&[wrong_role], 115), "should have been refused");
}

#[test]
fn the_agents_owner_or_one_person_twice() {
    let owner = (decide(3, "ops", DecisionKind::Approve, Some(125)), keys(5));
    found(&Story::with(&[owner, finance()], 115), "the agent's owner decided");
    let mut second = ops();
    second.0.id = decide(9, "ops", DecisionKind::Approve, Some(125)).id;
    found(&Story::with(&[ops(), second, finance()], 115), "had decided this case before");
    found(&Story::with(&[ops(), ops(), finance()], 115), "the same decision was counted before");
    let mut counted_twice = Story::honest();
    let approvals = &mut counted_twice.find(EntryKind::ChangeAuthorized).approvals;
    approvals.push(approvals[0].clone());
    found(&counted_twice, "one person is counted twice");
}

#[test]
fn an_override_without_its_second_factor() {
    let mut bare = finance();
    bare.0.mfa = None;
    found(&Story::with(&[ops(), bare], 115), "lacks the second factor");
}

#[test]
fn a_decision_that_had_expired_or_is_about_something_else() {
    let mut late = finance();
    late.0.valid_until_ms = at(1_500);
    found(&Story::with(&[ops(), late], 115), "had expired");
    let mut moved = finance();
    moved.0.entity_revision = 5;
    found(&Story::with(&[ops(), moved], 115), "another revision");
    let mut other_policy = finance();
    other_policy.0.policy = countersign_model::Digest::of(b"laxer");
    found(&Story::with(&[ops(), other_policy], 115), "under another verdict");
}

#[test]
fn a_verdict_that_blocks_or_stores_no_quorum() {
    let mut blocked = verdict();
    blocked.outcome = Outcome::Block;
    found(&Story::of(&roster(), &blocked, &[], 115), "policy had blocked it");
    let mut open = verdict();
    open.quorum = vec![];
    found(&Story::of(&roster(), &open, &[], 115), "stores no quorum");
    let mut zero = verdict();
    zero.quorum = vec![QuorumGroup { role: role("ops"), minimum: 0 }];
    found(&Story::of(&roster(), &zero, &[], 115), "the quorum asks for 0");
}

#[test]
fn an_execution_of_another_change_or_of_none() {
    let mut other = Story::honest();
    other.find(EntryKind::ExecutionIntended).change = Some(budget(124));
    found(&other, "another change was authorised than was begun");
    let mut never = Story::honest();
    never.bodies.retain(|body| body.action != EntryKind::ChangeAuthorized);
    found(&never, "it was never authorised");
    let mut unannounced = Story::honest();
    unannounced.bodies.retain(|body| body.action != EntryKind::ExecutionIntended);
    found(&unannounced, "without having been begun");
}

#[test]
fn a_roster_under_other_root_keys() {
    let mut elsewhere = roster();
    elsewhere.people[0].devices[0].signing_key = keys(77).1;
    let story = Story::of(&elsewhere, &verdict(), &[ops(), finance()], 115);
    found(&story, "should have been refused");
    let stranger = Trust { root_keys: BTreeSet::from([keys(11).1]), ..trust() };
    let file = Story::honest().export();
    let report = verify_export(file.as_slice(), Some(&stranger), None).unwrap();
    assert_eq!(report.integrity, Judgement::Fails);
    assert!(report.findings[0].what.contains("0 of the 1 root keys"), "{:?}", report.findings);
    assert!(roster().person(person(1)).is_some());
}

#[test]
fn what_is_missing_is_told_apart_from_what_was_altered() {
    let honest = Story::honest();
    let mut cut = Story::honest();
    cut.bodies.truncate(7);
    let newer = Story::checkpoint(&honest.leaves());
    let file = cut.export();
    let report = verify_export(file.as_slice(), Some(&trust()), Some(&newer)).unwrap();
    assert_eq!((report.integrity, report.completeness), (Judgement::Holds, Judgement::Fails));
    assert!(report.findings[0].what.contains("covers 8 entries: 1 are missing at the end"));
    assert_eq!(report.open_executions.len(), 1, "begun and not finished is named, not blamed");

    let older = Story::checkpoint(&honest.leaves()[..5]);
    let file = honest.export();
    let report = verify_export(file.as_slice(), Some(&trust()), Some(&older)).unwrap();
    assert_eq!(report.findings, []);
    let mut fork = Story::honest();
    fork.bodies[0].input_commitment = Some(countersign_model::Digest::of(b"another history"));
    let forked = Story::checkpoint(&fork.leaves()[..5]);
    let report = verify_export(file.as_slice(), Some(&trust()), Some(&forked)).unwrap();
    assert_eq!(report.integrity, Judgement::Fails);
    assert_eq!(report.findings[0].place.seq, Some(4));
}

#[test]
fn missing_fields_and_envelopes_are_named() {
    let mut bare = Story::honest();
    bare.find(EntryKind::VerdictIssued).input_commitment = None;
    let report = verify_export(bare.export().as_slice(), Some(&trust()), None).unwrap();
    assert_eq!((report.integrity, report.completeness), (Judgement::Holds, Judgement::Fails));
    assert_eq!(report.findings[0].what, "it lacks input_commitment");
    assert_eq!(report.counts.complete_entries, 7);

    let mut without = Story::honest();
    let dropped = without.envelopes.remove(3).digest().unwrap();
    let report = verify_export(without.export().as_slice(), Some(&trust()), None).unwrap();
    assert_eq!(report.completeness, Judgement::Fails);
    assert!(report.findings.iter().any(|finding| finding.place.envelope == Some(dropped)));
}

#[test]
fn without_trusted_keys_the_report_says_whose_word_it_is() {
    let file = Story::honest().export();
    let report = verify_export(file.as_slice(), None, None).unwrap();
    assert!(report.own_word);
    assert_eq!(report.findings, []);
}
