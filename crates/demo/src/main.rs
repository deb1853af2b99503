//! `countersign-demo`: opens two approvers' apps on a fresh demo workspace, or plays the
//! whole story without a display and keeps its pictures.

use anyhow::{Context, Result};
use clap::Parser;
use countersign_demo::{Agent, Cast, Seat, World, draft, story, world};
use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// Starts a demo workspace from real processes.
#[derive(Parser)]
struct Options {
    /// The project's folder, with policies/ and data/.
    #[arg(long, default_value = ".")]
    source: PathBuf,
    /// Where the workspace, or the story's pictures and export, are kept; an empty folder.
    #[arg(long, visible_alias = "out")]
    data: PathBuf,
    /// Play the story under virtual displays and keep its pictures.
    #[arg(long)]
    headless: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let data = std::path::absolute(&options.data)?;
    let source = std::path::absolute(&options.source)?;
    let is_fresh = std::fs::read_dir(&data).map_or(true, |mut entries| entries.next().is_none());
    anyhow::ensure!(is_fresh, "{} is not empty; name a new folder", data.display());
    if options.headless {
        story::play(&data, &source, &|chapter| say(chapter)).await?;
        say(&format!("Pictures, the log's export and the servers' logs: {}", data.display()));
        return Ok(());
    }
    open_on_display(&data, &source).await
}

/// Two approvers on this display, with proposals waiting for them.
async fn open_on_display(data: &Path, source: &Path) -> Result<()> {
    let env = BTreeMap::new();
    let seat = |name: &str| {
        let first_name = name.split(' ').next().unwrap_or(name).to_lowercase();
        Seat { env: &env, profile: data.join(first_name) }
    };
    let (mut world, Cast { ops, finance, agent_token }) =
        World::start_demo(&data.join("servers"), source, seat).await?;
    let client = Agent::connect(world.gate_address(), &agent_token).await?;
    let starts_at_ms = i64::try_from(unix_seconds()?)? * 1_000;
    for draft in draft::ALL {
        draft.send(&client, starts_at_ms).await?;
    }
    let app = world.programs.path("countersign");
    let mut olivia = open_app(&app, &ops.profile)?;
    let mut felix = open_app(&app, &finance.profile)?;
    say("Two apps are open: Olivia (ops) and Felix (finance). The ad account is emulated and its");
    say(
        "numbers are simulated. Press Enter for Felix's authenticator code; close both apps to stop.",
    );
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut input = true;
    let (mut olivia_open, mut felix_open) = (true, true);
    while olivia_open || felix_open {
        tokio::select! {
            line = lines.next_line(), if input => match line? {
                Some(_) => say(&format!(
                    "Felix's code: {}", world::totp_code(&finance.totp_uri, unix_seconds()?)?
                )),
                None => input = false,
            },
            _ = olivia.wait(), if olivia_open => olivia_open = false,
            _ = felix.wait(), if felix_open => felix_open = false,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    world.stop_gate().await?;
    world.stop_relay().await
}

/// What the app logs goes beside its profile: this terminal is for people.
fn open_app(app: &Path, profile: &Path) -> Result<Child> {
    Command::new(app)
        .arg("--profile")
        .arg(profile)
        .stderr(std::fs::File::create(profile.with_extension("log"))?)
        .kill_on_drop(true)
        .spawn()
        .context("the app cannot be started")
}

fn unix_seconds() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

/// The person at the terminal is this program's only reader.
fn say(words: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{words}");
}
