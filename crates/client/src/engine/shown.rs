//! What the window shows of what the floors below know: the same facts, and in the place of each
//! reason its code, words and hints ([`crate::engine::problems`]).

use crate::{
    case::{halt::Halt, options::Options, rollback::Offer, state::Delivery as Stage},
    engine::problems::refusal,
    lists::{
        inbox::{Page, PageRow},
        log_check::Finding,
        log_explorer::head_view,
    },
    profile::{enrol, failure::ProfileError, state::State},
    sign::{
        batch::{BatchSheet, Line},
        tickets::Confirm,
    },
    sync::shared::Connection,
    view::{
        BatchConfirmView, BatchItemView, ConfirmLine, ConfirmView, ConnectionView, Delivery,
        HaltView, InboxPage, InboxRow, LogVerdict, MyOptionsView, ReasonView, RollbackView,
        WorkspaceState, headline, names, number::count,
    },
};
use countersign_model::{
    DecisionKind, TimestampMs, confirm, control::RESUME_NEEDS, reason::reasons_for,
};

/// Where a profile stands.
pub(crate) fn workspace(state: &mut State) -> WorkspaceState {
    match state {
        State::Empty | State::Changing => WorkspaceState::NotEnrolled,
        State::Requested(device) => match enrol::request_view(device) {
            Ok(request) => WorkspaceState::RequestMade { request },
            // Keys are there and the request is not: it is made again from them.
            Err(_) => WorkspaceState::NotEnrolled,
        },
        State::Member(member) => WorkspaceState::Ready { workspace: member.view() },
        State::Unusable(error) => {
            let problem = error.as_ref().into();
            match error.as_ref() {
                ProfileError::Keychain(_) => WorkspaceState::KeychainProblem { problem },
                ProfileError::Open(_)
                | ProfileError::Create(_)
                | ProfileError::File
                | ProfileError::Folder(_)
                | ProfileError::NoDevice
                | ProfileError::Rosters
                | ProfileError::Failure(_) => WorkspaceState::StoreProblem { problem },
            }
        }
    }
}

/// Whether what was executed can be taken back.
pub(crate) fn rollback(offer: Offer) -> RollbackView {
    let blocked_because = offer.refusal().map(refusal);
    let Offer { inverse, by, pending, later } = offer;
    RollbackView {
        change: inverse.as_ref().map(headline::change),
        blocked_because,
        by,
        pending,
        later,
    }
}

/// How far a decision has got. While this device is offline nothing is sent, so a hold has no
/// end yet.
pub(crate) fn delivery(delivery: Stage, online: bool) -> Delivery {
    match delivery {
        Stage::Held { until_ms } => {
            Delivery::Held { until_ms: until_ms.filter(|_| online).map(TimestampMs::millis) }
        }
        Stage::SignedOnThisDevice => Delivery::SignedOnThisDevice,
        Stage::DeliveredToRelay => Delivery::DeliveredToRelay,
        Stage::AcceptedByGate => Delivery::AcceptedByGate,
        Stage::Refused { why, state } => {
            Delivery::Refused { why: refusal(why).with("state", names::wire(&state)) }
        }
        Stage::Executed => Delivery::Executed,
        Stage::Recalled => Delivery::Recalled,
    }
}

/// What I may do with a case.
pub(crate) fn options(options: Options) -> MyOptionsView {
    MyOptionsView {
        roles: options.roles.iter().map(ToString::to_string).collect(),
        blocked_because: options.blocked.map(Into::into),
        approval_blocked_because: options.approval_blocked.map(Into::into),
        recallable: options.recallable.map(|decision| decision.to_string()),
        factor_to_decide: options.factor_to_decide,
        factor_to_override: options.factor_to_override,
        approve_reasons: reasons(DecisionKind::Approve),
        override_reasons: reasons(DecisionKind::Override),
        reject_reasons: reasons(DecisionKind::Reject),
        request_changes_reasons: reasons(DecisionKind::RequestChanges),
    }
}

