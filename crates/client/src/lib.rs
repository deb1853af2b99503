//! The headless local-first engine of the desktop: the app without a window. It can never
//! reach the executor, an ad platform, the gate or a window toolkit.
//!
//! Reading order: [`Controller`] is what a window calls and [`Shell`] what it offers;
//! `profile` opens keys and store, `enrol` joins a workspace, `member` is who this device
//! is there. `take_in` verifies what arrives, `follow` judges the log with
//! the rules of the gate, `facts` reads back what was verified, `state`,
//! `options`, `inbox` and `case_view` say what it means; `decide` prepares and signs, `hold`
//! keeps what was signed until it is sent, `outgoing` seals it. `comments`, `halt` and
//! `prompt` are the other things that a person signs. `relay` speaks to the relay,
//! `sync_loop` drives it, `rows` writes list rows a few at a time, `alarm` does what time
//! brings, `notices` says what a person must hear of. [`view`] is what screens get.

mod alarm;
mod batch;
mod case_view;
mod clock;
mod comments;
mod contain;
mod controller;
mod decide;
mod desk;
mod enrol;
mod entered;
mod evidence;
mod facts;
mod filed;
mod follow;
mod halt;
mod history;
mod hold;
mod inbox;
mod inner;
mod log_check;
mod log_explorer;
mod log_replica;
mod member;
mod names;
mod notices;
mod notify;
mod number;
mod options;
mod outgoing;
mod people;
mod policies;
mod practice;
mod problem;
mod profile;
mod prompt;
mod random;
mod relay;
mod rows;
mod search;
pub mod settings;
mod shell;
mod similar;
mod state;
mod sync_loop;
mod take_in;
mod tickets;
mod timeline;
mod trial;
pub mod view;
mod witness;

pub use clock::{Clock, system_clock};
pub use controller::Controller;
pub use countersign_keychain::{OsSecretStore, SecretStore};
pub use problem::CODES as PROBLEM_CODES;
pub use shell::{News, Shell};
