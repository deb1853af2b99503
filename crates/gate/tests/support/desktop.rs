//! A scripted desktop: test keys, the real sync, document and audit rooms, a real relay.

use super::{World, now, pause};
use countersign_audit::{Head, LogKeys, MemoryHashes, Segment, checkpoint, cosignature, replica};
use countersign_document::{CaseDocument, RecordBody};
use countersign_gate::{identity::Identity, relay::Relay};
use countersign_identity::{
    enrolment::{Enrolment, EnrolmentRequest},
    totp::TotpSecret,
};
use countersign_model::{
    Action, BudgetChange, Control, ControlId, Decision, DecisionId, DecisionKind, DeviceId, Digest,
    Envelope, MfaProof, PersonId, PolicyBundle, Proposal, ProposalId, Role, Roster, Signer,
    Verdict, WorkspaceId, canonical,
    control::{self, Command},
    decision::Refusal,
    entry::{Entry, EntryKind, LogEvent},
    evidence::EvidenceKind,
    reason::Reason,
    signature::SigningKey,
};
use countersign_sync::{Reader, ReaderState, SealingSecret, WrappedKey, WriterState, open_blob};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;
use zeroize::Zeroizing;

pub struct Desktop {
    pub person: PersonId,
    pub device: DeviceId,
    pub totp: Option<TotpSecret>,
    pub role: Role,
    /// The roster that admitted this desktop.
    pub roster: Roster,
    seed: u8,
    identity: Arc<Identity>,
    relay: Relay,
    reader: Reader,
    writer: WriterState,
    documents: BTreeMap<ProposalId, CaseDocument>,
    log_keys: LogKeys,
    head: Head,
    hashes: MemoryHashes,
    pub entries: Vec<Entry>,
    /// Every policy that the gate published, oldest first.
    pub policies: Vec<PolicyBundle>,
    /// Where sealed evidence is, by the digest of the plain one.
    blobs: BTreeMap<Digest, Digest>,
    /// How long it waits for an entry.
    pub patience: Duration,
    /// Bodies of the gate's last records, as they were sealed.
    pub last_read: VecDeque<Vec<u8>>,
}

/// A case as this desktop verified it.
pub struct Seen {
    pub proposal: Proposal,
    pub subject: Digest,
    pub verdict: Verdict,
}

impl Desktop {
    /// Writes the request of a new device; its path.
    pub fn request(world: &World, seed: u8) -> (DeviceId, String) {
        let device = DeviceId::from_uuid(Uuid::now_v7());
        let sealing = SealingSecret::from_bytes(&[seed; 32]).public_key().into();
        let signing = SigningKey::from_seed(&[seed; 32]);
        let request = EnrolmentRequest::make(device, sealing, now(), &signing).unwrap();
        let path = world.folder.path().join(format!("{seed}.request"));
        std::fs::write(&path, serde_json::to_string(&request).unwrap()).unwrap();
        (device, path.display().to_string())
    }

