//! The connector against the emulated Google Ads API, and the saga over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a helper that fails fails its test

#[path = "google_ads/ads.rs"]
mod ads;
#[path = "google_ads/bids.rs"]
mod bids;
#[path = "google_ads/sets.rs"]
mod sets;
#[path = "../../workflow/tests/support/mod.rs"]
mod support;
#[path = "google_ads/transfer.rs"]
mod transfer;

use async_trait::async_trait;
use countersign_emulator::{Emulator, EmulatorConfig, Running, oauth::ServiceAccount};
use countersign_executor::{
    AuthorizedWrite, Caller, Delivery, ErrorClass, Journal, JournalError, Limits, PartsAfter,
    Platform, READ_ONLY, Step, execute,
};
use countersign_model::{
    Action, BudgetChange, CampaignStatus, EntityRef, EntityState, Money, ProposalId, TimestampMs,
    change::{BudgetPeriod, ChangeError, DraftChange},
    entity::{PlatformId, PlatformKind},
    entry::{ExecutionStatus, PlatformRecord},
};
use countersign_platforms::google_ads::{
    CAMPAIGN_NOT_FOUND, Credentials, GoogleAds, GoogleAdsConfig, SetupError, Writing,
};
use serde_json::{Value, json};
use std::sync::Mutex;

const CONTROL_TOKEN: &str = "control-for-tests";

struct Bench {
    running: Running,
    ads: GoogleAds,
}

fn secret(text: &str) -> zeroize::Zeroizing<String> {
    text.to_owned().into()
}

async fn start() -> Bench {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/pymc-marketing-credibility");
    let running = Emulator::start(EmulatorConfig::new(data, CONTROL_TOKEN)).await.unwrap();
    let credentials = Credentials::new(
        "emulator-client".into(),
        secret("emulator-secret"),
        secret("emulator-refresh-token"),
    );
    let config = GoogleAdsConfig {
        endpoint: running.base_url.parse().unwrap(),
        token_url: running.token_url.parse().unwrap(),
        timeout_ms: 1_000,
        writing: Writing::SameIdentity,
        ..GoogleAdsConfig::new(credentials).unwrap()
    };
    Bench { running, ads: GoogleAds::new(config).unwrap() }
}

impl Bench {
    async fn control(&self, path: &str, body: Value) {
        let url = format!("{}/_control/{path}", self.running.base_url);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(url).bearer_auth(CONTROL_TOKEN).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn state(&self) -> Value {
        let url = format!("{}/_control/state", self.running.base_url);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(url).bearer_auth(CONTROL_TOKEN).send().await.unwrap().json().await.unwrap()
    }

    /// Changes that the API made, by the emulator's own account.
    async fn api_changes(&self) -> usize {
        let state = self.state().await;
        let changes = state["changes"].as_array().unwrap();
        changes.iter().filter(|change| !change["request_id"].is_null()).count()
    }

    async fn read(&self) -> EntityState {
        self.ads.read(&entity(), None).await.unwrap()
    }

    async fn execute(&self) -> countersign_model::entry::PlatformRecord {
        let change = raise(&self.read().await);
        self.make(change).await
    }

    /// Reads the platform, makes the change that a draft asks for, and says what was written.
    async fn draft(&self, change: Value) -> Result<PlatformRecord, ChangeError> {
        let draft: DraftChange = serde_json::from_value(change).unwrap();
        let mut states = vec![];
        for entity in draft.entities() {
            states.push(self.ads.read(entity, draft.part().as_ref()).await.unwrap());
        }
        let change = draft.of_states(&states)?;
        Ok(self.make(change).await)
    }

    async fn make(&self, change: Action) -> PlatformRecord {
        let authorized = support::authorize(change);
        let journal = MemoryJournal::default();
        execute(&authorized, &self.ads, &journal, &NoWait, Limits::default()).await.unwrap()
    }
}

fn account() -> PlatformId {
    PlatformId::parse("1234567890").unwrap()
}

fn entity() -> EntityRef {
    EntityRef {
        platform: PlatformKind::GoogleAds,
        account_id: account(),
        campaign_id: PlatformId::parse("2000000001").unwrap(),
    }
}

/// Ten dollars a day more than now.
fn raise(state: &EntityState) -> Action {
    let daily = state.budget.holds.amount;
    Action::BudgetChange(BudgetChange {
        entity: state.entity.clone(),
        campaign_name: state.name.clone(),
        budget_resource: state.budget.resource.clone(),
        shared_by: state.budget.shared_by,
        status: state.status,
        limits: state.budget.limits,
        before: daily,
        after: Money { amount_micros: daily.amount_micros + 10_000_000, ..daily },
        window: None,
    })
}

#[derive(Default)]
struct MemoryJournal(Mutex<Vec<Step>>);

#[async_trait]
impl Journal for MemoryJournal {
    async fn load(&self, _: ProposalId) -> Result<Vec<Step>, JournalError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn record(
        &self,
        _: ProposalId,
        position: usize,
        step: &Step,
    ) -> Result<(), JournalError> {
        let mut steps = self.0.lock().unwrap();
        if steps.len() != position {
            return Err(JournalError::Taken);
        }
        steps.push(step.clone());
        Ok(())
    }
}

struct NoWait;

#[async_trait]
impl Caller for NoWait {
    fn now(&self) -> TimestampMs {
        TimestampMs::from_millis(0)
    }

