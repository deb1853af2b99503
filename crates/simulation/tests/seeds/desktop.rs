//! A desktop: the real reader, documents, log replica, judge and sealing, over a store of rows
//! on a disk that fails. After a crash everything is made again from its rows.

mod snapshot;

use crate::{cast, gate::anchors};
use countersign_audit::{Head, MemoryHashes, Segment, cosignature, replica};
use countersign_document::{Candidates, CaseDocument, RecordBody};
use countersign_model::{
    Action, Control, ControlId, Decision, DecisionId, DecisionKind, Digest, Envelope, MfaProof,
    Money, ProposalId, Roster, TimestampMs,
    change::Value,
    confirm::{Language, render},
    control::{self, Command, Halt},
    decision::{self, CheckpointSeen},
    entry::EntryBody,
    reason::Reason,
};
use countersign_replay::{Follower, Memory, View as _};
use countersign_simulation::disk::Disk;
use countersign_sync::{Accepted, EpochKeys, Reader, ReaderState, WriterState, wire::Page};
use countersign_workflow::{Case, PhaseName};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use uuid::Uuid;

/// The file of its rows.
pub const FILE: &str = "desk.sqlite";

pub struct Desktop {
    pub who: usize,
    pub disk: Disk,
    rows: Option<Connection>,
    held: Held,
    /// The relay's last position, as it answered the newest push.
    pub told: u64,
}

/// What follows from the rows.
struct Held {
    reader: Reader,
    writer: WriterState,
    documents: BTreeMap<ProposalId, CaseDocument>,
    /// Every envelope that a change of a case has brought, as the program's rows have them.
    filed: BTreeMap<ProposalId, BTreeSet<Digest>>,
    head: Head,
    hashes: MemoryHashes,
    behind: VecDeque<EntryBody>,
    memory: Memory,
    follower: Follower,
    sources: BTreeMap<Digest, Vec<u8>>,
    roster: Option<Roster>,
    /// The newest checkpoint that was verified, and how many entries the last one that this
    /// device has cosigned is over.
    note: Option<(u64, String)>,
    cosigned: u64,
    /// Own sealed records by their place, and which the relay has.
    own: Vec<Vec<u8>>,
    delivered: usize,
    /// Decisions that the log has judged, by their envelopes.
    answered: BTreeSet<Digest>,
    /// What the log says that nobody signed.
    faults: Vec<String>,
    set_aside: u64,
}

/// A statement that a person has just signed.
pub struct Signed {
    pub envelope: Digest,
    pub decision: Decision,
    /// What the person read.
    pub sheet: String,
    /// It is durable, and the person is shown that it is signed. If not, it may be durable all
    /// the same.
    pub is_shown: bool,
}

/// The device's store failed.
#[derive(Debug)]
pub struct Broke;

impl From<rusqlite::Error> for Broke {
    fn from(_: rusqlite::Error) -> Self {
        Self
    }
}

