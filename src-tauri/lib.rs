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
use std::{
    path::Path,
    sync::{Arc, OnceLock},
    thread,
};
use tauri::{Manager as _, Runtime, WebviewUrl, WebviewWindowBuilder};

/// The engine behind the window. Opening it may wait for the keychain; the window opens
/// at once and its first call waits here.
#[derive(Clone, Default)]
pub struct Engine(Arc<OnceLock<Controller<WindowShell>>>);

impl Engine {
    /// The opened engine.
    #[must_use]
    pub fn get(&self) -> &Controller<WindowShell> {
        self.0.wait()
    }

    /// Puts the opened engine in its place, once.
    pub fn put(&self, controller: Controller<WindowShell>) {
        if self.0.set(controller).is_err() {
            tracing::error!("the engine was opened twice; the first one stays");
        }
    }
}

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

/// Configuration, assets and the resolved permissions, as compiled in.
#[must_use]
pub fn context<R: Runtime>() -> tauri::Context<R> {
    tauri::generate_context!()
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
            let engine = Engine::default();
            app.manage(engine.clone());
            let runtime = tauri::async_runtime::handle();
            thread::Builder::new().name("open".into()).spawn(move || {
                let secrets = Arc::new(OsSecretStore);
                let controller = Controller::open(profile, secrets, shell, system_clock());
                controller.start(runtime.inner());
                engine.put(controller);
            })?;
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .title("Countersign")
                .inner_size(1280.0, 800.0)
                .min_inner_size(720.0, 520.0)
                .build()?;
            Ok(())
        })
        .run(context())
        .context("the window cannot be opened")
}
