//! What holds of every kind of change. Each has a golden file: its canonical bytes, and its
//! sheet in every language.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use countersign_model::{
    Action, Decision, DecisionKind, Digest, Draft, Role, TimestampMs, canonical,
    change::{Direction, DraftChange, KINDS, Value, kind_named},
    confirm::{Language, render},
    decision::statement_bytes,
    id::{DecisionId, DeviceId, PersonId, ProposalId, WorkspaceId},
    reason::Reason,
};
use uuid::Uuid;

fn samples() -> Vec<Action> {
    Action::samples(TimestampMs::from_millis(1_767_225_600_000)).unwrap()
}

fn approval(effective: &Action) -> Decision {
    let id = Uuid::from_u128(0x0192_f0c1_7b1e_7c3a_9d57_3f1f_6f2a_9c11);
    Decision {
        id: DecisionId::from_uuid(id),
        workspace: WorkspaceId::from_uuid(id),
        proposal: ProposalId::from_uuid(id),
        kind: DecisionKind::Approve,
        effective: Some(effective.clone()),
        reason: Reason { code: "within_plan".into(), text: String::new() },
        person: PersonId::from_uuid(id),
        device: DeviceId::from_uuid(id),
        role: Role::parse("ops").unwrap(),
        on_behalf_of: None,
        verdict: Digest::of(b"verdict"),
        policy: Digest::of(b"policy"),
        entity_revision: 1,
        evidence_shown: vec![],
        comments_shown: vec![],
        requested: None,
        checkpoint_seen: None,
        signed_at_ms: TimestampMs::from_millis(1_767_225_600_000),
        valid_until_ms: TimestampMs::from_millis(1_767_229_200_000),
        mfa: None,
    }
}

#[test]
fn each_kind_has_a_sample_and_its_bytes_and_sheets_are_golden() {
    let samples = samples();
    let names: Vec<_> = samples.iter().map(Action::kind).collect();
    assert_eq!(names, KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>());
    for sample in samples {
        let bytes = canonical::to_bytes(&sample).unwrap();
        assert_eq!(canonical::from_bytes::<Action>(&bytes).unwrap(), sample);
        let statement = statement_bytes(&approval(&sample), Digest::of(b"proposal")).unwrap();
        let sheets = [Language::En, Language::De]
            .map(|language| render(&statement, language).unwrap().to_text())
            .join("\n");
        let golden = format!("{}\n\n{sheets}", String::from_utf8(bytes).unwrap());
        insta::assert_snapshot!(sample.kind(), golden);
    }
}

#[test]
fn each_kind_keeps_the_laws_of_a_change() {
    for sample in samples() {
        let kind = sample.kind();
        sample.check().unwrap();
        let headline = sample.headline();
        assert_eq!((headline.kind, &headline.target), (kind, &sample.target()));
        assert!(!headline.diff.is_empty() && !headline.subject.is_empty(), "{kind}");
        assert_eq!(sample.lead().as_ref(), Some(&headline.diff[0].after), "{kind}");
        assert!(sample.is_covered_by(&sample), "{kind}: an approval covers itself");
        assert!(sample.is_held_by(&sample), "{kind}: what was asked for is what holds");
        assert!(!sample.is_unmade_in(&sample), "{kind}: what was made is not unmade");
        let back = sample.inverse();
        assert_eq!(back.targets(), sample.targets(), "{kind}");
        assert!(!back.is_covered_by(&sample), "{kind}: no signature covers the way back");
        for leg in sample.legs() {
            let back = leg.inverse();
            let moves_money = leg.direction() != Direction::None;
            assert!(!moves_money || back.direction() != leg.direction(), "{kind}: another way");
            match (&leg.diff()[0].after, &back.diff()[0].after) {
                (Value::Set { added, removed }, Value::Set { added: again, removed: back }) => {
                    assert_eq!((added, removed), (back, again), "{kind}");
                }
                (after, _) => assert_eq!(back.diff()[0].before.as_ref(), Some(after), "{kind}"),
            }
            assert!(leg.mutation().is_some() && !leg.has_legs(), "{kind}: a leg is one write");
        }
        assert_eq!(sample.with_legs(sample.legs()).as_ref(), Some(&sample), "{kind}");
        assert_eq!(sample.with_legs(vec![]), None, "{kind}");
        assert_eq!(sample.mutation().is_none(), sample.has_legs(), "{kind}");
        assert_eq!(sample.own_amounts().is_some(), sample.asks().amount.is_some(), "{kind}");
        let set = sample.lead().unwrap();
        if sample.has_own_part() {
            assert_eq!(sample.with_own_value(set).as_ref(), Some(&sample), "{kind}");
        } else if sample.own_amounts().is_none() {
            assert_eq!(sample.with_own_value(sample.lead().unwrap()), None, "{kind}");
        }
    }
}

