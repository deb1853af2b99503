//! What a search asks for, and how it reads in the index and on the row.

use crate::{
    CaseList, PageQuery, Shelf,
    table::{
        case_count, case_facet,
        case_words::{asked, words_of},
    },
};
use countersign_model::{Currency, TimestampMs, verdict::RiskTier};
use rusqlite::types::Value;

/// More words than a person types are left out.
const MAX_WORDS: usize = 32;

/// What rows must have besides standing in the list; all of it together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CaseFilter {
    /// Words, free or of one field.
    pub text: Vec<TextTerm>,
    /// The proposed amount.
    pub amount: Option<AmountRange>,
    /// Proposed at this moment or later.
    pub created_since_ms: Option<TimestampMs>,
    /// Proposed before this moment.
    pub created_until_ms: Option<TimestampMs>,
    /// Action kind.
    pub kind: Option<String>,
    /// Risk tier.
    pub tier: Option<RiskTier>,
}

/// Words, their beginnings or parts of them (`case_words` says which), all of which must occur.
/// Nothing in them is query syntax.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextTerm {
    /// In this field; in any if none.
    pub field: Option<TextField>,
    /// As typed.
    pub words: String,
}

/// A field of [`crate::CaseText`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TextField {
    /// Entity id and campaign name.
    Entity,
    /// Approvers and owners.
    People,
    /// Reason codes and texts.
    Reason,
    /// Rules that fired.
    Rule,
    /// Model and version.
    Model,
    /// The agent.
    Agent,
}

/// A range of the proposed daily amount, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AmountRange {
    /// At least, micros.
    pub min_micros: Option<i64>,
    /// At most, micros.
    pub max_micros: Option<i64>,
    /// Only in this currency.
    pub currency: Option<Currency>,
}

/// A search as the database runs it.
pub(crate) struct Condition {
    /// For the index: finds every row wanted, and perhaps some more.
    pub(crate) matches: String,
    /// For the row: decides. Begins with AND unless empty; its `?` stand in order.
    pub(crate) sql: String,
    /// The values of its `?`.
    pub(crate) values: Vec<Value>,
}

impl TextField {
    const fn column(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::People => "people",
            Self::Reason => "reason",
            Self::Rule => "rule",
            Self::Model => "model",
            Self::Agent => "agent",
        }
    }
}

impl CaseFilter {
    /// Free words only.
    #[must_use]
    pub fn words(words: &str) -> Self {
        let text = vec![TextTerm { field: None, words: words.into() }];
        Self { text, ..Self::default() }
    }

    /// The filter asks for nothing.
    pub(crate) fn is_empty(&self) -> bool {
        let nothing = |term: &TextTerm| words_of(&term.words).next().is_none();
        self.text.iter().all(nothing)
            && Self { text: Vec::new(), ..self.clone() } == Self::default()
    }
}

impl Condition {
    /// From a search; `created` is the first and last moment of any case.
    pub(crate) fn new(query: &PageQuery, created: Option<(i64, i64)>) -> Self {
        let mut condition = Self { matches: String::new(), sql: String::new(), values: Vec::new() };
        condition.add_list(query);
        condition.add_filter(&query.filter, created);
        let words = query.filter.text.iter().flat_map(|term| {
            words_of(&term.words).map(move |word| match term.field {
                None => asked(word),
                Some(field) => format!("{} : {}", field.column(), asked(word)),
            })
        });
        for word in words.take(MAX_WORDS) {
            condition.and_matches(&word);
        }
        if condition.matches.is_empty() {
            condition.and_facet(&case_facet::any());
        }
        condition
    }

    fn add_list(&mut self, query: &PageQuery) {
        let shelf = match query.list {
            CaseList::NeedsMe => Some(Shelf::NeedsMe),
            CaseList::WaitingOnOthers => Some(Shelf::WaitingOnOthers),
            CaseList::Settled => Some(Shelf::Settled),
            CaseList::Snoozed => Some(Shelf::Snoozed),
            CaseList::ToCheck => Some(Shelf::ToCheck),
            CaseList::DueSoon | CaseList::Agenda | CaseList::Overrides | CaseList::All => None,
        };
        if let Some(shelf) = shelf {
            self.and_facet(&case_facet::shelf(shelf));
            self.and_row("shelf = ?", shelf.number().into());
        }
        match query.list {
            CaseList::DueSoon => {
                self.and_facet(&case_facet::open());
                self.and_row("open = ?", 1.into());
                self.and_row("decide_by_ms <= ?", case_count::soon(query.now_ms).into());
            }
            CaseList::Agenda => {
                self.and_facet(&case_facet::open());
                self.and_row("open = ?", 1.into());
            }
            CaseList::Overrides => {
                self.and_facet(&case_facet::overridden());
                self.and_row("overridden = ?", 1.into());
            }
            _ => {}
        }
    }

    fn add_filter(&mut self, filter: &CaseFilter, created: Option<(i64, i64)>) {
        if let Some(tier) = filter.tier {
            self.and_facet(&case_facet::tier(tier));
            self.and_row("tier = ?", super::case::tier_number(tier).into());
        }
        if let Some(kind) = &filter.kind {
            self.and_facet(&case_facet::kind(kind));
            self.and_row("kind = ?", kind.clone().into());
        }
        if let Some(range) = filter.amount {
            self.add_amount(range);
        }
        self.add_created(filter, created);
    }

    fn add_amount(&mut self, range: AmountRange) {
        if let Some(currency) = range.currency {
            self.and_facet(&case_facet::currency(currency));
            self.and_row("currency = ?", currency.code().to_owned().into());
        }
        if (range.min_micros, range.max_micros) == (None, None) {
            return;
        }
        let (min, max) =
            (range.min_micros.unwrap_or(i64::MIN), range.max_micros.unwrap_or(i64::MAX));
        self.and_any_facet(&case_facet::amounts(min, max));
        self.and_row("after_micros >= ?", min.into());
        self.and_row("after_micros <= ?", max.into());
    }

    fn add_created(&mut self, filter: &CaseFilter, created: Option<(i64, i64)>) {
        let since = filter.created_since_ms.map(TimestampMs::millis);
        let until = filter.created_until_ms.map(TimestampMs::millis);
        if let Some(since) = since {
            self.and_row("created_at_ms >= ?", since.into());
        }
        if let Some(until) = until {
            self.and_row("created_at_ms < ?", until.into());
        }
        if let (true, Some((first, last))) = (since.or(until).is_some(), created) {
            let since = since.map_or(first, |since| since.max(first));
            let until = until.map_or(last, |until| until.min(last));
            self.and_any_facet(&case_facet::weeks(since, until));
        }
    }

    fn and_facet(&mut self, facet: &str) {
        self.and_matches(&format!("\"{facet}\""));
    }

    fn and_any_facet(&mut self, facets: &[String]) {
        if !facets.is_empty() {
            let quoted: Vec<String> = facets.iter().map(|facet| format!("\"{facet}\"")).collect();
            self.and_matches(&format!("({})", quoted.join(" OR ")));
        }
    }

    fn and_matches(&mut self, expression: &str) {
        if !self.matches.is_empty() {
            self.matches.push_str(" AND ");
        }
        self.matches.push_str(expression);
    }

    fn and_row(&mut self, sql: &str, value: Value) {
        self.sql.push_str(" AND cases.");
        self.sql.push_str(sql);
        self.values.push(value);
    }
}
