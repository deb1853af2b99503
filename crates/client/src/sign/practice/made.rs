//! What the practice case is made of: constants, the time it is, and fresh keys.

use super::{grounds, series};
use crate::{
    case::facts::{CaseFacts, Judged, KnownDecision},
    profile::{
        failure::{Broken, Failure},
        member::Me,
        random,
    },
    view::PracticeTopic,
};
use countersign_audit::{MemoryHashes, checkpoint, tree};
use countersign_model::{
    Action, AgentId, Decision, DecisionId, DecisionKind, DeviceId, Digest, Envelope, EventId,
    Outcome, PersonId, Proposal, ProposalId, Role, Roster, Signer, TimestampMs, Verdict,
    WorkspaceId, canonical,
    change::Direction,
    decision,
    entry::{Actor, ActorKind, DecisionRecord, Entry, EntryBody, EntryHead, LogEvent},
    evidence::{Backtest, EvidenceKind, EvidenceRef, Forecast, PacingSeries},
    proposal::{Drafted, Initiator, Origin},
    reason::Reason,
    roster::{Agent, Device, GateKeys, Person, RootKeys},
    signature::SigningKey,
    time::{HOUR_MS, MINUTE_MS},
    verdict::{
        AutonomyMode, DecisionType, FactorRule, Flag, Layer, PolicyRef, QuorumGroup, RiskTier, Rung,
    },
};
use countersign_store::{DecisionRow, Stage};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

const DAY_MS: i64 = 24 * HOUR_MS;

/// Keys of the practice workspace. Each is wiped when it is dropped.
struct Keys {
    gate: SigningKey,
    mine: SigningKey,
    colleague: SigningKey,
}

/// A case and everything around it.
pub(super) struct Made {
    pub(super) me: Me,
    pub(super) facts: CaseFacts,
    pub(super) pacing: PacingSeries,
    pub(super) forecast: Option<Forecast>,
    pub(super) backtest: Backtest,
    pub(super) hashes: MemoryHashes,
    pub(super) log_size: u64,
    pub(super) log_root: Digest,
    /// Not the person's key: made for this case alone.
    pub(super) key: SigningKey,
}

/// Makes the case and everything around it.
pub(super) fn make(topic: PracticeTopic, now: TimestampMs) -> Result<Made, Failure> {
    let keys = Keys { gate: fresh_key()?, mine: fresh_key()?, colleague: fresh_key()? };
    let created = now.plus_ms(-10 * MINUTE_MS);
    let me = me(&keys, created)?;
    let action = action(topic, created)?;
    let (pacing, forecast, backtest) = (
        series::pacing(&action, created),
        series::forecast(&action, created),
        series::backtest(&action, created),
    );
    let mut evidence = vec![piece(EvidenceKind::PacingSeries, &pacing)?];
    if let Some(forecast) = &forecast {
        evidence.push(piece(EvidenceKind::Forecast, forecast)?);
    }
    evidence.push(piece(EvidenceKind::Backtest, &backtest)?);
    let proposal = proposal(topic, &me, action, evidence, created)?;
    let verdict = verdict(topic, &me, &proposal)?;
    let proposal_digest = proposal.digest().map_err(|_| Broken("practice proposal"))?;
    let verdict_digest = verdict.digest().map_err(|_| Broken("practice verdict"))?;
    let sealed = (
        proposal.seal(&keys.gate).map_err(|_| Broken("practice proposal"))?,
        verdict.seal(proposal_digest, &keys.gate).map_err(|_| Broken("practice verdict"))?,
    );
    // Where one signature is enough, nobody has signed yet.
    let decisions = match verdict.quorum.len() {
        1 => vec![],
        _ => vec![colleague_approves(&keys, &me, &proposal, &verdict, created)?],
    };
    let mut log = Log::new(&keys.gate, &me);
    let Drafted { grounds, prompt_commitment, .. } =
        proposal.drafted().ok_or(Broken("practice proposal"))?;
    let received = LogEvent::ProposalReceived {
        proposal_id: proposal.id,
        model: grounds.model.clone(),
        prompt_commitment: *prompt_commitment,
        output_hash: sealed.0.digest().map_err(|_| Broken("practice proposal"))?,
        explanation_digest: Digest::of(grounds.rationale.as_bytes()),
        confidence: grounds.confidence,
        change: proposal.action.clone(),
    };
    log.add(gate_of(&me), received, created)?;
    let issued = LogEvent::VerdictIssued {
        proposal_id: proposal.id,
        input_commitment: Digest::of(b"practice"),
        output_hash: sealed.1.digest().map_err(|_| Broken("practice verdict"))?,
        policy: verdict.policy.clone(),
        flags: verdict.flags.clone(),
    };
    log.add(gate_of(&me), issued, created)?;
    for known in &decisions {
        let (colleague, accepted) = accepted(known);
        log.add(colleague, accepted, known.decision.signed_at_ms)?;
    }
    let Log { hashes, entries, .. } = log;
    let log_size = entries.len() as u64;
    let log_root = tree::root(log_size, &hashes).map_err(|_| Broken("practice log"))?;
    let facts =
        CaseFacts { proposal, proposal_digest, verdict, verdict_digest, decisions, entries };
    Ok(Made { me, facts, pacing, forecast, backtest, hashes, log_size, log_root, key: keys.mine })
}

