//! `adGroupAds:mutate` and `ads:mutate`: responsive search ads, their review and policy.
//!
//! Carried are responsive search ads. A new or edited ad is under review until the account's
//! clock has moved on by its review time; [`RESTRICTED`] words are what its policy finds, and stand
//! for Google's own, which nobody knows in advance.

use serde_json::{Value, json};

use crate::account::Write;
use crate::errors::AdsError;
use crate::kinds::Kind;
use crate::operations::{Ask, Draft, Operation, Planned, not_carried, removed, required, touches};
use crate::patch::{list, text};

/// Words, the topic that they raise, and how strict it is.
pub const RESTRICTED: [(&str, &str, &str); 3] = [
    ("beer", "ALCOHOL", "PROHIBITED"),
    ("casino", "GAMBLING", "PROHIBITED"),
    ("weight loss", "HEALTH_IN_PERSONALIZED_ADS", "LIMITED"),
];
const MOST_ENABLED: usize = 3;
const PINS: [&str; 5] =
    ["HEADLINE_1", "HEADLINE_2", "HEADLINE_3", "DESCRIPTION_1", "DESCRIPTION_2"];

pub(crate) fn plan(draft: &mut Draft<'_>, operation: &Operation) -> Result<Planned, AdsError> {
    match (operation.kind, &operation.ask) {
        (Kind::AdGroupAd, Ask::Create(new)) => create(draft, operation, new),
        (Kind::AdGroupAd, Ask::Update(update, mask)) => {
            let (old, next) = draft.updated(operation, update, mask, &["status"])?;
            if text(&old, "status") != "ENABLED" && text(&next, "status") == "ENABLED" {
                check_count(draft, text(&next, "ad_group"))
                    .map_err(|error| error.at(operation.index, &["update", "status"]))?;
            }
            let name = text(&next, "resource_name").to_owned();
            Ok(Planned::one(Kind::AdGroupAd, &name, Some(next)))
        }
        (Kind::AdGroupAd, Ask::Remove(name)) => {
            let found = draft.find(Kind::AdGroupAd, operation.index, &["remove"], name)?;
            if text(found, "status") == "REMOVED" {
                let text = "The ad was removed already.";
                let code = "CANNOT_OPERATE_ON_REMOVED_ADGROUPAD";
                let error = AdsError::new("adGroupAdError", code, text);
                return Err(error.at(operation.index, &["remove"]));
            }
            // A removed ad is kept and can be read.
            let mut next = found.clone();
            next["status"] = "REMOVED".into();
            let mut planned = Planned::one(Kind::AdGroupAd, name, Some(next));
            planned.after = None;
            Ok(planned)
        }
        (_, Ask::Update(update, mask)) => edit(draft, operation, update, mask),
        _ => Err(not_carried(operation)),
    }
}

fn create(draft: &mut Draft<'_>, operation: &Operation, new: &Value) -> Result<Planned, AdsError> {
    let index = operation.index;
    let group = text(new, "ad_group").to_owned();
    if group.is_empty() {
        return Err(required(index, &["create", "ad_group"]));
    }
    let found = draft.find(Kind::AdGroup, index, &["create", "ad_group"], &group)?;
    if text(found, "status") == "REMOVED" {
        return Err(removed().at(index, &["create", "ad_group"]));
    }
    let status = match text(new, "status") {
        "" => "ENABLED",
        status => status,
    };
    if !matches!(status, "ENABLED" | "PAUSED") {
        let text = "An ad is not created as removed.";
        let code = "CREATE_AS_REMOVED_NOT_PERMITTED";
        let error = AdsError::new("operationAccessDeniedError", code, text);
        return Err(error.at(index, &["create", "status"]));
    }
    let Some(mut ad) = new.get("ad").cloned() else {
        return Err(required(index, &["create", "ad"]));
    };
    check_ad(&ad, index, &["create", "ad"])?;
    let topics = findings(&ad, operation, &["create", "ad"])?;
    if status == "ENABLED" {
        check_count(draft, &group).map_err(|error| error.at(index, &["create"]))?;
    }
    let id = draft.fresh_id();
    let ad_name = draft.account.name(Kind::Ad, id);
    ad["resource_name"] = ad_name.clone().into();
    ad["id"] = id.into();
    ad["type"] = "RESPONSIVE_SEARCH_AD".into();
    review(draft, &mut ad, topics);
    let group_id = group.rsplit('/').next().unwrap_or_default().to_owned();
    let name = draft.account.name(Kind::AdGroupAd, format!("{group_id}~{id}"));
    let shown = json!({
        "resource_name": name,
        "ad_group": group,
        "status": status,
        "ad": {"resource_name": ad_name},
    });
    let mut after = shown.clone();
    after["ad"] = ad.clone();
    let ad_write = Write { kind: Kind::Ad, name: ad_name, new: Some(ad) };
    let mut planned = Planned::one(Kind::AdGroupAd, &name, Some(shown));
    planned.after = Some(after);
    planned.writes.insert(0, ad_write);
    Ok(planned)
}

