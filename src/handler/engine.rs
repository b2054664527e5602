//! What is about connections rather than namespaces: Socket.IO's `io.engine`.

use super::call::Engine;
use super::handle::{Erased, Handler, erase};
use core::fmt;

/// What is about connections. These hooks, but for those of plain Engine.IO, run in the Worker or before a world is asked, so
/// that a request that is refused wakes none.
#[derive(Default)]
pub struct EngineRoutes {
    opened: Vec<Erased<Engine>>,
    messages: Vec<Erased<Engine>>,
    closed: Vec<Erased<Engine>>,
}

impl EngineRoutes {
    /// Serves plain Engine.IO on `/engine.io/`, beside Socket.IO: called when a session was opened there, with its
    /// [`EngineSocket`](super::EngineSocket).
    #[must_use]
    pub fn on_connection<M>(mut self, handler: impl Handler<Engine, M>) -> Self {
        self.opened.push(erase(handler));
        self
    }

    /// Serves plain Engine.IO on `/engine.io/`: called with every message, a [`Frame`](crate::Frame). Without a handler
    /// of plain Engine.IO, that path is not found.
    #[must_use]
    pub fn on_message<M>(mut self, handler: impl Handler<Engine, M>) -> Self {
        self.messages.push(erase(handler));
        self
    }

    /// Called when a session of plain Engine.IO was closed, with the [`Reason`](crate::Reason).
    #[must_use]
    pub fn on_close<M>(mut self, handler: impl Handler<Engine, M>) -> Self {
        self.closed.push(erase(handler));
        self
    }

    /// Whether plain Engine.IO is served.
    pub const fn serves_engine(&self) -> bool {
        !(self.opened.is_empty() && self.messages.is_empty())
    }

    pub(super) fn handlers(&self, is_message: bool, is_close: bool) -> &[Erased<Engine>] {
        match (is_message, is_close) {
            (true, _) => &self.messages,
            (_, true) => &self.closed,
            _ => &self.opened,
        }
    }
}

impl fmt::Debug for EngineRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineRoutes").finish_non_exhaustive()
    }
}
