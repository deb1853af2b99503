//! An agent's own cases, page by page.

use crate::IdempotencyKey;
use countersign_model::{EntityRef, Outcome, ProposalId, TimestampMs, change::Value};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most cases on one page.
pub const MAX_PAGE: u32 = 100;
/// Cases on a page when nothing is said.
const USUAL_PAGE: u32 = 25;

/// Which of its cases an agent asks for; newest first.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CasesQuery {
    /// Only open or only settled ones.
    #[serde(default)]
    pub state: Option<CaseGroup>,
    /// At most this many, 1 to [`MAX_PAGE`].
    #[serde(default)]
    pub limit: Option<PageLimit>,
    /// Where the page before ended.
    #[serde(default)]
    pub cursor: Option<Cursor>,
}

impl CasesQuery {
    /// How many cases the page may hold.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit.map_or(USUAL_PAGE, |limit| limit.0)
    }
}

/// Whether anything can still become of a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseGroup {
    /// It waits for people or for execution.
    Open,
    /// It has ended.
    Settled,
}

/// How many cases a page may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(try_from = "u32")]
pub struct PageLimit(u32);

impl TryFrom<u32> for PageLimit {
    type Error = &'static str;

    fn try_from(limit: u32) -> Result<Self, &'static str> {
        if (1..=MAX_PAGE).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err("limit must lie between 1 and 100")
        }
    }
}

/// The end of a page: the cases older than this one are on the next. Opaque to agents.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(pub ProposalId);

impl TryFrom<String> for Cursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let uuid = Uuid::try_parse(&text).ok().filter(|uuid| uuid.simple().to_string() == text);
        uuid.map(|uuid| Self(ProposalId::from_uuid(uuid)))
            .ok_or("this is no cursor; give next_cursor of the page before, or none")
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.0.uuid().simple().to_string()
    }
}

/// One of the agent's own cases.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ListedCase {
    /// The proposal.
    pub proposal: ProposalId,
    /// The key that its draft was sent under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<IdempotencyKey>,
    /// The case's state, in one word.
    pub state: String,
    /// What policy said.
    pub outcome: Outcome,
    /// The kind of change, e.g. `budget_change`.
    pub kind: &'static str,
    /// The campaign.
    pub entity: EntityRef,
    /// What held when it was drafted, in the form of the draft's `before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What was asked for, in the form of the draft's `after`.
    pub after: Option<Value>,
    /// When it was drafted.
    pub created_at_ms: TimestampMs,
    /// By when people must have signed.
    pub decide_by_ms: TimestampMs,
    /// The value read back after execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executed: Option<Value>,
}

/// A page of an agent's own cases, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CasesPage {
    /// The cases.
    pub cases: Vec<ListedCase>,
    /// What to ask for next; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<Cursor>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_question_is_bounded_and_closed() {
        let read = serde_json::from_value::<CasesQuery>;
        let all = read(json!({})).unwrap();
        assert_eq!((all.limit(), all.state, all.cursor), (25, None, None));
        let some = read(json!({"state": "open", "limit": 100, "cursor": null})).unwrap();
        assert_eq!((some.limit(), some.state), (100, Some(CaseGroup::Open)));
        for bad in [
            json!({"limit": 0}),
            json!({"limit": 101}),
            json!({"state": "deciding"}),
            json!({"agent": "agent_0192f0c1-7b1e-7c3a-9d57-3f1f6f2a9c11"}),
            json!({"cursor": "0192f0c1-7b1e-7c3a-9d57-3f1f6f2a9c11"}),
            json!({"cursor": "x"}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_given() {
        let cursor = Cursor(ProposalId::from_uuid(Uuid::from_u128(7)));
        let text = serde_json::to_value(cursor).unwrap();
        assert_eq!(serde_json::from_value::<Cursor>(text).unwrap(), cursor);
    }
}
