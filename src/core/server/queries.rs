//! What the shell and the handlers may know without anything happening.

use std::rc::Rc;

use super::Server;
use crate::core::dispatch::SocketRef;
use crate::core::engineio::Wakeup;
use crate::core::input::Recipients;
#[cfg(doc)]
use crate::core::input::{Command, Input};
use crate::core::namespace::SocketRecord;
use crate::core::table::SmallSet;
use crate::core::view::SocketView;
use crate::id::{Namespace, Room, Sid, SocketId};
use crate::limits::MAX_ROOMS;
use crate::time::Timestamp;

impl Server {
    /// Returns whether a socket is connected. An event that waited while its socket went away is not to be dispatched.
    pub fn is_connected(&self, socket: SocketId) -> bool {
        self.namespaces.get(socket).is_some()
    }

    /// Returns whether a session of this id exists, on whatever transport.
    pub fn has_session(&self, sid: Sid) -> bool {
        self.engine.has_session(sid)
    }

    /// Returns whether a WebSocket may take a session over: it polls, and no other wants to.
    pub fn can_upgrade(&self, sid: Sid) -> bool {
        self.engine.can_upgrade(sid)
    }

    /// Returns how many sessions there are.
    pub fn session_count(&self) -> usize {
        self.engine.session_count()
    }

    /// Returns how many clients are connected.
    pub fn clients_count(&self) -> usize {
        self.engine.sessions().count()
    }

    /// Returns when [`Input::Timeout`] is due for sessions that poll, and for handlers that await acknowledgements. Only these may keep a
    /// timer in memory.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.engine.next_timeout().into_iter().chain(self.pending_acks.first_deadline()).min()
    }

    /// Returns when the world must be woken by its alarm.
    pub fn next_wakeup(&self) -> Wakeup {
        self.engine.next_wakeup(self.next_stored())
    }

    /// Returns whether one tick pings all WebSockets.
    pub fn shares_heartbeat(&self) -> bool {
        self.config.shares_heartbeat()
    }

    /// Returns whether [`Input::Tick`] is due.
    pub fn is_tick_due(&self, now: Timestamp) -> bool {
        self.engine.is_tick_due(now, self.next_stored())
    }

    /// Sets the time of the alarm that was set before the world slept; `None` when there is none.
    pub fn set_found_wakeup(&mut self, now: Timestamp, alarm: Option<Timestamp>) {
        self.engine.set_found_wakeup(now, alarm);
    }

    /// Returns when the first stored acknowledgement or named alarm is due.
    fn next_stored(&self) -> Option<Timestamp> {
        self.stored_acks.first_deadline().into_iter().chain(self.alarms.first_at()).min()
    }

    /// Sets whether handlers are called for what is emitted; none are before.
    pub const fn watch_outgoing(&mut self, watch: bool) {
        self.watches_outgoing = watch;
    }

    /// Sets whether handlers are called for the packets of clients, and for those on their way to them; none are before.
    pub const fn watch_packets(&mut self, received: bool, created: bool) {
        self.engine.watch_packets(received, created);
    }

    /// Returns how many named alarms there would be with this one, and how many bytes they have at most as they are written.
    pub fn alarms_with(&self, name: &str, context: &str) -> (usize, usize) {
        self.alarms.size_with(name, context)
    }

    /// Returns when a named alarm is due, and what its handler gets, as JSON.
    pub fn alarm(&self, name: &str) -> Option<(Timestamp, Rc<str>)> {
        self.alarms.get(name)
    }

    /// Returns a socket that is in its namespace, or on its way into it.
    pub fn socket(&self, id: SocketId) -> Option<&SocketRecord> {
        self.namespaces.get(id).or_else(|| self.pending_connects.get(id))
    }

    /// Returns what handlers may know of a socket that is in its namespace, or on its way into it.
    pub fn socket_view(&self, id: SocketId) -> Option<SocketView<'_>> {
        let connected = self.namespaces.get(id);
        let socket = connected.or_else(|| self.pending_connects.get(id))?;
        let conn = self.engine.conn_view(socket.session);
        Some(SocketView { facts: socket, is_connected: connected.is_some(), conn })
    }

    /// Returns the sockets that a handler means.
    pub fn resolve(&mut self, to: &Recipients) -> Vec<SocketRef> {
        match to {
            Recipients::One(id) => self.namespaces.get(*id).map(SocketRecord::to_ref).into_iter().collect(),
            Recipients::Matching(target) => {
                let mut found = Vec::new();
                self.namespaces.resolve(target, SocketRecord::to_ref, &mut found);
                found
            }
        }
    }

    /// Returns the sockets among those meant that [`Command::Join`] passes over: they would be in too many rooms.
    pub fn without_room_for(&mut self, to: &Recipients, rooms: &[Room]) -> Vec<SocketId> {
        let mut sockets = self.ids(to);
        sockets.retain(|&id| !self.has_room_for(id, rooms));
        sockets
    }

    /// Returns whether a socket may join these rooms: it does not have to be there.
    pub(crate) fn has_room_for(&self, id: SocketId, rooms: &[Room]) -> bool {
        let Some(socket) = self.socket(id) else { return true };
        if socket.rooms.len().saturating_add(rooms.len()) <= MAX_ROOMS {
            return true;
        }
        let is_new = |room: &&Room| room.as_str() != id.as_str() && !socket.rooms.contains_key(*room);
        // One by one: sorting them brings a sort into the wasm.
        let mut new = SmallSet::new();
        for room in rooms.iter().filter(is_new) {
            new.insert(room.clone(), ());
        }
        socket.rooms.len().saturating_add(new.len()) <= MAX_ROOMS
    }

    /// Returns the namespaces that have a socket.
    pub fn namespaces(&self) -> Vec<Namespace> {
        self.namespaces.names().cloned().collect()
    }
}
