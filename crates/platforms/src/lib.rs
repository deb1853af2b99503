//! Connectors to ad platforms, one module each, behind the executor's `Platform` wall.
//! They can never reach the workflow, a store or the client.
//!
//! Reading order: [`days`] are the days of any account; [`google_ads`].

pub mod days;
pub mod google_ads;
