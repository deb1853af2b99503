//! The settings of a profile: a plain file beside the store, because the window needs some
//! of them before anything is opened. Reading never fails.

use crate::{
    profile::folder::write_whole,
    view::{Language, SettingsView},
};
use countersign_model::confirm;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Larger than any settings file is.
const MAX_BYTES: u64 = 64 * 1024;
const UNDO_SECONDS: std::ops::RangeInclusive<u32> = 5..=60;
const EVIDENCE_BUDGET_MB: std::ops::RangeInclusive<u32> = 10..=100_000;

/// Why settings are not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("the time to recall a decision is out of its range")]
    Undo,
    #[error("the room for evidence is out of its range")]
    Evidence,
    #[error("the quiet hours are not two different times of day")]
    Quiet,
    #[error("the settings cannot be written")]
    Unwritable(#[from] io::Error),
}

/// The settings kept in a profile folder; the defaults where there are none. A file that
/// cannot be understood is kept aside as `settings.damaged.json`.
#[must_use]
pub fn read(profile: &Path) -> SettingsView {
    let path = path(profile);
    let Ok(meta) = fs::metadata(&path) else { return SettingsView::default() };
    let bytes = if meta.len() <= MAX_BYTES { fs::read(&path).ok() } else { None };
    let settings = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match settings.filter(|settings| check(settings).is_ok()) {
        Some(settings) => settings,
        None => {
            tracing::warn!("the settings are damaged; they are kept aside and started over");
            if fs::rename(&path, profile.join("settings.damaged.json")).is_err() {
                tracing::warn!("the damaged settings could not be kept aside");
            }
            SettingsView::default()
        }
    }
}

/// Checks and stores settings, whole or not at all.
pub(crate) fn write(profile: &Path, settings: &SettingsView) -> Result<(), SettingsError> {
    check(settings)?;
    let bytes = serde_json::to_vec_pretty(settings).map_err(io::Error::from)?;
    fs::create_dir_all(profile)?;
    Ok(write_whole(&path(profile), &bytes)?)
}

/// The language of the confirm sheets.
#[must_use]
pub fn language(settings: &SettingsView) -> confirm::Language {
    match settings.language {
        Language::En => confirm::Language::En,
        Language::De => confirm::Language::De,
        Language::System => of_locale(&sys_locale::get_locale().unwrap_or_default()),
    }
}

/// A time of day `HH:MM` as minutes since midnight.
pub(crate) fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let all_digits = |part: &str| part.bytes().all(|letter| letter.is_ascii_digit());
    if !(all_digits(hour) && all_digits(minute)) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn check(settings: &SettingsView) -> Result<(), SettingsError> {
    if !UNDO_SECONDS.contains(&settings.undo_seconds) {
        return Err(SettingsError::Undo);
    }
    if !EVIDENCE_BUDGET_MB.contains(&settings.evidence_budget_mb) {
        return Err(SettingsError::Evidence);
    }
    let quiet = [&settings.quiet_from, &settings.quiet_until];
    let told = quiet.iter().filter(|time| time.is_some()).count();
    let sound = quiet.iter().all(|time| time.as_deref().is_none_or(|t| minute_of_day(t).is_some()));
    if told == 1 || !sound || (told == 2 && settings.quiet_from == settings.quiet_until) {
        return Err(SettingsError::Quiet);
    }
    Ok(())
}

fn of_locale(locale: &str) -> confirm::Language {
    let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
    if language.eq_ignore_ascii_case("de") { confirm::Language::De } else { confirm::Language::En }
}

fn path(profile: &Path) -> PathBuf {
    profile.join("settings.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_and_damage_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), SettingsView::default());
        let settings =
            SettingsView { undo_seconds: 30, language: Language::De, ..read(folder.path()) };
        write(folder.path(), &settings).unwrap();
        assert_eq!(read(folder.path()), settings);
        fs::write(path(folder.path()), b"{\"undo_seconds\": 3").unwrap();
        assert_eq!(read(folder.path()), SettingsView::default());
        let aside = fs::read(folder.path().join("settings.damaged.json")).unwrap();
        assert_eq!(aside, b"{\"undo_seconds\": 3");
        assert!(!path(folder.path()).exists());
    }

    #[test]
    fn settings_of_an_older_app_keep_what_they_say() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(path(folder.path()), b"{\"undo_seconds\": 20}").unwrap();
        assert_eq!(read(folder.path()).undo_seconds, 20);
        assert_eq!(read(folder.path()).evidence_budget_mb, 500);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let good = SettingsView::default();
        let half = Some("22:00".to_owned());
        let bad = [
            (SettingsView { undo_seconds: 4, ..good.clone() }, "Undo"),
            (SettingsView { undo_seconds: 61, ..good.clone() }, "Undo"),
            (SettingsView { evidence_budget_mb: 0, ..good.clone() }, "Evidence"),
            (SettingsView { quiet_from: half.clone(), ..good.clone() }, "Quiet"),
            (SettingsView { quiet_from: half.clone(), quiet_until: half, ..good }, "Quiet"),
        ];
        for (settings, error) in bad {
            let refused = write(folder.path(), &settings).unwrap_err();
            assert_eq!(format!("{refused:?}"), error);
        }
        assert!(!path(folder.path()).exists());
    }

    #[test]
    fn locales_choose_a_language() {
        assert_eq!(of_locale("de_AT.UTF-8"), confirm::Language::De);
        assert_eq!(of_locale("DE"), confirm::Language::De);
        assert_eq!(of_locale("fr-FR"), confirm::Language::En);
        assert_eq!(of_locale(""), confirm::Language::En);
    }

    proptest! {
        #[test]
        fn any_file_is_read_without_a_panic(bytes: Vec<u8>) {
            let folder = tempfile::tempdir().unwrap();
            fs::write(path(folder.path()), bytes).unwrap();
            prop_assert!(check(&read(folder.path())).is_ok());
        }

        #[test]
        fn every_minute_of_a_day_is_a_time(hour in 0u16..24, minute in 0u16..60) {
            prop_assert_eq!(minute_of_day(&format!("{hour:02}:{minute:02}")), Some(hour * 60 + minute));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = minute_of_day(&text);
        }
    }
}
