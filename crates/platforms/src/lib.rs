//! Connectors to ad platforms, one module each, behind the executor's `Platform` wall.
//! They can never reach the workflow, a store or the client.

pub mod google_ads;
