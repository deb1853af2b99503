//! Desktops as witnesses: they cosign what they verified, and seldom. That two histories are
//! found by the cosignatures of others is in `lies.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod world;

use countersign_audit::{Witness, cosignature};
use countersign_document::RecordBody;
use world::{CaseSetup, Gate, World, desktop::approval, until};

/// The notes that devices have sent.
async fn notes(gate: &Gate) -> Vec<String> {
    let mut notes = vec![];
    for body in gate.bodies().await {
        if let RecordBody::Cosignature { note } = body {
            notes.push(note);
        }
    }
    notes
}

async fn witnesses(gate: &Gate) -> Vec<Witness> {
    let notes = notes(gate).await;
    cosignature::witnessed(notes.iter().map(String::as_str), &gate.roster)
}

/// Waits until this many devices have cosigned as many entries.
async fn witnessed_by(gate: &Gate, devices: usize, entries: u64) {
    for _ in 0..500 {
        let found = witnesses(gate).await;
        if found.iter().filter(|witness| witness.size == entries).count() >= devices {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{devices} devices have not cosigned {entries} entries: {:?}", witnesses(gate).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn desktops_cosign_what_they_verified_and_not_every_head() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    let seen = world.gate.log_size();
    witnessed_by(&world.gate, 2, seen).await;
    let root = world.gate.root_at(seen);
    assert!(witnesses(&world.gate).await.iter().all(|witness| witness.root == root));

    let later = world.gate.publish_case(CaseSetup::default()).await;
    until("the later case", || world.ops.case(&later.id)).await;
    until("the later case", || world.finance.case(&later.id)).await;
    assert_eq!(notes(&world.gate).await.len(), 2, "a head was cosigned within the pause");

    // A person signs: what they had seen of the log is cosigned at once.
    world.ops.sign(&approval(&made.id, "ops"));
    witnessed_by(&world.gate, 1, seen + 2).await;
    assert_eq!(notes(&world.gate).await.len(), 3);
}
