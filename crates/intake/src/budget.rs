//! Budgets of the door: what one agent may use over time and at once, and what callers
//! without a token may. Whoever runs out is told so, and nobody else is affected.
//!
//! No clock in here: `now` is the time since the door was opened.

use countersign_model::AgentId;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    net::IpAddr,
    time::Duration,
};

/// What one agent may use. The defaults are for a team with a few agents.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentLimits {
    /// Requests per second that it may keep up.
    pub requests_per_second: u32,
    /// Requests at once after a pause.
    pub burst: u32,
    /// Requests that may be under way at the same time.
    pub concurrent: u32,
    /// Bytes of request bodies that may be held at the same time.
    pub bytes_in_flight: u64,
    /// Drafts in any hour; a quarter of them at once.
    pub drafts_per_hour: u32,
    /// Cases of the agent that may wait for people or for execution at the same time.
    pub open_cases: u32,
}

impl Default for AgentLimits {
    fn default() -> Self {
        Self {
            requests_per_second: 20,
            burst: 100,
            concurrent: 16,
            bytes_in_flight: 4 * 1024 * 1024,
            drafts_per_hour: 240,
            open_cases: 500,
        }
    }
}

impl AgentLimits {
    /// Checks that no limit shuts everybody out.
    ///
    /// # Errors
    /// The name of the limit, and what it must be.
    pub fn check(&self, max_body_bytes: usize) -> Result<(), &'static str> {
        let Self { requests_per_second, burst, concurrent, drafts_per_hour, open_cases, .. } =
            *self;
        if [requests_per_second, burst, concurrent, drafts_per_hour, open_cases].contains(&0) {
            return Err("every limit of agents must be at least 1");
        }
        if self.bytes_in_flight < max_body_bytes as u64 {
            return Err("agents.bytes_in_flight must hold one body of the largest size");
        }
        Ok(())
    }

    fn requests(&self) -> Rate {
        let interval = Duration::from_secs(1) / self.requests_per_second.max(1);
        Rate { interval, at_once: self.burst.max(1) }
    }

    /// No hour holds more than the limit: what is taken at once is missing afterwards.
    fn drafts(&self) -> Rate {
        let at_once = (self.drafts_per_hour / 4).max(1);
        let later = self.drafts_per_hour.saturating_sub(at_once).max(1);
        // Rounded up, so that not even a nanosecond lets one more in.
        let interval = Duration::from_secs(3_600) / later + Duration::from_nanos(1);
        Rate { interval, at_once }
    }
}

/// Which budget ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// [`AgentLimits::requests_per_second`].
    Requests,
    /// [`AgentLimits::concurrent`].
    Concurrent,
    /// [`AgentLimits::bytes_in_flight`].
    BytesInFlight,
    /// [`AgentLimits::drafts_per_hour`].
    DraftsPerHour,
    /// [`AgentLimits::open_cases`].
    OpenCases,
    /// Requests without a token that is known, from one address.
    Strangers,
}

/// A budget ran out; nothing was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exhausted {
    /// Which.
    pub budget: Budget,
    /// How much it holds, in the unit of its name.
    pub limit: u64,
    /// When to ask again.
    pub retry_after: Duration,
}

impl Exhausted {
    /// Whole seconds until there is room again, at least one.
    #[must_use]
    pub fn retry_after_s(&self) -> u64 {
        let whole = self.retry_after.as_millis().div_ceil(1_000);
        u64::try_from(whole).unwrap_or(u64::MAX).clamp(1, LONGEST_RETRY_S)
    }
}

impl std::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (limit, seconds) = (self.limit, self.retry_after_s());
        match self.budget {
            Budget::Requests => write!(
                f,
                "The agent has used its budget of {limit} requests a second. Ask again in {seconds} s; nothing was taken."
            ),
            Budget::Concurrent => write!(
                f,
                "The agent already has {limit} requests under way. Wait until one is answered; nothing was taken."
            ),
            Budget::BytesInFlight => write!(
                f,
                "The agent's requests under way already hold {limit} bytes or would with this one. Ask again in {seconds} s; nothing was taken."
            ),
            Budget::DraftsPerHour => write!(
                f,
                "The agent has used its budget of {limit} drafts an hour. Draft again in {seconds} s; nothing was taken."
            ),
            Budget::OpenCases => write!(
                f,
                "{limit} cases of the agent wait for people, which is as many as may. Draft again when one of them has ended; nothing was taken."
            ),
            Budget::Strangers => write!(
                f,
                "Too many requests without a token that is known came from this address ({limit} a minute are answered). Ask again in {seconds} s."
            ),
        }
    }
}

/// So many at once, and one more each interval.
#[derive(Clone, Copy)]
struct Rate {
    interval: Duration,
    at_once: u32,
}

