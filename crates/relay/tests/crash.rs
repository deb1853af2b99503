//! The real process under SIGKILL: what was acknowledged is there.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[allow(dead_code, unreachable_pub)]
mod client;

use client::{Device, TOKEN};
use std::{
    fs::Permissions,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The command that serves, with a token file of this mode.
fn command(directory: &Path, mode: u32) -> Command {
    let token = directory.join("token");
    std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
    std::fs::set_permissions(&token, Permissions::from_mode(mode)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-relay"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--data"])
        .arg(directory.join("relay"))
        .arg("--operator-token-file")
        .arg(&token)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn serve(directory: &Path) -> (Child, String) {
    let mut child = command(directory, 0o600).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["ready"], true);
    (child, ready["address"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn nothing_signed_is_lost_when_the_relay_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let (mut child, address) = serve(directory.path());
    let owner = Device::new(&address, 1);
    owner.create().await;
    let records = owner.records(200, 0);
    let mut acknowledged = 0;
    for batch in records.chunks(3).take(30) {
        acknowledged = owner.pushed(batch).await.head;
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let (mut child, address) = serve(directory.path());
    let owner = Device::new(&address, 1);
    let page = owner.page(0, 512).await;
    assert_eq!((page.head, acknowledged), (90, 90));
    let kept: Vec<_> = page.records.into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(kept, records[..90]);
    // The writer goes on where it was.
    assert_eq!(owner.pushed(&records[88..]).await.head, 200);

    let terminated = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(terminated.success());
    for _ in 0..100 {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().unwrap();
    panic!("SIGTERM did not end the relay within five seconds");
}

#[test]
fn a_token_file_that_others_can_read_is_refused() {
    for mode in [0o640, 0o604, 0o620] {
        let directory = tempfile::tempdir().unwrap();
        let output = command(directory.path(), mode).stderr(Stdio::piped()).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && words.contains("chmod 600"), "{mode:o}: {words}");
        assert!(!directory.path().join("relay").exists(), "nothing was begun");
    }
}
