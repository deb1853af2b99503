//! Comments, questions, the stop, prompts and notices, through a real relay.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod world;

use countersign_client::{
    News,
    view::{
        CommentInput, DecisionInput, Delivery, ExecutionEnd, HaltInput, HaltKind, InboxQuery,
        InboxView, NoticeKind, RequestedView, SavedFilterInput,
    },
};
use countersign_model::{
    Action,
    decision::Refusal,
    entry::{ExecutionStatus, PlatformRecord},
    verdict::RiskTier,
};
use world::{
    CaseSetup, Desktop, World,
    desktop::{approval, comment},
    until,
};

fn halt(kind: HaltKind, text: &str) -> HaltInput {
    HaltInput { kind, text: text.into() }
}

fn sign_halt(desktop: &Desktop, kind: HaltKind, text: &str) {
    let sheet = desktop.engine().prepare_halt(&halt(kind, text)).unwrap();
    desktop.engine().sign_halt(&sheet.ticket).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_holds_approvals_up_until_it_is_answered() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    let thread = until("the case at ops", || world.ops.case(&made.id)).await.thread;
    until("the case at finance", || world.finance.case(&made.id)).await;
    let finance = thread.people.iter().find(|person| person.name == "Farid").unwrap();
    let ask = CommentInput {
        question_for: vec![finance.id.clone()],
        ..comment(&made.id, "Is there headroom?")
    };
    let asked = world.ops.engine().add_comment(&ask).unwrap();
    assert!(asked.mine && asked.signature_checked && !asked.answered);

    let seen = until("the question at finance", || {
        world.finance.case(&made.id).filter(|case| case.thread.questions_for_me == 1)
    })
    .await;
    assert_eq!(seen.my_options.approval_blocked_because.unwrap().code, "open_question");
    assert!(seen.my_options.blocked_because.is_none());
    let engine = world.finance.engine();
    let refused = engine.prepare_decision(&approval(&made.id, "finance")).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.values["questions"].as_str()),
        ("open_question", "1")
    );
    let reject = DecisionInput {
        kind: "reject".into(),
        reason_code: "over_budget".into(),
        ..approval(&made.id, "finance")
    };
    engine.prepare_decision(&reject).unwrap();
    let notices = until("the notice", || {
        let notices = world.finance.told.notices();
        notices.iter().any(|one| one.kind == NoticeKind::Question).then_some(notices)
    })
    .await;
    assert_eq!(notices.iter().filter(|one| one.kind == NoticeKind::Question).count(), 1);

    let answer = CommentInput { answers: Some(asked.id), ..comment(&made.id, "Yes, 2,000 a day.") };
    engine.add_comment(&answer).unwrap();
    let after = until("the answer at ops", || {
        world.ops.case(&made.id).filter(|case| case.thread.open_questions == 0)
    })
    .await;
    assert!(after.thread.comments[0].answered);
    assert_eq!(after.thread.comments[0].delivery, Delivery::DeliveredToRelay);
    world.ops.approve(&made.id, "ops");
    world.ops.delivered(&made.id).await;
    let (decision, _) = world.gate.decisions(made.case).await.remove(0);
    assert_eq!(decision.comments_shown.len(), 2, "both comments were shown");
}

