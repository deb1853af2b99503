//! An honest gate in memory: people with keys, the repository's own policy, the judge. Tests
//! change what it logged, as a gate that cheats would, and sign everything again.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use countersign_audit::{
    ExportHead, ExportSource, Frontier, Trust, checkpoint, cosignature,
    export::{Leaves, SourceError, write_export},
    tree,
};
use countersign_model::{
    Action, AgentId, AmountLimits, BudgetChange, CampaignStatus, Control, ControlId, Currency,
    Decision, DecisionId, DecisionKind, DeviceId, Digest, EntityRef, Envelope, MfaProof, Money,
    PersonId, PolicyBundle, Proposal, ProposalId, PublicKey, Role, Roster, TimestampMs,
    WorkspaceId,
    control::{self, Command},
    decision::{self, CheckpointSeen, Refusal},
    draft::Grounds,
    entity::{PlatformId, PlatformKind},
    entry::{
        EntryBody, EntryHead, EntryKind, ExecutionStatus, LogEvent, PlatformRecord, ReferenceKind,
        Waiting,
    },
    proposal::{Drafted, Initiator, Origin, Rollback},
    reason::Reason,
    roster::{Agent, Device, GateKeys, Person, RootKeys},
    signature::SigningKey,
    time::{HOUR_MS, MINUTE_MS},
    verdict::FactorKind,
};
use countersign_policy::PolicySet;
use countersign_replay::{
    Anchors, Change, Content, Judged, Keep as _, Memory, View as _,
    control::{Stated, control},
    decision::{Arrived, decision},
    draft::{DraftError, Proposed, draft, evaluate},
    execution, rollback, time, world,
};
use countersign_workflow::{Case, FactorCheck, PhaseName};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};
use uuid::Uuid;

pub const ORIGIN: &str = "countersign.example/log/1";
pub const T0: i64 = 1_795_237_200_000;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// People: 1 and 4 are ops, 2 and 5 are finance, 3 owns the agent, 6 lost their device.
pub const PEOPLE: [(u128, &str, &str); 6] = [
    (1, "Olga", "ops"),
    (2, "Finn", "finance"),
    (3, "Ada", "ops"),
    (4, "Otto", "ops"),
    (5, "Fay", "finance"),
    (6, "Lea", "ops"),
];

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

pub fn public(seed: u8) -> PublicKey {
    use countersign_model::Signer as _;
    key(seed).public_key()
}

pub fn person_key(number: u128) -> SigningKey {
    key(20 + u8::try_from(number).unwrap())
}

pub fn uuid(number: u128) -> Uuid {
    Uuid::from_u128((0x0192_f0c1_0000_7000_8000_u128 << 48) | number)
}

pub fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(uuid(1))
}

pub fn person(number: u128) -> PersonId {
    PersonId::from_uuid(uuid(number))
}

pub fn device(number: u128) -> DeviceId {
    DeviceId::from_uuid(uuid(number + 100))
}

pub fn agent() -> AgentId {
    AgentId::from_uuid(uuid(30))
}

pub fn role(name: &str) -> Role {
    Role::parse(name).unwrap()
}

pub fn at(offset_ms: i64) -> TimestampMs {
    TimestampMs::from_millis(T0 + offset_ms)
}

pub fn vkey() -> String {
    checkpoint::make_vkey(ORIGIN, public(2)).unwrap()
}

pub fn trust() -> Trust {
    Trust {
        workspace: workspace(),
        gate_key: public(1),
        log_vkey: vkey(),
        root_keys: BTreeSet::from([public(10)]),
        root_threshold: 1,
    }
}