    pub async fn enrol(
        world: &World,
        seed: u8,
        name: &str,
        roles: &str,
        person: Option<PersonId>,
    ) -> Self {
        let signing = SigningKey::from_seed(&[seed; 32]);
        let sealing = SealingSecret::from_bytes(&[seed; 32]);
        let (device, request) = Self::request(world, seed);
        let file = |ending: &str| {
            world.folder.path().join(format!("{seed}.{ending}")).display().to_string()
        };
        let (out, totp) = (file("enrolment"), file("totp"));
        let mut args = vec!["admit", "--request", &request, "--out", &out];
        let known = person.map(|person| person.to_string());
        match &known {
            Some(person) => args.extend(["--person", person]),
            None => args.extend(["--name", name, "--roles", roles, "--totp-out", &totp]),
        }
        world.command(&args).await;
        let enrolment = Enrolment::parse(&std::fs::read_to_string(&out).unwrap(), device).unwrap();
        let roster = Roster::open_first(&enrolment.roster, &enrolment.trusted_root, now()).unwrap();
        let wrapped =
            WrappedKey::from_base64(enrolment.epoch, &enrolment.wrapped_epoch_key).unwrap();
        let epoch = sealing.unwrap(enrolment.workspace, device, &wrapped).unwrap();
        let gate = roster.gate.clone();
        let log_keys = LogKeys {
            workspace: enrolment.workspace,
            gate_key: gate.signing_key,
            vkey: gate.log_vkey.clone(),
        };
        // Other desktops' records are not read here, so only the gate's key is known.
        let writers = BTreeMap::from([(gate.device, gate.signing_key)]);
        let reader = Reader::resume(
            ReaderState::new(enrolment.workspace),
            writers,
            [epoch.clone()].into_iter().collect(),
        );
        let identity = Arc::new(Identity {
            workspace: enrolment.workspace,
            device,
            signing,
            log: SigningKey::from_seed(&[0; 32]),
            origin: String::new(),
            log_keys: log_keys.clone(),
            epoch,
            factors: Zeroizing::new([0; 32]),
        });
        Self {
            person: enrolment.person,
            device,
            totp: std::fs::read_to_string(&totp).ok().map(|uri| totp_of(&uri)),
            role: Role::parse(roles.split(',').next().unwrap()).unwrap(),
            seed,
            relay: Relay::new(enrolment.relay_url.parse().unwrap(), Arc::clone(&identity)).unwrap(),
            identity,
            reader,
            writer: WriterState::new(),
            documents: BTreeMap::new(),
            log_keys,
            roster,
            head: Head::empty(),
            hashes: MemoryHashes::default(),
            entries: vec![],
            policies: vec![],
            blobs: BTreeMap::new(),
            patience: Duration::from_secs(60),
            last_read: VecDeque::new(),
        }
    }

    /// Reads what is new and verifies the log.
    pub async fn sync(&mut self) {
        loop {
            let page = self.relay.page(self.reader.cursor()).await.unwrap();
            let judged = self.reader.handle_page(&page);
            for accepted in judged.accepted {
                self.last_read.push_back(accepted.plaintext);
                if self.last_read.len() > 8 {
                    self.last_read.pop_front();
                }
                match RecordBody::from_bytes(self.last_read.back().unwrap()).unwrap() {
                    RecordBody::CaseChange { case, change, blobs } => {
                        self.blobs.extend(blobs.iter().map(|one| (one.evidence, one.blob)));
                        let document =
                            self.documents.entry(case).or_insert_with(CaseDocument::empty);
                        document.apply(&change).unwrap();
                    }
                    RecordBody::LogSegment { first_seq, entries, checkpoint } => {
                        let segment =
                            Segment { first_seq, entries: &entries, checkpoint: &checkpoint };
                        let advance =
                            replica::advance(self.head, &self.hashes, &self.log_keys, segment)
                                .unwrap();
                        self.head = advance.head;
                        self.hashes.extend(advance.new_hashes);
                        self.entries.extend(advance.entries.into_iter().map(|(_, _, entry)| entry));
                    }
                    RecordBody::Policy { bundle } => {
                        self.policies.push(PolicyBundle::from_bytes(&bundle).unwrap());
                    }
                    RecordBody::Roster { .. }
                    | RecordBody::Control { .. }
                    | RecordBody::Cosignature { .. }
                    | RecordBody::Snapshot(_) => {}
                }
            }
            if !judged.more {
                return;
            }
        }
    }

    /// Syncs until an entry fits, for as long as its patience lasts.
    pub async fn wait_for(&mut self, what: &str, fits: impl Fn(&Entry) -> bool) -> Entry {
        let begun = Instant::now();
        while begun.elapsed() < self.patience {
            self.sync().await;
            if let Some(entry) = self.entries.iter().find(|entry| fits(entry)) {
                return entry.clone();
            }
            pause().await;
        }
        let kinds: Vec<_> = self
            .entries
            .iter()
            .map(|entry| (entry.body.event.kind(), entry.body.event.decision()))
            .collect();
        panic!("{what} did not come; the log holds {kinds:?}");
    }

    /// Waits until this decision was judged; `None` for accepted.
    pub async fn judged(&mut self, envelope: Digest) -> Option<Refusal> {
        let entry = self
            .wait_for("the judgement", |entry| {
                let event = &entry.body.event;
                matches!(event.kind(), EntryKind::DecisionAccepted | EntryKind::DecisionRefused)
                    && event.decision().is_some_and(|one| one.envelope == envelope)
            })
            .await;
        entry.body.event.refusal()
    }

