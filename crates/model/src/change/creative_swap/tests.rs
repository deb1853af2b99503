use super::*;
use crate::{
    Currency,
    change::{AdsState, kind::sample_state},
    draft::DraftError,
};

fn swap() -> CreativeSwap {
    CreativeSwap::sample(TimestampMs::from_millis(0)).unwrap()
}

fn id(text: &str) -> PlatformId {
    PlatformId::parse(text).unwrap()
}

/// An ad of the ad group as the platform reports it.
fn ad(number: u32, status: CampaignStatus, creative: &Creative) -> AdState {
    AdState {
        id: id(&number.to_string()),
        resource: format!("customers/1000000001/adGroupAds/4001~{number}"),
        status,
        creative: Some(creative.clone()),
        beyond: None,
        review: Review { standing: AdStanding::Approved, topics: vec![] },
    }
}

fn state(ads: Vec<AdState>) -> EntityState {
    let swap = swap();
    let usd = Currency::parse("USD").unwrap();
    let mut state = sample_state(&swap.entity, Money::from_micros(200_000_000, usd));
    let SwapGroup { id, name, resource, status } = *swap.ad_group;
    state.part = Some(PartState::Ads(AdsState { id, name, resource, status, ads }));
    state
}

/// Only the old ad, as when it was proposed.
fn before() -> EntityState {
    state(vec![ad(5001, CampaignStatus::Enabled, &swap().old.creative)])
}

/// The old ad paused and a new one of this number.
fn after(number: u32) -> EntityState {
    let swap = swap();
    state(vec![
        ad(5001, CampaignStatus::Paused, &swap.old.creative),
        ad(number, CampaignStatus::Enabled, &swap.new.creative),
    ])
}

fn draft() -> CreativeDraft {
    let swap = swap();
    CreativeDraft {
        entity: swap.entity,
        ad_group_id: swap.ad_group.id,
        ad_id: swap.old.ad.id,
        before: swap.old.creative,
        after: swap.new.creative,
        policy_flags: vec![],
    }
}

#[test]
fn a_new_ad_is_recognised_by_what_it_shows() {
    let swap = swap();
    let (unmade, made) = (swap.seen_in(&before()), swap.seen_in(&after(5009)));
    assert!(swap.is_unmade_in(&unmade) && !swap.is_held_by(&unmade));
    assert!(swap.is_held_by(&made) && !swap.is_unmade_in(&made));
    assert_eq!(made.new.ad.as_ref().map(|ad| ad.id.as_str()), Some("5009"));
    assert_eq!(made.new.review.as_ref().unwrap().standing, AdStanding::Approved);
    assert!(swap.is_held_by(&made) && made.is_held_by(&made), "the name does not change it");
}

#[test]
fn what_is_created_twice_cannot_be_written_twice() {
    let swap = swap();
    let Some(Mutation::SwapAds { pause, run, ad_group }) = swap.mutation() else { panic!() };
    assert_eq!(ad_group, "customers/1000000001/adGroups/4001");
    assert_eq!(pause, "customers/1000000001/adGroupAds/4001~5001");
    assert_eq!(run, NextAd::Create(swap.new.creative.clone()));
    assert!(!swap.mutation().unwrap().is_repeatable());
    let back = swap.seen_in(&after(5009)).inverse();
    assert!(back.mutation().unwrap().is_repeatable());
}

#[test]
fn the_way_back_runs_the_earlier_ad_and_pauses_the_new_one() {
    let swap = swap();
    assert_eq!(swap.inverse().mutation(), None, "nobody knows yet what would be paused");
    assert_eq!(swap.inverse().check(), Err(ChangeError::State));
    let made = swap.seen_in(&after(5009));
    let back = made.inverse();
    assert_eq!(back.check(), Ok(()));
    let [old, new] = [5001, 5009].map(|ad| format!("customers/1000000001/adGroupAds/4001~{ad}"));
    let ad_group = swap.ad_group.resource.clone();
    assert_eq!(
        back.mutation(),
        Some(Mutation::SwapAds { ad_group, pause: new, run: NextAd::Enable(old) })
    );
    assert!(back.is_unmade_in(&back.seen_in(&after(5009))));
    let taken_back = state(vec![
        ad(5001, CampaignStatus::Enabled, &swap.old.creative),
        ad(5009, CampaignStatus::Paused, &swap.new.creative),
    ]);
    assert!(back.is_held_by(&back.seen_in(&taken_back)));
    assert_eq!(back.resource(), swap.resource());
    assert_eq!(back.swap().unwrap().from, swap.seen_in(&after(5009)).swap().unwrap().to);
    let again = back.inverse();
    assert_eq!((again.check(), again.before), (Ok(()), Runs::OLD));
    assert!(again.mutation().unwrap().is_repeatable());
}

