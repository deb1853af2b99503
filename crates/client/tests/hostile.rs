//! An insider writes what it likes: every honest record is taken in all the same, what is
//! wrong is set aside and said, and only its author runs out of room.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

#[path = "../../document/tests/hostile/mod.rs"]
mod generator;

use countersign_document::{BlobRef, CaseDocument, RecordBody, limits::MAX_FILED_PER_DEVICE};
use countersign_model::{Digest, ProposalId};
use countersign_store::StoreError;
use generator::{Hostile, Random, plain_change};
use std::time::{Duration, Instant};
use uuid::Uuid;
use world::{CaseSetup, Desktop, Gate, Insider, Shelf, World, desktop::comment, gate::Made, until};

fn runs() -> usize {
    std::env::var("COUNTERSIGN_HOSTILE_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(300)
}

/// What a desktop has set aside, by the code of why, of one writer.
async fn set_aside(desktop: &mut Desktop, insider: &Insider) -> Vec<String> {
    desktop.close().await;
    let rows = desktop.store().read::<_, StoreError>(|reader| reader.quarantine()).unwrap();
    desktop.open();
    desktop.start();
    rows.into_iter().filter(|row| row.writer == insider.device).map(|row| row.why).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_of_an_impossible_size_stops_nobody() {
    let mut world = World::new().await;
    let first = world.gate.publish_case(CaseSetup::default()).await;
    until("the first case", || world.ops.case(&first.id)).await;
    let mut insider = Insider::join(&mut world.gate).await;
    let mut made = Hostile::new(1, knowing(&world.gate, &insider, &[&first]));
    // Of lists and numbers beyond all bounds some are of this very kind.
    let bodies: Vec<_> = (0..40).map(|_| made.huge_numbers()).collect();
    insider.write(&world.gate, &bodies).await;
    world.gate.write_plain(&bodies[0]).await;
    let second = world.gate.publish_case(CaseSetup::default()).await;
    until("the second case at ops", || world.ops.case(&second.id)).await;
    until("the second case at finance", || world.finance.case(&second.id)).await;
    until("that it is said", || world.ops.engine().connection().fault).await;
    world.ops.approve(&first.id, "ops");
    world.ops.delivered(&first.id).await;
    assert_eq!(world.gate.decisions(first.case).await.len(), 1);
    assert!(set_aside(&mut world.ops, &insider).await.contains(&"record_unreadable".to_owned()));
}

/// What the generator is told.
fn knowing(gate: &Gate, insider: &Insider, cases: &[&Made]) -> generator::Insider {
    generator::Insider {
        workspace: gate.workspace,
        person: insider.person,
        device: insider.device,
        key: countersign_model::signature::SigningKey::from_seed(&[66; 32]),
        role: "ops".into(),
        now: world::now(),
        cases: cases.iter().map(|made| (made.case, made.proposal.digest().unwrap())).collect(),
        seen: vec![],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fills_a_case_up_is_refused_and_nobody_else() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    let mut insider = Insider::join(&mut world.gate).await;
    let mut random = Random::new(2);
    let bodies: Vec<_> = (0..MAX_FILED_PER_DEVICE + 20)
        .map(|number| {
            let change = plain_change(&[&number.to_be_bytes()], &mut random);
            RecordBody::CaseChange { case: made.case, change, blobs: vec![] }.to_bytes().unwrap()
        })
        .collect();
    insider.write(&world.gate, &bodies).await;
    world.ops.approve(&made.id, "ops");
    world.ops.engine().add_comment(&comment(&made.id, "Still here")).unwrap();
    until("decision and comment at finance", || {
        let case = world.finance.case(&made.id)?;
        (case.decisions.len() == 1 && case.thread.comments.len() == 1).then_some(())
    })
    .await;
    let fault = until("that it is said", || world.finance.engine().connection().fault).await;
    assert_eq!(fault.code, "record_set_aside");
    assert!(fault.message.contains(&insider.device.to_string()), "{}", fault.message);
    world.finance.close().await;
    let filed = world
        .finance
        .store()
        .read::<_, StoreError>(|reader| {
            Ok((reader.filed(made.case, insider.device)?, reader.quarantine_counts()?))
        })
        .unwrap();
    assert_eq!(filed.0.unwrap().envelopes, MAX_FILED_PER_DEVICE);
    // Every one of them was junk, and twenty did not even count any more.
    assert_eq!(filed.1[0].records, bodies.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_hears_of_it_who_has_no_room_left() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    let mut said = 0;
    let full = loop {
        match world.ops.engine().add_comment(&comment(&made.id, &"é".repeat(3_900))) {
            Ok(_) => said += 1,
            Err(problem) => break problem,
        }
        assert!(said <= MAX_FILED_PER_DEVICE, "there is no end");
    };
    assert_eq!(full.code, "case_full");
    assert!(said > 20, "{said}");
    let other = world.gate.publish_case(CaseSetup::default()).await;
    until("another case", || world.ops.case(&other.id)).await;
    world.ops.engine().add_comment(&comment(&other.id, "Room here")).unwrap();
    until("all of it at finance", || {
        let count = world.finance.case(&made.id)?.thread.comments.len();
        (count == said as usize).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_wanted_on_the_gates_word_alone() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    let mut insider = Insider::join(&mut world.gate).await;
    let mut random = Random::new(3);
    let mut body = |evidence| {
        let change = plain_change(&[b"{}"], &mut random);
        let blob = BlobRef { evidence, blob: Digest::of(b"mine"), size_bytes: 4_000_000 };
        RecordBody::CaseChange { case: made.case, change, blobs: vec![blob] }.to_bytes().unwrap()
    };
    let foreign = body(Digest::of(b"foreign"));
    let named = body(made.proposal.evidence[0].digest);
    insider.write(&world.gate, &[foreign.clone(), named]).await;
    world.gate.write_plain(&foreign).await;
    let other = world.gate.publish_case(CaseSetup::default()).await;
    until("the next case", || world.ops.case(&other.id)).await;
    world.ops.close().await;
    let missing = world
        .ops
        .store()
        .read::<_, StoreError>(|reader| reader.evidence_missing_of(made.case))
        .unwrap();
    assert!(missing.iter().all(|one| one.blob != Digest::of(b"mine")), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_of_somebody_who_is_admitted_later_is_found_then() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    let mut insider = Insider::join(&mut world.gate).await;
    // Signed by a device that no roster knows yet, and carried by one that it does.
    let key = countersign_model::signature::SigningKey::from_seed(&[67; 32]);
    let late = world::insider::late_comment(&world.gate, &made, &key);
    let mut random = Random::new(4);
    let change = plain_change(&[&late.envelope], &mut random);
    let body = RecordBody::CaseChange { case: made.case, change, blobs: vec![] };
    insider.write(&world.gate, &[body.to_bytes().unwrap()]).await;
    let other = world.gate.publish_case(CaseSetup::default()).await;
    until("the next case", || world.ops.case(&other.id)).await;
    assert!(world.ops.case(&made.id).unwrap().thread.comments.is_empty());
    world.gate.roster.people.push(late.person);
    world.gate.publish_roster().await;
    until("the comment", || (world.ops.case(&made.id)?.thread.comments.len() == 1).then_some(()))
        .await;
}

/// A desktop at a relay in memory.
async fn at_a_shelf() -> (Shelf, Gate, Desktop) {
    let shelf = Shelf::start().await;
    let mut gate = Gate::found(shelf.url()).await;
    let desktop = Desktop::new();
    let request = desktop.engine().make_enrolment_request().unwrap();
    let enrolment = gate.admit(&request.json, "Olivia", "ops").await;
    desktop.join(&enrolment);
    desktop.start();
    (shelf, gate, desktop)
}

/// `COUNTERSIGN_HOSTILE_RUNS=4000000` runs for about an hour; it prints how fast it was.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_records_between_honest_ones_stop_nobody() {
    const AT_ONCE: usize = 100;
    let (shelf, mut gate, desktop) = at_a_shelf().await;
    let first = gate.publish_case(CaseSetup::default()).await;
    until("the first case", || desktop.case(&first.id)).await;
    let mut insider = Insider::join(&mut gate).await;
    let mut knows = knowing(&gate, &insider, &[&first]);
    let (_, change) = CaseDocument::create(b"proposal", b"verdict").unwrap();
    let seen = RecordBody::CaseChange { case: first.case, change, blobs: vec![] };
    knows.seen.push(seen.to_bytes().unwrap());
    knows.seen.push(gate.segment_again().to_bytes().unwrap());
    let seed = std::env::var("COUNTERSIGN_HOSTILE_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut hostile = Hostile::new(seed.unwrap_or(7), knows);
    let begun = Instant::now();
    let (mut written, mut making) = (0, Duration::ZERO);
    while written < runs() {
        let before = Instant::now();
        let bodies: Vec<_> = (0..AT_ONCE).map(|_| hostile.body()).collect();
        insider.write(&gate, &bodies).await;
        making += before.elapsed();
        written += AT_ONCE;
        let made = gate.publish_case(CaseSetup::default()).await;
        honest_case(&desktop, &made, &gate).await;
        hostile.insider.cases.push((made.case, made.proposal.digest().unwrap()));
        if hostile.insider.cases.len() > 8 {
            hostile.insider.cases.remove(0);
        }
        if written % 2_000 == 0 {
            shelf.forget();
        }
    }
    let took = begun.elapsed();
    let each = f64::from(u32::try_from(written).unwrap()) / took.as_secs_f64();
    println!(
        "{written} hostile records in {took:?}, {making:?} of it to make them: {each:.0} a second"
    );
    let fault = desktop.engine().connection().fault.expect("it is said");
    assert!(
        fault.code.as_str().starts_with("record_") || fault.code.as_str().ends_with("_foreign"),
        "{fault:?}"
    );
    let counts = {
        let mut desktop = desktop;
        desktop.close().await;
        desktop.store().read::<_, StoreError>(|reader| reader.quarantine_counts()).unwrap()
    };
    assert_eq!(counts.len(), 1, "only the insider's: {counts:?}");
    assert!(counts[0].records * 2 > written as u64, "{counts:?}");
}

/// An honest case comes in whole, with its entries of the log, and can be spoken about.
async fn honest_case(desktop: &Desktop, made: &Made, gate: &Gate) {
    // A long run goes beside other work: what comes late is no hang.
    let limit = Instant::now() + Duration::from_secs(if runs() > 300 { 600 } else { 60 });
    loop {
        let connection = desktop.engine().connection();
        let whole = connection.checkpoint.as_ref().is_some_and(|one| one.size == gate.log_size());
        if whole && desktop.case(&made.id).is_some_and(|case| case.timeline.len() == 2) {
            return;
        }
        assert!(Instant::now() < limit, "an honest case does not come in: {connection:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_device_opens_no_endless_number_of_cases() {
    let (shelf, mut gate, mut desktop) = at_a_shelf().await;
    let mut insider = Insider::join(&mut gate).await;
    let mut random = Random::new(9);
    let bodies: Vec<_> = (0..300)
        .map(|_| {
            let (_, change) = CaseDocument::create(b"proposal", b"verdict").unwrap();
            let case = ProposalId::from_uuid(Uuid::from_u128(u128::from(random.next())));
            RecordBody::CaseChange { case, change, blobs: vec![] }.to_bytes().unwrap()
        })
        .collect();
    insider.write(&gate, &bodies).await;
    let made = gate.publish_case(CaseSetup::default()).await;
    honest_case(&desktop, &made, &gate).await;
    assert!(shelf.head() > 300);
    desktop.close().await;
    let (unopened, documented) = desktop
        .store()
        .read::<_, StoreError>(|reader| {
            Ok((reader.unopened_cases(insider.device)?, reader.documented_cases(None, 999)?))
        })
        .unwrap();
    assert_eq!((unopened, documented), (64, vec![made.case]));
}
