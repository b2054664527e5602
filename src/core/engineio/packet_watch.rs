//! Which packets of connections handlers watch.

/// Which packets are dispatched to handlers. Where no handler watches packets, they cost nothing.
#[derive(Debug, Default)]
pub(crate) struct PacketWatch {
    received: bool,
    created: bool,
    /// Whether packets that are created now are not dispatched: a handler that watches them causes them.
    suppresses_hooks: bool,
}

impl PacketWatch {
    /// Watches the packets of clients, those on their way to clients, or both.
    pub(crate) const fn new(received: bool, created: bool) -> Self {
        Self { received, created, suppresses_hooks: false }
    }

    /// Sets whether packets that are created from now on are not dispatched.
    pub(crate) const fn suppress_hooks(&mut self, suppresses_hooks: bool) {
        self.suppresses_hooks = suppresses_hooks;
    }

    /// Returns whether the packets of clients are dispatched.
    pub(crate) const fn watches_received(&self) -> bool {
        self.received
    }

    /// Returns whether the packets that are created now are dispatched.
    pub(crate) const fn watches_created(&self) -> bool {
        self.created && !self.suppresses_hooks
    }
}