/// One rule for every text: what a person writes is refused by place and code point, and what
/// writing needs is signed as it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_hides_something_is_refused_and_every_script_is_taken() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    let engine = world.ops.engine();
    let deciding = |text: &str| DecisionInput {
        kind: "reject".into(),
        reason_code: "over_budget".into(),
        reason_text: text.into(),
        ..approval(&made.id, "ops")
    };
    for (text, code_point, position) in [
        ("Fine: USD \u{202e}00.005\u{202c} a day", "U+202E", "11"),
        ("ad\u{200d}min", "U+200D", "3"),
        ("one\rtwo", "U+000D", "4"),
        ("nul\0", "U+0000", "4"),
    ] {
        let named = SavedFilterInput {
            name: text.into(),
            view: InboxView::Settled,
            search: "campaign:x".into(),
        };
        let refused = [
            ("comment", engine.add_comment(&comment(&made.id, text)).unwrap_err()),
            ("reason", engine.prepare_decision(&deciding(text)).unwrap_err()),
            ("halt", engine.prepare_halt(&halt(HaltKind::Stop, text)).unwrap_err()),
            ("name", engine.save_filter(&named).unwrap_err()),
        ];
        for (field, why) in refused {
            let told = (why.code.as_str(), &*why.values["field"], &*why.values["code_point"]);
            assert_eq!(told, ("text_hidden", field, code_point), "{text:?}");
            assert_eq!(why.values["position"], position, "{text:?}");
            assert!(why.message.contains(code_point), "{}", why.message);
        }
    }
    for text in [
        "می\u{200c}خواهم کم\u{200c}تر شود",
        "क्\u{200d}ष",
        "Thanks 👩🏽\u{200d}🚀 ❤\u{fe0f}\u{200d}🔥",
        "One line.\r\nAnother.",
    ] {
        assert_eq!(engine.add_comment(&comment(&made.id, text)).unwrap().text, text);
        let sheet = engine.prepare_decision(&deciding(text)).unwrap();
        let own = sheet.lines.iter().find(|line| line.key == "own_words").unwrap();
        assert_eq!(own.value, text);
    }
}

