//! Handlers that await acknowledgements.

use futures::channel::oneshot;
use litemap::LiteMap;

use crate::core::acks::CollectedAcks;
use crate::id::PendingAckId;

/// The handlers that await acknowledgements, by the number under which the core collects these.
#[derive(Debug, Default)]
pub(crate) struct AckWaiters {
    senders: LiteMap<PendingAckId, oneshot::Sender<CollectedAcks>>,
    next: u64,
}

impl AckWaiters {
    /// Adds a handler; returns its number and the receiver of its acknowledgements.
    pub(crate) fn add(&mut self) -> (PendingAckId, oneshot::Receiver<CollectedAcks>) {
        let pending = PendingAckId(self.next);
        self.next = self.next.wrapping_add(1);
        let (sender, receiver) = oneshot::channel();
        self.senders.insert(pending, sender);
        (pending, receiver)
    }

    /// Removes a handler that gets its acknowledgements now, or does not wait any more.
    pub(crate) fn remove(&mut self, pending: PendingAckId) -> Option<oneshot::Sender<CollectedAcks>> {
        self.senders.remove(&pending)
    }
}
