//! Control statements: one person stops, two resume, and the reading of a prompt. Judged from
//! their bytes, whoever carried them.

use super::{Driver, DriverError};
use crate::changes::{Changes, Row};
use countersign_model::{Control, DeviceId, Digest, Envelope};
use countersign_replay::control::{Stated, control};

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
        if envelope.peek_unverified::<Control>().is_err() {
            return Ok(Err("what it sends is no control statement"));
        }
        let (digest, at) = (Digest::of(bytes), self.moment());
        let judged = match control(&self.ledger, &envelope, digest, at)? {
            Stated::Known => return Ok(Ok(())),
            Stated::Unsigned(judged) => {
                if !self.unsigned.take(writer, self.began.elapsed()) {
                    return Ok(Err("nobody signed its control statement"));
                }
                judged
            }
            Stated::Judged(judged) => judged,
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
}
