//! One ad in another's place.

use super::*;
use countersign_model::change::{AdKey, AdStanding, AdsState, Part, PartState};

const GROUP: &str = "customers/1234567890/adGroups/4000000001";
const OLD: &str = "customers/1234567890/adGroupAds/4000000001~5000000001";
const PAUSED: &str = "customers/1234567890/adGroupAds/4000000001~5000000002";
const OLD_AD: &str = "customers/1234567890/ads/5000000001";

fn id(text: &str) -> PlatformId {
    PlatformId::parse(text).unwrap()
}

fn part() -> Part {
    Part::Ad(AdKey { ad_group: id("4000000001"), ad: id("5000000001") })
}

/// A headline that nobody else has.
const FRESH: &str = "Light rain jackets";

/// Another ad, made of the texts of one: its first headline and its path are others.
fn with_headline(before: &Value, headline: &str) -> Value {
    let mut after = before.clone();
    after["headlines"][0] = json!({ "text": headline, "pin": 1 });
    after["paths"] = json!(["rain", "light"]);
    after
}

fn draft(before: &Value, after: &Value) -> Value {
    json!({
        "proposal_type": "creative_swap", "entity": entity(), "ad_group_id": "4000000001",
        "ad_id": "5000000001", "before": before, "after": after,
    })
}

impl Bench {
    async fn ads(&self) -> AdsState {
        let state = self.ads.read(&entity(), Some(&part())).await.unwrap();
        let Some(PartState::Ads(ads)) = state.part else { panic!("the ad group has this ad") };
        ads
    }

    /// The texts of the ad of this place in its ad group.
    async fn creative(&self, at: usize) -> Value {
        serde_json::to_value(self.ads().await.ads[at].creative.clone().unwrap()).unwrap()
    }

    /// The change that puts other texts in place of the ad that runs.
    async fn swap(&self, headline: &str) -> Action {
        let before = self.creative(0).await;
        let change = draft(&before, &with_headline(&before, headline));
        let draft: DraftChange = serde_json::from_value(change).unwrap();
        draft.check().unwrap();
        let state = self.ads.read(draft.entities()[0], draft.part().as_ref()).await.unwrap();
        draft.of_states(std::slice::from_ref(&state)).unwrap()
    }

    /// Ids and states of the ads, the earliest first.
    async fn states(&self) -> Vec<(String, CampaignStatus)> {
        let ads = self.ads().await.ads.into_iter();
        ads.map(|ad| (ad.id.to_string(), ad.status)).collect()
    }

    async fn set(&self, name: &str, set: Value) {
        self.control("foreign_write", json!({ "resource_name": name, "set": set })).await;
    }
}

#[tokio::test]
async fn the_ads_of_a_group_are_read_with_their_texts_and_their_review() {
    let bench = start().await;
    let ads = bench.ads().await;
    assert_eq!((ads.resource.as_str(), ads.status), (GROUP, CampaignStatus::Enabled));
    let [old, paused] = ads.ads.as_slice() else { panic!("{ads:?}") };
    assert_eq!((old.resource.as_str(), old.status), (OLD, CampaignStatus::Enabled));
    assert_eq!((paused.resource.as_str(), paused.status), (PAUSED, CampaignStatus::Paused));
    assert_eq!((old.beyond, old.review.standing), (None, AdStanding::Approved));
    let creative = bench.creative(0).await;
    assert_eq!(creative["format"], "responsive_search");
    assert_eq!(creative["headlines"][1], json!({ "text": "Simulated offer" }));
    assert_eq!(creative["final_url"], "https://example.com/");
    // Another campaign's, none at all, and what is no id of Google's.
    for (group, ad) in [("4000000002", "5000000003"), ("9", "5000000001"), ("1'OR'1", "1")] {
        let part = Part::Ad(AdKey { ad_group: id(group), ad: id(ad) });
        assert_eq!(bench.ads.read(&entity(), Some(&part)).await.unwrap().part, None, "{group}");
    }
    bench.set(OLD, json!({ "status": "REMOVED" })).await;
    let left = bench.ads.read(&entity(), Some(&part())).await.unwrap();
    assert!(!left.has(&part()), "a removed ad is not there");
}

