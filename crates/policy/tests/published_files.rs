//! A policy as published: what a desktop reads, believes and tries.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use countersign_model::{
    Outcome, Role,
    verdict::{Layer, RiskTier},
};
use countersign_policy::{
    Files, PolicySet, base_of, describe, describe_limits, reference_of, with_limit,
};
use support::{files, folder, input, published};

fn bundle() -> Files {
    let data = std::fs::read_to_string(folder().join("data.json")).unwrap();
    files().into_iter().chain([("data.json".to_owned(), data)]).collect()
}

#[test]
fn the_digest_is_recomputed_from_the_texts_alone() {
    let reference = reference_of(&bundle()).unwrap();
    assert_eq!(&reference, published().reference());
    let mut without_tests = bundle();
    without_tests.retain(|path, _| !path.ends_with("_test.rego"));
    assert!(without_tests.len() < bundle().len());
    assert_eq!(reference_of(&without_tests).unwrap(), reference);
    let mut edited = without_tests.clone();
    edited.get_mut("brand/freeze.rego").unwrap().push(' ');
    assert_ne!(reference_of(&edited).unwrap(), reference);
    let same = PolicySet::from_files(&without_tests).unwrap();
    assert_eq!(same.evaluate(&input(25)).unwrap(), published().evaluate(&input(25)).unwrap());
    assert!(reference_of(&Files::new()).is_err());
}

/// Two limits of one name: neither is silently dropped.
#[test]
fn a_limit_that_stands_twice_is_refused_with_its_line() {
    let mut twice = bundle();
    let text = twice["data.json"].replacen(
        "\"max_change_percent\": 15,",
        "\"max_change_percent\": 15,\n\"max_change_percent\": 1500,",
        1,
    );
    twice.insert("data.json".into(), text.clone());
    let line = text.lines().position(|line| line.contains("1500")).unwrap() + 1;
    for refused in [reference_of(&twice).unwrap_err(), PolicySet::from_files(&twice).unwrap_err()] {
        assert_eq!(
            (refused.file.as_str(), refused.line as usize),
            ("data.json", line),
            "{refused}"
        );
    }
}

#[test]
fn every_published_rule_can_be_read() {
    let rules = describe(&bundle()).unwrap();
    let written: usize = files()
        .iter()
        .filter(|(path, _)| !path.ends_with("_test.rego"))
        .map(|(_, source)| source.matches("findings contains").count())
        .sum();
    assert_eq!(rules.len(), written);
    assert!(rules.is_sorted_by_key(|rule| rule.layer));
    for rule in &rules {
        let name = &rule.rule;
        assert!(!name.is_empty() && rule.title.len() > 8, "{rule:?}");
        assert!(rule.description.len() > 40 && rule.description.ends_with('.'), "{name}");
        assert!(rule.text.starts_with("findings contains {") && rule.text.ends_with('}'), "{name}");
        assert!(rule.text.contains(name) && !rule.text.contains("METADATA"), "{name}");
        let (outcome, tier) = (rule.outcome.unwrap(), rule.risk_tier.unwrap());
        // Whatever is not ordinary is told upwards before its time is over.
        let told = rule.ladder.iter().all(|rung| rung.after_minutes < rule.sla_minutes.unwrap());
        assert!(told && rule.ladder.is_empty() == (tier == RiskTier::Low), "{name}");
        // Only what is ordinary may be signed together with others, whether or not a person is
        // asked in every mode.
        assert!(rule.batch_class.is_none() || tier == RiskTier::Low, "{name}");
        assert!(rule.batch_class.is_some() || outcome != Outcome::Allow, "{name}");
    }
    let multiplied = rules.iter().find(|rule| rule.rule == "budget_change_multiplies").unwrap();
    assert_eq!((multiplied.layer, multiplied.outcome), (Layer::Corporate, Some(Outcome::Hold)));
    assert_eq!(multiplied.roles.get(&Role::parse("finance").unwrap()), Some(&1));
    assert_eq!(multiplied.sla_minutes, Some(30));
    assert_eq!(multiplied.file, "corporate/budget.rego");
    let line =
        bundle()[&multiplied.file].lines().nth(multiplied.line as usize - 1).unwrap().to_owned();
    assert_eq!(line, "findings contains {");
}

