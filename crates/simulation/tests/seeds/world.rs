//! A world of one seed: it takes steps, asks the invariants after each, and heals at the end.

use crate::{
    account::Account,
    cast::{self, LIAR, PEOPLE},
    desktop::{Broke, Desktop, Signed},
    gate::{Ended, Gate, Time},
    model::{
        ANY_ORDER, Broken, Claim, DRAFT_ONLY, LAYERS, Model, NO_FORK, NOT_LOST, NOTHING_HANGS,
        SEALED, SHEET, UNSIGNED, amounts, broken,
    },
    post::{Failed, Lie, Post},
    step::{Forgery, Machine, Quality, Step, Way},
};
use countersign_document::RecordBody;
use countersign_gate::{
    core::{Drafting, Event, Prepared},
    evidence,
    store::StoreError,
};
use countersign_model::{
    DecisionKind, DeviceId, Digest, Draft, Envelope, TimestampMs,
    change::DraftChange,
    confirm::{Language, render},
    control::{Command, Halt},
    decision,
    draft::{ConsideredInput, Grounds, InputKind, SourceReference},
    evidence::{DayRange, PacingSeries},
    time::MINUTE_MS,
};
use countersign_simulation::{
    chance::Chance,
    disk::{Disk, alone},
};
use countersign_sync::{refusal::Code, wire::Pushed};
use countersign_workflow::Case;
use parking_lot::MutexGuard;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

/// Records of one page or push.
const PAGE: usize = 24;
/// Rounds after which everything must have settled.
const HEALING: usize = 40;

pub struct World {
    time: Time,
    account: Arc<Account>,
    gate: Gate,
    post: Post,
    desks: Vec<Desktop>,
    model: Model,
    chance: Chance,
    /// Which version of the roster the relay was told.
    told_roster: u64,
    meddled: i64,
    refused_by_relay: Vec<usize>,
    /// The process of the gate whose log was last looked at.
    checked: u64,
    /// How far each desktop stood, and the gate, when they were last compared.
    compared: BTreeMap<usize, (u64, u64, u64)>,
    trace: Digest,
    /// Let go of last, when every file is closed.
    _alone: MutexGuard<'static, ()>,
}

impl World {
    pub fn new(name: &str, mut chance: Chance) -> Self {
        let alone = alone();
        let (time, account) = (Time::new(), Arc::new(Account::new()));
        let disk = Disk::new(&format!("{name}-gate"), chance.split());
        let gate = Gate::found(disk, time.clone(), Arc::clone(&account), chance.split());
        let post = Post::new(name, chance.split());
        let desk = |who, chance: &mut Chance| {
            Desktop::new(who, Disk::new(&format!("{name}-desk-{who}"), chance.split()))
        };
        let desks = (0..PEOPLE.len()).map(|who| desk(who, &mut chance)).collect();
        Self {
            time,
            account,
            gate,
            post,
            desks,
            model: Model::default(),
            chance,
            told_roster: 0,
            meddled: 0,
            refused_by_relay: vec![],
            checked: 0,
            compared: BTreeMap::new(),
            trace: Digest::of(b""),
            _alone: alone,
        }
    }

    /// What has happened so far, in one digest.
    pub fn trace(&self) -> Digest {
        self.trace
    }

    fn note(&mut self, words: &str) {
        let mut bytes = self.trace.as_bytes().to_vec();
        bytes.extend(words.as_bytes());
        self.trace = Digest::of(&bytes);
    }

    fn now_s(&self) -> i64 {
        self.time.wall().millis() / 1_000
    }

    fn fresh(&mut self) -> Uuid {
        let number = (u128::from(self.chance.next()) << 64) | u128::from(self.chance.next());
        let random: [u8; 10] = number.to_le_bytes()[..10].try_into().unwrap();
        let now = u64::try_from(self.time.wall().millis()).unwrap();
        uuid::Builder::from_unix_timestamp_millis(now, &random).into_uuid()
    }

    fn nonce(&mut self) -> [u8; 24] {
        let mut nonce = [0; 24];
        self.chance.fill(&mut nonce);
        nonce
    }