    pub async fn refusals(&mut self, envelope: Digest) -> Vec<Refusal> {
        self.sync().await;
        let events = self.entries.iter().map(|entry| &entry.body.event);
        events
            .filter(|one| one.decision().is_some_and(|one| one.envelope == envelope))
            .filter_map(LogEvent::refusal)
            .collect()
    }

    /// The case, verified under the gate's key.
    pub async fn open(&mut self, proposal: ProposalId) -> Seen {
        self.wait_for("the case", |entry| entry.body.event.proposal_id() == Some(proposal)).await;
        let document = &self.documents[&proposal];
        let envelope = Envelope::from_bytes(&document.proposals()[0]).unwrap();
        let opened = Proposal::open(&envelope, self.log_keys.gate_key).unwrap();
        let verdict = Envelope::from_bytes(&document.verdicts()[0]).unwrap();
        let verdict = Verdict::open(&verdict, opened.subject, self.log_keys.gate_key).unwrap();
        Seen { proposal: opened.predicate, subject: opened.subject, verdict: verdict.predicate }
    }

    /// An approval as it should be.
    pub fn approval(&self, seen: &Seen) -> Decision {
        let signed_at_ms = now();
        Decision {
            id: DecisionId::from_uuid(Uuid::now_v7()),
            workspace: self.identity.workspace,
            proposal: seen.proposal.id,
            kind: DecisionKind::Approve,
            effective: Some(seen.proposal.action.clone()),
            reason: Reason { code: "within_plan".into(), text: "MARKER-reason".into() },
            person: self.person,
            device: self.device,
            role: self.role.clone(),
            on_behalf_of: None,
            verdict: seen.verdict.digest().unwrap(),
            policy: seen.verdict.policy.digest,
            entity_revision: seen.proposal.entity_revision,
            evidence_shown: vec![],
            comments_shown: vec![],
            requested: None,
            checkpoint_seen: None,
            signed_at_ms,
            valid_until_ms: seen.proposal.expires_at_ms,
            mfa: None,
        }
    }

    /// An override to +`percent` with a fresh code.
    pub fn override_to(&self, seen: &Seen, percent: i64) -> Decision {
        let Action::BudgetChange(change) = &seen.proposal.action else { unreachable!() };
        let mut after = change.after;
        after.amount_micros = super::in_cents(change.before.amount_micros / 100 * (100 + percent));
        let code = self.totp.as_ref().unwrap().code_at(now()).unwrap();
        Decision {
            kind: DecisionKind::Override,
            effective: Some(Action::BudgetChange(BudgetChange { after, ..change.clone() })),
            reason: Reason { code: "budget_headroom".into(), text: "MARKER-reason".into() },
            mfa: Some(MfaProof::Totp { code }),
            ..self.approval(seen)
        }
    }

    pub fn sign(&self, decision: &Decision, subject: Digest) -> Vec<u8> {
        self.sign_with(&self.identity.signing, decision, subject)
    }

    pub fn sign_with(&self, key: &dyn Signer, decision: &Decision, subject: Digest) -> Vec<u8> {
        let name = decision.proposal.to_string();
        Envelope::seal(&name, subject, decision, key).unwrap().to_bytes().unwrap()
    }

    /// Files an envelope in a case's document and sends the change; its digest.
    pub async fn send(&mut self, case: ProposalId, envelope: &[u8]) -> Digest {
        let payload = Envelope::from_bytes(envelope).unwrap().payload().unwrap();
        self.send_under(case, Digest::of(&payload), envelope).await
    }

    pub async fn send_under(&mut self, case: ProposalId, key: Digest, envelope: &[u8]) -> Digest {
        let change = self.documents.get_mut(&case).unwrap().add_decision(key, envelope).unwrap();
        self.push(&RecordBody::CaseChange { case, change, blobs: vec![] }).await;
        Digest::of(envelope)
    }

    /// A control statement as it should be.
    pub fn control(&self, command: Command) -> Control {
        Control {
            id: ControlId::from_uuid(Uuid::now_v7()),
            workspace: self.identity.workspace,
            command,
            person: self.person,
            device: self.device,
            signed_at_ms: now(),
        }
    }