impl Held {
    fn new() -> Self {
        let writers = BTreeMap::from([(cast::gate_device(), cast::public(1))]);
        Self {
            reader: Reader::resume(ReaderState::new(cast::workspace()), writers, epochs()),
            writer: WriterState::new(),
            documents: BTreeMap::new(),
            filed: BTreeMap::new(),
            head: Head::empty(),
            hashes: MemoryHashes::default(),
            behind: VecDeque::new(),
            memory: Memory::default(),
            follower: Follower::new(anchors()),
            sources: BTreeMap::new(),
            roster: None,
            note: None,
            cosigned: 0,
            own: vec![],
            delivered: 0,
            answered: BTreeSet::new(),
            faults: vec![],
            set_aside: 0,
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.sources.insert(Digest::of(bytes), bytes.to_vec());
    }

    /// Takes one accepted record in.
    fn take(&mut self, by_gate: bool, plaintext: &[u8]) {
        let taken = match RecordBody::from_bytes(plaintext) {
            Ok(RecordBody::CaseChange { case, change, .. }) => self.take_change(case, &change),
            Ok(RecordBody::LogSegment { first_seq, entries, checkpoint }) if by_gate => {
                self.take_segment(first_seq, &entries, &checkpoint)
            }
            Ok(RecordBody::Roster { envelope }) => {
                self.keep(&envelope);
                self.take_roster(&envelope)
            }
            Ok(RecordBody::Control { envelope }) => {
                self.keep(&envelope);
                Some(())
            }
            Ok(RecordBody::Policy { bundle }) if by_gate => {
                self.keep(&bundle);
                Some(())
            }
            Ok(RecordBody::Cosignature { .. }) => Some(()),
            _ => None,
        };
        self.set_aside += u64::from(taken.is_none());
        self.follow();
    }

    fn take_change(&mut self, case: ProposalId, change: &[u8]) -> Option<()> {
        let candidates = Candidates::of(change).ok()?;
        for bytes in candidates.envelopes() {
            self.keep(bytes);
            self.filed.entry(case).or_default().insert(Digest::of(bytes));
        }
        self.documents.entry(case).or_insert_with(CaseDocument::empty).apply(change).ok()
    }

    fn take_segment(&mut self, first_seq: u64, entries: &[Vec<u8>], note: &str) -> Option<()> {
        let segment = Segment { first_seq, entries, checkpoint: note };
        let advance = replica::advance(self.head, &self.hashes, &cast::log_keys(), segment).ok()?;
        if advance.checkpoint.size >= advance.head.size {
            self.note = Some((advance.checkpoint.size, note.to_owned()));
        }
        self.head = advance.head;
        self.hashes.extend(advance.new_hashes);
        self.behind.extend(advance.entries.into_iter().map(|(_, _, entry)| entry.body));
        Some(())
    }

    fn take_roster(&mut self, bytes: &[u8]) -> Option<()> {
        let envelope = Envelope::from_bytes(bytes).ok()?;
        let always = TimestampMs::from_millis(i64::MIN);
        let next = match &self.roster {
            None => Roster::open_first(&envelope, &anchors().root?, always).ok()?,
            Some(roster) => {
                let claimed = envelope.peek_unverified::<Roster>().ok()?;
                if claimed.version <= roster.version {
                    return Some(());
                }
                roster.open_next(&envelope, always).ok()?
            }
        };
        let devices = next.people.iter().flat_map(|person| &person.devices);
        let keys = devices
            .map(|device| (device.id, device.signing_key))
            .chain([(next.gate.device, next.gate.signing_key)]);
        self.reader.set_writer_keys(keys.collect());
        self.roster = Some(next);
        Some(())
    }

    /// Follows the log as far as what it refers to is here.
    fn follow(&mut self) {
        while let Some(entry) = self.behind.front() {
            let mut needed = entry.event.references().into_iter().filter(|one| one.required);
            if needed.any(|one| !self.sources.contains_key(&one.digest)) {
                return;
            }
            let sources = |digest: Digest| self.sources.get(&digest).cloned();
            let Ok(faults) = self.follower.take(&mut self.memory, entry, &sources);
            let seq = entry.seq;
            let words = faults.into_iter().map(|fault| format!("entry {seq}: {fault:?}"));
            self.faults.extend(words);
            self.answered.extend(entry.event.decision().map(|decision| decision.envelope));
            let leaf = self.leaf(seq);
            self.memory.push_leaf(leaf);
            self.behind.pop_front();
        }
    }

    fn leaf(&self, seq: u64) -> Digest {
        use countersign_audit::{StoredHashes as _, tree};
        self.hashes.read(&[tree::leaf_index(seq).unwrap()]).unwrap()[0]
    }
}

impl Desktop {
    pub fn new(who: usize, disk: Disk) -> Self {
        Self { who, disk, rows: None, held: Held::new(), told: 0 }
    }

