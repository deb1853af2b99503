//! Search and filters against a plain reading of every row.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::cast_possible_truncation, reason = "the numbers of a test are small")]

mod common;

use common::{at, case, made};
use countersign_model::{Currency, time::HOUR_MS, verdict::RiskTier};
use countersign_store::{
    AmountRange, CaseFilter, CaseList, CaseRow, CaseText, PageQuery, Shelf, Store, StoreError,
    TextField, TextTerm,
};
use proptest::prelude::*;

const WORDS: [&str; 9] = [
    "flash",
    "flat",
    "sale",
    "s",
    "größe",
    "weekend",
    "東京支店",
    "ميزانية",
    "秋の新商品キャンペーン2026",
];
/// What is looked for besides.
const PARTS: [&str; 12] = [
    "lash",
    "eekend",
    "nd",
    "end",
    "fl",
    "öße",
    "京",
    "京支",
    "زاني",
    "の新商品キャンペ",
    "ーン2026",
    "026",
];
const NOW: i64 = 1_000_000_000;
const DAY_MS: i64 = 86_400_000;

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 0..3).prop_map(|words| words.join(" "))
}

/// Words, or a part of one.
fn question() -> impl Strategy<Value = String> {
    prop_oneof![text(), prop::sample::select(&PARTS[..]).prop_map(Into::into)]
}

fn texts() -> impl Strategy<Value = CaseText> {
    (text(), text(), text(), text(), text(), text(), text()).prop_map(
        |(entity, people, reason, rule, model, agent, rest)| CaseText {
            entity,
            people,
            reason,
            rule,
            model,
            agent,
            rest,
        },
    )
}

fn shelf() -> impl Strategy<Value = Shelf> {
    let shelves = [Shelf::NeedsMe, Shelf::WaitingOnOthers, Shelf::Settled, Shelf::ToCheck];
    prop::sample::select(shelves.to_vec())
}

fn tier() -> impl Strategy<Value = RiskTier> {
    prop::sample::select(&[RiskTier::Low, RiskTier::Medium, RiskTier::High][..])
}

fn kind() -> impl Strategy<Value = String> {
    prop::sample::select(&["budget_change", "pause", "Pau-se"][..]).prop_map(Into::into)
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(&["EUR", "USD"][..]).prop_map(|code| Currency::parse(code).unwrap())
}

fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![-20i64..20, any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(0)]
}

fn moment() -> impl Strategy<Value = i64> {
    prop_oneof![-20 * DAY_MS..20 * DAY_MS, Just(0), -DAY_MS * 900..DAY_MS * 900]
}

prop_compose! {
    fn row()(
        shelf in shelf(), open: bool, overridden: bool, tier in tier(), kind in kind(),
        currency in currency(), after_micros in amount(), created in moment(),
        decide_by in NOW + HOUR_MS - 3..NOW + HOUR_MS + 3, text in texts(),
    ) -> CaseRow {
        CaseRow {
            open, overridden, tier, kind, currency, after_micros, text,
            created_at_ms: at(created), decide_by_ms: at(decide_by),
            ..case(0, shelf)
        }
    }
}

prop_compose! {
    fn filter()(
        text in prop::collection::vec((prop::option::of(0usize..6), question()), 0..3),
        amount in prop::option::weighted(0.4, (
            prop::option::of(amount()), prop::option::of(amount()), prop::option::of(currency())
        )),
        since in prop::option::weighted(0.3, moment()),
        until in prop::option::weighted(0.3, moment()),
        kind in prop::option::weighted(0.3, kind()),
        tier in prop::option::weighted(0.3, tier()),
    ) -> CaseFilter {
        CaseFilter {
            text: text.into_iter().map(|(field, words)| TextTerm {
                field: field.map(|field| FIELDS[field]), words,
            }).collect(),
            amount: amount.map(|(min_micros, max_micros, currency)| AmountRange {
                min_micros, max_micros, currency,
            }),
            created_since_ms: since.map(at),
            created_until_ms: until.map(at),
            kind,
            tier,
        }
    }
}

