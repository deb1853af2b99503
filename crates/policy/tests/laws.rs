//! Laws of evaluation: layers only add, both engines agree, broken policy fails closed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use countersign_model::{
    Action, Digest, Outcome, Proposal, Ratio, TimestampMs,
    change::Direction,
    proposal::{Origin, Rollback},
    verdict::{AutonomyMode, FactorKind, Layer, RiskTier},
};
use countersign_policy::{Base, Evaluation, Finding, PolicyInput, PolicySet, Trailing, join};
use proptest::prelude::*;
use serde_json::json;
use support::{data, files, grounds, input, merged_data, proposal, published};

fn finding() -> impl Strategy<Value = Finding> {
    let outcome = prop_oneof![Just("allow"), Just("escalate"), Just("hold"), Just("block")];
    let tier = prop_oneof![Just("low"), Just("medium"), Just("high")];
    let roles = prop::collection::btree_map(
        prop_oneof![Just("ops"), Just("finance"), Just("legal")],
        1u8..4,
        0..3,
    );
    let factors = prop::option::of((any::<bool>(), any::<bool>()).prop_map(|(decide, change)| {
        let list = |asked| if asked { json!(["totp"]) } else { json!([]) };
        json!({"to_decide": list(decide), "to_override": list(change)})
    }));
    let ladder = prop::collection::vec(
        (1u32..60, prop_oneof![Just("finance_head"), Just("legal")])
            .prop_map(|(after, role)| json!({"after_minutes": after, "role": role})),
        0..3,
    );
    let class = prop::option::weighted(0.8, prop_oneof![9 => Just("routine"), 1 => Just("other")]);
    let minutes = prop::option::of(1u32..100);
    (outcome, tier, roles, factors, minutes, ladder, class).prop_map(
        |(outcome, tier, roles, factors, minutes, ladder, class)| {
            serde_json::from_value(json!({
                "rule": "any", "outcome": outcome, "risk_tier": tier, "roles": roles,
                "factors": factors, "sla_minutes": minutes, "words": "Any words.",
                "ladder": ladder, "batch_class": class,
            }))
            .unwrap()
        },
    )
}

fn layer() -> impl Strategy<Value = Layer> {
    prop_oneof![Just(Layer::Corporate), Just(Layer::Brand), Just(Layer::Campaign)]
}

fn base() -> Base {
    serde_json::from_value(data()["base"].clone()).unwrap()
}

fn at_least(stricter: &Evaluation, held: &Evaluation) -> bool {
    let roles = held.outcome == Outcome::Block
        || stricter.outcome == Outcome::Block
        || held.quorum.iter().all(|group| {
            stricter.quorum.iter().any(|own| own.role == group.role && own.minimum >= group.minimum)
        });
    let factors = |own: &[FactorKind], other: &[FactorKind]| {
        other.is_empty() || (!own.is_empty() && own.iter().all(|kind| other.contains(kind)))
    };
    let told = held.outcome == Outcome::Block
        || stricter.outcome == Outcome::Block
        || held.ladder.iter().all(|(role, minutes)| {
            stricter.ladder.get(role).is_some_and(|sooner| sooner <= minutes)
        });
    // A class that may be signed together is never given, only kept or taken away.
    let together = stricter.batch_class.is_none() || stricter.batch_class == held.batch_class;
    told && together
        && stricter.outcome >= held.outcome
        && stricter.risk_tier >= held.risk_tier
        && stricter.sla_ms <= held.sla_ms
        && roles
        && factors(&stricter.factors.to_decide, &held.factors.to_decide)
        && factors(&stricter.factors.to_override, &held.factors.to_override)
}

