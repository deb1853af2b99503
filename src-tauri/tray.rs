//! The tray's menu with counts. Where there is no tray, the app goes on without one.

use crate::{leave, window, words};
use countersign_client::view::InboxCounts;
use countersign_model::confirm::Language;
use std::{
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use tauri::{
    AppHandle, Manager as _, Runtime,
    menu::{Menu, MenuEvent, MenuItem, PredefinedMenuItem},
    tray::{TrayIcon, TrayIconBuilder},
};

/// The tray's menu.
pub struct Tray<R: Runtime> {
    open: MenuItem<R>,
    needs_me: MenuItem<R>,
    due_soon: MenuItem<R>,
    unsent: MenuItem<R>,
    quit: MenuItem<R>,
    says: Mutex<Says>,
    icon: TrayIcon<R>,
}

/// What it says at present.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Says {
    language: Language,
    needs_me: u32,
    due_soon: u32,
    unsent: u32,
}

/// Puts the menu into the tray if the system has one; on the main thread.
pub fn start<R: Runtime>(app: &AppHandle<R>, language: Language) {
    // On Linux the library behind it is loaded now, and panics where it is not installed.
    match quietly(|| Tray::new(app, language)) {
        Some(Ok(tray)) => {
            app.manage(tray);
        }
        Some(Err(error)) => tracing::info!(%error, "there is no tray"),
        None => tracing::info!("there is no tray: libayatana-appindicator3 is not installed"),
    }
}

/// What `attempt` returns, or nothing when it panics, without a word of this thread's panic.
fn quietly<T>(attempt: impl FnOnce() -> T) -> Option<T> {
    let usual = Arc::new(take_hook());
    let (others, here) = (usual.clone(), thread::current().id());
    set_hook(Box::new(move |panic| {
        if thread::current().id() != here {
            others(panic);
        }
    }));
    let outcome = catch_unwind(AssertUnwindSafe(attempt)).ok();
    set_hook(Box::new(move |panic| usual(panic)));
    outcome
}

/// The counts have changed.
pub fn count<R: Runtime>(app: &AppHandle<R>, counts: &InboxCounts) {
    let (needs_me, due_soon) = (counts.needs_me, counts.due_soon);
    change(app, move |says| Says { needs_me, due_soon, ..says });
}

/// The number of decisions that are not sent has changed.
pub fn count_unsent<R: Runtime>(app: &AppHandle<R>, unsent: u32) {
    change(app, move |says| Says { unsent, ..says });
}

/// The language has changed.
pub fn speak<R: Runtime>(app: &AppHandle<R>, language: Language) {
    change(app, move |says| Says { language, ..says });
}

/// Returns at once; the menu follows on the main thread.
fn change<R: Runtime>(app: &AppHandle<R>, to: impl FnOnce(Says) -> Says + Send + 'static) {
    let of = app.clone();
    let posted = app.run_on_main_thread(move || {
        let Some(tray) = of.try_state::<Tray<R>>() else { return };
        if let Err(error) = tray.say(to) {
            tracing::debug!(%error, "the tray's menu was not changed");
        }
    });
    if let Err(error) = posted {
        tracing::debug!(%error, "the tray's menu was not changed");
    }
}

impl<R: Runtime> Tray<R> {
    fn new(app: &AppHandle<R>, language: Language) -> tauri::Result<Self> {
        let item = |id: &str, text: &str| MenuItem::with_id(app, id, text, true, None::<&str>);
        let open = item("open", words::open(language))?;
        let needs_me = item("needs-me", &words::needs_me(language, 0))?;
        let due_soon = item("due-soon", &words::due_soon(language, 0))?;
        let unsent = item("unsent", &words::unsent(language, 0))?;
        let quit = item("quit", words::quit(language))?;
        let (above, below) =
            (PredefinedMenuItem::separator(app)?, PredefinedMenuItem::separator(app)?);
        let menu =
            Menu::with_items(app, &[&open, &above, &needs_me, &due_soon, &unsent, &below, &quit])?;
        let mut icon = TrayIconBuilder::with_id("countersign")
            .menu(&menu)
            .tooltip("Countersign")
            .on_menu_event(chosen);
        if let Some(image) = app.default_window_icon() {
            icon = icon.icon(image.clone());
        }
        let icon = icon.build(app)?;
        let says = Mutex::new(Says { language, ..Says::default() });
        Ok(Self { open, needs_me, due_soon, unsent, quit, says, icon })
    }

    fn say(&self, to: impl FnOnce(Says) -> Says) -> tauri::Result<()> {
        let mut says = self.says.lock().unwrap_or_else(PoisonError::into_inner);
        let (was, now) = (*says, to(*says));
        if was == now {
            return Ok(());
        }
        *says = now;
        drop(says);
        let language = now.language;
        if was.language != language {
            self.open.set_text(words::open(language))?;
            self.quit.set_text(words::quit(language))?;
        }
        self.needs_me.set_text(words::needs_me(language, now.needs_me))?;
        self.due_soon.set_text(words::due_soon(language, now.due_soon))?;
        self.unsent.set_text(words::unsent(language, now.unsent))?;
        // Where a tray shows a tooltip, it is read without opening the menu.
        let needs_me = words::needs_me(language, now.needs_me);
        self.icon.set_tooltip(Some(format!("Countersign · {needs_me}")))
    }
}

/// Every line but the last opens the window.
fn chosen<R: Runtime>(app: &AppHandle<R>, event: MenuEvent) {
    match event.id().as_ref() {
        "quit" => leave::ask(app),
        "open" | "needs-me" | "due-soon" | "unsent" => window::bring_to_front(app),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_is_no_end() {
        assert_eq!(quietly(|| 7), Some(7));
        assert_eq!(quietly(|| -> u32 { panic!("no library") }), None);
    }
}