const FIELDS: [TextField; 6] = [
    TextField::Entity,
    TextField::People,
    TextField::Reason,
    TextField::Rule,
    TextField::Model,
    TextField::Agent,
];
const LISTS: [CaseList; 9] = [
    CaseList::NeedsMe,
    CaseList::WaitingOnOthers,
    CaseList::Settled,
    CaseList::Snoozed,
    CaseList::ToCheck,
    CaseList::DueSoon,
    CaseList::Overrides,
    CaseList::Agenda,
    CaseList::All,
];

fn in_list(row: &CaseRow, snoozed: bool, list: CaseList) -> bool {
    let open = row.open && !matches!(row.shelf, Shelf::Settled | Shelf::ToCheck);
    match list {
        CaseList::NeedsMe => row.shelf == Shelf::NeedsMe && !snoozed,
        CaseList::Snoozed => snoozed,
        CaseList::WaitingOnOthers => row.shelf == Shelf::WaitingOnOthers,
        CaseList::Settled => row.shelf == Shelf::Settled,
        CaseList::ToCheck => row.shelf == Shelf::ToCheck,
        CaseList::DueSoon => open && row.decide_by_ms <= at(NOW + HOUR_MS),
        CaseList::Overrides => row.overridden,
        CaseList::Agenda => open,
        CaseList::All => true,
    }
}

fn has(row: &CaseRow, filter: &CaseFilter) -> bool {
    let text = &row.text;
    let all = [
        &text.entity,
        &text.people,
        &text.reason,
        &text.rule,
        &text.model,
        &text.agent,
        &text.rest,
    ];
    let has_word = |term: &TextTerm, word: &str| {
        let place = FIELDS.iter().position(|field| term.field == Some(*field));
        let columns = place.map_or(&all[..], |place| std::slice::from_ref(&all[place]));
        let anywhere = word.chars().count() >= 3 || word.starts_with(|first| first > '\u{3000}');
        let found = |known: &str| known.starts_with(word) || (anywhere && known.contains(word));
        columns.iter().any(|column| column.split(' ').any(found))
    };
    filter.text.iter().all(|term| term.words.split_whitespace().all(|word| has_word(term, word)))
        && filter.amount.is_none_or(|range| {
            range.min_micros.is_none_or(|min| row.after_micros >= min)
                && range.max_micros.is_none_or(|max| row.after_micros <= max)
                && range.currency.is_none_or(|currency| row.currency == currency)
        })
        && filter.created_since_ms.is_none_or(|since| row.created_at_ms >= since)
        && filter.created_until_ms.is_none_or(|until| row.created_at_ms < until)
        && filter.kind.as_ref().is_none_or(|kind| row.kind == *kind)
        && filter.tier.is_none_or(|tier| row.tier == tier)
}

