//! Searches that a person keeps under a name, and cases put away for a while.

use crate::{
    case::facts::parse_case,
    engine::{controller::Controller, shell::Shell},
    profile::{failure::Broken, random},
    view::{
        InboxView, ProblemView, SavedFilter, SavedFilterInput,
        entered::{self, Field, TextRefused},
        names,
    },
};
use countersign_model::TimestampMs;
use countersign_store::{Reader, SavedFilterRow};

/// Longest name of a saved filter, in characters.
const MAX_NAME_CHARS: usize = 60;
/// Longest search that is kept, in characters.
const MAX_SEARCH_CHARS: usize = 1_000;

/// Why a search is not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilterError {
    #[error(transparent)]
    Text(#[from] TextRefused),
    #[error("a name has 1 to {MAX_NAME_CHARS} characters")]
    Name,
    #[error("a search has at most {MAX_SEARCH_CHARS} characters")]
    Long,
}

/// Why a case is not put away.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnoozeError {
    #[error("the time is over already")]
    Past,
    #[error("the case does not need me")]
    NotMine,
}

impl<S: Shell> Controller<S> {
    /// Puts a case that needs me away until a moment (UTC milliseconds), or takes it out
    /// again with `None`.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn snooze_case(&self, proposal: &str, until_ms: Option<i64>) -> Result<(), ProblemView> {
        let case = parse_case(proposal)?;
        let now = self.shared.now();
        let until = until_ms.map(TimestampMs::from_millis);
        if until.is_some_and(|until| until <= now) {
            return Err(SnoozeError::Past.into());
        }
        self.member(|member| {
            member.store.transaction(|tx| {
                let Some(until) = until else {
                    tx.unsnooze(case)?;
                    return Ok(());
                };
                if tx.snooze(case, until)? {
                    return Ok(());
                }
                Err(SnoozeError::NotMine.into())
            })
        })?;
        self.shared.tell_case(proposal);
        self.shared.after_change();
        Ok(())
    }

    /// The searches kept under a name.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn saved_filters(&self) -> Result<Vec<SavedFilter>, ProblemView> {
        self.member(|member| member.store.read(saved_filters))
    }

    /// Keeps a search under a name, in the place of one of the same name.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn save_filter(&self, input: &SavedFilterInput) -> Result<Vec<SavedFilter>, ProblemView> {
        let now = self.shared.now();
        let name = entered::line(Field::Name, &input.name)?;
        let search = entered::line(Field::Search, &input.search)?;
        if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
            return Err(FilterError::Name.into());
        }
        if search.chars().count() > MAX_SEARCH_CHARS {
            return Err(FilterError::Long.into());
        }
        let row = SavedFilterRow {
            id: random::uuid(now)?.to_string(),
            name,
            view: names::wire(&input.view),
            search,
        };
        self.member(|member| {
            member.store.transaction(|tx| {
                tx.put_saved_filter(&row)?;
                saved_filters(tx)
            })
        })
    }

    /// Forgets a kept search. One that is not there is forgotten already.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub fn delete_filter(&self, id: &str) -> Result<Vec<SavedFilter>, ProblemView> {
        self.member(|member| {
            member.store.transaction(|tx| {
                tx.delete_saved_filter(id)?;
                saved_filters(tx)
            })
        })
    }
}

fn saved_filters(reader: &Reader<'_>) -> Result<Vec<SavedFilter>, ProblemView> {
    let rows = reader.saved_filters()?;
    rows.into_iter()
        .map(|row| {
            let view: InboxView =
                serde_json::from_value(row.view.into()).map_err(|_| Broken("stored filter"))?;
            Ok(SavedFilter { id: row.id, name: row.name, view, search: row.search })
        })
        .collect()
}