fn fresh_key() -> Result<SigningKey, Failure> {
    let seed = Zeroizing::new(random::bytes::<32>()?);
    Ok(SigningKey::from_seed(&seed))
}

fn role(name: &str) -> Result<Role, Failure> {
    Ok(Role::parse(name).map_err(|_| Broken("practice role"))?)
}

fn me(keys: &Keys, created: TimestampMs) -> Result<Me, Failure> {
    let person = |name: &str, role: Role, key: &SigningKey| {
        Ok::<_, Failure>(Person {
            id: PersonId::from_uuid(random::uuid(created)?),
            name: name.into(),
            roles: BTreeSet::from([role]),
            devices: vec![Device {
                id: DeviceId::from_uuid(random::uuid(created)?),
                signing_key: key.public_key(),
                sealing_key: Digest::from_bytes(random::bytes()?),
                enrolled_at_ms: created.plus_ms(-DAY_MS),
                revoked_at_ms: None,
            }],
            factors: BTreeSet::new(),
        })
    };
    let mine = person("You", role("finance")?, &keys.mine)?;
    let colleague = person("Sam Field", role("ops")?, &keys.colleague)?;
    let owner = person("Robin Hale", role("marketing")?, &keys.gate)?;
    let workspace = WorkspaceId::from_uuid(random::uuid(created)?);
    let key = keys.gate.public_key();
    let roster = Roster {
        workspace,
        version: 1,
        issued_at_ms: created.plus_ms(-DAY_MS),
        expires_at_ms: created.plus_ms(30 * DAY_MS),
        root: RootKeys { keys: BTreeSet::from([key]), threshold: 1 },
        gate: GateKeys {
            device: DeviceId::from_uuid(random::uuid(created)?),
            signing_key: key,
            log_vkey: checkpoint::make_vkey("practice.invalid/log", key)
                .map_err(|_| Broken("practice log key"))?,
        },
        agents: vec![Agent {
            id: AgentId::from_uuid(random::uuid(created)?),
            name: "Practice agent".into(),
            owner: owner.id,
        }],
        people: vec![mine, colleague, owner],
    };
    let mine = roster.people.first().ok_or(Broken("practice people"))?;
    let device = mine.devices.first().ok_or(Broken("practice device"))?;
    Ok(Me { workspace, person: mine.id, device: device.id, roster })
}

