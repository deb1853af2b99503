//! The few words that are said outside the page: tray, menus, notices. English and German.

use countersign_client::view::{NoticeKind, NoticeView};
use countersign_model::confirm::Language;

const fn pick(language: Language, english: &'static str, german: &'static str) -> &'static str {
    match language {
        Language::En => english,
        Language::De => german,
    }
}

/// BCP 47.
pub(crate) const fn tag(language: Language) -> &'static str {
    pick(language, "en", "de")
}

/// Brings the window to the front.
pub(crate) const fn open(language: Language) -> &'static str {
    pick(language, "Open Countersign", "Countersign öffnen")
}

/// Closes the app.
pub(crate) const fn quit(language: Language) -> &'static str {
    pick(language, "Quit Countersign", "Countersign beenden")
}

pub(crate) const fn file(language: Language) -> &'static str {
    pick(language, "File", "Ablage")
}

pub(crate) const fn edit(language: Language) -> &'static str {
    pick(language, "Edit", "Bearbeiten")
}

pub(crate) const fn view(language: Language) -> &'static str {
    pick(language, "View", "Darstellung")
}

pub(crate) const fn window(language: Language) -> &'static str {
    pick(language, "Window", "Fenster")
}

pub(crate) fn needs_me(language: Language, count: u32) -> String {
    format!("{}: {count}", pick(language, "Needs me", "Wartet auf mich"))
}

pub(crate) fn due_soon(language: Language, count: u32) -> String {
    format!("{}: {count}", pick(language, "Due within the hour", "In dieser Stunde fällig"))
}

pub(crate) fn unsent(language: Language, count: u32) -> String {
    format!("{}: {count}", pick(language, "Not sent yet", "Noch nicht gesendet"))
}

/// Title and text of a notice. Lock screens show them, so they name no campaign and no
/// amount; `by` is the deadline in local time.
pub(crate) fn notice(language: Language, notice: &NoticeView, by: &str) -> (String, String) {
    let many = notice.cases > 1;
    let count = notice.cases;
    let tier = tier(language, &notice.risk_tier);
    match (language, &notice.kind) {
        (Language::En, NoticeKind::NeedsMe) if many => {
            (format!("{count} cases need your signature"), format!("The first is due by {by}."))
        }
        (Language::De, NoticeKind::NeedsMe) if many => (
            format!("{count} Fälle brauchen Ihre Unterschrift"),
            format!("Der erste ist bis {by} fällig."),
        ),
        (Language::En, NoticeKind::NeedsMe) => {
            ("A case needs your signature".into(), format!("{tier}. Decide by {by}."))
        }
        (Language::De, NoticeKind::NeedsMe) => (
            "Ein Fall braucht Ihre Unterschrift".into(),
            format!("{tier}. Zu entscheiden bis {by}."),
        ),
        (Language::En, NoticeKind::DueSoon) => {
            ("A deadline is close".into(), format!("{tier}. Decide by {by}."))
        }
        (Language::De, NoticeKind::DueSoon) => (
            "Die Zeit zu entscheiden ist fast um".into(),
            format!("{tier}. Zu entscheiden bis {by}."),
        ),
        (_, NoticeKind::Question) => pair(
            language,
            ("A question for you", "Nobody can approve the case until it is answered."),
            ("Eine Frage an Sie", "Niemand kann den Fall genehmigen, bevor sie beantwortet ist."),
        ),
        (_, NoticeKind::Refused) => pair(
            language,
            ("One of your decisions did not take effect", "Open the case to see what happened."),
            ("Eine Ihrer Entscheidungen wurde nicht wirksam", "Der Fall zeigt, was geschehen ist."),
        ),
        (_, NoticeKind::Stopped) => pair(
            language,
            ("Work was stopped", "Countersign shows who stopped it, and why."),
            ("Alles wurde angehalten", "Countersign zeigt, wer es angehalten hat und warum."),
        ),
    }
}

fn pair(language: Language, english: (&str, &str), german: (&str, &str)) -> (String, String) {
    let (title, text) = match language {
        Language::En => english,
        Language::De => german,
    };
    (title.into(), text.into())
}

fn tier(language: Language, tier: &str) -> &'static str {
    match tier {
        "low" => pick(language, "Low risk", "Geringes Risiko"),
        "medium" => pick(language, "Medium risk", "Mittleres Risiko"),
        _ => pick(language, "High risk", "Hohes Risiko"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_notice(kind: NoticeKind, cases: u32) -> NoticeView {
        NoticeView {
            proposal: "prop_0192f0c1-7b6a-7c3e-8d5f-0123456789ab".into(),
            kind,
            risk_tier: "high".into(),
            decide_by_ms: 0,
            cases,
        }
    }

    #[test]
    fn a_notice_says_what_when_and_how_risky() {
        let (title, text) = notice(Language::En, &a_notice(NoticeKind::NeedsMe, 1), "14:30");
        assert_eq!(
            (title.as_str(), text.as_str()),
            ("A case needs your signature", "High risk. Decide by 14:30.")
        );
        let (title, text) = notice(Language::De, &a_notice(NoticeKind::NeedsMe, 3), "14:30");
        assert_eq!(
            (title.as_str(), text.as_str()),
            ("3 Fälle brauchen Ihre Unterschrift", "Der erste ist bis 14:30 fällig.")
        );
    }

    #[test]
    fn every_notice_has_its_own_words_in_each_language() {
        let kinds = [
            NoticeKind::NeedsMe,
            NoticeKind::DueSoon,
            NoticeKind::Question,
            NoticeKind::Refused,
            NoticeKind::Stopped,
        ];
        let mut said = std::collections::BTreeSet::new();
        for language in [Language::En, Language::De] {
            for kind in &kinds {
                let words = notice(language, &a_notice(kind.clone(), 1), "14:30");
                assert!(!words.0.is_empty() && !words.1.is_empty());
                assert!(said.insert(words.0), "{kind:?} has the title of another");
            }
        }
    }
}
