//! What may be signed, by ticket. Taking it out is the only way to sign, so nothing is signed
//! twice.

use crate::{
    profile::random::{self, NoRandomness},
    sign::warnings::Warning,
};
use countersign_model::{Digest, TimestampMs, confirm::ConfirmSheet};
use std::collections::BTreeMap;

/// How long a confirm sheet may be signed: its time and its code go stale.
pub(crate) const GOOD_FOR_MS: i64 = 90_000;

/// Why there is nothing to sign under a ticket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum TicketError {
    /// Its sheet was signed or closed, or is of another kind.
    #[error("no sheet of this kind waits under this ticket")]
    Unknown,
    #[error("the sheet is too old to be signed")]
    Expired,
}

/// A sheet that was rendered from the bytes to be signed, and what to know before signing.
pub(crate) struct Confirm {
    /// Names the prepared bytes.
    pub(crate) ticket: String,
    pub(crate) sheet: ConfirmSheet,
    pub(crate) warnings: Vec<Warning>,
    /// A second, different gesture is needed to sign.
    pub(crate) armed_only: bool,
    /// After this moment it must be made again.
    pub(crate) good_until_ms: TimestampMs,
}

/// What was prepared for a sheet of any kind, with the moment of the sheet.
pub(crate) struct Tickets<S>(BTreeMap<String, (TimestampMs, S)>);

impl<S> Default for Tickets<S> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<S> Tickets<S> {
    /// Takes out what was prepared, for signing. A ticket of another kind of sheet is unknown, and
    /// stays good for its own.
    pub(crate) fn take<P>(&mut self, ticket: &str, now: TimestampMs) -> Result<P, TicketError>
    where
        S: TryInto<P, Error = S>,
    {
        let (made_at_ms, sheet) = self.0.remove(ticket).ok_or(TicketError::Unknown)?;
        match sheet.try_into() {
            Ok(prepared) => check_age(made_at_ms, now).map(|()| prepared),
            Err(other) => {
                self.0.insert(ticket.to_owned(), (made_at_ms, other));
                Err(TicketError::Unknown)
            }
        }
    }

    /// Forgets a sheet that was closed.
    pub(crate) fn discard(&mut self, ticket: &str) {
        self.0.remove(ticket);
    }

    /// Keeps what a sheet was made from, and forgets what nobody can sign any more.
    pub(crate) fn keep(&mut self, prepared: S, now: TimestampMs) -> Result<String, NoRandomness> {
        self.0.retain(|_, (made_at_ms, _)| now.since_ms(*made_at_ms) <= GOOD_FOR_MS);
        let ticket = Digest::from_bytes(random::bytes()?).to_string();
        self.0.insert(ticket.clone(), (now, prepared));
        Ok(ticket)
    }
}

/// Whether a sheet of `made_at_ms` may be signed at `now`.
fn check_age(made_at_ms: TimestampMs, now: TimestampMs) -> Result<(), TicketError> {
    if (0..=GOOD_FOR_MS).contains(&now.since_ms(made_at_ms)) {
        return Ok(());
    }
    Err(TicketError::Expired)
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
            prop_assert_eq!(again.unwrap_err(), TicketError::Unknown);
        }
    }

    #[test]
    fn a_ticket_is_good_for_its_own_kind_of_sheet_alone() {
        let made = TimestampMs::from_millis(0);
        let mut tickets = Tickets::default();
        let ticket = tickets.keep(Either::Number(7), made).unwrap();
        let other: Result<&str, _> = tickets.take(&ticket, made);
        assert_eq!(other.unwrap_err(), TicketError::Unknown);
        assert_eq!(tickets.take::<u8>(&ticket, made).unwrap(), 7);
    }
}
