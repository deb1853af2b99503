//! What one rule found, as it leaves the engine. Unknown fields are refused: a misspelt
//! requirement must not be a requirement that nobody hears of. Everything is bounded, so that
//! a verdict can always be signed, logged and shown.

use countersign_model::{
    Role,
    text::{check_line, shown_line},
    verdict::{DecisionType, FactorRule, Outcome, RiskTier},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Longest id of a rule in a flag, in bytes; `a` to `z`, digits and `_`.
pub const MAX_RULE_BYTES: usize = 64;
/// Added to the id of a rule or limit that was rejected, so findings have that much less room.
pub(crate) const REJECTED: &str = "_rejected";
/// Longest words of a flag, in bytes, one line without hidden characters (`model::text`).
pub const MAX_WORDS_BYTES: usize = 512;
/// Most flags of a verdict; the last one sums up what did not fit.
pub const MAX_FLAGS: usize = 40;
/// Most findings of an evaluation; more is a rule set that is broken, not thorough.
pub const MAX_FINDINGS: usize = 1_000;
/// Most roles that a finding, and that a verdict, can ask for or tell.
pub const MAX_ROLES: usize = 32;
/// Most persons of one role that can be asked for.
pub const MAX_MINIMUM: u8 = 16;
/// Longest time for people, and latest rung of a ladder, in minutes: a year.
pub const MAX_MINUTES: u32 = 525_600;

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
    /// Who is notified while nobody signs, if the rule says so.
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
    /// The role that is notified.
    #[serde(deserialize_with = "role")]
    pub role: Role,
}

impl Finding {
    /// Checks what its types cannot say.
    ///
    /// # Errors
    /// Which bound is exceeded, in words.
    pub fn check(&self) -> Result<(), String> {
        let own = MAX_RULE_BYTES - REJECTED.len();
        if !is_name(&self.rule, own) {
            return Err(format!("`rule` must be 1 to {own} of a-z, 0-9 and _"));
        }
        if self.batch_class.as_ref().is_some_and(|class| !is_name(class, MAX_RULE_BYTES)) {
            return Err(format!("`batch_class` must be 1 to {MAX_RULE_BYTES} of a-z, 0-9 and _"));
        }
        if !(1..=MAX_WORDS_BYTES).contains(&self.words.len()) {
            return Err(format!("`words` must be 1 to {MAX_WORDS_BYTES} bytes in one line"));
        }
        check_line(&self.words, MAX_WORDS_BYTES).map_err(|error| format!("`words` {error}"))?;
        check_demands(&self.roles, self.sla_minutes, &self.ladder)
    }
}

impl Base {
    /// Checks what its types cannot say.
    ///
    /// # Errors
    /// Which bound is exceeded, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.roles.0.is_empty() {
            return Err("at least one role is needed: nothing is applied without people".into());
        }
        check_demands(&self.roles, Some(self.sla_minutes), &self.ladder)
    }
}

fn check_demands(roles: &RoleMinimums, sla: Option<u32>, ladder: &[Step]) -> Result<(), String> {
    if roles.0.len() > MAX_ROLES || roles.0.values().any(|least| *least > MAX_MINIMUM) {
        return Err(format!("`roles` must be at most {MAX_ROLES}, each of 1 to {MAX_MINIMUM}"));
    }
    if sla.is_some_and(|minutes| !(1..=MAX_MINUTES).contains(&minutes)) {
        return Err(format!("`sla_minutes` must be 1 to {MAX_MINUTES}"));
    }
    if ladder.len() > MAX_ROLES || ladder.iter().any(|step| step.after_minutes > MAX_MINUTES) {
        return Err(format!("`ladder` must be at most {MAX_ROLES} rungs of at most {MAX_MINUTES}"));
    }
    Ok(())
}

fn is_name(text: &str, most: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=most).contains(&text.len()) && text.bytes().all(fits)
}

/// Words of the product's own, as a flag can hold them: one line, cut to length. What they
/// quote may hide something; it is shown.
pub(crate) fn bounded_words(text: &str) -> String {
    const MORE: &str = "…";
    let line = |letter: char| if letter.is_control() { ' ' } else { letter };
    let words: String = text.chars().map(line).collect();
    let mut words = shown_line(&words).into_owned();
    if words.len() > MAX_WORDS_BYTES {
        let end = (0..=MAX_WORDS_BYTES - MORE.len()).rev().find(|end| words.is_char_boundary(*end));
        words.truncate(end.unwrap_or(0));
        words.push_str(MORE);
    }
    words
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
    /// Who is notified of every case while nobody signs.
    #[serde(default)]
    pub ladder: Vec<Step>,
}