/// A rate's account: the moment at which it is whole again (the generic cell rate algorithm).
#[derive(Clone, Copy, Default)]
struct Bucket {
    whole_at: Duration,
}

impl Bucket {
    /// Takes one, or says how long until there is one.
    fn take(&mut self, rate: Rate, now: Duration) -> Result<(), Duration> {
        let whole_at = self.whole_at.max(now);
        let room = rate.interval.saturating_mul(rate.at_once.saturating_sub(1));
        let debt = whole_at.saturating_sub(now);
        if debt > room {
            return Err(debt.saturating_sub(room));
        }
        self.whole_at = whole_at.saturating_add(rate.interval);
        Ok(())
    }
}

#[derive(Default)]
struct Used {
    requests: Bucket,
    drafts: Bucket,
    under_way: u32,
    bytes: u64,
}

/// No wait is said to be longer, in seconds: a day.
const LONGEST_RETRY_S: u64 = 86_400;

/// How many addresses are told apart; those beyond share one account.
const MAX_PEERS: usize = 4_096;

/// What everybody has used.
pub struct Budgets {
    limits: AgentLimits,
    strangers_per_minute: u32,
    agents: BTreeMap<AgentId, Used>,
    peers: BTreeMap<IpAddr, Bucket>,
    other_peers: Bucket,
}

impl Budgets {
    /// Nothing is used yet.
    #[must_use]
    pub const fn new(limits: AgentLimits, strangers_per_minute: u32) -> Self {
        Self {
            limits,
            strangers_per_minute,
            agents: BTreeMap::new(),
            peers: BTreeMap::new(),
            other_peers: Bucket { whole_at: Duration::ZERO },
        }
    }

    /// An agent's request begins. What began must [`Self::end`].
    ///
    /// # Errors
    /// [`Exhausted`]; the request did not begin.
    pub fn begin(&mut self, agent: AgentId, now: Duration) -> Result<(), Exhausted> {
        let AgentLimits { requests_per_second, concurrent, .. } = self.limits;
        let used = self.agents.entry(agent).or_default();
        used.requests.take(self.limits.requests(), now).map_err(|retry_after| Exhausted {
            budget: Budget::Requests,
            limit: requests_per_second.into(),
            retry_after,
        })?;
        if used.under_way >= concurrent {
            let retry_after = Duration::from_secs(1);
            let limit = concurrent.into();
            return Err(Exhausted { budget: Budget::Concurrent, limit, retry_after });
        }
        used.under_way += 1;
        Ok(())
    }

    /// Room for a body of an agent's request. What is held must be [`Self::release`]d.
    ///
    /// # Errors
    /// [`Exhausted`]; nothing is held.
    pub fn hold_bytes(&mut self, agent: AgentId, bytes: u64) -> Result<(), Exhausted> {
        let limit = self.limits.bytes_in_flight;
        let used = self.agents.entry(agent).or_default();
        let sum = used.bytes.saturating_add(bytes);
        if sum > limit {
            let retry_after = Duration::from_secs(1);
            return Err(Exhausted { budget: Budget::BytesInFlight, limit, retry_after });
        }
        used.bytes = sum;
        Ok(())
    }

    /// Gives back room for bytes.
    pub fn release(&mut self, agent: AgentId, bytes: u64) {
        if let Some(used) = self.agents.get_mut(&agent) {
            used.bytes = used.bytes.saturating_sub(bytes);
        }
    }

    /// An agent's request ended.
    pub fn end(&mut self, agent: AgentId) {
        if let Some(used) = self.agents.get_mut(&agent) {
            used.under_way = used.under_way.saturating_sub(1);
        }
    }

    /// An agent sends a draft, whatever comes of it.
    ///
    /// # Errors
    /// [`Exhausted`].
    pub fn draft(&mut self, agent: AgentId, now: Duration) -> Result<(), Exhausted> {
        let rate = self.limits.drafts();
        let used = self.agents.entry(agent).or_default();
        used.drafts.take(rate, now).map_err(|retry_after| Exhausted {
            budget: Budget::DraftsPerHour,
            limit: self.limits.drafts_per_hour.into(),
            retry_after,
        })
    }

    /// Somebody without a token that is known asks from `peer`.
    ///
    /// # Errors
    /// [`Exhausted`].
    pub fn stranger(&mut self, peer: IpAddr, now: Duration) -> Result<(), Exhausted> {
        let limit = self.strangers_per_minute.max(1);
        let rate = Rate { interval: Duration::from_secs(60) / limit, at_once: limit };
        if self.peers.len() >= MAX_PEERS {
            self.peers.retain(|_, bucket| bucket.whole_at > now);
        }
        let is_full = self.peers.len() >= MAX_PEERS;
        let bucket = match self.peers.entry(network_of(peer)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if is_full => &mut self.other_peers,
            Entry::Vacant(room) => room.insert(Bucket::default()),
        };
        bucket.take(rate, now).map_err(|retry_after| Exhausted {
            budget: Budget::Strangers,
            limit: limit.into(),
            retry_after,
        })
    }
}

