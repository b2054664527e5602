//! CONNECTs that the guards of their namespaces have not decided.

use std::rc::Rc;

use crate::core::namespace::SocketRecord;
use crate::core::table::{ById, Identified};
use crate::id::{Namespace, SessionKey, SocketId};

/// The prepared sockets: those of CONNECTs that are not decided. Guards may set their data and add them to rooms, but no
/// broadcast reaches them.
#[derive(Debug, Default)]
pub(crate) struct PendingConnects {
    prepared: ById<SocketRecord>,
    restored: Vec<RestoredConnect>,
}

/// A CONNECT that was not decided before hibernation. Its guards ran in memory, and must be called again.
#[derive(Debug)]
pub(crate) struct RestoredConnect {
    /// The client's session.
    pub session: SessionKey,
    /// The namespace.
    pub namespace: Namespace,
    /// The auth object that the client sent with CONNECT, as JSON.
    pub auth: Rc<str>,
}

impl PendingConnects {
    /// Adds a prepared socket.
    pub(crate) fn insert(&mut self, socket: SocketRecord) {
        self.prepared.insert(socket);
    }

    /// Removes a prepared socket, because it is accepted or refused, or its session ended.
    pub(crate) fn remove(&mut self, id: SocketId) -> Option<SocketRecord> {
        self.prepared.remove(self.prepared.find(id.id())?)
    }

    /// Returns a prepared socket.
    pub(crate) fn get(&self, id: SocketId) -> Option<&SocketRecord> {
        self.prepared.get(self.prepared.find(id.id())?)
    }

    /// Returns a mutable reference to a prepared socket.
    pub(crate) fn get_mut(&mut self, id: SocketId) -> Option<&mut SocketRecord> {
        self.prepared.get_mut(self.prepared.find(id.id())?)
    }

    /// Adds a CONNECT that was not decided before hibernation.
    pub(crate) fn restore(&mut self, connect: RestoredConnect) {
        self.restored.push(connect);
    }

    /// Returns a session's CONNECTs that were not decided before hibernation and are not handled again yet.
    pub(crate) fn restored_of(&self, session: SessionKey) -> impl Iterator<Item = &RestoredConnect> {
        self.restored.iter().filter(move |connect| connect.session == session)
    }

    /// Returns the sessions of all CONNECTs that were not decided before hibernation and are not handled again yet.
    pub(crate) fn restored_sessions(&self) -> impl Iterator<Item = SessionKey> {
        self.restored.iter().map(|connect| connect.session)
    }

    /// Removes and returns the first such CONNECT of a session.
    pub(crate) fn take_restored_of(&mut self, session: SessionKey) -> Option<RestoredConnect> {
        let place = self.restored.iter().position(|connect| connect.session == session)?;
        Some(self.restored.remove(place))
    }
}
