//! CONNECTs that are not decided: the namespace's guards still run.

use std::rc::Rc;

use crate::core::namespace::SocketRecord;
use crate::core::table::{ById, Identified};
use crate::id::{Namespace, SessionKey, SocketId};

/// The sockets that may be let into their namespaces. Until then they are prepared: guards may keep data with them and have them
/// join rooms, and nobody else finds them.
#[derive(Debug, Default)]
pub(crate) struct PendingConnects {
    prepared: ById<SocketRecord>,
    restored: Vec<RestoredConnect>,
}

/// A CONNECT that was not decided when the world fell asleep. Its guards ran in memory, and are to be called again.
#[derive(Debug)]
pub(crate) struct RestoredConnect {
    /// The client's session.
    pub session: SessionKey,
    /// The namespace.
    pub namespace: Namespace,
    /// What the client sent with CONNECT, as JSON.
    pub auth: Rc<str>,
}

impl PendingConnects {
    /// Adds a prepared socket.
    pub(crate) fn insert(&mut self, socket: SocketRecord) {
        self.prepared.insert(socket);
    }

    /// Removes a prepared socket: it is let in or refused, or its session ended.
    pub(crate) fn remove(&mut self, id: SocketId) -> Option<SocketRecord> {
        self.prepared.remove(self.prepared.find(id.id())?)
    }

    /// Returns a prepared socket.
    pub(crate) fn get(&self, id: SocketId) -> Option<&SocketRecord> {
        self.prepared.get(self.prepared.find(id.id())?)
    }

    /// Returns a prepared socket, to change what is known of it.
    pub(crate) fn get_mut(&mut self, id: SocketId) -> Option<&mut SocketRecord> {
        self.prepared.get_mut(self.prepared.find(id.id())?)
    }

    /// Adds a CONNECT that was not decided when the world fell asleep.
    pub(crate) fn restore(&mut self, connect: RestoredConnect) {
        self.restored.push(connect);
    }

    /// Takes out the CONNECTs that were not decided when the world fell asleep.
    pub(crate) fn take_restored(&mut self) -> Vec<RestoredConnect> {
        core::mem::take(&mut self.restored)
    }
}