    fn is_stopped(&self) -> bool {
        false
    }

    async fn sleep(&self, _: u64) {}
}

#[tokio::test]
async fn reads_campaigns_budgets_and_pacing() {
    let bench = start().await;
    let campaigns = bench.ads.list(&account()).await.unwrap();
    assert_eq!(campaigns.len(), 7);
    let state = bench.read().await;
    assert_eq!(state.budget.holds.amount.to_string(), "USD 305.00");
    assert_eq!(state.time_zone, "America/New_York");
    assert!(state.account_name.contains("simulated"));
    assert_eq!(campaigns[0].budget, state.budget);
    assert!(state.request_id.is_some());

    let Delivery { asked, days } = bench.ads.read_pacing(&state, 60).await.unwrap();
    assert!(asked.first <= days[0].date && days[days.len() - 1].date <= asked.last, "{asked:?}");
    assert!(days.len() >= 50, "{}", days.len());
    assert!(days.windows(2).all(|pair| pair[0].date < pair[1].date));
    assert!(days.iter().any(|day| day.spend.amount_micros > 0 && day.impressions > 0));

    let nowhere = EntityRef { campaign_id: PlatformId::parse("9").unwrap(), ..entity() };
    let error = bench.ads.read(&nowhere, None).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Final, CAMPAIGN_NOT_FOUND));
}

#[tokio::test]
async fn an_id_that_is_none_of_googles_reaches_no_address_and_no_query() {
    let bench = start().await;
    for id in ["0", "01", "1'OR'1'='1", "1/../2", "act_1", "123456789012345678901"] {
        let id = PlatformId::parse(id).unwrap();
        let campaign = EntityRef { campaign_id: id.clone(), ..entity() };
        let account = EntityRef { account_id: id.clone(), ..entity() };
        for nowhere in [campaign, account] {
            let error = bench.ads.read(&nowhere, None).await.unwrap_err();
            assert_eq!(error.code, CAMPAIGN_NOT_FOUND, "{nowhere}");
            assert_eq!(error.request_id, None, "nothing was sent");
        }
        assert_eq!(bench.ads.list(&id).await.unwrap_err().code, CAMPAIGN_NOT_FOUND);
    }
}

