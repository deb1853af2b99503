//! A gate that cheats, with all of its keys, and signs everything again. What it says is
//! believed only where a written list says that nobody else can know it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use countersign_audit::{Judgement, Report, Trust};
use countersign_model::{
    Action, DecisionKind, Digest, Proposal, Verdict,
    control::{Command, Halt},
    entity::{AccountRef, PlatformId, PlatformKind},
    entry::{DecisionRecord, EntryBody, EntryKind, ExecutionStatus, LogEvent, PlatformRecord},
    proposal::{Origin, Rollback},
    reason::Reason,
    verdict::FactorKind,
};
use countersign_replay::{View as _, draft::DraftError, verify_export};
use countersign_workflow::FactorCheck;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use world::{
    DAY_MS, Gate, at, budget, export, export_with, key, narrowed, person_key, public, seal_again,
    trust,
};

/// The report on a log that was changed and signed again.
fn judged(gate: &Gate) -> Report {
    let file = export(&seal_again(&gate.bodies), &gate.sources);
    verify_export(file.as_slice(), Some(&trust()), None).unwrap()
}

fn fails(report: &Report) -> bool {
    [report.integrity, report.completeness].contains(&Judgement::Fails)
}

/// Asserts that something is found, with these words and at an entry.
#[track_caller]
fn found(gate: &Gate, words: &str) {
    let report = judged(gate);
    assert!(fails(&report), "unseen: {words}");
    let named = report.findings.iter().find(|finding| finding.what.contains(words));
    let named = named.unwrap_or_else(|| panic!("no {words:?} in {:#?}", report.findings));
    assert!(named.place.seq.is_some() && named.place.event.is_some());
}

/// The platform's answer, to be changed.
fn outcome(gate: &mut Gate) -> &mut PlatformRecord {
    match gate.find(EntryKind::ExecutionFinished) {
        LogEvent::ExecutionFinished { platform, .. } => platform,
        other => panic!("{other:?}"),
    }
}

fn retain(gate: &mut Gate, keep: impl Fn(&EntryBody) -> bool) {
    gate.bodies.retain(keep);
}

#[test]
fn an_execution_after_an_accepted_rejection() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    gate.decide(case, 1, DecisionKind::Approve);
    gate.decide(case, 5, DecisionKind::Reject);
    let mut cheat = Gate::new();
    let other = cheat.draft(3, 100, 125);
    assert_eq!(case, other);
    for who in [1, 2] {
        cheat.decide(other, who, DecisionKind::Approve);
    }
    assert!(cheat.begin(other));
    cheat.finish(other, ExecutionStatus::Applied);
    // The rejection stands in the log, its end is left out, and the case goes on.
    let rejection = gate
        .bodies
        .iter()
        .find(|body| body.event.decision().is_some_and(|one| one.kind == DecisionKind::Reject));
    let accepted: Vec<usize> = (0..cheat.bodies.len())
        .filter(|index| cheat.bodies[*index].event.kind() == EntryKind::DecisionAccepted)
        .collect();
    cheat.bodies.insert(accepted[1], rejection.unwrap().clone());
    cheat.sources.extend(gate.sources);
    found(&cheat, "`case_rejected`");
}

#[test]
fn an_outcome_that_its_read_back_does_not_show() {
    for read_back in [Some(budget(3, 100, 113)), Some(budget(4, 100, 125)), None] {
        let mut gate = Gate::honest();
        outcome(&mut gate).read_back = read_back;
        found(&gate, "it was finished, and the outcome does not match");
    }
    // A code is the answer to a write that was sent, and its value is what holds.
    let mut gate = Gate::honest();
    let record = outcome(&mut gate);
    record.status = ExecutionStatus::Stale;
    record.code = Some("http.499".into());
    found(&gate, "it was finished, and the outcome does not match");
    let mut gate = Gate::honest();
    let LogEvent::ExecutionIntended { change, .. } = gate.find(EntryKind::ExecutionIntended) else {
        panic!()
    };
    *change = budget(3, 100, 125);
    found(&gate, "`change` differs from what was signed");
}

