//! Opening sessions, and restoring them after hibernation.

use super::engine::Engine;
use super::heartbeat::{Heartbeat, HeartbeatState};
use super::open_packet;
use super::payload;
use super::session::{Polling, Session, Transport};
use crate::core::account::{Account, Arrears};
use crate::core::effect::{CloseCode, Effect, Effects, Response};
use crate::core::handshake_request::Protocol;
use crate::error::Refusal;
use crate::id::{ConnId, RequestId, SessionKey, Sid};
use crate::limits::{MAX_POLLING_SESSIONS, MAX_SOCKETS};
use crate::time::Timestamp;

impl Engine {
    /// Opens a polling session. If the world is full or the id is taken, refuses the request and returns `None`.
    pub fn handle_open_polling(
        &mut self,
        now: Timestamp,
        request: RequestId,
        sid: Sid,
        protocol: Protocol,
        fx: &mut Effects,
    ) -> Option<SessionKey> {
        if self.polling_count >= MAX_POLLING_SESSIONS || self.has_session(sid) {
            fx.push(Effect::Respond { request, response: Response::Refused(Refusal::Full) });
            return None;
        }
        let open = open_packet::open_packet(sid, true, &self.config);
        fx.push(Effect::Respond { request, response: Response::Payload(payload::join([&open])) });
        self.polling_count += 1;
        let heartbeat = Heartbeat::Resting(now.after(self.config.ping_interval));
        let transport = Transport::Polling(Polling::new(now, now.after(self.config.unfollowed_timeout())));
        self.insert(Session {
            sid,
            protocol,
            since: now,
            upgraded: false,
            expires: None,
            heartbeat,
            account: Account::default(),
            transport,
        })
    }

    /// Opens a session on a WebSocket. If the world is full or the id is taken, closes the WebSocket and returns `None`.
    pub fn handle_open_websocket(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        sid: Sid,
        protocol: Protocol,
        fx: &mut Effects,
    ) -> Option<SessionKey> {
        if self.by_conn.count() >= MAX_SOCKETS || self.has_session(sid) {
            fx.push(Effect::Close { conn, code: CloseCode::TryAgainLater });
            return None;
        }
        let open = open_packet::open_packet(sid, false, &self.config);
        fx.push(Effect::Send { conn, frames: vec![open], volatile: false, payer: None });
        let heartbeat = self.fresh_heartbeat(now);
        let transport = Transport::WebSocket { conn };
        self.insert(Session {
            sid,
            protocol,
            since: now,
            upgraded: false,
            expires: None,
            heartbeat,
            account: Account::default(),
            transport,
        })
    }

    /// Restores a session after hibernation; returns `None` if its id is taken.
    pub fn restore(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        (sid, upgraded): (Sid, bool),
        protocol: Protocol,
        header: HeartbeatState,
    ) -> Option<SessionKey> {
        let HeartbeatState { since, expires, heartbeat, due: _, sent, rows } = header;
        // The ping interval may have been changed by a deploy since.
        let (heartbeat, is_new) = match (self.config.shares_heartbeat(), heartbeat) {
            (true, Heartbeat::Resting(_) | Heartbeat::Pinged(_)) => (Heartbeat::Shared(None), true),
            (false, Heartbeat::Shared(_)) => (Heartbeat::Resting(now), true),
            (_, same) => (same, false),
        };
        let transport = Transport::WebSocket { conn };
        let key = self.insert(Session {
            sid,
            protocol,
            since,
            upgraded,
            expires,
            heartbeat,
            account: Account::restore(now, Arrears { sent, rows }, &self.allowance),
            transport,
        })?;
        self.deadlines.set_tick_unknown();
        if !is_new {
            self.touched.remove(key);
        }
        Some(key)
    }

    fn fresh_heartbeat(&mut self, now: Timestamp) -> Heartbeat {
        if self.config.shares_heartbeat() {
            self.deadlines.start_tick(now, &self.config);
            Heartbeat::Shared(None)
        } else {
            Heartbeat::Resting(now.after(self.config.ping_interval))
        }
    }
}
