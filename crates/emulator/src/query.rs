//! Runs a [`Query`] over the account: fields are checked against the official row message.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Value, json};

use crate::account::{Account, ZONE};
use crate::currency::{CURRENCIES, Currency};
use crate::descriptor::{DescriptorError, Schema};
use crate::errors::{AdsError, Refusal};
use crate::gaql::{Condition, Operator, Query, query_error};
use crate::patch::{at, put};
use crate::rows::{self, Period, change_event_rows};

const ROW: &str = "services.GoogleAdsRow";
const DATE: &str = "segments.date";
const CHANGE_TIME: &str = "change_event.change_date_time";
const CHANGE_EVENT_MOST_ROWS: usize = 10_000;
const CHANGE_EVENT_MOST_DAYS: i32 = 30;

/// Why a query has no rows to give.
#[derive(Debug)]
pub enum QueryError {
    /// The query is wrong.
    Refused(Refusal),
    /// The emulator is.
    Broken(DescriptorError),
}

impl From<AdsError> for QueryError {
    fn from(error: AdsError) -> Self {
        Self::Refused(Refusal::invalid(vec![error]))
    }
}

impl From<DescriptorError> for QueryError {
    fn from(error: DescriptorError) -> Self {
        Self::Broken(error)
    }
}

/// Selected rows, rendered, with what they touched.
#[derive(Debug)]
pub struct Found {
    /// Rows as the API writes them.
    pub rows: Vec<Value>,
    /// The mask of selected fields, in snake_case.
    pub field_mask: Vec<String>,
    /// Names of the resources that were read; of a budget only when its amount was.
    pub read: Vec<String>,
}

/// When "now" is for `change_event`, and how late it shows changes.
#[derive(Debug, Clone, Copy)]
pub struct ChangeClock {
    /// Present instant.
    pub now: Timestamp,
    /// A change shows up this much later.
    pub delay: SignedDuration,
}

/// Checks and runs `query`.
///
/// # Errors
/// [`QueryError`].
pub fn run(
    schema: &Schema,
    account: &Account,
    mut query: Query,
    clock: ChangeClock,
) -> Result<Found, QueryError> {
    check(schema, account, &mut query)?;
    if query.from == "change_event" {
        check_change_event(&query, clock.now)?;
    }
    let mut rows = produce(account, &query, clock);
    rows.retain(|row| {
        query
            .conditions
            .iter()
            .filter(|condition| condition.field != DATE)
            .all(|condition| holds(condition, at(row, &condition.field)))
    });
    for order in query.order_by.iter().rev() {
        rows.sort_by(|a, b| {
            let ordering = compare(at(a, &order.field), at(b, &order.field));
            if order.descending { ordering.reverse() } else { ordering }
        });
    }
    rows.truncate(query.limit.unwrap_or(usize::MAX));
    let read = rows.iter().flat_map(|row| read_names(row, &query)).collect();
    let rows = rows
        .iter()
        .map(|row| schema.render_again(ROW, select(row, &query)))
        .collect::<Result<_, _>>()?;
    Ok(Found { rows, field_mask: query.select, read })
}

fn produce(account: &Account, query: &Query, clock: ChangeClock) -> Vec<Value> {
    let includes = |date: Date| {
        let date = Value::from(date.to_string());
        query
            .conditions
            .iter()
            .filter(|condition| condition.field == DATE)
            .all(|condition| holds(condition, Some(&date)))
    };
    let fields = named_fields(query);
    let named = |attributes: &Value| {
        let is_attribute =
            |field: &str| !field.starts_with("segments.") && !field.starts_with("metrics.");
        let mut conditions = query.conditions.iter().filter(|one| is_attribute(&one.field));
        let fits = conditions.all(|one| holds(one, at(attributes, &one.field)));
        fits.then(|| {
            let mut kept = json!({});
            for field in &fields {
                if let Some(value) = at(attributes, field) {
                    put(&mut kept, field, value.clone());
                }
            }
            kept
        })
    };
    let daily = query.select.iter().any(|field| field == DATE);
    let period = Period { daily, includes: &includes, named: &named };
    match query.from.as_str() {
        "currency_constant" => CURRENCIES.iter().map(Currency::row).collect(),
        "change_event" => change_event_rows(account, clock.now, clock.delay),
        from => rows::rows(account, from, &period),
    }
}