pub fn roster(version: u64) -> Roster {
    let member = |(number, name, role_name): (u128, &str, &str)| Person {
        id: person(number),
        name: name.into(),
        roles: BTreeSet::from([role(role_name)]),
        devices: vec![Device {
            id: device(number),
            signing_key: public(20 + u8::try_from(number).unwrap()),
            sealing_key: Digest::of(name.as_bytes()),
            enrolled_at_ms: at(-DAY_MS),
            revoked_at_ms: (number == 6).then(|| at(0)),
        }],
        factors: BTreeSet::from([FactorKind::Totp]),
    };
    Roster {
        workspace: workspace(),
        version,
        issued_at_ms: at(-DAY_MS),
        expires_at_ms: at(365 * DAY_MS),
        root: RootKeys { keys: BTreeSet::from([public(10)]), threshold: 1 },
        gate: GateKeys {
            device: DeviceId::from_uuid(uuid(9)),
            signing_key: public(1),
            log_vkey: vkey(),
        },
        people: PEOPLE.into_iter().map(member).collect(),
        agents: vec![Agent { id: agent(), name: "proposer".into(), owner: person(3) }],
    }
}

/// A budget change of a campaign; campaigns 1 and 2 spend from one budget.
pub fn budget(campaign: u64, before: i64, after: i64) -> Action {
    let usd = Currency::parse("USD").unwrap();
    let budget = campaign.max(2);
    Action::BudgetChange(BudgetChange {
        entity: EntityRef {
            platform: PlatformKind::GoogleAds,
            account_id: PlatformId::parse("1234567890").unwrap(),
            campaign_id: PlatformId::parse(&(1000 + campaign).to_string()).unwrap(),
        },
        campaign_name: format!("campaign {campaign}"),
        budget_resource: format!("customers/1234567890/campaignBudgets/{}", 2000 + budget),
        shared_by: if campaign < 3 { 2 } else { 1 },
        status: CampaignStatus::Enabled,
        limits: AmountLimits::unknown(usd),
        before: Money::from_micros(before * 1_000_000, usd),
        after: Money::from_micros(after * 1_000_000, usd),
        window: None,
    })
}

fn policy_files() -> BTreeMap<String, String> {
    fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
        for item in std::fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                collect(root, &path, files);
            } else if path.extension().is_some_and(|ending| ending == "rego" || ending == "json") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut files = BTreeMap::new();
    collect(&root, &root, &mut files);
    files.retain(|name, _| {
        countersign_policy::files::is_rule_file(name)
            || name == countersign_policy::files::DATA_FILE
    });
    files
}

/// The repository's policy as a gate publishes it.
pub fn bundle() -> PolicyBundle {
    let files = policy_files();
    let reference = countersign_policy::reference_of(&files).unwrap();
    PolicyBundle {
        version: reference.version,
        digest: reference.digest,
        in_force_since_ms: at(0),
        files,
    }
}

pub fn bundle_reference() -> countersign_model::verdict::PolicyRef {
    countersign_policy::reference_of(&policy_files()).unwrap()
}

/// A gate that does what the judge says.
pub struct Gate {
    pub memory: Memory,
    pub policy: Arc<PolicySet>,
    pub bodies: Vec<EntryBody>,
    pub leaves: Vec<Vec<u8>>,
    pub sources: BTreeMap<Digest, Vec<u8>>,
    /// The newest head that each device cosigned.
    pub cosigned: BTreeMap<u128, String>,
    pub now: TimestampMs,
    next: u128,
}

impl Gate {
    /// A workspace with its people and its policy, and nothing else yet.
    pub fn new() -> Self {
        let bundle = bundle();
        let mut gate = Self {
            memory: Memory::default(),
            policy: world::compile(&bundle).unwrap(),
            bodies: vec![],
            leaves: vec![],
            sources: BTreeMap::new(),
            cosigned: BTreeMap::new(),
            now: at(0),
            next: 1_000,
        };
        let envelope = roster(1).seal(&[&key(10)]).unwrap();
        gate.take_roster(&envelope);
        let bytes = bundle.to_bytes().unwrap();
        let digest = gate.keep_source(bytes);
        let world = gate.memory.world().unwrap();
        let (judged, _) = world::policy(&world, &bundle, digest).unwrap();
        gate.commit(judged);
        gate
    }

    pub fn take_roster(&mut self, envelope: &Envelope) {
        let digest = self.keep_source(envelope.to_bytes().unwrap());
        let world = self.memory.world().unwrap();
        let anchors = Anchors::of(&trust());
        let judged = world::roster(&world, &anchors, envelope, digest, self.now).unwrap();
        self.commit(judged);
    }

