//! Money is an ISO 4217 code with integer micros (millionths of the major unit).
//! There is no float and no bare number on any path that carries an amount.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An ISO 4217 alphabetic code, e.g. `USD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Why an amount cannot be read or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three upper-case letters.
    #[error("not an ISO 4217 currency code: expected three upper-case letters such as USD")]
    Currency,
    /// Not a whole number of micros written as a string.
    #[error("not an amount: expected micros as a whole number in a string, such as \"25500000\"")]
    Amount,
    /// Two amounts in different currencies met.
    #[error("cannot combine {left} with {right}: amounts must be in one currency")]
    Mismatch {
        /// The currency of the first amount.
        left: Currency,
        /// The currency of the second amount.
        right: Currency,
    },
    /// The result does not fit into 64 bits.
    #[error("the amount is out of range")]
    Range,
}

impl Currency {
    /// ISO 4217's code for what has nothing to do with money.
    pub const NONE: Self = Self(*b"XXX");

    /// Reads an ISO 4217 alphabetic code.
    ///
    /// # Errors
    /// [`MoneyError::Currency`] unless the text is three upper-case ASCII letters.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        match code.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(MoneyError::Currency),
        }
    }

    /// The code as text.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::spelling::read(deserializer, Self::parse)
    }
}

/// An amount of money.
///
/// JSON: `{"amount_micros":"25500000","currency":"USD"}`; micros are a string
/// because RFC 8785 numbers are IEEE doubles and would round above 2^53.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Millionths of the major unit.
    #[serde(with = "micros_text")]
    pub amount_micros: i64,
    /// The currency, always named.
    pub currency: Currency,
}

impl Money {
    /// An amount in micros of `currency`.
    #[must_use]
    pub const fn from_micros(amount_micros: i64, currency: Currency) -> Self {
        Self { amount_micros, currency }
    }

    /// `self - other`.
    ///
    /// # Errors
    /// [`MoneyError::Mismatch`] across currencies, [`MoneyError::Range`] on overflow.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let amount_micros =
            self.amount_micros.checked_sub(other.amount_micros).ok_or(MoneyError::Range)?;
        Ok(Self { amount_micros, ..self })
    }

    /// `self + other`.
    ///
    /// # Errors
    /// [`MoneyError::Mismatch`] across currencies, [`MoneyError::Range`] on overflow.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let amount_micros =
            self.amount_micros.checked_add(other.amount_micros).ok_or(MoneyError::Range)?;
        Ok(Self { amount_micros, ..self })
    }

    /// `self * times`.
    ///
    /// # Errors
    /// [`MoneyError::Range`] on overflow.
    pub fn times(self, times: i64) -> Result<Self, MoneyError> {
        let amount_micros = self.amount_micros.checked_mul(times).ok_or(MoneyError::Range)?;
        Ok(Self { amount_micros, ..self })
    }

    /// Refuses a pair of amounts in different currencies.
    ///
    /// # Errors
    /// [`MoneyError::Mismatch`].
    pub fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::Mismatch { left: self.currency, right: other.currency })
        }
    }

    /// The change from `before` to `self` in basis points (hundredths of a percent),
    /// rounded away from zero so that a limit is never passed by rounding.
    /// `None` when `before` is zero or negative, or the currencies differ.
    #[must_use]
    pub fn change_basis_points(self, before: Self) -> Option<i64> {
        if before.amount_micros <= 0 || self.currency != before.currency {
            return None;
        }
        let delta = i128::from(self.amount_micros) - i128::from(before.amount_micros);
        let scaled = delta * 10_000;
        let base = i128::from(before.amount_micros);
        let rounded =
            if scaled >= 0 { (scaled + base - 1) / base } else { (scaled - base + 1) / base };
        i64::try_from(rounded).ok()
    }
}

/// English with every digit that counts: `USD 25.50`. Screens format by locale;
/// this is the form of signed text and messages.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let negative = if self.amount_micros < 0 { "-" } else { "" };
        let micros = self.amount_micros.unsigned_abs();
        let (whole, part) = (micros / 1_000_000, micros % 1_000_000);
        let digits = format!("{part:06}");
        let trimmed = digits.trim_end_matches('0');
        let cents = if trimmed.len() < 2 { &digits[..2] } else { trimmed };
        write!(f, "{} {negative}{}.{cents}", self.currency, grouped(whole))
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

mod micros_text {
    use super::{Deserializer, MoneyError, Serializer};
    use crate::spelling;

    pub(super) fn serialize<S: Serializer>(value: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        // One amount, one spelling: no plus sign, leading zeros or minus zero.
        let parse = |text: &str| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let is_plain = text == "0" || !digits.starts_with(['0', '+']);
            text.parse().ok().filter(|_| is_plain).ok_or(MoneyError::Amount)
        };
        spelling::read(deserializer, parse)
            .map_err(|_| serde::de::Error::custom(MoneyError::Amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(micros: i64) -> Money {
        Money::from_micros(micros, Currency(*b"USD"))
    }

    #[test]
    fn floats_and_bare_numbers_are_refused() {
        for bad in [
            r#"{"amount_micros":25500000,"currency":"USD"}"#,
            r#"{"amount_micros":25.5,"currency":"USD"}"#,
            r#"{"amount_micros":"25.5","currency":"USD"}"#,
            r#"{"amount_micros":"NaN","currency":"USD"}"#,
            r#"{"amount_micros":"007","currency":"USD"}"#,
            r#"{"amount_micros":"-07","currency":"USD"}"#,
            r#"{"amount_micros":"-0","currency":"USD"}"#,
            r#"{"amount_micros":"+7","currency":"USD"}"#,
            r#"{"amount_micros":"-","currency":"USD"}"#,
            r#"{"amount_micros":"","currency":"USD"}"#,
            r#"{"amount_micros":"1","currency":"usd"}"#,
            r#"{"amount_micros":"1","currency":"USD","unit":"cents"}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn written_form() {
        assert_eq!(usd(1_234_567_890_000).to_string(), "USD 1,234,567.89");
        assert_eq!(usd(-500_000).to_string(), "USD -0.50");
        assert_eq!(usd(1).to_string(), "USD 0.000001");
    }

    #[test]
    fn change_is_rounded_away_from_zero() {
        assert_eq!(usd(115_000_000).change_basis_points(usd(100_000_000)), Some(1_500));
        assert_eq!(usd(115_000_001).change_basis_points(usd(100_000_000)), Some(1_501));
        assert_eq!(usd(84_999_999).change_basis_points(usd(100_000_000)), Some(-1_501));
        assert_eq!(usd(1).change_basis_points(usd(0)), None);
    }

    proptest! {
        #[test]
        fn json_round_trip(micros: i64) {
            let text = serde_json::to_string(&usd(micros)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), usd(micros));
        }
    }
}
