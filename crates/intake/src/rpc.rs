//! What a body is, before anything acts on it: JSON, JSON-RPC 2.0, and of which kind.

use crate::scope::{Need, need};
use countersign_model::text;
use serde_json::Value;

/// Why a body is not JSON.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum NotJson {
    /// Not even text.
    #[error("The body is not UTF-8 from byte {byte} on. Send JSON in UTF-8.")]
    Encoding {
        /// Offset, from 0.
        byte: usize,
    },
    /// Half a character, as broken string handling makes them.
    #[error(
        "{field} holds half a surrogate pair (\\u{half:04X} at byte {byte} of the body), which is not a character. Cut texts between characters, not inside one."
    )]
    LoneSurrogate {
        /// The text that it stands in, by its name in the message; else the body.
        field: String,
        /// The escaped code unit.
        half: u16,
        /// Offset of the backslash, from 0.
        byte: usize,
    },
    /// A number that JSON does not have.
    #[error(
        "The body is not JSON at line {line}, column {column}: NaN and Infinity are not JSON numbers. Leave the field out or send a number."
    )]
    NoNumber {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Anything else.
    #[error("The body is not JSON at line {line}, column {column}. Send one JSON-RPC message.")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
}

/// A JSON-RPC message, as far as the door cares.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Message {
    /// A request: which id its answer carries, and what it needs.
    Request {
        /// A string or a whole number.
        id: Value,
        /// What its sender must be allowed.
        need: Need,
    },
    /// A notification; it is never answered with an error.
    Notification {
        /// What its sender would have to be allowed were it a request.
        need: Need,
    },
    /// An answer of the client's.
    Answer,
    /// JSON that is no JSON-RPC message: the words, and the id if there is one.
    Invalid {
        /// A string or a whole number, or null.
        id: Value,
        /// What is wrong and what to do.
        words: &'static str,
    },
}

/// Reads a body as JSON.
///
/// # Errors
/// [`NotJson`], with the place.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, NotJson> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| NotJson::Encoding { byte: error.valid_up_to() })?;
    serde_json::from_str(text).map_err(|error| {
        if let Some((byte, half)) = lone_surrogate(bytes, 0) {
            return NotJson::LoneSurrogate { field: field_at(bytes, byte), half, byte };
        }
        let (line, column) = (error.line(), error.column());
        let cut = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        // The parser stops inside of the word or just before it.
        let (before, after) = cut.split_at(floor(cut, column.saturating_sub(1)));
        let word: String = before
            .rsplit(|letter: char| !letter.is_ascii_alphabetic())
            .next()
            .into_iter()
            .chain(after.split(|letter: char| !letter.is_ascii_alphabetic()).next())
            .collect();
        if ["NaN", "Infinity"].contains(&word.as_str()) {
            NotJson::NoNumber { line, column }
        } else {
            NotJson::Syntax { line, column }
        }
    })
}

fn floor(text: &str, place: usize) -> usize {
    let mut place = place.min(text.len());
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

/// The first `\uD800` to `\uDFFF` from a place on without its other half, and where it stands.
fn lone_surrogate(bytes: &[u8], mut at: usize) -> Option<(usize, u16)> {
    let unit = |at: usize| {
        let escape = bytes.get(at..at + 6)?;
        let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    while let Some(offset) = bytes.get(at..)?.iter().position(|byte| *byte == b'\\') {
        at += offset;
        match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(half @ 0xD800..=0xDFFF) => return Some((at, half)),
            Some(_) => at += 6,
            None => at += 2,
        }
    }
    None
}

/// The name of the field whose text holds the escape at a place. Every half is replaced by
/// one sign, and the one in question by another: where the two readings differ, it stands.
fn field_at(bytes: &[u8], byte: usize) -> String {
    let read = |sign: &[u8; 6]| {
        let mut whole = bytes.to_vec();
        whole.get_mut(byte..byte + 6)?.copy_from_slice(sign);
        // On from where the last one stood: a body full of halves is gone through once.
        let mut after = 0;
        while let Some((other, _)) = lone_surrogate(&whole, after) {
            after = other + 6;
            whole.get_mut(other..after)?.copy_from_slice(b"\\ufffd");
        }
        serde_json::from_slice::<Value>(&whole).ok()
    };
    let found = read(b"\\ue000").zip(read(b"\\ue001"));
    let found = found.and_then(|(one, other)| difference(&one, &other, None));
    found.map_or_else(|| "The body".into(), |name| format!("`{}`", text::shown_line(&name)))
}

/// The innermost field in which two readings differ; a differing key belongs to its object.
fn difference(one: &Value, other: &Value, name: Option<&str>) -> Option<String> {
    let inner = match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.iter().find_map(|(key, value)| difference(value, other.get(key)?, Some(key)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.iter().zip(other).find_map(|(one, other)| difference(one, other, name))
        }
        _ => None,
    };
    inner.or_else(|| name.filter(|_| one != other).map(str::to_owned))
}

/// Whether a body is JSON-RPC that the door would act on; for whoever looks for bodies that it
/// cannot bear (`fuzz`).
#[must_use]
pub fn read_body(body: &[u8]) -> bool {
    parse(body).is_ok_and(|message| !matches!(read(&message), Message::Invalid { .. }))
}

/// Says what a message is.
pub(crate) fn read(message: &Value) -> Message {
    let invalid = |id: Option<&Value>, words| {
        let id = id.filter(|id| is_id(id)).cloned().unwrap_or_default();
        Message::Invalid { id, words }
    };
    let Some(object) = message.as_object() else {
        return invalid(
            None,
            "The body is no JSON-RPC message. Send one JSON object; batches are not taken.",
        );
    };
    let id = object.get("id");
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return invalid(id, "The message lacks \"jsonrpc\": \"2.0\".");
    }
    let is_answer = object.contains_key("result") || object.contains_key("error");
    match object.get("method") {
        None if is_answer => Message::Answer,
        Some(Value::String(_)) => {
            let params = object.get("params");
            if !params.is_none_or(|params| params.is_object() || params.is_array()) {
                return invalid(id, "`params` must be an object or a list.");
            }
            match id {
                None => Message::Notification { need: need(message) },
                Some(id) if is_id(id) => Message::Request { id: id.clone(), need: need(message) },
                Some(_) => invalid(None, "`id` must be a string or a whole number."),
            }
        }
        _ => invalid(id, "The message has no `method`, and is no answer either."),
    }
}

