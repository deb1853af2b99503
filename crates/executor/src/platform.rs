//! The wall to an ad platform: what is read, what is written, and what errors mean.

use async_trait::async_trait;
use countersign_model::{
    Action, EntityRef, EntityState,
    change::{AdGroupState, BiddingState, Level, Mutation, Part},
    entity::PlatformId,
    evidence::{DayRange, PacingDay},
};
use countersign_workflow::Authorized;

/// An ad platform with one account's credentials.
///
/// Implementations send each write once and never repeat it by themselves; they may
/// repeat reads. Every call ends within a time-out. Who repeats what is the saga's to say.
#[async_trait]
pub trait Platform: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Every campaign of an account that is not removed, by id.
    async fn list(&self, account: &PlatformId) -> Result<Vec<EntityState>, PlatformError>;

    /// A campaign as it is now, with the part of it that a change is about. A campaign that has
    /// no such part is read without it.
    async fn read(
        &self,
        entity: &EntityRef,
        part: Option<&Part>,
    ) -> Result<EntityState, PlatformError>;

    /// What in a campaign, as it was just read, can be changed beside its budget, flight and status; of
    /// each list the page after the part named. A platform that tells of no parts has none.
    async fn read_parts(
        &self,
        state: &EntityState,
        after: &PartsAfter,
    ) -> Result<Parts, PlatformError> {
        let _ = (state, after);
        Ok(Parts::default())
    }

    /// Delivery of a campaign, as it was just read, on the last `days` whole days of its
    /// account, oldest first, without gaps. It begins with the first and ends with the last day that the platform
    /// reports, so a day that is not reported yet is absent and not zero.
    async fn read_pacing(&self, state: &EntityState, days: u16) -> Result<Delivery, PlatformError>;

    /// Asks whether the write would be taken, changing nothing. Called only where
    /// [`Capabilities::validate_only`] says so.
    async fn validate(&self, write: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError>;

    /// Writes, once.
    async fn commit(&self, write: &AuthorizedWrite) -> Result<CommitAnswer, PlatformError>;
}

/// What a platform can do, in data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// A write can be checked without being made.
    pub validate_only: bool,
    /// What can be written.
    pub levels: &'static [Level],
}

impl Capabilities {
    /// Whether nothing can be written at all.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.levels.is_empty()
    }

    /// Whether such a write can be made at all.
    #[must_use]
    pub fn can_write(&self, mutation: &Mutation) -> bool {
        self.levels.contains(&mutation.level())
    }
}

/// Most parts of one sort in an answer.
pub const MAX_PARTS: usize = 100;

/// Where the page before ended, in each list of parts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PartsAfter {
    /// The last ad group of it.
    pub ad_group: Option<PlatformId>,
}

/// What in a campaign can be changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parts {
    /// How it bids; `None` where its platform tells nothing of bidding.
    pub bidding: Option<BiddingState>,
    /// Its ad groups that are not removed, by id; at most [`MAX_PARTS`].
    pub ad_groups: Vec<AdGroupState>,
    /// Whether there are more ad groups after these.
    pub has_more_ad_groups: bool,
}

/// What a platform reports of some days, and which days were asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The days that were asked for.
    pub asked: DayRange,
    /// The days that are reported; see [`Platform::read_pacing`].
    pub days: Vec<PacingDay>,
}

/// What is to be written, absolute. Made from an authorised change only:
///
/// ```compile_fail
/// use countersign_executor::AuthorizedWrite;
/// use countersign_model::change::Mutation;
/// fn forge(entity: countersign_model::EntityRef, mutation: Mutation) -> AuthorizedWrite {
///     AuthorizedWrite { entity, mutation, takes_back: false }
/// }
/// ```
///
/// ```compile_fail
/// use countersign_executor::AuthorizedWrite;
/// fn unsigned(action: &countersign_model::Action) -> Option<AuthorizedWrite> {
///     AuthorizedWrite::of(action, 0, false)
/// }
/// ```
#[derive(Debug)]
pub struct AuthorizedWrite {
    entity: EntityRef,
    mutation: Mutation,
    takes_back: bool,
}

impl AuthorizedWrite {
    /// The write that a leg of an authorised change asks for, counted from 0, or the one that
    /// takes it back; `None` of a leg that there is not.
    #[must_use]
    pub fn of(authorized: &Authorized<Action>, leg: usize, takes_back: bool) -> Option<Self> {
        let leg = authorized.action().legs().into_iter().nth(leg)?;
        let write = if takes_back { leg.inverse() } else { leg };
        Some(Self { entity: write.entity().clone(), mutation: write.mutation()?, takes_back })
    }

    /// Whether it takes back what was made of another leg's change.
    #[must_use]
    pub const fn takes_back(&self) -> bool {
        self.takes_back
    }

    /// The campaign.
    #[must_use]
    pub const fn entity(&self) -> &EntityRef {
        &self.entity
    }

    /// What should hold.
    #[must_use]
    pub const fn mutation(&self) -> &Mutation {
        &self.mutation
    }
}

/// A write, or its validation, that the platform took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommitAnswer {
    /// The platform's id of this call.
    pub request_id: Option<String>,
}

/// What an error allows next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorClass {
    /// Not applied; may be tried again after reading again.
    RetryAfterReread,
    /// On a write: it may or may not have been applied. On a read: try again.
    Ambiguous,
    /// Not applied; the platform wants this many milliseconds of quiet first.
    WaitUntil {
        /// Milliseconds from now.
        delay_ms: u64,
    },
    /// Not applied; the credentials were refused even after they were refreshed once.
    RefreshToken,
    /// Not applied; somebody must set up the account or the connector.
    Operator,
    /// Not applied; the change itself is wrong.
    Final,
}

/// An error of the platform or of the way to it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the ad platform refused or did not answer: {code}")]
pub struct PlatformError {
    /// What it allows next.
    pub class: ErrorClass,
    /// The platform's code, `family.CODE`, or what broke on the way.
    pub code: String,
    /// The platform's words; may hold names and amounts, so it is shown and never logged.
    pub message: String,
    /// The platform's id of this call.
    pub request_id: Option<String>,
}