/// Edits an ad in place: the lists are replaced whole, and it is reviewed again.
fn edit(
    draft: &Draft<'_>,
    operation: &Operation,
    update: &Value,
    mask: &[String],
) -> Result<Planned, AdsError> {
    let index = operation.index;
    let (_, mut next) =
        draft.updated(operation, update, mask, &["final_urls", "responsive_search_ad"])?;
    let user = draft
        .all(Kind::AdGroupAd)
        .find(|one| text(one, "ad.resource_name") == text(&next, "resource_name"));
    if user.is_none_or(|user| text(user, "status") == "REMOVED") {
        return Err(removed().at(index, &["update", "resource_name"]));
    }
    check_ad(&next, index, &["update"])?;
    let topics = findings(&next, operation, &["update"])?;
    if touches(mask, "responsive_search_ad") || touches(mask, "final_urls") {
        review(draft, &mut next, topics);
    }
    let name = text(&next, "resource_name").to_owned();
    Ok(Planned::one(Kind::Ad, &name, Some(next)))
}

/// Starts a review: when it ends, and what it found.
fn review(draft: &Draft<'_>, ad: &mut Value, topics: Vec<Value>) {
    let ends = draft.account.now().as_second() + draft.account.review_s;
    ad["_review_ends_s"] = ends.into();
    ad["_topics"] = topics.into();
}

fn check_ad(ad: &Value, index: usize, root: &[&str]) -> Result<(), AdsError> {
    let at = |error: AdsError, path: &[&str]| error.at(index, &[root, path].concat());
    let Some(words) = ad.get("responsive_search_ad") else {
        let text = "The emulated account carries responsive search ads.";
        return Err(at(AdsError::new("adError", "INVALID_AD_TYPE", text), &[]));
    };
    let mut urls = list(ad, "final_urls").peekable();
    if urls.peek().is_none() {
        let text = "An ad needs a final URL.";
        return Err(at(AdsError::new("fieldError", "REQUIRED", text), &["final_urls"]));
    }
    for url in urls {
        let url = url.as_str().unwrap_or_default();
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let code = match host {
            None => "MISSING_PROTOCOL_IN_FINAL_URL",
            Some(host) if !host.contains('.') => "MALFORMED_FINAL_URL",
            Some(_) => continue,
        };
        let error = AdsError::new("urlFieldError", code, "This is no web address.");
        return Err(at(error.caused_by_text(url), &["final_urls"]));
    }
    let parts = [("headlines", 3, 15, 30), ("descriptions", 2, 4, 90)];
    for (part, min, max, width) in parts {
        let path = ["responsive_search_ad", part];
        check_texts(words, part, min..=max, width).map_err(|error| at(error, &path))?;
    }
    for part in ["path1", "path2"] {
        if text(words, part).chars().count() > 15 {
            let error = AdsError::new("stringLengthError", "TOO_LONG", "Too long.");
            return Err(at(error, &["responsive_search_ad", part]));
        }
    }
    if text(words, "path1").is_empty() && !text(words, "path2").is_empty() {
        let text = "path2 needs path1.";
        let error = AdsError::new("adError", "CANNOT_SET_PATH2_WITHOUT_PATH1", text);
        return Err(at(error, &["responsive_search_ad", "path2"]));
    }
    Ok(())
}

