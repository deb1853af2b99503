//! The counters' law, held against a real count over arbitrary histories.

use crate::{CaseRow, CaseText, Shelf, Store, StoreError};
use countersign_model::{Currency, ProposalId, TimestampMs, verdict::RiskTier};
use proptest::prelude::*;
use uuid::Uuid;

/// One thing that happens to a case.
#[derive(Clone, Debug)]
enum Step {
    Put { shelf: Shelf, open: bool, overridden: bool, decide_by: i64 },
    Snooze(i64),
    Unsnooze,
    Wake(i64),
}

const NOW: TimestampMs = TimestampMs::from_millis(10_000_000);
/// Around the edge of "within the hour" as seen from `NOW`.
const DEADLINES: std::ops::Range<i64> = 13_599_998..13_600_003;

fn shelf() -> impl Strategy<Value = Shelf> {
    prop_oneof![
        Just(Shelf::NeedsMe),
        Just(Shelf::WaitingOnOthers),
        Just(Shelf::Settled),
        Just(Shelf::Snoozed),
        Just(Shelf::ToCheck)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (shelf(), any::<bool>(), any::<bool>(), DEADLINES).prop_map(
            |(shelf, open, overridden, decide_by)| Step::Put { shelf, open, overridden, decide_by }
        ),
        2 => (0i64..50).prop_map(Step::Snooze),
        1 => Just(Step::Unsnooze),
        1 => (0i64..50).prop_map(Step::Wake),
    ]
}

fn row(case: ProposalId, shelf: Shelf, open: bool, overridden: bool, decide_by: i64) -> CaseRow {
    CaseRow {
        proposal: case,
        shelf,
        open,
        overridden,
        kind: "budget_change".into(),
        tier: RiskTier::Low,
        entity: String::new(),
        target: String::new(),
        currency: Currency::parse("EUR").unwrap(),
        before_micros: 1,
        after_micros: 2,
        created_at_ms: TimestampMs::from_millis(0),
        decide_by_ms: TimestampMs::from_millis(decide_by),
        changed_at_ms: TimestampMs::from_millis(0),
        batch_class: None,
        executed: None,
        summary: vec![],
        text: CaseText::default(),
    }
}

fn apply(store: &mut Store, case: ProposalId, step: &Step, fails: bool) {
    let _: Result<(), StoreError> = store.transaction(|tx| {
        match *step {
            Step::Put { shelf, open, overridden, decide_by } => {
                tx.put_case(&row(case, shelf, open, overridden, decide_by))?;
            }
            Step::Snooze(until) => {
                tx.snooze(case, TimestampMs::from_millis(until))?;
            }
            Step::Unsnooze => {
                tx.unsnooze(case)?;
            }
            Step::Wake(now) => {
                tx.wake_snoozed(TimestampMs::from_millis(now))?;
            }
        }
        if fails { Err(StoreError::Range("rolled back")) } else { Ok(()) }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn counters_equal_the_count(
        steps in prop::collection::vec((0u128..12, step(), prop::bool::weighted(0.2)), 1..80)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(&folder.path().join("store.db"), &[1; 32]).unwrap();
        for (number, step, fails) in steps {
            apply(&mut store, ProposalId::from_uuid(Uuid::from_u128(number)), &step, fails);
            let (kept, counted) = store
                .read::<_, StoreError>(|reader| Ok((reader.case_counts(NOW)?, reader.counted_cases(NOW))))
                .unwrap();
            prop_assert_eq!(kept, counted);
        }
    }
}
