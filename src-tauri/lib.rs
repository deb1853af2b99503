//! The desktop app: one window over the headless engine. Commands, events and the command
//! line; no rule of the domain, no SQL, no key.
//!
//! Reading order: [`commands`] is what the window may call, [`shell`] what it is told,
//! [`enrolment`] joins a workspace without a window.

pub mod commands;
pub mod enrolment;
pub mod shell;

use anyhow::Context as _;
use countersign_client::{Controller, OsSecretStore, system_clock};
use shell::WindowShell;
use std::{path::Path, sync::Arc};
use tauri::{Manager as _, Runtime, WebviewUrl, WebviewWindowBuilder};

/// The engine behind the window.
pub type Engine = Arc<Controller<WindowShell>>;

/// The app with its commands. Which window may call which is said by the capabilities
/// that `build.rs` compiles in; the list there and this one are compared by a test.
pub fn builder<R: Runtime>() -> tauri::Builder<R> {
    tauri::Builder::new().invoke_handler(tauri::generate_handler![
        commands::workspace_state,
        commands::make_enrolment_request,
        commands::join_workspace,
        commands::list_cases,
        commands::open_case,
        commands::prepare_decision,
        commands::sign_decision,
        commands::discard_decision,
        commands::connection,
    ])
}

/// Opens the profile in a window and runs until it is closed.
///
/// # Errors
/// When no window can be opened; what is wrong with keys or store is shown in the window.
pub fn run(profile: &Path) -> anyhow::Result<()> {
    let profile = profile.to_path_buf();
    builder::<tauri::Wry>()
        .setup(move |app| {
            let shell = WindowShell::new(app.handle().clone());
            let secrets = Arc::new(OsSecretStore);
            let engine: Engine =
                Arc::new(Controller::open(profile.clone(), secrets, shell, system_clock()));
            engine.start(tauri::async_runtime::handle().inner());
            app.manage(engine);
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .title("Countersign")
                .inner_size(1280.0, 800.0)
                .min_inner_size(720.0, 520.0)
                .build()?;
            Ok(())
        })
        .run(tauri::generate_context!())
        .context("the window cannot be opened")
}
