//! The language of the search field: `field:value`, quoted values and free words. Whatever
//! is typed has a meaning; what cannot be understood is left out and says so in its chip.

use crate::view::{FilterChip, FilterProblem};
use countersign_model::{
    Currency, TimestampMs, change::kind_named, time::is_date, verdict::RiskTier,
};
use countersign_store::{AmountRange, CaseFilter, TextField, TextTerm};

const DAY_MS: i64 = 86_400_000;
const MICROS_PER_UNIT: i64 = 1_000_000;
/// Decimals of a major unit that micros can hold.
const MICRO_DIGITS: usize = 6;

/// Why a part is left out; the window has words for each.
/// A part of the search as it was typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Part<'a> {
    /// The field's name, if the part begins with one that there is.
    field: Option<&'a str>,
    /// The rest, quotes included.
    value: &'a str,
}

/// What `search` asks for, and how each part was understood.
pub(crate) fn read(search: &str) -> (CaseFilter, Vec<FilterChip>) {
    let mut filter = CaseFilter::default();
    let chips = parts(search)
        .into_iter()
        .map(|part| {
            let problem = match part.field {
                None => words(&mut filter, None, part.value),
                Some(field) => apply(&mut filter, &field.to_ascii_lowercase(), part.value),
            };
            FilterChip {
                field: part.field.unwrap_or("text").into(),
                value: part.value.into(),
                problem: problem.err(),
            }
        })
        .collect();
    (filter, chips)
}

/// Splits at white space outside of quotes. An open quote reaches to the end.
fn parts(search: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = search.trim_start();
    while !rest.is_empty() {
        let mut quoted = false;
        let end = rest.find(|letter: char| {
            quoted ^= letter == '"';
            !quoted && letter.is_whitespace()
        });
        let (token, behind) = rest.split_at(end.unwrap_or(rest.len()));
        parts.push(part(token));
        rest = behind.trim_start();
    }
    parts
}

fn part(token: &str) -> Part<'_> {
    match token.split_once(':') {
        Some((field, value)) if is_field(&field.to_ascii_lowercase()) => {
            Part { field: Some(field), value }
        }
        _ => Part { field: None, value: token },
    }
}

fn is_field(name: &str) -> bool {
    column(name).is_some() || matches!(name, "amount" | "tier" | "kind" | "since" | "until")
}

fn column(name: &str) -> Option<TextField> {
    Some(match name {
        "entity" => TextField::Entity,
        "approver" => TextField::People,
        "reason" => TextField::Reason,
        "rule" => TextField::Rule,
        "model" => TextField::Model,
        "agent" => TextField::Agent,
        _ => return None,
    })
}

fn apply(filter: &mut CaseFilter, field: &str, value: &str) -> Result<(), FilterProblem> {
    let value = value.trim_matches('"').trim();
    if value.is_empty() {
        return Err(FilterProblem::Empty);
    }
    match field {
        "amount" => once(&mut filter.amount, amount(value)?),
        "tier" => once(&mut filter.tier, tier(value)?),
        "kind" => once(&mut filter.kind, kind(value)?),
        "since" => once(&mut filter.created_since_ms, day(value)?),
        // The day itself belongs to it; the store wants the first moment that does not.
        "until" => once(&mut filter.created_until_ms, day(value)?.plus_ms(DAY_MS)),
        _ => words(filter, column(field), value),
    }
}

/// What stands twice counts once: the first.
fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), FilterProblem> {
    if slot.is_some() {
        return Err(FilterProblem::Twice);
    }
    *slot = Some(value);
    Ok(())
}

fn words(
    filter: &mut CaseFilter,
    column: Option<TextField>,
    text: &str,
) -> Result<(), FilterProblem> {
    if !text.chars().any(char::is_alphanumeric) {
        return Err(FilterProblem::Empty);
    }
    filter.text.push(TextTerm { field: column, words: text.into() });
    Ok(())
}

fn tier(value: &str) -> Result<RiskTier, FilterProblem> {
    match value.to_ascii_lowercase().as_str() {
        "low" => Ok(RiskTier::Low),
        "medium" => Ok(RiskTier::Medium),
        "high" => Ok(RiskTier::High),
        _ => Err(FilterProblem::NotATier),
    }
}

