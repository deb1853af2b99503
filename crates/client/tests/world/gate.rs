//! What a gate writes, made from the same rooms: rosters, policies, cases, evidence, log
//! segments. It logs what the judge says; a test may make it say something else.

use super::{now, relay::TOKEN};
use countersign_audit::{Head, MemoryHashes, checkpoint, tree};
use countersign_document::{BlobRef, Candidates, CaseDocument, RecordBody};
use countersign_identity::enrolment::{ENROLMENT_FORMAT, Enrolment, EnrolmentRequest};
use countersign_model::{
    Action, AgentId, AmountLimits, BudgetChange, CampaignStatus, Control, Currency, Decision,
    DeviceId, Digest, EntityRef, Envelope, Money, PersonId, PolicyBundle, Proposal, ProposalId,
    Ratio, Role, Roster, Signer, TimestampMs, WorkspaceId, canonical,
    change::Budget,
    decision::Refusal,
    draft::{Grounds, Interval},
    entity::{PlatformId, PlatformKind},
    entry::{
        Actor, ActorKind, DecisionRecord, EntryBody, EntryHead, ExecutionStatus, LogEvent,
        PlatformRecord,
    },
    evidence::{DayRange, EvidenceKind, EvidenceRef, PacingDay, PacingSeries, SealedPrompt},
    proposal::{Drafted, Initiator, Origin},
    roster::{Agent, Device, GateKeys, Person, RootKeys},
    signature::SigningKey,
    time::{HOUR_MS, MINUTE_MS},
    verdict::{FactorKind, PolicyRef, RiskTier},
};
use countersign_policy::PolicySet;
use countersign_replay::{
    Anchors, Change, Content, Judged, Keep as _, Memory, View as _,
    control::{self, Stated},
    decision::{self, Arrived},
    draft::{self, Proposed},
    execution, world,
};
use countersign_sync::{
    EpochKey, SealingPublicKey, WriterState,
    record::SealedRecord,
    seal_blob, sign_request,
    wire::{self, CreateWorkspace, DeviceEntry, DeviceList, Page},
};
use countersign_workflow::FactorCheck;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};
use uuid::Uuid;

const ORIGIN: &str = "countersign.test/log";

pub struct Gate {
    pub workspace: WorkspaceId,
    pub device: DeviceId,
    pub key: SigningKey,
    root: SigningKey,
    pub roster: Roster,
    epoch: EpochKey,
    pub writer: WriterState,
    hashes: MemoryHashes,
    head: Head,
    /// Entries that no segment carries yet.
    unpublished: Vec<Vec<u8>>,
    published: u64,
    /// What the log implies, as the judge keeps it.
    pub judge: Memory,
    policy: Option<Arc<PolicySet>>,
    /// Decisions that were read from the relay, by the digest of their envelope.
    read: Mutex<BTreeMap<Digest, Vec<u8>>>,
    base: String,
    http: reqwest::Client,
}

/// What a test wants of a case.
pub struct CaseSetup {
    pub campaign: &'static str,
    pub owner: Option<PersonId>,
    pub tier: RiskTier,
    /// From now to the deadline.
    pub due_minutes: i64,
    /// Roles that the gate leaves out of the verdict although the policy asks for them.
    pub hidden_role: Option<&'static str>,
    /// A prompt that travels beside the case.
    pub prompt: Option<&'static str>,
}

impl Default for CaseSetup {
    fn default() -> Self {
        Self {
            campaign: "flash_sale_burst",
            owner: None,
            tier: RiskTier::Medium,
            due_minutes: 30,
            hidden_role: None,
            prompt: None,
        }
    }
}

/// A case as the gate made it.
pub struct Made {
    pub id: String,
    pub case: ProposalId,
    pub proposal: Proposal,
    pub action: Action,
}

fn fresh() -> Uuid {
    Uuid::now_v7()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    for chunk in bytes.chunks_mut(16) {
        let fresh = Uuid::now_v7();
        chunk.copy_from_slice(&fresh.as_bytes()[16 - chunk.len()..]);
    }
    bytes
}

impl Gate {
    /// Founds a workspace at a relay.
    pub async fn found(base: &str) -> Self {
        Self::found_with(base, 1).await
    }