fn is_id(id: &Value) -> bool {
    id.is_string() || id.is_i64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_json_is_named_by_what_it_is() {
        let told = |body: &[u8]| parse(body).unwrap_err();
        let half =
            |field: &str, half, byte| NotJson::LoneSurrogate { field: field.into(), half, byte };
        assert_eq!(told(br#"{"a": "x\ud83d"}"#), half("`a`", 0xD83D, 8));
        assert_eq!(told(br#""\\\udc00""#), half("The body", 0xDC00, 3));
        assert_eq!(told(br#"["\ud83d\u0041"]"#), half("The body", 0xD83D, 2));
        let nested = br#"{"params": {"b": "\ue000", "texts": ["", "\udc00"], "c": "\ud800"}}"#;
        assert_eq!(told(nested), half("`texts`", 0xDC00, 42));
        assert_eq!(told(br#"{"a": {"k\ud800": 1}}"#), half("`a`", 0xD800, 9));
        assert_eq!(told(br#"{"a": "\ud800", NaN}"#), half("The body", 0xD800, 7));
        assert!(matches!(told(b"{\"a\": NaN}"), NotJson::NoNumber { line: 1, .. }));
        assert!(matches!(told(b"{\n\"a\": -Infinity}"), NotJson::NoNumber { line: 2, .. }));
        assert!(matches!(told(b"{\"NaN\": }"), NotJson::Syntax { .. }));
        assert_eq!(told(b"\"a\xff\""), NotJson::Encoding { byte: 2 });
        assert!(matches!(told(b""), NotJson::Syntax { .. }));
        let halves = format!(
            r#"{{"a": "", "b": "{}", "c": "\\ud83d\\ude00"}}"#,
            r"\\ \udc00\ud800".repeat(9)
        );
        assert_eq!(told(halves.as_bytes()), half("`b`", 0xDC00, 19));
        let words = told(br#""\ud800""#).to_string();
        assert!(words.contains("\\uD800 at byte 1") && !words.contains("NaN"), "{words}");
        assert_eq!(parse(br#""\ud83d\ude00 \\ud800""#).unwrap(), json!("\u{1f600} \\ud800"));
    }

    #[test]
    fn what_is_no_json_rpc_is_said() {
        for (message, id) in [
            (json!(7), json!(null)),
            (json!([]), json!(null)),
            (json!({}), json!(null)),
            (json!({"id": 3, "method": "ping"}), json!(3)),
            (json!({"jsonrpc": "1.0", "id": "a", "method": "ping"}), json!("a")),
            (json!({"jsonrpc": "2.0", "id": 3}), json!(3)),
            (json!({"jsonrpc": "2.0", "id": 3, "method": 7}), json!(3)),
            (json!({"jsonrpc": "2.0", "id": null, "method": "ping"}), json!(null)),
            (json!({"jsonrpc": "2.0", "id": 1.5, "method": "ping"}), json!(null)),
            (json!({"jsonrpc": "2.0", "id": 3, "method": "ping", "params": 7}), json!(3)),
        ] {
            assert!(
                matches!(read(&message), Message::Invalid { id: found, .. } if found == id),
                "{message}"
            );
        }
        let answer = json!({"jsonrpc": "2.0", "id": 3, "result": {}});
        assert_eq!(read(&answer), Message::Answer);
        let told = json!({"jsonrpc": "2.0", "method": "notifications/vendor/x"});
        assert_eq!(read(&told), Message::Notification { need: Need::Unknown });
    }
}
