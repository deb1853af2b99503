//! The counters' law, held against a real count over arbitrary histories.

use crate::{CaseRow, Shelf, Store, StoreError};
use countersign_model::{ProposalId, TimestampMs};
use proptest::prelude::*;
use uuid::Uuid;

fn shelf() -> impl Strategy<Value = Shelf> {
    prop_oneof![Just(Shelf::NeedsMe), Just(Shelf::WaitingOnOthers), Just(Shelf::Settled)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn counters_equal_the_count(moves in prop::collection::vec((0u128..20, shelf(), any::<bool>()), 1..80)) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(&folder.path().join("store.db"), &[1; 32]).unwrap();
        for (number, shelf, fails) in moves {
            let row = CaseRow {
                proposal: ProposalId::from_uuid(Uuid::from_u128(number)),
                shelf,
                decide_by_ms: TimestampMs::from_millis(0),
                changed_at_ms: TimestampMs::from_millis(0),
                entity: String::new(),
                summary: vec![],
                words: format!("case {number}"),
            };
            let _: Result<(), StoreError> = store.transaction(|tx| {
                tx.put_case(&row)?;
                if fails { Err(StoreError::Range("rolled back")) } else { Ok(()) }
            });
            let (kept, counted) = store
                .read::<_, StoreError>(|reader| Ok((reader.case_counts()?, reader.counted_cases())))
                .unwrap();
            prop_assert_eq!(kept, counted);
        }
    }
}