    /// Founds a workspace with keys from this seed and the next.
    pub async fn found_with(base: &str, seed: u8) -> Self {
        let key = SigningKey::from_seed(&[seed; 32]);
        let root = SigningKey::from_seed(&[seed + 1; 32]);
        let workspace = WorkspaceId::from_uuid(fresh());
        let device = DeviceId::from_uuid(fresh());
        let agent = Agent {
            id: AgentId::from_uuid(Uuid::from_u128(77)),
            name: "Proposer".into(),
            owner: PersonId::from_uuid(Uuid::from_u128(78)),
        };
        let roster = Roster {
            workspace,
            version: 0,
            issued_at_ms: now(),
            expires_at_ms: now().plus_ms(24 * HOUR_MS),
            root: RootKeys { keys: BTreeSet::from([root.public_key()]), threshold: 1 },
            gate: GateKeys {
                device,
                signing_key: key.public_key(),
                log_vkey: checkpoint::make_vkey(ORIGIN, key.public_key()).unwrap(),
            },
            people: vec![],
            agents: vec![agent],
        };
        let gate = Self {
            workspace,
            device,
            key,
            root,
            roster,
            epoch: EpochKey::from_bytes(0, [9; 32]),
            writer: WriterState::new(),
            hashes: MemoryHashes::default(),
            head: Head::empty(),
            unpublished: vec![],
            published: 0,
            judge: Memory::default(),
            policy: None,
            read: Mutex::default(),
            base: base.into(),
            http: reqwest::Client::new(),
        };
        gate.create_workspace().await;
        gate
    }

