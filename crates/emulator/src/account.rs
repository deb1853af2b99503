//! The account that the emulator holds: campaigns, budgets, and every write that reached them.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::data::{Day, Series};

/// The customer id of the account, unless the emulator is started with another.
pub const CUSTOMER_ID: &str = "1234567890";
/// ISO 4217 code of the account.
pub const CURRENCY_CODE: &str = "USD";
/// Amounts are whole cents.
pub const MINIMUM_UNIT_MICROS: i64 = 10_000;
/// IANA time zone of the account.
pub const TIME_ZONE: &str = "America/New_York";
/// The same, with the zone's own data.
pub static ZONE: TimeZone = jiff::tz::get!("America/New_York");
/// Name of the account; says that it is simulated.
pub const DESCRIPTIVE_NAME: &str = "Countersign demo account (simulated)";
/// First campaign id; budgets are numbered likewise from [`FIRST_BUDGET_ID`].
pub const FIRST_CAMPAIGN_ID: i64 = 2_000_000_001;
/// First budget id; campaign n has budget n.
pub const FIRST_BUDGET_ID: i64 = 3_000_000_001;

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

/// One campaign with its series.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Whose it is.
    pub customer_id: String,
    /// Campaign id.
    pub id: i64,
    /// Name as published in the set.
    pub name: String,
    /// Whether it runs, by its own setting.
    pub status: CampaignStatus,
    /// Its last second in the account's time zone, `yyyy-MM-dd HH:mm:ss`.
    pub end_date_time: Option<String>,
    /// Its first second in the account's time zone, in the same form.
    pub start_date_time: Option<String>,
    /// Id of its budget.
    pub budget_id: i64,
    /// The published days.
    pub days: Vec<Day>,
}

/// What a budget's amount is for, in Google's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BudgetPeriod {
    /// A day, on average.
    Daily,
    /// The whole flight of the campaign.
    CustomPeriod,
}

/// One budget; each is used by exactly one campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Whose it is.
    #[serde(skip)]
    pub customer_id: String,
    /// Budget id.
    pub id: i64,
    /// Id of the campaign that uses it.
    pub campaign_id: i64,
    /// Name.
    pub name: String,
    /// What the amount is for; immutable at Google.
    pub period: BudgetPeriod,
    /// The amount, micros of the account currency.
    pub amount_micros: i64,
    /// Shared between campaigns on purpose; one-way true.
    pub explicitly_shared: bool,
    /// STANDARD or ACCELERATED.
    pub delivery_method: String,
}

impl Budget {
    /// `customers/{c}/campaignBudgets/{b}`.
    #[must_use]
    pub fn resource_name(&self) -> String {
        format!("customers/{}/campaignBudgets/{}", self.customer_id, self.id)
    }
}

impl Campaign {
    /// What of it can be written.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            status: self.status,
            start_date_time: self.start_date_time.clone(),
            end_date_time: self.end_date_time.clone(),
        }
    }

    /// `customers/{c}/campaigns/{id}`.
    #[must_use]
    pub fn resource_name(&self) -> String {
        format!("customers/{}/campaigns/{}", self.customer_id, self.id)
    }
}

/// What of a campaign can be written here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Whether it runs, by its own setting.
    pub status: CampaignStatus,
    /// Its first second.
    pub start_date_time: Option<String>,
    /// Its last second.
    pub end_date_time: Option<String>,
}

/// Who wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    /// A caller of the API.
    Api,
    /// Somebody in the web client: made by a `foreign_writer` fault or `foreign_write`.
    Foreign,
}

/// One committed write of one budget; dry runs are never here.
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
    /// Budget written.
    pub budget_id: i64,
    /// Campaign that uses the budget.
    pub campaign_id: i64,
    /// Amount before, micros.
    pub old_amount_micros: i64,
    /// Amount after, micros.
    pub new_amount_micros: i64,
    /// The campaign's settings before and after, where they are what was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<[Settings; 2]>,
    /// Some field differs after the write.
    pub effective: bool,
}

/// The account and its history since the start.
#[derive(Debug)]
pub struct Account {
    /// Its customer id.
    pub customer_id: String,
    /// What the account says is its time zone; its days stay those of [`TIME_ZONE`].
    pub time_zone: String,
    /// The account's today.
    pub as_of: Date,
    /// Days that the published dates were moved by.
    pub shifted_days: i64,
    /// First and last day that carry data.
    pub data_days: (Date, Date),
    /// Campaigns in id order.
    pub campaigns: Vec<Campaign>,
    /// Budgets in id order.
    pub budgets: Vec<Budget>,
    /// Every committed write, oldest first.
    pub commits: Vec<Commit>,
}

