//! Resources as JSON in the names of the official messages: reading, patching by field mask,
//! and telling what differs. Keys that begin with `_` are the emulator's own and never leave it.

use prost_reflect::{Kind as FieldKind, MessageDescriptor};
use serde_json::{Map, Value};

/// Follows a path such as `maximize_conversions.target_cpa_micros`.
#[must_use]
pub(crate) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, part| value.get(part))
}

/// The text at `path`; empty when there is none.
#[must_use]
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    at(value, path).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at `path`.
#[must_use]
pub(crate) fn whole(value: &Value, path: &str) -> Option<i64> {
    at(value, path).and_then(Value::as_i64)
}

/// Whether `path` is true.
#[must_use]
pub(crate) fn flag(value: &Value, path: &str) -> bool {
    at(value, path).and_then(Value::as_bool).unwrap_or_default()
}

/// The elements of the list at `path`.
pub(crate) fn list<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    at(value, path).and_then(Value::as_array).into_iter().flatten()
}

/// Puts a value at a path, making the parents.
pub(crate) fn put(target: &mut Value, path: &str, value: Value) {
    let mut current = target;
    let (parents, leaf) = path.rsplit_once('.').unwrap_or(("", path));
    for part in parents.split('.').filter(|part| !part.is_empty()) {
        if !current[part].is_object() {
            current[part] = Value::Object(Map::new());
        }
        current = &mut current[part];
    }
    current[leaf] = value;
}

/// Takes `path` of `update` over into `target`: what is named and absent is cleared, and of a
/// oneof's fields only the last that was set stays.
pub(crate) fn assign(message: &MessageDescriptor, target: &mut Value, update: &Value, path: &str) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let Some(field) = message.get_field_by_name(head) else { return };
    let Some(members) = target.as_object_mut() else { return };
    let given = update.get(head).filter(|value| !value.is_null());
    if given.is_some()
        && let Some(group) = field.containing_oneof().filter(|g| !g.is_synthetic())
    {
        for other in group.fields().filter(|other| other.name() != head) {
            members.remove(other.name());
        }
    }
    match (rest, given, field.kind()) {
        (Some(rest), given, FieldKind::Message(inner)) => {
            if given.is_some() {
                members.entry(head).or_insert_with(|| Value::Object(Map::new()));
            }
            if let Some(target) = members.get_mut(head) {
                assign(&inner, target, given.unwrap_or(&Value::Null), rest);
            }
        }
        (_, Some(value), _) => {
            members.insert(head.to_owned(), value.clone());
        }
        (_, None, _) => {
            members.remove(head);
        }
    }
}

/// The paths at which two resources differ, in order; objects are gone into, lists are not.
#[must_use]
pub(crate) fn differences(old: &Value, new: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    compare(old, new, "", &mut paths);
    paths
}

fn compare(old: &Value, new: &Value, path: &str, paths: &mut Vec<String>) {
    let empty = Map::new();
    let (old_members, new_members) = match (old, new) {
        (Value::Object(old), Value::Object(new)) => (old, new),
        (Value::Object(old), Value::Null) => (old, &empty),
        (Value::Null, Value::Object(new)) => (&empty, new),
        _ => {
            if old != new {
                paths.push(path.to_owned());
            }
            return;
        }
    };
    if old_members.is_empty() && new_members.is_empty() && old != new && !path.is_empty() {
        paths.push(path.to_owned());
    }
    let mut names: Vec<&String> = old_members.keys().chain(new_members.keys()).collect();
    names.sort();
    names.dedup();
    for name in names.into_iter().filter(|name| !name.starts_with('_')) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let of = |members: &Map<String, Value>| members.get(name).cloned().unwrap_or_default();
        compare(&of(old_members), &of(new_members), &path, paths);
    }
}

/// What `paths` name of a resource.
#[must_use]
pub(crate) fn only(value: &Value, paths: &[String]) -> Value {
    let mut part = Value::Object(Map::new());
    for path in paths {
        if let Some(value) = at(value, path).filter(|value| !value.is_null()) {
            put(&mut part, path, value.clone());
        }
    }
    part
}
