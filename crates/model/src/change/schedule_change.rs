//! Set when a campaign's flight begins and ends.

use super::{
    Budget, CampaignStatus, ChangeError, DiffRow, Direction, EntityState, Facts, Field, Flight,
    MAX_NAME_CHARS, MAX_RESOURCE_CHARS, MAX_ZONE_CHARS, Mutation, SampleError, Spend, Value,
    Window,
    kind::{Kind, only, sample_entity},
    window::worst_case,
};
use crate::{
    Currency, EntityRef, Money, TimestampMs, bounded,
    change::BudgetPeriod,
    confirm::{Label, Language, Sheet},
    draft::{DraftError, MAX_MOMENT_MS},
    money::MoneyError,
    text::printable,
    time::DAY_MS,
};
use serde::{Deserialize, Serialize};

/// Set a campaign's flight from `before` to `after`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleChange {
    /// The campaign.
    pub entity: EntityRef,
    /// The campaign's name as the platform gave it when `before` was read, byte for byte.
    #[serde(deserialize_with = "bounded::foreign::<MAX_NAME_CHARS, _>")]
    pub campaign_name: String,
    /// The platform's name of the campaign, which is what is written.
    #[serde(deserialize_with = "bounded::foreign::<MAX_RESOURCE_CHARS, _>")]
    pub campaign_resource: String,
    /// IANA name of the account's time zone, in which the platform keeps days.
    #[serde(deserialize_with = "bounded::foreign::<MAX_ZONE_CHARS, _>")]
    pub time_zone: String,
    /// Whether the campaign runs.
    pub status: CampaignStatus,
    /// What it may spend meanwhile. Whoever lets it run longer signs for this amount.
    pub budget: Budget,
    /// The flight that the platform reported.
    pub before: Flight,
    /// The flight that shall hold.
    pub after: Flight,
}

/// Another flight, with the one the agent believes to hold now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleDraft {
    /// The campaign.
    pub entity: EntityRef,
    /// The flight that the agent read; refused when the platform says otherwise.
    pub before: Flight,
    /// The flight that shall hold.
    pub after: Flight,
}

impl Kind for ScheduleChange {
    type Draft = ScheduleDraft;

    const OFFER: &'static str = "Drafts that one campaign begins or ends at another time.";
    const HAS_WINDOW: bool = false;

    fn entity(&self) -> &EntityRef {
        &self.entity
    }

    fn subject(&self) -> &str {
        &self.campaign_name
    }

    fn resource(&self) -> &str {
        &self.campaign_resource
    }

    fn status(&self) -> CampaignStatus {
        self.status
    }

    /// A longer flight is more, at whichever end; one that is longer at one end and shorter at
    /// the other is more too.
    fn direction(&self) -> Direction {
        let longer = last(self.after) > last(self.before) || first(self.after) < first(self.before);
        match (longer, self.after == self.before) {
            (true, _) => Direction::Increase,
            (false, true) => Direction::None,
            (false, false) => Direction::Decrease,
        }
    }

    /// What may be spent on a day, or in all, stays as it is.
    fn spend(&self) -> Option<Spend> {
        None
    }

    fn currency(&self) -> Option<Currency> {
        Some(self.budget.amount.currency)
    }

    /// What the added time can cost.
    fn stake(&self) -> Result<Option<Money>, MoneyError> {
        if self.direction() != Direction::Increase {
            return Ok(None);
        }
        let added = self.added_ms().map(|added| {
            let from = TimestampMs::from_millis(0);
            Window { starts_at_ms: from, ends_at_ms: from.plus_ms(added) }
        });
        worst_case(self.budget, added).map(Some)
    }

    fn facts(&self) -> Facts {
        let added_days = self.added_ms().map(|added| (added + DAY_MS - 1).div_euclid(DAY_MS));
        Facts { added_days, opens_end: self.after.ends_at_ms.is_none(), ..Facts::default() }
    }

    fn diff(&self) -> Vec<DiffRow> {
        let end = |flight: Flight| flight.ends_at_ms.map_or(Value::Open, Value::Moment);
        let ends = DiffRow::of(Field::FlightEnd, Some(end(self.before)), end(self.after));
        let starts = self.after.starts_at_ms.map(|after| {
            DiffRow::of(
                Field::FlightStart,
                self.before.starts_at_ms.map(Value::Moment),
                Value::Moment(after),
            )
        });
        let mut rows = vec![];
        if self.before.ends_at_ms != self.after.ends_at_ms {
            rows.push(ends);
        }
        if self.before.starts_at_ms != self.after.starts_at_ms {
            rows.extend(starts);
        }
        rows
    }

