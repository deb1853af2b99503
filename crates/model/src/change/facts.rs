//! What rules may ask of a change beside what every change has. A kind fills in what is its own;
//! rules see every name, with `null` or `false` where a kind says nothing.

use super::{AdStanding, Field, PartKind, Strategy};
use crate::Ratio;
use serde::Serialize;
use std::collections::BTreeMap;

/// Facts of single kinds. None of them is prose.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Facts {
    /// By how many days a flight gets longer, begun days counted; `None` where it is opened for
    /// good, and for kinds without a flight.
    pub added_days: Option<i64>,
    /// Whether a flight is left without an end.
    pub opens_end: bool,
    /// By how much a bid or the target of a strategy changes, in percent of what it was; `None`
    /// from nothing, to nothing, and for kinds without bids. A target return that falls lets more
    /// be bid: `direction` says which way the money at risk moves.
    pub bid_delta_percent: Option<Ratio>,
    /// What a transfer moves in seven days, in micros of what is raised.
    pub transfer_weekly_micros: Option<i64>,
    /// How much of what the lowered budgets were a transfer moves, in percent.
    pub transfer_share_percent: Option<Ratio>,
    /// Whether what is lowered and what is raised are in two currencies, so that they cannot be
    /// compared.
    pub transfer_crosses_currencies: bool,
    /// The campaigns that a change over several raises, by their ids, each with what may then be
    /// spent on a day, in micros; of two accounts' campaigns of one id the larger amount. Empty for
    /// a change of one thing.
    pub raised_campaigns_micros: BTreeMap<String, i64>,
    /// Which bid or target changes; `strategy` where the strategy itself does.
    pub bid_field: Option<Field>,
    /// The part of the campaign that is paused or runs again; `None` where it is the campaign.
    pub part: Option<PartKind>,
    /// How the campaign bids.
    pub strategy_before: Option<Strategy>,
    /// How it shall bid.
    pub strategy_after: Option<Strategy>,
    /// How many headlines and descriptions of an ad change; `None` for kinds without ads.
    pub texts_changed: Option<u32>,
    /// Whether an ad leads to another host than before.
    pub landing_host_changes: bool,
    /// Whether an ad leads to a page without encryption where it led to one with it.
    pub landing_loses_encryption: bool,
    /// What the platform's review says of the ad that ran when the change was proposed.
    pub platform_review: Option<AdStanding>,
    /// How many flags the agent itself raises about its texts.
    pub policy_flags: u32,
    /// How many places a set holds.
    pub places: u32,
    /// The lowest score of them, from 0 to 1: of each, the lower one of what the company knows
    /// and what the agent says; `None` where nobody says anything of any.
    pub lowest_place_score: Option<Ratio>,
    /// How many of them nobody of the company has looked at.
    pub unvetted_places: u32,
    /// How many of them a person must sign off each time.
    pub high_risk_places: u32,
    /// How many audiences a set holds.
    pub audiences: u32,
    /// The smallest of their sizes, as far as the platform says them.
    pub smallest_audience: Option<u64>,
    /// Of how many of them the platform says no size.
    pub audiences_of_unknown_size: u32,
    /// How many of them say of people what the law protects, whoever says so.
    pub sensitive_audiences: u32,
    /// How many of them hold people where consent alone counts, without it.
    pub audiences_without_consent: u32,
    /// How many of them are about to buy in a sale that the change would last into.
    pub shoppers_in_sale: u32,
}
