//! Google's error bodies: `GoogleAdsFailure` inside `google.rpc.Status`, and `google.rpc.BadRequest`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::descriptor::{DescriptorError, PACKAGE, Schema, Violation};

/// One `GoogleAdsError`.
#[derive(Debug, Clone, PartialEq)]
pub struct AdsError {
    /// Name of the code's enum as a JSON field, such as `campaignBudgetError`.
    pub category: &'static str,
    /// The code, such as `MONEY_AMOUNT_TOO_LARGE`.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
    /// The value that caused it, as `google.ads…common.Value` in JSON.
    pub trigger: Option<Box<Value>>,
    /// Where: `(field name, index)` from the root of the request.
    pub location: Vec<(String, Option<usize>)>,
    /// `ErrorDetails` in JSON.
    pub details: Option<Box<Value>>,
}

impl AdsError {
    /// An error without place, trigger or details.
    #[must_use]
    pub fn new(category: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            category,
            code,
            message: message.into(),
            trigger: None,
            location: Vec::new(),
            details: None,
        }
    }

    /// Places the error at a field of an update, such as `operations[0].update.amount_micros`.
    #[must_use]
    pub fn at(mut self, index: usize, path: &[&str]) -> Self {
        self.location = std::iter::once(("operations".to_owned(), Some(index)))
            .chain(path.iter().map(|name| ((*name).to_owned(), None)))
            .collect();
        self
    }

    /// Names the whole number that caused the error.
    #[must_use]
    pub fn caused_by_int(mut self, value: i64) -> Self {
        self.trigger = Some(Box::new(json!({"int64Value": value})));
        self
    }

    /// Names the text that caused the error.
    #[must_use]
    pub fn caused_by_text(mut self, value: &str) -> Self {
        self.trigger = Some(Box::new(json!({"stringValue": value})));
        self
    }

    /// Adds `ErrorDetails`.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    fn to_json(&self) -> Value {
        let mut error = json!({
            "errorCode": {self.category: self.code},
            "message": self.message,
        });
        if let Some(trigger) = &self.trigger {
            error["trigger"] = trigger.as_ref().clone();
        }
        if !self.location.is_empty() {
            let elements: Vec<_> = self
                .location
                .iter()
                .map(|(name, index)| match index {
                    Some(index) => json!({"fieldName": name, "index": index}),
                    None => json!({"fieldName": name}),
                })
                .collect();
            error["location"] = json!({"fieldPathElements": elements});
        }
        if let Some(details) = &self.details {
            error["details"] = details.as_ref().clone();
        }
        error
    }
}

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// The body does not parse as the official message.
    BadRequest(Vec<Violation>),
    /// The API said no.
    Ads {
        /// HTTP status; the canonical status name follows from it.
        status: StatusCode,
        /// At least one.
        errors: Vec<AdsError>,
    },
    /// There is no such version, path or method.
    NotFound,
}

impl Refusal {
    /// 400 `INVALID_ARGUMENT`.
    #[must_use]
    pub fn invalid(errors: Vec<AdsError>) -> Self {
        Self::Ads { status: StatusCode::BAD_REQUEST, errors }
    }

    /// One error with a status of its own.
    #[must_use]
    pub fn one(status: StatusCode, error: AdsError) -> Self {
        Self::Ads { status, errors: vec![error] }
    }

    /// HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Ads { status, .. } => *status,
            Self::NotFound => StatusCode::NOT_FOUND,
        }
    }

    /// The body: `{"error": {…}}`.
    ///
    /// # Errors
    /// [`DescriptorError`] when an error is not one of the official ones.
    pub fn body(&self, schema: &Schema, request_id: &str) -> Result<Value, DescriptorError> {
        let status = self.status();
        let (name, message) = status_words(status);
        let mut error = json!({"code": status.as_u16(), "message": message, "status": name});
        match self {
            Self::BadRequest(violations) => {
                error["message"] = violations
                    .first()
                    .map_or(Value::from(message), |first| first.description.clone().into());
                error["details"] = json!([bad_request(schema, violations)?]);
            }
            Self::Ads { errors, .. } => {
                error["details"] = json!([failure(schema, errors, request_id)?]);
            }
            Self::NotFound => {}
        }
        Ok(json!({"error": error}))
    }
}

/// A `GoogleAdsFailure` as it stands in `details`, `@type` first.
///
/// # Errors
/// [`DescriptorError`] when an error is not one of the official ones.
pub fn failure(
    schema: &Schema,
    errors: &[AdsError],
    request_id: &str,
) -> Result<Value, DescriptorError> {
    let errors: Vec<_> = errors.iter().map(AdsError::to_json).collect();
    let body = schema
        .render("errors.GoogleAdsFailure", json!({"errors": errors, "requestId": request_id}))?;
    Ok(typed(&format!("{PACKAGE}.errors.GoogleAdsFailure"), body))
}

fn bad_request(schema: &Schema, violations: &[Violation]) -> Result<Value, DescriptorError> {
    let violations: Vec<_> = violations
        .iter()
        .map(|v| json!({"field": v.field, "description": v.description}))
        .collect();
    let name = "google.rpc.BadRequest";
    let body = schema.render(name, json!({"fieldViolations": violations}))?;
    Ok(typed(name, body))
}

fn typed(name: &str, body: Value) -> Value {
    let mut whole = json!({"@type": format!("type.googleapis.com/{name}")});
    if let (Some(whole), Value::Object(members)) = (whole.as_object_mut(), body) {
        whole.extend(members);
    }
    whole
}

/// Canonical status name and the sentence Google sends with it.
fn status_words(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
        401 => (
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login \
             cookie or other valid authentication credential.",
        ),
        403 => ("PERMISSION_DENIED", "The caller does not have permission"),
        404 => ("NOT_FOUND", "Requested entity was not found."),
        409 => ("ABORTED", "The operation was aborted."),
        429 => ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        _ => ("INTERNAL", "Internal error encountered."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_body_is_reproduced() {
        let schema = Schema::load().unwrap();
        let error =
            AdsError::new("campaignBudgetError", "BUDGET_BELOW_PER_DAY_MINIMUM", "Too low.")
                .at(0, &["update", "amount_micros"])
                .caused_by_int(1000)
                .with_details(json!({"budgetPerDayMinimumErrorDetails": {
                "currencyCode": "USD", "budgetPerDayMinimumMicros": 5_000_000,
                "minimumBudgetAmountMicros": 5_000_000, "failedBudgetAmountMicros": 1000}}));
        let body = Refusal::invalid(vec![error]).body(&schema, "r-1").unwrap();
        let expected = r#"{"error":{"code":400,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure","errors":[{"errorCode":{"campaignBudgetError":"BUDGET_BELOW_PER_DAY_MINIMUM"},"message":"Too low.","trigger":{"int64Value":"1000"},"location":{"fieldPathElements":[{"fieldName":"operations","index":0},{"fieldName":"update"},{"fieldName":"amount_micros"}]},"details":{"budgetPerDayMinimumErrorDetails":{"currencyCode":"USD","budgetPerDayMinimumMicros":"5000000","minimumBudgetAmountMicros":"5000000","failedBudgetAmountMicros":"1000"}}}],"requestId":"r-1"}]}}"#;
        assert_eq!(body, serde_json::from_str::<Value>(expected).unwrap());
    }

    #[test]
    fn a_code_that_google_does_not_have_cannot_be_sent() {
        let schema = Schema::load().unwrap();
        let error = AdsError::new("campaignBudgetError", "NO_SUCH_CODE", "");
        assert!(Refusal::invalid(vec![error]).body(&schema, "r").is_err());
    }
}
