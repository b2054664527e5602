//! The upgrade from HTTP long-polling to WebSocket (Engine.IO 4, "Upgrade").

use super::engine::{Engine, Role};
use super::heartbeat::Heartbeat;
use super::probe::Probe;
use super::received_packet::ReceivedPacket;
use super::session::Transport;
use super::wire::{NOOP, PING, PROBE_PONG};
use crate::core::dispatch::ConnEvent;
use crate::core::effect::{CloseCode, Effect, Effects, Response};
use crate::error::{BadRequest, PeerFault, Refusal};
use crate::id::{ConnId, SessionKey, Sid};
use crate::time::Timestamp;
use crate::value::Frame;

impl Engine {
    /// Returns whether a WebSocket may take over a session: it polls or drains, and no other WebSocket probes it.
    pub fn can_upgrade(&self, sid: Sid) -> bool {
        let session = self.find(sid).and_then(|key| self.sessions.get(key.0));
        session.is_some_and(|session| session.transport.can_be_probed())
    }

    /// Handles a WebSocket that is to take over a session. If it may not, it is closed, and the session goes on.
    pub fn handle_upgrade(&mut self, now: Timestamp, conn: ConnId, sid: Sid, fx: &mut Effects) {
        let probe = Probe::new(conn, now, &self.config);
        let found = self.find(sid);
        match found.and_then(|key| self.probe_mut(key)) {
            Some(place) if place.is_none() => *place = Some(probe),
            _ => {
                fx.push(Effect::Close { conn, code: CloseCode::Normal });
                return;
            }
        }
        if let Some(key) = found {
            self.follow(key);
            self.by_conn.insert(conn, Role::Probe(key));
            self.reschedule(key);
        }
    }

    /// Handles a packet on a WebSocket that probes.
    pub(super) fn handle_probe_packet(
        &mut self,
        now: Timestamp,
        key: SessionKey,
        conn: ConnId,
        packet: &Result<ReceivedPacket<'_>, PeerFault>,
        fx: &mut Effects,
    ) {
        match packet {
            Ok(ReceivedPacket::Ping { probe: true }) => {
                fx.push(Effect::Send { conn, frames: vec![Frame::text(PROBE_PONG)], volatile: false, payer: None });
                if let Some(polling) = self.polling(key) {
                    polling.respond_payload(now, NOOP, fx);
                }
                if let Some(Some(probe)) = self.probe_mut(key) {
                    probe.set_probed(now);
                }
                self.reschedule(key);
            }
            Ok(ReceivedPacket::Upgrade) => self.complete_upgrade(now, key, conn, fx),
            _ => self.drop_probe(key, CloseCode::Normal, fx),
        }
    }

    fn complete_upgrade(&mut self, now: Timestamp, key: SessionKey, conn: ConnId, fx: &mut Effects) {
        let client_gives_up = self.config.ping_interval.saturating_add(self.config.ping_timeout);
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        let polling = match &mut session.transport {
            Transport::Polling(polling) => polling,
            Transport::Draining(draining) => {
                let frames = draining.take_frames();
                if !frames.is_empty() {
                    fx.push(Effect::Send { conn, frames, volatile: false, payer: None });
                }
                return self.drop_draining(key, fx);
            }
            Transport::WebSocket { .. } => return,
        };
        // A client waits for the end of its GET before it sends `5`: a GET that still hangs is an error.
        polling.respond(Response::Refused(Refusal::BadRequest(BadRequest::TransportError)), fx);
        let frames = polling.take_buffer();
        if !frames.is_empty() {
            fx.push(Effect::Send { conn, frames, volatile: false, payer: None });
        }
        let last_ping = match session.heartbeat {
            Heartbeat::Resting(due) => due.before(self.config.ping_interval),
            Heartbeat::Pinged(_) | Heartbeat::Shared(_) => now,
        };
        session.transport = Transport::WebSocket { conn };
        session.since = now;
        session.upgraded = true;
        // An own heartbeat goes on unchanged: the client's ping timeout began with the last ping.
        if self.config.shares_heartbeat() {
            session.heartbeat = Heartbeat::Shared(None);
            self.deadlines.start_tick(now, &self.config);
        }
        let has_joined = session.has_joined();
        if has_joined {
            self.unjoined.remove(key);
        }
        self.polling_count = self.polling_count.saturating_sub(1);
        self.by_conn.insert(conn, Role::Transport(key));
        self.reschedule(key);
        self.dispatch_conn_event(key, ConnEvent::Upgraded, fx);
        // The client's ping timeout, which began with the last ping, may end before the shared tick.
        let next_tick = self.deadlines.tick_at_latest(now, &self.config);
        if self.config.shares_heartbeat() && next_tick >= last_ping.after(client_gives_up) {
            fx.push(Effect::Send { conn, frames: vec![Frame::text(PING)], volatile: false, payer: None });
        }
    }

    /// Returns the slot for the WebSocket that is to take over a session; `None` if none may.
    pub(super) fn probe_mut(&mut self, key: SessionKey) -> Option<&mut Option<Probe>> {
        self.sessions.get_mut(key.0)?.transport.probe_mut()
    }
}
