//! The behaviour that `socket.io-client` has by itself: clients decode packets, answer pings and poll again.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Weak;

use serde_json::Value;

use super::deployment::Deployment;
use super::host::Host;
use super::test_event::{ConnectError, Disconnected, TestEvent};
use super::virtual_runtime::{HttpNo, Said, SocketNo, To, What};
use crate::core::effect::Response;
use crate::core::engineio::payload;
use crate::core::engineio::{Message, ReceivedPacket, wire};
use crate::core::handshake_request::{HandshakeRequest, Protocol};
use crate::core::socketio;
use crate::core::socketio::{Decoder, Packet};
use crate::error::Reason;
use crate::id::{AckId, Namespace, SocketId};
use crate::value::{Args, Frame};

/// A world with its clients.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) host: Host,
    pub(super) connections: Vec<Connection>,
    sockets: Vec<ClientSocket>,
    pub(super) by_socket: BTreeMap<SocketNo, usize>,
    by_request: BTreeMap<HttpNo, usize>,
    /// The name of the world.
    pub(super) name: String,
    /// The other worlds.
    deployment: Weak<Deployment>,
}

/// The request with which a client opens a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Handshake {
    pub(super) polling: bool,
    pub(super) secure: bool,
    pub(super) address: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
}

/// A client's connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) link: Link,
    is_open: bool,
    decoder: Decoder,
}

#[derive(Debug)]
pub(super) enum Link {
    WebSocket(SocketNo),
    Polling {
        sid: String,
        /// The pending GET.
        poll: Option<HttpNo>,
        reads: bool,
    },
}

/// A client in a namespace.
#[derive(Debug)]
pub(super) struct ClientSocket {
    pub(super) connection: usize,
    pub(super) namespace: Namespace,
    pub(super) id: Option<SocketId>,
    pub(super) refused: Option<ConnectError>,
    pub(super) disconnected: Option<Disconnected>,
    pub(super) events: VecDeque<TestEvent>,
    pub(super) acks: BTreeMap<AckId, Args>,
    acks_asked: u64,
}

impl Clients {
    pub(super) const fn new(host: Host, name: String, deployment: Weak<Deployment>) -> Self {
        Self {
            host,
            connections: Vec::new(),
            sockets: Vec::new(),
            by_socket: BTreeMap::new(),
            by_request: BTreeMap::new(),
            name,
            deployment,
        }
    }

    /// Says that a client is refused that should not be: also what was logged last, which has what no client is told.
    pub(super) fn refused(&self, namespace: &str, error: &ConnectError) -> String {
        let log = &self.host.runtime().log;
        let logged = log.last().map(|line| format!("; the last line of the log: {line}")).unwrap_or_default();
        format!("the world refuses a client in {namespace}: {error}{logged}")
    }

    /// Opens a connection and returns its index.
    pub(super) fn open(&mut self, handshake: &Handshake) -> Result<usize, ConnectError> {
        let transport = if handshake.polling { "polling" } else { "websocket" };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("EIO", "4").append_pair("transport", transport).extend_pairs(&handshake.query);
        let query = query.finish();
        let number = self.connections.len();
        let Handshake { headers, address, secure, .. } = handshake.clone();
        self.host.handshake = HandshakeRequest { headers, address, secure, ..HandshakeRequest::default() };
        let link = if handshake.polling {
            let http = self.host.request("GET", &query, Protocol::SocketIo, false);
            if let Some(Response::Refused(refusal)) = self.host.answer_of(http) {
                return Err(ConnectError { message: refusal.message().to_owned(), data: None });
            }
            self.by_request.insert(http, number);
            Link::Polling { sid: String::new(), poll: Some(http), reads: true }
        } else {
            match self.host.open_websocket(&query, Protocol::SocketIo) {
                Ok(no) => {
                    self.by_socket.insert(no, number);
                    Link::WebSocket(no)
                }
                Err(Response::Refused(refusal)) => {
                    return Err(ConnectError { message: refusal.message().to_owned(), data: None });
                }
                Err(answer) => return Err(ConnectError { message: format!("{answer:?}"), data: None }),
            }
        };
        self.connections.push(Connection { link, is_open: true, decoder: Decoder::default() });
        self.listen();
        Ok(number)
    }

    /// Sends CONNECT for a namespace and returns the index of the socket, which then has an id, was refused, or waits.
    pub(super) fn join(&mut self, connection: usize, namespace: Namespace, auth: Option<&str>) -> usize {
        let head = if namespace.is_main() { String::new() } else { format!("{},", namespace.as_str()) };
        let text = format!("0{head}{}", auth.unwrap_or_default());
        self.sockets.push(ClientSocket {
            connection,
            namespace,
            id: None,
            refused: None,
            disconnected: None,
            events: VecDeque::new(),
            acks: BTreeMap::new(),
            acks_asked: 0,
        });
        self.send(connection, text, &Args::new());
        self.sockets.len() - 1
    }

