//! Who is told of changes: the floor above, which has words for them.

use crate::{
    case::halt::Halt,
    sync::shared::Connection,
    view::{InboxCounts, NoticeView},
};

/// What has changed, after it is stored.
#[derive(Debug)]
pub(crate) enum Change {
    /// Cases have changed; their proposal ids.
    Cases(Vec<String>),
    /// The connection, the unsent count, the clock or a fault has changed.
    Connection(Connection),
    /// Who I am in the workspace has changed, or the workspace itself.
    Workspace,
    /// Work was stopped, resumed, or somebody asked to.
    Halt(Halt),
    /// How many cases each view holds has changed.
    Counts(InboxCounts),
    /// This person should hear of something although the window is not looked at.
    Notice(NoticeView),
    /// A notice of this proposal is over; of the stop, when the id is empty.
    NoticeOver(String),
}

/// Whoever is told of changes, from any thread; each call returns at once. Every change but a
/// notice may be lost.
pub(crate) trait Watcher: Send + Sync + 'static {
    /// Something has changed.
    fn tell(&self, change: Change);
}
