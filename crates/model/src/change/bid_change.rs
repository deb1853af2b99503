//! Set what is bid: an ad group's own bid, or how its campaign bids and to which target. A bid
//! changes no budget, so that the budget bounds what it can cost.

use super::{
    AdGroupState, AmountLimits, Asks, Bidding, Budget, CampaignStatus, ChangeError, DiffRow,
    Direction, EntityState, Facts, Field, MAX_NAME_CHARS, MAX_RESOURCE_CHARS, Mutation, Part,
    SampleError, Spend, Value, Window,
    bidding::{Aim, Bid},
    kind::{Kind, only, sample_entity},
    part::{PartKind, PartName, PartState},
    window::worst_case,
};
use crate::{
    Currency, EntityRef, Money, TimestampMs, bounded,
    confirm::{Label, Language, Sheet},
    draft::DraftError,
    entity::PlatformId,
    money::MoneyError,
    text::printable,
};
use serde::{Deserialize, Serialize};

/// Set what is bid from `before` to `after`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BidChange {
    /// The campaign.
    pub entity: EntityRef,
    /// The campaign's name as the platform gave it when `before` was read, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub campaign_name: String,
    /// The platform's name of the campaign, e.g. `customers/1/campaigns/2`; what is written where
    /// there is no ad group.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub campaign_resource: String,
    /// Whether the campaign runs.
    pub status: CampaignStatus,
    /// What the campaign may spend. It stays as it is and bounds what a bid can cost; whoever
    /// lets more be bid signs for this amount.
    pub budget: Budget,
    /// The ad group whose own bid it is; `None` where it is about how the campaign bids.
    pub ad_group: Option<Box<BidGroup>>,
    /// The amounts that the platform takes as bids, read together with `before`.
    pub limits: AmountLimits,
    /// What the platform reported.
    pub before: Bid,
    /// What shall hold.
    pub after: Bid,
    /// When the reason for the change begins and ends; `None` is until further notice.
    pub window: Option<Window>,
}

/// An ad group whose bid is changed, and what was read with it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BidGroup {
    /// Its id.
    pub id: PlatformId,
    /// Its name as the platform gave it, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub name: String,
    /// The platform's name of it, which is what is written, e.g. `customers/1/adGroups/2`.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub resource: String,
    /// Whether it runs.
    pub status: CampaignStatus,
    /// How its campaign bids. In another way the ad group's bid has another effect, or none.
    pub bidding: Bidding,
}

/// What shall be bid, with what the agent believes to hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BidDraft {
    /// The campaign.
    pub entity: EntityRef,
    /// The ad group, for a bid of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_group_id: Option<PlatformId>,
    /// What the agent read; refused when the platform says otherwise.
    pub before: Bid,
    /// What shall hold.
    pub after: Bid,
    /// When the reason begins and ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

impl Kind for BidChange {
    type Draft = BidDraft;

    const OFFER: &'static str = "Drafts another bid for one ad group, or another bidding strategy or target for one campaign.";

    fn entity(&self) -> &EntityRef {
        &self.entity
    }

    fn part(&self) -> Option<Part> {
        Some(part_of(self.ad_group.as_ref().map(|group| &group.id)))
    }

    fn draft_part(draft: &BidDraft) -> Option<Part> {
        Some(part_of(draft.ad_group_id.as_ref()))
    }

    fn part_name(&self) -> Option<PartName> {
        let named = |name: &str| PartName { kind: PartKind::AdGroup, name: name.into() };
        self.ad_group.as_ref().map(|group| named(&group.name))
    }

    fn subject(&self) -> &str {
        &self.campaign_name
    }

    fn resource(&self) -> &str {
        self.ad_group.as_ref().map_or(&self.campaign_resource, |group| &group.resource)
    }

    fn status(&self) -> CampaignStatus {
        self.status
    }

    fn direction(&self) -> Direction {
        self.before.direction(self.after)
    }

    /// What may be spent on a day, or in all, stays as it is.
    fn spend(&self) -> Option<Spend> {
        None
    }

    fn currency(&self) -> Option<Currency> {
        Some(self.budget.amount.currency)
    }

    /// Whoever bids more may spend the whole budget where less was spent before; whoever bids
    /// less spends no more than before.
    fn stake(&self) -> Result<Option<Money>, MoneyError> {
        if self.direction() == Direction::Increase {
            worst_case(self.budget, self.window).map(Some)
        } else {
            Ok(None)
        }
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn facts(&self) -> Facts {
        let [before, after] = [self.before, self.after].map(Bid::strategy);
        let own = self.ad_group.as_ref().map(|group| group.bidding.strategy());
        Facts {
            bid_delta_percent: self.before.percent_to(self.after),
            bid_field: self.diff().first().map(|row| row.field),
            strategy_before: before.or(own),
            strategy_after: after.or(own),
            ..Facts::default()
        }
    }

    fn diff(&self) -> Vec<DiffRow> {
        self.before.diff(self.after)
    }

    fn noun(&self, language: Language) -> &'static str {
        match (self.before.is_other_strategy(self.after), language) {
            (true, Language::En) => "another bidding strategy",
            (true, Language::De) => "Wechsel der Gebotsstrategie",
            (false, Language::En) => "a bid change",
            (false, Language::De) => "Gebotsänderung",
        }
    }

