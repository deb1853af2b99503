//! Rego evaluation over bytes it is given: facts in, what policy asks for out.
//! This room reaches no file, network, clock or randomness, and neither can a rule.
//!
//! Reading order: [`PolicyInput`] is what rules see; [`PolicySet`] compiles and runs them;
//! [`join`] makes one [`Evaluation`] of what all layers found; [`limits`] merges thresholds.

mod error;
mod finding;
mod input;
pub mod join;
pub mod limits;
mod set;

pub use error::PolicyError;
pub use finding::{Base, Finding, RoleMinimums};
pub use input::{PolicyInput, Trailing};
pub use join::Evaluation;
pub use set::PolicySet;
