//! What draft and proposal share stands flat in their JSON, and nothing else gets in beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use countersign_model::Draft;
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