    fn context(&self, sheet: &mut Sheet) {
        sheet.unless_running(self.status);
        if let Some(group) = &self.ad_group {
            sheet.foreign(Label::AdGroup, &group.name);
            sheet.foreign(Label::Written, &group.resource);
            if group.status != CampaignStatus::Enabled {
                sheet.value(Label::AdGroupStatus, &Value::Status(group.status));
            }
            sheet.value(Label::Strategy, &Value::Strategy(group.bidding.strategy()));
        } else {
            sheet.foreign(Label::Written, &self.campaign_resource);
            if !self.before.is_other_strategy(self.after)
                && let Some(strategy) = self.after.strategy()
            {
                sheet.value(Label::Strategy, &Value::Strategy(strategy));
            }
        }
        sheet.budget(self.budget);
        sheet.budget_bounds();
    }

    fn check(&self) -> Result<(), ChangeError> {
        self.status.check()?;
        if let Some(group) = &self.ad_group {
            if !group.status.takes_changes() {
                return Err(ChangeError::PartEnded("ad group"));
            }
            if self.after.needs() != Some(group.bidding.strategy()) {
                return Err(ChangeError::NoEffect(group.bidding.strategy()));
            }
        }
        if let Some(Aim::Amount(amount)) = self.after.aim() {
            self.limits.check(amount)?;
        }
        let fits = self.after.is_askable() && self.before != self.after;
        if fits { Ok(()) } else { Err(ChangeError::State) }
    }

    fn mutation(&self) -> Option<Mutation> {
        let resource = self.resource().to_owned();
        Some(match self.after {
            Bid::Cpc(amount) => Mutation::SetCpcBid { resource, amount },
            Bid::Cpm(amount) => Mutation::SetCpmBid { resource, amount },
            Bid::Bidding(bidding) => Mutation::SetBidding { resource, bidding },
        })
    }

    /// Without its part the ad group is gone. How campaigns bid that share a strategy is not the
    /// campaign's own.
    fn seen_in(&self, state: &EntityState) -> Self {
        let part = state.part.as_ref();
        let bidding = part.and_then(PartState::bidding).map_or(Bidding::Other {}, own_bidding);
        let found = part.and_then(PartState::ad_group);
        let ad_group = self.ad_group.as_ref().map(|own| match found {
            Some(found) => own.seen_as(found),
            None => BidGroup { status: CampaignStatus::Removed, ..(**own).clone() },
        });
        let after = match (self.after, found) {
            (Bid::Cpc(_), Some(group)) => Bid::Cpc(group.cpc_bid),
            (Bid::Cpm(_), Some(group)) => Bid::Cpm(group.cpm_bid),
            (Bid::Cpc(_) | Bid::Cpm(_), None) => self.before,
            (Bid::Bidding(_), _) => Bid::Bidding(bidding),
        };
        Self {
            entity: state.entity.clone(),
            campaign_resource: printable(&state.resource, MAX_RESOURCE_CHARS),
            status: state.status,
            budget: state.budget.holds,
            ad_group: ad_group.map(Box::new),
            after,
            ..self.clone()
        }
    }

    /// Whether the campaign and the ad group run, and what may be spent, is not written.
    fn is_held_by(&self, held: &Self) -> bool {
        let mut own = Self { status: held.status, budget: held.budget, ..self.clone() };
        if let (Some(group), Some(found)) = (&mut own.ad_group, &held.ad_group)
            && found.status.takes_changes()
        {
            group.status = found.status;
        }
        own == *held
    }

    /// A higher bid is another one with another budget; a lower one never is.
    fn is_unmade_in(&self, held: &Self) -> bool {
        let raises = self.direction() == Direction::Increase;
        let budget = if raises { self.budget } else { held.budget };
        held.after == self.before && Self { after: held.after, budget, ..self.clone() } == *held
    }

    fn is_covered_by(&self, ceiling: &Self) -> bool {
        let same_but_after = Self { after: ceiling.after, ..self.clone() } == *ceiling;
        same_but_after && self.before.goes_no_further(self.after, ceiling.after)
    }

    fn inverse(&self) -> Self {
        Self { before: self.after, after: self.before, window: None, ..self.clone() }
    }

    fn own_amounts(&self) -> Option<AmountLimits> {
        // Of a return, of a cap that is lifted and of another strategy nobody may sign a part.
        let is_amount = matches!(self.after.aim(), Some(Aim::Amount(_)));
        (is_amount && !self.before.is_other_strategy(self.after)).then_some(self.limits)
    }

    fn with_own_value(&self, value: Value) -> Option<Self> {
        self.own_amounts()?;
        let after = self.after.with_amount(value.money()?)?;
        Some(Self { after, ..self.clone() })
    }

