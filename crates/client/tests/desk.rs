//! The desk without a window: lists, search, snoozes, filters, the case view, the log,
//! policies and their trial, batches and the practice case, on a filled store.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use countersign_client::view::{
    BatchInput, CaseState, DecisionInput, Delivery, DirectionView, InboxPage, InboxQuery,
    InboxView, LimitChange, LimitUnit, LogQuery, PolicyTrial, PracticeTopic, RequestedView,
    SavedFilterInput, WorkspaceState,
};
use countersign_model::{draft::Grounds, entry::EntryKind, verdict::RiskTier};
use std::collections::BTreeSet;
use world::{
    Desktop, World, after,
    fill::{Cast, DAY, End, Filler, HOUR, MINUTE, Spec, specs},
    until,
};

const UNIT: i64 = 1_000_000;

/// A world whose ops desktop holds these cases; it is offline.
async fn desk(specs: &[Spec]) -> (World, Vec<String>) {
    let mut world = World::new().await;
    let cast = Cast::join(&mut world.gate).await;
    until("the roster with everybody", || {
        let people = world.ops.engine().people().ok()?.people;
        (people.len() == 4).then_some(())
    })
    .await;
    world.ops.close().await;
    let ids = Filler::new(&mut world.gate, &cast).fill(&mut world.ops.store(), specs);
    world.ops.open();
    (world, ids)
}

fn query(view: InboxView, search: &str) -> InboxQuery {
    InboxQuery { view, search: search.into(), after: None, limit: 500 }
}

fn list(desktop: &Desktop, view: InboxView, search: &str) -> InboxPage {
    desktop.engine().list_cases(&query(view, search)).unwrap()
}

