//! What a window offers to the engine.

use crate::view::{ConnectionView, HaltView, InboxCounts, NoticeView};

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
