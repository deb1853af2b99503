//! The Google Ads Query Language, the part that a campaign-budget client needs: text to [`Query`].

use crate::errors::AdsError;

/// A parsed query; field names are not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Selected fields, in order.
    pub select: Vec<String>,
    /// Resource named in FROM.
    pub from: String,
    /// Conditions, all of which must hold.
    pub conditions: Vec<Condition>,
    /// Fields to sort by.
    pub order_by: Vec<Order>,
    /// Most rows wanted.
    pub limit: Option<usize>,
}

/// One condition of WHERE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Left side.
    pub field: String,
    /// Comparison.
    pub operator: Operator,
    /// Right side: one value, two for BETWEEN, any number for lists.
    pub values: Vec<String>,
}

/// One key of ORDER BY.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Field to sort by.
    pub field: String,
    /// Largest first.
    pub descending: bool,
}

/// Comparisons that are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `IN (…)`
    In,
    /// `NOT IN (…)`
    NotIn,
    /// `BETWEEN a AND b`, ends included
    Between,
    /// `DURING LAST_7_DAYS` and the like
    During,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 9] = ["!=", ">=", "<=", "=", ">", "<", "(", ")", ","];

/// A `queryError`.
#[must_use]
pub fn query_error(code: &'static str, message: impl Into<String>) -> AdsError {
    AdsError::new("queryError", code, message)
}

/// Parses one query.
///
/// # Errors
/// The `queryError` that the API answers.
pub fn parse(text: &str) -> Result<Query, AdsError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    let query = parser.query()?;
    match parser.next() {
        None => Ok(query),
        Some(token) => Err(query_error(
            "UNEXPECTED_INPUT",
            format!("Error in query: unexpected input {}.", show(&token)),
        )),
    }
}

