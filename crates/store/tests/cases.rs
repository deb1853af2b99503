//! Lists, counters and search over projections.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use common::{case, made, proposal};
use countersign_model::ProposalId;
use countersign_store::{
    CaseFilter, CaseList, CasePage, CaseText, DueCase, PageQuery, Shelf, Store, StoreError,
};
use std::collections::BTreeSet;

const SHELVES: [Shelf; 3] = [Shelf::NeedsMe, Shelf::WaitingOnOthers, Shelf::Settled];

fn page(store: &mut Store, query: &PageQuery) -> CasePage {
    store.read::<_, StoreError>(|reader| reader.case_page(query)).unwrap()
}

fn walk(store: &mut Store, mut query: PageQuery) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let page = page(store, &query);
        assert!(page.rows.len() <= query.limit as usize);
        seen.extend(page.rows.into_iter().map(|row| String::from_utf8(row.summary).unwrap()));
        let Some(next) = page.next else { return seen };
        query.after = Some(next.to_string().parse().unwrap());
    }
}

fn fill(store: &mut Store, count: u128) {
    store
        .transaction::<_, StoreError>(|tx| {
            (0..count).try_for_each(|number| {
                tx.put_case(&case(number, SHELVES[usize::try_from(number % 3).unwrap()]))
            })
        })
        .unwrap();
}

#[test]
fn pages_show_every_row_once_in_order() {
    let (_place, mut store) = made();
    fill(&mut store, 500);
    for limit in [1, 7, 50, 499, 500, 501] {
        let all = walk(&mut store, PageQuery { limit, ..PageQuery::default() });
        assert_eq!(all.len(), 500);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 500, "a row came twice");
        let list = CaseList::NeedsMe;
        let mine = walk(&mut store, PageQuery { limit, list, ..PageQuery::default() });
        let mut expected: Vec<u128> = (0..500).filter(|number| number % 3 == 0).collect();
        expected.sort_by_key(|number| number * 37 % 1_000);
        let expected: Vec<String> = expected.iter().map(u128::to_string).collect();
        assert_eq!(mine, expected, "soonest first");
    }
}

#[test]
fn open_cases_come_before_settled_ones_and_settled_ones_newest_first() {
    let (_place, mut store) = made();
    fill(&mut store, 30);
    let all = walk(&mut store, PageQuery { limit: 50, ..PageQuery::default() });
    let numbers: Vec<u128> = all.iter().map(|text| text.parse().unwrap()).collect();
    let first_settled = numbers.iter().position(|number| number % 3 == 2).unwrap();
    assert!(numbers[first_settled..].iter().all(|number| number % 3 == 2));
    let times: Vec<u128> = numbers[first_settled..].iter().map(|n| n * 37 % 1_000).collect();
    assert!(times.is_sorted_by(|a, b| a >= b));
}

#[test]
fn search_finds_words_and_beginnings_newest_first_without_query_syntax() {
    let (_place, mut store) = made();
    fill(&mut store, 60);
    let search = |store: &mut Store, words: &str, list| {
        let filter = CaseFilter::words(words);
        walk(store, PageQuery { filter, list, limit: 9, ..PageQuery::default() })
    };
    let newest_first: Vec<String> = (0..60u32).rev().map(|number| number.to_string()).collect();
    assert_eq!(search(&mut store, "fla SAL", CaseList::All), newest_first);
    assert_eq!(search(&mut store, "campaign17", CaseList::All), ["17"]);
    assert_eq!(search(&mut store, "grosse", CaseList::All).len(), 0);
    assert_eq!(search(&mut store, "größe", CaseList::All).len(), 60);
    assert_eq!(search(&mut store, "grö", CaseList::Settled).len(), 20);
    for odd in ["\"", "NEAR(", "a\" OR \"b", "words:flash", "*", "-flash"] {
        let _ = search(&mut store, odd, CaseList::All);
    }
    assert_eq!(
        search(&mut store, "flash OR nothing", CaseList::All).len(),
        0,
        "OR is a word, not syntax"
    );
}

#[test]
fn search_follows_a_changed_projection() {
    let (_place, mut store) = made();
    fill(&mut store, 3);
    let renamed = countersign_store::CaseRow {
        text: CaseText { rest: "spring launch".into(), ..CaseText::default() },
        ..case(1, SHELVES[1])
    };
    store.transaction::<_, StoreError>(|tx| tx.put_case(&renamed)).unwrap();
    let search = |store: &mut Store, words: &str| {
        let filter = CaseFilter::words(words);
        walk(store, PageQuery { filter, limit: 9, ..PageQuery::default() })
    };
    assert_eq!(search(&mut store, "spring"), ["1"]);
    assert_eq!(search(&mut store, "campaign1"), Vec::<String>::new());
}

#[test]
fn open_cases_of_one_entity() {
    let (_place, mut store) = made();
    fill(&mut store, 21);
    let found: Vec<ProposalId> = store
        .read::<_, StoreError>(|reader| reader.open_cases_of("google_ads:1:campaign:3"))
        .unwrap();
    // 3, 10 and 17 are about it; 17 is settled.
    assert_eq!(found, [proposal(3), proposal(10)]);
}

#[test]
fn a_case_is_due_until_its_row_is_written_and_a_refusal_is_not_forgotten() {
    let (_place, mut store) = made();
    let due = |number, refused| DueCase { proposal: proposal(number), refused };
    let left = store.transaction::<_, StoreError>(|tx| {
        for one in [due(1, true), due(2, false), due(1, false), due(3, false)] {
            tx.put_due(one)?;
        }
        assert_eq!(tx.due_cases(2)?, [due(3, false), due(2, false)]);
        tx.remove_due(proposal(3))?;
        tx.remove_due(proposal(2))?;
        tx.due_cases(9)
    });
    assert_eq!(left.unwrap(), [due(1, true)]);
}

#[test]
fn documented_cases_are_walked_once_the_newest_first() {
    let (_place, mut store) = made();
    let walked = store.transaction::<_, StoreError>(|tx| {
        (1..=5).try_for_each(|number| tx.put_document(proposal(number), b"document"))?;
        let first = tx.documented_cases(None, 2)?;
        Ok([first.clone(), tx.documented_cases(first.last().copied(), 9)?])
    });
    let numbered = |numbers: &[u128]| numbers.iter().copied().map(proposal).collect::<Vec<_>>();
    assert_eq!(walked.unwrap(), [numbered(&[5, 4]), numbered(&[3, 2, 1])]);
}
