//! The questions that a kind of change answers, each purely. Whoever adds a kind answers
//! them in one module and lists it in [`super`]; nothing outside asks for a single kind.

use super::{
    Action, AmountLimits, Asks, CampaignStatus, ChangeError, DiffRow, Direction, EntityState,
    Facts, Member, Mutation, Part, PartName, SampleError, Spend, Swap, Value, Vetting, Window,
};
use crate::{
    Currency, EntityRef, Money, TimestampMs,
    confirm::{Language, Sheet},
    draft::DraftError,
    entity::{PlatformId, PlatformKind},
    money::MoneyError,
};

/// One kind of change.
pub(super) trait Kind: Clone + PartialEq {
    /// The agent's own part.
    type Draft;

    /// What an agent may ask for with it, in a sentence.
    const OFFER: &'static str;

    /// Whether a draft of it may say when its reason begins and ends. One that sets moments
    /// itself has none beside them.
    const HAS_WINDOW: bool = true;

    /// Whether a draft must give `recommended_action` and `counterfactual`, as a change of who
    /// or what is reached must: people cannot judge it from its amounts.
    const NEEDS_COUNTERFACTUAL: bool = false;

    /// What the change is about.
    fn entity(&self) -> &EntityRef;

    /// What is read beside the campaign. A kind that names a part must take a state without it,
    /// or with another one, for a state that it is neither held by nor unmade in.
    fn part(&self) -> Option<Part> {
        None
    }

    /// What must be read beside the campaign for a draft.
    fn draft_part(_: &Self::Draft) -> Option<Part> {
        None
    }

    /// That part for words, where it has a name.
    fn part_name(&self) -> Option<PartName> {
        None
    }

    /// The campaign's name, as the platform gave it.
    fn subject(&self) -> &str;

    /// The platform's name of what is written.
    fn resource(&self) -> &str;

    /// Whether the campaign runs when nothing is done.
    fn status(&self) -> CampaignStatus;

    /// Which way the money at risk moves.
    fn direction(&self) -> Direction;

    /// What may be spent, where the kind has to do with money.
    fn spend(&self) -> Option<Spend>;

    /// The currency of the account, where the kind has to do with money.
    fn currency(&self) -> Option<Currency> {
        self.spend().map(|spend| spend.after.currency)
    }

    /// The most that it can cost; `None` where it costs nothing.
    ///
    /// # Errors
    /// [`MoneyError::Range`] where that is more than can be counted.
    fn stake(&self) -> Result<Option<Money>, MoneyError>;

    /// The daily budget for which a forecast says something.
    fn forecast(&self) -> Option<Money> {
        None
    }

    /// How many campaigns the write moves.
    fn shared_by(&self) -> u32 {
        1
    }

    /// When the reason begins and ends.
    fn window(&self) -> Option<Window> {
        None
    }

    /// What rules may ask of this kind alone.
    fn facts(&self) -> Facts {
        Facts::default()
    }

    /// The words that people outside would read once it holds.
    fn texts(&self) -> Vec<&str> {
        vec![]
    }

    /// Two ads of which one takes the other's place, where that is what changes.
    fn swap(&self) -> Option<Swap> {
        None
    }

    /// The changes that it consists of, in the order in which they are made, where it writes
    /// more than one thing; empty for a kind that is one write. Money that moves goes down
    /// before it goes up.
    fn legs(&self) -> Vec<Action> {
        vec![]
    }

    /// The change with legs as they were read back in place of its own; `None` unless they are
    /// as many and of the same kinds.
    #[must_use]
    fn with_legs(&self, _: Vec<Action>) -> Option<Self> {
        None
    }

    /// What changes, the most important first; never empty.
    fn diff(&self) -> Vec<DiffRow>;

    /// The entries of a change of a set, each as what it is.
    fn members(&self) -> Vec<Member> {
        vec![]
    }

    /// The kind as a noun with its article.
    fn noun(&self, language: Language) -> &'static str;

    /// Lines of the confirm sheet beside what every change has.
    fn context(&self, sheet: &mut Sheet);

