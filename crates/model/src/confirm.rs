//! The confirm sheet's text: a function of the bytes that will be signed and of the reader's
//! language, and of nothing else. The gate renders it again from the bytes it receives.
//!
//! Reading order: [`render`] for decisions, [`render_control`] for the stop; labels
//! and words of each language are in `words`, what is told of an entry of a set in `members`.

mod members;
mod words;

use crate::{
    Action, CampaignStatus, Control, Decision, Digest, TimestampMs,
    change::{AdStanding, Budget, BudgetPeriod, DiffRow, Flight, Value},
    control::Command,
    decision::RequestedChanges,
    envelope::{EnvelopeError, Predicate, Statement},
    fingerprint,
    text::{isolated, shown, shown_line},
};
pub(crate) use words::Label;
pub use words::Language;
use words::{amount, label, percent};

/// What a person reads before signing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfirmSheet {
    /// Headline, e.g. `Approve a budget change`.
    pub title: String,
    /// Facts in reading order.
    pub lines: Vec<Line>,
    /// SHA-256 of the bytes that will be signed.
    pub digest: Digest,
    /// The digest as six words.
    pub fingerprint: Vec<&'static str>,
    language: Language,
}

/// A fact on the sheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Which fact, the same in every language, e.g. `budget_after`.
    pub key: &'static str,
    /// Its label in the reader's language.
    pub label: &'static str,
    /// Its value.
    pub value: String,
    /// Whether a person or a platform worded it: then nothing beside it may take part in the
    /// order in which it is read.
    pub is_quoted: bool,
}

/// Renders the sheet of a decision from canonical statement bytes.
///
/// # Errors
/// When the bytes are not a canonical decision statement.
pub fn render(statement: &[u8], language: Language) -> Result<ConfirmSheet, EnvelopeError> {
    let decision: Decision = parse(statement)?;
    let mut sheet = Sheet::new(language);
    decision_lines(&mut sheet, &decision);
    let noun = decision.effective.as_ref().map(|change| change.noun(language));
    Ok(sheet.finish(words::title(language, decision.kind, noun), statement))
}

/// Renders the sheet of a control statement from canonical statement bytes.
///
/// # Errors
/// When the bytes are not a canonical control statement.
pub fn render_control(statement: &[u8], language: Language) -> Result<ConfirmSheet, EnvelopeError> {
    let control: Control = parse(statement)?;
    let mut sheet = Sheet::new(language);
    let (effect, text) = match &control.command {
        Command::Stop { text } => (words::stop_effect(language), text.as_str()),
        Command::Resume { text, .. } => (words::resume_effect(language), text.as_str()),
        Command::ReadPrompt { .. } => (words::prompt_effect(language), ""),
        Command::Rollback { text, .. } => (words::rollback_effect(language), text.as_str()),
    };
    sheet.add(Label::Effect, effect);
    match &control.command {
        Command::Resume { stop, .. } => sheet.add(Label::Stop, stop),
        Command::ReadPrompt { proposal } | Command::Rollback { proposal, .. } => {
            sheet.add(Label::Case, proposal);
        }
        Command::Stop { .. } => {}
    }
    if !text.is_empty() {
        sheet.words(Label::OwnWords, text);
    }
    sheet.add(Label::Workspace, control.workspace);
    sheet.add(Label::Person, control.person);
    sheet.moment(Label::SignedAt, control.signed_at_ms);
    Ok(sheet.finish(words::control_title(language, &control.command).into(), statement))
}

impl ConfirmSheet {
    /// The sheet as plain text: what is snapshotted and read aloud. Each fact begins a line, and
    /// further lines of its value stand under it; no value reorders what is beside it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.title);
        for Line { label, value, is_quoted, .. } in &self.lines {
            let value = if *is_quoted { &isolated(value) } else { value };
            text.push_str(&format!("{label}: {}\n", value.replace('\n', "\n    ")));
        }
        let name = label(self.language, Label::Fingerprint);
        text.push_str(&format!("{name}: {}\n", self.fingerprint.join(" ")));
        text
    }
}

fn parse<P: Predicate>(statement: &[u8]) -> Result<P, EnvelopeError> {
    let parsed: Statement<P> =
        crate::canonical::from_bytes(statement).map_err(EnvelopeError::Statement)?;
    Ok(parsed.predicate)
}

/// A sheet in the making.
pub(crate) struct Sheet {
    language: Language,
    lines: Vec<Line>,
}

impl Sheet {
    const fn new(language: Language) -> Self {
        Self { language, lines: vec![] }
    }

    fn add(&mut self, name: Label, value: impl ToString) {
        self.push(name, value.to_string(), false);
    }

    fn push(&mut self, name: Label, value: String, is_quoted: bool) {
        let label = label(self.language, name);
        self.lines.push(Line { key: name.key(), label, value, is_quoted });
    }

    /// What a person wrote.
    fn words(&mut self, name: Label, text: &str) {
        self.push(name, shown(text).into(), true);
    }

    /// What a platform says: signed as it is, shown with what it hides.
    pub(crate) fn foreign(&mut self, name: Label, text: &str) {
        self.push(name, shown_line(text).into(), true);
    }

    /// How many campaigns spend from a budget, where there are several.
    pub(crate) fn shared(&mut self, campaigns: u32) {
        if campaigns > 1 {
            self.add(Label::Shared, words::shared(self.language, campaigns));
        }
    }

    /// Whether a campaign runs, where it does not.
    pub(crate) fn unless_running(&mut self, status: CampaignStatus) {
        if status != CampaignStatus::Enabled {
            self.add(Label::Status, words::status(self.language, status));
        }
    }

