//! How campaigns bid, in no platform's own words.

use crate::Money;
use serde::{Deserialize, Serialize};

/// A ratio in whole hundredths of a percent: 35,000 is 350 %, a return of 3.5 for each 1 spent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(u32);

/// How a campaign bids, with the target that goes with it. In JSON, `strategy` says which.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "strategy", rename_all = "snake_case", deny_unknown_fields)]
pub enum Bidding {
    /// A click costs at most what its ad group, or its keyword, bids.
    ManualCpc {},
    /// A thousand impressions cost at most what their ad group bids.
    ManualCpm {},
    /// As many clicks as the budget buys.
    MaximizeClicks {
        /// The most that a click may cost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_cpc: Option<Money>,
    },
    /// As many conversions as the budget buys.
    MaximizeConversions {
        /// What a conversion shall cost on average.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_cpa: Option<Money>,
    },
    /// As much worth of conversions as the budget buys.
    MaximizeConversionValue {
        /// What the conversions shall be worth, in shares of their cost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_roas: Option<BasisPoints>,
    },
    /// As many conversions as there are at a target cost.
    TargetCpa {
        /// What a conversion shall cost on average.
        target_cpa: Money,
    },
    /// As much worth of conversions as there is at a target return.
    TargetRoas {
        /// What the conversions shall be worth, in shares of their cost.
        target_roas: BasisPoints,
    },
    /// In a way that is not known here.
    Other {},
}

impl BasisPoints {
    /// Whole hundredths of a percent.
    #[must_use]
    pub const fn new(basis_points: u32) -> Self {
        Self(basis_points)
    }

    /// Whole hundredths of a percent.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}
