//! The registration of sessions.

use super::options::SessionOptions;
use super::rows::Rows;
use crate::error::Failure;
use crate::extract::State;
use crate::handles::{Io, SESSIONS_ALARM};
use crate::routing::App;

impl App {
    /// Gives the worlds of the app sessions. They are rows in the world's storage: they survive sleep, deploys and the last client. With
    /// [`SessionOptions::shared_in`], one world has the sessions of all. Handlers take [`Sessions`](crate::session::Sessions), and
    /// controllers the hook [`use_sessions`](crate::session::use_sessions).
    ///
    /// Sessions that have ended are deleted by an alarm, not by chance on requests.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if it is called twice.
    #[must_use]
    #[track_caller]
    pub fn with_sessions(self, options: SessionOptions) -> Self {
        let app = match options.shared.clone() {
            Some(shared) => shared.serve(self),
            None => self,
        };
        app.with_state(options).on_alarm(SESSIONS_ALARM, sweep)
    }
}

async fn sweep(io: Io, State(options): State<SessionOptions>) -> Result<(), Failure> {
    Rows { io, options }.sweep()
}