    fn noun(&self, language: Language) -> &'static str {
        match (self.direction(), language) {
            (Direction::Increase, Language::En) => "a longer flight",
            (_, Language::En) => "a shorter flight",
            (Direction::Increase, Language::De) => "längere Laufzeit",
            (_, Language::De) => "kürzere Laufzeit",
        }
    }

    fn context(&self, sheet: &mut Sheet) {
        sheet.unless_running(self.status);
        sheet.budget(self.budget);
        sheet.foreign(Label::TimeZone, &self.time_zone);
    }

    fn check(&self) -> Result<(), ChangeError> {
        self.status.check()?;
        // A total budget is for a flight, which must end.
        if self.budget.period == BudgetPeriod::Total && self.after.ends_at_ms.is_none() {
            return Err(ChangeError::NeedsEnd);
        }
        if self.before == self.after { Err(ChangeError::State) } else { Ok(()) }
    }

    fn mutation(&self) -> Option<Mutation> {
        Some(Mutation::SetFlight {
            resource: self.campaign_resource.clone(),
            before: self.before,
            after: self.after,
            time_zone: self.time_zone.clone(),
        })
    }

    fn seen_in(&self, state: &EntityState) -> Self {
        Self {
            entity: state.entity.clone(),
            campaign_resource: printable(&state.resource, MAX_RESOURCE_CHARS),
            time_zone: printable(&state.time_zone, MAX_ZONE_CHARS),
            status: state.status,
            budget: state.budget.holds,
            after: state.flight,
            ..self.clone()
        }
    }

    /// Whether the campaign runs, and what it may spend, is not written.
    fn is_held_by(&self, held: &Self) -> bool {
        Self { status: self.status, budget: self.budget, ..held.clone() } == *self
    }

    /// What is longer is another change with another budget; what is shorter never is.
    fn is_unmade_in(&self, held: &Self) -> bool {
        let budget =
            if self.direction() == Direction::Increase { held.budget } else { self.budget };
        held.after == self.before && Self { after: self.after, budget, ..held.clone() } == *self
    }

    /// Each end lies between what is and what was signed for.
    fn is_covered_by(&self, ceiling: &Self) -> bool {
        let between = |end: fn(Flight) -> i64| {
            let [was, own, most] = [self.before, self.after, ceiling.after].map(end);
            (was.min(most)..=was.max(most)).contains(&own)
        };
        let same_but_after = Self { after: ceiling.after, ..self.clone() } == *ceiling;
        same_but_after && self.direction() == ceiling.direction() && between(first) && between(last)
    }

    fn inverse(&self) -> Self {
        Self { before: self.after, after: self.before, ..self.clone() }
    }

    fn entities(draft: &ScheduleDraft) -> Vec<&EntityRef> {
        vec![&draft.entity]
    }

    fn check_draft(draft: &ScheduleDraft) -> Result<(), DraftError> {
        if draft.before == draft.after {
            return Err(DraftError::NoChange);
        }
        let Flight { starts_at_ms, ends_at_ms } = draft.after;
        if draft.before.starts_at_ms.is_some() && starts_at_ms.is_none() {
            return Err(DraftError::Flight);
        }
        let moments = [starts_at_ms, ends_at_ms];
        let in_time = |at: &TimestampMs| (0..=MAX_MOMENT_MS).contains(&at.millis());
        let in_order = starts_at_ms.zip(ends_at_ms).is_none_or(|(start, end)| start < end);
        if in_order && moments.iter().flatten().all(in_time) {
            Ok(())
        } else {
            Err(DraftError::Flight)
        }
    }

    fn of_draft(draft: &ScheduleDraft, states: &[EntityState]) -> Result<Self, ChangeError> {
        let state = only(states)?;
        state.check(&[&state.resource])?;
        if state.flight.ends_at_ms != draft.before.ends_at_ms {
            return Err(ChangeError::BeforeMoved(Field::FlightEnd));
        }
        if state.flight.starts_at_ms != draft.before.starts_at_ms {
            return Err(ChangeError::BeforeMoved(Field::FlightStart));
        }
        if state.has_started && draft.after.starts_at_ms != draft.before.starts_at_ms {
            return Err(ChangeError::HasStarted);
        }
        Ok(Self {
            entity: draft.entity.clone(),
            campaign_name: state.name.clone(),
            campaign_resource: state.resource.clone(),
            time_zone: state.time_zone.clone(),
            status: state.status,
            budget: state.budget.holds,
            before: state.flight,
            after: draft.after,
        })
    }

    fn sample(at: TimestampMs) -> Result<Self, SampleError> {
        let usd = Currency::parse("USD").map_err(|_| SampleError)?;
        let flight = |days| Flight {
            starts_at_ms: Some(at.plus_ms(-10 * DAY_MS)),
            ends_at_ms: Some(at.plus_ms(days * DAY_MS)),
        };
        Ok(Self {
            entity: sample_entity()?,
            campaign_name: "practice_spring_sale".into(),
            campaign_resource: "customers/1000000001/campaigns/1001".into(),
            time_zone: "America/New_York".into(),
            status: CampaignStatus::Enabled,
            budget: Budget::daily(Money::from_micros(200_000_000, usd)),
            before: flight(5),
            after: flight(12),
        })
    }
}

