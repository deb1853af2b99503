//! Changes for the window, whatever their kind: made of the headline and its rows.

pub(crate) use crate::view::money::money;
use crate::view::{
    AmountsView, BudgetPeriodView, CampaignStatusView, ChangeView, DiffRowView, DirectionView,
    FieldView, MoneyView, PartKindView, PartView, SpendView, StrategyView, ValueView,
    member::members,
};
use countersign_model::{
    Action, AmountLimits, CampaignStatus, Ratio,
    change::{
        BudgetPeriod, DiffRow, Direction, Field, Headline, PartKind, PartName, Spend, Strategy,
        Value,
    },
};

/// A change for the window.
pub(crate) fn change(action: &Action) -> ChangeView {
    let headline = action.headline();
    let asks = action.asks();
    let (places, audiences) = members(&action.members());
    ChangeView {
        kind: headline.kind.into(),
        entity: headline.entity.to_string(),
        direction: direction(headline.direction),
        diff: rows(&headline),
        swap: action.swap().map(super::creative::swap),
        places,
        audiences,
        has_own_part: action.has_own_part(),
        spend: headline.spend.map(spend),
        worst_case: headline.stake.map(money),
        has_window: headline.has_window,
        starts_at_ms: headline.window.map(|window| window.starts_at_ms.millis()),
        ends_at_ms: headline.window.map(|window| window.ends_at_ms.millis()),
        shared_by: headline.shared_by,
        status: status(headline.status),
        own_amounts: action.own_amounts().map(amounts),
        asked_amounts: asks.amount.map(amounts),
        asks_days: asks.days,
        asks_texts: asks.texts,
        campaign: headline.subject,
        part: headline.part.map(part),
    }
}

/// The rows of a change.
pub(crate) fn diff(action: &Action) -> Vec<DiffRowView> {
    action.diff().iter().map(row).collect()
}

/// The rows of a change, each with the name of what it is about.
pub(crate) fn diff_with_subject(action: &Action) -> Vec<DiffRowView> {
    let subject = action.headline().subject;
    let named = |row| DiffRowView { subject: Some(subject.clone()), ..row };
    diff(action).into_iter().map(named).collect()
}

/// The rows of a headline.
pub(crate) fn rows(headline: &Headline) -> Vec<DiffRowView> {
    headline.diff.iter().map(row).collect()
}

/// The value that a change is mainly about, as it should be.
pub(crate) fn lead(action: &Action) -> Option<ValueView> {
    action.lead().as_ref().map(value)
}

fn row(row: &DiffRow) -> DiffRowView {
    DiffRowView {
        subject: row.subject.clone(),
        field: match row.field {
            Field::DailyBudget => FieldView::DailyBudget,
            Field::Status => FieldView::Status,
            Field::TotalBudget => FieldView::TotalBudget,
            Field::FlightStart => FieldView::FlightStart,
            Field::FlightEnd => FieldView::FlightEnd,
            Field::Moved => FieldView::Moved,
            Field::CpcBid => FieldView::CpcBid,
            Field::CpmBid => FieldView::CpmBid,
            Field::MaxCpc => FieldView::MaxCpc,
            Field::TargetCpa => FieldView::TargetCpa,
            Field::TargetRoas => FieldView::TargetRoas,
            Field::Strategy => FieldView::Strategy,
            Field::AdGroupStatus => FieldView::AdGroupStatus,
            Field::Headline => FieldView::Headline,
            Field::Description => FieldView::Description,
            Field::DisplayPath => FieldView::DisplayPath,
            Field::FinalUrl => FieldView::FinalUrl,
            Field::Pin => FieldView::Pin,
            Field::Placements => FieldView::Placements,
            Field::ExcludedPlacements => FieldView::ExcludedPlacements,
            Field::Audiences => FieldView::Audiences,
            Field::ExcludedAudiences => FieldView::ExcludedAudiences,
        },
        before: row.before.as_ref().map(value),
        after: value(&row.after),
        ratio: row.ratio().map(Ratio::as_f64),
    }
}

fn value(value: &Value) -> ValueView {
    match value {
        Value::Money(amount) => {
            let MoneyView { amount_micros, currency } = money(*amount);
            ValueView::Money { amount_micros, currency }
        }
        Value::Percent(ratio) => ValueView::Percent { ratio: ratio.as_f64() },
        Value::Count(count) => ValueView::Count { count: *count },
        Value::Text(text) => ValueView::Text { text: text.clone() },
        Value::Status(one) => ValueView::Status { status: status(*one) },
        Value::Moment(at) => ValueView::Moment { at_ms: at.millis() },
        Value::Open => ValueView::Open,
        Value::Return(points) => ValueView::Return { ratio: points.ratio().as_f64() },
        Value::Strategy(one) => ValueView::Strategy { strategy: strategy(*one) },
        Value::Unset => ValueView::Unset,
        Value::Image(digest) => ValueView::Image { digest: digest.to_string() },
        Value::Set { added, removed } => {
            ValueView::Set { added: added.clone(), removed: removed.clone() }
        }
    }
}

/// A part of a campaign.
pub(crate) fn part(part: PartName) -> PartView {
    let kind = match part.kind {
        PartKind::AdGroup => PartKindView::AdGroup,
    };
    PartView { kind, name: part.name }
}

const fn strategy(strategy: Strategy) -> StrategyView {
    match strategy {
        Strategy::ManualCpc => StrategyView::ManualCpc,
        Strategy::ManualCpm => StrategyView::ManualCpm,
        Strategy::MaximizeClicks => StrategyView::MaximizeClicks,
        Strategy::MaximizeConversions => StrategyView::MaximizeConversions,
        Strategy::MaximizeConversionValue => StrategyView::MaximizeConversionValue,
        Strategy::TargetCpa => StrategyView::TargetCpa,
        Strategy::TargetRoas => StrategyView::TargetRoas,
        Strategy::Other => StrategyView::Other,
    }
}

/// What an amount is for.
pub(crate) const fn period(period: BudgetPeriod) -> BudgetPeriodView {
    match period {
        BudgetPeriod::Daily => BudgetPeriodView::Daily,
        BudgetPeriod::Total => BudgetPeriodView::Total,
    }
}

fn spend(spend: Spend) -> SpendView {
    SpendView {
        per: period(spend.per),
        before: money(spend.before),
        after: money(spend.after),
        delta: money(spend.delta().unwrap_or(spend.after)),
        ratio: spend.ratio().map(Ratio::as_f64),
    }
}

fn amounts(limits: AmountLimits) -> AmountsView {
    AmountsView { step: money(limits.unit), min: money(limits.min) }
}

const fn direction(direction: Direction) -> DirectionView {
    match direction {
        Direction::Increase => DirectionView::Increase,
        Direction::Decrease => DirectionView::Decrease,
        Direction::None => DirectionView::None,
    }
}

const fn status(status: CampaignStatus) -> CampaignStatusView {
    match status {
        CampaignStatus::Enabled => CampaignStatusView::Enabled,
        CampaignStatus::Paused => CampaignStatusView::Paused,
        CampaignStatus::Ended => CampaignStatusView::Ended,
        CampaignStatus::Removed => CampaignStatusView::Removed,
        CampaignStatus::Unknown => CampaignStatusView::Unknown,
    }
}
