//! What the practice agent says for its changes: made up, and as complete as a real agent's words.

use super::series;
use crate::view::PracticeTopic;
use countersign_model::{
    Ratio,
    draft::{ConsideredInput, Grounds, InputKind, Interval, RiskFactors, SourceReference},
};
use std::collections::BTreeMap;

/// The words and numbers behind a practice case.
pub(super) fn of(topic: PracticeTopic) -> Grounds {
    match topic {
        PracticeTopic::Raise => raise(),
        PracticeTopic::Pause => pause(),
    }
}

const fn ratio(millionths: i64) -> Ratio {
    Ratio::from_millionths(millionths)
}

fn considered(kind: InputKind, about: &str) -> ConsideredInput {
    ConsideredInput { kind, about: about.into() }
}

fn made_up(title: &str, location: &str) -> Vec<SourceReference> {
    vec![SourceReference { title: title.into(), location: location.into(), digest: None }]
}

fn raise() -> Grounds {
    Grounds {
        predicted_lift: Interval { value: ratio(90_000), low: ratio(30_000), high: ratio(150_000) },
        confidence: ratio(800_000),
        uncertainty: "There was only one spring sale in the days that the model knows. What rivals will bid during this one is not known.".into(),
        escalation_rule: "When the lift could lie below zero, the head of the team decides.".into(),
        risk_factors: RiskFactors {
            financial_exposure: ratio(350_000),
            brand_safety: ratio(100_000),
            regulatory_sensitivity: ratio(50_000),
            audience_reach: ratio(400_000),
            deviation_from_intent: ratio(50_000),
        },
        feature_attributions: BTreeMap::from([
            ("limited_by_budget".into(), ratio(520_000)),
            ("days_to_sale".into(), ratio(310_000)),
            ("weekday".into(), ratio(-60_000)),
            ("click_price".into(), ratio(-110_000)),
        ]),
        rationale: "The campaign spends nearly all of its budget before the evening. A spring sale begins in two days.".into(),
        trigger: "The budget ran out before 19:00 on four of the last seven days".into(),
        likely_outcome: "About 9 % more orders at the same cost per order".into(),
        next_steps: vec![
            "Check after a day whether the budget now lasts into the evening".into(),
            "Set the budget back when the sale is over".into(),
        ],
        campaign_intent: "Sell the winter stock before the new season".into(),
        inputs_considered: vec![
            considered(
                InputKind::CampaignHistory,
                "What this campaign spent on each of the days below",
            ),
            considered(InputKind::BusinessConstraints, "The dates of the spring sale"),
        ],
        source_references: made_up("Promotion calendar", "a made-up calendar of this practice case"),
        recommended_action: None,
        counterfactual: Some("Had the budget lasted into the evening on all of the last seven days, nothing would have been proposed.".into()),
        model: series::model(),
    }
}

fn pause() -> Grounds {
    Grounds {
        // Without advertising there are no clicks: nothing is predicted.
        predicted_lift: Interval {
            value: ratio(-1_000_000),
            low: ratio(-1_000_000),
            high: ratio(-1_000_000),
        },
        confidence: ratio(970_000),
        uncertainty: "How soon the page answers again is not known.".into(),
        escalation_rule: "When the page is still down tomorrow, the head of the team decides what runs instead.".into(),
        risk_factors: RiskFactors {
            financial_exposure: ratio(0),
            brand_safety: ratio(50_000),
            regulatory_sensitivity: ratio(0),
            audience_reach: ratio(400_000),
            deviation_from_intent: ratio(600_000),
        },
        feature_attributions: BTreeMap::from([
            ("page_errors".into(), ratio(880_000)),
            ("spend_since_the_first_error".into(), ratio(120_000)),
        ]),
        rationale: "Every click leads to an error page, and each one is paid for. A pause loses nothing, and the campaign can run again as soon as the page answers.".into(),
        trigger: "The landing page has not answered for an hour".into(),
        likely_outcome: "No clicks and no spend until the campaign runs again".into(),
        next_steps: vec![
            "Look at the landing page again every ten minutes".into(),
            "Propose to run the campaign again once the page has answered for an hour".into(),
        ],
        campaign_intent: "Sell the winter stock before the new season".into(),
        inputs_considered: vec![
            considered(InputKind::RealTimeSignals, "Whether the landing page answers"),
            considered(
                InputKind::CampaignHistory,
                "What this campaign spent on each of the days below",
            ),
        ],
        source_references: made_up("Page monitor", "a made-up monitor of this practice case"),
        recommended_action: None,
        counterfactual: Some("Had the page answered within the last hour, no pause would have been proposed.".into()),
        model: series::model(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_practice_agent_says_would_be_taken_from_a_real_one() {
        for topic in [PracticeTopic::Raise, PracticeTopic::Pause] {
            assert_eq!(of(topic).check(false), Ok(()), "{topic:?}");
        }
    }
}
