//! What draft and proposal share stands flat in their JSON, and nothing else gets in beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use countersign_model::{
    Draft, Ratio,
    draft::{DraftError, Grounds},
};
use serde_json::{Value, json};

fn example() -> Value {
    serde_json::from_str(include_str!("../../../schemas/examples/budget_change.json")).unwrap()
}

fn read(draft: &Value) -> Result<Draft, serde_json::Error> {
    serde_json::from_str(&draft.to_string())
}

#[test]
fn grounds_stand_flat_and_are_read_back() {
    let mut draft = example();
    draft.as_object_mut().unwrap().remove("idempotency_key");
    let written = serde_json::to_value(read(&draft).unwrap()).unwrap();
    assert_eq!(written, draft);
    assert!(written.get("grounds").is_none());
}

#[test]
fn what_is_unknown_missing_or_comes_twice_is_refused() {
    let mut unknown = example();
    unknown["mood"] = json!("good");
    let words = read(&unknown).unwrap_err().to_string();
    assert!(words.contains("unknown field `mood`"), "{words}");
    let mut missing = example();
    missing.as_object_mut().unwrap().remove("rationale");
    let words = read(&missing).unwrap_err().to_string();
    assert!(words.contains("missing field `rationale`"), "{words}");
    let twice = example().to_string().replacen('{', r#"{"rationale":"first","#, 1);
    let words = serde_json::from_str::<Draft>(&twice).unwrap_err().to_string();
    assert!(words.contains("duplicate field `rationale`"), "{words}");
    let mut long = example();
    long["rationale"] = json!("x".repeat(4_001));
    assert!(read(&long).is_err(), "its bounds hold");
}

#[test]
fn what_is_made_up_is_sound() {
    assert_eq!(Grounds::sample().check(false), Ok(()));
}

/// A change to sound grounds, and what is said of them then.
type Fault = (fn(&mut Grounds), DraftError, &'static str);

#[test]
fn each_fault_is_named_with_its_field() {
    let faults: [Fault; 18] = [
        (|own| own.uncertainty = " ".into(), DraftError::Empty("uncertainty"), "uncertainty must"),
        (
            |own| own.escalation_rule.clear(),
            DraftError::Empty("escalation_rule"),
            "escalation_rule must not be empty",
        ),
        (
            |own| own.risk_factors.financial_exposure = Ratio::from_millionths(-1),
            DraftError::Risk("financial_exposure"),
            "risk_factors.financial_exposure must lie between 0 and 1",
        ),
        (
            |own| own.risk_factors.brand_safety = Ratio::from_millionths(1_000_001),
            DraftError::Risk("brand_safety"),
            "risk_factors.brand_safety must",
        ),
        (
            |own| own.risk_factors.regulatory_sensitivity = Ratio::from_millionths(1_000_001),
            DraftError::Risk("regulatory_sensitivity"),
            "risk_factors.regulatory_sensitivity must",
        ),
        (
            |own| own.risk_factors.audience_reach = Ratio::from_millionths(1_000_001),
            DraftError::Risk("audience_reach"),
            "risk_factors.audience_reach must",
        ),
        (
            |own| own.risk_factors.deviation_from_intent = Ratio::from_millionths(1_000_001),
            DraftError::Risk("deviation_from_intent"),
            "risk_factors.deviation_from_intent must",
        ),
        (
            |own| own.next_steps.clear(),
            DraftError::Count { name: "next_steps", min: 1, max: 10 },
            "next_steps must hold 1 to 10 items",
        ),
        (
            |own| own.next_steps = vec!["again".into(); 11],
            DraftError::Count { name: "next_steps", min: 1, max: 10 },
            "next_steps must hold 1 to 10 items",
        ),
        (
            |own| own.next_steps.push("\t".into()),
            DraftError::Empty("next_steps: each step"),
            "next_steps: each step must not be empty",
        ),
        (
            |own| own.inputs_considered.clear(),
            DraftError::Count { name: "inputs_considered", min: 1, max: 20 },
            "inputs_considered must hold 1 to 20 items",
        ),
        (
            |own| own.inputs_considered = vec![own.inputs_considered[0].clone(); 21],
            DraftError::Count { name: "inputs_considered", min: 1, max: 20 },
            "inputs_considered must",
        ),
        (
            |own| own.inputs_considered[0].about.clear(),
            DraftError::Empty("inputs_considered: about"),
            "inputs_considered: about must not be empty",
        ),
        (
            |own| own.source_references = vec![own.source_references[0].clone(); 21],
            DraftError::Count { name: "source_references", min: 0, max: 20 },
            "source_references must hold 0 to 20 items",
        ),
        (
            |own| own.source_references[0].title.clear(),
            DraftError::Empty("source_references: title"),
            "source_references: title must",
        ),
        (
            |own| own.source_references[0].location.clear(),
            DraftError::Empty("source_references: location"),
            "source_references: location must",
        ),
        (
            |own| own.recommended_action = Some(String::new()),
            DraftError::Empty("recommended_action"),
            "recommended_action must not be empty",
        ),
        (
            |own| own.counterfactual = Some(" ".into()),
            DraftError::Empty("counterfactual"),
            "counterfactual must not be empty",
        ),
    ];
    for (spoil, error, words) in faults {
        let mut grounds = Grounds::sample();
        spoil(&mut grounds);
        assert_eq!(grounds.check(false), Err(error));
        assert!(error.to_string().starts_with(words), "{error}");
    }
    let mut least = Grounds::sample();
    least.source_references.clear();
    least.risk_factors.financial_exposure = Ratio::from_millionths(1_000_000);
    least.risk_factors.brand_safety = Ratio::from_millionths(0);
    assert_eq!(least.check(false), Ok(()), "what is on the bound is within it");
}

#[test]
fn a_kind_may_demand_the_action_and_the_counterfactual() {
    let mut grounds = Grounds::sample();
    grounds.recommended_action = None;
    grounds.counterfactual = None;
    assert_eq!(grounds.check(false), Ok(()));
    assert_eq!(grounds.check(true), Err(DraftError::Demanded("recommended_action")));
    grounds.recommended_action = Some("Exclude the placement.".into());
    let missing = grounds.check(true).unwrap_err();
    assert_eq!(missing, DraftError::Demanded("counterfactual"));
    assert_eq!(missing.to_string(), "counterfactual must be given for this kind of change");
    grounds.counterfactual = Some("Below 2 % invalid clicks it would have stayed.".into());
    assert_eq!(grounds.check(true), Ok(()));
}
