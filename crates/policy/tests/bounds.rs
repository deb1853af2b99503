//! A verdict can always be logged: whatever rules find, its flags are few, short and plain,
//! and what does not fit is still asked for.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_model::{
    DeviceId, Digest, EventId, Outcome, Role, TimestampMs, WorkspaceId,
    entry::{Actor, ActorKind, Entry, EntryBody, EntryHead, LogEvent},
    signature::SigningKey,
    verdict::{Flag, Layer},
};
use countersign_policy::{
    Base, Evaluation, Finding, PolicySet,
    finding::{MAX_FINDINGS, MAX_FLAGS, MAX_MINIMUM, MAX_ROLES, MAX_RULE_BYTES, MAX_WORDS_BYTES},
    join,
    limits::Conflict,
};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;
use support::{data, input, published};
use uuid::Uuid;

fn base() -> Base {
    serde_json::from_value(data()["base"].clone()).unwrap()
}

fn layer() -> impl Strategy<Value = Layer> {
    prop_oneof![
        Just(Layer::Protocol),
        Just(Layer::Corporate),
        Just(Layer::Brand),
        Just(Layer::Campaign)
    ]
}

/// Any finding that passes its own check, the longest ones often.
fn finding() -> impl Strategy<Value = Finding> {
    let outcome = prop_oneof![Just("allow"), Just("escalate"), Just("hold"), Just("block")];
    let words = prop_oneof![
        Just("\"".repeat(MAX_WORDS_BYTES)),
        Just("\\".repeat(MAX_WORDS_BYTES)),
        Just("ä".repeat(MAX_WORDS_BYTES / 2)),
        "[ -~]{1,60}"
    ];
    let id = prop_oneof![Just("r".repeat(MAX_RULE_BYTES - 9)), "[a-z0-9_]{1,20}"];
    let roles = prop::collection::btree_map("[a-c]{1,2}", 1..=MAX_MINIMUM, 0..4);
    (id, outcome, words, roles).prop_map(|(rule, outcome, words, roles)| {
        let finding: Finding = serde_json::from_value(json!({
            "rule": rule, "outcome": outcome, "risk_tier": "low", "words": words, "roles": roles,
        }))
        .unwrap();
        finding.check().unwrap();
        finding
    })
}

fn is_plain(flag: &Flag) -> bool {
    let id = (1..=MAX_RULE_BYTES).contains(&flag.rule.len())
        && flag.rule.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    id && (1..=MAX_WORDS_BYTES).contains(&flag.words.len())
        && !flag.words.chars().any(char::is_control)
}

/// The log entry of a verdict with these flags, as the gate signs it.
fn entry(evaluation: Evaluation) -> Entry {
    let id = Uuid::from_u128;
    let head = EntryHead {
        event_id: EventId::from_uuid(id(1)),
        seq: u64::MAX >> 11,
        prev_hash: Digest::of(b"p"),
        at_ms: TimestampMs::from_millis(1_795_237_200_000),
        workspace: WorkspaceId::from_uuid(id(2)),
    };
    let gate = Actor {
        kind: ActorKind::Gate,
        id: DeviceId::from_uuid(id(3)).to_string(),
        role: Some(Role::parse(&"r".repeat(32)).unwrap()),
    };
    let event = LogEvent::VerdictIssued {
        proposal_id: support::proposal().id,
        input_commitment: evaluation.input_digest,
        output_hash: Digest::of(b"o"),
        policy: published().reference().clone(),
        flags: evaluation.flags,
    };
    EntryBody::new(head, gate, event).sign(&SigningKey::from_seed(&[7; 32])).unwrap()
}

