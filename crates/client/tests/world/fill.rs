//! Fills the store of a closed desktop with many cases at once: signed proposals and
//! verdicts of the real policy, signed decisions, a signed and hashed log. What a relay
//! would have brought, without the way through it.

use super::{Gate, now};
use countersign_audit::{StoredHashes, StoredHashesError, checkpoint, tree};
use countersign_document::{CaseDocument, RecordBody};
use countersign_model::{
    Action, AmountLimits, BudgetChange, CampaignStatus, Currency, Decision, DecisionId,
    DecisionKind, DeviceId, Digest, EntityRef, Envelope, Money, Outcome, PersonId, PolicyBundle,
    Proposal, ProposalId, Ratio, Role, Signer, TimestampMs, Verdict, canonical,
    change::Budget,
    decision::statement_bytes,
    draft::{Grounds, Interval},
    entity::{PlatformId, PlatformKind},
    entry::{
        Actor, ActorKind, Approval, DecisionRecord, EntryBody, ExecutionStatus, LogEvent,
        PlatformRecord,
    },
    evidence::{DayRange, EvidenceKind, EvidenceRef, PacingDay, PacingSeries},
    proposal::{Drafted, Initiator, Origin},
    reason::Reason,
    roster::{Device, Person},
    signature::SigningKey,
    verdict::{AutonomyMode, FactorKind, RiskTier},
};
use countersign_policy::{Files, PolicyInput, PolicySet, Trailing, reference_of};
use countersign_replay::View as _;
use countersign_store::{
    GateEnvelope, LogHead, MetaKey, NewDecision, PolicyBundleRow, Reader, Stage, Store, StoreError,
    Tx, WantedEvidence,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
const UNIT: i64 = 1_000_000;

/// Two more people, whose keys the tests hold.
pub struct Cast {
    pub mara: Hand,
    pub tom: Hand,
}

/// A person who signs.
pub struct Hand {
    pub person: PersonId,
    device: DeviceId,
    key: SigningKey,
    role: Role,
}

/// A case to be made.
#[derive(Clone, Debug)]
pub struct Spec {
    pub campaign: String,
    pub account: u32,
    pub campaign_id: u32,
    pub currency: &'static str,
    pub before: i64,
    pub after: i64,
    pub age_ms: i64,
    pub confidence: i64,
    pub end: End,
    /// Instead of what policy says.
    pub tier: Option<RiskTier>,
    pub batch_class: Option<&'static str>,
    pub roles: Option<Vec<&'static str>>,
    pub factor: bool,
    pub with_series: bool,
}

/// What became of a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Open,
    /// Mara has approved, Tom has decided on another value; nothing is executed yet.
    Overridden(i64),
    Executed,
    Rejected,
    Expired,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            campaign: "brand_search".into(),
            account: 1,
            campaign_id: 1,
            currency: "USD",
            before: 100 * UNIT,
            after: 110 * UNIT,
            age_ms: 10 * MINUTE,
            confidence: 800_000,
            end: End::Open,
            tier: None,
            batch_class: None,
            roles: None,
            factor: false,
            with_series: false,
        }
    }
}

impl Cast {
    /// Adds both to the roster and publishes it.
    pub async fn join(gate: &mut Gate) -> Self {
        let hand = |name: &str, role: &str, seed: u8| {
            let role = Role::parse(role).unwrap();
            let hand = Hand {
                person: PersonId::from_uuid(Uuid::now_v7()),
                device: DeviceId::from_uuid(Uuid::now_v7()),
                key: SigningKey::from_seed(&[seed; 32]),
                role: role.clone(),
            };
            let person = Person {
                id: hand.person,
                name: name.into(),
                roles: BTreeSet::from([role]),
                devices: vec![Device {
                    id: hand.device,
                    signing_key: hand.key.public_key(),
                    sealing_key: Digest::of(name.as_bytes()),
                    enrolled_at_ms: now().plus_ms(-1_000 * DAY),
                    revoked_at_ms: None,
                }],
                factors: BTreeSet::from([FactorKind::Totp]),
            };
            (hand, person)
        };
        let (mara, first) = hand("Mara", "ops", 51);
        let (tom, second) = hand("Tom", "finance", 52);
        gate.roster.people.extend([first, second]);
        gate.publish_roster().await;
        Self { mara, tom }
    }
}

