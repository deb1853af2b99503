//! Why a change cannot be made.

use super::{AmountError, BudgetPeriod, Field, Strategy};
use crate::{Currency, confirm::Language, text::TextError};

/// Why a change cannot be made of an entity as the platform reports it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChangeError {
    /// The campaign was removed or has ended.
    #[error("the campaign was removed or has ended, so that no change of it means anything")]
    Ended,
    /// The campaign has no such part.
    #[error("the campaign has no such {0}; name one that it has")]
    NoPart(&'static str),
    /// The part was removed.
    #[error("the {0} was removed, so that no change of it means anything")]
    PartEnded(&'static str),
    /// The ad does not run, so that another one would take nobody's place.
    #[error("the ad does not run, so that nothing can take its place; name one that runs")]
    AdPaused,
    /// The ad group has an ad with these texts, and it runs.
    #[error("the ad group has an ad with exactly these texts already, and it runs")]
    AdRuns,
    /// The ad is of a format that is not known here.
    #[error(
        "the ad is no responsive search ad with one landing page, and no other can be drafted here"
    )]
    AdFormat,
    /// The ad holds what another one would lose.
    #[error("the ad holds {0}, which another ad would lose; such an ad is changed at the platform")]
    AdHolds(&'static str),
    /// The account has no such thing.
    #[error("the account has no such {0}; name one that it has")]
    NotThere(&'static str),
    /// What the platform says of the entries of a set is more than can be kept together.
    #[error("what is known of these entries is too large to be kept together; draft it in parts")]
    TooLarge,
    /// Nobody joins the audience any more, so that it can be targeted no more.
    #[error(
        "one of the audiences is closed, and the platform lets closed ones be excluded only; open it there first"
    )]
    Closed,
    /// The campaign bids in a way in which the ad group's bid has no effect.
    #[error("the campaign bids by {}, and with that the ad group's bid has no effect", .0.name(Language::En))]
    NoEffect(Strategy),
    /// The campaign bids by a strategy that others share.
    #[error(
        "the campaign bids by a strategy that {0} campaigns share, and a change of it would move them all; it is made at the platform, or the campaign gets a strategy of its own there first"
    )]
    SharedStrategy(u32),
    /// The account is in another currency.
    #[error("the account is in {0}, and so must be every amount")]
    Currency(Currency),
    /// The campaign spends from a budget of the other sort.
    #[error("the campaign has a {}; draft a {} for it", .0.words(), .0.kind())]
    OtherBudget(BudgetPeriod),
    /// The platform reports something else than the draft's `before`.
    #[error("the platform's {} differs from `before`", .0.name(Language::En))]
    BeforeMoved(Field),
    /// The platform does not take such an amount.
    #[error("the platform would not accept it")]
    Amount(#[from] AmountError),
    /// The platform's name for the campaign or for what is written cannot be kept.
    #[error("the platform's name for this campaign or for what is written cannot be kept")]
    Name(#[from] TextError),
    /// The platform names what is written in a way that cannot be kept.
    #[error("the platform's name for what is written holds signs that cannot be kept")]
    Unreadable,
    /// A start that has passed.
    #[error("the campaign has begun, so that its start can no longer be moved")]
    HasStarted,
    /// A flight without an end whose budget is for the whole of it.
    #[error("the campaign spends from a total budget, so that its flight must end")]
    NeedsEnd,
    /// Two of the campaigns spend from one budget.
    #[error(
        "two of the campaigns spend from one and the same budget, so nothing can be moved between them"
    )]
    SameBudget,
    /// A transfer whose sides do not come to the same, or go the wrong way.
    #[error("what is lowered and what is raised do not come to the same amount of one currency")]
    Unbalanced,
    /// Not everything that it is about was read.
    #[error("not every campaign that the draft names was read")]
    NotRead,
    /// The state that it asks for is none that can be asked for.
    #[error("the change asks for a state that cannot be set")]
    State,
    /// A kind of change that has no such thing.
    #[error("a change of this kind has no such value")]
    NotAsked,
}

/// A made-up change has a part that is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a sample change has an invalid part")]
pub struct SampleError;
