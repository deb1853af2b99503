//! A bit of a disk is another one than was written.

use super::World;
use crate::{
    desktop,
    model::{Broken, NO_FORK, NOT_LOST, broken},
    step::Machine,
};

const GATE: &str = "gate.sqlite";
const RELAY: &str = "relay.sqlite3";

impl World {
    /// Flips a bit. Gate and desktop are looked at, and get the bit back: what they hold that is
    /// read as it was not written must end them. The relay is trusted in nothing: it goes on with
    /// its bit, and has another disk at the end.
    pub(super) fn rot(&mut self, machine: Machine, bit: u64) -> Result<String, Broken> {
        let went = match machine {
            Machine::Gate => self.serves_after_flipping(bit)?,
            Machine::Desk(who) => self.reads_after_flipping(who, bit)?,
            Machine::Relay => {
                self.post.stop();
                let is_flipped = self.post.disk.flip(RELAY, bit);
                self.has_rotted |= is_flipped;
                is_flipped.then_some(())
            }
        };
        Ok(if went.is_some() { "it goes on" } else { "it does not start" }.into())
    }

    /// Flips one bit of the gate's file while it is down, starts it, and flips the bit back:
    /// `None` if it did not start.
    pub fn serves_after_flipping(&mut self, bit: u64) -> Result<Option<()>, Broken> {
        self.gate.kill();
        if self.gate.disk.is_down() {
            self.gate.disk.restart();
        }
        let before = self.gate.disk.image();
        if !self.gate.disk.flip(GATE, bit) {
            return Ok(None);
        }
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

    /// The same with a desktop's file: it holds what it held, or it does not start.
    pub fn reads_after_flipping(&mut self, who: usize, bit: u64) -> Result<Option<()>, Broken> {
        let desk = &mut self.desks[who];
        if !desk.was_used() || desk.start().is_err() {
            return Ok(None);
        }
        let stand = (desk.followed(), desk.kept());
        desk.kill();
        let before = desk.disk.image();
        if !desk.disk.flip(desktop::FILE, bit) {
            return Ok(None);
        }
        let started = desk.start().is_ok();
        let now = (desk.followed(), desk.kept());
        desk.kill();
        desk.disk.restore(&before);
        if !started {
            return Ok(None);
        }
        if now == stand {
            Ok(Some(()))
        } else {
            broken(NOT_LOST, format!("a desktop read {now:?} and not {stand:?} from a rotten disk"))
        }
    }
}
