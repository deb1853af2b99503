//! A loopback Google Ads API v26 (REST) for the demo and for tests; it can never be part of a
//! server or of the app, and it refuses to listen anywhere but on the loopback interface.
//!
//! Everything in it is simulated and says so. One account (`1234567890`, USD, America/New_York)
//! carries the seven campaigns and 120 days of the published `pymc-marketing` credibility set.
//! The set runs 2025-01-01 to 2025-04-30; its dates are moved by a whole number of weeks, so that
//! weekdays are kept and the last day falls within the seven days before `as_of`.
//! Budgets are derived (see [`data`]); conversions are not in the set and stay absent.
//!
//! Not carried, and refused as `mutateError.MUTATE_NOT_ALLOWED` where it is asked for: creating and
//! removing campaigns, budgets, ad groups and portfolios; ads other than responsive search ads; assets
//! other than pictures, and their links; shared sets, asset groups, labels, experiments; exemptions of
//! keywords from policy; `:apply` of recommendations. There is no multi-party approval. What Google
//! does not publish (smallest and largest amounts, longest total budget, restricted words) is this
//! emulator's own and says so where it stands.
//!
//! What is Google's contract is not typed by hand here: requests are decoded and answers are
//! rendered through Google's own descriptor (see `descriptor/README.md`).
//!
//! Reading order: [`server`] starts it; [`gateway`] takes one call to its answer; [`gaql`] and
//! [`query`] read, over [`rows`] and [`views`]; [`operations`] writes, with one module for each
//! service; [`faults`] and [`control`] make it misbehave on demand;
//! [`account`], [`seed`] and [`data`] are what it holds; [`descriptor`], [`errors`] and [`oauth`] are the wire.

pub mod account;
mod ad_groups;
pub mod ads;
pub mod assets;
mod bidding;
mod budgets;
mod campaigns;
pub mod control;
mod criteria;
pub mod currency;
pub mod data;
pub mod descriptor;
pub mod errors;
pub mod faults;
pub mod gaql;
pub mod gateway;
pub mod kinds;
pub mod oauth;
pub mod operations;
mod patch;
pub mod query;
pub mod rows;
pub mod seed;
pub mod server;
mod service_account;
pub mod views;
mod violations;
mod wire;

pub use server::{Emulator, EmulatorConfig, Running, StartError};
