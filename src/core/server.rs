//! The junction: the only place that knows all stages, and the core's one entry point.
//!
//! **Call [`Server::handle`] with what happened. Call the handlers it names, in order, and [`Server::perform`] with what each
//! of them does; `World` does so. Before those of `on_connect`, call [`Server::announce`]. Perform the effects in order. While
//! [`Server::has_more`], go on with `Input::Continue`. Then write the snapshots that [`Server::take_changes`] names.**
//!
//! Three verbs end something, here and in [`engineio`]:
//!
//! - `close_session` ends a session in good order: what waits for its client is delivered first. It is used by handlers, the
//!   admin HTTP API and shutdown, when the connect timeout has passed, and after breaches of Socket.IO's protocol.
//! - `drop_session` ends a session at once, and what waits for its client is lost. Only the engine uses it: the connection is
//!   lost, breaks Engine.IO's protocol, or is silent or too slow.
//! - `leave_namespace` removes one socket from its namespace; the connection and its other sockets stay. When a session ends,
//!   each of its sockets leaves its namespace.

mod begun;
mod command;
mod connect;
mod due;
mod emission;
mod inbox;
mod leaving;
mod limited;
mod measure;
mod members;
mod newcomers;
mod pending_connects;
mod queries;
mod restore;
mod socketio_clients;
mod stored_bytes;
#[cfg(feature = "jwt")]
mod token_expiry;
mod traced;
mod unfinished;

use core::cell::Cell;
use std::rc::Rc;

use super::account::Payer;
use super::acks::{PendingAcks, StoredAcks};
use super::dispatch::Dispatch;
use super::effect::{CloseCode, Effect, Effects, Response};
#[cfg(doc)]
use super::engineio;
use super::engineio::{Arrived, Engine, Message};
use super::handshake_request::{HandshakeRequest, LazyHandshake, Protocol};
use super::input::{Command, Input};
use super::meter::Count;
use super::named_alarms::NamedAlarms;
use super::namespace::{Namespaces, SocketRecord};
use super::socketio::Packet;
use crate::config::Config;
use crate::error::{PeerFault, Reason, Refusal};
use crate::id::{ConnId, Entropy, SessionKey, SocketId};
use crate::limits::MAX_ATTACHMENTS_PAYLOADS;
use crate::log::{Level, Record};
use crate::time::Timestamp;
use crate::value::Frame;

use begun::Begun;
use inbox::{Inbox, Next};
use pending_connects::PendingConnects;
use socketio_clients::{Decoded, SocketIoClient, SocketIoClients};
use stored_bytes::{StoredBytes, bytes_of_session};

/// A world: its sessions, its namespaces, and what connects them.
#[derive(Debug)]
pub struct Server {
    config: Config,
    engine: Engine,
    clients: SocketIoClients,
    namespaces: Namespaces,
    pending_connects: PendingConnects,
    pending_acks: PendingAcks,
    stored_acks: StoredAcks,
    stored_bytes: StoredBytes,
    /// Bytes of a session that could not be stored.
    wanted: Cell<Option<(SessionKey, usize)>>,
    alarms: NamedAlarms,
    begun: Begun,
    /// Whether the members of the world, or the acknowledgements that they owe, have changed since the last
    /// [`take_members_changed`](Self::take_members_changed).
    members_changed: bool,
    /// Whether handlers are called for outgoing events.
    watches_outgoing: bool,
    /// Packets that wait until the handlers of the one before them were called, or for a later turn.
    inbox: Inbox,
    /// The socket that sent the last event, and its session: it almost always is the one that pays for what is emitted next.
    last_sender: Option<(SocketId, SessionKey)>,
    /// A buffer for the recipients of one emission; its memory is reused.
    recipients: Vec<SessionKey>,
    /// A buffer for the text of one packet; its memory is reused.
    buffer: String,
}

