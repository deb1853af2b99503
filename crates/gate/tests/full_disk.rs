//! A disk that fills up: what was acknowledged stays, what was not is not half there, and
//! with room again the gate goes on.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use countersign_audit::{Trust, report::Judgement};
use countersign_replay::verify_export;
use serde_json::{Value, json};
use support::{World, draft_of, pause};

/// More drafts than this always fill the disk.
const MAX_DRAFTS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let token = world.add_agent(ops.person).await;
    world.serve().await;
    let (_, listed) = world.call(&token, "list_campaigns", json!({})).await;
    let campaign = listed["campaigns"][0].clone();
    world.kill_gate();
    let size = |ending: &str| {
        let path = world.data().join(format!("gate.sqlite{ending}"));
        std::fs::metadata(path).map_or(0, |file| file.len())
    };
    let used = [size(""), size("-wal")].into_iter().max().unwrap();
    world.serve_on_a_disk_of(used / 1_024 + 512).await;

    let mut acknowledged: Vec<Value> = vec![];
    for _ in 0..MAX_DRAFTS {
        let answer = world.try_call(&token, "draft_budget_change", draft_of(&campaign)).await;
        let Some(answer) = answer.filter(|answer| answer["isError"] != json!(true)) else { break };
        acknowledged.push(answer["structuredContent"]["proposal"].clone());
    }
    assert!(!acknowledged.is_empty(), "there was room for some: {}", world.log());
    assert!(acknowledged.len() < MAX_DRAFTS, "the disk never filled up");
    while !world.has_ended() {
        pause().await;
    }
    assert!(world.log().contains("the gate's database refused"), "it says why: {}", world.log());

    // With room again.
    world.serve().await;
    for case in &acknowledged {
        let (failed, status) = world.call(&token, "get_case", json!({"proposal": case})).await;
        assert!(!failed && status["state"] == "deciding", "{case}: {status}");
    }
    let receipt = world.draft(&token, 0).await;
    ops.open(receipt["proposal"].as_str().unwrap().parse().unwrap()).await;
    let out = world.folder.path().join("log.jsonl");
    world.command(&["export", "--out", out.to_str().unwrap()]).await;
    let trust: Trust = serde_json::from_value(world.command(&["trust"]).await).unwrap();
    let report = verify_export(&std::fs::read(&out).unwrap()[..], Some(&trust), None).unwrap();
    assert_eq!((report.integrity, report.completeness), (Judgement::Holds, Judgement::Holds));
}