#[test]
fn an_ad_that_somebody_changed_is_another_one() {
    let swap = swap();
    let mut other = swap.old.creative.clone();
    let Creative::ResponsiveSearch(texts) = &mut other;
    texts.headlines[0].text = "Somebody's".into();
    use CampaignStatus::{Enabled, Paused, Removed};
    let old = |status| ad(5001, status, &swap.old.creative);
    let new = |status| ad(5009, status, &swap.new.creative);
    for (why, found) in [
        ("its texts were edited", state(vec![ad(5001, Enabled, &other)])),
        ("it was paused", state(vec![old(Paused)])),
        ("it was removed", state(vec![old(Removed)])),
        ("it is gone", state(vec![new(Enabled)])),
        ("somebody made the other one", state(vec![old(Enabled), new(Paused)])),
        ("the ad group is another's", { EntityState { part: None, ..before() } }),
    ] {
        let seen = swap.seen_in(&found);
        assert!(!swap.is_unmade_in(&seen) && !swap.is_held_by(&seen), "{why}");
    }
    let gone = EntityState { status: Removed, ..before() };
    assert!(!swap.is_unmade_in(&swap.seen_in(&gone)), "the campaign is removed");
    let paused = EntityState { status: Paused, ..before() };
    assert!(swap.is_unmade_in(&swap.seen_in(&paused)), "whether it runs makes no difference");
    let removed = state(vec![old(Enabled), new(Removed)]);
    assert!(swap.is_unmade_in(&swap.seen_in(&removed)), "a removed ad shows nothing");
    let mut reviewed = before();
    let Some(PartState::Ads(ads)) = &mut reviewed.part else { panic!() };
    ads.ads[0].review.standing = AdStanding::Disapproved;
    assert!(swap.is_unmade_in(&swap.seen_in(&reviewed)), "a review goes on by itself");
    assert!(!swap.is_covered_by(&swap.inverse()));
}

#[test]
fn a_draft_creates_an_ad_or_runs_the_paused_one_with_its_texts() {
    let of = |state: EntityState| CreativeSwap::of_draft(&draft(), &[state]);
    let made = of(before()).unwrap();
    assert_eq!((made.check(), made.new.ad.as_ref()), (Ok(()), None));
    assert_eq!(made.old.review.standing, AdStanding::Approved);
    let with = |status| {
        let mut both = before();
        let Some(PartState::Ads(ads)) = &mut both.part else { panic!() };
        ads.ads.push(ad(5002, status, &swap().new.creative));
        both
    };
    let known = of(with(CampaignStatus::Paused)).unwrap();
    assert_eq!((known.check(), known.before), (Ok(()), Runs::OLD));
    let Some(Mutation::SwapAds { run, .. }) = known.mutation() else { panic!() };
    assert_eq!(run, NextAd::Enable("customers/1000000001/adGroupAds/4001~5002".into()));
    assert_eq!(of(with(CampaignStatus::Enabled)), Err(ChangeError::AdRuns));
    assert_eq!(of(with(CampaignStatus::Removed)).unwrap().new.ad, None);
}

#[test]
fn a_draft_about_an_ad_that_cannot_be_replaced_is_refused() {
    let of = |change: &dyn Fn(&mut AdsState)| {
        let mut state = before();
        let Some(PartState::Ads(ads)) = &mut state.part else { panic!() };
        change(ads);
        CreativeSwap::of_draft(&draft(), &[state])
    };
    use CampaignStatus::{Paused, Removed};
    let beyond = "a tracking template";
    for (expected, change) in [
        (
            ChangeError::AdPaused,
            &(|ads: &mut AdsState| ads.ads[0].status = Paused) as &dyn Fn(&mut AdsState),
        ),
        (ChangeError::PartEnded("ad"), &|ads| ads.ads[0].status = Removed),
        (ChangeError::PartEnded("ad group"), &|ads| ads.status = Removed),
        (ChangeError::AdFormat, &|ads| ads.ads[0].creative = None),
        (ChangeError::AdHolds(beyond), &|ads| ads.ads[0].beyond = Some(beyond)),
        (ChangeError::NoPart("ad"), &|ads| ads.ads.clear()),
        (ChangeError::BeforeMoved(Field::FinalUrl), &|ads| {
            let Some(Creative::ResponsiveSearch(ad)) = &mut ads.ads[0].creative else { panic!() };
            ad.final_url = "https://practice.example.com/autumn".into();
        }),
    ] {
        assert_eq!(of(change), Err(expected));
    }
    let same = CreativeDraft { after: draft().before, ..draft() };
    assert_eq!(CreativeSwap::check_draft(&same), Err(DraftError::NoChange));
    let empty = CreativeDraft { policy_flags: vec![PolicyFlag(" ".into())], ..draft() };
    assert_eq!(CreativeSwap::check_draft(&empty), Err(DraftError::Empty("change.policy_flags")));
    assert_eq!(CreativeSwap::check_draft(&draft()), Ok(()));
}

#[test]
fn what_rules_ask_is_of_what_comes() {
    let swap = swap();
    let facts = swap.facts();
    assert_eq!((facts.texts_changed, facts.platform_review), (Some(2), Some(AdStanding::Limited)));
    assert!(!facts.landing_host_changes && !facts.landing_loses_encryption);
    assert!(
        swap.texts().contains(&"Light rain jackets") && !swap.texts().contains(&"Rain jackets")
    );
    let back = swap.inverse();
    assert!(
        back.texts().contains(&"Rain jackets") && !back.texts().contains(&"Light rain jackets")
    );
    let mut moved = swap.clone();
    let Creative::ResponsiveSearch(ad) = &mut moved.new.creative;
    ad.final_url = "http://other.example.com/".into();
    moved.policy_flags = vec![PolicyFlag("claim".into())];
    let facts = moved.facts();
    assert!(facts.landing_host_changes && facts.landing_loses_encryption);
    assert_eq!(facts.policy_flags, 1);
}
