//! The members of a world: the sessions that have joined. What their handlers need when they are lost with the object's process
//! is kept outside of it; see `object/roster.rs`.

use super::Server;
use crate::core::effect::Effects;
use crate::core::engineio::{HeartbeatState, Session};
use crate::core::handshake_request::LazyHandshake;
use crate::core::snapshot::{ClientSnapshot, Parts, SessionSnapshot, SessionState, StateChanges};
use crate::error::Reason;
use crate::id::SessionKey;
use crate::time::Timestamp;

impl Server {
    /// Returns whether the members, or the acknowledgements that they owe, may have changed since the last call.
    pub const fn take_members_changed(&mut self) -> bool {
        core::mem::replace(&mut self.members_changed, false)
    }

    /// Returns whether a session has joined.
    pub fn has_members(&self) -> bool {
        self.engine.joined().next().is_some()
    }

    /// Returns how many sessions have joined.
    pub fn member_count(&self) -> usize {
        self.engine.joined().count()
    }

    /// Returns whether there are WebSockets, whether or not their sessions have joined.
    pub const fn has_websockets(&self) -> bool {
        self.engine.conn_count() > 0
    }

    /// Calls `keep` with each member.
    pub fn each_member(&self, mut keep: impl FnMut(SessionKey, &Session)) {
        self.engine.joined().for_each(|(key, session)| keep(key, session));
    }

    /// Returns what the handlers need that are called when a member is lost. A socket's data, auth and rooms are left out if they
    /// are longer than `max_bytes`, and so are the handshake and everything that only a session that goes on needs.
    pub fn snapshot_member(&self, key: SessionKey, session: &Session, max_bytes: usize) -> Option<SessionState> {
        let mut body = self.snapshot_of(key, session)?.body;
        *body.client.handshake_mut() = LazyHandshake::default();
        if let ClientSnapshot::SocketIo { sockets, joining, partial, .. } = &mut body.client {
            *joining = Vec::new();
            *partial = None;
            for socket in sockets {
                socket.once = Vec::new();
                if socket.auth.len() > max_bytes {
                    socket.auth = "{}".into();
                }
                socket.data.take_if(|data| data.len() > max_bytes);
                if socket.rooms.iter().map(|room| room.as_str().len()).sum::<usize>() > max_bytes {
                    socket.rooms = Vec::new();
                }
            }
        }
        Some(body)
    }

    /// Ends a session that was lost with the object's process: requests the handlers that are called when a connection is lost.
    /// Does nothing if the state contradicts that of another session.
    pub fn end_lost(&mut self, now: Timestamp, body: SessionState, fx: &mut Effects) {
        let header = HeartbeatState::new(now);
        let conn = self.engine.unused_conn();
        if self
            .restore_session(
                now,
                conn,
                SessionSnapshot { header, body, parts: Parts::new(), changes: StateChanges::default() },
            )
            .is_ok()
        {
            self.engine.handle_closed(conn, Reason::TransportClose, fx);
            self.handle_ended(fx);
        }
    }
}
