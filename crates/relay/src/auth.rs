//! Who asks: the request's signature, freshness, nonce, and the device's rate.

use crate::{config::Limits, refusal::Refusal};
use axum::http::StatusCode;
use countersign_model::DeviceId;
use countersign_sync::{VerifiedRequest, limits::CREATED_WINDOW_S};
use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::{Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// Nonces seen within the window, and each device's tokens.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    nonces: Mutex<Nonces>,
    rates: Mutex<HashMap<DeviceId, (f64, Instant)>>,
}

#[derive(Debug, Default)]
struct Nonces {
    seen: HashMap<(DeviceId, [u8; 16]), i64>,
    /// In order of arrival, with the relay's time after which the nonce cannot come again.
    order: VecDeque<((DeviceId, [u8; 16]), i64)>,
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
    /// Remembers nonces that an earlier run spent.
    pub(crate) fn with_spent(spent: Vec<(DeviceId, [u8; 16], i64)>) -> Self {
        let guard = Self::default();
        for (device, nonce, created_unix_s) in spent {
            let request = VerifiedRequest { key_id: device, created_unix_s, nonce };
            // A nonce stored twice is spent all the same.
            let _ = guard.spend(&request, created_unix_s);
        }
        guard
    }

    /// Spends a request's nonce, or refuses it as a replay.
    pub(crate) fn spend(&self, request: &VerifiedRequest, now_unix_s: i64) -> Result<(), Refusal> {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((oldest, until)) = nonces.order.front().copied() {
            if until >= now_unix_s {
                break;
            }
            nonces.order.pop_front();
            nonces.seen.remove(&oldest);
        }
        let key = (request.key_id, request.nonce);
        // Both ends of the window: a request from the future stays fresh the longest.
        let until = now_unix_s.saturating_add(2 * CREATED_WINDOW_S);
        match nonces.seen.entry(key) {
            Entry::Occupied(_) => {
                let message = "the request was sent before: sign it anew with a fresh nonce";
                return Err(Refusal::new(StatusCode::UNAUTHORIZED, "REPLAYED", message));
            }
            Entry::Vacant(entry) => entry.insert(until),
        };
        nonces.order.push_back((key, until));
        Ok(())
    }

    /// Takes one of the device's tokens.
    pub(crate) fn take(&self, device: DeviceId, limits: &Limits) -> Result<(), Refusal> {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let burst = f64::from(limits.burst);
        let (tokens, last) = rates.entry(device).or_insert((burst, now));
        let refill =
            now.duration_since(*last).as_secs_f64() * f64::from(limits.requests_per_second);
        *tokens = (*tokens + refill).min(burst);
        *last = now;
        if *tokens < 1.0 {
            let message = "this device sends too many requests: wait a second";
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", message));
        }
        *tokens -= 1.0;
        Ok(())
    }
}
