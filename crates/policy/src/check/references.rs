//! Follows every reference of a module to `data`, `input` and rules. A reference to `data`
//! or `input` must end at one value that is there: whoever could pass a whole object on could
//! misspell what is inside it.

use super::{package, refused, root_name};
use crate::{
    PolicyError,
    data::DICTIONARIES,
    input::FACTS,
    limits::{LAYERS, known_limit, layer_name},
    nearest::suggestion,
};
use regorus::unstable::{
    Expr, Literal, LiteralStmt, Module, Query, Rule, RuleAssign, RuleBody, RuleHead, Span,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Package and name.
pub(super) type RuleName = (String, String);

/// One step of a reference.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Name(String),
    /// Known only when the rule runs.
    Computed,
}

/// A walk through one module.
pub(super) struct Walk<'a> {
    data: &'a Value,
    rules: &'a BTreeMap<RuleName, Span>,
    package: String,
    /// What an import's name stands for.
    imports: BTreeMap<String, Vec<Part>>,
    /// The rules that the present rule reads.
    reads: BTreeSet<RuleName>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        data: &'a Value,
        rules: &'a BTreeMap<RuleName, Span>,
        module: &Module,
    ) -> Result<Self, PolicyError> {
        let mut imports = BTreeMap::new();
        for import in &module.imports {
            let (root, parts) = unrolled(&import.refr);
            if !matches!(root_name(root).as_str(), "data" | "input") {
                // `rego.v1` and `future.keywords` name no value.
                continue;
            }
            let last = match parts.last() {
                Some(Part::Name(last)) => last.clone(),
                _ => root_name(root),
            };
            let name = import.r#as.as_ref().map_or(last, |span| span.text().to_owned());
            let whole = [Part::Name(root_name(root))].into_iter().chain(parts).collect();
            if imports.insert(name.clone(), whole).is_some() {
                return Err(refused(&import.span, format!("`{name}` is imported twice")));
            }
        }
        Ok(Self { data, rules, package: package(module), imports, reads: BTreeSet::new() })
    }

    /// Checks a rule; the rules that it reads.
    pub(super) fn rule(&mut self, rule: &Rule) -> Result<BTreeSet<RuleName>, PolicyError> {
        match rule {
            Rule::Spec { head, bodies, .. } => {
                match head {
                    RuleHead::Compr { refr, assign, .. } => {
                        self.indexes(refr)?;
                        self.assign(assign.as_ref())?;
                    }
                    RuleHead::Set { refr, key, .. } => {
                        self.indexes(refr)?;
                        self.all(key.iter().map(|key| &**key))?;
                    }
                    RuleHead::Func { refr, args, assign, .. } => {
                        self.indexes(refr)?;
                        self.all(args.iter().map(|argument| &**argument))?;
                        self.assign(assign.as_ref())?;
                    }
                }
                bodies.iter().try_for_each(|body| self.body(body))?;
            }
            Rule::Default { refr, args, value, .. } => {
                self.indexes(refr)?;
                self.all(args.iter().map(|argument| &**argument))?;
                self.expression(value)?;
            }
        }
        Ok(std::mem::take(&mut self.reads))
    }

    fn body(&mut self, body: &RuleBody) -> Result<(), PolicyError> {
        self.assign(body.assign.as_ref())?;
        self.query(&body.query)
    }

    fn assign(&mut self, assign: Option<&RuleAssign>) -> Result<(), PolicyError> {
        assign.map_or(Ok(()), |assign| self.expression(&assign.value))
    }

    fn query(&mut self, query: &Query) -> Result<(), PolicyError> {
        query.stmts.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &LiteralStmt) -> Result<(), PolicyError> {
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                self.all(key.iter().map(|key| &**key))?;
                self.expression(value)?;
                self.expression(collection)?;
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expression(expr)?,
            Literal::Every { domain, query, .. } => {
                self.expression(domain)?;
                self.query(query)?;
            }
        }
        if let Some(replaced) = statement.with_mods.first() {
            let words = "`with` is for tests: a rule judges the facts and data that are there";
            return Err(refused(&replaced.span, words.into()));
        }
        Ok(())
    }

    fn all<'e>(
        &mut self,
        mut expressions: impl Iterator<Item = &'e Expr>,
    ) -> Result<(), PolicyError> {
        expressions.try_for_each(|one| self.expression(one))
    }

    fn expression(&mut self, expression: &Expr) -> Result<(), PolicyError> {
        match expression {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => Ok(()),
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                self.reference(expression)
            }
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                self.all(items.iter().map(|item| &**item))
            }
            Expr::Object { fields, .. } => fields.iter().try_for_each(|(_, key, value)| {
                self.expression(key)?;
                self.expression(value)
            }),
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expression(term)?;
                self.query(query)
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.expression(key)?;
                self.expression(value)?;
                self.query(query)
            }
            Expr::Call { fcn, params, .. } => {
                self.reference(fcn)?;
                self.all(params.iter().map(|parameter| &**parameter))
            }
            Expr::UnaryExpr { expr, .. } => self.expression(expr),
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expression(lhs)?;
                self.expression(rhs)
            }
            Expr::Membership { key, value, collection, .. } => {
                self.all(key.iter().map(|key| &**key))?;
                self.expression(value)?;
                self.expression(collection)
            }
        }
    }

    /// The expressions in the brackets of a reference.
    fn indexes(&mut self, expression: &Expr) -> Result<(), PolicyError> {
        match expression {
            Expr::RefDot { refr, .. } => self.indexes(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.indexes(refr)?;
                self.expression(index)
            }
            _ => Ok(()),
        }
    }

    fn reference(&mut self, expression: &Expr) -> Result<(), PolicyError> {
        self.indexes(expression)?;
        let (root, parts) = unrolled(expression);
        let Expr::Var { span, .. } = root else { return self.expression(root) };
        let name = root_name(root);
        let whole = match self.imports.get(&name) {
            Some(import) => import.iter().cloned().chain(parts).collect(),
            None => [vec![Part::Name(name.clone())], parts].concat(),
        };
        match whole.split_first() {
            Some((Part::Name(root), parts)) if root == "data" => self.data(parts, span),
            Some((Part::Name(root), parts)) if root == "input" => input(parts, span),
            _ => {
                let rule = (self.package.clone(), name);
                if self.rules.contains_key(&rule) {
                    self.reads.insert(rule);
                }
                Ok(())
            }
        }
    }

    fn data(&mut self, parts: &[Part], span: &Span) -> Result<(), PolicyError> {
        let written = written("data", parts);
        match parts.first() {
            Some(Part::Name(root)) if root == "countersign" => self.other_rule(parts, span),
            Some(Part::Name(root)) if root == "layers" => Err(refused(
                span,
                format!(
                    "`{written}` is one layer's own limit: read `data.limits`, where all layers are joined"
                ),
            )),
            _ => {
                let mut value = self.data;
                for (depth, part) in parts.iter().enumerate() {
                    if depth == 1 && is_dictionary(parts) && parts.len() == 2 {
                        // A campaign that is not in it is not frozen, or has no cap.
                        return Ok(());
                    }
                    value = member(value, part)
                        .map_err(|fault| refused(span, absent(&written, part, value, fault)))?;
                }
                if value.is_object() && !(parts.len() == 1 && is_dictionary(parts))
                    || value.is_array()
                {
                    let words =
                        "is no single value: name the one that is meant, so that it can be checked";
                    return Err(refused(span, format!("`{written}` {words}")));
                }
                Ok(())
            }
        }
    }

    /// `data.countersign.<layer>.<rule>`.
    fn other_rule(&mut self, parts: &[Part], span: &Span) -> Result<(), PolicyError> {
        let written = written("data", parts);
        let [_, Part::Name(layer), Part::Name(name), ..] = parts else {
            return Err(refused(span, format!("`{written}` names no rule")));
        };
        let rule = (format!("countersign.{layer}"), name.clone());
        if self.rules.contains_key(&rule) {
            self.reads.insert(rule);
            return Ok(());
        }
        let layers = LAYERS.map(layer_name);
        let meant = if layers.contains(&layer.as_str()) {
            let own = self.rules.keys().filter(|(package, _)| *package == rule.0);
            suggestion(name, own.map(|(_, name)| name.as_str()))
        } else {
            suggestion(layer, layers.into_iter())
        };
        Err(refused(span, format!("there is no rule `{written}`{meant}")))
    }
}

