//! One rule for every text, whoever wrote it: what a person reads is all there is, in the
//! order in which it is stored. What people and agents write is refused where it breaks the
//! rule ([`check_text`], [`check_chars`], [`check_line`]); what a platform or a peer says cannot
//! be refused and is shown with its hidden characters made visible ([`shown`],
//! [`shown_line`]), while what is signed keeps its bytes.
//!
//! Hidden are control characters (line feed and tab do not count here), characters that reorder
//! what stands beside them, and characters that show nothing where they stand. Everything
//! else passes, in every script. A line break is U+000A, or U+000D and U+000A. Which characters
//! these are, and what excuses a joiner, is in `hidden`. [`words`] are what texts are compared by where
//! rules look for words in them.

mod hidden;
mod words;

pub use hidden::hidden;
use std::borrow::Cow;
pub use words::words;

/// Why a text is not taken. The words fit behind the name of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// More bytes of UTF-8 than the field takes.
    #[error("is longer than {max_bytes} bytes; shorten it")]
    TooManyBytes {
        /// The most that is taken.
        max_bytes: usize,
    },
    /// More characters than the field takes.
    #[error("is longer than {max_chars} characters; shorten it")]
    TooManyChars {
        /// The most that is taken.
        max_chars: usize,
    },
    /// A character that a reader cannot see, or that moves others.
    #[error("holds {kind} U+{code_point:04X} as character {position}; {}", .kind.advice())]
    Character {
        /// The character's number in Unicode.
        code_point: u32,
        /// What is wrong with it.
        kind: Hidden,
        /// Which character of the text it is, from 1.
        position: usize,
    },
}

/// What a refused character does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// It controls a terminal or ends a text; NUL among them.
    Control,
    /// It changes the order in which others are shown.
    Reordering,
    /// It shows nothing where it stands.
    Invisible,
    /// It ends a line, or leaps, in a text of one line.
    Break,
}

impl std::fmt::Display for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Control => "the control character",
            Self::Reordering => "the reordering character",
            Self::Invisible => "the invisible character",
            Self::Break => "the line break or tab",
        })
    }
}

impl Hidden {
    const fn advice(self) -> &'static str {
        match self {
            Self::Control => "remove it; a line break is U+000A, or U+000D and U+000A",
            Self::Reordering | Self::Invisible => "remove it, so that people read what is there",
            Self::Break => "this is a text of one line",
        }
    }
}

/// Checks a text of at most `max_bytes` bytes.
///
/// # Errors
/// The first [`TextError`] found; length first, so that the cost is bounded.
pub fn check_text(text: &str, max_bytes: usize) -> Result<(), TextError> {
    if text.len() > max_bytes {
        return Err(TextError::TooManyBytes { max_bytes });
    }
    first(hidden::all(text))
}

/// Checks a text of at most `max_chars` characters, as JSON Schema counts them.
///
/// # Errors
/// The first [`TextError`] found; length first.
pub fn check_chars(text: &str, max_chars: usize) -> Result<(), TextError> {
    check_length(text, max_chars)?;
    first(hidden::all(text))
}

/// Checks a text of one line, such as a name, of at most `max_chars` characters.
///
/// # Errors
/// The first [`TextError`] found; length first.
pub fn check_line(text: &str, max_chars: usize) -> Result<(), TextError> {
    check_length(text, max_chars)?;
    first(hidden::all_in_line(text))
}

/// Checks the length alone, of what cannot be refused for what it hides.
///
/// # Errors
/// [`TextError::TooManyChars`].
pub fn check_length(text: &str, max_chars: usize) -> Result<(), TextError> {
    // No character takes more than four bytes.
    let too_long =
        text.len() > max_chars.saturating_mul(4) || text.chars().nth(max_chars).is_some();
    if too_long { Err(TextError::TooManyChars { max_chars }) } else { Ok(()) }
}

/// A text as people may see it: each hidden character by its number, as `‹U+202E›`. What the
/// rule takes is shown as it is.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    replace(text, hidden::all(text))
}

/// As [`shown`], for a text of one line: its breaks are shown by their numbers too.
#[must_use]
pub fn shown_line(text: &str) -> Cow<'_, str> {
    replace(text, hidden::all_in_line(text))
}

