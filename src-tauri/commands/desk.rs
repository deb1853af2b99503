//! The log, the policies, the stop and the settings.

use super::{Answer, ask};
use crate::{Engine, shell};
use countersign_client::{
    Controller,
    view::{
        ConfirmView, HaltInput, HaltView, LogEntryView, LogPage, LogQuery, LogVerification,
        PoliciesView, PolicyTrial, SettingsView, TrialView,
    },
};
use tauri::{AppHandle, Runtime, State};

/// A page of the log.
#[tauri::command]
pub async fn list_log(engine: State<'_, Engine>, query: LogQuery) -> Answer<LogPage> {
    ask(&engine, move |engine| engine.list_log(&query)).await
}

/// An entry with everything that proves it.
#[tauri::command]
pub async fn log_entry(engine: State<'_, Engine>, seq: u64) -> Answer<LogEntryView> {
    ask(&engine, move |engine| engine.log_entry(seq)).await
}

/// Checks the whole log as this device holds it.
#[tauri::command]
pub async fn verify_log(engine: State<'_, Engine>) -> Answer<LogVerification> {
    ask(&engine, Controller::verify_log).await
}

/// The policy in force.
#[tauri::command]
pub async fn policies(engine: State<'_, Engine>) -> Answer<PoliciesView> {
    ask(&engine, Controller::policies).await
}

/// What a change of the policy would have done.
#[tauri::command]
pub async fn try_policy(engine: State<'_, Engine>, trial: PolicyTrial) -> Answer<TrialView> {
    ask(&engine, move |engine| engine.try_policy(&trial)).await
}

/// Whether work is stopped.
#[tauri::command]
pub async fn halt(engine: State<'_, Engine>) -> Answer<HaltView> {
    ask(&engine, Controller::halt).await
}

/// Makes the bytes of a stop or resume and renders its sheet from them.
#[tauri::command]
pub async fn prepare_halt(engine: State<'_, Engine>, input: HaltInput) -> Answer<ConfirmView> {
    ask(&engine, move |engine| engine.prepare_halt(&input)).await
}

/// Signs a stop or resume.
#[tauri::command]
pub async fn sign_halt(engine: State<'_, Engine>, ticket: String) -> Answer<HaltView> {
    ask(&engine, move |engine| engine.sign_halt(&ticket)).await
}

/// What this person has set on this device.
#[tauri::command]
pub async fn settings(engine: State<'_, Engine>) -> Answer<SettingsView> {
    ask(&engine, |engine| Ok(engine.settings())).await
}

/// Sets it; window, tray and notices follow at once.
#[tauri::command]
pub async fn change_settings<R: Runtime>(
    app: AppHandle<R>,
    engine: State<'_, Engine>,
    settings: SettingsView,
) -> Answer<SettingsView> {
    let settings = ask(&engine, move |engine| engine.change_settings(&settings)).await?;
    shell::follow_settings(&app, &settings);
    Ok(settings)
}