fn check_texts(
    words: &Value,
    part: &str,
    count: std::ops::RangeInclusive<usize>,
    width: usize,
) -> Result<(), AdsError> {
    let texts: Vec<&Value> = list(words, part).collect();
    if texts.len() < *count.start() {
        return Err(AdsError::new("collectionSizeError", "TOO_FEW", "Too few."));
    }
    if texts.len() > *count.end() {
        return Err(AdsError::new("collectionSizeError", "TOO_MANY", "Too many."));
    }
    let mut seen = std::collections::BTreeSet::new();
    for one in texts {
        let words = text(one, "text");
        let code = match words.chars().count() {
            0 => Some("EMPTY"),
            length if length > width => Some("TOO_LONG"),
            _ => None,
        };
        if let Some(code) = code {
            let error = AdsError::new("stringLengthError", code, "The text does not fit.");
            return Err(error.caused_by_text(words));
        }
        if !seen.insert(words.to_lowercase()) {
            let text = "The same text stands twice.";
            return Err(AdsError::new("assetError", "DUPLICATE_ASSET", text).caused_by_text(words));
        }
        let pin = text(one, "pinned_field");
        let fits = PINS.contains(&pin) && part.to_uppercase().starts_with(&pin[..pin.len() - 2]);
        if !pin.is_empty() && !fits {
            let text = "This text cannot be pinned there.";
            return Err(AdsError::new("fieldError", "INVALID_VALUE", text).caused_by_text(pin));
        }
    }
    Ok(())
}

fn check_count(draft: &Draft<'_>, group: &str) -> Result<(), AdsError> {
    let enabled = draft
        .all(Kind::AdGroupAd)
        .filter(|one| text(one, "ad_group") == group && text(one, "status") == "ENABLED")
        .count();
    if enabled < MOST_ENABLED {
        return Ok(());
    }
    let text = "The ad group has as many enabled responsive search ads as it may.";
    let error = AdsError::new("resourceCountLimitExceededError", "ADGROUP_LIMIT", text);
    Err(error.with_details(json!({"resourceCountDetails": {
        "enclosingId": group.rsplit('/').next(),
        "enclosingResource": "AD_GROUP",
        "limit": MOST_ENABLED,
        "limitType": "RESPONSIVE_SEARCH_ADS_PER_AD_GROUP",
        "existingCount": enabled,
    }})))
}

/// The topics that an ad raises. Prohibited ones refuse it, unless the caller asks to ignore
/// them: then it is saved and will be disapproved.
fn findings(ad: &Value, operation: &Operation, root: &[&str]) -> Result<Vec<Value>, AdsError> {
    let words: Vec<String> = ["headlines", "descriptions"]
        .into_iter()
        .flat_map(|part| list(ad, &format!("responsive_search_ad.{part}")).collect::<Vec<_>>())
        .map(|one| text(one, "text").to_lowercase())
        .collect();
    let mut topics = Vec::new();
    let mut refused = Vec::new();
    for (word, topic, strictness) in RESTRICTED {
        if !words.iter().any(|text| text.contains(word)) {
            continue;
        }
        let evidence = json!([{"text_list": {"texts": [word]}}]);
        let entry = json!({"topic": topic, "type": strictness, "evidences": evidence});
        let is_ignored = operation.ignorable_topics.iter().any(|one| one == topic);
        if strictness == "PROHIBITED" && !is_ignored {
            refused.push(entry.clone());
        }
        topics.push(entry);
    }
    if refused.is_empty() {
        return Ok(topics);
    }
    let text = "The ad goes against a policy.";
    let details = json!({"policyFindingDetails": {"policyTopicEntries": refused}});
    let error = AdsError::new("policyFindingError", "POLICY_FINDING", text).with_details(details);
    Err(error.at(operation.index, root))
}