    /// A value in the reader's language.
    pub(crate) fn value(&mut self, name: Label, value: &Value) {
        let text = words::value(self.language, value);
        let is_quoted = matches!(value, Value::Text(_) | Value::Set { .. });
        self.push(name, text, is_quoted);
    }

    /// What may be spent, in a day or in all.
    pub(crate) fn budget(&mut self, budget: Budget) {
        let name = match budget.period {
            BudgetPeriod::Daily => Label::DailyBudget,
            BudgetPeriod::Total => Label::TotalBudget,
        };
        self.value(name, &Value::Money(budget.amount));
    }

    /// That the budget stays as it is, where something else decides how much of it is spent.
    pub(crate) fn budget_bounds(&mut self) {
        self.add(Label::Bound, words::budget_bounds(self.language));
    }

    /// That the ad which runs is one that there is not yet.
    pub(crate) fn new_ad(&mut self) {
        self.add(Label::AdRuns, words::new_ad(self.language));
    }

    /// What the platform's review says of an ad.
    pub(crate) fn standing(&mut self, standing: AdStanding) {
        self.add(Label::Review, words::standing(self.language, standing));
    }

    /// When a campaign begins and ends.
    pub(crate) fn flight(&mut self, flight: Flight) {
        if let Some(at) = flight.starts_at_ms {
            self.moment(Label::FlightStart, at);
        }
        self.value(Label::FlightEnd, &flight.ends_at_ms.map_or(Value::Open, Value::Moment));
    }

    fn moment(&mut self, name: Label, at: TimestampMs) {
        self.add(name, at.rfc3339());
    }

    fn finish(self, title: String, statement: &[u8]) -> ConfirmSheet {
        let digest = Digest::of(statement);
        ConfirmSheet {
            title,
            lines: self.lines,
            digest,
            fingerprint: fingerprint::words(digest),
            language: self.language,
        }
    }
}

fn decision_lines(sheet: &mut Sheet, decision: &Decision) {
    let language = sheet.language;
    sheet.add(Label::Case, decision.proposal);
    match &decision.effective {
        Some(change) => change_lines(sheet, change),
        None => sheet.add(Label::Effect, words::no_effect(language)),
    }
    if let Some(requested) = &decision.requested {
        requested_lines(sheet, requested);
    }
    sheet.add(Label::Reason, words::reason(language, decision.kind, &decision.reason.code));
    if !decision.reason.text.is_empty() {
        sheet.words(Label::OwnWords, &decision.reason.text);
    }
    sheet.add(Label::Role, &decision.role);
    sheet.add(Label::Person, decision.person);
    if let Some(person) = decision.on_behalf_of {
        sheet.add(Label::OnBehalfOf, person);
    }
    let factor = decision.mfa.as_ref().map(|proof| proof.kind());
    sheet.add(Label::Factor, words::factor(language, factor));
    if !decision.comments_shown.is_empty() {
        sheet.add(Label::CommentsShown, decision.comments_shown.len());
    }
    sheet.moment(Label::SignedAt, decision.signed_at_ms);
    sheet.moment(Label::ValidUntil, decision.valid_until_ms);
}

/// A change of several things tells each of them in full, one after the other.
fn change_lines(sheet: &mut Sheet, change: &Action) {
    let headline = change.headline();
    if change.has_legs() {
        for row in headline.diff.iter().filter(|row| row.subject.is_none()) {
            diff_lines(sheet, row);
        }
        for leg in change.legs() {
            leg_lines(sheet, &leg);
        }
    } else {
        leg_lines(sheet, change);
    }
    if let Some(total) = headline.stake {
        sheet.add(Label::WorstCase, amount(sheet.language, total));
    }
    match headline.window {
        Some(window) => {
            sheet.moment(Label::From, window.starts_at_ms);
            sheet.moment(Label::Until, window.ends_at_ms);
        }
        None if headline.has_window => {
            sheet.add(Label::Until, words::further_notice(sheet.language));
        }
        None => {}
    }
}

fn leg_lines(sheet: &mut Sheet, leg: &Action) {
    let headline = leg.headline();
    sheet.foreign(Label::Campaign, &headline.subject);
    sheet.add(Label::Entity, &headline.entity);
    leg.context(sheet);
    for row in &headline.diff {
        diff_lines(sheet, row);
    }
}

fn diff_lines(sheet: &mut Sheet, row: &DiffRow) {
    let (before, after) = words::diff_labels(row.field);
    if let Some(subject) = &row.subject {
        sheet.foreign(Label::Subject, subject);
    }
    if let Some(value) = &row.before {
        sheet.value(before, value);
    }
    sheet.value(after, &row.after);
    if let Some(ratio) = row.ratio() {
        sheet.add(Label::Change, percent(sheet.language, ratio));
    }
}

fn requested_lines(sheet: &mut Sheet, requested: &RequestedChanges) {
    let language = sheet.language;
    if let Some(most) = requested.max_after {
        sheet.add(Label::RequestedAmount, amount(language, most));
    }
    if let Some(days) = requested.max_days {
        sheet.add(Label::RequestedDays, days);
    }
    if requested.texts {
        sheet.add(Label::RequestedTexts, words::as_you_say(language));
    }
    if !requested.evidence.is_empty() {
        let wanted: Vec<_> =
            requested.evidence.iter().map(|one| words::evidence(language, *one)).collect();
        sheet.add(Label::RequestedEvidence, wanted.join(", "));
    }
}