#[tokio::test]
async fn a_new_ad_is_created_and_the_old_one_paused_and_that_is_taken_back() {
    let bench = start().await;
    let change = bench.swap(FRESH).await;
    let record = bench.make(change.clone()).await;
    assert_eq!(record.status, ExecutionStatus::Applied, "{record:?}");
    let states = bench.states().await;
    let [(_, old), _, (new_id, new)] = states.as_slice() else { panic!("{states:?}") };
    assert_eq!((*old, *new), (CampaignStatus::Paused, CampaignStatus::Enabled));
    assert_eq!(bench.ads().await.ads[2].review.standing, AdStanding::InReview);
    assert_eq!(
        bench.creative(2).await,
        serde_json::to_value(change.swap().unwrap().to.creative).unwrap()
    );

    // What was read back knows the new ad's name, and so its way back can be written.
    let read_back = record.read_back.unwrap();
    assert!(change.is_held_by(&read_back));
    assert_eq!(read_back.swap().unwrap().to.ad.unwrap().id.as_str(), new_id);
    let back = read_back.inverse();
    back.check().unwrap();
    let record = bench.make(back.clone()).await;
    assert_eq!(record.status, ExecutionStatus::Applied, "{record:?}");
    let states: Vec<_> = bench.states().await.into_iter().map(|(_, status)| status).collect();
    use CampaignStatus::{Enabled, Paused};
    assert_eq!(states, [Enabled, Paused, Paused], "what is removed could not come back");

    // The same texts again are the same ad: enabled, and not made a second time.
    let again = bench.swap(FRESH).await;
    assert_eq!(bench.make(again).await.status, ExecutionStatus::Applied);
    let states: Vec<_> = bench.states().await.into_iter().map(|(_, status)| status).collect();
    assert_eq!(states, [Paused, Paused, Enabled]);
}

#[tokio::test]
async fn what_cannot_be_replaced_is_refused_at_the_door() {
    let bench = start().await;
    let [before, paused] = [bench.creative(0).await, bench.creative(1).await];
    let moved = bench.draft(draft(&paused, &with_headline(&paused, FRESH))).await.unwrap_err();
    assert!(matches!(moved, ChangeError::BeforeMoved(_)), "{moved}");
    let mut other = draft(&before, &with_headline(&before, FRESH));
    other["ad_id"] = "5000000002".into();
    assert_eq!(bench.draft(other.clone()).await.unwrap_err(), ChangeError::AdPaused);
    other["ad_id"] = "5000000003".into();
    assert_eq!(bench.draft(other).await.unwrap_err(), ChangeError::NoPart("ad"));
    bench.set(PAUSED, json!({ "status": "ENABLED" })).await;
    assert_eq!(bench.draft(draft(&before, &paused)).await.unwrap_err(), ChangeError::AdRuns);
    bench.set(OLD_AD, json!({ "tracking_url_template": "https://t.example/{lpurl}" })).await;
    let held = bench.draft(draft(&before, &with_headline(&before, FRESH))).await.unwrap_err();
    assert!(matches!(held, ChangeError::AdHolds(_)), "{held}");
    assert_eq!(bench.api_changes().await, 0);
}

#[tokio::test]
async fn what_only_google_knows_is_said_by_google_and_nothing_is_written() {
    let bench = start().await;
    for (headline, code) in [
        ("The best casino in town", "policyFindingError.POLICY_FINDING"),
        ("Beer for all", "policyFindingError.POLICY_FINDING"),
    ] {
        let record = bench.make(bench.swap(headline).await).await;
        assert_eq!(
            (record.status, record.code.as_deref()),
            (ExecutionStatus::NotApplied, Some(code)),
            "{headline}"
        );
    }
    assert_eq!((bench.api_changes().await, bench.ads().await.ads.len()), (0, 2));
}

#[tokio::test]
async fn an_ad_group_with_as_many_ads_as_it_may_have_takes_one_for_another() {
    let bench = start().await;
    bench.set(PAUSED, json!({ "status": "ENABLED" })).await;
    for headline in ["One more", "And another"] {
        let record = bench.make(bench.swap_next(headline).await).await;
        assert_eq!(record.status, ExecutionStatus::Applied, "{headline}: {record:?}");
    }
}

impl Bench {
    /// As [`Bench::swap`], of whichever ad runs first.
    async fn swap_next(&self, headline: &str) -> Action {
        let ads = self.ads().await;
        let ad = ads.ads.iter().find(|ad| ad.status == CampaignStatus::Enabled).unwrap();
        let before = serde_json::to_value(ad.creative.clone().unwrap()).unwrap();
        let mut change = draft(&before, &with_headline(&before, headline));
        change["ad_id"] = ad.id.as_str().into();
        let draft: DraftChange = serde_json::from_value(change).unwrap();
        let state = self.ads.read(draft.entities()[0], draft.part().as_ref()).await.unwrap();
        draft.of_states(std::slice::from_ref(&state)).unwrap()
    }
}

