//! Stage 3: bytes <-> messages. All Engine.IO sessions of a world, and every transition of theirs.
//!
//! Knows nothing of Socket.IO. What a session ends by itself is left in [`Engine::next_gone`], which must be asked
//! after every call.

pub mod handshake;
pub mod heartbeat;
pub mod packet;
pub mod payload;
pub mod session;
pub mod upgrade;

pub mod timeout;

mod deadlines;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use slab::Slab;

use crate::config::Config;
use crate::effect::{Answer, CloseCode, Effect, Effects};
use crate::error::{PeerFault, Reason, Refusal};
use crate::id::{ConnId, RequestId, SessionKey, Sid};
use crate::input::PostBody;
use crate::limits::{MAX_POLLING_SESSIONS, MAX_SOCKETS, POLLING_CLOSE_TIMEOUT};
use crate::request::Layer;
use crate::time::Timestamp;
use crate::value::Frame;

use deadlines::Deadlines;
pub use heartbeat::{Header, Heartbeat};
pub use packet::{Message, Packet};
use session::{Polling, Session, Transport};
use upgrade::Probe;

const PING: &str = "2";
const CLOSE: &str = "1";
const NOOP: &str = "6";
const PROBE_PONG: &str = "3probe";

/// The sessions of a world.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    sessions: Slab<Session>,
    by_sid: BTreeMap<Sid, SessionKey>,
    by_conn: BTreeMap<ConnId, Role>,
    /// Sessions that poll or drain.
    polling_count: usize,
    deadlines: Deadlines,
    gone: VecDeque<Gone>,
    /// Sessions whose snapshot may have changed.
    touched: BTreeSet<SessionKey>,
}

/// What a WebSocket is to its session.
#[derive(Clone, Copy, Debug)]
enum Role {
    Transport(SessionKey),
    Probe(SessionKey),
}

/// A session that ended without the layer above asking for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// What it was called.
    pub session: SessionKey,
    /// What it spoke.
    pub layer: Layer,
    /// Why it ended.
    pub reason: Reason,
}

/// How a session ends: what its WebSocket is closed with, and what a GET gets that hangs.
#[derive(Clone, Debug)]
struct End {
    reason: Reason,
    code: CloseCode,
    poll: Answer,
}

impl End {
    fn new(reason: Reason) -> Self {
        Self { reason, code: CloseCode::Normal, poll: Answer::Payload(CLOSE.to_owned()) }
    }
}

impl Engine {
    /// No sessions.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            sessions: Slab::new(),
            by_sid: BTreeMap::new(),
            by_conn: BTreeMap::new(),
            polling_count: 0,
            deadlines: Deadlines::default(),
            gone: VecDeque::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Opens a polling session; `None` when there is no room for it, which the request was told.
    pub fn handle_open_polling(
        &mut self,
        now: Timestamp,
        request: RequestId,
        sid: Sid,
        layer: Layer,
        fx: &mut Effects,
    ) -> Option<SessionKey> {
        if self.polling_count >= MAX_POLLING_SESSIONS || self.by_sid.contains_key(&sid) {
            fx.push(Effect::Answer { request, answer: Answer::Refused(Refusal::Full) });
            return None;
        }
        let open = handshake::open_packet(sid, true, &self.config);
        fx.push(Effect::Answer { request, answer: Answer::Payload(payload::join([&open])) });
        self.polling_count += 1;
        let heartbeat = Heartbeat::Resting(now.after(self.config.ping_interval));
        let transport = Transport::Polling(Polling::default());
        Some(self.insert(Session { sid, layer, since: now, expires: None, heartbeat, transport }))
    }

    /// Opens a session on a WebSocket; `None` when there is no room for it, and the WebSocket is closed.
    pub fn handle_open_websocket(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        sid: Sid,
        layer: Layer,
        fx: &mut Effects,
    ) -> Option<SessionKey> {
        if self.by_conn.len() >= MAX_SOCKETS || self.by_sid.contains_key(&sid) {
            fx.push(Effect::Close { conn, code: CloseCode::TryAgainLater });
            return None;
        }
        let open = handshake::open_packet(sid, false, &self.config);
        fx.push(Effect::Send { conn, frames: vec![open] });
        let heartbeat = self.fresh_heartbeat(now);
        let transport = Transport::WebSocket { conn };
        Some(self.insert(Session { sid, layer, since: now, expires: None, heartbeat, transport }))
    }

