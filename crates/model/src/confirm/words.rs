//! Labels, words and numbers of the confirm sheet in each language. The English reasons are
//! those of [`crate::reason`]; a test holds that every reason has words in each language.

use crate::{
    CampaignStatus, DecisionKind, Money, Ratio,
    change::{AdStanding, BasisPoints, Field, Value},
    control::Command,
    decision::EvidenceWanted,
    reason::{ReasonCode, reasons_for},
    text::shown_line,
    verdict::FactorKind,
};

/// The languages a sheet can be read in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

/// Declares the labels: variant, key, English, German.
macro_rules! labels {
    ($($name:ident $key:literal $en:literal $de:literal;)*) => {
        /// Which fact a line tells.
        #[derive(Clone, Copy)]
        pub(crate) enum Label { $($name,)* }

        impl Label {
            /// The fact's name in every language.
            pub(super) const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }
        }

        /// The label in a language.
        pub(super) const fn label(language: Language, name: Label) -> &'static str {
            match (language, name) {
                $((Language::En, Label::$name) => $en, (Language::De, Label::$name) => $de,)*
            }
        }
    };
}

labels! {
    Case "case" "Case" "Vorgang";
    Campaign "campaign" "Campaign" "Kampagne";
    Entity "entity" "Entity" "Objekt";
    Budget "budget" "Budget" "Budget";
    Shared "shared" "Shared" "Geteilt";
    Status "campaign_status" "Campaign is" "Kampagne ist";
    DailyBudget "daily_budget" "Daily budget" "Tagesbudget";
    BudgetBefore "budget_before" "Daily budget now" "Tagesbudget jetzt";
    BudgetAfter "budget_after" "Daily budget after" "Tagesbudget danach";
    TotalBudget "total_budget" "Total budget" "Gesamtbudget";
    TotalBefore "total_before" "Total budget now" "Gesamtbudget jetzt";
    TotalAfter "total_after" "Total budget after" "Gesamtbudget danach";
    FlightStart "flight_start" "The flight begins" "Laufzeit ab";
    FlightEnd "flight_end" "The flight ends" "Laufzeit bis";
    StartBefore "start_before" "The flight begins now" "Laufzeit ab, jetzt";
    StartAfter "start_after" "The flight begins after" "Laufzeit ab, danach";
    EndBefore "end_before" "The flight ends now" "Laufzeit bis, jetzt";
    EndAfter "end_after" "The flight ends after" "Laufzeit bis, danach";
    Moved "moved" "Moved per day" "Umgeschichtet pro Tag";
    TimeZone "time_zone" "The account's time zone" "Zeitzone des Kontos";
    StatusBefore "status_before" "Campaign now" "Kampagne jetzt";
    StatusAfter "status_after" "Campaign after" "Kampagne danach";
    AdGroup "ad_group" "Ad group" "Anzeigengruppe";
    AdGroupStatus "ad_group_status" "Ad group is" "Anzeigengruppe ist";
    GroupBefore "ad_group_status_before" "Ad group now" "Anzeigengruppe jetzt";
    GroupAfter "ad_group_status_after" "Ad group after" "Anzeigengruppe danach";
    Written "written" "What is written" "Geschrieben wird";
    Strategy "strategy" "Bidding strategy" "Gebotsstrategie";
    StrategyBefore "strategy_before" "Bidding strategy now" "Gebotsstrategie jetzt";
    StrategyAfter "strategy_after" "Bidding strategy after" "Gebotsstrategie danach";
    CpcBefore "cpc_bid_before" "CPC bid now" "CPC-Gebot jetzt";
    CpcAfter "cpc_bid_after" "CPC bid after" "CPC-Gebot danach";
    CpmBefore "cpm_bid_before" "CPM bid now" "CPM-Gebot jetzt";
    CpmAfter "cpm_bid_after" "CPM bid after" "CPM-Gebot danach";
    MaxCpcBefore "max_cpc_before" "Maximum CPC now" "Maximaler CPC jetzt";
    MaxCpcAfter "max_cpc_after" "Maximum CPC after" "Maximaler CPC danach";
    CpaBefore "target_cpa_before" "Target CPA now" "Ziel-CPA jetzt";
    CpaAfter "target_cpa_after" "Target CPA after" "Ziel-CPA danach";
    RoasBefore "target_roas_before" "Target ROAS now" "Ziel-ROAS jetzt";
    RoasAfter "target_roas_after" "Target ROAS after" "Ziel-ROAS danach";
    AdPaused "ad_paused" "The ad that is paused" "Pausiert wird die Anzeige";
    AdRuns "ad_runs" "The ad that runs instead" "Stattdessen läuft";
    Review "platform_review" "The platform's review of the earlier ad" "Prüfung der bisherigen Anzeige durch die Plattform";
    PolicyTopics "policy_topics" "Policy topics of the earlier ad" "Richtlinienthemen der bisherigen Anzeige";
    AgentFlag "agent_flag" "The agent's own warning" "Warnung des Agenten selbst";
    TextKept "text_kept" "Text that stays" "Text, der bleibt";
    FinalUrl "final_url" "Landing page" "Zielseite";
    HeadlineBefore "headline_before" "Headline now" "Anzeigentitel jetzt";
    HeadlineAfter "headline_after" "Headline after" "Anzeigentitel danach";
    DescriptionBefore "description_before" "Description now" "Beschreibung jetzt";
    DescriptionAfter "description_after" "Description after" "Beschreibung danach";
    PathBefore "display_path_before" "Display path now" "Angezeigter Pfad jetzt";
    PathAfter "display_path_after" "Display path after" "Angezeigter Pfad danach";
    UrlBefore "final_url_before" "Landing page now" "Zielseite jetzt";
    UrlAfter "final_url_after" "Landing page after" "Zielseite danach";
    Subject "subject" "Of the text" "Beim Text";
    PinBefore "pin_before" "Pinned place now" "Fester Platz jetzt";
    PinAfter "pin_after" "Pinned place after" "Fester Platz danach";
    Place "place" "Placement" "Placement";
    Audience "audience" "Audience" "Zielgruppe";
    PlatformSays "platform_says" "The platform says" "Die Plattform sagt";
    CompanyKnows "company_knows" "The company knows" "Das Unternehmen weiß";
    AgentSays "agent_says" "The agent says" "Der Agent sagt";
    Placements "placements" "Placements" "Placements";
    ExcludedPlacements "excluded_placements" "Excluded placements" "Ausgeschlossene Placements";
    Audiences "audiences" "Audiences" "Zielgruppen";
    ExcludedAudiences "excluded_audiences" "Excluded audiences" "Ausgeschlossene Zielgruppen";
    Bound "bound" "Spend is bounded by" "Ausgaben begrenzt durch";
    Change "change" "Change" "Änderung";
    WorstCase "worst_case" "At most in all" "Höchstens insgesamt";
    From "from" "From" "Von";
    Until "until" "Until" "Bis";
    Effect "effect" "Effect" "Wirkung";
    RequestedAmount "requested_amount" "Asked of the agent: at most per day" "Vom Agenten verlangt: höchstens pro Tag";
    RequestedDays "requested_days" "Asked of the agent: at most so many days" "Vom Agenten verlangt: höchstens so viele Tage";
    RequestedTexts "requested_texts" "Asked of the agent: other texts" "Vom Agenten verlangt: andere Texte";
    RequestedEvidence "requested_evidence" "Asked of the agent: evidence" "Vom Agenten verlangt: Belege";
    Reason "reason" "Reason" "Grund";
    OwnWords "own_words" "In your words" "In Ihren Worten";
    Role "role" "You sign as" "Sie zeichnen als";
    Person "person" "Person" "Person";
    OnBehalfOf "on_behalf_of" "On behalf of" "Im Auftrag von";
    Factor "factor" "Second factor" "Zweiter Faktor";
    CommentsShown "comments_shown" "Comments shown" "Gezeigte Kommentare";
    SignedAt "signed_at" "Signed at" "Gezeichnet am";
    ValidUntil "valid_until" "Valid until" "Gültig bis";
    Workspace "workspace" "Workspace" "Arbeitsbereich";
    Stop "stop" "The stop" "Der Stopp";
    Fingerprint "fingerprint" "Fingerprint" "Fingerabdruck";
}

