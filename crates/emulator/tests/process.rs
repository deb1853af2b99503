//! The program itself: one machine-readable line when ready, and a refusal that says what to do.

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-emulator"));
    command.arg("--data").arg(support::config().data_dir);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn the_ready_line_says_where_to_connect_and_keeps_the_token_to_itself() {
    let mut child = program()
        .args(["--control-token", "very-secret", "--as-of", "2026-11-21"])
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let url = format!("{}/_control/state", ready["base_url"].as_str().unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).bearer_auth("very-secret").send().await;
    child.kill().unwrap();
    child.wait().unwrap();
    let state: Value = answer.unwrap().json().await.unwrap();
    assert_eq!(state["as_of"], "2026-11-21");
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["customer_id"], "1234567890");
    assert!(!line.contains("very-secret"));
}

#[test]
fn it_refuses_to_listen_beyond_loopback() {
    let output =
        program().args(["--control-token", "t", "--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("not a loopback address"));
}
