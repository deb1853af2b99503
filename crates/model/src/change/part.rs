//! Parts of a campaign: what a change can be about beside the campaign itself, and what a
//! platform reports of it. A kind that is about a part names it; whoever reads the campaign for
//! that kind reads the part with it.

use super::{
    AdKey, AdsState, AmountLimits, Bidding, CampaignStatus, ChangeError, MAX_NAME_CHARS,
    MAX_RESOURCE_CHARS,
    set::{CriteriaPart, CriteriaState},
};
use crate::{Money, entity::PlatformId, text::check_length};
use serde::Serialize;

/// What is read beside the campaign itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// How the campaign bids.
    Bidding,
    /// One ad group of the campaign, and what it bids.
    AdGroup(PlatformId),
    /// One ad, with its ad group and the other ads in it.
    Ad(AdKey),
    /// How some places or audiences stand to the campaign or to one of its ad groups.
    Criteria(CriteriaPart),
}

/// A part for words: what it is and how the platform calls it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartName {
    /// What it is.
    pub kind: PartKind,
    /// Its name, byte for byte.
    pub name: String,
}

/// The sorts of parts that have names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// An ad group.
    AdGroup,
}

/// A part as the platform reports it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PartState {
    /// How the campaign bids.
    Bidding(BiddingState),
    /// One ad group of the campaign.
    AdGroup(AdGroupState),
    /// The ads of one ad group.
    Ads(AdsState),
    /// What it reaches and leaves out, of what was asked for.
    Criteria(CriteriaState),
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
            Self::AdGroup(_) | Self::Criteria(_) => "ad group",
            Self::Ad(_) => "ad",
        }
    }
}

impl AdGroupState {
    /// What every kind asks of an ad group before it is changed: that a change means something,
    /// and that its names can be kept.
    pub(super) fn check(&self) -> Result<(), ChangeError> {
        if !self.status.takes_changes() {
            return Err(ChangeError::PartEnded("ad group"));
        }
        check_length(&self.name, MAX_NAME_CHARS)?;
        Ok(check_length(&self.resource, MAX_RESOURCE_CHARS)?)
    }
}

impl PartState {
    /// Whether this is what was asked for.
    #[must_use]
    pub fn is_of(&self, part: &Part) -> bool {
        match (self, part) {
            (Self::Bidding(_), Part::Bidding) => true,
            (Self::AdGroup(group), Part::AdGroup(id)) => group.id == *id,
            (Self::Ads(ads), Part::Ad(key)) => ads.id == key.ad_group && ads.ad(&key.ad).is_some(),
            (Self::Criteria(found), Part::Criteria(asked)) => found.is_of(asked),
            (Self::Bidding(_) | Self::AdGroup(_) | Self::Ads(_) | Self::Criteria(_), _) => false,
        }
    }

    /// How the campaign bids, where that was read.
    #[must_use]
    pub const fn bidding(&self) -> Option<&BiddingState> {
        match self {
            Self::Bidding(bidding) => Some(bidding),
            Self::AdGroup(group) => Some(&group.bidding),
            Self::Ads(_) | Self::Criteria(_) => None,
        }
    }

    /// The ad group, if it is one.
    #[must_use]
    pub const fn ad_group(&self) -> Option<&AdGroupState> {
        match self {
            Self::AdGroup(group) => Some(group),
            Self::Bidding(_) | Self::Ads(_) | Self::Criteria(_) => None,
        }
    }

    /// The ads of an ad group, if it is those.
    #[must_use]
    pub const fn ads(&self) -> Option<&AdsState> {
        match self {
            Self::Ads(ads) => Some(ads),
            Self::Bidding(_) | Self::AdGroup(_) | Self::Criteria(_) => None,
        }
    }

    /// What is reached and left out, where that was read.
    #[must_use]
    pub const fn criteria(&self) -> Option<&CriteriaState> {
        match self {
            Self::Criteria(found) => Some(found),
            Self::Bidding(_) | Self::AdGroup(_) | Self::Ads(_) => None,
        }
    }
}