/// Every field that a query selects, judges or sorts by, and what `run` reads beside them.
fn named_fields(query: &Query) -> BTreeSet<String> {
    let judged = query.conditions.iter().map(|condition| condition.field.clone());
    let sorted = query.order_by.iter().map(|order| order.field.clone());
    selected_fields(query).chain(judged).chain(sorted).collect()
}

/// The resources that a row shows, by name.
fn read_names(row: &Value, query: &Query) -> Vec<String> {
    let is_amount = |field: &String| {
        field == "campaign_budget.amount_micros" || field == "campaign_budget.total_amount_micros"
    };
    let with_amount = query.select.iter().any(is_amount);
    let resources: BTreeSet<String> = selected_fields(query)
        .filter_map(|field| field.split('.').next().map(str::to_owned))
        .filter(|resource| with_amount || resource != "campaign_budget")
        .collect();
    let name = |resource: String| {
        at(row, &format!("{resource}.resource_name")).and_then(Value::as_str).map(str::to_owned)
    };
    resources.into_iter().filter_map(name).collect()
}

/// The selected fields, and the names of the resources that they belong to.
fn selected_fields(query: &Query) -> impl Iterator<Item = String> {
    let selected = query.select.iter().filter_map(|field| field.split('.').next());
    let resources = std::iter::once(query.from.as_str()).chain(selected);
    resources
        .map(|resource| format!("{resource}.resource_name"))
        .chain(query.select.iter().cloned())
}

const OF_CAMPAIGN: &[&str] =
    &["campaign", "campaign_budget", "bidding_strategy", "customer", "metrics", "segments"];
const OF_AD_GROUP: &[&str] = &[
    "ad_group",
    "campaign",
    "campaign_budget",
    "bidding_strategy",
    "customer",
    "metrics",
    "segments",
];
const OF_PLACEMENT: &[&str] = &["ad_group", "campaign", "customer", "metrics", "segments"];

/// The resource that a row is of, where FROM is not its name.
fn own(from: &str) -> &str {
    if from == "keyword_view" { "ad_group_criterion" } else { from }
}

/// Resources whose fields may stand beside those of the row's own.
fn companions(from: &str) -> Option<&'static [&'static str]> {
    match from {
        "campaign" => Some(OF_CAMPAIGN),
        "ad_group" | "ad_group_ad" | "ad_group_criterion" | "keyword_view" => Some(OF_AD_GROUP),
        "detail_placement_view" | "group_placement_view" => Some(OF_PLACEMENT),
        "campaign_budget" | "customer" => Some(&["customer", "metrics", "segments"]),
        "campaign_criterion" => Some(&["campaign", "customer"]),
        "recommendation" => Some(&["campaign", "campaign_budget", "customer"]),
        "customer_negative_criterion"
        | "user_list"
        | "user_interest"
        | "asset"
        | "bidding_strategy"
        | "accessible_bidding_strategy"
        | "recommendation_subscription"
        | "change_event" => Some(&["customer"]),
        "currency_constant" => Some(&[]),
        _ => None,
    }
}

