//! The real app on a computer that is not in order (nothing is worked around, nothing is
//! replaced, and it goes on when the person has mended it), and as a guest of the desktop:
//! one instance, links, its place on the screen, its look before the first paint.

use anyhow::{Context as _, Result, ensure};
use countersign_demo::{Admitted, Session, Window, World};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    process::Command,
    time::{sleep, timeout},
};

const SIZE: (u32, u32) = (1280, 800);

struct Desk {
    session: Session,
    world: World,
    person: Admitted,
    _folder: tempfile::TempDir,
}

/// An enrolled person at a computer; the app is closed.
async fn desk() -> Result<Desk> {
    let folder = tempfile::tempdir()?;
    let session = Session::start(&folder.path().join("home"), SIZE).await?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let world = World::start(&folder.path().join("servers"), source).await?;
    let person = world.admit(&session, "Olivia Ops", "ops").await?;
    Ok(Desk { session, world, person, _folder: folder })
}

impl Desk {
    async fn open(&self) -> Result<Window> {
        Window::open(&self.session, &self.world.programs, &self.person.profile).await
    }

    fn store(&self) -> std::path::PathBuf {
        self.person.profile.join("store.db")
    }
}

async fn says(window: &Window, code: &str, words: &str) -> Result<()> {
    let problem = window.text("problem", &format!("[data-code=\"{code}\"]")).await?;
    ensure!(problem.to_lowercase().contains(words), "{code} is explained as {problem:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_keychain_is_explained_and_then_unlocked() -> Result<()> {
    let mut desk = desk().await?;
    let profile = fs::read(desk.person.profile.join("profile.json"))?;
    desk.session.lock_keyring().await?;
    let window = desk.open().await?;
    says(&window, "keychain_locked", "locked").await?;

    window.close().await?;

    desk.session.stop_keyring().await?;
    desk.session.unlock_keyring().await?;
    let window = desk.open().await?;
    window.find("workspace-name", "").await.context("after unlocking")?;
    window.close().await?;
    ensure!(fs::read(desk.person.profile.join("profile.json"))? == profile, "it was replaced");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_keychain_is_explained() -> Result<()> {
    let mut desk = desk().await?;
    desk.session.stop_keyring().await?;
    let window = desk.open().await?;
    says(&window, "keychain_missing", "keychain").await?;
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keychain_without_the_key_is_never_given_a_new_one() -> Result<()> {
    let mut desk = desk().await?;
    desk.session.stop_keyring().await?;
    fs::remove_dir_all(desk.session.home().join("share/keyrings"))?;
    desk.session.unlock_keyring().await?;
    let window = desk.open().await?;
    says(&window, "keychain_key_missing", "key").await?;
    ensure!(window.all("make-request", "").await?.is_empty(), "a new key is on offer");
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_and_a_truncated_store_are_explained_and_left_alone() -> Result<()> {
    let desk = desk().await?;
    let original = fs::read(desk.store())?;
    for (content, what) in [
        (b"SQLite format 3\0 but somebody else's".to_vec(), "foreign"),
        (original[..original.len() / 2].to_vec(), "truncated"),
    ] {
        fs::write(desk.store(), &content)?;
        let _ = fs::remove_file(desk.person.profile.join("store.db-wal"));
        let window = desk.open().await?;
        let problem = window.text("problem", "").await?;
        ensure!(!problem.is_empty(), "{what}");
        window.close().await?;
        ensure!(fs::read(desk.store())? == content, "the {what} file was changed");
    }
    fs::write(desk.store(), &original)?;
    let window = desk.open().await?;
    window.find("workspace-name", "").await.context("with the original file back")?;
    window.close().await
}

const CASE: &str = "prop_0192f0c1-7b6a-7c3e-8d5f-0123456789ab";

/// The page's own way to the shell, as its bridge uses it.
const LISTEN_FOR_LINKS: &str = r"
    const done = arguments[arguments.length - 1];
    const shell = window.__TAURI_INTERNALS__;
    const handler = shell.transformCallback((event) => { window.linkOfTest = event.payload.proposal; });
    shell.invoke('plugin:event|listen', { event: 'link-opened', target: { kind: 'Any' }, handler })
      .then(() => shell.invoke('take_link')).then(done, (error) => done(String(error)));
";

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_hands_its_link_over_and_ends() -> Result<()> {
    let desk = desk().await?;
    let window = desk.open().await?;
    window.find("workspace-name", "").await?;
    let listens = window.ask(LISTEN_FOR_LINKS, vec![]).await?;
    ensure!(listens == Value::Null, "the page cannot listen: {listens}");
    let link = format!("countersign://case/{CASE}");
    let second = Command::new(desk.world.programs.path("countersign"))
        .arg("--profile")
        .arg(desk.person.profile.join("."))
        .arg(&link)
        .envs(desk.session.env())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .status();
    let status = timeout(Duration::from_secs(20), second).await.context("it went on running")??;
    ensure!(status.success(), "the second start ended with {status}");
    let begun = Instant::now();
    loop {
        let told = window.ask("arguments[0](window.linkOfTest ?? null)", vec![]).await?;
        if told == CASE {
            break;
        }
        ensure!(begun.elapsed() < Duration::from_secs(10), "the first window was told {told}");
        sleep(Duration::from_millis(100)).await;
    }
    window.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_opens_where_and_as_it_was() -> Result<()> {
    let desk = desk().await?;
    let file = desk.person.profile.join("window.json");
    let was = json!({"main": {
        "x": 60, "y": 40, "prev_x": 0, "prev_y": 0, "width": 900, "height": 650,
        "maximized": false, "visible": true, "decorated": true, "fullscreen": false,
    }})
    .to_string();
    fs::write(&file, &was)?;
    let settings = json!({"theme": "dark", "density": "compact", "language": "de"});
    fs::write(desk.person.profile.join("settings.json"), settings.to_string())?;
    let window = desk.open().await?;
    window.find("workspace-name", "").await?;
    let seen = "arguments[0]({
        size: [window.innerWidth, window.innerHeight],
        start: window.__COUNTERSIGN_START__,
        fixed: Object.isFrozen(window.__COUNTERSIGN_START__),
        scheme: getComputedStyle(document.documentElement).colorScheme,
    })";
    let seen = window.ask(seen, vec![]).await?;
    ensure!(seen["size"] == json!([900, 650]), "{seen}");
    ensure!(seen["start"]["settings"]["theme"] == "dark", "{seen}");
    ensure!(seen["start"]["settings"]["density"] == "compact", "{seen}");
    ensure!(seen["start"]["language"] == "de" && seen["fixed"] == true, "{seen}");
    ensure!(seen["scheme"] == "dark", "the page is not dark: {seen}");
    // Nothing is unsent: the app closes, and remembers its place. The driver loses its app
    // with that, so the call is not waited for.
    let quit = "window.__TAURI_INTERNALS__.invoke('quit'); arguments[0](null)";
    let _ = timeout(Duration::from_secs(5), window.ask(quit, vec![])).await;
    let begun = Instant::now();
    while fs::read_to_string(&file)? == was {
        ensure!(begun.elapsed() < Duration::from_secs(10), "the place was not kept");
        sleep(Duration::from_millis(100)).await;
    }
    let kept: Value = serde_json::from_slice(&fs::read(&file)?)?;
    let kept = &kept["main"];
    ensure!(kept["width"] == 900 && kept["height"] == 650, "{kept}");
    ensure!(kept["x"] == 60 && kept["y"] == 40, "{kept}");
    window.kill().await
}