/// A platform's name cannot be refused: it is shown with what it hides, and signed as it is.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_campaigns_name_hides_is_seen_before_it_is_signed() {
    let mut world = World::new().await;
    let campaign = "Spring \u{202e}00.005 DSU\u{202c}";
    let shown = "Spring ‹U+202E›00.005 DSU‹U+202C›";
    let made = world.gate.publish_case(CaseSetup { campaign, ..CaseSetup::default() }).await;
    let case = until("the case", || world.ops.case(&made.id)).await;
    let told = serde_json::to_value(&case).unwrap();
    assert_eq!(told["change"]["campaign"], shown);
    let engine = world.ops.engine();
    let query =
        InboxQuery { view: InboxView::NeedsMe, search: String::new(), after: None, limit: 10 };
    let page = serde_json::to_value(engine.list_cases(&query).unwrap()).unwrap();
    assert_eq!(page["rows"][0]["campaign"], shown);
    let sheet = engine.prepare_decision(&approval(&made.id, "ops")).unwrap();
    let line = sheet.lines.iter().find(|line| line.key == "campaign").unwrap();
    assert_eq!(line.value, shown);
    engine.sign_decision(&sheet.ticket).unwrap();
    world.ops.skip_hold();
    until("delivery", || (world.ops.engine().connection().unsent == 0).then_some(())).await;
    let (decision, _) = world.gate.decisions(made.case).await.remove(0);
    let Some(Action::BudgetChange(change)) = decision.effective else { unreachable!() };
    assert_eq!(change.campaign_name, campaign, "the signed bytes are the platform's");
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_that_cannot_be_meant_are_refused() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    let olivia = world.gate.roster.people[0].id.to_string();
    let stranger = olivia.replace(|letter: char| letter.is_ascii_digit(), "7");
    let bad = [
        (comment(&made.id, "  "), "comment_text"),
        (comment(&made.id, &"ä".repeat(4_001)), "comment_text"),
        (CommentInput { mentions: vec![stranger], ..comment(&made.id, "x") }, "comment_person"),
        (CommentInput { question_for: vec![olivia], ..comment(&made.id, "x") }, "comment_self"),
        (
            CommentInput { answers: Some("com_1".into()), ..comment(&made.id, "x") },
            "comment_answers",
        ),
    ];
    for (input, code) in bad {
        assert_eq!(world.ops.engine().add_comment(&input).unwrap_err().code, code);
    }
    assert_eq!(world.ops.case(&made.id).unwrap().thread.comments, vec![]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_stops_even_offline_and_two_resume() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    world.relay.stop().await;
    until("offline", || (!world.ops.engine().connection().online).then_some(())).await;
    let early = world.ops.engine().prepare_halt(&halt(HaltKind::Resume, "safe")).unwrap_err();
    assert_eq!(early.code, "not_stopped");
    sign_halt(&world.ops, HaltKind::Stop, "Wrong currency");
    let view = world.ops.engine().halt().unwrap();
    assert_eq!((view.stopped, view.pending), (false, Some(HaltKind::Stop)), "nobody has heard yet");
    world.relay.start_again().await;
    until("the stop at the relay", || (world.ops.engine().connection().online).then_some(())).await;
    let stop = loop {
        if let [stop] = &world.gate.controls().await[..] {
            break stop.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    world.gate.log_control(&stop, None).await;
    for desktop in [&world.ops, &world.finance] {
        let view =
            until("the stop", || desktop.engine().halt().ok().filter(|view| view.stopped)).await;
        assert_eq!(
            (view.by.as_deref(), view.reason.as_deref()),
            (Some("Olivia"), Some("Wrong currency"))
        );
        assert_eq!((view.resume_needs, view.pending), (2, None));
        assert!(view.resume_blocked_because.is_none());
    }
    until("the news", || {
        let stopped = |news: &News| matches!(news, News::Halt(view) if view.stopped);
        world.finance.told.all().iter().any(stopped).then_some(())
    })
    .await;
    let kinds = |desktop: &Desktop| -> Vec<_> {
        desktop.told.notices().into_iter().map(|one| one.kind).collect()
    };
    until("the notice", || kinds(&world.finance).contains(&NoticeKind::Stopped).then_some(()))
        .await;
    assert!(!kinds(&world.ops).contains(&NoticeKind::Stopped), "its author knows");
    let again = world.ops.engine().prepare_halt(&halt(HaltKind::Stop, "")).unwrap_err();
    assert_eq!(again.code, "already_stopped");
    let sheet = world.finance.engine().prepare_decision(&approval(&made.id, "finance")).unwrap();
    assert!(sheet.warnings.iter().any(|warning| warning.code == "warn_stopped"));

    let silent = world.ops.engine().prepare_halt(&halt(HaltKind::Resume, " ")).unwrap_err();
    assert_eq!(silent.code, "reason_missing");
    for (desktop, asked) in [(&world.ops, 2), (&world.finance, 3)] {
        sign_halt(desktop, HaltKind::Resume, "The rates are right again");
        let blocked = desktop.engine().halt().unwrap().resume_blocked_because.unwrap();
        assert_eq!(blocked.code, "resume_asked");
        let resume = loop {
            let controls = world.gate.controls().await;
            if controls.len() == asked {
                break controls[asked - 1].clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        world.gate.log_control(&resume, None).await;
        let is_stopped = asked == 2;
        until("the entry", || {
            let view = desktop.engine().halt().ok()?;
            (view.pending.is_none() && view.stopped == is_stopped).then_some(())
        })
        .await;
    }
    until("that it is over", || {
        world.finance.told.all().contains(&News::NoticeOver(String::new())).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_stop_is_pending_no_more() {
    let world = &mut World::new().await;
    sign_halt(&world.ops, HaltKind::Stop, "");
    let stop = loop {
        if let [stop] = &world.gate.controls().await[..] {
            break stop.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    world.gate.log_control(&stop, Some(Refusal::ClockSkew)).await;
    until("the refusal", || {
        let view = world.ops.engine().halt().ok()?;
        (view.pending.is_none() && !view.stopped).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_a_prompt_is_signed_before_it_is_shown() {
    let mut world = World::new().await;
    let setup = CaseSetup { prompt: Some("Raise what sells."), ..CaseSetup::default() };
    let made = world.gate.publish_case(setup).await;
    until("the prompt's evidence", || {
        world.ops.case(&made.id).filter(|case| case.draft.as_ref().unwrap().model.prompt_on_device)
    })
    .await;
    world.ops.secrets.set_locked(true);
    let locked = world.ops.engine().read_prompt(&made.id).unwrap_err();
    assert_eq!(locked.code, "keychain_refused");
    world.ops.secrets.set_locked(false);
    let read = world.ops.engine().read_prompt(&made.id).unwrap();
    assert_eq!((read.prompt.as_str(), read.commitment_checked), ("Raise what sells.", true));
    let read_at = world.ops.case(&made.id).unwrap().draft.unwrap().model.prompt_read_at_ms;
    assert!(read_at.is_some());
    assert_eq!(world.ops.engine().halt().unwrap().pending, None, "not a stop");
    let bare = world.gate.publish_case(CaseSetup::default()).await;
    until("the other case", || world.ops.case(&bare.id)).await;
    assert_eq!(world.ops.engine().read_prompt(&bare.id).unwrap_err().code, "prompt_none");
    loop {
        if world.gate.controls().await.len() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_the_agent_is_checked_and_signed() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    let back = |requested| DecisionInput {
        kind: "request_changes".into(),
        reason_code: "smaller_change".into(),
        reason_text: "Half of it".into(),
        requested: Some(requested),
        ..approval(&made.id, "ops")
    };
    let asks = |amount: Option<&str>, days, evidence: &[&str]| RequestedView {
        max_after_micros: amount.map(str::to_owned),
        max_days: days,
        evidence: evidence.iter().map(|one| (*one).to_owned()).collect(),
        texts: false,
    };
    let bad = [
        (back(asks(None, None, &[])), "requested_empty"),
        (back(asks(Some("ten"), None, &[])), "requested_amount"),
        (back(asks(Some("-1"), None, &[])), "amount_limits"),
        (back(asks(Some("0"), None, &[])), "amount_limits"),
        (back(asks(None, Some(0), &[])), "requested_days"),
        (back(asks(None, None, &["vibes"])), "requested_evidence"),
        (
            DecisionInput {
                requested: Some(asks(None, Some(3), &[])),
                ..approval(&made.id, "ops")
            },
            "requested_unasked",
        ),
    ];
    for (input, code) in bad {
        assert_eq!(world.ops.engine().prepare_decision(&input).unwrap_err().code, code);
    }
    let input = back(asks(Some("550000000"), Some(3), &["backtest"]));
    let sheet = world.ops.engine().prepare_decision(&input).unwrap();
    assert!(sheet.lines.iter().any(|line| line.key == "requested_amount"));
    assert!(sheet.warnings.iter().all(|warning| warning.code != "warn_way_back"));
    world.ops.engine().sign_decision(&sheet.ticket).unwrap();
    world.ops.skip_hold();
    until("delivery", || (world.ops.engine().connection().unsent == 0).then_some(())).await;
    let (decision, _) = world.gate.decisions(made.case).await.remove(0);
    assert_eq!(decision.requested.unwrap().max_days, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_given_once_and_taken_back_when_it_is_decided() {
    let mut world = World::new().await;
    let setup = CaseSetup { tier: RiskTier::High, due_minutes: 5 * 60, ..CaseSetup::default() };
    let made = world.gate.publish_case(setup).await;
    let notice = until("a notice", || world.ops.told.notices().pop()).await;
    assert_eq!((notice.proposal.as_str(), notice.kind), (made.id.as_str(), NoticeKind::NeedsMe));
    let sheet = world.ops.engine().prepare_decision(&approval(&made.id, "ops")).unwrap();
    assert!(sheet.armed_only, "high tier");

    // A restart repeats nothing.
    world.ops.close().await;
    world.ops.told.forget();
    world.ops.open();
    world.ops.start();
    until("online", || world.ops.engine().connection().online.then_some(())).await;
    world.ops.skip_ms(1);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(world.ops.told.notices(), vec![]);

    world.ops.sign(&approval(&made.id, "ops"));
    assert!(world.ops.told.all().contains(&News::NoticeOver(made.id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn time_alone_moves_what_is_put_away_and_what_is_due() {
    let mut world = World::new().await;
    let setup = CaseSetup { due_minutes: 67, ..CaseSetup::default() };
    let made = world.gate.publish_case(setup).await;
    until("the case", || world.ops.case(&made.id)).await;
    let counts = |desktop: &Desktop| {
        desktop.told.all().into_iter().rev().find_map(|news| match news {
            News::Counts(counts) => Some(counts),
            _ => None,
        })
    };
    until("counts", || counts(&world.ops).filter(|counts| counts.needs_me == 1)).await;
    assert_eq!(counts(&world.ops).unwrap().due_soon, 0);
    let until_ms = world.ops.clock().plus_ms(100_000).millis();
    world.ops.engine().snooze_case(&made.id, Some(until_ms)).unwrap();
    until("put away", || counts(&world.ops).filter(|counts| counts.snoozed == 1)).await;
    world.ops.skip_ms(100_001);
    until("back", || counts(&world.ops).filter(|now| now.needs_me == 1 && now.snoozed == 0)).await;
    world.ops.skip_ms(330_000);
    until("due", || counts(&world.ops).filter(|counts| counts.due_soon == 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_ahead_is_said_before_signing() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    until("the case", || world.ops.case(&made.id)).await;
    assert_eq!(world.ops.engine().connection().clock_skew_ms, None);
    world.ops.close().await;
    world.ops.set_clock_error_ms(600_000);
    world.ops.open();
    world.ops.start();
    let skew = until("the skew", || world.ops.engine().connection().clock_skew_ms).await;
    assert!((590_000..610_000).contains(&skew), "{skew}");
    let sheet = world.ops.engine().prepare_decision(&approval(&made.id, "ops")).unwrap();
    let warning = sheet.warnings.iter().find(|warning| warning.code == "warn_clock").unwrap();
    assert_eq!(warning.values["minutes"], "10");
}

/// What nobody could read, or is made in part, is listed for everybody until a person has said in
/// the case what was done about it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_must_look_at_is_listed_until_somebody_says_what_was_done() {
    let mut world = World::new().await;
    let made = world.gate.publish_case(CaseSetup::default()).await;
    for (desktop, role) in [(&world.ops, "ops"), (&world.finance, "finance")] {
        until("the case", || desktop.case(&made.id)).await;
        desktop.approve(&made.id, role);
        desktop.skip_hold();
        desktop.delivered(&made.id).await;
    }
    for (decision, envelope) in world.gate.decisions(made.case).await {
        world.gate.judge(&decision, envelope, None);
    }
    let unread = PlatformRecord {
        request_ids: vec![],
        status: ExecutionStatus::Unknown,
        code: Some("transport.TIMEOUT".into()),
        read_back: None,
        legs: vec![],
    };
    world.gate.execute_to(&made, unread);
    world.gate.publish_log().await;
    let ended = until("its end", || world.ops.case(&made.id).filter(|case| case.to_check)).await;
    let ending = ended.ending.unwrap();
    assert_eq!(ending.status, ExecutionEnd::Unknown);
    assert_eq!((ending.code.as_deref(), ending.legs.len()), (Some("transport.TIMEOUT"), 0));
    let list = |desktop: &Desktop, view| {
        let query = InboxQuery { view, search: String::new(), after: None, limit: 50 };
        desktop.engine().list_cases(&query).unwrap()
    };
    let listed = list(&world.ops, InboxView::ToCheck);
    assert_eq!((listed.counts.to_check, listed.counts.settled), (1, 0));
    let [row] = &listed.rows[..] else { panic!("{:?}", listed.rows) };
    assert!(row.proposal == made.id && row.to_check && row.ending == Some(ExecutionEnd::Unknown));

    // Who asks has not said what was done.
    let finance = ended.thread.people.iter().find(|person| person.name == "Farid").unwrap();
    let ask = CommentInput {
        question_for: vec![finance.id.clone()],
        ..comment(&made.id, "What does the account show?")
    };
    world.ops.engine().add_comment(&ask).unwrap();
    assert!(world.ops.case(&made.id).unwrap().to_check);
    until("the question at finance", || {
        world.finance.case(&made.id).filter(|case| case.to_check && case.thread.comments.len() == 1)
    })
    .await;
    let done = comment(&made.id, "It holds 575; nothing is left to do.");
    world.finance.engine().add_comment(&done).unwrap();
    assert!(!world.finance.case(&made.id).unwrap().to_check);
    until("what was done, at ops", || world.ops.case(&made.id).filter(|case| !case.to_check)).await;
    let listed = list(&world.ops, InboxView::Settled);
    assert_eq!((listed.counts.to_check, listed.counts.settled), (0, 1));
    assert_eq!(listed.rows[0].proposal, made.id);
}
