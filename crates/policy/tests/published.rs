//! The policies that are published with the product: their own tests, and what they decide.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use countersign_model::{
    Currency, Outcome, ProposalId, Ratio, TimestampMs, WorkspaceId,
    verdict::{DecisionType, FactorKind, RiskTier},
};
use countersign_policy::{Evaluation, PolicyInput, Trailing};
use std::collections::BTreeSet;
use support::{data, files, input, merged_data, published};

fn engine() -> regorus::Engine {
    let mut engine = regorus::Engine::new();
    for (name, source) in files() {
        engine.add_policy(name, source).unwrap();
    }
    engine.add_data(regorus::Value::from(merged_data())).unwrap();
    engine
}

/// Rule names at the start of a line: `test_x if …`.
fn tests_of(source: &str) -> Vec<&str> {
    source
        .lines()
        .filter(|line| line.starts_with("test_"))
        .map(|line| line.split_whitespace().next().unwrap())
        .collect()
}

fn rules_of(source: &str) -> Vec<&str> {
    source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"rule\": \"")?.strip_suffix("\","))
        .collect()
}

#[test]
fn every_rego_test_passes_and_every_line_of_policy_is_reached() {
    let mut engine = engine();
    engine.set_enable_coverage(true);
    let mut run = 0;
    for (name, source) in files().iter().filter(|(name, _)| name.ends_with("_test.rego")) {
        let package = source.lines().find_map(|line| line.strip_prefix("package ")).unwrap();
        for test in tests_of(source) {
            let value = engine.eval_rule(format!("data.{package}.{test}")).unwrap();
            assert_eq!(value, regorus::Value::from(true), "{name}: {test}");
            run += 1;
        }
    }
    assert!(run >= 20, "only {run} Rego tests were found");
    let report = engine.get_coverage_report().unwrap();
    for file in report.files.iter().filter(|file| !file.path.ends_with("_test.rego")) {
        assert!(file.not_covered.is_empty(), "{}: not reached: {:?}", file.path, file.not_covered);
    }
}

#[test]
fn every_rule_has_words_and_a_test() {
    for (name, source) in files().iter().filter(|(name, _)| !name.ends_with("_test.rego")) {
        let rules = rules_of(source);
        assert_eq!(rules.len(), source.matches("findings contains").count(), "{name}");
        assert_eq!(rules.len(), source.matches("# METADATA\n# title: ").count(), "{name}");
        let twin = name.replace(".rego", "_test.rego");
        let (_, twin) = files().into_iter().find(|(other, _)| *other == twin).unwrap();
        for rule in rules {
            let test = format!("test_{rule}");
            assert!(tests_of(&twin).contains(&test.as_str()), "{name}: {rule} has no {test}");
        }
    }
}

#[test]
fn the_story_over_15_percent_needs_ops_and_finance_in_30_minutes() {
    let evaluation = published().evaluate(&input(25)).unwrap();
    assert_eq!(evaluation.outcome, Outcome::Escalate);
    assert_eq!(quorum(&evaluation), ["finance 1", "ops 1"]);
    assert_eq!(evaluation.sla_ms, 30 * 60_000);
    assert_eq!(evaluation.risk_tier, RiskTier::Medium);
    assert_eq!(evaluation.decision_type, DecisionType::HumanOwned);
    assert!(evaluation.factors.to_decide.is_empty());
    assert_eq!(evaluation.factors.to_override, [FactorKind::Totp]);
    assert_eq!(
        evaluation.rules_fired,
        ["budget_change_over_limit", "large_share_of_weekly_budget"]
    );
    let words = "A budget change over 15 % needs ops and finance within 30 minutes. With the rises of the last 7 days this one is 25 %.";
    assert_eq!(evaluation.flags[0].words, words);
}

