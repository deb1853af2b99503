//! Placements and audiences: read, written together, taken back, and played over faults.

use super::*;
use countersign_model::change::{
    Criterion, Part, PartState, Standing,
    set::{Audience, CriteriaPart, Place},
};

const GROUP: &str = "4000000001";
/// The list that every ad group targets from the beginning.
const BUYERS: &str = "9000000001";
const CLOSED: &str = "9000000002";
const REMOVED: &str = "9000000003";
const CHANNEL: &str = "UCabcdefghijklmnopqrstuv";

fn id(text: &str) -> PlatformId {
    PlatformId::parse(text).unwrap()
}

fn place(sort: &str, content: &str) -> Value {
    json!({ "place": { sort: content } })
}

fn list(id: &str) -> Value {
    json!({
        "audience": { "user_list": id },
        "claim": { "consent": "consent", "regions": ["US"] },
    })
}

fn segment(id: &str) -> Value {
    json!({
        "audience": { "user_interest": id },
        "claim": { "consent": "platform", "regions": ["US"] },
    })
}

/// A draft of a kind, with all entries from one standing to another.
fn draft(kind: &str, group: Option<&str>, way: [&str; 2], entries: &[Value]) -> Value {
    let [before, after] = way;
    let mut draft = json!({
        "proposal_type": kind, "entity": entity(), "before": before, "after": after,
        "entries": entries,
    });
    if let Some(group) = group {
        draft["ad_group_id"] = group.into();
    }
    draft
}

const ADD: [&str; 2] = ["absent", "targeted"];
const TAKE_BACK: [&str; 2] = ["targeted", "absent"];
const EXCLUDE: [&str; 2] = ["absent", "excluded"];
const LET_IN: [&str; 2] = ["excluded", "absent"];

fn places() -> [Value; 4] {
    [
        place("site", "news.example"),
        place("app", "2-com.example.game"),
        place("youtube_channel", CHANNEL),
        place("youtube_video", "abcdefghij-"),
    ]
}

impl Bench {
    /// How things stand to an ad group, or to the campaign, as they are read back.
    async fn standing(&self, group: Option<&str>, of: &[Criterion]) -> Vec<Standing> {
        let asked = CriteriaPart { ad_group: group.map(id), of: of.iter().cloned().collect() };
        let state = self.ads.read(&entity(), Some(&Part::Criteria(asked))).await.unwrap();
        let Some(PartState::Criteria(found)) = state.part else { panic!("it was asked for") };
        of.iter().map(|one| found.standing[one]).collect()
    }

    /// The change that a draft asks for as things are.
    async fn change(&self, draft: Value) -> Action {
        let draft: DraftChange = serde_json::from_value(draft).unwrap();
        let state = self.ads.read(draft.entities()[0], draft.part().as_ref()).await.unwrap();
        draft.of_states(std::slice::from_ref(&state)).unwrap()
    }
}

fn site(name: &str) -> Criterion {
    Criterion::Place(Place::Site(name.into()))
}

fn buyers() -> Criterion {
    Criterion::Audience(Audience::UserList(id(BUYERS)))
}

#[tokio::test]
async fn a_set_of_places_is_written_whole_and_taken_back_whole() {
    for (kind, group, way, back) in [
        ("placement_add", Some(GROUP), ADD, TAKE_BACK),
        ("placement_exclude", Some(GROUP), EXCLUDE, LET_IN),
        ("placement_exclude", None, EXCLUDE, LET_IN),
    ] {
        let bench = start().await;
        let record = bench.draft(draft(kind, group, way, &places())).await.unwrap();
        assert_eq!(record.status, ExecutionStatus::Applied, "{kind} {group:?}: {record:?}");
        let written = serde_json::to_value(record.read_back.as_ref().unwrap()).unwrap();
        let entries = written["entries"].as_array().unwrap();
        assert!(entries.len() == 4 && entries.iter().all(|one| one["after"] == way[1]));
        let all = bench.state().await;
        let of_api = |change: &&Value| !change["request_id"].is_null();
        let changes: Vec<_> =
            all["changes"].as_array().unwrap().iter().filter(of_api).cloned().collect();
        assert_eq!(changes.len(), 4, "one request with four operations");
        assert!(changes.iter().all(|one| one["request_id"] == changes[0]["request_id"]));

        let again = bench.draft(draft(kind, group, way, &places())).await.unwrap_err();
        assert!(matches!(again, ChangeError::BeforeMoved(_)), "{again}");
        let inverse = record.read_back.unwrap().inverse();
        let record = bench.make(inverse).await;
        assert_eq!(record.status, ExecutionStatus::Applied, "the way back: {record:?}");
        let standing = bench.standing(group, &[site("news.example")]).await;
        assert_eq!(standing, [Standing::Absent]);
        // An agent that reads it finds it as it was, and may ask for either way again.
        let back = bench.draft(draft(kind, group, back, &places())).await.unwrap_err();
        assert!(matches!(back, ChangeError::BeforeMoved(_)), "{back}");
    }
}

