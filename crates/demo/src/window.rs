//! The real app in a real window, through W3C WebDriver: tauri-driver in front of
//! WebKitGTK's own driver.

use crate::{process::Programs, session::Session};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use thirtyfour::{By, Capabilities, Key, WebDriver, WebElement};
use tokio::{
    process::{Child, Command},
    time::sleep,
};

/// How long a thing may take to appear.
const WITHIN: Duration = Duration::from_secs(30);

/// How often the driver is restarted when the app does not open.
const ATTEMPTS: u32 = 3;

/// How long a script may run.
const SCRIPT_WITHIN: Duration = Duration::from_secs(600);

/// An open app.
pub struct Window {
    driver: WebDriver,
    process: Child,
}

impl Window {
    /// Opens the app with a profile in a session.
    ///
    /// # Errors
    /// When a driver is missing, or the app does not open.
    pub async fn open(session: &Session, programs: &Programs, profile: &Path) -> Result<Self> {
        Self::open_with(session, programs, profile, None).await
    }

    /// Opens the app with a profile and a `countersign://` link, as the desktop does when the
    /// link is followed while the app is closed.
    ///
    /// # Errors
    /// As [`Window::open`].
    pub async fn open_with(
        session: &Session,
        programs: &Programs,
        profile: &Path,
        link: Option<&str>,
    ) -> Result<Self> {
        let mut attempt = 1;
        loop {
            match Self::open_once(session, programs, profile, link).await {
                // A free port may be another's a moment later, and a busy machine is late.
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                opened => return opened,
            }
        }
    }

    async fn open_once(
        session: &Session,
        programs: &Programs,
        profile: &Path,
        link: Option<&str>,
    ) -> Result<Self> {
        let (port, native_port) = (free_port()?, free_port()?);
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(session.home().join("app.log"))?;
        let mut process = Command::new(tauri_driver())
            .args(["--port", &port.to_string(), "--native-port", &native_port.to_string()])
            .envs(session.env())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .context("tauri-driver cannot be started; `cargo xtask test` installs it")?;
        wait_for_port(port, &mut process).await?;
        let mut capabilities = Capabilities::new();
        let mut arguments = vec!["--profile".to_owned(), profile.display().to_string()];
        arguments.extend(link.map(str::to_owned));
        let options = json!({
            "application": programs.path("countersign"),
            "args": arguments
        });
        capabilities.set("tauri:options", options)?;
        match WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await {
            Ok(driver) => Ok(Self { driver, process }),
            Err(error) => {
                kill_group(&mut process).await?;
                Err(error).context(
                    "the app did not open through WebDriver; see app.log in the session's home",
                )
            }
        }
    }

    /// The first element with a `data-testid` (and further attribute selectors), once it
    /// is there.
    ///
    /// # Errors
    /// When it does not appear within 30 seconds.
    pub async fn find(&self, testid: &str, more: &str) -> Result<WebElement> {
        let selector = format!("[data-testid=\"{testid}\"]{more}");
        let begun = Instant::now();
        loop {
            match self.driver.find(By::Css(selector.as_str())).await {
                Ok(element) => return Ok(element),
                Err(_) if begun.elapsed() < WITHIN => sleep(Duration::from_millis(150)).await,
                Err(error) => {
                    let title = self.driver.find(By::Tag("body")).await;
                    let seen = match title {
                        Ok(body) => body.text().await.unwrap_or_default(),
                        Err(_) => String::new(),
                    };
                    bail!(
                        "{selector} did not appear within 30 s ({error}); the window shows: {seen}"
                    )
                }
            }
        }
    }

