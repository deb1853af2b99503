//! The changes that can be proposed, as absolute states: what is, and what shall be. Each kind
//! of change is one module below; what differs by kind is answered there, purely, through
//! the trait `Kind`, and everything else asks [`Action`] or its [`Headline`].
//!
//! Reading order: [`state`] is what a platform reports and what it can be asked to write, [`part`]
//! what of a campaign is read beside it, [`creative`] what ads show,
//! [`diff`] how a change is told, [`amount`] which amounts a platform takes, `kind` the
//! questions that a kind answers; then one module per kind.

pub mod amount;
mod audience_add;
mod audience_exclude;
mod bid_change;
mod bidding;
mod budget_change;
mod budget_transfer;
pub mod creative;
mod creative_swap;
pub mod diff;
mod error;
pub mod facts;
mod kind;
pub mod part;
mod placement_add;
mod placement_exclude;
mod schedule_change;
pub mod set;
mod side;
pub mod state;
mod status_change;
mod total_budget_change;
mod window;

pub use amount::{AmountError, AmountLimits};
pub use audience_add::{AudienceAdd, AudienceAddDraft};
pub use audience_exclude::{AudienceExclude, AudienceExcludeDraft};
pub use bid_change::{BidChange, BidDraft, BidGroup};
pub use bidding::{BasisPoints, Bid, Bidding, Strategy};
pub use budget_change::{BudgetChange, BudgetDraft};
pub use budget_transfer::{BudgetTransfer, LegDraft, TransferDraft};
pub use creative::{AdKey, AdStanding, AdState, AdsState, Creative, CreativeError, Review};
pub use creative_swap::{
    AdName, CreativeDraft, CreativeSwap, NewAd, OldAd, PolicyFlag, Runs, Shown, Swap, SwapGroup,
};
pub use diff::{DiffRow, Field, Value};
pub use error::{ChangeError, SampleError};
pub use facts::Facts;
pub use part::{AdGroupState, BiddingState, Part, PartKind, PartName, PartState};
pub use placement_add::{PlacementAdd, PlacementAddDraft};
pub use placement_exclude::{PlacementExclude, PlacementExcludeDraft};
pub use schedule_change::{ScheduleChange, ScheduleDraft};
pub use set::{Criterion, Member, Standing, Vetting};
pub use side::{MAX_SIDE, Side};
pub use state::{
    Budget, BudgetPeriod, BudgetState, CampaignStatus, EntityState, Flight, Level, Mutation, NextAd,
};
pub use status_change::{StatusChange, StatusDraft, StatusGroup};
pub use total_budget_change::{TotalBudgetChange, TotalBudgetDraft};
pub use window::Window;

use crate::{
    Currency, EntityRef, Money, Ratio, Target, TimestampMs,
    confirm::{Language, Sheet},
    decision::RequestedChanges,
    draft::DraftError,
    money::MoneyError,
};
use kind::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest name of a campaign, in characters.
pub const MAX_NAME_CHARS: usize = 512;
/// Longest name of what a platform lets be written, in characters.
pub const MAX_RESOURCE_CHARS: usize = 256;
/// Longest name of a time zone, in characters.
pub const MAX_ZONE_CHARS: usize = 64;

/// What is published of a kind of change.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// Its name, as in bytes, schemas and policy input, e.g. `budget_change`.
    pub name: &'static str,
    /// The name of the tool that drafts it, e.g. `draft_budget_change`.
    pub tool: &'static str,
    /// What an agent may ask for with it, in a sentence.
    pub offer: &'static str,
    /// Whether its drafts must say what would have had to be otherwise for another answer.
    pub needs_counterfactual: bool,
    /// The published JSON Schema (2020-12) of its draft.
    pub schema: &'static str,
    /// A draft as the schema describes it.
    pub example: &'static str,
}

