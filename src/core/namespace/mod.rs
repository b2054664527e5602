//! Stage 5: who hears it. The namespaces of a world, the sockets in them, and their rooms.

mod rooms;
mod target;

use std::rc::Rc;

use super::dispatch::SocketRef;
use super::handshake_request::{HandshakeRequest, LazyHandshake};
use super::table::{ById, ByName, Identified, SmallSet};
use super::view::SocketFacts;
use crate::id::{AckId, Namespace, Room, SessionKey, SocketId};
use crate::limits::ACKS_PER_MILLI;
use crate::time::Timestamp;

use rooms::{Keys, Rooms};

/// The namespaces of a world. One exists as long as it has a socket.
#[derive(Debug, Default)]
pub struct Namespaces {
    sockets: ById<Socket>,
    by_name: ByName<Members>,
    marks: target::Marks,
    /// The least number that no answer can be owed to.
    next_ack: u64,
}

/// A socket's place in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SocketKey(usize);

/// The sockets of one namespace.
#[derive(Debug, Default)]
struct Members {
    /// The namespace's name, as soon as there is a socket.
    name: Option<Namespace>,
    all: Keys,
    rooms: Rooms,
}

/// One client in one namespace.
#[derive(Debug)]
pub struct Socket {
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
    /// The events whose handlers for the first time were called.
    pub once: SmallSet<Box<str>>,
}

impl Identified for Socket {
    fn id(&self) -> &[u8] {
        self.id.id()
    }
}

impl Socket {
    /// A socket about which nothing else is known.
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

    /// What its handlers are found with.
    pub fn to_ref(&self) -> SocketRef {
        SocketRef { id: self.id, namespace: self.namespace.clone(), predicate: self.predicate }
    }
}

impl SocketFacts for Socket {
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

impl Namespaces {
    /// Adds a socket; `false` when its id is taken.
    pub fn insert(&mut self, socket: Socket) -> bool {
        let namespace = socket.namespace.clone();
        let Some(place) = self.sockets.insert(socket) else { return false };
        let key = SocketKey(place);
        let socket = self.sockets.get(place);
        self.by_name.change(namespace.as_str(), |members| {
            members.all.insert(key);
            for room in socket.iter().flat_map(|socket| socket.rooms.keys()) {
                members.rooms.join(room, key);
            }
            members.name.get_or_insert_with(|| namespace.clone());
        });
        true
    }

    /// Takes a socket out of its namespace and all of its rooms.
    pub fn remove(&mut self, id: SocketId) -> Option<Socket> {
        let key = self.key(id)?;
        let socket = self.sockets.remove(key.0)?;
        if let Some(members) = self.by_name.get_mut(socket.namespace.as_str()) {
            members.all.remove(key);
            for room in socket.rooms.keys() {
                members.rooms.leave(room, key);
            }
            if members.all.is_empty() {
                self.by_name.remove(socket.namespace.as_str());
            }
        }
        Some(socket)
    }

    /// Puts a socket into a room; `false` when there is no such socket or it is in the room already. The room of its own
    /// id has it anyway.
    pub fn join(&mut self, id: SocketId, room: &Room) -> bool {
        let Some((key, socket)) = self.find(id) else { return false };
        if room.as_str() == id.as_str() || socket.rooms.insert(room.clone(), ()).is_some() {
            return false;
        }
        let namespace = socket.namespace.clone();
        if let Some(members) = self.by_name.get_mut(namespace.as_str()) {
            members.rooms.join(room, key);
        }
        true
    }

    /// Takes a socket out of a room; `false` when it is not in it.
    pub fn leave(&mut self, id: SocketId, room: &Room) -> bool {
        let Some((key, socket)) = self.find(id) else { return false };
        if socket.rooms.remove(room).is_none() {
            return false;
        }
        let namespace = socket.namespace.clone();
        if let Some(members) = self.by_name.get_mut(namespace.as_str()) {
            members.rooms.leave(room, key);
        }
        true
    }

    /// A socket.
    pub fn get(&self, id: SocketId) -> Option<&Socket> {
        self.sockets.get(self.key(id)?.0)
    }

    /// A socket, to change what is not in the tables.
    pub fn get_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.find(id).map(|(_, socket)| socket)
    }

    /// The namespaces that have a socket.
    pub fn names(&self) -> impl Iterator<Item = &Namespace> {
        self.by_name.values().filter_map(|members| members.name.as_ref())
    }

    /// Whether a namespace has a socket.
    pub fn exists(&self, namespace: &Namespace) -> bool {
        self.by_name.get(namespace.as_str()).is_some()
    }

    /// A number for the answers to an event at `now`: no client can owe an answer to it yet, whatever was asked before the
    /// world slept, or before the namespace was empty.
    pub fn next_ack(&mut self, now: Timestamp) -> AckId {
        let id = self.next_ack.max(now.as_millis().saturating_mul(ACKS_PER_MILLI));
        self.next_ack = id.saturating_add(1);
        AckId(id)
    }

    /// An answer is owed to this number.
    pub fn reserve_ack_id(&mut self, AckId(owed): AckId) {
        self.next_ack = self.next_ack.max(owed.saturating_add(1));
    }

    fn find(&mut self, id: SocketId) -> Option<(SocketKey, &mut Socket)> {
        let key = self.key(id)?;
        Some((key, self.sockets.get_mut(key.0)?))
    }

    fn key(&self, id: SocketId) -> Option<SocketKey> {
        self.sockets.find(id.id()).map(SocketKey)
    }
}
