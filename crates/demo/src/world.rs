//! A workspace as an operator would set it up: relay, gate, emulated account, people.

use crate::{
    process::{Programs, Server, run},
    session::{Seat, Session},
};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// What an administrator gave a person.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Person id.
    pub person: String,
    /// The profile folder of their app.
    pub profile: PathBuf,
    /// Their authenticator's `otpauth://` URI.
    pub totp_uri: String,
}

/// The emulated account.
const ACCOUNT: &str = "1234567890";
/// Finance approves beside ops.
const FINANCE: &str = "Felix Finance";

/// The approvers of the demo, and what its agent connects with.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Olivia Ops.
    pub ops: Admitted,
    /// Felix Finance.
    pub finance: Admitted,
    /// The agent's bearer token.
    pub agent_token: String,
}

/// Felix sits at the second session, everybody else at the first.
pub fn two_seats<'a>(ops: &'a Session, finance: &'a Session) -> impl Fn(&str) -> Seat<'a> {
    move |name| if name == FINANCE { finance.seat(name) } else { ops.seat(name) }
}

/// A running workspace.
#[derive(Debug)]
pub struct World {
    /// The programs in use.
    pub programs: Programs,
    folder: PathBuf,
    relay: Option<Server>,
    relay_address: String,
    gate: Option<Server>,
    gate_address: String,
    emulator: Server,
    control_token: String,
}