#[test]
fn what_was_done_when_signatures_had_run_out() {
    let mut gate = Gate::honest();
    for body in gate.bodies.iter_mut().rev().take(2) {
        body.at_ms = body.at_ms.plus_ms(30 * DAY_MS);
    }
    found(&gate, "`case_expired`");
    let mut gate = Gate::honest();
    let last = gate.bodies.len() - 1;
    gate.bodies[last].at_ms = at(1);
    found(&gate, "earlier than that of the entry before it");
    let mut gate = Gate::honest();
    let mut again = gate.entry(EntryKind::ExecutionIntended).clone();
    again.at_ms = gate.bodies.last().unwrap().at_ms;
    gate.bodies.push(again);
    found(&gate, "it was begun, and the case is not at this point");
}

/// An execution that waits keeps to the signatures that it waits with.
#[test]
fn a_wait_is_of_an_execution_and_ends_with_its_signatures() {
    let begun = || {
        let mut gate = Gate::new();
        let case = gate.draft(3, 100, 125);
        for who in [1, 2] {
            gate.decide(case, who, DecisionKind::Approve);
        }
        assert!(gate.begin(case));
        (gate, case)
    };
    let (mut gate, case) = begun();
    let quiet = |gate: &Gate, ms| Some(gate.now.plus_ms(ms));
    assert!(gate.wait(case, "oauth.HTTP_503", None));
    assert!(!gate.wait(case, "oauth.HTTP_503", None), "told once");
    let until = quiet(&gate, 60_000);
    assert!(gate.wait(case, "quotaError.RESOURCE_EXHAUSTED", until));
    let until = quiet(&gate, 120_000);
    assert!(!gate.wait(case, "quotaError.RESOURCE_EXHAUSTED", until), "a minute is no news");
    let until = quiet(&gate, 40_591_000);
    assert!(gate.wait(case, "quotaError.RESOURCE_EXHAUSTED", until));
    gate.pass(60_000);
    gate.finish(case, ExecutionStatus::Applied);
    assert!(!gate.wait(case, "oauth.HTTP_503", None), "it has ended");
    let report = verify_export(gate.export().as_slice(), Some(&trust()), None).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);

    let told = gate.entry(EntryKind::ExecutionWaiting).clone();
    let at_ms = gate.bodies.last().unwrap().at_ms;
    gate.bodies.push(EntryBody { at_ms, ..told });
    found(&gate, "it was said to wait, and the case is not at this point");
    let (mut gate, case) = begun();
    gate.wait(case, "oauth.HTTP_503", None);
    let same = gate.entry(EntryKind::ExecutionWaiting).clone();
    gate.bodies.push(same);
    found(&gate, "what it waits for was already logged");

    // Begun in time, and sent when nobody's signature counted any more.
    let (mut gate, case) = begun();
    gate.pass(60_000);
    gate.finish(case, ExecutionStatus::Applied);
    gate.bodies.last_mut().unwrap().at_ms = gate.now.plus_ms(30 * DAY_MS);
    found(&gate, "it is said to have been made long after the signatures had expired");
    let (mut gate, case) = begun();
    gate.wait(case, "oauth.HTTP_503", None);
    gate.bodies.last_mut().unwrap().at_ms = gate.now.plus_ms(30 * DAY_MS);
    found(&gate, "it was said to wait, and the signatures do not authorise it");
}

#[test]
fn an_entry_that_tells_of_a_decision_otherwise_than_it_was_signed() {
    type Bend = fn(&mut EntryBody);
    type Told<'a> = (&'a mut DecisionRecord, &'a mut Reason);
    fn told(body: &mut EntryBody) -> Told<'_> {
        match &mut body.event {
            LogEvent::DecisionAccepted { decision, reason, .. } => (decision, reason),
            other => panic!("{other:?}"),
        }
    }
    let bends: [(&str, Bend); 5] = [
        ("actor", |body| body.actor.id = world::person(5).to_string()),
        ("actor", |body| body.actor.id = world::agent().to_string()),
        ("reason", |body| told(body).1.text = "Because".into()),
        ("decision", |body| told(body).0.kind = DecisionKind::Approve),
        ("decision", |body| told(body).0.id = Gate::new().decision_id()),
    ];
    for (field, bend) in bends {
        let mut gate = Gate::honest();
        let mut bodies = gate.bodies.iter_mut();
        bend(bodies.rfind(|one| one.event.kind() == EntryKind::DecisionAccepted).unwrap());
        found(&gate, &format!("`{field}` differs from what was signed"));
    }
}