    /// Takes a step, says in a word what came of it, and asks the invariants.
    pub fn take(&mut self, step: Step) -> Result<String, Broken> {
        let was_stopped = self.gate.look(|ledger| ledger.halt().is_stopped()).unwrap_or_default();
        let came = self.act(step)?;
        // A process that ends is started again by whoever looks after it, when it is needed.
        let words = format!("{step}: {came}");
        self.note(&words);
        self.check(was_stopped)?;
        Ok(words)
    }

    fn act(&mut self, step: Step) -> Result<String, Broken> {
        let ended = |result: Result<(), Ended>| match result {
            Ok(()) => "done".to_owned(),
            Err(Ended(why)) => format!("the gate ended ({why})"),
        };
        Ok(match step {
            Step::Draft { campaign, percent, quality } => self.draft(campaign, percent, quality)?,
            Step::Decide { who, case, kind } => self.decide(who, case, kind),
            Step::DeskReads { who, lie } => self.desk_reads(who, lie),
            Step::DeskSends { who, way } => self.desk_sends(who, way),
            Step::GateReads { lie } => ended(self.gate_reads(lie)),
            Step::GateSends { way } => self.gate_sends(way),
            Step::Work => match self.gate.start().and_then(|()| self.gate.work()) {
                Ok(None) => "there is nothing to make".into(),
                Ok(Some(_)) => "done".into(),
                Err(Ended(why)) => format!("the gate ended ({why})"),
            },
            Step::Timers => {
                ended(self.gate.start().and_then(|()| self.gate.handle(Event::CountsDue)))
            }
            Step::Pass { ms } => {
                self.time.pass(ms);
                "done".into()
            }
            Step::Jump { ms } => {
                self.time.jump(ms);
                "done".into()
            }
            Step::Crash { machine, after, fate } => {
                self.disk(machine).crash_after(after, fate);
                "set".into()
            }
            Step::Fill { machine, steps } => {
                self.disk(machine).fill(steps);
                "set".into()
            }
            Step::Restart { machine } => {
                match machine {
                    Machine::Gate => self.gate.kill(),
                    Machine::Relay => self.post.stop(),
                    Machine::Desk(who) => self.desks[who].kill(),
                }
                "done".into()
            }
            Step::Quirk(quirk) => {
                self.account.misbehave(quirk);
                "set".into()
            }
            Step::Meddle { campaign } => {
                // An amount that never was: a platform cannot tell a change and its way back.
                self.meddled += 1;
                self.account.meddle(campaign, 60_000_000 + self.meddled * 1_010_000);
                "done".into()
            }
            Step::Forge { forgery, whom, case } => self.forge(forgery, whom, case),
            Step::Stop { who } => self.command(who, Command::Stop { text: String::new() }),
            Step::Resume { who } => match self.desks[who].halt() {
                Halt::Running => "nothing is stopped".into(),
                Halt::Stopped { stop, .. } => {
                    self.command(who, Command::Resume { stop, text: "MARKER again".into() })
                }
            },
            Step::Revoke { who } => self.revoke(who),
            Step::LoseRelay => {
                self.post.lose();
                self.told_roster = 0;
                "done".into()
            }
        })
    }

    fn disk(&self, machine: Machine) -> &Disk {
        match machine {
            Machine::Gate => &self.gate.disk,
            Machine::Relay => &self.post.disk,
            Machine::Desk(who) => &self.desks[who].disk,
        }
    }

