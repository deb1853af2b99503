//! Amounts for the window.

use crate::view::MoneyView;
use countersign_model::Money;

/// An amount for the window.
pub(crate) fn money(money: Money) -> MoneyView {
    MoneyView {
        amount_micros: money.amount_micros.to_string(),
        currency: money.currency.code().into(),
    }
}