    pub fn fresh(&mut self) -> Uuid {
        self.next += 1;
        uuid(self.next)
    }

    pub fn keep_source(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.sources.insert(digest, bytes);
        digest
    }

    pub fn case(&self, id: ProposalId) -> Case {
        self.memory.case(id).unwrap().unwrap()
    }

    /// Moves the clock on and fires what is due, as a gate does before anything else.
    pub fn pass(&mut self, by_ms: i64) {
        self.now = self.now.plus_ms(by_ms);
        for (due, case) in self.memory.due(self.now).unwrap() {
            let judged = time::fire(&self.memory, due, case, self.now).unwrap();
            self.commit(judged);
        }
    }

    pub fn commit(&mut self, judged: Judged) -> Option<Result<(), Refusal>> {
        for change in &judged.changes {
            self.memory.keep(change).unwrap();
        }
        for content in judged.entries {
            self.log(content);
        }
        judged.answer
    }

    pub fn log(&mut self, content: Content) {
        self.memory.keep(&Change::Clock(self.now)).unwrap();
        let (prev, seq) = (last_leaf(&self.leaves), self.leaves.len() as u64);
        let body = content.at(EntryHead::of(workspace(), seq, prev, self.now));
        let leaf = body.clone().sign(&key(1)).unwrap().to_bytes().unwrap();
        self.memory.push_leaf(tree::leaf_hash(&leaf));
        self.leaves.push(leaf);
        self.bodies.push(body);
    }

    /// Lets a person's device cosign the head as it is now.
    pub fn witness(&mut self, who: u128) {
        let note = cosigned_by(who, &checkpoint_of(&self.leaves), self.now);
        self.cosigned.insert(who, note);
    }

    /// The head that a desktop has seen by now.
    pub fn seen(&self) -> CheckpointSeen {
        let size = self.leaves.len() as u64;
        CheckpointSeen { size, root: self.memory.root_at(size).unwrap().unwrap() }
    }

    pub fn draft(&mut self, campaign: u64, before: i64, after: i64) -> ProposalId {
        let proposal = self.propose(budget(campaign, before, after));
        self.open(proposal)
    }

    /// A proposal of a change, as an honest gate makes it of one that it has assessed.
    pub fn propose(&mut self, action: Action) -> Proposal {
        let revision = self.memory.target(&action.target(), self.now).unwrap().revision;
        Proposal {
            id: ProposalId::from_uuid(self.fresh()),
            workspace: workspace(),
            created_at_ms: self.now,
            expires_at_ms: self.now.plus_ms(DAY_MS),
            origin: Origin::Draft(Box::new(Drafted {
                initiator: Initiator {
                    agent: agent(),
                    agent_name: "proposer".into(),
                    owner: person(3),
                },
                grounds: Grounds::sample(),
                prompt_commitment: Digest::commitment(&[7; 32], b"prompt"),
            })),
            action,
            entity_revision: revision,

            evidence: vec![],
        }
    }

    pub fn open(&mut self, proposal: Proposal) -> ProposalId {
        let id = proposal.id;
        let judged = self.judge(proposal).unwrap();
        self.commit(judged);
        id
    }

    /// What follows from a proposal with the verdict that the policy gives.
    pub fn judge(&mut self, proposal: Proposal) -> Result<Judged, DraftError> {
        let made = evaluate(&self.memory, &self.policy, proposal.clone(), self.now).unwrap();
        let verdict = made.unwrap().verdict().clone();
        let sealed = verdict.seal(proposal.digest().unwrap(), &key(1)).unwrap();
        let verdict_envelope = self.keep_source(sealed.to_bytes().unwrap());
        let sealed = proposal.seal(&key(1)).unwrap();
        let proposal_envelope = self.keep_source(sealed.to_bytes().unwrap());
        let proposed = Proposed { proposal, proposal_envelope, verdict, verdict_envelope };
        draft(&self.memory, &self.policy, proposed, self.now).unwrap()
    }

