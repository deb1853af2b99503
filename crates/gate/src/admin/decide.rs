//! The one way to change the ledger by an operator's order, whoever holds it: an order is
//! decided, what it promises is handed over, and then it is committed.

use super::{
    AdminError, ROSTER_VALID_MS, admit, agent, commit_roster, correct_clock,
    order::{Done, HandOver, LedgerOrder},
    seal, writing,
};
use crate::{changes::Changes, keys, ledger::Ledger};
use countersign_model::{Envelope, Roster, Signer, TimestampMs};
use std::path::Path;

/// A successor of the roster in force, not signed yet.
pub(super) struct NextRoster<F> {
    pub(super) next: Roster,
    /// What becomes durable with it.
    pub(super) changes: Changes,
    /// Makes what is handed over of the signed roster.
    pub(super) hand_over: F,
}

/// What was decided and is not committed.
pub(crate) struct Decided(What);

enum What {
    Roster { envelope: Envelope, changes: Changes },
    Clock { why: String },
    Writing(writing::Decided),
}

/// Decides about an order at a moment of the log, and changes nothing. `root` is the file of
/// the root key, which a roster is signed with.
///
/// # Errors
/// [`AdminError`].
pub(crate) fn decide(
    ledger: &Ledger,
    order: LedgerOrder,
    root: &Path,
    at: TimestampMs,
) -> Result<(Decided, HandOver), AdminError> {
    match order {
        LedgerOrder::Admit(order) => signed(admit::decide(ledger, &order, at)?, root),
        LedgerOrder::AddAgent(order) => signed(agent::decide(ledger, &order, at)?, root),
        LedgerOrder::CorrectClock { why } => {
            correct_clock::check(&why)?;
            Ok((Decided(What::Clock { why }), HandOver::Nothing {}))
        }
        LedgerOrder::OpenWriting { account, credential, why } => {
            let decided = writing::decide_open(ledger.writing(), account, credential, why)?;
            Ok((Decided(What::Writing(decided)), HandOver::Nothing {}))
        }
        LedgerOrder::CloseWriting { account, why } => {
            let decided = writing::decide_close(ledger.writing(), &account, why)?;
            Ok((Decided(What::Writing(decided)), HandOver::Nothing {}))
        }
    }
}

/// Signs with the root key at hand; it is read for this and wiped again.
fn signed<F: FnOnce(Envelope) -> HandOver>(
    roster: NextRoster<F>,
    root: &Path,
) -> Result<(Decided, HandOver), AdminError> {
    let NextRoster { next, changes, hand_over } = roster;
    let root = keys::load_signing(root)?;
    let envelope = seal(&next, &root as &dyn Signer)?;
    let hand_over = hand_over(envelope.clone());
    Ok((Decided(What::Roster { envelope, changes }), hand_over))
}

/// The successor of the roster in force, to be changed.
pub(super) fn next_roster(ledger: &Ledger, at: TimestampMs) -> Roster {
    let current = ledger.roster();
    Roster {
        version: current.version + 1,
        issued_at_ms: at,
        expires_at_ms: at.plus_ms(ROSTER_VALID_MS),
        ..current.clone()
    }
}

impl Decided {
    /// Makes it durable at a moment of the log, or, for a clock that is corrected, at the
    /// system's time `wall`. A roster that another has overtaken is refused, as everybody would
    /// refuse it.
    ///
    /// # Errors
    /// [`AdminError`]; nothing was changed.
    pub(crate) fn commit(
        self,
        ledger: &mut Ledger,
        at: TimestampMs,
        wall: TimestampMs,
    ) -> Result<Done, AdminError> {
        match self.0 {
            What::Roster { envelope, changes } => {
                let version = commit_roster(ledger, &envelope, changes, at)?;
                Ok(Done::Roster { version, relay_told: false })
            }
            What::Clock { why } => correct_clock::commit(ledger, why, wall),
            What::Writing(decided) => writing::commit(ledger, decided, at),
        }
    }
}