#[test]
fn what_the_published_rules_decide() {
    let set = published();
    let cases: [(&str, PolicyInput, Outcome, &[&str]); 11] = [
        ("small", input(8), Outcome::Allow, &["ops 1"]),
        ("middle", input(12), Outcome::Escalate, &["ops 1"]),
        ("at the limit", input(15), Outcome::Escalate, &["ops 1"]),
        ("over the limit", input(16), Outcome::Escalate, &["finance 1", "ops 1"]),
        ("multiplied", input(101), Outcome::Hold, &["finance 1", "ops 1"]),
        ("lowered", input(-90), Outcome::Allow, &["ops 1"]),
        ("unchanged", input(0), Outcome::Escalate, &["ops 1"]),
        (
            "shared",
            PolicyInput { shared_by: 3, ..input(8) },
            Outcome::Escalate,
            &["finance 1", "ops 1"],
        ),
        (
            "unsure",
            PolicyInput { confidence: Some(Ratio::from_millionths(700_000)), ..input(25) },
            Outcome::Hold,
            &["finance 1", "ops 1"],
        ),
        (
            "from zero",
            PolicyInput { budget_delta_percent: None, ..input(25) },
            Outcome::Hold,
            &["finance 1", "ops 1"],
        ),
        (
            "other currency",
            PolicyInput { currency: Currency::parse("EUR").ok(), ..input(8) },
            Outcome::Escalate,
            &["finance 1", "ops 1"],
        ),
    ];
    for (name, input, outcome, signers) in cases {
        let evaluation = set.evaluate(&input).unwrap();
        assert_eq!(evaluation.outcome, outcome, "{name}: {:?}", evaluation.rules_fired);
        assert_eq!(quorum(&evaluation), signers, "{name}: {:?}", evaluation.rules_fired);
    }
}

#[test]
fn splitting_an_amount_escalates() {
    // 8,000 a week, then 2,500: each alone is below 10,000.
    let large = |weekly: i64, earlier: i64| PolicyInput {
        weekly_budget_micros: 1_000_000_000_000,
        weekly_move_micros: weekly,
        trailing_weekly_increase_micros: earlier,
        ..input(8)
    };
    let set = published();
    assert_eq!(set.evaluate(&large(8_000_000_000, 0)).unwrap().outcome, Outcome::Allow);
    assert_eq!(set.evaluate(&large(2_500_000_000, 0)).unwrap().outcome, Outcome::Allow);
    let second = set.evaluate(&large(2_500_000_000, 8_000_000_000)).unwrap();
    assert_eq!(second.outcome, Outcome::Escalate);
    assert_eq!(quorum(&second), ["finance 1", "ops 1"]);
    assert_eq!(Trailing::default().increases_micros, 0);
}

#[test]
fn an_unknown_kind_is_blocked_and_nobody_can_sign() {
    let unknown = PolicyInput { kind: "delete_account".into(), ..input(-1) };
    let evaluation = published().evaluate(&unknown).unwrap();
    assert_eq!(evaluation.outcome, Outcome::Block);
    assert!(evaluation.quorum.is_empty());
}

#[test]
fn a_verdict_carries_the_policy_and_the_deadline() {
    let set = published();
    let now = TimestampMs::from_millis(1_000);
    let nil = uuid::Uuid::nil();
    let verdict = set.evaluate(&input(25)).unwrap().into_verdict(
        WorkspaceId::from_uuid(nil),
        ProposalId::from_uuid(nil),
        set.reference().clone(),
        now,
    );
    assert_eq!(verdict.decide_by_ms, now.plus_ms(30 * 60_000));
    assert_eq!(verdict.policy.digest, set.digest());
    assert_eq!(verdict.policy.version, data()["version"].as_str().unwrap());
}

#[test]
fn the_digest_covers_names_sources_and_data_but_not_tests() {
    let compile = |files: &[(String, String)], data| {
        countersign_policy::PolicySet::compile(files, data).unwrap().digest()
    };
    let mut seen = BTreeSet::from([compile(&files(), data())]);
    let mut renamed = files();
    let rule = renamed.iter_mut().find(|(name, _)| name == "brand/freeze.rego").unwrap();
    rule.0 = "brand/other.rego".into();
    assert!(seen.insert(compile(&renamed, data())));
    let mut edited = files();
    edited.iter_mut().find(|(name, _)| name == "brand/freeze.rego").unwrap().1.push('\n');
    assert!(seen.insert(compile(&edited, data())));
    let mut moved = data();
    moved["layers"]["corporate"]["limits"]["max_change_percent"] = 14.into();
    assert!(seen.insert(compile(&files(), moved)));
    let without: Vec<_> = files().into_iter().filter(|(name, _)| !name.contains("_test")).collect();
    assert!(!seen.insert(compile(&without, data())));
}

fn quorum(evaluation: &Evaluation) -> Vec<String> {
    let written = |group: &countersign_model::verdict::QuorumGroup| {
        format!("{} {}", group.role, group.minimum)
    };
    evaluation.quorum.iter().map(written).collect()
}
