//! What is refused when a policy is loaded: a name that refers to nothing takes rules out of
//! force without a word, wherever the slip is.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_policy::{PolicyError, PolicySet, limits::known_limits};
use proptest::prelude::*;
use support::{data, files, input, published};

/// The published policy with one text of one file replaced.
fn edited(file: &str, from: &str, to: &str) -> Vec<(String, String)> {
    let mut files = files();
    let (_, source) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    assert!(source.contains(from), "{file} has no {from}");
    *source = source.replacen(from, to, 1);
    files
}

fn refused(files: &[(String, String)]) -> PolicyError {
    PolicySet::compile(files, data()).unwrap_err()
}

/// One file of the brand's layer.
fn brand(source: &str) -> Vec<(String, String)> {
    vec![("brand/one.rego".into(), format!("package countersign.brand\n\n{source}\n"))]
}

fn finding(body: &str) -> String {
    format!(
        "findings contains {{\"rule\": \"one\", \"outcome\": \"hold\", \"risk_tier\": \"high\", \"words\": \"One.\"}} if {{\n\t{body}\n}}"
    )
}

#[test]
fn a_misspelt_limit_in_the_data_is_refused_with_its_place() {
    let mut typo = data();
    let limits = typo["layers"]["corporate"]["limits"].as_object_mut().unwrap();
    let value = limits.remove("max_change_percent").unwrap();
    limits.insert("max_change_percnt".into(), value);
    let error = PolicySet::compile(&files(), typo).unwrap_err();
    assert_eq!(error.file, "data.json");
    assert_eq!(
        error.words,
        "/layers/corporate/limits/max_change_percnt: unknown limit; did you mean `max_change_percent`?"
    );
}

#[test]
fn a_limit_that_a_rule_reads_and_no_layer_sets_is_refused_at_the_rule() {
    for limit in known_limits() {
        let mut without = data();
        for layer in ["protocol", "corporate", "brand", "campaign"] {
            without["layers"][layer]["limits"].as_object_mut().unwrap().remove(limit.name);
        }
        let error = PolicySet::compile(&files(), without).unwrap_err();
        let source = files().into_iter().find(|(name, _)| *name == error.file).unwrap().1;
        let line = source.lines().nth(error.line as usize - 1).unwrap();
        assert!(line.contains(&format!("data.limits.{}", limit.name)), "{error}: {line}");
        assert!(error.words.contains("no layer sets the limit"), "{error}");
    }
}

/// What people read of a policy is what the engine reads, comments included.
#[test]
fn a_text_that_hides_something_is_refused_with_file_and_line() {
    let hides = "# Quiet: \u{202e}elbasrever\u{202c}";
    let error = refused(&brand(hides));
    assert_eq!((error.file.as_str(), error.line), ("brand/one.rego", 3));
    assert!(error.words.contains("the reordering character U+202E as character 10"), "{error}");
    let named = vec![("brand/on\u{200b}e.rego".into(), "package countersign.brand\n".into())];
    let error = refused(&named);
    assert_eq!(error.file, "brand/on‹U+200B›e.rego");
    for reason in ["Stock\u{202e} is out", "Stock\nis out", ""] {
        let mut frozen = data();
        frozen["frozen_campaigns"]["1001"] = reason.into();
        let error = PolicySet::compile(&files(), frozen).unwrap_err();
        assert!(error.words.starts_with("/frozen_campaigns/1001: must be a reason"), "{error}");
    }
    let mut frozen = data();
    frozen["frozen_campaigns"]["1001"] = "کم\u{200c}تر 👩\u{200d}🚀".into();
    PolicySet::compile(&files(), frozen).unwrap();
    // Windows line ends are none of it.
    let windows = files().into_iter().map(|(name, source)| (name, source.replace('\n', "\r\n")));
    PolicySet::compile(&windows.collect::<Vec<_>>(), data()).unwrap();
}

