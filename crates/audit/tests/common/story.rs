//! One whole case as a log: roster, proposal, verdict, two decisions, authorised, executed.
//! Bodies and envelopes can be changed before they are sealed, as a dishonest gate would.

use super::{Keys, ORIGIN, body_at, keys, vkey, workspace};
use countersign_audit::{Frontier, checkpoint, tree};
use countersign_model::{
    Action, AgentId, AmountLimits, BudgetChange, CampaignStatus, Currency, Decision, DecisionId,
    DecisionKind, DeviceId, Digest, EntityRef, Envelope, MfaProof, Money, Outcome, PersonId,
    Proposal, ProposalId, Role, Roster, TimestampMs, Verdict,
    change::Window,
    decision,
    draft::Grounds,
    entity::{PlatformId, PlatformKind},
    entry::{
        Actor, ActorKind, Approval, DecisionRecord, EntryBody, ExecutionStatus, LogEvent,
        PlatformRecord,
    },
    proposal::{Drafted, Initiator, Origin},
    reason::Reason,
    roster::{Agent, Device, GateKeys, Person, RootKeys},
    verdict::{
        AutonomyMode, DecisionType, FactorKind, FactorRule, Flag, Layer, PolicyRef, QuorumGroup,
        RiskTier,
    },
};
use std::collections::BTreeSet;
use uuid::Uuid;

pub const NOW_MS: i64 = 1_795_237_200_000;
const DAY_MS: i64 = 86_400_000;

pub fn at(offset_ms: i64) -> TimestampMs {
    TimestampMs::from_millis(NOW_MS + offset_ms)
}

pub fn uuid(number: u128) -> Uuid {
    Uuid::from_u128((0x0192_f0c1_0000_7000_8000u128 << 48) | number)
}

pub fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

pub fn person(number: u128) -> PersonId {
    PersonId::from_uuid(uuid(number))
}

pub fn proposal_id() -> ProposalId {
    ProposalId::from_uuid(uuid(20))
}

/// A budget change from 100 USD to `after` USD.
pub fn budget(after: i64) -> Action {
    let usd = Currency::parse("USD").unwrap();
    Action::BudgetChange(BudgetChange {
        entity: EntityRef {
            platform: PlatformKind::GoogleAds,
            account_id: PlatformId::parse("1234567890").unwrap(),
            campaign_id: PlatformId::parse("1001").unwrap(),
        },
        campaign_name: "flash_sale_burst".into(),
        budget_resource: "customers/1234567890/campaignBudgets/2001".into(),
        shared_by: 1,
        status: CampaignStatus::Enabled,
        limits: AmountLimits::unknown(usd),
        before: Money::from_micros(100_000_000, usd),
        after: Money::from_micros(after * 1_000_000, usd),
        window: Some(Window { starts_at_ms: at(0), ends_at_ms: at(3 * DAY_MS) }),
    })
}

fn member(number: u128, name: &str, role_name: &str, key: u8) -> Person {
    Person {
        id: person(number),
        name: name.into(),
        roles: BTreeSet::from([role(role_name)]),
        devices: vec![Device {
            id: DeviceId::from_uuid(uuid(number + 100)),
            signing_key: keys(key).1,
            sealing_key: Digest::of(name.as_bytes()),
            enrolled_at_ms: at(-DAY_MS),
            revoked_at_ms: None,
        }],
        factors: BTreeSet::from([FactorKind::Totp]),
    }
}

pub fn roster() -> Roster {
    Roster {
        workspace: workspace(),
        version: 1,
        issued_at_ms: at(-DAY_MS),
        expires_at_ms: at(365 * DAY_MS),
        root: RootKeys { keys: BTreeSet::from([keys(10).1]), threshold: 1 },
        gate: GateKeys {
            device: DeviceId::from_uuid(uuid(9)),
            signing_key: keys(1).1,
            log_vkey: vkey(),
        },
        people: vec![
            member(1, "Olga", "ops", 3),
            member(2, "Finn", "finance", 4),
            member(3, "Ada", "ops", 5),
        ],
        agents: vec![Agent {
            id: AgentId::from_uuid(uuid(30)),
            name: "proposer".into(),
            owner: person(3),
        }],
    }
}

