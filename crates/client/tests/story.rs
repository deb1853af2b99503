//! From enrolment to an executed change, through a real relay.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use countersign_client::view::{
    CaseState, DecisionInput, Delivery, InboxQuery, InboxView, PolicyCheck, WorkspaceState,
};
use countersign_model::{Action, decision::Refusal};
use world::{CaseSetup, World, after, until};

fn query(view: InboxView, search: &str) -> InboxQuery {
    InboxQuery { view, search: search.into(), after: None, limit: 50 }
}

fn override_to(case: &str, micros: &str, code: Option<&str>) -> DecisionInput {
    DecisionInput {
        proposal: case.into(),
        kind: "override".into(),
        role: "finance".into(),
        reason_code: "budget_headroom".into(),
        reason_text: "Only so much is left this month".into(),
        override_micros: Some(micros.into()),
        override_entries: None,
        requested: None,
        totp_code: code.map(str::to_owned),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_decide_and_both_see_the_proven_outcome() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    for desktop in [&world.ops, &world.finance] {
        let case = until("the case with its evidence", || {
            desktop.case(&made.id).filter(|case| case.evidence.complete)
        })
        .await;
        assert_eq!(case.state, CaseState::Deciding);
        assert_eq!(case.pacing.unwrap().days.len(), 20);
        assert_eq!(case.draft.as_ref().unwrap().attributions[0].signal, "recent_roas");
        assert!(case.my_options.blocked_because.is_none());
        let inbox = desktop.engine().list_cases(&query(InboxView::NeedsMe, "")).unwrap();
        assert_eq!((inbox.rows.len(), inbox.counts.needs_me), (1, 1));
        assert_eq!(inbox.rows[0].waiting_for, ["finance", "ops"]);
        assert_eq!(inbox.rows[0].why, "Demand rises before the sale.");
        let found = desktop.engine().list_cases(&query(InboxView::All, "flash sea")).unwrap();
        assert_eq!(found.rows.len(), 1, "search by beginnings of words");
        assert!(desktop.told.has(&made.id));
    }

    world.ops.approve(&made.id, "ops");
    world.ops.delivered(&made.id).await;
    until("ops's decision at finance", || {
        let case = world.finance.case(&made.id)?;
        let seen = case.decisions.iter().any(|one| one.person == "Olivia" && one.signature_checked);
        seen.then_some(())
    })
    .await;

    let engine = world.finance.engine();
    let wider = engine.prepare_decision(&override_to(&made.id, "700000000", Some("123456")));
    assert_eq!(wider.unwrap_err().code, "wider_than_proposed");
    let bare = engine.prepare_decision(&override_to(&made.id, "575000000", None));
    assert_eq!(bare.unwrap_err().code, "factor_missing");
    let sheet =
        engine.prepare_decision(&override_to(&made.id, "575000000", Some("123 456"))).unwrap();
    let shown = |key: &str| {
        let line = sheet.lines.iter().find(|line| line.key == key);
        line.map(|line| line.value.clone())
    };
    assert_eq!(shown("budget_after").unwrap(), "USD 575.00");
    engine.sign_decision(&sheet.ticket).unwrap();
    assert_eq!(engine.sign_decision(&sheet.ticket).unwrap_err().code, "ticket_unknown");
    world.finance.skip_hold();
    world.finance.delivered(&made.id).await;

    let decisions = world.gate.decisions(made.case).await;
    assert_eq!(decisions.len(), 2);
    let narrower = decisions
        .iter()
        .find_map(|(one, _)| one.effective.clone().filter(|action| *action != made.action));
    let narrower: Action = narrower.unwrap();
    for (decision, envelope) in &decisions {
        world.gate.judge(decision, *envelope, None);
    }
    world.gate.execute(&made, &narrower);
    world.gate.publish_log().await;
    for desktop in [&world.ops, &world.finance] {
        let case = until("the outcome", || {
            desktop.case(&made.id).filter(|case| case.state == CaseState::Executed)
        })
        .await;
        assert_eq!(case.read_back.as_ref().unwrap().money().unwrap().amount_micros, "575000000");
        assert_eq!(after(&case.effective.as_ref().unwrap().diff).amount_micros, "575000000");
        assert!(case.decisions.iter().all(|one| one.signature_checked));
        assert!(case.decisions.iter().all(|one| one.delivery == Delivery::Executed));
        assert_eq!(case.timeline.len(), 7);
        let size = Some(world.gate.log_size());
        assert!(case.timeline.iter().all(|line| line.included_in == size), "a proof is missing");
        assert_eq!(case.verdict.check, Some(PolicyCheck::Holds));
        let checked = desktop.engine().verify_log().unwrap();
        assert_eq!((checked.integrity.problem, checked.completeness.problem), (None, None));
        let connection = desktop.engine().connection();
        assert_eq!(connection.checkpoint.unwrap().size, world.gate.log_size());
        assert_eq!((connection.fault, connection.unsent), (None, 0));
        let inbox = desktop.engine().list_cases(&query(InboxView::Settled, "")).unwrap();
        assert_eq!((inbox.rows.len(), inbox.counts.needs_me), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_decision_is_shown_to_its_author_who_may_decide_again() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    world.ops.approve(&made.id, "ops");
    world.ops.delivered(&made.id).await;
    let blocked = world.ops.case(&made.id).unwrap().my_options.blocked_because;
    assert_eq!(blocked.unwrap().code, "already_decided");
    let (decision, envelope) = world.gate.decisions(made.case).await.remove(0);
    world.gate.judge(&decision, envelope, Some(Refusal::ClockSkew));
    world.gate.publish_log().await;
    let why = until("the refusal", || match world.ops.my_delivery(&made.id)? {
        Delivery::Refused { why } => Some(why),
        _ => None,
    })
    .await;
    assert_eq!(
        (why.code.as_str(), why.message.as_str()),
        ("clock_skew", Refusal::ClockSkew.words())
    );
    assert!(world.ops.case(&made.id).unwrap().my_options.blocked_because.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_decide_is_told_why() {
    let mut world = World::new().await;
    let olivia = world.gate.roster.people[0].id;
    let setup = CaseSetup { owner: Some(olivia), ..CaseSetup::default() };
    let made = world.gate.publish_case(setup).await;
    let case = until("the case", || world.ops.case(&made.id)).await;
    assert_eq!(case.my_options.blocked_because.unwrap().code, "initiator_may_not_decide");
    let ops = case.signers.iter().find(|signer| signer.role == "ops").unwrap();
    assert_eq!(ops.eligible, Vec::<String>::new());
    let inbox = world.ops.engine().list_cases(&query(InboxView::WaitingOnOthers, "")).unwrap();
    assert_eq!(inbox.rows.len(), 1);

    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the second case", || world.ops.case(&made.id)).await;
    world.gate.revoke("Olivia", world::now().plus_ms(-1_000)).await;
    until("the revocation", || {
        let blocked = world.ops.case(&made.id)?.my_options.blocked_because?;
        (blocked.code == "device_revoked").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_is_for_one_device_and_is_made_once() {
    let world = World::new().await;
    let WorkspaceState::Ready { workspace } = world.ops.engine().workspace_state() else {
        panic!("not ready")
    };
    assert_eq!((workspace.person_name.as_str(), workspace.name.as_str()), ("Olivia", "Acme"));
    assert_eq!(workspace.fingerprint.len(), 6);
    assert_eq!(world.ops.engine().make_enrolment_request().unwrap_err().code, "already_joined");
    let mut gate = world.gate;
    let (one, other) = (world::Desktop::new(), world::Desktop::new());
    let request = one.engine().make_enrolment_request().unwrap();
    assert_eq!(one.engine().make_enrolment_request().unwrap(), request, "the same request again");
    other.engine().make_enrolment_request().unwrap();
    let enrolment = gate.admit(&request.json, "Nadia", "legal").await;
    let words = one.engine().read_enrolment(&enrolment).unwrap().root_words;
    let refused = other.engine().join_workspace(&enrolment, &words).unwrap_err();
    assert_eq!(refused.code, "enrolment_other_device");
    let forged = enrolment.replace("\"epoch\":0", "\"epoch\":1");
    assert_eq!(one.engine().join_workspace(&forged, &words).unwrap_err().code, "enrolment_refused");
    let joined = one.engine().join_workspace(&enrolment, &words).unwrap();
    assert!(matches!(joined, WorkspaceState::Ready { .. }));
}