    fn draft(&mut self, campaign: usize, percent: i64, quality: Quality) -> Result<String, Broken> {
        if let Err(Ended(why)) = self.gate.start() {
            return Ok(format!("the gate ended ({why})"));
        }
        let state = self.account.state(campaign);
        let holds = state.budget.holds.amount.amount_micros;
        let before = if quality == Quality::Stale { holds + 3_000_000 } else { holds };
        let after =
            if quality == Quality::Empty { before } else { before + before / 100 * percent };
        let draft = draft_of(campaign, before, after);
        if draft.change.check().is_err() {
            let input = Digest::of(b"what it sent");
            let refused = Event::DraftsRefused { agent: cast::agent(), input, count: 1 };
            return Ok(match self.gate.handle(refused) {
                Ok(()) => "refused at the door".into(),
                Err(Ended(why)) => format!("the gate ended ({why})"),
            });
        }
        let (log_size, now) = (self.gate.log_size(), self.time.wall());
        let prepared = prepared(draft, state, log_size, now);
        let sealed =
            self.gate.look(|ledger| evidence::seal(&prepared, ledger.identity(), ledger.random()));
        let Some(Ok(evidence)) = sealed else { return Ok("no evidence".into()) };
        let before: Vec<_> = self.gate.works();
        let opened = match self.gate.draft(Drafting { prepared, evidence, keyed: None }) {
            Ok(opened) => opened,
            Err(Ended(why)) => return Ok(format!("the gate ended ({why})")),
        };
        let begun = self.gate.works().into_iter().find(|one| opened.contains(one));
        if begun.is_some() && !before.iter().any(|one| opened.contains(one)) {
            return broken(DRAFT_ONLY, "a draft began an execution");
        }
        for case in opened.iter().filter_map(|case| self.gate.case(*case)) {
            let roles: Vec<_> =
                case.verdict().quorum.iter().map(|group| group.role.as_str().to_owned()).collect();
            let proposed = amounts(&case.proposal().action);
            let missing = Model::roles_for(proposed)
                .iter()
                .find(|role| !roles.contains(&(**role).to_owned()));
            if let Some(role) = missing {
                return broken(
                    LAYERS,
                    format!("{proposed:?} asks for {roles:?} and not for {role}"),
                );
            }
        }
        Ok(if opened.is_empty() { "refused".into() } else { "a case opens".into() })
    }

    fn decide(&mut self, who: usize, case: usize, kind: DecisionKind) -> String {
        let (id, nonce, now) = (self.fresh(), self.nonce(), self.time.wall());
        let desk = &mut self.desks[who];
        if desk.start().is_err() {
            return "the desktop does not start".into();
        }
        let open = desk.open_cases();
        let Some(case) = pick(&open, case) else { return "nothing to decide".into() };
        let decision = desk.decision(case, kind, id, now);
        let Signed { envelope, decision, sheet, is_shown } = desk.sign(case, decision, nonce);
        self.model.claims.insert(envelope, Claim { who, decision, sheet, is_shown });
        if !is_shown {
            return "the desktop broke, and nothing is shown as signed".into();
        }
        *self.model.records.entry(who).or_default() += 1;
        "signed".into()
    }

    fn command(&mut self, who: usize, command: Command) -> String {
        let (id, nonce, now) = (self.fresh(), self.nonce(), self.time.wall());
        let desk = &mut self.desks[who];
        if desk.start().is_err() {
            return "the desktop does not start".into();
        }
        match desk.command(command, id, now, nonce) {
            Ok(_) => {
                *self.model.records.entry(who).or_default() += 1;
                "signed".into()
            }
            Err(Broke) => "the desktop broke".into(),
        }
    }

    fn desk_reads(&mut self, who: usize, lie: Option<Lie>) -> String {
        if self.desks[who].start().is_err() {
            return "the desktop does not start".into();
        }
        self.desks[who].reconnect();
        let mut wrong = 0;
        for _ in 0..8 {
            let cursor = self.desks[who].cursor();
            let Ok(page) = self.post.page(cursor, PAGE, lie) else { return "no answer".into() };
            let went_back = page.head < cursor.max(self.desks[who].told);
            let ends = page.records.is_empty() && !went_back;
            if went_back {
                self.desks[who].deliver_again();
            }
            match self.desks[who].take(&page) {
                Ok((more, faults)) => {
                    wrong += faults;
                    if !more || ends || lie.is_some() {
                        break;
                    }
                }
                Err(Broke) => return "the desktop broke".into(),
            }
        }
        let (followed, head) = self.desks[who].followed();
        format!("{wrong} faults; it holds {} entries and has followed {followed}", head.size)
    }