#[test]
fn a_proposal_or_verdict_that_contradicts_its_envelope() {
    type Bend = fn(&mut LogEvent);
    let bends: [(&str, EntryKind, Bend); 3] = [
        ("change", EntryKind::ProposalReceived, |event| {
            let LogEvent::ProposalReceived { change, .. } = event else { panic!() };
            *change = budget(3, 100, 105);
        }),
        ("flags", EntryKind::VerdictIssued, |event| {
            let LogEvent::VerdictIssued { flags, .. } = event else { panic!() };
            flags.clear();
        }),
        ("input_commitment", EntryKind::VerdictIssued, |event| {
            let LogEvent::VerdictIssued { input_commitment, .. } = event else { panic!() };
            *input_commitment = Digest::of(b"other facts");
        }),
    ];
    for (field, kind, bend) in bends {
        let mut gate = Gate::honest();
        bend(gate.find(kind));
        found(&gate, &format!("`{field}` differs from what was signed"));
    }
}

/// What the company knows of a place stands in the signed change, and is what its policy's data
/// say: a gate that vouches for a place itself is found by whoever judges after it.
#[test]
fn a_proposal_that_says_of_a_place_what_the_policys_data_do_not() {
    let mut gate = Gate::new();
    let samples = Action::samples(gate.now).unwrap();
    for forged in samples.into_iter().filter(|one| !one.members().is_empty()) {
        let kind = forged.kind();
        let honest = forged.assessed(gate.policy.vetting(), gate.now);
        assert_ne!(honest, forged, "{kind}: the sample is vouched for by nobody here");
        let proposal = gate.propose(forged);
        assert!(matches!(gate.judge(proposal), Err(DraftError::Assessment)), "{kind}");
        let proposal = gate.propose(honest);
        assert!(gate.judge(proposal).is_ok(), "{kind}");
    }
}

#[test]
fn a_verdict_that_the_policy_does_not_give() {
    let mut gate = Gate::new();
    let case = gate.draft(3, 100, 125);
    let honest = gate.case(case).verdict().clone();
    let mut lax = Verdict { flags: vec![], ..honest };
    lax.quorum.retain(|group| group.role == world::role("ops"));
    let subject = gate.case(case).proposal_digest();
    let envelope = lax.seal(subject, &key(1)).unwrap();
    let digest = gate.keep_source(envelope.to_bytes().unwrap());
    let LogEvent::VerdictIssued { output_hash, flags, .. } = gate.find(EntryKind::VerdictIssued)
    else {
        panic!()
    };
    (*output_hash, *flags) = (digest, vec![]);
    found(&gate, "the policy in force says something other than the verdict");
    let mut gate = Gate::honest();
    retain(&mut gate, |body| body.event.kind() != EntryKind::PolicyPublished);
    found(&gate, "no policy was in force");
}

#[test]
fn what_is_left_out() {
    for (kind, words) in [
        (EntryKind::RosterAccepted, "no roster was in force"),
        (EntryKind::VerdictIssued, "`verdict_issued`"),
        (EntryKind::ChangeAuthorized, "`change_authorized`"),
        (EntryKind::ExecutionIntended, "the case is not at this point"),
    ] {
        let mut gate = Gate::honest();
        retain(&mut gate, |body| body.event.kind() != kind);
        found(&gate, words);
    }
    let mut gate = Gate::new();
    gate.draft(3, 100, 125);
    gate.pass(3 * DAY_MS);
    gate.draft(4, 100, 125);
    retain(&mut gate, |body| body.event.kind() != EntryKind::CaseExpired);
    found(&gate, "`case_expired`");
    // The last entry of a cause is missing, and nothing follows.
    let mut gate = Gate::new();
    gate.draft(3, 100, 125);
    gate.bodies.pop();
    found(&gate, "after it, `verdict_issued`");
}

