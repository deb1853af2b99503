//! `countersign://case/<id>` and `countersign://proposal/<id>`: a link opens a case in the
//! window and can do nothing else.

use countersign_client::view::LinkView;
use countersign_model::ProposalId;
use std::sync::{Mutex, PoisonError};
use tauri::Url;

/// The scheme that the installers register.
pub const SCHEME: &str = "countersign";

/// Why a link is refused. It does not repeat the link: anybody can send one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// No URL, or one of another scheme.
    #[error("it is not a countersign:// link")]
    Foreign,
    /// Not one of the two forms.
    #[error("it names no case; the form is countersign://case/<id>")]
    Form,
    /// The last part is no id.
    #[error("what it names is not the id of a case")]
    Id,
}

/// The case that a link names.
///
/// # Errors
/// When it is not exactly of the form: no user, port, query or fragment, one segment.
pub fn parse(link: &str) -> Result<ProposalId, BadLink> {
    let url = Url::parse(link).map_err(|_| BadLink::Foreign)?;
    if url.scheme() != SCHEME {
        return Err(BadLink::Foreign);
    }
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let known = url.host_str().is_some_and(|host| {
        host.eq_ignore_ascii_case("case") || host.eq_ignore_ascii_case("proposal")
    });
    let id = url.path().strip_prefix('/').unwrap_or_default();
    if !bare || !known || id.is_empty() || id.contains('/') {
        return Err(BadLink::Form);
    }
    id.parse().map_err(|_| BadLink::Id)
}

/// The link among a program's arguments, if there is one.
pub fn among(arguments: &[String]) -> Option<&str> {
    let is_link = |argument: &&String| {
        argument.split_once(':').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(SCHEME))
    };
    arguments.iter().skip(1).find(is_link).map(String::as_str)
}

/// Where a link waits until the page listens.
#[derive(Default)]
pub struct Links(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    link: Option<LinkView>,
    page_listens: bool,
}

impl Links {
    /// A link has come. Answers what to tell the page now; without an answer it waits for
    /// [`Links::take`]. Only the newest link waits.
    pub fn arrive(&self, proposal: ProposalId) -> Option<LinkView> {
        let link = LinkView { proposal: proposal.to_string() };
        let mut waiting = self.waiting();
        if waiting.page_listens {
            return Some(link);
        }
        waiting.link = Some(link);
        None
    }

    /// What waits, to be shown before the page listens.
    pub fn newest(&self) -> Option<LinkView> {
        self.waiting().link.clone()
    }

    /// The page listens from now on, and takes what waited.
    pub fn take(&self) -> Option<LinkView> {
        let mut waiting = self.waiting();
        waiting.page_listens = true;
        waiting.link.take()
    }

    /// A page is loaded afresh: it does not listen yet.
    pub fn page_starts(&self) {
        self.waiting().page_listens = false;
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "prop_0192f0c1-7b6a-7c3e-8d5f-0123456789ab";

    fn case(text: &str) -> Result<String, BadLink> {
        parse(text).map(|id| id.to_string())
    }

    #[test]
    fn both_forms_name_a_case() {
        for form in ["countersign://case/", "countersign://proposal/", "COUNTERSIGN://Case/"] {
            assert_eq!(case(&format!("{form}{ID}")).as_deref(), Ok(ID), "{form}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (link, why) in [
            ("", BadLink::Foreign),
            ("case", BadLink::Foreign),
            (&format!("https://case/{ID}") as &str, BadLink::Foreign),
            (&format!("countersign:case/{ID}"), BadLink::Form),
            (&format!("countersign://{ID}"), BadLink::Form),
            (&format!("countersign://approve/{ID}"), BadLink::Form),
            (&format!("countersign://case/{ID}/approve"), BadLink::Form),
            (&format!("countersign://case/{ID}?decide=approve"), BadLink::Form),
            (&format!("countersign://case/{ID}#approve"), BadLink::Form),
            (&format!("countersign://user@case/{ID}"), BadLink::Form),
            (&format!("countersign://case:80/{ID}"), BadLink::Form),
            ("countersign://case/", BadLink::Form),
            ("countersign://case/prop_1", BadLink::Id),
            ("countersign://case/%2e%2e", BadLink::Form),
            (&format!("countersign://case/{}", ID.to_uppercase()), BadLink::Id),
            (&format!("countersign://case/{ID}%00"), BadLink::Id),
            ("countersign://case/person_0192f0c1-7b6a-7c3e-8d5f-0123456789ab", BadLink::Id),
        ] {
            assert_eq!(case(link), Err(why), "{link}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_the_link() {
        let refused = parse("countersign://case/a-secret").expect_err("no id");
        assert!(!refused.to_string().contains("a-secret"), "{refused}");
    }

    #[test]
    fn the_link_is_found_among_other_arguments() {
        let arguments =
            |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let link = format!("countersign://case/{ID}");
        let second = arguments(&["countersign", "--profile", "/tmp/countersign", &link]);
        assert_eq!(among(&second), Some(link.as_str()));
        assert_eq!(among(&arguments(&["countersign://case/x", "--profile", "a"])), None);
    }

    #[test]
    fn a_link_waits_until_the_page_listens() {
        let links = Links::default();
        let id: ProposalId = ID.parse().expect("an id");
        assert!(links.arrive(id).is_none(), "nobody listens yet");
        assert_eq!(links.take().map(|link| link.proposal).as_deref(), Some(ID));
        assert!(links.take().is_none(), "it opens once");
        assert!(links.arrive(id).is_some(), "the page is told at once");
        links.page_starts();
        assert!(links.arrive(id).is_none(), "a page that loads does not listen");
        assert!(links.take().is_some());
    }
}
