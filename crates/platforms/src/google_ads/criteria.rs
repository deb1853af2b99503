//! What campaigns and ad groups reach and leave out, in Google's rows and operations: placements,
//! apps, channels and videos, lists of people and segments.
//!
//! A criterion's content cannot be edited, so that adding is creating and taking back is removing;
//! all operations of a change are one request, taken whole or not at all.

use super::{GoogleAds, digits, errors, is_digits, rows, transport::Intent};
use countersign_executor::{CommitAnswer, PlatformError};
use countersign_model::{
    CampaignStatus, EntityState,
    change::{
        Criterion, Standing,
        set::{Audience, AudienceState, CriteriaGroup, CriteriaPart, CriteriaState, Place},
    },
    entity::PlatformId,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What names criteria: a campaign, or an ad group.
#[derive(Clone, Copy)]
struct Owner<'a> {
    /// The resource that its criteria are, as in rows and as in answers.
    row: &'static str,
    /// The field of a criterion that names it.
    field: &'static str,
    /// The collection of its criteria.
    collection: &'static str,
    /// Its own id.
    filter: &'static str,
    id: &'a str,
}

impl<'a> Owner<'a> {
    const fn campaign(id: &'a str) -> Self {
        Self {
            row: "campaign_criterion",
            field: "campaign",
            collection: "campaignCriteria",
            filter: "campaign.id",
            id,
        }
    }

    const fn ad_group(id: &'a str) -> Self {
        Self {
            row: "ad_group_criterion",
            field: "adGroup",
            collection: "adGroupCriteria",
            filter: "ad_group.id",
            id,
        }
    }

    /// Whose name of an account it is; `None` of any other.
    fn of(resource: &'a str, account: &str) -> Option<Self> {
        let own = resource.strip_prefix("customers/")?.strip_prefix(account)?.strip_prefix('/')?;
        let (collection, id) = own.split_once('/')?;
        match collection {
            _ if !is_digits(id) => None,
            "campaigns" => Some(Self::campaign(id)),
            "adGroups" => Some(Self::ad_group(id)),
            _ => None,
        }
    }

    /// Asks for what it names of these types, with everything that a new criterion would lack.
    fn query(self, types: &BTreeSet<&str>) -> String {
        let Self { row, filter, id, .. } = self;
        let mut fields = vec![
            "resource_name",
            "type",
            "negative",
            "status",
            "bid_modifier",
            "placement.url",
            "mobile_application.app_id",
            "youtube_channel.channel_id",
            "youtube_video.video_id",
            "user_list.user_list",
            "user_interest.user_interest_category",
        ];
        if row == "ad_group_criterion" {
            fields.extend([
                "cpc_bid_micros",
                "cpm_bid_micros",
                "cpv_bid_micros",
                "percent_cpc_bid_micros",
                "final_urls",
                "tracking_url_template",
            ]);
        }
        let fields: Vec<_> = fields.iter().map(|field| format!("{row}.{field}")).collect();
        let types: Vec<_> = types.iter().map(|one| format!("'{one}'")).collect();
        format!(
            "SELECT {} FROM {row} WHERE {filter} = {id} AND {row}.type IN ({})",
            fields.join(", "),
            types.join(", ")
        )
    }
}

