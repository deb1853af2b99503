use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn at(millis: i64) -> TimestampMs {
    TimestampMs::from_millis(millis)
}

fn id(number: u8) -> ProposalId {
    ProposalId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn question(number: u8) -> CommentId {
    CommentId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn case(number: u8, tier: RiskTier) -> CaseNow {
    CaseNow {
        case: id(number),
        tier,
        decide_by_ms: at(10 * HOUR_MS),
        expires_at_ms: at(20 * HOUR_MS),
        needs_me: true,
        settled: false,
        questions: BTreeSet::new(),
        refused: false,
    }
}

fn settings() -> SettingsView {
    SettingsView::default()
}

fn now(at_ms: i64, settings: &SettingsView) -> Now<'_> {
    let minute = u16::try_from(at_ms.div_euclid(MINUTE_MS).rem_euclid(1_440)).unwrap();
    Now { at: at(at_ms), minute: Some(minute), settings }
}

fn kinds(told: &[Told]) -> Vec<NoticeKind> {
    let kind = |one: &Told| match one {
        Told::Notice(view, _) => Some(view.kind.clone()),
        Told::Over(_) | Told::StopOver => None,
    };
    told.iter().filter_map(kind).collect()
}

#[test]
fn tiers_are_paced_and_what_comes_together_is_told_together() {
    let settings = settings();
    let mut notices = Notices::default();
    let high = vec![Event::Case(case(1, RiskTier::High)), Event::Case(case(2, RiskTier::High))];
    let told = notices.step(high, now(0, &settings));
    assert!(
        matches!(&told[..], [Told::Notice(view, cases)] if view.cases == 2 && cases.len() == 2)
    );
    let medium = |number| vec![Event::Case(case(number, RiskTier::Medium))];
    assert_eq!(kinds(&notices.step(medium(3), now(1, &settings))), [NoticeKind::NeedsMe]);
    assert_eq!(notices.step(medium(4), now(2, &settings)), []);
    assert_eq!(notices.step(medium(5), now(3, &settings)), []);
    let told = notices.step(vec![], now(HOUR_MS + 1, &settings));
    assert!(matches!(&told[..], [Told::Notice(view, _)] if view.cases == 2));
}

#[test]
fn what_is_due_within_the_hour_waits_for_no_pace() {
    let settings = settings();
    let mut notices = Notices::default();
    notices.step(vec![Event::Case(case(1, RiskTier::Low))], now(0, &settings));
    assert_eq!(notices.step(vec![Event::Case(case(2, RiskTier::Low))], now(1, &settings)), []);
    let told = notices.step(vec![], now(9 * HOUR_MS, &settings));
    assert_eq!(kinds(&told), [NoticeKind::DueSoon]);
    assert_eq!(notices.step(vec![], now(9 * HOUR_MS + 1, &settings)), []);
}

#[test]
fn quiet_hours_let_through_only_what_would_be_too_late() {
    let mut settings = SettingsView {
        quiet_from: Some("00:00".into()),
        quiet_until: Some("12:00".into()),
        ..settings()
    };
    let later = CaseNow { decide_by_ms: at(13 * HOUR_MS), ..case(2, RiskTier::High) };
    let events = || vec![Event::Case(case(1, RiskTier::High)), Event::Case(later.clone())];
    let mut notices = Notices::default();
    let told = notices.step(events(), now(HOUR_MS, &settings));
    assert!(matches!(&told[..], [Told::Notice(_, cases)] if cases[..] == [id(1)]));
    let told = notices.step(vec![], now(12 * HOUR_MS, &settings));
    assert!(matches!(&told[..], [Told::Notice(_, cases)] if cases[..] == [id(2)]));
    settings.quiet_except_due = false;
    assert_eq!(Notices::default().step(events(), now(HOUR_MS, &settings)), []);
}

#[test]
fn a_question_and_a_refusal_are_told_once_and_a_question_is_over_when_answered() {
    let settings = settings();
    let mut notices = Notices::default();
    let asked = CaseNow {
        needs_me: false,
        questions: BTreeSet::from([question(1)]),
        ..case(1, RiskTier::Medium)
    };
    let step = |notices: &mut Notices, now_is: &CaseNow, ms| {
        notices.step(vec![Event::Case(now_is.clone())], now(ms, &settings))
    };
    assert_eq!(kinds(&step(&mut notices, &asked, 0)), [NoticeKind::Question]);
    assert_eq!(step(&mut notices, &asked, 1), []);
    let answered = CaseNow { questions: BTreeSet::new(), ..asked.clone() };
    assert_eq!(step(&mut notices, &answered, 2), [Told::Over(id(1))]);
    let refused = CaseNow { refused: true, settled: true, ..answered };
    assert_eq!(kinds(&step(&mut notices, &refused, 3)), [NoticeKind::Refused]);
    assert_eq!(notices.cases.len(), 0, "what is settled is forgotten");
}

#[test]
fn a_stop_is_told_to_everybody_but_its_author() {
    let settings = settings();
    let stop = Digest::of(b"stop");
    let step =
        |notices: &mut Notices, stop| notices.step(vec![Event::Stop(stop)], now(0, &settings));
    let mut notices = Notices::default();
    assert_eq!(kinds(&step(&mut notices, Some((stop, false)))), [NoticeKind::Stopped]);
    assert_eq!(step(&mut notices, Some((stop, false))), []);
    assert_eq!(step(&mut notices, None), [Told::StopOver]);
    assert_eq!(step(&mut Notices::default(), Some((stop, true))), []);
}

/// What may happen in a day of notices.
#[derive(Clone, Debug)]
enum Happens {
    Case { number: u8, tier: u8, due_minutes: u16, needs_me: bool, settled: bool, question: bool },
    Minutes(u16),
    Restart,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => (0u8..6, 0u8..3, 0u16..1_000, any::<bool>(), prop::bool::weighted(0.2), any::<bool>())
            .prop_map(|(number, tier, due_minutes, needs_me, settled, question)| Happens::Case {
                number, tier, due_minutes, needs_me: needs_me && !settled, settled, question,
            }),
        3 => (0u16..200).prop_map(Happens::Minutes),
        1 => Just(Happens::Restart),
    ]
}

