//! The account that the emulator holds: its resources, its days, and every write that reached it.
//!
//! A resource is JSON in the names of the official message, so that Google's descriptor judges
//! what goes in and writes what goes out; what Google derives (counts, effective bids, reviews) is
//! worked out when it is read ([`crate::views`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::currency::Currency;
use crate::data::Day;
use crate::kinds::Kind;
use crate::operations::last_id;
use crate::patch::{differences, only, text, whole};

/// The customer id of the account, unless the emulator is started with another.
pub const CUSTOMER_ID: &str = "1234567890";
/// ISO 4217 code of the account, unless the emulator is started with another.
pub const CURRENCY_CODE: &str = "USD";
/// IANA time zone of the account.
pub const TIME_ZONE: &str = "America/New_York";
/// The same, with the zone's own data.
pub static ZONE: TimeZone = jiff::tz::get!("America/New_York");
/// Name of the account; says that it is simulated.
pub const DESCRIPTIVE_NAME: &str = "Countersign demo account (simulated)";

/// A campaign's own setting, in Google's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CampaignStatus {
    /// It may spend.
    Enabled,
    /// It does not, and may again.
    Paused,
    /// For good.
    Removed,
}

/// Who wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// A caller of the API.
    Api,
    /// Somebody else: made by a `foreign_writer` fault or `foreign_write`.
    Foreign,
}

/// Who wrote, as `change_event` says it.
#[derive(Debug, Clone)]
pub struct Author {
    /// The caller or somebody else.
    pub writer: Writer,
    /// `request-id` of the answer; absent for a foreign write.
    pub request_id: Option<String>,
    /// `client_type`.
    pub client_type: String,
    /// `user_email`.
    pub user_email: String,
}

/// Address shown for writes through the API.
pub const API_USER_EMAIL: &str = "countersign-gate@example.com";
/// Address shown for writes by somebody else.
pub const FOREIGN_USER_EMAIL: &str = "someone-else@example.com";

impl Author {
    /// A caller of the API.
    #[must_use]
    pub fn api(request_id: &str) -> Self {
        Self {
            writer: Writer::Api,
            request_id: Some(request_id.to_owned()),
            client_type: "GOOGLE_ADS_API".to_owned(),
            user_email: API_USER_EMAIL.to_owned(),
        }
    }

    /// Somebody in the web client.
    #[must_use]
    pub fn foreign() -> Self {
        Self {
            writer: Writer::Foreign,
            request_id: None,
            client_type: "GOOGLE_ADS_WEB_CLIENT".to_owned(),
            user_email: FOREIGN_USER_EMAIL.to_owned(),
        }
    }
}

/// What one write leaves: the whole resource, or nothing of it.
#[derive(Debug, Clone)]
pub struct Write {
    /// Kind of the resource.
    pub kind: Kind,
    /// Its resource name.
    pub name: String,
    /// The resource afterwards; `None` removes it.
    pub new: Option<Value>,
}

/// One committed write of one resource; dry runs are never here.
#[derive(Debug, Clone, Serialize)]
pub struct Commit {
    /// 1, 2, 3, …
    pub seq: usize,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub writer: Writer,
    /// `request-id` of the answer; absent for a foreign write.
    pub request_id: Option<String>,
    /// `client_type` of the change.
    pub client_type: String,
    /// `user_email` of the change.
    pub user_email: String,
    /// Kind of the resource.
    pub kind: Kind,
    /// Its resource name.
    pub resource_name: String,
    /// CREATE, UPDATE or REMOVE.
    pub operation: &'static str,
    /// Paths that differ.
    pub changed: Vec<String>,
    /// What they were before.
    pub old: Value,
    /// What they are after.
    pub new: Value,
    /// Campaign that the resource belongs to.
    #[serde(skip)]
    pub campaign: Option<String>,
    /// Ad group that the resource belongs to.
    #[serde(skip)]
    pub ad_group: Option<String>,
    /// Budget that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_id: Option<i64>,
    /// Campaign that was written, or the first that uses the budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<i64>,
    /// A budget's daily amount before, micros.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_amount_micros: Option<i64>,
    /// A budget's daily amount after, micros.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_amount_micros: Option<i64>,
    /// A campaign's own setting before and after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<[String; 2]>,
    /// Some field differs after the write.
    pub effective: bool,
}