    /// Limits and preconditions that the platform states beforehand.
    ///
    /// # Errors
    /// [`ChangeError`]: the first that fits.
    fn check(&self) -> Result<(), ChangeError>;

    /// What the platform is asked to write; `None` for a kind that has legs, each of which
    /// is asked instead.
    fn mutation(&self) -> Option<Mutation>;

    /// The change as it stands in a state that the platform reports. Of a kind that has legs,
    /// those that are about another entity stay as they are.
    #[must_use]
    fn seen_in(&self, state: &EntityState) -> Self;

    /// Whether `held` is what this change asks for.
    fn is_held_by(&self, held: &Self) -> bool;

    /// Whether `held` is still what this change began with.
    fn is_unmade_in(&self, held: &Self) -> bool;

    /// Whether a signature under `ceiling` also covers `self`.
    fn is_covered_by(&self, ceiling: &Self) -> bool;

    /// The change with what the company knows of what it is about, and with nothing else that
    /// anybody said to be that; most kinds are about nothing that it knows.
    #[must_use]
    fn assessed(&self, _: &Vetting, _: TimestampMs) -> Self {
        self.clone()
    }

    /// The change that takes this one back once it holds.
    #[must_use]
    fn inverse(&self) -> Self;

    /// The amounts that a person may set instead.
    fn own_amounts(&self) -> Option<AmountLimits> {
        None
    }

    /// Whether a person may sign a part of its set.
    fn has_own_part(&self) -> bool {
        false
    }

    /// The change with the entries of its set that these keys name.
    #[must_use]
    fn with_own_part(&self, _: &[String]) -> Option<Self> {
        None
    }

    /// The change with a person's own value; `None` for a kind that takes no such value.
    #[must_use]
    fn with_own_value(&self, _: Value) -> Option<Self> {
        None
    }

    /// What people may ask of the agent instead.
    fn asks(&self) -> Asks {
        Asks::default()
    }

    /// What a draft is about: what must be read to judge it, the one that leads first.
    fn entities(draft: &Self::Draft) -> Vec<&EntityRef>;

    /// Checks of a draft what a schema cannot say.
    ///
    /// # Errors
    /// The first [`DraftError`] found.
    fn check_draft(draft: &Self::Draft) -> Result<(), DraftError>;

    /// The change that a draft asks for of its [entities](Self::entities) as the platform
    /// reports them, in that order.
    ///
    /// # Errors
    /// [`ChangeError`]: the first that fits.
    fn of_draft(draft: &Self::Draft, states: &[EntityState]) -> Result<Self, ChangeError>;

    /// A made-up change, for practice and for tests.
    ///
    /// # Errors
    /// Never: the parts are constants.
    fn sample(at: TimestampMs) -> Result<Self, SampleError>;
}

/// The state of what a kind without legs is about.
pub(super) fn only(states: &[EntityState]) -> Result<&EntityState, ChangeError> {
    states.first().ok_or(ChangeError::NotRead)
}

/// A made-up campaign.
pub(super) fn sample_entity() -> Result<EntityRef, SampleError> {
    let id = |text| PlatformId::parse(text).map_err(|_| SampleError);
    Ok(EntityRef {
        platform: PlatformKind::GoogleAds,
        account_id: id("1000000001")?,
        campaign_id: id("1001")?,
    })
}

/// A campaign with a daily budget, as a platform would report it.
#[cfg(test)]
pub(super) fn sample_state(entity: &EntityRef, amount: Money) -> EntityState {
    use super::{Budget, BudgetState, Flight};
    EntityState {
        entity: entity.clone(),
        name: "practice_spring_sale".into(),
        resource: "customers/1000000001/campaigns/1001".into(),
        status: CampaignStatus::Enabled,
        budget: BudgetState {
            resource: "customers/1000000001/campaignBudgets/1".into(),
            shared_by: 1,
            holds: Budget::daily(amount),
            limits: AmountLimits::unknown(amount.currency),
        },
        flight: Flight::default(),
        part: None,
        has_started: false,
        time_zone: "America/New_York".into(),
        account_name: "sample".into(),
        request_id: None,
    }
}
