//! `schemas/policy_data.schema.json` says exactly what is accepted as policy data.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_policy::{
    PolicySet,
    limits::{Unit, known_limits},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{data, files, folder};

fn schema() -> Value {
    let path = folder().join("../schemas/policy_data.schema.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn accepts(data: &Value) -> bool {
    // Rules are another matter: only what is said about the document counts here.
    match PolicySet::compile(&files(), data.clone()) {
        Ok(_) => true,
        Err(error) => error.file != "data.json",
    }
}

#[test]
fn every_known_limit_is_listed_with_unit_meaning_and_range() {
    let schema = schema();
    let listed = schema["$defs"]["limits"]["properties"].as_object().unwrap();
    let names: BTreeSet<_> = known_limits().map(|limit| limit.name).collect();
    assert_eq!(listed.keys().map(String::as_str).collect::<BTreeSet<_>>(), names);
    for limit in known_limits() {
        let entry = &listed[limit.name];
        let (least, most, whole) = limit.unit.range();
        let unit = match limit.unit {
            Unit::Percent => "percent",
            Unit::Ratio => "ratio",
            Unit::Micros => "micros",
            Unit::Campaigns => "campaigns",
            Unit::People => "people",
        };
        assert_eq!(entry["description"], limit.meaning, "{}", limit.name);
        assert_eq!(entry["x-unit"], unit, "{}", limit.name);
        assert_eq!(entry["type"], if whole { "integer" } else { "number" }, "{}", limit.name);
        assert_eq!(entry["minimum"].as_f64(), Some(least), "{}", limit.name);
        assert_eq!(entry["maximum"].as_f64(), Some(most), "{}", limit.name);
        assert!(matches!(limit.name.get(..4), Some("max_" | "min_")), "{}", limit.name);
        // Its conflict is flagged under a name that a flag can hold.
        assert!(
            limit.name.len() + "_rejected".len() <= countersign_policy::finding::MAX_RULE_BYTES
        );
    }
}

#[test]
fn every_field_is_described_and_every_object_is_closed() {
    fn look(value: &Value, place: &str) {
        let Some(object) = value.as_object() else { return };
        if let Some(properties) = object.get("properties").and_then(Value::as_object) {
            assert_eq!(object["additionalProperties"], false, "{place}");
            for (name, field) in properties {
                let words = field["description"].as_str().unwrap_or_default();
                assert!(words.len() > 3 && words.ends_with('.'), "{place}/{name}");
            }
        }
        for (key, inner) in object {
            look(inner, &format!("{place}/{key}"));
        }
    }
    look(&schema(), "");
}

/// Every place of a document, as JSON pointers.
fn places(value: &Value, place: &str, all: &mut Vec<String>) {
    all.push(place.to_owned());
    for (key, inner) in value.as_object().into_iter().flatten() {
        places(inner, &format!("{place}/{key}"), all);
    }
    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
        places(inner, &format!("{place}/{index}"), all);
    }
}

fn full() -> Value {
    let mut full = data();
    full["frozen_campaigns"] = json!({"123": "relaunch"});
    full["daily_caps_micros"] = json!({"123": 5_000_000});
    full["base"]["ladder"] = json!([{"after_minutes": 10, "role": "finance_head"}]);
    for layer in ["protocol", "brand", "campaign"] {
        for limit in known_limits() {
            let value = if limit.unit == Unit::Ratio { 1 } else { 100 };
            full["layers"][layer]["limits"][limit.name] = value.into();
        }
    }
    full
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!({})),
        Just(json!([])),
        Just(json!([{"after_minutes": 0, "role": "ops"}])),
        Just(json!(["totp"])),
        Just(json!({"ops": 1})),
        Just(json!({"Ops": 1})),
        (-2i64..20).prop_map(|number| json!(number)),
        prop_oneof![
            Just(525_600),
            Just(525_601),
            Just(1_000_000),
            Just(1_000_001),
            Just(100_001),
            Just(9_007_199_254_740_991),
            Just(9_007_199_254_740_992),
            Just(i64::MAX)
        ]
        .prop_map(|number: i64| json!(number)),
        Just(json!(u64::MAX)),
        // 1.0 is left out: JSON Schema calls it an integer, the loader wants it written as 1.
        (-20i32..40).prop_map(|tenths| json!(f64::from(tenths) / 10.0 + 0.05)),
        "[a-zA-Z0-9._-]{0,4}".prop_map(|text| json!(text)),
        prop_oneof![
            Just("low"),
            Just("USD"),
            Just("human_owned"),
            Just("ä ö"),
            Just("a\nb"),
            Just("\u{85}")
        ]
        .prop_map(|text| json!(text)),
        prop_oneof![Just(80), Just(81), Just(64), Just(65)].prop_map(|n| json!("x".repeat(n))),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("limits".to_owned()),
        Just("max_other".to_owned()),
        Just("ops".to_owned()),
        Just("007".to_owned()),
        Just("1".repeat(20)),
        Just("1".repeat(21)),
        "[a-z_]{1,33}",
        "[0-9]{1,21}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_schema_and_the_loader_agree(
        which in any::<prop::sample::Index>(), value in value(), name in name(), kind in 0..3,
    ) {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let mut document = full();
        let mut all = Vec::new();
        places(&document, "", &mut all);
        let place = which.get(&all);
        let target = document.pointer_mut(place).unwrap();
        match (kind, target.as_object_mut()) {
            (0, Some(object)) => { object.insert(name, value); }
            (1, Some(object)) => {
                let first = object.keys().next().cloned();
                first.map(|key| object.remove(&key));
            }
            _ => *target = value,
        }
        prop_assert_eq!(
            validator.is_valid(&document), accepts(&document),
            "{}: {:?}", document, PolicySet::compile(&files(), document.clone()).err()
        );
    }
}

#[test]
fn the_published_data_fits() {
    assert!(jsonschema::is_valid(&schema(), &data()) && accepts(&data()));
    assert!(jsonschema::is_valid(&schema(), &full()) && accepts(&full()));
}
