//! Prepared bytes by ticket. Taking them out is the only way to sign, so none signs twice.

use crate::{
    profile::random,
    view::{ProblemView, problem::problem},
};
use countersign_model::{Digest, TimestampMs};
use std::collections::BTreeMap;

/// How long a confirm sheet may be signed: its time and its code grow old.
pub(crate) const GOOD_FOR_MS: i64 = 90_000;

/// What was prepared, with the moment of its sheet.
pub(crate) struct Tickets<P>(BTreeMap<String, (TimestampMs, P)>);

impl<P> Default for Tickets<P> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<P> Tickets<P> {
    /// Takes the bytes out for signing.
    pub(crate) fn take(&mut self, ticket: &str, now: TimestampMs) -> Result<P, ProblemView> {
        let (made_at_ms, prepared) = self.0.remove(ticket).ok_or_else(ticket_unknown)?;
        check_age(made_at_ms, now)?;
        Ok(prepared)
    }

    /// Forgets a sheet that was closed.
    pub(crate) fn discard(&mut self, ticket: &str) {
        self.0.remove(ticket);
    }

    /// Keeps what a sheet was made from, and forgets what nobody can sign any more.
    pub(crate) fn keep(&mut self, prepared: P, now: TimestampMs) -> Result<String, ProblemView> {
        self.0.retain(|_, (made_at_ms, _)| now.since_ms(*made_at_ms) <= GOOD_FOR_MS);
        let ticket = Digest::from_bytes(random::bytes()?).to_string();
        self.0.insert(ticket.clone(), (now, prepared));
        Ok(ticket)
    }
}

/// There is nothing to sign under this ticket any more.
pub(crate) fn ticket_unknown() -> ProblemView {
    problem(
        "ticket_unknown",
        "This sheet was signed or closed already. Nothing more was signed.",
        &["Open the case and look at its decisions."],
    )
}

/// Whether a sheet of `made_at_ms` may be signed at `now`.
pub(crate) fn check_age(made_at_ms: TimestampMs, now: TimestampMs) -> Result<(), ProblemView> {
    if (0..=GOOD_FOR_MS).contains(&now.since_ms(made_at_ms)) {
        return Ok(());
    }
    Err(problem(
        "ticket_expired",
        "The sheet is too old to be signed. Nothing was signed.",
        &["Decide again; the sheet is made anew with the present time."],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_ticket_is_good_once_and_not_for_long(age in -200_000i64..200_000) {
            let made = TimestampMs::from_millis(1_000_000);
            let mut tickets = Tickets::default();
            let ticket = tickets.keep("bytes", made).unwrap();
            let taken = tickets.take(&ticket, made.plus_ms(age));
            prop_assert_eq!(taken.is_ok(), (0..=GOOD_FOR_MS).contains(&age));
            prop_assert_eq!(tickets.take(&ticket, made).unwrap_err().code, "ticket_unknown");
        }
    }
}
