//! The verdict is a function: two sets that were compiled apart, old and fresh machines, and
//! several threads give the same bytes.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_model::{
    Action, Outcome, Proposal, Ratio, TimestampMs, canonical,
    change::{Creative, PolicyFlag},
    draft::RiskFactors,
    verdict::AutonomyMode::ProposeOnly,
};
use countersign_policy::{PolicyInput, PolicySet, Trailing, judge};
use proptest::prelude::*;
use support::{budget, grounds, proposal, published};

const NOW: TimestampMs = TimestampMs::from_millis(1_795_237_200_000);

fn bytes(set: &PolicySet, proposal: &Proposal, trailing: Trailing) -> Vec<u8> {
    let (verdict, digest) = judge(set, proposal, trailing, ProposeOnly, NOW).unwrap();
    [canonical::to_bytes(&verdict).unwrap(), digest.as_bytes().to_vec()].concat()
}

thread_local! {
    static SETS: (PolicySet, PolicySet) = (published(), published());
}

proptest! {
    #[test]
    fn the_same_question_gets_the_same_bytes(
        after in 1i64..400_000_000, lift in -100_000i64..300_000, confidence in 0i64..1_000_000,
        shared_by in 1u32..4, increases in prop_oneof![Just(0), 0i64..2_000_000_000],
    ) {
        let mut asked = Proposal {
            action: budget(100_000_000, after, shared_by),
            ..proposal()
        };
        let said = grounds(&mut asked);
        said.confidence = Ratio::from_millionths(confidence);
        said.predicted_lift.value = Ratio::from_millionths(lift);
        let trailing = Trailing { increases_micros: increases };
        SETS.with(|(used, other)| {
            let first = bytes(used, &asked, trailing);
            // The first set's machine has now seen this question, the other's has not; and
            // neither may remember what it was asked in between.
            bytes(used, &proposal(), Trailing::default());
            prop_assert_eq!(&first, &bytes(used, &asked, trailing));
            prop_assert_eq!(&first, &bytes(other, &asked, trailing));
            Ok(())
        })?;
    }
}

#[test]
fn threads_and_fresh_sets_agree() {
    let shared = published();
    let asked: Vec<_> = (1..60)
        .map(|step| Proposal { action: budget(100_000_000, step * 5_000_000, 1), ..proposal() })
        .collect();
    let expected: Vec<_> =
        asked.iter().map(|one| bytes(&shared, one, Trailing::default())).collect();
    std::thread::scope(|scope| {
        for turn in 0..4 {
            let (shared, asked, expected) = (&shared, &asked, &expected);
            scope.spawn(move || {
                let own = published();
                for at in 0..asked.len() {
                    // Each thread in an order of its own.
                    let at = (at * 7 + turn * 11) % asked.len();
                    for set in [shared, &own] {
                        assert_eq!(bytes(set, &asked[at], Trailing::default()), expected[at]);
                    }
                }
            });
        }
    });
}

#[test]
fn it_is_facts_evaluation_and_verdict_in_one() {
    let set = published();
    let trailing = Trailing { increases_micros: 3_000_000 };
    let facts = PolicyInput::of(&proposal(), trailing, ProposeOnly);
    let evaluation = set.evaluate(&facts).unwrap();
    let (verdict, digest) = judge(&set, &proposal(), trailing, ProposeOnly, NOW).unwrap();
    assert_eq!(digest, facts.digest());
    assert_eq!((verdict.outcome, &verdict.quorum), (Outcome::Escalate, &evaluation.quorum));
    assert_eq!((verdict.workspace, verdict.proposal), (proposal().workspace, proposal().id));
    assert_eq!(verdict.evaluated_at_ms, NOW);
    assert_eq!(verdict.decide_by_ms, NOW.plus_ms(evaluation.sla_ms));
    assert_eq!(&verdict.policy, set.reference());
}

