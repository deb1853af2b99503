//! Google's own descriptor of API v26: what requests may say and how answers are written.

use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor,
    ReflectMessage as _, Value as ProtoValue,
};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::violations::{find_violations, normalise_masks};

const DESCRIPTOR_SET: &[u8] = include_bytes!("../descriptor/google_ads_v26.binpb");
/// Prefix of every v26 message name.
pub const PACKAGE: &str = "google.ads.googleads.v26";
const FIELD_BEHAVIOR: &str = "google.api.field_behavior";
const FIELD_BEHAVIOR_OUTPUT_ONLY: i32 = 3;
const FIELD_BEHAVIOR_IMMUTABLE: i32 = 5;

/// The descriptor could not serve.
#[derive(Debug, thiserror::Error)]
pub enum DescriptorError {
    /// The checked-in set is damaged.
    #[error("descriptor/google_ads_v26.binpb does not load: make it again as its README says")]
    Damaged(#[source] prost_reflect::DescriptorError),
    /// The checked-in set lacks a message.
    #[error("descriptor/google_ads_v26.binpb lacks {0}: make it again as its README says")]
    UnknownMessage(String),
    /// An answer of ours does not fit the official message.
    #[error("an answer does not fit {message}")]
    Misfit {
        /// Full name of the message.
        message: String,
        /// What did not fit.
        #[source]
        source: serde_json::Error,
    },
}

/// One thing wrong with a request, as `google.rpc.BadRequest` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path from the root of the request, such as `operations[0].update`; empty for the whole.
    pub field: String,
    /// What is wrong, in Google's words.
    pub description: String,
}

/// The loaded descriptor.
#[derive(Debug, Clone)]
pub struct Schema {
    pool: DescriptorPool,
    /// What was written before, by message and content.
    written: Arc<Mutex<HashMap<String, Value>>>,
}

/// How many messages are remembered; an account has fewer rows than this.
const MAX_WRITTEN: usize = 4_096;

impl Schema {
    /// Loads the checked-in descriptor set.
    ///
    /// # Errors
    /// [`DescriptorError::Damaged`].
    pub fn load() -> Result<Self, DescriptorError> {
        DescriptorPool::decode(DESCRIPTOR_SET)
            .map(|pool| Self { pool, written: Arc::default() })
            .map_err(DescriptorError::Damaged)
    }

    /// The message `name`, relative to [`PACKAGE`] unless it starts with `google.`.
    ///
    /// # Errors
    /// [`DescriptorError::UnknownMessage`].
    pub fn message(&self, name: &str) -> Result<MessageDescriptor, DescriptorError> {
        let full_name =
            if name.starts_with("google.") { name.to_owned() } else { format!("{PACKAGE}.{name}") };
        self.pool.get_message_by_name(&full_name).ok_or(DescriptorError::UnknownMessage(full_name))
    }

    /// Decodes a request body strictly; field masks may be snake_case, as Google takes them.
    ///
    /// # Errors
    /// The violations, to be answered as `google.rpc.BadRequest`.
    pub fn decode(
        &self,
        message: &MessageDescriptor,
        body: &[u8],
    ) -> Result<DynamicMessage, Vec<Violation>> {
        let mut json: Value = serde_json::from_slice(body).map_err(|error| {
            vec![Violation {
                field: String::new(),
                description: format!("Invalid JSON payload received. {error}"),
            }]
        })?;
        normalise_masks(message, &mut json);
        let strict = DeserializeOptions::new().deny_unknown_fields(true);
        DynamicMessage::deserialize_with_options(message.clone(), &json, &strict).map_err(|error| {
            let mut violations = Vec::new();
            find_violations(message, &json, "", &mut violations);
            if violations.is_empty() {
                violations.push(Violation {
                    field: String::new(),
                    description: format!("Invalid JSON payload received. {error}"),
                });
            }
            violations
        })
    }

