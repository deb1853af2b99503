//! What the window may call: parse, ask the engine, answer. Each runs off the main thread.

use crate::Engine;
use countersign_client::view::{
    CaseView, ConfirmView, ConnectionView, DecisionInput, EnrolmentRequestView, InboxPage,
    InboxQuery, ProblemView, SignedView, WorkspaceState,
};
use tauri::State;

type Answer<T> = Result<T, ProblemView>;

/// Where this device stands with its workspace.
#[tauri::command(async)]
pub fn workspace_state(engine: State<'_, Engine>) -> WorkspaceState {
    engine.get().workspace_state()
}

/// Makes keys and the request that an administrator needs.
#[tauri::command(async)]
pub fn make_enrolment_request(engine: State<'_, Engine>) -> Answer<EnrolmentRequestView> {
    engine.get().make_enrolment_request()
}

/// Joins the workspace of an enrolment file's content.
#[tauri::command(async)]
pub fn join_workspace(engine: State<'_, Engine>, enrolment: String) -> Answer<WorkspaceState> {
    engine.get().join_workspace(&enrolment)
}

/// One page of the inbox.
#[tauri::command(async)]
pub fn list_cases(engine: State<'_, Engine>, query: InboxQuery) -> Answer<InboxPage> {
    engine.get().list_cases(&query)
}

/// Everything about one case.
#[tauri::command(async)]
pub fn open_case(engine: State<'_, Engine>, proposal: String) -> Answer<CaseView> {
    engine.get().open_case(&proposal)
}

/// Makes the bytes of a decision and renders the confirm sheet from them.
#[tauri::command(async)]
pub fn prepare_decision(engine: State<'_, Engine>, input: DecisionInput) -> Answer<ConfirmView> {
    engine.get().prepare_decision(&input)
}

/// Signs the bytes that a confirm sheet was rendered from.
#[tauri::command(async)]
pub fn sign_decision(engine: State<'_, Engine>, ticket: String) -> Answer<SignedView> {
    engine.get().sign_decision(&ticket)
}

/// Forgets prepared bytes.
#[tauri::command(async)]
pub fn discard_decision(engine: State<'_, Engine>, ticket: String) {
    engine.get().discard_decision(&ticket);
}

/// Whether we are connected, and what has not been sent.
#[tauri::command(async)]
pub fn connection(engine: State<'_, Engine>) -> ConnectionView {
    engine.get().connection()
}
