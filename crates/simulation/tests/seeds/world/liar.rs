//! A device that sends what it likes.

use super::{World, pick};
use crate::{
    cast::{self, LIAR},
    desktop::Broke,
    step::{Forgery, Way},
};
use countersign_document::RecordBody;
use countersign_model::{Action, DecisionKind, Digest, Envelope, decision};
use std::collections::BTreeMap;

impl World {
    /// Lea's device sends what it likes.
    pub(super) fn forge(&mut self, forgery: Forgery, whom: usize, case: usize) -> String {
        let (id, nonce, now) = (self.fresh(), self.nonce(), self.time.wall());
        let desk = &mut self.desks[LIAR];
        if desk.start().is_err() {
            return "the desktop does not start".into();
        }
        let open = desk.open_cases();
        let case = pick(&open, case);
        let others: Vec<_> = self.model.claims.keys().copied().collect();
        let another = others.get(usize::try_from(id.as_u128() % 7).unwrap() % others.len().max(1));
        let written = match (forgery, case) {
            (Forgery::Garbage, _) => desk.write_bytes(b"nothing that anybody knows", nonce),
            (Forgery::Roster, _) => {
                let roster = cast::roster(9, now, &BTreeMap::new());
                let envelope = roster.seal(&[cast::person_key(LIAR)]).unwrap();
                let envelope = envelope.to_bytes().unwrap();
                desk.write_record(&RecordBody::Roster { envelope }, nonce)
            }
            (Forgery::Log, _) => {
                let entries = vec![b"{}".to_vec()];
                let checkpoint = "no checkpoint".to_owned();
                desk.write_record(
                    &RecordBody::LogSegment { first_seq: 0, entries, checkpoint },
                    nonce,
                )
            }
            (Forgery::Policy, _) => {
                desk.write_record(&RecordBody::Policy { bundle: b"{}".to_vec() }, nonce)
            }
            (Forgery::Elsewhere | Forgery::Again, Some(case)) => {
                let Some(envelope) = another else { return "nobody has signed anything".into() };
                let own = self.model.claims[envelope].decision.proposal;
                let Some(bytes) = desk.source(envelope) else { return "it is not here".into() };
                let place = if forgery == Forgery::Again { own } else { case.proposal().id };
                desk.file(place, Digest::of(&bytes), &bytes, nonce)
            }
            (_, Some(case)) => {
                let mut decision = desk.decision(case, DecisionKind::Approve, id, now);
                match forgery {
                    Forgery::InAnothersName => {
                        decision.person = cast::person(whom);
                        decision.role = cast::role(whom);
                    }
                    Forgery::OnAnothersDevice => decision.device = cast::device(whom),
                    _ => {
                        decision.effective = Some(wider(&case.proposal().action));
                    }
                }
                let statement =
                    decision::statement_bytes(&decision, case.proposal_digest()).unwrap();
                let key = cast::person_key(LIAR);
                let envelope = Envelope::sign_payload(&statement, &[key]).unwrap();
                let bytes = envelope.to_bytes().unwrap();
                desk.file(case.proposal().id, Digest::of(&statement), &bytes, nonce)
            }
            (_, None) => return "there is no case".into(),
        };
        match written {
            Ok(()) => {
                *self.model.records.entry(LIAR).or_default() += 1;
                self.desk_sends(LIAR, Way::Fine)
            }
            Err(Broke) => "the desktop broke".into(),
        }
    }
}

/// More than was proposed, of whatever it is about.
fn wider(proposed: &Action) -> Action {
    let mut wider = proposed.clone();
    match &mut wider {
        Action::BudgetChange(change) => change.after.amount_micros *= 2,
        Action::TotalBudgetChange(change) => change.after.amount_micros *= 2,
        Action::StatusChange(change) => change.budget.amount.amount_micros *= 2,
        other => {
            if let Action::ScheduleChange(change) = other {
                change.after.ends_at_ms = None;
            }
        }
    }
    wider
}
