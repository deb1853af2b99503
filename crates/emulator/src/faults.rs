//! Faults on demand: a queue of misbehaviours, each waiting for the request that it matches.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Longest time that a fault may hold a connection, milliseconds.
pub const LONGEST_HOLD_MS: u64 = 600_000;
const DEFAULT_HOLD_MS: u64 = 2_000;
const DEFAULT_RETRY_DELAY_S: u32 = 60;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Hold the connection for `hold_ms`, drop it without an answer, write nothing.
    TimeoutBeforeCommit,
    /// Write, hold the connection for `hold_ms`, drop it without an answer.
    TimeoutAfterCommit,
    /// Write, hold the answer for `hold_ms`, then send it.
    PauseAfterCommit,
    /// 429 `quotaError.RESOURCE_EXHAUSTED` with `retry_delay_s`.
    Quota,
    /// 409 `databaseError.CONCURRENT_MODIFICATION`, nothing written.
    ConcurrentModification,
    /// Right after a read that showed the resource, somebody else writes it: a budget's
    /// `amount_micros`, or what `set` says of `resource_name`.
    ForeignWriter,
    /// 500 `internalError.INTERNAL_ERROR`; with `commit` the write happens all the same.
    #[serde(rename = "server_error_500")]
    ServerError500,
    /// A dry run that writes.
    ValidateOnlyWrites,
    /// A write that answers success and changes nothing.
    SuccessNotApplied,
    /// A read that answers what stood before the last write.
    StaleRead,
}

/// Which requests a fault waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A mutate call that would write.
    Mutate,
    /// A mutate call with `validateOnly`.
    Validate,
    /// `googleAds:search` and `googleAds:searchStream`.
    Search,
    /// Any of these.
    Any,
}

/// Body of POST `/_control/faults`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultOrder {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Requests it waits for; each kind has a default.
    pub on: Option<Target>,
    /// Matching requests to let pass first.
    #[serde(default)]
    pub skip: u32,
    /// Times that it strikes; once when left out.
    pub count: Option<u32>,
    /// How long to hold, milliseconds; 2000 when left out.
    pub hold_ms: Option<u64>,
    /// For `quota`: `retryDelay`, seconds; 60 when left out.
    pub retry_delay_s: Option<u32>,
    /// For `server_error_500`: write before failing.
    #[serde(default)]
    pub commit: bool,
    /// For `foreign_writer`: the budget, by its own id or its campaign's.
    pub budget_id: Option<i64>,
    /// For `foreign_writer`: the budget, by its campaign.
    pub campaign_id: Option<i64>,
    /// For `foreign_writer`: the amount that the other writer sets, micros.
    pub amount_micros: Option<i64>,
    /// For `foreign_writer`: the resource, when it is no budget's daily amount.
    pub resource_name: Option<String>,
    /// For `foreign_writer`: the fields that the other writer sets, `null` to clear.
    pub set: Option<Value>,
    /// The service whose calls the fault waits for, such as `adGroups` or `googleAds`; of a write
    /// only. Any when left out.
    pub service: Option<String>,
}

/// A fault that waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// Number given at queueing.
    pub id: u64,
    /// What goes wrong.
    pub kind: FaultKind,
    /// Requests it waits for.
    pub on: Target,
    /// Matching requests still to let pass.
    pub skip: u32,
    /// Times it will still strike.
    pub count: u32,
    /// Milliseconds to hold.
    pub hold_ms: u64,
    /// `retryDelay`, seconds.
    pub retry_delay_s: u32,
    /// Write before failing.
    pub commit: bool,
    /// The other writer's resource, and the fields that are set.
    pub foreign_write: Option<(String, Value)>,
    /// The only service whose writes are struck.
    pub service: Option<String>,
}

/// Why a fault was not queued.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Count is zero.
    #[error("count must be at least 1")]
    NeverStrikes,
    /// The hold is too long.
    #[error("hold_ms must be at most 600000")]
    HoldTooLong,
    /// The kind makes no sense on that target.
    #[error("{kind} strikes on \"{allowed}\" only: leave `on` out")]
    WrongTarget {
        /// The kind as it is written in JSON.
        kind: &'static str,
        /// The target it has.
        allowed: &'static str,
    },
    /// `foreign_writer` without its budget or amount.
    #[error(
        "foreign_writer needs amount_micros and a known budget_id or campaign_id, or set and a \
         known resource_name"
    )]
    ForeignWriterIncomplete,
}

impl FaultKind {
    fn default_target(self) -> Target {
        match self {
            Self::TimeoutBeforeCommit
            | Self::TimeoutAfterCommit
            | Self::PauseAfterCommit
            | Self::ConcurrentModification
            | Self::SuccessNotApplied => Target::Mutate,
            Self::ValidateOnlyWrites => Target::Validate,
            Self::ForeignWriter | Self::StaleRead => Target::Search,
            Self::Quota | Self::ServerError500 => Target::Any,
        }
    }

    /// Kinds that are about a write (or about one kind of call) stay with their target.
    fn fixed_target(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::TimeoutAfterCommit => Some(("timeout_after_commit", "mutate")),
            Self::PauseAfterCommit => Some(("pause_after_commit", "mutate")),
            Self::SuccessNotApplied => Some(("success_not_applied", "mutate")),
            Self::ValidateOnlyWrites => Some(("validate_only_writes", "validate")),
            Self::ForeignWriter => Some(("foreign_writer", "search")),
            Self::StaleRead => Some(("stale_read", "search")),
            _ => None,
        }
    }
}

/// The waiting faults, first come first served.
#[derive(Debug, Default)]
pub struct FaultQueue {
    waiting: Vec<Fault>,
    queued: u64,
    struck: u64,
}