    /// The program is there: it starts if it does not run.
    pub fn start(&mut self) -> Result<(), Broke> {
        if self.rows.is_some() {
            return Ok(());
        }
        if self.disk.is_down() {
            self.disk.restart();
        }
        let rows = Connection::open(self.disk.path(FILE))?;
        // As the program's own store: a raw key, so that no page is read that was not written.
        rows.execute_batch("PRAGMA key = \"x'2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a'\"; PRAGMA cipher_log_level = NONE")?;
        rows.pragma_update(None, "journal_mode", "wal")?;
        rows.pragma_update(None, "synchronous", "full")?;
        rows.execute_batch(
            "BEGIN;
             CREATE TABLE IF NOT EXISTS came (place INTEGER PRIMARY KEY, by_gate INTEGER, plaintext BLOB);
             CREATE TABLE IF NOT EXISTS own (seq INTEGER PRIMARY KEY, sealed BLOB, body BLOB);
             CREATE TABLE IF NOT EXISTS place (one INTEGER PRIMARY KEY, reader BLOB);
             COMMIT",
        )?;
        self.held = Held::new();
        let mut came = rows.prepare("SELECT by_gate, plaintext FROM came ORDER BY place")?;
        let read = came.query_map([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        for row in read {
            let (by_gate, plaintext) = row?;
            self.held.take(by_gate, &plaintext);
        }
        drop(came);
        let mut own = rows.prepare("SELECT sealed, body FROM own ORDER BY seq")?;
        let read =
            own.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        for row in read {
            let (sealed, body) = row?;
            self.held.take(false, &body);
            self.held.writer =
                WriterState { next_seq: self.held.writer.next_seq + 1, prev: Digest::of(&sealed) };
            self.held.own.push(sealed);
        }
        drop(own);
        let state: Option<Vec<u8>> = rows
            .query_row("SELECT reader FROM place", [], |row| row.get(0))
            .map(Some)
            .or_else(|error| match error {
                rusqlite::Error::QueryReturnedNoRows => Ok(None),
                error => Err(error),
            })?;
        if let Some(state) = state {
            let keys = self.held.roster.as_ref().map(|roster| {
                let devices = roster.people.iter().flat_map(|person| &person.devices);
                devices
                    .map(|device| (device.id, device.signing_key))
                    .chain([(roster.gate.device, roster.gate.signing_key)])
                    .collect()
            });
            let first = BTreeMap::from([(cast::gate_device(), cast::public(1))]);
            let state = serde_json::from_slice(&state).map_err(|_| Broke)?;
            self.held.reader = Reader::resume(state, keys.unwrap_or(first), epochs());
        }
        self.rows = Some(rows);
        Ok(())
    }

    /// The program ends; what it held in memory is gone.
    pub fn kill(&mut self) {
        self.rows = None;
    }

    /// Runs one transaction; when it fails the program ends.
    fn write(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), Broke> {
        let rows = self.rows.as_mut().ok_or(Broke)?;
        let written = rows.transaction().and_then(|transaction| {
            work(&transaction)?;
            transaction.commit()
        });
        if written.is_err() {
            self.rows = None;
        }
        Ok(written?)
    }

    pub fn cursor(&self) -> u64 {
        self.held.reader.cursor()
    }

    /// The connection begins anew.
    pub fn reconnect(&mut self) {
        self.held.reader.rewind();
    }

    /// Takes a page in; whether to ask again at once, and how much was wrong with it.
    pub fn take(&mut self, page: &Page) -> Result<(bool, usize), Broke> {
        let judged = self.held.reader.handle_page(page);
        self.take_in(&judged.accepted)?;
        Ok((judged.more, judged.faults.len()))
    }

    /// Makes what was accepted durable, with the place that it reaches to.
    fn take_in(&mut self, accepted: &[Accepted]) -> Result<(), Broke> {
        let state = serde_json::to_vec(self.held.reader.state()).map_err(|_| Broke)?;
        self.write(|rows| {
            let next = "SELECT coalesce(max(place), 0) + 1 FROM came";
            let first: i64 = rows.query_row(next, [], |row| row.get(0))?;
            for (place, record) in (first..).zip(accepted) {
                let by_gate = record.header.writer == cast::gate_device();
                let mut insert = rows.prepare_cached("INSERT INTO came VALUES (?1, ?2, ?3)")?;
                insert.execute(params![place, by_gate, record.plaintext])?;
            }
            rows.execute("INSERT OR REPLACE INTO place VALUES (1, ?1)", [&state])?;
            Ok(())
        })?;
        for record in accepted {
            self.held.take(record.header.writer == cast::gate_device(), &record.plaintext);
        }
        Ok(())
    }

    /// Own records that the relay does not have yet.
    pub fn unsent(&self) -> &[Vec<u8>] {
        &self.held.own[self.held.delivered.min(self.held.own.len())..]
    }

    pub fn delivered(&mut self) {
        self.held.delivered = self.held.own.len();
    }

    pub fn delivered_some(&mut self, count: usize) {
        self.held.delivered += count;
    }

    /// Whether anything was ever written here.
    pub fn was_used(&self) -> bool {
        self.disk.steps() > 0
    }

    pub fn is_up(&self) -> bool {
        self.rows.is_some()
    }

    /// Bytes that this device holds, by their digest.
    pub fn source(&self, digest: &Digest) -> Option<Vec<u8>> {
        self.held.sources.get(digest).cloned()
    }

    /// The relay has lost what it had.
    pub fn deliver_again(&mut self) {
        self.held.delivered = 0;
        self.told = 0;
        self.held.reader.read_again();
    }

    /// How many statements stand in its rows, whatever was delivered.
    pub fn kept(&self) -> usize {
        self.held.own.len()
    }

    /// Cases that a person may decide here, as this device followed them.
    pub fn open_cases(&self) -> Vec<Case> {
        let open = self.held.memory.open_cases();
        open.filter(|case| case.phase().name() == PhaseName::Deciding).cloned().collect()
    }

    pub fn executed_cases(&self) -> Vec<ProposalId> {
        let all = self.held.memory.cases();
        let executed = all.filter(|case| case.phase().name() == PhaseName::Executed);
        executed.map(|case| case.proposal().id).collect()
    }

    pub fn case(&self, proposal: ProposalId) -> Option<Case> {
        let Ok(case) = self.held.memory.case(proposal);
        case
    }

    pub fn halt(&self) -> Halt {
        let Ok(world) = self.held.memory.world();
        world.halt
    }

    /// How many entries were followed, and how many are verified.
    pub fn followed(&self) -> (u64, Head) {
        (self.held.head.size - self.held.behind.len() as u64, self.held.head)
    }

    pub fn faults(&self) -> &[String] {
        &self.held.faults
    }

    /// Every envelope that came for a case, whatever the change that brought it waits for.
    pub fn filed(&self, case: ProposalId) -> BTreeSet<Digest> {
        self.held.filed.get(&case).cloned().unwrap_or_default()
    }

    /// Every decision of a case's document, by its digest.
    pub fn documented(&self, case: ProposalId) -> BTreeSet<Digest> {
        let document = self.held.documents.get(&case);
        let filed = document.map(CaseDocument::decisions).unwrap_or_default();
        filed.into_values().flatten().map(|bytes| Digest::of(&bytes)).collect()
    }

    /// A decision as it should be.
    pub fn decision(
        &self,
        case: &Case,
        kind: DecisionKind,
        id: Uuid,
        now: TimestampMs,
    ) -> Decision {
        let proposed = &case.proposal().action;
        // Where there is nothing to narrow, whoever would is content with what is proposed.
        let (kind, effective) = match (kind, narrowed(proposed)) {
            (DecisionKind::Override, Some(narrower)) => (kind, Some(narrower)),
            (DecisionKind::Override | DecisionKind::Approve, _) => {
                (DecisionKind::Approve, Some(proposed.clone()))
            }
            (DecisionKind::Reject | DecisionKind::RequestChanges, _) => (kind, None),
        };
        let code = match kind {
            DecisionKind::Approve => "within_plan",
            DecisionKind::Override => "budget_headroom",
            DecisionKind::Reject => "over_budget",
            DecisionKind::RequestChanges => "more_evidence",
        };
        let mfa = (kind == DecisionKind::Override)
            .then(|| MfaProof::Totp { code: cast::totp(self.who).code_at(now).unwrap() });
        let Head { size, root, .. } = self.held.head;
        Decision {
            id: DecisionId::from_uuid(id),
            workspace: cast::workspace(),
            proposal: case.proposal().id,
            kind,
            effective,
            reason: Reason { code: code.into(), text: "MARKER reason".into() },
            person: cast::person(self.who),
            device: cast::device(self.who),
            role: cast::role(self.who),
            on_behalf_of: None,
            verdict: case.verdict_digest(),
            policy: case.verdict().policy.digest,
            entity_revision: case.proposal().entity_revision,
            evidence_shown: vec![],
            comments_shown: vec![],
            requested: None,
            checkpoint_seen: (size > 0).then_some(CheckpointSeen { size, root }),
            signed_at_ms: now,
            valid_until_ms: case.proposal().expires_at_ms,
            mfa,
        }
    }

    /// Signs a decision.
    pub fn sign(&mut self, case: &Case, decision: Decision, nonce: [u8; 24]) -> Signed {
        let statement = decision::statement_bytes(&decision, case.proposal_digest()).unwrap();
        let sheet = render(&statement, Language::En).unwrap().to_text();
        let key = cast::person_key(self.who);
        let envelope = Envelope::sign_payload(&statement, &[key]).unwrap().to_bytes().unwrap();
        let proposal = decision.proposal;
        let is_shown = self.file(proposal, Digest::of(&statement), &envelope, nonce).is_ok();
        Signed { envelope: Digest::of(&envelope), decision, sheet, is_shown }
    }

    /// Files an envelope in a case's document, whatever it is.
    pub fn file(
        &mut self,
        case: ProposalId,
        under: Digest,
        envelope: &[u8],
        nonce: [u8; 24],
    ) -> Result<(), Broke> {
        let document = self.held.documents.get_mut(&case).ok_or(Broke)?;
        let change = document.add_decision(under, envelope).map_err(|_| Broke)?;
        self.write_record(&RecordBody::CaseChange { case, change, blobs: vec![] }, nonce)
    }

    /// Stops work, or asks for it to go on.
    pub fn command(
        &mut self,
        command: Command,
        id: Uuid,
        now: TimestampMs,
        nonce: [u8; 24],
    ) -> Result<Digest, Broke> {
        let control = Control {
            id: ControlId::from_uuid(id),
            workspace: cast::workspace(),
            command,
            person: cast::person(self.who),
            device: cast::device(self.who),
            signed_at_ms: now,
        };
        let bytes = control::statement_bytes(&control).unwrap();
        let key = cast::person_key(self.who);
        let envelope = Envelope::sign_payload(&bytes, &[key]).unwrap().to_bytes().unwrap();
        let digest = Digest::of(&envelope);
        self.write_record(&RecordBody::Control { envelope }, nonce).map(|()| digest)
    }

    /// Says of the newest checkpoint that it was verified here, once; whether there was one.
    pub fn witness(&mut self, now: TimestampMs, nonce: [u8; 24]) -> Result<bool, Broke> {
        let Some((size, note)) = self.held.note.clone() else { return Ok(false) };
        if size <= self.held.cosigned {
            return Ok(false);
        }
        let name = cosignature::key_name(cast::workspace(), cast::device(self.who));
        let time_s = u64::try_from(now.millis() / 1_000).unwrap();
        let key = cast::person_key(self.who);
        let note = cosignature::cosign(&note, &name, time_s, key).unwrap();
        self.held.cosigned = size;
        self.write_record(&RecordBody::Cosignature { note }, nonce).map(|()| true)
    }

    /// Seals a body as this device's next record; it is durable when this returns.
    pub fn write_record(&mut self, body: &RecordBody, nonce: [u8; 24]) -> Result<(), Broke> {
        self.write_bytes(&body.to_bytes().unwrap(), nonce)
    }

    pub fn write_bytes(&mut self, body: &[u8], nonce: [u8; 24]) -> Result<(), Broke> {
        let key = cast::person_key(self.who);
        let (workspace, device) = (cast::workspace(), cast::device(self.who));
        let sealed =
            self.held.writer.seal_next(workspace, device, body, &cast::epoch(), nonce, key);
        let (record, next) = sealed.map_err(|_| Broke)?;
        let seq = i64::try_from(self.held.writer.next_seq).unwrap();
        self.write(|rows| {
            let mut insert = rows.prepare_cached("INSERT INTO own VALUES (?1, ?2, ?3)")?;
            insert.execute(params![seq, record.as_bytes(), body])?;
            Ok(())
        })?;
        self.held.writer = next;
        self.held.own.push(record.as_bytes().to_vec());
        self.held.take(false, body);
        Ok(())
    }
}

fn epochs() -> EpochKeys {
    [cast::epoch()].into_iter().collect()
}

/// The proposed change, but less far; `None` where nobody may set a value of their own.
fn narrowed(action: &Action) -> Option<Action> {
    action.own_amounts()?;
    let spend = action.spend()?;
    let amount_micros = (spend.before.amount_micros + spend.after.amount_micros) / 2;
    action.with_own_value(Value::Money(Money { amount_micros, ..spend.after }))
}
