//! One campaign and what in it can be changed: what an agent reads before it drafts. Each list
//! of parts is a page of its own with a cursor of its own, so that another sort of part is one
//! field, one cursor and one list of the schema more.

use crate::CampaignSummary;
use countersign_model::{
    AmountLimits, CampaignStatus, EntityRef, Money,
    change::{Bidding, KINDS},
    entity::PlatformId,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Which campaign an agent asks for, and which page of its lists.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignQuery {
    /// The campaign.
    pub campaign: EntityRef,
    /// Where the page of ad groups before ended.
    #[serde(default)]
    pub ad_groups_cursor: Option<PlatformId>,
}

/// A campaign as the platform reports it now, with its parts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CampaignDetails {
    /// The campaign itself.
    pub campaign: CampaignSummary,
    /// Whether its flight has begun.
    pub has_started: bool,
    /// IANA name of the account's time zone, by which its days are counted.
    pub time_zone: String,
    /// Whether its account is connected for reading only, so that no draft about it is taken.
    pub read_only: bool,
    /// How it bids; absent where its platform tells nothing of bidding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bidding: Option<BiddingSummary>,
    /// Its ad groups that are not removed, by id.
    pub ad_groups: PartsPage<AdGroupSummary>,
}

/// How a campaign bids.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct BiddingSummary {
    /// The strategy with its target; copy it into `before`.
    pub holds: Bidding,
    /// How many campaigns bid by the same strategy, where it is not the campaign's own: such a
    /// one cannot be changed here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_by: Option<u32>,
    /// The amounts that the platform takes as bids and targets.
    pub limits: AmountLimits,
}

/// One ad group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AdGroupSummary {
    /// Its id; copy it into `ad_group_id`.
    pub id: PlatformId,
    /// Its name.
    pub name: String,
    /// Whether it runs, as long as its campaign does; copy it into `before`.
    pub status: CampaignStatus,
    /// The most that a click may cost; zero where it has no bid of its own.
    pub cpc_bid: Money,
    /// The most that a thousand impressions may cost, likewise.
    pub cpm_bid: Money,
}

/// A page of one list of parts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PartsPage<T> {
    /// The parts.
    pub items: Vec<T>,
    /// What to ask for next; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<PlatformId>,
}

/// What the tool takes.
pub(crate) fn input_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["campaign"],
        "properties": {
            "campaign": shared("entity"),
            "ad_groups_cursor": {
                "type": ["string", "null"],
                "maxLength": 128,
                "description": "ad_groups.next_cursor of the page before, as it was.",
            },
        },
    })
}

/// What the tool answers: every object is closed, every amount is [`Money`]'s form.
pub(crate) fn output_schema() -> Value {
    let limits = json!({ "$ref": "#/$defs/limits" });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["campaign", "has_started", "time_zone", "read_only", "ad_groups"],
        "properties": {
            "campaign": {
                "type": "object",
                "additionalProperties": false,
                "required":
                    ["entity", "name", "budget", "flight", "shared_by", "status", "limits"],
                "properties": {
                    "entity": shared("entity"),
                    "name": { "type": "string" },
                    "budget": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["period", "amount"],
                        "properties": {
                            "period": { "enum": ["daily", "total"] },
                            "amount": { "$ref": "#/$defs/money" },
                        },
                    },
                    "flight": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["starts_at_ms", "ends_at_ms"],
                        "properties": {
                            "starts_at_ms": { "type": ["integer", "null"] },
                            "ends_at_ms": { "type": ["integer", "null"] },
                        },
                    },
                    "shared_by": { "type": "integer", "minimum": 0 },
                    "status": { "$ref": "#/$defs/status" },
                    "limits": limits,
                },
            },
            "has_started": { "type": "boolean" },
            "time_zone": { "type": "string", "description": "IANA name." },
            "read_only": {
                "type": "boolean",
                "description": "True while the account is connected for reading only: drafts about it are refused as READ_ONLY.",
            },
            "bidding": {
                "type": "object",
                "additionalProperties": false,
                "required": ["holds", "limits"],
                "properties": {
                    "holds": bidding(),
                    "shared_by": {
                        "type": "integer",
                        "description": "How many campaigns bid by the same strategy (a portfolio), which cannot be changed here; absent for the campaign's own.",
                    },
                    "limits": limits,
                },
            },
            "ad_groups": page(&json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["id", "name", "status", "cpc_bid", "cpm_bid"],
                "properties": {
                    "id": { "type": "string", "description": "For ad_group_id of a draft." },
                    "name": { "type": "string" },
                    "status": { "$ref": "#/$defs/status" },
                    "cpc_bid": { "$ref": "#/$defs/money" },
                    "cpm_bid": { "$ref": "#/$defs/money" },
                },
            })),
        },
        "$defs": {
            "money": shared("money"),
            "limits": {
                "description": "Every amount is a whole multiple of unit, and at least min.",
                "type": "object",
                "additionalProperties": false,
                "required": ["unit", "min"],
                "properties": {
                    "unit": { "$ref": "#/$defs/money" },
                    "min": { "$ref": "#/$defs/money" },
                },
            },
            "status": { "enum": ["enabled", "paused", "ended", "removed", "unknown"] },
        },
    })
}

/// How a campaign bids, as drafts write it; `other` is a strategy that no draft can set.
fn bidding() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["strategy"],
        "properties": {
            "strategy": { "enum": [
                "manual_cpc", "manual_cpm", "maximize_clicks", "maximize_conversions",
                "maximize_conversion_value", "target_cpa", "target_roas", "other",
            ] },
            "max_cpc": { "$ref": "#/$defs/money" },
            "target_cpa": { "$ref": "#/$defs/money" },
            "target_roas": {
                "type": "integer",
                "description": "In whole basis points: 35000 is 350 %.",
            },
        },
    })
}

/// A page of parts of one sort.
fn page(item: &Value) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["items"],
        "properties": {
            "items": { "type": "array", "items": item },
            "next_cursor": { "type": "string", "description": "There are more: ask again with it." },
        },
    })
}

/// What the drafts' schemas define, in their own words.
pub(crate) fn shared(name: &str) -> Value {
    let mut schemas =
        KINDS.iter().filter_map(|kind| serde_json::from_str::<Value>(kind.schema).ok());
    schemas
        .find_map(|schema| schema.pointer(&format!("/$defs/{name}")).cloned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_closed() {
        let campaign =
            json!({ "platform": "google_ads", "account_id": "1234567890", "campaign_id": "101" });
        let read = serde_json::from_value::<CampaignQuery>;
        let asked = read(json!({ "campaign": campaign, "ad_groups_cursor": "401" })).unwrap();
        assert_eq!(asked.ad_groups_cursor.unwrap().as_str(), "401");
        assert!(read(json!({ "campaign": campaign })).unwrap().ad_groups_cursor.is_none());
        let bad = [json!({}), json!({ "campaign": campaign, "account": "1" })];
        assert!(bad.into_iter().all(|one| read(one).is_err()));
        assert!(read(json!({ "campaign": campaign, "ad_groups_cursor": "4 1" })).is_err());
    }

    #[test]
    fn the_schemas_say_what_they_borrow() {
        for name in ["entity", "money"] {
            assert!(shared(name).is_object(), "{name}");
        }
        for schema in [input_schema(), output_schema()] {
            assert!(jsonschema::draft202012::meta::is_valid(&schema), "{schema}");
        }
    }
}
