//! How words read in the search index. One or two letters find the words that begin with them;
//! from three letters on every part of a word is found. What is written without spaces between
//! words is found by any part of it.
//!
//! The index holds a word from each of its letters on, so that whatever stands inside it is a
//! beginning of something; beginnings of three to five letters have lists of their own. Of what
//! is longer than a piece, pieces stand there one letter apart, and a longer question is a phrase
//! of them. Pieces go through the index's own tokenizer, like what is asked: case and diacritics
//! are folded once, in one place.

use std::collections::BTreeSet;

/// Begins the one or two letters that a word is found by from its beginning. Private use: a
/// letter for the index, a separator for what a person types.
const START: char = '\u{E001}';
/// Letters of a piece at most: what is written without spaces has no end of its own.
const PIECE_LETTERS: usize = 16;
/// The inside of a word is found by at least this many letters.
const LEAST_LETTERS: usize = 3;
/// Pieces of one question; of a longer word only its beginning is looked for.
const MAX_PIECES: usize = 64;

/// Letters and digits only: quotes, operators and private-use marks are all separators.
pub(crate) fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A text as it is indexed.
pub(crate) fn indexed(text: &str) -> String {
    let words: BTreeSet<&str> = words_of(text).collect();
    let (mut pieces, mut starts) = (String::new(), BTreeSet::new());
    for word in words {
        let letters: Vec<char> = word.chars().collect();
        for at in 0..letters.len() {
            let rest = letters.get(at..).unwrap_or_default();
            if rest.len() >= LEAST_LETTERS {
                pieces.extend(rest.iter().take(PIECE_LETTERS));
                pieces.push(' ');
            }
            if is_start(&letters, at) {
                starts.extend((1..LEAST_LETTERS).filter_map(|count| rest.get(..count)).map(start));
            }
        }
    }
    pieces.extend(starts);
    pieces
}

/// What the index is asked for a word of [`words_of`].
pub(crate) fn asked(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    match letters.len() {
        ..LEAST_LETTERS => format!("\"{}\"", start(&letters)),
        LEAST_LETTERS..PIECE_LETTERS => format!("\"{word}\"*"),
        _ => {
            let pieces = letters.windows(PIECE_LETTERS).take(MAX_PIECES);
            let pieces: Vec<String> = pieces.map(String::from_iter).collect();
            format!("\"{}\"", pieces.join(" "))
        }
    }
}

/// One or two letters at the beginning of a word, and a space.
fn start(letters: &[char]) -> String {
    let mark = [START];
    mark.iter().chain(letters).chain(&[' ']).collect()
}

/// Whether one or two letters find the word from here on: at its beginning, and wherever a
/// script without spaces begins, goes on or ends.
fn is_start(letters: &[char], at: usize) -> bool {
    let spaceless = |at: usize| letters.get(at).is_some_and(|letter| is_spaceless(*letter));
    at.checked_sub(1).is_none_or(|before| spaceless(before) || spaceless(at))
}

/// Whether a letter is of a script that puts no spaces between words, or whose letters are
/// syllables that one looks for by two: classes ID, CJ, SA, H2 and H3 of UAX #14 and the scripts
/// of India, by block.
const fn is_spaceless(letter: char) -> bool {
    matches!(letter,
        // Those of India, Thai, Lao, Tibetan, Myanmar, Hangul, Khmer.
        '\u{0900}'..='\u{109F}' | '\u{1100}'..='\u{11FF}' | '\u{1780}'..='\u{17FF}'
        // Kana, Bopomofo, ideographs and their marks.
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{31FF}' | '\u{3400}'..='\u{9FFF}'
        | '\u{A960}'..='\u{A97F}' | '\u{AA60}'..='\u{AA7F}' | '\u{AC00}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FFDC}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_a_word_begin_at_each_of_its_letters() {
        for (text, expected) in [
            ("weekend", "weekend eekend ekend kend end ~w ~we"),
            ("on the sale, on sale", "sale ale the ~o ~on ~s ~sa ~t ~th"),
            (
                "abcdefghijklmnopqrs",
                "abcdefghijklmnop bcdefghijklmnopq cdefghijklmnopqr defghijklmnopqrs efghijklmnopqrs fghijklmnopqrs ghijklmnopqrs hijklmnopqrs ijklmnopqrs jklmnopqrs klmnopqrs lmnopqrs mnopqrs nopqrs opqrs pqrs qrs ~a ~ab",
            ),
            (
                "秋の新商品",
                "秋の新商品 の新商品 新商品 ~の ~の新 ~品 ~商 ~商品 ~新 ~新商 ~秋 ~秋の",
            ),
            ("ab品24", "ab品24 b品24 品24 ~2 ~24 ~a ~ab ~品 ~品2"),
            ("\u{E000}x \u{E001}", "~x"),
        ] {
            assert_eq!(indexed(text).replace(START, "~").trim(), expected);
        }
    }

    #[test]
    fn every_question_is_a_start_a_beginning_or_a_phrase_of_pieces() {
        for (word, expected) in [
            ("e", "\"~e \""),
            ("品新", "\"~品新 \""),
            ("end", "\"end\"*"),
            ("weekend", "\"weekend\"*"),
            ("abcdefghijklmnop", "\"abcdefghijklmnop\""),
            ("abcdefghijklmnopq", "\"abcdefghijklmnop bcdefghijklmnopq\""),
        ] {
            assert_eq!(asked(word).replace(START, "~"), expected);
        }
        assert_eq!(asked(&"x".repeat(1_000)).len(), 2 + MAX_PIECES * (PIECE_LETTERS + 1) - 1);
    }
}
