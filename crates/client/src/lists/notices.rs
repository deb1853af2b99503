//! What a person hears of although the window is not looked at: only where their signature
//! can still change the outcome, once per case, over when it is settled or decided. Pure:
//! `(state, events, now) -> notices`; the state is kept in the store, so that a restart
//! repeats nothing.

use crate::{
    profile::settings::minute_of_day,
    view::{NoticeKind, NoticePace, NoticeView, SettingsView, names, number::count},
};
use countersign_model::{CommentId, Digest, ProposalId, TimestampMs, verdict::RiskTier};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MINUTES: u16 = 24 * 60;

/// What was told, and what waits for its time.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Notices {
    /// Cases that are not settled, or whose refusal was not told yet.
    cases: BTreeMap<ProposalId, Known>,
    /// When the last hourly notice was given.
    hourly_ms: Option<TimestampMs>,
    /// When the last daily notice was given.
    daily_ms: Option<TimestampMs>,
    /// The stop that was told, or that I made.
    stop: Option<Digest>,
}

/// A case as notices know it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Known {
    tier: RiskTier,
    decide_by_ms: TimestampMs,
    expires_at_ms: TimestampMs,
    asked: Asked,
    /// Questions for me that were told, or wait to be.
    questions: BTreeSet<CommentId>,
    question: Asked,
    refused_waits: bool,
    settled: bool,
}

/// Where a notice of a case stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum Asked {
    /// Nothing to tell.
    No,
    /// To be told when its time comes.
    Waiting,
    /// Told, and still true.
    Told,
    /// Told, and over.
    Over,
}

/// What has happened.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A case is now so.
    Case(CaseNow),
    /// The stop in force, and whether I made it; none while work goes on.
    Stop(Option<(Digest, bool)>),
}

/// A case as it is now.
#[derive(Clone, Debug)]
pub(crate) struct CaseNow {
    pub(crate) case: ProposalId,
    pub(crate) tier: RiskTier,
    pub(crate) decide_by_ms: TimestampMs,
    /// Nothing can be decided from then on.
    pub(crate) expires_at_ms: TimestampMs,
    /// My signature is asked for.
    pub(crate) needs_me: bool,
    /// Nothing more can happen.
    pub(crate) settled: bool,
    /// Questions that I should answer.
    pub(crate) questions: BTreeSet<CommentId>,
    /// A decision of mine was refused just now.
    pub(crate) refused: bool,
}

/// The moment, as a person has it.
#[derive(Clone, Copy)]
pub(crate) struct Now<'a> {
    pub(crate) at: TimestampMs,
    /// Minutes since local midnight; `None` where the computer does not tell its time zone.
    pub(crate) minute: Option<u16>,
    pub(crate) settings: &'a SettingsView,
}

/// What is to be said.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Told {
    /// A notice, and the cases that it speaks for.
    Notice(NoticeView, Vec<ProposalId>),
    /// A case's notice is over.
    Over(ProposalId),
    /// The notice of the stop is over.
    StopOver,
}

impl Notices {
    /// Takes in what has happened, if anything, and says what is due now.
    pub(crate) fn step(&mut self, events: Vec<Event>, now: Now<'_>) -> Vec<Told> {
        let mut told = self.take(events);
        self.end_expired(now.at, &mut told);
        self.give(now, &mut told);
        self.cases.retain(|_, known| known.is_kept());
        told
    }

    /// Takes in what has happened. Says what is over by it, and a stop; the rest waits for a
    /// step.
    pub(crate) fn take(&mut self, events: Vec<Event>) -> Vec<Told> {
        let mut told = vec![];
        for event in events {
            match event {
                Event::Case(case) => self.take_case(case, &mut told),
                Event::Stop(stop) => self.take_stop(stop, &mut told),
            }
        }
        told
    }