fn reasons(kind: DecisionKind) -> Vec<ReasonView> {
    reasons_for(kind)
        .iter()
        .map(|choice| ReasonView {
            code: choice.code.as_str().into(),
            words: choice.words.into(),
            needs_text: choice.needs_text,
        })
        .collect()
}

/// Whether work is stopped.
pub(crate) fn halt(halt: Halt) -> HaltView {
    HaltView {
        stopped: halt.stopped,
        since_ms: halt.since_ms.map(TimestampMs::millis),
        by: halt.by,
        reason: halt.reason,
        resume_asked_by: halt.resume_asked_by,
        resume_needs: count(RESUME_NEEDS),
        pending: halt.pending,
        resume_blocked_because: halt.resume_blocked.map(Into::into),
    }
}

/// Whether we are connected and what has not been sent.
pub(crate) fn connection(connection: Connection) -> ConnectionView {
    ConnectionView {
        online: connection.online,
        last_contact_ms: connection.last_contact_ms.map(TimestampMs::millis),
        checkpoint: connection.head.as_ref().map(head_view),
        unsent: connection.unsent,
        held: connection.held,
        clock_skew_ms: connection.clock_skew_ms,
        evidence_missing: connection.evidence_missing,
        fault: connection.fault.map(Into::into),
    }
}

/// A page of a list.
pub(crate) fn page(page: Page, online: bool) -> InboxPage {
    let row = |PageRow { row, delivery: mine }: PageRow| InboxRow {
        my_delivery: mine.map(|mine| delivery(mine, online)),
        ..row
    };
    InboxPage {
        rows: page.rows.into_iter().map(row).collect(),
        counts: page.counts,
        next: page.next,
        matches: page.matches,
        filters: page.filters,
    }
}

/// A sheet to be confirmed.
pub(crate) fn confirm(confirm: Confirm) -> ConfirmView {
    let Confirm { ticket, sheet, warnings, armed_only, good_until_ms } = confirm;
    ConfirmView {
        ticket,
        title: sheet.title,
        lines: lines(sheet.lines),
        warnings: warnings.into_iter().map(Into::into).collect(),
        armed_only,
        digest: sheet.digest.to_string(),
        fingerprint: sheet.fingerprint.into_iter().map(str::to_owned).collect(),
        good_until_ms: good_until_ms.millis(),
    }
}

/// The sheet of a batch.
pub(crate) fn batch(sheet: BatchSheet) -> BatchConfirmView {
    let tier = sheet.class.as_ref().map(|class| names::wire(&class.tier));
    let class = sheet.class.map(|class| class.batch_class).unwrap_or_default();
    BatchConfirmView {
        ticket: sheet.ticket,
        batch_class: class,
        risk_tier: tier,
        totals: sheet.totals,
        items: sheet.lines.into_iter().map(item).collect(),
        warnings: sheet.warnings.into_iter().map(Into::into).collect(),
        good_until_ms: sheet.good_until_ms.millis(),
    }
}

fn item(Line { proposal, campaign, sheet }: Line) -> BatchItemView {
    match sheet {
        Ok(sheet) => BatchItemView {
            proposal,
            campaign,
            title: sheet.title,
            lines: lines(sheet.lines),
            digest: sheet.digest.to_string(),
            fingerprint: sheet.fingerprint.into_iter().map(str::to_owned).collect(),
            dropped: None,
        },
        Err(why) => BatchItemView {
            proposal,
            campaign,
            title: String::new(),
            lines: vec![],
            digest: String::new(),
            fingerprint: vec![],
            dropped: Some(why.into()),
        },
    }
}

fn lines(lines: Vec<confirm::Line>) -> Vec<ConfirmLine> {
    let line = |line: confirm::Line| ConfirmLine {
        key: line.key.into(),
        label: line.label.into(),
        value: line.value,
    };
    lines.into_iter().map(line).collect()
}

/// A verdict on the log.
pub(crate) fn verdict(found: Option<Finding>) -> LogVerdict {
    LogVerdict { holds: found.is_none(), problem: found.map(Into::into) }
}
