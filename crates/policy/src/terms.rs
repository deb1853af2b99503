//! Words that no text may hold unseen: lists of the policy's data, by topic and language, and
//! where they stand in the texts that people outside would read.
//!
//! A list is written by people who keep the policy, not by developers: `"risk free"` is found
//! wherever these words stand beside each other, however they are written
//! ([`countersign_model::text::words`]), and a star stands for any further letters of a word, as in
//! `"guarant*"` and `"*garantie"`. A text has no language, so that every language is looked for.

use countersign_model::text::{shown_line, words};
use serde_json::Value;
use std::collections::BTreeSet;

/// Most words of one entry of a list.
const MAX_TERM_WORDS: usize = 8;
/// Longest entry of a list, in characters.
pub(crate) const MAX_TERM_CHARS: usize = 80;
/// Most entries that are told as found.
const MAX_TOLD: usize = 5;
/// What stands for any further letters of a word.
const ANY: char = '*';

/// All lists of a policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms(Vec<Term>);

/// One entry of a list.
#[derive(Clone, Debug)]
struct Term {
    topic: String,
    /// As it stands in the list.
    written: String,
    words: Vec<Pattern>,
}

/// A word, or a part of one.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Pattern {
    /// Whether letters may stand before it.
    open_before: bool,
    letters: String,
    /// Whether letters may stand after it.
    open_after: bool,
}

/// What was found in texts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Found {
    /// The topics, in words and in alphabetical order; empty where nothing was found.
    pub(crate) topics: String,
    /// The entries, as the lists have them and in their order, the first few.
    pub(crate) terms: String,
}

impl Terms {
    /// Reads `restricted_terms` of a data document that was checked.
    pub(crate) fn of(data: &Value) -> Self {
        let topics = data.get("restricted_terms").and_then(Value::as_object);
        let lists = topics.into_iter().flatten().flat_map(|(topic, languages)| {
            let lists = languages.as_object().into_iter().flatten();
            lists.map(move |(_, list)| (topic, list))
        });
        let terms = lists.flat_map(|(topic, list)| {
            let written = list.as_array().into_iter().flatten().filter_map(Value::as_str);
            written.filter_map(move |written| {
                let words = patterns(written)?;
                Some(Term { topic: topic.replace('_', " "), written: written.into(), words })
            })
        });
        Self(terms.collect())
    }

    /// What of the lists stands in these texts.
    pub(crate) fn found<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Found {
        let texts: Vec<_> = texts.into_iter().map(words).collect();
        let hits: Vec<_> =
            self.0.iter().filter(|term| texts.iter().any(|text| term.is_in(text))).collect();
        let topics: BTreeSet<_> = hits.iter().map(|term| term.topic.as_str()).collect();
        let mut seen = BTreeSet::new();
        let told: Vec<_> = hits
            .iter()
            .filter(|term| seen.insert(&term.written))
            .map(|term| format!("“{}”", shown_line(&term.written)))
            .collect();
        let more = told.len().saturating_sub(MAX_TOLD);
        let told = told.into_iter().take(MAX_TOLD).collect::<Vec<_>>().join(", ");
        Found {
            topics: topics.into_iter().collect::<Vec<_>>().join(", "),
            terms: if more > 0 { format!("{told} and {more} more") } else { told },
        }
    }
}

impl Term {
    fn is_in(&self, text: &[String]) -> bool {
        text.windows(self.words.len())
            .any(|part| part.iter().zip(&self.words).all(|(word, pattern)| pattern.fits(word)))
    }
}

impl Pattern {
    fn fits(&self, word: &str) -> bool {
        match (self.open_before, self.open_after) {
            (false, false) => word == self.letters,
            (false, true) => word.starts_with(&self.letters),
            (true, false) => word.ends_with(&self.letters),
            (true, true) => word.contains(&self.letters),
        }
    }
}

/// Whether an entry can be looked for.
pub(crate) fn is_term(written: &str) -> bool {
    patterns(written).is_some()
}

/// An entry's words, with one space between them; `None` of none, of too many, and of a star that
/// neither begins nor ends one.
fn patterns(written: &str) -> Option<Vec<Pattern>> {
    let parts: Vec<_> = written.split(' ').collect();
    if parts.len() > MAX_TERM_WORDS {
        return None;
    }
    let mut patterns = vec![];
    for part in parts {
        let after = part.strip_prefix(ANY);
        let open_before = after.is_some();
        let rest = after.unwrap_or(part);
        let inner = rest.strip_suffix(ANY).unwrap_or(rest);
        let open_after = inner.len() < rest.len();
        if inner.contains(|letter: char| letter == ANY || letter.is_whitespace()) {
            return None;
        }
        let own = words(inner);
        let last = own.len().checked_sub(1)?;
        patterns.extend(own.into_iter().enumerate().map(|(at, letters)| Pattern {
            open_before: open_before && at == 0,
            letters,
            open_after: open_after && at == last,
        }));
    }
    Some(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn terms() -> Terms {
        Terms::of(&json!({"restricted_terms": {
            "guarantee": { "en": ["guarant*", "risk-free"], "de": ["*garantie"] },
            "medical_claim": { "en": ["cure", "100% safe", "risk free"] },
        }}))
    }

    fn found(text: &str) -> (String, String) {
        let Found { topics, terms } = terms().found([text]);
        (topics, terms)
    }

    #[test]
    fn a_term_is_found_as_words_and_not_inside_of_others() {
        for (text, topics, told) in [
            ("GUARANTEED returns", "guarantee", "“guarant*”"),
            ("Zufriedenheitsgarantie", "guarantee", "“*garantie”"),
            ("Risk free for a year", "guarantee, medical claim", "“risk-free”, “risk free”"),
            ("Ｒisk—FREE", "guarantee, medical claim", "“risk-free”, “risk free”"),
            ("A cure, guaranteed", "guarantee, medical claim", "“guarant*”, “cure”"),
            ("It is 100 % safe", "medical claim", "“100% safe”"),
        ] {
            assert_eq!(found(text), (topics.into(), told.into()), "{text}");
        }
        for text in
            ["Secure shoes", "free of risk", "Risk, and free tea", "curable", "Garantieren", ""]
        {
            assert_eq!(found(text), (String::new(), String::new()), "{text}");
        }
    }

    #[test]
    fn a_term_is_not_put_together_of_two_texts() {
        assert_eq!(terms().found(["No risk", "free shipping"]), Found::default());
    }

    #[test]
    fn of_many_terms_the_first_are_told() {
        let list: Vec<_> = ('a'..='h').map(|letter| format!("{letter}*")).collect();
        let terms = Terms::of(&json!({"restricted_terms": {"all": {"en": list}}}));
        let found = terms.found(["alpha beta gamma delta eta", "epsilon hat from c"]);
        assert_eq!(found.terms, "“a*”, “b*”, “c*”, “d*”, “e*” and 3 more");
    }

    #[test]
    fn an_entry_without_words_is_none() {
        for written in
            ["", "*", "—", "a*b", "**a", "a  b", " a", "a\u{a0}b", "a — b", "a b c d e f g h i"]
        {
            assert!(!is_term(written), "{written}");
        }
        assert!(is_term("*heil*") && is_term("a b c d e f g h"));
    }
}
