//! Ads in Google's rows, and how one takes another's place: responsive search ads of one ad
//! group, created and paused in one transaction.

use super::{GoogleAds, digits, errors, is_digits, parts::own_status, rows, transport::Intent};
use countersign_executor::PlatformError;
use countersign_model::{
    EntityState,
    change::{
        AdKey, AdStanding, AdState, AdsState, Creative, NextAd, PartState, Review,
        creative::{AdText, MAX_TOPIC_CHARS, MAX_TOPICS, PathPart, SearchAd, TextSort, Topic},
    },
    entity::PlatformId,
};
use serde::Deserialize;
use serde_json::{Value, json};

const AD_FIELDS: &str = "ad_group.id, ad_group.name, ad_group.status, \
    ad_group_ad.resource_name, ad_group_ad.status, ad_group_ad.ad.id, ad_group_ad.ad.final_urls, \
    ad_group_ad.ad.final_mobile_urls, ad_group_ad.ad.tracking_url_template, \
    ad_group_ad.ad.final_url_suffix, ad_group_ad.ad.url_custom_parameters, \
    ad_group_ad.ad.responsive_search_ad.headlines, \
    ad_group_ad.ad.responsive_search_ad.descriptions, \
    ad_group_ad.ad.responsive_search_ad.path1, ad_group_ad.ad.responsive_search_ad.path2, \
    ad_group_ad.policy_summary.review_status, ad_group_ad.policy_summary.approval_status, \
    ad_group_ad.policy_summary.policy_topic_entries";

