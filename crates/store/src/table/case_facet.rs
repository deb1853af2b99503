//! What filters ask for, as words of the search index that nobody can type. They narrow the
//! rows down; the exact condition on the row decides.

use crate::{CaseRow, Shelf};
use countersign_model::{Currency, verdict::RiskTier};

/// Begins every facet. Private use: a token letter for the index, a separator for what a
/// person types.
const MARK: char = '\u{E000}';
/// How many parts a power of two is divided into.
const PARTS: i64 = 8;
const WEEK_MS: i64 = 7 * 86_400_000;
/// More weeks than this are not worth naming one by one.
const MAX_WEEKS: i64 = 64;

/// No case has it.
fn nothing() -> String {
    facet("z")
}

/// Every case has it.
pub(crate) fn any() -> String {
    facet("x")
}

/// On this list; a snoozed case is where it would be without.
pub(crate) fn shelf(shelf: Shelf) -> String {
    facet(&format!("s{}", shelf.projected().number()))
}

/// Open to decisions.
pub(crate) fn open() -> String {
    facet("o")
}

/// Overridden.
pub(crate) fn overridden() -> String {
    facet("v")
}

/// Of this tier.
pub(crate) fn tier(tier: RiskTier) -> String {
    facet(&format!("t{}", super::case::tier_number(tier)))
}

/// Of this kind, or of one that differs in signs only.
pub(crate) fn kind(kind: &str) -> String {
    let letters: String = kind.chars().filter(char::is_ascii_alphanumeric).collect();
    facet(&format!("k{}", letters.to_ascii_lowercase()))
}

/// In this currency.
pub(crate) fn currency(currency: Currency) -> String {
    facet(&format!("u{}", currency.code().to_ascii_lowercase()))
}

/// The powers of two that the amounts of a range lie between; of the first and the last
/// power, only the parts.
pub(crate) fn amounts(min_micros: i64, max_micros: i64) -> Vec<String> {
    if min_micros > max_micros {
        return vec![nothing()];
    }
    let (first, last) = (magnitude(min_micros), magnitude(max_micros));
    let mut facets: Vec<String> = (first + 1..last).map(amount_facet).collect();
    let (first_part, last_part) = (part(min_micros), part(max_micros));
    let parts = |magnitude, range: std::ops::RangeInclusive<i64>| {
        range.map(move |part| part_facet(magnitude, part))
    };
    if first == last {
        facets.extend(parts(first, first_part..=last_part));
    } else {
        facets.extend(parts(first, first_part..=PARTS - 1));
        facets.extend(parts(last, 0..=last_part));
    }
    facets
}

/// The weeks of a range; empty if there are too many to name.
pub(crate) fn weeks(first_ms: i64, last_ms: i64) -> Vec<String> {
    let (first, last) = (first_ms.div_euclid(WEEK_MS), last_ms.div_euclid(WEEK_MS));
    if last.saturating_sub(first) > MAX_WEEKS {
        return Vec::new();
    }
    (first..=last).map(week_facet).collect()
}

/// All facets of a case, as text to index.
pub(crate) fn facets_of(case: &CaseRow) -> String {
    let mut facets = vec![
        any(),
        shelf(case.shelf),
        tier(case.tier),
        kind(&case.kind),
        currency(case.currency),
        amount_facet(magnitude(case.after_micros)),
        part_facet(magnitude(case.after_micros), part(case.after_micros)),
        week_facet(case.created_at_ms.millis().div_euclid(WEEK_MS)),
    ];
    facets.extend(case.is_open().then(open));
    facets.extend(case.overridden.then(overridden));
    facets.join(" ")
}

/// Number of binary digits, negative for negative amounts; never falls as amounts rise.
fn magnitude(micros: i64) -> i64 {
    i64::from(u64::BITS - micros.unsigned_abs().leading_zeros()) * micros.signum()
}

/// Which part of its magnitude an amount lies in, by the binary digits after the first; it
/// never falls as amounts rise.
fn part(micros: i64) -> i64 {
    let amount = i128::from(micros.unsigned_abs());
    let top = i128::BITS - amount.leading_zeros();
    // Brought to four digits: the first is 1, the other three are the part.
    let digits = if top > 4 { amount >> (top - 4) } else { amount << (4 - top) };
    let part = i64::try_from(digits % i128::from(PARTS)).unwrap_or(0);
    if micros < 0 { PARTS - 1 - part } else { part }
}

fn part_facet(magnitude: i64, part: i64) -> String {
    facet(&format!("{}q{part}", signed('b', magnitude)))
}

fn amount_facet(magnitude: i64) -> String {
    facet(&signed('a', magnitude))
}

fn week_facet(week: i64) -> String {
    facet(&signed('w', week))
}

fn signed(name: char, number: i64) -> String {
    let sign = if number < 0 { 'n' } else { 'p' };
    format!("{name}{sign}{}", number.unsigned_abs())
}

fn facet(name: &str) -> String {
    format!("{MARK}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount() -> impl Strategy<Value = i64> {
        prop_oneof![
            proptest::num::i64::ANY,
            -40i64..40,
            0i64..5_000,
            Just(i64::MIN),
            Just(i64::MAX)
        ]
    }

    proptest! {
        #[test]
        fn an_amount_in_the_range_is_in_its_facets(a in amount(), b in amount(), c in amount()) {
            let mut sorted = [a, b, c];
            sorted.sort_unstable();
            let [min, middle, max] = sorted;
            let (whole, place) = (magnitude(middle), part(middle));
            let facets = amounts(min, max);
            prop_assert!(facets.contains(&amount_facet(whole)) || facets.contains(&part_facet(whole, place)));
        }

        #[test]
        fn a_moment_in_the_range_is_in_its_weeks(first in -1_000_000i64..1_000_000_000, days in 0i64..400, part in 0i64..1_000) {
            let length = days * 86_400_000;
            let middle = first + length / 1_000 * part;
            let weeks = weeks(first, first + length);
            prop_assert!(weeks.contains(&week_facet(middle.div_euclid(WEEK_MS))));
        }
    }

    #[test]
    fn too_long_a_range_has_no_weeks() {
        assert!(weeks(i64::MIN, i64::MAX).is_empty());
        assert_eq!(weeks(0, 0).len(), 1);
    }
}
