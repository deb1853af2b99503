//! Which window may call which command, through Tauri's own permission check: the main
//! window may call all of ours and nothing of the system; another window may call none.
#![expect(clippy::unwrap_used, reason = "a mock app that cannot be built fails the test")]

use countersign_client::{Controller, OsSecretStore, system_clock};
use countersign_desktop::{Engine, builder, context, shell::WindowShell, window as front};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, mpsc},
};
use tauri::{
    App, Listener as _, Manager as _, WebviewWindow, WebviewWindowBuilder,
    ipc::{CallbackFn, InvokeBody},
    test::{MockRuntime, get_ipc_response},
    webview::InvokeRequest,
};

const CASE: &str = "prop_0192f0c1-7b6a-7c3e-8d5f-0123456789ab";

/// Every command of the app with arguments that parse.
const COMMANDS: &[(&str, &str)] = &[
    ("opening", "{}"),
    ("workspace_state", "{}"),
    ("make_enrolment_request", "{}"),
    ("read_enrolment", r#"{"enrolment":"{}"}"#),
    ("join_workspace", r#"{"enrolment":"{}","rootWords":[]}"#),
    ("connection", "{}"),
    ("people", "{}"),
    ("list_cases", r#"{"query":{"view":"needs_me","search":"","after":null,"limit":50}}"#),
    ("snooze_case", r#"{"proposal":"prop_00000000-0000-0000-0000-000000000000","untilMs":null}"#),
    ("saved_filters", "{}"),
    ("save_filter", r#"{"input":{"name":"Mine","view":"needs_me","search":""}}"#),
    ("delete_filter", r#"{"id":"none"}"#),
    ("open_case", r#"{"proposal":"prop_00000000-0000-0000-0000-000000000000"}"#),
    ("read_case", r#"{"proposal":"prop_00000000-0000-0000-0000-000000000000"}"#),
    ("open_practice", r#"{"topic":"raise"}"#),
    (
        "prepare_decision",
        r#"{"input":{"proposal":"prop_00000000-0000-0000-0000-000000000000","kind":"approve",
            "role":"ops","reason_code":"other","reason_text":"","override_micros":null,"override_entries":null,
            "requested":null,"totp_code":null}}"#,
    ),
    ("sign_decision", r#"{"ticket":"none"}"#),
    ("discard_decision", r#"{"ticket":"none"}"#),
    ("recall_decision", r#"{"decision":"dec_00000000-0000-0000-0000-000000000000"}"#),
    (
        "prepare_batch",
        r#"{"input":{"proposals":[],"role":"ops","reason_code":"other","reason_text":"",
            "totp_code":null}}"#,
    ),
    ("sign_batch", r#"{"ticket":"none"}"#),
    (
        "add_comment",
        r#"{"input":{"proposal":"prop_00000000-0000-0000-0000-000000000000","text":"?",
            "mentions":[],"question_for":[],"answers":null}}"#,
    ),
    ("read_prompt", r#"{"proposal":"prop_00000000-0000-0000-0000-000000000000"}"#),
    (
        "prepare_rollback",
        r#"{"input":{"proposal":"prop_00000000-0000-0000-0000-000000000000","text":"?"}}"#,
    ),
    ("sign_rollback", r#"{"ticket":"none"}"#),
    ("list_log", r#"{"query":{"before":null,"action":null,"proposal":null,"limit":50}}"#),
    ("log_entry", r#"{"seq":0}"#),
    ("verify_log", "{}"),
    ("policies", "{}"),
    ("try_policy", r#"{"trial":{"limits":[],"days":90}}"#),
    ("halt", "{}"),
    ("prepare_halt", r#"{"input":{"kind":"stop","text":""}}"#),
    ("sign_halt", r#"{"ticket":"none"}"#),
    ("settings", "{}"),
    ("change_settings", r#"{"settings":{"theme":"dark"}}"#),
    ("take_link", "{}"),
    ("window_ready", "{}"),
    ("save_picture", r#"{"input":{"name":"x","kind":"svg","content":"MZ"}}"#),
    ("quit", "{}"),
];

/// Commands of Tauri and its plugins that no window of ours needs.
const FOREIGN: &[&str] = &[
    "plugin:window|close",
    "plugin:webview|create_webview_window",
    "plugin:event|emit",
    "plugin:path|resolve_directory",
    "plugin:app|version",
    "plugin:menu|new",
    "plugin:tray|new",
    "plugin:dialog|save",
    "plugin:dialog|open",
    "plugin:deep-link|get_current",
    "plugin:deep-link|register",
    "plugin:window-state|save_window_state",
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
        // The mock runtime cannot end.
        if !["make_enrolment_request", "quit"].contains(command) {
            let answer = call(&main, command, arguments);
            assert!(!is_forbidden(&answer), "{command}: {answer:?}");
            let words = answer.err().unwrap_or_default();
            assert!(!words.contains("invalid args"), "{command}: {words}");
        }
    }
}

/// A window that may call what no test calls would be found by nobody.
#[test]
fn every_command_of_the_app_is_tried() {
    let listed = include_str!("../src-tauri/build.rs");
    let listed = listed.split_once("const COMMANDS: &[&str] = &[").unwrap().1;
    let listed = listed.split_once("];").unwrap().0;
    let listed: BTreeSet<&str> = listed.split('"').skip(1).step_by(2).collect();
    let tried: BTreeSet<&str> = COMMANDS.iter().map(|(command, _)| *command).collect();
    assert_eq!(listed, tried);
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
    let refused = call(&main, "open_case", &format!(r#"{{"proposal":"{CASE}"}}"#)).unwrap_err();
    let problem: Value = serde_json::from_str(&refused).unwrap();
    assert!(problem["code"].is_string() && problem["message"].is_string(), "{problem}");
}

#[test]
fn a_link_from_cold_waits_for_the_page_and_opens_its_case_once() {
    let profile = tempfile::tempdir().unwrap();
    let app = app(&profile);
    front::follow(app.handle(), &format!("countersign://case/{CASE}"));
    let main = window(&app, "main");
    assert_eq!(call(&main, "take_link", "{}").unwrap()["proposal"], CASE);
    assert_eq!(call(&main, "take_link", "{}").unwrap(), Value::Null);
}

#[test]
fn a_link_to_the_running_app_is_told_to_the_page() {
    let profile = tempfile::tempdir().unwrap();
    let app = app(&profile);
    let main = window(&app, "main");
    let (told, link) = mpsc::channel();
    main.listen("link-opened", move |event| {
        let _ = told.send(event.payload().to_owned());
    });
    assert_eq!(call(&main, "take_link", "{}").unwrap(), Value::Null);
    front::follow(app.handle(), &format!("countersign://proposal/{CASE}"));
    let payload: Value = serde_json::from_str(&link.try_recv().unwrap()).unwrap();
    assert_eq!(payload["proposal"], CASE);
    assert_eq!(call(&main, "take_link", "{}").unwrap(), Value::Null, "it was told already");
}

#[test]
fn a_malformed_link_opens_nothing() {
    let profile = tempfile::tempdir().unwrap();
    let app = app(&profile);
    for link in ["countersign://approve/x", "https://case/x", "countersign://case/x", ""] {
        front::follow(app.handle(), link);
    }
    let main = window(&app, "main");
    assert_eq!(call(&main, "take_link", "{}").unwrap(), Value::Null);
}
