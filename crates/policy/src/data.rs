//! The data document against its schema, `schemas/policy_data.schema.json`. What is unknown,
//! missing or out of range is refused with its place: a misspelt limit must not be a limit
//! that nobody hears of.

use crate::{
    PolicyError,
    limits::{LAYERS, known_limit, known_limits, layer_name},
    nearest::suggestion,
    set,
    terms::{MAX_TERM_CHARS, is_term},
};
use countersign_model::{Currency, change::Vetting, entity::PlatformId, text::check_line};
use serde_json::{Map, Value};

/// The document's fields; all are needed.
const FIELDS: [&str; 7] = [
    "version",
    "currency",
    "base",
    "layers",
    "frozen_campaigns",
    "daily_caps_micros",
    "restricted_terms",
];
/// What the company knows of places and audiences; without it, nothing is vetted.
const OPTIONAL: [&str; 1] = ["vetting"];
/// What holds when no rule asks for more: needed, and optional.
const BASE_FIELDS: [&str; 5] = ["decision_type", "factors", "risk_tier", "roles", "sla_minutes"];
const BASE_OPTIONAL: [&str; 1] = ["ladder"];
/// Dictionaries by campaign: a key that is absent means something, so rules may look up any.
pub(crate) const DICTIONARIES: [&str; 2] = ["frozen_campaigns", "daily_caps_micros"];

/// Longest version, in letters.
const MAX_VERSION: usize = 64;
/// Most topics of restricted terms, languages of one of them, and entries of one list.
const MAX_TOPICS: usize = 32;
const MAX_TERMS: usize = 1_000;
/// Longest reason of a freeze, in characters; it becomes part of a rule's words.
const MAX_REASON: usize = 80;
/// Largest amount, in micros: the largest whole number that JSON carries exactly everywhere.
pub(crate) const MAX_MICROS: f64 = 9_007_199_254_740_991.0;

/// Checks the whole document.
pub(crate) fn check(data: &Value) -> Result<(), PolicyError> {
    let all = fields(data, "", &FIELDS, &OPTIONAL)?;
    text(&all["version"], "/version", is_version, "1 to 64 letters, digits, dots or hyphens")?;
    let is_currency = |text: &str| Currency::parse(text).is_ok();
    text(&all["currency"], "/currency", is_currency, "an ISO 4217 code such as USD")?;
    fields(&all["base"], "/base", &BASE_FIELDS, &BASE_OPTIONAL)?;
    set::base(data)?;
    let layers = fields(&all["layers"], "/layers", &LAYERS.map(layer_name), &[])?;
    for (layer, own) in layers {
        let place = format!("/layers/{layer}");
        let own = fields(own, &place, &["limits"], &[])?;
        limits(&own["limits"], &format!("{place}/limits"))?;
    }
    for (place, reason) in dictionary(&all["frozen_campaigns"], "/frozen_campaigns")? {
        text(
            reason,
            &place,
            is_reason,
            "a reason of 1 to 80 characters in one line, none of them hidden",
        )?;
    }
    restricted_terms(&all["restricted_terms"])?;
    for (place, cap) in dictionary(&all["daily_caps_micros"], "/daily_caps_micros")? {
        let whole = cap.as_u64().is_some_and(|cap| cap >= 1 && cap as f64 <= MAX_MICROS);
        if !whole {
            return Err(at(&place, "must be a whole number of micros per day, at least 1"));
        }
    }
    Ok(())
}

/// What the document says of places and audiences.
pub(crate) fn vetting(data: &Value) -> Result<Vetting, PolicyError> {
    let Some(vetting) = data.get("vetting") else { return Ok(Vetting::default()) };
    check_objects(vetting)?;
    let vetting: Vetting = serde_json::from_value(vetting.clone())
        .map_err(|error| at("/vetting", &error.to_string()))?;
    vetting.check().map_err(|(place, words)| at(&format!("/vetting/{place}"), words))?;
    Ok(vetting)
}

/// What has fields is an object: serde would take a list of their values for one, too.
fn check_objects(vetting: &Value) -> Result<(), PolicyError> {
    let known = ["places", "audiences"].into_iter().filter_map(|name| vetting[name].as_object());
    let sales = vetting["sales"].as_array().into_iter().flatten();
    let mut all = known.flat_map(Map::values).chain(sales).chain([vetting]);
    if all.all(Value::is_object) {
        Ok(())
    } else {
        Err(at("/vetting", "places, audiences and sales are objects with named fields"))
    }
}