/// Resources by kind and resource name.
pub type Resources = BTreeMap<(Kind, String), Arc<Value>>;

/// The account and its history since the start.
#[derive(Debug)]
pub struct Account {
    /// Its customer id.
    pub customer_id: String,
    /// Its currency.
    pub currency: Currency,
    /// What the account says is its time zone; its days stay those of [`TIME_ZONE`].
    pub time_zone: String,
    /// The account's day when it began.
    pub began: Date,
    /// How far its clock was moved since.
    pub clock_offset: SignedDuration,
    /// Seconds that a review of an ad takes.
    pub review_s: i64,
    /// Days that the published dates were moved by.
    pub shifted_days: i64,
    /// First and last day that carry data.
    pub data_days: (Date, Date),
    /// Everything it holds.
    pub resources: Resources,
    /// What it held before the last write.
    pub before: Resources,
    /// The days of each campaign, by resource name.
    pub days: BTreeMap<String, Vec<Day>>,
    /// Every committed write, oldest first.
    pub commits: Vec<Commit>,
    /// The next id of what is created.
    pub next_id: i64,
}

/// All resources of one kind, in the order of their names.
pub fn of_kind(resources: &Resources, kind: Kind) -> impl Iterator<Item = &Value> {
    let first = (kind, String::new());
    resources.range(first..).take_while(move |(key, _)| key.0 == kind).map(|(_, one)| one.as_ref())
}

/// The resource with this name, of whatever kind the name says.
#[must_use]
pub fn named<'a>(resources: &'a Resources, name: &str) -> Option<&'a Value> {
    let key = (Kind::of_name(name)?, name.to_owned());
    resources.get(&key).map(AsRef::as_ref)
}

impl Account {
    /// `customers/{c}/{collection}/{id}`.
    #[must_use]
    pub fn name(&self, kind: Kind, id: impl std::fmt::Display) -> String {
        format!("customers/{}/{}/{id}", self.customer_id, kind.collection())
    }

