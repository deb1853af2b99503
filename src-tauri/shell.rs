//! What the engine tells, and who hears it: the page as events that carry no secret, the
//! tray, the badge and the notices.

use crate::{gather::Gatherer, notices::Notices, tray, window};
use countersign_client::{
    News, Shell, settings,
    view::{InboxCounts, SettingsView},
};
use serde::Serialize;
use tauri::{AppHandle, Emitter as _, Manager as _, Runtime};

/// Passes the engine's news on.
pub struct WindowShell(Box<dyn Fn(News) + Send + Sync>);

impl WindowShell {
    /// A shell without a window: nobody hears of anything.
    #[must_use]
    pub fn silent() -> Self {
        Self(Box::new(|_| {}))
    }

    /// A shell over a running app, real or mocked.
    #[must_use]
    pub fn new<R: Runtime>(app: AppHandle<R>) -> Self {
        let runtime = tauri::async_runtime::handle().inner().clone();
        let gatherer = Gatherer::new(runtime, move |news| hear(&app, news));
        Self(Box::new(move |news| gatherer.tell(news)))
    }
}

impl Shell for WindowShell {
    fn tell(&self, news: News) {
        (self.0)(news);
    }
}

fn hear<R: Runtime>(app: &AppHandle<R>, news: News) {
    match news {
        News::CasesChanged(proposals) => emit(app, "cases-changed", proposals),
        News::Connection(connection) => {
            tray::count_unsent(app, connection.unsent);
            emit(app, "connection-changed", connection);
        }
        News::Workspace => emit(app, "workspace-changed", ()),
        News::Halt(halt) => emit(app, "halt-changed", halt),
        News::Counts(counts) => {
            tray::count(app, &counts);
            badge(app, &counts);
            emit(app, "counts-changed", counts);
        }
        News::Notice(notice) => app.state::<Notices>().show(app, &notice),
        News::NoticeOver(proposal) => app.state::<Notices>().over(&proposal),
    }
}

/// Takes over new settings outside the page, and tells the page.
pub fn follow_settings<R: Runtime>(app: &AppHandle<R>, set: &SettingsView) {
    let language = settings::language(set);
    tray::speak(app, language);
    app.state::<Notices>().speak(language);
    window::dress(app, set);
    emit(app, "settings-changed", set.clone());
}

/// How many cases wait for this person, where the platform shows it on the app's icon.
fn badge<R: Runtime>(app: &AppHandle<R>, counts: &InboxCounts) {
    let count = (counts.needs_me > 0).then(|| i64::from(counts.needs_me));
    let on = app.clone();
    let posted = app.run_on_main_thread(move || {
        let Some(window) = on.get_webview_window(window::MAIN) else { return };
        if let Err(error) = window.set_badge_count(count) {
            tracing::debug!(%error, "the badge was not set");
        }
    });
    if let Err(error) = posted {
        tracing::debug!(%error, "the badge was not set");
    }
}

fn emit<R: Runtime>(app: &AppHandle<R>, event: &str, what: impl Serialize + Clone) {
    if let Err(error) = app.emit_to(window::MAIN, event, what) {
        // The window asks again when it is shown; nothing depends on an event.
        tracing::debug!(%error, "an event was not delivered to the window");
    }
}
