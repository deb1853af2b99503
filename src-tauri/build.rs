//! Lists every command of the app, so that a window may call only what a capability
//! grants it; an unlisted command does not exist for any window.

/// Kept beside the handler list in `lib.rs`; a test compares the two.
const COMMANDS: &[&str] = &[
    "workspace_state",
    "make_enrolment_request",
    "join_workspace",
    "list_cases",
    "open_case",
    "prepare_decision",
    "sign_decision",
    "discard_decision",
    "connection",
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