/// Why a step leads nowhere.
enum Fault {
    Computed,
    Absent,
    NoObject,
}

fn member<'v>(value: &'v Value, part: &Part) -> Result<&'v Value, Fault> {
    match (value, part) {
        (_, Part::Computed) => Err(Fault::Computed),
        (Value::Object(object), Part::Name(name)) => object.get(name).ok_or(Fault::Absent),
        _ => Err(Fault::NoObject),
    }
}

fn absent(written: &str, part: &Part, parent: &Value, fault: Fault) -> String {
    let name = if let Part::Name(name) = part { name } else { "" };
    let known = parent.as_object().into_iter().flat_map(|object| object.keys());
    match fault {
        Fault::Computed => format!(
            "`{written}` is known only when the rule runs, so it cannot be checked: name the value"
        ),
        Fault::NoObject => format!("`{written}` looks inside a value that has no parts"),
        Fault::Absent if known_limit(name).is_some() => {
            format!("`{written}` is absent: no layer sets the limit `{name}`; add it to data.json")
        }
        Fault::Absent => {
            let meant = suggestion(name, known.map(String::as_str));
            format!("`{written}` refers to data that is absent{meant}")
        }
    }
}

fn is_dictionary(parts: &[Part]) -> bool {
    matches!(parts.first(), Some(Part::Name(name)) if DICTIONARIES.contains(&name.as_str()))
}

/// `input.<fact>`; every fact is a single value.
fn input(parts: &[Part], span: &Span) -> Result<(), PolicyError> {
    let written = written("input", parts);
    match parts {
        [Part::Name(fact)] if FACTS.contains(&fact.as_str()) => Ok(()),
        [Part::Name(fact)] => {
            let meant = suggestion(fact, FACTS.into_iter());
            Err(refused(span, format!("there is no fact `{written}`{meant}")))
        }
        _ => {
            Err(refused(span, format!("`{written}` must name one fact, so that it can be checked")))
        }
    }
}

/// The root of a reference, and its steps in order.
fn unrolled(expression: &Expr) -> (&Expr, Vec<Part>) {
    let named = |value: &regorus::Value| match value.as_string() {
        Ok(name) => Part::Name(name.to_string()),
        Err(_) => Part::Computed,
    };
    let (refr, part) = match expression {
        Expr::RefDot { refr, field: (_, name), .. } => (refr, named(name)),
        Expr::RefBrack { refr, index, .. } => match &**index {
            Expr::String { value, .. } | Expr::RawString { value, .. } => (refr, named(value)),
            _ => (refr, Part::Computed),
        },
        root => return (root, Vec::new()),
    };
    let (root, mut parts) = unrolled(refr);
    parts.push(part);
    (root, parts)
}

/// The reference as a person would write it.
fn written(root: &str, parts: &[Part]) -> String {
    parts.iter().fold(root.to_owned(), |text, part| match part {
        Part::Name(name) => format!("{text}.{name}"),
        Part::Computed => format!("{text}[…]"),
    })
}
