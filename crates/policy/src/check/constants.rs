//! The parts of a finding that compute nothing, read as the engine's answer would be. What is
//! computed can only be read when the rule has run; then a fault blocks the change.

use super::{FINDINGS, refused, root_name};
use crate::{Finding, PolicyError, describe::constant, nearest::suggestion};
use regorus::unstable::{Expr, Rule, RuleHead};
use serde_json::{Map, Value, json};

/// The fields of a finding, each with a value that is right.
fn examples() -> [(&'static str, Value); 10] {
    [
        ("rule", json!("example")),
        ("outcome", json!("allow")),
        ("risk_tier", json!("low")),
        ("words", json!("An example.")),
        ("decision_type", Value::Null),
        ("roles", json!({})),
        ("factors", Value::Null),
        ("sla_minutes", Value::Null),
        ("ladder", json!([])),
        ("batch_class", Value::Null),
    ]
}

/// Checks a rule that adds to `findings`; every other rule is passed over.
pub(super) fn check(rule: &Rule) -> Result<(), PolicyError> {
    let Rule::Spec { span, head: RuleHead::Set { refr, key: Some(key), .. }, .. } = rule else {
        return Ok(());
    };
    if root_name(refr) != FINDINGS {
        return Ok(());
    }
    let Expr::Object { fields, .. } = &**key else {
        return match constant(key) {
            // A variable, or a call: only the run can tell.
            None => Ok(()),
            Some(_) => Err(refused(span, "a finding must be an object".into())),
        };
    };
    let examples = examples();
    let mut finding = Map::new();
    for (at, name, value) in fields {
        // A name that is computed is read when the rule has run.
        let Some(Value::String(name)) = constant(name) else { return Ok(()) };
        let example = examples.iter().find(|(known, _)| *known == name);
        let Some((_, example)) = example else {
            let meant = suggestion(&name, examples.iter().map(|(known, _)| *known));
            return Err(refused(at, format!("a finding has no field `{name}`{meant}")));
        };
        finding.insert(name, constant(value).unwrap_or_else(|| example.clone()));
    }
    let malformed = |error: String| refused(span, format!("the finding is malformed: {error}"));
    let finding: Finding = serde_json::from_value(Value::Object(finding))
        .map_err(|error| malformed(error.to_string()))?;
    finding.check().map_err(malformed)
}
