//! Handlers that are taken back, and listed: what Socket.IO inherits from Node's `EventEmitter`.

use super::routes::Routes;

impl Routes {
    /// Forgets the handlers of an event that were registered so far, of shared routes for example: Socket.IO's
    /// `removeAllListeners(event)`.
    #[must_use]
    pub fn off(mut self, event: &str) -> Self {
        self.events.remove(event);
        self
    }

    /// Forgets the handlers of all events that were registered so far, the [`fallback`](Self::fallback) too: Socket.IO's
    /// `removeAllListeners()`. Those of connections, errors and acknowledgements stay.
    #[must_use]
    pub fn off_all(mut self) -> Self {
        self.events.clear();
        self.fallback = None;
        self
    }

    /// Forgets what [`on_any`](Self::on_any) registered so far.
    #[must_use]
    pub fn off_any(mut self) -> Self {
        self.on_any.clear();
        self
    }

    /// Forgets what [`on_any_outgoing`](Self::on_any_outgoing) registered so far.
    #[must_use]
    pub fn off_any_outgoing(mut self) -> Self {
        self.on_any_outgoing.clear();
        self
    }

    /// The events that have handlers, in alphabetical order.
    pub fn event_names(&self) -> impl Iterator<Item = &str> {
        self.events.keys().map(|name| &**name)
    }

    /// How many handlers [`on_any`](Self::on_any) has registered: Socket.IO's `listenersAny().length`.
    pub fn listeners_any(&self) -> usize {
        self.on_any.len()
    }

    /// How many handlers [`on_any_outgoing`](Self::on_any_outgoing) has registered.
    pub fn listeners_any_outgoing(&self) -> usize {
        self.on_any_outgoing.len()
    }
}