/// The headline of a decision's sheet. The signed bytes of a rejection and of a request for
/// changes hold no change, so that their headlines name no kind.
pub(super) fn title(language: Language, kind: DecisionKind, noun: Option<&str>) -> String {
    let noun = noun.unwrap_or(match language {
        Language::En => "a change",
        Language::De => "Änderung",
    });
    match (language, kind) {
        (Language::En, DecisionKind::Approve) => format!("Approve {noun}"),
        (Language::En, DecisionKind::Override) => format!("Override {noun}"),
        (Language::En, DecisionKind::Reject) => format!("Reject {noun}"),
        (Language::En, DecisionKind::RequestChanges) => format!("Send back {noun}"),
        (Language::De, DecisionKind::Approve) => format!("{noun} gegenzeichnen"),
        (Language::De, DecisionKind::Override) => {
            format!("{noun} mit eigenem Wert gegenzeichnen")
        }
        (Language::De, DecisionKind::Reject) => format!("{noun} ablehnen"),
        (Language::De, DecisionKind::RequestChanges) => format!("{noun} zurückgeben"),
    }
}

/// The labels of what was and of what should be.
pub(super) const fn diff_labels(field: Field) -> (Label, Label) {
    match field {
        Field::DailyBudget => (Label::BudgetBefore, Label::BudgetAfter),
        Field::Status => (Label::StatusBefore, Label::StatusAfter),
        Field::TotalBudget => (Label::TotalBefore, Label::TotalAfter),
        Field::FlightStart => (Label::StartBefore, Label::StartAfter),
        Field::FlightEnd => (Label::EndBefore, Label::EndAfter),
        Field::Moved => (Label::Moved, Label::Moved),
        Field::CpcBid => (Label::CpcBefore, Label::CpcAfter),
        Field::CpmBid => (Label::CpmBefore, Label::CpmAfter),
        Field::MaxCpc => (Label::MaxCpcBefore, Label::MaxCpcAfter),
        Field::TargetCpa => (Label::CpaBefore, Label::CpaAfter),
        Field::TargetRoas => (Label::RoasBefore, Label::RoasAfter),
        Field::AdGroupStatus => (Label::GroupBefore, Label::GroupAfter),
        Field::Strategy => (Label::StrategyBefore, Label::StrategyAfter),
        Field::Headline => (Label::HeadlineBefore, Label::HeadlineAfter),
        Field::Description => (Label::DescriptionBefore, Label::DescriptionAfter),
        Field::DisplayPath => (Label::PathBefore, Label::PathAfter),
        Field::FinalUrl => (Label::UrlBefore, Label::UrlAfter),
        Field::Pin => (Label::PinBefore, Label::PinAfter),
        Field::Placements => (Label::Placements, Label::Placements),
        Field::ExcludedPlacements => (Label::ExcludedPlacements, Label::ExcludedPlacements),
        Field::Audiences => (Label::Audiences, Label::Audiences),
        Field::ExcludedAudiences => (Label::ExcludedAudiences, Label::ExcludedAudiences),
    }
}

