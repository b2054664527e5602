//! The sockets of a world by id, by namespace and by room.

use super::marks::Marks;
use super::rooms::{Rooms, SocketKey, SocketKeys};
use super::socket_record::SocketRecord;
use crate::core::table::{ById, ByName, Identified};
use crate::id::{AckId, Namespace, Room, SocketId};
use crate::limits::ACKS_PER_MILLI;
use crate::time::Timestamp;

/// The namespaces of a world. One exists as long as it has a socket.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    pub(super) sockets: ById<SocketRecord>,
    pub(super) by_name: ByName<Members>,
    pub(super) marks: Marks,
    /// How many rooms there are in all namespaces.
    rooms: usize,
    /// No client owes an acknowledgement with this id or a higher one.
    next_ack: u64,
}

/// The sockets of one namespace.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// The namespace's name, set when the first socket joins.
    name: Option<Namespace>,
    pub(super) all: SocketKeys,
    pub(super) rooms: Rooms,
}

impl Namespaces {
    /// Adds a socket; returns `false` if its id is taken.
    pub(crate) fn insert(&mut self, socket: SocketRecord) -> bool {
        let namespace = socket.namespace.clone();
        let Some(place) = self.sockets.insert(socket) else { return false };
        let key = SocketKey(place);
        let (socket, rooms) = (self.sockets.get(place), &mut self.rooms);
        self.by_name.change(namespace.as_str(), |members| {
            let before = members.rooms.count();
            members.all.insert(key);
            for room in socket.iter().flat_map(|socket| socket.rooms.keys()) {
                members.rooms.join(room, key);
            }
            *rooms += members.rooms.count() - before;
            members.name.get_or_insert_with(|| namespace.clone());
        });
        true
    }

    /// Removes a socket from its namespace and all of its rooms.
    pub(crate) fn remove(&mut self, id: SocketId) -> Option<SocketRecord> {
        let key = self.key(id)?;
        let socket = self.sockets.remove(key.0)?;
        if let Some(members) = self.by_name.get_mut(socket.namespace.as_str()) {
            members.all.remove(key);
            let before = members.rooms.count();
            for room in socket.rooms.keys() {
                members.rooms.leave(room, key);
            }
            self.rooms -= before - members.rooms.count();
            if members.all.is_empty() {
                self.by_name.remove(socket.namespace.as_str());
            }
        }
        Some(socket)
    }

    /// Adds a socket to a room; returns `false` if there is no such socket or it is in the room already. It is always in the room
    /// of its own id.
    pub(crate) fn join(&mut self, id: SocketId, room: &Room) -> bool {
        let Some((key, socket)) = self.find(id) else { return false };
        if !socket.join(room) {
            return false;
        }
        let namespace = socket.namespace.clone();
        if let Some(members) = self.by_name.get_mut(namespace.as_str()) {
            let before = members.rooms.count();
            members.rooms.join(room, key);
            self.rooms += members.rooms.count() - before;
        }
        true
    }

    /// Removes a socket from a room; returns `false` if there is no such socket or it is not in the room.
    pub(crate) fn leave(&mut self, id: SocketId, room: &Room) -> bool {
        let Some((key, socket)) = self.find(id) else { return false };
        if !socket.leave(room) {
            return false;
        }
        let namespace = socket.namespace.clone();
        if let Some(members) = self.by_name.get_mut(namespace.as_str()) {
            let before = members.rooms.count();
            members.rooms.leave(room, key);
            self.rooms -= before - members.rooms.count();
        }
        true
    }

    /// Returns a socket.
    pub(crate) fn get(&self, id: SocketId) -> Option<&SocketRecord> {
        self.sockets.get(self.key(id)?.0)
    }

    /// Returns a mutable reference to a socket. Its id, namespace and rooms must not be changed: the tables depend on them.
    pub(crate) fn get_mut(&mut self, id: SocketId) -> Option<&mut SocketRecord> {
        self.find(id).map(|(_, socket)| socket)
    }

    /// Returns how many sockets and rooms there are in all namespaces.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.sockets.len(), self.rooms)
    }

    /// Returns each namespace that has a socket, with the numbers of its sockets and rooms.
    pub(crate) fn counts_by_name(&self) -> impl Iterator<Item = (&Namespace, usize, usize)> {
        self.by_name
            .values()
            .filter_map(|members| Some((members.name.as_ref()?, members.all.len(), members.rooms.count())))
    }

    /// Returns the namespaces that have a socket.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Namespace> {
        self.by_name.values().filter_map(|members| members.name.as_ref())
    }

    /// Returns whether a namespace has a socket.
    pub(crate) fn exists(&self, namespace: &Namespace) -> bool {
        self.by_name.get(namespace.as_str()).is_some()
    }

    /// Returns a new acknowledgement id for an event that is sent at `now`. Ids rise with the clock, so that no client owes an
    /// acknowledgement with this one from before hibernation, or from before the namespace was empty.
    pub(crate) fn next_ack(&mut self, now: Timestamp) -> AckId {
        let id = self.next_ack.max(now.as_millis().saturating_mul(ACKS_PER_MILLI));
        self.next_ack = id.saturating_add(1);
        AckId(id)
    }

    /// Ensures that [`next_ack`](Self::next_ack) does not return an id with which a client owes an acknowledgement.
    pub(crate) fn reserve_ack_id(&mut self, AckId(owed): AckId) {
        self.next_ack = self.next_ack.max(owed.saturating_add(1));
    }

    fn find(&mut self, id: SocketId) -> Option<(SocketKey, &mut SocketRecord)> {
        let key = self.key(id)?;
        Some((key, self.sockets.get_mut(key.0)?))
    }

    fn key(&self, id: SocketId) -> Option<SocketKey> {
        self.sockets.find(id.id()).map(SocketKey)
    }
}
