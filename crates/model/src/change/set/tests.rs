//! The laws of sets: what a signature covers, what a platform's state makes of a change, and
//! what the company's data make of it.

use super::*;
use crate::{
    Ratio,
    change::{AudienceExclude, PlacementAdd, PlacementExclude, kind::sample_state},
};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

fn at(text_day: i64) -> TimestampMs {
    TimestampMs::from_millis(text_day * crate::time::DAY_MS)
}

/// 2026-11-29.
const TODAY: i64 = 20_786;

fn adding() -> PlacementAdd {
    PlacementAdd::sample(at(0)).unwrap()
}

fn site(name: &str) -> Place {
    Place::Site(name.into())
}

fn place(place: Place, score: Option<i64>) -> VettedPlace {
    let claim = score
        .map(|score| ScoreClaim { score: Ratio::from_millionths(score), source: "model".into() });
    VettedPlace { place, claim, vetting: None }
}

fn moved<T>(of: T) -> Moved<T> {
    Moved { of, before: Standing::Absent, after: Standing::Targeted }
}

fn with(entries: Vec<Moved<VettedPlace>>) -> PlacementAdd {
    SetChange { entries: Entries::of(entries).unwrap(), ..adding() }
}

/// The campaign as the platform reports it, with each place as it is said to stand.
fn state(change: &PlacementAdd, standing: impl Fn(usize) -> Standing) -> EntityState {
    let amount = change.budget.amount;
    let of = change.entries.iter().enumerate();
    let found = CriteriaState {
        ad_group: change.ad_group.as_deref().cloned(),
        standing: of.map(|(at, one)| (one.criterion(), standing(at))).collect(),
        audiences: BTreeMap::new(),
    };
    EntityState { part: Some(PartState::Criteria(found)), ..sample_state(&change.entity, amount) }
}

#[test]
fn a_set_is_held_whole_and_unmade_whole() {
    use Standing::{Absent, Excluded, OwnSettings, Targeted};
    let change = adding();
    let seen = |standing: [Standing; 2]| change.seen_in(&state(&change, |at| standing[at]));
    assert!(change.is_unmade_in(&seen([Absent, Absent])));
    assert!(change.is_held_by(&seen([Targeted, Targeted])));
    for odd in [[Absent, Targeted], [Targeted, Absent], [Excluded, Absent], [OwnSettings, Absent]] {
        let seen = seen(odd);
        assert!(!change.is_unmade_in(&seen) && !change.is_held_by(&seen), "{odd:?}");
    }
    let gone = EntityState { part: None, ..state(&change, |_| Absent) };
    let gone = change.seen_in(&gone);
    assert!(!change.is_unmade_in(&gone) && !change.is_held_by(&gone), "without its ad group");
    let back = change.inverse();
    assert_eq!(back.inverse(), change);
    assert!(back.is_unmade_in(&back.seen_in(&state(&change, |_| Targeted))));
    assert!(back.is_held_by(&back.seen_in(&state(&change, |_| Absent))));
}

#[test]
fn to_reach_more_is_signed_for_with_the_budget_and_to_reach_less_is_not() {
    let (add, back) = (adding(), adding().inverse());
    assert_eq!((add.direction(), back.direction()), (Direction::Increase, Direction::Decrease));
    assert_eq!(add.stake().unwrap().unwrap().amount_micros, 6_080_000_000);
    assert_eq!((back.stake(), add.spend()), (Ok(None), None));
    let exclude = PlacementExclude::sample(at(0)).unwrap();
    assert_eq!(exclude.direction(), Direction::Decrease);
    assert_eq!(exclude.inverse().direction(), Direction::Increase);
    let richer = |change: &PlacementAdd, before| {
        let mut state = state(change, |_| before);
        state.budget.holds.amount.amount_micros *= 2;
        change.is_unmade_in(&change.seen_in(&state))
    };
    assert!(!richer(&add, Standing::Absent) && richer(&back, Standing::Targeted));
}

