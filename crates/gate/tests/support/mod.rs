//! A workspace of real parts: relay and emulated account in this process, the gate as the
//! real program, desktops scripted with test keys.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

pub mod desktop;

use countersign_audit::{Trust, report::Judgement};
use countersign_emulator::{Emulator, EmulatorConfig};
use countersign_model::{PersonId, TimestampMs};
use countersign_replay::verify_export;
use desktop::Desktop;
use rmcp::{
    ServiceExt as _,
    model::CallToolRequestParams,
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

pub const GATE: &str = env!("CARGO_BIN_EXE_countersign-gate");
pub const OPERATOR: &str = "an-operator-token-of-the-test";

pub struct World {
    pub folder: tempfile::TempDir,
    pub relay: Option<countersign_relay::Running>,
    pub relay_url: String,
    pub emulator: countersign_emulator::Running,
    gate: Option<Child>,
    pub gate_address: String,
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut gate) = self.gate.take() {
            let _ = gate.kill();
            let _ = gate.wait();
        }
    }
}

pub fn secret(path: &Path, text: &str) {
    countersign_gate::keys::write_secret(path, text.as_bytes()).unwrap();
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The emulated account.
pub fn emulated() -> EmulatorConfig {
    EmulatorConfig::new(root().join("data/pymc-marketing-credibility"), "control")
}

impl World {
    pub async fn start() -> Self {
        Self::over(emulated()).await
    }

    /// With an emulated account of the test's own.
    pub async fn over(emulator: EmulatorConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let relay = countersign_relay::start(countersign_relay::Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data: folder.path().join("relay"),
            operator_token: OPERATOR.into(),
            limits: countersign_relay::Limits::default(),
        })
        .await
        .unwrap();
        let relay_url = format!("http://{}", relay.address);
        Self::found(folder, Some(relay), relay_url, emulator).await
    }

    /// With a relay of the test's own.
    pub async fn at(relay_url: &str) -> Self {
        Self::found(tempfile::tempdir().unwrap(), None, relay_url.into(), emulated()).await
    }

    async fn found(
        folder: tempfile::TempDir,
        relay: Option<countersign_relay::Running>,
        relay_url: String,
        emulator: EmulatorConfig,
    ) -> Self {
        let emulator = Emulator::start(emulator).await.unwrap();
        secret(&folder.path().join("relay-operator-token"), OPERATOR);
        secret(&folder.path().join("secret"), "emulator-secret");
        secret(&folder.path().join("refresh"), "emulator-refresh-token");
        let config = json!({
            "listen": "127.0.0.1:0",
            "relay_url": relay_url,
            "policies_dir": root().join("policies"),
            "accounts": [account_at(&emulator, "1234567890")],
        });
        std::fs::write(folder.path().join("gate.json"), config.to_string()).unwrap();
        let gate_address = String::new();
        let world = Self { folder, relay, relay_url, emulator, gate: None, gate_address };
        let config = world.config();
        world.command(&["init", "--config", &config, "--workspace-name", "Test"]).await;
        world.open_writing("1234567890").await;
        world
    }

    /// Lets the gate write to an account; what the command says.
    pub async fn open_writing(&self, account: &str) -> Value {
        let config = self.config();
        let args = ["writing-open", "--config", &config, "--account", account, "--why", "a test"];
        self.command(&args).await
    }

    pub fn config(&self) -> String {
        self.folder.path().join("gate.json").display().to_string()
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("gate")
    }

    /// Runs a command of the gate; its answer, or what it said on failing.
    pub async fn try_command(&self, args: &[&str]) -> Result<Value, String> {
        let mut command = Command::new(GATE);
        command.args(args).arg("--data").arg(self.data());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).unwrap())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Runs a command of the gate as a shell does it after `before` and with the redirection
    /// `after`: whether it ended well, and what it said.
    pub async fn in_shell(&self, before: &str, after: &str, args: &[&str]) -> (bool, String) {
        let mut command = Command::new("bash");
        command.args(["-c", &format!("{before} exec \"$0\" \"$@\" {after}"), GATE]);
        command.args(args).arg("--data").arg(self.data()).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// How many entries the log has; works while the gate is stopped, too.
    pub async fn entries(&self) -> u64 {
        let out = self.folder.path().join(format!("{}.jsonl", uuid::Uuid::now_v7()));
        let answer = self.command(&["export", "--out", out.to_str().unwrap()]).await;
        answer["entries"].as_u64().unwrap()
    }

    pub async fn command(&self, args: &[&str]) -> Value {
        self.try_command(args).await.unwrap()
    }

    pub async fn admit(
        &self,
        seed: u8,
        name: &str,
        roles: &str,
        person: Option<PersonId>,
    ) -> Desktop {
        Desktop::enrol(self, seed, name, roles, person).await
    }

    pub async fn add_agent(&self, owner: PersonId) -> String {
        let owner = owner.to_string();
        let args = [
            "agent-add",
            "--name",
            "proposer",
            "--owner",
            &owner,
            "--scopes",
            "mcp.read,mcp.draft",
        ];
        self.command(&args).await["token"].as_str().unwrap().to_owned()
    }

    /// Starts the gate and waits for its ready line.
    pub async fn serve(&mut self) {
        self.start_gate(Command::new(GATE)).await;
    }

    /// Starts the gate where no file may grow beyond this size, as on a disk that fills up.
    pub async fn serve_on_a_disk_of(&mut self, kib: u64) {
        let mut shell = Command::new("bash");
        // The signal would kill; what a full disk gives is an error.
        let limited = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"");
        shell.args(["-c", &limited, GATE]);
        self.start_gate(shell).await;
    }

    async fn start_gate(&mut self, mut command: Command) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("gate.log"))
            .unwrap();
        let mut child = command
            .args(["serve", "--log", "json", "--config", &self.config(), "--data"])
            .arg(self.data())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            line
        })
        .await
        .unwrap();
        let ready: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("the gate did not start: {}", self.log()));
        self.gate_address = ready["address"].as_str().unwrap().to_owned();
        self.gate = Some(child);
    }

    /// SIGKILL: nothing is flushed.
    pub fn kill_gate(&mut self) {
        let mut gate = self.gate.take().unwrap();
        gate.kill().unwrap();
        gate.wait().unwrap();
    }

    /// A line of `/proc/…/status` of the gate's process, in KiB.
    pub fn memory_kib(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.gate_pid());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or("x 0");
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub fn gate_pid(&self) -> u32 {
        self.gate.as_ref().unwrap().id()
    }

    /// Starts the gate with one more environment variable.
    pub async fn serve_with(&mut self, name: &str, value: &str) {
        let mut gate = Command::new(GATE);
        gate.env(name, value);
        self.start_gate(gate).await;
    }

    /// Changes one field of the configuration.
    pub fn configure(&self, field: &str, value: Value) {
        let mut config: Value =
            serde_json::from_slice(&std::fs::read(self.config()).unwrap()).unwrap();
        config[field] = value;
        std::fs::write(self.config(), config.to_string()).unwrap();
    }

    /// Whether the gate has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.gate.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    /// A call of a tool whose answer may never come.
    pub async fn try_call(&self, token: &str, tool: &str, arguments: Value) -> Option<Value> {
        let params = json!({"name": tool, "arguments": arguments});
        let request = reqwest::Client::new()
            .post(format!("http://{}/mcp", self.gate_address))
            .bearer_auth(token)
            .header("accept", "application/json, text/event-stream")
            .timeout(Duration::from_secs(20))
            .json(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}));
        let answer: Value = request.send().await.ok()?.json().await.ok()?;
        Some(answer["result"].clone()).filter(Value::is_object)
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("gate.log")).unwrap_or_default()
    }

    pub async fn account(&self) -> Value {
        let url = format!("{}/_control/state", self.emulator.base_url);
        let answer = reqwest::Client::new().get(url).bearer_auth("control").send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Exports the log and verifies it with the public keys alone; its number of lines.
    pub async fn assert_export_holds(&self) -> usize {
        let out = self.folder.path().join("log.jsonl");
        self.command(&["export", "--out", out.to_str().unwrap()]).await;
        let trust: Trust = serde_json::from_value(self.command(&["trust"]).await).unwrap();
        let bytes = std::fs::read(&out).unwrap();
        let report = verify_export(&bytes[..], Some(&trust), None).unwrap();
        assert_eq!(report.integrity, Judgement::Holds, "{report:?}");
        assert_eq!(report.completeness, Judgement::Holds, "{report:?}");
        bytes.iter().filter(|byte| **byte == b'\n').count()
    }

    pub async fn fault(&self, order: Value) {
        self.control("faults", order).await;
    }

    /// An order to the emulated account.
    pub async fn control(&self, what: &str, order: Value) {
        let url = format!("{}/_control/{what}", self.emulator.base_url);
        let request = reqwest::Client::new().post(url).bearer_auth("control").json(&order);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    /// An ordinary MCP client's call of a tool: whether it failed, and its answer.
    pub async fn call(&self, token: &str, tool: &'static str, arguments: Value) -> (bool, Value) {
        let config = StreamableHttpClientTransportConfig::with_uri(format!(
            "http://{}/mcp",
            self.gate_address
        ))
        .auth_header(token.to_owned());
        let client = ().serve(StreamableHttpClientTransport::from_config(config)).await.unwrap();
        let arguments = arguments.as_object().unwrap().clone();
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        let result = client.call_tool(request).await.unwrap();
        client.cancel().await.unwrap();
        (result.is_error == Some(true), result.structured_content.unwrap_or_default())
    }

    /// Drafts +25 % on the campaign and returns the receipt.
    pub async fn draft(&self, token: &str, campaign: usize) -> Value {
        let (_, listed) = self.call(token, "list_campaigns", json!({})).await;
        let campaign = listed["campaigns"][campaign].clone();
        let (failed, receipt) = self.call(token, "draft_budget_change", draft_of(&campaign)).await;
        assert!(!failed, "{receipt}");
        receipt
    }
}

/// A configured account of an emulator.
pub fn account_at(emulator: &countersign_emulator::Running, id: &str) -> Value {
    json!({"google_ads": {
        "customer_id": id,
        "evidence_source": format!("simulated Google Ads account {id}"),
        "endpoint": emulator.base_url,
        "token_url": emulator.token_url,
        "reader": credential("ads-reader"),
        "writer": credential("ads-writer"),
        "min_daily_budget_micros": 5_000_000,
    }})
}

/// The one identity that the emulator knows unless told otherwise, by a name.
pub fn credential(name: &str) -> Value {
    json!({"refresh_token": {
        "name": name,
        "client_id": "emulator-client",
        "client_secret_file": "secret",
        "refresh_token_file": "refresh",
    }})
}

/// The amount without parts of a cent, which the account does not take.
pub fn in_cents(micros: i64) -> i64 {
    micros / 10_000 * 10_000
}

/// A draft of +25 % on a listed campaign, with marker texts.
pub fn draft_of(campaign: &Value) -> Value {
    let before: i64 =
        campaign["budget"]["amount"]["amount_micros"].as_str().unwrap().parse().unwrap();
    let after = in_cents(before / 100 * 125);
    json!({
        "change": {
            "proposal_type": "budget_change",
            "entity": campaign["entity"],
            "before": campaign["budget"]["amount"],
            "after": {"amount_micros": after.to_string(), "currency": "USD"},
            "window": {"starts_at_ms": 1_795_237_200_000_i64, "ends_at_ms": 1_795_496_400_000_i64},
        },
        "predicted_lift": {"value": 0.12, "low": 0.05, "high": 0.19},
        "confidence": 0.79,
        "uncertainty": "MARKER-uncertainty",
        "escalation_rule": "MARKER-escalation",
        "risk_factors": {
            "financial_exposure": 0.4,
            "brand_safety": 0.1,
            "regulatory_sensitivity": 0.05,
            "audience_reach": 0.3,
            "deviation_from_intent": 0.1,
        },
        "feature_attributions": {"spend_headroom_7d": 0.27},
        "rationale": "MARKER-rationale",
        "trigger": "MARKER-trigger",
        "likely_outcome": "MARKER-outcome",
        "next_steps": ["MARKER-step"],
        "campaign_intent": "MARKER-intent",
        "inputs_considered": [{"kind": "campaign_history", "about": "MARKER-input"}],
        "source_references": [{"title": "MARKER-source", "location": "MARKER-location"}],
        "recommended_action": "MARKER-action",
        "counterfactual": "MARKER-counterfactual",
        "model": {
            "id": "budget-proposer",
            "version": "2026-11",
            "training_snapshot": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
        "prompt": "MARKER-prompt",
    })
}

pub fn now() -> TimestampMs {
    countersign_gate::clock::now()
}

pub async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}