/// An error about one place of the document, as a JSON pointer.
pub(crate) fn at(place: &str, words: &str) -> PolicyError {
    PolicyError::data(format!("{}: {words}", if place.is_empty() { "/" } else { place }))
}

/// An object with exactly these fields; `optional` ones may be left out.
fn fields<'a>(
    value: &'a Value,
    place: &str,
    needed: &[&str],
    optional: &[&str],
) -> Result<&'a Map<String, Value>, PolicyError> {
    let object = value.as_object().ok_or_else(|| at(place, "must be an object"))?;
    let known = || needed.iter().chain(optional).copied();
    if let Some(stranger) = object.keys().find(|key| !known().any(|name| name == *key)) {
        let words = format!("unknown field{}", suggestion(stranger, known()));
        return Err(at(&format!("{place}/{stranger}"), &words));
    }
    match needed.iter().find(|name| !object.contains_key(**name)) {
        Some(missing) => Err(at(&format!("{place}/{missing}"), "this field is missing")),
        None => Ok(object),
    }
}

fn text(
    value: &Value,
    place: &str,
    fits: impl Fn(&str) -> bool,
    form: &str,
) -> Result<(), PolicyError> {
    match value.as_str() {
        Some(text) if fits(text) => Ok(()),
        _ => Err(at(place, &format!("must be {form}"))),
    }
}

fn is_version(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MAX_VERSION).contains(&text.len()) && text.bytes().all(fits)
}

fn is_reason(text: &str) -> bool {
    !text.is_empty() && check_line(text, MAX_REASON).is_ok()
}

fn limits(value: &Value, place: &str) -> Result<(), PolicyError> {
    let limits = value.as_object().ok_or_else(|| at(place, "must be an object"))?;
    for (name, limit) in limits {
        let place = format!("{place}/{name}");
        let known = known_limit(name).ok_or_else(|| {
            let names = known_limits().map(|limit| limit.name);
            at(&place, &format!("unknown limit{}", suggestion(name, names)))
        })?;
        if !known.unit.admits(limit) {
            return Err(at(&place, &format!("must be {}", known.unit.form())));
        }
    }
    Ok(())
}

/// Lists of words by topic and language.
fn restricted_terms(value: &Value) -> Result<(), PolicyError> {
    let object = |value: &Value, place: &str, key: &str, most: usize| {
        let is_key = |text: &String| {
            (1..=32).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        match value.as_object() {
            Some(object) if object.len() <= most && object.keys().all(is_key) => Ok(object.clone()),
            _ => Err(at(
                place,
                &format!(
                    "must be an object of at most {most} {key}, each named by 1 to 32 of a-z and _"
                ),
            )),
        }
    };
    for (topic, languages) in object(value, "/restricted_terms", "topics", MAX_TOPICS)? {
        let place = format!("/restricted_terms/{topic}");
        for (language, list) in object(&languages, &place, "languages", MAX_TOPICS)? {
            let place = format!("{place}/{language}");
            let list = list.as_array().filter(|list| list.len() <= MAX_TERMS);
            let list = list.ok_or_else(|| {
                at(&place, &format!("must be a list of at most {MAX_TERMS} words or phrases"))
            })?;
            for (index, term) in list.iter().enumerate() {
                let fits = |text: &str| check_line(text, MAX_TERM_CHARS).is_ok() && is_term(text);
                text(
                    term,
                    &format!("{place}/{index}"),
                    fits,
                    "1 to 8 words of at most 80 characters, in which a star may begin or end a word",
                )?;
            }
        }
    }
    Ok(())
}

/// The entries of a dictionary by campaign, each with its place.
fn dictionary<'a>(value: &'a Value, place: &str) -> Result<Vec<(String, &'a Value)>, PolicyError> {
    let object = value.as_object().ok_or_else(|| at(place, "must be an object"))?;
    let placed = object.iter().map(|(campaign, value)| {
        let place = format!("{place}/{campaign}");
        match PlatformId::parse(campaign) {
            Ok(_) => Ok((place, value)),
            Err(_) => Err(at(
                &place,
                "must be a campaign id as the platform writes it: visible ASCII characters",
            )),
        }
    });
    placed.collect()
}
