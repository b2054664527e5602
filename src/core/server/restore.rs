//! Writing and restoring the snapshots that survive hibernation.

use std::rc::Rc;

use super::Server;
use super::pending_connects::RestoredConnect;
use super::socketio_clients::SocketIoClient;
use super::stored_bytes::{bytes_of_session, bytes_of_socket};
use super::unfinished::Unfinished;
use crate::core::acks::StoredAck;
use crate::core::engineio::Session;
use crate::core::handshake_request::Protocol;
use crate::core::named_alarms::NamedAlarm;
use crate::core::namespace::SocketRecord;
use crate::core::snapshot::{
    Changes, ClientSnapshot, Parts, SessionSnapshot, SessionState, SocketSnapshot, StateChanges, StoredAckSnapshot,
};
use crate::core::socketio::Decoder;
use crate::error::Fault;
use crate::id::{AckId, ConnId, SessionKey};
use crate::time::Timestamp;

/// What changed of a session's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// Not its namespaces.
    Rest,
    /// The namespaces that it joined or is joining, and maybe more.
    Namespaces,
}

impl Server {
    /// Marks a session's snapshot as changed.
    pub(super) fn touch_session(&mut self, session: SessionKey, changed: Changed) {
        if let Some(client) = self.clients.get_mut(session) {
            client.changes.all = client.changes.all.wrapping_add(1);
            if changed == Changed::Namespaces {
                client.changes.texts = client.changes.texts.wrapping_add(1);
            }
        }
        self.engine.touch(session);
    }

    /// Returns what may have changed since the last call, and must be stored.
    pub fn take_changes(&mut self) -> Changes {
        Changes { conns: self.engine.take_touched(), alarms: self.alarms.take_changed() }
    }

    /// Returns whether a named alarm was set, deleted or postponed since the last call.
    pub fn take_moved_alarms(&mut self) -> bool {
        self.alarms.take_moved()
    }

    /// Marks the snapshot of a session as changed that has a packet which is not unfinished any more.
    pub(super) fn handle_stored_packet_ended(&mut self, session: SessionKey) {
        self.forget_packet(session);
        if let Some(client) = self.clients.get_mut(session) {
            client.changes.packets = client.changes.packets.wrapping_add(1);
        }
        self.touch_session(session, Changed::Rest);
    }

    /// Restores the named alarms after hibernation.
    pub fn restore_alarms(&mut self, alarms: Vec<NamedAlarm>) {
        self.alarms.restore(alarms);
    }

    /// Returns the state of a WebSocket's session that survives hibernation; `None` for a WebSocket that only probes: its session
    /// polls, and would be lost anyway.
    pub fn snapshot_session(&self, conn: ConnId) -> Option<SessionSnapshot> {
        let (key, session) = self.engine.session_of(conn)?;
        self.snapshot_of(key, session)
    }

    /// Returns the state of a session that survives hibernation, on whatever transport it is.
    pub(super) fn snapshot_of(&self, key: SessionKey, session: &Session) -> Option<SessionSnapshot> {
        let mut parts = Parts::new();
        let (mut due, mut changes, mut attempts) = (None, StateChanges::default(), 0);
        let client = match session.protocol {
            Protocol::EngineIo => ClientSnapshot::EngineIo(self.clients.get(key)?.handshake.clone()),
            Protocol::SocketIo => {
                let client = self.clients.get(key)?;
                let sockets = || client.sockets.values().filter_map(|&id| self.namespaces.get(id));
                let owed = sockets().flat_map(|socket| self.stored_acks.of(socket.id));
                due = owed.map(|(_, stored)| stored.deadline).min();
                let prepared = || client.prepared.iter().filter_map(|&id| self.pending_connects.get(id));
                let restored = self.pending_connects.restored_of(key);
                let joining: Vec<_> = prepared()
                    .map(|socket| (&socket.namespace, &socket.auth))
                    .chain(restored.map(|connect| (&connect.namespace, &connect.auth)))
                    .map(|(namespace, auth)| (namespace.clone(), Rc::clone(auth)))
                    .collect();
                // A CONNECT that is not decided is due at once: its guards must not wait until some client sends something.
                due = if joining.is_empty() { due } else { Some(session.since) };
                changes = client.changes;
                let (handshake, mut partial) = (client.handshake.clone(), None);
                if client.unfinished.is_stored() {
                    (parts, partial) = (client.decoder.parts(), client.decoder.snapshot());
                }
                let sockets = sockets().map(|socket| snapshot_of(socket, self.stored_acks.of(socket.id))).collect();
                attempts = client.attempts;
                ClientSnapshot::SocketIo { handshake, sockets, joining, partial }
            }
        };
        let body = SessionState { sid: session.sid, upgraded: session.upgraded, attempts, client };
        Some(SessionSnapshot { header: self.engine.header(key, due)?, body, parts, changes })
    }

