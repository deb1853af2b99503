//! Comments and backtests: what is refused, and when a question is open.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use countersign_model::{
    Comment, CommentId, DeviceId, Draft, PersonId, ProposalId, TimestampMs, WorkspaceId,
    comment::open_questions, draft::DraftError,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

fn person(number: u128) -> PersonId {
    PersonId::from_uuid(Uuid::from_u128(number))
}

fn comment(number: u128, by: u128, asks: &[u128], answers: Option<u128>) -> Comment {
    let id = |number| CommentId::from_uuid(Uuid::from_u128(number));
    Comment {
        id: id(number),
        workspace: WorkspaceId::from_uuid(Uuid::from_u128(1)),
        proposal: ProposalId::from_uuid(Uuid::from_u128(2)),
        person: person(by),
        device: DeviceId::from_uuid(Uuid::from_u128(by)),
        text: "Is it in the plan?".into(),
        mentions: BTreeSet::new(),
        question_for: asks.iter().map(|one| person(*one)).collect(),
        answers: answers.map(id),
        signed_at_ms: TimestampMs::from_millis(0),
    }
}

#[test]
fn only_someone_who_was_asked_answers_a_question() {
    let question = comment(1, 10, &[20, 30], None);
    let by_another = comment(2, 40, &[], Some(1));
    let open = [question.clone(), by_another.clone()];
    assert_eq!(open_questions(&open), [&question]);
    let answered = [question, by_another, comment(3, 30, &[], Some(1))];
    assert!(open_questions(&answered).is_empty());
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(seed in any::<u64>()) {
        let mut comments = vec![
            comment(1, 10, &[20], None),
            comment(2, 10, &[30], None),
            comment(3, 20, &[], Some(1)),
            comment(4, 20, &[], Some(2)),
        ];
        let turns = usize::try_from(seed % 4).unwrap();
        comments.rotate_left(turns);
        let open: Vec<_> = open_questions(&comments).into_iter().map(|one| one.id).collect();
        prop_assert_eq!(open, [CommentId::from_uuid(Uuid::from_u128(2))]);
    }
}

fn draft(backtest: Value) -> Result<(), DraftError> {
    let mut draft: Value =
        serde_json::from_str(include_str!("../../../schemas/examples/budget_change.json")).unwrap();
    draft["backtest"] = backtest;
    serde_json::from_value::<Draft>(draft).unwrap().check()
}

fn backtest(change: impl Fn(&mut Value)) -> Value {
    let mut backtest = json!({
        "method": "Least squares on weekday and spend.",
        "fitted_from": "2026-07-24",
        "fitted_until": "2026-10-21",
        "metric": "clicks",
        "level": 0.9,
        "predictions": [
            {"date": "2026-10-22", "predicted": {"value": 100, "low": 90, "high": 120}},
            {"date": "2026-10-23", "predicted": {"value": 0, "low": 0, "high": 0}}
        ]
    });
    change(&mut backtest);
    backtest
}

#[test]
fn a_backtest_is_about_days_that_the_model_has_not_seen() {
    assert_eq!(draft(backtest(|_| {})), Ok(()));
    let refused = [
        backtest(|it| it["method"] = json!(" ")),
        backtest(|it| it["level"] = json!(1)),
        backtest(|it| it["fitted_until"] = json!("2026-10-22")),
        backtest(|it| it["fitted_from"] = json!("2026-02-30")),
        backtest(|it| it["predictions"] = json!([])),
        backtest(|it| it["predictions"][1]["date"] = json!("2026-10-22")),
        backtest(|it| it["predictions"][0]["predicted"]["low"] = json!(101)),
    ];
    for one in refused {
        let found = draft(one.clone());
        assert!(matches!(found, Err(DraftError::Backtest(_))), "{one}: {found:?}");
    }
}
