//! The published schema and `model::Draft` describe the same drafts.
#![allow(clippy::unwrap_used, clippy::panic)]

use countersign_intake::{BUDGET_CHANGE_SCHEMA, RefusalCode, read_draft};
use countersign_model::Draft;
use proptest::prelude::*;
use serde_json::{Value, json};

fn example() -> Value {
    serde_json::from_str(include_str!("../../../schemas/examples/budget_change.json")).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(BUDGET_CHANGE_SCHEMA).unwrap()
}

#[test]
fn the_published_example_is_a_draft() {
    let draft = read_draft(&example()).unwrap();
    assert_eq!(serde_json::to_value(&draft).unwrap(), example());
}

#[test]
fn every_object_is_closed_and_the_schema_is_2020_12() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
    fn closed(value: &Value, place: &str) {
        if let Some(object) = value.as_object() {
            let is_object = object.get("type").is_some_and(|kind| {
                kind == "object"
                    || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("object")))
            });
            assert!(!is_object || object.contains_key("additionalProperties"), "{place} is open");
            object.iter().for_each(|(key, inner)| closed(inner, &format!("{place}/{key}")));
        }
    }
    closed(&schema(), "");
}

#[test]
fn each_bad_field_is_named() {
    let cases: [(&str, Value, RefusalCode, &str); 17] = [
        ("/extra", json!(1), RefusalCode::SchemaInvalid, ""),
        ("/change/extra", json!(1), RefusalCode::SchemaInvalid, "/change"),
        ("/change/before/unit", json!("cents"), RefusalCode::SchemaInvalid, "/change/before"),
        ("/change/after", json!(625), RefusalCode::SchemaInvalid, "/change/after"),
        (
            "/change/after/amount_micros",
            json!(625_000_000),
            RefusalCode::SchemaInvalid,
            "/change/after/amount_micros",
        ),
        (
            "/change/after/amount_micros",
            json!("625.5"),
            RefusalCode::SchemaInvalid,
            "/change/after/amount_micros",
        ),
        (
            "/change/after/amount_micros",
            json!("NaN"),
            RefusalCode::SchemaInvalid,
            "/change/after/amount_micros",
        ),
        (
            "/change/after/amount_micros",
            json!("-1"),
            RefusalCode::SchemaInvalid,
            "/change/after/amount_micros",
        ),
        ("/change/after/currency", json!("EUR"), RefusalCode::CurrencyMismatch, "/change/after"),
        (
            "/change/after/amount_micros",
            json!("500000000"),
            RefusalCode::DraftInvalid,
            "/change/after",
        ),
        (
            "/change/proposal_type",
            json!("delete"),
            RefusalCode::SchemaInvalid,
            "/change/proposal_type",
        ),
        ("/change/window/ends_at_ms", json!(1), RefusalCode::DraftInvalid, "/change/window"),
        ("/predicted_lift/low", json!(0.5), RefusalCode::DraftInvalid, "/predicted_lift"),
        ("/confidence", json!("0.79"), RefusalCode::SchemaInvalid, "/confidence"),
        ("/confidence", json!(1.01), RefusalCode::SchemaInvalid, "/confidence"),
        ("/rationale", json!("   "), RefusalCode::SchemaInvalid, "/rationale"),
        ("/feature_attributions", json!({}), RefusalCode::SchemaInvalid, "/feature_attributions"),
    ];
    for (pointer, value, code, path) in cases {
        let mut draft = example();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        draft.pointer_mut(parent).unwrap()[key] = value;
        let refusal = read_draft(&draft).unwrap_err();
        assert_eq!((refusal.code, refusal.path.as_str()), (code, path), "{pointer}: {refusal}");
        assert!(refusal.message.len() > 20, "{pointer}: {refusal}");
    }
}

#[test]
fn every_required_field_is_required_model_metadata_included() {
    for parent in ["", "/change", "/change/entity", "/change/before", "/predicted_lift", "/model"] {
        let keys: Vec<_> =
            example().pointer(parent).unwrap().as_object().unwrap().keys().cloned().collect();
        for key in keys.iter().filter(|key| *key != "window") {
            let mut draft = example();
            draft.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
            let refusal = read_draft(&draft).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::SchemaInvalid, "{parent}/{key}");
            assert!(refusal.message.contains(key.as_str()), "{parent}/{key}: {refusal}");
            assert!(
                serde_json::from_value::<Draft>(draft).is_err(),
                "{parent}/{key}: the type is laxer"
            );
        }
    }
}

proptest! {
    #[test]
    fn what_the_model_holds_to_be_sound_passes_the_schema(
        before in 0i64.., after in 0i64.., low in -1_000_000i64..0, high in 0i64..1_000_000,
        confidence in 0i64..=1_000_000, words in "\\PC{1,200}", window in any::<bool>(),
        signals in prop::collection::btree_map("[a-z_]{1,20}", -1_000_000i64..1_000_000, 1..8),
    ) {
        let ratio = countersign_model::Ratio::from_millionths;
        let mut draft = example();
        draft["change"]["before"]["amount_micros"] = before.to_string().into();
        draft["change"]["after"]["amount_micros"] = after.to_string().into();
        draft["predicted_lift"] = json!({"value": ratio(0), "low": ratio(low), "high": ratio(high)});
        draft["confidence"] = json!(ratio(confidence));
        draft["rationale"] = words.into();
        draft["feature_attributions"] = signals.into_iter().map(|(name, weight)| (name, json!(ratio(weight)))).collect();
        if !window {
            draft["change"].as_object_mut().unwrap().remove("window");
        }
        let typed: Result<Draft, _> = serde_json::from_value(draft.clone());
        let sound = typed.is_ok_and(|typed| typed.check().is_ok());
        prop_assert_eq!(read_draft(&draft).is_ok(), sound, "{}", draft);
    }
}
