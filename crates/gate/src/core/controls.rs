//! Control statements: one person stops, two resume, the reading of a prompt, and the wish to take
//! an executed change back. Judged from their bytes, whoever carried them.

use super::{Core, Effect, Event, GateView, Now, Taken, take};
use crate::changes::{Changes, Row};
use countersign_model::{Control, DeviceId, Digest, Envelope, control::Command};
use countersign_replay::{
    Change, Judged,
    control::{Stated, control},
};
use std::time::Duration;

impl Core {
    /// Takes one statement as it was carried. Doing it twice is doing it once.
    pub(super) fn handle_control<V: GateView>(
        &mut self,
        view: &V,
        writer: DeviceId,
        bytes: &[u8],
        now: Now,
    ) -> Taken {
        let Ok(envelope) = Envelope::from_bytes(bytes) else {
            return Ok(Err("what it sends as a control statement is no envelope"));
        };
        let Ok(claimed) = envelope.peek_unverified::<Control>() else {
            return Ok(Err("what it sends is no control statement"));
        };
        let digest = Digest::of(bytes);
        let judged = match control(view, &envelope, digest, now.at)? {
            Stated::Known => return Ok(Ok(Default::default())),
            Stated::Unsigned(judged) => {
                if !self.unsigned.take(writer, now.counted) {
                    return Ok(Err("nobody signed its control statement"));
                }
                judged
            }
            Stated::Judged(judged) => {
                if !self.has_control_room(writer, &claimed, &judged, now.counted) {
                    let why = "its control statements are more than an hour has room for";
                    return Ok(Err(why));
                }
                judged
            }
        };
        tracing::warn!(%digest, answer = ?judged.answer, "control statement judged");
        let is_accepted = judged.answer == Some(Ok(()));
        let rollback = claimed.rollback(digest).filter(|_| is_accepted);
        let resumes = view.halt().is_stopped() && judged.changes.iter().any(lets_work_go_on);
        let mut changes = Changes::default();
        changes.put(Row::Envelope(bytes.to_vec()));
        let mut effects = take(judged, &mut changes);
        effects.extend(resumes.then_some(Effect::Next(Event::BeginWaiting)));
        effects.extend(rollback.map(|rollback| Effect::Next(Event::RollbackAsked(rollback))));
        Ok(Ok((changes, effects)))
    }

    /// Whether the log has room for the answer. A stop and a resumption that count always have:
    /// the one follows on the other only.
    fn has_control_room(
        &mut self,
        writer: DeviceId,
        control: &Control,
        judged: &Judged,
        counted: Duration,
    ) -> bool {
        match (&judged.answer, &control.command) {
            (Some(Err(_)), _) => self.refused_controls.take(writer, counted),
            (_, Command::ReadPrompt { proposal }) => {
                self.prompt_reads.take((control.person, *proposal), counted)
            }
            // One case that takes a change back can be open at a time.
            (_, Command::Stop { .. } | Command::Resume { .. } | Command::Rollback { .. }) => true,
        }
    }
}

fn lets_work_go_on(change: &Change) -> bool {
    matches!(change, Change::Halt(halt) if !halt.is_stopped())
}
