//! Queries about sessions, and the sessions whose snapshots changed.

use super::engine::{Engine, Role};
use super::heartbeat::HeartbeatState;
use super::session::{Session, Transport};
use crate::core::account::Arrears;
use crate::core::handshake_request::Protocol;
use crate::core::view::ConnView;
use crate::id::{ConnId, SessionKey, Sid};
use crate::time::Timestamp;

/// How a packet reaches a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On this WebSocket.
    WebSocket(ConnId),
    /// By the response to the GET that hangs.
    HangingGet,
    /// By the response to its next GET.
    Polling,
}

impl Engine {
    /// Returns the session whose transport is this WebSocket; `None` if it only probes.
    pub fn session_of(&self, conn: ConnId) -> Option<(SessionKey, &Session)> {
        match self.by_conn.get(conn)? {
            Role::Transport(key) => Some((*key, self.sessions.get(key.0)?)),
            Role::Probe(_) => None,
        }
    }

    /// Returns the protocol of an open session; `None` for one that drains, as it is closed already.
    pub fn protocol_of(&self, key: SessionKey) -> Option<Protocol> {
        let session = self.sessions.get(key.0)?;
        (!matches!(session.transport, Transport::Draining(..))).then_some(session.protocol)
    }

    /// Returns the open session with this id, if it is one of plain Engine.IO.
    pub fn plain_session(&self, sid: Sid) -> Option<SessionKey> {
        let key = self.find(sid)?;
        (self.protocol_of(key) == Some(Protocol::EngineIo)).then_some(key)
    }

    /// Returns the WebSocket that is a session's transport.
    pub fn conn_of(&self, key: SessionKey) -> Option<ConnId> {
        match self.sessions.get(key.0)?.transport {
            Transport::WebSocket { conn } => Some(conn),
            _ => None,
        }
    }

    /// Returns how a packet reaches the client of a session; `None` if the session is closed.
    pub fn reach(&self, key: SessionKey) -> Option<Reach> {
        match &self.sessions.get(key.0)?.transport {
            Transport::WebSocket { conn } => Some(Reach::WebSocket(*conn)),
            Transport::Polling(polling) if polling.is_polled() => Some(Reach::HangingGet),
            Transport::Polling(_) => Some(Reach::Polling),
            Transport::Draining(_) => None,
        }
    }

    /// Returns the time of the input or command that is being handled.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Marks a session's snapshot as changed.
    pub fn touch(&mut self, key: SessionKey) {
        self.touched.insert(key);
    }

    /// Returns how many WebSockets there are, those that probe included.
    pub const fn conn_count(&self) -> usize {
        self.by_conn.count()
    }

    /// Returns the number of no WebSocket.
    pub fn unused_conn(&self) -> ConnId {
        let mut conn = ConnId(0);
        while self.by_conn.get(conn).is_some() {
            conn.0 += 1;
        }
        conn
    }

    /// Returns the WebSockets whose sessions' snapshots may have changed since the last call.
    pub fn take_touched(&mut self) -> Vec<ConnId> {
        if self.touched.is_empty() {
            return Vec::new();
        }
        let touched = self.touched.take().map(SessionKey).collect::<Vec<_>>();
        touched.into_iter().filter_map(|key| self.conn_of(key)).collect()
    }

    /// Returns the part of a session's snapshot that the heartbeat needs; at `due`, the layer above needs the world awake for it.
    pub fn header(&self, key: SessionKey, due: Option<Timestamp>) -> Option<HeartbeatState> {
        let session = self.sessions.get(key.0)?;
        let Session { since, expires, heartbeat, account, .. } = session;
        let Arrears { sent, rows } = account.arrears(self.now, &self.allowance);
        Some(HeartbeatState { since: *since, expires: *expires, due, heartbeat: *heartbeat, sent, rows })
    }

    /// Returns the present state of a session's connection.
    pub fn conn_view(&self, key: SessionKey) -> Option<ConnView> {
        let session = self.sessions.get(key.0)?;
        let is_websocket = matches!(session.transport, Transport::WebSocket { .. });
        Some(ConnView { sid: session.sid, is_websocket, upgraded: session.upgraded, account: self.account_of(key) })
    }

    /// Returns the sessions that are open, without those that drain.
    pub fn sessions(&self) -> impl Iterator<Item = SessionKey> {
        let is_open = |session: &Session| !matches!(session.transport, Transport::Draining(..));
        self.sessions.iter().filter(move |(_, session)| is_open(session)).map(|(key, _)| SessionKey(key))
    }

    /// Returns the open sessions that have joined.
    pub fn joined(&self) -> impl Iterator<Item = (SessionKey, &Session)> {
        let is_member =
            |session: &Session| session.has_joined() && !matches!(session.transport, Transport::Draining(..));
        self.sessions
            .iter()
            .filter(move |(_, session)| is_member(session))
            .map(|(key, session)| (SessionKey(key), session))
    }

    /// Returns whether a session with this id exists, draining ones included.
    pub fn has_session(&self, sid: Sid) -> bool {
        self.find(sid).is_some()
    }

    /// Returns the session with this id.
    pub fn find(&self, sid: Sid) -> Option<SessionKey> {
        self.sessions.find(sid.as_bytes()).map(SessionKey)
    }

    /// Returns how many sessions there are, draining ones included.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }
}