/// A value on a sheet: the one place that says how each sort of value is written.
pub(super) fn value(language: Language, value: &Value) -> String {
    match value {
        Value::Money(money) => amount(language, *money),
        Value::Percent(ratio) => percent(language, *ratio),
        Value::Count(count) => grouped(language, *count),
        Value::Text(text) => shown_line(text).into(),
        Value::Status(status) => self::status(language, *status).into(),
        Value::Moment(at) => at.rfc3339(),
        Value::Open => further_notice(language).into(),
        Value::Return(points) => share(language, *points),
        Value::Strategy(strategy) => strategy.name(language).into(),
        Value::Unset => unset(language).into(),
        Value::Image(digest) => digest.to_string(),
        Value::Set { added, removed } => {
            let signed = |sign: char, names: &[String]| {
                names.iter().map(|name| format!("{sign}{}", shown_line(name))).collect::<Vec<_>>()
            };
            [signed('+', added), signed('−', removed)].concat().join(", ")
        }
    }
}

/// A count with its thousands apart.
pub(super) fn grouped(language: Language, count: u64) -> String {
    let digits = count.to_string();
    let mark = match language {
        Language::En => ',',
        Language::De => '.',
    };
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// The headline of a control statement's sheet.
pub(super) const fn control_title(language: Language, command: &Command) -> &'static str {
    match (language, command) {
        (Language::En, Command::Stop { .. }) => "Stop all work",
        (Language::En, Command::Resume { .. }) => "Ask to resume work",
        (Language::En, Command::ReadPrompt { .. }) => "Read a prompt",
        (Language::En, Command::Rollback { .. }) => "Take a change back",
        (Language::De, Command::Stop { .. }) => "Alles anhalten",
        (Language::De, Command::Resume { .. }) => "Fortsetzen beantragen",
        (Language::De, Command::ReadPrompt { .. }) => "Einen Prompt lesen",
        (Language::De, Command::Rollback { .. }) => "Eine Änderung zurücknehmen",
    }
}

