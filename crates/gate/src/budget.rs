//! What is kept of refusals, and how many open cases an agent may have. However often an
//! agent is refused, the signed log grows by one entry an hour at most, and says how many.
//!
//! [`Refusals`] has no clock: `now` is the time since the gate began to serve.

use countersign_model::{AgentId, Digest};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long refusals are counted before an entry says how many there were.
pub const WINDOW: Duration = Duration::from_secs(3_600);

/// An entry that is to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told<P = AgentId> {
    /// Who was refused: an agent, or a device.
    pub whose: P,
    /// The digest of what it sent last.
    pub input: Digest,
    /// How many were refused since the last such entry.
    pub count: u64,
}

/// Refusals that were counted and not told yet, by agent or by device.
pub struct Refusals<P = AgentId> {
    bursts: BTreeMap<P, Burst>,
}

impl<P> Default for Refusals<P> {
    fn default() -> Self {
        Self { bursts: BTreeMap::new() }
    }
}

struct Burst {
    told_at: Duration,
    untold: u64,
    newest: Digest,
}

impl<P: Copy + Ord> Refusals<P> {
    /// Counts one. The first of a burst is told at once; those after it are counted until the
    /// window is over, and told by the next one or by [`Self::poll_due`].
    #[must_use]
    pub fn handle_refused(&mut self, whose: P, input: Digest, now: Duration) -> Option<Told<P>> {
        let Some(burst) = self.bursts.get_mut(&whose) else {
            self.bursts.insert(whose, Burst { told_at: now, untold: 0, newest: input });
            return Some(Told { whose, input, count: 1 });
        };
        burst.untold = burst.untold.saturating_add(1);
        burst.newest = input;
        if now.saturating_sub(burst.told_at) < WINDOW {
            return None;
        }
        Some(burst.tell(whose, now))
    }

    /// What is to be told because its window is over. Whoever was not refused in a whole
    /// window is forgotten.
    #[must_use]
    pub fn poll_due(&mut self, now: Duration) -> Vec<Told<P>> {
        let is_over = |burst: &Burst| now.saturating_sub(burst.told_at) >= WINDOW;
        self.bursts.retain(|_, burst| burst.untold > 0 || !is_over(burst));
        let over = self.bursts.iter_mut().filter(|(_, burst)| is_over(burst));
        over.map(|(whose, burst)| burst.tell(*whose, now)).collect()
    }

    /// When [`Self::poll_due`] has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.bursts.values().map(|burst| burst.told_at.saturating_add(WINDOW)).min()
    }
}

impl Burst {
    fn tell<P>(&mut self, whose: P, now: Duration) -> Told<P> {
        self.told_at = now;
        Told { whose, input: self.newest, count: std::mem::take(&mut self.untold) }
    }
}

/// How much of one thing each device may do in a window: what is beyond it is only counted.
pub struct Allowance<P> {
    most: u32,
    used: BTreeMap<P, (Duration, u32)>,
}

impl<P: Copy + Ord> Allowance<P> {
    /// So many in each [`WINDOW`].
    #[must_use]
    pub const fn of(most: u32) -> Self {
        Self { most, used: BTreeMap::new() }
    }

    /// Takes one, if there is one left.
    pub fn take(&mut self, whose: P, now: Duration) -> bool {
        let used = self.used.entry(whose).or_insert((now, 0));
        if now.saturating_sub(used.0) >= WINDOW {
            *used = (now, 0);
        }
        let has_room = used.1 < self.most;
        used.1 += u32::from(has_room);
        has_room
    }

    /// Forgets whose window is over.
    pub fn forget(&mut self, now: Duration) {
        self.used.retain(|_, (since, _)| now.saturating_sub(*since) < WINDOW);
    }
}

/// Cases that are being opened, so that the ones under way count against an agent's limit.
#[derive(Clone, Default)]
pub struct Openings {
    under_way: Arc<Mutex<BTreeMap<AgentId, u64>>>,
}

/// Room for one case while its draft is looked at.
pub struct Opening {
    openings: Openings,
    agent: AgentId,
}

impl Openings {
    /// Holds room for one case when less than `limit` are open or being opened. `open` says
    /// how many of the agent's are open; it is asked after the room is held, so that no two
    /// drafts take the same place.
    ///
    /// # Errors
    /// Whatever `open` returns.
    pub fn hold<E>(
        &self,
        agent: AgentId,
        limit: u64,
        open: impl FnOnce() -> Result<u64, E>,
    ) -> Result<Option<Opening>, E> {
        let with_this = self.change(agent, |count| count.saturating_add(1));
        let opening = Opening { openings: self.clone(), agent };
        Ok((open()?.saturating_add(with_this) <= limit).then_some(opening))
    }