#[tokio::test]
async fn audiences_are_read_with_their_sizes_and_written_like_places() {
    let bench = start().await;
    let exclude = draft("audience_exclude", None, EXCLUDE, &[list(BUYERS), list(CLOSED)]);
    let change = bench.change(exclude).await;
    let told = serde_json::to_value(&change).unwrap();
    assert_eq!(
        told["entries"][0]["of"]["state"],
        json!({
            "name": "All buyers (simulated)", "made_of": "RULE_BASED", "size_for_display": 48_000,
            "size_for_search": 21_000, "is_open": true, "stays_days": 30,
        })
    );
    assert_eq!(told["entries"][1]["of"]["state"]["is_open"], false);
    assert_eq!(bench.make(change.clone()).await.status, ExecutionStatus::Applied);
    assert_eq!(bench.standing(None, &[buyers()]).await, [Standing::Excluded]);
    assert_eq!(bench.make(change.inverse()).await.status, ExecutionStatus::Applied);
    assert_eq!(bench.standing(None, &[buyers()]).await, [Standing::Absent]);

    let add = draft("audience_add", None, ADD, &[list(BUYERS)]);
    assert_eq!(bench.draft(add).await.unwrap().status, ExecutionStatus::Applied);
    let segments = draft("audience_add", Some(GROUP), ADD, &[segment("80001"), segment("80002")]);
    let change = bench.change(segments).await;
    let told = serde_json::to_value(&change).unwrap();
    assert_eq!(told["entries"][1]["of"]["state"]["name"], "Health insurance (simulated)");
    assert_eq!(told["entries"][1]["of"]["state"].get("size_for_display"), None);
    assert_eq!(bench.make(change).await.status, ExecutionStatus::Applied);
}

#[tokio::test]
async fn what_an_ad_group_has_from_the_beginning_can_be_taken_back_and_comes_again() {
    let bench = start().await;
    let back = draft("audience_add", Some(GROUP), TAKE_BACK, &[list(BUYERS)]);
    let record = bench.draft(back).await.unwrap();
    assert_eq!(record.status, ExecutionStatus::Applied, "{record:?}");
    assert_eq!(bench.standing(Some(GROUP), &[buyers()]).await, [Standing::Absent]);
    let again = bench.make(record.read_back.unwrap().inverse()).await;
    assert_eq!(again.status, ExecutionStatus::Applied, "{again:?}");
    assert_eq!(bench.standing(Some(GROUP), &[buyers()]).await, [Standing::Targeted]);
}

#[tokio::test]
async fn what_google_would_not_take_or_has_not_is_refused_at_the_door() {
    let bench = start().await;
    for (kind, group, entries, refusal) in [
        ("audience_add", None, list(CLOSED), ChangeError::Closed),
        ("audience_exclude", None, list(REMOVED), ChangeError::NotThere("audience")),
        ("audience_exclude", None, list("77"), ChangeError::NotThere("audience")),
        ("audience_add", Some(GROUP), segment("77"), ChangeError::NotThere("audience")),
        ("audience_add", Some("4000000002"), list(BUYERS), ChangeError::NoPart("ad group")),
        ("placement_add", Some("77"), place("site", "a.example"), ChangeError::NoPart("ad group")),
    ] {
        let way = if kind.ends_with("add") { ADD } else { EXCLUDE };
        let refused = bench.draft(draft(kind, group, way, &[entries])).await.unwrap_err();
        assert_eq!(refused, refusal, "{kind}");
    }
    let again = draft("audience_add", Some(GROUP), ADD, &[list(BUYERS)]);
    let refused = bench.draft(again).await.unwrap_err();
    assert!(matches!(refused, ChangeError::BeforeMoved(_)), "it is targeted already: {refused}");
    assert_eq!(bench.api_changes().await, 0);
}

