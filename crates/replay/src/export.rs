//! Verifies an exported log: its bytes by `audit`, its meaning by following it. Nothing
//! rests on the gate's word except what is listed in `docs/security.md`.

use crate::{Anchors, Fault, Follower, Memory, follow::describe, view::View as _, witness};
use countersign_audit::{
    Report, Trust,
    report::{Claim, Place},
    verify::{Begun, Read, Walk, begin},
};
use countersign_model::{
    Digest, ProposalId,
    entry::{EntryBody, LogEvent},
};
use countersign_workflow::PhaseName;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead,
};

/// Verifies an export against trusted public keys and, if there is one, a checkpoint that
/// was obtained elsewhere (a desktop, a witness) and may be newer than the export.
///
/// Without `trust` the keys are those that the file names: then the report can only say
/// that the file agrees with itself ([`Report::own_word`]).
///
/// # Errors
/// Only when the reader fails; everything wrong with the file is in the report.
pub fn verify_export(
    reader: impl BufRead,
    trust: Option<&Trust>,
    newer_checkpoint: Option<&str>,
) -> Result<Report, std::io::Error> {
    match begin(reader, trust, newer_checkpoint)? {
        Begun::Unreadable(report) => Ok(*report),
        Begun::Walk(walk) => Judge::new(*walk).run(),
    }
}

struct Judge<R> {
    walk: Walk<R>,
    follower: Follower,
    memory: Memory,
    /// Cases about which something was found: what follows from that is not named again.
    condemned: BTreeSet<ProposalId>,
    /// Where executions were begun that are not finished.
    begun: BTreeMap<ProposalId, Place>,
    last: Place,
}

impl<R: BufRead> Judge<R> {
    fn new(walk: Walk<R>) -> Self {
        let mut anchors = Anchors::of(walk.trust());
        if walk.is_own_word() {
            anchors.root = None;
        }
        Self {
            walk,
            follower: Follower::new(anchors),
            memory: Memory::default(),
            condemned: BTreeSet::new(),
            begun: BTreeMap::new(),
            last: Place::default(),
        }
    }

    fn run(mut self) -> Result<Report, std::io::Error> {
        while let Some(read) = self.walk.next_entry()? {
            self.take(&read);
        }
        self.end();
        let Ok(world) = self.memory.world();
        let executing: BTreeSet<ProposalId> = self
            .memory
            .open_cases()
            .filter(|case| case.phase().name() == PhaseName::Executing)
            .map(|case| case.proposal().id)
            .collect();
        let open_cases = self.memory.open_cases().count() as u64;
        let begun = self.begun.into_iter().filter(|(id, _)| executing.contains(id));
        let mut open_executions: Vec<Place> = begun.map(|(_, place)| place).collect();
        open_executions.sort();
        let witnesses = witness::judge(&mut self.walk, world.roster.as_deref());
        let mut report = self.walk.finish();
        report.open_executions = open_executions;
        report.counts.open_cases = open_cases;
        report.stopped = world.halt.is_stopped();
        report.witnesses = witnesses;
        Ok(report)
    }

    fn take(&mut self, read: &Read) {
        let Read { place, leaf, body, sources } = read;
        let bytes = |digest: Digest| sources.get(&digest).cloned();
        let Ok(faults) = self.follower.take(&mut self.memory, body, &bytes);
        if faults.is_empty() {
            self.count(*place, body);
        }
        let case = body.event.proposal_id();
        let silent = case.is_some_and(|case| self.condemned.contains(&case));
        for fault in faults {
            if !silent {
                self.find(*place, fault);
            }
            self.condemned.extend(case);
        }
        self.memory.push_leaf(*leaf);
        self.last = *place;
    }

    fn find(&mut self, place: Place, fault: Fault) {
        match fault {
            Fault::Wrong(words) => self.walk.find(Claim::Integrity, place, words),
            Fault::Absent(words) => self.walk.find(Claim::Completeness, place, words),
            Fault::Missing(digest) if self.walk.was_referred_to(digest) => self.walk.find(
                Claim::Integrity,
                place.with_envelope(digest),
                "what it refers to was judged before",
            ),
            // An absent envelope is a finding of the walk; here it means that nothing was judged.
            Fault::Missing(digest) => self.walk.find(
                Claim::Completeness,
                place.with_envelope(digest),
                "it cannot be judged without what it refers to",
            ),
        }
    }

    fn count(&mut self, place: Place, body: &EntryBody) {
        let counts = self.walk.counts_mut();
        match body.event {
            LogEvent::DecisionAccepted { .. } => counts.decisions += 1,
            LogEvent::ChangeAuthorized { .. } => counts.authorized += 1,
            LogEvent::ExecutionFinished { .. } => counts.executed += 1,
            LogEvent::WorkStopped { .. } => counts.stops += 1,
            LogEvent::WorkResumed { .. } => counts.resumes += 1,
            LogEvent::PromptRead { .. } => counts.prompts_read += 1,
            LogEvent::ClockCorrected { .. } => counts.clock_corrections += 1,
            LogEvent::ExecutionIntended { proposal_id, .. } => {
                self.begun.insert(proposal_id, place);
            }
            _ => {}
        }
    }

    /// What the last entries imply must stand before the end.
    fn end(&mut self) {
        let Ok(world) = self.memory.world();
        for expected in &world.expected {
            let words = format!("after it, {} is missing", describe(expected));
            self.walk.find(Claim::Completeness, self.last, words);
        }
        if world.roster.is_none() {
            self.walk.find(Claim::Completeness, self.last, "the log contains no roster");
        }
    }
}
