//! The two ways in which a session ends.

use super::engine::{Engine, Role};
use super::session::Transport;
use super::session_ended::SessionEnded;
use super::wire::CLOSE;
use crate::core::effect::{CloseCode, Effect, Effects, Response};
use crate::error::Reason;
use crate::id::{ConnId, SessionKey};
use crate::limits::POLLING_CLOSE_TIMEOUT;
use crate::time::Timestamp;

/// How a session is dropped: the reason, the close code for its WebSocket, and the payload for its hanging GET.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closing {
    pub(super) reason: Reason,
    pub(super) code: CloseCode,
    pub(super) poll: &'static str,
}

impl Closing {
    pub(super) const fn new(reason: Reason) -> Self {
        Self { reason, code: CloseCode::Normal, poll: CLOSE }
    }
}

impl Engine {
    /// Removes and returns the first session that ended and was not reported yet.
    pub fn next_ended(&mut self) -> Option<SessionEnded> {
        self.ended.pop_front()
    }

    /// Closes a session in good order, and reports it by [`next_ended`](Self::next_ended). A polling client still gets what waits
    /// for it, with its next GET or on the WebSocket that it upgrades to. If a GET hangs, nothing waits, and the close is its
    /// response. A client that has not joined gets it only as long as it still had time to join.
    pub fn close_session(&mut self, now: Timestamp, key: SessionKey, reason: Reason, fx: &mut Effects) {
        let Some(conn_view) = self.conn_view(key) else { return };
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        let drained = now.after(POLLING_CLOSE_TIMEOUT);
        let until = session.gives_up().map_or(drained, |at| at.min(drained));
        let (protocol, joined) = (session.protocol, session.has_joined());
        match &mut session.transport {
            Transport::Polling(polling) if !polling.is_polled() && until > now => {
                session.transport = Transport::Draining(polling.drain(until));
                self.reschedule(key);
                self.ended.push_back(SessionEnded { session: key, conn: conn_view, protocol, joined, reason });
            }
            Transport::Draining(_) => {}
            Transport::Polling(_) | Transport::WebSocket { .. } => self.drop_session(key, Closing::new(reason), fx),
        }
    }

    /// Ends a session at once, and reports it by [`next_ended`](Self::next_ended).
    pub(super) fn drop_session(&mut self, key: SessionKey, closing: Closing, fx: &mut Effects) {
        let Closing { reason, code, poll } = closing;
        let conn_view = self.conn_view(key);
        self.drop_probe(key, CloseCode::Normal, fx);
        let Some((mut session, conn_view)) = self.remove(key).zip(conn_view) else { return };
        match &mut session.transport {
            // A WebSocket that is closed already has no role any more, and is not closed again.
            Transport::WebSocket { conn } => {
                if self.by_conn.remove(*conn).is_some() {
                    fx.push(Effect::Close { conn: *conn, code });
                }
            }
            Transport::Polling(polling) => {
                if polling.is_polled() {
                    polling.respond(Response::Payload(poll.to_owned()), fx);
                }
            }
            // Its end was reported when it began to drain.
            Transport::Draining(..) => return,
        }
        let (protocol, joined) = (session.protocol, session.has_joined());
        self.ended.push_back(SessionEnded { session: key, conn: conn_view, protocol, joined, reason });
    }

    /// Drops the session of a WebSocket, or only the WebSocket, if it probes.
    pub(super) fn drop_conn(&mut self, conn: ConnId, code: CloseCode, fx: &mut Effects) {
        match self.by_conn.get(conn).copied() {
            Some(Role::Transport(key)) => self.drop_with_code(key, code, fx),
            Some(Role::Probe(key)) => self.drop_probe(key, code, fx),
            None => {}
        }
    }

    /// Drops a session; if its transport is a WebSocket, closes that with this code.
    pub(super) fn drop_with_code(&mut self, key: SessionKey, code: CloseCode, fx: &mut Effects) {
        self.drop_session(key, Closing { code, ..Closing::new(Reason::TransportError) }, fx);
    }

    /// Closes the WebSocket that probes a session, if one does; the session goes on.
    pub(super) fn drop_probe(&mut self, key: SessionKey, code: CloseCode, fx: &mut Effects) {
        if let Some(probe) = self.probe_mut(key).and_then(Option::take) {
            self.by_conn.remove(probe.conn);
            fx.push(Effect::Close { conn: probe.conn, code });
            self.reschedule(key);
        }
    }

    /// Removes a session that drains, and closes the WebSocket that probes it.
    pub(super) fn drop_draining(&mut self, key: SessionKey, fx: &mut Effects) {
        self.drop_probe(key, CloseCode::Normal, fx);
        self.remove(key);
    }
}
