//! Plain Engine.IO: sessions without Socket.IO.

use core::fmt;

use crate::extract::Engine;
use crate::routing::handler::{Erased, Handler, erase};

/// The handlers of plain Engine.IO. It is served on `/engine.io/` if there is a handler of connections or messages;
/// otherwise requests to that path get a 404.
#[derive(Default)]
pub struct RawRoutes {
    opened: Vec<Erased<Engine>>,
    messages: Vec<Erased<Engine>>,
    closed: Vec<Erased<Engine>>,
}

impl RawRoutes {
    /// Registers a handler that is called when a session was opened, with its
    /// [`EngineSocket`](crate::handles::EngineSocket).
    #[must_use]
    pub fn on_connection<M>(mut self, handler: impl Handler<Engine, M>) -> Self {
        self.opened.push(erase(handler));
        self
    }

    /// Registers a handler that is called with every message, a [`Frame`](crate::value::Frame).
    #[must_use]
    pub fn on_message<M>(mut self, handler: impl Handler<Engine, M>) -> Self {
        self.messages.push(erase(handler));
        self
    }

    /// Registers a handler that is called when a session was closed, with the [`Reason`](crate::error::Reason).
    #[must_use]
    pub fn on_close<M>(mut self, handler: impl Handler<Engine, M>) -> Self {
        self.closed.push(erase(handler));
        self
    }

    /// Returns whether plain Engine.IO is served.
    pub(crate) const fn is_served(&self) -> bool {
        !(self.opened.is_empty() && self.messages.is_empty())
    }

    pub(crate) fn handlers(&self, is_message: bool, is_close: bool) -> &[Erased<Engine>] {
        match (is_message, is_close) {
            (true, _) => &self.messages,
            (_, true) => &self.closed,
            _ => &self.opened,
        }
    }
}

impl fmt::Debug for RawRoutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRoutes").field("is_served", &self.is_served()).finish_non_exhaustive()
    }
}
