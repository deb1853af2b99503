//! The one window: in the page's own ground from its first moment, where it last was.

use crate::{
    link::{self, Links},
    start,
};
use countersign_client::view::{Contrast, SettingsView};
use countersign_model::ProposalId;
use std::sync::{Mutex, PoisonError};
use tauri::{
    AppHandle, Emitter as _, Manager as _, Monitor, PhysicalPosition, PhysicalSize, Runtime, Theme,
    Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
};

/// Its label, which the capability names.
pub const MAIN: &str = "main";
/// So much of the title bar must be on a screen for the person to get hold of it.
const HOLD: PhysicalSize<i64> = PhysicalSize { width: 120, height: 24 };

/// What the window remembers while the app runs.
#[derive(Default)]
pub struct Look {
    ground: Mutex<(Option<Theme>, Contrast)>,
}

/// Makes the window and shows it. While it is unseen its page has no size and no fonts, so
/// it is shown before there is a page, but not before it has the page's ground.
///
/// # Errors
/// When the system has no display or no web view.
pub fn open<R: Runtime>(app: &AppHandle<R>, settings: &SettingsView) -> anyhow::Result<()> {
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
        .title("Countersign")
        .inner_size(1280.0, 800.0)
        .min_inner_size(720.0, 520.0)
        .visible(false)
        .theme(start::fixed_theme(settings))
        .initialization_script(start::script(settings)?)
        .on_navigation(is_our_page)
        .build()?;
    remember(app, settings);
    paint_ground(&window);
    if let Err(error) = keep_on_screen(&window) {
        tracing::warn!(%error, "the window's place was not checked");
    }
    window.show()?;
    Ok(())
}

/// Shows the window and gives it the keyboard.
pub fn bring_to_front<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
    if let Err(error) = shown {
        tracing::debug!(%error, "the window was not brought to the front");
    }
}

/// Opens the case of a link; a link that is none is refused with a line in the log.
pub fn follow<R: Runtime>(app: &AppHandle<R>, text: &str) {
    match link::parse(text) {
        Ok(proposal) => open_case(app, proposal),
        Err(reason) => tracing::warn!(%reason, "a link was refused"),
    }
}

/// Shows a case, now or as soon as the page listens.
pub fn open_case<R: Runtime>(app: &AppHandle<R>, proposal: ProposalId) {
    if let Some(link) = app.state::<Links>().arrive(proposal)
        && let Err(error) = app.emit_to(MAIN, "link-opened", link)
    {
        tracing::warn!(%error, "a link was not delivered to the window");
    }
    bring_to_front(app);
}

/// Takes over what the settings say about the window itself.
pub fn dress<R: Runtime>(app: &AppHandle<R>, settings: &SettingsView) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    if let Err(error) = window.set_theme(start::fixed_theme(settings)) {
        tracing::debug!(%error, "the window's theme was not set");
    }
    remember(app, settings);
    paint_ground(&window);
}

fn remember<R: Runtime>(app: &AppHandle<R>, settings: &SettingsView) {
    let ground = (start::fixed_theme(settings), settings.contrast);
    *app.state::<Look>().ground.lock().unwrap_or_else(PoisonError::into_inner) = ground;
}

/// The page's own ground behind the page, so that nothing else flashes.
pub fn paint_ground<R: Runtime>(window: &WebviewWindow<R>) {
    let (fixed, contrast) =
        *window.state::<Look>().ground.lock().unwrap_or_else(PoisonError::into_inner);
    // What the settings fix comes first: not every system gives a window a theme of its own.
    let theme = fixed.unwrap_or_else(|| window.theme().unwrap_or(Theme::Light));
    let ground = start::ground(theme, contrast);
    if let Err(error) = window.set_background_color(Some(ground)) {
        tracing::debug!(%error, "the window's ground was not painted");
    }
}

/// The window shows our page and nothing else, whatever a script or a link asks for.
fn is_our_page(url: &Url) -> bool {
    let ours = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // Windows and Android have no schemes of an app's own.
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        "about" => url.as_str() == "about:blank",
        _ => false,
    };
    if !ours {
        tracing::warn!(scheme = url.scheme(), "the page was not let go elsewhere");
    }
    ours
}

/// A place remembered from another set of screens may be out of reach.
fn keep_on_screen<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    let screens: Vec<Area> = window.available_monitors()?.iter().map(Area::of_screen).collect();
    let (place, size) = (window.outer_position()?, window.outer_size()?);
    if !Area::new(place, size).can_be_held(&screens) {
        tracing::info!("the window's last place is on no screen; it is centred");
        window.center()?;
    }
    Ok(())
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug)]
struct Area {
    left: i64,
    top: i64,
    width: i64,
    height: i64,
}

impl Area {
    fn new(place: PhysicalPosition<i32>, size: PhysicalSize<u32>) -> Self {
        Self {
            left: place.x.into(),
            top: place.y.into(),
            width: size.width.into(),
            height: size.height.into(),
        }
    }

    fn of_screen(monitor: &Monitor) -> Self {
        Self::new(*monitor.position(), *monitor.size())
    }

    /// Whether enough of its upper edge is on a screen. With no screen known there is
    /// nothing to correct.
    fn can_be_held(self, screens: &[Self]) -> bool {
        screens.is_empty() || screens.iter().any(|screen| self.is_held_on(*screen))
    }

    fn is_held_on(self, screen: Self) -> bool {
        let right = (self.left + self.width).min(screen.left + screen.width);
        let wide = right - self.left.max(screen.left);
        let below_upper_edge = self.top >= screen.top - HOLD.height / 2;
        let above_lower_edge = self.top + HOLD.height <= screen.top + screen.height;
        wide >= HOLD.width.min(self.width) && below_upper_edge && above_lower_edge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Area = Area { left: 0, top: 0, width: 1920, height: 1080 };
    const SECOND: Area = Area { left: 1920, top: -200, width: 1280, height: 1024 };

    fn held(left: i64, top: i64, screens: &[Area]) -> bool {
        Area { left, top, width: 1280, height: 800 }.can_be_held(screens)
    }

    #[test]
    fn a_window_that_can_be_got_hold_of_stays() {
        assert!(held(0, 0, &[SCREEN]));
        assert!(held(700, 900, &[SCREEN]), "its lower part may be hidden");
        assert!(held(-1100, 20, &[SCREEN]), "its left part may be hidden");
        assert!(held(2000, -100, &[SCREEN, SECOND]));
        assert!(held(5000, 5000, &[]), "no screen is known");
    }

    #[test]
    fn a_window_out_of_reach_is_found() {
        assert!(!held(2000, 100, &[SCREEN]), "its screen is gone");
        assert!(!held(-1250, 100, &[SCREEN]), "a sliver is not enough");
        assert!(!held(100, -400, &[SCREEN]), "its title is above the screen");
        assert!(!held(100, 1070, &[SCREEN]), "its title is below the screen");
        assert!(!held(3180, 0, &[SCREEN, SECOND]));
    }

    #[test]
    fn only_our_page_is_shown() {
        let ours = |text: &str| is_our_page(&text.parse().expect("a URL"));
        assert!(ours("tauri://localhost/"));
        assert!(ours("http://tauri.localhost/index.html"));
        for elsewhere in [
            "https://example.com/",
            "tauri://example.com/",
            "http://localhost/",
            "file:///etc/passwd",
            "data:text/html,x",
            "countersign://case/x",
        ] {
            assert!(!ours(elsewhere), "{elsewhere}");
        }
    }
}
