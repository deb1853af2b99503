//! Who asks, and how much of its budget of the moment is left: each device's seat with its
//! nonces, rates and turns, and what strangers of one address may cost.

use crate::{
    config::{Budget, Limits, Rate},
    meter::Meter,
    refusal::{Code, Refusal},
};
use countersign_door::Peer;
use countersign_model::{DeviceId, WorkspaceId};
use countersign_sync::{VerifiedRequest, limits::CREATED_WINDOW_S};
use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a request waits that comes too early. Whoever floods is so held to a few
/// refusals a second on each connection, and connections are bounded.
pub(crate) const PENALTY: Duration = Duration::from_millis(250);
/// Peers whose failures are remembered; beyond, all unknown ones count as one.
const MAX_PEERS: usize = 50_000;

/// A device id counts within its workspace only: what another workspace's owner enrols
/// under the same id is somebody else.
pub(crate) type Principal = (WorkspaceId, DeviceId);

/// Every device's seat, and the failures of strangers.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: Limits,
    seats: Mutex<HashMap<Principal, Arc<Seat>>>,
    strangers: Mutex<HashMap<Option<Peer>, Meter>>,
}

/// What one device uses at the moment.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) budget: Budget,
    use_now: Mutex<Use>,
    /// One piece of heavy work at a time, so that a device waits behind itself.
    pub(crate) turn: Arc<Semaphore>,
    pub(crate) tails: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Use {
    requests: Meter,
    records: Meter,
    written: Meter,
    read: Meter,
    nonces: Nonces,
}

#[derive(Debug, Default)]
struct Nonces {
    seen: HashMap<[u8; 16], i64>,
    /// In order of arrival, with the relay's time after which the nonce cannot come again.
    order: VecDeque<([u8; 16], i64)>,
}

/// The relay's clock in Unix seconds.
pub(crate) fn now_unix_s() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| i64::try_from(elapsed.as_secs()).ok())
        .unwrap_or(0)
}

impl Guard {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, seats: Mutex::default(), strangers: Mutex::default() }
    }

    /// The seat of a device that has shown who it is.
    pub(crate) fn seat(&self, principal: Principal, owner: DeviceId) -> Arc<Seat> {
        let mut seats = lock(&self.seats);
        let seat = seats
            .entry(principal)
            .or_insert_with(|| Arc::new(Seat::new(*self.limits.of(principal.1, owner))));
        Arc::clone(seat)
    }

    /// Refuses a request in the name of a device whose requests are used up, before anything
    /// is verified. Takes nothing: who asks is not known yet.
    pub(crate) fn peek(&self, principal: Principal) -> Result<(), Refusal> {
        let Some(seat) = lock(&self.seats).get(&principal).map(Arc::clone) else { return Ok(()) };
        let rate = seat.budget.request_rate;
        let wait = lock(&seat.use_now).requests.wait(1, rate, Instant::now());
        if wait > Duration::ZERO { Err(too_fast("requests", rate, wait)) } else { Ok(()) }
    }

    /// Whether this address has shown so many false identities that it is slowed down.
    pub(crate) fn is_slowed(&self, peer: Option<Peer>) -> bool {
        let strangers = lock(&self.strangers);
        let meter = strangers.get(&peer).copied().unwrap_or_default();
        meter.wait(1, self.limits.strangers, Instant::now()) > Duration::ZERO
    }

    /// Counts an identity that was refused.
    pub(crate) fn note_stranger(&self, peer: Option<Peer>) {
        let now = Instant::now();
        let mut strangers = lock(&self.strangers);
        if strangers.len() >= MAX_PEERS && !strangers.contains_key(&peer) {
            strangers.retain(|_, meter| !meter.is_full(now));
        }
        let known = strangers.len() < MAX_PEERS || strangers.contains_key(&peer);
        let meter = strangers.entry(if known { peer } else { None }).or_default();
        meter.charge(1, self.limits.strangers, now);
    }
}

impl Seat {
    fn new(budget: Budget) -> Self {
        Self {
            budget,
            use_now: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
            tails: Arc::new(Semaphore::new(budget.tails)),
            at_once: Arc::new(Semaphore::new(budget.at_once)),
        }
    }

