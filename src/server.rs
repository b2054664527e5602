//! The junction: the only place that knows all stages, and the core's one door.
//!
//! **Call [`Server::handle`] with what happened. Call the handlers it names, in order, and it again with the
//! [`Input::Command`]s of each; [`World`](crate::durable::World) does so. Perform the effects in order. While
//! [`Server::has_more`], go on with [`Input::Continue`]. Then write the snapshots of [`Server::take_touched`].**

mod command;
mod sleep;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::config::Config;
use crate::effect::{Dispatch, Effects};
use crate::engine::{self, Engine, Gone, Message};
use crate::error::{PeerFault, Reason};
use crate::id::{ConnId, Namespace, Room, SessionKey, Sid, SocketId};
use crate::input::Input;
use crate::limits::{MAX_ATTACHMENTS_PAYLOADS, MAX_WAITING_BYTES};
use crate::namespace::{Namespaces, Socket};
use crate::request::Layer;
use crate::socket::{Decoder, Packet};
use crate::time::Timestamp;
use crate::value::Frame;

pub use crate::engine::timeout::Alarm;

/// A world: its sessions, its namespaces, and what connects them.
#[derive(Debug)]
pub struct Server {
    config: Config,
    engine: Engine,
    clients: BTreeMap<SessionKey, Client>,
    namespaces: Namespaces,
    /// Packets of POSTs that wait for what those before them cause.
    inbox: VecDeque<(SessionKey, String)>,
    recipients: Vec<SessionKey>,
    /// Bytes of attachments that wait for their packets' last ones.
    waiting_bytes: usize,
}

/// The Socket.IO side of a session.
#[derive(Debug, Default)]
struct Client {
    decoder: Decoder,
    /// The namespaces it joined.
    sockets: BTreeMap<Namespace, SocketId>,
    /// The namespaces it asked to join, while handlers decide.
    joining: BTreeSet<Namespace>,
}

impl Server {
    /// A world without sessions.
    pub fn new(config: Config) -> Self {
        Self {
            engine: Engine::new(config.clone()),
            config,
            clients: BTreeMap::new(),
            namespaces: Namespaces::default(),
            inbox: VecDeque::new(),
            recipients: Vec::new(),
            waiting_bytes: 0,
        }
    }

    /// The core's one door: something happened at `now`; what is to be done is appended to `fx`.
    pub fn handle(&mut self, now: Timestamp, input: Input, fx: &mut Effects) {
        // A timer may be late; what it would have done comes first all the same.
        self.engine.handle_timeout(now, fx);
        self.settle(fx);
        match input {
            Input::OpenPolling { request, sid, layer } => {
                let session = self.engine.handle_open_polling(now, request, sid, layer, fx);
                self.open(now, session, layer, fx);
            }
            Input::OpenWebSocket { conn, sid, layer } => {
                let session = self.engine.handle_open_websocket(now, conn, sid, layer, fx);
                self.open(now, session, layer, fx);
            }
            Input::Upgrade { conn, sid } => self.engine.handle_upgrade(now, conn, sid, fx),
            Input::Poll { request, sid } => self.engine.handle_poll(request, sid, fx),
            Input::Post { request, sid, octets } => self.engine.handle_post(request, sid, octets, fx),
            Input::PostBody { request, sid, body } => {
                if let Some((session, body)) = self.engine.handle_post_body(request, sid, body, fx) {
                    self.inbox.extend(engine::payload::split(&body).map(|packet| (session, packet.to_owned())));
                }
            }
            Input::Frame { conn, frame } => {
                if let Some((session, layer, message)) = self.engine.handle_frame(now, conn, &frame, fx) {
                    self.handle_message(now, session, layer, message, fx);
                }
            }
            Input::TooLong { conn } => self.engine.handle_too_long(conn, fx),
            Input::Closed { conn, reason } => self.engine.handle_closed(conn, reason, fx),
            Input::Overflowed { conn } => self.engine.handle_overflow(conn, fx),
            Input::Tick { heard } => self.engine.handle_tick(now, heard, fx),
            Input::Timeout => {}
            Input::Continue => self.handle_next(now, fx),
            Input::Command(command) => self.handle_command(now, command, fx),
        }
        self.settle(fx);
    }

