//! What an agent gives for a change: its prediction and how sure it is of it, its reasons and
//! risks, and where all of that comes from.

use super::{DraftError, MAX_NAME_CHARS, MAX_WORDS_CHARS};
use crate::{Digest, Ratio, bounded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an agent gives for a change: its prediction, its reasons and where they come from. In
/// JSON these are members of what holds them, draft or proposal.
// serde does not promise that `flatten` and `deny_unknown_fields` go together; a test in
// `tests/grounds.rs` holds that a member that is unknown or comes twice is refused here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Grounds {
    /// The predicted relative lift of the outcome, with its interval.
    pub predicted_lift: Interval,
    /// The probability that the realised lift falls inside the interval.
    pub confidence: Ratio,
    /// What the model is unsure of, and why.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub uncertainty: String,
    /// When, by the agent's own rule, a more senior person must decide. Who decides is for
    /// policy to say: this is for people to read.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub escalation_rule: String,
    /// How much the agent thinks is at risk, and in which way.
    pub risk_factors: RiskFactors,
    /// Which signals moved the model, and how much each (signed weights).
    #[serde(deserialize_with = "bounded::map::<MAX_ATTRIBUTIONS, MAX_KEY_CHARS, _, _>")]
    pub feature_attributions: BTreeMap<String, Ratio>,
    /// Why, in the model's words.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub rationale: String,
    /// What happened that caused it.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub trigger: String,
    /// What is expected if it is followed.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub likely_outcome: String,
    /// What happens after that, if it is followed: 1 to 10, in their order.
    #[serde(deserialize_with = "bounded::texts::<MAX_STEPS, MAX_LINE_CHARS, _>")]
    pub next_steps: Vec<String>,
    /// What the campaign is for, so that intent can be told apart from exposure.
    #[serde(deserialize_with = "bounded::text::<MAX_WORDS_CHARS, _>")]
    pub campaign_intent: String,
    /// What the agent looked at: 1 to 20.
    #[serde(deserialize_with = "bounded::list::<MAX_INPUTS, _, _>")]
    pub inputs_considered: Vec<ConsideredInput>,
    /// What the words can be checked against: at most 20.
    #[serde(deserialize_with = "bounded::list::<MAX_SOURCES, _, _>")]
    pub source_references: Vec<SourceReference>,
    /// What the agent would do, in words, where the change itself does not say it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::optional_text::<MAX_WORDS_CHARS, _>"
    )]
    pub recommended_action: Option<String>,
    /// What would have had to be otherwise for another answer: "if X had been below Y, the
    /// answer would have been Z".
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::optional_text::<MAX_WORDS_CHARS, _>"
    )]
    pub counterfactual: Option<String>,
    /// Which model made it; without this a draft is refused.
    pub model: ModelRef,
}

/// Most signals of a prediction.
pub const MAX_ATTRIBUTIONS: usize = 64;
/// Longest name of a signal, in characters.
pub const MAX_KEY_CHARS: usize = 100;
/// Most next steps.
pub const MAX_STEPS: usize = 10;
/// Most inputs considered.
pub const MAX_INPUTS: usize = 20;
/// Most source references.
pub const MAX_SOURCES: usize = 20;
/// Longest next step, account of an input, or location of a source, in characters.
pub const MAX_LINE_CHARS: usize = 500;

/// A predicted value with its interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The point prediction.
    pub value: Ratio,
    /// Lower end.
    pub low: Ratio,
    /// Upper end.
    pub high: Ratio,
}

/// The agent's own estimate of what is at risk, each from 0, no risk, to 1, the greatest. It
/// says what to look at; nothing is computed from it except where a policy's rule does so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskFactors {
    /// Money that could be lost.
    pub financial_exposure: Ratio,
    /// Harm to the brand by where and beside what it is seen.
    pub brand_safety: Ratio,
    /// Matters that a regulator cares for: claims, sensitive categories, protected groups.
    pub regulatory_sensitivity: Ratio,
    /// How many people would notice a mistake.
    pub audience_reach: Ratio,
    /// How far it moves away from what the campaign is for.
    pub deviation_from_intent: Ratio,
}

impl RiskFactors {
    /// All of them with their names on the wire, in the order in which they are declared.
    #[must_use]
    pub const fn each(&self) -> [(&'static str, Ratio); 5] {
        [
            ("financial_exposure", self.financial_exposure),
            ("brand_safety", self.brand_safety),
            ("regulatory_sensitivity", self.regulatory_sensitivity),
            ("audience_reach", self.audience_reach),
            ("deviation_from_intent", self.deviation_from_intent),
        ]
    }
}

/// One thing that the agent looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsideredInput {
    /// Of what sort it is.
    pub kind: InputKind,
    /// What it was, and of when.
    #[serde(deserialize_with = "bounded::text::<MAX_LINE_CHARS, _>")]
    pub about: String,
}

/// The sorts of things that an agent looks at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// How the campaign has done so far.
    CampaignHistory,
    /// What is happening now.
    RealTimeSignals,
    /// The advertisements themselves.
    CreativeAssets,
    /// What the business allows or asks for.
    BusinessConstraints,
    /// What is known of the market beyond the account.
    MarketData,
}