#[test]
fn one_event_twice_or_too_few_signatures() {
    let mut gate = Gate::honest();
    let accepted = gate.entry(EntryKind::DecisionAccepted).clone();
    let at = gate.bodies.iter().position(|body| *body == accepted).unwrap();
    gate.bodies.insert(at + 1, accepted);
    found(&gate, "what it refers to was judged before");
    let mut gate = Gate::honest();
    let first =
        gate.bodies.iter().position(|body| body.event.kind() == EntryKind::DecisionAccepted);
    gate.bodies.remove(first.unwrap());
    assert!(fails(&judged(&gate)));
}

#[test]
fn the_stop_needs_what_it_needs() {
    let stopped = || {
        let mut gate = Gate::new();
        let case = gate.draft(3, 100, 125);
        for who in [1, 2] {
            gate.decide(case, who, DecisionKind::Approve);
        }
        gate.control(4, Command::Stop { text: String::new() });
        (gate, case)
    };
    let (mut gate, case) = stopped();
    assert!(!gate.begin(case));
    let mut running = Gate::new();
    let same = running.draft(3, 100, 125);
    for who in [1, 2] {
        running.decide(same, who, DecisionKind::Approve);
    }
    assert!(running.begin(same));
    gate.bodies.push(running.bodies.pop().unwrap());
    found(&gate, "work is stopped and the change raises spend");
    let (mut gate, _) = stopped();
    let Halt::Stopped { stop, .. } = gate.memory.world().unwrap().halt else { panic!() };
    gate.control(1, Command::Resume { stop, text: "safe".into() });
    gate.resume_with_one();
    found(&gate, "is missing");
}

#[test]
fn what_is_taken_back_was_asked_for_and_is_the_exact_inverse() {
    let taken_back = || {
        let mut gate = Gate::honest();
        let of = gate.bodies.iter().find_map(|body| body.event.proposal_id()).unwrap();
        let back = gate.take_back(1, of).unwrap();
        (gate, of, back)
    };
    let (mut gate, of, back) = taken_back();
    assert!(!fails(&judged(&gate)));
    let LogEvent::RollbackOpened { change, .. } = gate.find(EntryKind::RollbackOpened) else {
        panic!()
    };
    // What an override has narrowed is what is taken back.
    assert_eq!(*change, narrowed(&budget(3, 100, 125)).inverse());
    assert_eq!(gate.take_back(2, of), None, "one at a time");
    assert_eq!(gate.take_back(2, back), None, "nothing of it was executed");

    // Nobody asked.
    let (mut gate, ..) = taken_back();
    retain(&mut gate, |body| body.event.kind() != EntryKind::RollbackAsked);
    found(&gate, "no accepted statement asks for this rollback");

    // What is taken back is something else, or what was asked for says something else, or once
    // more than was asked.
    let bent = |bend: &dyn Fn(&mut Gate, &Proposal) -> Proposal| {
        let (mut gate, _, back) = taken_back();
        let honest = gate.case(back).proposal().clone();
        let proposal = bend(&mut gate, &honest);
        let sealed = proposal.seal(&key(1)).unwrap();
        let digest = gate.keep_source(sealed.to_bytes().unwrap());
        let verdicts: Vec<_> = gate.kinds();
        let again = proposal.id != honest.id;
        let at = verdicts.iter().position(|kind| *kind == EntryKind::RollbackOpened).unwrap();
        let mut body = gate.bodies[at].clone();
        let LogEvent::RollbackOpened { proposal_id, output_hash, change, .. } = &mut body.event
        else {
            panic!()
        };
        (*proposal_id, *output_hash, *change) = (proposal.id, digest, proposal.action.clone());
        if again {
            gate.bodies.push(body)
        } else {
            gate.bodies[at] = body
        }
        gate
    };
    let gate = bent(&|_, honest| Proposal { action: budget(3, 110, 90), ..honest.clone() });
    found(&gate, "not exactly the inverse");
    let gate = bent(&|_, honest| {
        let rollback = honest.rollback().unwrap().clone();
        let text = "For another reason".into();
        Proposal { origin: Origin::Rollback(Rollback { text, ..rollback }), ..honest.clone() }
    });
    found(&gate, "no accepted statement asks for this rollback");
    let gate = bent(&|gate, honest| {
        gate.rollback(honest.rollback().unwrap().clone(), honest.action.clone())
    });
    found(&gate, "or its case was opened before");
}

