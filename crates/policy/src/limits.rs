//! Thresholds of all layers, merged once: `max_…` takes the smallest, `min_…` the greatest.
//! A lower layer that names a laxer limit has it rejected and is reported.

use crate::{PolicyError, data::MAX_MICROS};
use countersign_model::verdict::Layer;
use serde_json::{Map, Value};

/// The layers, highest authority first.
pub const LAYERS: [Layer; 4] = [Layer::Protocol, Layer::Corporate, Layer::Brand, Layer::Campaign];

/// The layer's name in packages and data.
#[must_use]
pub const fn layer_name(layer: Layer) -> &'static str {
    match layer {
        Layer::Protocol => "protocol",
        Layer::Corporate => "corporate",
        Layer::Brand => "brand",
        Layer::Campaign => "campaign",
    }
}

/// What a limit counts, and so which numbers it can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Percent: 15 is 15 %.
    Percent,
    /// A share from 0 to 1: 0.6 is 60 %.
    Ratio,
    /// Millionths of the currency, whole.
    Micros,
    /// Campaigns, whole and at least 1.
    Campaigns,
    /// People, whole.
    People,
}

impl Unit {
    /// The smallest and the largest number, and whether only whole ones count.
    #[must_use]
    pub const fn range(self) -> (f64, f64, bool) {
        match self {
            Self::Percent => (0.0, 1_000_000.0, false),
            Self::Ratio => (0.0, 1.0, false),
            Self::Micros => (0.0, MAX_MICROS, true),
            Self::Campaigns => (1.0, 100_000.0, true),
            Self::People => (0.0, 1_000_000_000.0, true),
        }
    }

    pub(crate) const fn form(self) -> &'static str {
        match self {
            Self::Percent => "a number of percent, from 0 to 1000000",
            Self::Ratio => "a share from 0 to 1",
            Self::Micros => "a whole number of micros, from 0 to 9007199254740991",
            Self::Campaigns => "a whole number of campaigns, from 1 to 100000",
            Self::People => "a whole number of people, from 0 to 1000000000",
        }
    }

    pub(crate) fn admits(self, value: &Value) -> bool {
        let (least, most, whole) = self.range();
        value.as_f64().is_some_and(|number| {
            (least..=most).contains(&number) && (!whole || number.fract() == 0.0)
        })
    }
}

/// A limit that policy data may set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownLimit {
    /// Its name: `max_…` joins to the smallest of all layers, `min_…` to the greatest.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// What it limits.
    pub meaning: &'static str,
}

/// Every limit that policy data may set, by name.
pub fn known_limits() -> impl Iterator<Item = KnownLimit> {
    KNOWN.iter().map(|(name, unit, meaning)| KnownLimit { name, unit: *unit, meaning })
}

/// The limit of this name.
#[must_use]
pub fn known_limit(name: &str) -> Option<KnownLimit> {
    known_limits().find(|limit| limit.name == name)
}

