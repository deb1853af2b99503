//! What the demo's agent drafts: changes with reasons, and numbers from a model that it
//! really fits on the account's first 90 of 120 days and holds against the last 30.

use crate::{
    agent::Agent,
    response::{Day, LEVEL, Range, Response},
};
use anyhow::{Context, Result, ensure};
use jiff::civil::Date;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Days that the model is fitted on.
const FITTED_DAYS: usize = 90;
/// Days after them, the newest of the series, that it is judged on.
const JUDGED_DAYS: usize = 30;

/// A change to draft. Its words claim nothing about the account's numbers.
#[derive(Clone, Copy, Debug)]
pub struct DemoDraft {
    /// The campaign.
    pub campaign_id: &'static str,
    /// The change in percent.
    pub percent: i64,
    /// For how many hours.
    pub hours: i64,
    /// Why.
    pub rationale: &'static str,
    /// What caused it.
    pub trigger: &'static str,
    /// What is expected.
    pub likely_outcome: &'static str,
    /// What happens after that.
    pub next_steps: &'static [&'static str],
}

/// The story's draft: +25 % for a 72-hour sale.
pub const SALE: DemoDraft = DemoDraft {
    campaign_id: "2000000001",
    percent: 25,
    hours: 72,
    rationale: "A 72-hour sale starts now. A quarter more per day keeps the campaign in the \
        auction through the evening hours, when a daily budget of the present size can run out.",
    trigger: "A sale of 72 hours entered the promotion calendar.",
    likely_outcome: "More clicks over the sale, by about the predicted lift; the extra spend \
        ends when the budget is set back after it.",
    next_steps: &[
        "Compare the clicks of the first day with the prediction.",
        "Draft the way back to the present budget when the sale ends.",
    ],
};

/// A small raise that one signature covers.
pub const STEADY_RAISE: DemoDraft = DemoDraft {
    campaign_id: "2000000003",
    percent: 12,
    hours: 14 * 24,
    rationale: "The audience is still growing. A little more per day follows it without a jump.",
    trigger: "The weekly review of always-on campaigns.",
    likely_outcome: "More reach at about the present price.",
    next_steps: &["Look again in the next weekly review, at the price of a click first."],
};

/// A decrease, which policy never blocks.
pub const DECREASE: DemoDraft = DemoDraft {
    campaign_id: "2000000006",
    percent: -20,
    hours: 14 * 24,
    rationale: "The niche is small. Less per day spends the same people's attention more slowly.",
    trigger: "The weekly review of always-on campaigns.",
    likely_outcome: "Nearly the same outcome for a fifth less.",
    next_steps: &["Look again in the next weekly review whether clicks fell by less than spend."],
};

/// A pause, which lowers spend and so is never blocked.
pub const PAUSE: DemoDraft = DemoDraft {
    campaign_id: "2000000006",
    percent: -100,
    hours: 0,
    rationale: "The page that the ads lead to answers with errors. Until it is repaired every click \
        is paid for in vain.",
    trigger: "The landing page has not answered for an hour.",
    likely_outcome: "No clicks and no spend until the campaign runs again.",
    next_steps: &[
        "Look at the landing page again every ten minutes.",
        "Draft that the campaign runs again when the page has answered for an hour.",
    ],
};

/// Amounts are whole cents.
const CENT_MICROS: i64 = 10_000;

/// Everything that waits when the demo opens.
pub const ALL: &[DemoDraft] = &[SALE, STEADY_RAISE, DECREASE];

impl DemoDraft {
    /// The campaign as tools name it.
    #[must_use]
    pub fn entity(&self) -> Value {
        json!({
            "platform": "google_ads",
            "account_id": "1234567890",
            "campaign_id": self.campaign_id
        })
    }

    /// Reads the campaign from the gate, fits the model and sends the draft, with a window
    /// that starts at `starts_at_ms`. Returns the receipt.
    ///
    /// # Errors
    /// When the gate refuses, or the series is too short to fit a model on.
    pub async fn send(&self, agent: &Agent, starts_at_ms: i64) -> Result<Value> {
        let arguments = self.read_and_fit(agent, starts_at_ms).await?;
        agent.call("draft_budget_change", arguments).await
    }

