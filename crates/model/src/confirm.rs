//! The confirm sheet's text: a function of the bytes that will be signed, and of
//! nothing else. The gate renders it again from the bytes it receives.

use crate::{
    Action, Decision, DecisionKind, Digest,
    envelope::{EnvelopeError, Statement},
    fingerprint,
    reason::reasons_for,
    verdict::FactorKind,
};

/// What a person reads before signing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfirmSheet {
    /// Headline, e.g. `Approve a budget change`.
    pub title: String,
    /// Label and value, in reading order.
    pub lines: Vec<(String, String)>,
    /// SHA-256 of the bytes that will be signed.
    pub digest: Digest,
    /// The digest as six words.
    pub fingerprint: Vec<&'static str>,
}

/// Renders the sheet from canonical statement bytes.
///
/// # Errors
/// When the bytes are not a canonical decision statement.
pub fn render(statement: &[u8]) -> Result<ConfirmSheet, EnvelopeError> {
    let parsed: Statement<Decision> =
        crate::canonical::from_bytes(statement).map_err(EnvelopeError::Statement)?;
    let digest = Digest::of(statement);
    Ok(ConfirmSheet {
        title: title(&parsed.predicate),
        lines: lines(&parsed.predicate),
        digest,
        fingerprint: fingerprint::words(digest),
    })
}

impl ConfirmSheet {
    /// The sheet as plain text, one line per fact: what is snapshotted and read aloud.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        for (label, value) in &self.lines {
            text.push_str(&format!("{label}: {value}\n"));
        }
        text.push_str(&format!("Fingerprint: {}\n", self.fingerprint.join(" ")));
        text
    }
}

fn title(decision: &Decision) -> String {
    let verb = match decision.kind {
        DecisionKind::Approve => "Approve",
        DecisionKind::Override => "Override",
        DecisionKind::Reject => "Reject",
        DecisionKind::RequestChanges => "Send back",
    };
    format!("{verb} a budget change")
}

fn lines(decision: &Decision) -> Vec<(String, String)> {
    let mut lines = vec![("Case".into(), decision.proposal.to_string())];
    if let Some(Action::BudgetChange(change)) = &decision.effective {
        lines.push(("Campaign".into(), change.campaign_name.clone()));
        lines.push(("Entity".into(), change.entity.to_string()));
        lines.push(("Budget".into(), change.budget_resource.clone()));
        if change.shared_by > 1 {
            let words = format!("{} campaigns spend from this budget", change.shared_by);
            lines.push(("Shared".into(), words));
        }
        lines.push(("Daily budget now".into(), change.before.to_string()));
        lines.push(("Daily budget after".into(), change.after.to_string()));
        if let Some(ratio) = change.change_ratio() {
            lines.push(("Change".into(), signed_percent(ratio)));
        }
        if let Ok(total) = change.worst_case(change.after) {
            lines.push(("At most in all".into(), total.to_string()));
        }
        match change.window {
            Some(window) => {
                lines.push(("From".into(), window.starts_at_ms.rfc3339()));
                lines.push(("Until".into(), window.ends_at_ms.rfc3339()));
            }
            None => lines.push(("Until".into(), "further notice".into())),
        }
    } else {
        lines.push(("Effect".into(), "nothing is changed on the ad platform".into()));
    }
    lines.push(("Reason".into(), reason_words(decision)));
    if !decision.reason.text.is_empty() {
        lines.push(("In your words".into(), decision.reason.text.clone()));
    }
    lines.push(("You sign as".into(), decision.role.to_string()));
    lines.push(("Person".into(), decision.person.to_string()));
    if let Some(person) = decision.on_behalf_of {
        lines.push(("On behalf of".into(), person.to_string()));
    }
    let factor = decision.mfa.as_ref().map_or("none", |proof| match proof.kind() {
        FactorKind::Totp => "code from your authenticator (TOTP)",
    });
    lines.push(("Second factor".into(), factor.into()));
    lines.push(("Signed at".into(), decision.signed_at_ms.rfc3339()));
    lines.push(("Valid until".into(), decision.valid_until_ms.rfc3339()));
    lines
}

fn reason_words(decision: &Decision) -> String {
    reasons_for(decision.kind)
        .iter()
        .find(|choice| choice.code == decision.reason.code)
        .map_or_else(|| decision.reason.code.clone(), |choice| choice.words.into())
}

fn signed_percent(ratio: crate::Ratio) -> String {
    let plus = if ratio.millionths() > 0 { "+" } else { "" };
    format!("{plus}{ratio}")
}