const KNOWN: &[(&str, Unit, &str)] = &[
    (
        "max_batched_bid_percent",
        Unit::Percent,
        "How far a CPC bid may rise and still be signed together with others.",
    ),
    (
        "max_bid_change_percent",
        Unit::Percent,
        "How far a bid, or what a target lets be bid, may rise without finance.",
    ),
    (
        "max_campaigns_per_budget",
        Unit::Campaigns,
        "How many campaigns may spend from a budget for it to be raised without ops and finance.",
    ),
    (
        "max_change_percent",
        Unit::Percent,
        "How far a budget may rise, rises of the last 7 days included, without ops and finance.",
    ),
    (
        "max_change_percent_before_hold",
        Unit::Percent,
        "How far a budget may rise, rises of the last 7 days included, before it is held.",
    ),
    (
        "max_creative_impact_score",
        Unit::Ratio,
        "Below which impact score a new ad that raises no flag needs no editor of its own. The score is the greatest of the agent's five risk factors.",
    ),
    (
        "max_share_of_weekly_budget_percent",
        Unit::Percent,
        "How large a week of the rise may be, in percent of a week of the budget, without ops.",
    ),
    (
        "max_single_move_micros",
        Unit::Micros,
        "How much a week of one rise may move without ops and finance.",
    ),
    (
        "max_single_transfer_micros",
        Unit::Micros,
        "How much a week of one transfer may move without ops and finance.",
    ),
    (
        "max_trailing_move_micros",
        Unit::Micros,
        "How much a week of all rises of the last 7 days may move without ops and finance.",
    ),
    (
        "max_transfer_share_percent",
        Unit::Percent,
        "How much of a week of the budgets that give a transfer may move, in percent, without ops and finance.",
    ),
    (
        "min_audience_size",
        Unit::People,
        "How many people an audience must hold for it to be reached without legal.",
    ),
    ("min_confidence", Unit::Ratio, "The confidence that any rise needs to pass without ops."),
    (
        "min_confidence_beyond_limits",
        Unit::Ratio,
        "The confidence that a rise over max_change_percent needs in order not to be held.",
    ),
    ("min_lift", Unit::Ratio, "The predicted lift that a rise must exceed to pass without ops."),
    (
        "min_placement_score",
        Unit::Ratio,
        "The suitability score below which no ads are shown in a place.",
    ),
];

/// A lower layer asked for less than a higher one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// The layer whose limit or rule was rejected.
    pub layer: Layer,
    /// The limit or rule.
    pub name: String,
    /// What happened, in words.
    pub words: String,
}

/// Merges `data.layers.<layer>.limits`.
///
/// # Errors
/// A limit that is no number, or whose name says neither `max_` nor `min_`.
pub fn merge(data: &Value) -> Result<(Map<String, Value>, Vec<Conflict>), PolicyError> {
    let mut merged = Map::new();
    let mut conflicts = Vec::new();
    for layer in LAYERS {
        let layer_key = layer_name(layer);
        let Some(limits) = data.pointer(&format!("/layers/{layer_key}/limits")) else { continue };
        let Some(limits) = limits.as_object() else {
            return Err(PolicyError::data(format!("layers.{layer_key}.limits must be an object")));
        };
        for (name, limit) in limits {
            let place = format!("layers.{layer_key}.limits.{name}");
            let number = limit
                .as_f64()
                .ok_or_else(|| PolicyError::data(format!("{place} must be a number")))?;
            let stricter: fn(f64, f64) -> bool = match name.get(..4) {
                Some("max_") => |own, other| own < other,
                Some("min_") => |own, other| own > other,
                _ => {
                    return Err(PolicyError::data(format!("{place} must start with max_ or min_")));
                }
            };
            let higher = merged.get(name).and_then(Value::as_f64);
            match higher {
                Some(higher) if stricter(higher, number) => conflicts.push(Conflict {
                    layer,
                    name: name.clone(),
                    words: format!(
                        "{layer_key} sets {name} to {number}, which relaxes {higher} of a higher layer: rejected, {higher} holds."
                    ),
                }),
                _ => {
                    merged.insert(name.clone(), limit.clone());
                }
            }
        }
    }
    Ok((merged, conflicts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_strictest_limit_holds_and_relaxing_is_reported() {
        let (merged, conflicts) = merge(&json!({"layers": {
            "protocol": {"limits": {"max_a": 10, "min_b": 0.5}},
            "brand": {"limits": {"max_a": 5, "min_b": 0.4}},
            "campaign": {"limits": {"max_a": 7, "max_c": 1}},
        }}))
        .unwrap();
        assert_eq!(Value::from(merged), json!({"max_a": 5, "min_b": 0.5, "max_c": 1}));
        let rejected: Vec<_> = conflicts.iter().map(|one| (one.layer, one.name.as_str())).collect();
        assert_eq!(rejected, [(Layer::Brand, "min_b"), (Layer::Campaign, "max_a")]);
    }

    #[test]
    fn a_limit_without_a_direction_is_refused() {
        for limits in [json!({"limit": 1}), json!({"max_a": "1"}), json!([])] {
            assert!(merge(&json!({"layers": {"brand": {"limits": limits}}})).is_err());
        }
    }
}
