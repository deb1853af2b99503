//! `adGroupCriteria:mutate`, `campaignCriteria:mutate` and `customerNegativeCriteria:mutate`: who
//! and where ads are shown to, and who and where not.
//!
//! Carried are keywords (ad groups only), placements, YouTube channels and videos, mobile apps,
//! user lists and user interests. A criterion's id follows from its content, so that the same
//! content has the same id everywhere, as at Google.

use serde_json::{Value, json};

use crate::bidding::check_bid;
use crate::errors::AdsError;
use crate::kinds::Kind;
use crate::operations::{Ask, Draft, Operation, Planned, not_carried, removed, required};
use crate::patch::{flag, text};

/// Each type of criterion that is carried: its field, the path of its content, its type.
pub(crate) const TYPES: [(&str, &str, &str); 7] = [
    ("keyword", "keyword.text", "KEYWORD"),
    ("placement", "placement.url", "PLACEMENT"),
    ("youtube_channel", "youtube_channel.channel_id", "YOUTUBE_CHANNEL"),
    ("youtube_video", "youtube_video.video_id", "YOUTUBE_VIDEO"),
    ("mobile_application", "mobile_application.app_id", "MOBILE_APPLICATION"),
    ("user_list", "user_list.user_list", "USER_LIST"),
    ("user_interest", "user_interest.user_interest_category", "USER_INTEREST"),
];
const CARRIED: [&str; 3] = ["status", "cpc_bid_micros", "bid_modifier"];
const MOST_URL_BYTES: usize = 250;

pub(crate) fn plan(draft: &mut Draft<'_>, operation: &Operation) -> Result<Planned, AdsError> {
    match &operation.ask {
        Ask::Create(new) => create(draft, operation, new.clone()),
        Ask::Update(update, mask) => change(draft, operation, update, mask),
        Ask::Remove(name) => {
            draft.find(operation.kind, operation.index, &["remove"], name)?;
            Ok(Planned::one(operation.kind, name, None))
        }
    }
}

/// Where a criterion is attached: the field that names its parent, and the parent's kind.
const fn parent(kind: Kind) -> Option<(&'static str, Kind)> {
    match kind {
        Kind::AdGroupCriterion => Some(("ad_group", Kind::AdGroup)),
        Kind::CampaignCriterion => Some(("campaign", Kind::Campaign)),
        _ => None,
    }
}

const fn category(kind: Kind) -> &'static str {
    match kind {
        Kind::AdGroupCriterion => "adGroupCriterionError",
        Kind::CampaignCriterion => "campaignCriterionError",
        _ => "criterionError",
    }
}

fn create(
    draft: &mut Draft<'_>,
    operation: &Operation,
    mut new: Value,
) -> Result<Planned, AdsError> {
    let (kind, index) = (operation.kind, operation.index);
    let at = |error: AdsError, path: &str| error.at(index, &["create", path]);
    let owner = match parent(kind) {
        None => None,
        Some((field, owner)) => {
            let name = text(&new, field).to_owned();
            if name.is_empty() {
                return Err(required(index, &["create", field]));
            }
            let found = draft.find(owner, index, &["create", field], &name)?;
            if text(found, "status") == "REMOVED" {
                return Err(at(removed(), field));
            }
            Some(name)
        }
    };
    let known = TYPES.into_iter().find(|(field, ..)| new.get(field).is_some());
    let Some((field, path, type_name)) = known else {
        let text = "Name what the criterion is: the emulated account carries keywords, placements, \
                    channels, videos, apps, user lists and user interests.";
        let error = AdsError::new(category(kind), "CONCRETE_TYPE_REQUIRED", text);
        return Err(error.at(index, &["create"]));
    };
    let negative = kind == Kind::CustomerNegativeCriterion || flag(&new, "negative");
    check_type(draft, kind, field, negative, text(&new, path)).map_err(|error| at(error, field))?;
    if negative && (new.get("status").is_some() || new.get("bid_modifier").is_some()) {
        let text = "What is excluded has no status and no bid.";
        let code = "FIELD_INCOMPATIBLE_WITH_NEGATIVE_TARGETING";
        return Err(at(AdsError::new("criterionError", code, text), "status"));
    }
    check_bid(draft, &new, "cpc_bid_micros").map_err(|error| at(error, "cpc_bid_micros"))?;
    let id = content_id(field, &new, path);
    let full_id = match owner.as_deref().and_then(|name| name.rsplit('/').next()) {
        Some(owner) => format!("{owner}~{id}"),
        None => id.to_string(),
    };
    let name = draft.account.name(kind, full_id);
    if let Some(other) = draft.named(&name) {
        let error = if flag(other, "negative") == negative || owner.is_none() {
            AdsError::new("mutateError", "RESOURCE_ALREADY_EXISTS", "The criterion exists already.")
        } else {
            let text = "The same cannot be targeted and excluded.";
            AdsError::new(category(kind), "CANNOT_TARGET_AND_EXCLUDE", text)
        };
        return Err(at(error, field));
    }
    new["resource_name"] = name.clone().into();
    let id_field = if owner.is_some() { "criterion_id" } else { "id" };
    new[id_field] = id.into();
    new["type"] = type_name.into();
    if owner.is_some() {
        new["negative"] = negative.into();
        if !negative {
            new["status"] = new.get("status").cloned().unwrap_or_else(|| json!("ENABLED"));
        }
    }
    Ok(Planned::one(kind, &name, Some(new)))
}

