//! Evidence that the gate makes itself from what the platform reported, so that it is
//! nobody's claim. `backtest` and `forecast` are pure: series in, evidence out; [`seal`] seals
//! each piece for the workspace.

pub mod backtest;
pub mod forecast;

use crate::{
    changes::{Changes, Row},
    core::{Prepared, Refused},
    identity::Identity,
    keys::Random,
};
use countersign_document::BlobRef;
use countersign_model::{
    Digest, TimestampMs,
    canonical::{self, CanonicalError},
    evidence::{EvidenceKind, EvidenceRef, PacingSeries, SealedPrompt},
};
use countersign_platforms::days::AccountDays;
use countersign_sync::seal_blob;
use jiff::{Timestamp, civil::Date};

/// Evidence as the proposal names it, and its sealed form.
pub struct Evidence {
    pub(crate) refs: Vec<EvidenceRef>,
    pub(crate) blobs: Vec<BlobRef>,
    pub(crate) prompt_commitment: Digest,
    pub(crate) rows: Changes,
}

/// The day that holds a moment, in the account's time zone; `None` when the zone is unknown.
fn day_of(series: &PacingSeries, at: TimestampMs) -> Option<Date> {
    let days = AccountDays::of(&series.time_zone).ok()?;
    Some(days.day_of(Timestamp::from_millisecond(at.millis()).ok()?))
}

/// Computes what approvers see beside the proposal, and seals each piece for the workspace.
///
/// # Errors
/// [`Refused::TooLarge`]; [`Refused::Evidence`] when a piece cannot be written or sealed.
pub fn seal(prepared: &Prepared, gate: &Identity, random: &Random) -> Result<Evidence, Refused> {
    let broken = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "evidence could not be made");
        Refused::Evidence
    };
    let salt = random.bytes::<32>().map_err(|error| broken(&error))?;
    let prompt =
        SealedPrompt { salt: Digest::from_bytes(*salt), prompt: prepared.draft.prompt.clone() };
    let (mut refs, mut blobs, mut rows) = (vec![], vec![], Changes::default());
    for (kind, plain) in evidence_of(prepared, &prompt).map_err(|error| broken(&error))? {
        let nonce = *random.bytes::<24>().map_err(|error| broken(&error))?;
        let Ok(sealed) = seal_blob(gate.workspace, &plain, &gate.epoch, nonce) else {
            return Err(Refused::TooLarge);
        };
        let digest = Digest::of(&plain);
        refs.push(EvidenceRef { kind, digest, size_bytes: plain.len() as u64 });
        let size_bytes = sealed.bytes.len() as u64;
        blobs.push(BlobRef { evidence: digest, blob: sealed.digest, size_bytes });
        rows.put(Row::Blob(sealed.digest, sealed.bytes));
    }
    Ok(Evidence { refs, blobs, prompt_commitment: prompt.commitment(), rows })
}

/// Forecast and backtest are the gate's own work.
fn evidence_of(
    prepared: &Prepared,
    prompt: &SealedPrompt,
) -> Result<Vec<(EvidenceKind, Vec<u8>)>, CanonicalError> {
    let Prepared { draft, pacing, .. } = prepared;
    let mut evidence = vec![];
    for series in pacing {
        evidence.push((EvidenceKind::PacingSeries, canonical::to_bytes(series)?));
    }
    evidence.push((EvidenceKind::Prompt, canonical::to_bytes(prompt)?));
    // The others of a change over several campaigns have no forecast of their own.
    let Some(pacing) = pacing.first() else { return Ok(evidence) };
    // Of a draft that fits no state there is nothing to foretell; it is refused anyway.
    let change = draft.change.of_states(&prepared.states).ok();
    let foretold =
        change.and_then(|change| forecast::forecast(pacing, change.forecast()?, change.window()));
    if let Some(forecast) = foretold {
        evidence.push((EvidenceKind::Forecast, canonical::to_bytes(&forecast)?));
    }
    if let Some(backtest) = &draft.backtest {
        let backtest = backtest::backtest(backtest, &draft.grounds.model, pacing);
        evidence.push((EvidenceKind::Backtest, canonical::to_bytes(&backtest)?));
    }
    Ok(evidence)
}