/// The policy of this repository, as a gate publishes it.
pub fn policy_files() -> Files {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut files = Files::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rego") && !name.ends_with("_test.rego")
                || name == "data.json"
            {
                files.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    files
}

/// Puts cases into stores, oldest first.
pub struct Filler<'a> {
    gate: &'a mut Gate,
    cast: &'a Cast,
    files: Files,
    policy: PolicySet,
    executed: BTreeMap<String, Vec<(TimestampMs, i64)>>,
}

impl<'a> Filler<'a> {
    pub fn new(gate: &'a mut Gate, cast: &'a Cast) -> Self {
        let files = policy_files();
        let policy = PolicySet::from_files(&files).unwrap();
        Self { gate, cast, files, policy, executed: BTreeMap::new() }
    }

    /// Puts the cases, their log and the policy into a store. The list rows are written after
    /// the desktop has opened it.
    pub fn fill(&mut self, store: &mut Store, specs: &[Spec]) -> Vec<String> {
        let mut ids = Vec::new();
        for specs in specs.chunks(1_000) {
            store
                .transaction::<_, StoreError>(|tx| {
                    for spec in specs {
                        ids.push(self.put(tx, spec)?.to_string());
                    }
                    self.put_log(tx)
                })
                .unwrap();
        }
        let reference = reference_of(&self.files).unwrap();
        let bundle = PolicyBundle {
            version: reference.version,
            digest: reference.digest,
            in_force_since_ms: now(),
            files: self.files.clone(),
        };
        let row = PolicyBundleRow {
            digest: bundle.digest,
            bytes: bundle.to_bytes().unwrap(),
            stored_at_ms: now(),
        };
        store
            .transaction::<_, StoreError>(|tx| {
                tx.put_policy_bundle(&row)?;
                tx.put_meta(MetaKey::ProjectionForm, b"not yet written")
            })
            .unwrap();
        ids
    }

    fn put(&mut self, tx: &Tx<'_>, spec: &Spec) -> Result<ProposalId, StoreError> {
        let series = spec.with_series.then(|| canonical::to_bytes(&series(spec)).unwrap());
        let proposal = self.proposal(spec, series.as_deref());
        let case = proposal.id;
        let (verdict, input) = self.verdict(spec, &proposal);
        let subject = proposal.digest().unwrap();
        let first = proposal.seal(&self.gate.key).unwrap().to_bytes().unwrap();
        let second = verdict.seal(subject, &self.gate.key).unwrap().to_bytes().unwrap();
        tx.add_gate_envelope(case, GateEnvelope::Proposal, &first)?;
        tx.add_gate_envelope(case, GateEnvelope::Verdict, &second)?;
        let (mut document, _) = CaseDocument::create(&first, &second).unwrap();
        let at = proposal.created_at_ms;
        let Drafted { grounds, prompt_commitment, .. } = proposal.drafted().unwrap();
        let received = LogEvent::ProposalReceived {
            proposal_id: case,
            model: grounds.model.clone(),
            prompt_commitment: *prompt_commitment,
            output_hash: Digest::of(&first),
            explanation_digest: Digest::of(grounds.rationale.as_bytes()),
            confidence: grounds.confidence,
            change: proposal.action.clone(),
        };
        self.log(received, at);
        let issued = LogEvent::VerdictIssued {
            proposal_id: case,
            input_commitment: input,
            output_hash: Digest::of(&second),
            policy: verdict.policy.clone(),
            flags: verdict.flags.clone(),
        };
        self.log(issued, at);
        for (decision, bytes) in self.decisions(spec, &proposal, &verdict) {
            document.add_decision(decision.payload, &bytes).unwrap();
            tx.add_decision(&decision.row)?;
        }
        tx.put_document(case, &document.save())?;
        if let Some(bytes) = series {
            let evidence = Digest::of(&bytes);
            let size_bytes = bytes.len() as u64;
            tx.want_evidence(&WantedEvidence {
                evidence,
                blob: evidence,
                size_bytes,
                proposal: case,
            })?;
            tx.add_evidence(&bytes)?;
        }
        Ok(case)
    }