    /// Drafts that the campaign is paused. Returns the receipt.
    ///
    /// # Errors
    /// As [`DemoDraft::send`].
    pub async fn send_pause(&self, agent: &Agent) -> Result<Value> {
        let mut arguments = self.read_and_fit(agent, 0).await?;
        arguments["change"] = json!({
            "proposal_type": "status_change",
            "entity": self.entity(),
            "before": "enabled",
            "after": "paused"
        });
        // Nothing is predicted: who does not advertise has no clicks.
        arguments["predicted_lift"] = json!({"value": -1, "low": -1, "high": -1});
        arguments["uncertainty"] = json!(
            "Nothing is unsure about the clicks: who does not advertise has none. How soon the page \
             answers again is not known."
        );
        arguments["counterfactual"] =
            json!("Had the page answered within the last hour, no pause would have been drafted.");
        agent.call("draft_status_change", arguments).await
    }

    /// What is at risk, as far as the account's own numbers tell it. Neither the ads nor where
    /// they are seen change, so that brand and regulators have nothing new to look at.
    fn risk_factors(&self, budgets: &Budgets) -> Value {
        let change = to_f64(self.percent) / 100.0;
        // How much more could be spent in vain, of each unit spent today.
        let exposure = change.clamp(0.0, 1.0);
        // The share of the account that the campaign is.
        let reach = to_f64(budgets.own_micros) / to_f64(budgets.all_micros.max(1));
        // Its purpose is to be seen: less is further from it, and a pause the furthest.
        let deviation = (-change).clamp(0.0, 1.0);
        json!({
            "financial_exposure": rounded(exposure),
            "brand_safety": 0,
            "regulatory_sensitivity": 0,
            "audience_reach": rounded(reach.clamp(0.0, 1.0)),
            "deviation_from_intent": rounded(deviation)
        })
    }

    async fn read_and_fit(&self, agent: &Agent, starts_at_ms: i64) -> Result<Value> {
        let listed = agent.call("list_campaigns", json!({})).await?;
        let budgets = Budgets::of(&listed, self.campaign_id)?;
        let pacing = agent.call("get_pacing", json!({ "campaign": self.entity() })).await?;
        self.arguments(&budgets, &pacing, starts_at_ms)
    }

    fn arguments(&self, budgets: &Budgets, pacing: &Value, starts_at_ms: i64) -> Result<Value> {
        let before_micros = budgets.own_micros;
        let days = days(pacing)?;
        let needed = FITTED_DAYS + JUDGED_DAYS;
        ensure!(days.len() >= needed, "the series has {} days of {needed}", days.len());
        let first = days.len() - needed;
        let (fitted, judged) = days[first..].split_at(FITTED_DAYS);
        let model = Response::fit(fitted)?;
        let after = before_micros / 100 * (100 + self.percent) / CENT_MICROS * CENT_MICROS;
        let predictions: Vec<Value> = judged.iter().map(|day| prediction(&model, day)).collect();
        Ok(json!({
            "change": {
                "proposal_type": "budget_change",
                "entity": self.entity(),
                "before": {"amount_micros": before_micros.to_string(), "currency": "USD"},
                "after": {"amount_micros": after.to_string(), "currency": "USD"},
                "window": {
                    "starts_at_ms": starts_at_ms,
                    "ends_at_ms": starts_at_ms + self.hours * 3_600_000
                }
            },
            "predicted_lift": interval(model.lift(to_f64(self.percent) / 100.0)),
            "confidence": LEVEL,
            "uncertainty": uncertainty(&model, judged),
            "escalation_rule": "When the predicted lift could as well be a loss, or fewer than three in \
                four of the days held back fell inside their interval, the head of finance decides.",
            "risk_factors": self.risk_factors(budgets),
            "feature_attributions": {
                "response_to_spend": rounded(model.spend_share),
                "weekday": rounded(model.weekday_share)
            },
            "rationale": self.rationale,
            "trigger": self.trigger,
            "likely_outcome": self.likely_outcome,
            "next_steps": self.next_steps,
            "campaign_intent": "Keep the brand present and sell through the seasonal stock.",
            "inputs_considered": [
                {
                    "kind": "campaign_history",
                    "about": format!(
                        "Spend and clicks of {needed} days, {} to {}.",
                        fitted.first().context("no days")?.date,
                        judged.last().context("no days")?.date
                    )
                },
                {
                    "kind": "business_constraints",
                    "about": format!("The daily budgets of the account's {} campaigns.", budgets.campaigns)
                }
            ],
            "source_references": [{
                "title": "Spend and clicks of the campaign, day by day",
                "location": format!("get_pacing of campaign {}", self.campaign_id),
                "digest": digest(&serde_json::to_vec(&pacing["days"])?)
            }],
            "model": {
                "id": "spend-response-ols",
                "version": "2026-11",
                "training_snapshot": snapshot(pacing, first)?
            },
            "prompt": "Given the last 120 days of delivery and the promotion calendar, propose at \
                most one budget change per campaign with its expected lift and interval.",
            "backtest": {
                "method": "Least squares of log clicks on log spend and weekday; each day's \
                    clicks are predicted from that day's spend.",
                "fitted_from": fitted.first().context("no days")?.date.to_string(),
                "fitted_until": fitted.last().context("no days")?.date.to_string(),
                "metric": "clicks",
                "level": LEVEL,
                "predictions": predictions
            }
        }))
    }
}

