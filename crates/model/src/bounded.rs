//! Bounds at the decoding boundary, for `serde(deserialize_with)`: a value of a type that is
//! read through these can be neither longer than said nor hide anything ([`crate::text`]), what
//! a platform says excepted.
//! Reading stops at the bound; what lies beyond it is not collected.

use crate::text;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use std::{collections::BTreeMap, fmt, marker::PhantomData};

/// A text of at most `MAX_CHARS` characters.
///
/// # Errors
/// The decoder's, with the words of [`text::TextError`].
pub fn text<'de, const MAX_CHARS: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    struct Text<const MAX: usize>;
    impl<const MAX: usize> Visitor<'_> for Text<MAX> {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a text of at most {MAX} characters")
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
            check::<E>(text::check_chars(value, MAX))?;
            Ok(value.to_owned())
        }

        fn visit_string<E: Error>(self, value: String) -> Result<String, E> {
            check::<E>(text::check_chars(&value, MAX))?;
            Ok(value)
        }
    }
    deserializer.deserialize_str(Text::<MAX_CHARS>)
}

/// A text within its bound, for what holds texts.
struct Within<const MAX: usize>(String);

impl<'de, const MAX: usize> Deserialize<'de> for Within<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::<MAX, D>(deserializer).map(Self)
    }
}

/// A text of at most `MAX_CHARS` characters, or none. With `serde(default)`, since a field
/// that is read through a function is demanded otherwise.
///
/// # Errors
/// The decoder's, with the words of [`text::TextError`].
pub fn optional_text<'de, const MAX_CHARS: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = Option::<Within<MAX_CHARS>>::deserialize(deserializer)?;
    Ok(text.map(|Within(text)| text))
}

/// A list of at most `MAX_ITEMS` texts of at most `MAX_CHARS` characters each.
///
/// # Errors
/// The decoder's, with the words of [`text::TextError`].
pub fn texts<'de, const MAX_ITEMS: usize, const MAX_CHARS: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    let texts = list::<MAX_ITEMS, Within<MAX_CHARS>, D>(deserializer)?;
    Ok(texts.into_iter().map(|Within(text)| text).collect())
}

/// A text of one line, such as a name, of at most `MAX_CHARS` characters.
///
/// # Errors
/// The decoder's, with the words of [`text::TextError`].
pub fn line<'de, const MAX_CHARS: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let line = text::<MAX_CHARS, D>(deserializer)?;
    check(text::check_line(&line, MAX_CHARS))?;
    Ok(line)
}

/// What a platform says: at most `MAX_CHARS` characters, whatever they hide. Whoever shows it
/// makes that visible ([`text::shown_line`]).
///
/// # Errors
/// The decoder's.
pub fn foreign<'de, const MAX_CHARS: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let foreign = String::deserialize(deserializer)?;
    check(text::check_length(&foreign, MAX_CHARS))?;
    Ok(foreign)
}

/// A list of at most `MAX_ITEMS` items.
///
/// # Errors
/// The decoder's.
pub fn list<'de, const MAX_ITEMS: usize, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct List<T, const MAX: usize>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for List<T, MAX> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MAX} items")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::with_capacity(items.size_hint().unwrap_or(0).min(MAX));
            while let Some(item) = items.next_element()? {
                if list.len() == MAX {
                    return Err(A::Error::invalid_length(MAX + 1, &self));
                }
                list.push(item);
            }
            Ok(list)
        }
    }
    deserializer.deserialize_seq(List::<T, MAX_ITEMS>(PhantomData))
}

/// A map of at most `MAX_ITEMS` keys of at most `MAX_CHARS` characters, each once.
///
/// # Errors
/// The decoder's, with the words of [`text::TextError`] for a key.
pub fn map<'de, const MAX_ITEMS: usize, const MAX_CHARS: usize, T, D>(
    deserializer: D,
) -> Result<BTreeMap<String, T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct Map<T, const MAX: usize, const CHARS: usize>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>, const MAX: usize, const CHARS: usize> Visitor<'de>
        for Map<T, MAX, CHARS>
    {
        type Value = BTreeMap<String, T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a map of at most {MAX} keys")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = pairs.next_entry::<String, T>()? {
                if map.len() == MAX {
                    return Err(A::Error::invalid_length(MAX + 1, &self));
                }
                check::<A::Error>(text::check_chars(&key, CHARS))?;
                if map.insert(key, value).is_some() {
                    return Err(A::Error::custom("a key is given twice"));
                }
            }
            Ok(map)
        }
    }
    deserializer.deserialize_map(Map::<T, MAX_ITEMS, MAX_CHARS>(PhantomData))
}

