//! The acknowledgements for `on_ack` handlers: what is owed is stored, so that they may arrive after hibernation.

use std::rc::Rc;

use litemap::LiteMap;

use crate::core::table::{ById, DeadlineQueue, Identified};
use crate::id::{AckId, SocketId};
use crate::limits::MAX_STORED_ACKS;
use crate::time::Timestamp;

/// The stored acknowledgements of a world's sockets, and when each is due.
#[derive(Debug, Default)]
pub(crate) struct StoredAcks {
    by_socket: ById<OwedAcks>,
    /// Each entry has an acknowledgement id and a place in `by_socket`.
    deadlines: DeadlineQueue,
    bytes: usize,
}

/// An acknowledgement that a client owes.
#[derive(Clone, Debug)]
pub(crate) struct StoredAck {
    /// The handler's name.
    pub name: Box<str>,
    /// The handler's context, as JSON.
    pub context: Rc<str>,
    /// When the handler is called without an acknowledgement.
    pub deadline: Timestamp,
}

/// The acknowledgements that one socket owes; never empty.
#[derive(Debug)]
struct OwedAcks {
    socket: SocketId,
    acks: LiteMap<AckId, StoredAck>,
}

impl Identified for OwedAcks {
    fn id(&self) -> &[u8] {
        self.socket.as_bytes()
    }
}

impl StoredAck {
    /// Returns its bytes as it is stored, about.
    pub(crate) fn bytes(&self) -> usize {
        const MARKS: usize = 60;
        self.name.len().saturating_add(self.context.len()).saturating_add(MARKS)
    }
}

impl StoredAcks {
    /// Returns the bytes of all of them as they are stored, about.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Stores an acknowledgement that a socket owes.
    ///
    /// # Errors
    /// Returns `stored`, if the socket owes [`MAX_STORED_ACKS`] already.
    pub(crate) fn insert(&mut self, socket: SocketId, ack: AckId, stored: StoredAck) -> Result<(), StoredAck> {
        let place = match self.find(socket) {
            Some(place) => Some(place),
            None => self.by_socket.insert(OwedAcks { socket, acks: LiteMap::new() }),
        };
        let Some((place, owed)) = place.and_then(|place| Some((place, self.by_socket.get_mut(place)?))) else {
            return Err(stored);
        };
        if owed.acks.len() >= MAX_STORED_ACKS {
            return Err(stored);
        }
        self.deadlines.insert(stored.deadline, ack.0, place);
        self.bytes = self.bytes.saturating_add(stored.bytes());
        owed.acks.insert(ack, stored);
        Ok(())
    }

    /// Removes and returns an acknowledgement that arrived.
    pub(crate) fn take(&mut self, socket: SocketId, ack: AckId) -> Option<StoredAck> {
        self.remove(self.find(socket)?, ack)
    }

    /// Removes and returns all acknowledgements that a socket owes, in the order of their ids.
    pub(crate) fn take_all(&mut self, socket: SocketId) -> impl Iterator<Item = StoredAck> + use<> {
        let owed = self.find(socket).and_then(|place| Some((place, self.by_socket.remove(place)?.acks)));
        let (place, acks) = owed.unwrap_or_default();
        for (ack, stored) in &acks {
            self.bytes = self.bytes.saturating_sub(stored.bytes());
            self.deadlines.remove(stored.deadline, ack.0, place);
        }
        acks.into_iter().map(|(_, stored)| stored)
    }

    /// Returns an acknowledgement whose deadline has passed, with its socket.
    pub(crate) fn first_due(&self, now: Timestamp) -> Option<(SocketId, AckId)> {
        let (_, ack, place) = self.deadlines.first_until(now)?;
        Some((self.by_socket.get(place)?.socket, AckId(ack)))
    }