fn kind(value: &str) -> Result<String, FilterProblem> {
    let value = value.to_ascii_lowercase();
    if kind_named(&value).is_some() { Ok(value) } else { Err(FilterProblem::NotAKind) }
}

/// `500`, `500..1000`, `500..`, `..1000`, `>500`, `>=500`, `<500`, `<=500`, each with an
/// optional currency behind: `500..1000EUR`.
fn amount(value: &str) -> Result<AmountRange, FilterProblem> {
    let (numbers, currency) = split_currency(value)?;
    let (min, max) = if let Some((low, high)) = numbers.split_once("..") {
        (bound(low)?, bound(high)?)
    } else if let Some(low) = numbers.strip_prefix(">=") {
        (Some(micros(low)?), None)
    } else if let Some(high) = numbers.strip_prefix("<=") {
        (None, Some(micros(high)?))
    } else if let Some(low) = numbers.strip_prefix('>') {
        (Some(micros(low)?.checked_add(1).ok_or(FilterProblem::NotAnAmount)?), None)
    } else if let Some(high) = numbers.strip_prefix('<') {
        (None, Some(micros(high)? - 1))
    } else {
        let exact = micros(numbers)?;
        (Some(exact), Some(exact))
    };
    match (min, max) {
        (None, None) => Err(FilterProblem::NotAnAmount),
        (Some(min), Some(max)) if min > max => Err(FilterProblem::RangeBackwards),
        _ => Ok(AmountRange { min_micros: min, max_micros: max, currency }),
    }
}

fn split_currency(value: &str) -> Result<(&str, Option<Currency>), FilterProblem> {
    let Some(start) = value.find(|letter: char| letter.is_ascii_alphabetic()) else {
        return Ok((value, None));
    };
    let (numbers, code) = value.split_at(start);
    let currency =
        Currency::parse(&code.to_ascii_uppercase()).map_err(|_| FilterProblem::NotAnAmount)?;
    Ok((numbers.trim_end(), Some(currency)))
}

/// An end of a range may be open.
fn bound(text: &str) -> Result<Option<i64>, FilterProblem> {
    if text.trim().is_empty() { Ok(None) } else { micros(text).map(Some) }
}

/// A decimal number of major units, exactly: at most six decimals, no sign, no grouping.
fn micros(text: &str) -> Result<i64, FilterProblem> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > MICRO_DIGITS {
        return Err(FilterProblem::NotAnAmount);
    }
    let whole: i64 = whole.parse().map_err(|_| FilterProblem::NotAnAmount)?;
    let part: i64 =
        format!("{part:0<MICRO_DIGITS$}").parse().map_err(|_| FilterProblem::NotAnAmount)?;
    whole
        .checked_mul(MICROS_PER_UNIT)
        .and_then(|micros| micros.checked_add(part))
        .ok_or(FilterProblem::NotAnAmount)
}

/// The first moment of a day in UTC.
fn day(value: &str) -> Result<TimestampMs, FilterProblem> {
    if !is_date(value) {
        return Err(FilterProblem::NotADate);
    }
    let number = |range: std::ops::Range<usize>| {
        value.get(range).and_then(|digits| digits.parse().ok()).ok_or(FilterProblem::NotADate)
    };
    let days = days_from_civil(number(0..4)?, number(5..7)?, number(8..10)?);
    Ok(TimestampMs::from_millis(days * DAY_MS))
}

