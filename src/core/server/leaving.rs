//! Sockets that leave their namespaces, and sessions that end.

use super::Server;
use super::restore::Changed;
use super::stored_bytes::bytes_of_socket;
use crate::core::dispatch::{ConnEvent, Dispatch};
use crate::core::effect::Effects;
use crate::core::engineio::SessionEnded;
use crate::core::handshake_request::Protocol;
use crate::core::meter::Count;
use crate::core::view::{ConnView, GoneSocket};
use crate::error::Reason;
use crate::id::{SessionKey, SocketId};
use crate::time::Timestamp;

impl Server {
    /// Removes a socket from its namespace, and requests its disconnect handlers if it was announced. `conn` is the last state of its connection, if
    /// the session has ended.
    pub(super) fn leave_namespace(&mut self, id: SocketId, conn: Option<&ConnView>, reason: Reason, fx: &mut Effects) {
        let Some(socket) = self.namespaces.remove(id) else { return };
        self.last_sender = None;
        self.stored_bytes.subtract(bytes_of_socket(&socket));
        if let Some(client) = self.clients.get_mut(socket.session) {
            client.sockets.remove(&socket.namespace);
        }
        self.touch_session(socket.session, Changed::Namespaces);
        self.members_changed = true;
        let Some(conn) = conn.cloned().or_else(|| self.engine.conn_view(socket.session)) else { return };
        let (left, is_announced) = (socket.to_ref(), socket.is_announced);
        let account = self.engine.account_of(socket.session);
        let gone = GoneSocket::keep(socket, conn, account);
        self.fail_acks_of(&left, &gone, fx);
        self.log_connection("disconnect", (&left.namespace, Some(id)), reason.as_str(), fx);
        if is_announced {
            fx.push_dispatch(Dispatch::Disconnected { socket: left, gone, reason });
        }
    }

    /// Closes a session in good order, with all of its sockets. Does nothing for a session that drains: it is closed already.
    pub(super) fn close_session(&mut self, now: Timestamp, session: SessionKey, reason: Reason, fx: &mut Effects) {
        self.engine.close_session(now, session, reason, fx);
        self.handle_ended(fx);
    }

    /// Removes the state of a session that ended; its sockets leave their namespaces.
    pub(super) fn handle_session_ended(&mut self, ended: SessionEnded, fx: &mut Effects) {
        let SessionEnded { session, conn, protocol, joined, reason } = ended;
        fx.meter().add(Count::Closed(reason), 1);
        self.members_changed |= joined;
        self.inbox.remove(session);
        let client = self.clients.remove(session).unwrap_or_default();
        if protocol == Protocol::EngineIo {
            fx.push_dispatch(Dispatch::Closed { conn: conn.clone(), handshake: client.handshake.clone(), reason });
        }
        self.stored_bytes.subtract(client.stored_bytes.saturating_add(client.stored_packet));
        for id in client.prepared {
            if let Some(socket) = self.pending_connects.remove(id) {
                self.stored_bytes.subtract(bytes_of_socket(&socket));
            }
        }
        for (_, id) in client.sockets {
            self.leave_namespace(id, Some(&conn), reason, fx);
        }
        fx.push_dispatch(Dispatch::Conn { conn, event: ConnEvent::Closed(reason.of_connection()) });
    }
}
