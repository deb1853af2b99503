//! What goes over wires: desktops and the gate read from the relay and send to it.

use super::World;
use crate::{
    cast,
    desktop::Broke,
    gate::Ended,
    post::{Failed, Lie, PAGE, Wire},
    step::Way,
};
use countersign_gate::{
    compact::{Bench, CompactError},
    core::Event,
    courier::{DeliverError, Outbox},
    store::StoreError,
};
use countersign_sync::{refusal::Code, wire::Floor};
use futures::FutureExt as _;
use std::sync::Arc;
use tokio::sync::watch;

impl World {
    pub(super) fn desk_reads(&mut self, who: usize, lie: Option<Lie>) -> String {
        if self.desks[who].start().is_err() {
            return "the desktop does not start".into();
        }
        self.desks[who].reconnect();
        let mut wrong = 0;
        for _ in 0..8 {
            let cursor = self.desks[who].cursor();
            let page = match self.post.page(cursor, PAGE, lie) {
                Ok(page) => page,
                Err(Failed::Compacted(at)) => match self.desk_begins(who, at) {
                    Ok(Some(faults)) => {
                        wrong += faults;
                        continue;
                    }
                    Ok(None) => return "it does not take the snapshot".into(),
                    Err(Broke) => return "the desktop broke".into(),
                },
                Err(_) => return "no answer".into(),
            };
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

    /// A desktop begins from the snapshot that the relay names.
    fn desk_begins(&mut self, who: usize, at: Floor) -> Result<Option<usize>, Broke> {
        let Ok(page) = self.post.page(at.snapshot - 1, 1, None) else { return Ok(None) };
        let record = page.records.first().filter(|(position, _)| *position == at.snapshot);
        let Some((_, record)) = record else { return Ok(None) };
        let mut chance = self.chance.split();
        let Self { post, desks, .. } = self;
        desks[who].take_snapshot(at, record, &mut |blob| post.blob(blob).ok(), &mut || {
            let mut nonce = [0; 24];
            chance.fill(&mut nonce);
            nonce
        })
    }

    pub(super) fn desk_sends(&mut self, who: usize, way: Way) -> String {
        if self.desks[who].start().is_err() {
            return "the desktop does not start".into();
        }
        let (now, now_s, nonce) = (self.time.wall(), self.now_s(), self.nonce());
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
        match self.post.push_over(cast::device(who), &records, now_s, way) {
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
            Err(Failed::Compacted(_) | Failed::Refused(Code::Compacted)) => {
                self.desks[who].read_again();
                format!("a snapshot stands for some of it; {}", self.desk_reads(who, None))
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

    pub(super) fn gate_reads(&mut self, lie: Option<Lie>) -> Result<(), Ended> {
        self.gate.start()?;
        self.gate.handle(Event::Reconnected)?;
        for _ in 0..8 {
            let told = self.gate.look(|ledger| ledger.store().read(|reader| reader.relay_head()));
            let Some(Ok::<_, StoreError>(told)) = told else { return Ok(()) };
            let page = match self.post.page(self.gate.cursor, PAGE, lie) {
                Ok(page) => page,
                Err(Failed::Compacted(_)) => {
                    let before = self.gate.cursor;
                    self.gate.handle(Event::BelowFloor)?;
                    if self.gate.cursor > before {
                        continue;
                    }
                    return Ok(());
                }
                Err(_) => return Ok(()),
            };
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

    pub(super) fn gate_sends(&mut self, way: Way) -> String {
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
        let Self { gate, post, .. } = self;
        let wire = Wire::new(post, u64::MAX, now_s).going(way);
        let outbox = gate.look(|ledger| Outbox::new(wire, Arc::clone(ledger.store())));
        let Some(mut outbox) = outbox else { return "it is down".into() };
        let sent = async {
            let mut batches = 0;
            // Whatever it has lost, a relay is full again after a few.
            while batches < 8 && outbox.deliver_some().await? {
                batches += 1;
            }
            Ok(batches)
        };
        let sent: Result<u32, DeliverError> = sent.now_or_never().expect("nothing here waits");
        drop(outbox);
        match sent {
            _ if self.gate.disk.is_down() => self.gate_broke(),
            Ok(0) => "nothing to send".into(),
            Ok(_) => "delivered".into(),
            Err(DeliverError::Relay(error)) => format!("not delivered: {error}"),
            Err(DeliverError::Store(_)) => self.gate_broke(),
        }
    }

    /// Raises the floor to the newest snapshot, if that is not done, and makes another one if
    /// that is asked for; the connection breaks after so many requests.
    pub(super) fn compact(&mut self, keep_days: Option<u32>, requests: u64) -> String {
        if let Err(Ended(why)) = self.gate.start() {
            return format!("the gate ended ({why})");
        }
        let (now, now_s) = (self.time.wall(), self.now_s());
        let Self { gate, post, .. } = self;
        let bench = gate.look(|ledger| Bench {
            relay: Wire::new(post, requests, now_s),
            store: Arc::clone(ledger.store()),
            identity: Arc::clone(ledger.identity()),
            roster: watch::channel(Arc::new(ledger.roster().clone())).1,
            random: ledger.random().clone(),
        });
        let Some(bench) = bench else { return "it is down".into() };
        let made = async {
            if !bench.finish().await? {
                return Ok(None);
            }
            let Some(keep_days) = keep_days else { return Ok(None) };
            bench.prepare(keep_days, 1, now).await
        };
        let made: Result<_, CompactError> = made.now_or_never().expect("nothing here waits");
        drop(bench);
        if self.gate.disk.is_down() {
            return self.gate_broke();
        }
        match made {
            Ok(None) => "there is nothing to do".into(),
            Ok(Some(prepared)) => {
                let (kept, left_out) = (prepared.kept, prepared.left_out);
                // It may be durable though nobody hears of it.
                self.has_compacted = true;
                match self.gate.handle(Event::Commit(Box::new(prepared.changes))) {
                    Ok(()) => format!("a snapshot keeps {kept} records and leaves out {left_out}"),
                    Err(Ended(why)) => format!("the gate ended ({why})"),
                }
            }
            Err(error) => format!("nothing was done: {error}"),
        }
    }

    /// The courier's write failed: the program goes on, unless its power has gone.
    pub(super) fn gate_broke(&mut self) -> String {
        if self.gate.disk.is_down() {
            self.gate.kill();
            return "the gate lost its power".into();
        }
        "it could not be noted".into()
    }
}