/// Lists the kinds: the enums over them, and the way to each one's answers.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($change:ty, $draft:ty) $name:literal;)*) => {
        /// A proposed or decided change. The kind is part of the bytes.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $name)] $kind($change),)*
        }

        /// The change an agent asks for, one variant per kind.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
        #[serde(tag = "proposal_type")]
        pub enum DraftChange {
            $($(#[$doc])* #[serde(rename = $name)] $kind($draft),)*
        }

        /// The kinds that there are, in the order in which they came.
        pub const KINDS: &[KindInfo] = &[$(KindInfo {
            name: $name,
            tool: concat!("draft_", $name),
            offer: <$change as Kind>::OFFER,
            needs_counterfactual: <$change as Kind>::NEEDS_COUNTERFACTUAL,
            schema: include_str!(concat!("../../../schemas/", $name, ".schema.json")),
            example: include_str!(concat!("../../../schemas/examples/", $name, ".json")),
        }),*];

        /// Calls `$body` with what is inside of an action.
        macro_rules! of {
            ($action:expr, $inner:ident => $body:expr) => {
                match $action { $(Action::$kind($inner) => $body,)* }
            };
        }

        /// Calls `$body` with two changes of one kind; two of different kinds are `$other`.
        macro_rules! of_both {
            ($one:expr, $two:expr, ($own:ident, $their:ident) => $body:expr, $other:expr) => {
                match ($one, $two) {
                    $((Action::$kind($own), Action::$kind($their)) => $body,)*
                    _ => $other,
                }
            };
        }

        impl Action {
            /// A change of each kind, made up: for practice and for tests that walk the kinds.
            ///
            /// # Errors
            /// Never: the parts are constants.
            pub fn samples(at: TimestampMs) -> Result<Vec<Self>, SampleError> {
                Ok(vec![$(Self::$kind(<$change as Kind>::sample(at)?)),*])
            }

            /// The name of the kind, as in schemas and policy input.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name,)* }
            }

            /// What is read beside the campaign, because the change is about it.
            #[must_use]
            pub fn part(&self) -> Option<Part> {
                match self { $(Self::$kind(change) => change.part(),)* }
            }

            /// Whether the kind lets a draft say when its reason begins and ends.
            #[must_use]
            pub const fn has_window(&self) -> bool {
                match self { $(Self::$kind(_) => <$change as Kind>::HAS_WINDOW,)* }
            }

            /// The change as it stands in a state: its `before` and what else was signed, with
            /// what the platform reports in place of what it changes. What is read back is this.
            #[must_use]
            pub fn seen_in(&self, state: &EntityState) -> Self {
                match self { $(Self::$kind(change) => Self::$kind(change.seen_in(state)),)* }
            }

            /// The change with a person's own value in place of the proposed one; `None` for a
            /// kind that has no such value.
            #[must_use]
            pub fn with_own_value(&self, value: Value) -> Option<Self> {
                match self {
                    $(Self::$kind(change) => change.with_own_value(value).map(Self::$kind),)*
                }
            }

            /// The change with a part of its set, by the keys of the entries that are kept;
            /// `None` of none, of one that was not proposed, and for a change without a set.
            #[must_use]
            pub fn with_own_part(&self, keys: &[String]) -> Option<Self> {
                match self {
                    $(Self::$kind(change) => change.with_own_part(keys).map(Self::$kind),)*
                }
            }

            /// The change with legs as they were read back in place of its own; `None` unless
            /// they are as many and of the same kinds.
            #[must_use]
            pub fn with_legs(&self, mut legs: Vec<Self>) -> Option<Self> {
                if !self.has_legs() {
                    return legs.pop().filter(|leg| legs.is_empty() && leg.kind() == self.kind());
                }
                match self { $(Self::$kind(change) => change.with_legs(legs).map(Self::$kind),)* }
            }

            /// The change with what the company knows of what it is about, at the moment when
            /// it is proposed, in place of whatever was said of that before. Whoever checks a
            /// proposal asks whether this changes it.
            #[must_use]
            pub fn assessed(&self, vetting: &Vetting, at: TimestampMs) -> Self {
                match self {
                    $(Self::$kind(change) => Self::$kind(change.assessed(vetting, at)),)*
                }
            }

            /// The change that takes this one back once it holds. It is a proposal of its own.
            #[must_use]
            pub fn inverse(&self) -> Self {
                match self { $(Self::$kind(change) => Self::$kind(change.inverse()),)* }
            }
        }

        impl DraftChange {
            /// The name of the kind.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name,)* }
            }

            /// Whether the draft must say what would have had to be otherwise for another
            /// answer.
            pub(crate) const fn needs_counterfactual(&self) -> bool {
                match self { $(Self::$kind(_) => <$change as Kind>::NEEDS_COUNTERFACTUAL,)* }
            }

            /// What the draft is about: what must be read to judge it, the one that leads
            /// first; never empty once it was checked.
            #[must_use]
            pub fn entities(&self) -> Vec<&EntityRef> {
                match self { $(Self::$kind(draft) => <$change as Kind>::entities(draft),)* }
            }

            /// What must be read beside the campaign, because the draft is about it.
            #[must_use]
            pub fn part(&self) -> Option<Part> {
                match self { $(Self::$kind(draft) => <$change as Kind>::draft_part(draft),)* }
            }

            /// Checks what a schema cannot say.
            ///
            /// # Errors
            /// The first [`DraftError`] found.
            pub fn check(&self) -> Result<(), DraftError> {
                match self { $(Self::$kind(draft) => <$change as Kind>::check_draft(draft),)* }
            }

            /// The change that it asks for of its [entities](Self::entities) as the platform
            /// reports them, in that order.
            ///
            /// # Errors
            /// [`ChangeError`]: the first reason why the platform would not take it, or why
            /// the draft believes in another state.
            pub fn of_states(&self, states: &[EntityState]) -> Result<Action, ChangeError> {
                // A change over several campaigns is about none of their parts.
                if let Some(part) = self.part()
                    && !states.iter().any(|state| state.has(&part))
                {
                    return Err(ChangeError::NoPart(part.words()));
                }
                let action = match self {
                    $(Self::$kind(draft) => {
                        Action::$kind(<$change as Kind>::of_draft(draft, states)?)
                    })*
                };
                action.check()?;
                let seen = states.iter().fold(action.clone(), |seen, state| seen.seen_in(state));
                // What cannot be recognised when it is read again cannot be executed either.
                if action.is_unmade_in(&seen) { Ok(action) } else { Err(ChangeError::Unreadable) }
            }
        }
    };
}