impl Server {
    /// Creates a world without sessions.
    pub fn new(config: Config) -> Self {
        Self {
            engine: Engine::new(config.clone()),
            config,
            clients: SocketIoClients::default(),
            namespaces: Namespaces::default(),
            pending_connects: PendingConnects::default(),
            pending_acks: PendingAcks::default(),
            stored_acks: StoredAcks::default(),
            stored_bytes: StoredBytes::default(),
            wanted: Cell::new(None),
            alarms: NamedAlarms::default(),
            begun: Begun::default(),
            members_changed: false,
            watches_outgoing: false,
            inbox: Inbox::default(),
            last_sender: None,
            recipients: Vec::new(),
            buffer: String::new(),
        }
    }

    /// Handles an input at `now`, and appends the effects and the calls of handlers to `fx`: the core's one entry point.
    /// `entropy` is called for the random bytes of each new socket id.
    pub fn handle(&mut self, now: Timestamp, input: Input, entropy: &mut dyn FnMut() -> Entropy, fx: &mut Effects) {
        self.engine.set_now(now);
        // What a spent turn has left is done before what comes behind it.
        let must_wait = fx.has_dispatches();
        // A timer may be late: what is due is handled before the input.
        self.engine.handle_timeout(now, fx);
        self.handle_ended(fx);
        self.handle_overdue(now, fx);
        self.make_wanted_room(fx);
        match input {
            // As in a world that is full.
            Input::OpenPolling { request, ref handshake, .. } if !self.make_room_for(handshake, fx) => {
                fx.push(Effect::Respond { request, response: Response::Refused(Refusal::Full) });
            }
            Input::OpenWebSocket { conn, ref handshake, .. } if !self.make_room_for(handshake, fx) => {
                fx.push(Effect::Close { conn, code: CloseCode::TryAgainLater });
            }
            Input::OpenPolling { request, sid, protocol, handshake } => {
                if !self.make_room(true, handshake.network(), fx) {
                    return fx.push(Effect::Respond { request, response: Response::Refused(Refusal::Full) });
                }
                let session = self.engine.handle_open_polling(now, request, sid, protocol, fx);
                self.open(now, session, protocol, handshake, fx);
            }
            Input::OpenWebSocket { conn, sid, protocol, handshake } => {
                self.make_room(false, handshake.network(), fx);
                let session = self.engine.handle_open_websocket(now, conn, sid, protocol, fx);
                self.open(now, session, protocol, handshake, fx);
            }
            Input::Upgrade { conn, sid } => self.engine.handle_upgrade(now, conn, sid, fx),
            Input::Poll { request, sid } => self.engine.handle_poll(request, sid, fx),
            Input::Post { request, sid, octets } => self.engine.handle_post(now, request, sid, octets, fx),
            Input::PostBody { request, sid, body } => {
                if let Some((session, body)) = self.engine.handle_post_body(request, sid, body, fx) {
                    self.handle_body(session, body, fx);
                }
            }
            Input::Frame { conn, frame } => self.handle_frame(now, conn, frame, must_wait, entropy, fx),
            Input::TooLong { conn } => self.engine.handle_too_long(conn, fx),
            Input::Closed { conn, reason } => self.handle_closed(conn, reason, must_wait, fx),
            Input::Overflowed { conn } => self.engine.handle_overflow(conn, fx),
            Input::Debtor { session } => self.engine.handle_debtor(session, fx),
            Input::Tick { last_pongs } => self.engine.handle_tick(now, last_pongs, fx),
            Input::Timeout => {}
            Input::Due => self.handle_begun(entropy, fx),
            Input::Continue if must_wait => {}
            Input::Continue => self.handle_next(now, entropy, fx),
        }
        self.handle_ended(fx);
    }

    /// Performs a command of a handler at `now`; the client of `payer` is charged. Unlike [`handle`](Self::handle), it does not handle what is due: an alarm that a
    /// handler sets for `now` must not call handlers while that handler runs, and one that sets itself again must not loop.
    pub fn perform(&mut self, now: Timestamp, payer: Option<Payer>, command: Command, fx: &mut Effects) {
        self.engine.set_now(now);
        self.handle_command(now, payer, command, fx);
        self.handle_ended(fx);
    }

