//! What somebody who misspelt a name probably meant.

/// The known name that is nearest to `word`, when one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = (word.len() / 3).clamp(1, 6);
    known
        .map(|name| (distance(word, name), name))
        .filter(|(distance, _)| *distance <= near)
        .min()
        .map(|(_, name)| name)
}

/// ` Did you mean …?`, or nothing.
pub(crate) fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// Letters to insert, remove or replace (Levenshtein). Names are short: no need to be clever.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(MOST).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().take(MOST).enumerate() {
        let mut next = vec![line + 1];
        for ((known, above), diagonal) in other.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            let replaced = diagonal + usize::from(*known != letter);
            next.push(replaced.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Longer names are compared by their beginning.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = || ["max_change_percent", "max_single_move_micros", "min_lift"].into_iter();
        assert_eq!(nearest("max_change_percnt", known()), Some("max_change_percent"));
        assert_eq!(nearest("min_lfit", known()), Some("min_lift"));
        assert_eq!(nearest("daily_budget", known()), None);
        assert_eq!(suggestion("min_left", known()), "; did you mean `min_lift`?");
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    proptest! {
        #[test]
        fn distance_is_a_metric(a in "[abc]{0,6}", b in "[abc]{0,6}", c in "[abc]{0,6}") {
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c));
        }
    }
}
