//! What the engine tells the window, as events that carry no secret.

use countersign_client::{Shell, view::ConnectionView};
use serde::Serialize;
use tauri::{AppHandle, Emitter as _, Runtime};

/// Emits the engine's changes as events of the app.
pub struct WindowShell(Box<dyn Fn(Change) + Send + Sync>);

enum Change {
    Case(String),
    Connection(Box<ConnectionView>),
    Workspace,
}

#[derive(Clone, Serialize)]
struct CaseChanged {
    proposal: String,
}

impl WindowShell {
    /// A shell without a window: nobody is told.
    #[must_use]
    pub fn silent() -> Self {
        Self(Box::new(|_| {}))
    }

    /// A shell over a running app, real or mocked.
    #[must_use]
    pub fn new<R: Runtime>(app: AppHandle<R>) -> Self {
        Self(Box::new(move |event| {
            let sent = match event {
                Change::Case(proposal) => app.emit("case-changed", CaseChanged { proposal }),
                Change::Connection(view) => app.emit("connection-changed", *view),
                Change::Workspace => app.emit("workspace-changed", ()),
            };
            if let Err(error) = sent {
                // The window asks again when it is shown; nothing depends on an event.
                tracing::debug!(%error, "an event was not delivered to the window");
            }
        }))
    }
}

impl Shell for WindowShell {
    fn case_changed(&self, proposal: &str) {
        (self.0)(Change::Case(proposal.to_owned()));
    }

    fn connection_changed(&self, connection: &ConnectionView) {
        (self.0)(Change::Connection(Box::new(connection.clone())));
    }

    fn workspace_changed(&self) {
        (self.0)(Change::Workspace);
    }
}
