//! What the window may call: parse, ask the engine, answer.
//!
//! Reading order: this file has the workspace, [`case`] the inbox and what is signed,
//! [`desk`] log, policies, the stop and settings, [`window`] what only the shell can do.

pub mod case;
pub mod desk;
pub mod window;

use crate::{Engine, link::Links, shell::WindowShell};
use countersign_client::{
    Controller,
    view::{
        Code, ConnectionView, EnrolmentRequestView, EnrolmentView, OpeningView, PeopleView,
        ProblemView, WorkspaceState,
    },
};
use std::collections::BTreeMap;
use tauri::State;

/// A refusal reaches the window as a problem with words.
pub type Answer<T> = Result<T, ProblemView>;

/// Asks the engine on a thread that may wait for the disk or the keychain, so that neither
/// the window nor the synchronisation waits with it.
pub(crate) async fn ask<T: Send + 'static>(
    engine: &Engine,
    question: impl FnOnce(&Controller<WindowShell>) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let engine = engine.clone();
    let answer = tauri::async_runtime::spawn_blocking(move || question(engine.get())).await;
    answer.unwrap_or_else(|error| {
        tracing::error!(%error, "a command ended without an answer");
        Err(ProblemView {
            code: Code::Internal,
            message: "Something went wrong inside the app; the log says more.".to_owned(),
            hints: vec![],
            values: BTreeMap::new(),
        })
    })
}

/// Where this device stands with its workspace.
#[tauri::command]
pub async fn workspace_state(engine: State<'_, Engine>) -> Answer<WorkspaceState> {
    ask(&engine, |engine| Ok(engine.workspace_state())).await
}

/// All that the first page shows, asked while the page is still being read.
#[tauri::command]
pub async fn opening(engine: State<'_, Engine>, links: State<'_, Links>) -> Answer<OpeningView> {
    let link = links.newest();
    ask(&engine, move |engine| Ok(OpeningView { link, ..engine.opening()? })).await
}

/// Makes keys and the request that an administrator needs.
#[tauri::command]
pub async fn make_enrolment_request(engine: State<'_, Engine>) -> Answer<EnrolmentRequestView> {
    ask(&engine, Controller::make_enrolment_request).await
}

/// What an enrolment file's content asks to believe; nothing of it is kept.
#[tauri::command]
pub async fn read_enrolment(engine: State<'_, Engine>, enrolment: String) -> Answer<EnrolmentView> {
    ask(&engine, move |engine| engine.read_enrolment(&enrolment)).await
}

/// Joins the workspace of an enrolment file's content, whose words a person has compared.
#[tauri::command]
pub async fn join_workspace(
    engine: State<'_, Engine>,
    enrolment: String,
    root_words: Vec<String>,
) -> Answer<WorkspaceState> {
    ask(&engine, move |engine| engine.join_workspace(&enrolment, &root_words)).await
}

/// Whether we are connected, and what has not been sent.
#[tauri::command]
pub async fn connection(engine: State<'_, Engine>) -> Answer<ConnectionView> {
    ask(&engine, |engine| Ok(engine.connection())).await
}

/// People, devices and agents of the roster.
#[tauri::command]
pub async fn people(engine: State<'_, Engine>) -> Answer<PeopleView> {
    ask(&engine, Controller::people).await
}
