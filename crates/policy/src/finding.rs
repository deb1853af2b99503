//! What one rule found, as it leaves the engine. Unknown fields are refused: a misspelt
//! requirement must not be a requirement that nobody hears of.

use countersign_model::{
    Role,
    verdict::{DecisionType, FactorRule, Outcome, RiskTier},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A rule that fired and what it asks for.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// The outcome that it asks for.
    pub outcome: Outcome,
    /// How much is at stake.
    pub risk_tier: RiskTier,
    /// Who owns such a decision, if the rule says so.
    #[serde(default)]
    pub decision_type: Option<DecisionType>,
    /// How many persons of which role must sign.
    #[serde(default)]
    pub roles: RoleMinimums,
    /// Second factors, if the rule says so.
    #[serde(default)]
    pub factors: Option<FactorRule>,
    /// Minutes in which people must have signed, if the rule says so; at least 1.
    #[serde(default)]
    pub sla_minutes: Option<u32>,
    /// Who is told while nobody signs, if the rule says so.
    #[serde(default)]
    pub ladder: Vec<Step>,
    /// The class of changes that may be signed together, if the rule puts this one in it.
    #[serde(default)]
    pub batch_class: Option<String>,
    /// The rule in plain words.
    pub words: String,
}

/// A rung of the escalation ladder, counted from the verdict. Being told gives no authority.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Minutes after the verdict; at least 1.
    #[serde(deserialize_with = "at_least_one")]
    pub after_minutes: u32,
    /// The role that is told.
    #[serde(deserialize_with = "role")]
    pub role: Role,
}

fn at_least_one<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let minutes = u32::deserialize(deserializer)?;
    if minutes == 0 {
        return Err(serde::de::Error::custom("after_minutes must be at least 1"));
    }
    Ok(minutes)
}

fn role<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    Role::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Roles in order, each with how many distinct persons must sign.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RoleMinimums(pub BTreeMap<Role, u8>);

impl<'de> Deserialize<'de> for RoleMinimums {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = BTreeMap::<String, u8>::deserialize(deserializer)?;
        named
            .into_iter()
            .map(|(name, minimum)| {
                let role = Role::parse(&name).map_err(serde::de::Error::custom)?;
                if minimum == 0 {
                    return Err(serde::de::Error::custom("a role needs at least one person"));
                }
                Ok((role, minimum))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// What holds when no rule asks for more; nobody ever signs less.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Who owns an ordinary decision.
    pub decision_type: DecisionType,
    /// Second factors of every decision.
    pub factors: FactorRule,
    /// The lowest risk tier.
    pub risk_tier: RiskTier,
    /// Who always signs while the workspace is `propose_only`; not empty.
    pub roles: RoleMinimums,
    /// Minutes in which people must have signed; at least 1.
    pub sla_minutes: u32,
    /// Who is told of every case while nobody signs.
    #[serde(default)]
    pub ladder: Vec<Step>,
}
