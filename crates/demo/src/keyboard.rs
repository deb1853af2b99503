//! A real keyboard on a session's display: keys by their place, as XTEST presses them, under
//! any layout that X11 knows. WebDriver sends letters, and so cannot tell one layout from another.

use crate::session::Session;
use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// A key by its place: the keycode that X11 has for it on every PC keyboard (evdev's plus 8),
/// or a name where every layout has it in the same place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place(&'static str);

impl Place {
    /// Where an American keyboard has `g`.
    pub const G: Self = Self("42");
    /// `i`.
    pub const I: Self = Self("31");
    /// `k`.
    pub const K: Self = Self("45");
    /// `l`.
    pub const L: Self = Self("46");
    /// Escape.
    pub const ESCAPE: Self = Self("Escape");
    /// Caps Lock.
    pub const CAPS_LOCK: Self = Self("66");
    /// The left Control.
    pub const CONTROL: Self = Self("37");
}

/// The keyboard of a session.
pub struct Keyboard<'a> {
    session: &'a Session,
}

impl<'a> Keyboard<'a> {
    /// The keyboard, with the focus on the app's window: there is no window manager to give it.
    ///
    /// # Errors
    /// When the window is not there.
    pub async fn of(session: &'a Session) -> Result<Self> {
        let keyboard = Self { session };
        let search = ["search", "--sync", "--onlyvisible", "--class", "countersign"];
        keyboard.run("xdotool", &[&search[..], &["windowfocus", "--sync"]].concat()).await?;
        Ok(keyboard)
    }

    /// Switches to a layout of `xkeyboard-config`, such as `ru`.
    ///
    /// # Errors
    /// When there is no such layout.
    pub async fn layout(&self, name: &str) -> Result<()> {
        self.run("setxkbmap", &["-layout", name]).await
    }

    /// Presses keys one after the other.
    ///
    /// # Errors
    /// When the display does not answer.
    pub async fn tap(&self, places: &[Place]) -> Result<()> {
        let codes: Vec<_> = places.iter().map(|place| place.0).collect();
        self.run("xdotool", &[&["key"][..], &codes].concat()).await
    }

    /// Presses a key while Control is held.
    ///
    /// # Errors
    /// When the display does not answer.
    pub async fn tap_with_control(&self, place: Place) -> Result<()> {
        let control = Place::CONTROL.0;
        self.run("xdotool", &["keydown", control, "key", place.0, "keyup", control]).await
    }

    async fn run(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let output = Command::new(program)
            .args(arguments)
            .envs(self.session.env())
            .output()
            .await
            .with_context(|| {
                format!("{program} cannot be started; `cargo xtask test` installs it")
            })?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {arguments:?}: {words}");
        Ok(())
    }
}