#[test]
fn a_roster_under_other_root_keys() {
    let stranger = Trust { root_keys: BTreeSet::from([public(11)]), ..trust() };
    let report = verify_export(Gate::honest().export().as_slice(), Some(&stranger), None).unwrap();
    assert_eq!(report.integrity, Judgement::Fails);
    assert!(
        report.findings[0].what.contains("too few root keys have signed the roster: 0 of 1"),
        "{:?}",
        report.findings
    );
}

#[test]
fn a_cut_tail_is_found_by_a_newer_checkpoint_and_a_fork_by_an_older_one() {
    let honest = Gate::honest();
    let mut cut = Gate::honest();
    let size = cut.bodies.len();
    cut.bodies.pop();
    let newer = world::checkpoint_of(&honest.leaves);
    let file = export(&seal_again(&cut.bodies), &cut.sources);
    let report = verify_export(file.as_slice(), Some(&trust()), Some(&newer)).unwrap();
    assert_eq!((report.integrity, report.completeness), (Judgement::Holds, Judgement::Fails));
    let words = format!("covers {size} entries: 1 is missing at the end");
    assert!(report.findings[0].what.contains(&words), "{:?}", report.findings);
    assert_eq!(report.open_executions.len(), 1, "begun and not finished is named, not blamed");
    // A decision names the log that its author saw: leaving out what stood before is seen.
    let mut gate = Gate::new();
    gate.draft(4, 100, 110);
    let case = gate.draft(3, 100, 125);
    gate.decide(case, 1, DecisionKind::Approve);
    gate.bodies.drain(2..4);
    found(&gate, "it does not follow from what was signed");
}

impl Gate {
    fn decision_id(&mut self) -> countersign_model::DecisionId {
        countersign_model::DecisionId::from_uuid(self.fresh())
    }
}

// ---------------------------------------------------------------------------------------

/// One thing that happens to an honest gate.
#[derive(Clone, Copy, Debug)]
enum Move {
    Draft(u64, i64),
    Decide(usize, u128, u8),
    Bent(usize, u128, u8),
    Control(u128, bool),
    Pass(i64),
    Begin(usize),
    Wait(usize, u8),
    Finish(usize, u8),
    Counted,
    Writing(bool),
    TakeBack(usize, u128),
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => (1..5_u64, prop_oneof![Just(90), Just(104), Just(125), Just(140)])
            .prop_map(|(campaign, after)| Move::Draft(campaign, after)),
        6 => (0..3_usize, 1..6_u128, 0..8_u8)
            .prop_map(|(case, who, kind)| Move::Decide(case, who, kind)),
        2 => (0..3_usize, 1..7_u128, 0..5_u8).prop_map(|(case, who, how)| Move::Bent(case, who, how)),
        1 => (1..6_u128, any::<bool>()).prop_map(|(who, stop)| Move::Control(who, stop)),
        2 => prop_oneof![Just(1_000), Just(20 * 60_000), Just(DAY_MS)].prop_map(Move::Pass),
        3 => (0..3_usize).prop_map(Move::Begin),
        2 => (0..3_usize, 0..3_u8).prop_map(|(case, what)| Move::Wait(case, what)),
        3 => (0..3_usize, 0..6_u8).prop_map(|(case, status)| Move::Finish(case, status)),
        1 => Just(Move::Counted),
        1 => any::<bool>().prop_map(Move::Writing),
        2 => (0..3_usize, 1..6_u128).prop_map(|(case, who)| Move::TakeBack(case, who)),
    ]
}