/// Days since 1970-01-01 of a proleptic Gregorian date: years begin in March, so that the
/// leap day is their last.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problems(search: &str) -> Vec<Option<FilterProblem>> {
        read(search).1.into_iter().map(|chip| chip.problem).collect()
    }

    fn usd(min: Option<i64>, max: Option<i64>) -> AmountRange {
        AmountRange { min_micros: min, max_micros: max, currency: None }
    }

    #[test]
    fn amounts_are_read_exactly() {
        let unit = MICROS_PER_UNIT;
        for (text, range) in [
            ("500", usd(Some(500 * unit), Some(500 * unit))),
            ("0.000001", usd(Some(1), Some(1))),
            ("500..1000.5", usd(Some(500 * unit), Some(1_000_500_000))),
            ("500..", usd(Some(500 * unit), None)),
            ("..1000", usd(None, Some(1_000 * unit))),
            (">500", usd(Some(500 * unit + 1), None)),
            ("<500", usd(None, Some(500 * unit - 1))),
            (">=0.1", usd(Some(100_000), None)),
            ("<=9223372036854.775807", usd(None, Some(i64::MAX))),
        ] {
            assert_eq!(amount(text), Ok(range), "{text}");
        }
        let euro = amount("500..1000eur").unwrap();
        assert_eq!(euro.currency, Some(Currency::parse("EUR").unwrap()));
        assert_eq!(euro.max_micros, Some(1_000 * unit));
        for bad in [
            "",
            "..",
            ">",
            "abc",
            "1,000",
            "-5",
            "1e5",
            "1.0000001",
            "9223372036854.775808",
            "99999999999999999999",
            "5..x",
            "1.2.3",
            "500EURO",
            "5 5",
            "٥",
        ] {
            assert!(amount(bad).is_err(), "{bad}");
        }
        assert_eq!(amount("9..5"), Err(FilterProblem::RangeBackwards));
    }

    #[test]
    fn fields_quotes_and_words_are_told_apart() {
        let (filter, chips) = read(
            r#"flash Entity:"spring sale" approver:farid tier:HIGH kind:budget_change since:2026-11-01 until:2026-11-20 http://x"#,
        );
        assert_eq!(filter.tier, Some(RiskTier::High));
        assert_eq!(filter.kind.as_deref(), Some("budget_change"));
        let length = filter.created_until_ms.unwrap().since_ms(filter.created_since_ms.unwrap());
        assert_eq!(length, 20 * DAY_MS);
        let term = |field, words: &str| TextTerm { field, words: words.into() };
        assert_eq!(
            filter.text,
            [
                term(None, "flash"),
                term(Some(TextField::Entity), "spring sale"),
                term(Some(TextField::People), "farid"),
                term(None, "http://x"),
            ]
        );
        assert_eq!(chips.len(), 8);
        assert_eq!(
            (chips[1].field.as_str(), chips[1].value.as_str()),
            ("Entity", "\"spring sale\"")
        );
        assert!(chips.iter().all(|chip| chip.problem.is_none()));
    }

    #[test]
    fn what_is_wrong_is_said_and_left_out() {
        for (search, code) in [
            ("amount:lots", FilterProblem::NotAnAmount),
            ("amount:9..5", FilterProblem::RangeBackwards),
            ("tier:purple", FilterProblem::NotATier),
            ("kind:launch", FilterProblem::NotAKind),
            ("since:2026-02-30", FilterProblem::NotADate),
            ("until:tomorrow", FilterProblem::NotADate),
            ("entity:", FilterProblem::Empty),
            ("rule:\"\"", FilterProblem::Empty),
            ("--", FilterProblem::Empty),
        ] {
            assert_eq!(problems(search), [Some(code)], "{search}");
            assert_eq!(read(search).0, CaseFilter::default(), "{search}");
        }
        assert_eq!(problems("tier:low tier:high"), [None, Some(FilterProblem::Twice)]);
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        for (text, millis) in
            [("1970-01-01", 0), ("2000-02-29", 951_782_400_000), ("2026-11-21", 1_795_219_200_000)]
        {
            assert_eq!(day(text), Ok(TimestampMs::from_millis(millis)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_comes_back(days in 0i64..100_000) {
            let moment = TimestampMs::from_millis(days * DAY_MS);
            let text = moment.rfc3339();
            prop_assert_eq!(day(&text[..10]), Ok(moment));
        }

        #[test]
        fn nothing_typed_is_an_error_and_chips_cover_it(search in "(\\PC|[ :.\"<>=a-z0-9]|amount:|since:|tier:){0,60}") {
            let (_, chips) = read(&search);
            let typed: String = search.split_whitespace().collect();
            let covered: String = chips
                .iter()
                .map(|chip| match chip.field.as_str() {
                    "text" => chip.value.clone(),
                    field => format!("{field}:{}", chip.value),
                })
                .collect();
            let covered: String = covered.split_whitespace().collect();
            prop_assert_eq!(covered, typed);
        }

        #[test]
        fn a_number_is_what_it_says(micros in 0i64..) {
            let text = format!("{}.{:06}", micros / MICROS_PER_UNIT, micros % MICROS_PER_UNIT);
            prop_assert_eq!(super::micros(&text), Ok(micros));
        }
    }
}
