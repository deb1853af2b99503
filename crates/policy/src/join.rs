//! One answer from all layers: strictest outcome, united roles, shortest time.
//! Every step can only add; that is why a lower layer never relaxes a higher one.

use crate::{
    PolicyInput,
    finding::{Base, Finding, MAX_FLAGS, REJECTED, Step, bounded_words},
    limits::{Conflict, layer_name},
};
use countersign_model::{
    Digest, ProposalId, Role, TimestampMs, Verdict, WorkspaceId,
    change::Direction,
    time::MINUTE_MS,
    verdict::{
        AutonomyMode, DecisionType, FactorKind, FactorRule, Flag, Layer, Outcome, PolicyRef,
        QuorumGroup, RiskTier, Rung,
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// What policy asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evaluation {
    /// The outcome; `block > hold > escalate > allow`.
    pub outcome: Outcome,
    /// The risk tier.
    pub risk_tier: RiskTier,
    /// Who owns such a decision.
    pub decision_type: DecisionType,
    /// What the workspace lets `allow` do.
    pub autonomy: AutonomyMode,
    /// Who must sign; empty only when blocked.
    pub quorum: Vec<QuorumGroup>,
    /// Which second factors are asked for.
    pub factors: FactorRule,
    /// Milliseconds in which people must have signed.
    pub sla_ms: i64,
    /// Which role is notified after how many minutes while nobody signs; the earliest of each.
    pub ladder: BTreeMap<Role, u32>,
    /// The class of changes that may be signed together, when every rule that fired puts
    /// this one in it.
    pub batch_class: Option<String>,
    /// Every rule that fired and every conflict, highest layer first.
    pub flags: Vec<Flag>,
    /// The ids of the rules that fired.
    pub rules_fired: Vec<String>,
    /// The digest of the facts.
    pub input_digest: Digest,
}

impl Evaluation {
    /// The verdict to sign.
    #[must_use]
    pub fn into_verdict(
        self,
        workspace: WorkspaceId,
        proposal: ProposalId,
        policy: PolicyRef,
        now: TimestampMs,
    ) -> Verdict {
        Verdict {
            workspace,
            proposal,
            outcome: self.outcome,
            risk_tier: self.risk_tier,
            decision_type: self.decision_type,
            autonomy: self.autonomy,
            quorum: self.quorum,
            factors: self.factors,
            flags: self.flags,
            policy,
            evaluated_at_ms: now,
            decide_by_ms: now.plus_ms(self.sla_ms),
            ladder: rungs(&self.ladder, now),
            batch_class: self.batch_class,
        }
    }
}

/// Joins what the layers found; `findings` are given highest layer first.
#[must_use]
pub fn join(
    base: &Base,
    findings: &[(Layer, Finding)],
    conflicts: &[Conflict],
    input: &PolicyInput,
) -> Evaluation {
    let mut joined = start(base, input);
    let mut outcome = None;
    for (layer, finding) in findings {
        let higher = strictest(findings.iter().filter(|(other, _)| other < layer));
        joined.flags.push(flag(*layer, finding));
        joined.rules_fired.push(finding.rule.clone());
        if finding.outcome == Outcome::Allow && higher > Some(Outcome::Allow) {
            joined.flags.push(relaxing_rule(*layer, &finding.rule));
        }
        outcome = outcome.max(Some(finding.outcome));
        add(&mut joined, finding);
    }
    joined.flags.extend(conflicts.iter().map(conflict_flag));
    joined.outcome = outcome.unwrap_or_else(|| {
        joined.flags.push(built_in(
            NO_RULE_MATCHED,
            Outcome::Escalate,
            "No rule of the policy fits this change, so people decide.",
        ));
        joined.decision_type = DecisionType::HumanOwnedByNecessity;
        Outcome::Escalate
    });
    never_block_a_decrease(&mut joined, input);
    if joined.outcome >= Outcome::Hold {
        // A time-out is decided by the tier, and a hold never proceeds on one.
        joined.risk_tier = RiskTier::High;
    }
    joined.batch_class = batch_class(&joined, findings);
    if joined.outcome == Outcome::Block {
        joined.quorum.clear();
        joined.ladder.clear();
    }
    joined.flags = bounded(joined.flags);
    joined
}

/// At most [`MAX_FLAGS`], in their order: the built-in ones and the strictest stay, and one
/// more says how many do not. Whatever the others ask for was joined all the same.
fn bounded(flags: Vec<Flag>) -> Vec<Flag> {
    let surplus = (flags.len() + 1).saturating_sub(MAX_FLAGS);
    if surplus <= 1 {
        return flags;
    }
    let mut by_weight: Vec<_> = (0..flags.len()).collect();
    let weight = |at: &usize| flags.get(*at).map(|flag| (is_built_in(&flag.rule), flag.outcome));
    by_weight.sort_by_key(|at| std::cmp::Reverse(weight(at)));
    let kept: BTreeSet<_> = by_weight.into_iter().take(MAX_FLAGS - 1).collect();
    let (mut shown, mut hidden) = (Vec::with_capacity(MAX_FLAGS), Vec::with_capacity(surplus));
    for (at, flag) in flags.into_iter().enumerate() {
        if kept.contains(&at) { shown.push(flag) } else { hidden.push(flag) }
    }
    let layer = hidden.iter().map(|flag| flag.layer).min().unwrap_or(Layer::Protocol);
    let outcome = hidden.iter().map(|flag| flag.outcome).max().unwrap_or(Outcome::Allow);
    let words = format!("and {} more rules; what they ask for holds too.", hidden.len());
    shown.push(Flag { rule: MORE_RULES.into(), layer, outcome, words });
    shown
}

/// The rule id of the flag that sums up those that did not fit.
const MORE_RULES: &str = "more_rules";
const NO_RULE_MATCHED: &str = "no_rule_matched";
const BLOCK_LIFTED: &str = "block_of_decrease_lifted";

fn is_built_in(rule: &str) -> bool {
    [NO_RULE_MATCHED, BLOCK_LIFTED, POLICY_ERROR, UNKNOWN_KIND].contains(&rule)
}

/// One class that every rule that fired names; none for what is high, held or blocked, and
/// none where nobody speaks.
fn batch_class(joined: &Evaluation, findings: &[(Layer, Finding)]) -> Option<String> {
    let (_, first) = findings.first()?;
    let agreed = findings.iter().all(|(_, finding)| finding.batch_class == first.batch_class);
    let ordinary = joined.outcome < Outcome::Hold && joined.risk_tier < RiskTier::High;
    first.batch_class.clone().filter(|_| agreed && ordinary)
}

/// The ladder in time, soonest first.
fn rungs(ladder: &BTreeMap<Role, u32>, now: TimestampMs) -> Vec<Rung> {
    let mut rungs: Vec<_> = ladder
        .iter()
        .map(|(role, minutes)| Rung {
            at_ms: now.plus_ms(i64::from(*minutes) * MINUTE_MS),
            role: role.clone(),
        })
        .collect();
    rungs.sort();
    rungs
}

/// A layer can add a role or have it told sooner, never later.
fn climb(ladder: &mut BTreeMap<Role, u32>, steps: &[Step]) {
    for step in steps {
        let minutes = ladder.entry(step.role.clone()).or_insert(step.after_minutes);
        *minutes = (*minutes).min(step.after_minutes);
    }
}

/// The answer when a change is not to be judged at all: an unknown kind, or rules that broke.
/// A decrease whose rules broke still goes to people.
#[must_use]
pub(crate) fn refuse(base: &Base, input: &PolicyInput, rule: &str, words: &str) -> Evaluation {
    let mut joined = start(base, input);
    joined.outcome = Outcome::Block;
    joined.risk_tier = RiskTier::High;
    joined.decision_type = DecisionType::HumanOwnedByNecessity;
    joined.flags.push(built_in(rule, Outcome::Block, words));
    if rule != UNKNOWN_KIND {
        never_block_a_decrease(&mut joined, input);
    }
    if joined.outcome == Outcome::Block {
        joined.quorum.clear();
        joined.ladder.clear();
    }
    joined
}

/// The rule id of a kind that no release of this product can execute.
pub(crate) const UNKNOWN_KIND: &str = "unknown_action_kind";
/// The rule id of a rule set that broke.
pub(crate) const POLICY_ERROR: &str = "policy_error";

fn start(base: &Base, input: &PolicyInput) -> Evaluation {
    let mut ladder = BTreeMap::new();
    climb(&mut ladder, &base.ladder);
    Evaluation {
        outcome: Outcome::Allow,
        risk_tier: base.risk_tier,
        decision_type: base.decision_type,
        autonomy: input.autonomy,
        quorum: groups(&base.roles.0),
        factors: base.factors.clone(),
        sla_ms: i64::from(base.sla_minutes) * MINUTE_MS,
        ladder,
        batch_class: None,
        flags: Vec::new(),
        rules_fired: Vec::new(),
        input_digest: input.digest(),
    }
}

fn add(joined: &mut Evaluation, finding: &Finding) {
    joined.risk_tier = joined.risk_tier.max(finding.risk_tier);
    if let Some(owner) = finding.decision_type.filter(|one| rank(*one) > rank(joined.decision_type))
    {
        joined.decision_type = owner;
    }
    let mut roles: BTreeMap<Role, u8> =
        joined.quorum.drain(..).map(|group| (group.role, group.minimum)).collect();
    for (role, minimum) in &finding.roles.0 {
        let needed = roles.entry(role.clone()).or_insert(*minimum);
        *needed = (*needed).max(*minimum);
    }
    joined.quorum = groups(&roles);
    if let Some(factors) = &finding.factors {
        narrow(&mut joined.factors.to_decide, &factors.to_decide);
        narrow(&mut joined.factors.to_override, &factors.to_override);
    }
    if let Some(minutes) = finding.sla_minutes {
        joined.sla_ms = joined.sla_ms.min(i64::from(minutes) * MINUTE_MS);
    }
    climb(&mut joined.ladder, &finding.ladder);
}

/// Asking for a factor is stricter than asking for none; accepting fewer kinds is stricter.
/// Two lists without a common kind leave the higher layer's.
fn narrow(held: &mut Vec<FactorKind>, asked: &[FactorKind]) {
    if held.is_empty() {
        held.extend_from_slice(asked);
    } else if asked.iter().any(|kind| held.contains(kind)) {
        held.retain(|kind| asked.contains(kind));
    }
}

fn never_block_a_decrease(joined: &mut Evaluation, input: &PolicyInput) {
    if joined.outcome == Outcome::Block && input.direction == Direction::Decrease {
        joined.outcome = Outcome::Escalate;
        joined.flags.push(built_in(
            BLOCK_LIFTED,
            Outcome::Escalate,
            "A rule would block this, but lowering a budget is never blocked: people decide.",
        ));
    }
}

fn strictest<'a>(findings: impl Iterator<Item = &'a (Layer, Finding)>) -> Option<Outcome> {
    findings.map(|(_, finding)| finding.outcome).max()
}

