//! List rows are written in the background: nothing is lost between two transactions, lists
//! can be read meanwhile, and nobody waits for long.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use countersign_client::view::{InboxPage, InboxQuery, InboxView};
use countersign_model::{Currency, ProposalId, TimestampMs, verdict::RiskTier};
use countersign_store::{CaseRow, CaseText, DueCase, MetaKey, Shelf, StoreError, SyncState, Tx};
use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};
use uuid::Uuid;
use world::{
    CaseSetup, Desktop, World,
    fill::{Cast, Filler, specs},
    until,
};

/// A world whose ops desktop holds so many cases, with their rows.
async fn filled(count: usize) -> (World, Vec<String>) {
    let mut world = World::new().await;
    let cast = Cast::join(&mut world.gate).await;
    until("the roster with everybody", || {
        (world.ops.engine().people().ok()?.people.len() == 4).then_some(())
    })
    .await;
    world.ops.close().await;
    let ids = Filler::new(&mut world.gate, &cast).fill(&mut world.ops.store(), &specs(count));
    world.ops.open();
    (world, ids)
}

fn list(desktop: &Desktop) -> InboxPage {
    let query = InboxQuery { view: InboxView::All, search: String::new(), after: None, limit: 500 };
    desktop.engine().list_cases(&query).unwrap()
}

/// Every row as some app of before may have left it: this one cannot read its summary.
fn put_old_row(tx: &Tx<'_>, proposal: ProposalId) -> Result<(), StoreError> {
    tx.put_case(&CaseRow {
        proposal,
        shelf: Shelf::WaitingOnOthers,
        open: false,
        overridden: true,
        kind: String::new(),
        tier: RiskTier::Low,
        entity: String::new(),
        target: String::new(),
        currency: Currency::parse("XXX").unwrap(),
        before_micros: 0,
        after_micros: 0,
        created_at_ms: TimestampMs::from_millis(0),
        decide_by_ms: TimestampMs::from_millis(0),
        changed_at_ms: TimestampMs::from_millis(0),
        batch_class: None,
        executed: None,
        summary: b"{\"campaign\":\"of before\"}".to_vec(),
        text: CaseText::default(),
    })
}

/// Closes the app and leaves rows of an old form; `open_as_is` is the app of now.
fn make_old(world: &mut World, ids: &[String]) {
    world.ops.drop_engine();
    world
        .ops
        .store()
        .transaction::<_, StoreError>(|tx| {
            ids.iter().try_for_each(|id| put_old_row(tx, id.parse().unwrap()))?;
            tx.put_meta(MetaKey::ProjectionForm, b"of before")
        })
        .unwrap();
    world.ops.open_as_is();
}

/// What of a list does not depend on which list a case stands on, by case.
fn content(page: &InboxPage) -> Vec<(String, String, String)> {
    let row = |row: &countersign_client::view::InboxRow| {
        (row.proposal.clone(), row.campaign.clone(), format!("{:?} {:?}", row.state, row.diff))
    };
    let mut rows: Vec<_> = page.rows.iter().map(row).collect();
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_an_old_form_are_shown_and_written_anew_across_crashes() {
    let (mut world, ids) = filled(110).await;
    let before = list(&world.ops);
    make_old(&mut world, &ids);
    assert_eq!(content(&list(&world.ops)), content(&before), "no row is written yet");

    let (mut steps, mut left) = (0, ids.len());
    while world.ops.engine().write_rows().unwrap() {
        steps += 1;
        let page = list(&world.ops);
        assert_eq!(content(&page), content(&before), "after {steps} steps");
        let written = left - page.counts.overrides as usize;
        assert!((1..=25).contains(&written), "{written} in step {steps}: a start goes on");
        left -= written;
        world.ops.drop_engine();
        world.ops.open_as_is();
    }
    assert!(steps >= 4, "{steps} steps");
    assert_eq!(list(&world.ops), before);
    world.ops.drop_engine();
    world.ops.open_as_is();
    assert!(!world.ops.engine().write_rows().unwrap(), "once is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_had_does_not_take_its_list_with_it() {
    let (mut world, ids) = filled(10).await;
    let stranger = ProposalId::from_uuid(Uuid::from_u128(7)).to_string();
    make_old(&mut world, &[stranger]);
    assert_eq!(list(&world.ops).rows.len(), ids.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_due_is_written_after_a_crash() {
    let (mut world, ids) = filled(10).await;
    let before = list(&world.ops);
    world.ops.drop_engine();
    world
        .ops
        .store()
        .transaction::<_, StoreError>(|tx| {
            let proposal = ids[3].parse().unwrap();
            put_old_row(tx, proposal)?;
            tx.put_due(DueCase { proposal, refused: false })
        })
        .unwrap();
    world.ops.open_as_is();
    assert_ne!(list(&world.ops), before);
    assert!(!world.ops.engine().write_rows().unwrap());
    assert_eq!(list(&world.ops), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_is_let_in_between_two_transactions() {
    let (mut world, ids) = filled(130).await;
    make_old(&mut world, &ids);
    let engine = world.ops.engine();
    let (steps, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let longest = thread::scope(|scope| {
        scope.spawn(|| {
            while engine.write_rows().unwrap() {
                steps.fetch_add(1, Ordering::SeqCst);
            }
            done.store(true, Ordering::SeqCst);
        });
        let mut longest = 0;
        while !done.load(Ordering::SeqCst) {
            let before = steps.load(Ordering::SeqCst);
            engine.saved_filters().unwrap();
            longest = longest.max(steps.load(Ordering::SeqCst) - before);
        }
        longest
    });
    assert!(longest <= 2, "a read waited for {longest} transactions");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_cases_come_in_by_parts_and_harm_nothing_when_they_come_again() {
    let mut world = World::new().await;
    world.ops.close().await;
    for _ in 0..40 {
        world.gate.publish_case(CaseSetup::default()).await;
    }
    world.ops.open();
    world.ops.start();
    let all = || (list(&world.ops).counts.needs_me == 40).then_some(());
    until("all cases", all).await;
    let whole = world.gate.log_size();
    until("the log", || (world.ops.engine().connection().checkpoint?.size == whole).then_some(()))
        .await;
    let before = list(&world.ops);
    world.ops.close().await;

    // A store that was restored without where its reader stood.
    world
        .ops
        .store()
        .transaction::<_, StoreError>(|tx| tx.put_sync_state(&SyncState::default()))
        .unwrap();
    world.ops.open();
    world.ops.start();
    until("contact", || world.ops.engine().connection().online.then_some(())).await;
    assert_eq!(content(&list(&world.ops)), content(&before));
    assert_eq!(list(&world.ops).counts, before.counts);
    assert_eq!(world.ops.engine().connection().fault, None);
}