    fn desk_sends(&mut self, who: usize, way: Way) -> String {
        if self.desks[who].start().is_err() {
            return "the desktop does not start".into();
        }
        let (now, nonce) = (self.time.wall(), self.nonce());
        match self.desks[who].witness(now, nonce) {
            Ok(true) => *self.model.records.entry(who).or_default() += 1,
            Ok(false) => {}
            Err(Broke) => return "the desktop broke".into(),
        }
        let records: Vec<_> = self.desks[who].unsent().iter().take(PAGE).cloned().collect();
        if records.is_empty() {
            return "nothing to send".into();
        }
        let all = records.len() == self.desks[who].unsent().len();
        match self.push(cast::device(who), &records, way) {
            Ok(pushed) => {
                self.desks[who].told = pushed.head;
                if all {
                    self.desks[who].delivered();
                } else {
                    self.desks[who].delivered_some(records.len());
                }
                "delivered".into()
            }
            Err(Failed::Refused(Code::Gap)) => {
                self.desks[who].deliver_again();
                "the relay has lost records: all are sent again".into()
            }
            Err(Failed::Refused(code)) => {
                if code == Code::Revoked {
                    self.refused_by_relay.push(who);
                }
                format!("refused: {code:?}")
            }
            Err(Failed::Down) => "no answer".into(),
        }
    }

    /// Pushes over a wire that loses and repeats.
    fn push(&mut self, whose: DeviceId, records: &[Vec<u8>], way: Way) -> Result<Pushed, Failed> {
        let now_s = self.now_s();
        if way == Way::Lost {
            return Err(Failed::Down);
        }
        if way == Way::Twice {
            let _ = self.post.push(whose, records, now_s);
        }
        let pushed = self.post.push(whose, records, now_s);
        if way == Way::AnswerLost { Err(Failed::Down) } else { pushed }
    }