    fn change(&self, agent: AgentId, change: impl FnOnce(u64) -> u64) -> u64 {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let count = change(under_way.get(&agent).copied().unwrap_or(0));
        if count == 0 {
            under_way.remove(&agent);
        } else {
            under_way.insert(agent, count);
        }
        count
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.openings.change(self.agent, |count| count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn agent(number: u128) -> AgentId {
        AgentId::from_uuid(Uuid::from_u128(number))
    }

    fn at(minutes: u64) -> Duration {
        Duration::from_secs(minutes * 60)
    }

    #[test]
    fn a_burst_is_told_once_and_then_by_its_number() {
        let mut refusals = Refusals::default();
        let (first, second) = (Digest::of(b"1"), Digest::of(b"2"));
        let told = refusals.handle_refused(agent(1), first, at(0));
        assert_eq!(told, Some(Told { whose: agent(1), input: first, count: 1 }));
        for _ in 0..500 {
            assert_eq!(refusals.handle_refused(agent(1), second, at(59)), None);
        }
        assert_eq!(refusals.poll_due(at(59)), []);
        assert_eq!(refusals.poll_timeout(), Some(at(60)));
        let told = Told { whose: agent(1), input: second, count: 500 };
        assert_eq!(refusals.poll_due(at(60)), [told]);
        // Nothing for an hour: forgotten, and the next one is told at once.
        assert_eq!(refusals.poll_due(at(120)), []);
        assert_eq!(refusals.poll_timeout(), None);
        assert_eq!(refusals.handle_refused(agent(1), first, at(121)).unwrap().count, 1);
    }

    #[test]
    fn the_next_refusal_after_the_window_tells_of_those_before() {
        let mut refusals = Refusals::default();
        let input = Digest::of(b"x");
        for minute in [0, 1, 2] {
            let _ = refusals.handle_refused(agent(1), input, at(minute));
        }
        assert_eq!(refusals.handle_refused(agent(1), input, at(60)).unwrap().count, 3);
        assert_eq!(refusals.handle_refused(agent(1), input, at(61)), None);
        assert_eq!(refusals.handle_refused(agent(2), input, at(61)).unwrap().count, 1);
    }

    #[test]
    fn an_allowance_is_each_ones_own_and_there_again_after_the_window() {
        let mut allowance = Allowance::of(2);
        assert!(allowance.take(1, at(0)) && allowance.take(1, at(59)));
        assert!(!allowance.take(1, at(59)) && allowance.take(2, at(59)));
        assert!(allowance.take(1, at(60)));
        allowance.forget(at(119));
        assert_eq!(allowance.used.keys().collect::<Vec<_>>(), [&1]);
        assert!(allowance.take(1, at(119)) && !allowance.take(1, at(119)));
    }

    #[test]
    fn room_for_cases_counts_those_being_opened() {
        let openings = Openings::default();
        let hold = |open| openings.hold(agent(1), 3, || Ok::<_, ()>(open)).unwrap();
        let first = hold(1).unwrap();
        let second = hold(1).unwrap();
        assert!(hold(1).is_none());
        drop(second);
        assert!(hold(1).is_some());
        drop(first);
        assert!(openings.hold(agent(1), 3, || Err("broken")).is_err());
        assert!(openings.under_way.lock().unwrap().is_empty(), "nothing is held for ever");
    }

    proptest! {
        #[test]
        fn none_is_lost_and_no_hour_has_two_of_the_same_burst(
            gaps in prop::collection::vec((0_u64..4_000, any::<bool>()), 1..200),
        ) {
            let mut refusals = Refusals::default();
            let (mut now, mut sent, mut told) = (Duration::ZERO, 0, vec![]);
            for (gap, polls) in gaps {
                now += Duration::from_secs(gap);
                if polls {
                    told.extend(refusals.poll_due(now).into_iter().map(|one| (now, one.count)));
                } else {
                    sent += 1;
                    let one = refusals.handle_refused(agent(1), Digest::of(b"x"), now);
                    told.extend(one.map(|one| (now, one.count)));
                }
            }
            now += WINDOW;
            told.extend(refusals.poll_due(now).into_iter().map(|one| (now, one.count)));
            prop_assert_eq!(told.iter().map(|(_, count)| count).sum::<u64>(), sent);
            prop_assert!(told.windows(2).all(|two| two[1].0 - two[0].0 >= WINDOW));
        }
    }
}
