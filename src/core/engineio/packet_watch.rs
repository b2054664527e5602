//! Whether handlers watch the packets of connections.

/// Which packets are dispatched to handlers. Packets that no handler watches cost nothing.
#[derive(Debug, Default)]
pub(crate) struct PacketWatch {
    received: bool,
    created: bool,
    /// Whether packets that are created now are not dispatched, because a handler that watches them causes them.
    suppresses_hooks: bool,
}

impl PacketWatch {
    /// Creates a watch of the packets received from clients, of those created for clients, or of both.
    pub(crate) const fn new(received: bool, created: bool) -> Self {
        Self { received, created, suppresses_hooks: false }
    }

    /// Sets whether packets that are created from now on are not dispatched.
    pub(crate) const fn suppress_hooks(&mut self, suppresses_hooks: bool) {
        self.suppresses_hooks = suppresses_hooks;
    }

    /// Returns whether packets received from clients are dispatched.
    pub(crate) const fn watches_received(&self) -> bool {
        self.received
    }

    /// Returns whether packets that are created now are dispatched.
    pub(crate) const fn watches_created(&self) -> bool {
        self.created && !self.suppresses_hooks
    }
}
