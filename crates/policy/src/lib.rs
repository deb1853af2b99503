//! Rego evaluation over bytes it is given: facts in, what policy asks for out.
//! This room reaches no file, network, clock or randomness, and neither can a rule.
//!
//! Reading order: [`PolicyInput`] is what rules see; [`PolicySet`] compiles and runs them;
//! [`join`] makes one [`Evaluation`] of what all layers found; [`limits`] merges thresholds;
//! [`judge`](fn@judge) is the way through all of it, from a proposal to a verdict;
//! `check` and `data` are what is refused when a policy is loaded;
//! [`files`] is a policy as it is published, [`describe`](fn@describe) its rules for reading.
//!
//! A desktop that tries a change of policy over past cases needs nothing from the gate but
//! the published files: every fact of [`PolicyInput`] stands in the signed proposal, except
//! what was found of the policy's own words in its texts (`terms`), which every evaluation finds again, and
//! [`Trailing`], which [`Trailing::of`] makes from the executions that the desktop's own copy
//! of the log holds. The digest of the facts is in the log beside each verdict
//! (`input_commitment`), so that a desktop knows whether it has reproduced them.

mod check;
mod data;
mod describe;
mod error;
pub mod files;
pub mod finding;
mod input;
pub mod join;
mod judge;
pub mod limits;
mod nearest;
mod set;
mod strict_json;
mod terms;

pub use describe::{RuleDescription, describe};
pub use error::PolicyError;
pub use files::{Files, LimitDescription, base_of, describe_limits, reference_of, with_limit};
pub use finding::{Base, Finding, RoleMinimums, Step};
pub use input::{OriginKind, PolicyInput, Trailing};
pub use join::Evaluation;
pub use judge::judge;
pub use set::PolicySet;
