//! The words of a text, as they are compared: the same on every device, however somebody wrote
//! them.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{
    BinaryProperty as _, CanonicalCombiningClass, DefaultIgnorableCodePoint,
    EnumeratedProperty as _,
};

/// The words of a text in the order in which they stand: its letters and digits, with everything
/// else as a border between words. Compatibility forms (NFKC), upper and lower case, and marks that
/// are set on a letter beyond what Unicode has a letter for make no difference, and neither do
/// characters that show nothing. Letters of other scripts that look alike do.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let normalizer = ComposingNormalizerBorrowed::new_nfkc();
    // Upper case in between, because some letters have two lower ones: ß and ss are the same word.
    let folded = normalizer.normalize(text).to_lowercase().to_uppercase().to_lowercase();
    let folded = normalizer.normalize(&folded);
    let mut words = vec![];
    let mut word = String::new();
    for letter in folded.chars() {
        if letter.is_alphanumeric() {
            word.push(letter);
        } else if !shows_nothing(letter) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Marks on the letter before, and what is invisible.
fn shows_nothing(letter: char) -> bool {
    let class = CanonicalCombiningClass::for_char(letter);
    class != CanonicalCombiningClass::NotReordered || DefaultIgnorableCodePoint::for_char(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_however_they_are_written() {
        for (text, expected) in [
            ("Guaranteed returns!", vec!["guaranteed", "returns"]),
            ("ＧＵＡＲＡＮＴＥＥＤ", vec!["guaranteed"]),
            ("ﬁnancial 𝐫𝐞𝐭𝐮𝐫𝐧𝐬", vec!["financial", "returns"]),
            ("Heil\u{ad}kraft", vec!["heilkraft"]),
            ("gua\u{200b}ran\u{2060}tee", vec!["guarantee"]),
            ("q\u{308}u\u{308}ick", vec!["qüick"]),
            ("GEWI\u{1e9e} gewiß Gewiss", vec!["gewiss", "gewiss", "gewiss"]),
            ("Für Ältere", vec!["für", "ältere"]),
            ("Fu\u{308}r", vec!["für"]),
            ("100%-ige Zinsen", vec!["100", "ige", "zinsen"]),
            ("risk-free, risk free", vec!["risk", "free", "risk", "free"]),
            ("ΛΌΓΟΣ λόγος", vec!["λόγος", "λόγος"]),
            ("", vec![]),
            (" — ", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        assert_ne!(words("guarаntee"), words("guarantee"), "a Cyrillic а is another letter");
    }
}