/// One row about criteria, and about what they name.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CriterionRow {
    campaign_criterion: Fields,
    ad_group_criterion: Fields,
    ad_group: GroupFields,
    user_list: ListFields,
    user_interest: InterestFields,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Fields {
    resource_name: String,
    negative: bool,
    status: String,
    bid_modifier: Option<f64>,
    cpc_bid_micros: Option<String>,
    cpm_bid_micros: Option<String>,
    cpv_bid_micros: Option<String>,
    percent_cpc_bid_micros: Option<String>,
    final_urls: Vec<String>,
    tracking_url_template: String,
    placement: Placement,
    mobile_application: App,
    youtube_channel: Channel,
    youtube_video: Video,
    user_list: List,
    user_interest: Interest,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Placement {
    url: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct App {
    app_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Channel {
    channel_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Video {
    video_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct List {
    user_list: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Interest {
    user_interest_category: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct GroupFields {
    id: String,
    name: String,
    status: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ListFields {
    id: String,
    name: String,
    r#type: String,
    membership_status: String,
    membership_life_span: Option<String>,
    size_for_display: Option<String>,
    size_for_search: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct InterestFields {
    user_interest_id: String,
    name: String,
    taxonomy_type: String,
}

impl GoogleAds {
    /// Reads how things stand to a campaign that was just read, or to one of its ad groups;
    /// `None` where it has no such ad group.
    pub(super) async fn criteria(
        &self,
        state: &EntityState,
        asked: &CriteriaPart,
    ) -> Result<Option<CriteriaState>, PlatformError> {
        let account = &state.entity.account_id;
        let campaign = digits(&state.entity.campaign_id)?;
        let (ad_group, owner) = match &asked.ad_group {
            None => (None, Owner::campaign(campaign)),
            Some(id) => {
                // One that cannot be Google's is in no campaign.
                let Ok(id) = digits(id) else { return Ok(None) };
                let Some(found) = self.group(account, campaign, id).await? else {
                    return Ok(None);
                };
                (Some(found), Owner::ad_group(id))
            }
        };
        let types: BTreeSet<_> = asked.of.iter().map(type_of).collect();
        let answer = self.query(account, &owner.query(&types)).await?;
        let found = standings(&rows::read::<CriterionRow>(&answer)?);
        let standing = asked.of.iter().map(|one| {
            let standing = found.get(one).map_or(Standing::Absent, |(standing, _)| *standing);
            (one.clone(), standing)
        });
        let standing = standing.collect();
        let audiences = self.audiences(account, &asked.of).await?;
        Ok(Some(CriteriaState { ad_group, standing, audiences }))
    }

    async fn group(
        &self,
        account: &PlatformId,
        campaign: &str,
        id: &str,
    ) -> Result<Option<CriteriaGroup>, PlatformError> {
        let query = format!(
            "SELECT ad_group.id, ad_group.name, ad_group.status FROM ad_group \
             WHERE ad_group.id = {id} AND campaign.id = {campaign}"
        );
        let answer = self.query(account, &query).await?;
        let unreadable = || errors::unreadable(Intent::Read, answer.request_id.clone());
        let Some(row) = rows::read::<CriterionRow>(&answer)?.into_iter().next() else {
            return Ok(None);
        };
        let GroupFields { id, name, status } = row.ad_group;
        let id = PlatformId::parse(&id).map_err(|_| unreadable())?;
        let resource = format!("customers/{account}/adGroups/{id}");
        let status: CampaignStatus = super::parts::own_status(&status);
        Ok(Some(CriteriaGroup { id, name, resource, status }))
    }

    /// What Google says of the audiences among them; those that it does not have are left out.
    async fn audiences(
        &self,
        account: &PlatformId,
        of: &BTreeSet<Criterion>,
    ) -> Result<BTreeMap<Audience, AudienceState>, PlatformError> {
        let (mut lists, mut interests) = (vec![], vec![]);
        for one in of {
            match one {
                Criterion::Audience(Audience::UserList(id)) => lists.extend(digits(id)),
                Criterion::Audience(Audience::UserInterest(id)) => interests.extend(digits(id)),
                Criterion::Place(_) => {}
            }
        }
        let mut found = BTreeMap::new();
        if !lists.is_empty() {
            let query = format!(
                "SELECT user_list.id, user_list.name, user_list.type, \
                 user_list.membership_status, user_list.membership_life_span, \
                 user_list.size_for_display, user_list.size_for_search FROM user_list \
                 WHERE user_list.id IN ({})",
                lists.join(", ")
            );
            let answer = self.query(account, &query).await?;
            for row in rows::read::<CriterionRow>(&answer)? {
                let read = row.user_list.into_state();
                let unreadable = || errors::unreadable(Intent::Read, answer.request_id.clone());
                found.extend([read.ok_or_else(unreadable)?]);
            }
        }
        if !interests.is_empty() {
            let query = format!(
                "SELECT user_interest.user_interest_id, user_interest.name, \
                 user_interest.taxonomy_type FROM user_interest \
                 WHERE user_interest.user_interest_id IN ({})",
                interests.join(", ")
            );
            let answer = self.query(account, &query).await?;
            for row in rows::read::<CriterionRow>(&answer)? {
                let read = row.user_interest.into_state();
                let unreadable = || errors::unreadable(Intent::Read, answer.request_id.clone());
                found.extend([read.ok_or_else(unreadable)?]);
            }
        }
        Ok(found)
    }

    /// Writes that things stand so, all together. What is to be taken back is looked up first,
    /// because Google names a criterion by an id of its own.
    pub(super) async fn write_criteria(
        &self,
        account: &PlatformId,
        resource: &str,
        criteria: &[Criterion],
        standing: Standing,
        intent: Intent,
    ) -> Result<CommitAnswer, PlatformError> {
        let Some(owner) = Owner::of(resource, digits(account)?) else {
            return Err(errors::of_gate(
                "gate.MALFORMED_RESOURCE",
                "what is to be written is not in the campaign's account",
            ));
        };
        let negative = match standing {
            Standing::Targeted => Some(false),
            Standing::Excluded => Some(true),
            Standing::Absent => None,
            Standing::OwnSettings => {
                let words = "bids and pauses of single criteria cannot be set";
                return Err(errors::of_gate("gate.UNKNOWN_STANDING", words));
            }
        };
        let operations: Vec<_> = match negative {
            Some(negative) => {
                let create = |one| create(account, owner.field, resource, one, negative);
                criteria.iter().map(create).collect()
            }
            None => {
                let types = criteria.iter().map(type_of).collect();
                let answer = self.query(account, &owner.query(&types)).await?;
                let found = standings(&rows::read::<CriterionRow>(&answer)?);
                let names = criteria.iter().filter_map(|one| found.get(one));
                let removed: Vec<_> = names.map(|(_, name)| json!({ "remove": name })).collect();
                // Somebody else was faster: it holds already.
                if removed.is_empty() {
                    return Ok(CommitAnswer { request_id: answer.request_id });
                }
                removed
            }
        };
        let body = json!({
            "operations": operations,
            "partialFailure": false,
            "validateOnly": intent == Intent::Validate,
        });
        let path = format!("customers/{account}/{}:mutate", owner.collection);
        let answer = self.transport.post(&path, &body, intent).await?;
        Ok(CommitAnswer { request_id: answer.request_id })
    }
}

/// The operation that makes a criterion.
fn create(
    account: &PlatformId,
    field: &str,
    resource: &str,
    criterion: &Criterion,
    negative: bool,
) -> Value {
    let mut create = json!({ "negative": negative });
    create[field] = resource.into();
    let (member, content) = match criterion {
        Criterion::Place(Place::Site(url)) => ("placement", json!({ "url": url })),
        Criterion::Place(Place::App(id)) => ("mobileApplication", json!({ "appId": id })),
        Criterion::Place(Place::YoutubeChannel(id)) => {
            ("youtubeChannel", json!({ "channelId": id }))
        }
        Criterion::Place(Place::YoutubeVideo(id)) => ("youtubeVideo", json!({ "videoId": id })),
        Criterion::Audience(Audience::UserList(id)) => {
            ("userList", json!({ "userList": format!("customers/{account}/userLists/{id}") }))
        }
        Criterion::Audience(Audience::UserInterest(id)) => {
            let name = format!("customers/{account}/userInterests/{id}");
            ("userInterest", json!({ "userInterestCategory": name }))
        }
    };
    create[member] = content;
    json!({ "create": create })
}

/// Google's type of a criterion.
const fn type_of(criterion: &Criterion) -> &'static str {
    match criterion {
        Criterion::Place(Place::Site(_)) => "PLACEMENT",
        Criterion::Place(Place::App(_)) => "MOBILE_APPLICATION",
        Criterion::Place(Place::YoutubeChannel(_)) => "YOUTUBE_CHANNEL",
        Criterion::Place(Place::YoutubeVideo(_)) => "YOUTUBE_VIDEO",
        Criterion::Audience(Audience::UserList(_)) => "USER_LIST",
        Criterion::Audience(Audience::UserInterest(_)) => "USER_INTEREST",
    }
}

/// How everything stands that rows name, with Google's name of each. What is named twice, in two
/// ways of writing it, could not be put back as it was.
fn standings(rows: &[CriterionRow]) -> BTreeMap<Criterion, (Standing, String)> {
    let mut found: BTreeMap<Criterion, (Standing, String)> = BTreeMap::new();
    for row in rows {
        for fields in [&row.campaign_criterion, &row.ad_group_criterion] {
            let Some(criterion) = fields.criterion() else { continue };
            let Some(standing) = fields.standing() else { continue };
            let name = fields.resource_name.clone();
            found
                .entry(criterion)
                .and_modify(|(held, _)| *held = Standing::OwnSettings)
                .or_insert((standing, name));
        }
    }
    found
}

impl Fields {
    /// What it names; `None` of what is none of ours.
    fn criterion(&self) -> Option<Criterion> {
        let last = |name: &str| PlatformId::parse(name.rsplit('/').next()?).ok();
        let place = |place: Place| place.is_normal().then_some(Criterion::Place(place));
        if !self.placement.url.is_empty() {
            return place(Place::Site(normal_site(&self.placement.url)));
        }
        if !self.mobile_application.app_id.is_empty() {
            return place(Place::App(self.mobile_application.app_id.clone()));
        }
        if !self.youtube_channel.channel_id.is_empty() {
            return place(Place::YoutubeChannel(self.youtube_channel.channel_id.clone()));
        }
        if !self.youtube_video.video_id.is_empty() {
            return place(Place::YoutubeVideo(self.youtube_video.video_id.clone()));
        }
        if !self.user_list.user_list.is_empty() {
            let id = last(&self.user_list.user_list)?;
            return Some(Criterion::Audience(Audience::UserList(id)));
        }
        let interest = &self.user_interest.user_interest_category;
        let id = (!interest.is_empty()).then(|| last(interest)).flatten()?;
        Some(Criterion::Audience(Audience::UserInterest(id)))
    }

    /// How it stands; `None` of one that was removed.
    fn standing(&self) -> Option<Standing> {
        if self.status == "REMOVED" {
            return None;
        }
        if self.negative {
            return Some(Standing::Excluded);
        }
        let bids = [
            &self.cpc_bid_micros,
            &self.cpm_bid_micros,
            &self.cpv_bid_micros,
            &self.percent_cpc_bid_micros,
        ];
        let has_bid = bids.into_iter().flatten().any(|micros| micros != "0");
        // Google writes "as it is" as 1, and as nothing at all.
        let is_modified = self.bid_modifier.is_some_and(|by| by != 0.0 && by != 1.0);
        let is_plain = matches!(self.status.as_str(), "" | "ENABLED")
            && !has_bid
            && !is_modified
            && self.final_urls.is_empty()
            && self.tracking_url_template.is_empty();
        Some(if is_plain { Standing::Targeted } else { Standing::OwnSettings })
    }
}

/// An address as people and policies write it: Google keeps what was once typed.
fn normal_site(url: &str) -> String {
    let site = url.trim().to_ascii_lowercase();
    let site = site.strip_prefix("https://").or(site.strip_prefix("http://")).unwrap_or(&site);
    site.strip_prefix("www.").unwrap_or(site).trim_end_matches('/').to_owned()
}

/// An optional number; `None` where what stands there is none.
fn optional<N: std::str::FromStr>(text: Option<String>) -> Option<Option<N>> {
    text.map_or(Some(None), |text| text.parse().ok().map(Some))
}

impl ListFields {
    fn into_state(self) -> Option<(Audience, AudienceState)> {
        let id = PlatformId::parse(&self.id).ok()?;
        let state = AudienceState {
            name: self.name,
            made_of: self.r#type,
            size_for_display: optional(self.size_for_display)?,
            size_for_search: optional(self.size_for_search)?,
            is_open: match self.membership_status.as_str() {
                "OPEN" => Some(true),
                "CLOSED" => Some(false),
                _ => None,
            },
            stays_days: optional(self.membership_life_span)?,
        };
        Some((Audience::UserList(id), state))
    }
}

impl InterestFields {
    fn into_state(self) -> Option<(Audience, AudienceState)> {
        let id = PlatformId::parse(&self.user_interest_id).ok()?;
        let state = AudienceState {
            name: self.name,
            made_of: self.taxonomy_type,
            size_for_display: None,
            size_for_search: None,
            is_open: None,
            stays_days: None,
        };
        Some((Audience::UserInterest(id), state))
    }
}

/// Reads rows in every way; for whoever looks for answers that cannot be borne.
pub(super) fn read_all(rows: Vec<CriterionRow>) {
    let _ = standings(&rows);
    for row in rows {
        let _ = (row.user_list.into_state(), row.user_interest.into_state());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &str) -> BTreeMap<Criterion, (Standing, String)> {
        standings(&serde_json::from_str::<Vec<CriterionRow>>(rows).unwrap())
    }

    fn stands(fields: &str) -> Vec<Standing> {
        let rows = format!(r#"[{{"adGroupCriterion":{fields}}}]"#);
        found(&rows).into_values().map(|(standing, _)| standing).collect()
    }

    #[test]
    fn a_criterion_stands_as_its_fields_say() {
        let with = |more: &str| stands(&format!(r#"{{"placement":{{"url":"a.example"}}{more}}}"#));
        for (more, standing) in [
            ("", Standing::Targeted),
            (r#","status":"ENABLED","bidModifier":1.0"#, Standing::Targeted),
            (r#","negative":true"#, Standing::Excluded),
            (r#","status":"PAUSED""#, Standing::OwnSettings),
            (r#","status":"ENABLED","cpcBidMicros":"10000""#, Standing::OwnSettings),
            (r#","bidModifier":1.2"#, Standing::OwnSettings),
            (r#","finalUrls":["https://x.example"]"#, Standing::OwnSettings),
        ] {
            assert_eq!(with(more), [standing], "{more}");
        }
        assert_eq!(with(r#","status":"REMOVED""#), []);
    }

    #[test]
    fn a_site_is_the_same_however_it_was_typed() {
        for url in [
            "news.example",
            "https://www.News.example/",
            "http://news.example",
            " www.news.example",
        ] {
            let rows = format!(
                r#"[{{"campaignCriterion":{{"negative":true,"placement":{{"url":"{url}"}}}}}}]"#
            );
            let names: Vec<_> = found(&rows).into_keys().collect();
            assert_eq!(names, [Criterion::Place(Place::Site("news.example".into()))], "{url}");
        }
        // Two of them are one place, and no removal of one name would take it back.
        let twice = found(
            r#"[{"campaignCriterion":{"placement":{"url":"news.example"}}},
                {"campaignCriterion":{"placement":{"url":"www.news.example"}}}]"#,
        );
        assert_eq!(
            twice.into_values().map(|(one, _)| one).collect::<Vec<_>>(),
            [Standing::OwnSettings]
        );
    }

    #[test]
    fn what_is_written_belongs_to_the_account() {
        assert!(Owner::of("customers/1/campaigns/2", "1").is_some());
        assert!(Owner::of("customers/1/adGroups/2", "1").is_some());
        for odd in [
            "customers/12/campaigns/2",
            "customers/1/campaigns/2/3",
            "customers/1/campaigns/",
            "customers/1/userLists/2",
            "campaigns/2",
        ] {
            assert!(Owner::of(odd, "1").is_none(), "{odd}");
        }
    }

    #[test]
    fn a_size_that_is_not_said_is_unknown_and_one_that_is_none_is_unreadable() {
        let read = |fields: &str| {
            serde_json::from_str::<ListFields>(fields).unwrap().into_state().map(|(_, state)| state)
        };
        let state = read(r#"{"id":"9","name":"n","type":"CRM_BASED"}"#).unwrap();
        assert_eq!((state.size(), state.is_open), (None, None));
        let sizes =
            r#"{"id":"9","sizeForDisplay":"500","sizeForSearch":"90","membershipStatus":"CLOSED"}"#;
        assert_eq!(read(sizes).map(|one| (one.size(), one.is_open)), Some((Some(90), Some(false))));
        assert_eq!(read(r#"{"id":"9","sizeForDisplay":"many"}"#), None);
    }
}