#[test]
fn no_change_of_one_kind_stands_for_one_of_another() {
    let samples = samples();
    for (at, one) in samples.iter().enumerate() {
        for other in samples.iter().skip(at + 1) {
            for (one, other) in [(one, other), (other, one)] {
                assert!(!one.is_covered_by(other) && !one.is_held_by(other));
                assert!(!one.is_unmade_in(other) && !one.differs_in_value_only(other));
            }
        }
    }
}

#[test]
fn each_kind_is_named_once_and_its_example_is_a_draft() {
    for kind in KINDS {
        assert_eq!(KINDS.iter().filter(|other| other.name == kind.name).count(), 1);
        assert_eq!(kind_named(kind.name).map(|found| found.tool), Some(kind.tool));
        let example: serde_json::Value = serde_json::from_str(kind.example).unwrap();
        let change: DraftChange = serde_json::from_value(example["change"].clone()).unwrap();
        assert_eq!(change.kind(), kind.name);
        change.check().unwrap();
        let schema: serde_json::Value = serde_json::from_str(kind.schema).unwrap();
        assert_eq!(
            schema.pointer("/properties/change/properties/proposal_type/const"),
            Some(&kind.name.into())
        );
    }
    assert!(kind_named("delete_account").is_none());
}

/// What only some kinds demand of a draft.
const DEMANDED: [&str; 2] = ["recommended_action", "counterfactual"];

#[test]
fn a_schema_demands_what_its_kind_demands() {
    for kind in KINDS {
        let schema: serde_json::Value = serde_json::from_str(kind.schema).unwrap();
        let required = schema["required"].as_array().unwrap();
        for name in DEMANDED {
            assert_eq!(required.contains(&name.into()), kind.needs_counterfactual, "{}", kind.name);
            assert!(schema["properties"][name].is_object(), "{}: {name}", kind.name);
        }
        let draft: Draft = serde_json::from_str(kind.example).unwrap();
        assert_eq!(draft.check(), Ok(()), "{}", kind.name);
        assert_eq!(draft.grounds.check(kind.needs_counterfactual), Ok(()), "{}", kind.name);
    }
}

/// What is not about the kind is the same in every schema.
#[test]
fn the_schemas_share_what_is_not_about_their_kind() {
    let shared = |text: &str| {
        let mut schema: serde_json::Value = serde_json::from_str(text).unwrap();
        let object = schema.as_object_mut().unwrap();
        for own in ["$id", "title", "description"] {
            object.remove(own);
        }
        schema["properties"].as_object_mut().unwrap().remove("change");
        // What a kind may demand beyond the others; the next test says which.
        schema["required"]
            .as_array_mut()
            .unwrap()
            .retain(|name| !DEMANDED.contains(&name.as_str().unwrap()));
        // Definitions that only the kind's own part refers to.
        for own in [
            "money",
            "window",
            "moment",
            "status",
            "flight",
            "side",
            "bid",
            "bidding",
            "basis_points",
            "creative",
            "read_creative",
            "read_texts",
            "ad_words",
            "standing",
            "place",
            "score",
            "audience",
            "claim",
        ] {
            schema["$defs"].as_object_mut().unwrap().remove(own);
        }
        schema
    };
    let first = shared(KINDS[0].schema);
    for kind in KINDS {
        assert_eq!(shared(kind.schema), first, "{}", kind.name);
    }
}