proptest! {
    #[test]
    fn lower_layer_never_relaxes(
        high in prop::collection::vec(finding(), 1..4),
        low in prop::collection::vec((layer(), finding()), 0..6),
    ) {
        let high: Vec<_> = high.into_iter().map(|one| (Layer::Protocol, one)).collect();
        let alone = join::join(&base(), &high, &[], &input(10));
        let mut all = high.clone();
        all.extend(low.iter().cloned());
        all.sort_by_key(|(layer, _)| *layer);
        let joined = join::join(&base(), &all, &[], &input(10));
        prop_assert!(at_least(&joined, &alone), "{joined:?} relaxes {alone:?}");
        let relaxes = alone.outcome > Outcome::Allow
            && low.iter().any(|(_, one)| one.outcome == Outcome::Allow);
        let told = joined.flags.iter().any(|flag| flag.rule == "any_rejected");
        prop_assert!(!relaxes || told, "a relaxing rule was not reported");
    }

    #[test]
    fn both_engines_agree(
        percent in -200i64..400, lift in -100_000i64..300_000, confidence in 0i64..1_000_000,
        shared_by in 1u32..4, trailing in prop_oneof![Just(0), 0i64..20_000_000_000],
        scale in 1i64..2_000, usd in any::<bool>(), from_zero in any::<bool>(),
    ) {
        let plain = input(percent);
        let facts = PolicyInput {
            predicted_lift: Some(Ratio::from_millionths(lift)),
            confidence: Some(Ratio::from_millionths(confidence)),
            shared_by,
            trailing_weekly_increase_micros: trailing,
            weekly_move_micros: plain.weekly_move_micros * scale,
            weekly_budget_micros: plain.weekly_budget_micros * scale,
            currency: countersign_model::Currency::parse(if usd { "USD" } else { "EUR" }).ok(),
            budget_delta_percent: plain.budget_delta_percent.filter(|_| !from_zero),
            ..plain
        };
        let (compiled, interpreted) = fired(&facts);
        prop_assert_eq!(compiled, interpreted);
    }

    /// Every kind there is, there and back, drafted and taken back, at every size.
    #[test]
    fn both_engines_agree_on_every_kind(
        own in any::<prop::sample::Index>(), back in any::<bool>(), drafted in any::<bool>(),
        scale in prop_oneof![Just(1), 1i64..100_000], confidence in 0i64..1_000_000,
        trailing in prop_oneof![Just(0), 0i64..20_000_000_000],
    ) {
        let samples = Action::samples(TimestampMs::from_millis(1_795_237_200_000)).unwrap();
        let change = own.get(&samples);
        let change = if back { change.inverse() } else { change.clone() };
        let mut asked = Proposal { action: change, ..proposal() };
        if drafted {
            grounds(&mut asked).confidence = Ratio::from_millionths(confidence);
        } else {
            asked.origin = Origin::Rollback(Rollback {
                of: asked.id,
                person: asked.answerable(),
                statement: Digest::of(b"wish"),
                text: "It did nothing".into(),
            });
        }
        let trailing = Trailing { increases_micros: trailing };
        let mut facts = PolicyInput::of(&asked, trailing, AutonomyMode::ProposeOnly);
        facts.weekly_move_micros = facts.weekly_move_micros.saturating_mul(scale);
        facts.stake_micros = facts.stake_micros.saturating_mul(scale);
        let (compiled, interpreted) = fired(&facts);
        prop_assert_eq!(compiled, interpreted);
    }
}

/// The rules that fire in the compiled policy, and in the interpreter.
fn fired(facts: &PolicyInput) -> (Vec<String>, Vec<String>) {
    ENGINES.with(|(set, engine)| {
        let compiled = set.evaluate(facts).unwrap().rules_fired;
        let mut engine = engine.borrow_mut();
        engine.set_input(regorus::Value::from(serde_json::to_value(facts).unwrap()));
        let mut interpreted = Vec::new();
        for layer in ["protocol", "corporate", "brand", "campaign"] {
            let found = engine.eval_rule(format!("data.countersign.{layer}.findings")).unwrap();
            let found = serde_json::to_value(found).unwrap();
            let found = found.as_array().unwrap().iter();
            interpreted.extend(found.map(|one| one["rule"].as_str().unwrap().to_owned()));
        }
        (compiled, interpreted)
    })
}

thread_local! {
    static ENGINES: (PolicySet, std::cell::RefCell<regorus::Engine>) = {
        let mut engine = regorus::Engine::new();
        for (name, source) in files().into_iter().filter(|(name, _)| !name.contains("_test")) {
            engine.add_policy(name, source).unwrap();
        }
        engine.add_data(regorus::Value::from(merged_data())).unwrap();
        (published(), std::cell::RefCell::new(engine))
    };
}

fn one_rule(package: &str, body: &str) -> Vec<(String, String)> {
    vec![("one.rego".into(), format!("package countersign.{package}\n\n{body}\n"))]
}

const BLOCKS: &str = r#"findings contains {"rule": "stop", "outcome": "block", "risk_tier": "high", "words": "Stop."} if input.kind == "budget_change""#;

