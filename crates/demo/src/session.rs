//! A person's computer: a virtual display, a session bus and a Secret Service of their
//! own, under a fresh home. Two sessions keep two approvers apart on one machine.

use anyhow::{Context, Result, bail};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};

/// The password of the test keyring; it protects nothing but test keys.
const KEYRING_PASSWORD: &str = "test keyring";

/// A session bus that starts nothing by itself: what is not there stays missing.
const BUS_CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC
  "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// A session with everything a desktop app needs.
#[derive(Debug)]
pub struct Session {
    home: PathBuf,
    env: BTreeMap<String, String>,
    children: Vec<Child>,
    keyring: Option<Child>,
}

/// A place at a computer.
#[derive(Clone, Debug)]
pub struct Seat<'a> {
    /// What its programs are started with.
    pub env: &'a BTreeMap<String, String>,
    /// The profile folder of the person's app.
    pub profile: PathBuf,
}

impl Session {
    /// Starts display, bus and an unlocked keyring below `home`.
    ///
    /// # Errors
    /// When one of the system's programs is missing or does not start.
    pub async fn start(home: &Path, size: (u32, u32)) -> Result<Self> {
        let mut session = Self::without_keyring(home, size).await?;
        session.unlock_keyring().await?;
        Ok(session)
    }

    /// As [`Session::start`], with a bus but no Secret Service on it.
    ///
    /// # Errors
    /// As [`Session::start`].
    pub async fn without_keyring(home: &Path, size: (u32, u32)) -> Result<Self> {
        let runtime = home.join("runtime");
        fs::create_dir_all(&runtime)?;
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700))?;
        let mut session = Self {
            home: home.to_path_buf(),
            env: BTreeMap::from([
                ("HOME".into(), home.display().to_string()),
                ("XDG_RUNTIME_DIR".into(), runtime.display().to_string()),
                ("XDG_DATA_HOME".into(), home.join("share").display().to_string()),
                ("XDG_CONFIG_HOME".into(), home.join("config").display().to_string()),
                ("XDG_CACHE_HOME".into(), home.join("cache").display().to_string()),
                ("GDK_BACKEND".into(), "x11".into()),
                ("LIBGL_ALWAYS_SOFTWARE".into(), "1".into()),
                ("WEBKIT_DISABLE_DMABUF_RENDERER".into(), "1".into()),
                ("NO_AT_BRIDGE".into(), "1".into()),
                ("TZ".into(), "America/New_York".into()),
            ]),
            children: vec![],
            keyring: None,
        };
        session.start_display(size).await?;
        session.start_bus().await?;
        Ok(session)
    }

    /// The environment of programs in this session.
    #[must_use]
    pub const fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// The home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Where a person of this name sits.
    #[must_use]
    pub fn seat(&self, name: &str) -> Seat<'_> {
        let profile = self.home.join(format!("profile-{}", name.replace(' ', "-")));
        Seat { env: &self.env, profile }
    }

    /// Starts the keyring daemon and unlocks it with the test password.
    ///
    /// # Errors
    /// When gnome-keyring is missing or does not answer.
    pub async fn unlock_keyring(&mut self) -> Result<()> {
        self.start_keyring(true).await
    }

    /// Restarts the keyring daemon locked, as after a login without its password.
    ///
    /// # Errors
    /// As [`Session::unlock_keyring`].
    pub async fn lock_keyring(&mut self) -> Result<()> {
        self.stop_keyring().await?;
        self.start_keyring(false).await
    }

    /// Stops the keyring daemon.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn stop_keyring(&mut self) -> Result<()> {
        if let Some(mut keyring) = self.keyring.take() {
            keyring.kill().await?;
        }
        Ok(())
    }

    async fn start_keyring(&mut self, unlocked: bool) -> Result<()> {
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]);
        if unlocked {
            command.arg("--unlock");
        }
        let mut child = command
            .envs(&self.env)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("gnome-keyring-daemon cannot be started; `cargo xtask test` installs it")?;
        if let Some(mut stdin) = child.stdin.take() {
            if unlocked {
                stdin.write_all(KEYRING_PASSWORD.as_bytes()).await?;
            }
            drop(stdin);
        }
        // It prints its control socket once it owns its name on the bus.
        let stdout = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let _ = timeout(Duration::from_secs(10), lines.next_line()).await;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        self.keyring = Some(child);
        self.wait_for_secret_service().await
    }

    async fn wait_for_secret_service(&self) -> Result<()> {
        for _ in 0..100 {
            let found = Command::new("dbus-send")
                .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus"])
                .args(["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner"])
                .arg("string:org.freedesktop.secrets")
                .envs(&self.env)
                .output()
                .await
                .context("dbus-send cannot be started")?;
            if String::from_utf8_lossy(&found.stdout).contains("true") {
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        bail!("the keyring daemon did not take its place on the session bus within 10 s")
    }

    async fn start_display(&mut self, (width, height): (u32, u32)) -> Result<()> {
        let screen = format!("{width}x{height}x24");
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("Xvfb cannot be started; `cargo xtask test` installs it")?;
        let number = first_line(&mut child).await.context("Xvfb did not name its display")?;
        self.env.insert("DISPLAY".into(), format!(":{number}"));
        self.children.push(child);
        Ok(())
    }

    async fn start_bus(&mut self) -> Result<()> {
        let config = self.home.join("bus.conf");
        fs::write(&config, BUS_CONFIG)?;
        let mut child = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("dbus-daemon cannot be started; `cargo xtask test` installs it")?;
        let address = first_line(&mut child).await.context("the bus did not name its address")?;
        self.env.insert("DBUS_SESSION_BUS_ADDRESS".into(), address);
        self.children.push(child);
        Ok(())
    }
}

async fn first_line(child: &mut Child) -> Result<String> {
    let mut stdout = child.stdout.take().context("no standard output")?;
    let mut line = Vec::new();
    timeout(Duration::from_secs(20), async {
        let mut byte = [0];
        while stdout.read(&mut byte).await? == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        anyhow::Ok(())
    })
    .await??;
    tokio::spawn(async move {
        let mut rest = Vec::new();
        let _ = stdout.read_to_end(&mut rest).await;
    });
    let line = String::from_utf8(line)?;
    if line.is_empty() {
        bail!("it printed nothing")
    }
    Ok(line)
}