/// Plays moves on an honest gate.
fn play(moves: &[Move]) -> Gate {
    let mut gate = Gate::new();
    let mut cases = vec![];
    for one in moves {
        gate.pass(1_000);
        let case = |index: usize| cases.iter().rev().nth(index).copied();
        match *one {
            Move::Draft(campaign, after) => cases.push(gate.draft(campaign, 100, after)),
            Move::Decide(index, who, kind) => {
                let kind = match kind {
                    0..=4 => DecisionKind::Approve,
                    5 => DecisionKind::Override,
                    6 => DecisionKind::Reject,
                    _ => DecisionKind::RequestChanges,
                };
                if let Some(case) = case(index) {
                    gate.decide(case, who, kind);
                }
            }
            Move::Bent(index, who, how) => {
                if let Some(case) = case(index) {
                    bent(&mut gate, case, who, how);
                }
            }
            Move::Control(who, true) => {
                gate.control(who, Command::Stop { text: String::new() });
            }
            Move::Control(who, false) => {
                if let Halt::Stopped { stop, .. } = gate.memory.world().unwrap().halt {
                    gate.control(who, Command::Resume { stop, text: "safe".into() });
                } else if let Some(proposal) = case(0) {
                    gate.control(who, Command::ReadPrompt { proposal });
                }
            }
            Move::TakeBack(index, who) => {
                let back = case(index).and_then(|of| gate.take_back(who, of));
                cases.extend(back);
            }
            Move::Pass(by) => gate.pass(by),
            Move::Begin(index) => {
                if let Some(case) = case(index) {
                    gate.begin(case);
                }
            }
            Move::Wait(index, what) => {
                let (code, quiet_ms) = match what {
                    0 => ("oauth.HTTP_503", None),
                    1 => ("quotaError.RESOURCE_EXHAUSTED", Some(60_000)),
                    _ => ("quotaError.RESOURCE_EXHAUSTED", Some(DAY_MS)),
                };
                let until = quiet_ms.map(|quiet_ms| gate.now.plus_ms(quiet_ms));
                if let Some(case) = case(index) {
                    gate.wait(case, code, until);
                }
            }
            Move::Finish(index, status) => {
                let status = match status {
                    0 | 1 => ExecutionStatus::Applied,
                    2 => ExecutionStatus::NotApplied,
                    3 => ExecutionStatus::Stale,
                    4 => ExecutionStatus::Mismatch,
                    _ => ExecutionStatus::Unknown,
                };
                if let Some(case) = case(index) {
                    gate.finish(case, status);
                }
            }
            Move::Counted => gate.log(countersign_replay::world::drafts_refused(
                world::agent(),
                Digest::of(b"draft"),
                3,
            )),
            Move::Writing(opens) => gate.log(countersign_replay::world::writing_changed(
                gate.memory.world().unwrap().roster.unwrap().gate.device,
                account(),
                opens.then(|| "ads-writer".into()),
                "agreed with finance".into(),
            )),
        }
    }
    gate
}

fn account() -> AccountRef {
    let account_id = PlatformId::parse("1234567890").unwrap();
    AccountRef { platform: PlatformKind::GoogleAds, account_id }
}

/// Something that a person, or somebody in their name, gets wrong.
fn bent(gate: &mut Gate, case: countersign_model::ProposalId, who: u128, how: u8) {
    let mut decision = gate.decision(case, who, DecisionKind::Override);
    let mut factor = FactorCheck::Valid(FactorKind::Totp);
    let mut signer = who;
    match how {
        0 => factor = FactorCheck::Wrong,
        1 => factor = FactorCheck::Reused,
        2 => signer = 1,
        3 => decision.policy = Digest::of(b"laxer"),
        _ => decision.role = world::role("legal"),
    }
    let envelope = gate.seal(&decision, &person_key(signer));
    gate.arrive(&envelope, factor);
}