/// What is known of how well the model does, and what it cannot know.
fn uncertainty(model: &Response, judged: &[Day]) -> String {
    let inside = judged.iter().filter(|day| {
        let range = model.clicks(day);
        (range.low.floor()..=range.high.ceil()).contains(&day.clicks)
    });
    format!(
        "On {} of the {} days that the model was not fitted on, clicks fell inside its interval. It \
         knows spend and weekdays only: prices, rivals and the season are not in it.",
        inside.count(),
        judged.len()
    )
}

fn prediction(model: &Response, day: &Day) -> Value {
    let Range { value, low, high } = model.clicks(day);
    json!({
        "date": day.date.to_string(),
        "predicted": {"value": count(value), "low": count(low.floor()), "high": count(high.ceil())}
    })
}

fn interval(range: Range) -> Value {
    json!({
        "value": rounded(range.value), "low": rounded(range.low), "high": rounded(range.high)
    })
}

/// The daily budgets of the account, in micros.
#[derive(Clone, Copy, Debug)]
struct Budgets {
    /// Of the campaign in question.
    own_micros: i64,
    /// Of all campaigns together.
    all_micros: i64,
    /// How many campaigns there are.
    campaigns: usize,
}

impl Budgets {
    fn of(listed: &Value, campaign: &str) -> Result<Self> {
        let campaigns = listed["campaigns"].as_array().context("the gate lists no campaigns")?;
        let found = campaigns.iter().find(|one| one["entity"]["campaign_id"] == campaign);
        let budget = |one: &Value| micros(&one["budget"]["amount"]["amount_micros"]);
        let own_micros = budget(found.context("the campaign is not in the list")?)?;
        let mut all_micros: i64 = 0;
        for one in campaigns {
            all_micros = all_micros.saturating_add(budget(one)?);
        }
        Ok(Self { own_micros, all_micros, campaigns: campaigns.len() })
    }
}

fn days(pacing: &Value) -> Result<Vec<Day>> {
    let days = pacing["days"].as_array().context("the series has no days")?;
    days.iter()
        .map(|day| {
            let date: Date = day["date"].as_str().context("a day has no date")?.parse()?;
            let spend = to_f64(micros(&day["spend"]["amount_micros"])?) / 1e6;
            let clicks = day["clicks"].as_f64().context("a day has no clicks")?;
            Ok(Day { date, spend, clicks })
        })
        .collect()
}

/// SHA-256 of the days that the model was fitted on, as the gate handed them out.
fn snapshot(pacing: &Value, first: usize) -> Result<String> {
    let days = pacing["days"].as_array().context("the series has no days")?;
    let fitted = days.get(first..first + FITTED_DAYS).context("the series is too short")?;
    Ok(digest(&serde_json::to_vec(fitted)?))
}

/// SHA-256 in hex.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn micros(value: &Value) -> Result<i64> {
    Ok(value.as_str().context("an amount is not text")?.parse()?)
}

/// Four decimals are as many as anybody reads.
fn rounded(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn to_f64(number: i64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clicks of a day: not negative and far below 2^53"
)]
fn count(number: f64) -> u64 {
    number.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risks_follow_from_the_change_and_the_account() {
        let listed = json!({"campaigns": [
            {"entity": {"campaign_id": "1"}, "budget": {"amount": {"amount_micros": "30000000"}}},
            {"entity": {"campaign_id": "2"}, "budget": {"amount": {"amount_micros": "90000000"}}}
        ]});
        let budgets = Budgets::of(&listed, "1").unwrap();
        let of = |draft: DemoDraft| {
            let risks = draft.risk_factors(&budgets);
            ["financial_exposure", "audience_reach", "deviation_from_intent"]
                .map(|name| risks[name].as_f64().unwrap())
        };
        assert_eq!(of(SALE), [0.25, 0.25, 0.0]);
        assert_eq!(of(DECREASE), [0.0, 0.25, 0.2]);
        assert_eq!(of(PAUSE), [0.0, 0.25, 1.0]);
        assert!(Budgets::of(&listed, "3").is_err());
    }
}