    /// Puts a session back that slept.
    pub fn restore(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        sid: Sid,
        layer: Layer,
        header: Header,
    ) -> Option<SessionKey> {
        if self.by_sid.contains_key(&sid) {
            return None;
        }
        let Header { since, expires, heartbeat } = header;
        // The ping interval may have been set anew since.
        let heartbeat = match (self.config.shares_heartbeat(), heartbeat) {
            (true, Heartbeat::Resting(_) | Heartbeat::Pinged(_)) => Heartbeat::Shared(None),
            (false, Heartbeat::Shared(_)) => Heartbeat::Resting(now),
            (_, same) => same,
        };
        let transport = Transport::WebSocket { conn };
        let key = self.insert(Session { sid, layer, since, expires, heartbeat, transport });
        self.deadlines.forget_tick();
        Some(key)
    }

    /// A WebSocket wants to take over a session. If it may not, it is closed and the session goes on.
    pub fn handle_upgrade(&mut self, now: Timestamp, conn: ConnId, sid: Sid, fx: &mut Effects) {
        let probe = Probe::new(conn, now, &self.config);
        let found = self.by_sid.get(&sid).copied();
        match found.and_then(|key| self.polling(key)) {
            Some(polling) if polling.probe.is_none() => polling.probe = Some(probe),
            _ => {
                fx.push(Effect::Close { conn, code: CloseCode::Normal });
                return;
            }
        }
        if let Some(key) = found {
            self.by_conn.insert(conn, Role::Probe(key));
            self.reschedule(key);
        }
    }

    /// A GET of a session.
    pub fn handle_poll(&mut self, request: RequestId, sid: Sid, fx: &mut Effects) {
        let refuse = |refusal, fx: &mut Effects| fx.push(Effect::Answer { request, answer: Answer::Refused(refusal) });
        let Some(key) = self.by_sid.get(&sid).copied() else { return refuse(Refusal::UnknownSid, fx) };
        match self.sessions.get_mut(key.0).map(|session| &mut session.transport) {
            Some(Transport::Polling(polling)) => {
                if let Err(refusal) = polling.poll(request, fx) {
                    self.end(key, End::new(Reason::TransportError), fx);
                    refuse(refusal, fx);
                }
            }
            Some(Transport::Draining(frames, _)) => {
                if frames.is_empty() {
                    frames.push(Frame::text(NOOP));
                }
                frames.push(Frame::text(CLOSE));
                let answer = Answer::Payload(payload::join(frames.iter()));
                fx.push(Effect::Answer { request, answer });
                self.remove(key);
            }
            _ => refuse(Refusal::BadRequest, fx),
        }
    }

    /// The head of a POST of a session; answers it at once only to refuse it.
    pub fn handle_post(&mut self, request: RequestId, sid: Sid, octets: bool, fx: &mut Effects) {
        let refuse = |refusal, fx: &mut Effects| fx.push(Effect::Answer { request, answer: Answer::Refused(refusal) });
        let Some(key) = self.by_sid.get(&sid).copied() else { return refuse(Refusal::UnknownSid, fx) };
        match self.sessions.get_mut(key.0).map(|session| &mut session.transport) {
            Some(Transport::Polling(polling)) => {
                if polling.posting || octets {
                    self.end(key, End::new(Reason::TransportError), fx);
                    refuse(Refusal::BadRequest, fx);
                } else {
                    polling.posting = true;
                }
            }
            Some(Transport::Draining(..)) => {}
            _ => refuse(Refusal::BadRequest, fx),
        }
    }

