//! What an operator changes while the gate serves: an order is decided and committed between
//! other events, and everything that goes by the roster follows it.

use super::{Driver, DriverHandle, Incoming};
use crate::{
    admin::{
        AdminError,
        decide::{Decided, decide},
        order::{Done, HandOver, LedgerOrder, PoliciesReloaded},
    },
    clock::Clocks,
    core::{CoreError, Event, Rules},
    shell::ShellError,
};
use countersign_model::Roster;
use std::{path::PathBuf, sync::Arc};
use tokio::sync::{oneshot, watch};

/// One step of an operator's command. A refusal changes nothing, and the gate goes on.
pub(super) enum Step {
    /// An order is decided about; nothing is changed. The root key stands in this file.
    Decide(LedgerOrder, PathBuf, Answer<(Decided, HandOver)>),
    /// What was decided becomes durable.
    Commit(Decided, Answer<Done>),
    /// Other policies for new drafts.
    Policies(Box<Rules>, Answer<PoliciesReloaded>),
}

type Answer<T> = oneshot::Sender<Result<T, AdminError>>;

impl DriverHandle {
    /// The roster in force, now and later.
    #[must_use]
    pub fn roster(&self) -> watch::Receiver<Arc<Roster>> {
        self.roster.clone()
    }

    /// Decides about an order; `None` when the gate is stopping, here and below.
    pub(crate) async fn decide(
        &self,
        order: LedgerOrder,
        root: PathBuf,
    ) -> Option<Result<(Decided, HandOver), AdminError>> {
        self.administer(|answer| Step::Decide(order, root, answer)).await
    }

    /// Makes durable what was decided.
    pub(crate) async fn commit_decided(
        &self,
        decided: Decided,
    ) -> Option<Result<Done, AdminError>> {
        self.administer(|answer| Step::Commit(decided, answer)).await
    }

    /// Puts other policies in force, for drafts from here on.
    pub(crate) async fn replace_policies(
        &self,
        rules: Rules,
    ) -> Option<Result<PoliciesReloaded, AdminError>> {
        self.administer(|answer| Step::Policies(Box::new(rules), answer)).await
    }

    async fn administer<T>(
        &self,
        step: impl FnOnce(Answer<T>) -> Step,
    ) -> Option<Result<T, AdminError>> {
        let (answer, wait) = oneshot::channel();
        self.events.send(Incoming::Administer(Box::new(step(answer)))).await.ok()?;
        wait.await.ok()
    }
}

impl Driver {
    /// Whoever ordered may be gone; what was committed stands.
    pub(super) fn administer(&mut self, step: Step) -> Result<(), ShellError> {
        // What is due comes first, and is durable whatever becomes of the order.
        self.handle(Event::CountsDue)?;
        match step {
            Step::Decide(order, root, answer) => {
                let at = self.shell.moment(Clocks::read(self.began));
                let _ = answer.send(decide(self.shell.ledger(), order, &root, at));
            }
            Step::Commit(decided, answer) => {
                let done = self.commit_decided(decided);
                if let Ok(done) = &done {
                    self.follow(done)?;
                }
                let _ = answer.send(done);
            }
            Step::Policies(rules, answer) => {
                let replaced = self.replace_policies(*rules)?;
                let _ = answer.send(replaced.map_err(|error| ShellError::from(error).into()));
            }
        }
        Ok(())
    }

    fn commit_decided(&mut self, decided: Decided) -> Result<Done, AdminError> {
        let clocks = Clocks::read(self.began);
        self.shell.administer(clocks, |ledger, at| decided.commit(ledger, at, clocks.wall))
    }

    fn follow(&mut self, done: &Done) -> Result<(), ShellError> {
        match done {
            Done::Roster { version, .. } => {
                tracing::info!(version, "an operator has put a roster in force");
                self.handle(Event::RosterChanged)?;
                self.roster.send_replace(Arc::new(self.shell.ledger().roster().clone()));
            }
            Done::Clock { .. } => {
                tracing::warn!("an operator has corrected the log's clock");
                self.shell.restart_clock(Clocks::read(self.began));
            }
            Done::Compacted(_) | Done::Policies(_) | Done::Writing { .. } => {}
        }
        Ok(())
    }

    /// Publishes other policies as at the start. Those that cannot be published are not used.
    fn replace_policies(
        &mut self,
        rules: Rules,
    ) -> Result<Result<PoliciesReloaded, CoreError>, ShellError> {
        let reference = rules.policies.reference().clone();
        let is_new = self.shell.ledger().policy() != Some(&reference);
        let answers = self.handle(Event::RulesLoaded(Box::new(rules)))?;
        let done = PoliciesReloaded {
            version: reference.version,
            digest: reference.digest.to_string(),
            is_new,
        };
        Ok(answers.refused.map_or(Ok(done), Err))
    }
}
