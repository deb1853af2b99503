//! Walks over the cases of the last days a page at a time, so that the store is free for
//! others in between.

use crate::profile::{
    access::{Access, NoMember},
    failure::Failure,
    member::{Me, Member},
};
use countersign_model::TimestampMs;
use countersign_store::{CaseFilter, ListedCase, PageQuery, Reader};

/// Cases read at once.
const PAGE: u32 = 200;

/// Calls `read` with every page of the cases proposed since a moment, newest first, and then
/// `work` with what was read, while nothing is locked.
pub(crate) fn each_page<T, E: From<NoMember> + From<Failure>>(
    access: &Access,
    since: TimestampMs,
    mut read: impl FnMut(&Reader<'_>, &Me, &[ListedCase]) -> Result<T, Failure>,
    mut work: impl FnMut(T),
) -> Result<(), E> {
    let mut query = PageQuery {
        filter: CaseFilter { created_since_ms: Some(since), ..CaseFilter::default() },
        limit: PAGE,
        now_ms: (access.clock)(),
        ..PageQuery::default()
    };
    loop {
        let (next, found) = access.member(|Member { me, store, .. }| {
            let found = store.read(|reader| {
                let page = reader.case_page(&query)?;
                Ok::<_, Failure>((page.next, read(reader, me, &page.rows)?))
            });
            Ok::<_, E>(found?)
        })?;
        work(found);
        match next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
}