impl World {
    /// Starts the demo's workspace, and its gate serves: Ada Owner answers for the agent,
    /// Olivia Ops and Felix Finance approve. `seat` says where a person sits.
    ///
    /// # Errors
    /// When a program does not start, or refuses one of them.
    pub async fn start_demo<'a>(
        folder: &Path,
        source: &Path,
        seat: impl Fn(&str) -> Seat<'a>,
    ) -> Result<(Self, Cast)> {
        let mut world = Self::start(folder, source).await?;
        let admit = async |name, role| world.admit_at(&seat(name), name, role).await;
        let owner = admit("Ada Owner", "marketing").await?;
        let ops = admit("Olivia Ops", "ops").await?;
        let finance = admit(FINANCE, "finance").await?;
        let agent_token =
            world.add_agent("Budget agent", &owner.person, "mcp.read,mcp.draft").await?;
        world.start_gate().await?;
        Ok((world, Cast { ops, finance, agent_token }))
    }

    /// Starts relay and emulated account and initialises a gate; nobody is admitted and
    /// the gate does not serve yet.
    ///
    /// # Errors
    /// When a program is missing or does not start.
    pub async fn start(folder: &Path, source: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let programs = Programs::find()?;
        let control_token = random_hex(16)?;
        let data = source.join("data/pymc-marketing-credibility");
        let emulator = Server::start(
            &programs.path("countersign-emulator"),
            &["--data", text(&data)?, "--control-token", &control_token],
            &BTreeMap::new(),
            &folder.join("emulator.log"),
        )
        .await?;
        private_file(&folder.join("relay-operator-token"), &random_hex(32)?)?;
        let mut world = Self {
            programs,
            folder: folder.to_path_buf(),
            relay: None,
            relay_address: "127.0.0.1:0".into(),
            gate: None,
            gate_address: "127.0.0.1:0".into(),
            emulator,
            control_token,
        };
        world.start_relay().await?;
        world.write_gate_config(source)?;
        let data = world.gate_data();
        let config = world.gate_config();
        world
            .gate_command(&[
                "init",
                "--data",
                text(&data)?,
                "--config",
                text(&config)?,
                "--workspace-name",
                "Demo workspace",
            ])
            .await?;
        world.open_writing().await?;
        Ok(world)
    }

    /// Starts the relay, on the address that it had before if it ran already.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_relay(&mut self) -> Result<()> {
        let data = self.folder.join("relay");
        let token = self.folder.join("relay-operator-token");
        let server = Server::start(
            &self.programs.path("countersign-relay"),
            &[
                "serve",
                "--listen",
                &self.relay_address,
                "--data",
                text(&data)?,
                "--operator-token-file",
                text(&token)?,
            ],
            &BTreeMap::new(),
            &self.folder.join("relay.log"),
        )
        .await?;
        self.relay_address.clone_from(&server.address);
        self.relay = Some(server);
        Ok(())
    }

    /// Stops the relay.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn stop_relay(&mut self) -> Result<()> {
        self.relay.take().context("the relay does not run")?.stop().await
    }

    /// Starts the gate, on the address that it had before if it ran already.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_gate(&mut self) -> Result<()> {
        let (data, config) = (self.gate_data(), self.gate_config());
        let server = Server::start(
            &self.programs.path("countersign-gate"),
            &[
                "serve",
                "--data",
                text(&data)?,
                "--config",
                text(&config)?,
                "--listen",
                &self.gate_address,
            ],
            &BTreeMap::new(),
            &self.folder.join("gate.log"),
        )
        .await?;
        self.gate_address.clone_from(&server.address);
        self.gate = Some(server);
        Ok(())
    }

    /// Stops the gate politely.
    ///
    /// # Errors
    /// When it does not stop.
    pub async fn stop_gate(&mut self) -> Result<()> {
        self.gate.take().context("the gate does not run")?.stop().await
    }

    /// Kills the gate with SIGKILL.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn kill_gate(&mut self) -> Result<()> {
        self.gate.take().context("the gate does not run")?.kill().await
    }

    /// The gate's `host:port`.
    #[must_use]
    pub fn gate_address(&self) -> &str {
        &self.gate_address
    }

    /// Admits the person at a session: request, admission, enrolment, as an operator does
    /// it by hand, whether or not the gate serves.
    ///
    /// # Errors
    /// When any of the three steps fails.
    pub async fn admit(&self, session: &Session, name: &str, roles: &str) -> Result<Admitted> {
        self.admit_at(&session.seat(name), name, roles).await
    }

    async fn admit_at(&self, seat: &Seat<'_>, name: &str, roles: &str) -> Result<Admitted> {
        let Seat { env, profile } = seat;
        fs::create_dir_all(profile)?;
        let request = profile.join("request.json");
        let enrolment = profile.join("enrolment.json");
        let totp = profile.with_extension("totp");
        let app = self.programs.path("countersign");
        let profile_text = text(profile)?;
        run(&app, &["--profile", profile_text, "enrol-request", "--out", text(&request)?], env)
            .await?;
        let data = self.gate_data();
        let answer = self
            .gate_command(&[
                "admit",
                "--data",
                text(&data)?,
                "--request",
                text(&request)?,
                "--name",
                name,
                "--roles",
                roles,
                "--out",
                text(&enrolment)?,
                "--totp-out",
                text(&totp)?,
            ])
            .await?;
        let words = answer["root_words"].as_str().context("the gate named no root words")?;
        let file = text(&enrolment)?;
        run(
            &app,
            &["--profile", profile_text, "enrol-accept", "--in", file, "--root-words", words],
            env,
        )
        .await?;
        let person = answer["person"].as_str().context("the gate named no person")?.to_owned();
        let totp_uri = fs::read_to_string(&totp)?.trim().to_owned();
        Ok(Admitted { person, profile: profile.clone(), totp_uri })
    }

    /// Adds an agent and returns its bearer token, whether or not the gate serves.
    ///
    /// # Errors
    /// When the gate refuses.
    pub async fn add_agent(&self, name: &str, owner: &str, scopes: &str) -> Result<String> {
        let data = self.gate_data();
        let answer = self
            .gate_command(&[
                "agent-add",
                "--data",
                text(&data)?,
                "--name",
                name,
                "--owner",
                owner,
                "--scopes",
                scopes,
            ])
            .await?;
        Ok(answer["token"].as_str().context("the gate gave no token")?.to_owned())
    }

    /// Lets the gate write to the emulated account, whether or not it serves.
    ///
    /// # Errors
    /// When the gate refuses.
    pub async fn open_writing(&self) -> Result<()> {
        let (data, config) = (self.gate_data(), self.gate_config());
        self.gate_command(&[
            "writing-open",
            "--data",
            text(&data)?,
            "--config",
            text(&config)?,
            "--account",
            ACCOUNT,
            "--why",
            "the demo makes its changes here",
        ])
        .await?;
        Ok(())
    }

    /// Writes the log's export and the public keys to trust.
    ///
    /// # Errors
    /// When the gate refuses.
    pub async fn export(&self, out: &Path, trust: &Path) -> Result<()> {
        let data = self.gate_data();
        let gate = self.programs.path("countersign-gate");
        let env = BTreeMap::new();
        run(&gate, &["export", "--data", text(&data)?, "--out", text(out)?], &env).await?;
        let keys = run(&gate, &["trust", "--data", text(&data)?], &env).await?;
        Ok(fs::write(trust, keys)?)
    }

    /// The emulated account as its control interface shows it.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn account(&self) -> Result<Value> {
        let url = format!("http://{}/_control/state", self.emulator.address);
        let answer =
            reqwest::Client::new().get(url).bearer_auth(&self.control_token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Asks the emulator for a fault.
    ///
    /// # Errors
    /// When the emulator refuses it.
    pub async fn fault(&self, fault: &Value) -> Result<()> {
        let url = format!("http://{}/_control/faults", self.emulator.address);
        let client = reqwest::Client::new();
        let answer = client.post(url).bearer_auth(&self.control_token).json(fault).send().await?;
        answer.error_for_status()?;
        Ok(())
    }

    /// The folder with the logs of all servers.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn gate_data(&self) -> PathBuf {
        self.folder.join("gate")
    }

    fn gate_config(&self) -> PathBuf {
        self.folder.join("gate.json")
    }

    async fn gate_command(&self, args: &[&str]) -> Result<Value> {
        let gate = self.programs.path("countersign-gate");
        let printed = run(&gate, args, &BTreeMap::new()).await?;
        serde_json::from_str(&printed).context("the gate printed something else than JSON")
    }

    /// The one identity that the emulated account knows, by a name.
    fn credential(&self, name: &str) -> Value {
        json!({ "refresh_token": {
            "name": name,
            "client_id": "emulator-client",
            "client_secret_file": self.folder.join("google-client-secret"),
            "refresh_token_file": self.folder.join("google-refresh-token"),
        }})
    }

    fn write_gate_config(&self, source: &Path) -> Result<()> {
        private_file(&self.folder.join("google-client-secret"), "emulator-secret")?;
        private_file(&self.folder.join("google-refresh-token"), "emulator-refresh-token")?;
        let emulator = format!("http://{}", self.emulator.address);
        let config = json!({
            "relay_url": format!("http://{}", self.relay_address),
            "relay_operator_token_file": self.folder.join("relay-operator-token"),
            "policies_dir": source.join("policies"),
            "pacing_days": 130,
            "accounts": [{ "google_ads": {
                "customer_id": ACCOUNT,
                "evidence_source": "Simulated account (pymc-marketing credibility data set, known \
                    ground truth), dates shifted by whole weeks",
                "min_daily_budget_micros": 5_000_000,
                "endpoint": emulator,
                "token_url": format!("{emulator}/token"),
                "reader": self.credential("demo-reader"),
                "writer": self.credential("demo-writer"),
            }}],
        });
        Ok(fs::write(self.gate_config(), serde_json::to_string_pretty(&config)?)?)
    }
}

/// The code that an authenticator shows for an `otpauth://` URI at a moment.
///
/// # Errors
/// When the URI is not one.
pub fn totp_code(uri: &str, at_unix_s: u64) -> Result<String> {
    let totp = totp_rs::Totp::from_url(uri).context("not an otpauth URI")?;
    Ok(totp.generate(at_unix_s).to_string())
}

fn private_file(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path is not UTF-8")
}

fn random_hex(bytes: usize) -> Result<String> {
    use std::io::Read as _;
    let mut buffer = vec![0; bytes];
    fs::File::open("/dev/urandom")?.read_exact(&mut buffer)?;
    Ok(buffer.iter().map(|byte| format!("{byte:02x}")).collect())
}
