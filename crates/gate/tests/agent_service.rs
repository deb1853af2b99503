//! What approvers need beside a proposal, and what goes back to the agent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "agent_service/parts.rs"]
mod parts;
mod support;

use countersign_emulator::{Emulator, EmulatorConfig};
use countersign_executor::{Accounts, ExecuteError, Waits};
use countersign_gate::{
    clock::Clocks,
    core::{Attempts, Effect, Event, Prepared, Refused, Rules},
    data::DataDir,
    driver::{Driver, DriverSetup},
    identity::Identity,
    ledger::Ledger,
    policies,
    relay::Relay,
    shell::Shell,
    store::{KeyedDraft, Store},
};
use countersign_intake::IdempotencyKey;
use countersign_model::{
    AgentId, AmountLimits, CampaignStatus, Decision, DecisionKind, Draft, EntityState, ProposalId,
    Role, canonical,
    change::{Budget, BudgetState, DraftChange, Flight},
    decision::{EvidenceWanted, Refusal, RequestedChanges},
    entity::{PlatformId, PlatformKind},
    entry::{Entry, EntryKind, ExecutionStatus, LogEvent},
    evidence::{Backtest, DayRange, EvidenceKind, Forecast, PacingSeries},
    proposal::Initiator,
};
use countersign_platforms::google_ads::{Credentials, GoogleAds, GoogleAdsConfig};
use countersign_policy::{PolicySet, describe, reference_of};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use support::{World, account_at, draft_of, in_cents, now, root};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_whose_days_cannot_be_told_gets_no_case() {
    let mut world = World::start().await;
    let ops = world.admit(1, "Olivia", "ops", None).await;
    let token = world.add_agent(ops.person).await;
    world.serve().await;
    let (_, listed) = world.call(&token, "list_campaigns", json!({})).await;
    let campaign = &listed["campaigns"][0];
    let pacing = json!({"campaign": campaign["entity"]});
    // An old name of a zone of today is a zone.
    world.control("time_zone", json!({"time_zone": "Asia/Calcutta"})).await;
    let (failed, series) = world.call(&token, "get_pacing", pacing.clone()).await;
    assert!(!failed && series["time_zone"] == "Asia/Calcutta", "{series}");

    world.control("time_zone", json!({"time_zone": "Mars/Crater"})).await;
    let (failed, told) = world.call(&token, "draft_budget_change", draft_of(campaign)).await;
    assert!(failed && told["error"]["code"] == "ENTITY_UNKNOWN", "{told}");
    assert!(told["error"]["message"].as_str().unwrap().contains("Mars/Crater"), "{told}");
    let (failed, told) = world.call(&token, "get_pacing", pacing).await;
    assert!(failed && told["error"]["code"] == "UNKNOWN_TIME_ZONE", "{told}");
    assert!(told["error"]["message"].as_str().unwrap().contains("Mars/Crater"), "{told}");
    assert!(world.log().contains("gate.UNKNOWN_TIME_ZONE"), "{}", world.log());

    world.control("time_zone", json!({"time_zone": "America/New_York"})).await;
    world.draft(&token, 0).await;
}

