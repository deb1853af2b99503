//! Lists every command of the app, so that a window may call only what a capability
//! grants it; an unlisted command does not exist for any window.

/// Kept beside the handler list in `lib.rs`; a test compares the two.
const COMMANDS: &[&str] = &[
    "opening",
    "workspace_state",
    "make_enrolment_request",
    "read_enrolment",
    "join_workspace",
    "connection",
    "people",
    "list_cases",
    "snooze_case",
    "saved_filters",
    "save_filter",
    "delete_filter",
    "open_case",
    "read_case",
    "open_practice",
    "prepare_decision",
    "sign_decision",
    "discard_decision",
    "recall_decision",
    "prepare_batch",
    "sign_batch",
    "add_comment",
    "read_prompt",
    "prepare_rollback",
    "sign_rollback",
    "list_log",
    "log_entry",
    "verify_log",
    "policies",
    "try_policy",
    "halt",
    "prepare_halt",
    "sign_halt",
    "settings",
    "change_settings",
    "take_link",
    "window_ready",
    "quit",
    "save_picture",
];

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=ui/dist");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/*.json")
        .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo:warning=the desktop app's permissions cannot be built: {error:#}");
        std::process::exit(1);
    }
}