    /// Whether packets wait for [`Input::Continue`].
    pub fn has_more(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Whether a socket is connected. An event that waited while its socket went away is not to be dispatched.
    pub fn is_connected(&self, socket: SocketId) -> bool {
        self.namespaces.get(socket).is_some()
    }

    /// Whether a session of this id exists, on whatever transport.
    pub fn has_session(&self, sid: Sid) -> bool {
        self.engine.has_session(sid)
    }

    /// Whether a WebSocket may take a session over: it polls, and no other wants to.
    pub fn can_upgrade(&self, sid: Sid) -> bool {
        self.engine.can_upgrade(sid)
    }

    /// How many sessions there are.
    pub fn session_count(&self) -> usize {
        self.engine.session_count()
    }

    /// When [`Input::Timeout`] is due for sessions that poll. Only these may keep a timer in memory.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.engine.next_timeout()
    }

    /// When the world must be woken for sessions that sleep.
    pub fn next_alarm(&self) -> Alarm {
        self.engine.next_alarm()
    }

    /// Whether one tick pings all WebSockets.
    pub fn shares_heartbeat(&self) -> bool {
        self.config.shares_heartbeat()
    }

    /// Whether [`Input::Tick`] is due.
    pub fn is_tick_due(&self, now: Timestamp) -> bool {
        self.engine.is_tick_due(now)
    }

    /// Tells the time of the alarm that was set before the world slept; `None` when there is none.
    pub fn set_alarm_found(&mut self, now: Timestamp, alarm: Option<Timestamp>) {
        self.engine.set_alarm_found(now, alarm);
    }

    /// The WebSockets whose [`snapshot`](Self::snapshot) may have changed since the last call.
    pub fn take_touched(&mut self) -> Vec<ConnId> {
        self.engine.take_touched()
    }

    /// Tells the layers above of the sessions that ended by themselves.
    fn settle(&mut self, fx: &mut Effects) {
        while let Some(Gone { session, layer, reason }) = self.engine.next_gone() {
            self.forget(session, layer, reason, fx);
        }
    }

    /// The next packet of a POST: like a WebSocket's next frame, it comes after what the one before it caused.
    fn handle_next(&mut self, now: Timestamp, fx: &mut Effects) {
        let Some((session, text)) = self.inbox.pop_front() else { return };
        let packet = engine::Packet::decode_text(&text);
        if let Some((session, layer, message)) = self.engine.handle_packet(now, session, packet, fx) {
            self.handle_message(now, session, layer, message, fx);
        }
    }

    fn open(&mut self, now: Timestamp, session: Option<SessionKey>, layer: Layer, fx: &mut Effects) {
        let Some(session) = session else { return };
        match layer {
            Layer::SocketIo => {
                self.clients.insert(session, Client::default());
                self.engine.set_expiry(session, Some(now.after(self.config.connect_timeout)));
            }
            Layer::EngineIo => fx.push_dispatch(Dispatch::Opened { session }),
        }
    }