fn proposal(receipt: &Value) -> ProposalId {
    receipt["proposal"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_is_the_gates_own_and_the_policy_can_be_read() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let token = world.add_agent(ops.person).await;
    world.serve().await;
    let (_, listed) = world.call(&token, "list_campaigns", json!({})).await;
    let campaign = &listed["campaigns"][0];
    let (_, pacing) =
        world.call(&token, "get_pacing", json!({"campaign": campaign["entity"]})).await;
    let days = pacing["days"].as_array().unwrap();
    assert_eq!(days.len(), 120, "all that the account has");
    let date = |back: usize| days[days.len() - 1 - back]["date"].clone();
    let predict =
        |date: Value| json!({"date": date, "predicted": {"value": 5, "low": 1, "high": 9}});
    let mut draft = draft_of(campaign);
    draft["change"].as_object_mut().unwrap().remove("window");
    draft["backtest"] = json!({
        "method": "MARKER-method", "fitted_from": days[0]["date"], "fitted_until": date(8),
        "metric": "clicks", "level": 0.9,
        "predictions": [predict(date(7)), predict(date(6)), predict(json!("2099-01-01"))],
    });
    let (failed, receipt) = world.call(&token, "draft_budget_change", draft.clone()).await;
    assert!(!failed, "{receipt}");
    let seen = ops.open(proposal(&receipt)).await;

    let series: PacingSeries =
        ops.evidence(&world, &seen, EvidenceKind::PacingSeries).await.unwrap();
    let forecast: Forecast = ops.evidence(&world, &seen, EvidenceKind::Forecast).await.unwrap();
    assert_eq!((forecast.days.len(), &forecast.time_zone), (30, &series.time_zone));
    assert_eq!(forecast.fitted_days, 120);
    assert!(series.days.iter().all(|day| day.date < forecast.days[1].date));
    assert!(forecast.days.iter().all(|day| day.before.value.amount_micros > 0
        && day.after.value.amount_micros > day.before.value.amount_micros));
    let backtest: Backtest = ops.evidence(&world, &seen, EvidenceKind::Backtest).await.unwrap();
    let actual: Vec<_> = backtest.points.iter().map(|point| point.actual).collect();
    let clicks = |date: &str| series.days.iter().find(|day| day.date == date).map(|day| day.clicks);
    let expected: Vec<_> = backtest.points.iter().map(|point| clicks(&point.date)).collect();
    assert_eq!(actual, expected, "the platform's own figures");
    assert_eq!(actual[2], None);
    assert!(actual[0].is_some() && actual[1].is_some());
    assert_eq!(backtest.model, seen.proposal.drafted().unwrap().grounds.model);

    // Without a backtest there is none; the rest is as before.
    draft.as_object_mut().unwrap().remove("backtest");
    let (_, receipt) = world.call(&token, "draft_budget_change", draft).await;
    let plain = ops.open(proposal(&receipt)).await;
    let kinds: Vec<_> = plain.proposal.evidence.iter().map(|piece| piece.kind).collect();
    assert_eq!(kinds, [EvidenceKind::PacingSeries, EvidenceKind::Prompt, EvidenceKind::Forecast]);

    // The policy travels once, is believed by its digest, and judges as the gate did.
    let [bundle] = ops.policies.as_slice() else { panic!("{} policies", ops.policies.len()) };
    let bundle = bundle.clone();
    assert_eq!(reference_of(&bundle.files).unwrap(), seen.verdict.policy);
    assert_eq!(bundle.digest, seen.verdict.policy.digest);
    assert!(bundle.files.keys().all(|path| !path.contains("_test")), "{:?}", bundle.files.keys());
    assert!(describe(&bundle.files).unwrap().len() > 10);
    let set = PolicySet::from_files(&bundle.files).unwrap();
    let facts = countersign_policy::PolicyInput::of(
        &seen.proposal,
        countersign_policy::Trailing::default(),
        seen.verdict.autonomy,
    );
    let judged = ops
        .wait_for("the verdict", |entry| {
            entry.body.event.proposal_id() == Some(seen.proposal.id)
                && entry.body.event.kind() == EntryKind::VerdictIssued
        })
        .await;
    let again = set.evaluate(&facts).unwrap();
    let LogEvent::VerdictIssued { input_commitment, .. } = judged.body.event else { panic!() };
    assert_eq!(again.input_digest, input_commitment, "the same facts");
    assert_eq!(again.flags, seen.verdict.flags);

    // A rung of the ladder is a durable timer beside deadline and expiry.
    let [rung] = seen.verdict.ladder.as_slice() else { panic!("{:?}", seen.verdict.ladder) };
    assert_eq!(rung.role, Role::parse("finance_head").unwrap());
    assert!(rung.at_ms < seen.verdict.decide_by_ms);
    world.kill_gate();
    let rows = rusqlite::Connection::open(world.data().join("gate.sqlite")).unwrap();
    let sql = "SELECT count(*) FROM timers WHERE proposal = ?1 AND due_at_ms IN (?2, ?3, ?4)";
    let case = seen.proposal.id.to_string();
    let due = (
        case,
        rung.at_ms.millis(),
        seen.verdict.decide_by_ms.millis(),
        seen.proposal.expires_at_ms.millis(),
    );
    assert_eq!(rows.query_row(sql, due, |row| row.get::<_, i64>(0)).unwrap(), 3);
    drop(rows);
    world.serve().await;
    let next = proposal(&world.draft(&token, 1).await);
    ops.open(next).await;
    assert_eq!(ops.policies, [bundle], "the same policy is not published again");
    assert!(!world.log().contains("MARKER"), "no text of a draft in the process's log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_ask_for_comes_back_to_the_agent_in_fields() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let owner = world.admit(2, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    let case = proposal(&world.draft(&token, 0).await);
    let seen = ops.open(case).await;
    let countersign_model::Action::BudgetChange(change) = seen.proposal.action.clone() else {
        unreachable!()
    };
    let mut would_do = change.after;
    would_do.amount_micros = in_cents(change.before.amount_micros / 100 * 110);
    let requested = RequestedChanges {
        max_after: Some(would_do),
        max_days: Some(2),
        evidence: [EvidenceWanted::Backtest, EvidenceWanted::LongerHistory].into(),
        texts: false,
    };
    let mut back = Decision {
        kind: DecisionKind::RequestChanges,
        effective: None,
        requested: Some(RequestedChanges {
            max_after: Some(countersign_model::Money {
                currency: countersign_model::Currency::parse("EUR").unwrap(),
                ..would_do
            }),
            ..requested.clone()
        }),
        ..ops.approval(&seen)
    };
    back.reason.code = "smaller_change".into();
    back.reason.text = "Half of it, and show how it did.".into();
    assert_eq!(ops.decide(&seen, &back).await, Some(Refusal::AmountNotTaken));
    let good = Decision {
        id: ops.approval(&seen).id,
        requested: Some(requested),
        comments_shown: vec![countersign_model::Digest::of(b"a comment")],
        ..back
    };
    assert_eq!(ops.decide(&seen, &good).await, None);
    let (_, status) = world.call(&token, "get_case", json!({"proposal": case.to_string()})).await;
    assert_eq!(status["state"], "sent_back");
    assert_eq!(
        status["requested"],
        json!({
            "max_after": {"amount_micros": would_do.amount_micros.to_string(), "currency": "USD"},
            "max_days": 2,
            "evidence": ["backtest", "longer_history"],
            "reason_code": "smaller_change",
            "text": "Half of it, and show how it did.",
        })
    );
}

/// A draft of +25 % on a listed campaign under a key.
fn keyed(campaign: &Value, key: &str) -> Value {
    let mut draft = draft_of(campaign);
    draft["idempotency_key"] = key.into();
    draft
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_lost_the_answer_finds_its_draft_by_its_key() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let owner = world.admit(2, "Omar", "ops", None).await.person;
    let (first, second) = (world.add_agent(owner).await, world.add_agent(owner).await);
    world.serve().await;
    let (_, listed) = world.call(&first, "list_campaigns", json!({})).await;
    let campaign = listed["campaigns"][0].clone();
    let drafts = async |world: &World, token: &str, draft: Value| {
        world.call(token, "draft_budget_change", draft).await
    };
    let (failed, receipt) = drafts(&world, &first, keyed(&campaign, "one")).await;
    assert!(!failed && receipt.get("replayed").is_none(), "{receipt}");
    // Another text under the key is another draft; nothing of the first one is told.
    let mut other = keyed(&campaign, "one");
    other["rationale"] = json!("MARKER-another");
    let (failed, refused) = drafts(&world, &first, other).await;
    assert!(failed);
    let error = &refused["error"];
    assert_eq!(
        (&error["code"], &error["path"]),
        (&json!("IDEMPOTENCY_CONFLICT"), &json!("/idempotency_key"))
    );
    assert!(!refused.to_string().contains("prop_"), "{refused}");
    // The key is the agent's own.
    let (failed, foreign) = drafts(&world, &second, keyed(&campaign, "one")).await;
    assert!(!failed && foreign["proposal"] != receipt["proposal"], "{foreign}");
    // A refused draft spends no key.
    let mut wrong = keyed(&campaign, "two");
    wrong["change"]["before"]["amount_micros"] = json!("1");
    let (failed, refused) = drafts(&world, &first, wrong).await;
    assert!(failed && refused["error"]["code"] == "BEFORE_MOVED", "{refused}");

    // Eight at once under one key open one case.
    let draft = keyed(&listed["campaigns"][1], "two");
    let answers = futures::future::join_all(
        (0..8).map(|_| world.try_call(&first, "draft_budget_change", draft.clone())),
    )
    .await;
    let told: Vec<Value> =
        answers.into_iter().map(|answer| answer.unwrap()["structuredContent"].clone()).collect();
    let cases: BTreeSet<String> = told.iter().map(|one| one["proposal"].to_string()).collect();
    assert_eq!(cases.len(), 1, "{told:?}");
    assert_eq!(told.iter().filter(|one| one["replayed"] != json!(true)).count(), 1, "{told:?}");

    // Also after a crash, and when there is no room for another case.
    world.kill_gate();
    world.configure("agents", json!({"open_cases": 2}));
    world.serve().await;
    let (failed, again) = drafts(&world, &first, keyed(&campaign, "one")).await;
    assert!(!failed && again["replayed"] == json!(true), "{again}");
    for member in ["proposal", "outcome", "decide_by_ms", "words", "state"] {
        assert_eq!(again[member], receipt[member], "{member}");
    }
    let full = world.try_call(&first, "draft_budget_change", keyed(&campaign, "three")).await;
    assert!(full.is_none(), "{full:?}");

    // What it finds is its own, newest first, page by page.
    let page = async |arguments: Value| world.call(&first, "list_my_cases", arguments).await.1;
    let newest = page(json!({"limit": 1})).await;
    assert_eq!(newest["cases"][0]["proposal"], told[0]["proposal"]);
    assert_eq!(newest["cases"][0]["idempotency_key"], "two");
    let oldest = page(json!({"limit": 1, "cursor": newest["next_cursor"]})).await;
    assert_eq!(oldest["cases"][0]["proposal"], receipt["proposal"]);
    assert_eq!(oldest["cases"][0]["before"], campaign["budget"]["amount"]);
    assert!(oldest.get("next_cursor").is_none(), "{oldest}");
    assert_eq!(page(json!({})).await["cases"].as_array().unwrap().len(), 2);

    // A settled case: the receipt is the one of then, with the present state.
    let seen = ops.open(proposal(&receipt)).await;
    let mut rejection =
        Decision { kind: DecisionKind::Reject, effective: None, ..ops.approval(&seen) };
    rejection.reason.code = "over_budget".into();
    assert_eq!(ops.decide(&seen, &rejection).await, None);
    let (_, again) = drafts(&world, &first, keyed(&campaign, "one")).await;
    assert_eq!((&again["state"], &again["proposal"]), (&json!("rejected"), &receipt["proposal"]));
    for (state, case) in [("open", &told[0]["proposal"]), ("settled", &receipt["proposal"])] {
        let listed = page(json!({"state": state})).await;
        assert_eq!(listed["cases"].as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(listed["cases"][0]["proposal"], *case);
    }
    ops.sync().await;
    let received =
        ops.entries.iter().filter(|one| one.body.event.kind() == EntryKind::ProposalReceived);
    assert_eq!(received.count(), 3, "one entry a case");
    world.assert_export_holds().await;
}

/// A driver on the stopped gate's data, and the agent that may draft.
fn driver_of(
    world: &World,
    store: &Arc<Store>,
) -> (Driver, countersign_gate::driver::DriverHandle, Initiator) {
    let identity = Arc::new(Identity::load(&DataDir::new(&world.data()), store).unwrap());
    let ledger = Ledger::open(Arc::clone(store), identity).unwrap();
    let agent = ledger.roster().agents[0].clone();
    let secret = |text: &str| text.to_owned().into();
    let credentials = Credentials::new("client".into(), secret("secret"), secret("refresh"));
    let (policies, policy_files) = policies::load(&root().join("policies")).unwrap();
    let setup = DriverSetup {
        rules: Rules { policies, files: policy_files },
        // Nothing is executed.
        accounts: Accounts::new([(
            PlatformKind::GoogleAds,
            PlatformId::parse("1234567890").unwrap(),
            Arc::new(GoogleAds::new(GoogleAdsConfig::new(credentials).unwrap()).unwrap()) as _,
        )]),
        proposal_valid_ms: 86_400_000,
        wake_courier: Arc::new(Notify::new()),
    };
    let (driver, handle) = Driver::new(ledger, setup).unwrap();
    let initiator =
        Initiator { agent: agent.id, agent_name: agent.name.clone(), owner: agent.owner };
    (driver, handle, initiator)
}

#[tokio::test]
async fn drafts_that_wait_together_become_durable_together() {
    let world = World::start().await;
    let ops = world.admit(1, "Olivia", "ops", None).await;
    world.add_agent(ops.person).await;
    let store = Arc::new(Store::open(&DataDir::new(&world.data()).database()).unwrap());
    let (driver, handle, initiator) = driver_of(&world, &store);
    let campaign = json!({
        "entity": {"platform": "google_ads", "account_id": "1234567890", "campaign_id": "101"},
        "budget": {"period": "daily", "amount": {"amount_micros": "500000000", "currency": "USD"}},
    });
    let prepared = |before: Option<i64>, rationale: &str| {
        let mut draft: Draft = serde_json::from_value(draft_of(&campaign)).unwrap();
        draft.grounds.rationale = rationale.into();
        let DraftChange::BudgetChange(asked) = &draft.change else { unreachable!() };
        let mut daily = asked.before;
        daily.amount_micros = before.unwrap_or(daily.amount_micros);
        let state = EntityState {
            entity: asked.entity.clone(),
            name: "Search".into(),
            resource: "customers/1234567890/campaigns/101".into(),
            status: CampaignStatus::Enabled,
            budget: BudgetState {
                resource: "customers/1234567890/campaignBudgets/1".into(),
                shared_by: 1,
                holds: Budget::daily(daily),
                limits: AmountLimits::unknown(daily.currency),
            },
            flight: Flight::default(),
            part: None,
            has_started: true,
            time_zone: "Europe/Berlin".into(),
            account_name: "Test".into(),
            request_id: None,
        };
        let pacing = PacingSeries {
            entity: state.entity.clone(),
            time_zone: state.time_zone.clone(),
            read_at_ms: now(),
            budget: Budget::daily(daily),
            source: "a test".into(),
            asked: DayRange { first: "2026-11-01".into(), last: "2026-11-20".into() },
            days: vec![],
        };
        let log_size = store.read(|reader| reader.log_size()).unwrap();
        Prepared {
            initiator: initiator.clone(),
            draft,
            log_size,
            states: vec![state],
            pacing: vec![pacing],
        }
    };
    let under = |agent: AgentId, key: &str, prepared: &Prepared| KeyedDraft {
        agent,
        key: IdempotencyKey::parse(key).unwrap(),
        draft: canonical::digest(&prepared.draft).unwrap(),
    };
    let agent = initiator.agent;
    let asked = [("one", "a"), ("one", "a"), ("one", "b"), ("two", "c")].map(|(key, rationale)| {
        let prepared = prepared(None, rationale);
        let keyed = under(agent, key, &prepared);
        handle.open_case(prepared, Some(keyed))
    });
    // The one in between is refused, and takes nothing of the others with it.
    let plain = [prepared(Some(1), "d"), prepared(None, "e")];
    let plain = plain.map(|prepared| handle.open_case(prepared, None));
    let stop = CancellationToken::new();
    let count = |sql: &str| {
        let rows = rusqlite::Connection::open(world.data().join("gate.sqlite")).unwrap();
        rows.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let heads = || count("SELECT count(*) FROM log_checkpoints");
    // The driver stands still until all of them are sent: one task runs both.
    let (ended, (before, keyed, plain)) = tokio::join!(driver.run(stop.clone()), async {
        let before = heads();
        let keyed = futures::future::join_all(asked);
        let (keyed, plain) = tokio::join!(keyed, futures::future::join_all(plain));
        stop.cancel();
        (before, keyed, plain)
    });
    ended.unwrap();
    assert_eq!(heads() - before, 1, "one signed head over all of them");
    let told: Vec<_> = keyed.into_iter().chain(plain).map(Option::unwrap).collect();
    let case = |index: usize| {
        let opened = told[index].as_ref().unwrap_or_else(|refused| panic!("{index}: {refused:?}"));
        (opened.case.proposal().id, opened.replayed)
    };
    assert_eq!((case(0).1, case(1)), (false, (case(0).0, true)), "one case for one key");
    assert_eq!(told[2].as_ref().err(), Some(&Refused::OtherDraft));
    assert_eq!(told[4].as_ref().err(), Some(&Refused::BeforeMoved));
    let opened: Vec<ProposalId> = [0, 3, 5].map(|index| case(index).0).into();
    assert_eq!(count("SELECT count(*) FROM cases"), 3);
    assert_eq!(count("SELECT count(*) FROM draft_keys"), 2);
    // Each proposal, and at once its verdict, in the order in which they came.
    let size = store.read(|reader| reader.log_size()).unwrap();
    let newest = store.read(|reader| reader.log_entries(size - 6, 6)).unwrap();
    let newest: Vec<_> = newest
        .iter()
        .map(|bytes| countersign_model::entry::Entry::from_bytes(bytes).unwrap().body)
        .map(|body| (body.event.kind(), body.event.proposal_id().unwrap()))
        .collect();
    let expected: Vec<_> = opened
        .iter()
        .flat_map(|id| [(EntryKind::ProposalReceived, *id), (EntryKind::VerdictIssued, *id)])
        .collect();
    assert_eq!(newest, expected);
    world.assert_export_holds().await;
}

/// The shell on the stopped gate's data, with every record of the relay taken in; what it wants
/// executed.
async fn shell_of(world: &World, clocks: Clocks) -> (Shell, Vec<ProposalId>) {
    let data = DataDir::new(&world.data());
    let store = Arc::new(Store::open(&data.database()).unwrap());
    let identity = Arc::new(Identity::load(&data, &store).unwrap());
    let relay = Relay::new(world.relay_url.parse().unwrap(), Arc::clone(&identity)).unwrap();
    let ledger = Ledger::open(store, identity).unwrap();
    let (policies, files) = policies::load(&root().join("policies")).unwrap();
    let rules = Rules { policies, files };
    let mut shell = Shell::new(ledger, rules, 86_400_000, clocks).unwrap();
    let mut wanted = executed(handle(&mut shell, Event::Started, clocks));
    let mut effects = handle(&mut shell, Event::Reconnected, clocks);
    loop {
        let place = effects.iter().find_map(|effect| match effect {
            Effect::Page(place) => Some(*place),
            _ => None,
        });
        wanted.extend(executed(effects));
        match place.filter(|place| place.more) {
            Some(place) => {
                let page = relay.page(place.cursor).await.unwrap();
                effects = handle(&mut shell, Event::Page(page), clocks);
            }
            None => return (shell, wanted),
        }
    }
}

fn handle(shell: &mut Shell, event: Event, clocks: Clocks) -> Vec<Effect> {
    shell.handle(event, clocks, &mut uuid::Uuid::now_v7).unwrap()
}

fn executed(effects: Vec<Effect>) -> Vec<ProposalId> {
    let wanted = effects.into_iter().filter_map(|effect| match effect {
        Effect::Execute { authorized, .. } => Some(authorized.proposal()),
        _ => None,
    });
    wanted.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_worker_ends_its_case_in_the_log_and_a_wait_outlives_the_gate() {
    let mut world = World::start().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let mut finance = world.admit(2, "Fiona", "finance", None).await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    world.serve().await;
    let receipt = world.draft(&token, 0).await;
    let case: ProposalId = receipt["proposal"].as_str().unwrap().parse().unwrap();
    let [by_ops, by_finance] = [&mut ops, &mut finance];
    let (seen, also_seen) = (by_ops.open(case).await, by_finance.open(case).await);
    world.kill_gate();
    let signed = by_ops.sign(&by_ops.approval(&seen), seen.subject);
    by_ops.send(case, &signed).await;
    let signed = by_finance.sign(&by_finance.approval(&also_seen), seen.subject);
    by_finance.send(case, &signed).await;

    let start = Clocks { wall: now(), counted: Duration::ZERO };
    let at = |passed_s: u64| Clocks {
        wall: start.wall.plus_ms(passed_s as i64 * 1_000),
        counted: Duration::from_secs(passed_s),
    };
    let (mut shell, wanted) = shell_of(&world, start).await;
    let entries = |shell: &Shell| {
        let bytes = shell.ledger().store().read(|reader| reader.log_entries(0, 1_000)).unwrap();
        let read = bytes.iter().map(|bytes| Entry::from_bytes(bytes).unwrap().body.event);
        read.collect::<Vec<_>>()
    };
    assert_eq!(wanted, [case], "both have signed: {:?}", entries(&shell));
    let attempts = |shell: &Shell| shell.ledger().store().read(|reader| reader.attempts(case));
    // The platform is busy: the next try is a row, twice as late the second time.
    let busy = || {
        let waits = Waits { code: "test.BUSY".into(), delay_ms: 0 };
        Event::Executed(case, Box::new(Err(ExecuteError::Waits(waits))))
    };
    assert!(executed(handle(&mut shell, busy(), at(1))).is_empty());
    let due = attempts(&shell).unwrap().due.unwrap();
    assert!(executed(handle(&mut shell, Event::CountsDue, at(15))).is_empty(), "not yet");
    assert_eq!(executed(handle(&mut shell, Event::CountsDue, at(17))), [case]);
    assert_eq!(attempts(&shell).unwrap().due, None, "it runs");
    handle(&mut shell, busy(), at(18));
    let later = attempts(&shell).unwrap().due.unwrap();
    assert_eq!(later.since_ms(due), 17_000 + 15_000);
    // A gate that starts again takes it up at once, and remembers how often it was held up.
    drop(shell);
    let (mut shell, wanted) = shell_of(&world, at(19)).await;
    assert_eq!(wanted, [case]);
    assert_eq!(attempts(&shell).unwrap(), Attempts { held_up: 2, ..Attempts::default() });
    // Its worker breaks, and so does the one after it; the third is the last.
    for (lost, second) in [(1, 20), (2, 40)] {
        assert!(executed(handle(&mut shell, Event::WorkerLost(case), at(second))).is_empty());
        assert_eq!(attempts(&shell).unwrap().lost, lost);
        assert_eq!(executed(handle(&mut shell, Event::CountsDue, at(second + 16))), [case]);
    }
    assert!(executed(handle(&mut shell, Event::WorkerLost(case), at(60))).is_empty());
    assert_eq!(attempts(&shell).unwrap(), Attempts::default(), "there will be no further one");
    let Some(LogEvent::ExecutionFinished { platform, .. }) = entries(&shell).pop() else {
        panic!("{:?}", entries(&shell))
    };
    assert_eq!(platform.status, ExecutionStatus::Unknown);
    assert_eq!(platform.code.as_deref(), Some("gate.WORKER_LOST"));
    drop(shell);
    world.assert_export_holds().await;
}

/// Two accounts side by side: a case on each, and one that is away holds up nothing of the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_accounts_are_served_side_by_side() {
    let mut world = World::start().await;
    let second = Emulator::start(EmulatorConfig {
        customer_id: "1111111111".into(),
        ..EmulatorConfig::new(root().join("data/pymc-marketing-credibility"), "control")
    });
    let second = second.await.unwrap();
    let accounts =
        json!([account_at(&world.emulator, "1234567890"), account_at(&second, "1111111111")]);
    world.configure("accounts", accounts);
    world.open_writing("1111111111").await;
    world.serve().await;
    let mut ops = world.admit(1, "Olivia", "ops", None).await;
    let mut finance = world.admit(2, "Felix", "finance", None).await;
    let owner = world.admit(3, "Omar", "ops", None).await;
    let token = world.add_agent(owner.person).await;
    let list = async || world.call(&token, "list_campaigns", json!({})).await.1;
    let listed = list().await;
    let campaigns = listed["campaigns"].as_array().unwrap();
    assert_eq!(campaigns.len(), 14, "seven of each");
    let of = |account: &str| {
        let ours = |one: &&Value| one["entity"]["account_id"] == account;
        campaigns.iter().find(ours).unwrap().clone()
    };
    let mut cases = vec![];
    for account in ["1111111111", "1234567890"] {
        let draft = draft_of(&of(account));
        let (failed, receipt) = world.call(&token, "draft_budget_change", draft).await;
        assert!(!failed, "{receipt}");
        let case = proposal(&receipt);
        let seen = ops.open(case).await;
        let series: PacingSeries =
            ops.evidence(&world, &seen, EvidenceKind::PacingSeries).await.unwrap();
        assert!(series.source.ends_with(account), "{}", series.source);
        let approval = ops.approval(&seen);
        assert_eq!(ops.decide(&seen, &approval).await, None);
        cases.push((account, case));
    }
    for (account, case) in cases {
        let seen = finance.open(case).await;
        let approval = finance.approval(&seen);
        assert_eq!(finance.decide(&seen, &approval).await, None);
        let is_done = |entry: &countersign_model::entry::Entry| {
            let event = &entry.body.event;
            event.kind() == EntryKind::ExecutionFinished && event.proposal_id() == Some(case)
        };
        let finished = ops.wait_for(account, is_done).await;
        let status = finished.body.event.platform().unwrap().status;
        assert_eq!(status, countersign_model::entry::ExecutionStatus::Applied);
    }
    let changed = async |emulator: &countersign_emulator::Running| {
        let url = format!("{}/_control/state", emulator.base_url);
        let answer = reqwest::Client::new().get(url).bearer_auth("control").send().await.unwrap();
        let state: Value = answer.json().await.unwrap();
        state["changes"].as_array().unwrap().len()
    };
    assert_eq!((changed(&world.emulator).await, changed(&second).await), (1, 1), "one each");

    second.stop().await;
    let rest = list().await;
    assert_eq!(rest["campaigns"].as_array().unwrap().len(), 7);
    let unread = rest["unread"].as_array().unwrap();
    assert_eq!(unread.len(), 1);
    assert_eq!(unread[0]["account_id"], "1111111111");
    assert!(unread[0]["message"].as_str().unwrap().contains("try again"), "{rest}");
    let away = json!({"campaign": of("1111111111")["entity"]});
    let (failed, told) = world.call(&token, "get_pacing", away).await;
    assert!(failed && told["error"]["code"] == "UNAVAILABLE", "{told}");
    let here = json!({"campaign": of("1234567890")["entity"]});
    assert!(!world.call(&token, "get_pacing", here).await.0);
    world.assert_export_holds().await;
}
