//! The desktop app: one window over the headless engine. Windows, tray, notices, links,
//! commands, events and the command line; no rule of the domain, no SQL, no key.
//!
//! Reading order: [`commands`] is what the window may call, [`shell`] what it is told;
//! [`run`] puts the app together of [`window`], [`start`], [`tray`], [`menu`], [`notices`],
//! [`link`] and [`leave`]; [`enrolment`] joins a workspace without a window.

pub mod commands;
pub mod enrolment;
pub mod gather;
pub mod leave;
pub mod link;
pub mod menu;
pub mod notices;
pub mod picture;
pub mod profile;
pub mod shell;
pub mod start;
pub mod tray;
pub mod window;
pub mod words;

use anyhow::Context as _;
use commands::{case, desk, window as own};
use countersign_client::{Controller, OsSecretStore, settings, system_clock, view::SettingsView};
use shell::WindowShell;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    thread,
};
use tauri::{
    AppHandle, Manager as _, Runtime, WindowEvent,
    utils::{config::BundleType, platform::bundle_type},
    webview::PageLoadEvent,
};
use tauri_plugin_deep_link::DeepLinkExt as _;
use tauri_plugin_window_state::StateFlags;

/// The engine behind the window. Opening it may wait for the keychain; the window opens
/// at once and its first call waits here.
#[derive(Clone, Default)]
pub struct Engine(Arc<OnceLock<Controller<WindowShell>>>);

impl Engine {
    /// The opened engine; waits until it is.
    #[must_use]
    pub fn get(&self) -> &Controller<WindowShell> {
        self.0.wait()
    }

    /// The engine, if it is open.
    #[must_use]
    pub fn opened(&self) -> Option<&Controller<WindowShell>> {
        self.0.get()
    }

    /// Puts the opened engine in its place, once.
    pub fn put(&self, controller: Controller<WindowShell>) {
        if self.0.set(controller).is_err() {
            tracing::error!("the engine was opened twice; the first one stays");
        }
    }
}

/// How the app is started.
#[derive(Debug, Clone)]
pub struct Start {
    /// The profile folder.
    pub profile: PathBuf,
    /// Whether it is the platform's default, which links are registered for.
    pub is_default: bool,
    /// A link to open.
    pub link: Option<String>,
}

/// The app with its commands. Which window may call which is said by the capabilities
/// that `build.rs` compiles in; the list there and this one are compared by a test.
pub fn builder<R: Runtime>() -> tauri::Builder<R> {
    equipped(tauri::Builder::new())
}

fn equipped<R: Runtime>(builder: tauri::Builder<R>) -> tauri::Builder<R> {
    builder
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_deep_link::init())
        .manage(link::Links::default())
        .manage(leave::Guard::default())
        .manage(notices::Notices::default())
        .manage(window::Look::default())
        .invoke_handler(tauri::generate_handler![
            commands::opening,
            commands::workspace_state,
            commands::make_enrolment_request,
            commands::read_enrolment,
            commands::join_workspace,
            commands::connection,
            commands::people,
            case::list_cases,
            case::snooze_case,
            case::saved_filters,
            case::save_filter,
            case::delete_filter,
            case::open_case,
            case::read_case,
            case::open_practice,
            case::prepare_decision,
            case::sign_decision,
            case::discard_decision,
            case::recall_decision,
            case::prepare_batch,
            case::sign_batch,
            case::add_comment,
            case::read_prompt,
            case::prepare_rollback,
            case::sign_rollback,
            desk::list_log,
            desk::log_entry,
            desk::verify_log,
            desk::policies,
            desk::try_policy,
            desk::halt,
            desk::prepare_halt,
            desk::sign_halt,
            desk::settings,
            desk::change_settings,
            own::take_link,
            own::window_ready,
            own::quit,
            own::save_picture,
        ])
}

/// Configuration, assets and the resolved permissions, as compiled in.
#[must_use]
pub fn context<R: Runtime>() -> tauri::Context<R> {
    tauri::generate_context!()
}