#[test]
fn what_is_written_names_each_thing_once_and_says_how_it_shall_stand() {
    let change = adding();
    let Some(Mutation::SetCriteria { resource, criteria, standing }) = change.mutation() else {
        panic!("a set is written as one")
    };
    assert_eq!(resource, "customers/1000000001/adGroups/4001");
    assert_eq!((criteria.len(), standing), (2, Standing::Targeted));
    let back = change.inverse().mutation();
    let absent = Mutation::SetCriteria { resource, criteria, standing: Standing::Absent };
    assert_eq!(back, Some(absent));
}

#[test]
fn only_what_the_kind_is_for_can_be_asked_for() {
    use Standing::{Absent, Excluded, OwnSettings, Targeted};
    let check = |before, after| {
        let mut draft = draft(&json!([{ "place": { "site": "news.example" } }])).unwrap();
        (draft.before, draft.after) = (before, after);
        PlacementAdd::check_draft(&draft)
    };
    assert_eq!((check(Absent, Targeted), check(Targeted, Absent)), (Ok(()), Ok(())));
    assert_eq!(check(Absent, Absent), Err(DraftError::NoChange));
    for (before, after) in
        [(Absent, Excluded), (Excluded, Targeted), (OwnSettings, Absent), (Absent, OwnSettings)]
    {
        assert!(matches!(check(before, after), Err(DraftError::Set(_))), "{before:?} {after:?}");
    }
    let mut mixed = adding();
    mixed.entries = mixed.entries.map(|one| match one.of.place {
        Place::Site(_) => one.clone(),
        _ => Moved { before: Targeted, after: Absent, ..one.clone() },
    });
    assert_eq!(mixed.check(), Err(ChangeError::State), "one way at a time");
    let nowhere = SetChange { ad_group: None, ..adding() };
    assert_eq!(nowhere.check(), Err(ChangeError::NoPart("ad group")));
}

fn draft(
    entries: &serde_json::Value,
) -> Result<SetDraft<super::super::placement_add::AddsPlacements>, serde_json::Error> {
    serde_json::from_value(json!({
        "entity": adding().entity, "ad_group_id": "4001",
        "before": "absent", "after": "targeted", "entries": entries,
    }))
}

#[test]
fn a_set_names_each_thing_once_in_one_order_and_not_too_many() {
    let [a, b] = ["a.example", "b.example"].map(|name| json!({ "place": { "site": name } }));
    assert_eq!(draft(&json!([a, b])).unwrap(), draft(&json!([b, a])).unwrap());
    assert!(draft(&json!([])).is_err() && draft(&json!([a, a])).is_err());
    let many = |count: usize| -> Vec<_> {
        (0..count).map(|n| json!({ "place": { "site": format!("s{n}.example") } })).collect()
    };
    assert!(draft(&json!(many(MAX_ENTRIES))).is_ok());
    assert!(draft(&json!(many(MAX_ENTRIES + 1))).is_err());
    let long = |n| format!("s{n}.example/{}", "x".repeat(237));
    let claim = json!({ "score": 0.5, "source": "\u{1f642}".repeat(48) });
    let large: Vec<_> =
        (0..MAX_ENTRIES).map(|n| json!({ "place": { "site": long(n) }, "claim": claim })).collect();
    let check = PlacementAdd::check_draft(&draft(&json!(large)).unwrap());
    assert!(matches!(check, Err(DraftError::Set(_))), "{check:?}");
    for odd in [
        json!([{ "place": { "site": "www.news.example" } }]),
        json!([{ "place": { "app": "com.example" } }]),
        json!([{ "place": { "site": "a.example" }, "claim": { "score": 1.5, "source": "s" } }]),
        json!([{ "place": { "site": "a.example" }, "claim": { "score": 0.5, "source": " " } }]),
    ] {
        let check = PlacementAdd::check_draft(&draft(&odd).unwrap());
        assert!(matches!(check, Err(DraftError::Set(_))), "{odd}");
    }
}

