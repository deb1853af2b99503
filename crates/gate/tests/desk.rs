//! What approvers need beside a proposal, and what goes back to the agent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use countersign_model::{
    Decision, DecisionKind, ProposalId, Role,
    decision::{EvidenceWanted, Refusal, RequestedChanges},
    evidence::{Backtest, EvidenceKind, Forecast, PacingSeries},
};
use countersign_policy::{PolicySet, describe, reference_of};
use serde_json::{Value, json};
use support::{World, draft_of, in_cents};

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
    assert_eq!(backtest.model, seen.proposal.model);

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
            entry.body.proposal_id == Some(seen.proposal.id)
                && entry.body.input_commitment.is_some()
        })
        .await;
    let again = set.evaluate(&facts).unwrap();
    assert_eq!(Some(again.input_digest), judged.body.input_commitment, "the same facts");
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
    let countersign_model::Action::BudgetChange(change) = seen.proposal.action.clone();
    let mut would_do = change.after;
    would_do.amount_micros = in_cents(change.before.amount_micros / 100 * 110);
    let requested = RequestedChanges {
        max_after: Some(would_do),
        max_days: Some(2),
        evidence: [EvidenceWanted::Backtest, EvidenceWanted::LongerHistory].into(),
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