    /// Emits an event and returns its acknowledgement id, which is unused unless `wants_answer`.
    pub(super) fn emit(&mut self, socket: usize, event: &str, args: &Args, wants_answer: bool) -> AckId {
        let socket = self.socket_mut(socket);
        let id = AckId(socket.acks_asked);
        socket.acks_asked += u64::from(wants_answer);
        let mut text = String::new();
        socketio::encode_event(&socket.namespace, wants_answer.then_some(id), event, args, &mut text);
        let connection = socket.connection;
        self.send(connection, text, args);
        id
    }

    /// Acknowledges an event of the server.
    pub(super) fn ack(&mut self, socket: usize, id: AckId, args: &Args) {
        let socket = self.socket(socket);
        let mut text = String::new();
        socketio::encode_ack(&socket.namespace, id, args, &mut text);
        let connection = socket.connection;
        self.send(connection, text, args);
    }

    /// Leaves a namespace.
    pub(super) fn leave(&mut self, socket: usize) {
        let socket = self.socket_mut(socket);
        socket.disconnected = Some(Disconnected::ByClient);
        let mut text = String::new();
        socketio::encode_disconnect(&socket.namespace, &mut text);
        let connection = socket.connection;
        self.send(connection, text, &Args::new());
    }

    /// Closes a connection in an orderly way, or drops it if `why` is [`Disconnected::Lost`]. A polling client that is lost sends
    /// nothing more.
    pub(super) fn end(&mut self, connection: usize, why: Disconnected) {
        self.mark_closed(connection, why);
        let (no, sid) = match self.connections.get(connection).map(|connection| &connection.link) {
            Some(Link::WebSocket(no)) => (Some(*no), None),
            Some(Link::Polling { sid, .. }) => (None, Some(sid.clone())),
            None => (None, None),
        };
        let is_lost = why == Disconnected::Lost;
        if let Some(no) = no {
            self.host.gone(no, if is_lost { Reason::TransportError } else { Reason::TransportClose });
        }
        if let Some(sid) = sid.filter(|_| !is_lost) {
            self.host.post(&sid, b"1");
        }
        self.listen();
    }

    /// Returns whether a connection is open.
    pub(super) fn is_open(&self, connection: usize) -> bool {
        self.connections.get(connection).is_some_and(|connection| connection.is_open)
    }

    #[expect(clippy::indexing_slicing, reason = "sockets are never removed, and their numbers are given out here")]
    pub(super) fn socket(&self, socket: usize) -> &ClientSocket {
        &self.sockets[socket]
    }

    #[expect(clippy::indexing_slicing, reason = "sockets are never removed, and their numbers are given out here")]
    pub(super) fn socket_mut(&mut self, socket: usize) -> &mut ClientSocket {
        &mut self.sockets[socket]
    }

    /// Has the clients process everything that they received, and the other worlds everything that they are called for, until there is
    /// nothing left to do.
    pub(super) fn listen(&mut self) {
        self.hear();
        if let Some(deployment) = self.deployment.upgrade() {
            deployment.settle(Some(self));
        }
    }

    fn hear(&mut self) {
        loop {
            let said = self.host.take_said();
            if said.is_empty() && !self.poll_again() {
                return;
            }
            for Said { to, what, .. } in said {
                match (to, what) {
                    (To::Socket(no), what) => {
                        let Some(&connection) = self.by_socket.get(&no) else { continue };
                        match what {
                            What::Frame(frame) => self.receive(connection, &frame),
                            What::Closed(code) => self.mark_closed(connection, Disconnected::Closed(Some(code))),
                            What::Accepted | What::Response(_) => {}
                        }
                    }
                    (To::Request(http), What::Response(answer)) => self.receive_answer(http, &answer),
                    (To::Request(_), _) => {}
                }
            }
        }
    }

    /// Sends a GET for every open polling client that has none pending. Returns whether any was sent.
    fn poll_again(&mut self) -> bool {
        let mut polled = false;
        for (number, connection) in self.connections.iter_mut().enumerate().filter(|(_, one)| one.is_open) {
            if let Link::Polling { sid, poll: poll @ None, reads: true } = &mut connection.link {
                let http = self.host.poll(sid);
                *poll = Some(http);
                self.by_request.insert(http, number);
                polled = true;
            }
        }
        polled
    }

    fn receive_answer(&mut self, http: HttpNo, answer: &Response) {
        let Some(number) = self.by_request.remove(&http) else { return };
        if let Some(Link::Polling { poll, .. }) = self.connections.get_mut(number).map(|one| &mut one.link) {
            poll.take_if(|poll| *poll == http);
        }
        match answer {
            Response::Payload(body) => {
                for text in payload::split(body) {
                    self.receive(number, &Frame::text(text));
                }
            }
            Response::Ok => {}
            Response::TooLong | Response::Refused(_) => self.mark_closed(number, Disconnected::Closed(None)),
        }
    }

