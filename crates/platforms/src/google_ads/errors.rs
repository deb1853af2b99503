//! What a failure allows, by Google's error codes and not by HTTP status; an unknown code
//! is final, and on a write with a server error it is ambiguous.

use super::transport::Intent;
use countersign_executor::{ErrorClass, PlatformError};
use serde_json::Value;

/// Waited when the platform asks for quiet without saying how long, in milliseconds.
const DEFAULT_DELAY_MS: u64 = 60_000;

/// An error that this connector found by itself.
pub(crate) fn of_gate(code: &str, message: &str) -> PlatformError {
    PlatformError {
        class: ErrorClass::Final,
        code: code.into(),
        message: message.into(),
        request_id: None,
    }
}

/// An answer that is not of the documented shape. After a write nobody knows.
pub(crate) fn unreadable(intent: Intent, request_id: Option<String>) -> PlatformError {
    PlatformError {
        class: if intent == Intent::Write { ErrorClass::Ambiguous } else { ErrorClass::Final },
        request_id,
        ..of_gate("gate.ANSWER_NOT_UNDERSTOOD", "the answer is not of the documented shape")
    }
}

/// A call that got no answer.
pub(crate) fn of_transport(error: &reqwest::Error) -> PlatformError {
    let (class, code) = if error.is_connect() {
        // The request never left, so nothing can have been written.
        (ErrorClass::RetryAfterReread, "transport.NOT_CONNECTED")
    } else if error.is_timeout() {
        (ErrorClass::Ambiguous, "transport.TIMEOUT")
    } else {
        (ErrorClass::Ambiguous, "transport.BROKEN")
    };
    PlatformError { class, ..of_gate(code, "the ad platform did not answer") }
}

/// The parts of an answer: a stream is an array, and any of its elements may be the error
/// that cut it.
pub(super) fn parts(body: &Value) -> impl Iterator<Item = &Value> {
    body.as_array().map_or(std::slice::from_ref(body), Vec::as_slice).iter()
}

/// Reads an error answer, wherever in a stream the error stands.
pub(crate) fn of_answer(
    status: u16,
    body: &Value,
    intent: Intent,
    request_id: Option<String>,
) -> PlatformError {
    let error = parts(body).find_map(|part| part.get("error"));
    // A stream that broke after it had begun says 200 outside and the error's own code inside.
    let own_status = || u16::try_from(error?.get("code")?.as_u64()?).ok();
    let status = if status == 200 { own_status().unwrap_or(status) } else { status };
    let details = error.and_then(|error| error.get("details")).and_then(Value::as_array);
    let failure = details.into_iter().flatten().find(|detail| detail.get("errors").is_some());
    let first = failure.and_then(|failure| failure.get("errors")?.get(0));
    let named = first
        .and_then(|first| first.get("errorCode")?.as_object()?.iter().next())
        .and_then(|(family, code)| Some((family.as_str(), code.as_str()?)));
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let message = text(first.and_then(|first| first.get("message")))
        .or_else(|| text(error.and_then(|error| error.get("message"))))
        .unwrap_or_default();
    let request_id = text(failure.and_then(|failure| failure.get("requestId"))).or(request_id);
    let (code, class) = match named {
        Some((family, code)) => {
            let delay_ms = first.and_then(retry_delay_ms).unwrap_or(DEFAULT_DELAY_MS);
            (format!("{family}.{code}"), classify(family, code, status, intent, delay_ms))
        }
        None => (format!("http.{status}"), classify_status(status, intent)),
    };
    PlatformError { class, code, message, request_id }
}

fn classify(family: &str, code: &str, status: u16, intent: Intent, delay_ms: u64) -> ErrorClass {
    match (family, code) {
        ("databaseError", "CONCURRENT_MODIFICATION")
        | ("internalError", "TRANSIENT_ERROR")
        | ("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED") => ErrorClass::RetryAfterReread,
        ("internalError", "INTERNAL_ERROR" | "DEADLINE_EXCEEDED") => ErrorClass::Ambiguous,
        ("quotaError", "RESOURCE_EXHAUSTED") => ErrorClass::WaitUntil { delay_ms },
        (
            "authenticationError",
            "OAUTH_TOKEN_EXPIRED"
            | "OAUTH_TOKEN_INVALID"
            | "OAUTH_TOKEN_REVOKED"
            | "GOOGLE_ACCOUNT_COOKIE_INVALID",
        ) => ErrorClass::RefreshToken,
        ("authenticationError" | "authorizationError", _)
        | ("requestError", "UNSUPPORTED_VERSION") => ErrorClass::Operator,
        _ if status >= 500 => classify_status(status, intent),
        _ => ErrorClass::Final,
    }
}

