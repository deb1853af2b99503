//! Desktop notices: shown when the engine says so, taken away when it says that they are
//! settled. Without a notification service nothing is shown and nothing fails.

use crate::{window, words};
use countersign_client::view::NoticeView;
use countersign_model::confirm::Language;
use jiff::{Timestamp, tz::TimeZone};
use notify_rust::Notification;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tauri::{AppHandle, Runtime, async_runtime};
use tokio::sync::oneshot;

/// The notices that are shown, by case.
#[derive(Default)]
pub struct Notices(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    language: Language,
    /// A notice is taken away when its sender is dropped.
    by_case: BTreeMap<String, oneshot::Sender<()>>,
}

impl Notices {
    /// Shows a notice in place of an earlier one of the same case. Returns at once.
    pub fn show<R: Runtime>(&self, app: &AppHandle<R>, notice: &NoticeView) {
        let mut shown = self.shown();
        let (title, text) = words::notice(shown.language, notice, &local_time(notice.decide_by_ms));
        let (settled, until_settled) = oneshot::channel();
        // Dropping the earlier sender takes the earlier notice away.
        shown.by_case.insert(notice.proposal.clone(), settled);
        drop(shown);
        let mut note = Notification::new();
        note.appname("Countersign").summary(&title).body(&text);
        let (app, proposal) = (app.clone(), notice.proposal.clone());
        async_runtime::spawn(present(note, until_settled, move || {
            match proposal.parse() {
                Ok(proposal) => window::open_case(&app, proposal),
                // The notice that work was stopped is of no case.
                Err(_) => window::bring_to_front(&app),
            }
        }));
    }

    /// A notice is settled.
    pub fn over(&self, proposal: &str) {
        self.shown().by_case.remove(proposal);
    }

    /// The language has changed, for notices from now on.
    pub fn speak(&self, language: Language) {
        self.shown().language = language;
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows a notice until it is settled, chosen or dismissed.
#[cfg(target_os = "linux")]
async fn present(
    mut note: Notification,
    until_settled: oneshot::Receiver<()>,
    open: impl FnOnce() + Send + 'static,
) {
    use notify_rust::NotificationResponse;
    note.icon("countersign").action("default", "Open");
    let handle = match note.show_async().await {
        Ok(handle) => handle,
        Err(error) => {
            tracing::debug!(%error, "a notice was not shown");
            return;
        }
    };
    let chosen = handle.wait_for_action_async(|response: &NotificationResponse| {
        if matches!(response, NotificationResponse::Default | NotificationResponse::Action(_)) {
            open();
        }
    });
    tokio::select! {
        () = chosen => {}
        _ = until_settled => handle.close_async().await,
    }
}

/// Shows a notice; these systems give no way to take it back through the library.
#[cfg(not(target_os = "linux"))]
async fn present(
    note: Notification,
    until_settled: oneshot::Receiver<()>,
    _open: impl FnOnce() + Send + 'static,
) {
    drop(until_settled);
    let shown = async_runtime::spawn_blocking(move || note.show().map(|_| ())).await;
    if !matches!(shown, Ok(Ok(()))) {
        tracing::debug!("a notice was not shown");
    }
}

/// Hours and minutes of this computer's day, with the date when it is another day; in UTC, and
/// said so, where the computer does not tell its zone.
fn local_time(at_ms: i64) -> String {
    local_time_in(at_ms, Timestamp::now(), &TimeZone::system())
}

fn local_time_in(at_ms: i64, now: Timestamp, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_millisecond(at_ms) else { return String::new() };
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let form = if at.date() == now.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    let zone = if zone.is_unknown() { " UTC" } else { "" };
    format!("{}{zone}", at.strftime(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_is_told_in_local_time() {
        let zone = jiff::tz::get!("America/New_York");
        let now: Timestamp = "2026-11-21T15:00:00Z".parse().expect("a time");
        let ms = |text: &str| text.parse::<Timestamp>().expect("a time").as_millisecond();
        assert_eq!(local_time_in(ms("2026-11-21T19:30:00Z"), now, &zone), "14:30");
        assert_eq!(local_time_in(ms("2026-11-22T05:30:00Z"), now, &zone), "2026-11-22 00:30");
        let unknown = TimeZone::unknown();
        assert_eq!(local_time_in(ms("2026-11-21T19:30:00Z"), now, &unknown), "19:30 UTC");
        assert_eq!(local_time_in(i64::MAX, now, &zone), "");
    }
}