/// One row about an ad.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AdsRow {
    ad_group: GroupRow,
    ad_group_ad: AdGroupAdRow,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct GroupRow {
    id: String,
    name: String,
    status: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct AdGroupAdRow {
    resource_name: String,
    status: String,
    ad: AdRow,
    policy_summary: PolicyRow,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct AdRow {
    id: String,
    final_urls: Vec<String>,
    final_mobile_urls: Vec<String>,
    tracking_url_template: String,
    final_url_suffix: String,
    url_custom_parameters: Vec<Value>,
    responsive_search_ad: Option<SearchAdRow>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SearchAdRow {
    headlines: Vec<TextRow>,
    descriptions: Vec<TextRow>,
    path1: String,
    path2: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct TextRow {
    text: String,
    pinned_field: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PolicyRow {
    review_status: String,
    approval_status: String,
    policy_topic_entries: Vec<TopicRow>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TopicRow {
    topic: String,
}

impl GoogleAds {
    /// The ads of an ad group that are not removed; `None` where the campaign has no such ad
    /// group, or that has none.
    pub(super) async fn ads(
        &self,
        state: &EntityState,
        key: &AdKey,
    ) -> Result<Option<PartState>, PlatformError> {
        let campaign = digits(&state.entity.campaign_id)?;
        // One that cannot be Google's is in no campaign.
        let Ok(group) = digits(&key.ad_group) else { return Ok(None) };
        let query = format!(
            "SELECT {AD_FIELDS} FROM ad_group_ad WHERE ad_group.id = {group} \
             AND campaign.id = {campaign} AND ad_group_ad.status != 'REMOVED'"
        );
        let answer = self.query(&state.entity.account_id, &query).await?;
        let rows = rows::read::<AdsRow>(&answer)?;
        read(rows, &state.entity.account_id, answer.request_id.as_deref())
    }
}

/// Reads rows as the ads of their ad group.
pub(super) fn read(
    rows: Vec<AdsRow>,
    account: &PlatformId,
    request_id: Option<&str>,
) -> Result<Option<PartState>, PlatformError> {
    let unreadable = || errors::unreadable(Intent::Read, request_id.map(str::to_owned));
    let Some(GroupRow { id, name, status }) = rows.first().map(|row| GroupRow {
        id: row.ad_group.id.clone(),
        name: row.ad_group.name.clone(),
        status: row.ad_group.status.clone(),
    }) else {
        return Ok(None);
    };
    let id = PlatformId::parse(&id).map_err(|_| unreadable())?;
    let mut ads = vec![];
    for AdsRow { ad_group, ad_group_ad } in rows {
        if ad_group.id != id.as_str() {
            return Err(unreadable());
        }
        ads.push(ad_group_ad.into_ad().ok_or_else(unreadable)?);
    }
    Ok(Some(PartState::Ads(AdsState {
        resource: format!("customers/{account}/adGroups/{id}"),
        id,
        name,
        status: own_status(&status),
        ads,
    })))
}

impl AdGroupAdRow {
    fn into_ad(self) -> Option<AdState> {
        let Self { resource_name, status, ad, policy_summary } = self;
        let has = |text: &str| !text.is_empty();
        let beyond = if has(&ad.tracking_url_template) || !ad.url_custom_parameters.is_empty() {
            Some("a tracking template or its parameters")
        } else if has(&ad.final_url_suffix) {
            Some("a suffix of its landing page")
        } else if !ad.final_mobile_urls.is_empty() {
            Some("a landing page of its own for phones")
        } else {
            None
        };
        let [final_url] = <[String; 1]>::try_from(ad.final_urls).unwrap_or_default();
        let creative = ad.responsive_search_ad.filter(|_| has(&final_url));
        Some(AdState {
            id: PlatformId::parse(&ad.id).ok()?,
            resource: resource_name,
            status: own_status(&status),
            creative: creative.and_then(|ad| ad.into_creative(final_url)),
            beyond,
            review: policy_summary.into_review(),
        })
    }
}

impl SearchAdRow {
    /// `None` where a text is pinned to a place that is not known here.
    fn into_creative(self, final_url: String) -> Option<Creative> {
        let texts = |sort, rows: Vec<TextRow>| -> Option<Vec<AdText>> {
            rows.into_iter()
                .map(|row| Some(AdText { pin: pin(sort, &row)?, text: row.text }))
                .collect()
        };
        let paths = [self.path1, self.path2].into_iter().filter(|part| !part.is_empty());
        Some(Creative::ResponsiveSearch(SearchAd {
            headlines: texts(TextSort::Headline, self.headlines)?,
            descriptions: texts(TextSort::Description, self.descriptions)?,
            paths: paths.map(PathPart).collect(),
            final_url,
        }))
    }
}

/// The place to which a text is pinned; the outer `None` is of one that is not known here.
fn pin(sort: TextSort, row: &TextRow) -> Option<Option<u8>> {
    if row.pinned_field.is_empty() {
        return Some(None);
    }
    let place = row.pinned_field.strip_prefix(prefix(sort))?.parse().ok()?;
    Some(Some(place))
}

const fn prefix(sort: TextSort) -> &'static str {
    match sort {
        TextSort::Headline => "HEADLINE_",
        TextSort::Description => "DESCRIPTION_",
    }
}

impl PolicyRow {
    fn into_review(self) -> Review {
        let standing = match (self.review_status.as_str(), self.approval_status.as_str()) {
            ("REVIEW_IN_PROGRESS", _) => AdStanding::InReview,
            ("UNDER_APPEAL", _) => AdStanding::UnderAppeal,
            (_, "APPROVED") => AdStanding::Approved,
            (_, "APPROVED_LIMITED") => AdStanding::Limited,
            (_, "AREA_OF_INTEREST_ONLY") => AdStanding::LimitedByArea,
            (_, "DISAPPROVED") => AdStanding::Disapproved,
            ("ELIGIBLE_MAY_SERVE", _) => AdStanding::MayServe,
            _ => AdStanding::Unknown,
        };
        let topics = self.policy_topic_entries.into_iter().take(MAX_TOPICS);
        let topic = |row: TopicRow| Topic(row.topic.chars().take(MAX_TOPIC_CHARS).collect());
        Review { standing, topics: topics.map(topic).collect() }
    }
}

/// The operations that pause one ad and let another one run. The pause comes first, because an ad
/// group has room for few enabled ones.
pub(super) fn swap(
    account: &str,
    ad_group: &str,
    pause: &str,
    run: &NextAd,
) -> Result<Value, PlatformError> {
    let group = ad_group.strip_prefix(&format!("customers/{account}/adGroups/"));
    let group = group.filter(|id| is_digits(id)).ok_or_else(malformed)?;
    let prefix = format!("customers/{account}/adGroupAds/{group}~");
    let set = |resource: &str, status: &str| {
        let ad = resource.strip_prefix(&prefix).filter(|id| is_digits(id));
        ad.ok_or_else(malformed)?;
        let update = json!({ "resourceName": resource, "status": status });
        Ok::<_, PlatformError>(json!({ "update": update, "updateMask": "status" }))
    };
    let run = match run {
        NextAd::Enable(resource) => set(resource, "ENABLED")?,
        NextAd::Create(creative) => json!({ "create": {
            "adGroup": ad_group, "status": "ENABLED", "ad": written(creative),
        }}),
    };
    let operations = [set(pause, "PAUSED")?, run];
    let operations = operations.map(|one| json!({ "adGroupAdOperation": one }));
    Ok(json!({ "mutateOperations": operations }))
}

fn malformed() -> PlatformError {
    errors::of_gate(
        "gate.MALFORMED_RESOURCE",
        "what is to be written is not in the campaign's account",
    )
}

/// An ad in Google's words.
fn written(creative: &Creative) -> Value {
    let Creative::ResponsiveSearch(ad) = creative;
    let texts = |sort, texts: &[AdText]| -> Vec<Value> {
        let text = |text: &AdText| match text.pin {
            Some(pin) => {
                json!({ "text": text.text, "pinnedField": format!("{}{pin}", prefix(sort)) })
            }
            None => json!({ "text": text.text }),
        };
        texts.iter().map(text).collect()
    };
    let mut words = json!({
        "headlines": texts(TextSort::Headline, &ad.headlines),
        "descriptions": texts(TextSort::Description, &ad.descriptions),
    });
    for (name, part) in ["path1", "path2"].into_iter().zip(&ad.paths) {
        words[name] = part.0.as_str().into();
    }
    json!({ "finalUrls": [ad.final_url], "responsiveSearchAd": words })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ad(row: &str) -> AdState {
        serde_json::from_str::<AdsRow>(row).unwrap().ad_group_ad.into_ad().unwrap()
    }

    #[test]
    fn a_review_is_one_word_of_two() {
        for (review, approval, standing) in [
            ("REVIEW_IN_PROGRESS", "UNKNOWN", AdStanding::InReview),
            ("REVIEWED", "APPROVED", AdStanding::Approved),
            ("REVIEWED", "APPROVED_LIMITED", AdStanding::Limited),
            ("REVIEWED", "AREA_OF_INTEREST_ONLY", AdStanding::LimitedByArea),
            ("REVIEWED", "DISAPPROVED", AdStanding::Disapproved),
            ("UNDER_APPEAL", "DISAPPROVED", AdStanding::UnderAppeal),
            ("ELIGIBLE_MAY_SERVE", "APPROVED", AdStanding::Approved),
            ("ELIGIBLE_MAY_SERVE", "UNKNOWN", AdStanding::MayServe),
            ("", "", AdStanding::Unknown),
        ] {
            let row = PolicyRow {
                review_status: review.into(),
                approval_status: approval.into(),
                policy_topic_entries: vec![TopicRow { topic: "x".repeat(200) }],
            };
            let read = row.into_review();
            assert_eq!(read.standing, standing, "{review} {approval}");
            assert_eq!(read.topics[0].0.len(), MAX_TOPIC_CHARS);
        }
    }

    #[test]
    fn what_another_ad_would_lose_is_named_and_what_is_not_known_shows_nothing() {
        let row = |ad: &str| format!(r#"{{"adGroupAd":{{"ad":{{"id":"5",{ad}}}}}}}"#);
        let texts =
            r#""responsiveSearchAd":{"headlines":[{"text":"a","pinnedField":"HEADLINE_2"}]}"#;
        let page = r#""finalUrls":["https://a.example/"]"#;
        let known = ad(&row(&format!("{page},{texts}")));
        let Some(Creative::ResponsiveSearch(creative)) = known.creative else { panic!() };
        assert_eq!(creative.headlines[0].pin, Some(2));
        assert_eq!(known.beyond, None);
        for more in [
            r#""trackingUrlTemplate":"https://t.example/""#,
            r#""urlCustomParameters":[{"key":"a"}]"#,
            r#""finalUrlSuffix":"a=b""#,
            r#""finalMobileUrls":["https://m.example/"]"#,
        ] {
            assert!(ad(&row(&format!("{page},{texts},{more}"))).beyond.is_some(), "{more}");
        }
        for odd in [
            page.to_owned(),
            texts.to_owned(),
            format!(r#""finalUrls":["https://a.example/","https://b.example/"],{texts}"#),
            format!("{page},{}", texts.replace("HEADLINE_2", "HEADLINE_X")),
            format!("{page},{}", texts.replace("HEADLINE_2", "DESCRIPTION_1")),
        ] {
            assert_eq!(ad(&row(&odd)).creative, None, "{odd}");
        }
    }

    #[test]
    fn only_what_is_in_the_ad_group_and_the_account_is_written() {
        let group = "customers/1/adGroups/4";
        let run = NextAd::Enable("customers/1/adGroupAds/4~6".into());
        let swapped = swap("1", group, "customers/1/adGroupAds/4~5", &run).unwrap();
        assert_eq!(
            swapped,
            json!({ "mutateOperations": [
                { "adGroupAdOperation": {
                    "update": { "resourceName": "customers/1/adGroupAds/4~5", "status": "PAUSED" },
                    "updateMask": "status",
                }},
                { "adGroupAdOperation": {
                    "update": { "resourceName": "customers/1/adGroupAds/4~6", "status": "ENABLED" },
                    "updateMask": "status",
                }},
            ]})
        );
        for (group, pause) in [
            (group, "customers/2/adGroupAds/4~5"),
            (group, "customers/1/adGroupAds/7~5"),
            (group, "customers/1/adGroupAds/4~5~6"),
            ("customers/2/adGroups/4", "customers/1/adGroupAds/4~5"),
            ("customers/1/adGroups/x", "customers/1/adGroupAds/x~5"),
        ] {
            let error = swap("1", group, pause, &run).unwrap_err();
            assert_eq!(error.code, "gate.MALFORMED_RESOURCE", "{group} {pause}");
        }
    }
}
