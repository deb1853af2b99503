//! A policy as texts by path: what the gate publishes, and what a desktop reads, checks and
//! tries changes on.

use crate::{
    PolicyError,
    finding::Base,
    limits::{self, LAYERS, layer_name},
    set, strict_json,
};
use countersign_model::{
    text::{self, TextError},
    verdict::{Layer, PolicyRef},
};
use serde_json::{Number, Value};
use std::collections::BTreeMap;

/// File texts by path below the policy folder, `/` between parts.
pub type Files = BTreeMap<String, String>;

/// The data document's path.
pub const DATA_FILE: &str = "data.json";
/// Longest path of a file, in characters.
const MAX_PATH_CHARS: usize = 256;
/// Tests live beside the rules and are no part of a policy.
const TEST_SUFFIX: &str = "_test.rego";

/// Whether a file belongs to the policy as rules.
#[must_use]
pub fn is_rule_file(path: &str) -> bool {
    path.ends_with(".rego") && !path.ends_with(TEST_SUFFIX)
}

/// People read rules and data as they are shown; a file whose text hides something, its
/// comments included, says something else to them than to the engine.
pub(crate) fn check_text(file: &str, source: &str) -> Result<(), PolicyError> {
    let refused = |line, error: TextError| PolicyError {
        file: text::shown_line(file).into_owned(),
        line,
        words: format!("the text {error}"),
    };
    text::check_line(file, MAX_PATH_CHARS).map_err(|error| refused(0, error))?;
    let mut lines = source.split_inclusive('\n').zip(1..);
    lines.try_for_each(|(line, number)| {
        text::check_text(line, usize::MAX).map_err(|error| refused(number, error))
    })
}

/// Version and digest of a policy, from its texts alone. A published bundle is believed
/// when this is what verdicts name.
///
/// # Errors
/// [`PolicyError`] about the data.
pub fn reference_of(files: &Files) -> Result<PolicyRef, PolicyError> {
    set::reference(&rules(files).collect(), &data(files)?)
}

/// What holds when no rule asks for more.
///
/// # Errors
/// [`PolicyError`] about the data.
pub fn base_of(files: &Files) -> Result<Base, PolicyError> {
    set::base(&data(files)?)
}

/// A limit as a layer wrote it, and what holds after all layers were joined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LimitDescription {
    /// The layer that names it.
    pub layer: Layer,
    /// Its name, e.g. `max_change_percent`.
    pub name: String,
    /// The layer's value.
    pub value: Number,
    /// The value in force.
    pub in_force: Number,
}

/// Every limit of every layer, highest layer first.
///
/// # Errors
/// [`PolicyError`] about the data.
pub fn describe_limits(files: &Files) -> Result<Vec<LimitDescription>, PolicyError> {
    let data = data(files)?;
    let (merged, _) = limits::merge(&data)?;
    let number = |value: &Value| value.as_number().cloned();
    let mut all = Vec::new();
    for layer in LAYERS {
        let place = format!("/layers/{}/limits", layer_name(layer));
        let own = data.pointer(&place).and_then(Value::as_object);
        for (name, value) in own.into_iter().flatten() {
            let in_force = merged.get(name).and_then(number);
            if let (Some(value), Some(in_force)) = (number(value), in_force) {
                all.push(LimitDescription { layer, name: name.clone(), value, in_force });
            }
        }
    }
    Ok(all)
}

/// The same policy with another value for one limit, for trying it.
///
/// # Errors
/// [`PolicyError`] when the value is no number or the data cannot be read.
pub fn with_limit(
    files: &Files,
    layer: Layer,
    name: &str,
    value: &str,
) -> Result<Files, PolicyError> {
    let number: Number = serde_json::from_str(value)
        .map_err(|_| PolicyError::data(format!("{name} must be a number")))?;
    let mut data = data(files)?;
    let layers = object_at(&mut data, "layers")?;
    let own = object_at(layers, layer_name(layer))?;
    let limits = object_at(own, "limits")?;
    if let Some(limits) = limits.as_object_mut() {
        limits.insert(name.into(), Value::Number(number));
    }
    let mut changed = files.clone();
    changed.insert(DATA_FILE.into(), data.to_string());
    Ok(changed)
}

fn object_at<'a>(parent: &'a mut Value, key: &str) -> Result<&'a mut Value, PolicyError> {
    let wrong = || PolicyError::data(format!("`{key}` must be inside an object, and be one"));
    let inner = parent
        .as_object_mut()
        .ok_or_else(wrong)?
        .entry(key)
        .or_insert_with(|| Value::Object(serde_json::Map::new()));
    if inner.is_object() { Ok(inner) } else { Err(wrong()) }
}

/// The rule files, by path.
pub(crate) fn rules(files: &Files) -> impl Iterator<Item = (&str, &str)> {
    let all = files.iter().filter(|(path, _)| is_rule_file(path));
    all.map(|(path, text)| (path.as_str(), text.as_str()))
}

/// The data document.
pub(crate) fn data(files: &Files) -> Result<Value, PolicyError> {
    let text = files.get(DATA_FILE).ok_or_else(|| PolicyError::data("the file is missing"))?;
    check_text(DATA_FILE, text)?;
    strict_json::read(text).map_err(|error| PolicyError {
        line: u32::try_from(error.line()).unwrap_or_default(),
        ..PolicyError::data(error.to_string())
    })
}
