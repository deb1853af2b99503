//! The TypeScript bindings in the tree are those of `view.rs`.
//! `UPDATE_BINDINGS=1 cargo test -p countersign-client --test bindings` writes them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use countersign_client::view::{
    BatchConfirmView, BatchInput, BatchResultView, CaseView, CommentInput, CommentView,
    ConfirmView, ConnectionView, DecisionInput, EnrolmentRequestView, HaltInput, HaltView,
    InboxPage, InboxQuery, LinkView, LogEntryView, LogPage, LogQuery, LogVerification, NoticeView,
    PeopleView, PictureInput, PoliciesView, PolicyTrial, ProblemView, PromptView, QuitView,
    SavedFilter, SavedFilterInput, SettingsView, SignedView, TrialView, WorkspaceState,
};
use std::{collections::BTreeMap, fs, path::Path};
use ts_rs::{Config, TS};

fn files(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

fn generate(folder: &Path) {
    let config = Config::new().with_out_dir(folder);
    let exports = [
        WorkspaceState::export_all,
        ProblemView::export_all,
        EnrolmentRequestView::export_all,
        ConnectionView::export_all,
        InboxQuery::export_all,
        InboxPage::export_all,
        CaseView::export_all,
        DecisionInput::export_all,
        ConfirmView::export_all,
        SignedView::export_all,
        BatchInput::export_all,
        BatchConfirmView::export_all,
        BatchResultView::export_all,
        CommentInput::export_all,
        CommentView::export_all,
        HaltInput::export_all,
        HaltView::export_all,
        LinkView::export_all,
        LogQuery::export_all,
        LogPage::export_all,
        LogEntryView::export_all,
        LogVerification::export_all,
        NoticeView::export_all,
        PeopleView::export_all,
        PictureInput::export_all,
        PoliciesView::export_all,
        PolicyTrial::export_all,
        TrialView::export_all,
        PromptView::export_all,
        QuitView::export_all,
        SavedFilter::export_all,
        SavedFilterInput::export_all,
        SettingsView::export_all,
    ];
    for export in exports {
        export(&config).unwrap();
    }
}

#[test]
fn the_bindings_in_the_tree_are_those_of_the_views() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/bridge/bindings");
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        for name in files(&committed).keys() {
            fs::remove_file(committed.join(name)).unwrap();
        }
        generate(&committed);
    }
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path());
    let (fresh, old) = (files(folder.path()), files(&committed));
    assert!(!fresh.is_empty());
    let stale: Vec<_> =
        fresh.keys().chain(old.keys()).filter(|name| fresh.get(*name) != old.get(*name)).collect();
    assert!(
        stale.is_empty(),
        "these bindings are stale; run with UPDATE_BINDINGS=1 and commit them: {stale:?}"
    );
}