    fn take_case(&mut self, now: CaseNow, told: &mut Vec<Told>) {
        let known = self.cases.entry(now.case).or_insert_with(|| Known::new(&now));
        known.tier = now.tier;
        known.decide_by_ms = now.decide_by_ms;
        known.expires_at_ms = now.expires_at_ms;
        known.settled = now.settled;
        known.refused_waits |= now.refused;
        let was_told = known.asked == Asked::Told || known.question == Asked::Told;
        known.asked = known.asked.follow(now.needs_me);
        if !now.questions.is_subset(&known.questions) {
            known.question = Asked::Waiting;
        } else if now.questions.is_empty() {
            known.question = known.question.follow(false);
        }
        known.questions.extend(now.questions);
        let still = known.asked == Asked::Told || known.question == Asked::Told;
        if was_told && !still {
            told.push(Told::Over(now.case));
        }
    }

    fn take_stop(&mut self, stop: Option<(Digest, bool)>, told: &mut Vec<Told>) {
        match stop {
            Some((stop, mine)) if self.stop != Some(stop) => {
                self.stop = Some(stop);
                if !mine {
                    told.push(Told::Notice(stopped(), vec![]));
                }
            }
            None if self.stop.is_some() => {
                self.stop = None;
                told.push(Told::StopOver);
            }
            _ => {}
        }
    }

    /// Neither a signature nor an answer changes anything in an expired case.
    fn end_expired(&mut self, at: TimestampMs, told: &mut Vec<Told>) {
        for (case, known) in self.cases.iter_mut().filter(|(_, known)| known.expires_at_ms <= at) {
            if known.asked == Asked::Told || known.question == Asked::Told {
                told.push(Told::Over(*case));
            }
            known.asked = known.asked.follow(false);
            known.question = known.question.follow(false);
        }
    }

    fn give(&mut self, now: Now<'_>, told: &mut Vec<Told>) {
        let hourly = is_due(self.hourly_ms, now.at, HOUR_MS);
        let daily = is_due(self.daily_ms, now.at, 24 * HOUR_MS);
        let quiet_until = quiet_until(now);
        let mut groups: [(NoticeKind, Vec<ProposalId>); 4] = [
            (NoticeKind::DueSoon, vec![]),
            (NoticeKind::NeedsMe, vec![]),
            (NoticeKind::Question, vec![]),
            (NoticeKind::Refused, vec![]),
        ];
        let (mut gave_hourly, mut gave_daily) = (false, false);
        for (case, known) in &mut self.cases {
            let pace = pace(now.settings, known.tier);
            let kind = known.ask(now, quiet_until, |pace| match pace {
                NoticePace::Now => true,
                NoticePace::Hourly => hourly,
                NoticePace::Daily => daily,
                NoticePace::Off => false,
            });
            if let Some(kind) = kind {
                gave_hourly |= kind == NoticeKind::NeedsMe && pace == NoticePace::Hourly;
                gave_daily |= kind == NoticeKind::NeedsMe && pace == NoticePace::Daily;
                groups[usize::from(kind == NoticeKind::NeedsMe)].1.push(*case);
            }
            if quiet_until.is_none() {
                if known.question == Asked::Waiting && pace != NoticePace::Off {
                    known.question = Asked::Told;
                    groups[2].1.push(*case);
                }
                if std::mem::take(&mut known.refused_waits) {
                    groups[3].1.push(*case);
                }
            }
        }
        self.hourly_ms = if gave_hourly { Some(now.at) } else { self.hourly_ms };
        self.daily_ms = if gave_daily { Some(now.at) } else { self.daily_ms };
        let notices = groups.into_iter().filter_map(|(kind, cases)| self.notice(kind, cases));
        told.extend(notices.collect::<Vec<_>>());
    }

