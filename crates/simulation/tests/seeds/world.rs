//! A world of one seed: it takes steps, asks the invariants after each, and heals at the end.

mod agents;
mod check;
mod heal;
mod liar;
mod rot;
mod wires;

use crate::{
    account::Account,
    cast::{self, PEOPLE},
    desktop::{Broke, Desktop, Signed},
    gate::{Ended, Gate, Time},
    model::{Broken, Claim, Model},
    post::Post,
    step::{Machine, Step},
};
use countersign_gate::core::Event;
use countersign_model::{
    DecisionKind, Digest,
    control::{Command, Halt},
};
use countersign_simulation::{
    chance::Chance,
    disk::{Disk, alone},
};
use parking_lot::MutexGuard;
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

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
    /// A snapshot was made; the relay's disk has rotted; a relay was lost.
    has_compacted: bool,
    has_rotted: bool,
    has_lost: bool,
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
            has_compacted: false,
            has_rotted: false,
            has_lost: false,
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
            Step::Draft { campaign, wish, quality } => self.draft(campaign, wish, quality)?,
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
            Step::Rollback { who, case } => {
                match pick(&self.desks[who].executed_cases(), case).copied() {
                    Some(proposal) => {
                        let text = "MARKER it did nothing".into();
                        self.command(who, Command::Rollback { proposal, text })
                    }
                    None => "nothing to take back".into(),
                }
            }
            Step::Revoke { who } => self.revoke(who),
            Step::Compact { keep_days, requests } => self.compact(keep_days, requests),
            Step::Rot { machine, bit } => self.rot(machine, bit)?,
            Step::LoseRelay => {
                self.post.lose();
                self.has_lost = true;
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
}

fn pick<T>(all: &[T], number: usize) -> Option<&T> {
    all.get(number % all.len().max(1))
}
