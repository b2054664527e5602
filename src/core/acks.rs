//! The answers that handlers await in memory (Socket.IO 5, "Acknowledgement").

use litemap::LiteMap;

use super::table::{ById, DeadlineQueue, Identified};
use crate::error::AckFailure;
use crate::id::{AckId, Namespace, PendingAckId, SocketId};
use crate::limits::MAX_ACK_BYTES;
use crate::time::Timestamp;
use crate::value::Args;

/// What is asked and not answered by all.
#[derive(Debug, Default)]
pub struct PendingAcks {
    // The numbers rise, so that what is new comes last.
    by_id: LiteMap<PendingAckId, Box<PendingAck>>,
    by_ack: LiteMap<(AckId, Namespace), PendingAckId>,
    deadlines: DeadlineQueue,
}

/// One event that asked for answers.
#[derive(Debug)]
struct PendingAck {
    ack: (AckId, Namespace),
    deadline: Timestamp,
    waiting: ById<SocketId>,
    bytes: usize,
    complete: CollectedAcks,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectedAcks {
    /// Who answered what, in the order in which it came.
    pub acks: Vec<(SocketId, Args)>,
    /// Who did not.
    pub missing: Vec<(SocketId, AckFailure)>,
}

impl PendingAcks {
    /// Waits for the answers of some sockets to the event with this number.
    pub fn insert(&mut self, id: PendingAckId, ack: (Namespace, AckId), deadline: Timestamp, waiting: ById<SocketId>) {
        let (namespace, ack) = ack;
        let ack = (ack, namespace);
        self.by_ack.insert(ack.clone(), id);
        self.deadlines.insert(deadline, id.0, 0);
        self.by_id
            .insert(id, Box::new(PendingAck { ack, deadline, waiting, bytes: 0, complete: CollectedAcks::default() }));
    }

    /// A socket answered. Gives the pending and what came of it, if that was the last answer.
    ///
    /// # Errors
    /// The answer, where nobody awaits one with this number.
    pub fn handle_ack(
        &mut self,
        socket: SocketId,
        ack: &(AckId, Namespace),
        args: Args,
    ) -> Result<Option<(PendingAckId, CollectedAcks)>, Args> {
        let Some(&id) = self.by_ack.get(ack) else { return Err(args) };
        let Some(pending) = self.by_id.get_mut(&id) else { return Err(args) };
        if pending.remove(socket) {
            pending.bytes = pending.bytes.saturating_add(args.len_bytes());
            if pending.bytes > MAX_ACK_BYTES {
                pending.complete.missing.push((socket, AckFailure::TooMany));
            } else {
                pending.complete.acks.push((socket, args));
            }
        }
        Ok(self.take_complete(id))
    }

    /// A socket is gone; gives what it was the last to answer.
    pub fn handle_gone(&mut self, socket: SocketId) -> Vec<(PendingAckId, CollectedAcks)> {
        let waiting =
            self.by_id.iter_mut().filter_map(|(&id, pending)| pending.remove(socket).then_some((id, pending)));
        let ids: Vec<_> = waiting
            .map(|(id, pending)| {
                pending.complete.missing.push((socket, AckFailure::Disconnected));
                id
            })
            .collect();
        ids.into_iter().filter_map(|id| self.take_complete(id)).collect()
    }

    /// An pending that has had its time.
    pub fn take_due(&mut self, now: Timestamp) -> Option<(PendingAckId, CollectedAcks)> {
        let (_, id, _) = self.deadlines.first_until(now)?;
        let id = PendingAckId(id);
        let PendingAck { waiting, mut complete, .. } = *self.remove(id)?;
        complete.missing.extend(waiting.iter().map(|(_, &socket)| (socket, AckFailure::Expired)));
        Some((id, complete))
    }

    /// When the first one has had its time.
    pub fn first_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first_at()
    }

    /// Nobody waits for it any more.
    pub fn cancel(&mut self, id: PendingAckId) {
        self.remove(id);
    }

    fn take_complete(&mut self, id: PendingAckId) -> Option<(PendingAckId, CollectedAcks)> {
        self.by_id.get(&id).filter(|pending| pending.waiting.is_empty())?;
        self.remove(id).map(|pending| (id, pending.complete))
    }

    fn remove(&mut self, id: PendingAckId) -> Option<Box<PendingAck>> {
        let pending = self.by_id.remove(&id)?;
        self.by_ack.remove(&pending.ack);
        self.deadlines.remove(pending.deadline, id.0, 0);
        Some(pending)
    }
}

impl PendingAck {
    /// Does not wait for a socket any longer; says whether it did.
    fn remove(&mut self, socket: SocketId) -> bool {
        self.waiting.find(socket.id()).and_then(|place| self.waiting.remove(place)).is_some()
    }
}