#[test]
fn a_decrease_is_never_blocked() {
    let set = PolicySet::compile(&one_rule("brand", BLOCKS), data()).unwrap();
    assert_eq!(set.evaluate(&input(5)).unwrap().outcome, Outcome::Block);
    let lowered = set.evaluate(&input(-5)).unwrap();
    assert_eq!(lowered.outcome, Outcome::Escalate);
    assert_eq!(lowered.quorum.len(), 1);
    assert!(lowered.flags.iter().any(|flag| flag.rule == "block_of_decrease_lifted"));
}

#[test]
fn no_rule_matched_goes_to_people() {
    let never = BLOCKS.replace("budget_change", "something_else");
    let set = PolicySet::compile(&one_rule("brand", &never), data()).unwrap();
    let evaluation = set.evaluate(&input(1)).unwrap();
    assert_eq!(evaluation.outcome, Outcome::Escalate);
    assert!(evaluation.rules_fired.is_empty());
    assert_eq!(evaluation.flags[0].rule, "no_rule_matched");
}

proptest! {
    #[test]
    fn only_ordinary_changes_of_one_mind_are_signed_together(
        found in prop::collection::vec((layer(), finding()), 0..4),
    ) {
        let joined = join::join(&base(), &found, &[], &input(10));
        let Some(class) = joined.batch_class else { return Ok(()) };
        prop_assert!(joined.outcome < Outcome::Hold && joined.risk_tier < RiskTier::High);
        prop_assert!(found.iter().all(|(_, one)| one.batch_class.as_ref() == Some(&class)));
        prop_assert!(!found.is_empty());
    }
}