#[test]
fn what_a_rule_computes_is_left_open_and_folded_words_are_joined() {
    let source = "package countersign.brand\n\n# METADATA\n# title: Odd\n# description: Two\n#   lines.\nfindings contains {\n\t\"rule\": \"odd\",\n\t\"outcome\": input.outcome,\n\t\"roles\": {\"ops\": 2},\n} if {\n\ttrue\n}\n\nhelper := 1\n";
    let files = Files::from([("brand/odd.rego".to_owned(), source.to_owned())]);
    let rules = describe(&files).unwrap();
    let [rule] = rules.as_slice() else { panic!("{rules:?}") };
    assert_eq!((rule.rule.as_str(), rule.outcome, rule.line), ("odd", None, 7));
    assert_eq!((rule.title.as_str(), rule.description.as_str()), ("Odd", "Two lines."));
    assert_eq!(rule.roles.values().copied().collect::<Vec<_>>(), [2]);
    assert!(rule.text.ends_with("true\n}"), "{}", rule.text);
    let broken = Files::from([(
        "brand/odd.rego".to_owned(),
        "package countersign.brand\nx contains".to_owned(),
    )]);
    assert_eq!(describe(&broken).unwrap_err().file, "brand/odd.rego");
}

#[test]
fn limits_are_read_with_their_layer_and_tried() {
    let find = |files: &Files, layer: Layer| {
        let all = describe_limits(files).unwrap();
        let one =
            all.into_iter().find(|one| one.layer == layer && one.name == "max_change_percent");
        one.map(|one| (one.value.to_string(), one.in_force.to_string()))
    };
    let own = bundle();
    assert_eq!(find(&own, Layer::Corporate), Some(("15".into(), "15".into())));
    assert_eq!(find(&own, Layer::Brand), None);
    assert_eq!(base_of(&own).unwrap().sla_minutes, 30);

    let stricter = with_limit(&own, Layer::Brand, "max_change_percent", "5").unwrap();
    assert_eq!(find(&stricter, Layer::Corporate), Some(("15".into(), "5".into())));
    let before = published().evaluate(&input(8)).unwrap();
    let after = PolicySet::from_files(&stricter).unwrap().evaluate(&input(8)).unwrap();
    assert_eq!((before.outcome, after.outcome), (Outcome::Allow, Outcome::Escalate));
    assert_ne!(reference_of(&stricter).unwrap().digest, reference_of(&own).unwrap().digest);

    let laxer = with_limit(&own, Layer::Brand, "max_change_percent", "50").unwrap();
    assert_eq!(PolicySet::from_files(&laxer).unwrap().conflicts().len(), 1);
    assert!(with_limit(&own, Layer::Brand, "max_change_percent", "much").is_err());
}

#[test]
fn the_ladder_and_the_class_reach_the_verdict() {
    let set = published();
    let ladder = |percent| set.evaluate(&input(percent)).unwrap().ladder;
    let head = Role::parse("finance_head").unwrap();
    assert_eq!(ladder(25).get(&head), Some(&20));
    assert_eq!(ladder(120).get(&head), Some(&10), "the earliest of all rules");
    assert!(ladder(8).is_empty());
    let class = |percent| set.evaluate(&input(percent)).unwrap().batch_class;
    assert_eq!(class(8).as_deref(), Some("routine_budget"));
    assert_eq!(class(-40).as_deref(), Some("routine_budget"));
    assert_eq!((class(12), class(25), class(120), class(0)), (None, None, None, None));
    let nil = uuid::Uuid::nil();
    let now = countersign_model::TimestampMs::from_millis(1_000);
    let verdict = set.evaluate(&input(25)).unwrap().into_verdict(
        countersign_model::WorkspaceId::from_uuid(nil),
        countersign_model::ProposalId::from_uuid(nil),
        set.reference().clone(),
        now,
    );
    let [rung] = verdict.ladder.as_slice() else { panic!("{:?}", verdict.ladder) };
    assert_eq!((rung.at_ms, &rung.role), (now.plus_ms(20 * 60_000), &head));
    assert!(!verdict.quorum.iter().any(|group| group.role == head), "told, not asked");
}