/// The first sample that is about it.
fn action(topic: PracticeTopic, created: TimestampMs) -> Result<Action, Failure> {
    let failed = Broken("practice change");
    let samples = Action::samples(created).map_err(|_| failed)?;
    let is_it = |action: &Action| match topic {
        PracticeTopic::Raise => action.direction() == Direction::Increase,
        PracticeTopic::Pause => action.spend().is_some_and(|spend| spend.after.amount_micros == 0),
    };
    Ok(samples.into_iter().find(is_it).ok_or(failed)?)
}

fn proposal(
    topic: PracticeTopic,
    me: &Me,
    action: Action,
    evidence: Vec<EvidenceRef>,
    created: TimestampMs,
) -> Result<Proposal, Failure> {
    let agent = me.roster.agents.first().ok_or(Broken("practice agent"))?;
    Ok(Proposal {
        id: ProposalId::from_uuid(random::uuid(created)?),
        workspace: me.workspace,
        created_at_ms: created,
        expires_at_ms: created.plus_ms(DAY_MS),
        origin: Origin::Draft(Box::new(Drafted {
            initiator: Initiator {
                agent: agent.id,
                agent_name: agent.name.clone(),
                owner: agent.owner,
            },
            grounds: grounds::of(topic),
            prompt_commitment: Digest::commitment(&random::bytes()?, b"practice"),
        })),
        action,
        entity_revision: 3,
        evidence,
    })
}

/// What the published policy says of such a change, in short.
fn verdict(topic: PracticeTopic, me: &Me, proposal: &Proposal) -> Result<Verdict, Failure> {
    let at = proposal.created_at_ms;
    let one_of = |name| Ok::<_, Failure>(QuorumGroup { role: role(name)?, minimum: 1 });
    let base = Verdict {
        workspace: me.workspace,
        proposal: proposal.id,
        outcome: Outcome::Allow,
        risk_tier: RiskTier::Low,
        decision_type: DecisionType::AgentLedHumanBounded,
        autonomy: AutonomyMode::ProposeOnly,
        quorum: vec![one_of("finance")?],
        factors: FactorRule::default(),
        flags: vec![],
        policy: PolicyRef { version: "practice".into(), digest: Digest::of(b"practice") },
        evaluated_at_ms: at,
        decide_by_ms: at.plus_ms(2 * HOUR_MS),
        ladder: vec![],
        batch_class: None,
    };
    Ok(match topic {
        PracticeTopic::Raise => Verdict {
            outcome: Outcome::Escalate,
            risk_tier: RiskTier::Medium,
            decision_type: DecisionType::HumanOwned,
            quorum: vec![one_of("ops")?, one_of("finance")?],
            flags: vec![Flag {
                rule: "budget_change_over_limit".into(),
                layer: Layer::Corporate,
                outcome: Outcome::Escalate,
                words: "A budget change over 15 % needs ops and finance within 30 minutes. This one is 20 %.".into(),
            }],
            ladder: vec![Rung { at_ms: at.plus_ms(HOUR_MS), role: role("marketing")? }],
            ..base
        },
        PracticeTopic::Pause => Verdict {
            flags: vec![Flag {
                rule: "pause_is_never_blocked".into(),
                layer: Layer::Protocol,
                outcome: Outcome::Allow,
                words: "Pausing a campaign stops its spend: it is never blocked, and one signature is enough.".into(),
            }],
            ..base
        },
    })
}

fn piece<T: serde::Serialize>(kind: EvidenceKind, value: &T) -> Result<EvidenceRef, Failure> {
    let bytes = canonical::to_bytes(value).map_err(|_| Broken("practice evidence"))?;
    Ok(EvidenceRef { kind, digest: Digest::of(&bytes), size_bytes: bytes.len() as u64 })
}

