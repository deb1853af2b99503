//! What a failure allows, by Google's error codes and not by HTTP status. An unknown code is
//! final; on a write, whatever does not prove that nothing was written is ambiguous. Of
//! several errors the most careful class counts.

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

/// An answer that is not of the documented shape, as something between here and the platform
/// gives it: no refusal. After a write nobody knows.
pub(crate) fn unreadable(intent: Intent, request_id: Option<String>) -> PlatformError {
    PlatformError {
        class: if intent == Intent::Write {
            ErrorClass::Ambiguous
        } else {
            ErrorClass::RetryAfterReread
        },
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
    let failures = details.into_iter().flatten().filter(|detail| detail.get("errors").is_some());
    let request_id_of = |failure: &Value| text(failure.get("requestId"));
    let request_id = failures.clone().find_map(request_id_of).or(request_id);
    let decisive = failures
        .filter_map(|failure| failure.get("errors")?.as_array())
        .flatten()
        .map(|one| {
            let (code, class) = judge(one, status, intent);
            (code, class, text(one.get("message")))
        })
        // The first of equals, as Google lists them.
        .reduce(|kept, next| if care(next.1) > care(kept.1) { next } else { kept });
    let (code, class, message) = decisive.unwrap_or_else(|| {
        let is_aborted =
            text(error.and_then(|error| error.get("status"))).as_deref() == Some("ABORTED");
        let class = match classify_status(status, intent) {
            // Two writers met and this one gave way.
            _ if status == 409 && is_aborted => ErrorClass::RetryAfterReread,
            class => class,
        };
        (format!("http.{status}"), class, None)
    });
    let message =
        message.or_else(|| text(error.and_then(|error| error.get("message")))).unwrap_or_default();
    PlatformError { class, code, message, request_id }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

/// One of an answer's errors.
fn judge(error: &Value, status: u16, intent: Intent) -> (String, ErrorClass) {
    let named = error
        .get("errorCode")
        .and_then(|code| code.as_object()?.iter().next())
        .and_then(|(family, code)| Some((family.as_str(), code.as_str()?)));
    match named {
        Some((family, code)) => {
            let delay_ms = retry_delay_ms(error).unwrap_or(DEFAULT_DELAY_MS);
            (format!("{family}.{code}"), classify(family, code, status, intent, delay_ms))
        }
        None => (format!("http.{status}"), classify_status(status, intent)),
    }
}

/// The order in which classes count when an answer names several errors: what leaves most in
/// doubt, then what asks for most patience. Of two waits the longer.
const fn care(class: ErrorClass) -> (u8, u64) {
    match class {
        ErrorClass::Ambiguous => (5, 0),
        ErrorClass::RetryAfterReread => (4, 0),
        ErrorClass::WaitUntil { delay_ms } => (3, delay_ms),
        ErrorClass::RefreshToken => (2, 0),
        ErrorClass::Operator => (1, 0),
        ErrorClass::Final => (0, 0),
    }
}

fn classify(family: &str, code: &str, status: u16, intent: Intent, delay_ms: u64) -> ErrorClass {
    match (family, code) {
        // Google asks to try again and does not say that nothing was written.
        ("internalError", "TRANSIENT_ERROR") if intent == Intent::Write => ErrorClass::Ambiguous,
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
        _ if proves_nothing(status) => classify_status(status, intent),
        _ => ErrorClass::Final,
    }
}

/// Whether a status leaves open what became of the request: all but a refusal does, and so do
/// the refusals that say that somebody stopped waiting.
const fn proves_nothing(status: u16) -> bool {
    !matches!(status, 400..500) || matches!(status, 408 | 499)
}

const fn classify_status(status: u16, intent: Intent) -> ErrorClass {
    match (status, intent) {
        (401, _) => ErrorClass::RefreshToken,
        // A version that was switched off answers 404 without a code.
        (403 | 404, _) => ErrorClass::Operator,
        (429, _) => ErrorClass::WaitUntil { delay_ms: DEFAULT_DELAY_MS },
        (_, Intent::Write) if proves_nothing(status) => ErrorClass::Ambiguous,
        (503, _) => ErrorClass::RetryAfterReread,
        (500.., _) => ErrorClass::Ambiguous,
        _ if proves_nothing(status) => ErrorClass::RetryAfterReread,
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
            ("internalError", "TRANSIENT_ERROR", 500, Ambiguous),
            ("internalError", "INTERNAL_ERROR", 500, Ambiguous),
            ("authenticationError", "OAUTH_TOKEN_EXPIRED", 401, RefreshToken),
            ("authenticationError", "NOT_ADS_USER", 401, Operator),
            ("authorizationError", "USER_PERMISSION_DENIED", 403, Operator),
            ("campaignBudgetError", "MONEY_AMOUNT_TOO_LARGE", 400, Final),
            ("neverSeenError", "NEW", 400, Final),
            ("neverSeenError", "NEW", 500, Ambiguous),
            ("neverSeenError", "NEW", 408, Ambiguous),
            ("neverSeenError", "NEW", 499, Ambiguous),
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
    fn of_several_errors_the_most_careful_decides_and_gives_its_code() {
        use ErrorClass::{Ambiguous, Final, Operator, RefreshToken, RetryAfterReread, WaitUntil};
        let one = |family: &str, code: &str| json!({"errorCode": {family: code}, "message": code});
        let wait = |delay: &str| {
            let details = json!({"quotaErrorDetails": {"retryDelay": delay}});
            json!({"errorCode": {"quotaError": "RESOURCE_EXHAUSTED"}, "details": details})
        };
        let by_care = [
            (one("campaignBudgetError", "MONEY_AMOUNT_TOO_LARGE"), Final),
            (one("authorizationError", "USER_PERMISSION_DENIED"), Operator),
            (one("authenticationError", "OAUTH_TOKEN_EXPIRED"), RefreshToken),
            (wait("30s"), WaitUntil { delay_ms: 30_000 }),
            (wait("90s"), WaitUntil { delay_ms: 90_000 }),
            (one("databaseError", "CONCURRENT_MODIFICATION"), RetryAfterReread),
            (one("internalError", "TRANSIENT_ERROR"), Ambiguous),
        ];
        for (index, (less, _)) in by_care.iter().enumerate() {
            for (more, class) in &by_care[index..] {
                for errors in [[less, more], [more, less]] {
                    let mut body = answer("a", "B");
                    body["error"]["details"] = json!([
                        {"errors": [errors[0]], "requestId": "r-1"},
                        {"@type": "something else"},
                        {"errors": [errors[1]]},
                    ]);
                    let error = of_answer(400, &body, Intent::Write, None);
                    let (code, _) = judge(more, 400, Intent::Write);
                    assert_eq!((error.class, error.code), (*class, code), "{errors:?}");
                    assert_eq!(error.request_id.as_deref(), Some("r-1"));
                }
            }
        }
        let mut body = answer("a", "B");
        body["error"]["details"][0]["errors"] = json!([one("a", "FIRST"), one("a", "SECOND")]);
        let error = of_answer(400, &body, Intent::Write, None);
        assert_eq!((error.code.as_str(), error.message.as_str()), ("a.FIRST", "FIRST"));
    }

    #[test]
    fn without_a_code_a_write_is_ambiguous_unless_it_was_refused() {
        use ErrorClass::{Ambiguous, Final, Operator, RetryAfterReread};
        let class = |status, intent| of_answer(status, &Value::Null, intent, None).class;
        for (status, on_write, on_read) in [
            (200, Ambiguous, RetryAfterReread),
            (204, Ambiguous, RetryAfterReread),
            (307, Ambiguous, RetryAfterReread),
            (400, Final, Final),
            (404, Operator, Operator),
            (408, Ambiguous, RetryAfterReread),
            (499, Ambiguous, RetryAfterReread),
            (502, Ambiguous, Ambiguous),
            (503, Ambiguous, RetryAfterReread),
        ] {
            assert_eq!(class(status, Intent::Write), on_write, "{status}");
            assert_eq!(class(status, Intent::Read), on_read, "{status}");
        }
        let aborted = json!({"error": {"code": 409, "status": "ABORTED"}});
        let error = of_answer(409, &aborted, Intent::Write, None);
        assert_eq!((error.class, error.code.as_str()), (RetryAfterReread, "http.409"));
        assert_eq!(class(409, Intent::Write), Final);
    }
}