    fn proposal(&self, spec: &Spec, series: Option<&[u8]>) -> Proposal {
        let ratio = Ratio::from_millionths;
        let created = now().plus_ms(-spec.age_ms);
        let agent = &self.gate.roster.agents[0];
        Proposal {
            id: ProposalId::from_uuid(Uuid::now_v7()),
            workspace: self.gate.workspace,
            created_at_ms: created,
            expires_at_ms: created.plus_ms(2 * DAY),
            origin: Origin::Draft(Box::new(Drafted {
                initiator: Initiator {
                    agent: agent.id,
                    agent_name: agent.name.clone(),
                    owner: agent.owner,
                },
                grounds: Grounds {
                    predicted_lift: Interval {
                        value: ratio(60_000),
                        low: ratio(20_000),
                        high: ratio(100_000),
                    },
                    confidence: ratio(spec.confidence),
                    feature_attributions: BTreeMap::from([
                        ("recent_roas".into(), ratio(400_000)),
                        ("weekday".into(), ratio(-50_000)),
                    ]),
                    rationale: format!(
                        "{} is limited by its budget. Demand has risen for nine days.",
                        spec.campaign
                    ),
                    trigger: "The budget ran out before the evening".into(),
                    likely_outcome: "More orders at the same cost".into(),
                    campaign_intent: "Sell the season's stock".into(),
                    ..Grounds::sample()
                },
                prompt_commitment: Digest::of(b"commitment"),
            })),
            action: action(spec),
            entity_revision: 0,

            evidence: series
                .map(|bytes| EvidenceRef {
                    kind: EvidenceKind::PacingSeries,
                    digest: Digest::of(bytes),
                    size_bytes: bytes.len() as u64,
                })
                .into_iter()
                .collect(),
        }
    }

    fn verdict(&self, spec: &Spec, proposal: &Proposal) -> (Verdict, Digest) {
        let at = proposal.created_at_ms;
        let target = proposal.action.target().to_string();
        let executed = self.executed.get(&target).cloned().unwrap_or_default();
        let input =
            PolicyInput::of(proposal, Trailing::of(executed, at), AutonomyMode::ProposeOnly);
        let evaluation = self.policy.evaluate(&input).unwrap();
        let reference = self.policy.reference().clone();
        let mut verdict = evaluation.into_verdict(proposal.workspace, proposal.id, reference, at);
        if let Some(tier) = spec.tier {
            verdict.risk_tier = tier;
        }
        if spec.batch_class.is_some() {
            verdict.batch_class = spec.batch_class.map(str::to_owned);
        }
        if let Some(roles) = &spec.roles {
            verdict.outcome = Outcome::Escalate;
            verdict.quorum = roles
                .iter()
                .map(|role| countersign_model::verdict::QuorumGroup {
                    role: Role::parse(role).unwrap(),
                    minimum: 1,
                })
                .collect();
            verdict.factors.to_decide.clear();
        }
        if spec.factor {
            verdict.factors.to_decide = vec![FactorKind::Totp];
        }
        // Open cases have a day, so that tests do not race with deadlines.
        verdict.decide_by_ms = at.plus_ms(DAY);
        (verdict, input.digest())
    }

