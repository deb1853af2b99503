//! Where a refused body departs from the official descriptor, and the one liberty Google allows.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::Value;

use crate::descriptor::Violation;

fn field_named(message: &MessageDescriptor, key: &str) -> Option<FieldDescriptor> {
    message.get_field_by_json_name(key).or_else(|| message.get_field_by_name(key))
}

/// Writes a snake_case path as JSON writes it: `campaign_budget.id` as `campaignBudget.id`.
#[must_use]
pub(crate) fn camel_case(path: &str) -> String {
    let mut camel = String::with_capacity(path.len());
    let mut raise = false;
    for character in path.chars() {
        if character == '_' {
            raise = true;
        } else if raise {
            camel.push(character.to_ascii_uppercase());
            raise = false;
        } else {
            camel.push(character);
        }
    }
    camel
}

/// Rewrites snake_case field masks as the decoder wants them; Google takes both.
pub(crate) fn normalise_masks(message: &MessageDescriptor, json: &mut Value) {
    let Value::Object(members) = json else {
        return;
    };
    for (key, value) in members {
        let Some(Kind::Message(kind)) = field_named(message, key).map(|field| field.kind()) else {
            continue;
        };
        match value {
            Value::String(mask) if kind.full_name() == "google.protobuf.FieldMask" => {
                *mask = camel_case(mask);
            }
            Value::Array(items) => {
                for item in items {
                    normalise_masks(&kind, item);
                }
            }
            other => normalise_masks(&kind, other),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Says where a refused body departs from the descriptor, in the words Google uses.
pub(crate) fn find_violations(
    message: &MessageDescriptor,
    json: &Value,
    path: &str,
    violations: &mut Vec<Violation>,
) {
    let Value::Object(members) = json else {
        return;
    };
    for (key, value) in members {
        let Some(field) = field_named(message, key) else {
            let place = if path.is_empty() { String::new() } else { format!(" at '{path}'") };
            violations.push(Violation {
                field: path.to_owned(),
                description: format!(
                    "Invalid JSON payload received. Unknown name \"{key}\"{place}: Cannot find field."
                ),
            });
            continue;
        };
        let here = join(path, key);
        match (value, field.is_list()) {
            (Value::Array(items), true) => {
                for (index, item) in items.iter().enumerate() {
                    check_value(&field, item, &format!("{here}[{index}]"), violations);
                }
            }
            (value, _) => check_value(&field, value, &here, violations),
        }
    }
}

fn check_value(
    field: &FieldDescriptor,
    value: &Value,
    path: &str,
    violations: &mut Vec<Violation>,
) {
    let (kind_name, fits) = match field.kind() {
        Kind::Message(kind) if value.is_object() => {
            return find_violations(&kind, value, path, violations);
        }
        // Well-known types have JSON forms of their own; the decoder's message stands for them.
        Kind::Message(kind) => (
            kind.full_name().to_owned(),
            kind.package_name() == "google.protobuf" || value.is_null(),
        ),
        Kind::Enum(kind) => {
            let fits = match value {
                Value::String(name) => kind.get_value_by_name(name).is_some(),
                other => other.is_number() || other.is_null(),
            };
            (kind.full_name().to_owned(), fits)
        }
        Kind::Int64 => ("TYPE_INT64".to_owned(), fits_integer::<i64>(value)),
        Kind::Int32 => ("TYPE_INT32".to_owned(), fits_integer::<i32>(value)),
        Kind::Bool => ("TYPE_BOOL".to_owned(), value.is_boolean() || value.is_null()),
        Kind::String => ("TYPE_STRING".to_owned(), value.is_string() || value.is_null()),
        _ => return,
    };
    if !fits {
        violations.push(Violation {
            field: path.to_owned(),
            description: format!("Invalid value at '{path}' ({kind_name}), {value}"),
        });
    }
}

fn fits_integer<N: std::str::FromStr + TryFrom<i64>>(value: &Value) -> bool {
    match value {
        Value::String(text) => text.parse::<N>().is_ok(),
        Value::Number(number) => number.as_i64().is_some_and(|n| N::try_from(n).is_ok()),
        other => other.is_null(),
    }
}