/// A text for a place where others stand beside it in plain text: as it is [`shown`], and kept
/// from reordering what is outside (U+2068 and U+2069).
#[must_use]
pub fn isolated(text: &str) -> String {
    format!("\u{2068}{}\u{2069}", shown(text))
}

/// Printable ASCII, cut to `max_chars`: what codes, ids and names of what is written are made
/// of. Anything else becomes a question mark.
#[must_use]
pub fn printable(text: &str, max_chars: usize) -> String {
    let shown = |letter: char| if letter.is_ascii_graphic() { letter } else { '?' };
    text.chars().map(shown).take(max_chars).collect()
}

fn first(mut found: impl Iterator<Item = hidden::Found>) -> Result<(), TextError> {
    found.next().map_or(Ok(()), |found| {
        let code_point = u32::from(found.character);
        Err(TextError::Character { code_point, kind: found.kind, position: found.position })
    })
}

fn replace(text: &str, found: impl Iterator<Item = hidden::Found>) -> Cow<'_, str> {
    let (mut shown, mut done) = (String::new(), 0);
    for hidden::Found { character, at, .. } in found {
        shown.push_str(&text[done..at]);
        shown.push_str(&format!("‹U+{:04X}›", u32::from(character)));
        done = at + character.len_utf8();
    }
    if done == 0 { text.into() } else { (shown + &text[done..]).into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_script_passes_with_line_breaks_and_tabs() {
        for text in [
            "",
            "a\tb\nc",
            "one\r\ntwo\r\n\r\nthree\r\n",
            "Grüße",
            "Ελλάδα",
            "مرحبا",
            "שלום",
            "東京都",
            "नमस्ते",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3} is next",
            "€ 1’000",
        ] {
            assert_eq!(check_text(text, 100), Ok(()), "{text:?}");
            assert_eq!(shown(text), text);
        }
    }

    /// Joiners where writing needs them: Persian, Hindi, Bengali, Malayalam, Sinhala,
    /// Mongolian, and emoji made of several.
    #[test]
    fn joiners_pass_where_they_join() {
        for text in [
            "می\u{200c}خواهم",
            "کتاب\u{200c}ها و کار\u{200c}ها",
            "۱۲\u{200c}ساله",
            "جزء\u{200c}ها",
            "۱۴۰۵ ه\u{200d}.ش",
            "क्\u{200d}ष and क्\u{200c}ष",
            "র\u{200d}্যাব",
            "അവന്\u{200d} വന്നു",
            "ශ්\u{200d}රී",
            "ᠮᠣᠩᠭᠣᠯ\u{180e}ᠠ ᠪ\u{180b}",
            "👩\u{200d}🚀 👩🏽\u{200d}🚀 👨\u{200d}👩\u{200d}👧\u{200d}👦",
            "❤\u{fe0f}\u{200d}🔥 🏳\u{fe0f}\u{200d}🌈 🏴\u{200d}☠\u{fe0f}",
        ] {
            assert_eq!(check_text(text, 200), Ok(()), "{text:?}");
            assert_eq!(check_line(text, 200), Ok(()), "{text:?}");
            assert_eq!(shown_line(text), text);
        }
    }

    #[test]
    fn what_joins_or_selects_nothing_is_invisible() {
        for (text, position) in [
            ("ad\u{200d}min", 3),
            ("ad\u{200c}min", 3),
            ("\u{200c}می", 1),
            ("می\u{200c}", 3),
            ("می\u{200c}\u{200c}خواهم", 3),
            ("می\u{200c} خواهم", 3),
            ("क्\u{200d}\u{200d}ष", 4),
            ("🚀\u{200d}", 2),
            ("🚀\u{200d}a", 2),
            ("a\u{200d}🚀", 2),
            ("🚀\u{200c}🚀", 2),
            ("\u{fe0f}a", 1),
            ("a\u{fe00}\u{fe01}", 3),
            ("a \u{fe0f}", 3),
            ("a\u{180b}", 2),
            ("a\u{180e}ᠮ", 2),
        ] {
            let error = check_text(text, 100).unwrap_err();
            let TextError::Character { kind, position: found, .. } = error else { panic!() };
            assert_eq!((kind, found), (Hidden::Invisible, position), "{text:?}");
        }
    }

    #[test]
    fn a_carriage_return_belongs_before_a_line_feed() {
        for (text, position) in [("a\rb", 2), ("a\r", 2), ("a\r\r\nb", 2), ("a\n\rb", 3)] {
            let error = check_text(text, 100).unwrap_err();
            let words = format!("the control character U+000D as character {position};");
            assert!(error.to_string().contains(&words), "{text:?}: {error}");
        }
        for text in ["a\r\nb", "a\nb", "a\tb"] {
            let error = check_line(text, 100).unwrap_err();
            let TextError::Character { kind, position, .. } = error else { panic!() };
            assert_eq!((kind, position), (Hidden::Break, 2), "{text:?}");
        }
        let error = check_line("a\nb", 100).unwrap_err().to_string();
        assert!(error.starts_with("holds the line break or tab U+000A as character 2"), "{error}");
    }

    #[test]
    fn a_refused_character_is_named_with_its_place() {
        let error = check_text("USD \u{202e}00.005", 100).unwrap_err();
        assert_eq!(
            error.to_string(),
            "holds the reordering character U+202E as character 5; remove it, so that people read what is there"
        );
        let error = check_text("a\0", 100).unwrap_err();
        assert!(error.to_string().starts_with("holds the control character U+0000 as character 2"));
        let error = check_text("\u{e0041}", 100).unwrap_err();
        assert!(error.to_string().contains("the invisible character U+E0041 as character 1"));
    }

    #[test]
    fn what_is_hidden_is_shown_by_its_number() {
        assert_eq!(shown("USD \u{202e}00.005\u{202c} a day"), "USD ‹U+202E›00.005‹U+202C› a day");
        assert_eq!(shown("a\0\u{e0041}"), "a‹U+0000›‹U+E0041›");
        assert_eq!(shown("a\nb"), "a\nb");
        assert_eq!(shown_line("a\nb"), "a‹U+000A›b");
        assert_eq!(isolated("a\u{2069}b"), "\u{2068}a‹U+2069›b\u{2069}");
    }

    #[test]
    fn what_the_rule_names_is_refused_at_every_place() {
        let ranges = [
            '\0'..='\u{8}',
            '\u{b}'..='\u{1f}',
            '\u{7f}'..='\u{9f}',
            '\u{ad}'..='\u{ad}',
            '\u{200b}'..='\u{200f}',
            '\u{202a}'..='\u{202e}',
            '\u{2060}'..='\u{206f}',
            '\u{feff}'..='\u{feff}',
            '\u{e0000}'..='\u{e01ef}',
        ];
        for character in ranges.into_iter().flatten() {
            for text in [format!("{character}ab"), format!("ab{character}")] {
                let error = check_text(&text, 100).unwrap_err();
                assert!(
                    matches!(error, TextError::Character { code_point, .. } if code_point == u32::from(character)),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn bytes_and_characters_are_counted_exactly() {
        assert_eq!(check_text("äö", 4), Ok(()));
        assert_eq!(check_text("äö", 3), Err(TextError::TooManyBytes { max_bytes: 3 }));
        assert_eq!(check_chars("äö", 2), Ok(()));
        assert_eq!(check_chars("🙂🙂", 2), Ok(()));
        assert_eq!(check_chars("äöa", 2), Err(TextError::TooManyChars { max_chars: 2 }));
        assert_eq!(check_chars(&"x".repeat(9), 2), Err(TextError::TooManyChars { max_chars: 2 }));
        assert_eq!(check_line("äöa", 2), Err(TextError::TooManyChars { max_chars: 2 }));
    }

    proptest! {
        /// What is taken is shown as it is, and what is shown is taken.
        #[test]
        fn shown_and_checked_are_one_rule(
            text in "([a-z \\n\\r\\t\u{200c}\u{200d}\u{202e}\u{fe0f}\u{180b}یخक्🚀👩\\x00]|\\PC){0,12}",
        ) {
            let unchanged = shown(&text) == text;
            prop_assert_eq!(check_text(&text, usize::MAX).is_ok(), unchanged);
            prop_assert_eq!(check_text(&shown(&text), usize::MAX), Ok(()));
            let line = shown_line(&text);
            prop_assert_eq!(check_line(&text, 1_000).is_ok(), line == text);
            prop_assert_eq!(check_line(&line, 1_000), Ok(()));
        }
    }
}