/// Opens the profile in a window and runs until it is closed. If the profile is open
/// already, that window comes to the front with the link, and this process ends.
///
/// # Errors
/// When no window can be opened; what is wrong with keys or store is shown in the window.
pub fn run(start: Start) -> anyhow::Result<()> {
    let settings = settings::read(&start.profile);
    let language = settings::language(&settings);
    let mut builder = tauri::Builder::<tauri::Wry>::new();
    if let Some(single) = single_instance(&start) {
        // First of all: a second start must go no further.
        builder = builder.plugin(single);
    }
    builder = equipped(builder)
        .plugin(window_state(&start.profile))
        .on_page_load(|webview, load| {
            if load.event() == PageLoadEvent::Started {
                webview.state::<link::Links>().page_starts();
            }
        })
        .on_menu_event(|app, event| menu::chosen(app, &event))
        .on_window_event(|window, event| on_window_event(window.app_handle(), event));
    if cfg!(target_os = "macos") {
        builder = builder.menu(move |app| menu::bar(app, language));
    }
    builder
        .setup(move |app| Ok(set_up(app.handle(), start, &settings)?))
        .run(context())
        .context("the window cannot be opened")
}

fn set_up(app: &AppHandle, start: Start, settings: &SettingsView) -> anyhow::Result<()> {
    open_engine(app, start.profile)?;
    app.state::<notices::Notices>().speak(settings::language(settings));
    if let Some(link) = &start.link {
        window::follow(app, link);
    }
    window::open(app, settings)?;
    tray::start(app, settings::language(settings));
    take_links(app, start.is_default);
    Ok(())
}

fn open_engine(app: &AppHandle, profile: PathBuf) -> anyhow::Result<()> {
    let shell = WindowShell::new(app.clone());
    let engine = Engine::default();
    app.manage(engine.clone());
    let runtime = tauri::async_runtime::handle();
    thread::Builder::new().name("open".into()).spawn(move || {
        let secrets = Arc::new(OsSecretStore);
        let controller = Controller::open(profile, secrets, shell, system_clock());
        controller.start(runtime.inner());
        engine.put(controller);
    })?;
    Ok(())
}

/// One app per profile. Only on Linux can the name be the profile's; elsewhere it is the
/// app's, so that it speaks for the default profile alone and never for another.
fn single_instance(start: &Start) -> Option<tauri::plugin::TauriPlugin<tauri::Wry>> {
    if !cfg!(target_os = "linux") && !start.is_default {
        return None;
    }
    let second_start = |app: &AppHandle, arguments: Vec<String>, _folder: String| {
        tracing::info!("started a second time; the first window comes to the front");
        window::bring_to_front(app);
        if let Some(link) = link::among(&arguments) {
            window::follow(app, link);
        }
    };
    let plugin = tauri_plugin_single_instance::Builder::new()
        .dbus_id(profile::bus_name(&start.profile))
        .callback(second_start);
    Some(plugin.build())
}

/// Size, place and maximised or not, kept in the profile.
fn window_state(profile: &Path) -> tauri::plugin::TauriPlugin<tauri::Wry> {
    let mut plugin = tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED);
    let file = std::path::absolute(profile.join("window.json"));
    if let Some(file) = file.as_deref().ok().and_then(Path::to_str) {
        plugin = plugin.with_filename(file);
    }
    plugin.build()
}

fn on_window_event(app: &AppHandle, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            leave::ask(app);
        }
        WindowEvent::ThemeChanged(_) => {
            if let Some(window) = app.get_webview_window(window::MAIN) {
                window::paint_ground(&window);
            }
        }
        _ => {}
    }
}

/// Links that come while the app runs, and the registration where no installer made one.
/// On Linux and Windows a link starts the app again, and arrives as its argument.
fn take_links(app: &AppHandle, is_default: bool) {
    if cfg!(target_os = "macos") {
        let to = app.clone();
        app.deep_link().on_open_url(move |event| {
            for link in event.urls() {
                window::follow(&to, link.as_str());
            }
        });
        return;
    }
    let installed = !matches!(bundle_type(), None | Some(BundleType::AppImage));
    // A registration names this program and no profile; a program under work is not for it.
    if installed || !is_default || cfg!(debug_assertions) {
        return;
    }
    let app = app.clone();
    let registered = thread::Builder::new().name("links".into()).spawn(move || {
        if let Err(error) = app.deep_link().register_all() {
            tracing::info!(%error, "countersign:// links were not registered");
        }
    });
    if let Err(error) = registered {
        tracing::info!(%error, "countersign:// links were not registered");
    }
}
