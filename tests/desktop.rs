//! What the real app says when the computer is not in order: nothing is worked around,
//! nothing is made anew, and it goes on when the person has mended it.

use anyhow::{Context as _, Result, ensure};
use countersign_demo::{Admitted, Session, Window, World};
use std::{fs, path::Path};

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
    ensure!(fs::read(desk.person.profile.join("profile.json"))? == profile, "it was made anew");
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