    /// One notice for all cases of a kind; it opens the most urgent one.
    fn notice(&self, kind: NoticeKind, cases: Vec<ProposalId>) -> Option<Told> {
        let known = |case: &ProposalId| self.cases.get(case);
        let first = cases.iter().min_by_key(|case| known(case).map(|one| one.decide_by_ms))?;
        let tier = cases.iter().filter_map(known).map(|one| one.tier).max()?;
        let view = NoticeView {
            proposal: first.to_string(),
            kind,
            risk_tier: names::wire(&tier),
            decide_by_ms: known(first)?.decide_by_ms.millis(),
            cases: count(cases.len()),
        };
        Some(Told::Notice(view, cases))
    }
}

impl Known {
    fn new(now: &CaseNow) -> Self {
        Self {
            tier: now.tier,
            decide_by_ms: now.decide_by_ms,
            expires_at_ms: now.expires_at_ms,
            asked: Asked::No,
            questions: BTreeSet::new(),
            question: Asked::No,
            refused_waits: false,
            settled: now.settled,
        }
    }

    /// What is settled is never told again, and what nobody asks me needs no memory.
    fn is_kept(&self) -> bool {
        let nothing = self.asked == Asked::No && self.question == Asked::No;
        self.refused_waits || !(self.settled || (nothing && self.questions.is_empty()))
    }

    /// Whether to tell now that a signature is asked for, and as what. What is due within
    /// the hour does not wait for its pace; quiet hours let through what would be too late
    /// after them, if the person wants that.
    fn ask(
        &mut self,
        now: Now<'_>,
        quiet_until: Option<TimestampMs>,
        paced: impl FnOnce(NoticePace) -> bool,
    ) -> Option<NoticeKind> {
        let pace = pace(now.settings, self.tier);
        if self.asked != Asked::Waiting || pace == NoticePace::Off {
            return None;
        }
        let too_late_after =
            |until: TimestampMs| now.settings.quiet_except_due && self.decide_by_ms <= until;
        if !quiet_until.is_none_or(too_late_after) {
            return None;
        }
        let kind = if self.decide_by_ms.since_ms(now.at) <= HOUR_MS {
            NoticeKind::DueSoon
        } else if paced(pace) {
            NoticeKind::NeedsMe
        } else {
            return None;
        };
        self.asked = Asked::Told;
        Some(kind)
    }
}

impl Asked {
    /// Once over it stays over: a case is told once.
    const fn follow(self, asked: bool) -> Self {
        match (self, asked) {
            (Self::No, true) => Self::Waiting,
            (Self::Waiting, false) => Self::No,
            (Self::Told, false) => Self::Over,
            (same, _) => same,
        }
    }
}

/// Until when nothing is to be heard; none outside of quiet hours. They are not kept by the
/// hours of another place: who is asked in the night misses less than who is not asked at noon.
fn quiet_until(now: Now<'_>) -> Option<TimestampMs> {
    let setting = |text: &Option<String>| minute_of_day(text.as_deref()?);
    let from = setting(&now.settings.quiet_from)?;
    let until = setting(&now.settings.quiet_until)?;
    let minute = now.minute?;
    let since = |start: u16, end: u16| (end + DAY_MINUTES - start) % DAY_MINUTES;
    let is_quiet = since(from, minute) < since(from, until);
    is_quiet.then(|| now.at.plus_ms(i64::from(since(minute, until)) * MINUTE_MS))
}

/// A clock that was set back makes it due: nothing waits for a time that was.
fn is_due(last: Option<TimestampMs>, at: TimestampMs, every_ms: i64) -> bool {
    last.is_none_or(|last| !(0..every_ms).contains(&at.since_ms(last)))
}

const fn pace(settings: &SettingsView, tier: RiskTier) -> NoticePace {
    match tier {
        RiskTier::Low => settings.notice_low,
        RiskTier::Medium => settings.notice_medium,
        RiskTier::High => settings.notice_high,
    }
}

fn stopped() -> NoticeView {
    NoticeView {
        proposal: String::new(),
        kind: NoticeKind::Stopped,
        risk_tier: names::wire(&RiskTier::High),
        decide_by_ms: 0,
        cases: 0,
    }
}

#[cfg(test)]
mod tests;