    /// Writes `json` as the official message writes itself: int64 as strings, camelCase names,
    /// fields without presence omitted when they are the default.
    ///
    /// # Errors
    /// [`DescriptorError`] when `json` is not such a message.
    pub fn render(&self, message: &str, json: Value) -> Result<Value, DescriptorError> {
        let descriptor = self.message(message)?;
        let misfit = |source| DescriptorError::Misfit { message: message.to_owned(), source };
        let decoded = DynamicMessage::deserialize(descriptor, json).map_err(misfit)?;
        serde_json::to_value(&decoded).map_err(misfit)
    }

    /// As [`Schema::render`], for what is read over and over: a row has hundreds of fields, and
    /// going through them for each day of a series is most of what an answer costs.
    ///
    /// # Errors
    /// As [`Schema::render`].
    pub fn render_again(&self, message: &str, json: Value) -> Result<Value, DescriptorError> {
        let key = format!("{message} {json}");
        let lock = || self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return Ok(known.clone());
        }
        let written = self.render(message, json)?;
        let mut known = lock();
        if known.len() >= MAX_WRITTEN {
            known.clear();
        }
        known.insert(key, written.clone());
        Ok(written)
    }

    /// Follows a snake_case path such as `campaign_budget.amount_micros` from `message`.
    #[must_use]
    pub fn field_at(&self, message: &MessageDescriptor, path: &str) -> Option<FieldDescriptor> {
        let mut parts = path.split('.').peekable();
        let mut current = message.clone();
        while let Some(part) = parts.next() {
            let field = current.get_field_by_name(part)?;
            if parts.peek().is_none() {
                return Some(field);
            }
            let Kind::Message(next) = field.kind() else {
                return None;
            };
            current = next;
        }
        None
    }

    /// True when the official annotations forbid writing `field` in an update.
    #[must_use]
    pub fn is_read_only(&self, field: &FieldDescriptor) -> bool {
        self.has_behavior(field, FIELD_BEHAVIOR_OUTPUT_ONLY)
            || self.has_behavior(field, FIELD_BEHAVIOR_IMMUTABLE)
    }

    fn has_behavior(&self, field: &FieldDescriptor, wanted: i32) -> bool {
        let Some(extension) = self.pool.get_extension_by_name(FIELD_BEHAVIOR) else {
            return false;
        };
        let options = field.options();
        let value = options.get_extension(&extension);
        value.as_list().is_some_and(|list| {
            list.iter().any(|behavior| behavior.as_enum_number() == Some(wanted))
        })
    }
}