    /// Returns the level up to which lines are written to the log; `None` if none is.
    pub const fn log_level(&self) -> Option<Level> {
        self.config.log
    }

    /// Returns whether packets wait for [`Input::Continue`].
    pub fn has_more(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Handles the ends of sessions that the engine reports.
    fn handle_ended(&mut self, fx: &mut Effects) {
        while let Some(ended) = self.engine.next_ended() {
            self.handle_session_ended(ended, fx);
        }
    }

    /// Handles a frame of a WebSocket.
    fn handle_frame(
        &mut self,
        now: Timestamp,
        conn: ConnId,
        frame: Frame,
        must_wait: bool,
        entropy: &mut dyn FnMut() -> Entropy,
        fx: &mut Effects,
    ) {
        // The runtime delivers frames that have arrived without a look at its other objects: those that are too much for one turn
        // wait for a later one, as packets do that were posted before an upgrade.
        let must_wait = must_wait || fx.is_spent();
        if (must_wait || !self.inbox.is_empty())
            && let Some((session, _)) = self.engine.session_of(conn)
            && (must_wait || self.inbox.has(session))
        {
            let waiting = self.inbox.push_frame(session, frame);
            return self.check_inbox(session, waiting, fx);
        }
        if let Some(arrived) = self.engine.handle_frame(now, conn, &frame, fx) {
            self.handle_message(now, arrived, entropy, fx);
        }
    }

    /// Handles the end of a WebSocket, behind its frames.
    fn handle_closed(&mut self, conn: ConnId, reason: Reason, must_wait: bool, fx: &mut Effects) {
        match self.engine.session_of(conn) {
            Some((session, _)) if must_wait || self.inbox.has(session) => self.inbox.push_closed(session, conn, reason),
            _ => self.engine.handle_closed(conn, reason, fx),
        }
    }

    /// Handles the body of a POST: its packets wait for their turn.
    fn handle_body(&mut self, session: SessionKey, body: String, fx: &mut Effects) {
        if !body.is_empty() {
            let waiting = self.inbox.push_body(session, body);
            self.check_inbox(session, waiting, fx);
        }
    }

    /// Handles the next packet that waits. As with the frames of a WebSocket, the handlers of the packet before it were called.
    fn handle_next(&mut self, now: Timestamp, entropy: &mut dyn FnMut() -> Entropy, fx: &mut Effects) {
        match self.inbox.next() {
            Some((session, Next::Packet(frame))) => {
                if let Some(arrived) = self.engine.handle_packet(now, session, &frame, fx) {
                    self.handle_message(now, arrived, entropy, fx);
                }
            }
            Some((_, Next::Closed(conn, reason))) => {
                self.engine.handle_closed(conn, reason, fx);
                fx.push(Effect::Close { conn, code: CloseCode::Normal });
            }
            None => {}
        }
    }

    fn open(
        &mut self,
        now: Timestamp,
        session: Option<SessionKey>,
        protocol: Protocol,
        handshake: Rc<HandshakeRequest>,
        fx: &mut Effects,
    ) {
        let Some(session) = session else { return };
        fx.meter().add(Count::Opened { is_websocket: self.engine.conn_of(session).is_some() }, 1);
        self.engine.add_unjoined(session, handshake.network());
        let stored_bytes = bytes_of_session(handshake.stored_bytes());
        self.stored_bytes.add(stored_bytes);
        let handshake = LazyHandshake::from(handshake);
        let client = SocketIoClient { handshake: handshake.clone(), stored_bytes, ..SocketIoClient::default() };
        self.clients.insert(session, client);
        match protocol {
            Protocol::SocketIo => self.engine.set_expiry(session, Some(now.after(self.config.connect_timeout))),
            Protocol::EngineIo => {
                self.members_changed = true;
                if let Some(conn) = self.engine.conn_view(session) {
                    fx.push_dispatch(Dispatch::Opened { conn, handshake });
                }
            }
        }
    }

    fn handle_message(
        &mut self,
        now: Timestamp,
        Arrived { session, protocol, message, standing }: Arrived<'_>,
        entropy: &mut dyn FnMut() -> Entropy,
        fx: &mut Effects,
    ) {
        let bytes = message.len_bytes();
        fx.meter().add(Count::Received, 1);
        fx.meter().add(Count::ReceivedBytes, bytes);
        if protocol == Protocol::EngineIo {
            fx.meter().note_joined();
            // There is no error message in plain Engine.IO.
            if standing.wait().is_some() {
                fx.push_log(Record::warn(format_args!(
                    "a session of plain Engine.IO is closed with 1008: it sends more than it may"
                )));
                return self.engine.drop_offender(session, fx);
            }
            let message = match message {
                Message::Text(text) => Frame::text(text),
                Message::Binary(bytes) => Frame::Binary(bytes),
            };
            if let Some((conn, client)) = self.engine.conn_view(session).zip(self.clients.get(session)) {
                fx.push_dispatch(Dispatch::Message { conn, handshake: client.handshake.clone(), message });
            }
            return;
        }
        let max_bytes = self.config.max_payload_bytes.saturating_mul(MAX_ATTACHMENTS_PAYLOADS);
        let decoded = self.clients.decode(now, session, message, max_bytes);
        let Some(Decoded { packet, given_up, has_changed }) = decoded else { return };
        if has_changed {
            self.handle_stored_packet_ended(session);
        }
        if let Some(given_up) = given_up {
            self.refuse_given_up(session, given_up, fx);
        }
        let packet = packet.map(|packet| match (packet, standing.wait()) {
            (packet, Some(wait)) => self.refuse_limited(now, session, wait, (packet, bytes), fx),
            (packet, None) => packet,
        });
        let handled = packet.and_then(|packet| match packet {
            Some(packet) => self.handle_packet(session, packet, entropy, fx),
            None => Ok(()),
        });
        if handled.is_err() {
            self.close_session(now, session, Reason::ForcedClose, fx);
        }
    }

    fn handle_packet(
        &mut self,
        session: SessionKey,
        packet: Packet,
        entropy: &mut dyn FnMut() -> Entropy,
        fx: &mut Effects,
    ) -> Result<(), PeerFault> {
        let client = self.clients.get(session).ok_or(PeerFault::NamespaceState)?;
        let joined = client.sockets.get(packet.namespace()).and_then(|&id| self.namespaces.get(id));
        match (packet, joined.map(SocketRecord::to_ref)) {
            (Packet::Connect { namespace, auth }, None) => {
                let auth = auth.map_or_else(|| "{}".into(), Rc::from);
                self.connect(session, namespace, auth, entropy, fx);
            }
            (Packet::Disconnect { .. }, Some(socket)) => {
                self.leave_namespace(socket.id, None, Reason::ClientNamespaceDisconnect, fx);
            }
            (Packet::Event { id, event, args, .. }, Some(socket)) => {
                self.last_sender = Some((socket.id, session));
                fx.meter().add(Count::Events, 1);
                if self.alarms.has_traces() {
                    self.trace_event(&socket, &event, (args.len_bytes(), id), fx);
                }
                fx.push_dispatch(Dispatch::Event { socket, event, args, ack: id });
            }
            (Packet::Ack { id: Some(id), args, .. }, Some(socket)) => {
                fx.meter().add(Count::AcksReceived, 1);
                self.handle_ack(socket, id, args, fx);
            }
            // An acknowledgement without an id has no effect.
            (Packet::Ack { id: None, .. }, Some(_)) => {}
            _ => return Err(PeerFault::NamespaceState),
        }
        Ok(())
    }
}
