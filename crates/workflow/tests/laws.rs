//! The laws of a case under any sequence of events.

mod support;

use countersign_model::{
    Action, Decision, DecisionKind, ProposalId,
    entry::{ExecutionStatus, PlatformRecord},
    time::{HOUR_MS, MINUTE_MS},
};
use countersign_workflow::{Case, Event, FactorCheck, Phase, PhaseName, step};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use support::*;
use uuid::Uuid;

const KINDS: [DecisionKind; 4] = [
    DecisionKind::Approve,
    DecisionKind::Override,
    DecisionKind::Reject,
    DecisionKind::RequestChanges,
];

fn two_and_one() -> Case {
    open(verdict(&[("finance", 1), ("ops", 2)]))
}

proptest! {
    // Every decision is really signed and verified, which is slow without optimisation.
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Permitting decisions of three persons, no more than the quorum needs: whatever the
    /// order and the interleaved repetitions, the state is the same, and so is what it lets out.
    #[test]
    fn same_state_any_order(
        overrides in prop::array::uniform3(prop::option::of(101i64..125)),
        third in prop::bool::ANY,
        order in Just([0usize, 1, 2]).prop_shuffle(),
        repeated in 0usize..2,
    ) {
        let case = two_and_one();
        let last = if third { BOTH } else { OPS_TWO };
        let people = [(OPS, "ops"), (FINANCE, "finance"), (last, "ops")];
        let decisions: Vec<Decision> = people.iter().enumerate().map(|(index, (who, role))| {
            let nonce = u128::try_from(index).unwrap();
            match overrides[index] {
                Some(after) => Decision {
                    effective: Some(budget(after)),
                    ..draft(&case, *who, role, DecisionKind::Override, nonce)
                },
                None => draft(&case, *who, role, DecisionKind::Approve, nonce),
            }
        }).collect();
        let run = |order: &[usize]| {
            let mut case = case.clone();
            let mut out = None;
            for index in order {
                let (next, effects) = step(case.clone(), event(&case, &decisions[*index]), at(MINUTE_MS));
                out = out.or_else(|| executed(&effects).cloned());
                case = next;
            }
            (case, out)
        };
        let (straight, straight_out) = run(&[0, 1, 2]);
        let (shuffled, shuffled_out) = run(&order);
        prop_assert_eq!(&straight, &shuffled);
        prop_assert_eq!(&straight_out, &shuffled_out);
        let narrowest = overrides.iter().flatten().min().copied().unwrap_or(125);
        prop_assert_eq!(straight_out, Some(budget(narrowest)));
        // A repetition in between is refused and moves nothing that counts.
        let (again, _) = run(&[order[0], order[1], order[repeated], order[2]]);
        prop_assert_eq!(again.accepted(), straight.accepted());
        prop_assert_eq!(again.phase(), straight.phase());
    }

    /// Any events, lies included: an action comes out at most once, and only under the
    /// signatures of enough distinct, eligible persons, each of whom covers it.
    #[test]
    fn no_action_without_quorum(moves in prop::collection::vec(any_move(), 1..40)) {
        let mut case = two_and_one();
        let mut signed: BTreeMap<u8, (String, Action)> = BTreeMap::new();
        let mut outs = 0;
        for (nonce, one) in moves.into_iter().enumerate() {
            let before = case.phase().name();
            let (event, now, honest) = make_event(&case, one, u128::try_from(nonce).unwrap());
            let (next, effects) = step(case.clone(), event, now);
            let accepted = next.accepted().len() > case.accepted().len();
            if let Some((who, role, effective)) = honest.filter(|_| accepted) {
                signed.insert(who, (role, effective));
            } else if accepted {
                let ended = matches!(next.phase(), Phase::Rejected { .. } | Phase::SentBack { .. });
                prop_assert!(ended, "something that was no honest permission was accepted");
            }
            if let Some(action) = executed(&effects) {
                outs += 1;
                let count = |role: &str| signed.values().filter(|(own, _)| own == role).count();
                prop_assert!(count("ops") >= 2 && count("finance") >= 1);
                prop_assert!(signed.values().all(|(_, ceiling)| action.is_covered_by(ceiling)));
                prop_assert!(!signed.contains_key(&OWNER) && !signed.contains_key(&LEGAL));
            }
            let after = next.phase().name();
            prop_assert!(before == after || before.may_become(after), "{:?} to {:?}", before, after);
            if next.reauthorize().is_some() {
                prop_assert!(matches!(after, PhaseName::Authorized | PhaseName::Executing));
                prop_assert_eq!(outs, 1);
            }
            case = next;
        }
        prop_assert!(outs <= 1);
        let persons: BTreeSet<_> = case.accepted().iter().map(|one| one.person()).collect();
        prop_assert_eq!(persons.len(), case.accepted().len());
    }
}