    #[expect(clippy::panic, reason = "a packet that no client can decode is a bug of the world")]
    fn receive(&mut self, number: usize, frame: &Frame) {
        let Some(connection) = self.connections.get_mut(number).filter(|connection| connection.is_open) else { return };
        if let (Frame::Text(text), Link::Polling { sid, .. }) = (frame, &mut connection.link)
            && let Some(open) = text.strip_prefix('0')
        {
            field(open, "sid").unwrap_or_default().clone_into(sid);
            return;
        }
        let decoded = match ReceivedPacket::decode_frame(frame) {
            Ok(ReceivedPacket::Ping { .. }) => return self.send_frames(number, &[Frame::text("3")]),
            Ok(ReceivedPacket::Close) => return self.mark_closed(number, Disconnected::Closed(None)),
            Ok(ReceivedPacket::Message(Message::Text(text))) => match text.strip_prefix('4') {
                Some(refusal) => return self.refuse(number, refusal),
                None => connection.decoder.handle_text(text),
            },
            Ok(ReceivedPacket::Message(Message::Binary(bytes))) => connection.decoder.handle_binary(bytes, usize::MAX),
            Ok(_) => return,
            Err(fault) => Err(fault),
        };
        match decoded {
            Ok(Some(packet)) => self.handle_packet(number, packet),
            Ok(None) => {}
            Err(fault) => panic!("the world sent a frame that no client can decode, {frame:?}: {fault}"),
        }
    }

    fn handle_packet(&mut self, connection: usize, packet: Packet) {
        let Some(socket) = self.joined(connection, packet.namespace()) else { return };
        match packet {
            Packet::Connect { auth, .. } => {
                socket.id = field(&auth.unwrap_or_default(), "sid").and_then(|id| SocketId::parse(&id));
            }
            Packet::Disconnect { .. } => socket.disconnected = Some(Disconnected::ByServer),
            Packet::Event { id, event, args, .. } => {
                socket.events.push_back(TestEvent { name: (*event).into(), args, ack: id });
            }
            Packet::Ack { id: Some(id), args, .. } => {
                socket.acks.insert(id, args);
            }
            Packet::Ack { id: None, .. } | Packet::ConnectError { .. } => {}
        }
    }

    /// Handles a `CONNECT_ERROR`, without its type digit. The crate's decoder is a server's and drops this packet's payload.
    fn refuse(&mut self, connection: usize, text: &str) {
        let (name, json) = text.split_once(',').filter(|_| text.starts_with('/')).unwrap_or(("/", text));
        let error: Option<ConnectError> = serde_json::from_str(json).ok();
        let (Some(namespace), Some(error)) = (Namespace::parse(name), error) else { return };
        if let Some(socket) = self.joined(connection, &namespace) {
            socket.refused = Some(error);
        }
    }

    /// Returns the socket that a packet of this namespace is for: the one that joined last, unless it is refused or disconnected.
    fn joined(&mut self, connection: usize, namespace: &Namespace) -> Option<&mut ClientSocket> {
        let of = |socket: &&mut ClientSocket| socket.connection == connection && socket.namespace == *namespace;
        self.sockets.iter_mut().rfind(of).filter(|socket| socket.is_there())
    }

    fn mark_closed(&mut self, connection: usize, why: Disconnected) {
        if let Some(connection) = self.connections.get_mut(connection) {
            connection.is_open = false;
        }
        for socket in self.sockets.iter_mut().filter(|socket| socket.connection == connection) {
            socket.disconnected.get_or_insert(why);
        }
    }

    fn send(&mut self, connection: usize, text: String, args: &Args) {
        let text = wire::encode_message(&Frame::text(text));
        let attachments = args.attachments().iter().cloned().map(Frame::Binary);
        let frames: Vec<Frame> = core::iter::once(text).chain(attachments).collect();
        self.send_frames(connection, &frames);
        self.listen();
    }

    /// Sends frames: each by itself on a WebSocket, or all in one POST.
    pub(super) fn send_frames(&mut self, number: usize, frames: &[Frame]) {
        match self.connections.get(number).map(|connection| &connection.link) {
            Some(Link::WebSocket(no)) => {
                let no = *no;
                for frame in frames {
                    self.host.frame(no, frame.clone());
                }
            }
            Some(Link::Polling { sid, .. }) => {
                let http = self.host.post(sid, payload::join(frames).as_bytes());
                self.by_request.insert(http, number);
            }
            None => {}
        }
    }
}

impl ClientSocket {
    /// Returns whether the client is in the namespace, or waits for the response to its CONNECT.
    pub(super) const fn is_there(&self) -> bool {
        self.refused.is_none() && self.disconnected.is_none()
    }
}

/// Returns the string member `name` of a JSON object.
fn field(json: &str, name: &str) -> Option<String> {
    let object: Value = serde_json::from_str(json).ok()?;
    object.get(name)?.as_str().map(str::to_owned)
}
