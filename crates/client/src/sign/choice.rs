//! What a person chose, checked as the gate will check it.

use crate::view::{
    DecisionInput, RequestedView,
    entered::{self, Field, TextRefused},
};
use countersign_model::{
    Action, AmountLimits, DecisionKind, MfaProof, Money,
    change::Value,
    decision::{Refusal, RequestedChanges},
    reason::{Reason, ReasonError},
    verdict::FactorRule,
};

/// What is wrong with a choice.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChoiceError {
    #[error("there is no such kind of decision")]
    KindUnknown,
    #[error(transparent)]
    Text(#[from] TextRefused),
    #[error(transparent)]
    Reason(#[from] ReasonError),
    /// The gate would refuse it for this reason.
    #[error("the gate would refuse it: {0:?}")]
    Refused(Refusal),
    #[error("a change of this kind has no value of its own")]
    OverrideNone,
    #[error("the value given is not an amount")]
    OverrideAmount,
    #[error("no entry of the set is kept")]
    OverrideNothing,
    #[error("the value given is the proposed one")]
    OverrideSame,
    #[error("the platform takes from {min} in steps of {step}")]
    NotTaken {
        /// The smallest amount that it takes.
        min: Money,
        /// Amounts are multiples of this.
        step: Money,
    },
    #[error("only a request for changes asks for something")]
    RequestedUnasked,
    #[error("that cannot be asked of a change of this kind")]
    RequestedNone,
    #[error("the amount asked for is not a number")]
    RequestedAmount,
    #[error("no day at all is asked for")]
    RequestedDays,
    #[error("there is no such evidence to ask for")]
    RequestedEvidence,
    #[error("nothing is asked for")]
    RequestedEmpty,
    #[error("the code of the second factor has another form")]
    FactorForm,
}

/// Reads a kind of decision from the window.
pub(crate) fn kind(text: &str) -> Result<DecisionKind, ChoiceError> {
    serde_json::from_value(text.into()).map_err(|_| ChoiceError::KindUnknown)
}

/// The reason, of the list for this kind.
pub(crate) fn reason(kind: DecisionKind, input: &DecisionInput) -> Result<Reason, ChoiceError> {
    let text = entered::text(Field::Reason, &input.reason_text)?;
    let reason = Reason { code: input.reason_code.clone(), text };
    reason.check(kind)?;
    Ok(reason)
}

/// The change that the signature will permit.
pub(crate) fn effective(
    proposed: &Action,
    kind: DecisionKind,
    input: &DecisionInput,
) -> Result<Option<Action>, ChoiceError> {
    match kind {
        DecisionKind::Reject | DecisionKind::RequestChanges => Ok(None),
        DecisionKind::Approve => Ok(Some(proposed.clone())),
        DecisionKind::Override => own_value(proposed, input).map(Some),
    }
}

fn own_value(proposed: &Action, input: &DecisionInput) -> Result<Action, ChoiceError> {
    if proposed.has_own_part() {
        return own_part(proposed, input.override_entries.as_deref().unwrap_or_default());
    }
    let Some(limits) = proposed.own_amounts() else {
        return Err(ChoiceError::OverrideNone);
    };
    let micros = input.override_micros.as_deref().and_then(|text| text.parse().ok());
    let amount_micros: i64 = micros.ok_or(ChoiceError::OverrideAmount)?;
    let amount = Money::from_micros(amount_micros, limits.unit.currency);
    let own = proposed.with_own_value(Value::Money(amount));
    let own = own.ok_or(ChoiceError::Refused(Refusal::ChangeDoesNotFit))?;
    if own == *proposed {
        return Err(ChoiceError::OverrideSame);
    }
    if !own.is_covered_by(proposed) {
        return Err(ChoiceError::Refused(Refusal::WiderThanProposed));
    }
    check_amount(limits, amount)?;
    Ok(own)
}

/// The change with the entries that a person keeps, and no other.
fn own_part(proposed: &Action, keys: &[String]) -> Result<Action, ChoiceError> {
    if keys.is_empty() {
        return Err(ChoiceError::OverrideNothing);
    }
    let own = proposed.with_own_part(keys);
    let own = own.ok_or(ChoiceError::Refused(Refusal::ChangeDoesNotFit))?;
    if own == *proposed { Err(ChoiceError::OverrideSame) } else { Ok(own) }
}

/// Whether the platform takes an amount, with what it does take.
fn check_amount(limits: AmountLimits, amount: Money) -> Result<(), ChoiceError> {
    let AmountLimits { min, unit: step, .. } = limits;
    limits.check(amount).map_err(|_| ChoiceError::NotTaken { min, step })
}

/// What the agent is asked to change; only when changes are requested, and then something.
pub(crate) fn requested(
    proposed: &Action,
    kind: DecisionKind,
    input: Option<&RequestedView>,
) -> Result<Option<RequestedChanges>, ChoiceError> {
    let Some(input) = input else { return Ok(None) };
    if kind != DecisionKind::RequestChanges {
        return Err(ChoiceError::RequestedUnasked);
    }
    let asks = proposed.asks();
    let max_after = match input.max_after_micros.as_deref() {
        None => None,
        Some(text) => {
            let limits = asks.amount.ok_or(ChoiceError::RequestedNone)?;
            let micros = text.parse().map_err(|_| ChoiceError::RequestedAmount)?;
            let amount = Money::from_micros(micros, limits.unit.currency);
            check_amount(limits, amount)?;
            Some(amount)
        }
    };
    if (input.max_days.is_some() && !asks.days) || (input.texts && !asks.texts) {
        return Err(ChoiceError::RequestedNone);
    }
    if input.max_days == Some(0) {
        return Err(ChoiceError::RequestedDays);
    }
    let evidence = input.evidence.iter().map(|name| {
        serde_json::from_value(name.as_str().into()).map_err(|_| ChoiceError::RequestedEvidence)
    });
    let requested = RequestedChanges {
        max_after,
        max_days: input.max_days,
        evidence: evidence.collect::<Result<_, _>>()?,
        texts: input.texts,
    };
    if requested.is_empty() {
        return Err(ChoiceError::RequestedEmpty);
    }
    Ok(Some(requested))
}

/// The second factor, where policy asks for one; a code that nobody asked for is left out.
pub(crate) fn factor(
    factors: &FactorRule,
    kind: DecisionKind,
    input: &DecisionInput,
) -> Result<Option<MfaProof>, ChoiceError> {
    let asked = match kind {
        DecisionKind::Override => &factors.to_override,
        _ => &factors.to_decide,
    };
    if asked.is_empty() {
        return Ok(None);
    }
    let code: String = input
        .totp_code
        .iter()
        .flat_map(|code| code.chars())
        .filter(|letter| !letter.is_whitespace())
        .collect();
    if code.is_empty() {
        return Err(ChoiceError::Refused(Refusal::FactorMissing));
    }
    if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(ChoiceError::FactorForm);
    }
    Ok(Some(MfaProof::Totp { code }))
}