fn show(token: &Token) -> String {
    match token {
        Token::Word(word) => word.clone(),
        Token::Text(text) => format!("'{text}'"),
        Token::Symbol(symbol) => (*symbol).to_owned(),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, AdsError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            tokens.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        } else if first == '\'' || first == '"' {
            let body = &rest[1..];
            let end = body.find(first).ok_or_else(|| {
                query_error("STRING_NOT_TERMINATED", "A string is missing its closing quote.")
            })?;
            tokens.push(Token::Text(body[..end].to_owned()));
            rest = &body[end + 1..];
        } else {
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            if end == 0 {
                let text = format!("Error in query: bad symbol '{first}'.");
                return Err(query_error("BAD_SYMBOL", text));
            }
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(
            self.tokens.get(self.at),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword)
        );
        self.at += usize::from(found);
        found
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Symbol(s)) if *s == symbol);
        self.at += usize::from(found);
        found
    }

    fn require_keyword(&mut self, keyword: &str, code: &'static str) -> Result<(), AdsError> {
        if self.take_keyword(keyword) {
            return Ok(());
        }
        let text = format!("Error in query: expected {keyword}.");
        Err(query_error(code, text))
    }

    fn word(&mut self) -> Result<String, AdsError> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            Some(token) => Err(query_error(
                "UNEXPECTED_INPUT",
                format!("Error in query: unexpected input {}.", show(&token)),
            )),
            None => Err(query_error(
                "UNEXPECTED_END_OF_QUERY",
                "Error in query: unexpected end of query.",
            )),
        }
    }

    fn value(&mut self) -> Result<String, AdsError> {
        match self.next() {
            Some(Token::Word(text) | Token::Text(text)) => Ok(text),
            Some(token) => Err(query_error(
                "BAD_VALUE",
                format!("Error in query: {} is not a value.", show(&token)),
            )),
            None => Err(query_error(
                "UNEXPECTED_END_OF_QUERY",
                "Error in query: unexpected end of query.",
            )),
        }
    }

    fn query(&mut self) -> Result<Query, AdsError> {
        self.require_keyword("SELECT", "EXPECTED_SELECT")?;
        let mut select = vec![self.word()?];
        while self.take_symbol(",") {
            select.push(self.word()?);
        }
        self.require_keyword("FROM", "EXPECTED_FROM")?;
        let from = self.word()?;
        let mut conditions = Vec::new();
        if self.take_keyword("WHERE") {
            conditions.push(self.condition()?);
            while self.take_keyword("AND") {
                conditions.push(self.condition()?);
            }
        }
        let order_by = self.order_by()?;
        let limit = self.limit()?;
        Ok(Query { select, from, conditions, order_by, limit })
    }

    fn order_by(&mut self) -> Result<Vec<Order>, AdsError> {
        let mut order_by = Vec::new();
        if !self.take_keyword("ORDER") {
            return Ok(order_by);
        }
        self.require_keyword("BY", "EXPECTED_BY")?;
        loop {
            let field = self.word()?;
            let descending = self.take_keyword("DESC");
            if !descending {
                self.take_keyword("ASC");
            }
            order_by.push(Order { field, descending });
            if !self.take_symbol(",") {
                return Ok(order_by);
            }
        }
    }

    fn limit(&mut self) -> Result<Option<usize>, AdsError> {
        if !self.take_keyword("LIMIT") {
            return Ok(None);
        }
        let text = self.word()?;
        match text.parse::<usize>() {
            Ok(limit) if limit > 0 => Ok(Some(limit)),
            _ => Err(query_error(
                "BAD_LIMIT_VALUE",
                format!("Error in query: LIMIT {text} is not a positive whole number."),
            )),
        }
    }

    fn condition(&mut self) -> Result<Condition, AdsError> {
        let field = self.word()?;
        let operator = self.operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.list()?,
            Operator::Between => {
                let low = self.value()?;
                self.require_keyword("AND", "EXPECTED_VALUE_WITH_BETWEEN_OPERATOR")?;
                vec![low, self.value()?]
            }
            _ => vec![self.value()?],
        };
        Ok(Condition { field, operator, values })
    }

    fn list(&mut self) -> Result<Vec<String>, AdsError> {
        if !self.take_symbol("(") {
            let text = "Error in query: IN takes a list in parentheses.";
            return Err(query_error("EXPECTED_LIST", text));
        }
        if self.take_symbol(")") {
            let text = "Error in query: the list is empty.";
            return Err(query_error("PROHIBITED_EMPTY_LIST_IN_CONDITION", text));
        }
        let mut values = vec![self.value()?];
        while self.take_symbol(",") {
            values.push(self.value()?);
        }
        if self.take_symbol(")") {
            return Ok(values);
        }
        let text = "Error in query: the list is not closed.";
        Err(query_error("EXPECTED_LIST", text))
    }

    fn operator(&mut self) -> Result<Operator, AdsError> {
        match self.next() {
            Some(Token::Symbol("=")) => Ok(Operator::Equal),
            Some(Token::Symbol("!=")) => Ok(Operator::NotEqual),
            Some(Token::Symbol(">")) => Ok(Operator::Greater),
            Some(Token::Symbol(">=")) => Ok(Operator::GreaterOrEqual),
            Some(Token::Symbol("<")) => Ok(Operator::Less),
            Some(Token::Symbol("<=")) => Ok(Operator::LessOrEqual),
            Some(Token::Word(word)) => match word.to_ascii_uppercase().as_str() {
                "IN" => Ok(Operator::In),
                "NOT" if self.take_keyword("IN") => Ok(Operator::NotIn),
                "BETWEEN" => Ok(Operator::Between),
                "DURING" => Ok(Operator::During),
                // LIKE, CONTAINS, REGEXP_MATCH and IS NULL exist at Google and not here.
                _ => Err(query_error(
                    "BAD_OPERATOR",
                    format!("Error in query: operator {word} is not carried by this emulator."),
                )),
            },
            Some(token) => Err(query_error(
                "BAD_OPERATOR",
                format!("Error in query: {} is not an operator.", show(&token)),
            )),
            None => Err(query_error(
                "UNEXPECTED_END_OF_QUERY",
                "Error in query: unexpected end of query.",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clause_is_read() {
        let query = parse(
            "SELECT campaign.id, metrics.clicks FROM campaign WHERE campaign.id IN (1, '2') \
             AND segments.date BETWEEN '2026-01-01' AND \"2026-01-31\" and campaign.status!=PAUSED \
             ORDER BY metrics.clicks DESC, campaign.id LIMIT 5",
        )
        .unwrap();
        assert_eq!(query.select, ["campaign.id", "metrics.clicks"]);
        assert_eq!(query.from, "campaign");
        assert_eq!(query.conditions[0].values, ["1", "2"]);
        assert_eq!(query.conditions[1].operator, Operator::Between);
        assert_eq!(query.conditions[1].values, ["2026-01-01", "2026-01-31"]);
        assert_eq!(query.conditions[2].operator, Operator::NotEqual);
        assert!(query.order_by[0].descending && !query.order_by[1].descending);
        assert_eq!(query.limit, Some(5));
    }

    #[test]
    fn every_fault_has_its_code() {
        for (text, code) in [
            ("", "EXPECTED_SELECT"),
            ("SELECT", "UNEXPECTED_END_OF_QUERY"),
            ("SELECT campaign.id", "EXPECTED_FROM"),
            ("SELECT campaign.id FROM campaign WHERE campaign.id LIKE 'x'", "BAD_OPERATOR"),
            ("SELECT campaign.id FROM campaign WHERE campaign.id = 'x", "STRING_NOT_TERMINATED"),
            (
                "SELECT campaign.id FROM campaign WHERE campaign.id IN ()",
                "PROHIBITED_EMPTY_LIST_IN_CONDITION",
            ),
            ("SELECT campaign.id FROM campaign WHERE campaign.id IN 1", "EXPECTED_LIST"),
            (
                "SELECT a FROM campaign WHERE a BETWEEN 1 OR 2",
                "EXPECTED_VALUE_WITH_BETWEEN_OPERATOR",
            ),
            ("SELECT campaign.id FROM campaign LIMIT 0", "BAD_LIMIT_VALUE"),
            ("SELECT campaign.id FROM campaign ORDER campaign.id", "EXPECTED_BY"),
            ("SELECT campaign.id FROM campaign; DROP", "BAD_SYMBOL"),
            ("SELECT campaign.id FROM campaign, customer", "UNEXPECTED_INPUT"),
            (
                "SELECT campaign.name FROM campaign WHERE campaign.name = 'é",
                "STRING_NOT_TERMINATED",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err().code, code, "{text}");
        }
    }
}