pub(super) const fn stop_effect(language: Language) -> &'static str {
    match language {
        Language::En => {
            "no change that raises spend is applied until two people have asked to resume; changes that lower spend still are"
        }
        Language::De => {
            "keine Änderung, die Ausgaben erhöht, wird angewendet, bis zwei Personen das Fortsetzen beantragen; Senkungen weiterhin"
        }
    }
}

pub(super) const fn resume_effect(language: Language) -> &'static str {
    match language {
        Language::En => "work resumes once two different people have asked for it",
        Language::De => {
            "die Arbeit geht weiter, sobald zwei verschiedene Personen es beantragt haben"
        }
    }
}

pub(super) const fn prompt_effect(language: Language) -> &'static str {
    match language {
        Language::En => "the prompt is shown on this device, and the log says so",
        Language::De => "der Prompt wird auf diesem Gerät gezeigt, und das Protokoll vermerkt es",
    }
}

pub(super) const fn rollback_effect(language: Language) -> &'static str {
    match language {
        Language::En => {
            "a case opens that restores the state from before this change; others must sign it, and it is applied only while the platform still holds what this change wrote. What was spent meanwhile does not come back"
        }
        Language::De => {
            "ein Vorgang wird eröffnet, der den Stand vor dieser Änderung wiederherstellt; andere müssen ihn unterschreiben, und er wird nur angewendet, solange die Plattform noch den Wert dieser Änderung hat. Was inzwischen ausgegeben wurde, kommt nicht zurück"
        }
    }
}

pub(super) const fn no_effect(language: Language) -> &'static str {
    match language {
        Language::En => "nothing will change on the ad platform",
        Language::De => "auf der Werbeplattform ändert sich nichts",
    }
}

pub(super) const fn further_notice(language: Language) -> &'static str {
    match language {
        Language::En => "further notice",
        Language::De => "auf Weiteres",
    }
}

/// A value that is not set.
const fn unset(language: Language) -> &'static str {
    match language {
        Language::En => "none",
        Language::De => "keiner",
    }
}

/// What bounds the spend of a change that moves no budget.
pub(super) const fn budget_bounds(language: Language) -> &'static str {
    match language {
        Language::En => "the budget, which stays as it is",
        Language::De => "das Budget, das bleibt, wie es ist",
    }
}

/// A return: a percentage without a sign.
fn share(language: Language, points: BasisPoints) -> String {
    percent(language, points.ratio()).trim_start_matches('+').into()
}

pub(super) fn shared(language: Language, campaigns: u32) -> String {
    match language {
        Language::En => format!("{campaigns} campaigns spend from this budget"),
        Language::De => format!("{campaigns} Kampagnen geben aus diesem Budget aus"),
    }
}

pub(super) const fn status(language: Language, status: CampaignStatus) -> &'static str {
    match (language, status) {
        (Language::En, CampaignStatus::Enabled) => "running",
        (Language::En, CampaignStatus::Paused) => "paused",
        (Language::En, CampaignStatus::Ended) => "ended",
        (Language::En, CampaignStatus::Removed) => "removed",
        (Language::En, CampaignStatus::Unknown) => "in an unknown state",
        (Language::De, CampaignStatus::Enabled) => "aktiv",
        (Language::De, CampaignStatus::Paused) => "pausiert",
        (Language::De, CampaignStatus::Ended) => "beendet",
        (Language::De, CampaignStatus::Removed) => "entfernt",
        (Language::De, CampaignStatus::Unknown) => "in einem hier unbekannten Zustand",
    }
}