kinds! {
    /// Set a campaign's average daily budget.
    BudgetChange(BudgetChange, BudgetDraft) "budget_change";
    /// Pause a campaign or an ad group, or let it run again.
    StatusChange(StatusChange, StatusDraft) "status_change";
    /// Set what a campaign may spend over its whole flight.
    TotalBudgetChange(TotalBudgetChange, TotalBudgetDraft) "total_budget_change";
    /// Set when a campaign's flight begins and ends.
    ScheduleChange(ScheduleChange, ScheduleDraft) "schedule_change";
    /// Move daily budget from campaigns to other campaigns.
    BudgetTransfer(BudgetTransfer, TransferDraft) "budget_transfer";
    /// Set an ad group's bid, or how a campaign bids.
    BidChange(BidChange, BidDraft) "bid_change";
    /// Let another ad run in place of one.
    CreativeSwap(CreativeSwap, CreativeDraft) "creative_swap";
    /// Show ads in further places, or no longer.
    PlacementAdd(PlacementAdd, PlacementAddDraft) "placement_add";
    /// Show no ads in places, or let them in again.
    PlacementExclude(PlacementExclude, PlacementExcludeDraft) "placement_exclude";
    /// Reach further people, or no longer.
    AudienceAdd(AudienceAdd, AudienceAddDraft) "audience_add";
    /// Leave people out, or let them in again.
    AudienceExclude(AudienceExclude, AudienceExcludeDraft) "audience_exclude";
}

/// What is published of a kind; `None` for a kind that there is not.
#[must_use]
pub fn kind_named(name: &str) -> Option<&'static KindInfo> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Which way the money at risk moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More money at risk.
    Increase,
    /// Less money at risk; never blocked by the gate.
    Decrease,
    /// As much as before.
    None,
}

/// What may be spent, by the platform's own setting: before a change and after it. Both are of
/// one currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spend {
    /// What the amounts are for: a day, or the whole flight.
    pub per: BudgetPeriod,
    /// As things are.
    pub before: Money,
    /// Once the change holds.
    pub after: Money,
}

impl Spend {
    /// The change relative to `before`; `None` when `before` is zero.
    #[must_use]
    pub fn ratio(self) -> Option<Ratio> {
        amount::ratio(self.before, self.after)
    }

    /// After minus before.
    ///
    /// # Errors
    /// [`MoneyError::Range`] for absurd amounts.
    pub fn delta(self) -> Result<Money, MoneyError> {
        self.after.minus(self.before)
    }
}