#[tokio::test]
async fn what_google_takes_and_whether_the_campaign_runs_is_read_with_the_amount() {
    let bench = start().await;
    let state = bench.read().await;
    assert_eq!(state.budget.limits.unit.to_string(), "USD 0.01");
    assert_eq!(state.budget.limits.min.to_string(), "USD 0.01", "nobody has set another");
    let after = |micros| Money { amount_micros: micros, ..state.budget.holds.amount };
    assert!(state.budget.limits.check(after(94_500_001)).is_err(), "case 01");
    assert!(state.budget.limits.check(after(94_500_000)).is_ok());
    assert!(state.budget.limits.check(after(0)).is_err());

    assert_eq!(state.status, CampaignStatus::Enabled);
    let id = 2_000_000_001_i64;
    for (order, status) in [
        (json!({"status": "PAUSED"}), CampaignStatus::Paused),
        (json!({"end_date_time": "2020-01-31 23:59:59"}), CampaignStatus::Ended),
        (json!({"end_date_time": "2037-12-30 23:59:59"}), CampaignStatus::Paused),
        // Case 03: the budget of a removed campaign can still be read.
        (json!({"status": "REMOVED"}), CampaignStatus::Removed),
    ] {
        let mut order = order;
        order["campaign_id"] = id.into();
        bench.control("campaign", order).await;
        let state = bench.read().await;
        assert_eq!(
            (state.status, state.budget.holds.amount.to_string().as_str()),
            (status, "USD 305.00")
        );
    }
    let listed = bench.ads.list(&account()).await.unwrap();
    assert_eq!(listed.len(), 6, "a removed one is not listed");
}

/// A flight as a draft writes it, in UTC.
fn flight(starts: &Value, ends: Option<&str>) -> Value {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    json!({ "starts_at_ms": starts, "ends_at_ms": ends.map(at) })
}