/// What a forger does to a log before signing it again.
#[derive(Clone, Debug)]
enum Forgery {
    /// Puts at a place of an entry what stands at that place in another one, or something near.
    Edit(usize, usize, usize),
    Drop(usize),
    Double(usize),
    Swap(usize),
    /// Says nothing of what some devices cosigned.
    Unwitness(usize),
}

fn any_forgery() -> impl Strategy<Value = Forgery> {
    prop_oneof![
        6 => (any::<usize>(), any::<usize>(), any::<usize>())
            .prop_map(|(entry, place, by)| Forgery::Edit(entry, place, by)),
        1 => any::<usize>().prop_map(Forgery::Drop),
        1 => any::<usize>().prop_map(Forgery::Double),
        1 => any::<usize>().prop_map(Forgery::Swap),
        1 => any::<usize>().prop_map(Forgery::Unwitness),
    ]
}

/// Every place of a JSON value that holds no map or list.
fn places(value: &Value, path: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, inner)| places(inner, format!("{path}/{name}"), all))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, inner)| places(inner, format!("{path}/{index}"), all)),
        _ => all.push(path),
    }
}

/// The edited bodies and the place that was edited; `None` when nothing changed.
fn edit(
    bodies: &[EntryBody],
    entry: usize,
    place: usize,
    by: usize,
) -> Option<(Vec<EntryBody>, String)> {
    let index = entry % bodies.len();
    let values: Vec<Value> =
        bodies.iter().map(|body| serde_json::to_value(body).unwrap()).collect();
    let mut all = vec![];
    places(&values[index], String::new(), &mut all);
    let path = all[place % all.len()].clone();
    let others: Vec<&Value> = values.iter().filter_map(|value| value.pointer(&path)).collect();
    let mut changed = values[index].clone();
    let held = changed.pointer_mut(&path)?;
    *held = match held {
        Value::Number(number) if by.is_multiple_of(3) => Value::from(number.as_i64()? + 1),
        Value::String(text) if by.is_multiple_of(5) => Value::from(format!("{text}0")),
        _ => (*others.get(by % others.len())?).clone(),
    };
    let body: EntryBody = serde_json::from_value(changed).ok()?;
    let mut edited = bodies.to_vec();
    edited[index] = body;
    (edited[index] != bodies[index]).then_some((edited, path))
}

/// The written list (docs/security.md, "What only the gate knows"): places of an entry that
/// a forger may fill as they like, because nobody else can know.
fn is_gates_word(kind: EntryKind, path: &str) -> bool {
    match kind {
        _ if ["/event_id", "/seq", "/prev_hash"].contains(&path) => true, // made again
        _ if path == "/at_ms" => true, // within what timers and validity allow
        EntryKind::DraftRefused | EntryKind::ContentRefused => {
            ["/event/input_commitment", "/event/count"].contains(&path)
        }
        EntryKind::ExecutionFinished => path.starts_with("/event/platform/"),
        EntryKind::ExecutionWaiting => path.starts_with("/event/waiting/"),
        // Whether a code was right; a wrong one is only told apart from one used before.
        EntryKind::DecisionRefused | EntryKind::DecisionAccepted => {
            ["/event/decision/factor", "/event/refusal"].contains(&path)
        }
        EntryKind::ClockCorrected => path == "/event/reason/text",
        EntryKind::WritingOpened | EntryKind::WritingClosed => {
            path.starts_with("/event/account/")
                || ["/event/credential", "/event/reason/text"].contains(&path)
        }
        _ => false,
    }
}

