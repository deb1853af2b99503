//! A whole workspace from real processes: relay, gate, emulated ad platform, desktops,
//! an agent. For `cargo xtask run` and the end-to-end tests; never shipped, and it can
//! name none of our other rooms: it uses their programs as an operator would.
//!
//! Reading order: [`process`] (a child with a ready line), [`session`] (a display, a
//! session bus and a keychain per person), [`world`] (the workspace), [`agent`] (an MCP
//! client), [`response`] and [`draft`] (its model and what it drafts), [`window`] (the real
//! app through WebDriver), [`story`] (one decision from draft to proof) and [`desk`] (the
//! desk of an approver).

pub mod agent;
pub mod desk;
pub mod draft;
pub mod keyboard;
pub mod process;
pub mod response;
pub mod session;
pub mod story;
pub mod window;
pub mod world;

pub use agent::Agent;
pub use session::{Seat, Session};
pub use window::Window;
pub use world::{Admitted, Cast, World};