proptest! {
    #[test]
    fn a_verdict_can_always_be_logged_and_asks_for_everything(
        found in prop::collection::vec((layer(), finding()), 0..120),
        conflicts in prop::collection::vec(layer(), 0..28),
        percent in prop_oneof![Just(10i64), Just(-10)],
    ) {
        let mut found = found;
        found.sort_by_key(|(layer, _)| *layer);
        let conflicts: Vec<_> = conflicts.into_iter().map(|layer| Conflict {
            layer, name: "max_share_of_weekly_budget_percent".into(), words: "w".repeat(200),
        }).collect();
        let joined = join::join(&base(), &found, &conflicts, &input(percent));
        prop_assert!(joined.flags.len() <= MAX_FLAGS);
        prop_assert!(joined.flags.iter().all(is_plain), "{:?}", joined.flags);
        prop_assert!(entry(joined.clone()).to_bytes().is_ok());

        // What the rules ask for, worked out again without flags.
        let strictest = found.iter().map(|(_, one)| one.outcome).max().unwrap_or(Outcome::Escalate);
        let lifted = strictest == Outcome::Block && percent < 0;
        prop_assert_eq!(joined.outcome, if lifted { Outcome::Escalate } else { strictest });
        let mut roles: BTreeMap<_, u8> = base().roles.0;
        for (role, least) in found.iter().flat_map(|(_, one)| &one.roles.0) {
            let held = roles.entry(role.clone()).or_default();
            *held = (*held).max(*least);
        }
        if joined.outcome != Outcome::Block {
            let quorum: BTreeMap<_, _> =
                joined.quorum.iter().map(|group| (group.role.clone(), group.minimum)).collect();
            prop_assert_eq!(quorum, roles);
        }
        // The strictest rule is always shown, and so is what the product itself has to say.
        prop_assert!(found.is_empty() || joined.flags.iter().any(|flag| flag.outcome == strictest));
        let says = |rule: &str| joined.flags.iter().any(|flag| flag.rule == rule);
        prop_assert_eq!(says("block_of_decrease_lifted"), lifted);
        prop_assert_eq!(joined.rules_fired.len(), found.len());
    }
}

/// `count` rules, each asking for a role of its own among `roles`.
fn many(count: usize, roles: usize) -> Vec<(String, String)> {
    let rule = |at: usize| {
        let role = format!(
            "r{}{}",
            "abcdefghijklmnopqrstuvwxyz".chars().nth(at % roles % 26).unwrap(),
            "_".repeat(at % roles / 26)
        );
        let outcome = if at == count / 2 { "hold" } else { "escalate" };
        format!(
            "findings contains {{\"rule\": \"rule_{at}\", \"outcome\": \"{outcome}\", \"risk_tier\": \"low\", \"roles\": {{\"{role}\": 1}}, \"words\": \"Rule {at}.\"}} if input.kind == \"budget_change\"\n"
        )
    };
    let rules: Vec<_> = (0..count).map(rule).collect();
    vec![("many.rego".into(), format!("package countersign.brand\n\n{}", rules.join("\n")))]
}

#[test]
fn rules_beyond_the_flags_are_summed_up_and_count() {
    let set = PolicySet::compile(&many(60, 30), data()).unwrap();
    let evaluation = set.evaluate(&input(5)).unwrap();
    assert_eq!((evaluation.outcome, evaluation.quorum.len()), (Outcome::Hold, 31));
    assert_eq!((evaluation.flags.len(), evaluation.rules_fired.len()), (MAX_FLAGS, 60));
    assert!(evaluation.flags.iter().any(|flag| flag.rule == "rule_30"), "the strictest is shown");
    let last = evaluation.flags.last().unwrap();
    assert_eq!((last.rule.as_str(), last.outcome), ("more_rules", Outcome::Escalate));
    assert_eq!(last.words, "and 21 more rules; what they ask for holds too.");
    let exactly = PolicySet::compile(&many(MAX_FLAGS, 3), data()).unwrap();
    let flags = exactly.evaluate(&input(5)).unwrap().flags;
    assert_eq!(flags.len(), MAX_FLAGS);
    assert!(flags.iter().all(|flag| flag.rule != "more_rules"));
}

#[test]
fn more_roles_or_findings_than_a_verdict_can_hold_block() {
    for (count, roles) in [(60, MAX_ROLES), (MAX_FINDINGS + 1, 3)] {
        let set = PolicySet::compile(&many(count, roles), data()).unwrap();
        let evaluation = set.evaluate(&input(5)).unwrap();
        assert_eq!((evaluation.outcome, evaluation.flags.len()), (Outcome::Block, 1), "{count}");
        assert_eq!(evaluation.flags[0].rule, "policy_error");
        assert!(evaluation.flags.iter().all(is_plain));
    }
}

/// The engine's own words are long, and may quote what a rule has made.
#[test]
fn the_words_of_a_broken_policy_are_bounded() {
    let source = "package countersign.brand\n\nfindings contains {\"rule\": \"one\", \"outcome\": concat(\"\\n\", [x | some _ in numbers.range(1, 900); x := \"ä\"]), \"risk_tier\": \"low\", \"words\": \"One.\"} if input.shared_by > 0\n";
    let set = PolicySet::compile(&[("one.rego".into(), source.into())], data()).unwrap();
    let evaluation = set.evaluate(&input(5)).unwrap();
    assert_eq!(
        (evaluation.outcome, evaluation.flags[0].rule.as_str()),
        (Outcome::Block, "policy_error")
    );
    assert!(evaluation.flags.iter().all(is_plain), "{:?}", evaluation.flags);
    assert!(evaluation.flags[0].words.ends_with('…'));
}
