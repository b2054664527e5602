//! Stage 5: who hears it. The namespaces of a world, the sockets in them, and their rooms.

mod rooms;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use slab::Slab;

use crate::effect::SocketRef;
use crate::id::{Namespace, Room, SessionKey, SocketId};

use rooms::Rooms;

/// The namespaces of a world. One exists as long as it has a socket.
#[derive(Debug, Default)]
pub struct Namespaces {
    sockets: Slab<Socket>,
    by_id: BTreeMap<SocketId, SocketKey>,
    by_name: BTreeMap<Namespace, Members>,
    marks: target::Marks,
}

/// A socket's place in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SocketKey(usize);

/// The sockets of one namespace.
#[derive(Debug, Default)]
struct Members {
    all: BTreeSet<SocketKey>,
    rooms: Rooms,
}

/// One client in one namespace.
#[derive(Debug)]
pub struct Socket {
    /// Its id.
    pub id: SocketId,
    /// Its namespace.
    pub namespace: Namespace,
    /// Its client's session.
    pub session: SessionKey,
    /// What its client sent with CONNECT, as JSON.
    pub auth: Rc<str>,
    /// The rooms it is in, without its own.
    pub rooms: BTreeSet<Room>,
}

impl Socket {
    /// What its handlers need to know about it.
    pub fn to_ref(&self) -> SocketRef {
        SocketRef { id: self.id, namespace: self.namespace.clone(), auth: Rc::clone(&self.auth) }
    }
}

impl Namespaces {
    /// Adds a socket; `false` when its id is taken.
    pub fn insert(&mut self, socket: Socket) -> bool {
        if self.by_id.contains_key(&socket.id) {
            return false;
        }
        let (id, namespace, rooms) = (socket.id, socket.namespace.clone(), socket.rooms.clone());
        let key = SocketKey(self.sockets.insert(socket));
        self.by_id.insert(id, key);
        let members = self.by_name.entry(namespace).or_default();
        members.all.insert(key);
        for room in rooms {
            members.rooms.join(room, key);
        }
        true
    }

    /// Takes a socket out of its namespace and all of its rooms.
    pub fn remove(&mut self, id: SocketId) -> Option<Socket> {
        let key = self.by_id.remove(&id)?;
        let socket = self.sockets.try_remove(key.0)?;
        if let Some(members) = self.by_name.get_mut(&socket.namespace) {
            members.all.remove(&key);
            for room in &socket.rooms {
                members.rooms.leave(room, key);
            }
            if members.all.is_empty() {
                self.by_name.remove(&socket.namespace);
            }
        }
        Some(socket)
    }

    /// Puts a socket into a room; `false` when there is no such socket or it is in the room already. The room of its own
    /// id has it anyway.
    pub fn join(&mut self, id: SocketId, room: Room) -> bool {
        let Some((key, socket)) = self.find(id) else { return false };
        if room.as_str() == id.as_str() || !socket.rooms.insert(room.clone()) {
            return false;
        }
        let namespace = socket.namespace.clone();
        self.by_name.entry(namespace).or_default().rooms.join(room, key);
        true
    }

    /// Takes a socket out of a room; `false` when it is not in it.
    pub fn leave(&mut self, id: SocketId, room: &Room) -> bool {
        let Some((key, socket)) = self.find(id) else { return false };
        if !socket.rooms.remove(room) {
            return false;
        }
        let namespace = socket.namespace.clone();
        if let Some(members) = self.by_name.get_mut(&namespace) {
            members.rooms.leave(room, key);
        }
        true
    }

    /// A socket.
    pub fn get(&self, id: SocketId) -> Option<&Socket> {
        self.sockets.get(self.by_id.get(&id)?.0)
    }

    fn find(&mut self, id: SocketId) -> Option<(SocketKey, &mut Socket)> {
        let key = *self.by_id.get(&id)?;
        Some((key, self.sockets.get_mut(key.0)?))
    }
}
