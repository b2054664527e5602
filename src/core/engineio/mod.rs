//! Stage 3: bytes <-> messages. All Engine.IO sessions of a world, and every transition of theirs.
//!
//! Knows nothing of Socket.IO. A session ends in one of two ways:
//!
//! - [`Engine::close_session`] closes it in good order: what waits for its client is delivered first. A polling session
//!   drains: it is over for the layer above, and stays until its client has fetched what waits and the close.
//! - `Engine::drop_session` ends it at once: its transport is closed, and what waits is lost. The peer is gone, broke the
//!   protocol, or was silent for too long.
//!
//! Either way, [`Engine::next_ended`] reports it once; the layer above must ask after every call.

pub mod heartbeat;
pub mod open_packet;
pub mod packet;
pub mod payload;
pub mod session;
pub mod upgrade;

pub mod timeout;

mod deadlines;
mod packet_events;
mod polling;
mod posts;
mod queries;
mod send;

use std::collections::VecDeque;

use super::effect::{CloseCode, Effect, Effects, Response};
use super::handshake_request::Protocol;
use super::table::{ById, SlotMap, SlotSet};
use super::view::ConnView;
use crate::config::Config;
use crate::error::{PeerFault, Reason, Refusal};
use crate::id::{ConnId, RequestId, SessionKey, Sid};
use crate::limits::{MAX_POLLING_SESSIONS, MAX_SOCKETS};
use crate::time::Timestamp;
use crate::value::Frame;

use deadlines::{Deadlines, Tick};
pub use heartbeat::{Heartbeat, HeartbeatState, SleepingTick};
pub use packet::{Message, Packet};
use packet_events::Watched;
use posts::Posts;
use session::{Polling, Session, Transport};
pub use timeout::Wakeup;

const PING: &str = "2";
const CLOSE: &str = "1";
const NOOP: &str = "6";

/// The sessions of a world.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    sessions: ById<Session>,
    by_conn: SlotMap<Role>,
    /// Sessions that poll or drain.
    polling_count: usize,
    deadlines: Deadlines,
    posts: Posts,
    ended: VecDeque<SessionEnded>,
    /// Sessions whose snapshot may have changed.
    touched: SlotSet,
    watched: Watched,
}

/// What a WebSocket is to its session.
#[derive(Clone, Copy, Debug)]
enum Role {
    Transport(SessionKey),
    Probe(SessionKey),
}

/// A session that ended: for the layer above, it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEnded {
    /// What it was called.
    pub session: SessionKey,
    /// What its connection was.
    pub conn: ConnView,
    /// What it spoke.
    pub protocol: Protocol,
    /// Why it ended.
    pub reason: Reason,
}

/// What a session is dropped for, what its WebSocket is closed with, and the response to its hanging GET.
#[derive(Clone, Debug)]
struct Closing {
    reason: Reason,
    code: CloseCode,
    poll: Response,
}

impl Closing {
    fn new(reason: Reason) -> Self {
        Self { reason, code: CloseCode::Normal, poll: Response::Payload(CLOSE.to_owned()) }
    }
}