impl FaultQueue {
    /// Queues a fault. `foreign` is the resource that the order names, if it exists.
    ///
    /// # Errors
    /// [`FaultError`].
    pub fn queue(
        &mut self,
        order: &FaultOrder,
        foreign: Option<String>,
    ) -> Result<Fault, FaultError> {
        let on = order.on.unwrap_or_else(|| order.kind.default_target());
        if let Some((kind, allowed)) = order.kind.fixed_target()
            && on != order.kind.default_target()
        {
            return Err(FaultError::WrongTarget { kind, allowed });
        }
        let amount = order.amount_micros.map(|amount| json!({"amount_micros": amount}));
        let foreign_write = foreign.zip(order.set.clone().or(amount));
        let foreign_write = match (order.kind, foreign_write) {
            (FaultKind::ForeignWriter, None) => return Err(FaultError::ForeignWriterIncomplete),
            (FaultKind::ForeignWriter, write) => write,
            _ => None,
        };
        let count = order.count.unwrap_or(1);
        let hold_ms = order.hold_ms.unwrap_or(DEFAULT_HOLD_MS);
        if count == 0 {
            return Err(FaultError::NeverStrikes);
        }
        if hold_ms > LONGEST_HOLD_MS {
            return Err(FaultError::HoldTooLong);
        }
        self.queued += 1;
        let fault = Fault {
            id: self.queued,
            kind: order.kind,
            on,
            skip: order.skip,
            count,
            hold_ms,
            retry_delay_s: order.retry_delay_s.unwrap_or(DEFAULT_RETRY_DELAY_S),
            commit: order.commit,
            foreign_write,
            service: order.service.clone(),
        };
        self.waiting.push(fault.clone());
        Ok(fault)
    }

    /// The fault that strikes this request, if any. `service` is what is written.
    pub fn strike(&mut self, target: Target, service: Option<&str>) -> Option<Fault> {
        self.take(|fault| {
            fault.foreign_write.is_none()
                && (fault.on == target || fault.on == Target::Any)
                && (fault.service.is_none() || fault.service.as_deref() == service)
        })
    }

    /// The foreign write, resource and fields, that follows a read of these resources.
    pub fn strike_after_read(&mut self, read: &[String]) -> Option<(String, Value)> {
        self.take(|fault| fault.foreign_write.as_ref().is_some_and(|(name, _)| read.contains(name)))
            .and_then(|fault| fault.foreign_write)
    }

    fn take(&mut self, matches: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let index = self.waiting.iter_mut().position(|fault| {
            if !matches(fault) {
                return false;
            }
            let ready = fault.skip == 0;
            fault.skip = fault.skip.saturating_sub(1);
            ready
        })?;
        let fault = self.waiting[index].clone();
        self.waiting[index].count -= 1;
        if self.waiting[index].count == 0 {
            self.waiting.remove(index);
        }
        self.struck += 1;
        Some(fault)
    }

    /// Forgets every waiting fault.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Faults that still wait.
    #[must_use]
    pub fn waiting(&self) -> &[Fault] {
        &self.waiting
    }

    /// How often a fault has struck.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(json: &str) -> FaultOrder {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_waits_for_its_target_and_its_turn() {
        let mut queue = FaultQueue::default();
        let quota = order(r#"{"kind":"quota","on":"validate","skip":1,"count":2}"#);
        queue.queue(&quota, None).unwrap();
        assert!(queue.strike(Target::Mutate, None).is_none());
        assert!(queue.strike(Target::Validate, None).is_none());
        assert_eq!(queue.strike(Target::Validate, None).unwrap().retry_delay_s, 60);
        assert!(queue.strike(Target::Validate, None).is_some());
        assert!(queue.strike(Target::Validate, None).is_none());
        assert_eq!(queue.struck(), 2);
    }

    #[test]
    fn a_fault_of_one_service_lets_the_others_pass() {
        let mut queue = FaultQueue::default();
        queue.queue(&order(r#"{"kind":"concurrent_modification","service":"ads"}"#), None).unwrap();
        assert!(queue.strike(Target::Mutate, Some("adGroups")).is_none());
        assert!(queue.strike(Target::Mutate, Some("ads")).is_some());
    }

    #[test]
    fn a_foreign_writer_waits_for_a_read_of_its_budget() {
        let mut queue = FaultQueue::default();
        let foreign = order(r#"{"kind":"foreign_writer","budget_id":7,"amount_micros":9}"#);
        queue.queue(&foreign, Some("b/7".to_owned())).unwrap();
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert!(queue.strike(Target::Search, None).is_none());
        assert!(queue.strike_after_read(&names(&["b/8"])).is_none());
        let struck = queue.strike_after_read(&names(&["b/8", "b/7"]));
        assert_eq!(struck, Some(("b/7".to_owned(), json!({"amount_micros": 9}))));
        assert!(queue.strike_after_read(&names(&["b/7"])).is_none());
    }

    #[test]
    fn senseless_orders_are_refused() {
        let mut queue = FaultQueue::default();
        for (json, error) in [
            (r#"{"kind":"quota","count":0}"#, FaultError::NeverStrikes),
            (r#"{"kind":"quota","hold_ms":600001}"#, FaultError::HoldTooLong),
            (r#"{"kind":"foreign_writer"}"#, FaultError::ForeignWriterIncomplete),
            (
                r#"{"kind":"timeout_after_commit","on":"search"}"#,
                FaultError::WrongTarget { kind: "timeout_after_commit", allowed: "mutate" },
            ),
        ] {
            assert_eq!(queue.queue(&order(json), None).unwrap_err(), error);
        }
        assert!(serde_json::from_str::<FaultOrder>(r#"{"kind":"quota","x":1}"#).is_err());
    }
}
