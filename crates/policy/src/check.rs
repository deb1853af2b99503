//! What can be known about rules before they run. In Rego a name that refers to nothing is
//! not an error: the rule that uses it never fires, and nobody hears of it. So every
//! reference must lead to something that is there, every rule must be read by a finding, and
//! a finding's constants must be what a verdict can hold.

mod constants;
mod references;

use crate::PolicyError;
use references::{RuleName, Walk};
use regorus::unstable::{Expr, Module, Ref, Rule, RuleHead, Span};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The rule set that is asked for; what no finding reads decides nothing.
pub(crate) const FINDINGS: &str = "findings";

/// Checks all rules against the data as rules see it, limits joined.
pub(crate) fn check(modules: &[Ref<Module>], data: &Value) -> Result<(), PolicyError> {
    let rules = rules(modules);
    let mut reads = BTreeMap::new();
    for module in modules {
        let mut walk = Walk::new(data, &rules, module)?;
        for rule in &module.policy {
            let name = (package(module), root_name(head(rule)));
            constants::check(rule)?;
            reads.entry(name).or_insert_with(BTreeSet::new).extend(walk.rule(rule)?);
        }
    }
    refuse_unread(&rules, &reads)
}

/// A rule that no finding reads, by way of other rules or not, was probably misspelt.
fn refuse_unread(
    rules: &BTreeMap<RuleName, Span>,
    reads: &BTreeMap<RuleName, BTreeSet<RuleName>>,
) -> Result<(), PolicyError> {
    let mut waiting: Vec<_> = rules.keys().filter(|(_, name)| name == FINDINGS).collect();
    let mut reached = BTreeSet::new();
    while let Some(rule) = waiting.pop() {
        if reached.insert(rule) {
            waiting.extend(reads.get(rule).into_iter().flatten());
        }
    }
    match rules.iter().find(|(rule, _)| !reached.contains(rule)) {
        None => Ok(()),
        Some(((_, name), span)) => Err(refused(
            span,
            format!(
                "`{name}` is read by no finding, so it decides nothing: name it `{FINDINGS}`, use it, or delete it"
            ),
        )),
    }
}

/// Where each rule is written first.
fn rules(modules: &[Ref<Module>]) -> BTreeMap<RuleName, Span> {
    let mut rules = BTreeMap::new();
    for module in modules {
        for rule in &module.policy {
            let name = (package(module), root_name(head(rule)));
            rules.entry(name).or_insert_with(|| rule.span().clone());
        }
    }
    rules
}

fn package(module: &Module) -> String {
    module.package.refr.span().text().to_owned()
}

fn head(rule: &Rule) -> &Expr {
    match rule {
        Rule::Spec {
            head:
                RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. },
            ..
        }
        | Rule::Default { refr, .. } => refr,
    }
}

/// The first name of a reference: `p` of `p.q[x]`.
fn root_name(expression: &Expr) -> String {
    match expression {
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => root_name(refr),
        other => other.span().text().to_owned(),
    }
}

/// An error at a place in a file.
fn refused(span: &Span, words: String) -> PolicyError {
    PolicyError { file: span.source.get_path().clone(), line: span.line, words }
}