#[test]
fn a_slip_in_a_rule_is_refused_with_file_line_and_words() {
    let corporate = "corporate/budget.rego";
    for (from, to, words) in [
        (
            "> data.limits.max_change_percent\n",
            "> data.limits.max_change_percnt\n",
            "did you mean `max_change_percent`?",
        ),
        ("input.direction ==", "input.directoin ==", "did you mean `direction`?"),
        ("== data.currency", "== data.curency", "did you mean `currency`?"),
        (
            "findings contains {\n\t\"rule\": \"budget_change_over",
            "findigns contains {\n\t\"rule\": \"budget_change_over",
            "read by no finding",
        ),
        ("\"roles\": {", "\"rolls\": {", "did you mean `roles`?"),
        ("\"outcome\": \"hold\"", "\"outcome\": \"hodl\"", "malformed"),
        ("data.limits.min_lift\n", "data.limits[\"min_lfit\"]\n", "did you mean `min_lift`?"),
        (
            "data.limits.min_lift\n",
            "data.layers.corporate.limits.min_lift\n",
            "where all layers are joined",
        ),
        ("data.limits.min_lift\n", "data.countersign.corporate.min_lift\n", "there is no rule"),
        (
            "data.limits.min_lift\n",
            "data.countersign.corprate.findings\n",
            "did you mean `corporate`?",
        ),
        ("data.limits.min_lift\n", "data.version.min_lift\n", "has no parts"),
    ] {
        let files = edited(corporate, from, to);
        let error = refused(&files);
        assert_eq!(error.file, corporate, "{to}: {error}");
        assert!(error.words.contains(words), "{to}: {error}");
        let source = &files.iter().find(|(name, _)| name == corporate).unwrap().1;
        let wrong = source
            .lines()
            .position(|line| line.contains(to.trim().lines().next().unwrap()))
            .unwrap();
        let place = error.line as usize - 1;
        // A constant's place is its finding's: the rule begins above.
        assert!(place <= wrong && wrong - place <= 2, "{to}: line {place}, written at {wrong}");
    }
}

#[test]
fn what_cannot_be_checked_is_refused() {
    for body in [
        "data.limits[input.kind] > 1",
        "some name, limit in data.limits\n\tlimit > 1\n\tname != \"\"",
        "limits := data.limits\n\tlimits.max_change_percnt > 1",
        "object.get(data.limits, \"max_change_percnt\", 100) > 1",
        "data.layers[_].limits.min_lift > 1",
        "data[input.kind] == 1",
        "every limit in data.limits { limit > 1 }",
        "x := [limit | limit := data.limits[_]]\n\tcount(x) > 1",
        "facts := input\n\tfacts.directoin == \"increase\"",
        "input[input.kind] == 1",
        "object.union(input, {}).directoin == \"increase\"",
        "data.frozen_campaigns[input.campaign_id].until > 1",
        "data.base.ladder[0].role == \"x\"",
        "data.limits.max_change_percent > 1 with data.limits.max_change_percent as 1000",
    ] {
        let error = refused(&brand(&finding(body)));
        assert_eq!(error.file, "brand/one.rego", "{body}: {error}");
        assert!((4..=6).contains(&error.line), "{body}: {error}");
    }
    // By way of an import, of a head, of a helper, of a default, of an else.
    for source in [
        "import data.limits\n\nX > limits.max_change_percnt".replace('X', "x := 1 if 1"),
        "import data.limits as l\n\nx if l.max_change_percnt > 1".into(),
        "import input as facts\n\nx if facts.directoin == 1".into(),
        "x := data.limits.max_change_percnt".into(),
        "x := 1 if input.kind == \"a\" else := data.limits.max_change_percnt".into(),
        "x(y) := y + data.limits.max_change_percnt".into(),
        "x contains input.knid".into(),
        "x[input.knid] := 1".into(),
    ] {
        let error = refused(&brand(&format!("{source}\n\n{}", finding("x"))));
        assert_eq!(error.file, "brand/one.rego", "{source}: {error}");
    }
}

