//! The acknowledgements that handlers await in memory.

use litemap::LiteMap;

use crate::core::table::{ById, DeadlineQueue, Identified};
use crate::error::AckFailure;
use crate::id::{AckId, Namespace, PendingAckId, SocketId};
use crate::limits::{MAX_ACK_BYTES, SHORT_ACK_BYTES};
use crate::time::Timestamp;
use crate::value::Args;

/// The events whose acknowledgements have not all arrived.
#[derive(Debug, Default)]
pub(crate) struct PendingAcks {
    // Ids rise, so that a new entry is appended to the sorted vector.
    by_id: LiteMap<PendingAckId, Box<PendingAck>>,
    by_ack: LiteMap<(AckId, Namespace), PendingAckId>,
    /// The bytes of all acknowledgements that were collected.
    bytes: usize,
    deadlines: DeadlineQueue,
}

/// One event that asked for acknowledgements.
#[derive(Debug)]
struct PendingAck {
    ack: (AckId, Namespace),
    deadline: Timestamp,
    waiting: ById<SocketId>,
    bytes: usize,
    collected: CollectedAcks,
}

/// The result of an event that asked for acknowledgements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectedAcks {
    /// The acknowledgements with their sockets, in the order in which they arrived.
    pub acks: Vec<(SocketId, Args)>,
    /// The sockets without an acknowledgement, and why.
    pub missing: Vec<(SocketId, AckFailure)>,
}

impl PendingAcks {
    /// Adds an event that the sockets in `waiting` are to acknowledge.
    pub(crate) fn insert(
        &mut self,
        id: PendingAckId,
        ack: (Namespace, AckId),
        deadline: Timestamp,
        waiting: ById<SocketId>,
    ) {
        let (namespace, ack) = ack;
        let ack = (ack, namespace);
        self.by_ack.insert(ack.clone(), id);
        self.deadlines.insert(deadline, id.0, 0);
        self.by_id
            .insert(id, Box::new(PendingAck { ack, deadline, waiting, bytes: 0, collected: CollectedAcks::default() }));
    }

    /// Handles a socket's acknowledgement; returns the event's result, if none is missing now. Only the first acknowledgement
    /// of a socket counts, and one with which those of all events would exceed [`MAX_ACK_BYTES`] fails, or a long one if the isolate `is_full`.
    ///
    /// # Errors
    /// Returns the arguments, if no handler awaits an acknowledgement with this id from the socket.
    pub(crate) fn handle_ack(
        &mut self,
        socket: SocketId,
        ack: &(AckId, Namespace),
        args: Args,
        is_full: bool,
    ) -> Result<Option<(PendingAckId, CollectedAcks)>, Args> {
        let Some(&id) = self.by_ack.get(ack) else { return Err(args) };
        let Some(pending) = self.by_id.get_mut(&id) else { return Err(args) };
        if !pending.remove(socket) {
            return Err(args);
        }
        let bytes = args.len_bytes();
        let all = self.bytes.saturating_add(bytes);
        if all > MAX_ACK_BYTES || (is_full && bytes > SHORT_ACK_BYTES) {
            pending.collected.missing.push((socket, AckFailure::TooMany));
        } else {
            self.bytes = all;
            pending.bytes = pending.bytes.saturating_add(bytes);
            pending.collected.acks.push((socket, args));
        }
        Ok(self.take_complete(id))
    }

    /// Returns the bytes of all acknowledgements that were collected.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Handles that a socket left its namespace: its acknowledgements fail. Returns the events that waited for this socket only.
    pub(crate) fn handle_left(&mut self, socket: SocketId) -> Vec<(PendingAckId, CollectedAcks)> {
        let waiting =
            self.by_id.iter_mut().filter_map(|(&id, pending)| pending.remove(socket).then_some((id, pending)));
        let ids: Vec<_> = waiting
            .map(|(id, pending)| {
                pending.collected.missing.push((socket, AckFailure::Disconnected));
                id
            })
            .collect();
        ids.into_iter().filter_map(|id| self.take_complete(id)).collect()
    }

    /// Removes and returns an event whose deadline has passed; the acknowledgements that are missing fail.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<(PendingAckId, CollectedAcks)> {
        let (_, id, _) = self.deadlines.first_until(now)?;
        let id = PendingAckId(id);
        let PendingAck { waiting, mut collected, .. } = *self.remove(id)?;
        collected.missing.extend(waiting.iter().map(|(_, &socket)| (socket, AckFailure::Expired)));
        Some((id, collected))
    }

    /// Returns the earliest deadline.
    pub(crate) fn first_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first_at()
    }

    /// Removes an event: nothing waits for its acknowledgements any more.
    pub(crate) fn cancel(&mut self, id: PendingAckId) {
        self.remove(id);
    }

    /// Removes an event and returns its result, if no acknowledgement is missing.
    fn take_complete(&mut self, id: PendingAckId) -> Option<(PendingAckId, CollectedAcks)> {
        self.by_id.get(&id).filter(|pending| pending.waiting.is_empty())?;
        self.remove(id).map(|pending| (id, pending.collected))
    }

    fn remove(&mut self, id: PendingAckId) -> Option<Box<PendingAck>> {
        let pending = self.by_id.remove(&id)?;
        self.bytes = self.bytes.saturating_sub(pending.bytes);
        self.by_ack.remove(&pending.ack);
        self.deadlines.remove(pending.deadline, id.0, 0);
        Some(pending)
    }
}

impl PendingAck {
    /// Stops waiting for a socket; returns whether its acknowledgement was missing.
    fn remove(&mut self, socket: SocketId) -> bool {
        self.waiting.find(socket.id()).and_then(|place| self.waiting.remove(place)).is_some()
    }
}