#[test]
fn a_draft_is_refused_where_an_entry_stands_otherwise() {
    let change = adding();
    let asked = json!([
        { "place": { "site": "news.example" } }, { "place": { "app": "2-com.example.game" } },
    ]);
    let draft = draft(&asked).unwrap();
    let of = |standing: [Standing; 2]| {
        PlacementAdd::of_draft(&draft, &[state(&change, |at| standing[at])])
    };
    let made = of([Standing::Absent; 2]).unwrap();
    assert_eq!((made.entries.len(), made.check()), (2, Ok(())));
    for standing in [Standing::Targeted, Standing::Excluded, Standing::OwnSettings] {
        let moved = of([Standing::Absent, standing]);
        assert_eq!(moved, Err(ChangeError::BeforeMoved(Field::Placements)), "{standing:?}");
    }
}

fn vetting(value: serde_json::Value) -> Vetting {
    let vetting: Vetting = serde_json::from_value(value).unwrap();
    vetting.check().unwrap();
    vetting
}

#[test]
fn the_lower_score_counts_and_a_wider_place_vets_no_part_of_it() {
    let vetting = vetting(json!({ "places": {
        "site:news.example": { "score": 0.8, "source": "review" },
        "site:bad.example": { "score": 0.1, "source": "review", "high_risk": true },
    } }));
    let judged = |name: &str, claim| {
        let change = with(vec![moved(place(site(name), claim))]).assessed(&vetting, at(TODAY));
        let Facts { lowest_place_score, unvetted_places, high_risk_places, .. } = change.facts();
        (lowest_place_score.map(Ratio::millionths), unvetted_places, high_risk_places)
    };
    assert_eq!(judged("news.example", None), (Some(800_000), 0, 0));
    assert_eq!(
        judged("news.example", Some(950_000)),
        (Some(800_000), 0, 0),
        "no better by a claim"
    );
    assert_eq!(judged("news.example", Some(300_000)), (Some(300_000), 0, 0));
    assert_eq!(judged("blogs.news.example", None), (Some(800_000), 1, 0));
    assert_eq!(
        judged("a.bad.example/x", Some(990_000)),
        (Some(100_000), 1, 1),
        "as bad as its host"
    );
    assert_eq!(
        judged("else.example", Some(990_000)),
        (Some(990_000), 1, 0),
        "a claim vets nothing"
    );
    assert_eq!(judged("else.example", None), (None, 1, 0));
}

#[test]
fn what_an_agent_says_of_the_vetting_is_replaced_by_what_the_company_knows() {
    let forged = adding();
    let honest = forged.assessed(&Vetting::default(), at(TODAY));
    assert!(honest.entries.iter().all(|one| one.of.vetting.is_none()));
    assert_ne!(honest, forged);
    assert_eq!(honest.assessed(&Vetting::default(), at(TODAY)), honest, "once is enough");
}

/// The longest words that the company may have of each entry, beside the largest set that the
/// door takes, still leave room in an entry of the log.
#[test]
fn the_largest_set_fits_into_the_log() {
    let text = |chars: usize| "\u{fc}".repeat(chars);
    let room = crate::entry::MAX_ENTRY_BYTES - 4_096;
    let named = |n: usize| {
        let mut of = place(site(&format!("s{n}.example/{}", "x".repeat(235))), Some(123_456));
        of.claim = of.claim.map(|claim| ScoreClaim { source: text(48), ..claim });
        moved(of)
    };
    let places: Vec<_> = (0..MAX_ENTRIES).map(named).collect();
    let record = |n: usize| {
        let record = json!({
            "score": 0.123_456, "source": text(48), "publisher": text(48), "high_risk": true,
        });
        (format!("site:s{n}.example/{}", "x".repeat(235)), record)
    };
    let known: serde_json::Map<_, _> = (0..MAX_ENTRIES).map(record).collect();
    let change = with(places).assessed(&vetting(json!({ "places": known })), at(TODAY));
    assert_eq!(change.check(), Ok(()));
    assert_eq!(change.facts().unvetted_places, 0);
    let bytes = crate::canonical::to_bytes(&change).unwrap().len();
    assert!((room / 3..room).contains(&bytes), "{bytes}");

    let named = |chars: usize| {
        let name = text(chars);
        let names: Vec<_> =
            (0..MAX_ENTRIES).map(|_| (name.as_str(), claim(ConsentBasis::Consent, &[]))).collect();
        excluding(&names)
    };
    assert_eq!(named(255).check(), Err(ChangeError::TooLarge));
    let audience = |n: usize| {
        let record = json!({
            "sensitive": Attribute::ALL, "shoppers": true, "source": text(48),
        });
        (format!("1000000001/user_list:{n}"), record)
    };
    let known: serde_json::Map<_, _> = (0..MAX_ENTRIES).map(audience).collect();
    let vetting = vetting(json!({
        "audiences": known,
        "sales": [{ "name": text(48), "first": "2026-11-27", "last": "2026-12-24" }],
    }));
    let change = named(8).assessed(&vetting, at(TODAY));
    assert_eq!(change.check(), Ok(()));
    let bytes = crate::canonical::to_bytes(&change).unwrap().len();
    assert!((room / 3..room).contains(&bytes), "{bytes}");
}

