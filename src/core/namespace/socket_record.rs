//! What is known of one socket.

use std::rc::Rc;

use crate::core::dispatch::SocketRef;
use crate::core::handshake_request::{HandshakeRequest, LazyHandshake};
use crate::core::table::{Identified, SmallSet};
use crate::core::view::SocketFacts;
use crate::id::{Namespace, Room, SessionKey, SocketId};

/// What is known of a socket: one client in one namespace.
#[derive(Debug)]
pub struct SocketRecord {
    /// Its id.
    pub id: SocketId,
    /// Its namespace.
    pub namespace: Namespace,
    /// Which of the app's predicates knew the namespace.
    pub predicate: Option<u32>,
    /// Its client's session.
    pub session: SessionKey,
    /// The request that opened the session.
    pub handshake: LazyHandshake,
    /// What its client sent with CONNECT, as JSON.
    pub auth: Rc<str>,
    /// What handlers keep with it, as JSON.
    pub data: Option<Rc<str>>,
    /// The rooms it is in, without its own.
    pub rooms: SmallSet<Room>,
    /// The events whose `once` handlers were called.
    pub once: SmallSet<Box<str>>,
}

impl Identified for SocketRecord {
    fn id(&self) -> &[u8] {
        self.id.id()
    }
}

impl SocketRecord {
    /// Makes the record of a new socket.
    pub fn new(
        id: SocketId,
        namespace: Namespace,
        session: SessionKey,
        handshake: LazyHandshake,
        auth: Rc<str>,
    ) -> Self {
        let (rooms, once) = (SmallSet::new(), SmallSet::new());
        Self { id, namespace, predicate: None, session, handshake, auth, data: None, rooms, once }
    }

    /// Returns what its handlers are found with.
    pub fn to_ref(&self) -> SocketRef {
        SocketRef { id: self.id, namespace: self.namespace.clone(), predicate: self.predicate }
    }

    /// Adds a room; returns whether it was not in it. The room of its own id has it anyway.
    pub fn join(&mut self, room: &Room) -> bool {
        room.as_str() != self.id.as_str() && self.rooms.insert(room.clone(), ()).is_none()
    }

    /// Removes a room; returns whether it was in it.
    pub fn leave(&mut self, room: &Room) -> bool {
        self.rooms.remove(room).is_some()
    }
}

impl SocketFacts for SocketRecord {
    fn rooms(&self) -> Vec<Room> {
        let mut rooms = Vec::with_capacity(1 + self.rooms.len());
        rooms.push(Room::from(self.id));
        rooms.extend(self.rooms.keys().cloned());
        rooms
    }

    fn data(&self) -> Option<&Rc<str>> {
        self.data.as_ref()
    }

    fn auth(&self) -> &Rc<str> {
        &self.auth
    }

    fn handshake(&self) -> &Rc<HandshakeRequest> {
        self.handshake.get()
    }

    fn had_once(&self, event: &str) -> bool {
        self.once.contains_key(event)
    }
}
