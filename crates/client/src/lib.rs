//! The headless local-first engine of the desktop: the app without a window. It can never
//! reach the executor, an ad platform, the gate or a window toolkit.
//!
//! It is built in floors, and each may name only those before it (`tests/architecture` holds
//! it). Reading order: [`view`] is what screens get; `profile` opens keys and store, joins a
//! workspace and knows who this device is there; `case` says what is proven about one case
//! and what follows from it; `lists` reads and writes over many cases; `sign` prepares and
//! signs what a person decides, and seals it; `sync` speaks to the relay, takes in what
//! arrives, follows the log with the rules of the gate and does what time brings;
//! `engine` is what a window calls, as [`Controller`], which tells it the [`News`]. Below it every
//! operation has an error of its own; the code, words and hints that a window shows are made in
//! `engine::problems` alone.

mod case;
mod engine;
mod lists;
mod profile;
mod sign;
mod sync;
pub mod view;

pub use countersign_keychain::{OsSecretStore, SecretStore};
pub use engine::{
    controller::Controller,
    shell::{News, Shell},
};
pub use profile::{
    clock::{Clock, system_clock},
    settings,
};