    /// All elements with a `data-testid` that are there now.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn all(&self, testid: &str, more: &str) -> Result<Vec<WebElement>> {
        let selector = format!("[data-testid=\"{testid}\"]{more}");
        Ok(self.driver.find_all(By::Css(selector.as_str())).await?)
    }

    /// The text of an element, once it is there.
    ///
    /// # Errors
    /// As [`Window::find`].
    pub async fn text(&self, testid: &str, more: &str) -> Result<String> {
        Ok(self.find(testid, more).await?.text().await?)
    }

    /// Clicks an element, once it is there.
    ///
    /// # Errors
    /// As [`Window::find`].
    pub async fn click(&self, testid: &str, more: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            match self.find(testid, more).await?.click().await {
                Ok(()) => return Ok(()),
                Err(_) if begun.elapsed() < WITHIN => sleep(Duration::from_millis(150)).await,
                Err(error) => {
                    return Err(error).with_context(|| format!("{testid} cannot be clicked"));
                }
            }
        }
    }

    /// Types into a field after emptying it.
    ///
    /// # Errors
    /// As [`Window::find`].
    pub async fn fill(&self, testid: &str, text: &str) -> Result<()> {
        let field = self.find(testid, "").await?;
        field.clear().await?;
        field.send_keys(text).await?;
        Ok(())
    }

    /// Presses keys where the focus is, one after the other.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn press(&self, keys: &str) -> Result<()> {
        self.driver.action_chain().send_keys(keys).perform().await?;
        Ok(())
    }

    /// Presses a key while Control is held.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn press_with_control(&self, key: Key) -> Result<()> {
        self.driver
            .action_chain()
            .key_down(Key::Control)
            .send_keys(key)
            .key_up(Key::Control)
            .perform()
            .await?;
        Ok(())
    }

    /// Runs a script whose last argument is a callback, and returns what it is given.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn ask(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.driver.set_script_timeout(SCRIPT_WITHIN).await?;
        Ok(self.driver.execute_async(script, arguments).await?.json().clone())
    }

    /// The `data-testid` of the element that has the focus.
    ///
    /// # Errors
    /// When the window does not answer.
    pub async fn focused(&self) -> Result<Option<String>> {
        let script = "return document.activeElement?.dataset.testid ?? null";
        Ok(self.driver.execute(script, vec![]).await?.convert()?)
    }

    /// Waits until no element has a `data-testid` any more.
    ///
    /// # Errors
    /// When it is still there after 30 seconds.
    pub async fn gone(&self, testid: &str, more: &str) -> Result<()> {
        let begun = Instant::now();
        while !self.all(testid, more).await?.is_empty() {
            if begun.elapsed() > WITHIN {
                bail!("{testid}{more} is still there after 30 s");
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Chooses an option of a native select by its value.
    ///
    /// # Errors
    /// As [`Window::find`].
    pub async fn choose(&self, testid: &str, value: &str) -> Result<()> {
        let option = format!(" option[value=\"{value}\"]");
        self.find(testid, "").await?;
        let selector = format!("[data-testid=\"{testid}\"]{option}");
        self.driver.find(By::Css(selector.as_str())).await?.click().await?;
        Ok(())
    }

    /// Saves a picture of the page.
    ///
    /// # Errors
    /// When the window does not answer or the file cannot be written.
    pub async fn picture(&self, file: &Path) -> Result<()> {
        let png = self.driver.screenshot_as_png().await?;
        std::fs::write(file, png).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Scrolls an element into view and saves a picture of the page.
    ///
    /// # Errors
    /// As [`Window::find`] and [`Window::picture`].
    pub async fn picture_at(&self, testid: &str, file: &Path) -> Result<()> {
        self.find(testid, "").await?.scroll_into_view().await?;
        sleep(Duration::from_millis(200)).await;
        self.picture(file).await
    }

    /// Kills the app as a crash or a power cut would.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill(mut self) -> Result<()> {
        kill_group(&mut self.process).await?;
        // The session behind the driver is gone with the app; asking it to end would wait.
        self.driver.leak()?;
        Ok(())
    }

    /// Closes the app as a person would.
    ///
    /// # Errors
    /// When the driver does not answer.
    pub async fn close(mut self) -> Result<()> {
        self.driver.quit().await?;
        self.process.kill().await?;
        Ok(())
    }
}

/// Kills the driver, the native driver and the app, which are one process group.
async fn kill_group(driver: &mut Child) -> Result<()> {
    if let Some(group) = driver.id() {
        let status =
            Command::new("kill").args(["-KILL", "--", &format!("-{group}")]).status().await?;
        anyhow::ensure!(status.success(), "the app could not be killed");
    }
    driver.wait().await?;
    Ok(())
}

fn tauri_driver() -> PathBuf {
    std::env::var_os("COUNTERSIGN_TAURI_DRIVER")
        .map_or_else(|| "tauri-driver".into(), PathBuf::from)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn wait_for_port(port: u16, process: &mut Child) -> Result<()> {
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(());
        }
        if let Some(status) = process.try_wait()? {
            bail!("tauri-driver ended at once ({status}); is webkit2gtk-driver installed?");
        }
        sleep(Duration::from_millis(100)).await;
    }
    bail!("tauri-driver does not listen after 10 s")
}