#[tokio::test]
async fn a_flight_is_written_in_whole_days_of_the_account() {
    let bench = start().await;
    let flies = serde_json::to_value(bench.read().await.flight).unwrap();
    let starts = &flies["starts_at_ms"];
    assert!(starts.is_i64() && flies["ends_at_ms"].is_null(), "{flies}");
    let draft = |before: &Value, after: &Value| json!({ "proposal_type": "schedule_change", "entity": entity(), "before": before, "after": after });
    // Midnight in New York, before and after the clocks go forward.
    let [winter, summer] =
        ["2037-01-31T05:00:00Z", "2037-07-01T04:00:00Z"].map(|end| flight(starts, Some(end)));
    for (before, after) in [(&flies, &winter), (&winter, &summer), (&summer, &flies)] {
        let record = bench.draft(draft(before, after)).await.unwrap();
        assert_eq!(record.status, ExecutionStatus::Applied, "{after}: {record:?}");
        assert_eq!(&serde_json::to_value(bench.read().await.flight).unwrap(), after);
    }
    assert_eq!(bench.api_changes().await, 3);
    let state = bench.state().await;
    let ends: Vec<_> = state["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["new"]["end_date_time"])
        .collect();
    assert_eq!(ends, [&json!("2037-01-30 23:59:59"), &json!("2037-06-30 23:59:59"), &Value::Null]);

    // Within a day; Google says so when it is asked beforehand, and nothing is written.
    let noon = flight(starts, Some("2037-01-31T17:00:00Z"));
    let record = bench.draft(draft(&flies, &noon)).await.unwrap();
    let code = "dateRangeError.REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED";
    assert_eq!((record.status, record.code.as_deref()), (ExecutionStatus::NotApplied, Some(code)));
    // A campaign that runs has begun.
    let mut later = winter.clone();
    later["starts_at_ms"] = json!(2_000_000_000_000_i64);
    assert_eq!(bench.draft(draft(&flies, &later)).await.unwrap_err(), ChangeError::HasStarted);
    assert_eq!(bench.api_changes().await, 3);
}

#[tokio::test]
async fn a_total_budget_is_another_thing_than_a_daily_one() {
    let bench = start().await;
    let usd = |micros: i64| json!({ "amount_micros": micros.to_string(), "currency": "USD" });
    let draft = |kind: &str, before, after| json!({ "proposal_type": kind, "entity": entity(), "before": usd(before), "after": usd(after) });
    let total = draft("total_budget_change", 60_000_000_000, 75_000_000_000);
    let other = bench.draft(total.clone()).await.unwrap_err();
    assert_eq!(other, ChangeError::OtherBudget(BudgetPeriod::Daily));

    let ends = json!({ "campaign_id": 2_000_000_001_i64, "end_date_time": "2037-01-30 23:59:59" });
    bench.control("campaign", ends).await;
    let total_of = json!({
        "period": "CUSTOM_PERIOD", "amount_micros": null, "total_amount_micros": 60_000_000_000_i64,
    });
    bench
        .control("foreign_write", json!({ "campaign_id": 2_000_000_001_i64, "set": total_of }))
        .await;
    let daily = bench.draft(draft("budget_change", 60_000_000_000, 75_000_000_000)).await;
    assert_eq!(daily.unwrap_err(), ChangeError::OtherBudget(BudgetPeriod::Total));
    let record = bench.draft(total).await.unwrap();
    assert_eq!(record.status, ExecutionStatus::Applied, "{record:?}");
    assert_eq!(bench.read().await.budget.holds.amount.to_string(), "USD 75,000.00");
    assert_eq!(bench.api_changes().await, 1);

    // A flight that is paid for as a whole must end.
    let flies = serde_json::to_value(bench.read().await.flight).unwrap();
    let open = flight(&flies["starts_at_ms"], None);
    let endless = json!({ "proposal_type": "schedule_change", "entity": entity(), "before": flies, "after": open });
    assert_eq!(bench.draft(endless).await.unwrap_err(), ChangeError::NeedsEnd);
}

#[tokio::test]
async fn validates_without_writing_and_commits_once() {
    let bench = start().await;
    let before = bench.read().await;
    let target = Money {
        amount_micros: before.budget.holds.amount.amount_micros + 10_000_000,
        ..before.budget.holds.amount
    };
    let write = AuthorizedWrite::of(&support::authorize(raise(&before)), 0, false).unwrap();
    bench.ads.validate(&write).await.unwrap();
    assert_eq!(bench.read().await.budget.holds.amount, before.budget.holds.amount);
    let answer = bench.ads.commit(&write).await.unwrap();
    assert!(answer.request_id.is_some());
    assert_eq!(bench.read().await.budget.holds.amount, target);
    assert_eq!(bench.api_changes().await, 1);
}

#[tokio::test]
async fn an_account_is_connected_for_reading_until_somebody_may_write() {
    let bench = start().await;
    let write =
        AuthorizedWrite::of(&support::authorize(raise(&bench.read().await)), 0, false).unwrap();
    let before = bench.state().await;
    let identity = |refresh: &str| {
        Credentials::new("emulator-client".into(), secret("emulator-secret"), secret(refresh))
    };
    let connect = |writing| {
        let config = GoogleAdsConfig {
            endpoint: bench.running.base_url.parse().unwrap(),
            token_url: bench.running.token_url.parse().unwrap(),
            writing,
            ..GoogleAdsConfig::new(identity("emulator-refresh-token")).unwrap()
        };
        GoogleAds::new(config).unwrap()
    };
    let reader = connect(Writing::ReadOnly);
    for refused in [reader.validate(&write).await, reader.commit(&write).await] {
        let error = refused.unwrap_err();
        assert_eq!((error.class, error.code.as_str()), (ErrorClass::Final, READ_ONLY));
    }
    let after = bench.state().await;
    for counted in ["mutate_calls", "validate_only_calls"] {
        assert_eq!(after[counted], before[counted], "nothing was sent");
    }
    // Each identity has its own way to a token: what stops the writer leaves reading alone.
    let writer = connect(Writing::Identity(identity("revoked")));
    let account = PlatformId::parse("1234567890").unwrap();
    writer.list(&account).await.unwrap();
    assert_eq!(writer.commit(&write).await.unwrap_err().code, "oauth.invalid_grant");
    let writer = connect(Writing::Identity(identity("emulator-refresh-token")));
    writer.commit(&write).await.unwrap();
    assert_eq!(bench.api_changes().await, 1);
}

#[tokio::test]
async fn a_wrong_change_is_final_with_googles_own_code() {
    let bench = start().await;
    let Action::BudgetChange(change) = raise(&bench.read().await) else { unreachable!() };
    let after = Money { amount_micros: change.before.amount_micros + 1, ..change.before };
    let odd = support::authorize(Action::BudgetChange(BudgetChange { after, ..change }));
    let error =
        bench.ads.validate(&AuthorizedWrite::of(&odd, 0, false).unwrap()).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Final);
    assert_eq!(error.code, "campaignBudgetError.NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT");
    assert!(error.request_id.is_some());
}

