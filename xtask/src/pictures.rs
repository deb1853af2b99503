//! `cargo xtask pictures`: every screen and bad case as a picture, in docs/screens.
//!
//! The demo (the window on a stand-in for the Rust side) runs in Chromium with its clock
//! standing still, so that a rerun gives the same bytes on the same engine and fonts.

use crate::{packages::Need, setup, step::Progress, ui};
use anyhow::{Result, bail};

/// Takes all pictures, or those of the screens named; pictures that no screen has are deleted.
pub(crate) fn pictures(screens: &[String]) -> Result<()> {
    if let Some(screen) = screens.iter().find(|screen| !is_screen_name(screen)) {
        bail!("`{screen}` is no screen: names are as in docs/screens, e.g. `inbox log-entry`");
    }
    let mut progress = Progress::new(3);
    progress.step("set-up", || setup::prepare(&[Need::Headless]))?;
    progress.step("interface: packages", ui::install)?;
    progress.step("pictures", || ui::pictures(screens))?;
    println!("\nThe pictures are in docs/screens, after {}.", progress.elapsed());
    Ok(())
}

/// Small letters and hyphens, as the list of screens has them.
fn is_screen_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        && !name.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_screens_are_taken() {
        for name in ["inbox", "log-entry", "bad-right-to-left"] {
            assert!(is_screen_name(name), "{name}");
        }
        for name in ["", "--all", "-", "inbox.png", "a,b", "Inbox"] {
            assert!(!is_screen_name(name), "{name}");
        }
    }
}