impl Account {
    /// Makes an account of this customer id from the series.
    #[must_use]
    pub fn from_series(customer_id: &str, series: Series, as_of: Date) -> Self {
        let mut campaigns = Vec::new();
        let mut budgets = Vec::new();
        for (offset, source) in (0_i64..).zip(series.campaigns) {
            let (id, budget_id) = (FIRST_CAMPAIGN_ID + offset, FIRST_BUDGET_ID + offset);
            budgets.push(Budget {
                customer_id: customer_id.to_owned(),
                id: budget_id,
                campaign_id: id,
                name: format!("{} budget", source.name),
                period: BudgetPeriod::Daily,
                amount_micros: source.derived_daily_budget_micros,
                explicitly_shared: false,
                delivery_method: "STANDARD".to_owned(),
            });
            campaigns.push(Campaign {
                customer_id: customer_id.to_owned(),
                id,
                name: source.name,
                status: if source.active_at_end {
                    CampaignStatus::Enabled
                } else {
                    CampaignStatus::Paused
                },
                end_date_time: None,
                start_date_time: source.first_active.map(|day| format!("{day} 00:00:00")),
                budget_id,
                days: source.days,
            });
        }
        Self {
            customer_id: customer_id.to_owned(),
            time_zone: TIME_ZONE.to_owned(),
            as_of,
            shifted_days: series.shifted_days,
            data_days: (series.first_day, series.last_day),
            campaigns,
            budgets,
            commits: Vec::new(),
        }
    }

    /// Whether the clock of [`TIME_ZONE`] has gone beyond a moment that it would show so.
    #[must_use]
    pub fn is_past(shown: &str) -> bool {
        let now = ZONE.to_datetime(Timestamp::now());
        DateTime::strptime("%Y-%m-%d %H:%M:%S", shown).is_ok_and(|shown| shown < now)
    }

    /// The budget with this id.
    #[must_use]
    pub fn budget(&self, id: i64) -> Option<&Budget> {
        self.budgets.iter().find(|budget| budget.id == id)
    }

    /// Puts `next` in the place of the budget with the same id and records the write.
    /// Nothing happens when there is no such budget.
    pub fn commit(&mut self, next: Budget, writer: Writer, request_id: Option<&str>) {
        let Some(current) = self.budgets.iter_mut().find(|b| b.id == next.id) else {
            return;
        };
        self.commits.push(Commit {
            seq: self.commits.len() + 1,
            at: Timestamp::now(),
            writer,
            request_id: request_id.map(str::to_owned),
            budget_id: next.id,
            campaign_id: next.campaign_id,
            old_amount_micros: current.amount_micros,
            new_amount_micros: next.amount_micros,
            settings: None,
            effective: *current != next,
        });
        *current = next;
    }

    /// Gives a campaign other settings, and records the write. Nothing happens when there is no
    /// such campaign.
    pub fn set(&mut self, id: i64, next: Settings, writer: Writer, request_id: Option<&str>) {
        let Some(campaign) = self.campaigns.iter_mut().find(|one| one.id == id) else { return };
        let settings = [campaign.settings(), next.clone()];
        let effective = settings[0] != settings[1];
        Settings {
            status: campaign.status,
            start_date_time: campaign.start_date_time,
            end_date_time: campaign.end_date_time,
        } = next;
        let budget_id = campaign.budget_id;
        let amount = self.budget(budget_id).map_or(0, |budget| budget.amount_micros);
        self.commits.push(Commit {
            seq: self.commits.len() + 1,
            at: Timestamp::now(),
            writer,
            request_id: request_id.map(str::to_owned),
            budget_id,
            campaign_id: id,
            old_amount_micros: amount,
            new_amount_micros: amount,
            settings: Some(settings),
            effective,
        });
    }

    /// Sets an amount as another writer would. False when there is no such budget.
    pub fn foreign_write(&mut self, budget_id: i64, amount_micros: i64) -> bool {
        let Some(mut next) = self.budget(budget_id).cloned() else {
            return false;
        };
        next.amount_micros = amount_micros;
        self.commit(next, Writer::Foreign, None);
        true
    }
}
