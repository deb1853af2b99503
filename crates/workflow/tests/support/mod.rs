//! A small world: one proposal, one verdict, people with real keys, and really signed decisions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a helper that fails fails its test
#![allow(dead_code, unreachable_pub)] // each test file uses its part

use countersign_model::{
    Action, AgentId, AmountLimits, BudgetChange, CampaignStatus, Currency, Decision, DecisionId,
    DecisionKind, DeviceId, Digest, EntityRef, Envelope, MfaProof, Money, PersonId, Proposal,
    ProposalId, Role, Roster, Signer, TimestampMs, Verdict, WorkspaceId,
    change::{BudgetTransfer, Side},
    decision::{self, SignedDecision},
    draft::Grounds,
    entity::{PlatformId, PlatformKind},
    proposal::{Drafted, Initiator, Origin},
    reason::Reason,
    roster::{Agent, Device, GateKeys, Person, RootKeys},
    signature::SigningKey,
    time::{HOUR_MS, MINUTE_MS},
    verdict::{
        AutonomyMode, DecisionType, FactorKind, FactorRule, Outcome, PolicyRef, QuorumGroup,
        RiskTier,
    },
};
use countersign_workflow::{Authorized, Case, DecisionEvent, Effect, Event, FactorCheck, step};
use uuid::Uuid;

/// When the proposal is made.
pub const T0: i64 = 1_795_237_200_000;
pub const OWNER: u8 = 0;
pub const OPS: u8 = 1;
pub const OPS_TWO: u8 = 2;
pub const FINANCE: u8 = 3;
pub const BOTH: u8 = 4;
pub const LEGAL: u8 = 5;

pub fn at(after_ms: i64) -> TimestampMs {
    TimestampMs::from_millis(T0 + after_ms)
}

pub fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

pub fn person(index: u8) -> PersonId {
    PersonId::from_uuid(Uuid::from_u128(100 + u128::from(index)))
}

fn device(index: u8, second: bool) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(200 + 2 * u128::from(index) + u128::from(second)))
}

fn key(index: u8, second: bool) -> SigningKey {
    SigningKey::from_seed(&[10 + 2 * index + u8::from(second); 32])
}

pub fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(1))
}

pub fn budget(after: i64) -> Action {
    let usd = Currency::parse("USD").unwrap();
    Action::BudgetChange(BudgetChange {
        entity: EntityRef {
            platform: PlatformKind::GoogleAds,
            account_id: PlatformId::parse("1234567890").unwrap(),
            campaign_id: PlatformId::parse("1001").unwrap(),
        },
        campaign_name: "flash_sale".into(),
        budget_resource: budget_resource("1001"),
        shared_by: 1,
        status: CampaignStatus::Enabled,
        limits: AmountLimits::unknown(usd),
        before: Money::from_micros(100, usd),
        after: Money::from_micros(after, usd),
        window: None,
    })
}

/// The platform's name of a campaign's budget.
pub fn budget_resource(campaign: &str) -> String {
    format!("customers/1234567890/campaignBudgets/2{}", campaign.get(1..).unwrap_or_default())
}

/// Takes 15 a day from each of two campaigns and gives 30 to a third: 1002 and 1003 to 1001.
pub fn transfer() -> Action {
    let leg = |campaign: &str, after| {
        let Action::BudgetChange(leg) = budget(after) else { unreachable!() };
        let campaign_id = PlatformId::parse(campaign).unwrap();
        BudgetChange {
            entity: EntityRef { campaign_id, ..leg.entity },
            budget_resource: budget_resource(campaign),
            ..leg
        }
    };
    Action::BudgetTransfer(BudgetTransfer {
        from: Side::of(vec![leg("1002", 85), leg("1003", 85)]).unwrap(),
        to: Side::one(leg("1001", 130)),
        window: None,
    })
}

pub fn roster() -> Roster {
    let people = [
        (OWNER, vec!["ops", "finance"]),
        (OPS, vec!["ops"]),
        (OPS_TWO, vec!["ops"]),
        (FINANCE, vec!["finance"]),
        (BOTH, vec!["ops", "finance"]),
        (LEGAL, vec!["legal"]),
    ];
    Roster {
        workspace: workspace(),
        version: 1,
        issued_at_ms: at(0),
        expires_at_ms: at(1_000 * HOUR_MS),
        root: RootKeys {
            keys: [SigningKey::from_seed(&[1; 32]).public_key()].into(),
            threshold: 1,
        },
        gate: GateKeys {
            device: DeviceId::from_uuid(Uuid::from_u128(2)),
            signing_key: SigningKey::from_seed(&[2; 32]).public_key(),
            log_vkey: "log+0+AA".into(),
        },
        people: people
            .into_iter()
            .map(|(index, roles)| Person {
                id: person(index),
                name: format!("person {index}"),
                roles: roles.into_iter().map(role).collect(),
                devices: [false, true]
                    .map(|second| Device {
                        id: device(index, second),
                        signing_key: key(index, second).public_key(),
                        sealing_key: Digest::of(&[index]),
                        enrolled_at_ms: at(-1_000 * HOUR_MS),
                        revoked_at_ms: None,
                    })
                    .into(),
                factors: [FactorKind::Totp].into(),
            })
            .collect(),
        agents: vec![Agent {
            id: AgentId::from_uuid(Uuid::from_u128(7)),
            name: "proposer".into(),
            owner: person(OWNER),
        }],
    }
}