/// The rule that `docs/formats/drafts.md` shows for a workspace that has the role.
#[test]
fn a_rule_may_ask_for_more_because_of_what_the_agent_says_of_risk() {
    let page = include_str!("../../../docs/formats/drafts.md");
    let (_, rule) = page.split_once("```rego\n").unwrap();
    let (rule, _) = rule.split_once("```").unwrap();
    let mut sources = support::files();
    sources
        .push(("corporate/risk.rego".into(), format!("package countersign.corporate\n\n{rule}")));
    let set = PolicySet::compile(&sources, support::data()).unwrap();
    let asks_legal = |millionths| {
        let mut asked = proposal();
        grounds(&mut asked).risk_factors.regulatory_sensitivity =
            Ratio::from_millionths(millionths);
        let (verdict, _) = judge(&set, &asked, Trailing::default(), ProposeOnly, NOW).unwrap();
        verdict.quorum.iter().any(|group| group.role.to_string() == "legal")
    };
    assert_eq!((asks_legal(699_999), asks_legal(700_000)), (false, true));
}

#[test]
fn each_risk_is_a_fact_of_its_own() {
    let mut asked = proposal();
    let of = Ratio::from_millionths;
    grounds(&mut asked).risk_factors = RiskFactors {
        financial_exposure: of(100_000),
        brand_safety: of(200_000),
        regulatory_sensitivity: of(300_000),
        audience_reach: of(400_000),
        deviation_from_intent: of(500_000),
    };
    let facts = PolicyInput::of(&asked, Trailing::default(), ProposeOnly);
    let written = serde_json::to_value(facts).unwrap();
    for (name, risk) in grounds(&mut asked).risk_factors.each() {
        let fact = &written[format!("risk_{name}")];
        assert_eq!(fact, &serde_json::to_value(risk).unwrap(), "{name}");
    }
}

/// An ad whose first headline becomes this, of which the agent says this.
fn swap(headline: &str, flags: &[&str]) -> Proposal {
    let samples = Action::samples(NOW).unwrap();
    let sample = samples.into_iter().find(|action| action.swap().is_some());
    let Some(Action::CreativeSwap(mut swap)) = sample else { unreachable!() };
    let Creative::ResponsiveSearch(ad) = &mut swap.new.creative;
    ad.headlines[0].text = headline.into();
    swap.policy_flags = flags.iter().map(|flag| PolicyFlag((*flag).into())).collect();
    Proposal { action: Action::CreativeSwap(swap), ..proposal() }
}

#[test]
fn words_of_the_lists_are_found_in_what_others_would_read() {
    let set = published();
    let judged = |proposal: &Proposal| {
        let verdict = judge(&set, proposal, Trailing::default(), ProposeOnly, NOW).unwrap().0;
        let roles = verdict.quorum.iter().map(|group| group.role.to_string());
        let words = verdict.flags.iter().map(|flag| flag.words.clone());
        (roles.collect::<Vec<_>>(), words.collect::<Vec<_>>().join(" "))
    };
    let (roles, words) = judged(&swap("Light rain jackets", &[]));
    assert_eq!(roles, ["editor", "ops"], "{words}");
    for (headline, said) in [
        ("Cures every cold", "“cure*” (medical claim)"),
        ("ＧＵＡＲＡＮＴＥＥＤ dry", "“guarantee*” (guarantee)"),
        ("Passives Einkommen", "“passives einkommen” (financial claim)"),
        ("Schmerzfreie Schultern", "“schmerzfrei*” (medical claim)"),
    ] {
        let (roles, words) = judged(&swap(headline, &[]));
        assert!(roles.contains(&"legal".into()) && words.contains(said), "{headline}: {words}");
    }
    let (roles, _) = judged(&swap("Light rain jackets", &["health_claim"]));
    assert!(roles.contains(&"legal".into()), "the agent's own flag can only add");
}

#[test]
fn the_digest_of_the_facts_covers_the_texts() {
    let set = published();
    let digest = |headline: &str| {
        judge(&set, &swap(headline, &[]), Trailing::default(), ProposeOnly, NOW).unwrap().1
    };
    assert_ne!(digest("Light rain jackets"), digest("Light rain coats"));
    assert_eq!(digest("Light rain jackets"), digest("Light rain jackets"));
}
