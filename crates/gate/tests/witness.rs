//! Cosignatures at the gate: the newest of each device is kept, a fork is counted with its
//! evidence, and what is none of its writer's changes nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use countersign_audit::{Judgement, checkpoint, cosignature};
use countersign_document::RecordBody;
use countersign_gate::{admin, keys, store::Store};
use countersign_model::{Digest, signature::SigningKey};
use countersign_replay::verify_export;
use support::{World, desktop::Desktop, pause};

/// Waits until the gate's database says so.
async fn until(world: &World, what: &str, holds: impl Fn(&Store) -> bool) {
    let store = Store::open(&world.data().join("gate.sqlite")).unwrap();
    for _ in 0..500 {
        if holds(&store) {
            return;
        }
        pause().await;
    }
    panic!("waited in vain: {what}");
}

/// The log's key as an operator with bad intent has it.
fn log_key(world: &World) -> SigningKey {
    SigningKey::from_seed(&keys::load(&world.data().join("keys/log.key")).unwrap())
}

fn sizes(store: &Store) -> usize {
    store.read(|reader| reader.cosignatures()).unwrap().len()
}

fn forks(store: &Store) -> Vec<(u64, u64)> {
    let forks = store.read(|reader| reader.cosigned_forks()).unwrap();
    forks.iter().map(|fork| (fork.times, fork.size)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cosignatures_are_kept_and_forks_are_counted() {
    let mut world = World::start().await;
    let mut ops: Desktop = world.admit(11, "Olivia", "ops", None).await;
    world.serve().await;
    ops.sync().await;
    let (size, root, origin) = ops.log_head();
    let log = log_key(&world);
    let honest = checkpoint::sign(&origin, size, root, &log).unwrap();

    // Neither another's key nor a head that the log's key has not signed says anything.
    let stranger = SigningKey::from_seed(&[99; 32]);
    let note = ops.cosign_with(&stranger, &honest);
    ops.push(&RecordBody::Cosignature { note }).await;
    let unsigned = checkpoint::sign(&origin, size, Digest::of(b"mine"), &stranger).unwrap();
    let note = ops.cosign(&unsigned);
    ops.push(&RecordBody::Cosignature { note }).await;
    ops.push(&RecordBody::Cosignature { note: "x".repeat(5_000) }).await;

    let note = ops.cosign(&honest);
    ops.push(&RecordBody::Cosignature { note }).await;
    until(&world, "the cosignature", |store| sizes(store) == 1).await;
    until(&world, "no fork", |store| forks(store).is_empty()).await;

    let fork = checkpoint::sign(&origin, size, Digest::of(b"other"), &log).unwrap();
    let note = ops.cosign(&fork);
    ops.push(&RecordBody::Cosignature { note }).await;
    until(&world, "a fork", |store| forks(store) == [(1, size)]).await;
    // More of the log than the gate holds: its data was set back.
    let ahead = checkpoint::sign(&origin, size + 50, Digest::of(b"more"), &log).unwrap();
    let note = ops.cosign(&ahead);
    ops.push(&RecordBody::Cosignature { note }).await;
    until(&world, "another", |store| forks(store) == [(2, size + 50)]).await;

    let store = Store::open(&world.data().join("gate.sqlite")).unwrap();
    let kept = store.read(|reader| reader.cosignatures()).unwrap();
    let found = cosignature::witnessed(kept.iter().map(String::as_str), &ops.roster);
    assert_eq!(
        found.iter().map(|one| (one.device, one.size)).collect::<Vec<_>>(),
        [(ops.device, size)]
    );

    // An auditor reads both: who saw this log, and that there is another.
    let trust = admin::export::trust(&world.data()).unwrap();
    let out = world.folder.path().join("log.jsonl");
    let manifest = admin::export::export(&world.data(), &out).unwrap();
    let report = verify_export(&std::fs::read(&out).unwrap()[..], Some(&trust), None).unwrap();
    assert_eq!((report.witnesses.devices, report.witnesses.persons), (1, 1));
    assert_eq!(
        (report.witnesses.entries, report.witnesses.unseen),
        (size, manifest.entries - size)
    );
    let [finding] = report.findings.as_slice() else { panic!("{:#?}", report.findings) };
    let words = format!("{} cosigned {} entries: ", ops.device, size + 50);
    assert!(finding.what.starts_with(&words), "{finding:?}");
    assert_eq!(report.completeness, Judgement::Fails);
}
