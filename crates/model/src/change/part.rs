//! Parts of a campaign: what a change can be about beside the campaign itself, and what a
//! platform reports of it. A kind that is about a part names it; whoever reads the campaign for
//! that kind reads the part with it.

use super::{AmountLimits, Bidding, CampaignStatus};
use crate::{Money, entity::PlatformId};

/// What is read beside the campaign itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// How the campaign bids.
    Bidding,
    /// One ad group of the campaign, and what it bids.
    AdGroup(PlatformId),
}

/// A part as the platform reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PartState {
    /// How the campaign bids.
    Bidding(BiddingState),
    /// One ad group of the campaign.
    AdGroup(AdGroupState),
}

/// How a campaign bids, as the platform reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BiddingState {
    /// What is in effect.
    pub holds: Bidding,
    /// How many campaigns bid by the same strategy, where it is not the campaign's own.
    pub shared_by: Option<u32>,
    /// The amounts that the platform takes as bids and targets.
    pub limits: AmountLimits,
}

/// An ad group as the platform reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdGroupState {
    /// Its id.
    pub id: PlatformId,
    /// Its name.
    pub name: String,
    /// The platform's name of it, e.g. `customers/1/adGroups/2`.
    pub resource: String,
    /// Whether it runs, as long as its campaign does.
    pub status: CampaignStatus,
    /// The most that a click may cost; zero where it has no bid of its own.
    pub cpc_bid: Money,
    /// The most that a thousand impressions may cost, likewise.
    pub cpm_bid: Money,
    /// How its campaign bids, which says whether its own bids have an effect.
    pub bidding: BiddingState,
}

impl Part {
    /// What it is, in a sentence for agents.
    #[must_use]
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Bidding => "bidding strategy",
            Self::AdGroup(_) => "ad group",
        }
    }
}

impl PartState {
    /// Whether this is what was asked for.
    #[must_use]
    pub fn is_of(&self, part: &Part) -> bool {
        match (self, part) {
            (Self::Bidding(_), Part::Bidding) => true,
            (Self::AdGroup(group), Part::AdGroup(id)) => group.id == *id,
            (Self::Bidding(_) | Self::AdGroup(_), _) => false,
        }
    }

    /// How the campaign bids, where that was read.
    #[must_use]
    pub const fn bidding(&self) -> &BiddingState {
        match self {
            Self::Bidding(bidding) => bidding,
            Self::AdGroup(group) => &group.bidding,
        }
    }

    /// The ad group, if it is one.
    #[must_use]
    pub const fn ad_group(&self) -> Option<&AdGroupState> {
        match self {
            Self::AdGroup(group) => Some(group),
            Self::Bidding(_) => None,
        }
    }
}