#[derive(Clone, Debug)]
struct Move {
    what: u8,
    who: u8,
    in_ops: bool,
    kind: usize,
    after: i64,
    lie: u8,
    minutes: i64,
    nonce: Option<u128>,
}

fn any_move() -> impl Strategy<Value = Move> {
    (
        0u8..12,
        0u8..6,
        any::<bool>(),
        0usize..6,
        95i64..130,
        0u8..12,
        1i64..25,
        prop::option::of(0u128..5),
    )
        .prop_map(|(what, who, in_ops, kind, after, lie, minutes, nonce)| Move {
            what,
            who,
            in_ops,
            kind,
            after,
            lie,
            minutes,
            nonce,
        })
}

type Honest = Option<(u8, String, Action)>;

fn make_event(
    case: &Case,
    one: Move,
    nonce: u128,
) -> (Event, countersign_model::TimestampMs, Honest) {
    let now = at(one.minutes * MINUTE_MS);
    match one.what {
        0 => (Event::ExecutionIntended, now, None),
        1 => {
            let record = PlatformRecord {
                request_ids: vec![],
                status: ExecutionStatus::Applied,
                code: None,
                read_back: None,
                legs: vec![],
            };
            (Event::ExecutionFinished(Box::new(record)), now, None)
        }
        2 if one.lie == 0 => (Event::Expired, at(one.minutes * HOUR_MS), None),
        3 if one.lie == 0 => {
            let by = ProposalId::from_uuid(Uuid::from_u128(43));
            (Event::EntityMoved { by, revision: 4 }, now, None)
        }
        _ => make_decision(case, one, nonce, now),
    }
}

fn make_decision(
    case: &Case,
    one: Move,
    nonce: u128,
    now: countersign_model::TimestampMs,
) -> (Event, countersign_model::TimestampMs, Honest) {
    let role_name = match one.who {
        LEGAL => "legal",
        FINANCE => "finance",
        OPS | OPS_TWO => "ops",
        _ if one.in_ops => "ops",
        _ => "finance",
    };
    // Two thirds permit; a few reject or send back, which ends the case.
    let kind = if one.kind < 4 && one.lie != 0 { KINDS[one.kind % 2] } else { KINDS[one.kind % 4] };
    let mut decision = draft(case, one.who, role_name, kind, one.nonce.unwrap_or(100 + nonce));
    if kind == DecisionKind::Override {
        decision.effective = Some(budget(one.after));
    }
    let mut factor = match kind {
        DecisionKind::Override => FactorCheck::Valid(countersign_model::verdict::FactorKind::Totp),
        _ => FactorCheck::NotPresented,
    };
    let mut lies = true;
    match one.lie {
        1 => decision.verdict = case.proposal_digest(),
        2 => decision.entity_revision += 1,
        3 => decision.signed_at_ms = at(-HOUR_MS),
        4 => factor = FactorCheck::Wrong,
        5 => decision.effective = Some(budget(500)),
        6 => decision = on_second_device(decision, one.who),
        _ => lies = false,
    }
    // A second device is no lie; whether the person may still decide is for the case to say.
    let honest = (!lies || one.lie == 6) && one.who != OWNER && one.who != LEGAL;
    let effective = decision.effective.clone().filter(|_| honest);
    let honest = effective.map(|action| (one.who, role_name.to_owned(), action));
    (event_with(case, &decision, factor), now, honest)
}
