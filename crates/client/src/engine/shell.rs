//! What a window offers to the engine, and what it is told.

use crate::{
    engine::shown,
    sync::watcher::{Change, Watcher},
    view::{ConnectionView, HaltView, InboxCounts, NoticeView},
};

/// What has changed, after it is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Cases have changed; their proposal ids.
    CasesChanged(Vec<String>),
    /// The connection, the unsent count, the clock or a fault has changed.
    Connection(ConnectionView),
    /// Who I am in the workspace has changed, or the workspace itself.
    Workspace,
    /// Work was stopped, resumed, or somebody asked to.
    Halt(HaltView),
    /// How many cases each view holds has changed.
    Counts(InboxCounts),
    /// This person should hear of something although the window is not looked at.
    Notice(NoticeView),
    /// A notice of this proposal is over; of the stop, when the id is empty.
    NoticeOver(String),
}

/// A window, or what stands in for one. Calls come from any thread, after the change is
/// stored; each must return at once. Every news but a notice may be lost: the window asks
/// again when it is shown.
pub trait Shell: Send + Sync + 'static {
    /// Something has changed.
    fn tell(&self, news: News);
}

/// Tells a window of changes as it shows them.
pub(crate) struct Window<S>(pub(crate) S);

impl<S: Shell> Watcher for Window<S> {
    fn tell(&self, change: Change) {
        self.0.tell(match change {
            Change::Cases(cases) => News::CasesChanged(cases),
            Change::Connection(connection) => News::Connection(shown::connection(connection)),
            Change::Workspace => News::Workspace,
            Change::Halt(halt) => News::Halt(shown::halt(halt)),
            Change::Counts(counts) => News::Counts(counts),
            Change::Notice(notice) => News::Notice(notice),
            Change::NoticeOver(proposal) => News::NoticeOver(proposal),
        });
    }
}