fn excluding(names: &[(&str, AudienceClaim)]) -> AudienceExclude {
    let mut change = AudienceExclude::sample(at(0)).unwrap();
    let sample = change.entries.iter().next().unwrap().clone();
    let entries = names.iter().enumerate().map(|(n, (name, claim))| {
        let mut one = sample.clone();
        one.of.audience = Audience::UserList(PlatformId::parse(&format!("{n}")).unwrap());
        one.of.state.name = (*name).into();
        one.of.claim = claim.clone();
        one.of.assessment = AudienceAssessment::default();
        one
    });
    change.entries = Entries::of(entries.collect()).unwrap();
    change
}

fn claim(consent: ConsentBasis, regions: &[&str]) -> AudienceClaim {
    AudienceClaim {
        consent,
        regions: regions.iter().filter_map(|one| Region::parse(one)).collect(),
        sensitive: BTreeSet::new(),
        shoppers: false,
    }
}

#[test]
fn a_name_or_a_list_gives_a_sensitive_audience_away_and_a_claim_only_adds() {
    let vetting = vetting(json!({
        "audiences": { "1000000001/user_list:1": { "sensitive": ["religion"], "source": "register" } },
        "sensitive_words": { "health": ["allerg"] },
    }));
    let own = AudienceClaim {
        sensitive: [Attribute::Politics].into(),
        ..claim(ConsentBasis::Consent, &[])
    };
    let none = claim(ConsentBasis::Consent, &[]);
    let change = excluding(&[("Allergy guide", own), ("Buyers", none.clone()), ("Others", none)])
        .assessed(&vetting, at(TODAY));
    let sensitive: Vec<_> = change.entries.iter().map(|one| one.of.sensitive()).collect();
    assert_eq!(
        sensitive,
        [
            [Attribute::Health, Attribute::Politics].into(),
            [Attribute::Religion].into(),
            BTreeSet::new(),
        ]
    );
    assert_eq!(change.facts().sensitive_audiences, 2);
}

#[test]
fn consent_is_needed_where_the_data_say_so_and_where_nobody_says_where() {
    let vetting = vetting(json!({ "consent_regions": ["DE"] }));
    let lacking = |consent, regions: &[&str]| {
        let change = excluding(&[("list", claim(consent, regions))]);
        change.assessed(&vetting, at(TODAY)).facts().audiences_without_consent
    };
    assert_eq!(lacking(ConsentBasis::Consent, &["DE"]), 0);
    assert_eq!(lacking(ConsentBasis::Contract, &["DE", "US"]), 1);
    assert_eq!(lacking(ConsentBasis::Contract, &["US"]), 0);
    assert_eq!(lacking(ConsentBasis::Unknown, &[]), 1);
    assert_eq!(lacking(ConsentBasis::Platform, &["DE"]), 1, "of a list of the account's own");
}

