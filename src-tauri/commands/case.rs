//! The inbox, a case, and what is signed in it.

use super::{Answer, ask};
use crate::Engine;
use countersign_client::{
    Controller,
    view::{
        BatchConfirmView, BatchInput, BatchResultView, CaseView, CommentInput, CommentView,
        ConfirmView, DecisionInput, InboxPage, InboxQuery, PracticeTopic, PromptView,
        RollbackInput, SavedFilter, SavedFilterInput, SignedView,
    },
};
use tauri::State;

/// One page of the inbox.
#[tauri::command]
pub async fn list_cases(engine: State<'_, Engine>, query: InboxQuery) -> Answer<InboxPage> {
    ask(&engine, move |engine| engine.list_cases(&query)).await
}

/// Puts a case away until then, or brings it back.
#[tauri::command]
pub async fn snooze_case(
    engine: State<'_, Engine>,
    proposal: String,
    until_ms: Option<i64>,
) -> Answer<()> {
    ask(&engine, move |engine| engine.snooze_case(&proposal, until_ms)).await
}

/// The searches that are kept.
#[tauri::command]
pub async fn saved_filters(engine: State<'_, Engine>) -> Answer<Vec<SavedFilter>> {
    ask(&engine, Controller::saved_filters).await
}

/// Keeps a search.
#[tauri::command]
pub async fn save_filter(
    engine: State<'_, Engine>,
    input: SavedFilterInput,
) -> Answer<Vec<SavedFilter>> {
    ask(&engine, move |engine| engine.save_filter(&input)).await
}

/// Forgets a kept search.
#[tauri::command]
pub async fn delete_filter(engine: State<'_, Engine>, id: String) -> Answer<Vec<SavedFilter>> {
    ask(&engine, move |engine| engine.delete_filter(&id)).await
}

/// Everything about one case.
#[tauri::command]
pub async fn open_case(engine: State<'_, Engine>, proposal: String) -> Answer<CaseView> {
    ask(&engine, move |engine| engine.open_case(&proposal)).await
}

/// The same of a case that was not opened: read ahead.
#[tauri::command]
pub async fn read_case(engine: State<'_, Engine>, proposal: String) -> Answer<CaseView> {
    ask(&engine, move |engine| engine.read_case(&proposal)).await
}

/// A case to practise on, which is neither stored nor sent.
#[tauri::command]
pub async fn open_practice(engine: State<'_, Engine>, topic: PracticeTopic) -> Answer<CaseView> {
    ask(&engine, move |engine| engine.practice(topic)).await
}

/// Makes the bytes of a decision and renders the confirm sheet from them.
#[tauri::command]
pub async fn prepare_decision(
    engine: State<'_, Engine>,
    input: DecisionInput,
) -> Answer<ConfirmView> {
    ask(&engine, move |engine| engine.prepare_decision(&input)).await
}

/// Signs the bytes that a confirm sheet was rendered from.
#[tauri::command]
pub async fn sign_decision(engine: State<'_, Engine>, ticket: String) -> Answer<SignedView> {
    ask(&engine, move |engine| engine.sign_decision(&ticket)).await
}

/// Forgets prepared bytes, of whatever sheet.
#[tauri::command]
pub async fn discard_decision(engine: State<'_, Engine>, ticket: String) -> Answer<()> {
    ask(&engine, move |engine| {
        engine.discard_decision(&ticket);
        Ok(())
    })
    .await
}

/// Takes back a decision that is still held on this device.
#[tauri::command]
pub async fn recall_decision(engine: State<'_, Engine>, decision: String) -> Answer<()> {
    ask(&engine, move |engine| engine.recall_decision(&decision)).await
}

/// Makes the bytes of several approvals and renders their sheet from them.
#[tauri::command]
pub async fn prepare_batch(
    engine: State<'_, Engine>,
    input: BatchInput,
) -> Answer<BatchConfirmView> {
    ask(&engine, move |engine| engine.prepare_batch(&input)).await
}

/// Signs each item of a batch.
#[tauri::command]
pub async fn sign_batch(engine: State<'_, Engine>, ticket: String) -> Answer<BatchResultView> {
    ask(&engine, move |engine| engine.sign_batch(&ticket)).await
}

/// Signs a comment.
#[tauri::command]
pub async fn add_comment(engine: State<'_, Engine>, input: CommentInput) -> Answer<CommentView> {
    ask(&engine, move |engine| engine.add_comment(&input)).await
}

/// Reads the prompt behind a proposal; the log will say so.
#[tauri::command]
pub async fn read_prompt(engine: State<'_, Engine>, proposal: String) -> Answer<PromptView> {
    ask(&engine, move |engine| engine.read_prompt(&proposal)).await
}

/// Makes the bytes of the wish to take a change back and renders its sheet from them.
#[tauri::command]
pub async fn prepare_rollback(
    engine: State<'_, Engine>,
    input: RollbackInput,
) -> Answer<ConfirmView> {
    ask(&engine, move |engine| engine.prepare_rollback(&input)).await
}

/// Signs it; the case that follows is for others to decide.
#[tauri::command]
pub async fn sign_rollback(engine: State<'_, Engine>, ticket: String) -> Answer<()> {
    ask(&engine, move |engine| engine.sign_rollback(&ticket)).await
}
