//! What a person should know before signing, and the bytes do not say.

use crate::{
    case::{
        check::{Check, check},
        facts::CaseFacts,
        halt,
    },
    profile::failure::Failure,
};
use countersign_model::{DecisionKind, Digest, TimestampMs, evidence::EvidenceKind};
use countersign_store::{Reader, StoreError};
use countersign_workflow::check::CLOCK_TOLERANCE_MS;

/// What a person should know before signing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Warning {
    /// This device's clock is out by this many minutes; behind, if it is less than zero.
    Clock { minutes: i64 },
    /// This many pieces of evidence are not on this device.
    EvidenceMissing(usize),
    /// Work is stopped.
    Stopped,
    /// The log was not followed to this case yet, so its policy is not evaluated here.
    Unfollowed,
    /// What was applied is undone by another proposal alone.
    WayBack,
}

/// What a sheet of a decision says beside its bytes.
pub(crate) fn of_decision(
    reader: &Reader<'_>,
    facts: &CaseFacts,
    kind: DecisionKind,
) -> Result<Vec<Warning>, Failure> {
    let mut warnings = vec![];
    let missing = evidence_to_show(facts).count() - evidence_shown(reader, facts)?.len();
    if missing > 0 {
        warnings.push(Warning::EvidenceMissing(missing));
    }
    if !matches!(kind, DecisionKind::Approve | DecisionKind::Override) {
        return Ok(warnings);
    }
    if halt::stopped(reader)?.is_some() {
        warnings.push(Warning::Stopped);
    }
    if check(reader, facts)? == Check::Pending {
        warnings.push(Warning::Unfollowed);
    }
    warnings.push(Warning::WayBack);
    Ok(warnings)
}

/// What a sheet says about a clock that is out.
pub(crate) fn of_clock(skew_ms: Option<i64>) -> Vec<Warning> {
    skew_ms.into_iter().map(|skew_ms| Warning::Clock { minutes: skew_ms / 60_000 }).collect()
}

/// By how much this device's clock is out, when by more than a signature may be. What the gate
/// signed proves that a clock is behind; the relay's time of day is only a hint, because
/// nobody signs it, and so it warns and never blocks.
pub(crate) fn clock_skew(
    now: TimestampMs,
    gate_clock: Option<TimestampMs>,
    hint_ms: Option<i64>,
) -> Option<i64> {
    let behind = gate_clock.map(|gate| now.since_ms(gate)).filter(|ms| *ms < -CLOCK_TOLERANCE_MS);
    behind.or(hint_ms.filter(|ms| ms.saturating_abs() > CLOCK_TOLERANCE_MS))
}

/// Evidence that screens show: not the prompt, since reading that is a statement of its own.
fn evidence_to_show(facts: &CaseFacts) -> impl Iterator<Item = Digest> {
    facts.proposal.evidence.iter().filter_map(|evidence| match evidence.kind {
        EvidenceKind::PacingSeries | EvidenceKind::Forecast | EvidenceKind::Backtest => {
            Some(evidence.digest)
        }
        EvidenceKind::Prompt => None,
    })
}

/// The evidence that was on this device and is shown.
pub(crate) fn evidence_shown(
    reader: &Reader<'_>,
    facts: &CaseFacts,
) -> Result<Vec<Digest>, StoreError> {
    let mut shown = Vec::new();
    for digest in evidence_to_show(facts) {
        if reader.has_evidence(digest)? {
            shown.push(digest);
        }
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The gate's signature outweighs the relay's word, and small differences do not count.
        #[test]
        fn the_clock_is_out_only_beyond_what_a_signature_may_be(
            now in 0i64..1_000_000_000,
            gate in proptest::option::of(0i64..1_000_000_000),
            hint in proptest::option::of(any::<i64>()),
        ) {
            let at = TimestampMs::from_millis;
            let skew = clock_skew(at(now), gate.map(at), hint);
            let proven = gate.map(|gate| now - gate).filter(|ms| *ms < -CLOCK_TOLERANCE_MS);
            match (proven, skew) {
                (Some(proven), skew) => prop_assert_eq!(skew, Some(proven)),
                (None, Some(skew)) => prop_assert!(Some(skew) == hint && skew.saturating_abs() > CLOCK_TOLERANCE_MS),
                (None, None) => prop_assert!(hint.is_none_or(|ms| ms.saturating_abs() <= CLOCK_TOLERANCE_MS)),
            }
            prop_assert_eq!(of_clock(skew).len(), usize::from(skew.is_some()));
        }
    }
}