    /// A decision as it should be, to be bent before it is signed.
    pub fn decision(&mut self, case: ProposalId, who: u128, kind: DecisionKind) -> Decision {
        let id = DecisionId::from_uuid(self.fresh());
        let case = self.case(case);
        let role_name = PEOPLE.iter().find(|(number, ..)| *number == who).unwrap().2;
        let effective = match kind {
            DecisionKind::Approve => Some(case.proposal().action.clone()),
            DecisionKind::Override => Some(narrowed(&case.proposal().action)),
            DecisionKind::Reject | DecisionKind::RequestChanges => None,
        };
        let code = match kind {
            DecisionKind::Approve => "within_plan",
            DecisionKind::Override => "budget_headroom",
            DecisionKind::Reject => "over_budget",
            DecisionKind::RequestChanges => "more_evidence",
        };
        let is_override = kind == DecisionKind::Override;
        Decision {
            id,
            workspace: workspace(),
            proposal: case.proposal().id,
            kind,
            effective,
            reason: Reason { code: code.into(), text: "Only 15 % is left – \"Q4\"".into() },
            person: person(who),
            device: device(who),
            role: role(role_name),
            on_behalf_of: None,
            verdict: case.verdict_digest(),
            policy: case.verdict().policy.digest,
            entity_revision: case.proposal().entity_revision,
            evidence_shown: vec![],
            comments_shown: vec![],
            requested: None,
            checkpoint_seen: Some(self.seen()),
            signed_at_ms: self.now,
            valid_until_ms: case.proposal().expires_at_ms,
            mfa: is_override.then(|| MfaProof::Totp { code: "492039".into() }),
        }
    }

    pub fn seal(&self, decision: &Decision, by: &SigningKey) -> Envelope {
        let subject = match self.memory.case(decision.proposal).unwrap() {
            Some(case) => case.proposal_digest(),
            None => Digest::of(b"nothing"),
        };
        let bytes = decision::statement_bytes(decision, subject).unwrap();
        Envelope::sign_payload(&bytes, &[by]).unwrap()
    }

    /// Signs, and lets the judge say what becomes of it; `None` when nothing does.
    pub fn sign(&mut self, decision: &Decision, who: u128) -> Option<Result<(), Refusal>> {
        let envelope = self.seal(decision, &person_key(who));
        self.arrive(&envelope, FactorCheck::Valid(FactorKind::Totp))
    }

    pub fn arrive(
        &mut self,
        envelope: &Envelope,
        factor: FactorCheck,
    ) -> Option<Result<(), Refusal>> {
        let digest = self.keep_source(envelope.to_bytes().unwrap());
        let claim = envelope.claim().ok()?;
        match decision(&self.memory, claim, digest, self.now).unwrap() {
            Arrived::Known | Arrived::Foreign => None,
            Arrived::Unsigned(judged) | Arrived::Refused(judged) => self.commit(judged),
            Arrived::Open(open) => {
                let has_factor = open.signed().decision().mfa.is_some();
                let factor = if has_factor { factor } else { FactorCheck::NotPresented };
                let judged = open.judge(factor);
                self.commit(judged)
            }
        }
    }

    pub fn decide(
        &mut self,
        case: ProposalId,
        who: u128,
        kind: DecisionKind,
    ) -> Option<Result<(), Refusal>> {
        let decision = self.decision(case, who, kind);
        self.sign(&decision, who)
    }

    pub fn control(&mut self, who: u128, command: Command) -> Option<Result<(), Refusal>> {
        let control = Control {
            id: ControlId::from_uuid(self.fresh()),
            workspace: workspace(),
            command,
            person: person(who),
            device: device(who),
            signed_at_ms: self.now,
        };
        let bytes = control::statement_bytes(&control).unwrap();
        let envelope = Envelope::sign_payload(&bytes, &[&person_key(who)]).unwrap();
        self.command(&envelope)
    }

    /// A person asks to take a case back; the case that follows, if the wish counts.
    pub fn take_back(&mut self, who: u128, of: ProposalId) -> Option<ProposalId> {
        let command = Command::Rollback { proposal: of, text: "It did nothing".into() };
        if self.control(who, command) != Some(Ok(())) {
            return None;
        }
        let asked = self.bodies.last().unwrap();
        let statement = asked.event.output_hash().unwrap();
        let text = asked.event.reason().unwrap().text.clone();
        let origin = Rollback { of, person: person(who), statement, text };
        let action = rollback::inverse(&self.case(of)).unwrap();
        let proposal = self.rollback(origin, action);
        Some(self.open(proposal))
    }