    /// Postpones the deadline of an acknowledgement.
    pub(crate) fn postpone(&mut self, socket: SocketId, ack: AckId, later: Timestamp) {
        let Some(place) = self.find(socket) else { return };
        let Some(stored) = self.by_socket.get_mut(place).and_then(|owed| owed.acks.get_mut(&ack)) else { return };
        self.deadlines.remove(stored.deadline, ack.0, place);
        stored.deadline = later;
        self.deadlines.insert(later, ack.0, place);
    }

    /// Returns the earliest deadline.
    pub(crate) fn first_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first_at()
    }

    /// Returns the acknowledgements that a socket owes, in the order of their ids.
    pub(crate) fn of(&self, socket: SocketId) -> impl Iterator<Item = (AckId, &StoredAck)> {
        let owed = self.find(socket).and_then(|place| self.by_socket.get(place));
        owed.into_iter().flat_map(|owed| owed.acks.iter().map(|(ack, stored)| (*ack, stored)))
    }

    /// Returns the place of a socket's acknowledgements. Most worlds store none, and need not hash the id.
    fn find(&self, socket: SocketId) -> Option<usize> {
        if self.by_socket.is_empty() { None } else { self.by_socket.find(socket.id()) }
    }

    fn remove(&mut self, place: usize, ack: AckId) -> Option<StoredAck> {
        let owed = self.by_socket.get_mut(place)?;
        let stored = owed.acks.remove(&ack)?;
        if owed.acks.is_empty() {
            self.by_socket.remove(place);
        }
        self.deadlines.remove(stored.deadline, ack.0, place);
        self.bytes = self.bytes.saturating_sub(stored.bytes());
        Some(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn socket(n: u8) -> SocketId {
        SocketId::from_entropy([n; 15])
    }

    fn due(deadline: u64) -> StoredAck {
        StoredAck { name: "noted".into(), context: "{}".into(), deadline: at(deadline) }
    }

    #[test]
    fn each_is_taken_once_by_its_ack_its_socket_or_its_time() {
        let mut acks = StoredAcks::default();
        for (n, ack, deadline) in [(1, 1, 10), (1, 2, 30), (2, 3, 20), (3, 4, 25)] {
            assert!(acks.insert(socket(n), AckId(ack), due(deadline)).is_ok());
        }
        assert_eq!(acks.first_deadline(), Some(at(10)));
        assert!(acks.take(socket(2), AckId(1)).is_none());
        assert!(acks.take(socket(1), AckId(1)).is_some());
        assert!(acks.take(socket(1), AckId(1)).is_none());
        assert_eq!(acks.first_deadline(), Some(at(20)));
        assert_eq!(acks.of(socket(1)).map(|(ack, _)| ack).collect::<Vec<_>>(), [AckId(2)]);
        assert_eq!(acks.first_due(at(20)), Some((socket(2), AckId(3))));
        assert!(acks.take(socket(2), AckId(3)).is_some());
        assert_eq!(acks.first_due(at(20)), None);
        assert_eq!(acks.take_all(socket(3)).count(), 1);
        assert_eq!(acks.take_all(socket(3)).count(), 0);
        assert_eq!(acks.first_due(at(30)), Some((socket(1), AckId(2))));
        acks.postpone(socket(1), AckId(2), at(90));
        assert_eq!(acks.first_due(at(30)), None);
        assert_eq!(acks.first_deadline(), Some(at(90)));
        assert_eq!(acks.take_all(socket(1)).count(), 1);
        assert_eq!((acks.first_deadline(), acks.by_socket.is_empty(), acks.bytes()), (None, true, 0));
    }

    #[test]
    fn a_socket_owes_no_more_than_the_limit() {
        let mut acks = StoredAcks::default();
        for ack in 0..MAX_STORED_ACKS as u64 {
            assert!(acks.insert(socket(1), AckId(ack), due(ack)).is_ok());
        }
        assert!(acks.insert(socket(1), AckId(u64::MAX), due(0)).is_err());
        assert!(acks.insert(socket(2), AckId(u64::MAX), due(0)).is_ok());
    }
}