/// Every page of a query, joined; and what each page said of the whole.
fn walk(store: &mut Store, mut query: PageQuery) -> (Vec<usize>, Vec<(u32, bool)>) {
    let (mut seen, mut counts) = (Vec::new(), Vec::new());
    loop {
        let page = store.read::<_, StoreError>(|reader| reader.case_page(&query)).unwrap();
        assert!(page.rows.len() <= query.limit as usize);
        counts.push((page.matches.count, page.matches.more));
        let number = |summary: Vec<u8>| String::from_utf8(summary).unwrap().parse().unwrap();
        seen.extend(page.rows.into_iter().map(|row| -> usize { number(row.summary) }));
        let Some(next) = page.next else { return (seen, counts) };
        query.after = Some(next.to_string().parse().unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn every_list_with_every_filter_finds_what_a_plain_reading_finds(
        rows in prop::collection::vec((row(), any::<bool>(), any::<bool>()), 1..30),
        queries in prop::collection::vec((filter(), 1u32..12), 1..12),
    ) {
        let (_place, mut store) = made();
        store.transaction::<_, StoreError>(|tx| {
            for (number, (row, snooze, again)) in rows.iter().enumerate() {
                let id = case(number as u128, Shelf::NeedsMe);
                let row = CaseRow { proposal: id.proposal, summary: id.summary, ..row.clone() };
                if *again {
                    // What it was before must not be found any more.
                    tx.put_case(&CaseRow { text: rows[0].0.text.clone(), tier: RiskTier::Low, ..row.clone() })?;
                }
                tx.put_case(&row)?;
                if *snooze { tx.snooze(row.proposal, at(NOW))?; }
            }
            Ok(())
        }).unwrap();
        for (filter, limit) in queries {
            for list in LISTS {
                let expected: Vec<usize> = rows.iter().enumerate()
                    .filter(|(_, (row, snooze, _))| {
                        in_list(row, *snooze && row.shelf == Shelf::NeedsMe, list) && has(row, &filter)
                    })
                    .map(|(number, _)| number).rev().collect();
                let query = PageQuery { list, filter: filter.clone(), limit, after: None, now_ms: at(NOW) };
                let (mut found, counts) = walk(&mut store, query);
                let whole = expected.len() as u32;
                prop_assert!(counts.iter().all(|count| *count == (whole, false)), "{counts:?}, not {whole}");
                let plain = filter == CaseFilter::default()
                    || (filter.text.iter().all(|term| term.words.is_empty())
                        && CaseFilter { text: vec![], ..filter.clone() } == CaseFilter::default());
                if plain {
                    found.sort_unstable_by(|a, b| b.cmp(a));
                }
                prop_assert_eq!(&found, &expected, "{:?} {:?}", list, &filter);
            }
        }
    }

    #[test]
    fn nothing_typed_is_syntax(words in "\\PC{0,40}") {
        let (_place, mut store) = made();
        store.transaction::<_, StoreError>(|tx| tx.put_case(&case(1, Shelf::NeedsMe))).unwrap();
        for field in [None, Some(TextField::People)] {
            let filter = CaseFilter {
                text: vec![TextTerm { field, words: words.clone() }], ..CaseFilter::default()
            };
            let query = PageQuery { filter, ..PageQuery::default() };
            store.read::<_, StoreError>(|reader| reader.case_page(&query)).unwrap();
        }
    }
}

fn found(store: &mut Store, words: &str) -> usize {
    let query = PageQuery { filter: CaseFilter::words(words), ..PageQuery::default() };
    walk(store, query).0.len()
}

#[test]
fn a_facet_cannot_be_typed() {
    let (_place, mut store) = made();
    store.transaction::<_, StoreError>(|tx| tx.put_case(&case(1, Shelf::NeedsMe))).unwrap();
    // A private-use letter separates: what is left are words that are nowhere.
    for words in ["\u{E000}x", "\u{E000}s0 flash", "s0", "x"] {
        assert_eq!(found(&mut store, words), 0, "{words}");
    }
    assert_eq!(found(&mut store, "\u{E000}"), 1, "no word at all is no filter");
}

#[test]
fn a_facet_in_the_text_of_a_case_does_not_move_it() {
    let (_place, mut store) = made();
    let rest = "\u{E000}s2 \u{E000}t2 \u{E000}v".to_owned();
    let row = CaseRow { text: CaseText { rest, ..CaseText::default() }, ..case(1, Shelf::NeedsMe) };
    store.transaction::<_, StoreError>(|tx| tx.put_case(&row)).unwrap();
    let filter = CaseFilter { tier: Some(RiskTier::High), ..CaseFilter::default() };
    for list in [CaseList::Settled, CaseList::Overrides, CaseList::All] {
        let query = PageQuery { list, filter: filter.clone(), ..PageQuery::default() };
        assert_eq!(walk(&mut store, query).0.len(), 0, "{list:?}");
    }
}

#[test]
fn words_of_many_scripts_are_found_by_their_beginnings() {
    let (_place, mut store) = made();
    let rest = "Ångström naïve İstanbul 東京支店の予算 ميزانية хлеб हिन्दी भाषा 🚀rocket".to_owned();
    let row = CaseRow { text: CaseText { rest, ..CaseText::default() }, ..case(1, Shelf::NeedsMe) };
    store.transaction::<_, StoreError>(|tx| tx.put_case(&row)).unwrap();
    for words in ["angstr", "NAIVE", "ist", "東", "東京", "ميز", "ХЛ", "हिन्दी", "rocket", "🚀"]
    {
        assert_eq!(found(&mut store, words), 1, "{words}");
    }
}

/// The cases from the field, and others of their kind: what the name holds is found by any part
/// of it, and what it does not hold is not.
#[test]
fn words_are_found_by_their_inside() {
    for (text, present, absent) in [
        (
            "秋の新商品キャンペーン",
            &[
                "秋の新商品キャンペーン",
                "新商品",
                "キャンペーン",
                "秋",
                "品",
                "の新",
                "商品キャンペーン",
            ][..],
            &["予算", "新品", "商新", "商品キャンペーン秋", "秋の新商品キャンペース"][..],
        ),
        ("東京支店の予算", &["予算", "算", "支店", "京", "の予"], &["東支", "予東"]),
        ("가을 광고예산", &["예산", "광고", "산"], &["고산", "예고"]),
        ("งบประมาณ", &["ประมาณ", "งบ", "มาณ"], &["งมา"]),
        (
            "Wochenendsonderverkauf Größenänderung",
            &[
                "verkauf",
                "SONDER",
                "wochenendsonderverkauf",
                "ends",
                "kauf",
                "oßen",
                "anderung",
                "Änd",
                "enänd",
            ],
            &["nd", "auf ab", "verkaufen", "sonderkauf", "nendsonderv x"],
        ),
        (
            "Winter-Schlussverkauf 2026/Q4",
            &["schluss", "verkauf", "026", "q4", "wint"],
            &["26", "4", "interschluss"],
        ),
        ("осенняя распродажа", &["продаж", "СЕННЯЯ", "расп"], &["ро", "жара"]),
        ("حملة الميزانية الجديدة", &["ميزانية", "زاني", "جديد"], &["زا", "نيميز"]),
        (
            "campaign4242 pmax_DE_shoes",
            &["4242", "paign42", "ampaign4242", "shoes", "hoes", "max"],
            &["42", "ampaign4243", "xshoes"],
        ),
        (
            "Donaudampfschifffahrtsgesellschaftskapitän",
            &[
                "dampfschifffahrtsgesellschaft",
                "Donaudampfschifffahrtsgesellschaftskapitän",
                "gesellschaftskapitan",
            ],
            &["dampfschifffahrtsgesellschaften", "Donaudampfschifffahrtskapitän"],
        ),
        ("हिन्दी भाषा", &["हिन्दी", "भाषा", "न्दी"], &["षाभा"]),
        ("a\u{E001}bcdef", &["a", "bcdef", "cde"], &["\u{E001}cdf"]),
    ] {
        let (_place, mut store) = made();
        let rest = text.to_owned();
        let row =
            CaseRow { text: CaseText { rest, ..CaseText::default() }, ..case(1, Shelf::NeedsMe) };
        store.transaction::<_, StoreError>(|tx| tx.put_case(&row)).unwrap();
        for words in present {
            assert_eq!(found(&mut store, words), 1, "{words} in {text}");
        }
        for words in absent {
            assert_eq!(found(&mut store, words), 0, "{words} not in {text}");
        }
    }
}

#[test]
fn the_inside_is_found_in_the_field_that_was_named_only() {
    let (_place, mut store) = made();
    let text = CaseText {
        entity: "秋の新商品 Sonderverkauf".into(),
        reason: "budget".into(),
        ..CaseText::default()
    };
    let row = CaseRow { text, ..case(1, Shelf::NeedsMe) };
    store.transaction::<_, StoreError>(|tx| tx.put_case(&row)).unwrap();
    let mut found_in = |field, words: &str| {
        let text = vec![TextTerm { field: Some(field), words: words.into() }];
        let filter = CaseFilter { text, ..CaseFilter::default() };
        walk(&mut store, PageQuery { filter, ..PageQuery::default() }).0.len()
    };
    for words in ["新商品", "verkauf", "onderv"] {
        assert_eq!(found_in(TextField::Entity, words), 1, "{words}");
        assert_eq!(found_in(TextField::Reason, words), 0, "{words}");
    }
}

#[test]
fn matches_are_counted_to_a_thousand() {
    let (_place, mut store) = made();
    store
        .transaction::<_, StoreError>(|tx| {
            (0..1_001).try_for_each(|number| tx.put_case(&case(number, Shelf::Settled)))
        })
        .unwrap();
    let mut matches = |words: &str| {
        let query = PageQuery { filter: CaseFilter::words(words), ..PageQuery::default() };
        let page = store.read::<_, StoreError>(|reader| reader.case_page(&query)).unwrap();
        (page.matches.count, page.matches.more)
    };
    assert_eq!(matches("flash"), (1_000, true));
    // 1, 10 to 19, 100 to 199, and 1,000.
    assert_eq!(matches("campaign1"), (112, false));
    assert_eq!(matches(""), (1_001, false));
}