/// Reads a string field that the descriptor guarantees; empty when unset.
#[must_use]
pub fn string_field(message: &DynamicMessage, name: &str) -> String {
    message
        .get_field_by_name(name)
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Reads a bool field that the descriptor guarantees; false when unset.
#[must_use]
pub fn bool_field(message: &DynamicMessage, name: &str) -> bool {
    message.get_field_by_name(name).and_then(|value| value.as_bool()).unwrap_or_default()
}

/// Reads an int64 field that the descriptor guarantees; zero when unset.
#[must_use]
pub fn int_field(message: &DynamicMessage, name: &str) -> i64 {
    message.get_field_by_name(name).and_then(|value| value.as_i64()).unwrap_or_default()
}

/// Reads an enum field by the name of its value; empty when the number has no name.
#[must_use]
pub fn enum_field(message: &DynamicMessage, name: &str) -> String {
    let number = message.get_field_by_name(name).and_then(|value| value.as_enum_number());
    let kind = message.descriptor().get_field_by_name(name).map(|field| field.kind());
    match (kind, number) {
        (Some(Kind::Enum(kind)), Some(number)) => {
            kind.get_value(number).map(|value| value.name().to_owned()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// Reads a sub-message when it is set.
#[must_use]
pub fn message_field(message: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    if !message.has_field_by_name(name) {
        return None;
    }
    let value = message.get_field_by_name(name)?;
    value.as_message().cloned()
}

/// Reads the paths of a field mask; empty when unset.
#[must_use]
pub fn mask_field(message: &DynamicMessage, name: &str) -> Vec<String> {
    let Some(mask) = message_field(message, name) else {
        return Vec::new();
    };
    mask.get_field_by_name("paths")
        .and_then(|paths| {
            paths.as_list().map(|list| {
                list.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()
            })
        })
        .unwrap_or_default()
}

/// The elements of a repeated message field.
#[must_use]
pub fn list_field(message: &DynamicMessage, name: &str) -> Vec<DynamicMessage> {
    message
        .get_field_by_name(name)
        .and_then(|value| {
            value
                .as_list()
                .map(|list| list.iter().filter_map(ProtoValue::as_message).cloned().collect())
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const REQUEST: &str = "services.MutateCampaignBudgetsRequest";

    fn violations(body: &Value) -> Vec<Violation> {
        let schema = Schema::load().unwrap();
        let message = schema.message(REQUEST).unwrap();
        schema.decode(&message, body.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn a_request_survives_the_round_trip_through_the_official_message() {
        let schema = Schema::load().unwrap();
        let message = schema.message(REQUEST).unwrap();
        let body = json!({
            "operations": [{
                "updateMask": "amountMicros",
                "update": {"resourceName": "customers/1/campaignBudgets/2", "amountMicros": "25500000"}
            }],
            "validateOnly": true,
            "responseContentType": "MUTABLE_RESOURCE"
        });
        let decoded = schema.decode(&message, body.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&decoded).unwrap(), body);
        let operation = &list_field(&decoded, "operations")[0];
        assert_eq!(mask_field(operation, "update_mask"), ["amount_micros"]);
        let update = message_field(operation, "update").unwrap();
        assert_eq!(int_field(&update, "amount_micros"), 25_500_000);
        assert_eq!(enum_field(&decoded, "response_content_type"), "MUTABLE_RESOURCE");
    }

    #[test]
    fn snake_case_masks_and_names_are_taken() {
        let schema = Schema::load().unwrap();
        let message = schema.message(REQUEST).unwrap();
        let body = br#"{"operations":[{"update_mask":"amount_micros,name","update":{"amount_micros":1}}]}"#;
        let decoded = schema.decode(&message, body).unwrap();
        let operation = &list_field(&decoded, "operations")[0];
        assert_eq!(mask_field(operation, "update_mask"), ["amount_micros", "name"]);
    }

    #[test]
    fn unknown_fields_name_their_place() {
        let found = violations(&json!({"operations": [{"update": {"budgetMicros": "1"}}]}));
        assert_eq!(
            found,
            [Violation {
                field: "operations[0].update".to_owned(),
                description: "Invalid JSON payload received. Unknown name \"budgetMicros\" at \
                              'operations[0].update': Cannot find field."
                    .to_owned()
            }]
        );
    }

    #[test]
    fn bad_enums_bad_numbers_and_bad_json_are_refused() {
        let found = violations(&json!({"responseContentType": "EVERYTHING"}));
        assert_eq!(found[0].field, "responseContentType");
        assert!(found[0].description.contains("ResponseContentType"), "{found:?}");
        let found = violations(&json!({"operations": [{"update": {"amountMicros": "1.5"}}]}));
        assert_eq!(found[0].field, "operations[0].update.amountMicros");
        let schema = Schema::load().unwrap();
        let message = schema.message(REQUEST).unwrap();
        let found = schema.decode(&message, b"{\"operations\":[NaN]}").unwrap_err();
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn official_annotations_say_what_is_read_only() {
        let schema = Schema::load().unwrap();
        let budget = schema.message("resources.CampaignBudget").unwrap();
        for (name, read_only) in [
            ("amount_micros", false),
            ("name", false),
            ("period", true),
            ("type", true),
            ("reference_count", true),
        ] {
            let field = schema.field_at(&budget, name).unwrap();
            assert_eq!(schema.is_read_only(&field), read_only, "{name}");
        }
        assert!(schema.field_at(&budget, "amount").is_none());
    }

    #[test]
    fn answers_render_as_google_writes_them() {
        let schema = Schema::load().unwrap();
        let row = json!({"campaign_budget": {"amount_micros": 5_000_000_i64, "period": "DAILY"}});
        assert_eq!(
            schema.render("services.GoogleAdsRow", row).unwrap(),
            json!({"campaignBudget": {"amountMicros": "5000000", "period": "DAILY"}})
        );
        assert!(schema.render("services.GoogleAdsRow", json!({"nonsense": 1})).is_err());
    }
}
