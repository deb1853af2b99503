//! The judge's state in memory: for the verifier, and for tests of those who keep it
//! elsewhere.

use crate::{Change, Keep, Mark, TargetState, View, World};
use countersign_audit::{MemoryHashes, tree};
use countersign_model::{Digest, PersonId, ProposalId, Target, TimestampMs};
use countersign_workflow::Case;
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

/// Everything that the judge asked to keep.
#[derive(Clone, Default)]
pub struct Memory {
    world: World,
    cases: BTreeMap<ProposalId, Case>,
    by_target: BTreeMap<String, BTreeSet<ProposalId>>,
    marks: BTreeSet<Mark>,
    revisions: BTreeMap<String, u64>,
    increases: BTreeMap<String, Vec<(ProposalId, TimestampMs, i64)>>,
    wrong_factors: BTreeMap<PersonId, Vec<TimestampMs>>,
    timers: BTreeSet<(TimestampMs, ProposalId)>,
    hashes: MemoryHashes,
    size: u64,
}

impl Memory {
    /// Adds an entry's leaf to the log whose roots decisions may name.
    pub fn push_leaf(&mut self, leaf: Digest) {
        // The numbering holds 2^48 entries; hashes in memory are always at hand.
        if let Ok(hashes) = tree::append_hashes(self.size, &[leaf], &self.hashes) {
            self.hashes.extend(hashes);
            self.size += 1;
        }
    }

    /// Every case, by id.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }

    /// Cases that have not ended.
    pub fn open_cases(&self) -> impl Iterator<Item = &Case> {
        self.cases().filter(|case| !case.phase().name().is_final())
    }

    fn keep_case(&mut self, case: &Case) {
        let id = case.proposal().id;
        for target in case.proposal().action.targets() {
            let on_target = self.by_target.entry(target.to_string()).or_default();
            if !case.phase().name().is_final() {
                on_target.insert(id);
            } else {
                on_target.remove(&id);
            }
        }
        self.cases.insert(id, case.clone());
    }
}

impl View for Memory {
    type Error = Infallible;

    fn world(&self) -> Result<World, Infallible> {
        Ok(self.world.clone())
    }

    fn case(&self, proposal: ProposalId) -> Result<Option<Case>, Infallible> {
        Ok(self.cases.get(&proposal).cloned())
    }

    fn unsettled_on(&self, target: &Target) -> Result<Vec<Case>, Infallible> {
        let ids = self.by_target.get(&target.to_string()).into_iter().flatten();
        Ok(ids.filter_map(|id| self.cases.get(id)).cloned().collect())
    }

    fn target(&self, target: &Target, since: TimestampMs) -> Result<TargetState, Infallible> {
        let key = target.to_string();
        let increases = self.increases.get(&key).into_iter().flatten();
        let counted = increases.filter(|(_, at, _)| *at >= since).map(|(_, _, micros)| *micros);
        Ok(TargetState {
            revision: self.revisions.get(&key).copied().unwrap_or(0),
            increases_micros: counted.fold(0, i64::saturating_add),
        })
    }

    fn has(&self, mark: &Mark) -> Result<bool, Infallible> {
        Ok(self.marks.contains(mark))
    }

    fn wrong_factors(&self, person: PersonId, since: TimestampMs) -> Result<usize, Infallible> {
        let moments = self.wrong_factors.get(&person).into_iter().flatten();
        Ok(moments.filter(|at| **at >= since).count())
    }

    fn due(&self, at: TimestampMs) -> Result<Vec<(TimestampMs, ProposalId)>, Infallible> {
        Ok(self.timers.iter().take_while(|(due, _)| *due <= at).copied().collect())
    }

    fn root_at(&self, size: u64) -> Result<Option<Digest>, Infallible> {
        Ok(if size <= self.size { tree::root(size, &self.hashes).ok() } else { None })
    }
}

impl Keep for Memory {
    fn keep(&mut self, change: &Change) -> Result<(), Infallible> {
        match change {
            Change::Case(case) => self.keep_case(case),
            Change::Timer(due, case) => {
                self.timers.insert((*due, *case));
            }
            Change::TimerDone(due, case) => {
                self.timers.remove(&(*due, *case));
            }
            Change::Mark(mark) => {
                self.marks.insert(*mark);
            }
            Change::Revision(target, revision) => {
                self.revisions.insert(target.to_string(), *revision);
            }
            Change::Increase(case, target, at, micros) => {
                let increases = self.increases.entry(target.to_string()).or_default();
                increases.push((*case, *at, *micros));
            }
            Change::WrongFactor(person, at) => {
                self.wrong_factors.entry(*person).or_default().push(*at);
            }
            Change::Halt(halt) => self.world.halt = halt.clone(),
            Change::Roster(roster) => self.world.roster = Some(roster.clone()),
            Change::Policy(policy) => self.world.policy = Some(policy.clone()),
            Change::Clock(clock) => self.world.clock_ms = Some(*clock),
            Change::Expected(expected) => self.world.expected.clone_from(expected),
        }
        Ok(())
    }
}