    /// The decisions of a case with everything that the log says of them.
    fn decisions(
        &mut self,
        spec: &Spec,
        proposal: &Proposal,
        verdict: &Verdict,
    ) -> Vec<(Stored, Vec<u8>)> {
        let cast = self.cast;
        let (kinds, at): (&[(&Hand, DecisionKind)], _) = (
            match spec.end {
                End::Open => &[],
                End::Overridden(_) => {
                    &[(&cast.mara, DecisionKind::Approve), (&cast.tom, DecisionKind::Override)]
                }
                End::Executed => {
                    &[(&cast.mara, DecisionKind::Approve), (&cast.tom, DecisionKind::Approve)]
                }
                End::Rejected => &[(&cast.tom, DecisionKind::Reject)],
                End::Expired => &[],
            },
            proposal.created_at_ms,
        );
        let mut made = Vec::new();
        for (index, (hand, kind)) in kinds.iter().enumerate() {
            let at = at.plus_ms((index as i64 + 1) * MINUTE);
            let own = match (kind, spec.end) {
                (DecisionKind::Override, End::Overridden(after)) => Some(after),
                _ => None,
            };
            let (stored, bytes) = decide(hand, *kind, own, proposal, verdict, at);
            self.judged(&stored, at);
            made.push((stored, bytes));
        }
        let case = proposal.id;
        match spec.end {
            End::Open | End::Overridden(_) => {}
            End::Rejected => {
                let (stored, _) = &made[0];
                let rejected = LogEvent::CaseRejected {
                    proposal_id: case,
                    decision: record(stored),
                    reason: stored.decision.reason.clone(),
                };
                self.log(rejected, at.plus_ms(2 * MINUTE));
            }
            End::Expired => {
                self.log(LogEvent::CaseExpired { proposal_id: case }, at.plus_ms(HOUR));
            }
            End::Executed => self.execute(proposal, verdict, &made, at.plus_ms(3 * MINUTE)),
        }
        made
    }

    fn judged(&mut self, stored: &Stored, at: TimestampMs) {
        let decision = &stored.decision;
        let actor = Actor {
            kind: ActorKind::Person,
            id: decision.person.to_string(),
            role: Some(decision.role.clone()),
        };
        let entry = self.gate.entry(LogEvent::DecisionAccepted {
            proposal_id: decision.proposal,
            decision: record(stored),
            reason: decision.reason.clone(),
        });
        self.gate.log(EntryBody { actor, at_ms: at, ..entry });
    }

    fn execute(
        &mut self,
        proposal: &Proposal,
        verdict: &Verdict,
        made: &[(Stored, Vec<u8>)],
        at: TimestampMs,
    ) {
        let approvals: Vec<_> = made
            .iter()
            .map(|(stored, _)| Approval {
                person: stored.decision.person,
                role: stored.decision.role.clone(),
                decision: stored.decision.id,
                envelope: stored.envelope,
            })
            .collect();
        let (proposal_id, change) = (proposal.id, proposal.action.clone());
        let policy = verdict.policy.clone();
        let authorized =
            LogEvent::ChangeAuthorized { proposal_id, change: change.clone(), approvals, policy };
        self.log(authorized, at);
        self.log(LogEvent::ExecutionIntended { proposal_id, change: change.clone() }, at);
        let platform = PlatformRecord {
            request_ids: vec!["request".into()],
            status: ExecutionStatus::Applied,
            code: None,
            read_back: Some(change.clone()),
            legs: vec![],
        };
        self.log(LogEvent::ExecutionFinished { proposal_id, change, platform }, at);
        let delta = proposal.action.spend().unwrap().delta().unwrap().amount_micros;
        self.executed.entry(proposal.action.target().to_string()).or_default().push((at, delta));
    }

    fn log(&mut self, event: LogEvent, at: TimestampMs) {
        let entry = self.gate.entry(event);
        self.gate.log(EntryBody { at_ms: at, ..entry });
    }

