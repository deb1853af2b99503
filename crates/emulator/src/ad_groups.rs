//! `adGroups:mutate`: status, name and bids of an ad group.
//!
//! The account takes updates; creating and removing is not carried. A CPC bid is kept and has no
//! effect unless Manual CPC is in effect, and a target CPA has none unless the campaign has one;
//! what is in effect shows in the `effective_…` fields ([`crate::views`]).

use crate::bidding::check_bid;
use crate::errors::AdsError;
use crate::kinds::Kind;
use crate::operations::{Ask, Draft, Operation, Planned, is_set, not_carried, removed, touches};
use crate::patch::text;

const CARRIED: [&str; 6] =
    ["name", "status", "cpc_bid_micros", "cpm_bid_micros", "target_cpa_micros", "target_roas"];

pub(crate) fn plan(draft: &Draft<'_>, operation: &Operation) -> Result<Planned, AdsError> {
    let Ask::Update(update, mask) = &operation.ask else { return Err(not_carried(operation)) };
    let index = operation.index;
    let (_, next) = draft.updated(operation, update, mask, &CARRIED)?;
    let campaign = draft.named(text(&next, "campaign"));
    if campaign.is_none_or(|campaign| text(campaign, "status") == "REMOVED") {
        return Err(removed().at(index, &["update", "resource_name"]));
    }
    for path in mask {
        check_bid(draft, &next, path).map_err(|error| error.at(index, &["update", path]))?;
    }
    let is_portfolio = campaign.is_some_and(|campaign| is_set(campaign, "bidding_strategy"));
    if touches(mask, "target_roas") && is_portfolio && is_set(&next, "target_roas") {
        let text = "Under a portfolio strategy an ad group has no target ROAS of its own.";
        let code = "BID_TYPE_AND_BIDDING_STRATEGY_MISMATCH";
        let error = AdsError::new("adGroupError", code, text);
        return Err(error.at(index, &["update", "target_roas"]));
    }
    if touches(mask, "name") {
        let refuse = |code, text| {
            Err(AdsError::new("adGroupError", code, text).at(index, &["update", "name"]))
        };
        if text(&next, "name").trim().is_empty() {
            return refuse("MISSING_ADGROUP_NAME", "An ad group needs a name.");
        }
        let taken = draft.all(Kind::AdGroup).any(|one| {
            text(one, "resource_name") != text(&next, "resource_name")
                && text(one, "campaign") == text(&next, "campaign")
                && text(one, "name") == text(&next, "name")
        });
        if taken {
            return refuse("DUPLICATE_ADGROUP_NAME", "The campaign has an ad group of this name.");
        }
    }
    let name = text(&next, "resource_name").to_owned();
    Ok(Planned::one(Kind::AdGroup, &name, Some(next)))
}