/// `parts` in place of those of a finding that is right.
fn finding_with(parts: &str) -> Vec<(String, String)> {
    let given = |name: &str| parts.contains(&format!("\"{name}\":"));
    let right = [
        ("rule", r#""odd""#),
        ("outcome", r#""allow""#),
        ("risk_tier", r#""low""#),
        ("words", r#""?""#),
    ];
    let others: Vec<_> = right
        .iter()
        .filter(|(name, _)| !given(name))
        .map(|(name, value)| format!(r#""{name}": {value}"#))
        .collect();
    one_rule("brand", &format!("findings contains {{{parts}, {}}} if true", others.join(", ")))
}

/// Constants are judged when the policy is loaded, what is computed when the rule has run.
#[test]
fn findings_that_no_verdict_can_hold_are_refused_or_block() {
    let long = "a".repeat(56);
    let roles: Vec<_> = (0..33).map(|at| format!(r#""r{}": 1"#, "a".repeat(at))).collect();
    let (long_id, many) =
        (format!(r#""rule": "{long}""#), format!(r#""roles": {{{}}}"#, roles.join(", ")));
    for (constant, computed) in [
        (r#""outcome": "perhaps""#, r#""outcome": concat("", ["per", "haps"])"#),
        (r#""roles": {"ops": 0}"#, r#""roles": {"ops": input.shared_by - 1}"#),
        (r#""roles": {"ops": 17}"#, r#""roles": {"ops": input.shared_by + 16}"#),
        (r#""roles": {"Ops": 1}"#, r#""roles": {concat("", ["O", "ps"]): 1}"#),
        (many.as_str(), r#""roles": {concat("", ["O", "ps"]): 1}"#),
        (r#""sla_minutes": 0"#, r#""sla_minutes": input.shared_by - 1"#),
        (r#""sla_minutes": 525601"#, r#""sla_minutes": input.shared_by + 525600"#),
        (
            r#""ladder": [{"after_minutes": 0, "role": "legal"}]"#,
            r#""ladder": [{"after_minutes": input.shared_by - 1, "role": "legal"}]"#,
        ),
        (
            r#""ladder": [{"after_minutes": 1, "role": ""}]"#,
            r#""ladder": [{"after_minutes": 1, "role": concat("", [])}]"#,
        ),
        (r#""rule": "Bad Id""#, r#""rule": concat(" ", ["bad", "id"])"#),
        (long_id.as_str(), r#""rule": concat("", ["a" | some _ in numbers.range(1, 56)])"#),
        (r#""words": """#, r#""words": concat("", [])"#),
        (r#""words": "a\u0007b""#, r#""words": concat("\n", ["a", "b"])"#),
        (r#""batch_class": "Routine""#, r#""batch_class": concat("", ["Rou", "tine"])"#),
    ] {
        let refused = PolicySet::compile(&finding_with(constant), data()).expect_err(constant);
        assert_eq!((refused.file.as_str(), refused.line), ("one.rego", 3), "{constant}: {refused}");
        let set = PolicySet::compile(&finding_with(computed), data()).unwrap();
        let evaluation = set.evaluate(&input(1)).unwrap();
        assert_eq!(evaluation.outcome, Outcome::Block, "{computed}");
        assert_eq!(evaluation.flags[0].rule, "policy_error", "{computed}");
        assert_eq!(set.evaluate(&input(-1)).unwrap().outcome, Outcome::Escalate, "{computed}");
    }
}

#[test]
fn bad_policies_are_refused_with_their_place() {
    let refused = |body: &str| PolicySet::compile(&one_rule("brand", body), data()).unwrap_err();
    let error = refused("findings contains x if {\n  x := \n}");
    assert_eq!(error.file, "one.rego");
    assert!(error.line >= 4, "{error}");
    // No rule reaches a clock, a network or randomness.
    for reach in ["time.now_ns()", "http.send({})", "rand.intn(\"a\", 2)", "uuid.rfc4122(\"a\")"] {
        refused(&format!("findings contains x if x := {reach}"));
    }
    let stranger = PolicySet::compile(&one_rule("bramd", BLOCKS), data()).unwrap_err();
    assert!(stranger.words.contains("countersign.bramd is no layer"), "{stranger}");
    assert!(PolicySet::compile(&[], data()).is_err());
}

#[test]
fn data_that_lets_nobody_sign_is_refused() {
    for (pointer, value) in [
        ("/base/roles", json!({})),
        ("/base/sla_minutes", json!(0)),
        ("/base/extra", json!(1)),
        ("/version", json!("")),
        ("/version", json!("two\nlines")),
        ("/limits", json!({})),
        ("/currency", json!("usd")),
        ("/base/roles", json!({"ops": 17})),
        ("/layers/brand", json!({})),
        ("/frozen_campaigns", json!({"123 456": "relaunch"})),
        ("/daily_caps_micros", json!({"123": 0})),
    ] {
        let mut data = data();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        data.pointer_mut(parent).unwrap()[key] = value;
        let refused = PolicySet::compile(&files(), data).unwrap_err();
        assert_eq!(refused.file, "data.json", "{pointer}");
    }
}

#[test]
fn a_lower_limit_that_relaxes_is_rejected_and_flagged() {
    let mut data = data();
    data["layers"]["campaign"]["limits"]["max_change_percent"] = 50.into();
    let set = PolicySet::compile(&files(), data).unwrap();
    assert_eq!(set.conflicts().len(), 1);
    let evaluation = set.evaluate(&input(25)).unwrap();
    assert!(evaluation.rules_fired.iter().any(|rule| rule == "budget_change_over_limit"));
    assert!(evaluation.flags.iter().any(|flag| flag.rule == "max_change_percent_rejected"));
}

#[test]
fn threads_share_one_set() {
    let set = published();
    let expected = set.evaluate(&input(25)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for percent in [5, -5, 120, 25] {
                    let evaluation = set.evaluate(&input(percent)).unwrap();
                    assert_eq!(evaluation == expected, percent == 25);
                }
            });
        }
    });
}

/// Each outcome is enforced somewhere: this match must grow with the enum.
#[test]
fn every_outcome_reaches_an_enforcement_point() {
    let set = published();
    let judge = |input: PolicyInput| set.evaluate(&input).unwrap();
    for evaluation in [
        judge(input(8)),
        judge(input(25)),
        judge(input(120)),
        judge(PolicyInput { kind: "other".into(), direction: Direction::Increase, ..input(1) }),
    ] {
        match evaluation.outcome {
            // Eligible, and yet someone signs: the workspace is propose-only.
            Outcome::Allow | Outcome::Escalate => assert!(!evaluation.quorum.is_empty()),
            // The workflow's timer reads the tier: high never proceeds on a time-out.
            Outcome::Hold => {
                assert!(!evaluation.quorum.is_empty());
                assert_eq!(evaluation.risk_tier, RiskTier::High);
            }
            // No quorum can hold, so no Authorized<Action> can be made.
            Outcome::Block => assert!(evaluation.quorum.is_empty()),
        }
    }
}
