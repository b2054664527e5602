//! The record of one socket.

use std::rc::Rc;

use crate::core::dispatch::SocketRef;
use crate::core::handshake_request::{HandshakeRequest, LazyHandshake};
use crate::core::table::{Identified, SmallSet};
use crate::core::view::SocketFacts;
use crate::id::{Namespace, Room, SessionKey, SocketId};

/// The record of a socket: one client in one namespace.
#[derive(Debug)]
pub struct SocketRecord {
    /// Its id.
    pub id: SocketId,
    /// Its namespace.
    pub namespace: Namespace,
    /// The index of the app's predicate that matched the namespace; `None` if its name or a template did.
    pub predicate: Option<u32>,
    /// Its client's session.
    pub session: SessionKey,
    /// The request that opened the session.
    pub handshake: LazyHandshake,
    /// The auth object that its client sent with CONNECT, as JSON.
    pub auth: Rc<str>,
    /// The data that handlers set, as JSON.
    pub data: Option<Rc<str>>,
    /// The key of the session that it has, of the app's sessions of users.
    pub user_session: Option<Rc<str>>,
    /// Its rooms, without the room of its own id.
    pub rooms: SmallSet<Room>,
    /// The events whose `once` handlers were called.
    pub once: SmallSet<Box<str>>,
    /// Whether its `on_connect` handlers were called. If not, none are called when it leaves.
    pub is_announced: bool,
}

impl Identified for SocketRecord {
    fn id(&self) -> &[u8] {
        self.id.id()
    }
}

impl SocketRecord {
    /// Creates the record of a new socket.
    pub fn new(
        id: SocketId,
        namespace: Namespace,
        session: SessionKey,
        handshake: LazyHandshake,
        auth: Rc<str>,
    ) -> Self {
        let (rooms, once) = (SmallSet::new(), SmallSet::new());
        let (predicate, data, user_session) = (None, None, None);
        Self {
            id,
            namespace,
            predicate,
            session,
            handshake,
            auth,
            data,
            user_session,
            rooms,
            once,
            is_announced: false,
        }
    }

    /// Returns the reference with which its handlers are found.
    pub fn to_ref(&self) -> SocketRef {
        SocketRef { id: self.id, namespace: self.namespace.clone(), predicate: self.predicate }
    }

    /// Adds the socket to a room; returns whether it is new there. It is always in the room of its own id.
    pub fn join(&mut self, room: &Room) -> bool {
        room.as_str() != self.id.as_str() && self.rooms.insert(room.clone(), ()).is_none()
    }

    /// Removes the socket from a room; returns whether it was in it.
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

    fn user_session(&self) -> Option<&Rc<str>> {
        self.user_session.as_ref()
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
