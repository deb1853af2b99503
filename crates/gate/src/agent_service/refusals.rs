//! Why an agent gets nothing: what is wrong, and what it can do.

use crate::{core::Refused, reads::Unread};
use countersign_executor::{ErrorClass, PlatformError};
use countersign_intake::{DraftRefusal, RefusalCode, ServiceError};
use countersign_model::{causes::in_full, change::ChangeError, confirm::Language};
use countersign_platforms::{days::UNKNOWN_TIME_ZONE, google_ads::CAMPAIGN_NOT_FOUND};

pub(super) fn in_words(refused: &Refused) -> DraftRefusal {
    match refused {
        Refused::BeforeMoved => before_moved("What the platform holds is"),
        Refused::TooLarge => refusal(
            RefusalCode::BodyTooLarge,
            "",
            "The draft's texts are too long to be kept together. Shorten them.",
        ),
        Refused::Evidence | Refused::Policy => unavailable("The gate"),
        Refused::OtherDraft => refusal(
            RefusalCode::IdempotencyConflict,
            "/idempotency_key",
            "You have sent another draft under this key; nothing was taken. Give this one a key of its own, or send the first one again to get its receipt.",
        ),
    }
}

pub(super) fn refusal(code: RefusalCode, path: &str, message: &str) -> DraftRefusal {
    DraftRefusal { code, path: path.into(), message: message.into() }
}

fn entity_unknown() -> DraftRefusal {
    let words =
        "The account has no such campaign. List the campaigns and copy the entity from there.";
    refusal(RefusalCode::EntityUnknown, "/change/entity", words)
}

/// A draft about an account that nothing can be written to: nobody is asked to sign for it.
pub(super) fn refuse_read_only() -> DraftRefusal {
    refusal(
        RefusalCode::ReadOnly,
        "/change/entity",
        "The account is connected for reading only, so nothing can be changed in it; nothing was taken. Ask the workspace's administrator to open it for writing.",
    )
}

/// A draft that does not fit what the platform reports, with what the agent can do.
pub(super) fn refuse_unfit(error: ChangeError) -> DraftRefusal {
    let refuse = |code, path, words: &str| refusal(code, path, words);
    match error {
        ChangeError::Ended => refuse(
            RefusalCode::EntityEnded,
            "/change/entity",
            "The campaign was removed or has ended, so a change of it moves nothing. List the campaigns and choose one that is enabled or paused.",
        ),
        ChangeError::NoPart(_) | ChangeError::PartEnded(_) | ChangeError::NotThere(_) => refuse(
            RefusalCode::EntityUnknown,
            "/change",
            &format!("It cannot be drafted: {error}."),
        ),
        ChangeError::Currency(currency) => refuse(
            RefusalCode::CurrencyMismatch,
            "/change/before/currency",
            &format!("The account is in {currency}. Give both amounts in that currency."),
        ),
        ChangeError::BeforeMoved(field) => {
            before_moved(&format!("The platform's {} is", field.name(Language::En)))
        }
        ChangeError::Amount(error) => refuse(
            RefusalCode::AmountNotTaken,
            "/change/after",
            &format!("The platform would not take it: {error}. Draft another amount."),
        ),
        ChangeError::OtherBudget(_) => refuse(
            RefusalCode::DraftInvalid,
            "/change/proposal_type",
            &format!("It cannot be drafted: {error}."),
        ),
        ChangeError::AdPaused
        | ChangeError::AdRuns
        | ChangeError::AdFormat
        | ChangeError::AdHolds(_) => {
            refuse(RefusalCode::DraftInvalid, "/change", &format!("It cannot be drafted: {error}."))
        }
        ChangeError::NoEffect(_) | ChangeError::SharedStrategy(_) | ChangeError::Closed => refuse(
            RefusalCode::DraftInvalid,
            "/change/after",
            &format!("It cannot be drafted: {error}."),
        ),
        ChangeError::HasStarted | ChangeError::NeedsEnd => refuse(
            RefusalCode::DraftInvalid,
            "/change/after",
            &format!("The platform would not take it: {error}."),
        ),
        ChangeError::SameBudget | ChangeError::Unbalanced | ChangeError::TooLarge => {
            refuse(RefusalCode::DraftInvalid, "/change", &format!("It cannot be drafted: {error}."))
        }
        ChangeError::NotRead => entity_unknown(),
        ChangeError::State | ChangeError::NotAsked => {
            refuse(RefusalCode::DraftInvalid, "/change", &format!("It cannot be made: {error}."))
        }
        ChangeError::Name(_) | ChangeError::Unreadable => refuse(
            RefusalCode::EntityUnknown,
            "/change/entity",
            &format!("It cannot be drafted about: {}.", in_full(&error)),
        ),
    }
}

fn before_moved(what: &str) -> DraftRefusal {
    let words = format!(
        "{what} another than `before`. List the campaigns again and draft from what holds now."
    );
    refusal(RefusalCode::BeforeMoved, "/change/before", &words)
}

pub(super) fn database_unavailable() -> ServiceError {
    ServiceError::Unavailable("the gate's database")
}

pub(super) fn unavailable(what: &str) -> DraftRefusal {
    let words = format!("{what} cannot answer now; nothing was taken. Try again in a minute.");
    refusal(RefusalCode::Unavailable, "", &words)
}

pub(super) fn refuse_unread(unread: Unread) -> DraftRefusal {
    warn(&unread);
    let words = format!("Nothing was taken: {unread}.");
    let Unread::Refused(error) = unread else {
        return match unread {
            Unread::NotSetUp => entity_unknown(),
            _ => refusal(RefusalCode::Unavailable, "", &words),
        };
    };
    match error.class {
        _ if error.code == CAMPAIGN_NOT_FOUND => entity_unknown(),
        _ if error.code == UNKNOWN_TIME_ZONE => {
            let words = format!("Nothing was taken: {}.", error.message);
            refusal(RefusalCode::EntityUnknown, "/change/entity", &words)
        }
        ErrorClass::Final => refusal(
            RefusalCode::EntityUnknown,
            "/change/entity",
            "The platform does not give a budget for this campaign that can be told here. List the campaigns and choose one of them.",
        ),
        _ => refusal(RefusalCode::Unavailable, "", &words),
    }
}

pub(super) fn service_error(unread: Unread) -> ServiceError {
    warn(&unread);
    match unread {
        Unread::NotSetUp => ServiceError::Unknown("the campaign"),
        Unread::Refused(error) if error.code == CAMPAIGN_NOT_FOUND => {
            ServiceError::Unknown("the campaign")
        }
        Unread::Refused(error) if error.code == UNKNOWN_TIME_ZONE => {
            ServiceError::UnknownTimeZone(error.message)
        }
        unread => ServiceError::Unread(unread.to_string()),
    }
}

fn warn(unread: &Unread) {
    match unread {
        Unread::Refused(PlatformError { code, request_id, .. }) => {
            tracing::warn!(%code, ?request_id, "the ad platform refused a read");
        }
        Unread::NotSetUp => {}
        Unread::Busy | Unread::Late(_) => tracing::warn!(%unread, "an account was not read"),
    }
}
