//! Cosignatures: what desktops say of the log that they were shown. One that is over another
//! history than this log's, though the log's key has signed it, is a fork or a rollback.

use super::{CoreError, GateView};
use crate::changes::{Changes, Row};
use countersign_audit::{Witness, cosignature};
use countersign_model::{DeviceId, Digest, Roster, TimestampMs};

/// What a cosigned checkpoint means for this log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    /// The device holds the same entries.
    Agrees,
    /// The log's key has signed another root over as many entries.
    Fork,
    /// The device holds more entries than there are here: this log was set back.
    SetBack,
}

/// Takes what a device has cosigned: its newest is kept, a fork is counted and its evidence
/// kept. What does not verify, or is not the writer's own, says nothing.
pub(super) fn take_cosignature<V: GateView>(
    view: &V,
    writer: DeviceId,
    note: String,
    at: TimestampMs,
) -> Result<Changes, CoreError> {
    let mut changes = Changes::default();
    let Some(witness) = read(view.roster(), writer, &note) else {
        tracing::debug!(%writer, "what came as a cosignature is none");
        return Ok(changes);
    };
    let Witness { device, size, .. } = witness;
    changes.put(match judge(&witness, view.root_at(size)?) {
        Meaning::Agrees => {
            tracing::debug!(%device, entries = size, "the log is witnessed");
            Row::Cosignature { device, size, note, at }
        }
        Meaning::Fork => {
            tracing::error!(%device, entries = size, "a device holds another log under this log's signature: the log key was used elsewhere, a person must look");
            Row::CosignedFork { device, size, note, at }
        }
        Meaning::SetBack => {
            tracing::error!(%device, entries = size, "a device holds more of the log than this gate: its data was set back, a person must look");
            Row::CosignedFork { device, size, note, at }
        }
    });
    Ok(changes)
}

/// The writer's own cosignature under the log's signature.
fn read(roster: &Roster, writer: DeviceId, note: &str) -> Option<Witness> {
    if note.len() > cosignature::MAX_COSIGNED_BYTES {
        return None;
    }
    cosignature::witnessed([note], roster).into_iter().find(|witness| witness.device == writer)
}

fn judge(witness: &Witness, own_root: Option<Digest>) -> Meaning {
    match own_root {
        None => Meaning::SetBack,
        Some(own) if own == witness.root => Meaning::Agrees,
        Some(_) => Meaning::Fork,
    }
}
