//! The junction: the only place that knows all stages, and the core's one door.
//!
//! **Call [`Server::handle`] with what happened. Call the handlers it names, in order, and it again with the
//! [`Input::Command`]s of each; while [`Server::has_more`], call it again with [`Input::Continue`]. Then perform the
//! effects in order and write the snapshots of [`Server::take_touched`].** [`World`](crate::durable::World) does so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;

use crate::config::Config;
use crate::effect::{Dispatch, Effects};
use crate::engine::{self, Engine, Gone, Header, Message};
use crate::error::{Fault, PeerFault, Reason};
use crate::id::{AckId, ConnId, Namespace, Room, SessionKey, Sid, SocketId};
use crate::input::{Command, Input, Target};
use crate::namespace::{Namespaces, Socket};
use crate::request::Layer;
use crate::snapshot::{Body, ClientSnapshot, SocketSnapshot};
use crate::socket::{self, Decoder, Packet};
use crate::time::Timestamp;
use crate::value::{Args, Frame};

pub use crate::engine::timeout::Alarm;

/// A world: its sessions, its namespaces, and what connects them.
#[derive(Debug)]
pub struct Server {
    config: Config,
    engine: Engine,
    clients: BTreeMap<SessionKey, Client>,
    namespaces: Namespaces,
    /// Packets of POSTs that wait for the handlers of those before them.
    inbox: VecDeque<(SessionKey, String)>,
    /// Whether this call left something for handlers to do first.
    dispatched: bool,
    recipients: Vec<SessionKey>,
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
            dispatched: false,
            recipients: Vec::new(),
        }
    }

    /// The core's one door: something happened at `now`; what is to be done is appended to `fx`.
    pub fn handle(&mut self, now: Timestamp, input: Input, fx: &mut Effects) {
        self.dispatched = false;
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
            Input::Timeout => self.engine.handle_timeout(now, fx),
            Input::Tick { heard } => self.engine.handle_tick(now, heard, fx),
            Input::Continue => {}
            Input::Command(command) => self.handle_command(now, command, fx),
        }
        self.settle(now, fx);
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

    /// What must be known of a WebSocket while the world sleeps; `None` for one that only probes: its session polls and
    /// would be lost anyway.
    pub fn snapshot(&self, conn: ConnId) -> Option<(Header, Body)> {
        let (key, session) = self.engine.session_of(conn)?;
        let client = match session.layer {
            Layer::EngineIo => ClientSnapshot::EngineIo,
            Layer::SocketIo => {
                let client = self.clients.get(&key)?;
                let sockets = client.sockets.values().filter_map(|&id| self.namespaces.get(id)).map(|socket| {
                    let rooms = socket.rooms.iter().cloned().collect();
                    let (namespace, auth) = (socket.namespace.clone(), socket.auth.to_string());
                    SocketSnapshot { id: socket.id, namespace, auth, rooms }
                });
                ClientSnapshot::SocketIo { sockets: sockets.collect(), partial: client.decoder.snapshot() }
            }
        };
        Some((self.engine.header(key)?, Body { sid: session.sid, client }))
    }

    /// Puts a session back that slept. Nothing is sent and no handler is called: for its client, nothing happened.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the snapshot contradicts itself or another one; the WebSocket is to be closed.
    pub fn restore(&mut self, now: Timestamp, conn: ConnId, header: Header, body: Body) -> Result<(), Fault> {
        let damaged = |what: &str| Fault::Bug(format!("a snapshot {what}"));
        let layer = match body.client {
            ClientSnapshot::SocketIo { .. } => Layer::SocketIo,
            ClientSnapshot::EngineIo => Layer::EngineIo,
        };
        let client = match body.client {
            ClientSnapshot::SocketIo { sockets, partial } => {
                Some((sockets, Decoder::restore(partial).ok_or_else(|| damaged("has a damaged packet"))?))
            }
            ClientSnapshot::EngineIo => None,
        };
        let session = self
            .engine
            .restore(now, conn, body.sid, layer, header)
            .ok_or_else(|| damaged("has the session id of another one"))?;
        let Some((sockets, decoder)) = client else { return Ok(()) };
        let mut client = Client { decoder, ..Client::default() };
        for SocketSnapshot { id, namespace, auth, rooms } in sockets {
            let rooms = rooms.into_iter().collect();
            client.sockets.insert(namespace.clone(), id);
            self.namespaces.insert(Socket { id, namespace, session, auth: auth.into(), rooms });
        }
        self.clients.insert(session, client);
        Ok(())
    }

    /// Forgets which snapshots changed: after restoring, they are what is written already.
    pub fn finish_restore(&mut self) {
        self.engine.take_touched();
    }

    /// Works on what one input left behind, until handlers have something to do first.
    fn settle(&mut self, now: Timestamp, fx: &mut Effects) {
        loop {
            while let Some(Gone { session, layer, reason }) = self.engine.next_gone() {
                self.forget(session, layer, reason, fx);
            }
            if self.dispatched {
                return;
            }
            let Some((session, text)) = self.inbox.pop_front() else { return };
            let packet = engine::Packet::decode_text(&text);
            if let Some((session, layer, message)) = self.engine.handle_packet(now, session, packet, fx) {
                self.handle_message(now, session, layer, message, fx);
            }
        }
    }

    fn open(&mut self, now: Timestamp, session: Option<SessionKey>, layer: Layer, fx: &mut Effects) {
        let Some(session) = session else { return };
        match layer {
            Layer::SocketIo => {
                self.clients.insert(session, Client::default());
                self.engine.set_expiry(session, Some(now.after(self.config.connect_timeout)));
            }
            Layer::EngineIo => self.dispatch(Dispatch::Opened { session }, fx),
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
            self.dispatch(Dispatch::Message { session, message }, fx);
            return;
        }
        let Some(client) = self.clients.get_mut(&session) else { return };
        let was_reconstructing = client.decoder.is_reconstructing();
        let packet = match message {
            Message::Text(text) => client.decoder.handle_text(text),
            Message::Binary(bytes) => client.decoder.handle_binary(bytes),
        };
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
                self.dispatch(Dispatch::Connect { session, namespace, auth }, fx);
            }
            (Packet::Disconnect { .. }, Some(socket)) => {
                self.disconnect(socket.id, Reason::ClientNamespaceDisconnect, fx);
            }
            (Packet::Event { id, event, args, .. }, Some(socket)) => {
                self.dispatch(Dispatch::Event { socket, event, args, ack: id }, fx);
            }
            // Nobody here asks for an acknowledgement yet, so none is known.
            (Packet::Ack { .. }, Some(_)) => {}
            _ => return Err(PeerFault::NamespaceState),
        }
        Ok(())
    }

    fn handle_command(&mut self, now: Timestamp, command: Command, fx: &mut Effects) {
        match command {
            Command::Accept { session, namespace, socket, auth } => self.accept(session, &namespace, socket, auth, fx),
            Command::Refuse { session, namespace, error } => {
                if self.take_joining(session, &namespace) {
                    let frame = text_frame(|text| socket::encode_connect_error(&namespace, &error, text));
                    self.engine.send(session, vec![frame], fx);
                }
            }
            Command::Emit { target, event, args } => self.emit(&target, &event, &args, fx),
            Command::Ack { socket, id, args } => self.ack(socket, id, &args, fx),
            Command::Join { socket, room } => {
                if self.namespaces.join(socket, room) {
                    self.touch(socket);
                }
            }
            Command::Leave { socket, room } => {
                if self.namespaces.leave(socket, &room) {
                    self.touch(socket);
                }
            }
            Command::Disconnect { socket, close: false } => {
                self.send_disconnect(socket, fx);
                self.disconnect(socket, Reason::ServerNamespaceDisconnect, fx);
            }
            Command::Disconnect { socket, close: true } => {
                let Some(session) = self.namespaces.get(socket).map(|socket| socket.session) else { return };
                let ids: Vec<_> =
                    self.clients.get(&session).into_iter().flat_map(|c| c.sockets.values().copied()).collect();
                for id in ids {
                    self.send_disconnect(id, fx);
                    self.disconnect(id, Reason::ServerNamespaceDisconnect, fx);
                }
                self.shut(now, session, Reason::ServerNamespaceDisconnect, fx);
            }
            Command::Send { session, message } => {
                self.engine.send(session, vec![engine::packet::encode_message(&message)], fx);
            }
            Command::Close { session } => {
                if let Some(layer) = self.engine.layer_of(session) {
                    self.engine.close(now, session, fx);
                    self.forget(session, layer, Reason::ForcedClose, fx);
                }
            }
        }
    }

    fn accept(&mut self, session: SessionKey, namespace: &Namespace, id: SocketId, auth: Box<str>, fx: &mut Effects) {
        if !self.take_joining(session, namespace) {
            return;
        }
        let socket = Socket { id, namespace: namespace.clone(), session, auth: auth.into(), rooms: BTreeSet::new() };
        let socket_ref = socket.to_ref();
        let Some(client) = self.clients.get_mut(&session) else { return };
        if client.sockets.contains_key(namespace) || !self.namespaces.insert(socket) {
            return;
        }
        client.sockets.insert(namespace.clone(), id);
        self.engine.set_expiry(session, None);
        let frame = text_frame(|text| socket::encode_connect(namespace, id, text));
        self.engine.send(session, vec![frame], fx);
        self.dispatch(Dispatch::Connected { socket: socket_ref }, fx);
    }

    /// Encodes once, finds the recipients once.
    fn emit(&mut self, target: &Target, event: &str, args: &Args, fx: &mut Effects) {
        // Stands for a bug in the core, in the end-to-end tests only.
        #[cfg(feature = "test-panic")]
        assert!(event != "test:panic-core", "the core panics");
        self.recipients.clear();
        self.namespaces.resolve(target, &mut self.recipients);
        if self.recipients.is_empty() {
            return;
        }
        let text = text_frame(|text| socket::encode_event(&target.namespace, None, event, args, text));
        let frames = with_attachments(text, args.attachments());
        match *self.recipients {
            [session] => self.engine.send(session, frames, fx),
            _ => self.engine.broadcast(self.recipients.iter().copied(), frames, fx),
        }
    }

    fn ack(&mut self, socket: SocketId, id: AckId, args: &Args, fx: &mut Effects) {
        let Some(socket) = self.namespaces.get(socket) else { return };
        let text = text_frame(|text| socket::encode_ack(&socket.namespace, id, args, text));
        self.engine.send(socket.session, with_attachments(text, args.attachments()), fx);
    }

    fn send_disconnect(&mut self, id: SocketId, fx: &mut Effects) {
        let Some(socket) = self.namespaces.get(id) else { return };
        let frame = text_frame(|text| socket::encode_disconnect(&socket.namespace, text));
        self.engine.send(socket.session, vec![frame], fx);
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
        self.dispatch(Dispatch::Disconnected { socket: socket.to_ref(), rooms, reason }, fx);
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
            self.dispatch(Dispatch::Closed { session, reason }, fx);
        }
        let client = self.clients.remove(&session).unwrap_or_default();
        for id in client.sockets.into_values() {
            self.disconnect(id, reason, fx);
        }
    }

    fn take_joining(&mut self, session: SessionKey, namespace: &Namespace) -> bool {
        self.clients.get_mut(&session).is_some_and(|client| client.joining.remove(namespace))
    }

    fn touch(&mut self, socket: SocketId) {
        if let Some(socket) = self.namespaces.get(socket) {
            self.engine.touch(socket.session);
        }
    }

    fn dispatch(&mut self, dispatch: Dispatch, fx: &mut Effects) {
        self.dispatched = true;
        fx.push_dispatch(dispatch);
    }
}

/// A message whose text `write` appends.
fn text_frame(write: impl FnOnce(&mut String)) -> Frame {
    let mut text = String::from(engine::packet::MESSAGE);
    write(&mut text);
    Frame::text(text)
}

fn with_attachments(text: Frame, attachments: &[Bytes]) -> Vec<Frame> {
    core::iter::once(text).chain(attachments.iter().cloned().map(Frame::Binary)).collect()
}
