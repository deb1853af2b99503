//! Which window may call which command, through Tauri's own permission check: the main
//! window may call all of ours and nothing of the system; another window may call none.
#![expect(clippy::unwrap_used, reason = "a mock app that cannot be built fails the test")]

use countersign_client::{Controller, OsSecretStore, system_clock};
use countersign_desktop::{Engine, builder, context, shell::WindowShell};
use serde_json::Value;
use std::sync::Arc;
use tauri::{
    App, Manager as _, WebviewWindow, WebviewWindowBuilder,
    ipc::{CallbackFn, InvokeBody},
    test::{MockRuntime, get_ipc_response},
    webview::InvokeRequest,
};

/// Every command of the app with arguments that parse.
const COMMANDS: &[(&str, &str)] = &[
    ("workspace_state", "{}"),
    ("make_enrolment_request", "{}"),
    ("join_workspace", r#"{"enrolment":"{}"}"#),
    ("list_cases", r#"{"query":{"view":"needs_me","search":"","after":null}}"#),
    ("open_case", r#"{"proposal":"prop_00000000-0000-0000-0000-000000000000"}"#),
    (
        "prepare_decision",
        r#"{"input":{"proposal":"prop_00000000-0000-0000-0000-000000000000","kind":"approve",
            "role":"ops","reason_code":"other","reason_text":"","override_micros":null,
            "totp_code":null}}"#,
    ),
    ("sign_decision", r#"{"ticket":"none"}"#),
    ("discard_decision", r#"{"ticket":"none"}"#),
    ("connection", "{}"),
];

/// Commands of Tauri itself that no window of ours needs.
const FOREIGN: &[&str] = &[
    "plugin:window|close",
    "plugin:webview|create_webview_window",
    "plugin:event|emit",
    "plugin:path|resolve_directory",
    "plugin:app|version",
];

fn app(profile: &tempfile::TempDir) -> App<MockRuntime> {
    let app = builder::<MockRuntime>().build(context()).unwrap();
    let shell = WindowShell::new(app.handle().clone());
    let secrets = Arc::new(OsSecretStore);
    let engine = Engine::default();
    engine.put(Controller::open(profile.path().to_path_buf(), secrets, shell, system_clock()));
    app.manage(engine);
    app
}

fn window(app: &App<MockRuntime>, label: &str) -> WebviewWindow<MockRuntime> {
    WebviewWindowBuilder::new(app, label, tauri::WebviewUrl::default()).build().unwrap()
}

/// What the window is answered; a refusal by the permission check is an `Err` with its words.
fn call(
    window: &WebviewWindow<MockRuntime>,
    command: &str,
    arguments: &str,
) -> Result<Value, String> {
    let request = InvokeRequest {
        cmd: command.into(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: "tauri://localhost".parse().unwrap(),
        body: InvokeBody::Json(serde_json::from_str(arguments).unwrap()),
        headers: tauri::http::HeaderMap::default(),
        invoke_key: window.app_handle().invoke_key().to_owned(),
    };
    match get_ipc_response(window, request) {
        Ok(body) => Ok(body.deserialize().unwrap()),
        Err(refusal) => Err(refusal.to_string()),
    }
}

fn is_forbidden(answer: &Result<Value, String>) -> bool {
    answer.as_ref().is_err_and(|words| words.contains("not allowed"))
}

#[test]
fn the_main_window_reaches_every_command() {
    let profile = tempfile::tempdir().unwrap();
    let app = app(&profile);
    let main = window(&app, "main");
    let state = call(&main, "workspace_state", "{}").unwrap();
    assert_eq!(state["state"], "not_enrolled");
    for (command, arguments) in COMMANDS {
        // Keys are not made in this test: that one command would reach the real keychain.
        if *command != "make_enrolment_request" {
            let answer = call(&main, command, arguments);
            assert!(!is_forbidden(&answer), "{command}: {answer:?}");
        }
    }
}

#[test]
fn another_window_reaches_none() {
    let profile = tempfile::tempdir().unwrap();
    let app = app(&profile);
    let other = window(&app, "other");
    for (command, arguments) in COMMANDS {
        let answer = call(&other, command, arguments);
        assert!(is_forbidden(&answer), "{command} was answered: {answer:?}");
    }
}

#[test]
fn no_window_reaches_the_system() {
    let profile = tempfile::tempdir().unwrap();
    let app = app(&profile);
    let main = window(&app, "main");
    for command in FOREIGN {
        let answer = call(&main, command, "{}");
        assert!(is_forbidden(&answer), "{command} was answered: {answer:?}");
    }
}

#[test]
fn refusals_reach_the_window_as_problems_with_words() {
    let profile = tempfile::tempdir().unwrap();
    let app = app(&profile);
    let main = window(&app, "main");
    let refused = call(&main, "list_cases", COMMANDS[3].1).unwrap_err();
    let problem: Value = serde_json::from_str(&refused).unwrap();
    assert!(problem["code"].is_string() && problem["message"].is_string(), "{problem}");
}
