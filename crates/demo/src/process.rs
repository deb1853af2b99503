//! A child process that says when it is ready, and is really killed when it must be.

use anyhow::{Context, Result, bail};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// How long a server may take to say that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Where the programs are: the folder of the running test or demo.
#[derive(Clone, Debug)]
pub struct Programs(PathBuf);

impl Programs {
    /// The folder that holds the programs, from `COUNTERSIGN_PROGRAMS` or beside this one.
    ///
    /// # Errors
    /// When a program is missing there; the message says how to build it.
    pub fn find() -> Result<Self> {
        let folder = match std::env::var_os("COUNTERSIGN_PROGRAMS") {
            Some(folder) => PathBuf::from(folder),
            None => {
                let own = std::env::current_exe().context("where is this program?")?;
                let folder = own.parent().context("this program is in no folder")?;
                // Tests run from target/<profile>/deps.
                if folder.ends_with("deps") {
                    folder.parent().unwrap_or(folder).to_path_buf()
                } else {
                    folder.to_path_buf()
                }
            }
        };
        for name in ["countersign", "countersign-gate", "countersign-relay", "countersign-emulator"]
        {
            if !folder.join(name).exists() {
                bail!(
                    "{name} is not built in {}: use `cargo xtask test` or `cargo xtask run`, \
                     or build it with `cargo build --workspace --bins`",
                    folder.display()
                );
            }
        }
        Ok(Self(folder))
    }

    /// The path of a program.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// `host:port` that it listens on.
    pub address: String,
}

impl Server {
    /// Starts a program and waits for its ready line; what it logs goes to `log`.
    ///
    /// # Errors
    /// When it ends or stays silent; the message names the log.
    pub async fn start(
        program: &Path,
        args: &[&str],
        env: &BTreeMap<String, String>,
        log: &Path,
    ) -> Result<Self> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut child = Command::new(program)
            .args(args)
            .envs(env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = timeout(READY_WITHIN, lines.next_line())
            .await
            .with_context(|| format!("{name} is not ready after 60 s; see {}", log.display()))??
            .with_context(|| format!("{name} ended before it was ready; see {}", log.display()))?;
        let ready: serde_json::Value = serde_json::from_str(&line)
            .with_context(|| format!("{name} printed something else than its ready line"))?;
        let address = ready["address"].as_str().context("no address in the ready line")?.to_owned();
        // Keep reading, so that the child never blocks on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, address })
    }

    /// Kills it at once (SIGKILL): nothing is flushed, nothing is said.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await.context("cannot be killed")
    }

    /// Asks it to stop (SIGTERM) and waits.
    ///
    /// # Errors
    /// When it does not stop within ten seconds.
    pub async fn stop(mut self) -> Result<()> {
        let pid = self.child.id().context("it has ended already")?.to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await?;
        timeout(Duration::from_secs(10), self.child.wait()).await.context("it does not stop")??;
        Ok(())
    }
}

/// Runs a program to its end and returns what it printed.
///
/// # Errors
/// When it fails; the message holds what it said.
pub async fn run(program: &Path, args: &[&str], env: &BTreeMap<String, String>) -> Result<String> {
    let output = Command::new(program)
        .args(args)
        .envs(env)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    bail!(
        "{} {} failed ({}): {}{}",
        program.file_name().unwrap_or_default().to_string_lossy(),
        args.join(" "),
        output.status,
        String::from_utf8_lossy(&output.stderr),
        text
    )
}
