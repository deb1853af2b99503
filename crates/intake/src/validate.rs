//! A draft is checked in three steps: the published schema, the types, and sense.

use crate::{DraftRefusal, IdempotencyKey, RefusalCode, Submission};
use countersign_model::{
    Draft,
    change::{KINDS, KindInfo},
    draft::DraftError,
    text::{TextError, check_text},
};
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

/// A validator of each kind's published JSON Schema (2020-12), by the kind's name.
static SCHEMAS: LazyLock<BTreeMap<&str, Validator>> = LazyLock::new(|| {
    let compiled = KINDS.iter().filter_map(|kind| {
        let schema = serde_json::from_str(kind.schema).ok()?;
        Some((kind.name, jsonschema::draft202012::new(&schema).ok()?))
    });
    compiled.collect()
});

/// The member of a draft tool's arguments that is not part of the draft.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency_key";

/// Reads a draft of a kind and the key that it was sent under.
///
/// # Errors
/// The [`DraftRefusal`] of the first thing that is wrong, with its place.
pub fn read_draft(kind: &KindInfo, value: &Value) -> Result<Submission, DraftRefusal> {
    check_texts(value)?;
    let file = format!("schemas/{}.schema.json", kind.name);
    let Some(schema) = SCHEMAS.get(kind.name) else {
        let message = format!("the gate's {file} cannot be read; ask its administrator");
        return Err(refusal(RefusalCode::Unavailable, "", &message));
    };
    if let Some(error) = schema.iter_errors(value).next() {
        let message = format!("{}; {}", error.masked(), advice(&error, &file));
        return Err(refusal(RefusalCode::SchemaInvalid, error.instance_path().as_str(), &message));
    }
    let unreadable = |path: &str, error: &dyn std::fmt::Display| {
        let words = format!("{error}; see {file}");
        refusal(RefusalCode::SchemaInvalid, path, &words)
    };
    let mut value = value.clone();
    let key = value.as_object_mut().and_then(|members| members.remove(IDEMPOTENCY_KEY));
    let key: Option<IdempotencyKey> = serde_json::from_value(key.unwrap_or_default())
        .map_err(|error| unreadable("/idempotency_key", &error))?;
    let draft: Draft = serde_json::from_value(value).map_err(|error| unreadable("", &error))?;
    draft.check().map_err(|error| refusal(code(error), path(error), &error.to_string()))?;
    Ok(Submission { key, draft })
}

/// Checks every text in a tool's arguments, keys included, whatever the schema says of it:
/// what a person reads later is all there is.
///
/// # Errors
/// The [`DraftRefusal`] of the first one that hides something, with its place.
pub(crate) fn check_texts(value: &Value) -> Result<(), DraftRefusal> {
    check_below(value, &mut Vec::new())
}

fn check_below<'a>(value: &'a Value, place: &mut Vec<Step<'a>>) -> Result<(), DraftRefusal> {
    let refuse = |place: &[Step<'_>], what: &str, error: TextError| {
        let pointer: String = place.iter().map(Step::pointer).collect();
        let field = place.iter().rev().find_map(Step::name).unwrap_or("the draft");
        refusal(RefusalCode::SchemaInvalid, &pointer, &format!("{what}{field} {error}"))
    };
    match value {
        Value::String(text) => {
            check_text(text, usize::MAX).map_err(|error| refuse(place, "", error))
        }
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            place.push(Step::Item(index));
            check_below(item, place)?;
            place.pop();
            Ok(())
        }),
        Value::Object(fields) => fields.iter().try_for_each(|(key, item)| {
            check_text(key, usize::MAX).map_err(|error| refuse(place, "a key of ", error))?;
            place.push(Step::Field(key));
            check_below(item, place)?;
            place.pop();
            Ok(())
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// One step on the way to a value.
enum Step<'a> {
    Field(&'a str),
    Item(usize),
}

impl Step<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Field(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Self::Item(index) => format!("/{index}"),
        }
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Field(key) => Some(key),
            Self::Item(_) => None,
        }
    }
}

fn refusal(code: RefusalCode, path: &str, message: &str) -> DraftRefusal {
    DraftRefusal { code, path: path.into(), message: message.into() }
}

fn advice(error: &ValidationError<'_>, file: &str) -> Cow<'static, str> {
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { .. } => {
            "remove the field that the schema does not name".into()
        }
        ValidationErrorKind::Required { .. } => "add the missing field".into(),
        ValidationErrorKind::Type { .. }
            if error.instance_path().as_str().ends_with("/amount_micros") =>
        {
            "write micros as a whole number in a string, such as \"25500000\"".into()
        }
        ValidationErrorKind::Pattern { .. } | ValidationErrorKind::Type { .. } => {
            format!("the field's description in {file} says which form it takes").into()
        }
        _ => format!("correct the field as {file} describes it").into(),
    }
}

const fn code(error: DraftError) -> RefusalCode {
    match error {
        DraftError::Currency | DraftError::SideCurrency => RefusalCode::CurrencyMismatch,
        _ => RefusalCode::DraftInvalid,
    }
}

fn path(error: DraftError) -> &'static str {
    match error {
        DraftError::Currency
        | DraftError::NoChange
        | DraftError::Flight
        | DraftError::Creative(_) => "/change/after",
        DraftError::Side { name: "from", .. } => "/change/from",
        DraftError::Side { .. } => "/change/to",
        DraftError::Negative
        | DraftError::State
        | DraftError::Bid
        | DraftError::Strategy
        | DraftError::Set(_)
        | DraftError::Twice
        | DraftError::SideCurrency
        | DraftError::Unbalanced => "/change",
        DraftError::Window => "/change/window",
        DraftError::Interval => "/predicted_lift",
        DraftError::Confidence => "/confidence",
        DraftError::Risk(_) => "/risk_factors",
        DraftError::Backtest(_) => "/backtest",
        DraftError::Empty(_) | DraftError::Count { .. } | DraftError::Demanded(_) => "",
    }
}