/// A change without its kind: what lists, searches, sums and sentences are made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Headline {
    /// The kind's name; for words, never to branch on.
    pub kind: &'static str,
    /// What it is about.
    pub entity: EntityRef,
    /// What is written.
    pub target: Target,
    /// The name of what it is about, as the platform gave it.
    pub subject: String,
    /// The part of that which it is about, where it has a name.
    pub part: Option<PartName>,
    /// Whether that runs.
    pub status: CampaignStatus,
    /// How many campaigns the write moves.
    pub shared_by: u32,
    /// Which way the money at risk moves.
    pub direction: Direction,
    /// What changes, the most important first; never empty.
    pub diff: Vec<DiffRow>,
    /// What may be spent, where the kind has to do with money.
    pub spend: Option<Spend>,
    /// The most that it can cost over the window, or a month; `None` where it costs nothing
    /// and where it is more than can be counted.
    pub stake: Option<Money>,
    /// When the reason for it begins and ends; `None` is until further notice.
    pub window: Option<Window>,
    /// Whether it can have such a window at all.
    pub has_window: bool,
}

impl Headline {
    /// What it is about, the part included: for lists of which each line stands for one change.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.part {
            Some(part) => format!("{} \u{203a} {}", self.subject, part.name),
            None => self.subject.clone(),
        }
    }
}

/// What people may ask of an agent when they send a case back, beside evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Asks {
    /// An amount that would do, of those that the platform takes.
    pub amount: Option<AmountLimits>,
    /// A longest window in days.
    pub days: bool,
    /// Other texts, which the reason describes.
    pub texts: bool,
}

impl Action {
    /// What the change is about.
    #[must_use]
    pub fn entity(&self) -> &EntityRef {
        of!(self, change => change.entity())
    }

    /// What is written when the change is made. Revisions, supersession, trailing sums and
    /// "one write at a time" count per target: two campaigns that share a budget have one.
    #[must_use]
    pub fn target(&self) -> Target {
        let entity = self.entity();
        Target {
            platform: entity.platform,
            account_id: entity.account_id.clone(),
            resource: of!(self, change => change.resource()).into(),
        }
    }

    /// The writes that it consists of, in the order in which they are made: itself alone, for a
    /// change of one thing. Each is applied and proven by itself.
    #[must_use]
    pub fn legs(&self) -> Vec<Self> {
        let legs = of!(self, change => change.legs());
        if legs.is_empty() { vec![self.clone()] } else { legs }
    }

    /// Whether it writes more than one thing.
    #[must_use]
    pub fn has_legs(&self) -> bool {
        of!(self, change => !change.legs().is_empty())
    }

