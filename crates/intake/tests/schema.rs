//! The published schema and `model::Draft` describe the same drafts.
#![allow(clippy::unwrap_used, clippy::panic)]

use countersign_intake::{DraftRefusal, RefusalCode, Submission};
use countersign_model::{Draft, change::KINDS};
use jiff::ToSpan as _;
use proptest::prelude::*;
use serde_json::{Value, json};

fn example() -> Value {
    serde_json::from_str(include_str!("../../../schemas/examples/budget_change.json")).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(KINDS[0].schema).unwrap()
}

fn read_draft(draft: &Value) -> Result<Submission, DraftRefusal> {
    countersign_intake::read_draft(&KINDS[0], draft)
}

#[test]
fn the_published_example_is_a_draft() {
    let submission = read_draft(&example()).unwrap();
    assert_eq!(submission.key, None);
    assert_eq!(serde_json::to_value(&submission.draft).unwrap(), example());
}

#[test]
fn a_key_is_read_beside_the_draft_and_is_no_part_of_it() {
    let plain = read_draft(&example()).unwrap();
    let longest = "!~".repeat(127) + "k";
    for key in ["0192f0c1-7b1e-7c3a-9d57-3f1f6f2a9c11", "k", longest.as_str()] {
        let mut keyed = example();
        keyed["idempotency_key"] = key.into();
        let read = read_draft(&keyed).unwrap();
        assert_eq!((read.key.unwrap().as_str(), &read.draft), (key, &plain.draft));
    }
    let mut none = example();
    none["idempotency_key"] = json!(null);
    assert_eq!(read_draft(&none).unwrap(), plain);
    let long = "k".repeat(256);
    for bad in [json!(""), json!("two words"), json!("schlüssel"), json!(7), json!(long)] {
        let mut keyed = example();
        keyed["idempotency_key"] = bad;
        let refusal = read_draft(&keyed).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.path.as_str()),
            (RefusalCode::SchemaInvalid, "/idempotency_key"),
            "{keyed}"
        );
    }
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
    let cases: [(&str, Value, RefusalCode, &str); 35] = [
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
        ("/uncertainty", json!(" "), RefusalCode::SchemaInvalid, "/uncertainty"),
        (
            "/risk_factors/brand_safety",
            json!(1.01),
            RefusalCode::SchemaInvalid,
            "/risk_factors/brand_safety",
        ),
        (
            "/risk_factors/audience_reach",
            json!(-0.01),
            RefusalCode::SchemaInvalid,
            "/risk_factors/audience_reach",
        ),
        ("/risk_factors/mood", json!(0.1), RefusalCode::SchemaInvalid, "/risk_factors"),
        ("/next_steps", json!([]), RefusalCode::SchemaInvalid, "/next_steps"),
        ("/next_steps", json!(["once", ""]), RefusalCode::SchemaInvalid, "/next_steps/1"),
        (
            "/inputs_considered/0/kind",
            json!("rumours"),
            RefusalCode::SchemaInvalid,
            "/inputs_considered/0/kind",
        ),
        (
            "/inputs_considered/0/about",
            json!(""),
            RefusalCode::SchemaInvalid,
            "/inputs_considered/0/about",
        ),
        (
            "/source_references/0/digest",
            json!("ABC"),
            RefusalCode::SchemaInvalid,
            "/source_references/0/digest",
        ),
        (
            "/source_references/0/fetch",
            json!(true),
            RefusalCode::SchemaInvalid,
            "/source_references/0",
        ),
        ("/counterfactual", json!(" "), RefusalCode::SchemaInvalid, "/counterfactual"),
        ("/feature_attributions", json!({}), RefusalCode::SchemaInvalid, "/feature_attributions"),
        ("/backtest/actual", json!([1]), RefusalCode::SchemaInvalid, "/backtest"),
        ("/backtest/metric", json!("orders"), RefusalCode::SchemaInvalid, "/backtest/metric"),
        ("/backtest/level", json!(1), RefusalCode::SchemaInvalid, "/backtest/level"),
        ("/backtest/predictions", json!([]), RefusalCode::SchemaInvalid, "/backtest/predictions"),
        (
            "/backtest/fitted_from",
            json!("1.7.2026"),
            RefusalCode::SchemaInvalid,
            "/backtest/fitted_from",
        ),
        ("/backtest/fitted_until", json!("2026-10-22"), RefusalCode::DraftInvalid, "/backtest"),
        (
            "/backtest/predictions/0/predicted/low",
            json!(2_000),
            RefusalCode::DraftInvalid,
            "/backtest",
        ),
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
    for parent in [
        "",
        "/change",
        "/change/entity",
        "/change/before",
        "/predicted_lift",
        "/model",
        "/risk_factors",
        "/inputs_considered/0",
        "/source_references/0",
        "/backtest",
        "/backtest/predictions/0",
        "/backtest/predictions/0/predicted",
    ] {
        let keys: Vec<_> =
            example().pointer(parent).unwrap().as_object().unwrap().keys().cloned().collect();
        let optional = ["window", "backtest", "recommended_action", "counterfactual", "digest"];
        for key in keys.iter().filter(|key| !optional.contains(&key.as_str())) {
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

/// The schema and the types take the same drafts.
fn assert_judged_alike(draft: &Value) -> Result<(), TestCaseError> {
    let typed: Result<Draft, _> = serde_json::from_value(draft.clone());
    let sound = typed.is_ok_and(|typed| typed.check().is_ok());
    prop_assert_eq!(read_draft(draft).is_ok(), sound, "{}", draft);
    Ok(())
}

proptest! {
    #[test]
    fn what_the_model_holds_to_be_a_sound_backtest_passes_the_schema(
        days in 0i32..370, level in -1i64..1_000_002, spread in 0u64..20, value in 0u64..30,
        gap in 0i32..3, method in "\\PC{0,20}",
    ) {
        let first = jiff::civil::date(2026, 10, 21);
        let mut draft = example();
        let predictions: Vec<_> = (0..days)
            .map(|day| json!({
                "date": first.checked_add((gap + day).days()).unwrap().to_string(),
                "predicted": {"value": value, "low": value.saturating_sub(spread), "high": value.max(10)},
            }))
            .collect();
        draft["backtest"]["predictions"] = predictions.into();
        draft["backtest"]["level"] = json!(countersign_model::Ratio::from_millionths(level));
        draft["backtest"]["method"] = method.into();
        assert_judged_alike(&draft)?;
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
        assert_judged_alike(&draft)?;
    }
}

proptest! {
    #[test]
    fn what_the_model_holds_to_be_told_risk_passes_the_schema(
        risk in -2i64..1_000_003, factor in 0..5_usize, digest in prop::option::of("[0-9a-fA-F]{63,65}"),
        words in prop::option::of("\\PC{0,20}"), step in "\\PC{0,20}",
    ) {
        let mut draft = example();
        let (name, _) = countersign_model::draft::Grounds::sample().risk_factors.each()[factor];
        draft["risk_factors"][name] = json!(countersign_model::Ratio::from_millionths(risk));
        draft["source_references"][0]["digest"] = json!(digest);
        draft["recommended_action"] = json!(words);
        draft["counterfactual"] = json!(words);
        draft["next_steps"] = json!([step]);
        assert_judged_alike(&draft)?;
    }
}

/// One draft with a text in each place that takes one; the place and the draft.
fn each_text(text: &str) -> Vec<(&'static str, Value)> {
    let places = [
        "/rationale",
        "/trigger",
        "/likely_outcome",
        "/campaign_intent",
        "/model/id",
        "/model/version",
        "/uncertainty",
        "/escalation_rule",
        "/next_steps/0",
        "/inputs_considered/0/about",
        "/source_references/0/title",
        "/source_references/0/location",
        "/recommended_action",
        "/counterfactual",
        "/prompt",
        "/backtest/method",
    ];
    let with = |place: &'static str| {
        let mut draft = example();
        *draft.pointer_mut(place).unwrap() = text.into();
        (place, draft)
    };
    places.into_iter().map(with).collect()
}

/// The name in a place that is nearest to its end: an item is told by its list.
fn field_of(place: &str) -> &str {
    place.rsplit('/').find(|step| step.parse::<usize>().is_err()).unwrap()
}

#[test]
fn a_hidden_character_is_refused_in_every_text_by_name_and_place() {
    for (place, draft) in each_text("USD \u{202e}00.005\u{202c} per day") {
        let refusal = read_draft(&draft).unwrap_err();
        assert_eq!((refusal.code, refusal.path.as_str()), (RefusalCode::SchemaInvalid, place));
        let field = field_of(place);
        let words = format!("{field} holds the reordering character U+202E as character 5");
        assert!(refusal.message.starts_with(&words), "{refusal}");
        assert!(serde_json::from_value::<Draft>(draft).is_err(), "{place}: the type is laxer");
    }
    let mut draft = example();
    draft["feature_attributions"] = json!({"spend\u{200b}": 0.1});
    let refusal = read_draft(&draft).unwrap_err();
    assert_eq!(refusal.path, "/feature_attributions");
    assert!(refusal.message.contains("a key of feature_attributions holds the invisible"));
    // The specimen from the field.
    draft = example();
    draft["rationale"] = json!("Set the budget to USD \u{202e}00.005\u{202c} per day as agreed.");
    assert_eq!(read_draft(&draft).unwrap_err().path, "/rationale");
}

#[test]
fn each_bound_is_the_same_in_schema_and_type() {
    let words = |chars: usize| "ä".repeat(chars);
    for (place, most) in [
        ("/rationale", 4_000),
        ("/trigger", 4_000),
        ("/likely_outcome", 4_000),
        ("/campaign_intent", 4_000),
        ("/model/id", 200),
        ("/model/version", 200),
        ("/uncertainty", 4_000),
        ("/escalation_rule", 4_000),
        ("/next_steps/0", 500),
        ("/inputs_considered/0/about", 500),
        ("/source_references/0/title", 200),
        ("/source_references/0/location", 500),
        ("/recommended_action", 4_000),
        ("/counterfactual", 4_000),
        ("/prompt", 200_000),
        ("/backtest/method", 4_000),
    ] {
        for (chars, taken) in [(most, true), (most + 1, false)] {
            let mut draft = example();
            *draft.pointer_mut(place).unwrap() = words(chars).into();
            assert_eq!(read_draft(&draft).is_ok(), taken, "{place} of {chars}");
            assert_eq!(serde_json::from_value::<Draft>(draft).is_ok(), taken, "{place} of {chars}");
        }
    }
    for (place, least, most) in
        [("next_steps", 1, 10), ("inputs_considered", 1, 20), ("source_references", 0, 20)]
    {
        for count in [0, 1, most, most + 1] {
            let mut draft = example();
            let item = draft[place][0].clone();
            draft[place] = vec![item; count].into();
            let taken = (least..=most).contains(&count);
            assert_eq!(read_draft(&draft).is_ok(), taken, "{count} of {place}");
            let typed = serde_json::from_value::<Draft>(draft);
            assert_eq!(typed.is_ok_and(|draft| draft.check().is_ok()), taken, "{count} of {place}");
        }
    }
    let keys = |count: usize| (0..count).map(|one| (one.to_string(), json!(0.1))).collect();
    let attributions: [(Value, bool); 5] = [
        (Value::Object(keys(64)), true),
        (Value::Object(keys(65)), false),
        (json!({ words(100): 1 }), true),
        (json!({ words(101): 1 }), false),
        (json!({ "": 1 }), false),
    ];
    for (value, taken) in attributions {
        let mut draft = example();
        draft["feature_attributions"] = value;
        assert_eq!(read_draft(&draft).is_ok(), taken);
        let typed = serde_json::from_value::<Draft>(draft);
        assert_eq!(typed.is_ok_and(|draft| draft.check().is_ok()), taken);
    }
    for (place, value) in [
        ("/backtest/predictions/0/predicted/high", json!(1_u64 << 53)),
        ("/change/window/ends_at_ms", json!(253_402_300_800_000_i64)),
        ("/change/window/starts_at_ms", json!(-1)),
    ] {
        let mut draft = example();
        *draft.pointer_mut(place).unwrap() = value;
        assert!(read_draft(&draft).is_err(), "{place}");
        let typed = serde_json::from_value::<Draft>(draft);
        assert!(!typed.is_ok_and(|draft| draft.check().is_ok()), "{place}: the type is laxer");
    }
}

/// A pattern cannot say what stands beside a character: those that may be excused pass it.
#[test]
fn the_schema_refuses_the_characters_that_the_rule_always_refuses() {
    let schema = schema();
    let plain = jsonschema::draft202012::new(&schema["$defs"]["plain"]).unwrap();
    let excused = ['\r', '\u{200c}', '\u{200d}'].into_iter();
    let excused: Vec<char> =
        excused.chain('\u{180b}'..='\u{180f}').chain('\u{fe00}'..='\u{fe0f}').collect();
    for character in (0..0x2_0000).chain(0xD_FF00..0xE_1100).filter_map(char::from_u32) {
        let hidden = countersign_model::text::hidden(character).is_some();
        let refused = hidden && !excused.contains(&character);
        assert_eq!(plain.is_valid(&json!(character.to_string())), !refused, "{character:?}");
    }
}

/// What agents write in every script and on every system is taken: Persian, Hindi, emoji,
/// line breaks of Windows.
#[test]
fn what_writing_needs_passes_in_every_text() {
    for text in [
        "می\u{200c}خواهم بودجه کم\u{200c}تر شود.",
        "क्\u{200d}ष क्\u{200c}ष",
        "Ask the team 👩🏽\u{200d}🚀 ❤\u{fe0f}\u{200d}🔥",
        "One line.\r\n\r\nAnother.\r\n",
    ] {
        for (place, draft) in each_text(text) {
            let taken = read_draft(&draft).unwrap_or_else(|error| panic!("{place}: {error}"));
            let written = serde_json::to_value(taken.draft).unwrap();
            assert_eq!(written.pointer(place).unwrap(), text, "taken as it is");
        }
    }
    for (text, code_point) in [("a\rb", "U+000D"), ("ad\u{200d}min", "U+200D"), ("a\0", "U+0000")] {
        for (place, draft) in each_text(text) {
            let refusal = read_draft(&draft).unwrap_err();
            let field = field_of(place);
            assert_eq!(refusal.path, place);
            assert!(refusal.message.starts_with(&format!("{field} holds the ")), "{refusal}");
            assert!(refusal.message.contains(code_point), "{refusal}");
        }
    }
}