    /// The account's present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now().checked_add(self.clock_offset).unwrap_or(Timestamp::MAX)
    }

    /// The account's today: the day it began with, moved with its clock.
    #[must_use]
    pub fn today(&self) -> Date {
        let days = jiff::Span::new().try_days(self.clock_offset.as_hours() / 24);
        days.and_then(|days| self.began.checked_add(days)).unwrap_or(self.began)
    }

    /// All resources of one kind.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        of_kind(&self.resources, kind)
    }

    /// The resource with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Value> {
        named(&self.resources, name)
    }

    /// Puts a resource in place without a record, as the account began.
    pub fn seed(&mut self, kind: Kind, value: Value) {
        let name = text(&value, "resource_name").to_owned();
        self.resources.insert((kind, name), Arc::new(value));
    }

    /// Commits writes that stand or fall together, in order, and records each.
    pub fn commit(&mut self, writes: Vec<Write>, author: &Author) {
        self.before = self.resources.clone();
        for write in writes {
            let key = (write.kind, write.name.clone());
            let old = self.resources.get(&key).map(|one| one.as_ref().clone());
            let record = self.record(&write, old.unwrap_or_default(), author);
            match write.new {
                Some(new) => self.resources.insert(key, Arc::new(new)),
                None => self.resources.remove(&key),
            };
            self.commits.push(record);
        }
    }

    fn record(&self, write: &Write, old: Value, author: &Author) -> Commit {
        let new = write.new.clone().unwrap_or_default();
        let changed = differences(&old, &new);
        let standing = if new.is_null() { &old } else { &new };
        let operation = match (old.is_null(), write.new.is_none()) {
            (true, _) => "CREATE",
            (_, true) => "REMOVE",
            _ if text(&new, "status") == "REMOVED" && text(&old, "status") != "REMOVED" => "REMOVE",
            _ => "UPDATE",
        };
        let (ad_group, campaign) = self.owners(write.kind, standing);
        let is = |kind| write.kind == kind;
        // A write of a campaign or of its budget is told with the campaign's number.
        let told = is(Kind::Campaign) || is(Kind::CampaignBudget);
        let campaign_id = campaign.as_deref().filter(|_| told).map(last_id);
        Commit {
            seq: self.commits.len() + 1,
            at: self.now(),
            writer: author.writer,
            request_id: author.request_id.clone(),
            client_type: author.client_type.clone(),
            user_email: author.user_email.clone(),
            kind: write.kind,
            resource_name: write.name.clone(),
            operation,
            budget_id: is(Kind::CampaignBudget).then(|| whole(standing, "id")).flatten(),
            campaign_id: campaign_id.and_then(|id| id.parse().ok()),
            old_amount_micros: is(Kind::CampaignBudget)
                .then(|| whole(&old, "amount_micros"))
                .flatten(),
            new_amount_micros: is(Kind::CampaignBudget)
                .then(|| whole(&new, "amount_micros"))
                .flatten(),
            statuses: is(Kind::Campaign)
                .then(|| [text(&old, "status").to_owned(), text(&new, "status").to_owned()]),
            effective: !changed.is_empty(),
            old: only(&old, &changed),
            new: only(&new, &changed),
            changed,
            campaign,
            ad_group,
        }
    }

    /// The ad group and the campaign that a resource belongs to.
    fn owners(&self, kind: Kind, value: &Value) -> (Option<String>, Option<String>) {
        let own = |path| Some(text(value, path).to_owned()).filter(|name| !name.is_empty());
        let ad_group = match kind {
            Kind::AdGroup => own("resource_name"),
            Kind::AdGroupAd | Kind::AdGroupCriterion => own("ad_group"),
            Kind::Ad => self
                .all(Kind::AdGroupAd)
                .find(|one| text(one, "ad.resource_name") == text(value, "resource_name"))
                .map(|one| text(one, "ad_group").to_owned()),
            _ => None,
        };
        let campaign = match kind {
            Kind::Campaign => own("resource_name"),
            Kind::CampaignCriterion => own("campaign"),
            Kind::CampaignBudget => self
                .all(Kind::Campaign)
                .find(|one| text(one, "campaign_budget") == text(value, "resource_name"))
                .map(|one| text(one, "resource_name").to_owned()),
            _ => ad_group
                .as_deref()
                .and_then(|name| self.named(name))
                .map(|group| text(group, "campaign").to_owned()),
        };
        (ad_group, campaign)
    }

    /// The budget's name by its own id or that of a campaign that uses it.
    #[must_use]
    pub fn budget_name(&self, budget: Option<i64>, campaign: Option<i64>) -> Option<String> {
        let by_id = budget.map(|id| self.name(Kind::CampaignBudget, id));
        let by_campaign = campaign
            .and_then(|id| self.named(&self.name(Kind::Campaign, id)))
            .map(|one| text(one, "campaign_budget").to_owned());
        by_id.or(by_campaign).filter(|name| self.named(name).is_some())
    }

    /// Shows what stood before the last write, or takes that back.
    pub fn swap_before(&mut self) {
        if !self.commits.is_empty() {
            std::mem::swap(&mut self.resources, &mut self.before);
        }
    }

    /// Sets fields of a resource as another writer would; `null` clears. False when there is no
    /// such resource.
    pub fn foreign_write(&mut self, name: &str, set: &Value, author: &Author) -> bool {
        let (Some(kind), Some(current)) = (Kind::of_name(name), self.named(name)) else {
            return false;
        };
        let mut next = current.clone();
        merge(&mut next, set);
        self.commit(vec![Write { kind, name: name.to_owned(), new: Some(next) }], author);
        true
    }
}

/// RFC 7396, so far as resources need it.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