    /// A proposal that takes a case back, as it should be.
    pub fn rollback(&mut self, origin: Rollback, action: Action) -> Proposal {
        let revision = self.memory.target(&action.target(), self.now).unwrap().revision;
        Proposal {
            id: ProposalId::from_uuid(self.fresh()),
            workspace: workspace(),
            created_at_ms: self.now,
            expires_at_ms: self.now.plus_ms(DAY_MS),
            origin: Origin::Rollback(origin),
            action,
            entity_revision: revision,
            evidence: vec![],
        }
    }

    pub fn command(&mut self, envelope: &Envelope) -> Option<Result<(), Refusal>> {
        let digest = self.keep_source(envelope.to_bytes().unwrap());
        match control(&self.memory, envelope, digest, self.now).unwrap() {
            Stated::Known => None,
            Stated::Unsigned(judged) | Stated::Judged(judged) => self.commit(judged),
        }
    }

    /// Begins an execution if it may; says whether it did.
    pub fn begin(&mut self, case: ProposalId) -> bool {
        match execution::intend(&self.memory, case, self.now).unwrap() {
            Ok(judged) => {
                let may_act = judged.execution.is_some();
                self.commit(judged);
                may_act
            }
            Err(_) => false,
        }
    }

    /// Says what an execution waits for, if that is news; says whether it was.
    pub fn wait(&mut self, case: ProposalId, code: &str, until_ms: Option<TimestampMs>) -> bool {
        let waiting = Waiting { code: code.into(), until_ms };
        match execution::wait(&self.memory, case, waiting, self.now).unwrap() {
            Ok(judged) => {
                self.commit(judged);
                true
            }
            Err(_) => false,
        }
    }

    pub fn finish(&mut self, case: ProposalId, status: ExecutionStatus) {
        let Some(authorized) = self.case(case).reauthorize() else { return };
        let Action::BudgetChange(change) = authorized.action() else { unreachable!() };
        let held = |after| Some(Action::BudgetChange(BudgetChange { after, ..change.clone() }));
        let odd = Money { amount_micros: change.after.amount_micros + 7, ..change.after };
        let read_back = match status {
            ExecutionStatus::Applied => held(change.after),
            ExecutionStatus::NotApplied => held(change.before),
            ExecutionStatus::Stale | ExecutionStatus::Mismatch => held(odd),
            ExecutionStatus::Unknown => None,
            ExecutionStatus::PartiallyApplied => unreachable!("one write has no parts"),
        };
        let record = PlatformRecord {
            request_ids: vec!["r-1".into()],
            status,
            code: None,
            read_back,
            legs: vec![],
        };
        let judged = execution::finish(&self.memory, case, record, self.now).unwrap();
        if let Ok(judged) = judged {
            self.commit(judged);
        }
    }

    pub fn phase(&self, case: ProposalId) -> PhaseName {
        self.case(case).phase().name()
    }

    /// Ops approves, finance overrides, the change is made; both have seen how.
    pub fn honest() -> Self {
        let mut gate = Self::new();
        gate.pass(1_000);
        let case = gate.draft(3, 100, 125);
        gate.pass(2_000);
        assert_eq!(gate.decide(case, 1, DecisionKind::Approve), Some(Ok(())));
        gate.pass(3_000);
        gate.witness(1);
        assert_eq!(gate.decide(case, 2, DecisionKind::Override), Some(Ok(())));
        assert!(gate.begin(case));
        gate.witness(2);
        gate.pass(4_000);
        gate.finish(case, ExecutionStatus::Applied);
        gate
    }

    pub fn export(&self) -> Vec<u8> {
        export_with(&self.leaves, &self.sources, self.cosigned.values().cloned())
    }

    pub fn kinds(&self) -> Vec<EntryKind> {
        self.bodies.iter().map(|body| body.event.kind()).collect()
    }

    /// What the first entry of a kind says, to be changed.
    pub fn find(&mut self, kind: EntryKind) -> &mut LogEvent {
        &mut self.entry(kind).event
    }

