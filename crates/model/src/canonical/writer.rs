//! RFC 8785 in one buffer: members are written as they come, and put in order when their object
//! ends. What a value looks like is `serde_json`'s to say; here is only where members stand and
//! how a number is spelled. `serde_jcs`, which keeps a tree of buffers, is the tests' second opinion.

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};
use std::{cmp::Ordering, io};

/// Above it a double no longer tells neighbours apart, and RFC 8785 spells numbers as doubles.
const MAX_EXACT: u64 = 1 << 53;

/// The canonical bytes of a value, for which `expected_bytes` are set aside.
pub(super) fn to_vec<T: Serialize + ?Sized>(
    value: &T,
    expected_bytes: usize,
) -> Result<Vec<u8>, serde_json::Error> {
    let mut sorted = Sorted {
        out: Vec::with_capacity(expected_bytes),
        open: Vec::with_capacity(8),
        members: Vec::with_capacity(32),
        scratch: Vec::new(),
    };
    let formatter = Canonical(&mut sorted);
    value.serialize(&mut serde_json::Serializer::with_formatter(io::sink(), formatter))?;
    Ok(sorted.out)
}

struct Sorted {
    out: Vec<u8>,
    /// Objects that have not ended, outermost first.
    open: Vec<Open>,
    /// The members of those objects, in the order in which they came.
    members: Vec<Member>,
    /// Holds an object's members while they are put in order.
    scratch: Vec<u8>,
}

struct Open {
    /// Where its first member stands in `out`.
    start: usize,
    first_member: usize,
}

#[derive(Clone, Copy)]
struct Member {
    /// Where it stands in `out`, from the quote before its key.
    start: usize,
    /// Behind the quote after its key.
    key_end: usize,
    end: usize,
    /// Whether the key's bytes are its characters, so that they sort as UTF-16 does.
    is_plain: bool,
}

impl Member {
    fn key(self, out: &[u8]) -> &[u8] {
        &out[self.start..self.key_end]
    }

    fn order(self, other: Self, out: &[u8]) -> Ordering {
        let (key, other_key) = (self.key(out), other.key(out));
        if self.is_plain && other.is_plain {
            // Without the closing quote, which would stand in for an end.
            return key[..key.len() - 1].cmp(&other_key[..other_key.len() - 1]);
        }
        utf16(key).cmp(&utf16(other_key))
    }
}

/// The code units of a key as it is written.
fn utf16(key: &[u8]) -> Vec<u16> {
    let key: String = serde_json::from_slice(key).unwrap_or_default();
    key.encode_utf16().collect()
}

impl Sorted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn write_unsigned(&mut self, value: u64) -> io::Result<()> {
        if value <= MAX_EXACT {
            return CompactFormatter.write_u64(&mut self.out, value);
        }
        self.write_double(value as f64)
    }

    fn write_signed(&mut self, value: i64) -> io::Result<()> {
        if value.unsigned_abs() <= MAX_EXACT {
            return CompactFormatter.write_i64(&mut self.out, value);
        }
        self.write_double(value as f64)
    }

    fn write_double(&mut self, value: f64) -> io::Result<()> {
        if !value.is_finite() {
            return Err(io::Error::other("the number is not finite"));
        }
        self.write(ryu_js::Buffer::new().format_finite(value).as_bytes())
    }

    fn begin_member(&mut self, is_first: bool) {
        if !is_first {
            self.out.push(b',');
        }
        let start = self.out.len();
        self.members.push(Member { start, key_end: start, end: start, is_plain: false });
    }

    fn end_key(&mut self) {
        let end = self.out.len();
        if let Some(member) = self.members.last_mut() {
            member.key_end = end;
            let key = member.key(&self.out);
            member.is_plain = key.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
        }
    }

    fn end_member(&mut self) {
        let end = self.out.len();
        if let Some(member) = self.members.last_mut() {
            member.end = end;
        }
    }

    fn end_object(&mut self) -> io::Result<()> {
        let Some(Open { start, first_member }) = self.open.pop() else {
            return Err(io::Error::other("an object ended that did not begin"));
        };
        let Self { out, members, scratch, .. } = self;
        let own = &mut members[first_member..];
        if !own.is_sorted_by(|one, next| one.order(*next, out).is_lt()) {
            own.sort_by(|one, other| one.order(*other, out));
            scratch.clear();
            for (at, member) in own.iter().enumerate() {
                // Of a key that was given twice, the last.
                let is_last = |next: &Member| member.order(*next, out).is_ne();
                if own.get(at + 1).is_none_or(is_last) {
                    if !scratch.is_empty() {
                        scratch.push(b',');
                    }
                    scratch.extend_from_slice(&out[member.start..member.end]);
                }
            }
            out.truncate(start);
            out.extend_from_slice(scratch);
        }
        members.truncate(first_member);
        out.push(b'}');
        Ok(())
    }
}

/// Writes into its own buffer; what `serde_json` offers as the place to write to stays empty.
struct Canonical<'a>(&'a mut Sorted);