pub fn proposal() -> Proposal {
    Proposal {
        id: ProposalId::from_uuid(Uuid::from_u128(42)),
        workspace: workspace(),
        created_at_ms: at(0),
        expires_at_ms: at(2 * HOUR_MS),
        origin: Origin::Draft(Box::new(Drafted {
            initiator: Initiator {
                agent: AgentId::from_uuid(Uuid::from_u128(7)),
                agent_name: "proposer".into(),
                owner: person(OWNER),
            },
            grounds: Grounds::sample(),
            prompt_commitment: Digest::of(b"p"),
        })),
        action: budget(125),
        entity_revision: 3,

        evidence: vec![],
    }
}

pub fn verdict(groups: &[(&str, u8)]) -> Verdict {
    Verdict {
        workspace: workspace(),
        proposal: proposal().id,
        outcome: Outcome::Escalate,
        risk_tier: RiskTier::Medium,
        decision_type: DecisionType::HumanOwned,
        autonomy: AutonomyMode::ProposeOnly,
        quorum: groups
            .iter()
            .map(|(name, minimum)| QuorumGroup { role: role(name), minimum: *minimum })
            .collect(),
        factors: FactorRule { to_decide: vec![], to_override: vec![FactorKind::Totp] },
        flags: vec![],
        policy: PolicyRef { version: "1".into(), digest: Digest::of(b"policy") },
        evaluated_at_ms: at(10),
        decide_by_ms: at(30 * MINUTE_MS),
        ladder: vec![],
        batch_class: None,
    }
}

pub fn open(verdict: Verdict) -> Case {
    Case::open(proposal(), verdict).unwrap().0
}

pub fn ops_and_finance() -> Case {
    open(verdict(&[("ops", 1), ("finance", 1)]))
}

/// The authority for any action, given by one real signature.
pub fn authorize(action: Action) -> Authorized<Action> {
    let case = Case::open(Proposal { action, ..proposal() }, verdict(&[("ops", 1)])).unwrap().0;
    let approve = draft(&case, OPS, "ops", DecisionKind::Approve, 1);
    let approved = event(&case, &approve);
    let effects = step(case, approved, at(MINUTE_MS)).1;
    let mut authorities = effects.into_iter().filter_map(|effect| match effect {
        Effect::Execute(authorized) => Some(authorized),
        _ => None,
    });
    authorities.next().unwrap()
}

/// A decision that fits the case; tests bend it before it is signed.
pub fn draft(case: &Case, who: u8, in_role: &str, kind: DecisionKind, nonce: u128) -> Decision {
    let (code, effective) = match kind {
        DecisionKind::Approve => ("within_plan", Some(case.proposal().action.clone())),
        DecisionKind::Override => ("budget_headroom", Some(budget(115))),
        DecisionKind::Reject => ("not_convincing", None),
        DecisionKind::RequestChanges => ("more_evidence", None),
    };
    let is_override = kind == DecisionKind::Override;
    Decision {
        id: DecisionId::from_uuid(Uuid::from_u128(1_000 + nonce)),
        workspace: workspace(),
        proposal: case.proposal().id,
        kind,
        effective,
        reason: Reason { code: code.into(), text: "because".into() },
        person: person(who),
        device: device(who, false),
        role: role(in_role),
        on_behalf_of: None,
        verdict: case.verdict_digest(),
        policy: case.verdict().policy.digest,
        entity_revision: case.proposal().entity_revision,
        evidence_shown: vec![],
        comments_shown: vec![],
        requested: None,
        checkpoint_seen: None,
        signed_at_ms: at(MINUTE_MS),
        valid_until_ms: case.proposal().expires_at_ms,
        mfa: is_override.then(|| MfaProof::Totp { code: "123456".into() }),
    }
}

/// Uses the person's other device.
pub fn on_second_device(mut decision: Decision, who: u8) -> Decision {
    decision.device = device(who, true);
    decision
}

pub fn sign_about(decision: &Decision, proposal: Digest) -> (SignedDecision, Digest) {
    let who = (0..6).find(|index| person(*index) == decision.person).unwrap();
    let signer = key(who, decision.device == device(who, true));
    let envelope =
        Envelope::seal(&decision.proposal.to_string(), proposal, decision, &signer).unwrap();
    let signed = decision::verify(&envelope, &roster()).unwrap();
    (signed, Digest::of(&envelope.to_bytes().unwrap()))
}

pub fn event(case: &Case, decision: &Decision) -> Event {
    let factor = match &decision.mfa {
        Some(proof) => FactorCheck::Valid(proof.kind()),
        None => FactorCheck::NotPresented,
    };
    event_with(case, decision, factor)
}

pub fn event_with(case: &Case, decision: &Decision, factor: FactorCheck) -> Event {
    let (signed, envelope) = sign_about(decision, case.proposal_digest());
    let agent_owner = Some(person(OWNER));
    Event::Decision(Box::new(DecisionEvent { signed, envelope, factor, agent_owner }))
}

/// The answer to the one decision of a step.
pub fn answer(effects: &[Effect]) -> Result<(), decision::Refusal> {
    let mut answers = effects.iter().filter_map(|effect| match effect {
        Effect::Answer { result, .. } => Some(*result),
        _ => None,
    });
    let only = answers.next().unwrap();
    assert!(answers.next().is_none(), "one answer per decision");
    only
}

/// The action that a step let out, if any.
pub fn executed(effects: &[Effect]) -> Option<&Action> {
    effects.iter().find_map(|effect| match effect {
        Effect::Execute(authorized) => Some(authorized.action()),
        _ => None,
    })
}
