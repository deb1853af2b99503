//! Everything works again, and everything settles.

use super::World;
use crate::{
    cast::{LIAR, PEOPLE},
    model::Broken,
    step::{Machine, Quality, Step, Way, Wish},
};
use countersign_model::time::MINUTE_MS;

/// Rounds after which everything must have settled.
const HEALING: usize = 40;

impl World {
    /// Everything works again, and everything settles.
    pub fn heal(&mut self) -> Result<(), Broken> {
        self.account.behave();
        // Whose log is stamped in the future of the right time waits for it.
        self.time.set_right();
        self.post.stop();
        if self.has_rotted {
            // Whoever keeps it has a new disk put in.
            self.take(Step::LoseRelay)?;
        }
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

    pub(super) fn settle_once(&mut self, round: usize) -> Result<(), Broken> {
        if let Some(ahead) = self.log_ahead_ms() {
            self.time.pass(ahead);
        }
        if self.has_lost && round % 4 == 1 {
            // A relay that has grown again as far as it was looks whole until there is something
            // new (docs/security.md).
            let (wish, quality) = (Wish::Turn, Quality::Empty);
            self.take(Step::Draft { campaign: 0, wish, quality })?;
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
        if self.has_compacted {
            self.take(Step::Compact { keep_days: None, requests: u64::MAX })?;
        }
        if round % 4 == 3 {
            self.resume_work(round)?;
        }
        self.take(Step::Pass { ms: 21 * MINUTE_MS })?;
        Ok(())
    }

    /// Two persons whose devices are not revoked ask to go on.
    pub(super) fn resume_work(&mut self, round: usize) -> Result<(), Broken> {
        if !self.gate.look(|ledger| ledger.halt().is_stopped()).unwrap_or_default() {
            return Ok(());
        }
        let may = |who: &usize| !self.model.revoked.contains_key(who);
        let able: Vec<_> = (0..LIAR).filter(may).collect();
        let who = able[round / 4 % able.len()];
        self.take(Step::Resume { who }).map(|_| ())
    }

    /// How long the clock must go on until the gate may start.
    pub(super) fn log_ahead_ms(&mut self) -> Option<i64> {
        if self.gate.start().is_ok() {
            return None;
        }
        Some(30 * MINUTE_MS)
    }
}