    /// Says of the last entry, in which one person asked to resume, that work goes on.
    pub fn resume_with_one(&mut self) {
        let event = &mut self.bodies.last_mut().unwrap().event;
        let LogEvent::ResumeAsked { output_hash, reason } = event.clone() else { panic!() };
        *event = LogEvent::WorkResumed { output_hash, reason };
    }

    /// The first entry of a kind, to be changed.
    pub fn entry(&mut self, kind: EntryKind) -> &mut EntryBody {
        self.bodies.iter_mut().find(|body| body.event.kind() == kind).unwrap()
    }
}

/// The proposed change, but less far.
pub fn narrowed(action: &Action) -> Action {
    let Action::BudgetChange(change) = action else { unreachable!() };
    let middle = (change.before.amount_micros + change.after.amount_micros) / 2;
    let after = Money { amount_micros: middle, ..change.after };
    Action::BudgetChange(BudgetChange { after, ..change.clone() })
}

fn last_leaf(leaves: &[Vec<u8>]) -> Digest {
    leaves.last().map_or(Digest::from_bytes([0; 32]), |leaf| tree::leaf_hash(leaf))
}

/// Bodies chained and signed again, as somebody with all of the gate's keys can.
pub fn seal_again(bodies: &[EntryBody]) -> Vec<Vec<u8>> {
    let mut leaves: Vec<Vec<u8>> = vec![];
    for body in bodies {
        let seq = leaves.len() as u64;
        let head = EntryHead::of(body.workspace, seq, last_leaf(&leaves), body.at_ms);
        let EntryHead { event_id, seq, prev_hash, .. } = head;
        let body = EntryBody { event_id, seq, prev_hash, ..body.clone() };
        leaves.push(body.sign(&key(1)).unwrap().to_bytes().unwrap());
    }
    leaves
}

/// The signed head over the first leaves.
pub fn checkpoint_of(leaves: &[Vec<u8>]) -> String {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(tree::leaf_hash(leaf)));
    checkpoint::sign(ORIGIN, frontier.size(), frontier.root(), &key(2)).unwrap()
}

struct Source<'a> {
    leaves: &'a [Vec<u8>],
    sources: &'a BTreeMap<Digest, Vec<u8>>,
}

impl ExportSource for Source<'_> {
    fn leaves(&self) -> Leaves<'_> {
        Box::new(self.leaves.iter().cloned().map(Ok))
    }

    fn bytes(&self, digest: Digest, _: ReferenceKind) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.sources.get(&digest).cloned())
    }
}

/// A head as a person's device cosigns it.
pub fn cosigned_by(who: u128, checkpoint: &str, at: TimestampMs) -> String {
    let name = cosignature::key_name(workspace(), device(who));
    let time_s = u64::try_from(at.millis() / 1_000).unwrap();
    cosignature::cosign(checkpoint, &name, time_s, &person_key(who)).unwrap()
}

/// The export file of a gate that says nothing of who cosigned.
pub fn export(leaves: &[Vec<u8>], sources: &BTreeMap<Digest, Vec<u8>>) -> Vec<u8> {
    export_with(leaves, sources, [])
}

/// The export file with these cosigned heads.
pub fn export_with(
    leaves: &[Vec<u8>],
    sources: &BTreeMap<Digest, Vec<u8>>,
    cosigned: impl IntoIterator<Item = String>,
) -> Vec<u8> {
    export_at(checkpoint_of(leaves), leaves, sources, cosigned)
}

/// The export file with this checkpoint.
pub fn export_at(
    checkpoint: String,
    leaves: &[Vec<u8>],
    sources: &BTreeMap<Digest, Vec<u8>>,
    cosigned: impl IntoIterator<Item = String>,
) -> Vec<u8> {
    let head = ExportHead {
        workspace: workspace(),
        checkpoint,
        cosigned: cosigned.into_iter().collect(),
        log_vkey: vkey(),
        made_at_ms: at(10 * MINUTE_MS),
    };
    let mut file = vec![];
    write_export(&mut file, &head, &Source { leaves, sources }, &key(1)).unwrap();
    file
}
