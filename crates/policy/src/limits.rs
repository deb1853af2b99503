//! Thresholds of all layers, merged once: `max_…` takes the smallest, `min_…` the greatest.
//! A lower layer that names a laxer limit has it rejected and is reported.

use crate::PolicyError;
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