/// The colleague's signature, made and checked for real.
fn colleague_approves(
    keys: &Keys,
    me: &Me,
    proposal: &Proposal,
    verdict: &Verdict,
    created: TimestampMs,
) -> Result<KnownDecision, Failure> {
    let failed = Broken("practice decision");
    let colleague = me.roster.people.get(1).ok_or(failed)?;
    let device = colleague.devices.first().ok_or(failed)?;
    let at = created.plus_ms(4 * MINUTE_MS);
    let decision = Decision {
        id: DecisionId::from_uuid(random::uuid(at)?),
        workspace: me.workspace,
        proposal: proposal.id,
        kind: DecisionKind::Approve,
        effective: Some(proposal.action.clone()),
        reason: Reason { code: "seasonal_opportunity".into(), text: String::new() },
        person: colleague.id,
        device: device.id,
        role: role("ops")?,
        on_behalf_of: None,
        verdict: verdict.digest().map_err(|_| failed)?,
        policy: verdict.policy.digest,
        entity_revision: proposal.entity_revision,
        evidence_shown: proposal.evidence.iter().map(|piece| piece.digest).collect(),
        comments_shown: vec![],
        requested: None,
        checkpoint_seen: None,
        signed_at_ms: at,
        valid_until_ms: proposal.expires_at_ms,
        mfa: None,
    };
    let subject = proposal.digest().map_err(|_| failed)?;
    let bytes = decision::statement_bytes(&decision, subject).map_err(|_| failed)?;
    let envelope = Envelope::sign_payload(&bytes, &[&keys.colleague]).map_err(|_| failed)?;
    let signed = decision::verify(&envelope, &me.roster);
    let envelope = envelope.to_bytes().map_err(|_| failed)?;
    let row = DecisionRow {
        digest: Digest::of(&bytes),
        id: decision.id,
        proposal: proposal.id,
        envelope_digest: Digest::of(&envelope),
        envelope,
        mine: false,
        stage: Stage::Accepted,
        refusal: None,
        stored_at_ms: at,
        hold_until_ms: None,
        recalled_at_ms: None,
    };
    Ok(KnownDecision { row, decision, signed, judged: Some(Judged::Accepted) })
}

fn gate_of(me: &Me) -> Actor {
    Actor { kind: ActorKind::Gate, id: me.roster.gate.device.to_string(), role: None }
}

fn accepted(known: &KnownDecision) -> (Actor, LogEvent) {
    let decision = &known.decision;
    let actor = Actor {
        kind: ActorKind::Person,
        id: decision.person.to_string(),
        role: Some(decision.role.clone()),
    };
    let record = DecisionRecord {
        id: decision.id,
        kind: decision.kind,
        envelope: known.row.envelope_digest,
        factor: None,
    };
    let (proposal_id, reason) = (decision.proposal, decision.reason.clone());
    (actor, LogEvent::DecisionAccepted { proposal_id, decision: record, reason })
}

/// A small audit log with real hashes and signatures.
struct Log<'a> {
    gate: &'a SigningKey,
    me: &'a Me,
    hashes: MemoryHashes,
    entries: Vec<(u64, Entry)>,
    last_leaf: Digest,
}

impl<'a> Log<'a> {
    fn new(gate: &'a SigningKey, me: &'a Me) -> Self {
        let last_leaf = Digest::from_bytes([0; 32]);
        Self { gate, me, hashes: MemoryHashes::default(), entries: vec![], last_leaf }
    }

    fn add(&mut self, actor: Actor, event: LogEvent, at: TimestampMs) -> Result<(), Failure> {
        let seq = self.entries.len() as u64;
        let head = EntryHead {
            event_id: EventId::from_uuid(random::uuid(at)?),
            seq,
            prev_hash: self.last_leaf,
            at_ms: at,
            workspace: self.me.workspace,
        };
        let body = EntryBody::new(head, actor, event);
        let failed = Broken("practice log");
        let entry = body.sign(self.gate).map_err(|_| failed)?;
        let bytes = entry.to_bytes().map_err(|_| failed)?;
        let new = tree::append(seq, &bytes, &self.hashes).map_err(|_| failed)?;
        self.hashes.extend(new);
        self.last_leaf = tree::leaf_hash(&bytes);
        self.entries.push((seq, entry));
        Ok(())
    }
}