pub fn proposal() -> Proposal {
    Proposal {
        id: proposal_id(),
        workspace: workspace(),
        created_at_ms: at(0),
        expires_at_ms: at(DAY_MS),
        origin: Origin::Draft(Box::new(Drafted {
            initiator: Initiator {
                agent: AgentId::from_uuid(uuid(30)),
                agent_name: "proposer".into(),
                owner: person(3),
            },
            grounds: Grounds::sample(),
            prompt_commitment: Digest::commitment(&[7; 32], b"prompt"),
        })),
        action: budget(125),
        entity_revision: 4,

        evidence: vec![],
    }
}

pub fn policy() -> PolicyRef {
    PolicyRef { version: "2026-11-01".into(), digest: Digest::of(b"policy files") }
}

pub fn verdict() -> Verdict {
    Verdict {
        workspace: workspace(),
        proposal: proposal_id(),
        outcome: Outcome::Escalate,
        risk_tier: RiskTier::Medium,
        decision_type: DecisionType::AgentLedHumanBounded,
        autonomy: AutonomyMode::ProposeOnly,
        quorum: vec![
            QuorumGroup { role: role("finance"), minimum: 1 },
            QuorumGroup { role: role("ops"), minimum: 1 },
        ],
        factors: FactorRule { to_decide: vec![], to_override: vec![FactorKind::Totp] },
        flags: vec![flag()],
        policy: policy(),
        evaluated_at_ms: at(10),
        decide_by_ms: at(30 * 60_000),
        ladder: vec![],
        batch_class: None,
    }
}

pub fn flag() -> Flag {
    Flag {
        rule: "budget_change_over_15_percent".into(),
        layer: Layer::Corporate,
        outcome: Outcome::Escalate,
        words: "A daily budget change over 15 % needs ops and finance.".into(),
    }
}

/// A decision by person `number`, in `role_name`.
pub fn decide(
    number: u128,
    role_name: &str,
    kind: DecisionKind,
    effective: Option<i64>,
) -> Decision {
    let is_override = kind == DecisionKind::Override;
    Decision {
        id: DecisionId::from_uuid(uuid(number + 200)),
        workspace: workspace(),
        proposal: proposal_id(),
        kind,
        effective: effective.map(budget),
        reason: Reason {
            code: if is_override { "budget_headroom" } else { "within_plan" }.into(),
            text: if is_override {
                "Only 15 % is left this month – \"Q4\"".into()
            } else {
                String::new()
            },
        },
        person: person(number),
        device: DeviceId::from_uuid(uuid(number + 100)),
        role: role(role_name),
        on_behalf_of: None,
        verdict: verdict().digest().unwrap(),
        policy: policy().digest,
        entity_revision: 4,
        evidence_shown: vec![Digest::of(b"series")],
        comments_shown: vec![],
        requested: None,
        checkpoint_seen: None,
        signed_at_ms: at(1_000),
        valid_until_ms: at(DAY_MS / 2),
        mfa: is_override.then(|| MfaProof::Totp { code: "492039".into() }),
    }
}

pub fn seal_decision(decision: &Decision, key: &Keys) -> Envelope {
    let bytes = decision::statement_bytes(decision, proposal().digest().unwrap()).unwrap();
    Envelope::sign_payload(&bytes, &[key]).unwrap()
}

/// Bodies in order (seq and `prev_hash` are set when sealed) and the envelopes beside them.
pub struct Story {
    pub bodies: Vec<EntryBody>,
    pub envelopes: Vec<Envelope>,
}

fn body(event: LogEvent) -> EntryBody {
    body_at(0, Digest::from_bytes([0; 32]), event)
}

fn accepted(decision: &Decision, envelope: &Envelope) -> EntryBody {
    EntryBody {
        actor: Actor {
            kind: ActorKind::Person,
            id: decision.person.to_string(),
            role: Some(decision.role.clone()),
        },
        ..body(LogEvent::DecisionAccepted {
            proposal_id: proposal_id(),
            decision: DecisionRecord {
                id: decision.id,
                kind: decision.kind,
                envelope: envelope.digest().unwrap(),
                factor: decision.mfa.as_ref().map(MfaProof::kind),
            },
            reason: decision.reason.clone(),
        })
    }
}

