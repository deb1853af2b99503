//! The policy in force in plain words, from the files that the gate published, and how often
//! each rule fired.

use crate::{
    lists::history,
    profile::{
        access::{Access, NoMember},
        failure::{Cause, Failure},
        member::Me,
    },
    view::{
        BaseView, FactView, LimitUnit, LimitView, PoliciesView, PolicyLayerView, RuleView, names,
    },
};
use countersign_model::{
    PolicyBundle, TimestampMs,
    verdict::{FactorKind, Layer},
};
use countersign_policy::{
    Base, LimitDescription, PolicyError, RuleDescription, base_of, describe, describe_limits,
    limits::LAYERS, reference_of,
};
use countersign_store::{ListedCase, PolicyBundleRow, Reader, StoreError};
use serde::Deserialize;
use std::collections::BTreeMap;

const DAY_MS: i64 = 86_400_000;
/// Over how many days it is counted how often a rule fired.
const FIRED_DAYS: i64 = 90;

/// Why the policy cannot be shown or tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoliciesError {
    #[error("no policy has reached this device")]
    NotHere,
    #[error("the policy on this device is not what its digest says")]
    Differs,
    #[error("the policy cannot be read")]
    Unreadable(#[from] PolicyError),
    #[error(transparent)]
    NoMember(#[from] NoMember),
    #[error(transparent)]
    Failure(Failure),
}

impl<C: Cause> From<C> for PoliciesError {
    fn from(cause: C) -> Self {
        Self::Failure(cause.into())
    }
}

/// The policy for the window.
pub(crate) fn view(access: &Access) -> Result<PoliciesView, PoliciesError> {
    let (bundle, received_at) = newest(access)?;
    let files = &bundle.files;
    let rules = describe(files)?;
    let limits = describe_limits(files)?;
    let base = base_of(files)?;
    let fired = fired(access)?;
    Ok(PoliciesView {
        version: bundle.version,
        digest: bundle.digest.to_string(),
        received_at_ms: received_at.millis(),
        layers: LAYERS.into_iter().map(|one| layer(one, &rules, &limits, &fired)).collect(),
        base: base_view(&base),
    })
}

/// The newest bundle, believed only when its files have the digest that it names.
pub(crate) fn newest(access: &Access) -> Result<(PolicyBundle, TimestampMs), PoliciesError> {
    let row = access.member::<_, PoliciesError>(|member| {
        Ok(member.store.read::<_, StoreError>(|reader| reader.newest_policy_bundle())?)
    })?;
    let PolicyBundleRow { bytes, stored_at_ms, .. } = row.ok_or(PoliciesError::NotHere)?;
    let bundle = PolicyBundle::from_bytes(&bytes).map_err(|_| PoliciesError::Differs)?;
    let reference = reference_of(&bundle.files)?;
    if (reference.digest, &reference.version) != (bundle.digest, &bundle.version) {
        return Err(PoliciesError::Differs);
    }
    Ok((bundle, stored_at_ms))
}

/// In how many cases of the last days each rule fired.
fn fired(access: &Access) -> Result<BTreeMap<String, u32>, PoliciesError> {
    #[derive(Deserialize)]
    struct Rules {
        rules: Vec<String>,
    }
    let since = (access.clock)().plus_ms(-FIRED_DAYS * DAY_MS);
    let mut fired = BTreeMap::new();
    // A row of an older form has no rules; it is projected again soon.
    let rules = |case: &ListedCase| serde_json::from_slice::<Rules>(&case.summary).ok();
    let read = |_: &Reader<'_>, _: &Me, cases: &[ListedCase]| {
        Ok(cases.iter().filter_map(rules).flat_map(|one| one.rules).collect::<Vec<_>>())
    };
    history::each_page::<_, PoliciesError>(access, since, read, |rules| {
        for rule in rules {
            *fired.entry(rule).or_insert(0) += 1;
        }
    })?;
    Ok(fired)
}

fn layer(
    layer: Layer,
    rules: &[RuleDescription],
    limits: &[LimitDescription],
    fired: &BTreeMap<String, u32>,
) -> PolicyLayerView {
    let own_rules = rules.iter().filter(|rule| rule.layer == layer);
    let own_limits = limits.iter().filter(|limit| limit.layer == layer);
    PolicyLayerView {
        layer: names::wire(&layer),
        rules: own_rules.map(|one| rule(one, fired)).collect(),
        limits: own_limits.map(limit).collect(),
    }
}

fn rule(rule: &RuleDescription, fired: &BTreeMap<String, u32>) -> RuleView {
    RuleView {
        rule: rule.rule.clone(),
        title: rule.title.clone(),
        description: rule.description.clone(),
        outcome: rule.outcome.as_ref().map(names::wire),
        risk_tier: rule.risk_tier.as_ref().map(names::wire),
        roles: rule.roles.iter().map(|(role, minimum)| fact(role, minimum)).collect(),
        sla_minutes: rule.sla_minutes,
        file: rule.file.clone(),
        text: rule.text.clone(),
        fired: fired.get(&rule.rule).copied().unwrap_or(0),
    }
}

fn limit(limit: &LimitDescription) -> LimitView {
    LimitView {
        key: limit.name.clone(),
        value: limit.value.to_string(),
        unit: unit(&limit.name),
        in_force: limit.in_force.to_string(),
    }
}

/// A limit's name says what it is measured in.
fn unit(name: &str) -> LimitUnit {
    let says = |part: &str| name.split('_').any(|one| one == part);
    if says("percent") {
        LimitUnit::Percent
    } else if says("micros") {
        LimitUnit::Micros
    } else if ["confidence", "lift", "score"].into_iter().any(says) {
        LimitUnit::Ratio
    } else {
        LimitUnit::Count
    }
}

fn base_view(base: &Base) -> BaseView {
    let factors = |kinds: &[FactorKind]| kinds.iter().map(names::wire).collect();
    BaseView {
        decision_type: names::wire(&base.decision_type),
        risk_tier: names::wire(&base.risk_tier),
        roles: base.roles.0.iter().map(|(role, minimum)| fact(role, minimum)).collect(),
        sla_minutes: base.sla_minutes,
        factors_to_decide: factors(&base.factors.to_decide),
        factors_to_override: factors(&base.factors.to_override),
        ladder: base.ladder.iter().map(|step| fact(&step.role, step.after_minutes)).collect(),
    }
}

fn fact(key: impl ToString, value: impl ToString) -> FactView {
    FactView { key: key.to_string(), value: value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{LimitUnit, unit};

    #[test]
    fn a_name_says_its_unit() {
        for (name, expected) in [
            ("max_change_percent_before_hold", LimitUnit::Percent),
            ("max_share_of_weekly_budget_percent", LimitUnit::Percent),
            ("max_trailing_move_micros", LimitUnit::Micros),
            ("min_confidence_beyond_limits", LimitUnit::Ratio),
            ("min_lift", LimitUnit::Ratio),
            ("max_campaigns_per_budget", LimitUnit::Count),
        ] {
            assert_eq!(unit(name), expected, "{name}");
        }
    }
}