/// Causes that an honest gate might never have heard of.
fn may_be_unheard_of(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::DraftRefused
            | EntryKind::ContentRefused
            | EntryKind::WritingOpened
            | EntryKind::WritingClosed
            | EntryKind::DecisionRefused
            | EntryKind::DecisionAccepted
            | EntryKind::ControlRefused
            | EntryKind::PromptRead
            | EntryKind::RollbackAsked
            | EntryKind::RollbackOpened
            | EntryKind::WorkStopped
            | EntryKind::ResumeAsked
            | EntryKind::WorkResumed
            | EntryKind::ExecutionIntended
            | EntryKind::ExecutionWaiting
            | EntryKind::ExecutionFinished
            | EntryKind::PolicyPublished
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// The gate accepts exactly when the verifier holds.
    #[test]
    fn whatever_an_honest_gate_logs_holds(moves in prop::collection::vec(any_move(), 0..24)) {
        let gate = play(&moves);
        let report = verify_export(gate.export().as_slice(), Some(&trust()), None).unwrap();
        prop_assert!(report.findings.is_empty(), "{:#?} {:?}", report.findings, gate.kinds());
    }

    /// A forger with all of the gate's keys is believed only where the list says so, and not
    /// even there about what a device has cosigned.
    #[test]
    fn nothing_unsigned_is_logged_unseen(
        moves in prop::collection::vec(any_move(), 4..20),
        forgeries in prop::collection::vec(any_forgery(), 24),
    ) {
        let mut gate = play(&moves);
        gate.witness(1);
        gate.witness(2);
        let (honest, leaves) = (gate.bodies.clone(), gate.leaves.clone());
        for forgery in forgeries {
            gate.bodies.clone_from(&honest);
            let Some(excused) = forge(&mut gate, &honest, &forgery) else { continue };
            let forged = seal_again(&gate.bodies);
            let told = gate.cosigned.values().cloned();
            let with = |cosigned| {
                let file = export_with(&forged, &gate.sources, cosigned);
                verify_export(file.as_slice(), Some(&trust()), None).unwrap()
            };
            let kinds = || honest.iter().map(|body| body.event.kind()).collect::<Vec<_>>();
            if let Forgery::Unwitness(one) = forgery {
                let report = with(told.skip(one % 3).collect::<Vec<_>>());
                prop_assert!(!fails(&report), "leaving out is the gate's word: {:#?}", report.findings);
                continue;
            }
            if fails(&with(vec![])) {
                continue;
            }
            prop_assert!(excused, "unseen: {forgery:?} in {:?}", kinds());
            // More may follow what was cosigned; nothing of it may be another.
            let unseen = !forged.starts_with(&leaves) && !fails(&with(told.collect()));
            prop_assert!(!unseen, "unseen by witnesses: {forgery:?} in {:?}", kinds());
        }
    }
}

/// Does it; whether a verifier may believe the outcome. `None` when nothing changes.
fn forge(gate: &mut Gate, honest: &[EntryBody], forgery: &Forgery) -> Option<bool> {
    Some(match forgery {
        Forgery::Edit(entry, place, by) => {
            let (edited, path) = edit(honest, *entry, *place, *by)?;
            gate.bodies = edited;
            is_gates_word(honest[entry % honest.len()].event.kind(), &path)
        }
        Forgery::Drop(entry) => {
            let dropped = gate.bodies.remove(entry % honest.len());
            // A gate that was down tells nobody of a case that has expired meanwhile.
            let was_down = dropped.event.kind() == EntryKind::RungClimbed;
            let is_last = entry % honest.len() == honest.len() - 1;
            may_be_unheard_of(dropped.event.kind()) || was_down || is_last
        }
        Forgery::Double(entry) => {
            let twice = honest[entry % honest.len()].clone();
            gate.bodies.insert(entry % honest.len(), twice.clone());
            matches!(
                twice.event.kind(),
                EntryKind::DraftRefused
                    | EntryKind::ContentRefused
                    | EntryKind::WritingOpened
                    | EntryKind::WritingClosed
            )
        }
        Forgery::Swap(entry) => {
            let index = entry % (honest.len() - 1);
            gate.bodies.swap(index, index + 1);
            let (early, late) = (honest[index].at_ms, honest[index + 1].at_ms);
            (gate.bodies[index].at_ms, gate.bodies[index + 1].at_ms) = (early, late);
            // Two causes that do not touch each other may have come in either order.
            honest[index].event.proposal_id() != honest[index + 1].event.proposal_id()
                || honest[index] == honest[index + 1]
                || [index, index + 1].iter().all(|one| may_be_unheard_of(honest[*one].event.kind()))
        }
        Forgery::Unwitness(_) => true,
    })
}
