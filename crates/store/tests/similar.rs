//! Cases that resemble one, and what was executed lately, against a plain reading.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "the numbers of a test are small")]

mod common;

use common::{at, case, made, proposal};
use countersign_store::{CaseRow, Executed, Reader, Shelf, Store, StoreError};
use proptest::prelude::*;

fn read<T>(store: &mut Store, work: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> T {
    store.read(work).unwrap()
}

prop_compose! {
    fn row()(
        settled: bool, entity in 0u8..3, kind in 0u8..2, before in -1i64..4, after in -3i64..9,
        changed in 0i64..20, executed in prop::option::of((0i64..20, -5i64..5)),
    ) -> CaseRow {
        CaseRow {
            kind: format!("kind{kind}"),
            entity: format!("entity{entity}"),
            target: format!("target{entity}"),
            before_micros: before, after_micros: after, changed_at_ms: at(changed),
            executed: executed.map(|(moment, delta_micros)| Executed { at_ms: at(moment), delta_micros }),
            ..case(0, if settled { Shelf::Settled } else { Shelf::NeedsMe })
        }
    }
}

fn ppm(row: &CaseRow) -> Option<i64> {
    ((row.after_micros - row.before_micros) * 1_000_000).checked_div(row.before_micros)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_nearest_are_found(
        rows in prop::collection::vec(row(), 0..40), target in -3_000_000i64..3_000_000, limit in 0usize..8,
        since in 0i64..20,
    ) {
        let rows: Vec<CaseRow> = rows.into_iter().enumerate()
            .map(|(number, row)| CaseRow { proposal: proposal(number as u128), ..row }).collect();
        let (_place, mut store) = made();
        store.transaction::<_, StoreError>(|tx| rows.iter().try_for_each(|row| tx.put_case(row))).unwrap();
        let alike = |row: &&CaseRow| row.shelf == Shelf::Settled && row.kind == "kind0";

        let found = read(&mut store, |reader| reader.settled_like("entity0", "kind0", limit as u32));
        let mut newest: Vec<i64> = rows.iter().filter(alike).filter(|row| row.entity == "entity0")
            .map(|row| row.changed_at_ms.millis()).collect();
        newest.sort_unstable_by(|a, b| b.cmp(a));
        newest.truncate(limit);
        prop_assert!(found.iter().all(|case| case.entity == "entity0"));
        prop_assert_eq!(found.iter().map(|case| case.changed_at_ms.millis()).collect::<Vec<_>>(), newest);

        let found = read(&mut store, |reader| reader.settled_near("kind0", target, "entity0", limit as u32));
        let mut nearest: Vec<u64> = rows.iter().filter(alike).filter(|row| row.entity != "entity0")
            .filter_map(|row| Some(ppm(row)?.abs_diff(target))).collect();
        nearest.sort_unstable();
        nearest.truncate(limit);
        prop_assert!(found.iter().all(|case| case.entity != "entity0"));
        prop_assert_eq!(
            found.iter().map(|case| case.change_ppm.unwrap().abs_diff(target)).collect::<Vec<_>>(), nearest
        );

        let found = read(&mut store, |reader| reader.executed_on_target_since("target1", at(since)));
        let mut lately: Vec<(i64, i64)> = rows.iter().filter(|row| row.target == "target1")
            .filter_map(|row| row.executed)
            .map(|executed| (executed.at_ms.millis(), executed.delta_micros))
            .filter(|(moment, _)| *moment >= since).collect();
        let mut found: Vec<(i64, i64)> =
            found.iter().map(|change| (change.at_ms.millis(), change.delta_micros)).collect();
        prop_assert!(found.is_sorted_by_key(|(moment, _)| *moment));
        lately.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, lately);
    }
}

#[test]
fn of_equally_changed_ones_the_newest_come_first() {
    let (_place, mut store) = made();
    store
        .transaction::<_, StoreError>(|tx| {
            for number in 0..9 {
                let row = case(number, Shelf::Settled);
                tx.put_case(&CaseRow { after_micros: 12_000_000, entity: "other".into(), ..row })?;
            }
            Ok(())
        })
        .unwrap();
    let found = read(&mut store, |reader| reader.settled_near("budget_change", 200_000, "mine", 3));
    let cases: Vec<_> = found.iter().map(|case| case.proposal).collect();
    assert_eq!(cases, [proposal(8), proposal(7), proposal(6)]);
}