fn any_settings() -> impl Strategy<Value = SettingsView> {
    let pace = || {
        prop_oneof![
            Just(NoticePace::Now),
            Just(NoticePace::Hourly),
            Just(NoticePace::Daily),
            Just(NoticePace::Off)
        ]
    };
    (pace(), pace(), pace(), any::<bool>(), 0u16..24, 0u16..24).prop_map(
        |(low, medium, high, except, from, until)| SettingsView {
            notice_low: low,
            notice_medium: medium,
            notice_high: high,
            quiet_from: (from != until).then(|| format!("{from:02}:00")),
            quiet_until: (from != until).then(|| format!("{until:02}:00")),
            quiet_except_due: except,
            ..SettingsView::default()
        },
    )
}

proptest! {
    /// The laws of notices, over any course of events: only where a signature counts, once
    /// per case, silent in quiet hours but for what would be too late, over exactly when it
    /// is over; and a restart changes none of it.
    #[test]
    fn laws_of_notices(course in prop::collection::vec(happens(), 0..60), settings in any_settings()) {
        let tiers = [RiskTier::Low, RiskTier::Medium, RiskTier::High];
        let (mut notices, mut millis) = (Notices::default(), 0i64);
        let mut cases: BTreeMap<ProposalId, CaseNow> = BTreeMap::new();
        let (mut asked, mut open) = (BTreeSet::new(), BTreeSet::new());
        let mut ended = BTreeSet::new();
        for one in course {
            let mut events = vec![];
            match one {
                Happens::Case { number, tier, due_minutes, needs_me, settled, question: ask } => {
                    if ended.contains(&id(number)) { continue }
                    if settled { ended.insert(id(number)); }
                    let due = millis + i64::from(due_minutes) * MINUTE_MS;
                    let event = CaseNow {
                        case: id(number),
                        tier: tiers[usize::from(tier)],
                        decide_by_ms: at(due),
                        expires_at_ms: at(due + HOUR_MS),
                        needs_me,
                        settled,
                        questions: if ask && !settled { BTreeSet::from([question(number)]) } else { BTreeSet::new() },
                        refused: false,
                    };
                    cases.insert(id(number), event.clone());
                    events.push(Event::Case(event));
                }
                Happens::Minutes(minutes) => millis += i64::from(minutes) * MINUTE_MS,
                Happens::Restart => {
                    let kept = serde_json::to_vec(&notices).unwrap();
                    notices = serde_json::from_slice(&kept).unwrap();
                }
            }
            let moment = now(millis, &settings);
            for told in notices.step(events, moment) {
                match told {
                    Told::Notice(view, covered) => {
                        prop_assert_eq!(view.cases as usize, covered.len());
                        for case in covered {
                            let is = &cases[&case];
                            let asks = matches!(view.kind, NoticeKind::NeedsMe | NoticeKind::DueSoon);
                            prop_assert!(pace(&settings, is.tier) != NoticePace::Off);
                            if asks {
                                prop_assert!(is.needs_me && moment.at < is.expires_at_ms);
                                prop_assert!(asked.insert(case), "told twice");
                            } else {
                                prop_assert!(!is.questions.is_empty());
                            }
                            if let Some(until) = quiet_until(moment) {
                                prop_assert!(asks && settings.quiet_except_due && is.decide_by_ms <= until);
                            }
                            open.insert(case);
                        }
                    }
                    Told::Over(case) => prop_assert!(open.remove(&case), "over, but never told"),
                    Told::StopOver => prop_assert!(false, "nobody stopped"),
                }
            }
            for case in &open {
                let is = &cases[case];
                let counts = is.needs_me && moment.at < is.expires_at_ms;
                prop_assert!(counts || !is.questions.is_empty(), "not taken back");
            }
            prop_assert!(notices.cases.len() <= 6);
        }
    }

    #[test]
    fn quiet_hours_end(from in 0u16..1_440, until in 0u16..1_440, minute in 0u16..1_440) {
        prop_assume!(from != until);
        let clock = |minute: u16| Some(format!("{:02}:{:02}", minute / 60, minute % 60));
        let settings = SettingsView { quiet_from: clock(from), quiet_until: clock(until), ..settings() };
        let moment = Now { at: at(0), minute: Some(minute), settings: &settings };
        let quiet = if from < until { (from..until).contains(&minute) } else { minute >= from || minute < until };
        prop_assert_eq!(quiet_until(moment).is_some(), quiet);
        if let Some(end) = quiet_until(moment) {
            prop_assert!(end > at(0) && end <= at(24 * HOUR_MS));
        }
        prop_assert_eq!(quiet_until(Now { minute: None, ..moment }), None, "in no known place");
    }
}