    /// Lets a verified request with a body of `body_bytes` in: its nonce is new, and the
    /// device has room for it. A replay costs the device nothing.
    pub(crate) fn admit(
        &self,
        request: &VerifiedRequest,
        body_bytes: u64,
        now_unix_s: i64,
    ) -> Result<OwnedSemaphorePermit, Refusal> {
        let now = Instant::now();
        let mut using = lock(&self.use_now);
        using.nonces.refuse_known(request, now_unix_s)?;
        let Budget { request_rate, write_rate, at_once, .. } = self.budget;
        let slot = Arc::clone(&self.at_once).try_acquire_owned().map_err(|_| {
            let message = format!(
                "this device has {at_once} requests in progress, as many as one device may: \
                 wait for an answer before the next"
            );
            Refusal::new(Code::DeviceBusy, message).after(PENALTY)
        })?;
        let wait = using.written.wait(body_bytes, write_rate, now);
        if wait > Duration::ZERO {
            return Err(too_fast("bytes to write", write_rate, wait));
        }
        using
            .requests
            .take(1, request_rate, now)
            .map_err(|wait| too_fast("requests", request_rate, wait))?;
        using.written.charge(body_bytes, write_rate, now);
        using.nonces.insert(request, now_unix_s);
        Ok(slot)
    }

    /// Remembers a nonce that an earlier run spent.
    pub(crate) fn restore(&self, request: &VerifiedRequest) {
        lock(&self.use_now).nonces.insert(request, request.created_unix_s);
    }

    /// Gives back what a body was shorter than it might have been.
    pub(crate) fn refund_written(&self, bytes: u64) {
        lock(&self.use_now).written.refund(bytes, self.budget.write_rate);
    }

    /// Pays for the records of a push before their signatures are checked.
    pub(crate) fn take_records(&self, count: u64) -> Result<(), Refusal> {
        let rate = self.budget.record_rate;
        let result = lock(&self.use_now).records.take(count, rate, Instant::now());
        result.map_err(|wait| too_fast("records", rate, wait))
    }

    /// Refuses reading as long as what was read is not paid for.
    pub(crate) fn check_read(&self) -> Result<(), Refusal> {
        let wait = self.read_wait();
        let rate = self.budget.read_rate;
        if wait > Duration::ZERO { Err(too_fast("bytes to read", rate, wait)) } else { Ok(()) }
    }

    /// How long until the device may read again.
    pub(crate) fn read_wait(&self) -> Duration {
        lock(&self.use_now).read.wait(1, self.budget.read_rate, Instant::now())
    }

    /// Pays for what was read.
    pub(crate) fn charge_read(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        lock(&self.use_now).read.charge(bytes, self.budget.read_rate, Instant::now());
    }
}

impl Nonces {
    fn refuse_known(&self, request: &VerifiedRequest, now_unix_s: i64) -> Result<(), Refusal> {
        if self.seen.get(&request.nonce).is_some_and(|until| *until >= now_unix_s) {
            let message = "the request was sent before: sign it again with a fresh nonce";
            return Err(Refusal::new(Code::Replayed, message));
        }
        Ok(())
    }

    fn insert(&mut self, request: &VerifiedRequest, now_unix_s: i64) {
        while let Some((oldest, until)) = self.order.front().copied() {
            if until >= now_unix_s {
                break;
            }
            self.order.pop_front();
            self.seen.remove(&oldest);
        }
        // Both ends of the window: a request from the future stays fresh the longest.
        let until = now_unix_s.saturating_add(2 * CREATED_WINDOW_S);
        if let Entry::Vacant(entry) = self.seen.entry(request.nonce) {
            entry.insert(until);
            self.order.push_back((request.nonce, until));
        }
    }
}

fn too_fast(what: &str, rate: Rate, wait: Duration) -> Refusal {
    let Rate { per_second, burst } = rate;
    let message = format!(
        "this device has used up its {what}: {per_second} a second, {burst} at once after a \
         pause; wait as long as Retry-After says"
    );
    Refusal::rate(message, wait)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