/// Whom an address stands for: whoever has an IPv6 address has 2^64 of them.
#[must_use]
fn network_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
        v4 @ IpAddr::V4(_) => v4,
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

    fn small() -> AgentLimits {
        AgentLimits {
            requests_per_second: 10,
            burst: 5,
            concurrent: 2,
            bytes_in_flight: 100,
            drafts_per_hour: 8,
            open_cases: 3,
        }
    }

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut budgets = Budgets::new(small(), 60);
        let now = Duration::from_secs(7);
        for _ in 0..5 {
            budgets.begin(agent(1), now).unwrap();
            budgets.end(agent(1));
        }
        let out = budgets.begin(agent(1), now).unwrap_err();
        assert_eq!((out.budget, out.limit), (Budget::Requests, 10));
        assert_eq!(out.retry_after, Duration::from_millis(100));
        assert_eq!(budgets.begin(agent(1), now + out.retry_after), Ok(()));
        assert!(budgets.begin(agent(1), now + out.retry_after).is_err());
        assert_eq!(budgets.begin(agent(2), now), Ok(()), "another agent has its own");
    }

    #[test]
    fn what_is_under_way_is_counted_and_given_back() {
        let mut budgets = Budgets::new(small(), 60);
        let now = Duration::ZERO;
        budgets.begin(agent(1), now).unwrap();
        budgets.begin(agent(1), now).unwrap();
        assert_eq!(budgets.begin(agent(1), now).unwrap_err().budget, Budget::Concurrent);
        budgets.hold_bytes(agent(1), 100).unwrap();
        assert_eq!(budgets.hold_bytes(agent(1), 1).unwrap_err().budget, Budget::BytesInFlight);
        assert_eq!(budgets.hold_bytes(agent(2), 100), Ok(()));
        budgets.end(agent(1));
        budgets.release(agent(1), 100);
        budgets.begin(agent(1), now).unwrap();
        assert_eq!(budgets.hold_bytes(agent(1), u64::MAX).unwrap_err().limit, 100);
        budgets.hold_bytes(agent(1), 100).unwrap();
    }

    #[test]
    fn strangers_are_counted_by_network_and_the_list_of_them_is_bounded() {
        let mut budgets = Budgets::new(small(), 2);
        let now = Duration::from_secs(1);
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        budgets.stranger(one, now).unwrap();
        budgets.stranger(neighbour, now).unwrap();
        let out = budgets.stranger(one, now).unwrap_err();
        assert_eq!((out.budget, out.retry_after_s()), (Budget::Strangers, 30));
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        assert_eq!(network_of(mapped), "10.0.0.1".parse::<IpAddr>().unwrap());
        for number in 0..20_000_u32 {
            let _ = budgets.stranger(IpAddr::V4(number.into()), now);
        }
        assert!(budgets.peers.len() <= MAX_PEERS);
        // An hour later all of them are forgotten.
        budgets.stranger("192.0.2.1".parse().unwrap(), now + Duration::from_secs(3_600)).unwrap();
        assert_eq!(budgets.peers.len(), 1);
    }

    proptest! {
        #[test]
        fn no_hour_holds_more_drafts_than_the_limit(
            limit in 1_u32..300, gaps in prop::collection::vec(0_u64..60_000, 1..600),
        ) {
            let limits = AgentLimits { drafts_per_hour: limit, ..small() };
            let mut budgets = Budgets::new(limits, 60);
            let (mut now, mut taken) = (Duration::from_secs(1), vec![]);
            for gap in gaps {
                now += Duration::from_millis(gap);
                if budgets.draft(agent(1), now).is_ok() {
                    taken.push(now);
                }
            }
            prop_assert!(!taken.is_empty());
            for (place, first) in taken.iter().enumerate() {
                let hour = Duration::from_secs(3_600);
                let inside = taken[place..].iter().filter(|one| **one - *first < hour).count();
                prop_assert!(inside <= limit as usize, "{inside} of {limit}");
            }
        }

        #[test]
        fn a_refusal_says_exactly_when_there_is_room(
            takes in prop::collection::vec(0_u64..300, 1..100),
        ) {
            let mut bucket = Bucket::default();
            let rate = Rate { interval: Duration::from_millis(100), at_once: 3 };
            let mut now = Duration::ZERO;
            for gap in takes {
                now += Duration::from_millis(gap);
                if let Err(wait) = bucket.take(rate, now) {
                    let mut early = bucket;
                    prop_assert!(early.take(rate, now + wait - Duration::from_nanos(1)).is_err());
                    let mut later = bucket;
                    prop_assert!(later.take(rate, now + wait).is_ok());
                }
            }
        }
    }
}
