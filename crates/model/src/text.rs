//! One rule for every text that enters, whoever wrote it: what a person reads is all there
//! is, in the order in which it is stored.
//!
//! Refused are control characters (line feed and tab are none here), characters that reorder
//! what stands beside them, and characters that show nothing. Everything else passes, in
//! every script. A line break is U+000A alone.

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
    /// It shows nothing.
    Invisible,
}

impl std::fmt::Display for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Control => "the control character",
            Self::Reordering => "the reordering character",
            Self::Invisible => "the invisible character",
        })
    }
}

impl Hidden {
    const fn advice(self) -> &'static str {
        match self {
            Self::Control => "remove it, and write line breaks as U+000A alone",
            Self::Reordering | Self::Invisible => "remove it, so that people read what is there",
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
    let found = text.chars().zip(1..).find_map(|(character, position)| {
        let code_point = u32::from(character);
        hidden(character).map(|kind| TextError::Character { code_point, kind, position })
    });
    found.map_or(Ok(()), Err)
}

/// Checks a text of at most `max_chars` characters, as JSON Schema counts them.
///
/// # Errors
/// The first [`TextError`] found; length first.
pub fn check_chars(text: &str, max_chars: usize) -> Result<(), TextError> {
    let too_long = TextError::TooManyChars { max_chars };
    // No character takes more than four bytes.
    let max_bytes = max_chars.saturating_mul(4);
    if text.len() > max_bytes || text.chars().nth(max_chars).is_some() {
        return Err(too_long);
    }
    check_text(text, max_bytes)
}

/// What is wrong with a character, if anything.
#[must_use]
pub const fn hidden(character: char) -> Option<Hidden> {
    match character {
        '\n' | '\t' => None,
        // C0, DEL and C1.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Some(Hidden::Control),
        // Line and paragraph separator break lines where no reader expects it.
        '\u{2028}' | '\u{2029}' => Some(Hidden::Control),
        // Arabic letter mark, the two marks, embeddings and overrides, isolates.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(Hidden::Reordering)
        }
        // Soft hyphen; joiners and fillers; the zero widths; invisible operators and old
        // format characters; byte order mark; annotations; shorthand and musical formats.
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' => Some(Hidden::Invisible),
        // Tags and further variation selectors carry whole messages unseen. The sixteen at
        // U+FE00 stay: they choose how a letter or emoji before them looks.
        '\u{e0000}'..='\u{e0fff}' => Some(Hidden::Invisible),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_passes_with_line_breaks_and_tabs() {
        for text in [
            "",
            "a\tb\nc",
            "Grüße",
            "Ελλάδα",
            "مرحبا",
            "שלום",
            "東京都",
            "नमस्ते",
            "❤\u{fe0f}",
            "€ 1’000",
        ] {
            assert_eq!(check_text(text, 100), Ok(()), "{text:?}");
        }
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
    }
}
