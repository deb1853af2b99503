//! The writer's queue: a bounded share for each device, served in turn.

use crate::auth::Principal;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Jobs in one commit.
const GROUP_JOBS: usize = 256;
/// Bytes in one commit, unless a single job has more.
const GROUP_BYTES: usize = 1024 * 1024;
/// A job of more bytes is heavy: it is not in two commits in a row while light ones wait.
const HEAVY_BYTES: usize = 64 * 1024;

/// Jobs that wait, each with its weight in bytes.
#[derive(Debug)]
pub(crate) struct Queue<J> {
    waiting: Mutex<Waiting<J>>,
    ready: Condvar,
}

#[derive(Debug)]
struct Waiting<J> {
    /// `None` is the operator.
    jobs: HashMap<Option<Principal>, VecDeque<(usize, J)>>,
    /// Whoever has a job waits here once.
    turns: VecDeque<Option<Principal>>,
    after_heavy: bool,
    closed: bool,
}

impl<J> Queue<J> {
    pub(crate) fn new() -> Self {
        let waiting = Waiting {
            jobs: HashMap::new(),
            turns: VecDeque::new(),
            after_heavy: false,
            closed: false,
        };
        Self { waiting: Mutex::new(waiting), ready: Condvar::new() }
    }

    /// Lets a job wait, unless `share` jobs of the same device do already.
    pub(crate) fn push(
        &self,
        principal: Option<Principal>,
        share: usize,
        bytes: usize,
        job: J,
    ) -> Result<(), J> {
        let mut waiting = self.lock();
        let own = waiting.jobs.entry(principal).or_default();
        if own.len() >= share {
            return Err(job);
        }
        own.push_back((bytes, job));
        if own.len() == 1 {
            waiting.turns.push_back(principal);
        }
        drop(waiting);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for jobs and takes those of the next commit; `None` once closed and empty.
    pub(crate) fn next_group(&self) -> Option<Vec<J>> {
        let mut waiting = self.lock();
        loop {
            let group = waiting.take_group();
            if !group.is_empty() {
                return Some(group);
            }
            if waiting.closed {
                return None;
            }
            waiting = self.ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets [`Self::next_group`] end when nothing waits any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<J>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> Waiting<J> {
    fn take_group(&mut self) -> Vec<J> {
        let mut group = Vec::new();
        let heavy_waits = self.after_heavy;
        self.after_heavy = false;
        self.take_turns(&mut group, !heavy_waits);
        if group.is_empty() {
            self.take_turns(&mut group, true);
        }
        group
    }

    /// One job of each device in turn, round after round, until the group is full.
    fn take_turns(&mut self, group: &mut Vec<J>, heavy_too: bool) {
        let (mut bytes, mut passed) = (0, 0);
        while group.len() < GROUP_JOBS && passed < self.turns.len() {
            let Some(principal) = self.turns.pop_front() else { break };
            let Some(own) = self.jobs.get_mut(&principal) else { continue };
            let Some((size, _)) = own.front() else { continue };
            let (heavy, fits) = (*size > HEAVY_BYTES, bytes + size <= GROUP_BYTES);
            if (heavy && !heavy_too) || (!fits && !group.is_empty()) {
                self.turns.push_back(principal);
                passed += 1;
                continue;
            }
            let Some((size, job)) = own.pop_front() else { continue };
            bytes += size;
            passed = 0;
            group.push(job);
            self.after_heavy |= heavy;
            if own.is_empty() {
                self.jobs.remove(&principal);
            } else {
                self.turns.push_back(principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::{DeviceId, WorkspaceId};
    use uuid::Uuid;

    fn device(number: u128) -> Option<Principal> {
        let workspace = WorkspaceId::from_uuid(Uuid::from_u128(1));
        Some((workspace, DeviceId::from_uuid(Uuid::from_u128(number))))
    }

    #[test]
    fn a_device_that_fills_its_share_delays_nobody() {
        let queue = Queue::new();
        for job in 0..8 {
            queue.push(device(1), 8, GROUP_BYTES, (1, job)).unwrap();
        }
        assert_eq!(queue.push(device(1), 8, 1, (1, 8)), Err((1, 8)));
        // It can fill its own share only; who comes late is in the next commit or the one after.
        queue.push(device(2), 8, 100, (2, 0)).unwrap();
        queue.push(device(3), 8, 100, (3, 0)).unwrap();
        assert_eq!(queue.next_group().unwrap(), [(1, 0)]);
        assert_eq!(queue.next_group().unwrap(), [(2, 0), (3, 0)]);
        assert_eq!(queue.next_group().unwrap(), [(1, 1)]);
        queue.push(device(2), 8, 100, (2, 1)).unwrap();
        assert_eq!(queue.next_group().unwrap(), [(2, 1)]);
        assert_eq!(queue.next_group().unwrap(), [(1, 2)]);
        assert_eq!(queue.next_group().unwrap(), [(1, 3)]);
    }

    #[test]
    fn single_records_of_many_writers_share_a_commit_in_turn() {
        let queue = Queue::new();
        for job in 0..3 {
            queue.push(device(1), 8, 100, (1, job)).unwrap();
        }
        for writer in 2..=64 {
            queue.push(device(writer), 8, 100, (writer, 0)).unwrap();
        }
        let group = queue.next_group().unwrap();
        assert_eq!(group.len(), 66);
        assert_eq!(group[..2], [(1, 0), (2, 0)]);
        assert_eq!(group[64..], [(1, 1), (1, 2)]);
    }

    #[test]
    fn what_waits_is_given_out_before_the_end() {
        let queue = Queue::new();
        queue.push(None, 1, 1, 7).unwrap();
        queue.close();
        assert_eq!(queue.next_group(), Some(vec![7]));
        assert_eq!(queue.next_group(), None);
    }
}