impl ScheduleChange {
    /// By how much the flight gets longer, in milliseconds, never negative; `None` where it is
    /// opened for good.
    fn added_ms(&self) -> Option<i64> {
        if self.after.ends_at_ms.is_none() && self.before.ends_at_ms.is_some() {
            return None;
        }
        let later = match (self.before.ends_at_ms, self.after.ends_at_ms) {
            (Some(before), Some(after)) => after.since_ms(before).max(0),
            _ => 0,
        };
        let earlier = match (self.before.starts_at_ms, self.after.starts_at_ms) {
            (Some(before), Some(after)) => before.since_ms(after).max(0),
            _ => 0,
        };
        Some(later.saturating_add(earlier))
    }
}

fn first(flight: Flight) -> i64 {
    flight.starts_at_ms.map_or(i64::MIN, TimestampMs::millis)
}

fn last(flight: Flight) -> i64 {
    flight.ends_at_ms.map_or(i64::MAX, TimestampMs::millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longer() -> ScheduleChange {
        ScheduleChange::sample(TimestampMs::from_millis(100 * DAY_MS)).unwrap()
    }

    fn ending(days: Option<i64>) -> ScheduleChange {
        let mut change = longer();
        change.after.ends_at_ms = days.map(|days| TimestampMs::from_millis(days * DAY_MS));
        change
    }

    #[test]
    fn a_later_end_is_more_and_no_end_is_the_most() {
        let stake =
            |change: &ScheduleChange| change.stake().unwrap().map(|most| most.amount_micros);
        // Seven days more, each of which may spend twice the daily amount.
        assert_eq!(
            (longer().direction(), stake(&longer())),
            (Direction::Increase, Some(2_800_000_000))
        );
        assert_eq!(stake(&ending(None)), Some(6_080_000_000), "a month's worth");
        assert_eq!(
            (longer().inverse().direction(), stake(&longer().inverse())),
            (Direction::Decrease, None)
        );
        assert_eq!(longer().facts().added_days, Some(7));
        assert_eq!(ending(None).facts().added_days, None);
    }

    #[test]
    fn a_signature_covers_every_end_up_to_the_signed_one() {
        let signed = longer();
        assert!(ending(Some(106)).is_covered_by(&signed));
        assert!(!ending(Some(105)).is_covered_by(&signed), "no change");
        assert!(!ending(Some(113)).is_covered_by(&signed) && !ending(None).is_covered_by(&signed));
        assert!(!ending(Some(104)).is_covered_by(&signed), "shorter was not signed");
        assert!(ending(Some(113)).is_covered_by(&ending(None)));
    }

    #[test]
    fn a_flight_with_a_total_budget_has_an_end() {
        let mut change = ending(None);
        change.budget.period = BudgetPeriod::Total;
        assert_eq!(change.check(), Err(ChangeError::NeedsEnd));
    }

    #[test]
    fn a_flight_ends_after_it_begins() {
        let draft = |after| {
            let ScheduleChange { entity, before, .. } = longer();
            ScheduleChange::check_draft(&ScheduleDraft { entity, before, after })
        };
        let before = longer().before;
        assert_eq!(draft(before), Err(DraftError::NoChange));
        assert_eq!(
            draft(Flight { ends_at_ms: before.starts_at_ms, ..before }),
            Err(DraftError::Flight)
        );
        assert_eq!(draft(Flight { starts_at_ms: None, ..before }), Err(DraftError::Flight));
        assert_eq!(draft(Flight { ends_at_ms: None, ..before }), Ok(()));
    }

    #[test]
    fn what_has_begun_keeps_its_first_day() {
        let wanted = longer();
        let mut state = super::super::kind::sample_state(&wanted.entity, wanted.budget.amount);
        state.flight = wanted.before;
        state.has_started = true;
        let mut draft = ScheduleDraft {
            entity: wanted.entity.clone(),
            before: wanted.before,
            after: wanted.after,
        };
        let change = ScheduleChange::of_draft(&draft, std::slice::from_ref(&state)).unwrap();
        assert!(change.is_unmade_in(&change.seen_in(&state)));
        draft.after.starts_at_ms = Some(TimestampMs::from_millis(95 * DAY_MS));
        assert_eq!(
            ScheduleChange::of_draft(&draft, std::slice::from_ref(&state)),
            Err(ChangeError::HasStarted)
        );
        draft.before.ends_at_ms = None;
        let moved = ScheduleChange::of_draft(&draft, std::slice::from_ref(&state));
        assert_eq!(moved, Err(ChangeError::BeforeMoved(Field::FlightEnd)));
    }
}
