//! Parts of a campaign in Google's rows: how it bids, and its ad groups.

use super::{GoogleAds, digits, errors, is_id, rows, transport::Intent};
use countersign_executor::{MAX_PARTS, Parts, PartsAfter, PlatformError};
use countersign_model::{
    AmountLimits, CampaignStatus, EntityState, Money,
    change::{AdGroupState, BasisPoints, Bidding, BiddingState, Part, PartState},
    entity::PlatformId,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The code of an error that says that a target is finer than what can be kept.
pub(super) const TARGET_TOO_FINE: &str = "gate.TARGET_ROAS_TOO_FINE";

/// The code of an error that says that a page is asked for that no list has.
const NO_SUCH_PAGE: &str = "gate.NO_SUCH_PAGE";

const AD_GROUP_FIELDS: &str = "ad_group.id, ad_group.name, ad_group.status, \
    ad_group.cpc_bid_micros, ad_group.cpm_bid_micros";
const BIDDING_FIELDS: &str = "campaign.id, campaign.bidding_strategy, \
    campaign.bidding_strategy_type, \
    campaign.maximize_conversions.target_cpa_micros, \
    campaign.maximize_conversion_value.target_roas, \
    campaign.target_cpa.target_cpa_micros, campaign.target_roas.target_roas, \
    campaign.target_spend.cpc_bid_ceiling_micros, \
    bidding_strategy.maximize_conversions.target_cpa_micros, \
    bidding_strategy.maximize_conversion_value.target_roas, \
    bidding_strategy.target_cpa.target_cpa_micros, bidding_strategy.target_roas.target_roas, \
    bidding_strategy.target_spend.cpc_bid_ceiling_micros, \
    bidding_strategy.non_removed_campaign_count";

/// One row about a part.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PartRow {
    campaign: CampaignRow,
    bidding_strategy: PortfolioRow,
    ad_group: AdGroupRow,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct CampaignRow {
    bidding_strategy: String,
    bidding_strategy_type: String,
    #[serde(flatten)]
    schemes: Schemes,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PortfolioRow {
    non_removed_campaign_count: Option<String>,
    #[serde(flatten)]
    schemes: Schemes,
}

/// The ways to bid that have a target, as campaigns and portfolios have them.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Schemes {
    maximize_conversions: Scheme,
    maximize_conversion_value: Scheme,
    target_cpa: Scheme,
    target_roas: Scheme,
    target_spend: Scheme,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Scheme {
    target_cpa_micros: Option<String>,
    target_roas: Option<f64>,
    cpc_bid_ceiling_micros: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct AdGroupRow {
    id: String,
    name: String,
    status: String,
    cpc_bid_micros: Option<String>,
    cpm_bid_micros: Option<String>,
}

impl GoogleAds {
    /// Reads a part of a campaign that was just read; `None` where it has none.
    pub(super) async fn part(
        &self,
        state: &EntityState,
        part: &Part,
    ) -> Result<Option<PartState>, PlatformError> {
        let account = &state.entity.account_id;
        let campaign = digits(&state.entity.campaign_id)?;
        let query = match part {
            Part::Bidding => {
                format!("SELECT {BIDDING_FIELDS} FROM campaign WHERE campaign.id = {campaign}")
            }
            Part::Criteria(asked) => {
                return Ok(self.criteria(state, asked).await?.map(PartState::Criteria));
            }
            // One that cannot be Google's is in no campaign.
            Part::AdGroup(id) => {
                let Ok(id) = digits(id) else { return Ok(None) };
                format!(
                    "SELECT {AD_GROUP_FIELDS}, {BIDDING_FIELDS} FROM ad_group \
                     WHERE ad_group.id = {id} AND campaign.id = {campaign}"
                )
            }
            Part::Ad(key) => return self.ads(state, key).await,
        };
        let answer = self.query(account, &query).await?;
        let Some(row) = rows::read::<PartRow>(&answer)?.into_iter().next() else {
            return Ok(None);
        };
        let limits = bid_limits(state);
        let is_group = matches!(part, Part::AdGroup(_));
        row.into_part(account, is_group, limits, answer.request_id.as_deref()).map(Some)
    }

    /// Reads how a campaign that was just read bids, and a page of its ad groups.
    pub(super) async fn parts(
        &self,
        state: &EntityState,
        after: &PartsAfter,
    ) -> Result<Parts, PlatformError> {
        let bidding = match self.part(state, &Part::Bidding).await? {
            Some(PartState::Bidding(bidding)) => Some(bidding),
            Some(PartState::AdGroup(_) | PartState::Ads(_) | PartState::Criteria(_)) | None => None,
        };
        let found = self.ad_groups(state, after.ad_group.as_ref()).await?;
        let (ad_groups, has_more_ad_groups) = first_page(found);
        Ok(Parts { bidding, ad_groups, has_more_ad_groups })
    }

    /// The ad groups after one, by id, and one more than a page holds.
    async fn ad_groups(
        &self,
        state: &EntityState,
        after: Option<&PlatformId>,
    ) -> Result<Vec<AdGroupState>, PlatformError> {
        let account = &state.entity.account_id;
        let campaign = digits(&state.entity.campaign_id)?;
        let after = after.map(|id| page_after("ad_group.id", id)).transpose()?.unwrap_or_default();
        let query = format!(
            "SELECT {AD_GROUP_FIELDS}, {BIDDING_FIELDS} FROM ad_group \
             WHERE campaign.id = {campaign} AND ad_group.status != 'REMOVED'{after} \
             ORDER BY ad_group.id LIMIT {}",
            MAX_PARTS + 1
        );
        let answer = self.query(account, &query).await?;
        let (limits, request_id) = (bid_limits(state), answer.request_id.as_deref());
        let rows = rows::read::<PartRow>(&answer)?.into_iter();
        rows.map(|row| row.into_ad_group(account, limits, request_id)).collect()
    }
}

/// A bid has no minimum of its own beyond the currency's step.
const fn bid_limits(state: &EntityState) -> AmountLimits {
    let unit = state.budget.limits.unit;
    AmountLimits { unit, min: unit }
}

/// A page of what was read, and whether there is more.
fn first_page<T>(mut found: Vec<T>) -> (Vec<T>, bool) {
    let has_more = found.len() > MAX_PARTS;
    found.truncate(MAX_PARTS);
    (found, has_more)
}

/// The condition that begins a page after a part, where lists are ordered by ids.
fn page_after(field: &str, id: &PlatformId) -> Result<String, PlatformError> {
    // Google compares 64-bit numbers and refuses what is none.
    if !is_id(id) || id.as_str().parse::<i64>().is_err() {
        let words = "there is no such page; ask with `next_cursor` as it was, or without a cursor";
        return Err(errors::of_gate(NO_SUCH_PAGE, words));
    }
    Ok(format!(" AND {field} > {id}"))
}

impl PartRow {
    pub(super) fn into_part(
        self,
        account: &PlatformId,
        is_group: bool,
        limits: AmountLimits,
        request_id: Option<&str>,
    ) -> Result<PartState, PlatformError> {
        Ok(if is_group {
            PartState::AdGroup(self.into_ad_group(account, limits, request_id)?)
        } else {
            PartState::Bidding(self.bidding(limits, request_id)?)
        })
    }

    fn into_ad_group(
        self,
        account: &PlatformId,
        limits: AmountLimits,
        request_id: Option<&str>,
    ) -> Result<AdGroupState, PlatformError> {
        let unreadable = || errors::unreadable(Intent::Read, request_id.map(str::to_owned));
        let bidding = self.bidding(limits, request_id)?;
        let AdGroupRow { id, name, status, cpc_bid_micros, cpm_bid_micros } = self.ad_group;
        let id = PlatformId::parse(&id).map_err(|_| unreadable())?;
        let bid = |text: Option<String>| {
            let micros = rows::number(text.as_deref()).ok_or_else(unreadable)?;
            Ok::<_, PlatformError>(Money::from_micros(micros, limits.unit.currency))
        };
        Ok(AdGroupState {
            resource: format!("customers/{account}/adGroups/{id}"),
            id,
            name,
            status: own_status(&status),
            cpc_bid: bid(cpc_bid_micros)?,
            cpm_bid: bid(cpm_bid_micros)?,
            bidding,
        })
    }

    fn bidding(
        &self,
        limits: AmountLimits,
        request_id: Option<&str>,
    ) -> Result<BiddingState, PlatformError> {
        let unreadable = || errors::unreadable(Intent::Read, request_id.map(str::to_owned));
        let is_shared = !self.campaign.bidding_strategy.is_empty();
        let schemes =
            if is_shared { &self.bidding_strategy.schemes } else { &self.campaign.schemes };
        let shared_by = rows::number(self.bidding_strategy.non_removed_campaign_count.as_deref());
        let shared_by = is_shared.then_some(shared_by.ok_or_else(unreadable)?);
        let amount = |text: &Option<String>| {
            let micros: Option<i64> =
                text.as_deref().map(|text| text.parse().map_err(|_| unreadable())).transpose()?;
            // Google has no target of zero; it says so where there is none.
            let micros = micros.filter(|micros| *micros != 0);
            Ok::<_, PlatformError>(micros.map(|one| Money::from_micros(one, limits.unit.currency)))
        };
        let holds = match self.campaign.bidding_strategy_type.as_str() {
            "MANUAL_CPC" => Bidding::ManualCpc {},
            "MANUAL_CPM" => Bidding::ManualCpm {},
            "TARGET_SPEND" => Bidding::MaximizeClicks {
                max_cpc: amount(&schemes.target_spend.cpc_bid_ceiling_micros)?,
            },
            "MAXIMIZE_CONVERSIONS" => Bidding::MaximizeConversions {
                target_cpa: amount(&schemes.maximize_conversions.target_cpa_micros)?,
            },
            "MAXIMIZE_CONVERSION_VALUE" => Bidding::MaximizeConversionValue {
                target_roas: share(schemes.maximize_conversion_value.target_roas)?,
            },
            "TARGET_CPA" => match amount(&schemes.target_cpa.target_cpa_micros)? {
                Some(target_cpa) => Bidding::TargetCpa { target_cpa },
                None => Bidding::Other {},
            },
            "TARGET_ROAS" => match share(schemes.target_roas.target_roas)? {
                Some(target_roas) => Bidding::TargetRoas { target_roas },
                None => Bidding::Other {},
            },
            _ => Bidding::Other {},
        };
        Ok(BiddingState { holds, shared_by, limits })
    }
}

/// How a way to bid is written: one field of one scheme. Of the schemes a campaign has one, so
/// that naming another replaces it; the field is named, with or without a value, because Google
/// takes no mask of a message that has fields.
pub(super) fn written(bidding: Bidding) -> Result<(&'static str, Option<Value>), PlatformError> {
    let micros = |amount: Money| Value::from(amount.amount_micros.to_string());
    let share = |points: BasisPoints| Value::from(f64::from(points.get()) / 10_000.0);
    Ok(match bidding {
        Bidding::ManualCpc {} => ("manualCpc.enhancedCpcEnabled", Some(false.into())),
        Bidding::ManualCpm {} => ("manualCpm", Some(json!({}))),
        Bidding::MaximizeClicks { max_cpc } => {
            ("targetSpend.cpcBidCeilingMicros", max_cpc.map(micros))
        }
        Bidding::MaximizeConversions { target_cpa } => {
            ("maximizeConversions.targetCpaMicros", target_cpa.map(micros))
        }
        Bidding::MaximizeConversionValue { target_roas } => {
            ("maximizeConversionValue.targetRoas", target_roas.map(share))
        }
        Bidding::TargetCpa { target_cpa } => {
            ("targetCpa.targetCpaMicros", Some(micros(target_cpa)))
        }
        Bidding::TargetRoas { target_roas } => ("targetRoas.targetRoas", Some(share(target_roas))),
        Bidding::Other {} => {
            let words = "a strategy that is not known here cannot be set";
            return Err(errors::of_gate("gate.UNKNOWN_STRATEGY", words));
        }
    })
}

/// Reads a row as each part; for whoever looks for answers that cannot be borne.
pub(super) fn read_all(row: PartRow, limits: AmountLimits) -> Result<PartState, PlatformError> {
    let account = PlatformId::parse("1").map_err(|_| errors::unreadable(Intent::Read, None))?;
    row.into_part(&account, true, limits, None)
}

/// Whether something below a campaign runs, by its own setting.
pub(super) fn own_status(status: &str) -> CampaignStatus {
    match status {
        "ENABLED" => CampaignStatus::Enabled,
        "PAUSED" => CampaignStatus::Paused,
        "REMOVED" => CampaignStatus::Removed,
        _ => CampaignStatus::Unknown,
    }
}

/// A target return, which Google writes as a number: 3.5 is 350 %. One that is finer than a
/// hundredth of a percent cannot be kept, and rounding it would sign for another one.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // in range, by the check before
fn share(number: Option<f64>) -> Result<Option<BasisPoints>, PlatformError> {
    let Some(number) = number.filter(|number| *number != 0.0) else { return Ok(None) };
    let points = (number * 10_000.0).round();
    let is_exact = (number * 10_000.0 - points).abs() < 1e-6;
    if is_exact && (1.0..=f64::from(u32::MAX)).contains(&points) {
        Ok(Some(BasisPoints::new(points as u32)))
    } else {
        let words = "the campaign's target ROAS is finer than a hundredth of a percent; set a rounder one at Google first";
        Err(errors::of_gate(TARGET_TOO_FINE, words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_model::Currency;

    fn bidding(row: &str) -> Result<BiddingState, PlatformError> {
        let limits = AmountLimits::unknown(Currency::parse("USD").unwrap());
        serde_json::from_str::<PartRow>(row).unwrap().bidding(limits, None)
    }

    #[test]
    fn each_way_to_bid_is_read_with_its_target() {
        let usd = |micros| Money::from_micros(micros, Currency::parse("USD").unwrap());
        for (campaign, holds) in [
            (r#"{"biddingStrategyType":"MANUAL_CPC"}"#, Bidding::ManualCpc {}),
            (r#"{"biddingStrategyType":"MANUAL_CPM"}"#, Bidding::ManualCpm {}),
            (
                r#"{"biddingStrategyType":"TARGET_SPEND","targetSpend":{"cpcBidCeilingMicros":"2000000"}}"#,
                Bidding::MaximizeClicks { max_cpc: Some(usd(2_000_000)) },
            ),
            (
                r#"{"biddingStrategyType":"MAXIMIZE_CONVERSIONS","maximizeConversions":{}}"#,
                Bidding::MaximizeConversions { target_cpa: None },
            ),
            (
                r#"{"biddingStrategyType":"MAXIMIZE_CONVERSION_VALUE","maximizeConversionValue":{"targetRoas":3.5}}"#,
                Bidding::MaximizeConversionValue { target_roas: Some(BasisPoints::new(35_000)) },
            ),
            (
                r#"{"biddingStrategyType":"TARGET_CPA","targetCpa":{"targetCpaMicros":"12000000"}}"#,
                Bidding::TargetCpa { target_cpa: usd(12_000_000) },
            ),
            (
                r#"{"biddingStrategyType":"TARGET_ROAS","targetRoas":{"targetRoas":0.29}}"#,
                Bidding::TargetRoas { target_roas: BasisPoints::new(2_900) },
            ),
            (r#"{"biddingStrategyType":"TARGET_IMPRESSION_SHARE"}"#, Bidding::Other {}),
            (r#"{"biddingStrategyType":"TARGET_CPA"}"#, Bidding::Other {}),
        ] {
            let found = bidding(&format!(r#"{{"campaign":{campaign}}}"#)).unwrap();
            assert_eq!((found.holds, found.shared_by), (holds, None), "{campaign}");
        }
    }

    #[test]
    fn a_return_is_written_as_the_number_that_it_is_read_from() {
        for points in [100, 2_900, 23_456, 35_000, 10_000_000] {
            let target_roas = BasisPoints::new(points);
            let (path, value) = written(Bidding::TargetRoas { target_roas }).unwrap();
            assert_eq!(path, "targetRoas.targetRoas");
            assert_eq!(share(value.unwrap().as_f64()).unwrap(), Some(target_roas));
        }
        let manual = written(Bidding::ManualCpm {}).unwrap();
        assert_eq!(manual, ("manualCpm", Some(json!({}))));
        assert_eq!(written(Bidding::Other {}).unwrap_err().code, "gate.UNKNOWN_STRATEGY");
    }

    #[test]
    fn a_portfolio_says_what_it_aims_at_and_how_many_share_it() {
        let found = bidding(
            r#"{"campaign":{"biddingStrategy":"customers/1/biddingStrategies/8","biddingStrategyType":"TARGET_ROAS"},
                "biddingStrategy":{"nonRemovedCampaignCount":"2","targetRoas":{"targetRoas":3.0}}}"#,
        )
        .unwrap();
        let holds = Bidding::TargetRoas { target_roas: BasisPoints::new(30_000) };
        assert_eq!((found.holds, found.shared_by), (holds, Some(2)));
    }

    #[test]
    fn a_page_is_full_before_another_one_follows() {
        for (found, shown, has_more) in
            [(0, 0, false), (MAX_PARTS, MAX_PARTS, false), (MAX_PARTS + 1, MAX_PARTS, true)]
        {
            let (page, more) = first_page(vec![(); found]);
            assert_eq!((page.len(), more), (shown, has_more), "{found}");
        }
    }

    #[test]
    fn a_page_begins_after_an_id_of_googles() {
        let id = |text| PlatformId::parse(text).unwrap();
        assert_eq!(page_after("ad_group.id", &id("401")).unwrap(), " AND ad_group.id > 401");
        for odd in ["0", "x", "1)OR(1=1", "99999999999999999999"] {
            assert_eq!(page_after("ad_group.id", &id(odd)).unwrap_err().code, NO_SUCH_PAGE);
        }
    }

    #[test]
    fn a_return_that_cannot_be_kept_exactly_is_not_rounded() {
        for (number, points) in [(3.5, 35_000), (0.01, 100), (1000.0, 10_000_000), (2.3456, 23_456)]
        {
            assert_eq!(share(Some(number)).unwrap(), Some(BasisPoints::new(points)));
        }
        assert_eq!(share(Some(0.0)).unwrap(), None);
        for odd in [3.333_333, -1.0, f64::NAN, 1e12] {
            assert_eq!(share(Some(odd)).unwrap_err().code, TARGET_TOO_FINE, "{odd}");
        }
    }
}
