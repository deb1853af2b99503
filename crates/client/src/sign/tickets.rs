//! What may be signed, by ticket. Taking it out is the only way to sign, so nothing is signed
//! twice.

use crate::{
    profile::random,
    view::{
        ProblemView,
        problem::{Code, problem},
    },
};
use countersign_model::{Digest, TimestampMs};
use std::collections::BTreeMap;

/// How long a confirm sheet may be signed: its time and its code grow old.
pub(crate) const GOOD_FOR_MS: i64 = 90_000;

/// What was prepared for a sheet of any kind, with the moment of the sheet.
pub(crate) struct Tickets<S>(BTreeMap<String, (TimestampMs, S)>);

impl<S> Default for Tickets<S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<S> Tickets<S> {
    /// Takes what was prepared out for signing. A ticket of another kind of sheet is unknown, and
    /// stays good for its own.
    pub(crate) fn take<P>(&mut self, ticket: &str, now: TimestampMs) -> Result<P, ProblemView>
    where
        S: TryInto<P, Error = S>,
    {
        let (made_at_ms, sheet) = self.0.remove(ticket).ok_or_else(ticket_unknown)?;
        match sheet.try_into() {
            Ok(prepared) => check_age(made_at_ms, now).map(|()| prepared),
            Err(other) => {
                self.0.insert(ticket.to_owned(), (made_at_ms, other));
                Err(ticket_unknown())
            }
        }
    }

    /// Forgets a sheet that was closed.
    pub(crate) fn discard(&mut self, ticket: &str) {
        self.0.remove(ticket);
    }

    /// Keeps what a sheet was made from, and forgets what nobody can sign any more.
    pub(crate) fn keep(&mut self, prepared: S, now: TimestampMs) -> Result<String, ProblemView> {
        self.0.retain(|_, (made_at_ms, _)| now.since_ms(*made_at_ms) <= GOOD_FOR_MS);
        let ticket = Digest::from_bytes(random::bytes()?).to_string();
        self.0.insert(ticket.clone(), (now, prepared));
        Ok(ticket)
    }
}

/// There is nothing to sign under this ticket any more.
pub(crate) fn ticket_unknown() -> ProblemView {
    problem(
        Code::TicketUnknown,
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
        Code::TicketExpired,
        "The sheet is too old to be signed. Nothing was signed.",
        &["Decide again; the sheet is made again with the present time."],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two kinds of sheets.
    #[derive(Debug)]
    enum Either {
        Word(&'static str),
        Number(u8),
    }

    impl TryFrom<Either> for &'static str {
        type Error = Either;

        fn try_from(sheet: Either) -> Result<Self, Either> {
            match sheet {
                Either::Word(word) => Ok(word),
                other @ Either::Number(_) => Err(other),
            }
        }
    }

    impl TryFrom<Either> for u8 {
        type Error = Either;

        fn try_from(sheet: Either) -> Result<Self, Either> {
            match sheet {
                Either::Number(number) => Ok(number),
                other @ Either::Word(_) => Err(other),
            }
        }
    }

    proptest! {
        #[test]
        fn a_ticket_is_good_once_and_not_for_long(age in -200_000i64..200_000) {
            let made = TimestampMs::from_millis(1_000_000);
            let mut tickets = Tickets::default();
            let ticket = tickets.keep(Either::Word("bytes"), made).unwrap();
            let taken: Result<&str, _> = tickets.take(&ticket, made.plus_ms(age));
            prop_assert_eq!(taken.is_ok(), (0..=GOOD_FOR_MS).contains(&age));
            let again: Result<&str, _> = tickets.take(&ticket, made);
            prop_assert_eq!(again.unwrap_err().code, "ticket_unknown");
        }
    }

    #[test]
    fn a_ticket_is_good_for_its_own_kind_of_sheet_alone() {
        let made = TimestampMs::from_millis(0);
        let mut tickets = Tickets::default();
        let ticket = tickets.keep(Either::Number(7), made).unwrap();
        let other: Result<&str, _> = tickets.take(&ticket, made);
        assert_eq!(other.unwrap_err().code, "ticket_unknown");
        assert_eq!(tickets.take::<u8>(&ticket, made).unwrap(), 7);
    }
}
