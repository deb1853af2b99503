//! Decisions: judged from their bytes, whoever carried them. The gate alone can check a code
//! of a second factor; everything else is the judge's.

use super::{Core, CoreError, GateView, Now, Taken, take};
use crate::{
    changes::{Changes, Row},
    factor,
};
use countersign_model::{
    Decision, DeviceId, Digest, causes::in_full, envelope::Claim, verdict::FactorKind,
};
use countersign_replay::decision::{Arrived, decision, totp_code};
use countersign_workflow::FactorCheck;

impl Core {
    /// Takes an envelope that holds a decision: what it claims, and its canonical bytes. Doing it
    /// twice is doing it once.
    pub(super) fn handle_decision<V: GateView>(
        &mut self,
        view: &V,
        writer: DeviceId,
        (claim, bytes): (Claim<Decision>, Vec<u8>),
        now: Now,
    ) -> Taken {
        let digest = Digest::of(&bytes);
        let mut changes = Changes::default();
        changes.put(Row::Envelope(bytes));
        let judged = match decision(view, claim, digest, now.at)? {
            Arrived::Known => return Ok(Ok(Default::default())),
            Arrived::Foreign => return Ok(Err("its decision is about no case, or one too many")),
            Arrived::Unsigned(judged) => {
                if !self.unsigned.take(writer, now.counted) {
                    return Ok(Err("nobody signed its decision"));
                }
                judged
            }
            Arrived::Refused(judged) => judged,
            Arrived::Open(open) => {
                let signed = open.signed().decision();
                let factor = if open.is_factor_locked() {
                    FactorCheck::Locked
                } else {
                    check_factor(view, signed, &mut changes)?
                };
                open.judge(factor)
            }
        };
        if let Some(Err(refusal)) = judged.answer {
            tracing::warn!(%digest, ?refusal, "decision refused");
        }
        let effects = take(judged, &mut changes);
        Ok(Ok((changes, effects)))
    }
}

/// A right code is spent whatever becomes of the decision.
fn check_factor<V: GateView>(
    view: &V,
    decision: &Decision,
    changes: &mut Changes,
) -> Result<FactorCheck, CoreError> {
    let Some(code) = totp_code(decision) else { return Ok(FactorCheck::NotPresented) };
    let person = decision.person;
    let Some(sealed) = view.sealed_factor(person)? else { return Ok(FactorCheck::Unchecked) };
    let secret = match factor::open(&view.identity().factors, person, &sealed) {
        Ok(secret) => secret,
        Err(error) => {
            tracing::error!(error = %in_full(&error), "a second factor cannot be checked");
            return Ok(FactorCheck::Unchecked);
        }
    };
    let Some(used) = secret.check(code, decision.signed_at_ms) else {
        return Ok(FactorCheck::Wrong);
    };
    if view.is_step_used(person, used)? {
        return Ok(FactorCheck::Reused);
    }
    changes.put(Row::Step(person, used));
    Ok(FactorCheck::Valid(FactorKind::Totp))
}