/// What a platform's review says of an ad.
pub(super) const fn standing(language: Language, standing: AdStanding) -> &'static str {
    match (language, standing) {
        (Language::En, AdStanding::InReview) => "in review",
        (Language::En, AdStanding::MayServe) => "not reviewed yet, may be shown",
        (Language::En, AdStanding::UnderAppeal) => "under appeal",
        (Language::En, AdStanding::Approved) => "approved",
        (Language::En, AdStanding::Limited) => "approved with limits",
        (Language::En, AdStanding::LimitedByArea) => "approved for some places only",
        (Language::En, AdStanding::Disapproved) => "disapproved",
        (Language::En, AdStanding::Unknown) => "unknown",
        (Language::De, AdStanding::InReview) => "in Prüfung",
        (Language::De, AdStanding::MayServe) => "noch nicht geprüft, darf erscheinen",
        (Language::De, AdStanding::UnderAppeal) => "im Einspruch",
        (Language::De, AdStanding::Approved) => "zugelassen",
        (Language::De, AdStanding::Limited) => "eingeschränkt zugelassen",
        (Language::De, AdStanding::LimitedByArea) => "nur mancherorts zugelassen",
        (Language::De, AdStanding::Disapproved) => "abgelehnt",
        (Language::De, AdStanding::Unknown) => "unbekannt",
    }
}

/// Where a person's own words say what is wanted.
pub(super) const fn as_you_say(language: Language) -> &'static str {
    match language {
        Language::En => "as your words say",
        Language::De => "wie Ihre Worte sagen",
    }
}

/// An ad that there is not yet.
pub(super) const fn new_ad(language: Language) -> &'static str {
    match language {
        Language::En => "a new one, made of these texts",
        Language::De => "eine neue aus diesen Texten",
    }
}

pub(super) const fn factor(language: Language, factor: Option<FactorKind>) -> &'static str {
    match (language, factor) {
        (Language::En, None) => "none",
        (Language::En, Some(FactorKind::Totp)) => "code from your authenticator (TOTP)",
        (Language::De, None) => "keiner",
        (Language::De, Some(FactorKind::Totp)) => "Code aus Ihrer Authentifizierungs-App (TOTP)",
    }
}

pub(super) const fn evidence(language: Language, wanted: EvidenceWanted) -> &'static str {
    match (language, wanted) {
        (Language::En, EvidenceWanted::Backtest) => "a backtest",
        (Language::En, EvidenceWanted::LongerHistory) => "a longer history",
        (Language::En, EvidenceWanted::NarrowerInterval) => "a narrower interval",
        (Language::En, EvidenceWanted::Rationale) => "a fuller rationale",
        (Language::De, EvidenceWanted::Backtest) => "ein Rücktest",
        (Language::De, EvidenceWanted::LongerHistory) => "eine längere Historie",
        (Language::De, EvidenceWanted::NarrowerInterval) => "ein engeres Intervall",
        (Language::De, EvidenceWanted::Rationale) => "eine klarere Begründung",
    }
}

/// A reason in words; a code that is not in the list stays a code.
pub(super) fn reason(language: Language, kind: DecisionKind, code: &str) -> String {
    let choice = reasons_for(kind).iter().find(|one| one.code.as_str() == code);
    let words = choice.and_then(|choice| match language {
        Language::En => Some(choice.words),
        Language::De => german_reason(kind, choice.code),
    });
    words.unwrap_or(code).into()
}

fn german_reason(kind: DecisionKind, code: ReasonCode) -> Option<&'static str> {
    use DecisionKind::{Approve, Override, Reject, RequestChanges};
    Some(match (kind, code) {
        (Approve, ReasonCode::EvidenceConvincing) => "Die Belege überzeugen",
        (Approve, ReasonCode::WithinPlan) => "Im Rahmen des vereinbarten Plans",
        (Approve, ReasonCode::SeasonalOpportunity) => "Eine saisonale Gelegenheit, die sich lohnt",
        (Override, ReasonCode::BudgetHeadroom) => {
            "Für die volle Änderung reicht der Budgetspielraum nicht"
        }
        (Override, ReasonCode::ConfidenceTooLow) => {
            "Die Vorhersage ist für die volle Änderung nicht sicher genug"
        }
        (Override, ReasonCode::PacingRisk) => "Die volle Änderung würde den Ausgabenverlauf stören",
        (Reject, ReasonCode::NotConvincing) => "Die Belege überzeugen nicht",
        (Reject, ReasonCode::OverBudget) => "Dafür gibt es kein Budget",
        (Reject, ReasonCode::BrandOrLegal) => "Bedenken zu Marke oder Recht",
        (Reject, ReasonCode::WrongTime) => "Der falsche Zeitpunkt",
        (RequestChanges, ReasonCode::SmallerChange) => "Eine kleinere Änderung vorschlagen",
        (RequestChanges, ReasonCode::MoreEvidence) => "Mehr Belege sind nötig",
        (_, ReasonCode::Other) => "Ein anderer Grund",
        _ => return None,
    })
}