#[test]
fn who_is_about_to_buy_is_not_left_out_in_a_sale() {
    let vetting = vetting(json!({
        "audiences": { "1000000001/user_list:0": { "shoppers": true, "source": "shop" } },
        "sales": [{ "name": "Holiday sale", "first": "2026-11-27", "last": "2026-12-24" }],
    }));
    let in_sale = |today: i64, days: Option<i64>| {
        let mut change = excluding(&[("Carts", claim(ConsentBasis::Consent, &[]))]);
        change.window =
            days.map(|days| Window { starts_at_ms: at(today), ends_at_ms: at(today + days) });
        change.assessed(&vetting, at(today)).facts().shoppers_in_sale
    };
    assert_eq!(at(TODAY).rfc3339(), "2026-11-29T00:00:00.000Z");
    assert_eq!(in_sale(TODAY, Some(1)), 1, "while it runs");
    assert_eq!(in_sale(TODAY - 10, Some(8)), 0, "over the evening before");
    assert_eq!(in_sale(TODAY - 10, Some(9)), 1, "into its first day");
    assert_eq!(in_sale(TODAY - 10, None), 1, "until somebody takes it back");
    assert_eq!(in_sale(TODAY + 25, None), 1, "on its last day");
    assert_eq!(in_sale(TODAY + 26, None), 0, "afterwards");
}

/// Sets of places out of eight, each with one of two claims, so that equal names with different
/// words come up as well.
fn sets() -> impl Strategy<Value = PlacementAdd> {
    prop::collection::btree_map(0_u8..8, any::<bool>(), 1..8).prop_map(|places| {
        let entry = |(n, is_sure): (u8, bool)| {
            let score = if is_sure { 900_000 } else { 500_000 };
            moved(place(site(&format!("s{n}.example")), Some(score)))
        };
        with(places.into_iter().map(entry).collect())
    })
}

proptest! {
    /// A signature covers a part of the set that it names and nothing else.
    #[test]
    fn cover_is_the_inclusion_of_sets(a in sets(), b in sets(), c in sets()) {
        let has = |set: &PlacementAdd, one: &Moved<VettedPlace>| set.entries.iter().any(|x| x == one);
        prop_assert!(a.is_covered_by(&a), "reflexive");
        let within = a.entries.iter().all(|one| has(&b, one));
        prop_assert_eq!(a.is_covered_by(&b), within, "inclusion, and no entry that was not signed");
        if a.is_covered_by(&b) && b.is_covered_by(&c) {
            prop_assert!(a.is_covered_by(&c), "transitive");
        }
        if a.is_covered_by(&b) && b.is_covered_by(&a) {
            prop_assert_eq!(&a, &b, "antisymmetric");
        }
        prop_assert!(!a.inverse().is_covered_by(&a) && !a.is_covered_by(&a.inverse()));
    }

    /// Whoever signs a part gets those entries as they were proposed; another name gets nothing.
    #[test]
    fn a_part_is_a_part_of_what_was_proposed(a in sets(), keep in prop::collection::vec(any::<bool>(), 8)) {
        let labels: Vec<_> = a.entries.iter().map(|one| one.of.label()).collect();
        let kept: Vec<_> =
            labels.iter().zip(&keep).filter(|(_, keeps)| **keeps).map(|(one, _)| one.clone()).collect();
        let own = |added: Vec<String>| a.with_own_value(Value::Set { added, removed: vec![] });
        match own(kept.clone()) {
            Some(own) => {
                prop_assert!(own.is_covered_by(&a) && a.has_own_part());
                let names: Vec<_> = own.entries.iter().map(|one| one.of.label()).collect();
                prop_assert_eq!(&names, &kept);
                prop_assert_eq!(own.check(), Ok(()));
            }
            None => prop_assert!(kept.is_empty() || labels.len() == 1),
        }
        prop_assert_eq!(own([kept.clone(), vec!["else.example".into()]].concat()), None);
        let other_way = Value::Set { added: kept, removed: labels };
        prop_assert_eq!(a.with_own_value(other_way), None);
    }
}