fn check(schema: &Schema, account: &Account, query: &mut Query) -> Result<(), QueryError> {
    let Some(companions) = companions(&query.from) else {
        let text = format!("Error in query: '{}' is not a resource of this emulator.", query.from);
        return Err(query_error("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", text).into());
    };
    let row = schema.message(ROW)?;
    let known = |field: &str, clause: &'static str| {
        let descriptor = schema.field_at(&row, field).filter(|_| field.contains('.'));
        let Some(descriptor) = descriptor else {
            let text = format!("Unrecognized field in the query: '{field}'.");
            return Err(query_error("UNRECOGNIZED_FIELD", text));
        };
        let resource = field.split('.').next().unwrap_or_default();
        if resource != own(&query.from) && !companions.contains(&resource) {
            let text = format!("Cannot use '{field}' in a query FROM '{}'.", query.from);
            return Err(query_error(clause, text));
        }
        if resource == "segments" && field != DATE {
            let text = format!("The simulated account is not segmented by '{field}'.");
            return Err(query_error("PROHIBITED_SEGMENT_IN_SELECT_OR_WHERE_CLAUSE", text));
        }
        Ok(descriptor)
    };
    for field in &query.select {
        known(field, "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE")?;
    }
    for order in &query.order_by {
        known(&order.field, "PROHIBITED_FIELD_IN_ORDER_BY_CLAUSE")?;
    }
    let mut checked = Vec::new();
    for condition in &query.conditions {
        let field = known(&condition.field, "PROHIBITED_RESOURCE_TYPE_IN_WHERE_CLAUSE")?;
        checked.push(check_condition(condition, &field, account.today())?);
    }
    query.conditions = checked;
    if query.select.iter().any(|field| field == DATE) && !is_finite(&query.conditions, DATE) {
        let text = "Selecting segments.date needs a finite date range in the WHERE clause.";
        return Err(query_error("EXPECTED_FILTERS_ON_DATE_RANGE", text).into());
    }
    Ok(())
}

/// Checks the values and rewrites DURING as BETWEEN.
fn check_condition(
    condition: &Condition,
    field: &FieldDescriptor,
    as_of: Date,
) -> Result<Condition, AdsError> {
    if condition.operator == Operator::During {
        return during(condition, as_of);
    }
    for value in &condition.values {
        let complaint = match field.kind() {
            Kind::Message(_) => Some("PROHIBITED_FIELD_IN_WHERE_CLAUSE"),
            Kind::Enum(kind) => {
                kind.get_value_by_name(value).is_none().then_some("BAD_ENUM_CONSTANT")
            }
            Kind::Int64 | Kind::Int32 => value.parse::<i64>().is_err().then_some("BAD_NUMBER"),
            Kind::Double => value.parse::<f64>().is_err().then_some("BAD_NUMBER"),
            Kind::Bool => (!matches!(value.to_ascii_uppercase().as_str(), "TRUE" | "FALSE"))
                .then_some("BAD_VALUE"),
            _ if condition.field == DATE => {
                value.parse::<Date>().is_err().then_some("INVALID_DATE_FORMAT")
            }
            _ => None,
        };
        if let Some(code) = complaint {
            let text = format!("Invalid value '{value}' for field '{}'.", condition.field);
            return Err(query_error(code, text));
        }
    }
    Ok(condition.clone())
}

/// DURING leaves today out, except TODAY itself.
fn during(condition: &Condition, as_of: Date) -> Result<Condition, AdsError> {
    let named = condition.values.first().map(String::as_str).unwrap_or_default();
    let range = match named.to_ascii_uppercase().as_str() {
        "TODAY" => Some((0, 0)),
        "YESTERDAY" => Some((1, 1)),
        "LAST_7_DAYS" => Some((7, 1)),
        "LAST_14_DAYS" => Some((14, 1)),
        "LAST_30_DAYS" => Some((30, 1)),
        _ => None,
    };
    let bounds = range.filter(|_| condition.field == DATE).and_then(|(from, to): (i32, i32)| {
        let from = as_of.checked_sub(from.days()).ok()?;
        let to = as_of.checked_sub(to.days()).ok()?;
        Some(vec![from.to_string(), to.to_string()])
    });
    let Some(values) = bounds else {
        let text = format!("DURING {named} is not carried for '{}'.", condition.field);
        return Err(query_error("INVALID_VALUE_WITH_DURING_OPERATOR", text));
    };
    Ok(Condition { field: condition.field.clone(), operator: Operator::Between, values })
}

fn is_finite(conditions: &[Condition], field: &str) -> bool {
    let uses = |operators: &[Operator]| {
        conditions.iter().any(|c| c.field == field && operators.contains(&c.operator))
    };
    uses(&[Operator::Between, Operator::Equal, Operator::In])
        || (uses(&[Operator::Greater, Operator::GreaterOrEqual])
            && uses(&[Operator::Less, Operator::LessOrEqual]))
}

