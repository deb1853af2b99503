//! What is kept on this device: evidence within its budget, and only policies that are what
//! their digest says.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use countersign_client::view::{CaseState, CaseView, SettingsView};
use countersign_document::RecordBody;
use countersign_model::{Digest, PolicyBundle, TimestampMs, entry::LogEvent};
use countersign_policy::reference_of;
use std::collections::BTreeMap;
use world::{CaseSetup, World, gate::Made, until};

/// Four of them do not fit into the smallest budget, three do.
const PIECE: usize = 3_000_000;

fn complete(world: &World, made: &Made) -> bool {
    world.ops.case(&made.id).is_some_and(|case| case.evidence.complete)
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_of_open_cases_comes_first_and_settled_ones_make_room() {
    let mut world = World::new().await;
    let settings = world.ops.engine().settings();
    let small = SettingsView { evidence_budget_mb: 10, ..settings };
    world.ops.engine().change_settings(&small).unwrap();
    let prompt: &'static str = Box::leak("p".repeat(PIECE).into_boxed_str());
    let setup = || CaseSetup { prompt: Some(prompt), ..CaseSetup::default() };
    let prompts: [&'static str; 4] = [1, 2, 3, 4]
        .map(|n| &*Box::leak(format!("{n}{}", setup().prompt.unwrap()).into_boxed_str()));
    let mut made = vec![];
    for prompt in &prompts[..3] {
        let one = world.gate.publish_case(CaseSetup { prompt: Some(prompt), ..setup() }).await;
        until("its evidence", || complete(&world, &one).then_some(())).await;
        world.gate.end(LogEvent::CaseExpired { proposal_id: one.case }).await;
        until("its end", || (world.ops.case(&one.id)?.state == CaseState::Expired).then_some(()))
            .await;
        made.push(one);
    }
    let open = world.gate.publish_case(CaseSetup { prompt: Some(prompts[3]), ..setup() }).await;
    until("the open case's evidence", || complete(&world, &open).then_some(())).await;
    let kept = |case: CaseView| case.evidence.complete;
    // Looking at the oldest would fetch it again: the store is asked instead.
    let others = made[1..].iter().filter(|one| world.ops.case(&one.id).is_some_and(kept)).count();
    assert_eq!(others, 2, "more was let go than had to be");
    world.ops.close().await;
    let total = world
        .ops
        .store()
        .read::<_, countersign_store::StoreError>(|reader| reader.evidence_total());
    assert!(total.unwrap().bytes <= 10_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_believed_by_their_digest() {
    let mut world = World::new().await;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut files = BTreeMap::new();
    files.insert("data.json".to_owned(), std::fs::read_to_string(root.join("data.json")).unwrap());
    let digest = reference_of(&files).unwrap().digest;
    let bundle = |digest| PolicyBundle {
        version: "1".into(),
        digest,
        in_force_since_ms: TimestampMs::from_millis(0),
        files: files.clone(),
    };
    let sent = |digest| RecordBody::Policy { bundle: bundle(digest).to_bytes().unwrap() };
    world.gate.write(&sent(Digest::of(b"another"))).await;
    until("the fault", || {
        (world.ops.engine().connection().fault?.code == "policy_wrong").then_some(())
    })
    .await;
    world.finance.close().await;
    // A case brings the policy that it was judged by; the one that is looked for comes after.
    world.gate.publish_case(CaseSetup::default()).await;
    world.gate.write(&sent(digest)).await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    world.ops.close().await;
    let stored = world
        .ops
        .store()
        .read::<_, countersign_store::StoreError>(|reader| reader.newest_policy_bundle());
    assert_eq!(stored.unwrap().unwrap().digest, digest);
}
