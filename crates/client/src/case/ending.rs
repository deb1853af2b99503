//! How an execution ended, leg by leg, and whether a person must look.

use crate::{
    case::{comments, facts::CaseFacts},
    profile::{failure::Failure, member::Me},
    view::{EndingView, ExecutionEnd, LegEnd, LegView, headline},
};
use countersign_model::{
    Action, TimestampMs,
    entry::{ExecutionStatus, LegOutcome, LegRecord, LogEvent, PlatformRecord},
};
use countersign_store::Reader;

/// How the execution ended; none before it has.
pub(crate) fn ending(facts: &CaseFacts) -> Option<EndingView> {
    let (_, change, platform) = finished(facts)?;
    Some(EndingView {
        status: end(platform.status),
        code: platform.code.clone(),
        legs: if change.has_legs() { legs(change, &platform.legs) } else { vec![] },
    })
}

/// How the execution ended, in a word; none before it has.
pub(crate) fn status(facts: &CaseFacts) -> Option<ExecutionEnd> {
    finished(facts).map(|(_, _, platform)| end(platform.status))
}

/// Whether the execution ended so that a person must look, and nobody has said in the thread
/// since then what was done about it.
pub(crate) fn to_check(reader: &Reader<'_>, me: &Me, facts: &CaseFacts) -> Result<bool, Failure> {
    let Some((at, _, platform)) = finished(facts) else { return Ok(false) };
    let leaves_open = matches!(
        platform.status,
        ExecutionStatus::PartiallyApplied | ExecutionStatus::Mismatch | ExecutionStatus::Unknown
    );
    Ok(leaves_open && !comments::is_spoken_of_since(reader, me, facts.proposal.id, at)?)
}

fn finished(facts: &CaseFacts) -> Option<(TimestampMs, &Action, &PlatformRecord)> {
    facts.newest(|body| match &body.event {
        LogEvent::ExecutionFinished { change, platform, .. } => {
            Some((body.at_ms, change, platform))
        }
        _ => None,
    })
}

const fn end(status: ExecutionStatus) -> ExecutionEnd {
    match status {
        ExecutionStatus::Applied => ExecutionEnd::Applied,
        ExecutionStatus::NotApplied => ExecutionEnd::NotApplied,
        ExecutionStatus::Stale => ExecutionEnd::Stale,
        ExecutionStatus::PartiallyApplied => ExecutionEnd::PartiallyApplied,
        ExecutionStatus::Mismatch => ExecutionEnd::Mismatch,
        ExecutionStatus::Unknown => ExecutionEnd::Unknown,
    }
}

/// What became of each leg of a change, in the order in which they are made.
fn legs(change: &Action, records: &[LegRecord]) -> Vec<LegView> {
    let of = |leg: usize| records.iter().find(|one| usize::from(one.leg) == leg);
    let legs = change.legs().into_iter().enumerate();
    legs.map(|(leg, planned)| leg_view(&planned, of(leg))).collect()
}

fn leg_view(planned: &Action, record: Option<&LegRecord>) -> LegView {
    let (end, outcome) = record.map_or((LegEnd::NotBegun, None), |record| {
        let (end, outcome) = leg_end(record);
        (end, Some(outcome))
    });
    // A write that could not be taken back was read as it stands when it was made.
    let made = record.and_then(|record| record.made.read_back.as_ref());
    let read = outcome.and_then(|outcome| outcome.read_back.as_ref()).or(made);
    LegView {
        diff: headline::diff_with_subject(planned),
        end,
        holds: read.and_then(headline::lead),
        code: outcome.and_then(|outcome| outcome.code.clone()),
    }
}

/// How a leg stands, and the outcome that says so.
const fn leg_end(record: &LegRecord) -> (LegEnd, &LegOutcome) {
    let LegRecord { made, taken_back, .. } = record;
    match (made.status, taken_back) {
        (ExecutionStatus::Applied, None) => (LegEnd::Stands, made),
        (ExecutionStatus::Applied, Some(back)) => match back.status {
            ExecutionStatus::Applied => (LegEnd::TakenBack, back),
            ExecutionStatus::Mismatch => (LegEnd::Mismatch, back),
            ExecutionStatus::Unknown => (LegEnd::Unknown, back),
            ExecutionStatus::NotApplied
            | ExecutionStatus::Stale
            | ExecutionStatus::PartiallyApplied => (LegEnd::NotTakenBack, back),
        },
        (ExecutionStatus::NotApplied, _) => (LegEnd::NotMade, made),
        (ExecutionStatus::Stale, _) => (LegEnd::Stale, made),
        (ExecutionStatus::Mismatch, _) => (LegEnd::Mismatch, made),
        // A single write is never made in part.
        (ExecutionStatus::Unknown | ExecutionStatus::PartiallyApplied, _) => {
            (LegEnd::Unknown, made)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::ValueView;

    fn transfer() -> Action {
        let at = TimestampMs::from_millis(1_795_237_200_000);
        let samples = Action::samples(at).unwrap();
        samples.into_iter().find(Action::has_legs).unwrap()
    }

    fn outcome(status: ExecutionStatus, read_back: Option<&Action>) -> LegOutcome {
        let failed = !matches!(status, ExecutionStatus::Applied);
        let code = failed.then(|| "campaignBudgetError.MONEY_AMOUNT_TOO_LARGE".into());
        LegOutcome { status, code, read_back: read_back.cloned() }
    }

    #[test]
    fn every_leg_says_how_it_stands_and_what_holds() {
        use ExecutionStatus::{Applied, Mismatch, NotApplied, Stale, Unknown};
        let change = transfer();
        let planned = change.legs();
        let back = planned[0].inverse();
        for (made, taken_back, expected) in [
            (Applied, None, LegEnd::Stands),
            (Applied, Some(Applied), LegEnd::TakenBack),
            (Applied, Some(NotApplied), LegEnd::NotTakenBack),
            (Applied, Some(Stale), LegEnd::NotTakenBack),
            (Applied, Some(Unknown), LegEnd::Unknown),
            (Applied, Some(Mismatch), LegEnd::Mismatch),
            (NotApplied, None, LegEnd::NotMade),
            (Stale, None, LegEnd::Stale),
            (Mismatch, None, LegEnd::Mismatch),
            (Unknown, None, LegEnd::Unknown),
        ] {
            let read = |status| matches!(status, Applied).then_some(&planned[0]);
            let record = LegRecord {
                leg: 0,
                made: outcome(made, read(made)),
                taken_back: taken_back
                    .map(|status| outcome(status, matches!(status, Applied).then_some(&back))),
            };
            let told = legs(&change, &[record]);
            assert_eq!(told.len(), planned.len());
            assert_eq!(told[0].end, expected, "{made:?} {taken_back:?}");
            assert_eq!(told[0].diff[0].subject, Some(planned[0].headline().subject));
            let failed = made != Applied || taken_back.is_some_and(|status| status != Applied);
            assert_eq!(told[0].code.is_some(), failed, "the platform's own code of a failure");
            let holds = match expected {
                LegEnd::Stands | LegEnd::NotTakenBack => headline::lead(&planned[0]),
                LegEnd::TakenBack => headline::lead(&back),
                _ if made == Applied => headline::lead(&planned[0]),
                _ => None,
            };
            assert_eq!(told[0].holds, holds, "{made:?} {taken_back:?}");
            assert!(matches!(holds, None | Some(ValueView::Money { .. })));
            assert!(told[1..].iter().all(|leg| leg.end == LegEnd::NotBegun && leg.holds.is_none()));
        }
    }
}