fn check_change_event(query: &Query, now: Timestamp) -> Result<(), AdsError> {
    let refuse = |code, text: &str| Err(AdsError::new("changeEventError", code, text));
    match query.limit {
        None => return refuse("LIMIT_NOT_SPECIFIED", "A change_event query needs a LIMIT."),
        Some(limit) if limit > CHANGE_EVENT_MOST_ROWS => {
            return refuse("INVALID_LIMIT_CLAUSE", "The LIMIT must not exceed 10000.");
        }
        Some(_) => {}
    }
    if !is_finite(&query.conditions, CHANGE_TIME) {
        let text = "A change_event query needs a finite range of change_event.change_date_time.";
        return refuse("CHANGE_DATE_RANGE_INFINITE", text);
    }
    let today = now.to_zoned(ZONE.clone()).date();
    let oldest = today
        .checked_sub((CHANGE_EVENT_MOST_DAYS + 1).days())
        .map(|date| date.to_string())
        .unwrap_or_default();
    let too_old = query
        .conditions
        .iter()
        .filter(|c| c.field == CHANGE_TIME)
        .filter(|c| !matches!(c.operator, Operator::Less | Operator::LessOrEqual))
        .any(|c| c.values.first().is_some_and(|start| *start < oldest));
    if too_old {
        let text = "The start date must be within the past 30 days.";
        return refuse("START_DATE_TOO_OLD", text);
    }
    Ok(())
}

/// Numbers by size, everything else by its text; an absent value is the default of its kind.
fn compare(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    let fraction = |value: Option<&Value>| value.filter(|one| one.is_f64()).and_then(Value::as_f64);
    if fraction(left).or(fraction(right)).is_some() {
        let number = |value: Option<&Value>| value.and_then(Value::as_f64).unwrap_or_default();
        return number(left).total_cmp(&number(right));
    }
    match (left.and_then(Value::as_i64), right.and_then(Value::as_i64)) {
        (None, None) => text_of(left).cmp(&text_of(right)),
        (left, right) => left.unwrap_or_default().cmp(&right.unwrap_or_default()),
    }
}

fn text_of(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(flag)) => flag.to_string().to_ascii_uppercase(),
        _ => String::new(),
    }
}

fn holds(condition: &Condition, value: Option<&Value>) -> bool {
    let against = |literal: &String| match value {
        Some(Value::Number(number)) if number.is_f64() => {
            number.as_f64().unwrap_or_default().total_cmp(&literal.parse().unwrap_or_default())
        }
        Some(Value::Number(number)) => {
            number.as_i64().unwrap_or_default().cmp(&literal.parse().unwrap_or_default())
        }
        Some(Value::Bool(_)) => text_of(value).cmp(&literal.to_ascii_uppercase()),
        // An absent number is zero.
        None if literal.parse::<i64>().is_ok() => 0.cmp(&literal.parse().unwrap_or_default()),
        other => text_of(other).as_str().cmp(literal),
    };
    let first = condition.values.first().map(against);
    let any_equal = || condition.values.iter().any(|v| against(v).is_eq());
    match condition.operator {
        Operator::Equal | Operator::In => any_equal(),
        Operator::NotEqual | Operator::NotIn => !any_equal(),
        Operator::Greater => first.is_some_and(Ordering::is_gt),
        Operator::GreaterOrEqual => first.is_some_and(Ordering::is_ge),
        Operator::Less => first.is_some_and(Ordering::is_lt),
        Operator::LessOrEqual => first.is_some_and(Ordering::is_le),
        // DURING was rewritten when the query was checked.
        Operator::Between | Operator::During => {
            first.is_some_and(Ordering::is_ge)
                && condition.values.get(1).map(against).is_some_and(Ordering::is_le)
        }
    }
}

/// The selected fields plus the resource names that Google always adds; defaults are left out.
fn select(row: &Value, query: &Query) -> Value {
    let mut selected = json!({});
    for path in selected_fields(query) {
        if let Some(value) = at(row, &path).filter(|value| !is_default(value)) {
            put(&mut selected, &path, value.clone());
        }
    }
    selected
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