fn approval(decision: &Decision, envelope: &Envelope) -> Approval {
    Approval {
        person: decision.person,
        role: decision.role.clone(),
        decision: decision.id,
        envelope: envelope.digest().unwrap(),
    }
}

impl Story {
    /// Ops approves +25 %, finance overrides to +15 %, the change is made.
    pub fn honest() -> Self {
        let ops = decide(1, "ops", DecisionKind::Approve, Some(125));
        let finance = decide(2, "finance", DecisionKind::Override, Some(115));
        Self::with(&[(ops, keys(3)), (finance, keys(4))], 115)
    }

    pub fn with(decisions: &[(Decision, Keys)], change: i64) -> Self {
        Self::of(&roster(), &verdict(), decisions, change)
    }

    pub fn of(
        roster: &Roster,
        verdict: &Verdict,
        decisions: &[(Decision, Keys)],
        change: i64,
    ) -> Self {
        let gate = keys(1);
        let first = roster.seal(&[&keys(10)]).unwrap();
        let proposed = proposal().seal(&gate).unwrap();
        let judged = verdict.seal(proposal().digest().unwrap(), &gate).unwrap();
        let signed: Vec<(&Decision, Envelope)> = decisions
            .iter()
            .map(|(decision, key)| (decision, seal_decision(decision, key)))
            .collect();
        let (proposal_id, change) = (proposal_id(), budget(change));
        let asked = proposal();
        let Drafted { grounds, prompt_commitment, .. } = asked.drafted().unwrap();
        let mut bodies = vec![
            body(LogEvent::RosterAccepted { output_hash: first.digest().unwrap() }),
            body(LogEvent::ProposalReceived {
                proposal_id,
                model: grounds.model.clone(),
                prompt_commitment: *prompt_commitment,
                output_hash: proposed.digest().unwrap(),
                explanation_digest: Digest::of(b"explanation"),
                confidence: grounds.confidence,
                change: budget(125),
            }),
            body(LogEvent::VerdictIssued {
                proposal_id,
                input_commitment: Digest::of(b"policy input"),
                output_hash: judged.digest().unwrap(),
                policy: policy(),
                flags: vec![flag()],
            }),
        ];
        bodies.extend(signed.iter().map(|(decision, envelope)| accepted(decision, envelope)));
        bodies.push(body(LogEvent::ChangeAuthorized {
            proposal_id,
            change: change.clone(),
            approvals: signed
                .iter()
                .map(|(decision, envelope)| approval(decision, envelope))
                .collect(),
            policy: policy(),
        }));
        bodies.push(body(LogEvent::ExecutionIntended { proposal_id, change: change.clone() }));
        let platform = PlatformRecord {
            request_ids: vec!["r-1".into()],
            status: ExecutionStatus::Applied,
            code: None,
            read_back: Some(change.clone()),
            legs: vec![],
        };
        bodies.push(body(LogEvent::ExecutionFinished { proposal_id, change, platform }));
        let mut envelopes = vec![first, proposed, judged];
        envelopes.extend(signed.into_iter().map(|(_, envelope)| envelope));
        Self { bodies, envelopes }
    }

    /// The leaf bytes, chained and signed.
    pub fn leaves(&self) -> Vec<Vec<u8>> {
        let mut prev = Digest::from_bytes([0; 32]);
        let mut leaves = vec![];
        for (seq, body) in (0..).zip(&self.bodies) {
            let body = EntryBody {
                seq,
                prev_hash: prev,
                event_id: body_at(seq, prev, body.event.clone()).event_id,
                at_ms: at(2_000 + i64::try_from(seq).unwrap()),
                ..body.clone()
            };
            let bytes = body.sign(&keys(1)).unwrap().to_bytes().unwrap();
            prev = tree::leaf_hash(&bytes);
            leaves.push(bytes);
        }
        leaves
    }

    /// The signed head over the first `size` leaves.
    pub fn checkpoint(leaves: &[Vec<u8>]) -> String {
        let mut frontier = Frontier::default();
        leaves.iter().for_each(|leaf| frontier.push(tree::leaf_hash(leaf)));
        checkpoint::sign(ORIGIN, frontier.size(), frontier.root(), &keys(2)).unwrap()
    }
}
