//! What the published policy and its data make of places and audiences, from the signed change
//! to the verdict: an agent's word lowers and never lifts.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_model::{
    Action, Outcome, Proposal, TimestampMs, Verdict,
    verdict::{AutonomyMode::ProposeOnly, FactorKind},
};
use countersign_policy::{Trailing, judge};
use serde_json::{Value, json};
use support::{proposal, published};

/// 2026-11-20, a week before the sale, and a day within it.
const BEFORE: i64 = 1_795_132_800_000;
const WITHIN: i64 = BEFORE + 9 * 86_400_000;

/// A made-up change of a kind with other entries, as they might stand in a proposal that was
/// not made by an honest gate.
fn action(kind: &str, of: &[Value]) -> Action {
    let samples = Action::samples(TimestampMs::from_millis(0)).unwrap();
    let sample = samples.iter().find(|one| one.kind() == kind).unwrap();
    let mut value = serde_json::to_value(sample).unwrap();
    let after = if kind.ends_with("add") { "targeted" } else { "excluded" };
    let entries: Vec<_> =
        of.iter().map(|of| json!({ "of": of, "before": "absent", "after": after })).collect();
    value["entries"] = entries.into();
    serde_json::from_value(value).unwrap()
}

fn judged(action: Action, at_ms: i64) -> Verdict {
    let at = TimestampMs::from_millis(at_ms);
    let asked = Proposal { action, created_at_ms: at, ..proposal() };
    judge(&published(), &asked, Trailing::default(), ProposeOnly, at).unwrap().0
}

fn roles(verdict: &Verdict) -> Vec<String> {
    verdict.quorum.iter().map(|group| group.role.to_string()).collect()
}

fn rules(verdict: &Verdict) -> Vec<&str> {
    verdict.flags.iter().map(|flag| flag.rule.as_str()).collect()
}

fn site(name: &str, claimed: f64) -> Value {
    // What the agent's side would like the company to have said.
    let vetting = json!({
        "known": { "site": name }, "score": 1, "source": "forged", "high_risk": false,
    });
    json!({
        "place": { "site": name }, "claim": { "score": claimed, "source": "model" },
        "vetting": vetting,
    })
}

fn list(name: &str, claim: Value) -> Value {
    json!({
        "audience": { "user_list": "9" }, "claim": claim,
        "state": { "name": name, "made_of": "RULE_BASED", "size_for_display": 9_000 },
        "assessment": {
            "sensitive": [], "shoppers": false, "needs_consent": false, "source": "forged",
        },
    })
}

#[test]
fn a_place_is_judged_by_the_companys_data_and_never_better_than_that() {
    for (name, claimed, outcome, asked) in [
        ("news.example", 0.9, Outcome::Escalate, &["brand", "ops"][..]),
        ("news.example", 0.39, Outcome::Block, &[]),
        ("rumours.example", 0.99, Outcome::Block, &[]),
        ("blogs.rumours.example", 0.99, Outcome::Block, &[]),
        ("rumours.example/sport", 0.99, Outcome::Block, &[]),
        ("unheard-of.example", 0.99, Outcome::Escalate, &["brand", "ops"]),
    ] {
        let verdict = judged(action("placement_add", &[site(name, claimed)]), BEFORE);
        assert_eq!(verdict.outcome, outcome, "{name}: {:?}", rules(&verdict));
        assert_eq!(roles(&verdict), asked, "{name}");
        let is_unvetted = rules(&verdict).contains(&"place_not_vetted");
        assert_eq!(is_unvetted, !["news.example", "rumours.example"].contains(&name), "{name}");
    }
    let one_of_many = [site("news.example", 0.9), site("rumours.example", 0.9)];
    assert_eq!(judged(action("placement_add", &one_of_many), BEFORE).outcome, Outcome::Block);
    let exclude = action("placement_exclude", &one_of_many);
    assert_eq!(judged(exclude.clone(), BEFORE).outcome, Outcome::Escalate);
    let let_in_again = judged(exclude.inverse(), BEFORE);
    assert_eq!(let_in_again.outcome, Outcome::Block, "the other way round it is as bad");
    let taken_back = judged(action("placement_add", &one_of_many).inverse(), BEFORE);
    assert_eq!(
        (taken_back.outcome, roles(&taken_back)),
        (Outcome::Escalate, vec!["brand".into(), "ops".into()])
    );
}

#[test]
fn a_place_of_high_risk_is_signed_off_by_hand() {
    let verdict = judged(action("placement_add", &[site("politics.example", 0.9)]), BEFORE);
    assert_eq!(roles(&verdict), ["brand", "ops"]);
    assert_eq!(verdict.factors.to_decide, [FactorKind::Totp]);
}

#[test]
fn who_is_left_out_is_for_the_channels_owner_and_legal() {
    let consent = json!({ "consent": "consent", "regions": ["DE"] });
    let plain = judged(action("audience_exclude", &[list("Buyers", consent.clone())]), BEFORE);
    assert_eq!(plain.outcome, Outcome::Escalate);
    assert_eq!(roles(&plain), ["channel_owner", "legal", "ops"]);

    // The claim raises: they are about to buy, and the sale has begun, or will while it lasts.
    let shoppers = json!({ "consent": "consent", "regions": ["DE"], "shoppers": true });
    for at in [BEFORE, WITHIN] {
        let held = judged(action("audience_exclude", &[list("Carts", shoppers.clone())]), at);
        assert_eq!(held.outcome, Outcome::Hold);
        assert_eq!(roles(&held), ["channel_owner", "legal", "marketing_head", "ops"]);
    }
}

#[test]
fn what_the_law_protects_and_what_needs_consent_goes_to_legal() {
    let consent = json!({ "consent": "consent", "regions": ["DE"] });
    for name in ["Allergy guide readers", "Wähler Nord", "Muslim families"] {
        let verdict = judged(action("audience_add", &[list(name, consent.clone())]), BEFORE);
        assert_eq!(verdict.outcome, Outcome::Hold, "{name}");
        assert_eq!(roles(&verdict), ["channel_owner", "legal", "ops"]);
        assert_eq!(verdict.factors.to_decide, [FactorKind::Totp]);
    }
    let plain = judged(action("audience_add", &[list("Buyers", consent)]), BEFORE);
    assert_eq!(
        (plain.outcome, roles(&plain)),
        (Outcome::Escalate, vec!["channel_owner".into(), "ops".into()])
    );
    for claim in [
        json!({ "consent": "contract", "regions": ["DE"] }),
        json!({ "consent": "legitimate_interest", "regions": ["US", "AT"] }),
        json!({ "consent": "contract", "regions": [] }),
    ] {
        let verdict = judged(action("audience_add", &[list("Buyers", claim.clone())]), BEFORE);
        assert!(rules(&verdict).contains(&"audience_without_consent"), "{claim}");
        assert!(roles(&verdict).contains(&"legal".into()));
    }
    let abroad = json!({ "consent": "contract", "regions": ["US"] });
    let verdict = judged(action("audience_add", &[list("Buyers", abroad)]), BEFORE);
    assert!(!rules(&verdict).contains(&"audience_without_consent"));
}
