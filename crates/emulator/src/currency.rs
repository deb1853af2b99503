//! Currencies of accounts: their smallest step (`billable_unit_micros`) and the smallest budget of
//! a day. Google publishes steps as constants and minima in refusals only, so minima are this
//! emulator's own.

use serde_json::{Value, json};

/// One currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency {
    /// ISO 4217 code.
    pub code: &'static str,
    /// Name.
    pub name: &'static str,
    /// Symbol.
    pub symbol: &'static str,
    /// Amounts are multiples of this many micros.
    pub unit_micros: i64,
    /// Least budget of one day, micros.
    pub min_daily_micros: i64,
}

const fn currency(
    code: &'static str,
    name: &'static str,
    symbol: &'static str,
    unit_micros: i64,
    min_daily_micros: i64,
) -> Currency {
    Currency { code, name, symbol, unit_micros, min_daily_micros }
}

/// The currencies that an emulated account may have.
pub const CURRENCIES: [Currency; 6] = [
    currency("EUR", "Euro", "€", 10_000, 5_000_000),
    currency("GBP", "British Pound", "£", 10_000, 4_000_000),
    currency("HUF", "Hungarian Forint", "Ft", 10_000_000, 2_000_000_000),
    currency("JPY", "Japanese Yen", "¥", 1_000_000, 500_000_000),
    currency("KRW", "South Korean Won", "₩", 1_000_000, 6_000_000_000),
    currency("USD", "US Dollar", "$", 10_000, 5_000_000),
];

/// Largest budget of one day, in units of the currency.
const LARGEST_DAILY: i64 = 1_000_000_000_000;

impl Currency {
    /// The currency with this code.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        CURRENCIES.into_iter().find(|one| one.code == code)
    }

    /// Largest budget of one day, micros; a hundred times more where the step is a whole unit.
    #[must_use]
    pub const fn largest_daily_micros(&self) -> i64 {
        LARGEST_DAILY * (self.unit_micros / 10_000)
    }

    /// The row of `currency_constant`.
    #[must_use]
    pub fn row(&self) -> Value {
        json!({"currency_constant": {
            "resource_name": format!("currencyConstants/{}", self.code),
            "code": self.code,
            "name": self.name,
            "symbol": self.symbol,
            "billable_unit_micros": self.unit_micros,
        }})
    }
}