    fn handle_message(
        &mut self,
        now: Timestamp,
        session: SessionKey,
        layer: Layer,
        message: Message<'_>,
        fx: &mut Effects,
    ) {
        if layer == Layer::EngineIo {
            let message = match message {
                Message::Text(text) => Frame::text(text),
                Message::Binary(bytes) => Frame::Binary(bytes),
            };
            fx.push_dispatch(Dispatch::Message { session, message });
            return;
        }
        let Some(client) = self.clients.get_mut(&session) else { return };
        let was_reconstructing = client.decoder.is_reconstructing();
        self.waiting_bytes = self.waiting_bytes.saturating_sub(client.decoder.waiting_bytes());
        let packet = match message {
            Message::Text(text) => client.decoder.handle_text(text),
            Message::Binary(bytes) => {
                let max_bytes = self.config.max_payload_bytes.saturating_mul(MAX_ATTACHMENTS_PAYLOADS);
                client.decoder.handle_binary(bytes, max_bytes)
            }
        };
        self.waiting_bytes = self.waiting_bytes.saturating_add(client.decoder.waiting_bytes());
        let packet = if self.waiting_bytes > MAX_WAITING_BYTES { Err(PeerFault::AttachmentBytes) } else { packet };
        if was_reconstructing || client.decoder.is_reconstructing() {
            self.engine.touch(session);
        }
        let handled = packet.and_then(|packet| match packet {
            Some(packet) => self.handle_packet(session, packet, fx),
            None => Ok(()),
        });
        match handled {
            Ok(()) => {}
            Err(PeerFault::NamespaceState) => self.shut(now, session, Reason::ForcedServerClose, fx),
            Err(_) => self.shut(now, session, Reason::ForcedClose, fx),
        }
    }

    fn handle_packet(&mut self, session: SessionKey, packet: Packet, fx: &mut Effects) -> Result<(), PeerFault> {
        let client = self.clients.get_mut(&session).ok_or(PeerFault::NamespaceState)?;
        let joined = client.sockets.get(packet.namespace()).and_then(|&id| self.namespaces.get(id));
        match (packet, joined.map(Socket::to_ref)) {
            (Packet::Connect { namespace, auth }, None) => {
                client.joining.insert(namespace.clone());
                let auth = auth.unwrap_or_else(|| "{}".into());
                fx.push_dispatch(Dispatch::Connect { session, namespace, auth });
            }
            (Packet::Disconnect { .. }, Some(socket)) => {
                self.disconnect(socket.id, Reason::ClientNamespaceDisconnect, fx);
            }
            (Packet::Event { id, event, args, .. }, Some(socket)) => {
                fx.push_dispatch(Dispatch::Event { socket, event, args, ack: id });
            }
            // Nobody here asks for an acknowledgement yet, so none is known.
            (Packet::Ack { .. }, Some(_)) => {}
            _ => return Err(PeerFault::NamespaceState),
        }
        Ok(())
    }

    /// Takes a socket out of its namespace and tells its handlers.
    fn disconnect(&mut self, id: SocketId, reason: Reason, fx: &mut Effects) {
        let Some(socket) = self.namespaces.remove(id) else { return };
        if let Some(client) = self.clients.get_mut(&socket.session) {
            client.sockets.remove(&socket.namespace);
        }
        self.engine.touch(socket.session);
        let own = Room::from(id);
        let rooms = core::iter::once(own).chain(socket.rooms.iter().cloned()).collect();
        fx.push_dispatch(Dispatch::Disconnected { socket: socket.to_ref(), rooms, reason });
    }

    /// Closes a session in good order, with all of its sockets.
    fn shut(&mut self, now: Timestamp, session: SessionKey, reason: Reason, fx: &mut Effects) {
        self.engine.close(now, session, fx);
        self.forget(session, Layer::SocketIo, reason, fx);
    }

    /// A session is over: so are its sockets.
    fn forget(&mut self, session: SessionKey, layer: Layer, reason: Reason, fx: &mut Effects) {
        self.inbox.retain(|(key, _)| *key != session);
        if layer == Layer::EngineIo {
            fx.push_dispatch(Dispatch::Closed { session, reason });
        }
        let client = self.clients.remove(&session).unwrap_or_default();
        self.waiting_bytes = self.waiting_bytes.saturating_sub(client.decoder.waiting_bytes());
        for id in client.sockets.into_values() {
            self.disconnect(id, reason, fx);
        }
    }
}
