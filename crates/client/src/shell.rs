//! What a window offers to the engine.

use crate::view::ConnectionView;

/// A window, or what stands in for one. Calls come from any thread, after the change is
/// stored; each must return at once. A call that is lost loses nothing: the window asks
/// again when it is shown.
pub trait Shell: Send + Sync + 'static {
    /// A case has changed; `proposal` is its id.
    fn case_changed(&self, proposal: &str);
    /// The connection, the unsent count or a fault has changed.
    fn connection_changed(&self, connection: &ConnectionView);
    /// Who I am in the workspace has changed, or the workspace itself.
    fn workspace_changed(&self);
}