    /// Puts the entries logged since the last time into the store, with their hashes, as if
    /// they had been followed: these cases were made by nobody whom the judge has seen, and
    /// only what comes after them is judged.
    fn put_log(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        let RecordBody::LogSegment { first_seq, entries, checkpoint: note } = self.gate.segment()
        else {
            unreachable!("a segment is a segment");
        };
        let leaves: Vec<_> = entries.iter().map(|bytes| tree::leaf_hash(bytes)).collect();
        let new = tree::append_hashes(first_seq, &leaves, &StoreHashes(tx)).unwrap();
        let new: Vec<[u8; 32]> = new.iter().map(|hash| *hash.as_bytes()).collect();
        tx.add_log_hashes(tree::stored_count(first_seq).unwrap(), &new)?;
        for (seq, bytes) in (first_seq..).zip(&entries) {
            let entry = countersign_model::entry::Entry::from_bytes(bytes).unwrap();
            let action = serde_json::to_value(entry.body.event.kind()).unwrap();
            tx.add_log_entry(seq, entry.body.event.proposal_id(), action.as_str().unwrap(), bytes)?;
        }
        let signed = checkpoint::verify(&note, &self.gate.roster.gate.log_vkey).unwrap();
        let world = self.gate.judge.world().unwrap();
        let followed = serde_json::json!({
            "next": signed.size,
            "waiting": null,
            "policy": world.policy,
            "clock_ms": world.clock_ms,
            "halt": world.halt,
            "expected": [],
        });
        tx.put_meta(MetaKey::Followed, followed.to_string().as_bytes())?;
        let roster = serde_json::to_vec(world.roster.as_deref().unwrap()).unwrap();
        tx.put_meta(MetaKey::FollowedRoster, &roster)?;
        tx.put_log_head(&LogHead {
            size: signed.size,
            root: signed.root,
            note,
            verified_at_ms: now(),
            gate_clock_ms: now(),
        })
    }
}

/// A signed decision as it is stored.
struct Stored {
    decision: Decision,
    payload: Digest,
    envelope: Digest,
    row: NewDecision,
}

fn decide(
    hand: &Hand,
    kind: DecisionKind,
    own: Option<i64>,
    proposal: &Proposal,
    verdict: &Verdict,
    at: TimestampMs,
) -> (Stored, Vec<u8>) {
    let Action::BudgetChange(change) = &proposal.action else { unreachable!() };
    let effective = match (kind, own) {
        (DecisionKind::Reject | DecisionKind::RequestChanges, _) => None,
        (_, None) => Some(proposal.action.clone()),
        (_, Some(after)) => Some(Action::BudgetChange(BudgetChange {
            after: Money::from_micros(after, change.after.currency),
            ..change.clone()
        })),
    };
    let (code, text) = match kind {
        DecisionKind::Approve => ("within_plan", ""),
        DecisionKind::Override => ("pacing_risk", "Not so fast"),
        DecisionKind::Reject | DecisionKind::RequestChanges => ("other", "Not now"),
    };
    let decision = Decision {
        id: DecisionId::from_uuid(Uuid::now_v7()),
        workspace: proposal.workspace,
        proposal: proposal.id,
        kind,
        effective,
        reason: Reason { code: code.into(), text: text.into() },
        person: hand.person,
        device: hand.device,
        role: hand.role.clone(),
        on_behalf_of: None,
        verdict: verdict.digest().unwrap(),
        policy: verdict.policy.digest,
        entity_revision: proposal.entity_revision,
        evidence_shown: vec![],
        comments_shown: vec![],
        requested: None,
        checkpoint_seen: None,
        signed_at_ms: at,
        valid_until_ms: proposal.expires_at_ms,
        mfa: None,
    };
    let payload = statement_bytes(&decision, proposal.digest().unwrap()).unwrap();
    let envelope = Envelope::sign_payload(&payload, &[&hand.key]).unwrap();
    let bytes = envelope.to_bytes().unwrap();
    let row = NewDecision {
        digest: Digest::of(&payload),
        id: decision.id,
        proposal: proposal.id,
        envelope: bytes.clone(),
        mine: false,
        stage: Stage::Delivered,
        stored_at_ms: at,
        hold_until_ms: None,
    };
    let stored =
        Stored { decision, payload: Digest::of(&payload), envelope: Digest::of(&bytes), row };
    (stored, bytes)
}