#[tokio::test]
async fn each_fault_has_its_class() {
    let bench = start().await;
    let write =
        AuthorizedWrite::of(&support::authorize(raise(&bench.read().await)), 0, false).unwrap();
    for (fault, class) in [
        (json!({"kind": "timeout_before_commit", "hold_ms": 1500}), ErrorClass::Ambiguous),
        (
            json!({"kind": "quota", "on": "mutate", "retry_delay_s": 30}),
            ErrorClass::WaitUntil { delay_ms: 30_000 },
        ),
        (json!({"kind": "concurrent_modification"}), ErrorClass::RetryAfterReread),
        (json!({"kind": "server_error_500", "on": "mutate"}), ErrorClass::Ambiguous),
        (json!({"kind": "timeout_after_commit", "hold_ms": 1500}), ErrorClass::Ambiguous),
    ] {
        bench.control("faults", fault.clone()).await;
        let error = bench.ads.commit(&write).await.unwrap_err();
        assert_eq!(error.class, class, "{fault}");
    }
    assert_eq!(bench.api_changes().await, 1, "the last one wrote before it timed out");
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_a_revoked_one_stops() {
    let bench = start().await;
    bench.read().await;
    bench.control("oauth", json!({"expire_access_tokens": true})).await;
    bench.read().await;
    bench
        .control("oauth", json!({"expire_access_tokens": true, "refresh_token_revoked": true}))
        .await;
    let error = bench.ads.read(&entity(), None).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Operator, "oauth.invalid_grant"));
}

#[tokio::test]
async fn applied_at_most_once() {
    for fault in [
        json!({"kind": "timeout_before_commit", "hold_ms": 1500}),
        json!({"kind": "timeout_after_commit", "hold_ms": 1500}),
        json!({"kind": "quota", "on": "mutate", "retry_delay_s": 30}),
        json!({"kind": "concurrent_modification"}),
        json!({"kind": "server_error_500", "on": "mutate", "commit": true}),
        // The test itself reads first; this strikes the saga's own read.
        json!({"kind": "server_error_500", "on": "search", "skip": 1}),
    ] {
        let bench = start().await;
        let before = bench.read().await.budget.holds.amount.amount_micros;
        bench.control("faults", fault.clone()).await;
        let record = bench.execute().await;
        assert_eq!(record.status, ExecutionStatus::Applied, "{fault}");
        assert!(!record.request_ids.is_empty());
        assert_eq!(bench.read().await.budget.holds.amount.amount_micros, before + 10_000_000);
        assert_eq!(bench.api_changes().await, 1, "{fault}");
    }
}

#[tokio::test]
async fn a_foreign_writer_makes_it_stale() {
    let bench = start().await;
    let authorized = support::authorize(raise(&bench.read().await));
    let foreign = json!({"campaign_id": 2_000_000_001_i64, "amount_micros": 200_000_000});
    bench.control("foreign_write", foreign).await;
    let journal = MemoryJournal::default();
    let record =
        execute(&authorized, &bench.ads, &journal, &NoWait, Limits::default()).await.unwrap();
    assert_eq!(record.status, ExecutionStatus::Stale);
    assert_eq!(bench.api_changes().await, 0);
}

