//! Decisions: found in case documents, verified from their bytes, judged by the workflow.
//! Who carried a decision does not matter; only its envelope speaks.

use super::{Driver, DriverError, open::gate_actor};
use crate::{
    changes::{Changes, Row},
    clock, factor,
    ledger::LedgerError,
    store::FiledDecision,
};
use countersign_document::{CaseDocument, RecordBody};
use countersign_identity::totp::TotpStep;
use countersign_model::{
    Decision, Digest, Envelope, MfaProof, ProposalId, TimestampMs,
    decision::{self, Refusal, SignedDecision},
    entry::{DecisionRecord, EntryBody, EntryKind},
    verdict::FactorKind,
};
use countersign_sync::Accepted;
use countersign_workflow::{DecisionEvent, Event, FactorCheck, step};

/// More envelopes than this for one case are not looked at: no quorum is so large, and a
/// device must not be able to fill the log.
const MAX_FILED: u64 = 256;
/// Decisions are filed under a digest in hex.
const KEY_CHARS: usize = 64;

impl Driver {
    /// Takes one accepted record. Doing it twice is doing it once.
    pub(super) fn handle_record(&mut self, accepted: &Accepted) -> Result<(), DriverError> {
        let writer = accepted.header.writer;
        if writer == self.ledger.identity().device {
            return Ok(());
        }
        match RecordBody::from_bytes(&accepted.plaintext) {
            Ok(RecordBody::CaseChange { case, change, .. }) => self.handle_change(case, &change),
            Ok(RecordBody::Control { envelope }) => self.handle_control(&envelope),
            Ok(
                RecordBody::LogSegment { .. }
                | RecordBody::Roster { .. }
                | RecordBody::Policy { .. },
            ) => {
                tracing::warn!(%writer, "a device wrote a record that only the gate writes");
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%writer, error = %error, "a record cannot be read");
                Ok(())
            }
        }
    }

    fn handle_change(&mut self, proposal: ProposalId, change: &[u8]) -> Result<(), DriverError> {
        let Some(saved) = self.ledger.store().read(|reader| reader.document(proposal))? else {
            tracing::warn!(case = %proposal, "a change of a case that the gate did not open");
            return Ok(());
        };
        let mut document =
            CaseDocument::load(&saved).map_err(|error| LedgerError::Record(error.to_string()))?;
        if let Err(error) = document.apply(change) {
            tracing::warn!(case = %proposal, error = %error, "a change was refused");
            return Ok(());
        }
        for (key, envelopes) in document.decisions() {
            for bytes in envelopes {
                self.handle_filed(proposal, &key, bytes)?;
            }
        }
        let mut changes = Changes::default();
        changes.put(Row::Document(proposal, document.save()));
        self.ledger.commit(changes, clock::now())?;
        Ok(())
    }

    /// One envelope as it stood in the document; what was received before is passed over.
    fn handle_filed(
        &mut self,
        proposal: ProposalId,
        key: &str,
        bytes: Vec<u8>,
    ) -> Result<(), DriverError> {
        let _case = tracing::info_span!("case", case = %proposal).entered();
        let envelope = Digest::of(&bytes);
        let filed = FiledDecision { proposal, filed_under: key, envelope };
        let (known, count) = self.ledger.store().read(|reader| {
            Ok::<_, crate::store::StoreError>((
                reader.has_filed(filed)?,
                reader.count_filed(proposal)?,
            ))
        })?;
        if known {
            return Ok(());
        }
        if count >= MAX_FILED || key.len() > KEY_CHARS {
            tracing::warn!(case = %proposal, "an envelope is not looked at: too many, or filed wrongly");
            return Ok(());
        }
        let now = clock::now();
        let mut changes = Changes::default();
        changes.put(Row::Filed(proposal, key.to_owned(), envelope, now));
        match Envelope::from_bytes(&bytes) {
            Ok(signed) => self.handle_decision(proposal, &signed, bytes, changes, now),
            Err(_) => {
                tracing::warn!(case = %proposal, digest = %envelope, "what was filed as a decision is no envelope");
                self.ledger.commit(changes, now)?;
                Ok(())
            }
        }
    }

    fn handle_decision(
        &mut self,
        proposal: ProposalId,
        envelope: &Envelope,
        bytes: Vec<u8>,
        mut changes: Changes,
        now: TimestampMs,
    ) -> Result<(), DriverError> {
        let digest = Digest::of(&bytes);
        changes.put(Row::Envelope(bytes));
        let roster = self.ledger.roster();
        let verified = if roster.expires_at_ms <= now {
            // A roster that has expired vouches for nobody.
            Err(Refusal::UnknownKey)
        } else {
            decision::verify(envelope, roster)
        };
        let signed = match verified {
            Ok(signed) => signed,
            Err(refusal) => {
                return self.refuse_unverified(proposal, envelope, digest, refusal, changes, now);
            }
        };
        let decision = signed.decision();
        let (person, id) = (decision.person, decision.id);
        let spent = self.ledger.store().read(|reader| reader.nonce_spent_on(person, id))?;
        if spent.is_some_and(|case| case != proposal) {
            let refusal = Refusal::Replayed;
            return self.refuse_unverified(proposal, envelope, digest, refusal, changes, now);
        }
        changes.put(Row::Nonce(person, id, proposal));
        let Some(case) = self.ledger.store().read(|reader| reader.case(proposal))? else {
            return Ok(());
        };
        let factor = self.check_factor(&signed, spent.is_some(), &mut changes)?;
        let agent = case.proposal().initiator.agent;
        let agent_owner = self.ledger.roster().agent(agent).map(|agent| agent.owner);
        let event = DecisionEvent { signed, envelope: digest, factor, agent_owner };
        let (case, effects) = step(case, Event::Decision(Box::new(event)), now);
        let execution = Self::apply(&mut changes, case, effects);
        self.ledger.commit(changes, now)?;
        match execution {
            Some(authorized) => self.begin_execution(authorized),
            None => Ok(()),
        }
    }

    /// A right code is spent whatever becomes of the decision; only a decision that was
    /// received before does not spend it again.
    fn check_factor(
        &self,
        signed: &SignedDecision,
        is_repeated: bool,
        changes: &mut Changes,
    ) -> Result<FactorCheck, DriverError> {
        let decision = signed.decision();
        let Some(MfaProof::Totp { code }) = &decision.mfa else {
            return Ok(FactorCheck::NotPresented);
        };
        if is_repeated {
            return Ok(FactorCheck::Unchecked);
        }
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
    ) -> Result<FactorCheck, crate::store::StoreError> {
        if self.ledger.store().read(|reader| reader.is_step_used(decision.person, used))? {
            return Ok(FactorCheck::Reused);
        }
        changes.put(Row::Step(decision.person, used));
        Ok(FactorCheck::Valid(FactorKind::Totp))
    }

    /// Logs a decision that the workflow never sees, in the gate's own name: nobody is
    /// known to have signed it for this case.
    fn refuse_unverified(
        &mut self,
        proposal: ProposalId,
        envelope: &Envelope,
        digest: Digest,
        refusal: Refusal,
        mut changes: Changes,
        now: TimestampMs,
    ) -> Result<(), DriverError> {
        match envelope.peek_unverified::<Decision>() {
            Ok(claimed) => {
                tracing::warn!(case = %proposal, decision = %claimed.id, ?refusal, "decision refused");
                let record = DecisionRecord {
                    id: claimed.id,
                    kind: claimed.kind,
                    envelope: digest,
                    factor: None,
                    refusal: Some(refusal),
                };
                changes.log(move |place| EntryBody {
                    proposal_id: Some(proposal),
                    decision: Some(record),
                    ..EntryBody::blank(place.into(), gate_actor(&place), EntryKind::DecisionRefused)
                });
            }
            Err(_) => {
                tracing::warn!(case = %proposal, %digest, "an envelope in a case is no decision");
            }
        }
        self.ledger.commit(changes, now)?;
        Ok(())
    }
}
