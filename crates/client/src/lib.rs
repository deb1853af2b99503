//! The headless local-first engine of the desktop: the app without a window. It can never
//! reach the executor, an ad platform, the gate or a window toolkit.
//!
//! Reading order: [`Controller`] is what a window calls and [`Shell`] what it offers;
//! `profile` opens keys and store, `enrol` joins a workspace, `member` is who this device
//! is there. `take_in` verifies what arrives, `facts` reads it back verified, `state`,
//! `options`, `inbox` and `case_view` say what it means; `decide` prepares and signs.
//! `relay` speaks to the relay and `sync_loop` drives it. [`view`] is what screens get.

mod case_view;
mod clock;
mod controller;
mod decide;
mod enrol;
mod facts;
mod inbox;
mod log_replica;
mod member;
mod names;
mod options;
mod problem;
mod profile;
mod random;
mod relay;
mod shell;
mod state;
mod sync_loop;
mod take_in;
mod timeline;
pub mod view;

pub use clock::{Clock, system_clock};
pub use controller::Controller;
pub use countersign_keychain::{OsSecretStore, SecretStore};
pub use shell::Shell;