#[test]
fn what_leads_somewhere_is_accepted() {
    for source in [
        finding("data.frozen_campaigns[input.campaign_id]"),
        finding(
            "some id, reason in data.frozen_campaigns\n\tid == input.campaign_id\n\treason != \"\"",
        ),
        finding("count(data.daily_caps_micros) > 0"),
        // Constants that look like other types, and an escape.
        finding("input.shared_by > 1").replace("One.", "15"),
        finding("input.shared_by > 1").replace("One.", r#"a \"quoted\" word"#),
        finding("data.base.sla_minutes > 10\n\tdata.base.roles.ops == 1"),
        finding("input[\"kind\"] == \"budget_change\"\n\tdata[\"limits\"][\"min_lift\"] < 1"),
        format!("import rego.v1\n\n{}", finding("input.kind == \"budget_change\"")),
        format!("import data.limits as all\n\n{}", finding("all.min_lift < 1")),
        format!(
            "steep(percent) if percent > data.limits.max_change_percent\n\n{}",
            finding("steep(input.budget_delta_percent)")
        ),
        format!(
            "steep := 5\n\nsteeper := steep + 1\n\n{}",
            finding("data.countersign.brand.steeper > 1")
        ),
    ] {
        PolicySet::compile(&brand(&source), data())
            .unwrap_or_else(|error| panic!("{source}: {error}"));
    }
}

/// Rules read each other across layers and files, and a rule that only an unread one reads
/// is unread too.
#[test]
fn rules_are_reached_from_findings() {
    let mut files = brand(&finding("data.countersign.campaign.helper"));
    let campaign = |source: &str| {
        ("campaign/two.rego".to_owned(), format!("package countersign.campaign\n\n{source}\n"))
    };
    files.push(campaign("helper if deeper\n\ndeeper if input.shared_by > 1"));
    PolicySet::compile(&files, data()).unwrap_err(); // the campaign layer has no findings
    files.pop();
    files.push(campaign(&format!(
        "helper if deeper\n\ndeeper if input.shared_by > 1\n\n{}",
        finding("deeper")
    )));
    PolicySet::compile(&files, data()).unwrap();
    let island = format!(
        "{}\n\none if other\n\nother if input.shared_by > 1",
        finding("input.shared_by > 1")
    );
    let error = refused(&brand(&island));
    assert_eq!(
        (error.line, error.words.contains("`one` is read by no finding")),
        (7, true),
        "{error}"
    );
}

/// Every name that a published rule reads, and where.
fn names() -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for (file, source) in files().into_iter().filter(|(name, _)| !name.contains("_test")) {
        for root in ["data.", "input."] {
            for (at, _) in source.match_indices(root) {
                let rest = &source[at + root.len()..];
                let end =
                    rest.find(|c: char| !c.is_ascii_lowercase() && c != '_' && c != '.').unwrap();
                found.push((file.clone(), at + root.len(), at + root.len() + end));
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// One letter of any name that any published rule reads, changed: never accepted.
    #[test]
    fn no_slip_of_one_letter_is_accepted(
        which in any::<prop::sample::Index>(), letter in any::<prop::sample::Index>(), to in "[a-z_]",
        kind in 0..3,
    ) {
        let names = names();
        let (file, start, end) = which.get(&names);
        let mut files = files();
        let (_, source) = files.iter_mut().find(|(name, _)| name == file).unwrap();
        let before = source.clone();
        let at = start + letter.index(end - start);
        prop_assume!(source.as_bytes()[at] != b'.');
        match kind {
            0 => source.replace_range(at..=at, &to),
            1 => source.insert_str(at, &to),
            _ => source.replace_range(at..=at, ""),
        }
        prop_assume!(*source != before);
        let error = refused(&files);
        prop_assert_eq!(&error.file, file, "{}", error);
        prop_assert!(error.line > 0);
    }

    /// One letter of any name in the data, changed: never accepted.
    #[test]
    fn no_slip_in_the_data_is_accepted(
        which in any::<prop::sample::Index>(), letter in any::<prop::sample::Index>(), to in "[a-z_]",
    ) {
        // A role's name is the company's own, and so is that of a topic or a language of words.
        let mut published = data();
        published["restricted_terms"] = serde_json::json!({});
        let text = published.to_string();
        let names: Vec<_> = text.match_indices("\":").map(|(end, _)| {
            (text[..end].rfind('"').unwrap() + 1, end)
        }).collect();
        let (start, end) = *which.get(&names);
        let mut changed = text.clone();
        let at = start + letter.index(end - start);
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != text);
        let changed = serde_json::from_str(&changed).unwrap();
        // What a place is called, behind its sort, is the company's own.
        let colon = text[start..end].find(':');
        prop_assume!(colon.is_none_or(|colon| at < start + colon));
        // A role's name is the company's own.
        prop_assume!(start != text.find("\"ops\"").unwrap() + 1);
        prop_assert_eq!(PolicySet::compile(&files(), changed).unwrap_err().file, "data.json");
    }
}

#[test]
fn the_published_policy_is_whole() {
    assert!(published().conflicts().is_empty());
    let evaluation = published().evaluate(&input(90)).unwrap();
    assert_eq!(evaluation.quorum.len(), 2);
}
