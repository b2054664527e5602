//! A host among other worlds.

use super::host::Host;
use crate::outside::Outgoing;
use crate::time::Timestamp;

impl Host {
    /// Returns whether a handler waits for the answer of another world.
    pub(super) fn is_calling(&self) -> bool {
        self.outside().fakes.of::<Outgoing>().is_waiting()
    }

    /// Returns when the timer or the alarm goes off, or a wait of a handler is over.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let waits = self.outside().crossings().next();
        [self.runtime().timer, self.runtime().alarm, waits].into_iter().flatten().min()
    }
}
