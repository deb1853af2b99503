//! Rules for reading: what each says about itself in its `METADATA` comment, and what its
//! finding asks for where that is written down and not computed.

use crate::{
    PolicyError,
    files::{self, Files},
    finding::Step,
    limits::{LAYERS, layer_name},
};
use countersign_model::{
    Outcome, Role,
    verdict::{Layer, RiskTier},
};
use regorus::{
    Engine,
    unstable::{Expr, Module, Rule, RuleHead},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// A rule as a person reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleDescription {
    /// Its id, as flags and log entries name it.
    pub rule: String,
    /// Its layer.
    pub layer: Layer,
    /// A few words; empty when its authors wrote none.
    pub title: String,
    /// A sentence or two; empty when its authors wrote none.
    pub description: String,
    /// What it asks for; `None` when the rule computes it.
    pub outcome: Option<Outcome>,
    /// How much is at stake; `None` when the rule computes it.
    pub risk_tier: Option<RiskTier>,
    /// How many persons of which role must sign.
    pub roles: BTreeMap<Role, u8>,
    /// In how many minutes.
    pub sla_minutes: Option<u32>,
    /// Who is notified while nobody signs.
    pub ladder: Vec<Step>,
    /// The class of changes that may be signed together.
    pub batch_class: Option<String>,
    /// Its file.
    pub file: String,
    /// Where it begins there, from 1.
    pub line: u32,
    /// Its text, without the comment.
    pub text: String,
}

/// Every rule of a policy, highest layer first, then by file and line.
///
/// # Errors
/// The place of the first thing that cannot be read.
pub fn describe(files: &Files) -> Result<Vec<RuleDescription>, PolicyError> {
    let mut engine = Engine::new();
    let mut sources = Vec::new();
    for (file, source) in files::rules(files) {
        engine
            .add_policy(file.into(), source.into())
            .map_err(|error| PolicyError::engine(file, &error.to_string()))?;
        sources.push((file, source));
    }
    let mut all = Vec::new();
    for (module, (file, source)) in engine.get_modules().iter().zip(sources) {
        let package = module.package.refr.span().text();
        let layer = LAYERS
            .into_iter()
            .find(|layer| package == format!("countersign.{}", layer_name(*layer)));
        if let Some(layer) = layer {
            all.extend(rules_of(module).map(|(rule, key)| read(layer, file, source, rule, key)));
        }
    }
    all.sort_by(|one, other| {
        (one.layer, &one.file, one.line).cmp(&(other.layer, &other.file, other.line))
    });
    Ok(all)
}

/// The rules that add to `findings`, with the finding that they add.
fn rules_of(module: &Module) -> impl Iterator<Item = (&Rule, &Expr)> {
    module.policy.iter().filter_map(|rule| match &**rule {
        rule @ Rule::Spec { head: RuleHead::Set { refr, key: Some(key), .. }, .. }
            if refr.span().text() == "findings" =>
        {
            Some((rule, &**key))
        }
        _ => None,
    })
}

fn read(layer: Layer, file: &str, source: &str, rule: &Rule, finding: &Expr) -> RuleDescription {
    let span = rule.span();
    let (title, description) = metadata(source, span.line);
    let mut fields = match literal(finding) {
        Some(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let mut take = |name: &str| fields.remove(name);
    RuleDescription {
        rule: typed(take("rule")).unwrap_or_default(),
        layer,
        title,
        description,
        outcome: typed(take("outcome")),
        risk_tier: typed(take("risk_tier")),
        roles: typed(take("roles")).unwrap_or_default(),
        sla_minutes: typed(take("sla_minutes")),
        ladder: typed(take("ladder")).unwrap_or_default(),
        batch_class: typed(take("batch_class")),
        file: file.into(),
        line: span.line,
        text: text_of(source, span.line),
    }
}

fn typed<T: DeserializeOwned>(value: Option<Value>) -> Option<T> {
    serde_json::from_value(value?).ok()
}

/// The value of an expression that computes nothing; in an object or list, of those parts
/// that do not.
fn literal(expression: &Expr) -> Option<Value> {
    match expression {
        // The parsed value: a span leaves quotes out and escapes in.
        Expr::String { value, .. } | Expr::RawString { value, .. } => {
            value.as_string().ok().map(|text| text.to_string().into())
        }
        Expr::Number { span, .. } | Expr::Bool { span, .. } | Expr::Null { span, .. } => {
            serde_json::from_str(span.text()).ok()
        }
        Expr::Array { items, .. } => items.iter().map(|item| literal(item)).collect(),
        Expr::Object { fields, .. } => {
            let known = fields.iter().filter_map(|(_, key, value)| {
                Some((literal(key)?.as_str()?.to_owned(), literal(value)?))
            });
            Some(Value::Object(known.collect()))
        }
        _ => None,
    }
}

/// The value of an expression of which no part computes anything.
pub(crate) fn constant(expression: &Expr) -> Option<Value> {
    match expression {
        Expr::Array { items, .. } => items.iter().map(|item| constant(item)).collect(),
        Expr::Object { fields, .. } => fields
            .iter()
            .map(|(_, key, value)| Some((constant(key)?.as_str()?.to_owned(), constant(value)?)))
            .collect::<Option<_>>()
            .map(Value::Object),
        simple => literal(simple),
    }
}

/// `title` and `description` of the `# METADATA` block that ends on the line above.
fn metadata(source: &str, line: u32) -> (String, String) {
    let lines: Vec<_> = source.lines().collect();
    let above = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1).min(lines.len());
    let comments = lines.iter().take(above).rev().map_while(|line| line.strip_prefix('#'));
    let block: Vec<_> = comments.take_while(|line| line.trim() != "METADATA").collect();
    let (mut title, mut description) = (String::new(), String::new());
    let mut last: Option<&mut String> = None;
    for line in block.into_iter().rev() {
        let words = line.trim();
        if let Some(words) = words.strip_prefix("title:") {
            title = words.trim().into();
            last = Some(&mut title);
        } else if let Some(words) = words.strip_prefix("description:") {
            description = words.trim().into();
            last = Some(&mut description);
        } else if let Some(text) = last.as_mut().filter(|_| line.starts_with("   ")) {
            // YAML folds an indented line into the one before.
            text.push(' ');
            text.push_str(words);
        } else {
            last = None;
        }
    }
    (title, description)
}

/// A rule's text: from its first line to the one before the next blank line or comment at
/// the left margin.
fn text_of(source: &str, line: u32) -> String {
    let first = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    let lines = source.lines().skip(first);
    let own = lines.enumerate().take_while(|(index, line)| {
        *index == 0 || line.starts_with(char::is_whitespace) || line.starts_with(['}', ']', ')'])
    });
    own.map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}
