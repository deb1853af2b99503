//! Closing the app: at once when everything was sent, after a question when not.

use crate::Engine;
use countersign_client::view::QuitView;
use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tauri::{AppHandle, Emitter as _, Manager as _, Runtime};

/// A second close within this time closes: the page may be broken and cannot ask.
const SECOND_WITHIN: Duration = Duration::from_secs(5);
/// Two closes within this time are one gesture.
const SAME_GESTURE: Duration = Duration::from_millis(600);

/// What closing comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Close.
    Now,
    /// Ask the person first.
    Ask,
}

/// Remembers when the person was last asked.
#[derive(Debug, Default)]
pub struct QuitGuard {
    asked_at: Option<Instant>,
}

impl QuitGuard {
    /// The person wants to close with this many decisions not sent, the held ones included.
    pub fn leave(&mut self, now: Instant, unsent: u32) -> Leave {
        if unsent == 0 {
            return Leave::Now;
        }
        let since = self.asked_at.map(|asked| now.saturating_duration_since(asked));
        match since {
            Some(since) if since <= SAME_GESTURE => Leave::Ask,
            Some(since) if since <= SECOND_WITHIN => Leave::Now,
            _ => {
                self.asked_at = Some(now);
                Leave::Ask
            }
        }
    }
}

/// The guard of the running app.
#[derive(Default)]
pub struct Guard(Mutex<QuitGuard>);

/// Closes the app, or has the window ask. Returns at once: the store may be busy, and the
/// window must not freeze meanwhile.
pub fn ask<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    let asked = thread::Builder::new().name("leave".into()).spawn({
        let app = app.clone();
        move || ask_now(&app)
    });
    if asked.is_err() {
        app.exit(0);
    }
}

fn ask_now<R: Runtime>(app: &AppHandle<R>) {
    let unsent = unsent(app);
    let guard = app.state::<Guard>();
    let leave = {
        let mut guard = guard.0.lock().unwrap_or_else(PoisonError::into_inner);
        guard.leave(Instant::now(), unsent.unsent)
    };
    match leave {
        Leave::Now => app.exit(0),
        Leave::Ask => {
            tracing::info!(unsent = unsent.unsent, "asked before closing");
            crate::window::bring_to_front(app);
            if let Err(error) = app.emit_to(crate::window::MAIN, "quit-asked", unsent) {
                tracing::warn!(%error, "the window cannot ask; closing again closes");
            }
        }
    }
}

/// What this device has signed and not sent. An engine that is not open yet has signed
/// nothing in this run; what an earlier run left unsent is sent by the next.
fn unsent<R: Runtime>(app: &AppHandle<R>) -> QuitView {
    let engine = app.try_state::<Engine>();
    let state = engine.and_then(|engine| engine.opened().map(|engine| engine.quit_state()));
    state.unwrap_or(QuitView { unsent: 0, held: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(begin: Instant, milliseconds: u64) -> Instant {
        begin + Duration::from_millis(milliseconds)
    }

    #[test]
    fn with_everything_sent_it_closes_at_once() {
        assert_eq!(QuitGuard::default().leave(Instant::now(), 0), Leave::Now);
    }

    #[test]
    fn with_something_unsent_it_asks_and_a_second_close_closes() {
        let (mut guard, begin) = (QuitGuard::default(), Instant::now());
        assert_eq!(guard.leave(begin, 2), Leave::Ask);
        assert_eq!(guard.leave(after(begin, 300), 2), Leave::Ask, "a double click is one close");
        assert_eq!(guard.leave(after(begin, 4_900), 2), Leave::Now);
    }

    #[test]
    fn later_it_asks_again() {
        let (mut guard, begin) = (QuitGuard::default(), Instant::now());
        assert_eq!(guard.leave(begin, 1), Leave::Ask);
        assert_eq!(guard.leave(after(begin, 5_100), 1), Leave::Ask);
        assert_eq!(guard.leave(after(begin, 7_000), 1), Leave::Now);
    }

    #[test]
    fn what_was_sent_meanwhile_is_not_asked_about() {
        let (mut guard, begin) = (QuitGuard::default(), Instant::now());
        assert_eq!(guard.leave(begin, 1), Leave::Ask);
        assert_eq!(guard.leave(after(begin, 100), 0), Leave::Now);
    }
}
