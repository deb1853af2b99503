//! Control statements: one person stops, two resume, and the reading of a prompt. Judged from
//! their bytes, whoever carried them.

use super::{Driver, DriverError};
use crate::changes::{Changes, Row};
use countersign_model::{Control, DeviceId, Digest, Envelope, control::Command};
use countersign_replay::{
    Judged,
    control::{Stated, control},
};

impl Driver {
    /// Takes one statement as it was carried. Doing it twice is doing it once.
    pub(super) fn handle_control(
        &mut self,
        writer: DeviceId,
        bytes: &[u8],
    ) -> Result<Result<(), &'static str>, DriverError> {
        let Ok(envelope) = Envelope::from_bytes(bytes) else {
            return Ok(Err("what it sends as a control statement is no envelope"));
        };
        let Ok(claimed) = envelope.peek_unverified::<Control>() else {
            return Ok(Err("what it sends is no control statement"));
        };
        let (digest, at) = (Digest::of(bytes), self.moment());
        let judged = match control(&self.ledger, &envelope, digest, at)? {
            Stated::Known => return Ok(Ok(())),
            Stated::Unsigned(judged) => {
                if !self.unsigned.take(writer, self.began.elapsed()) {
                    return Ok(Err("nobody signed its control statement"));
                }
                judged
            }
            Stated::Judged(judged) => {
                if let Err(why) = self.take_control_room(writer, &claimed, &judged) {
                    return Ok(Err(why));
                }
                judged
            }
        };
        tracing::warn!(%digest, answer = ?judged.answer, "control statement judged");
        let was_stopped = self.ledger.is_stopped();
        let mut changes = Changes::default();
        changes.put(Row::Envelope(bytes.to_vec()));
        self.commit(judged, changes, at)?;
        if was_stopped && !self.ledger.is_stopped() {
            self.begin_waiting()?;
        }
        Ok(Ok(()))
    }

    /// Whether the log has room for the answer. A stop and a resumption that count always have:
    /// the one follows on the other only.
    fn take_control_room(
        &mut self,
        writer: DeviceId,
        control: &Control,
        judged: &Judged,
    ) -> Result<(), &'static str> {
        let now = self.began.elapsed();
        let has_room = match (&judged.answer, &control.command) {
            (Some(Err(_)), _) => self.refused_controls.take(writer, now),
            (_, Command::ReadPrompt { proposal }) => {
                self.prompt_reads.take((control.person, *proposal), now)
            }
            (_, Command::Stop { .. } | Command::Resume { .. }) => true,
        };
        if has_room {
            Ok(())
        } else {
            Err("its control statements are more than an hour has room for")
        }
    }
}
