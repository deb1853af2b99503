//! The execution saga: one authorised change to one ad platform, at most once, through
//! crashes and unknown outcomes. It can never reach policy, stores or a concrete platform,
//! and it takes nothing but [`Authorized`](countersign_workflow::Authorized) actions.
//!
//! Reading order: [`platform`] is the wall to the ad platform, [`accounts`] the ones that there are, [`journal`] the durable
//! steps and the table of which may follow which, [`saga`] the way through them, leg by leg, and `write` that of one write,
//! [`outcome`](mod@outcome) how a run that breaks ends.

pub mod accounts;
pub mod journal;
pub mod outcome;
pub mod platform;
pub mod saga;
mod write;

pub use accounts::{Accounts, Connections, READ_ONLY};
pub use journal::{Journal, JournalError, Step, StepName};
pub use outcome::{ExecuteError, Waits};
pub use platform::{
    AuthorizedWrite, Capabilities, CommitAnswer, Delivery, ErrorClass, MAX_PARTS, Parts,
    PartsAfter, Platform, PlatformError,
};
pub use saga::{Caller, Limits, execute};