    fn gate_reads(&mut self, lie: Option<Lie>) -> Result<(), Ended> {
        self.gate.start()?;
        self.gate.handle(Event::Reconnected)?;
        for _ in 0..8 {
            let told = self.gate.look(|ledger| ledger.store().read(|reader| reader.relay_head()));
            let Some(Ok::<_, StoreError>(told)) = told else { return Ok(()) };
            let Ok(page) = self.post.page(self.gate.cursor, PAGE, lie) else { return Ok(()) };
            if page.head < told {
                self.gate.handle(Event::RelayLost)?;
                continue;
            }
            if page.records.is_empty() && page.head >= self.gate.cursor {
                return Ok(());
            }
            self.gate.handle(Event::Page(page))?;
            if lie.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn gate_sends(&mut self, way: Way) -> String {
        if let Err(Ended(why)) = self.gate.start() {
            return format!("the gate ended ({why})");
        }
        let now_s = self.now_s();
        let Some(roster) = self.gate.roster() else { return "it is down".into() };
        if self.told_roster < roster.version {
            if way == Way::Lost || self.post.set_devices(&roster, now_s).is_err() {
                return "no answer".into();
            }
            self.told_roster = roster.version;
        }
        let waiting = self.gate.look(|ledger| {
            ledger.store().read(|reader| {
                let blobs = reader.waiting_blobs()?;
                let sealed = blobs.iter().map(|blob| reader.sealed_blob(blob.digest));
                let sealed = sealed.collect::<Result<Vec<_>, StoreError>>()?;
                Ok::<_, StoreError>((reader.waiting_records(128)?, blobs, sealed))
            })
        });
        let Some(Ok((records, blobs, sealed))) = waiting else { return "it cannot read".into() };
        if !sealed.is_empty() {
            if self.post.put_blobs(cast::gate_device(), sealed, now_s).is_err() {
                return "no answer".into();
            }
            let marked = self
                .gate
                .look(|ledger| ledger.store().write_unsynced(|tx| tx.mark_blobs_delivered(&blobs)));
            if !matches!(marked, Some(Ok(()))) {
                return self.gate_broke();
            }
        }
        let Some(last) = records.last().map(|record| record.writer_seq) else {
            return "nothing to send".into();
        };
        let bytes: Vec<_> = records.into_iter().map(|record| record.sealed).collect();
        let marked = match self.push(cast::gate_device(), &bytes, way) {
            Ok(Pushed { head, .. }) => self.gate.look(|ledger| {
                ledger.store().write_unsynced(|tx| tx.mark_records_delivered(last, head))
            }),
            Err(Failed::Refused(Code::Gap)) => self.gate.look(|ledger| {
                ledger.store().write(|tx| tx.deliver_again())?;
                Ok(false)
            }),
            Err(failed) => return format!("not delivered: {failed:?}"),
        };
        match marked {
            Some(Ok::<bool, StoreError>(true)) => "delivered".into(),
            Some(Ok(false)) => "the relay has lost records: all are sent again".into(),
            _ => self.gate_broke(),
        }
    }

    /// The courier's write failed: the program goes on, unless its power has gone.
    fn gate_broke(&mut self) -> String {
        if self.gate.disk.is_down() {
            self.gate.kill();
            return "the gate lost its power".into();
        }
        "it could not be noted".into()
    }

    fn revoke(&mut self, who: usize) -> String {
        if self.model.revoked.contains_key(&who) {
            return "it is already".into();
        }
        let mut revoked = self.model.revoked.clone();
        let since = self
            .gate
            .look(|ledger| ledger.moment(self.time.wall()))
            .unwrap_or_else(|| self.time.wall());
        revoked.insert(who, since);
        match self.gate.change_roster(&revoked) {
            Ok(()) => {
                self.model.revoked = revoked;
                "done".into()
            }
            Err(Ended(why)) => {
                // It may have become durable all the same: the gate's own word counts.
                if self.gate.start().is_ok() {
                    let roster = self.gate.roster();
                    let known = roster.and_then(|roster| {
                        roster.person(cast::person(who)).map(|one| one.devices[0].revoked_at_ms)
                    });
                    if known.flatten().is_some() {
                        self.model.revoked = revoked;
                    }
                }
                format!("the gate ended ({why})")
            }
        }
    }

    /// Lea's device sends what it likes.
    fn forge(&mut self, forgery: Forgery, whom: usize, case: usize) -> String {
        let (id, nonce, now) = (self.fresh(), self.nonce(), self.time.wall());
        let desk = &mut self.desks[LIAR];
        if desk.start().is_err() {
            return "the desktop does not start".into();
        }
        let open = desk.open_cases();
        let case = pick(&open, case);
        let others: Vec<_> = self.model.claims.keys().copied().collect();
        let another = others.get(usize::try_from(id.as_u128() % 7).unwrap() % others.len().max(1));
        let written = match (forgery, case) {
            (Forgery::Garbage, _) => desk.write_bytes(b"nothing that anybody knows", nonce),
            (Forgery::Roster, _) => {
                let roster = cast::roster(9, now, &BTreeMap::new());
                let envelope = roster.seal(&[cast::person_key(LIAR)]).unwrap();
                let envelope = envelope.to_bytes().unwrap();
                desk.write_record(&RecordBody::Roster { envelope }, nonce)
            }
            (Forgery::Log, _) => {
                let entries = vec![b"{}".to_vec()];
                let checkpoint = "no checkpoint".to_owned();
                desk.write_record(
                    &RecordBody::LogSegment { first_seq: 0, entries, checkpoint },
                    nonce,
                )
            }
            (Forgery::Policy, _) => {
                desk.write_record(&RecordBody::Policy { bundle: b"{}".to_vec() }, nonce)
            }
            (Forgery::Elsewhere | Forgery::Again, Some(case)) => {
                let Some(envelope) = another else { return "nobody has signed anything".into() };
                let own = self.model.claims[envelope].decision.proposal;
                let Some(bytes) = desk.source(envelope) else { return "it is not here".into() };
                let place = if forgery == Forgery::Again { own } else { case.proposal().id };
                desk.file(place, Digest::of(&bytes), &bytes, nonce)
            }
            (_, Some(case)) => {
                let mut decision = desk.decision(case, DecisionKind::Approve, id, now);
                match forgery {
                    Forgery::InAnothersName => {
                        decision.person = cast::person(whom);
                        decision.role = cast::role(whom);
                    }
                    Forgery::OnAnothersDevice => decision.device = cast::device(whom),
                    _ => {
                        let mut wider = case.proposal().action.clone();
                        if let countersign_model::Action::BudgetChange(change) = &mut wider {
                            change.after.amount_micros *= 2;
                        }
                        decision.effective = Some(wider);
                    }
                }
                let statement =
                    decision::statement_bytes(&decision, case.proposal_digest()).unwrap();
                let key = cast::person_key(LIAR);
                let envelope = Envelope::sign_payload(&statement, &[key]).unwrap();
                let bytes = envelope.to_bytes().unwrap();
                desk.file(case.proposal().id, Digest::of(&statement), &bytes, nonce)
            }
            (_, None) => return "there is no case".into(),
        };
        match written {
            Ok(()) => {
                *self.model.records.entry(LIAR).or_default() += 1;
                self.desk_sends(LIAR, Way::Fine)
            }
            Err(Broke) => "the desktop broke".into(),
        }
    }

    /// Asks every invariant that can be asked now.
    fn check(&mut self, was_stopped: bool) -> Result<(), Broken> {
        self.check_log()?;
        for seen in self.account.seen().split_off(self.model.writes) {
            self.model.writes += 1;
            self.model.see(seen, was_stopped)?;
        }
        for desk in 0..self.desks.len() {
            self.check_desk(desk)?;
        }
        Ok(())
    }

    fn check_log(&mut self) -> Result<(), Broken> {
        if !self.gate.is_up() {
            return Ok(());
        }
        let (size, root) = self.model.durable;
        let grew = self.gate.log_size() > size;
        let began = std::mem::replace(&mut self.checked, self.gate.starts()) != self.gate.starts();
        if !grew && !began {
            return Ok(());
        }
        if root.is_some() && self.gate.root_at(size) != root {
            return broken(
                NO_FORK,
                format!("the gate's first {size} entries are others than before"),
            );
        }
        let new = self.gate.entries(size);
        for (_, entry) in &new {
            self.model.take(entry)?;
            let words = format!("{:?}", entry.event.kind());
            self.note(&words);
        }
        for (_, entry) in &new {
            let Some(decided) = entry.event.decision() else { continue };
            let Some(claim) = self.model.claims.get(&decided.envelope) else { continue };
            let kept = self.gate.look(|ledger| {
                ledger.store().read(|reader| reader.envelope(decided.envelope)).ok().flatten()
            });
            let Some(bytes) = kept.flatten() else {
                return broken(SHEET, "the gate did not keep what it judged");
            };
            let statement = Envelope::from_bytes(&bytes).unwrap().payload().unwrap();
            let sheet = render(&statement, Language::En).unwrap().to_text();
            if sheet != claim.sheet {
                return broken(SHEET, "the gate renders another sheet than the person read");
            }
        }
        let size = size + new.len() as u64;
        self.model.durable = (size, self.gate.root_at(size));
        Ok(())
    }

    fn check_desk(&mut self, who: usize) -> Result<(), Broken> {
        let desk = &mut self.desks[who];
        let name = PEOPLE[who].0;
        if !desk.is_up() {
            return Ok(());
        }
        let signed = self.model.records.get(&who).copied().unwrap_or_default();
        if desk.kept() < signed {
            let kept = desk.kept();
            return broken(NOT_LOST, format!("{name} signed {signed} times; {kept} are there"));
        }
        if let Some(fault) = desk.faults().first() {
            return broken(UNSIGNED, format!("{name}'s desktop: {fault}"));
        }
        let (followed, head) = desk.followed();
        if !self.gate.is_up() {
            return Ok(());
        }
        let stand = (followed, head.size, self.model.durable.0);
        if self.compared.insert(who, stand) == Some(stand) {
            return Ok(());
        }
        if head.size > 0 && self.gate.root_at(head.size) != Some(head.root) {
            return broken(NO_FORK, format!("{name}'s desktop holds another log than the gate"));
        }
        if followed == self.model.durable.0 {
            for case in self.model.cases.keys() {
                let (own, gates) = (desk.case(*case), self.gate.case(*case));
                // Which clock either has seen last is no part of where a case stands.
                let stands = |case: &Case| {
                    (case.phase().clone(), case.accepted().to_vec(), case.refused().to_vec())
                };
                if own.as_ref().map(stands) != gates.as_ref().map(stands) {
                    let words = format!(
                        "{name}'s desktop sees {:?}, the gate {:?}",
                        own.map(|case| case.phase().clone()),
                        gates.map(|case| case.phase().clone())
                    );
                    return broken(ANY_ORDER, words);
                }
            }
        }
        Ok(())
    }

    /// Flips one bit of the gate's file while it is down, starts it, and flips the bit back:
    /// `None` if it did not start.
    pub fn serves_after_flipping(&mut self, bit: u64) -> Result<Option<()>, Broken> {
        const FILE: &str = "gate.sqlite";
        self.gate.kill();
        let before = self.gate.disk.image();
        assert!(self.gate.disk.flip(FILE, bit), "the gate's file is empty");
        let started = self.gate.start().is_ok();
        let (size, root) = self.model.durable;
        let same = self.gate.root_at(size) == root;
        self.gate.kill();
        self.gate.disk.restore(&before);
        if !started {
            return Ok(None);
        }
        if same { Ok(Some(())) } else { broken(NO_FORK, "it serves another log than it signed") }
    }

    /// Everything works again, and everything settles.
    pub fn heal(&mut self) -> Result<(), Broken> {
        self.account.behave();
        // Whose log is stamped in the future of the right time waits for it.
        self.time.set_right();
        self.post.stop();
        for machine in (0..PEOPLE.len()).map(Machine::Desk).chain([Machine::Gate, Machine::Relay]) {
            self.disk(machine).make_room();
            self.disk(machine).calm();
        }
        for round in 0..HEALING {
            self.settle_once(round)?;
            // Whatever is still open is as it is when the last signature has lapsed.
            if round >= 2 && self.check_settled().is_ok() {
                return Ok(());
            }
        }
        self.check_settled()
    }

    fn settle_once(&mut self, round: usize) -> Result<(), Broken> {
        if let Some(ahead) = self.log_ahead_ms() {
            self.time.pass(ahead);
        }
        for step in [
            Step::Timers,
            Step::GateReads { lie: None },
            Step::Work,
            Step::Work,
            Step::GateSends { way: Way::Fine },
            Step::GateSends { way: Way::Fine },
        ] {
            self.take(step)?;
        }
        for who in (0..PEOPLE.len()).filter(|who| self.desks[*who].was_used()).collect::<Vec<_>>() {
            self.take(Step::DeskReads { who, lie: None })?;
            self.take(Step::DeskSends { who, way: Way::Fine })?;
        }
        if round % 4 == 3 {
            self.resume_work(round)?;
        }
        self.take(Step::Pass { ms: 21 * MINUTE_MS })?;
        Ok(())
    }

    /// Two persons whose devices are not revoked ask to go on.
    fn resume_work(&mut self, round: usize) -> Result<(), Broken> {
        if !self.gate.look(|ledger| ledger.halt().is_stopped()).unwrap_or_default() {
            return Ok(());
        }
        let may = |who: &usize| !self.model.revoked.contains_key(who);
        let able: Vec<_> = (0..LIAR).filter(may).collect();
        let who = able[round / 4 % able.len()];
        self.take(Step::Resume { who }).map(|_| ())
    }

    /// How long the clock must go on until the gate may start.
    fn log_ahead_ms(&mut self) -> Option<i64> {
        if self.gate.start().is_ok() {
            return None;
        }
        Some(30 * MINUTE_MS)
    }

    fn check_settled(&mut self) -> Result<(), Broken> {
        if !self.gate.is_up() {
            return broken(NOTHING_HANGS, "the gate does not start any more");
        }
        let size = self.gate.log_size();
        for case in self.model.cases.keys() {
            let phase = self.gate.case(*case).map(|case| case.phase().clone());
            if !phase.as_ref().is_some_and(|phase| phase.name().is_final()) {
                return broken(NOTHING_HANGS, format!("a case has not ended: {phase:?}"));
            }
        }
        for (envelope, claim) in &self.model.claims {
            let told = self.refused_by_relay.contains(&claim.who);
            if claim.is_shown && !self.model.answers.contains_key(envelope) && !told {
                let name = PEOPLE[claim.who].0;
                return broken(
                    NOT_LOST,
                    format!("{name}'s {:?} has no answer", claim.decision.kind),
                );
            }
        }
        for desk in &self.desks {
            let is_revoked = self.model.revoked.contains_key(&desk.who);
            let (followed, _) = desk.followed();
            if desk.was_used() && !is_revoked && followed != size {
                let words = format!(
                    "{}'s desktop follows {followed} of {size} entries",
                    PEOPLE[desk.who].0
                );
                return broken(NOTHING_HANGS, words);
            }
        }
        for case in self.model.cases.keys() {
            let may_read =
                |desk: &&Desktop| desk.was_used() && !self.model.revoked.contains_key(&desk.who);
            // What a device wrote that is revoked, and the gate has not judged, goes with the relay.
            let stays = |digest: &Digest| {
                let answered = self.model.answers.contains_key(digest);
                self.model.revoked.is_empty()
                    || (answered && self.model.claims.contains_key(digest))
            };
            let filed = |desk: &Desktop| {
                desk.filed(*case).into_iter().filter(stays).collect::<BTreeSet<_>>()
            };
            let filed: Vec<_> = self.desks.iter().filter(may_read).map(filed).collect();
            if filed.windows(2).any(|two| two[0] != two[1]) {
                return broken(ANY_ORDER, "desktops hold different decisions of one case");
            }
        }
        for marker in cast::MARKERS {
            if self.post.disk.holds(marker.as_bytes()) {
                return broken(SEALED, format!("the relay's disk holds {marker:?}"));
            }
        }
        Ok(())
    }
}

fn pick<T>(all: &[T], number: usize) -> Option<&T> {
    all.get(number % all.len().max(1))
}

fn draft_of(campaign: usize, before: i64, after: i64) -> Draft {
    Draft {
        change: DraftChange::BudgetChange(countersign_model::change::BudgetDraft {
            entity: cast::entity(campaign),
            before: cast::usd(before),
            after: cast::usd(after),
            window: None,
        }),
        grounds: Grounds {
            feature_attributions: BTreeMap::new(),
            uncertainty: "MARKER uncertainty".into(),
            escalation_rule: "MARKER escalation".into(),
            rationale: "MARKER rationale".into(),
            trigger: "MARKER trigger".into(),
            likely_outcome: "MARKER outcome".into(),
            next_steps: vec!["MARKER step".into()],
            campaign_intent: "MARKER intent".into(),
            inputs_considered: vec![ConsideredInput {
                kind: InputKind::CampaignHistory,
                about: "MARKER input".into(),
            }],
            source_references: vec![SourceReference {
                title: "MARKER source".into(),
                location: "MARKER location".into(),
                digest: None,
            }],
            recommended_action: Some("MARKER action".into()),
            counterfactual: Some("MARKER counterfactual".into()),
            ..Grounds::sample()
        },
        prompt: "MARKER prompt".into(),
        backtest: None,
    }
}

fn prepared(
    draft: Draft,
    state: countersign_model::EntityState,
    log_size: u64,
    now: TimestampMs,
) -> Prepared {
    let day = "2026-11-01".to_owned();
    let pacing = PacingSeries {
        entity: state.entity.clone(),
        time_zone: state.time_zone.clone(),
        read_at_ms: now,
        budget: state.budget.holds,
        source: "simulated".into(),
        asked: DayRange { first: day.clone(), last: day },
        days: vec![],
    };
    Prepared { initiator: cast::initiator(), draft, log_size, state, pacing }
}