    /// The body of a POST of a session, if it goes on: its packets are to be handed to
    /// [`handle_packet`](Self::handle_packet) one after the other.
    pub fn handle_post_body(
        &mut self,
        request: RequestId,
        sid: Sid,
        body: PostBody,
        fx: &mut Effects,
    ) -> Option<(SessionKey, String)> {
        let answer = |answer, fx: &mut Effects| fx.push(Effect::Answer { request, answer });
        let Some(key) = self.by_sid.get(&sid).copied() else {
            answer(Answer::Refused(Refusal::UnknownSid), fx);
            return None;
        };
        let Some(polling) = self.polling(key) else {
            // It was upgraded or closed while the body was under way. A closed session takes no more, and says `ok`.
            let upgraded = self.sessions.get(key.0).is_some_and(|s| matches!(s.transport, Transport::WebSocket { .. }));
            answer(if upgraded { Answer::Refused(Refusal::BadRequest) } else { Answer::Ok }, fx);
            return None;
        };
        polling.posting = false;
        match body {
            PostBody::Text(body) if payload::split(&body).all(|text| Packet::decode_text(text).is_ok()) => {
                answer(Answer::Ok, fx);
                Some((key, body))
            }
            PostBody::Text(body) => {
                answer(Answer::Refused(Refusal::BadRequest), fx);
                Some((key, body))
            }
            PostBody::TooLong => {
                answer(Answer::TooLong, fx);
                None
            }
            PostBody::NotText => {
                answer(Answer::Refused(Refusal::BadRequest), fx);
                self.end(key, End::new(Reason::ParseError), fx);
                None
            }
            PostBody::Aborted => {
                self.end(key, End::new(Reason::TransportError), fx);
                None
            }
        }
    }

