//! The TypeScript bindings in the tree are those of `view.rs`.
//! `UPDATE_BINDINGS=1 cargo test -p countersign-client --test bindings` writes them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use countersign_client::view::{
    BatchConfirmView, BatchInput, BatchResultView, CaseView, Code, CommentInput, CommentView,
    ConfirmView, ConnectionView, DecisionInput, EnrolmentRequestView, EnrolmentView, HaltInput,
    HaltView, InboxPage, InboxQuery, LinkView, LogEntryView, LogPage, LogQuery, LogVerification,
    NoticeView, OpeningView, PeopleView, PictureInput, PoliciesView, PolicyTrial, PracticeTopic,
    ProblemView, PromptView, QuitView, RollbackInput, SavedFilter, SavedFilterInput, SettingsView,
    SignedView, TrialView, WorkspaceState,
};
use countersign_model::{decision::Refusal, entry::EntryKind, reason::ReasonCode};
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
        EnrolmentView::export_all,
        ConnectionView::export_all,
        OpeningView::export_all,
        InboxQuery::export_all,
        InboxPage::export_all,
        CaseView::export_all,
        DecisionInput::export_all,
        ConfirmView::export_all,
        PracticeTopic::export_all,
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
        RollbackInput::export_all,
        SavedFilter::export_all,
        SavedFilterInput::export_all,
        SettingsView::export_all,
    ];
    for export in exports {
        export(&config).unwrap();
    }
    fs::write(folder.join("codes.ts"), codes()).unwrap();
}

/// Every code that the window needs words for.
fn codes() -> String {
    let lists = [
        ("PROBLEM_CODES", Code::OWN.iter().map(|code| code.as_str().to_owned()).collect()),
        ("REASON_CODES", variants::<ReasonCode>()),
        ("ENTRY_KINDS", variants::<EntryKind>()),
        ("REFUSALS", variants::<Refusal>()),
    ];
    let mut text = String::from("// Generated from Rust by the test `bindings`; do not edit.\n");
    for (name, codes) in lists {
        text.push_str(&format!("\nexport const {name} = [\n"));
        for code in codes {
            text.push_str(&format!("  \"{code}\",\n"));
        }
        text.push_str("] as const;\n");
    }
    text.push_str("\nexport type EntryKind = (typeof ENTRY_KINDS)[number];\n");
    text.push_str("\n/** Every code of a problem; `unexpected` is the bridge's own. */\n");
    text.push_str(
        "export type ProblemCode = (typeof PROBLEM_CODES | typeof REFUSALS)[number] | 'unexpected';\n",
    );
    text
}

/// The names of an enum's variants on the wire, as serde lists them for a name that is none.
fn variants<T: serde::de::DeserializeOwned + std::fmt::Debug>() -> Vec<String> {
    let error = serde_json::from_str::<T>("\"?\"").unwrap_err().to_string();
    let (_, names) = error.split_once("expected").unwrap();
    let names: Vec<_> = names.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(names.len() > 10, "{error}");
    names
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