impl Engine {
    /// No sessions.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            sessions: ById::default(),
            by_conn: SlotMap::default(),
            polling_count: 0,
            deadlines: Deadlines::default(),
            posts: Posts::default(),
            ended: VecDeque::new(),
            touched: SlotSet::default(),
            watched: Watched::default(),
        }
    }

    /// Opens a polling session; `None` when there is no room for it, which the request was told.
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
        let transport = Transport::Polling(Polling::default());
        self.insert(Session { sid, protocol, since: now, upgraded: false, expires: None, heartbeat, transport })
    }

    /// Opens a session on a WebSocket; `None` when there is no room for it, and the WebSocket is closed.
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
        fx.push(Effect::Send { conn, frames: vec![open], volatile: false });
        let heartbeat = self.fresh_heartbeat(now);
        let transport = Transport::WebSocket { conn };
        self.insert(Session { sid, protocol, since: now, upgraded: false, expires: None, heartbeat, transport })
    }

    /// Puts a session back that slept.
    pub fn restore(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        (sid, upgraded): (Sid, bool),
        protocol: Protocol,
        header: HeartbeatState,
    ) -> Option<SessionKey> {
        let HeartbeatState { since, expires, heartbeat, due: _ } = header;
        // The ping interval may have been set anew since.
        let (heartbeat, is_new) = match (self.config.shares_heartbeat(), heartbeat) {
            (true, Heartbeat::Resting(_) | Heartbeat::Pinged(_)) => (Heartbeat::Shared(None), true),
            (false, Heartbeat::Shared(_)) => (Heartbeat::Resting(now), true),
            (_, same) => (same, false),
        };
        let transport = Transport::WebSocket { conn };
        let key = self.insert(Session { sid, protocol, since, upgraded, expires, heartbeat, transport })?;
        self.deadlines.set_tick_unknown();
        if !is_new {
            self.touched.remove(key);
        }
        Some(key)
    }

    /// A WebSocket brought a frame: gives the message in it, if it is one for the layer above.
    pub fn handle_frame<'a>(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        frame: &'a Frame,
        fx: &mut Effects,
    ) -> Option<(SessionKey, Protocol, Message<'a>)> {
        match self.by_conn.get(conn).copied()? {
            _ if frame.len() > self.config.max_payload_bytes => {
                self.handle_too_long(conn, fx);
                None
            }
            Role::Transport(key) => self.handle_packet(now, key, Packet::decode_frame(frame), fx),
            Role::Probe(key) => {
                self.handle_probe_packet(now, key, conn, &Packet::decode_frame(frame), fx);
                None
            }
        }
    }

    /// A packet of a session: gives the message in it, if it is one for the layer above.
    pub fn handle_packet<'a>(
        &mut self,
        now: Timestamp,
        key: SessionKey,
        packet: Result<Packet<'a>, PeerFault>,
        fx: &mut Effects,
    ) -> Option<(SessionKey, Protocol, Message<'a>)> {
        if self.watched.received {
            self.note_received(key, &packet, fx);
        }
        let session = self.sessions.get_mut(key.0)?;
        match packet {
            Ok(Packet::Message(message)) => return Some((key, session.protocol, message)),
            Ok(Packet::Pong) => self.handle_pong(now, key),
            Ok(Packet::Ping { .. }) => self.drop_session(key, Closing::new(Reason::TransportError), fx),
            Ok(Packet::Close) => {
                let poll = Response::Payload(NOOP.to_owned());
                self.drop_session(key, Closing { poll, ..Closing::new(Reason::TransportClose) }, fx);
            }
            Ok(Packet::Ignored | Packet::Upgrade) => {}
            Err(_) => self.drop_session(key, Closing::new(Reason::ParseError), fx),
        }
        None
    }

    /// A WebSocket is gone.
    pub fn handle_closed(&mut self, conn: ConnId, reason: Reason, fx: &mut Effects) {
        match self.by_conn.remove(conn) {
            Some(Role::Transport(key)) => self.drop_session(key, Closing::new(reason), fx),
            Some(Role::Probe(key)) => {
                if let Some(probe) = self.probe_mut(key) {
                    *probe = None;
                }
                self.reschedule(key);
            }
            None => {}
        }
    }

    /// A WebSocket brought a frame that is too long.
    pub fn handle_too_long(&mut self, conn: ConnId, fx: &mut Effects) {
        self.drop_conn(conn, CloseCode::TooBig, fx);
    }

    /// A WebSocket's client reads too slowly.
    pub fn handle_overflow(&mut self, conn: ConnId, fx: &mut Effects) {
        self.drop_conn(conn, CloseCode::TryAgainLater, fx);
    }

    /// Drops the session of a WebSocket, or only the WebSocket, if it probes.
    fn drop_conn(&mut self, conn: ConnId, code: CloseCode, fx: &mut Effects) {
        match self.by_conn.get(conn).copied() {
            Some(Role::Transport(key)) => {
                self.drop_session(key, Closing { code, ..Closing::new(Reason::TransportError) }, fx)
            }
            Some(Role::Probe(key)) => self.drop_probe(key, code, fx),
            None => {}
        }
    }

    /// Sets or takes back the time at which a session is closed.
    pub fn set_expiry(&mut self, key: SessionKey, expires: Option<Timestamp>) {
        if let Some(session) = self.sessions.get_mut(key.0) {
            session.expires = expires;
            self.reschedule(key);
        }
    }

    /// Takes a session that ended and was not reported yet.
    pub fn next_ended(&mut self) -> Option<SessionEnded> {
        self.ended.pop_front()
    }

    fn handle_pong(&mut self, now: Timestamp, key: SessionKey) {
        let rested = Heartbeat::Resting(now.after(self.config.ping_interval));
        if let Some(session) = self.sessions.get_mut(key.0) {
            match session.heartbeat {
                Heartbeat::Resting(_) | Heartbeat::Pinged(_) => session.heartbeat = rested,
                Heartbeat::Shared(_) => session.heartbeat = Heartbeat::Shared(None),
            }
            self.reschedule(key);
        }
    }

    /// Ends a session at once, and reports it by [`next_ended`](Self::next_ended).
    fn drop_session(&mut self, key: SessionKey, closing: Closing, fx: &mut Effects) {
        let Closing { reason, code, poll } = closing;
        let conn_view = self.conn_view(key);
        self.drop_probe(key, CloseCode::Normal, fx);
        let Some((mut session, conn_view)) = self.remove(key).zip(conn_view) else { return };
        match &mut session.transport {
            // A WebSocket that is gone already has no role any more, and is not closed again.
            Transport::WebSocket { conn } => {
                if self.by_conn.remove(*conn).is_some() {
                    fx.push(Effect::Close { conn: *conn, code });
                }
            }
            Transport::Polling(polling) => {
                polling.respond(poll, fx);
            }
            // It was reported when it was closed.
            Transport::Draining(..) => return,
        }
        self.report_ended(key, conn_view, session.protocol, reason);
    }

    fn report_ended(&mut self, session: SessionKey, conn: ConnView, protocol: Protocol, reason: Reason) {
        self.ended.push_back(SessionEnded { session, conn, protocol, reason });
    }

    /// Adds a session; `None` when its id is taken.
    fn insert(&mut self, session: Session) -> Option<SessionKey> {
        let conn = match session.transport {
            Transport::WebSocket { conn } => Some(conn),
            _ => None,
        };
        let key = SessionKey(self.sessions.insert(session)?);
        if let Some(conn) = conn {
            self.by_conn.insert(conn, Role::Transport(key));
        }
        self.reschedule(key);
        Some(key)
    }

    fn remove(&mut self, key: SessionKey) -> Option<Session> {
        let session = self.sessions.remove(key.0)?;
        self.deadlines.remove(key);
        if !matches!(session.transport, Transport::WebSocket { .. }) {
            self.polling_count = self.polling_count.saturating_sub(1);
        }
        if self.polling_count == self.sessions.len() {
            self.deadlines.tick = Tick::Off;
        }
        Some(session)
    }

    fn polling(&mut self, key: SessionKey) -> Option<&mut Polling> {
        match &mut self.sessions.get_mut(key.0)?.transport {
            Transport::Polling(polling) => Some(polling),
            _ => None,
        }
    }

    fn fresh_heartbeat(&mut self, now: Timestamp) -> Heartbeat {
        if self.config.shares_heartbeat() {
            self.deadlines.start_tick(now, &self.config);
            Heartbeat::Shared(None)
        } else {
            Heartbeat::Resting(now.after(self.config.ping_interval))
        }
    }

    fn reschedule(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get(key.0) {
            let sleeps = matches!(session.transport, Transport::WebSocket { .. });
            self.deadlines.set(key, session.deadline(), sleeps);
            self.touched.insert(key);
        }
    }
}