    /// A WebSocket brought a frame: gives the message in it, if it is one for the layer above.
    pub fn handle_frame<'a>(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        frame: &'a Frame,
        fx: &mut Effects,
    ) -> Option<(SessionKey, Layer, Message<'a>)> {
        match self.by_conn.get(&conn).copied()? {
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
    ) -> Option<(SessionKey, Layer, Message<'a>)> {
        let session = self.sessions.get_mut(key.0)?;
        match packet {
            Ok(Packet::Message(message)) => return Some((key, session.layer, message)),
            Ok(Packet::Pong) => self.handle_pong(now, key),
            Ok(Packet::Ping { .. }) => self.end(key, End::new(Reason::TransportError), fx),
            Ok(Packet::Close) => {
                let poll = Answer::Payload(NOOP.to_owned());
                self.end(key, End { poll, ..End::new(Reason::TransportClose) }, fx);
            }
            Ok(Packet::Ignored | Packet::Upgrade) => {}
            Err(_) => self.end(key, End::new(Reason::ParseError), fx),
        }
        None
    }

    /// A WebSocket is gone.
    pub fn handle_closed(&mut self, conn: ConnId, reason: Reason, fx: &mut Effects) {
        match self.by_conn.remove(&conn) {
            Some(Role::Transport(key)) => self.end(key, End::new(reason), fx),
            Some(Role::Probe(key)) => {
                if let Some(polling) = self.polling(key) {
                    polling.probe = None;
                }
                self.reschedule(key);
            }
            None => {}
        }
    }

    /// A WebSocket brought a frame that is too long.
    pub fn handle_too_long(&mut self, conn: ConnId, fx: &mut Effects) {
        self.fail(conn, CloseCode::TooBig, fx);
    }

    /// A WebSocket's client reads too slowly.
    pub fn handle_overflow(&mut self, conn: ConnId, fx: &mut Effects) {
        self.fail(conn, CloseCode::TryAgainLater, fx);
    }

    fn fail(&mut self, conn: ConnId, code: CloseCode, fx: &mut Effects) {
        match self.by_conn.get(&conn).copied() {
            Some(Role::Transport(key)) => self.end(key, End { code, ..End::new(Reason::TransportError) }, fx),
            Some(Role::Probe(key)) => self.drop_probe(key, fx),
            None => {}
        }
    }

    /// Sends frames to a session.
    pub fn send(&mut self, key: SessionKey, frames: Vec<Frame>, fx: &mut Effects) {
        match self.sessions.get_mut(key.0).map(|session| &mut session.transport) {
            Some(Transport::WebSocket { conn }) => fx.push(Effect::Send { conn: *conn, frames }),
            Some(Transport::Polling(_)) => self.send_polling(key, &frames, fx),
            Some(Transport::Draining(..)) | None => {}
        }
    }

    /// Sends the same frames to many sessions.
    pub fn broadcast(&mut self, keys: impl IntoIterator<Item = SessionKey>, frames: Vec<Frame>, fx: &mut Effects) {
        let mark = fx.mark();
        for key in keys {
            match self.sessions.get(key.0).map(|session| &session.transport) {
                Some(Transport::WebSocket { conn }) => fx.push_recipient(*conn),
                Some(Transport::Polling(_)) => self.send_polling(key, &frames, fx),
                Some(Transport::Draining(..)) | None => {}
            }
        }
        fx.push_broadcast(mark, frames);
    }

    /// Closes a session in good order: a polling client still gets what waits for it.
    pub fn close(&mut self, now: Timestamp, key: SessionKey, fx: &mut Effects) {
        let Some(polling) = self.polling(key) else {
            self.finish(key, End::new(Reason::ForcedServerClose), fx);
            return;
        };
        if polling.is_polled() {
            self.finish(key, End::new(Reason::ForcedServerClose), fx);
            return;
        }
        let frames = polling.take_buffer();
        self.drop_probe(key, fx);
        if let Some(session) = self.sessions.get_mut(key.0) {
            session.transport = Transport::Draining(frames, now.after(POLLING_CLOSE_TIMEOUT));
        }
        self.reschedule(key);
    }

    /// Sets or takes back the time at which a session is closed.
    pub fn set_expiry(&mut self, key: SessionKey, expires: Option<Timestamp>) {
        if let Some(session) = self.sessions.get_mut(key.0) {
            session.expires = expires;
            self.reschedule(key);
        }
    }

    /// A session that ended by itself and that the layer above has not heard of.
    pub fn next_gone(&mut self) -> Option<Gone> {
        self.gone.pop_front()
    }

    /// The session that a WebSocket is the transport of.
    pub fn session_of(&self, conn: ConnId) -> Option<(SessionKey, &Session)> {
        match self.by_conn.get(&conn)? {
            Role::Transport(key) => Some((*key, self.sessions.get(key.0)?)),
            Role::Probe(_) => None,
        }
    }

    /// What a session speaks.
    pub fn layer_of(&self, key: SessionKey) -> Option<Layer> {
        self.sessions.get(key.0).map(|session| session.layer)
    }

    /// The WebSocket that is a session's transport.
    fn conn_of(&self, key: SessionKey) -> Option<ConnId> {
        match self.sessions.get(key.0)?.transport {
            Transport::WebSocket { conn } => Some(conn),
            _ => None,
        }
    }

    /// Notes that a session's snapshot changed.
    pub fn touch(&mut self, key: SessionKey) {
        self.touched.insert(key);
    }

    /// The WebSockets whose snapshot may have changed since the last call.
    pub fn take_touched(&mut self) -> Vec<ConnId> {
        if self.touched.is_empty() {
            return Vec::new();
        }
        core::mem::take(&mut self.touched).into_iter().filter_map(|key| self.conn_of(key)).collect()
    }

    /// What the heartbeat needs of a session while it sleeps.
    pub fn header(&self, key: SessionKey) -> Option<Header> {
        let session = self.sessions.get(key.0)?;
        Some(Header { since: session.since, expires: session.expires, heartbeat: session.heartbeat })
    }

    /// Whether a session of this id exists.
    pub fn has_session(&self, sid: Sid) -> bool {
        self.by_sid.contains_key(&sid)
    }

    /// How many sessions there are, draining ones among them.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    fn handle_probe_packet(
        &mut self,
        now: Timestamp,
        key: SessionKey,
        conn: ConnId,
        packet: &Result<Packet<'_>, PeerFault>,
        fx: &mut Effects,
    ) {
        match packet {
            Ok(Packet::Ping { probe: true }) => {
                fx.push(Effect::Send { conn, frames: vec![Frame::text(PROBE_PONG)] });
                if let Some(polling) = self.polling(key) {
                    polling.answer_poll(NOOP, fx);
                    if let Some(probe) = &mut polling.probe {
                        probe.set_probed(now);
                    }
                }
                self.reschedule(key);
            }
            Ok(Packet::Upgrade) => self.complete_upgrade(now, key, conn, fx),
            _ => self.drop_probe(key, fx),
        }
    }

    fn complete_upgrade(&mut self, now: Timestamp, key: SessionKey, conn: ConnId, fx: &mut Effects) {
        let heartbeat = self.fresh_heartbeat(now);
        let client_gives_up = self.config.ping_interval.saturating_add(self.config.ping_timeout);
        let Some(session) = self.sessions.get_mut(key.0) else { return };
        let Transport::Polling(polling) = &mut session.transport else { return };
        // A client ends its GET before it sends `5`. One that comes all the same is one too many.
        polling.end_poll(Answer::Refused(Refusal::BadRequest), fx);
        let frames = polling.take_buffer();
        if !frames.is_empty() {
            fx.push(Effect::Send { conn, frames });
        }
        let last_ping = match session.heartbeat {
            Heartbeat::Resting(due) => due.before(self.config.ping_interval),
            Heartbeat::Pinged(_) | Heartbeat::Shared(_) => now,
        };
        session.transport = Transport::WebSocket { conn };
        session.since = now;
        session.heartbeat = heartbeat;
        self.polling_count = self.polling_count.saturating_sub(1);
        self.by_conn.insert(conn, Role::Transport(key));
        self.reschedule(key);
        // A client that polled long may not have the patience to wait for the shared tick.
        let next_tick = self.deadlines.tick_at_latest(now, &self.config);
        if self.config.shares_heartbeat() && next_tick >= last_ping.after(client_gives_up) {
            fx.push(Effect::Send { conn, frames: vec![Frame::text(PING)] });
        }
    }

    fn drop_probe(&mut self, key: SessionKey, fx: &mut Effects) {
        if let Some(probe) = self.polling(key).and_then(|polling| polling.probe.take()) {
            self.by_conn.remove(&probe.conn);
            fx.push(Effect::Close { conn: probe.conn, code: CloseCode::Normal });
            self.reschedule(key);
        }
    }

    fn send_polling(&mut self, key: SessionKey, frames: &[Frame], fx: &mut Effects) {
        let bound = self.config.max_buffered_bytes;
        if self.polling(key).is_some_and(|polling| polling.send(frames, fx) > bound) {
            self.end(key, End::new(Reason::TransportError), fx);
        }
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

    /// Ends a session at once and leaves word of it.
    fn end(&mut self, key: SessionKey, end: End, fx: &mut Effects) {
        let reason = end.reason;
        if let Some(session) = self.finish(key, end, fx) {
            self.gone.push_back(Gone { session: key, layer: session.layer, reason });
        }
    }

    fn finish(&mut self, key: SessionKey, end: End, fx: &mut Effects) -> Option<Session> {
        self.drop_probe(key, fx);
        let mut session = self.remove(key)?;
        match &mut session.transport {
            // A WebSocket that is gone already has no role any more, and is not closed again.
            Transport::WebSocket { conn } => {
                if self.by_conn.remove(conn).is_some() {
                    fx.push(Effect::Close { conn: *conn, code: end.code });
                }
            }
            Transport::Polling(polling) => {
                polling.end_poll(end.poll, fx);
            }
            Transport::Draining(..) => return None,
        }
        Some(session)
    }

    fn insert(&mut self, session: Session) -> SessionKey {
        let sid = session.sid;
        let conn = match session.transport {
            Transport::WebSocket { conn } => Some(conn),
            _ => None,
        };
        let key = SessionKey(self.sessions.insert(session));
        self.by_sid.insert(sid, key);
        if let Some(conn) = conn {
            self.by_conn.insert(conn, Role::Transport(key));
        }
        self.reschedule(key);
        key
    }

    fn remove(&mut self, key: SessionKey) -> Option<Session> {
        let session = self.sessions.try_remove(key.0)?;
        self.by_sid.remove(&session.sid);
        self.deadlines.remove(key);
        if !matches!(session.transport, Transport::WebSocket { .. }) {
            self.polling_count = self.polling_count.saturating_sub(1);
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