/// What may be attached where, and whether its content is one.
fn check_type(
    draft: &Draft<'_>,
    kind: Kind,
    field: &str,
    negative: bool,
    content: &str,
) -> Result<(), AdsError> {
    let error = |code, text: &str| Err(AdsError::new("criterionError", code, text));
    let is_allowed = match (kind, field) {
        (Kind::AdGroupCriterion, _) => true,
        (
            Kind::CampaignCriterion,
            "keyword" | "placement" | "youtube_channel" | "youtube_video",
        ) => negative,
        (Kind::CampaignCriterion, "mobile_application") => negative,
        (Kind::CampaignCriterion, "user_list") => true,
        (_, "placement" | "youtube_channel" | "youtube_video" | "mobile_application") => true,
        _ => false,
    };
    if !is_allowed {
        let code =
            if negative { "CANNOT_EXCLUDE_CRITERIA_TYPE" } else { "CANNOT_ADD_CRITERIA_TYPE" };
        return error(code, "This type cannot stand here.");
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match field {
        "keyword" if content.trim().is_empty() => error("INVALID_KEYWORD_TEXT", "No keyword."),
        "keyword" if content.chars().count() > 80 => {
            error("KEYWORD_TEXT_TOO_LONG", "A keyword has at most 80 characters.")
        }
        "keyword" if content.split_whitespace().count() > 10 => {
            error("KEYWORD_HAS_TOO_MANY_WORDS", "A keyword has at most 10 words.")
        }
        "placement" if content.len() > MOST_URL_BYTES => {
            error("PLACEMENT_URL_IS_TOO_LONG", "The address is too long.")
        }
        "placement" if !content.contains('.') || content.contains(char::is_whitespace) => {
            error("INVALID_PLACEMENT_URL", "This is not a site's address.")
        }
        "youtube_channel" if content.len() != 24 || !content.starts_with("UC") => {
            error("INVALID_YOUTUBE_CHANNEL_ID", "A channel's id is UC and 22 characters.")
        }
        "youtube_video" if content.len() != 11 || !content.chars().all(is_word) => {
            error("INVALID_YOUTUBE_VIDEO_ID", "A video's id has 11 characters.")
        }
        "mobile_application"
            if !["1-", "2-"]
                .iter()
                .any(|store| content.strip_prefix(store).is_some_and(|app| !app.is_empty())) =>
        {
            error("INVALID_MOBILE_APP", "Write an app as 1-<App Store id> or 2-<package>.")
        }
        "user_list" => match draft.named(content) {
            None => error("INVALID_USER_LIST", "There is no such user list."),
            Some(list) if flag(list, "_removed") => {
                error("INVALID_USER_LIST", "The user list was removed.")
            }
            Some(list) if !negative && text(list, "membership_status") == "CLOSED" => {
                error("CANNOT_ADD_CLOSED_USER_LIST", "The user list is closed.")
            }
            Some(_) => Ok(()),
        },
        "user_interest" if draft.named(content).is_none() => {
            error("INVALID_USER_INTEREST", "There is no such user interest.")
        }
        _ => Ok(()),
    }
}

/// The id of a content: the same for the same, at least ten digits.
pub(crate) fn content_id(field: &str, value: &Value, path: &str) -> i64 {
    let content = text(value, path).trim().to_lowercase();
    let site = content.trim_start_matches("https://").trim_start_matches("http://");
    let site = site.strip_prefix("www.").unwrap_or(site).trim_end_matches('/');
    let match_type = text(value, "keyword.match_type");
    // FNV-1a: stable from run to run, which the standard hasher is not said to be.
    let hash = format!("{field} {site} {match_type}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    6_000_000_000 + i64::try_from(hash % 1_000_000_000).unwrap_or_default()
}

fn change(
    draft: &Draft<'_>,
    operation: &Operation,
    update: &Value,
    mask: &[String],
) -> Result<Planned, AdsError> {
    let (kind, index) = (operation.kind, operation.index);
    let path = ["update", "resource_name"];
    if kind == Kind::CustomerNegativeCriterion {
        return Err(not_carried(operation));
    }
    let found = draft.find(kind, index, &path, text(update, "resource_name"))?;
    if flag(found, "negative") {
        let code = if kind == Kind::AdGroupCriterion {
            "CANT_UPDATE_NEGATIVE"
        } else {
            "CANNOT_UPDATE_NEGATIVE_CRITERION"
        };
        let text = "What is excluded cannot be changed: remove it and create another.";
        return Err(AdsError::new(category(kind), code, text).at(index, &path));
    }
    let (_, next) = draft.updated(operation, update, mask, &CARRIED)?;
    for path in mask {
        check_bid(draft, &next, path).map_err(|error| error.at(index, &["update", path]))?;
    }
    let name = text(&next, "resource_name").to_owned();
    Ok(Planned::one(kind, &name, Some(next)))
}