#[tokio::test]
async fn a_swap_is_stale_when_somebody_touched_either_ad_or_the_group() {
    let removed = json!({ "status": "REMOVED" });
    for (name, set) in [
        (OLD, json!({ "status": "PAUSED" })),
        (OLD, removed.clone()),
        (OLD_AD, json!({ "final_urls": ["https://elsewhere.example.com/"] })),
        (GROUP, removed),
    ] {
        let bench = start().await;
        let change = bench.swap(FRESH).await;
        bench.set(name, set.clone()).await;
        let record = bench.make(change).await;
        assert_eq!(record.status, ExecutionStatus::Stale, "{name} {set}");
        assert_eq!(bench.api_changes().await, 0);
    }
    // Somebody made an ad of the same texts meanwhile.
    let bench = start().await;
    let (first, second) = (bench.swap(FRESH).await, bench.swap(FRESH).await);
    assert_eq!(bench.make(first).await.status, ExecutionStatus::Applied);
    bench.set(OLD, json!({ "status": "ENABLED" })).await;
    assert_eq!(bench.make(second).await.status, ExecutionStatus::Stale);
    assert_eq!(bench.ads().await.ads.len(), 3);
}

/// How many ads there are once a swap whose way is disturbed has ended, and how it did.
async fn after(fault: Value) -> (usize, PlatformRecord) {
    let bench = start().await;
    let change = bench.swap(FRESH).await;
    bench.control("faults", fault).await;
    let record = bench.make(change).await;
    (bench.ads().await.ads.len(), record)
}

#[tokio::test]
async fn a_new_ad_whose_answer_is_lost_is_made_once() {
    for fault in [
        json!({ "kind": "timeout_after_commit", "hold_ms": 1_500 }),
        json!({ "kind": "server_error_500", "on": "mutate", "commit": true }),
        json!({ "kind": "concurrent_modification" }),
        json!({ "kind": "quota", "on": "mutate", "retry_delay_s": 30 }),
    ] {
        let (ads, record) = after(fault.clone()).await;
        assert_eq!((ads, record.status), (3, ExecutionStatus::Applied), "{fault}: {record:?}");
    }
    // Nobody can tell whether such a write still arrives, so that it is never sent again.
    for fault in [
        json!({ "kind": "timeout_before_commit", "hold_ms": 1_500 }),
        json!({ "kind": "server_error_500", "on": "mutate" }),
    ] {
        let (ads, record) = after(fault.clone()).await;
        assert_eq!((ads, record.status), (2, ExecutionStatus::Unknown), "{fault}: {record:?}");
        assert!(record.code.is_some() && record.read_back.is_none(), "{record:?}");
    }
    let (ads, record) = after(json!({ "kind": "success_not_applied" })).await;
    assert_eq!((ads, record.status), (2, ExecutionStatus::Mismatch));
}

#[tokio::test]
async fn an_ad_that_is_there_is_enabled_again_when_the_answer_is_lost() {
    for fault in ["timeout_before_commit", "timeout_after_commit"] {
        let bench = start().await;
        let record = bench.make(bench.swap(FRESH).await).await;
        let back = record.read_back.unwrap().inverse();
        bench.control("faults", json!({ "kind": fault, "hold_ms": 1_500 })).await;
        let record = bench.make(back).await;
        assert_eq!(record.status, ExecutionStatus::Applied, "{fault}: {record:?}");
    }
}

/// The worker dies at each step of its journal, before or after the write has arrived.
#[tokio::test]
async fn a_new_ad_is_made_once_by_a_worker_that_is_killed() {
    let bench = start().await;
    let authorized = support::authorize(bench.swap(FRESH).await);
    let whole = MemoryJournal::default();
    let record = execute(&authorized, &bench.ads, &whole, &NoWait, Limits::default()).await;
    assert_eq!(record.unwrap().status, ExecutionStatus::Applied);
    let steps = whole.0.into_inner().unwrap();
    let sending = steps.iter().position(|step| *step == Step::Sending).unwrap();

    for kept in 0..steps.len() {
        // The write had arrived: whatever the journal holds, there is no second one.
        let journal = MemoryJournal(Mutex::new(steps[..kept].to_vec()));
        let record = execute(&authorized, &bench.ads, &journal, &NoWait, Limits::default()).await;
        let expected =
            if kept > sending { ExecutionStatus::Applied } else { ExecutionStatus::Stale };
        assert_eq!(record.unwrap().status, expected, "{kept} steps");
        assert_eq!(bench.ads().await.ads.len(), 3, "{kept} steps");

        // It had not.
        let fresh = start().await;
        let journal = MemoryJournal(Mutex::new(steps[..kept].to_vec()));
        let record = execute(&authorized, &fresh.ads, &journal, &NoWait, Limits::default()).await;
        let ads = fresh.ads().await.ads.len();
        let (expected, made) = match kept {
            _ if kept <= sending => (ExecutionStatus::Applied, 3),
            // Cut off while sending, and never sent again.
            _ if kept == sending + 1 => (ExecutionStatus::Unknown, 2),
            // Said to be taken, and not there.
            _ => (ExecutionStatus::Mismatch, 2),
        };
        assert_eq!((record.unwrap().status, ads), (expected, made), "{kept} steps");
    }
}