fn action(spec: &Spec) -> Action {
    let currency = Currency::parse(spec.currency).unwrap();
    Action::BudgetChange(BudgetChange {
        entity: EntityRef {
            platform: PlatformKind::GoogleAds,
            account_id: PlatformId::parse(&format!("{}", 1_000_000_000 + spec.account)).unwrap(),
            campaign_id: PlatformId::parse(&format!("{}", 1_000 + spec.campaign_id)).unwrap(),
        },
        campaign_name: spec.campaign.clone(),
        budget_resource: format!(
            "customers/{}/campaignBudgets/{}",
            1_000_000_000 + spec.account,
            1_000 + spec.campaign_id
        ),
        shared_by: 1,
        status: CampaignStatus::Enabled,
        limits: AmountLimits::unknown(currency),
        before: Money::from_micros(spec.before, currency),
        after: Money::from_micros(spec.after, currency),
        window: None,
    })
}

fn series(spec: &Spec) -> PacingSeries {
    let Action::BudgetChange(change) = action(spec) else { unreachable!() };
    let day = |number: i64| PacingDay {
        date: now().plus_ms((number - 120) * DAY).rfc3339()[..10].into(),
        spend: Money::from_micros(spec.before / 100 * (85 + number % 15), change.before.currency),
        impressions: 1_000 + number.unsigned_abs(),
        clicks: 100 + number.unsigned_abs() % 9,
    };
    PacingSeries {
        entity: change.entity.clone(),
        time_zone: "America/New_York".into(),
        read_at_ms: now(),
        budget: Budget::daily(change.before),
        source: "simulated".into(),
        asked: DayRange { first: day(0).date, last: day(119).date },
        days: (0..120).map(day).collect(),
    }
}

/// Realistic cases, oldest first: most of them settled, the newest open. Always the same.
pub fn specs(count: usize) -> Vec<Spec> {
    const NAMES: [&str; 12] = [
        "brand_search",
        "flash_sale_burst",
        "spring_launch",
        "retargeting_core",
        "generic_search",
        "video_reach",
        "shopping_all",
        "competitor_terms",
        "newsletter_growth",
        "store_visits",
        "app_installs",
        "winter_clearance",
    ];
    let open = (count / 50).clamp(1, 400);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: u32| -> u32 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        u32::try_from(seed % u64::from(below)).unwrap()
    };
    (0..count)
        .map(|index| {
            let left = count - index;
            let account = random(8);
            let before = (50 + i64::from(random(950))) * UNIT;
            let percent = [-20, 5, 8, 10, 12, 14, 18, 25, 40, 120][random(10) as usize];
            Spec {
                campaign: format!("{}_{account}", NAMES[random(12) as usize]),
                account,
                campaign_id: random(400),
                currency: if account.is_multiple_of(3) { "EUR" } else { "USD" },
                before,
                after: before / 100 * (100 + percent),
                age_ms: if left <= open {
                    left as i64 * MINUTE
                } else {
                    12 * HOUR + (left as i64) * (100 * DAY / count as i64)
                },
                confidence: 600_000 + i64::from(random(390_000)),
                end: match (left <= open, random(10)) {
                    (true, _) => End::Open,
                    (false, 0) => End::Rejected,
                    (false, 1) => End::Expired,
                    (false, _) => End::Executed,
                },
                with_series: left <= open,
                ..Spec::default()
            }
        })
        .collect()
}

/// A decision as the log keeps it.
fn record(stored: &Stored) -> DecisionRecord {
    let Decision { id, kind, .. } = stored.decision;
    DecisionRecord { id, kind, envelope: stored.envelope, factor: None }
}

/// The replica's hashes inside a transaction.
struct StoreHashes<'a>(&'a Reader<'a>);

impl StoredHashes for StoreHashes<'_> {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Digest>, StoredHashesError> {
        Ok(indexes
            .iter()
            .map(|index| Digest::from_bytes(self.0.log_hash(*index).unwrap().unwrap()))
            .collect())
    }
}