    /// Restores a session and its WebSocket after hibernation. Nothing is sent and no handler is called: for the client, nothing
    /// happened.
    ///
    /// # Errors
    /// [`Fault::Bug`] if the snapshot contradicts itself or another one; the WebSocket must be closed.
    pub fn restore_session(&mut self, now: Timestamp, conn: ConnId, snapshot: SessionSnapshot) -> Result<(), Fault> {
        let SessionSnapshot { header, body, parts, changes } = snapshot;
        let damaged = |what: &str| Fault::Bug(format!("a snapshot {what}"));
        let (protocol, handshake, sockets, joining, partial) = match body.client {
            ClientSnapshot::SocketIo { handshake, sockets, joining, partial } => {
                (Protocol::SocketIo, handshake, sockets, joining, partial)
            }
            ClientSnapshot::EngineIo(handshake) => (Protocol::EngineIo, handshake, Vec::new(), Vec::new(), None),
        };
        let decoder = Decoder::restore(partial, &parts).ok_or_else(|| damaged("has a damaged packet"))?;
        let session = self
            .engine
            .restore(now, conn, (body.sid, body.upgraded), protocol, header)
            .ok_or_else(|| damaged("has the session id of another one"))?;
        let unfinished = if decoder.is_reconstructing() { Unfinished::Stored } else { Unfinished::Nothing };
        let (stored_bytes, stored_packet) = (bytes_of_session(handshake.stored_bytes()), decoder.waiting_bytes());
        self.stored_bytes.add(stored_bytes.saturating_add(stored_packet));
        let mut client = SocketIoClient {
            handshake,
            stored_bytes,
            stored_packet,
            decoder,
            unfinished,
            changes,
            attempts: body.attempts,
            ..SocketIoClient::default()
        };
        for SocketSnapshot { id, namespace, predicate, auth, data, user_session, rooms, once, stored_acks } in sockets {
            let mut socket = SocketRecord::new(id, namespace.clone(), session, client.handshake.clone(), auth);
            (socket.predicate, socket.data, socket.is_announced) = (predicate, data, true);
            socket.user_session = user_session;
            // Inserted one by one, in their order: collecting would add a sort to the wasm.
            for room in rooms {
                socket.rooms.insert(room, ());
            }
            for event in once {
                socket.once.insert(event, ());
            }
            for StoredAckSnapshot { ack, name, context, deadline } in stored_acks {
                self.namespaces.reserve_ack_id(ack);
                // Cannot fail: no more were written than may be stored.
                let _ = self.stored_acks.insert(id, ack, StoredAck { name, context, deadline });
            }
            client.sockets.insert(namespace.clone(), id);
            let bytes = bytes_of_socket(&socket);
            if self.namespaces.insert(socket) {
                self.stored_bytes.add(bytes);
            }
        }
        if header.expires.is_some() {
            self.engine.add_unjoined(session, client.handshake.network());
        }
        self.clients.insert(session, client);
        for (namespace, auth) in joining {
            self.pending_connects.restore(RestoredConnect { session, namespace, auth });
        }
        Ok(())
    }
}

fn snapshot_of<'a>(socket: &SocketRecord, owed: impl Iterator<Item = (AckId, &'a StoredAck)>) -> SocketSnapshot {
    let stored = |(ack, stored): (AckId, &StoredAck)| {
        let StoredAck { name, context, deadline } = stored.clone();
        StoredAckSnapshot { ack, name, context, deadline }
    };
    SocketSnapshot {
        id: socket.id,
        namespace: socket.namespace.clone(),
        predicate: socket.predicate,
        auth: Rc::clone(&socket.auth),
        data: socket.data.clone(),
        user_session: socket.user_session.clone(),
        rooms: socket.rooms.keys().cloned().collect(),
        once: socket.once.keys().cloned().collect(),
        stored_acks: owed.map(stored).collect(),
    }
}