fn check<E: Error>(checked: Result<(), text::TextError>) -> Result<(), E> {
    checked.map_err(|error| E::custom(format_args!("the text {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[derive(Deserialize, PartialEq, Eq, Debug)]
    struct Bounded {
        #[serde(deserialize_with = "text::<3, _>")]
        name: String,
        #[serde(deserialize_with = "line::<3, _>")]
        line: String,
        #[serde(deserialize_with = "foreign::<3, _>")]
        foreign: String,
        #[serde(deserialize_with = "list::<2, _, _>")]
        items: Vec<u8>,
        #[serde(deserialize_with = "map::<2, 3, _, _>")]
        keys: BTreeMap<String, u8>,
        #[serde(deserialize_with = "texts::<2, 3, _>")]
        texts: Vec<String>,
        #[serde(default, deserialize_with = "optional_text::<3, _>")]
        optional: Option<String>,
    }

    fn read(field: &str, value: Value) -> Result<Bounded, serde_json::Error> {
        let mut all = json!({"name": "abc", "line": "abc", "foreign": "abc", "items": [1, 2], "keys": {"a": 1, "abc": 2}, "texts": ["abc", ""]});
        all[field] = value;
        let whole = serde_json::from_value(all.clone());
        let from_text = serde_json::from_str::<Bounded>(&all.to_string());
        assert_eq!(whole.is_ok(), from_text.is_ok());
        whole
    }

    #[test]
    fn what_is_within_the_bounds_is_read() {
        read("name", json!("ä\nü")).unwrap();
        read("line", json!("äöü")).unwrap();
        read("foreign", json!("a\u{202e}\n")).unwrap();
        read("items", json!([])).unwrap();
        read("keys", json!({})).unwrap();
        read("texts", json!([])).unwrap();
        assert_eq!(read("texts", json!(["a"])).unwrap().optional, None);
        assert_eq!(read("optional", json!(null)).unwrap().optional, None);
        assert_eq!(read("optional", json!("abc")).unwrap().optional.as_deref(), Some("abc"));
    }

    #[test]
    fn what_is_beyond_is_refused_with_words() {
        for (field, value, words) in [
            ("name", json!("abcd"), "longer than 3 characters"),
            ("name", json!("a\u{202e}"), "U+202E as character 2"),
            ("line", json!("a\nb"), "U+000A as character 2"),
            ("line", json!("abcd"), "longer than 3 characters"),
            ("foreign", json!("abcd"), "longer than 3 characters"),
            ("name", json!(7), "a text of at most 3 characters"),
            ("items", json!([1, 2, 3]), "a list of at most 2 items"),
            ("keys", json!({"a": 1, "b": 2, "c": 3}), "a map of at most 2 keys"),
            ("keys", json!({"abcd": 1}), "longer than 3 characters"),
            ("keys", json!({"a\u{ad}": 1}), "U+00AD as character 2"),
            ("texts", json!(["abc", "abcd"]), "longer than 3 characters"),
            ("texts", json!(["a\u{202e}"]), "U+202E as character 2"),
            ("texts", json!(["a", "b", "c"]), "a list of at most 2 items"),
            ("texts", json!([7]), "a text of at most 3 characters"),
            ("optional", json!("abcd"), "longer than 3 characters"),
            ("optional", json!("a\u{202e}"), "U+202E as character 2"),
        ] {
            let error = read(field, value).unwrap_err().to_string();
            assert!(error.contains(words), "{field}: {error}");
        }
        let twice = r#"{"name": "a", "line": "", "foreign": "", "items": [], "texts": [], "keys": {"a": 1, "a": 2}}"#;
        assert!(serde_json::from_str::<Bounded>(twice).is_err());
    }
}
