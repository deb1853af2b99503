//! Reads of ad platforms for agents. Each account has room for a fixed number at a time and each read
//! has a deadline, its waiting included: an account that is slow, or dead, holds up nobody
//! else's. What cannot be read says why, in words that an agent can follow.

use crate::clock;
use countersign_executor::{
    Accounts, Capabilities, Delivery, ErrorClass, Parts, PartsAfter, Platform, PlatformError,
    outcome::plain,
};
use countersign_model::{
    EntityRef, EntityState,
    change::Part,
    entity::{PlatformId, PlatformKind},
    evidence::PacingSeries,
};
use futures::future::join_all;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// What the reads of one account may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadLimits {
    /// How many may be under way at the same time.
    pub at_once: usize,
    /// How long one may take from when it is asked for, all its calls together.
    pub within: Duration,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { at_once: 8, within: Duration::from_secs(30) }
    }
}

/// Where the numbers of each account come from, in words that approvers read.
pub type Sources = BTreeMap<(PlatformKind, PlatformId), String>;

/// The accounts, as agents may read them.
pub struct Reads {
    accounts: BTreeMap<(PlatformKind, PlatformId), Account>,
    limits: ReadLimits,
}

struct Account {
    platform: Arc<dyn Platform>,
    source: String,
    room: Semaphore,
}

/// One read under way; it holds a place of its account.
pub struct Reading<'a> {
    account: &'a Account,
    until: Instant,
    within: Duration,
    _place: SemaphorePermit<'a>,
}

/// What one account has.
pub struct Listed<'a> {
    /// The platform.
    pub platform: PlatformKind,
    /// The account.
    pub account: &'a PlatformId,
    /// Its campaigns, or why they cannot be told.
    pub campaigns: Result<Vec<EntityState>, Unread>,
}

/// Why something was not read. Nothing depends on it having been tried.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unread {
    /// The gate has no such account.
    #[error("the gate has no connection to this account; list the campaigns and choose from there")]
    NotSetUp,
    /// Other reads took all the time.
    #[error("too many reads of this account are under way; try again in a minute")]
    Busy,
    /// The platform took too long.
    #[error("the ad platform did not answer within {} seconds; try again in a minute", .0.as_secs())]
    Late(Duration),
    /// The platform, or the way to it, refused.
    #[error("{}", in_words(.0))]
    Refused(PlatformError),
}

/// What the class of an error means for whoever asked. The platform's own words may hold names.
fn in_words(error: &PlatformError) -> String {
    let code = plain(&error.code);
    match error.class {
        ErrorClass::RetryAfterReread | ErrorClass::Ambiguous => {
            format!("the ad platform cannot answer now ({code}); try again in a minute")
        }
        ErrorClass::WaitUntil { delay_ms } => {
            let seconds = delay_ms.div_ceil(1_000).max(1);
            format!("the ad platform wants {seconds} seconds of quiet ({code}); try again then")
        }
        ErrorClass::RefreshToken => format!(
            "the ad platform refuses the gate's credentials for this account ({code}); its operator must renew them"
        ),
        ErrorClass::Operator => format!(
            "the account is not set up so that the gate can read it ({code}); its operator must look"
        ),
        // The gate's own words hold no names.
        ErrorClass::Final if error.code.starts_with("gate.") => error.message.clone(),
        ErrorClass::Final => format!("the ad platform does not tell this ({code})"),
    }
}

impl Reads {
    /// Reads of these accounts; `sources` says where each one's numbers come from.
    #[must_use]
    pub fn new(accounts: &Accounts, mut sources: Sources, limits: ReadLimits) -> Self {
        let accounts = accounts.iter().map(|(kind, id, platform)| {
            let key = (kind, id.clone());
            let source = sources.remove(&key).unwrap_or_default();
            let room = Semaphore::new(limits.at_once);
            (key, Account { platform: Arc::clone(platform), source, room })
        });
        Self { accounts: accounts.collect(), limits }
    }

    /// How many accounts there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.accounts.len()
    }

    /// What the platform of an entity's account can do; `None` for one that is not set up.
    #[must_use]
    pub fn capabilities(&self, entity: &EntityRef) -> Option<Capabilities> {
        let key = (entity.platform, entity.account_id.clone());
        self.accounts.get(&key).map(|account| account.platform.capabilities())
    }

    /// Begins to read about an entity, when its account has room.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn begin(&self, entity: &EntityRef) -> Result<Reading<'_>, Unread> {
        let key = (entity.platform, entity.account_id.clone());
        self.reading(self.accounts.get(&key).ok_or(Unread::NotSetUp)?).await
    }

    /// Every account's campaigns, all accounts side by side.
    pub async fn list(&self) -> Vec<Listed<'_>> {
        let listed = self.accounts.iter().map(async |((platform, id), account)| {
            let campaigns = async {
                let reading = self.reading(account).await?;
                reading.within(account.platform.list(id)).await
            };
            Listed { platform: *platform, account: id, campaigns: campaigns.await }
        });
        join_all(listed).await
    }

    async fn reading<'a>(&self, account: &'a Account) -> Result<Reading<'a>, Unread> {
        let within = self.limits.within;
        let until = Instant::now() + within;
        let place = timeout_at(until, account.room.acquire()).await;
        let place = place.ok().and_then(Result::ok).ok_or(Unread::Busy)?;
        Ok(Reading { account, until, within, _place: place })
    }
}

impl Reading<'_> {
    /// A campaign as it is now, with the part of it that a draft is about.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn state(
        &self,
        entity: &EntityRef,
        part: Option<&Part>,
    ) -> Result<EntityState, Unread> {
        self.within(self.account.platform.read(entity, part)).await
    }

    /// What in a campaign, as it was just read, can be changed; of each list the page after the
    /// part named.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn parts(&self, state: &EntityState, after: &PartsAfter) -> Result<Parts, Unread> {
        self.within(self.account.platform.read_parts(state, after)).await
    }

    /// The delivery of a campaign, as it was just read, on the last `days` days.
    ///
    /// # Errors
    /// [`Unread`].
    pub async fn pacing(&self, state: &EntityState, days: u16) -> Result<PacingSeries, Unread> {
        let delivery = self.within(self.account.platform.read_pacing(state, days)).await?;
        let Delivery { asked, days } = delivery;
        Ok(PacingSeries {
            entity: state.entity.clone(),
            time_zone: state.time_zone.clone(),
            read_at_ms: clock::now(),
            budget: state.budget.holds,
            source: self.account.source.clone(),
            asked,
            days,
        })
    }

    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, PlatformError>>,
    ) -> Result<T, Unread> {
        let answered = timeout_at(self.until, call).await;
        answered.map_err(|_| Unread::Late(self.within))?.map_err(Unread::Refused)
    }
}

#[cfg(test)]
mod tests;