/// Something that the words can be checked against.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceReference {
    /// What it is called.
    #[serde(deserialize_with = "bounded::text::<MAX_NAME_CHARS, _>")]
    pub title: String,
    /// Where it is: an address, or whatever else finds it. It is shown as text and never
    /// fetched.
    #[serde(deserialize_with = "bounded::text::<MAX_LINE_CHARS, _>")]
    pub location: String,
    /// SHA-256 of what was read, so that a later reader can tell whether it is still the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// Provenance of a model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRef {
    /// The model's id, e.g. `genai-v2-2026-01`.
    #[serde(deserialize_with = "bounded::text::<MAX_NAME_CHARS, _>")]
    pub id: String,
    /// Its version.
    #[serde(deserialize_with = "bounded::text::<MAX_NAME_CHARS, _>")]
    pub version: String,
    /// The digest of the training-data snapshot.
    pub training_snapshot: Digest,
}

/// Everything from 0 to 1.
fn is_share(ratio: Ratio) -> bool {
    (0..=1_000_000).contains(&ratio.millionths())
}

impl Grounds {
    /// Checks what a schema cannot say, and that what the kind of change demands is there.
    ///
    /// # Errors
    /// The first [`DraftError`] found.
    pub fn check(&self, needs_counterfactual: bool) -> Result<(), DraftError> {
        let lift = self.predicted_lift;
        if !(lift.low <= lift.value && lift.value <= lift.high) {
            return Err(DraftError::Interval);
        }
        if !is_share(self.confidence) {
            return Err(DraftError::Confidence);
        }
        if let Some((name, _)) = self.risk_factors.each().iter().find(|(_, risk)| !is_share(*risk))
        {
            return Err(DraftError::Risk(name));
        }
        self.check_counts()?;
        self.check_texts()?;
        let demanded = [
            ("recommended_action", &self.recommended_action),
            ("counterfactual", &self.counterfactual),
        ];
        match demanded.iter().find(|(_, text)| needs_counterfactual && text.is_none()) {
            Some((name, _)) => Err(DraftError::Demanded(name)),
            None => Ok(()),
        }
    }

    fn check_counts(&self) -> Result<(), DraftError> {
        let counts = [
            ("next_steps", self.next_steps.len(), 1, MAX_STEPS),
            ("inputs_considered", self.inputs_considered.len(), 1, MAX_INPUTS),
            ("source_references", self.source_references.len(), 0, MAX_SOURCES),
        ];
        for (name, count, min, max) in counts {
            if !(min..=max).contains(&count) {
                return Err(DraftError::Count { name, min, max });
            }
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), DraftError> {
        if self.feature_attributions.is_empty() {
            return Err(DraftError::Empty("feature_attributions"));
        }
        match self.texts().find(|(_, text)| text.trim().is_empty()) {
            Some((name, _)) => Err(DraftError::Empty(name)),
            None => Ok(()),
        }
    }

    /// Every text that says something only when it is not empty, with its place in words.
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let whole = [
            ("uncertainty", &self.uncertainty),
            ("escalation_rule", &self.escalation_rule),
            ("rationale", &self.rationale),
            ("trigger", &self.trigger),
            ("likely_outcome", &self.likely_outcome),
            ("campaign_intent", &self.campaign_intent),
            ("model.id", &self.model.id),
            ("model.version", &self.model.version),
        ];
        let optional = [
            ("recommended_action", &self.recommended_action),
            ("counterfactual", &self.counterfactual),
        ];
        let signals = self.feature_attributions.keys();
        let sources = &self.source_references;
        let in_lists = signals
            .map(|name| ("feature_attributions: each signal's name", name))
            .chain(self.next_steps.iter().map(|step| ("next_steps: each step", step)))
            .chain(
                self.inputs_considered.iter().map(|one| ("inputs_considered: about", &one.about)),
            )
            .chain(sources.iter().map(|one| ("source_references: title", &one.title)))
            .chain(sources.iter().map(|one| ("source_references: location", &one.location)));
        let given = optional.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        whole.into_iter().chain(given).chain(in_lists).map(|(name, text)| (name, text.as_str()))
    }

    /// Made up and complete, for tests.
    #[must_use]
    pub fn sample() -> Self {
        let ratio = Ratio::from_millionths;
        Self {
            predicted_lift: Interval {
                value: ratio(120_000),
                low: ratio(50_000),
                high: ratio(190_000),
            },
            confidence: ratio(790_000),
            uncertainty: "Only two sales of this kind have been seen, both in spring.".into(),
            escalation_rule: "Below a confidence of 60 % the head of the team decides.".into(),
            risk_factors: RiskFactors {
                financial_exposure: ratio(400_000),
                brand_safety: ratio(100_000),
                regulatory_sensitivity: ratio(50_000),
                audience_reach: ratio(300_000),
                deviation_from_intent: ratio(100_000),
            },
            feature_attributions: BTreeMap::from([
                ("search_volume".into(), ratio(310_000)),
                ("competitor_spend".into(), ratio(-80_000)),
            ]),
            rationale: "The 72-hour sale begins; demand rises faster than spend.".into(),
            trigger: "A 72-hour sale begins.".into(),
            likely_outcome: "About twelve percent more orders over the window.".into(),
            next_steps: vec!["Set the budget back when the sale is over.".into()],
            campaign_intent: "Clear the stock before the season ends.".into(),
            inputs_considered: vec![ConsideredInput {
                kind: InputKind::CampaignHistory,
                about: "Spend and clicks of the last 120 days.".into(),
            }],
            source_references: vec![SourceReference {
                title: "Promotion calendar".into(),
                location: "calendar: autumn sale".into(),
                digest: Some(Digest::of(b"calendar")),
            }],
            recommended_action: Some("Raise the budget for the days of the sale.".into()),
            counterfactual: Some(
                "Had past sales not been limited by budget, nothing would be proposed.".into(),
            ),
            model: ModelRef {
                id: "genai-v2-2026-01".into(),
                version: "2.3.1".into(),
                training_snapshot: Digest::of(b"snapshot"),
            },
        }
    }
}