fn classify_status(status: u16, intent: Intent) -> ErrorClass {
    match status {
        401 => ErrorClass::RefreshToken,
        // A version that was switched off answers 404 without a code.
        403 | 404 => ErrorClass::Operator,
        429 => ErrorClass::WaitUntil { delay_ms: DEFAULT_DELAY_MS },
        503 if intent != Intent::Write => ErrorClass::RetryAfterReread,
        500.. => ErrorClass::Ambiguous,
        _ => ErrorClass::Final,
    }
}

/// `retryDelay` is a protobuf duration such as `60s` or `1.500s`; parts of a second are
/// rounded up.
fn retry_delay_ms(error: &Value) -> Option<u64> {
    let text = error.get("details")?.get("quotaErrorDetails")?.get("retryDelay")?.as_str()?;
    let seconds = text.strip_suffix('s')?;
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole: u64 = whole.parse().ok()?;
    whole.checked_add(u64::from(part.bytes().any(|digit| digit != b'0')))?.checked_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(family: &str, code: &str) -> Value {
        json!({"error": {"code": 400, "message": "no", "status": "X", "details": [{
            "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
            "errors": [{"errorCode": {family: code}, "message": "why"}],
            "requestId": "r-1",
        }]}})
    }

    #[test]
    fn classes_follow_the_error_code() {
        use ErrorClass::{Ambiguous, Final, Operator, RefreshToken, RetryAfterReread};
        for (family, code, status, class) in [
            ("databaseError", "CONCURRENT_MODIFICATION", 409, RetryAfterReread),
            ("internalError", "TRANSIENT_ERROR", 500, RetryAfterReread),
            ("internalError", "INTERNAL_ERROR", 500, Ambiguous),
            ("authenticationError", "OAUTH_TOKEN_EXPIRED", 401, RefreshToken),
            ("authenticationError", "NOT_ADS_USER", 401, Operator),
            ("authorizationError", "USER_PERMISSION_DENIED", 403, Operator),
            ("campaignBudgetError", "MONEY_AMOUNT_TOO_LARGE", 400, Final),
            ("neverSeenError", "NEW", 400, Final),
            ("neverSeenError", "NEW", 500, Ambiguous),
        ] {
            let error = of_answer(status, &answer(family, code), Intent::Write, None);
            assert_eq!(error.class, class, "{family}.{code}");
            assert_eq!(error.code, format!("{family}.{code}"));
            assert_eq!(error.request_id.as_deref(), Some("r-1"));
        }
    }

    #[test]
    fn a_stream_wraps_its_error_in_an_array() {
        let wrapped = json!([answer("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED")]);
        let error = of_answer(429, &wrapped, Intent::Read, None);
        assert_eq!(error.class, ErrorClass::RetryAfterReread);
    }

    #[test]
    fn the_wait_is_the_one_that_is_asked_for() {
        for (text, delay_ms) in
            [("60s", 60_000), ("8962s", 8_962_000), ("1.500s", 2_000), ("x", DEFAULT_DELAY_MS)]
        {
            let mut body = answer("quotaError", "RESOURCE_EXHAUSTED");
            body["error"]["details"][0]["errors"][0]["details"] =
                json!({"quotaErrorDetails": {"retryDelay": text}});
            let error = of_answer(429, &body, Intent::Write, None);
            assert_eq!(error.class, ErrorClass::WaitUntil { delay_ms }, "{text}");
        }
    }

    #[test]
    fn a_server_error_without_a_code_is_ambiguous_on_a_write() {
        let class = |status, intent| of_answer(status, &Value::Null, intent, None).class;
        assert_eq!(class(502, Intent::Write), ErrorClass::Ambiguous);
        assert_eq!(class(503, Intent::Write), ErrorClass::Ambiguous);
        assert_eq!(class(503, Intent::Read), ErrorClass::RetryAfterReread);
    }
}