fn spec(campaign: &str, end: End) -> Spec {
    Spec { campaign: campaign.into(), end, roles: Some(vec!["ops"]), ..Spec::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_counts_and_search_agree() {
    let (world, ids) = desk(&specs(120)).await;
    let all = list(&world.ops, InboxView::All, "");
    assert_eq!((all.rows.len(), all.matches.count, all.matches.more), (ids.len(), 120, false));
    for (view, counted) in [
        (InboxView::NeedsMe, all.counts.needs_me),
        (InboxView::WaitingOnOthers, all.counts.waiting_on_others),
        (InboxView::DueSoon, all.counts.due_soon),
        (InboxView::Overrides, all.counts.overrides),
        (InboxView::Snoozed, all.counts.snoozed),
        (InboxView::Settled, all.counts.settled),
        (InboxView::Agenda, all.counts.open),
    ] {
        let page = list(&world.ops, view, "");
        assert_eq!(page.rows.len(), counted as usize, "{view:?}");
        assert_eq!(page.matches.count, counted, "{view:?}");
    }
    assert_eq!(all.counts.open, 2);
    assert_eq!(all.counts.needs_me + all.counts.waiting_on_others + all.counts.settled, 120);
    let needs_me = list(&world.ops, InboxView::NeedsMe, "");
    assert!(needs_me.rows.iter().all(|row| row.needs_me && row.state == CaseState::Deciding));
    assert!(needs_me.rows.is_sorted_by_key(|row| row.decide_by_ms), "most urgent first");
    assert!(needs_me.rows.iter().all(|row| row.evidence_complete));

    let micros = |text: &str| text.parse::<i64>().unwrap();
    let found = list(&world.ops, InboxView::All, "amount:200..400EUR");
    let expected = all.rows.iter().filter(|row| {
        let after = after(&row.diff);
        after.currency == "EUR" && (200 * UNIT..=400 * UNIT).contains(&micros(&after.amount_micros))
    });
    assert_eq!(found.rows.len(), expected.count());
    assert!(!found.rows.is_empty());
    let rejected = list(&world.ops, InboxView::Settled, "reason:other approver:tom");
    let expected = all.rows.iter().filter(|row| row.state == CaseState::Rejected).count();
    assert_eq!((rejected.rows.len(), rejected.filters.len()), (expected, 2));
    let entity = format!("entity:{}", all.rows[0].campaign);
    assert!(
        list(&world.ops, InboxView::All, &entity).rows.iter().all(|row| {
            row.campaign.starts_with(all.rows[0].campaign.split('_').next().unwrap())
        })
    );
    let wrong = list(&world.ops, InboxView::All, "amount:lots tier:purple");
    assert_eq!(wrong.rows.len(), 120, "what is not understood narrows nothing");
    assert!(wrong.filters.iter().all(|chip| chip.problem.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_every_case_once() {
    let (world, ids) = desk(&specs(40)).await;
    for search in ["", "limited"] {
        let mut seen = Vec::new();
        let mut next = InboxQuery { limit: 7, ..query(InboxView::All, search) };
        loop {
            let page = world.ops.engine().list_cases(&next).unwrap();
            assert!(page.rows.len() <= 7);
            seen.extend(page.rows.into_iter().map(|row| row.proposal));
            match page.next {
                Some(cursor) => next.after = Some(cursor),
                None => break,
            }
        }
        let once: BTreeSet<_> = seen.iter().collect();
        assert_eq!((once.len(), seen.len()), (ids.len(), ids.len()), "search {search:?}");
    }
    let bad = InboxQuery { after: Some("x".into()), ..query(InboxView::All, "") };
    assert_eq!(world.ops.engine().list_cases(&bad).unwrap_err().code, "cursor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_put_away_and_comes_back() {
    let (world, ids) = desk(&[spec("open", End::Open), spec("done", End::Executed)]).await;
    let engine = world.ops.engine();
    let later = world.ops.clock().plus_ms(HOUR).millis();
    engine.snooze_case(&ids[0], Some(later)).unwrap();
    let snoozed = list(&world.ops, InboxView::Snoozed, "");
    assert_eq!(snoozed.rows[0].snoozed_until_ms, Some(later));
    assert!(snoozed.rows[0].needs_me);
    assert_eq!((snoozed.counts.snoozed, snoozed.counts.needs_me), (1, 0));
    assert_eq!(engine.open_case(&ids[0]).unwrap().snoozed_until_ms, Some(later));
    engine.snooze_case(&ids[0], None).unwrap();
    let back = list(&world.ops, InboxView::NeedsMe, "");
    assert_eq!((back.rows.len(), back.rows[0].snoozed_until_ms), (1, None));

    let past = world.ops.clock().plus_ms(-MINUTE).millis();
    assert_eq!(engine.snooze_case(&ids[0], Some(past)).unwrap_err().code, "snooze_past");
    assert_eq!(engine.snooze_case(&ids[1], Some(later)).unwrap_err().code, "snooze_not_mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_kept_by_name() {
    let (world, _) = desk(&[]).await;
    let engine = world.ops.engine();
    let input = |name: &str, search: &str| SavedFilterInput {
        name: name.into(),
        view: InboxView::Settled,
        search: search.into(),
    };
    engine.save_filter(&input("Large", "amount:>1000")).unwrap();
    let kept = engine.save_filter(&input(" Large ", "amount:>2000")).unwrap();
    assert_eq!(kept.len(), 1, "one of the same name is replaced");
    assert_eq!((kept[0].search.as_str(), kept[0].view), ("amount:>2000", InboxView::Settled));
    assert_eq!(engine.saved_filters().unwrap(), kept);
    assert!(engine.delete_filter(&kept[0].id).unwrap().is_empty());
    assert_eq!(engine.save_filter(&input(" ", "x")).unwrap_err().code, "filter_name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_shows_its_neighbours_and_its_proofs() {
    let near = |name: &str, campaign_id: u32, percent: i64| Spec {
        campaign_id,
        after: UNIT * (100 + percent),
        age_ms: 3 * DAY,
        ..spec(name, End::Executed)
    };
    let rejected =
        Spec { age_ms: 30 * DAY, campaign_id: 1, ..spec("same_rejected", End::Rejected) };
    let other_open = Spec { campaign_id: 1, ..spec("same_open", End::Open) };
    let (world, ids) = desk(&[
        rejected,
        near("far", 3, 90),
        near("near", 2, 11),
        near("same_executed", 1, 50),
        other_open,
        Spec { campaign_id: 1, with_series: true, ..spec("subject", End::Overridden(105 * UNIT)) },
    ])
    .await;
    let case = world.ops.engine().open_case(&ids[5]).unwrap();
    assert_eq!(case.state, CaseState::Deciding);
    let similar: Vec<_> =
        case.similar.iter().map(|one| (one.campaign.as_str(), one.same_entity)).collect();
    assert_eq!(
        similar,
        [("same_executed", true), ("same_rejected", true), ("near", false), ("far", false)]
    );
    assert_eq!(after(case.similar[0].applied.as_ref().unwrap()).amount_micros, "150000000");
    assert_eq!((case.similar[1].state, &case.similar[1].applied), (CaseState::Rejected, &None));
    assert!((case.similar[0].predicted_lift.as_ref().unwrap().value - 0.06).abs() < 1e-9);

    assert_eq!(case.same_entity.open.len(), 1);
    assert_eq!(case.same_entity.open[0].proposal, ids[4]);
    let trailing = case.same_entity.trailing.unwrap();
    assert_eq!((trailing.days, trailing.executed), (7, 1));
    assert_eq!(trailing.increases.amount_micros, "50000000");

    let told = Grounds::sample();
    let draft = case.draft.unwrap();
    assert_eq!(
        (&draft.uncertainty, &draft.escalation_rule),
        (&told.uncertainty, &told.escalation_rule)
    );
    let risks = serde_json::to_value(&draft.risk_factors).unwrap();
    assert_eq!(risks, serde_json::to_value(told.risk_factors).unwrap());
    assert_eq!(draft.next_steps, told.next_steps);
    let inputs = serde_json::to_value(&draft.inputs_considered).unwrap();
    assert_eq!(inputs, serde_json::to_value(&told.inputs_considered).unwrap());
    let sources = serde_json::to_value(&draft.source_references).unwrap();
    assert_eq!(sources, serde_json::to_value(&told.source_references).unwrap());
    assert_eq!(
        (draft.recommended_action, draft.counterfactual),
        (told.recommended_action, told.counterfactual)
    );

    assert_eq!(case.pacing.unwrap().days.len(), 120);
    assert!(case.evidence.complete && case.evidence.pieces.len() == 1);
    assert_eq!((case.forecast, case.backtest.is_none()), (None, true));
    let kinds: Vec<_> = case.decisions.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["approve", "override"]);
    let second = &case.decisions[1];
    assert_eq!((second.person.as_str(), second.reason_code.as_str()), ("Tom", "pacing_risk"));
    assert!(!second.mine && !second.on_this_device && second.signature_checked);
    assert_eq!(after(&case.effective.unwrap().diff).amount_micros, "105000000");
    assert_eq!(case.audit.gate_fingerprint.len(), 6);
    assert!(case.audit.input_commitment.is_some());

    let accepted =
        case.timeline.iter().find(|line| line.action == EntryKind::DecisionAccepted).unwrap();
    let fact = |key: &str| accepted.facts.iter().find(|fact| fact.key == key).unwrap();
    assert_eq!((fact("decision").value.as_str(), fact("role").value.as_str()), ("approve", "ops"));
    assert!(case.timeline.iter().all(|line| line.included_in == Some(world.gate.log_size())));
    let row = &list(&world.ops, InboxView::Overrides, "").rows[0];
    assert!(row.overridden && row.proposal == ids[5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_listed_proved_and_verified() {
    let (world, ids) = desk(&specs(60)).await;
    let engine = world.ops.engine();
    let size = world.gate.log_size();
    let mut log = LogQuery { before: None, action: None, proposal: None, limit: 90 };
    let mut seqs = Vec::new();
    loop {
        let page = engine.list_log(&log).unwrap();
        assert_eq!(page.head.unwrap().size, size);
        seqs.extend(page.rows.iter().map(|row| row.seq));
        log.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(seqs, (0..size).rev().collect::<Vec<_>>());

    let of_kind = LogQuery {
        before: None,
        action: Some(EntryKind::ExecutionFinished),
        proposal: None,
        limit: 500,
    };
    let page = engine.list_log(&of_kind).unwrap();
    assert!(page.actions.contains(&EntryKind::VerdictIssued));
    assert!(page.rows.iter().all(|row| row.action == EntryKind::ExecutionFinished));
    assert!(page.rows[0].value.is_some() && page.rows[0].campaign.is_some());
    let of_case = LogQuery { action: None, proposal: Some(ids[0].clone()), ..of_kind };
    let rows = engine.list_log(&of_case).unwrap().rows;
    assert!(rows.iter().all(|row| row.proposal.as_ref() == Some(&ids[0])));

    for seq in [0, size / 2, size - 1] {
        let entry = engine.log_entry(seq).unwrap();
        assert!(entry.signature_checked && entry.inclusion_checked, "{seq}");
        assert_eq!((entry.row.seq, entry.tree_size), (seq, size));
        assert!(entry.json.contains(&format!("\"seq\":{seq}")));
        assert!(entry.checkpoint.contains(&size.to_string()));
    }
    assert_eq!(engine.log_entry(size).unwrap_err().code, "log_entry_unknown");

    let verified = engine.verify_log().unwrap();
    assert!(verified.integrity.holds && verified.completeness.holds);
    assert_eq!(verified.entries, size);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_policy_is_tried_on_the_past() {
    let (world, _) = desk(&specs(120)).await;
    let engine = world.ops.engine();
    let policies = engine.policies().unwrap();
    assert_eq!(policies.layers.len(), 4);
    let rules: Vec<_> = policies.layers.iter().flat_map(|layer| &layer.rules).collect();
    let over = rules.iter().find(|rule| rule.rule == "budget_change_over_limit").unwrap();
    assert!(over.fired > 10 && !over.title.is_empty() && over.text.contains("findings"));
    let limits: Vec<_> = policies.layers.iter().flat_map(|layer| &layer.limits).collect();
    let most = limits.iter().find(|limit| limit.key == "max_change_percent").unwrap();
    assert_eq!((most.value.as_str(), most.unit), ("15", LimitUnit::Percent));
    assert!(policies.base.roles.iter().any(|fact| fact.key == "ops" && fact.value == "1"));

    let trial = |value: &str| PolicyTrial {
        limits: vec![LimitChange {
            layer: "corporate".into(),
            key: "max_change_percent".into(),
            value: value.into(),
        }],
        days: 365,
    };
    let same = engine.try_policy(&trial("15")).unwrap();
    assert_eq!((same.cases, same.changed, same.not_replayable), (120, 0, 0));
    assert!(same.rows.is_empty());
    let tighter = engine.try_policy(&trial("6")).unwrap();
    assert!(tighter.changed > 0 && tighter.rows.len() == tighter.changed.min(200) as usize);
    assert_eq!(tighter.totals.iter().map(|total| total.was).sum::<u32>(), 120);
    assert_eq!(tighter.totals.iter().map(|total| total.would_be).sum::<u32>(), 120);
    let row = &tighter.rows[0];
    assert!(row.would_be != row.was && row.would_be.roles.contains(&"finance".to_owned()));

    let relaxing = PolicyTrial {
        limits: vec![LimitChange {
            layer: "brand".into(),
            key: "max_change_percent".into(),
            value: "50".into(),
        }],
        days: 30,
    };
    let relaxing = engine.try_policy(&relaxing).unwrap();
    assert_eq!((relaxing.changed, relaxing.conflicts.len()), (0, 1));
    assert_eq!(engine.try_policy(&trial("much")).unwrap_err().code, "limit_value");
    let mut unknown = trial("1");
    unknown.limits[0].key = "max_fun".into();
    assert_eq!(engine.try_policy(&unknown).unwrap_err().code, "limit_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roster_is_shown_as_it_is() {
    let (world, _) = desk(&[]).await;
    let people = world.ops.engine().people().unwrap();
    let names: Vec<_> = people.people.iter().map(|one| (one.name.as_str(), one.me)).collect();
    assert_eq!(names, [("Olivia", true), ("Farid", false), ("Mara", false), ("Tom", false)]);
    assert_eq!((people.root_keys, people.root_threshold), (1, 1));
    let mine = &people.people[0].devices[0];
    assert!(mine.this_device && mine.revoked_at_ms.is_none());
    let WorkspaceState::Ready { workspace } = world.ops.engine().workspace_state() else {
        panic!("not ready");
    };
    assert_eq!(mine.fingerprint, workspace.fingerprint);
    assert_eq!(people.agents[0].name, "Proposer");
}

fn small(name: &str, campaign_id: u32) -> Spec {
    Spec {
        campaign_id,
        tier: Some(RiskTier::Low),
        batch_class: Some("small_steps"),
        ..spec(name, End::Open)
    }
}

fn batch(ids: &[String]) -> BatchInput {
    BatchInput {
        proposals: ids.to_vec(),
        role: "ops".into(),
        reason_code: "within_plan".into(),
        reason_text: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_holds_only_what_belongs_and_signs_each_item() {
    let (world, mut ids) = desk(&[
        small("one", 1),
        Spec { currency: "EUR", after: 90 * UNIT, ..small("two", 2) },
        Spec { tier: Some(RiskTier::High), ..small("high", 3) },
        Spec { tier: Some(RiskTier::Medium), ..small("medium", 4) },
        Spec { batch_class: Some("other"), ..small("other", 5) },
        Spec { factor: true, ..small("factor", 6) },
        Spec {
            end: End::Overridden(105 * UNIT),
            roles: Some(vec!["ops", "finance", "legal"]),
            ..small("overridden", 7)
        },
        Spec { end: End::Executed, ..small("executed", 8) },
        Spec { account: 2, ..small("three", 9) },
    ])
    .await;
    ids.push("no such case".into());
    ids.push(ids[0].clone());
    let engine = world.ops.engine();
    let sheet = engine.prepare_batch(&batch(&ids)).unwrap();
    let dropped: Vec<_> = sheet
        .items
        .iter()
        .map(|item| item.dropped.as_ref().map(|why| why.code.as_str()).unwrap_or("in"))
        .collect();
    assert_eq!(
        dropped,
        [
            "in",
            "in",
            "batch_high_tier",
            "batch_other_class",
            "batch_other_class",
            "batch_factor",
            "batch_overridden",
            "case_executed",
            "in",
            "case_unknown",
        ]
    );
    assert_eq!(
        (sheet.batch_class.as_str(), sheet.risk_tier.as_deref()),
        ("small_steps", Some("low"))
    );
    let totals: Vec<_> = sheet
        .totals
        .iter()
        .map(|total| {
            let delta = &total.delta;
            (delta.currency.as_str(), total.items, total.accounts, delta.amount_micros.as_str())
        })
        .collect();
    assert_eq!(totals, [("EUR", 1, 1, "-10000000"), ("USD", 2, 2, "20000000")]);
    assert!(sheet.items[0].lines.iter().any(|line| line.value.contains("110.00")));
    assert_ne!(sheet.items[0].digest, sheet.items[1].digest);

    // One of them is decided by itself while the sheet is read.
    world.ops.approve(&ids[1], "ops");
    let result = engine.sign_batch(&sheet.ticket).unwrap();
    let lines: Vec<_> = result
        .items
        .iter()
        .map(|item| {
            let refused = item.refused.as_ref().map(|why| why.code.to_string());
            (item.campaign.as_str(), item.signed.is_some(), refused)
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("one", true, None),
            ("two", false, Some("already_decided".to_owned())),
            ("three", true, None),
        ]
    );
    assert_eq!(engine.sign_batch(&sheet.ticket).unwrap_err().code, "ticket_unknown");
    for index in [0, 8] {
        let case = engine.open_case(&ids[index]).unwrap();
        let mine: Vec<_> = case.decisions.iter().filter(|one| one.mine).collect();
        assert_eq!(mine.len(), 1, "one signature per item");
        assert!(mine[0].signature_checked && mine[0].on_this_device);
        assert!(matches!(mine[0].delivery, Delivery::Held { .. }), "held like any other");
    }
    let none = engine.prepare_batch(&batch(&ids[2..3])).unwrap();
    assert!(none.totals.is_empty() && none.items[0].dropped.is_some());
    assert_eq!(engine.prepare_batch(&batch(&[])).unwrap_err().code, "batch_size");
}

fn practise(proposal: &str, kind: &str, reason: &str) -> DecisionInput {
    DecisionInput {
        proposal: proposal.into(),
        kind: kind.into(),
        role: "finance".into(),
        reason_code: reason.into(),
        reason_text: "Because we practise".into(),
        override_micros: None,
        override_entries: None,
        requested: None,
        totp_code: None,
    }
}

#[test]
fn practice_needs_no_workspace_and_leaves_nothing() {
    let desktop = Desktop::new();
    let engine = desktop.engine();
    let case = engine.practice(PracticeTopic::Raise).unwrap();
    assert!(case.practice && case.my_options.blocked_because.is_none());
    assert_eq!(case.my_options.roles, ["finance"]);
    assert_eq!(case.decisions.len(), 1);
    assert!(case.decisions[0].signature_checked && !case.decisions[0].mine);
    assert!(case.timeline.iter().all(|line| line.included_in == Some(3)));
    let backtest = case.backtest.as_ref().unwrap();
    assert!(backtest.coverage.unwrap() > 0.6 && backtest.points.iter().any(|one| one.missed));
    assert!(case.forecast.is_some() && case.pacing.unwrap().days.len() == 60);

    let sheet = engine.prepare_practice(&practise(&case.proposal, "approve", "other")).unwrap();
    assert!(sheet.lines.iter().any(|line| line.value.contains("240.00")));
    assert_eq!(sheet.fingerprint.len(), 6);
    let wider = DecisionInput {
        override_micros: Some("300000000".into()),
        ..practise(&case.proposal, "override", "other")
    };
    assert_eq!(engine.prepare_practice(&wider).unwrap_err().code, "wider_than_proposed");
    let back = DecisionInput {
        requested: Some(RequestedView {
            max_after_micros: Some("220000000".into()),
            max_days: None,
            evidence: vec!["backtest".into()],
            texts: false,
        }),
        ..practise(&case.proposal, "request_changes", "other")
    };
    assert!(engine.prepare_practice(&back).is_ok());
    let signed = engine.sign_practice(&sheet.ticket).unwrap();
    assert_eq!(signed.delivery, Delivery::SignedOnThisDevice);
    assert_eq!(engine.sign_practice(&sheet.ticket).unwrap_err().code, "practice_over");
    assert!(!desktop.store_path().exists(), "no store was made");
}

#[test]
fn a_pause_to_practise_on_needs_one_signature_and_has_no_value_of_its_own() {
    let desktop = Desktop::new();
    let engine = desktop.engine();
    let case = engine.practice(PracticeTopic::Pause).unwrap();
    assert!(case.practice && case.my_options.blocked_because.is_none());
    assert_eq!(case.change.direction, DirectionView::Decrease);
    assert!(case.change.own_amounts.is_none() && case.decisions.is_empty());
    assert_eq!(case.signers.len(), 1);
    assert!(case.timeline.iter().all(|line| line.included_in == Some(2)));
    assert!(case.forecast.is_none() && case.pacing.is_some(), "as of a real pause");

    let own = DecisionInput {
        override_micros: Some("100000000".into()),
        ..practise(&case.proposal, "override", "other")
    };
    assert_eq!(engine.prepare_practice(&own).unwrap_err().code, "override_none");
    let sheet = engine.prepare_practice(&practise(&case.proposal, "approve", "other")).unwrap();
    assert!(sheet.title.contains("paus"), "{}", sheet.title);
    let other = engine.practice(PracticeTopic::Raise).unwrap();
    assert_ne!(other.proposal, case.proposal);
    assert_eq!(
        engine.prepare_practice(&practise(&case.proposal, "approve", "other")).unwrap_err().code,
        "practice_over",
        "there is one at a time"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn practice_changes_nothing_in_a_store() {
    let (world, ids) = desk(&[spec("open", End::Open)]).await;
    let engine = world.ops.engine();
    let before = (
        std::fs::read(world.ops.store_path()).unwrap(),
        list(&world.ops, InboxView::All, ""),
        engine.connection(),
    );
    let case = engine.practice(PracticeTopic::Raise).unwrap();
    let sheet = engine.prepare_practice(&practise(&case.proposal, "reject", "other")).unwrap();
    engine.sign_practice(&sheet.ticket).unwrap();
    assert_eq!(engine.open_case(&case.proposal).unwrap_err().code, "case_unknown");
    let after = (
        std::fs::read(world.ops.store_path()).unwrap(),
        list(&world.ops, InboxView::All, ""),
        engine.connection(),
    );
    assert!(before == after && after.1.rows.len() == ids.len());
}