/// Every whole number goes the same way.
macro_rules! whole_numbers {
    ($($method:ident($number:ty) => $write:ident;)*) => {
        $(fn $method<W: ?Sized + io::Write>(&mut self, _: &mut W, value: $number) -> io::Result<()> {
            self.0.$write(value.into())
        })*
    };
}

impl Formatter for Canonical<'_> {
    whole_numbers! {
        write_i8(i8) => write_signed;
        write_i16(i16) => write_signed;
        write_i32(i32) => write_signed;
        write_i64(i64) => write_signed;
        write_u8(u8) => write_unsigned;
        write_u16(u16) => write_unsigned;
        write_u32(u32) => write_unsigned;
        write_u64(u64) => write_unsigned;
        write_f32(f32) => write_double;
        write_f64(f64) => write_double;
    }

    fn write_i128<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i128) -> io::Result<()> {
        self.0.write_double(value as f64)
    }

    fn write_u128<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u128) -> io::Result<()> {
        self.0.write_double(value as f64)
    }

    fn write_number_str<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        value: &str,
    ) -> io::Result<()> {
        self.0.write_double(value.parse().map_err(io::Error::other)?)
    }

    fn write_null<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.write(b"null")
    }

    fn write_bool<W: ?Sized + io::Write>(&mut self, _: &mut W, value: bool) -> io::Result<()> {
        self.0.write(if value { b"true" } else { b"false" })
    }

    fn begin_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.write(b"\"")
    }

    fn end_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.write(b"\"")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.0.write(fragment.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        CompactFormatter.write_char_escape(&mut self.0.out, escape)
    }

    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let value: serde_json::Value = serde_json::from_str(fragment)?;
        self.0.write(&to_vec(&value, fragment.len())?)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.write(b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.write(b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.write(if first { b"" } else { b"," })
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.write(b"{")?;
        let open = Open { start: self.0.out.len(), first_member: self.0.members.len() };
        self.0.open.push(open);
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.end_object()
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_member(first);
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.end_key();
        Ok(())
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.write(b":")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.0.end_member();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
        super::to_vec(value, 0)
    }

    fn agrees(value: &Value) -> bool {
        to_vec(value).unwrap() == serde_jcs::to_vec(value).unwrap()
    }

    #[test]
    fn the_published_example_of_sorting() {
        // RFC 8785, section 3.2.3: by UTF-16, where a pair of surrogates stands before U+FB33.
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let text = String::from_utf8(to_vec(&value).unwrap()).unwrap();
        let order: Vec<usize> = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
            .iter()
            .map(|word| text.find(word).unwrap())
            .collect();
        assert!(order.is_sorted(), "{text}");
    }

    #[test]
    fn a_key_that_begins_another_stands_before_it() {
        let text = to_vec(&json!({"a!": 1, "a": 2, "a\\": 3, "ab": 4, "": 5})).unwrap();
        assert_eq!(text, br#"{"":5,"a":2,"a!":1,"a\\":3,"ab":4}"#);
    }

    #[test]
    fn numbers_are_spelled_as_doubles() {
        for value in [
            json!(0),
            json!(-1),
            json!(i64::MIN),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(1_u64 << 53),
            json!((1_i64 << 53) + 1),
            json!(-(1_i64 << 53) - 1),
            json!(0.1),
            json!(-0.0),
            json!(1e21),
            json!(1e-7),
            json!(5e-324),
            json!(f64::MAX),
            json!(100.0),
        ] {
            assert!(agrees(&value), "{value}");
        }
        assert_eq!(to_vec(&((1_i64 << 53) + 1)).unwrap(), b"9007199254740992");
    }

    #[test]
    fn of_a_key_given_twice_the_last_is_written() {
        struct Twice;
        impl Serialize for Twice {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([("b", 1), ("a", 2), ("b", 3), ("a", 4)])
            }
        }
        assert_eq!(to_vec(&Twice).unwrap(), br#"{"a":4,"b":3}"#);
        assert_eq!(to_vec(&Twice).unwrap(), serde_jcs::to_vec(&Twice).unwrap());
    }

    #[test]
    fn shapes_that_are_no_plain_objects() {
        #[derive(Serialize)]
        enum Shape {
            Unit,
            New(u8),
            Tuple(u8, i16),
            Struct { b: Option<()>, a: f32 },
        }
        let numbered: std::collections::BTreeMap<i64, Shape> = [
            (-2, Shape::Unit),
            (10, Shape::New(1)),
            (9, Shape::Tuple(1, -2)),
            (i64::MAX, Shape::Struct { b: None, a: 0.5 }),
        ]
        .into();
        assert_eq!(to_vec(&numbered).unwrap(), serde_jcs::to_vec(&numbered).unwrap());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |number| {
                number.is_finite().then(|| Value::from(number))
            }),
            any::<String>().prop_map(Value::from),
        ];
        let key = prop_oneof!["[a-c\"\\\\!]{0,3}", any::<String>()];
        leaf.prop_recursive(5, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..8)
                    .prop_map(|pairs| Value::from(pairs.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_serde_jcs(value in any_value()) {
            prop_assert_eq!(to_vec(&value).unwrap(), serde_jcs::to_vec(&value).unwrap());
        }
    }
}
