//! Queries of the shell and of handlers, and a few settings.

use std::rc::Rc;

use super::Server;
use crate::core::account::Payer;
use crate::core::dispatch::SocketRef;
use crate::core::engineio::{SessionCounts, Wakeup};
#[cfg(doc)]
use crate::core::input::Input;
use crate::core::input::Recipients;
use crate::core::link::{Link, Readings};
use crate::core::meter::Gauges;
use crate::core::named_alarms::NamedAlarm;
use crate::core::namespace::SocketRecord;
use crate::core::table::SmallSet;
use crate::core::view::SocketView;
use crate::id::{ConnId, Namespace, RequestId, Room, SessionKey, Sid, SocketId};
use crate::limits::MAX_ROOMS;
use crate::time::{Timestamp, earlier};

impl Server {
    /// Returns whether a socket is in its namespace. An event that waited is not dispatched if its socket has left meanwhile.
    pub fn is_connected(&self, socket: SocketId) -> bool {
        self.namespaces.get(socket).is_some()
    }

    /// Returns whether a session with this id exists, on any transport, draining ones included.
    pub fn has_session(&self, sid: Sid) -> bool {
        self.engine.has_session(sid)
    }

    /// Returns whether a WebSocket may take over a session: it polls or drains, and no other WebSocket probes it.
    pub fn can_upgrade(&self, sid: Sid) -> bool {
        self.engine.can_upgrade(sid)
    }

    /// Returns whether packets of a WebSocket wait, so that it is not over for its session although it is closed.
    pub fn has_waiting(&self, conn: ConnId) -> bool {
        self.engine.session_of(conn).is_some_and(|(session, _)| self.inbox.has(session))
    }

    /// Returns the session whose packet waits to be handled next.
    pub fn next_in_inbox(&self) -> Option<SessionKey> {
        self.inbox.first()
    }

    /// Returns the WebSocket of a session, if it has one.
    pub fn conn_of_session(&self, session: SessionKey) -> Option<ConnId> {
        self.engine.conn_of(session)
    }

    /// Returns the WebSocket of a client that pays, if it has one.
    pub fn conn_of_payer(&self, payer: Payer) -> Option<ConnId> {
        self.engine.conn_of(self.session_of_payer(payer)?)
    }

    /// Returns when the body of a POST must have arrived; `None` for a request that waits for no body.
    pub fn body_due(&self, request: RequestId) -> Option<Timestamp> {
        self.engine.body_due(request)
    }

    /// Returns how many sessions there are, draining ones included.
    pub fn session_count(&self) -> usize {
        self.engine.session_count()
    }

    /// Returns the sessions by transport and state.
    pub fn session_counts(&self) -> SessionCounts {
        self.engine.counts()
    }

    /// Returns what the world has now.
    pub fn gauges(&self) -> Gauges {
        let (sockets, rooms) = self.namespaces.counts();
        Gauges { connections: self.engine.session_count(), sockets, rooms }
    }

    /// Returns each namespace that has a socket, with the numbers of its sockets and rooms.
    pub fn namespace_counts(&self) -> impl Iterator<Item = (&Namespace, usize, usize)> {
        self.namespaces.counts_by_name()
    }

    /// Returns how many clients are connected: the sessions without draining ones.
    pub fn clients_count(&self) -> usize {
        self.engine.sessions().count()
    }

    /// Returns when [`Input::Timeout`] is due for what lives in memory: sessions that poll or drain, POSTs whose bodies have not
    /// arrived, packets whose attachments have not, and handlers that await acknowledgements. Nothing else in the core needs a
    /// timer in memory.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        let of_clients = earlier(self.engine.next_timeout(), self.clients.next_timeout());
        earlier(of_clients, self.pending_acks.first_deadline())
    }

    /// Returns when the alarm must wake the world.
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

    /// Returns whether a stored acknowledgement or a named alarm is due.
    pub fn is_alarm_due(&self, now: Timestamp) -> bool {
        self.next_stored().is_some_and(|at| at <= now)
    }

    /// Sets the time of the alarm that was set before hibernation; `None` if there is none.
    pub fn set_found_wakeup(&mut self, now: Timestamp, alarm: Option<Timestamp>) {
        self.engine.set_found_wakeup(now, alarm);
    }

    /// Returns when the first stored acknowledgement or named alarm is due.
    fn next_stored(&self) -> Option<Timestamp> {
        earlier(self.stored_acks.first_deadline(), self.alarms.first_at())
    }

    /// Sets whether handlers are called for outgoing events; initially they are not.
    pub const fn watch_outgoing(&mut self, watch: bool) {
        self.watches_outgoing = watch;
    }

    /// Sets whether handlers are called for packets received from clients, and for packets created for clients; initially they
    /// are called for neither.
    pub const fn watch_packets(&mut self, received: bool, created: bool) {
        self.engine.watch_packets(received, created);
    }

    /// Returns how many named alarms there are.
    pub fn alarm_count(&self) -> usize {
        self.alarms.count()
    }

    /// Returns how many named alarms there would be with this one.
    pub fn alarms_with(&self, name: &str) -> usize {
        self.alarms.count_with(name)
    }

    /// Returns a named alarm as it is stored, also while its handler runs.
    pub fn stored_alarm(&self, name: &str) -> Option<NamedAlarm> {
        self.alarms.stored(name)
    }

    /// Returns when a named alarm is due, and the context of its handler, as JSON.
    pub fn alarm(&self, name: &str) -> Option<(Timestamp, Rc<str>)> {
        self.alarms.get(name)
    }

    /// Returns a socket that is in its namespace or prepared.
    pub fn socket(&self, id: SocketId) -> Option<&SocketRecord> {
        self.namespaces.get(id).or_else(|| self.pending_connects.get(id))
    }

    /// Returns a socket that is in its namespace or prepared, and its connection, as handlers see them.
    pub fn socket_view(&self, id: SocketId) -> Option<SocketView<'_>> {
        let connected = self.namespaces.get(id);
        let socket = connected.or_else(|| self.pending_connects.get(id))?;
        let conn = self.engine.conn_view(socket.session);
        Some(SocketView { facts: socket, is_connected: connected.is_some(), conn })
    }

    /// Returns what is known of the connection of a socket that is in its namespace. `readings` are those of this moment.
    pub fn link(&self, id: SocketId, readings: &Readings) -> Option<Link> {
        self.engine.link(self.namespaces.get(id)?.session, readings)
    }

    /// Returns all sockets of a socket's client that are in their namespaces.
    pub fn sockets_of(&self, id: SocketId) -> Vec<SocketId> {
        let client = self.socket(id).and_then(|socket| self.clients.get(socket.session));
        client.map_or_else(Vec::new, |client| client.sockets.values().copied().collect())
    }

    /// Returns the recipients that are in their namespace.
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

    /// Returns whether a socket may join these rooms, or does not exist.
    pub(crate) fn has_room_for(&self, id: SocketId, rooms: &[Room]) -> bool {
        let Some(socket) = self.socket(id) else { return true };
        if socket.rooms.len().saturating_add(rooms.len()) <= MAX_ROOMS {
            return true;
        }
        let is_new = |room: &&Room| room.as_str() != id.as_str() && !socket.rooms.contains_key(*room);
        // Inserted one by one: sorting would add a sort to the wasm.
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
