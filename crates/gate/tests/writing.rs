//! An account is read until an operator opens it for writing, with a credential of its own; the
//! log says so, and nothing says what a credential is made of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a helper that fails fails its test

mod support;

use countersign_emulator::{EmulatorConfig, oauth::ServiceAccount};
use countersign_model::{
    ProposalId,
    entry::{EntryKind, ExecutionStatus, LogEvent},
};
use serde_json::{Value, json};
use support::{World, account_at, desktop::Desktop, draft_of, emulated, secret};

const ACCOUNT: &str = "1234567890";
const READER: &str = "reader@project.example.com";

/// A gate whose account is read by a service account and written by a user.
async fn world() -> World {
    let (known, key_file) = ServiceAccount::generate(READER).unwrap();
    let emulator = EmulatorConfig { service_account: Some(known), ..emulated() };
    let world = World::over(emulator).await;
    secret(&world.folder.path().join("reader.json"), &key_file);
    let mut account = account_at(&world.emulator, ACCOUNT);
    account["google_ads"]["reader"] = json!({"service_account": {
        "name": "ads-reader", "email": READER, "key_file": "reader.json",
    }});
    world.configure("accounts", json!([account]));
    world
}

async fn close(world: &World) -> Result<Value, String> {
    world.try_command(&["writing-close", "--account", ACCOUNT, "--why", "an audit"]).await
}

async fn try_open(world: &World, account: &str) -> Result<Value, String> {
    let config = world.config();
    let args = ["writing-open", "--config", &config, "--account", account, "--why", "agreed"];
    world.try_command(&args).await
}

/// How often the platform was asked to write, dry runs included.
async fn asked_to_write(world: &World) -> (Value, Value) {
    let state = world.account().await;
    (state["mutate_calls"].clone(), state["validate_only_calls"].clone())
}

async fn draft(world: &World, token: &str) -> (bool, Value) {
    let (_, listed) = world.call(token, "list_campaigns", json!({})).await;
    world.call(token, "draft_budget_change", draft_of(&listed["campaigns"][0])).await
}

async fn approve(desktop: &mut Desktop, case: ProposalId) {
    let seen = desktop.open(case).await;
    let approval = desktop.approval(&seen);
    assert_eq!(desktop.decide(&seen, &approval).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_written_only_while_an_operator_has_opened_it() {
    let mut world = world().await;
    close(&world).await.unwrap();
    world.serve().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let mut finance = world.admit(2, "Fiona", "finance", None).await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    // It is read, and nobody is asked to sign for what could not be made.
    let (failed, refused) = draft(&world, &token).await;
    assert!(failed && refused["error"]["code"] == "READ_ONLY", "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("administrator"), "{refused}");
    // Opened while the gate serves, it counts at once.
    let opened = try_open(&world, ACCOUNT).await.unwrap();
    assert_eq!(opened["credential"], "ads-writer");
    assert_eq!(opened["applied_by_itself"], json!(["USE_BROAD_MATCH_KEYWORD"]));
    let (failed, receipt) = draft(&world, &token).await;
    assert!(!failed, "{receipt}");
    let case: ProposalId = receipt["proposal"].as_str().unwrap().parse().unwrap();
    approve(&mut ops, case).await;
    // Closed between two signatures: the change ends, and nothing was sent that could write.
    close(&world).await.unwrap();
    let before = asked_to_write(&world).await;
    approve(&mut finance, case).await;
    let is_finished = |entry: &countersign_model::entry::Entry| {
        entry.body.event.kind() == EntryKind::ExecutionFinished
    };
    let finished = finance.wait_for("the end", is_finished).await;
    let platform = finished.body.event.platform().unwrap();
    assert_eq!(platform.status, ExecutionStatus::NotApplied);
    assert_eq!(platform.code.as_deref(), Some("gate.READ_ONLY"));
    assert_eq!(asked_to_write(&world).await, before, "nothing was sent");
    // What was decided about is in the log, with the credential's name, and holds.
    let told = finance.wait_for("the opening", |entry| {
        matches!(&entry.body.event, LogEvent::WritingOpened { credential, reason, .. }
            if credential == "ads-writer" && reason.text == "agreed")
    });
    assert_eq!(told.await.body.event.writing().unwrap().0.to_string(), "google_ads:1234567890");
    world.assert_export_holds().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_outlives_the_gate_and_every_use_of_a_credential_is_told() {
    let mut world = world().await;
    world.serve().await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    assert!(!draft(&world, &token).await.0);
    world.kill_gate();
    world.serve().await;
    assert!(!draft(&world, &token).await.0, "it is still open");
    let log = world.log();
    let uses = |credential: &str, words: &str| {
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let fields = lines.map(|line| line["fields"].clone());
        let is_meant = |line: &Value| line["credential"] == credential && line["message"] == words;
        fields.filter(is_meant).count()
    };
    assert!(uses("ads-reader", "credential used") > 2, "{log}");
    assert!(uses("ads-reader", "access token renewed") >= 2, "one for each start");
    assert_eq!(uses("ads-writer", "credential used"), 0, "it has written nothing");
    for kept_back in ["PRIVATE KEY", "ya29.", "emulator-refresh-token", "emulator-secret", "eyJ"] {
        assert!(!log.contains(kept_back), "{kept_back}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_hears_what_stands_in_the_way_of_writing() {
    let mut world = world().await;
    for (account, words) in
        [(ACCOUNT, "may be written with ads-writer already"), ("42", "it has 1234567890")]
    {
        let refused = try_open(&world, account).await.unwrap_err();
        assert!(refused.contains(words), "{refused}");
    }
    close(&world).await.unwrap();
    assert!(close(&world).await.unwrap_err().contains("not open for writing"));
    let config = world.config();
    let silent = ["writing-open", "--config", &config, "--account", ACCOUNT, "--why", " "];
    assert!(world.try_command(&silent).await.unwrap_err().contains("--why"));
    // The gate that serves writes with what it was started with.
    let before = world.entries().await;
    world.serve().await;
    let mut account = account_at(&world.emulator, ACCOUNT);
    account["google_ads"]["writer"]["refresh_token"]["name"] = json!("another");
    world.configure("accounts", json!([account.clone()]));
    let refused = try_open(&world, ACCOUNT).await.unwrap_err();
    assert!(
        refused.contains("another configuration") && refused.contains("ads-writer"),
        "{refused}"
    );
    account["google_ads"].as_object_mut().unwrap().remove("writer");
    world.configure("accounts", json!([account.clone()]));
    let refused = try_open(&world, ACCOUNT).await.unwrap_err();
    assert!(refused.contains("names no `writer`"), "{refused}");
    // A secret that is not there is said before anything is done.
    account["google_ads"]["writer"] = json!({"service_account": {
        "name": "ads-writer", "email": "w@example.com", "key_file": "nowhere.json",
    }});
    world.configure("accounts", json!([account]));
    let refused = try_open(&world, ACCOUNT).await.unwrap_err();
    assert!(refused.contains("ads-writer") && refused.contains("nowhere.json"), "{refused}");
    assert_eq!(world.entries().await, before + 1, "the policy, and nothing else");
}