    /// Signs a control statement, sends it and waits for what the gate logs about it.
    pub async fn command(&mut self, control: &Control) -> Entry {
        self.command_with(&self.key(), control).await
    }

    pub async fn command_with(&mut self, key: &dyn Signer, control: &Control) -> Entry {
        let bytes = control::statement_bytes(control).unwrap();
        let envelope = Envelope::sign_payload(&bytes, &[key]).unwrap().to_bytes().unwrap();
        let digest = Digest::of(&envelope);
        self.push(&RecordBody::Control { envelope: envelope.clone() }).await;
        // Twice is once.
        self.push(&RecordBody::Control { envelope }).await;
        self.wait_for("the answer", |entry| entry.body.event.output_hash() == Some(digest)).await
    }

    /// A piece of evidence, opened and checked against its digest.
    pub async fn evidence<T: serde::Serialize + serde::de::DeserializeOwned>(
        &self,
        world: &World,
        seen: &Seen,
        kind: EvidenceKind,
    ) -> Option<T> {
        let piece = seen.proposal.evidence.iter().find(|piece| piece.kind == kind)?;
        let blob = self.blobs[&piece.digest];
        let rows = rusqlite::Connection::open(world.data().join("gate.sqlite")).unwrap();
        let sql = "SELECT bytes FROM blobs WHERE digest = ?1";
        let sealed: Vec<u8> = rows.query_row(sql, [blob.as_bytes()], |row| row.get(0)).unwrap();
        let keys = [self.identity.epoch.clone()].into_iter().collect();
        let plain = open_blob(self.identity.workspace, blob, &sealed, &keys).unwrap();
        assert_eq!(Digest::of(&plain), piece.digest);
        Some(canonical::from_bytes(&plain).unwrap())
    }

    /// The log as this desktop verified it: entries, root, and its name.
    pub fn log_head(&self) -> (u64, Digest, String) {
        let (origin, _) = checkpoint::parse_vkey(&self.log_keys.vkey).unwrap();
        (self.head.size, self.head.root, origin)
    }

    /// Cosigns a checkpoint in this device's name.
    pub fn cosign_with(&self, key: &dyn Signer, note: &str) -> String {
        let name = cosignature::key_name(self.identity.workspace, self.device);
        let time_s = u64::try_from(now().millis() / 1_000).unwrap();
        cosignature::cosign(note, &name, time_s, key).unwrap()
    }

    pub fn cosign(&self, note: &str) -> String {
        self.cosign_with(&self.key(), note)
    }

    pub async fn push(&mut self, body: &RecordBody) {
        self.write(&[body.to_bytes().unwrap()]).await;
    }

    /// Seals and sends bodies, whatever they are.
    pub async fn write(&mut self, bodies: &[Vec<u8>]) {
        let Identity { workspace, device, signing, epoch, .. } = &*self.identity;
        let mut sealed = vec![];
        for body in bodies {
            let nonce = *countersign_gate::keys::random::<24>().unwrap();
            let (record, next) =
                self.writer.seal_next(*workspace, *device, body, epoch, nonce, signing).unwrap();
            sealed.push(record.as_bytes().to_vec());
            self.writer = next;
        }
        // A push is bounded; so many of the largest fit.
        for some in sealed.chunks(12) {
            self.relay.push(some).await.unwrap();
        }
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.identity.workspace
    }

    pub fn key(&self) -> SigningKey {
        SigningKey::from_seed(&[self.seed; 32])
    }

    /// Signs, sends and waits for the judgement.
    pub async fn decide(&mut self, seen: &Seen, decision: &Decision) -> Option<Refusal> {
        let envelope = self.sign(decision, seen.subject);
        let digest = self.send(seen.proposal.id, &envelope).await;
        self.judged(digest).await
    }
}

/// The secret out of an otpauth URI (RFC 4648 base32).
fn totp_of(uri: &str) -> TotpSecret {
    let text = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    let mut bits = 0_u64;
    let (mut held, mut bytes) = (0, vec![]);
    for digit in text.trim().bytes() {
        let value =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|one| *one == digit).unwrap();
        bits = (bits << 5 | value as u64) & 0xffff;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    TotpSecret::from_bytes(bytes.try_into().unwrap())
}