/// An amount with its currency, grouped as the language does.
pub(super) fn amount(language: Language, money: Money) -> String {
    match language {
        Language::En => money.to_string(),
        Language::De => {
            let english = money.to_string();
            match english.split_once(' ') {
                Some((currency, digits)) => format!("{} {currency}", german_digits(digits)),
                None => english,
            }
        }
    }
}

/// A relative change with its sign, as screens write it.
pub(super) fn percent(language: Language, ratio: Ratio) -> String {
    let plus = if ratio.millionths() > 0 { "+" } else { "" };
    // A minus is as wide as a plus; a hyphen is not.
    let english = format!("{plus}{ratio}").replace('-', "\u{2212}");
    match language {
        Language::En => english.replace(" %", "%"),
        Language::De => german_digits(&english),
    }
}

/// Swaps the marks for groups and decimals.
fn german_digits(english: &str) -> String {
    english
        .chars()
        .map(|mark| match mark {
            ',' => '.',
            '.' => ',',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    #[test]
    fn every_reason_has_words_in_every_language() {
        use DecisionKind::{Approve, Override, Reject, RequestChanges};
        for kind in [Approve, Override, Reject, RequestChanges] {
            for choice in reasons_for(kind) {
                assert!(german_reason(kind, choice.code).is_some(), "{kind:?} {:?}", choice.code);
                assert_eq!(reason(Language::En, kind, choice.code.as_str()), choice.words);
            }
        }
        assert_eq!(reason(Language::De, Approve, "unheard_of"), "unheard_of");
    }

    #[test]
    fn every_sort_of_value_has_a_form_in_every_language() {
        let usd = Currency::parse("USD").unwrap();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let digest = crate::Digest::of(b"picture");
        for (found, english, german) in [
            (Value::Money(Money::from_micros(1_234_500_000, usd)), "USD 1,234.50", "1.234,50 USD"),
            (Value::Percent(Ratio::from_millionths(-152_500)), "−15.25%", "−15,25 %"),
            (Value::Count(1_234_567), "1,234,567", "1.234.567"),
            (Value::Count(12), "12", "12"),
            (Value::Text("a\u{202e}b".into()), "a‹U+202E›b", "a‹U+202E›b"),
            (Value::Status(CampaignStatus::Paused), "paused", "pausiert"),
            (
                Value::Moment(crate::TimestampMs::from_millis(0)),
                "1970-01-01T00:00:00.000Z",
                "1970-01-01T00:00:00.000Z",
            ),
            (Value::Return(crate::change::BasisPoints::new(35_050)), "350.5%", "350,5 %"),
            (Value::Strategy(crate::change::Strategy::ManualCpc), "manual CPC", "manueller CPC"),
            (Value::Unset, "none", "keiner"),
            (Value::Image(digest), &digest.to_string(), &digest.to_string()),
            (
                Value::Set { added: names(&["shoes", "boots"]), removed: names(&["hats"]) },
                "+shoes, +boots, −hats",
                "+shoes, +boots, −hats",
            ),
        ] {
            assert_eq!(value(Language::En, &found), english);
            assert_eq!(value(Language::De, &found), german);
        }
    }

    #[test]
    fn german_numbers_have_german_marks() {
        let money = Money::from_micros(-1_234_567_890_000, Currency::parse("EUR").unwrap());
        assert_eq!(amount(Language::De, money), "-1.234.567,89 EUR");
        assert_eq!(percent(Language::De, Ratio::from_millionths(152_500)), "+15,25 %");
    }
}