#[tokio::test]
async fn a_success_that_wrote_nothing_is_a_mismatch() {
    let bench = start().await;
    bench.control("faults", json!({"kind": "success_not_applied"})).await;
    assert_eq!(bench.execute().await.status, ExecutionStatus::Mismatch);
}

/// Google's key file of a service account that was made up, with this mode, and what the platform
/// knows of it.
fn service_account(folder: &std::path::Path, mode: u32) -> (std::path::PathBuf, ServiceAccount) {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let (account, key_file) = ServiceAccount::generate(SERVICE_ACCOUNT).unwrap();
    let path = folder.join(format!("key-{mode:o}.json"));
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&path).unwrap();
    file.write_all(key_file.as_bytes()).unwrap();
    (path, account)
}

const SERVICE_ACCOUNT: &str = "gate@project.iam.example.com";

#[tokio::test]
async fn a_service_account_signs_for_itself_and_another_key_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, account) = service_account(folder.path(), 0o600);
    let other = tempfile::tempdir().unwrap();
    let (other_path, _) = service_account(other.path(), 0o600);
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/pymc-marketing-credibility");
    let mut config = EmulatorConfig::new(data, CONTROL_TOKEN);
    config.service_account = Some(account);
    let running = Emulator::start(config).await.unwrap();
    let account = PlatformId::parse("1234567890").unwrap();
    for (path, is_known) in [(&path, true), (&other_path, false)] {
        let credentials = Credentials::service_account(SERVICE_ACCOUNT, path).unwrap();
        assert!(!format!("{credentials:?}").contains("PRIVATE"));
        let config = GoogleAdsConfig {
            endpoint: running.base_url.parse().unwrap(),
            token_url: running.token_url.parse().unwrap(),
            ..GoogleAdsConfig::new(credentials).unwrap()
        };
        let listed = GoogleAds::new(config).unwrap().list(&account).await;
        match listed {
            Ok(states) => assert!(is_known && states.len() == 7),
            Err(error) => {
                assert!(!is_known, "{error:?}");
                assert_eq!(error.code, "oauth.invalid_grant");
                assert_eq!(error.class, ErrorClass::Operator);
            }
        }
    }
}

#[tokio::test]
async fn what_an_account_applies_by_itself_is_told() {
    let bench = start().await;
    let kinds = bench.ads.applied_by_itself(&account()).await.unwrap();
    assert_eq!(kinds, ["USE_BROAD_MATCH_KEYWORD"]);
    let name = "customers/1234567890/recommendationSubscriptions/USE_BROAD_MATCH_KEYWORD";
    let pause = json!({"resource_name": name, "set": {"status": "PAUSED"}});
    bench.control("foreign_write", pause).await;
    assert_eq!(bench.ads.applied_by_itself(&account()).await.unwrap(), Vec::<String>::new());
}

#[test]
fn a_key_file_is_the_owners_alone_and_of_the_named_account() {
    let folder = tempfile::tempdir().unwrap();
    let (exposed, _) = service_account(folder.path(), 0o644);
    let error = Credentials::service_account(SERVICE_ACCOUNT, &exposed).unwrap_err();
    assert!(matches!(error, SetupError::KeyExposed(_)), "{error}");
    let (path, _) = service_account(folder.path(), 0o600);
    let error = Credentials::service_account("other@example.com", &path).unwrap_err();
    assert!(matches!(error, SetupError::KeyOfAnother(_)), "{error}");
    std::fs::write(&path, "{}").unwrap();
    let error = Credentials::service_account(SERVICE_ACCOUNT, &path).unwrap_err();
    assert!(matches!(error, SetupError::KeyMalformed(_)), "{error}");
}
