//! Removing and listing handlers: what Socket.IO inherits from Node's `EventEmitter`.

use super::routes::Routes;

impl Routes {
    /// Removes the handlers of an event that were registered so far, for example by shared routes: Socket.IO's
    /// `removeAllListeners(event)`.
    #[must_use]
    pub fn off(mut self, event: &str) -> Self {
        self.events.remove(event);
        self
    }

    /// Removes the handlers of all events that were registered so far, and the [`fallback`](Self::fallback):
    /// Socket.IO's `removeAllListeners()`. All other handlers stay, such as those of [`on_any`](Self::on_any),
    /// connections, errors and acknowledgements.
    #[must_use]
    pub fn off_all(mut self) -> Self {
        self.events.clear();
        self.fallback = None;
        self
    }

    /// Removes the handlers that [`on_any`](Self::on_any) and [`prepend_any`](Self::prepend_any) registered so far.
    #[must_use]
    pub fn off_any(mut self) -> Self {
        self.on_any.clear();
        self
    }

    /// Removes the handlers that [`on_any_outgoing`](Self::on_any_outgoing) and
    /// [`prepend_any_outgoing`](Self::prepend_any_outgoing) registered so far.
    #[must_use]
    pub fn off_any_outgoing(mut self) -> Self {
        self.on_any_outgoing.clear();
        self
    }

    /// Returns the events that have handlers, in alphabetical order.
    pub fn event_names(&self) -> impl Iterator<Item = &str> {
        self.events.keys().map(|name| &**name)
    }

    /// Returns how many handlers [`on_any`](Self::on_any) and [`prepend_any`](Self::prepend_any) have registered:
    /// Socket.IO's `listenersAny().length`.
    pub fn listeners_any(&self) -> usize {
        self.on_any.len()
    }

    /// Returns how many handlers [`on_any_outgoing`](Self::on_any_outgoing) and
    /// [`prepend_any_outgoing`](Self::prepend_any_outgoing) have registered.
    pub fn listeners_any_outgoing(&self) -> usize {
        self.on_any_outgoing.len()
    }
}