/// One entry that Google refuses takes the others with it.
#[tokio::test]
async fn a_set_of_which_one_entry_is_refused_is_not_written_at_all() {
    let bench = start().await;
    let back = draft("audience_add", Some(GROUP), TAKE_BACK, &[list(BUYERS)]);
    assert_eq!(bench.draft(back).await.unwrap().status, ExecutionStatus::Applied);
    let both = draft("audience_add", Some(GROUP), ADD, &[list(BUYERS), segment("80001")]);
    let change = bench.change(both).await;
    let name = format!("customers/1234567890/userLists/{BUYERS}");
    let closed = json!({ "resource_name": name, "set": { "membership_status": "CLOSED" } });
    bench.control("foreign_write", closed).await;
    let record = bench.make(change).await;
    let code = "criterionError.CANNOT_ADD_CLOSED_USER_LIST";
    assert_eq!((record.status, record.code.as_deref()), (ExecutionStatus::NotApplied, Some(code)));
    let segment = Criterion::Audience(Audience::UserInterest(id("80001")));
    let standing = bench.standing(Some(GROUP), &[buyers(), segment]).await;
    assert_eq!(standing, [Standing::Absent, Standing::Absent]);
    assert_eq!(bench.api_changes().await, 1);
}

#[tokio::test]
async fn a_set_is_stale_when_somebody_else_moved_one_of_its_entries() {
    // Another change adds one of two places first.
    let bench = start().await;
    let both = [place("site", "news.example"), place("site", "else.example")];
    let change = bench.change(draft("placement_add", Some(GROUP), ADD, &both)).await;
    let one = draft("placement_add", Some(GROUP), ADD, &both[1..]);
    bench.draft(one).await.unwrap();
    assert_eq!(bench.make(change).await.status, ExecutionStatus::Stale);
    assert_eq!(bench.api_changes().await, 1);
    assert_eq!(bench.standing(Some(GROUP), &[site("news.example")]).await, [Standing::Absent]);

    // What was given settings of its own could not be put back, and is not taken back.
    let back = draft("placement_add", Some(GROUP), TAKE_BACK, &both[1..]);
    let change = bench.change(back.clone()).await;
    let state = bench.state().await;
    let written = state["changes"].as_array().unwrap().last().unwrap()["resource_name"].clone();
    let set = json!({ "resource_name": written, "set": { "bid_modifier": 1.5 } });
    bench.control("foreign_write", set).await;
    assert_eq!(bench.make(change).await.status, ExecutionStatus::Stale);
    let refused = bench.draft(back).await.unwrap_err();
    assert!(matches!(refused, ChangeError::BeforeMoved(_)), "{refused}");
    let standing = bench.standing(Some(GROUP), &[site("else.example")]).await;
    assert_eq!(standing, [Standing::OwnSettings]);
    assert_eq!(bench.api_changes().await, 1);
}

#[tokio::test]
async fn a_set_whose_answer_is_lost_is_applied_once() {
    for (kind, group, way) in
        [("placement_add", Some(GROUP), ADD), ("placement_exclude", None, EXCLUDE)]
    {
        for fault in ["timeout_before_commit", "timeout_after_commit"] {
            let bench = start().await;
            bench.control("faults", json!({ "kind": fault, "hold_ms": 1_500 })).await;
            let change = bench.change(draft(kind, group, way, &places())).await;
            let record = bench.make(change.clone()).await;
            assert_eq!(record.status, ExecutionStatus::Applied, "{fault}: {record:?}");
            assert_eq!(bench.api_changes().await, 4, "{fault}");
            bench.control("faults", json!({ "kind": fault, "hold_ms": 1_500 })).await;
            let record = bench.make(change.inverse()).await;
            assert_eq!(record.status, ExecutionStatus::Applied, "back, {fault}: {record:?}");
            assert_eq!(bench.api_changes().await, 8, "{fault}");
        }
    }
}
