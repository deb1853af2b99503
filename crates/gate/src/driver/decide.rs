//! Decisions: judged from their bytes, whoever carried them. The gate alone can check a code
//! of a second factor; everything else is the judge's.

use super::{Driver, DriverError};
use crate::{
    changes::{Changes, Row},
    factor,
    store::StoreError,
};
use countersign_identity::totp::TotpStep;
use countersign_model::{Decision, DeviceId, Digest, Envelope, verdict::FactorKind};
use countersign_replay::decision::{Arrived, decision, totp_code};
use countersign_workflow::FactorCheck;

impl Driver {
    /// Takes an envelope that holds a decision. Doing it twice is doing it once.
    pub(super) fn handle_decision(
        &mut self,
        writer: DeviceId,
        envelope: &Envelope,
        bytes: &[u8],
    ) -> Result<Result<(), &'static str>, DriverError> {
        let (digest, at) = (Digest::of(bytes), self.moment());
        let arrived = decision(&self.ledger, envelope, digest, at)?;
        let mut changes = Changes::default();
        changes.put(Row::Envelope(bytes.to_vec()));
        let judged = match arrived {
            Arrived::Known => return Ok(Ok(())),
            Arrived::Foreign => return Ok(Err("its decision is about no case, or one too many")),
            Arrived::Unsigned(judged) => {
                if !self.unsigned.take(writer, self.began.elapsed()) {
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
                    self.check_factor(signed, &mut changes)?
                };
                open.judge(factor)
            }
        };
        if let Some(Err(refusal)) = judged.answer {
            tracing::warn!(%digest, ?refusal, "decision refused");
        }
        self.commit(judged, changes, at)?;
        Ok(Ok(()))
    }

    /// A right code is spent whatever becomes of the decision.
    fn check_factor(
        &self,
        decision: &Decision,
        changes: &mut Changes,
    ) -> Result<FactorCheck, DriverError> {
        let Some(code) = totp_code(decision) else { return Ok(FactorCheck::NotPresented) };
        let sealed = self.ledger.store().read(|reader| reader.sealed_factor(decision.person))?;
        let Some(sealed) = sealed else { return Ok(FactorCheck::Unchecked) };
        let key = &self.ledger.identity().factors;
        let secret = match factor::open(key, decision.person, &sealed) {
            Ok(secret) => secret,
            Err(error) => {
                tracing::error!(error = %error, "a second factor cannot be checked");
                return Ok(FactorCheck::Unchecked);
            }
        };
        let Some(used) = secret.check(code, decision.signed_at_ms) else {
            return Ok(FactorCheck::Wrong);
        };
        Ok(self.spend(decision, used, changes)?)
    }

    fn spend(
        &self,
        decision: &Decision,
        used: TotpStep,
        changes: &mut Changes,
    ) -> Result<FactorCheck, StoreError> {
        if self.ledger.store().read(|reader| reader.is_step_used(decision.person, used))? {
            return Ok(FactorCheck::Reused);
        }
        changes.put(Row::Step(decision.person, used));
        Ok(FactorCheck::Valid(FactorKind::Totp))
    }
}