    /// Makes the workspace known to the relay.
    pub async fn create_workspace(&self) {
        let create = CreateWorkspace { device: self.device, key: self.key.public_key() };
        let url = format!("{}{}", self.base, wire::workspace_path(self.workspace));
        let answer = self.http.put(url).bearer_auth(TOKEN).json(&create).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// Points the gate at another address.
    pub fn set_base(&mut self, base: &str) {
        self.base = base.into();
    }

    /// Admits a device for a new person and gives the enrolment file.
    pub async fn admit(&mut self, request: &str, name: &str, role: &str) -> String {
        let request = EnrolmentRequest::parse(request).unwrap();
        let person = PersonId::from_uuid(fresh());
        self.roster.people.push(Person {
            id: person,
            name: name.into(),
            roles: BTreeSet::from([Role::parse(role).unwrap()]),
            devices: vec![Device {
                id: request.device,
                signing_key: request.signing_key,
                sealing_key: request.sealing_key,
                enrolled_at_ms: now().plus_ms(-HOUR_MS),
                revoked_at_ms: None,
            }],
            factors: BTreeSet::from([FactorKind::Totp]),
        });
        let envelope = self.publish_roster().await;
        let to = SealingPublicKey::from(request.sealing_key);
        let wrapped = self.epoch.wrap(self.workspace, request.device, &to, &random()).unwrap();
        let enrolment = Enrolment {
            format: ENROLMENT_FORMAT.into(),
            workspace: self.workspace,
            workspace_name: "Acme".into(),
            relay_url: self.base.clone(),
            person,
            device: request.device,
            roster: envelope,
            trusted_root: self.roster.root.clone(),
            epoch: 0,
            wrapped_epoch_key: wrapped.to_base64(),
        };
        serde_json::to_string(&enrolment).unwrap()
    }

    /// Revokes a person's devices from a moment on.
    pub async fn revoke(&mut self, name: &str, at: TimestampMs) {
        let person = self.roster.people.iter_mut().find(|person| person.name == name).unwrap();
        for device in &mut person.devices {
            device.revoked_at_ms = Some(at);
        }
        self.publish_roster().await;
    }

    /// Signs the present roster as the next version, tells relay and devices.
    pub async fn publish_roster(&mut self) -> Envelope {
        self.roster.version += 1;
        let envelope = self.roster.seal(&[&self.root]).unwrap();
        let bytes = envelope.to_bytes().unwrap();
        self.tell_devices().await;
        let (world, at) = (self.judge.world().unwrap(), self.moment());
        let judged = world::roster(&world, &self.anchors(), &envelope, Digest::of(&bytes), at);
        self.commit(judged.unwrap(), at);
        self.write(&RecordBody::Roster { envelope: bytes }).await;
        envelope
    }

    /// Tells the relay which devices may write.
    pub async fn tell_devices(&self) {
        let people = self.roster.people.iter().flat_map(|person| &person.devices);
        let mut devices: Vec<_> = people
            .map(|device| DeviceEntry {
                device: device.id,
                key: device.signing_key,
                revoked: false,
            })
            .collect();
        devices.push(DeviceEntry {
            device: self.device,
            key: self.key.public_key(),
            revoked: false,
        });
        let body = serde_json::to_vec(&DeviceList { devices }).unwrap();
        self.send("PUT", &wire::devices_path(self.workspace), body).await;
    }

    fn anchors(&self) -> Anchors {
        Anchors {
            workspace: self.workspace,
            gate_key: self.key.public_key(),
            log_vkey: self.roster.gate.log_vkey.clone(),
            root: None,
        }
    }

    /// The moment to judge by: stamps never go back.
    fn moment(&self) -> TimestampMs {
        self.judge.world().unwrap().clock_ms.map_or_else(now, |clock| clock.max(now()))
    }

    /// Logs what the judge says, not yet published.
    fn commit(&mut self, judged: Judged, at: TimestampMs) -> Option<Result<(), Refusal>> {
        for change in &judged.changes {
            self.judge.keep(change).unwrap();
        }
        for content in judged.entries {
            let head = EntryHead::of(self.workspace, self.head.size, self.head.last_leaf, at);
            self.log(content.at(head));
        }
        judged.answer
    }

    /// Publishes the policy that asks for what a case is to need, unless it is in force.
    async fn publish_policy(&mut self, setup: &CaseSetup) {
        let files = policy_files(setup);
        let PolicyRef { version, digest } = countersign_policy::reference_of(&files).unwrap();
        if self.policy.as_ref().is_some_and(|policy| policy.digest() == digest) {
            return;
        }
        let at = self.moment();
        let bundle = PolicyBundle { version, digest, in_force_since_ms: at, files };
        let bytes = bundle.to_bytes().unwrap();
        let world = self.judge.world().unwrap();
        let (judged, set) = world::policy(&world, &bundle, Digest::of(&bytes)).unwrap();
        self.commit(judged, at);
        self.policy = Some(set);
        self.write(&RecordBody::Policy { bundle: bytes }).await;
    }

    /// Publishes a case: +25 % on a campaign, quorum ops AND finance.
    pub async fn publish_case(&mut self, setup: CaseSetup) -> Made {
        if let Some(owner) = setup.owner.filter(|owner| self.roster.agents[0].owner != *owner) {
            self.roster.agents[0].owner = owner;
            self.publish_roster().await;
        }
        self.publish_policy(&setup).await;
        let at = self.moment();
        let made = self.make_case(&setup, at);
        let policy = self.policy.clone().unwrap();
        let own = draft::evaluate(&self.judge, &policy, made.proposal.clone(), at).unwrap();
        let mut verdict = own.unwrap().verdict().clone();
        let series = canonical::to_bytes(&series(&made.action)).unwrap();
        let mut blobs = vec![self.publish_blob(&series).await];
        if let Some(prompt) = setup.prompt {
            let sealed = canonical::to_bytes(&sealed_prompt(prompt)).unwrap();
            blobs.push(self.publish_blob(&sealed).await);
        }
        let proposal_envelope = made.proposal.seal(&self.key).unwrap().to_bytes().unwrap();
        let digest = made.proposal.digest().unwrap();
        let honest = verdict.clone();
        if let Some(hidden) = setup.hidden_role {
            verdict.quorum.retain(|group| group.role.to_string() != hidden);
        }
        let verdict_envelope = verdict.seal(digest, &self.key).unwrap().to_bytes().unwrap();
        let (_, change) = CaseDocument::create(&proposal_envelope, &verdict_envelope).unwrap();
        let proposed = Proposed {
            proposal: made.proposal.clone(),
            proposal_envelope: Digest::of(&proposal_envelope),
            verdict: honest,
            verdict_envelope: Digest::of(&verdict_envelope),
        };
        let judged = draft::draft(&self.judge, &policy, proposed, at).unwrap().unwrap();
        self.commit(judged, at);
        self.write(&RecordBody::CaseChange { case: made.case, change, blobs }).await;
        self.publish_log().await;
        made
    }

    /// Seals evidence and hands it to the relay.
    pub async fn publish_blob(&self, plain: &[u8]) -> BlobRef {
        let blob = seal_blob(self.workspace, plain, &self.epoch, random()).unwrap();
        let upload = wire::encode_blobs(&[&blob.bytes]).unwrap();
        self.send("POST", &wire::blobs_path(self.workspace), upload).await;
        BlobRef {
            evidence: Digest::of(plain),
            blob: blob.digest,
            size_bytes: blob.bytes.len() as u64,
        }
    }

    /// Every control statement that reached the relay, with its canonical bytes.
    pub async fn controls(&self) -> Vec<(Control, Vec<u8>)> {
        let mut controls = vec![];
        for (_, bytes) in self.page().await.records {
            let record = SealedRecord::decode(&bytes).unwrap();
            let plain = record.open(&[self.epoch.clone()].into_iter().collect()).unwrap();
            if let RecordBody::Control { envelope } = RecordBody::from_bytes(&plain).unwrap() {
                let opened = Envelope::from_bytes(&envelope).unwrap();
                let signed = countersign_model::control::verify(&opened, &self.roster).unwrap();
                controls.push((signed.control, envelope));
            }
        }
        controls
    }

    /// Judges a control statement, or logs a refusal that nothing implies, and publishes it.
    pub async fn log_control(
        &mut self,
        (control, bytes): &(Control, Vec<u8>),
        made_up: Option<Refusal>,
    ) {
        let at = self.moment();
        let envelope = Envelope::from_bytes(bytes).unwrap();
        let digest = Digest::of(bytes);
        if let Some(refusal) = made_up {
            let actor =
                Actor { kind: ActorKind::Person, id: control.person.to_string(), role: None };
            let event = LogEvent::ControlRefused { output_hash: digest, refusal };
            self.log(EntryBody { actor, ..self.entry(event) });
        } else {
            let stated = control::control(&self.judge, &envelope, digest, at).unwrap();
            let Stated::Judged(judged) = stated else { unreachable!("the statement is new") };
            assert_eq!(self.commit(judged, at), Some(Ok(())));
        }
        self.publish_log().await;
    }

    /// Logs an end of a case, and publishes it.
    pub async fn end(&mut self, event: LogEvent) {
        let entry = self.entry(event);
        self.log(entry);
        self.publish_log().await;
    }

    /// Every decision envelope that reached the relay for a case, by its canonical bytes.
    pub async fn decisions(&self, case: ProposalId) -> Vec<(Decision, Digest)> {
        let mut found: BTreeMap<Digest, Decision> = BTreeMap::new();
        for (_, bytes) in self.page().await.records {
            let record = SealedRecord::decode(&bytes).unwrap();
            let plain = record.open(&[self.epoch.clone()].into_iter().collect()).unwrap();
            let Ok(RecordBody::CaseChange { case: of, change, .. }) =
                RecordBody::from_bytes(&plain)
            else {
                continue;
            };
            let Ok(candidates) = Candidates::of(&change) else { continue };
            for bytes in candidates.envelopes().iter().filter(|_| of == case) {
                let signed = Envelope::from_bytes(bytes).ok().and_then(|envelope| {
                    countersign_model::decision::verify(&envelope, &self.roster).ok()
                });
                let Some(signed) = signed else { continue };
                self.read.lock().unwrap().insert(Digest::of(bytes), bytes.to_vec());
                found.insert(Digest::of(bytes), signed.decision().clone());
            }
        }
        found.into_iter().map(|(envelope, decision)| (decision, envelope)).collect()
    }

    /// Lets the judge say what becomes of a decision, which must be that it is accepted; or
    /// logs a refusal that nothing implies.
    pub fn judge(&mut self, decision: &Decision, envelope: Digest, made_up: Option<Refusal>) {
        if let Some(refusal) = made_up {
            return self.refuse(decision, envelope, refusal);
        }
        let at = self.moment();
        let bytes = self.read.lock().unwrap()[&envelope].clone();
        let signed = Envelope::from_bytes(&bytes).unwrap().claim().unwrap();
        let arrived = decision::decision(&self.judge, signed, envelope, at).unwrap();
        let Arrived::Open(open) = arrived else { unreachable!("the decision is open") };
        let factor = match decision.mfa {
            Some(_) => FactorCheck::Valid(FactorKind::Totp),
            None => FactorCheck::NotPresented,
        };
        let judged = open.judge(factor);
        assert_eq!(self.commit(judged, at), Some(Ok(())));
    }

    fn refuse(&mut self, decision: &Decision, envelope: Digest, refusal: Refusal) {
        let actor = Actor {
            kind: ActorKind::Person,
            id: decision.person.to_string(),
            role: Some(decision.role.clone()),
        };
        let Decision { id, kind, proposal, .. } = *decision;
        let event = LogEvent::DecisionRefused {
            proposal_id: proposal,
            decision: DecisionRecord { id, kind, envelope, factor: None },
            reason: Some(decision.reason.clone()),
            refusal,
        };
        self.log(EntryBody { actor, ..self.entry(event) });
    }

    /// Logs intent and a good end of an authorised change.
    pub fn execute(&mut self, made: &Made, change: &Action) {
        let record = PlatformRecord {
            request_ids: vec!["request-1".into()],
            status: ExecutionStatus::Applied,
            code: None,
            read_back: Some(change.clone()),
            legs: vec![],
        };
        self.execute_to(made, record);
    }

    /// Logs intent and this end of an authorised change.
    pub fn execute_to(&mut self, made: &Made, record: PlatformRecord) {
        let at = self.moment();
        let judged = execution::intend(&self.judge, made.case, at).unwrap().unwrap();
        self.commit(judged, at);
        let judged = execution::finish(&self.judge, made.case, record, at).unwrap().unwrap();
        self.commit(judged, at);
    }

    /// Publishes the entries logged since the last time, with a signed checkpoint.
    pub async fn publish_log(&mut self) {
        let segment = self.segment();
        self.write(&segment).await;
    }

    /// The next segment, as it would be published.
    pub fn segment(&mut self) -> RecordBody {
        let entries = std::mem::take(&mut self.unpublished);
        let first_seq = self.published;
        self.published += entries.len() as u64;
        let checkpoint =
            checkpoint::sign(ORIGIN, self.head.size, self.head.root, &self.key).unwrap();
        RecordBody::LogSegment { first_seq, entries, checkpoint }
    }

    /// The newest checkpoint once more, over no new entry.
    pub fn segment_again(&self) -> RecordBody {
        let checkpoint =
            checkpoint::sign(ORIGIN, self.head.size, self.head.root, &self.key).unwrap();
        RecordBody::LogSegment { first_seq: self.head.size, entries: vec![], checkpoint }
    }

    /// Publishes a log that goes on with one entry, and makes the same record of a log that
    /// goes on with another: the bytes of both.
    pub async fn publish_two_histories(
        &mut self,
        one: Content,
        other: Content,
    ) -> (Vec<u8>, Vec<u8>) {
        let (hashes, head, published) = (self.hashes.clone(), self.head, self.published);
        let (judge, unpublished) = (self.judge.clone(), self.unpublished.clone());
        let place = EntryHead::of(self.workspace, head.size, head.last_leaf, self.moment());
        self.log(other.at(place));
        let hidden = self.segment();
        (self.hashes, self.head, self.published) = (hashes, head, published);
        (self.judge, self.unpublished) = (judge, unpublished);
        let (hidden, _) = self.seal(&hidden);
        self.log(one.at(place));
        let shown = self.segment();
        let (shown, next) = self.seal(&shown);
        self.writer = next;
        self.push_as(self.device, &self.key, std::slice::from_ref(&shown)).await;
        (shown, hidden)
    }

    fn seal(&self, body: &RecordBody) -> (Vec<u8>, WriterState) {
        self.seal_as(self.writer, self.device, &self.key, &body.to_bytes().unwrap())
    }

    /// What every record at the relay says.
    pub async fn bodies(&self) -> Vec<RecordBody> {
        let keys = [self.epoch.clone()].into_iter().collect();
        let open = |bytes: Vec<u8>| SealedRecord::decode(&bytes).unwrap().open(&keys).unwrap();
        let page = self.page().await;
        page.records
            .into_iter()
            .map(|(_, bytes)| RecordBody::from_bytes(&open(bytes)).unwrap())
            .collect()
    }

    /// How many records at the relay change a case: signatures travel in these.
    pub async fn case_changes(&self) -> usize {
        let bodies = self.bodies().await;
        bodies.iter().filter(|body| matches!(body, RecordBody::CaseChange { .. })).count()
    }

    /// The root over the first entries.
    pub fn root_at(&self, size: u64) -> Digest {
        tree::root(size, &self.hashes).unwrap()
    }

    /// Seals and pushes a record of the gate.
    pub async fn write(&mut self, body: &RecordBody) {
        self.write_plain(&body.to_bytes().unwrap()).await;
    }

    /// Seals and pushes any bytes as a record of the gate.
    pub async fn write_plain(&mut self, plain: &[u8]) {
        let (record, next) = self.seal_as(self.writer, self.device, &self.key, plain);
        self.writer = next;
        self.push_as(self.device, &self.key, &[record]).await;
    }

    /// Seals bytes as a record of any device.
    pub fn seal_as(
        &self,
        writer: WriterState,
        device: DeviceId,
        key: &SigningKey,
        plain: &[u8],
    ) -> (Vec<u8>, WriterState) {
        let sealed =
            writer.seal_next(self.workspace, device, plain, &self.epoch, random(), key).unwrap();
        (sealed.0.as_bytes().to_vec(), sealed.1)
    }

    /// Pushes sealed records as any device.
    pub async fn push_as(&self, device: DeviceId, key: &SigningKey, records: &[Vec<u8>]) {
        let batch = wire::encode_batch(records).unwrap();
        self.send_as(device, key, "POST", &wire::records_path(self.workspace), batch).await;
    }

    /// Every record of the gate's that the relay has.
    pub async fn own_records(&self) -> Vec<Vec<u8>> {
        let all = self.page().await.records.into_iter().map(|(_, bytes)| bytes);
        all.filter(|bytes| SealedRecord::decode(bytes).unwrap().header().writer == self.device)
            .collect()
    }

    /// A record that files once more a decision which [`Gate::decisions`] has read.
    pub fn decision_again(&self, case: ProposalId, envelope: Digest) -> RecordBody {
        let bytes = self.read.lock().unwrap()[&envelope].clone();
        let payload = Envelope::from_bytes(&bytes).unwrap().payload().unwrap();
        let change = CaseDocument::decision_again(Digest::of(&payload), &bytes).unwrap();
        RecordBody::CaseChange { case, change, blobs: vec![] }
    }

    /// Everything at the relay.
    pub async fn page(&self) -> Page {
        let path = wire::page_path(self.workspace, 0, 512);
        Page::decode(&self.send("GET", &path, vec![]).await).unwrap()
    }

    pub fn log_size(&self) -> u64 {
        self.head.size
    }

    /// Appends an entry to the log, not yet published.
    pub fn log(&mut self, body: EntryBody) {
        let body_at = body.at_ms;
        let bytes = body.sign(&self.key).unwrap().to_bytes().unwrap();
        let leaf = tree::leaf_hash(&bytes);
        let new = tree::append(self.head.size, &bytes, &self.hashes).unwrap();
        self.hashes.extend(new);
        let size = self.head.size + 1;
        self.head = Head { size, root: tree::root(size, &self.hashes).unwrap(), last_leaf: leaf };
        self.judge.push_leaf(leaf);
        let _ = self.judge.keep(&Change::Clock(body_at));
        self.unpublished.push(bytes);
    }

    /// An entry of the gate at the next place.
    pub fn entry(&self, event: LogEvent) -> EntryBody {
        let Head { size, last_leaf, .. } = self.head;
        let head = EntryHead::of(self.workspace, size, last_leaf, self.moment());
        let actor = Actor { kind: ActorKind::Gate, id: self.device.to_string(), role: None };
        EntryBody::new(head, actor, event)
    }

    async fn send(&self, method: &str, path: &str, body: Vec<u8>) -> Vec<u8> {
        self.send_as(self.device, &self.key, method, path, body).await
    }

    async fn send_as(
        &self,
        device: DeviceId,
        key: &SigningKey,
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Vec<u8> {
        self.send_to(&self.base, (device, key), method, path, body).await
    }

    /// Asks any address as any device.
    pub async fn send_to(
        &self,
        base: &str,
        (device, key): (DeviceId, &SigningKey),
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Vec<u8> {
        let seconds = now().millis() / 1_000;
        let headers = sign_request(method, path, &body, device, key, seconds, &random()).unwrap();
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{base}{path}"));
        for (name, value) in headers.iter() {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status();
        let bytes = answer.bytes().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&bytes));
        bytes.to_vec()
    }

    fn make_case(&self, setup: &CaseSetup, at: TimestampMs) -> Made {
        let usd = Currency::parse("USD").unwrap();
        let action = Action::BudgetChange(BudgetChange {
            entity: EntityRef {
                platform: PlatformKind::GoogleAds,
                account_id: PlatformId::parse("1234567890").unwrap(),
                campaign_id: PlatformId::parse("1001").unwrap(),
            },
            campaign_name: setup.campaign.into(),
            budget_resource: "customers/1234567890/campaignBudgets/2001".into(),
            shared_by: 1,
            status: CampaignStatus::Enabled,
            limits: AmountLimits::unknown(usd),
            before: Money::from_micros(500_000_000, usd),
            after: Money::from_micros(625_000_000, usd),
            window: None,
        });
        let case = ProposalId::from_uuid(fresh());
        let ratio = Ratio::from_millionths;
        let piece = |kind, bytes: Vec<u8>| EvidenceRef {
            kind,
            digest: Digest::of(&bytes),
            size_bytes: bytes.len() as u64,
        };
        let pacing = canonical::to_bytes(&series(&action)).unwrap();
        let mut evidence = vec![piece(EvidenceKind::PacingSeries, pacing)];
        if let Some(prompt) = setup.prompt {
            let sealed = canonical::to_bytes(&sealed_prompt(prompt)).unwrap();
            evidence.push(piece(EvidenceKind::Prompt, sealed));
        }
        let proposal = Proposal {
            id: case,
            workspace: self.workspace,
            created_at_ms: at,
            expires_at_ms: at.plus_ms(setup.due_minutes * MINUTE_MS + HOUR_MS / 2),
            origin: Origin::Draft(Box::new(Drafted {
                initiator: Initiator {
                    agent: self.roster.agents[0].id,
                    agent_name: "Proposer".into(),
                    owner: setup.owner.unwrap_or(self.roster.agents[0].owner),
                },
                grounds: Grounds {
                    predicted_lift: Interval {
                        value: ratio(120_000),
                        low: ratio(50_000),
                        high: ratio(190_000),
                    },
                    confidence: ratio(790_000),
                    feature_attributions: BTreeMap::from([
                        ("weekday".into(), ratio(-50_000)),
                        ("recent_roas".into(), ratio(400_000)),
                    ]),
                    rationale: "Demand rises before the sale. The campaign is limited by budget."
                        .into(),
                    trigger: "A 72-hour sale".into(),
                    likely_outcome: "More orders at the same cost".into(),
                    campaign_intent: "Sell the season's stock".into(),
                    ..Grounds::sample()
                },
                prompt_commitment: setup
                    .prompt
                    .map_or(Digest::of(b"commitment"), |prompt| sealed_prompt(prompt).commitment()),
            })),
            action: action.clone(),
            entity_revision: 0,

            evidence,
        };
        Made { id: case.to_string(), case, proposal, action }
    }
}

/// The repository's policy, whose company layer is one rule that asks for what a case is to
/// need.
fn policy_files(setup: &CaseSetup) -> BTreeMap<String, String> {
    let tier = serde_json::to_string(&setup.tier).unwrap();
    let minutes = setup.due_minutes;
    let rule = format!(
        r#"package countersign.corporate

# METADATA
# title: Budget change
# description: Ops and finance must sign.
findings contains {{
	"rule": "budget_change_over_15_percent",
	"outcome": "escalate",
	"risk_tier": {tier},
	"roles": {{"ops": 1, "finance": 1}},
	"factors": {{"to_decide": [], "to_override": ["totp"]}},
	"sla_minutes": {minutes},
	"words": "A budget change over 15 % needs ops and finance.",
}} if {{
	input.kind == "budget_change"
}}
"#
    );
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let mut data: serde_json::Value = serde_json::from_str(&read("data.json")).unwrap();
    data["base"]["sla_minutes"] = minutes.into();
    BTreeMap::from([
        ("protocol/guard.rego".to_owned(), read("protocol/guard.rego")),
        ("corporate/budget.rego".to_owned(), rule),
        ("data.json".to_owned(), data.to_string()),
    ])
}

fn sealed_prompt(prompt: &str) -> SealedPrompt {
    SealedPrompt { salt: Digest::of(b"salt"), prompt: prompt.into() }
}

fn series(action: &Action) -> PacingSeries {
    let Action::BudgetChange(change) = action else { unreachable!() };
    let day = |number: u32| PacingDay {
        date: format!("2026-11-{:02}", number + 1),
        spend: Money::from_micros(400_000_000 + i64::from(number), change.before.currency),
        impressions: 1_000,
        clicks: 10,
    };
    PacingSeries {
        entity: change.entity.clone(),
        time_zone: "America/New_York".into(),
        read_at_ms: TimestampMs::from_millis(0),
        budget: Budget::daily(change.before),
        source: "simulated".into(),
        asked: DayRange { first: day(0).date, last: day(19).date },
        days: (0..20).map(day).collect(),
    }
}
