//! The menu bar, where the platform has one of the app's own (macOS).

use crate::{leave, words};
use countersign_model::confirm::Language;
use tauri::{
    AppHandle, Runtime,
    menu::{AboutMetadata, Menu, MenuEvent, MenuItem, PredefinedMenuItem, Submenu},
};

/// Ends the app through the question about unsent decisions, which the system's own
/// "Quit" would pass by.
const QUIT: &str = "menu-quit";

/// The standard items; no command of ours is only here.
///
/// # Errors
/// When the system refuses a menu.
pub fn bar<R: Runtime>(app: &AppHandle<R>, language: Language) -> tauri::Result<Menu<R>> {
    let line = || PredefinedMenuItem::separator(app);
    let quit = MenuItem::with_id(app, QUIT, words::quit(language), true, Some("CmdOrCtrl+Q"))?;
    let own = Submenu::with_items(
        app,
        "Countersign",
        true,
        &[
            &PredefinedMenuItem::about(app, None, Some(AboutMetadata::default()))?,
            &line()?,
            &PredefinedMenuItem::services(app, None)?,
            &line()?,
            &PredefinedMenuItem::hide(app, None)?,
            &PredefinedMenuItem::hide_others(app, None)?,
            &line()?,
            &quit,
        ],
    )?;
    let file = Submenu::with_items(
        app,
        words::file(language),
        true,
        &[&PredefinedMenuItem::close_window(app, None)?],
    )?;
    let edit = Submenu::with_items(
        app,
        words::edit(language),
        true,
        &[
            &PredefinedMenuItem::undo(app, None)?,
            &PredefinedMenuItem::redo(app, None)?,
            &line()?,
            &PredefinedMenuItem::cut(app, None)?,
            &PredefinedMenuItem::copy(app, None)?,
            &PredefinedMenuItem::paste(app, None)?,
            &PredefinedMenuItem::select_all(app, None)?,
        ],
    )?;
    let view = Submenu::with_items(
        app,
        words::view(language),
        true,
        &[&PredefinedMenuItem::fullscreen(app, None)?],
    )?;
    let window = Submenu::with_items(
        app,
        words::window(language),
        true,
        &[&PredefinedMenuItem::minimize(app, None)?, &PredefinedMenuItem::maximize(app, None)?],
    )?;
    Menu::with_items(app, &[&own, &file, &edit, &view, &window])
}

/// A line of the menu bar was chosen; the standard ones act by themselves.
pub fn chosen<R: Runtime>(app: &AppHandle<R>, event: &MenuEvent) {
    if event.id().as_ref() == QUIT {
        leave::ask(app);
    }
}