    fn asks(&self) -> Asks {
        Asks { amount: self.own_amounts(), days: true, ..Asks::default() }
    }

    fn entities(draft: &BidDraft) -> Vec<&EntityRef> {
        vec![&draft.entity]
    }

    fn check_draft(draft: &BidDraft) -> Result<(), DraftError> {
        let BidDraft { before, after, .. } = draft;
        if !before.is_like(*after) || draft.ad_group_id.is_some() != before.is_of_ad_group() {
            return Err(DraftError::Bid);
        }
        let amounts = || [before, after].into_iter().filter_map(|bid| bid.aim()?.money());
        if amounts().any(|amount| amount.amount_micros < 0) {
            return Err(DraftError::Negative);
        }
        if let [Some(one), Some(other)] = [before, after].map(|bid| bid.aim()?.money()) {
            one.same_currency(other).map_err(|_| DraftError::Currency)?;
        }
        if before == after {
            return Err(DraftError::NoChange);
        }
        if !before.is_known() || !after.is_askable() {
            return Err(DraftError::Strategy);
        }
        draft.window.map_or(Ok(()), Window::check)
    }

    fn of_draft(draft: &BidDraft, states: &[EntityState]) -> Result<Self, ChangeError> {
        let state = only(states)?;
        state.check(&[&state.resource])?;
        let Some((part, bidding)) =
            state.part.as_ref().and_then(|part| Some((part, part.bidding()?)))
        else {
            return Err(ChangeError::NoPart("ad group"));
        };
        let currency = state.currency();
        let amounts = [draft.before, draft.after].map(|bid| bid.aim().and_then(Aim::money));
        if amounts.into_iter().flatten().any(|amount| amount.currency != currency) {
            return Err(ChangeError::Currency(currency));
        }
        if let Some(campaigns) = bidding.shared_by {
            return Err(ChangeError::SharedStrategy(campaigns));
        }
        let holds = match (draft.before, part.ad_group()) {
            (Bid::Cpc(_), Some(group)) => Bid::Cpc(group.cpc_bid),
            (Bid::Cpm(_), Some(group)) => Bid::Cpm(group.cpm_bid),
            (Bid::Cpc(_) | Bid::Cpm(_), None) => return Err(ChangeError::NoPart("ad group")),
            (Bid::Bidding(_), _) => Bid::Bidding(bidding.holds),
        };
        if let Some(group) = part.ad_group() {
            group.check()?;
        }
        if holds != draft.before {
            let moved = holds.diff(draft.before).first().map_or(Field::Strategy, |row| row.field);
            return Err(ChangeError::BeforeMoved(moved));
        }
        Ok(Self {
            entity: draft.entity.clone(),
            campaign_name: state.name.clone(),
            campaign_resource: state.resource.clone(),
            status: state.status,
            budget: state.budget.holds,
            ad_group: part.ad_group().map(|group| Box::new(BidGroup::of(group))),
            limits: bidding.limits,
            before: draft.before,
            after: draft.after,
            window: draft.window,
        })
    }

    fn sample(_: TimestampMs) -> Result<Self, SampleError> {
        let usd = Currency::parse("USD").map_err(|_| SampleError)?;
        let bid = |micros| Bid::Cpc(Money::from_micros(micros, usd));
        Ok(Self {
            entity: sample_entity()?,
            campaign_name: "practice_spring_sale".into(),
            campaign_resource: "customers/1000000001/campaigns/1001".into(),
            status: CampaignStatus::Enabled,
            budget: Budget::daily(Money::from_micros(200_000_000, usd)),
            ad_group: Some(Box::new(BidGroup {
                id: PlatformId::parse("4001").map_err(|_| SampleError)?,
                name: "practice_spring_sale group".into(),
                resource: "customers/1000000001/adGroups/4001".into(),
                status: CampaignStatus::Enabled,
                bidding: Bidding::ManualCpc {},
            })),
            limits: AmountLimits::unknown(usd),
            before: bid(500_000),
            after: bid(600_000),
            window: None,
        })
    }
}

impl BidGroup {
    fn of(group: &AdGroupState) -> Self {
        Self {
            id: group.id.clone(),
            name: group.name.clone(),
            resource: group.resource.clone(),
            status: group.status,
            bidding: own_bidding(&group.bidding),
        }
    }

    /// The same as it is now. What it is called makes no difference.
    fn seen_as(&self, group: &AdGroupState) -> Self {
        Self {
            id: group.id.clone(),
            name: self.name.clone(),
            resource: printable(&group.resource, MAX_RESOURCE_CHARS),
            status: group.status,
            bidding: own_bidding(&group.bidding),
        }
    }
}

fn part_of(ad_group: Option<&PlatformId>) -> Part {
    ad_group.map_or(Part::Bidding, |id| Part::AdGroup(id.clone()))
}

/// How a campaign bids by itself; a strategy that it shares is none of its own.
fn own_bidding(bidding: &super::BiddingState) -> Bidding {
    if bidding.shared_by.is_some() { Bidding::Other {} } else { bidding.holds }
}

#[cfg(test)]
mod tests;
