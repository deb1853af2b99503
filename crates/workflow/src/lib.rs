//! The state machine of a case: routing, quorum, duties, deadlines, expiry; the only maker
//! of [`Authorized`]. It can never reach policy, stores, clocks, randomness or the executor.
//!
//! Reading order: [`case`] holds the state and the table of legal transitions, [`event`]
//! what comes in and goes out, [`check`] whether a decision counts, [`quorum`] whether
//! enough of them do, [`authorized`] what only a quorum can make, [`mod@step`] the machine.

pub mod authorized;
pub mod case;
pub mod check;
pub mod event;
pub mod quorum;
pub mod step;

pub use authorized::Authorized;
pub use case::{Case, Course, HeldUp, OpenError, Phase, PhaseName, RefusedDecision};
pub use event::{DecisionEvent, Effect, Event, FactorCheck, LogActor};
pub use quorum::{Counted, GroupProgress, Progress, progress};
pub use step::{refuse_outside, step};
