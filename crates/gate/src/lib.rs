//! The gate: takes drafts in, asks policy, counts signatures, keeps time, executes and
//! logs. It can never make a person's signature: no person's key is within its reach.
//!
//! Reading order: [`config`], [`data`], [`keys`] and [`identity`] are what it is given;
//! [`store`] is its database, [`changes`] what one event changes, [`ledger`] the one
//! append; [`core`] says what follows from an event, [`shell`] makes it durable, [`driver`] owns both and gives them events and time; [`evidence`] is what it makes of a platform's series; [`agent_service`] stands behind the agents' door, [`reads`] asks platforms for it and [`budget`] counts for it; [`relay`]
//! and [`courier`] reach the desktops and [`compact`] keeps the relay small; [`access`] says which accounts may be written, [`connect`] connects them; [`http`] and [`serve`] tie it together; [`admin`]
//! holds the operator's commands, which a gate that serves takes at its `socket` (`administration`).

pub mod access;
pub mod admin;
mod administration;
pub mod agent_service;
pub mod budget;
pub mod changes;
pub mod clock;
pub mod compact;
pub mod config;
pub mod connect;
pub mod core;
pub mod courier;
pub mod data;
pub mod driver;
mod due;
pub mod evidence;
pub mod factor;
pub mod http;
pub mod identity;
pub mod keys;
pub mod ledger;
pub mod policies;
pub mod reads;
pub mod relay;
pub mod serve;
pub mod shell;
#[cfg(unix)]
mod socket;
pub mod store;
mod tail;