    /// Everything that is written when the change is made, without repetition.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        let targets: BTreeSet<_> = self.legs().iter().map(Self::target).collect();
        targets.into_iter().collect()
    }

    /// The change without its kind.
    #[must_use]
    pub fn headline(&self) -> Headline {
        Headline {
            kind: self.kind(),
            entity: self.entity().clone(),
            target: self.target(),
            subject: of!(self, change => change.subject()).into(),
            part: of!(self, change => change.part_name()),
            status: of!(self, change => change.status()),
            shared_by: self.shared_by(),
            direction: self.direction(),
            diff: self.diff(),
            spend: self.spend(),
            stake: self.stake().ok().flatten(),
            window: self.window(),
            has_window: self.has_window(),
        }
    }

    /// What changes, the most important first; never empty.
    #[must_use]
    pub fn diff(&self) -> Vec<DiffRow> {
        of!(self, change => change.diff())
    }

    /// The entries of a change of a set, each as what it is; none of any other change.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        of!(self, change => change.members())
    }

    /// The value that shall hold of what matters most.
    #[must_use]
    pub fn lead(&self) -> Option<Value> {
        self.diff().into_iter().next().map(|row| row.after)
    }

    /// Which way it moves.
    #[must_use]
    pub fn direction(&self) -> Direction {
        of!(self, change => change.direction())
    }

    /// What may be spent before and after, where the kind has to do with money.
    #[must_use]
    pub fn spend(&self) -> Option<Spend> {
        of!(self, change => change.spend())
    }

    /// The most that it can cost over its window, or over a month when there is none; `None`
    /// where it costs nothing.
    ///
    /// # Errors
    /// [`MoneyError::Range`] where that is more than can be counted.
    pub fn stake(&self) -> Result<Option<Money>, MoneyError> {
        of!(self, change => change.stake())
    }

    /// The currency of the account, where the kind has to do with money.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        of!(self, change => change.currency())
    }

    /// By how much it raises what may be spent, in micros; `None` unless it does. What is written
    /// has amounts of one sort only, per day or per flight, so that these add up.
    #[must_use]
    pub fn raised_micros(&self) -> Option<i64> {
        let raised = self.spend()?.delta().ok()?.amount_micros;
        (self.direction() == Direction::Increase).then_some(raised)
    }

    /// The daily budget for which a forecast of delivery says something, if there is one.
    #[must_use]
    pub fn forecast(&self) -> Option<Money> {
        of!(self, change => change.forecast())
    }

    /// How many campaigns the write moves.
    #[must_use]
    pub fn shared_by(&self) -> u32 {
        of!(self, change => change.shared_by())
    }

    /// When the reason for it begins and ends.
    #[must_use]
    pub fn window(&self) -> Option<Window> {
        of!(self, change => change.window())
    }

    /// What rules may ask of this kind alone.
    #[must_use]
    pub fn facts(&self) -> Facts {
        of!(self, change => change.facts())
    }

    /// The words that people outside would read once it holds, for rules about words.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        of!(self, change => change.texts())
    }

    /// The ads of which one takes the other's place, as people see them.
    #[must_use]
    pub fn swap(&self) -> Option<Swap> {
        of!(self, change => change.swap())
    }

    /// Whether the platform, as it stands in the change itself, takes it.
    ///
    /// # Errors
    /// [`ChangeError`]: the first that fits.
    pub fn check(&self) -> Result<(), ChangeError> {
        of!(self, change => change.check())
    }

    /// What the platform is asked to write; `None` where that is asked of its legs.
    #[must_use]
    pub fn mutation(&self) -> Option<Mutation> {
        of!(self, change => change.mutation())
    }

    /// Whether `held` is what this change asks for, whatever it does not write.
    #[must_use]
    pub fn is_held_by(&self, held: &Self) -> bool {
        of_both!(self, held, (own, held) => own.is_held_by(held), false)
    }

    /// Whether `held` is still what this change began with: its `before` of the same thing in
    /// the same state.
    #[must_use]
    pub fn is_unmade_in(&self, held: &Self) -> bool {
        of_both!(self, held, (own, held) => own.is_unmade_in(held), false)
    }

    /// Whether a signature under `ceiling` also covers `self`: the same thing, from the
    /// same `before`, in the same direction, and no further. An approval is a ceiling.
    #[must_use]
    pub fn is_covered_by(&self, ceiling: &Self) -> bool {
        of_both!(self, ceiling, (own, ceiling) => own.is_covered_by(ceiling), false)
    }

    /// The amounts that a person may set instead; `None` for a kind whose value nobody may
    /// narrow.
    #[must_use]
    pub fn own_amounts(&self) -> Option<AmountLimits> {
        of!(self, change => change.own_amounts())
    }

    /// Whether a person may sign a part of the set that it is about, each entry as it is.
    #[must_use]
    pub fn has_own_part(&self) -> bool {
        of!(self, change => change.has_own_part())
    }

    /// Whether `self` is `proposed` with another value of the same sort, narrower or not.
    #[must_use]
    pub fn differs_in_value_only(&self, proposed: &Self) -> bool {
        self.lead().zip(proposed.lead()).is_some_and(|(own, theirs)| own.is_like(&theirs))
            && self.lead().and_then(|own| proposed.with_own_value(own)).as_ref() == Some(self)
    }

    /// What people may ask of the agent instead.
    #[must_use]
    pub fn asks(&self) -> Asks {
        of!(self, change => change.asks())
    }

    /// Whether what is asked of an agent fits the change.
    ///
    /// # Errors
    /// [`ChangeError::Amount`], and [`ChangeError::NotAsked`] for what a kind has not.
    pub fn check_requested(&self, requested: &RequestedChanges) -> Result<(), ChangeError> {
        let asks = self.asks();
        if let Some(amount) = requested.max_after {
            asks.amount.ok_or(ChangeError::NotAsked)?.check(amount)?;
        }
        if (requested.max_days.is_some() && !asks.days) || (requested.texts && !asks.texts) {
            return Err(ChangeError::NotAsked);
        }
        Ok(())
    }

    /// The kind as a noun with its article, e.g. `a budget change`, for headlines.
    pub(crate) fn noun(&self, language: Language) -> &'static str {
        of!(self, change => change.noun(language))
    }

    /// What a person should know of it before signing, beside what every change has.
    pub(crate) fn context(&self, sheet: &mut Sheet) {
        of!(self, change => change.context(sheet));
    }
}
