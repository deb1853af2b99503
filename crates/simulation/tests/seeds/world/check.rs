//! The invariants, asked of everything that is up.

use super::World;
use crate::{
    cast::{self, PEOPLE},
    desktop::Desktop,
    model::{ANY_ORDER, Broken, NO_FORK, NOT_LOST, NOTHING_HANGS, SEALED, SHEET, UNSIGNED, broken},
};
use countersign_gate::store::StoreError;
use countersign_model::{
    Digest, Envelope,
    confirm::{Language, render},
};
use countersign_workflow::Case;
use std::collections::BTreeSet;

impl World {
    /// Asks every invariant that can be asked now.
    pub(super) fn check(&mut self, was_stopped: bool) -> Result<(), Broken> {
        self.check_log()?;
        for seen in self.account.seen().split_off(self.model.writes) {
            self.model.writes += 1;
            self.model.see(seen, was_stopped)?;
        }
        for desk in 0..self.desks.len() {
            self.check_desk(desk)?;
        }
        Ok(())
    }

    pub(super) fn check_log(&mut self) -> Result<(), Broken> {
        if !self.gate.is_up() {
            return Ok(());
        }
        let (size, root) = self.model.durable;
        let grew = self.gate.log_size() > size;
        let began = std::mem::replace(&mut self.checked, self.gate.starts()) != self.gate.starts();
        if !grew && !began {
            return Ok(());
        }
        if root.is_some() && self.gate.root_at(size) != root {
            return broken(
                NO_FORK,
                format!("the gate's first {size} entries are others than before"),
            );
        }
        let new = self.gate.entries(size);
        for (_, entry) in &new {
            self.model.take(entry)?;
            let words = format!("{:?}", entry.event.kind());
            self.note(&words);
        }
        for (_, entry) in &new {
            let Some(decided) = entry.event.decision() else { continue };
            let Some(claim) = self.model.claims.get(&decided.envelope) else { continue };
            let kept = self.gate.look(|ledger| {
                ledger.store().read(|reader| reader.envelope(decided.envelope)).ok().flatten()
            });
            let Some(bytes) = kept.flatten() else {
                return broken(SHEET, "the gate did not keep what it judged");
            };
            let statement = Envelope::from_bytes(&bytes).unwrap().payload().unwrap();
            let sheet = render(&statement, Language::En).unwrap().to_text();
            if sheet != claim.sheet {
                return broken(SHEET, "the gate renders another sheet than the person read");
            }
        }
        let size = size + new.len() as u64;
        self.model.durable = (size, self.gate.root_at(size));
        Ok(())
    }

    pub(super) fn check_desk(&mut self, who: usize) -> Result<(), Broken> {
        let desk = &mut self.desks[who];
        let name = PEOPLE[who].0;
        if !desk.is_up() {
            return Ok(());
        }
        let signed = self.model.records.get(&who).copied().unwrap_or_default();
        if desk.kept() < signed {
            let kept = desk.kept();
            return broken(NOT_LOST, format!("{name} signed {signed} times; {kept} are there"));
        }
        if let Some(fault) = desk.faults().first() {
            return broken(UNSIGNED, format!("{name}'s desktop: {fault}"));
        }
        let (followed, head) = desk.followed();
        if !self.gate.is_up() {
            return Ok(());
        }
        let stand = (followed, head.size, self.model.durable.0);
        if self.compared.insert(who, stand) == Some(stand) {
            return Ok(());
        }
        if head.size > 0 && self.gate.root_at(head.size) != Some(head.root) {
            return broken(NO_FORK, format!("{name}'s desktop holds another log than the gate"));
        }
        if followed == self.model.durable.0 {
            for case in self.model.cases.keys() {
                let (own, gates) = (desk.case(*case), self.gate.case(*case));
                // Which clock either has seen last is no part of where a case stands.
                let stands = |case: &Case| {
                    (case.phase().clone(), case.accepted().to_vec(), case.refused().to_vec())
                };
                if own.as_ref().map(stands) != gates.as_ref().map(stands) {
                    let words = format!(
                        "{name}'s desktop sees {:?}, the gate {:?}",
                        own.map(|case| case.phase().clone()),
                        gates.map(|case| case.phase().clone())
                    );
                    return broken(ANY_ORDER, words);
                }
            }
        }
        Ok(())
    }

    pub(super) fn check_settled(&mut self) -> Result<(), Broken> {
        if !self.gate.is_up() {
            return broken(NOTHING_HANGS, "the gate does not start any more");
        }
        let size = self.gate.log_size();
        for case in self.model.cases.keys() {
            let phase = self.gate.case(*case).map(|case| case.phase().clone());
            if !phase.as_ref().is_some_and(|phase| phase.name().is_final()) {
                return broken(NOTHING_HANGS, format!("a case has not ended: {phase:?}"));
            }
        }
        for (envelope, claim) in &self.model.claims {
            let told = self.refused_by_relay.contains(&claim.who);
            if claim.is_shown && !self.model.answers.contains_key(envelope) && !told {
                let name = PEOPLE[claim.who].0;
                return broken(
                    NOT_LOST,
                    format!("{name}'s {:?} has no answer", claim.decision.kind),
                );
            }
        }
        for desk in &self.desks {
            let is_revoked = self.model.revoked.contains_key(&desk.who);
            let (followed, _) = desk.followed();
            if desk.was_used() && !is_revoked && followed != size {
                let words = format!(
                    "{}'s desktop follows {followed} of {size} entries",
                    PEOPLE[desk.who].0
                );
                return broken(NOTHING_HANGS, words);
            }
        }
        for case in self.model.cases.keys() {
            let may_read =
                |desk: &&Desktop| desk.was_used() && !self.model.revoked.contains_key(&desk.who);
            // What a device wrote that is revoked, and the gate has not judged, goes with the relay;
            // and what nobody signed goes with a snapshot.
            let stays = |digest: &Digest| {
                let answered = self.model.answers.contains_key(digest);
                (self.model.revoked.is_empty() && !self.has_compacted)
                    || (answered && self.model.claims.contains_key(digest))
            };
            let filed = |desk: &Desktop| {
                desk.filed(*case).into_iter().filter(stays).collect::<BTreeSet<_>>()
            };
            let filed: Vec<_> = self.desks.iter().filter(may_read).map(filed).collect();
            if filed.windows(2).any(|two| two[0] != two[1]) {
                return broken(ANY_ORDER, "desktops hold different decisions of one case");
            }
            // A change may wait for one that is gone with its writer or its relay.
            let nothing_went = self.model.revoked.is_empty() && !self.has_compacted;
            let documented = |desk: &Desktop| desk.documented(*case);
            let documented: Vec<_> = self
                .desks
                .iter()
                .filter(|desk| nothing_went && may_read(desk))
                .map(documented)
                .collect();
            if documented.windows(2).any(|two| two[0] != two[1]) {
                return broken(ANY_ORDER, "desktops hold different documents of one case");
            }
        }
        let made = self.gate.look(|ledger| ledger.store().read(|reader| reader.made_snapshot()));
        if let Some(Ok::<_, StoreError>(Some(made))) = made
            && !made.in_force
            && !made.void
        {
            return broken(NOTHING_HANGS, format!("{made:?} does not come into force"));
        }
        for marker in cast::MARKERS {
            if self.post.disk.holds(marker.as_bytes()) {
                return broken(SEALED, format!("the relay's disk holds {marker:?}"));
            }
        }
        Ok(())
    }
}
