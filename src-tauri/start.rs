//! What the page knows before its first paint: the settings, given by a script that runs
//! before any of the page's own.

use crate::words;
use countersign_client::{
    settings as kept,
    view::{Contrast, SettingsView, Theme},
};
use tauri::window::Color;

/// The page's ground in light and in dark, as `--ground` of the interface's tokens.
const GROUND: (Color, Color) = (Color(0xfa, 0xf9, 0xf6, 0xff), Color(0x13, 0x15, 0x17, 0xff));
/// The same in high contrast.
const HIGH: (Color, Color) = (Color(0xff, 0xff, 0xff, 0xff), Color(0x00, 0x00, 0x00, 0xff));

/// The script that defines `window.__COUNTERSIGN_START__`: the settings, the language that
/// they come to, and the platform.
///
/// The web view runs it itself, so the page's content policy needs no exception for it.
///
/// # Errors
/// Settings that are no JSON, which no settings are.
pub fn script(settings: &SettingsView) -> serde_json::Result<String> {
    let start = serde_json::json!({
        "settings": settings,
        "language": words::tag(kept::language(settings)),
        "platform": std::env::consts::OS,
    });
    let json = escaped(&serde_json::to_string(&start)?);
    Ok(format!(
        "Object.defineProperty(window,'__COUNTERSIGN_START__',{{value:Object.freeze({json})}});"
    ))
}

/// JSON that is harmless in whatever the web view puts a script into.
fn escaped(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// The theme that the settings fix, if they do.
#[must_use]
pub const fn fixed_theme(settings: &SettingsView) -> Option<tauri::Theme> {
    match settings.theme {
        Theme::System => None,
        Theme::Light => Some(tauri::Theme::Light),
        Theme::Dark => Some(tauri::Theme::Dark),
    }
}

/// The ground that is seen before the page is painted.
#[must_use]
pub const fn ground(theme: tauri::Theme, contrast: Contrast) -> Color {
    let (light, dark) = match contrast {
        Contrast::System => GROUND,
        Contrast::High => HIGH,
    };
    match theme {
        tauri::Theme::Dark => dark,
        _ => light,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_client::view::Language;

    fn object(script: &str) -> serde_json::Value {
        let json = script
            .strip_prefix(
                "Object.defineProperty(window,'__COUNTERSIGN_START__',{value:Object.freeze(",
            )
            .and_then(|rest| rest.strip_suffix(")});"))
            .expect("one statement");
        serde_json::from_str(json).expect("one object")
    }

    #[test]
    fn the_page_gets_the_settings_and_the_language_they_come_to() {
        let settings =
            SettingsView { theme: Theme::Dark, language: Language::De, ..SettingsView::default() };
        let start = object(&script(&settings).expect("a script"));
        assert_eq!(start["settings"]["theme"], "dark");
        assert_eq!(start["settings"]["density"], "comfortable");
        assert_eq!(start["language"], "de");
        assert!(start["platform"].is_string());
    }

    #[test]
    fn no_setting_breaks_out_of_the_script() {
        let evil = "</script><script>\u{2028}\u{2029}\"'})//";
        let settings = SettingsView { quiet_from: Some(evil.into()), ..SettingsView::default() };
        let script = script(&settings).expect("a script");
        assert!(!script.contains('<') && !script.contains(['\u{2028}', '\u{2029}']), "{script}");
        assert_eq!(object(&script)["settings"]["quiet_from"], evil);
    }

    /// Another ground behind the page would flash.
    #[test]
    fn the_ground_is_the_pages_own() {
        let tokens = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/styles/tokens.css");
        let tokens = std::fs::read_to_string(tokens).expect("the tokens");
        let hex = |Color(red, green, blue, _): Color| format!("#{red:02x}{green:02x}{blue:02x}");
        let lines: Vec<&str> =
            tokens.lines().map(str::trim).filter(|line| line.starts_with("--ground:")).collect();
        let ours = [GROUND, HIGH]
            .map(|(light, dark)| format!("--ground: light-dark({}, {});", hex(light), hex(dark)));
        assert_eq!(lines, ours, "the tokens say something else");
    }
}