fn groups(roles: &BTreeMap<Role, u8>) -> Vec<QuorumGroup> {
    roles
        .iter()
        .map(|(role, minimum)| QuorumGroup { role: role.clone(), minimum: *minimum })
        .collect()
}

const fn rank(decision_type: DecisionType) -> u8 {
    match decision_type {
        DecisionType::AgentOwned => 0,
        DecisionType::AgentLedHumanBounded => 1,
        DecisionType::HumanOwned => 2,
        DecisionType::HumanOwnedByNecessity => 3,
    }
}

fn flag(layer: Layer, finding: &Finding) -> Flag {
    Flag {
        rule: finding.rule.clone(),
        layer,
        outcome: finding.outcome,
        words: finding.words.clone(),
    }
}

fn relaxing_rule(layer: Layer, rule: &str) -> Flag {
    let words = format!(
        "{rule} of the {} layer would allow what a higher layer does not: rejected, the higher layer holds.",
        layer_name(layer)
    );
    Flag { rule: format!("{rule}{REJECTED}"), layer, outcome: Outcome::Allow, words }
}

fn conflict_flag(conflict: &Conflict) -> Flag {
    Flag {
        rule: format!("{}{REJECTED}", conflict.name),
        layer: conflict.layer,
        outcome: Outcome::Allow,
        words: conflict.words.clone(),
    }
}

fn built_in(rule: &str, outcome: Outcome, words: &str) -> Flag {
    Flag { rule: rule.into(), layer: Layer::Protocol, outcome, words: bounded_words(words) }
}
