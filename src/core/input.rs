//! Everything that can happen to a world.

use std::rc::Rc;

use super::dispatch::SocketRef;
use super::handshake_request::{HandshakeRequest, Protocol};
use super::named_alarms::NamedAlarm;
use crate::error::ConnectError;
use crate::error::Reason;
use crate::id::{AckId, ConnId, Namespace, PendingAckId, RequestId, Room, SessionKey, Sid, SocketId};
use crate::time::Timestamp;
use crate::value::{Args, Frame};

/// The name of the handler of acknowledgements that is called when the token of a socket expires.
#[cfg(feature = "jwt")]
pub(crate) const TOKEN_EXPIRY: &str = "\u{1}token";

/// Something that happened to a world: the argument of [`Server::handle`](super::server::Server::handle).
#[derive(Clone, Debug)]
pub enum Input {
    /// A GET without a session id arrived: it opens a polling session with the id `sid`.
    OpenPolling {
        /// The request; its response is the OPEN packet.
        request: RequestId,
        /// The new session's id.
        sid: Sid,
        /// The session's protocol.
        protocol: Protocol,
        /// The request's URL, headers and address, which handlers may read.
        handshake: Rc<HandshakeRequest>,
    },
    /// A WebSocket without a session id was accepted as `conn`: it opens the session `sid`.
    OpenWebSocket {
        /// The accepted WebSocket.
        conn: ConnId,
        /// The new session's id.
        sid: Sid,
        /// The session's protocol.
        protocol: Protocol,
        /// The request's URL, headers and address, which handlers may read.
        handshake: Rc<HandshakeRequest>,
    },
    /// A WebSocket with the session id `sid` was accepted as `conn`: the client begins to upgrade that session.
    Upgrade {
        /// The accepted WebSocket.
        conn: ConnId,
        /// The session that polls.
        sid: Sid,
    },
    /// A GET of the session `sid` arrived.
    Poll {
        /// The request; its response is the payload.
        request: RequestId,
        /// The session.
        sid: Sid,
    },
    /// The head of a POST to the session `sid` arrived; its body follows as [`Input::PostBody`], unless this input
    /// responded to the request already.
    Post {
        /// The request.
        request: RequestId,
        /// The session.
        sid: Sid,
        /// Whether its `content-type` is `application/octet-stream`, which Engine.IO 4 does not have.
        octets: bool,
    },
    /// The body of a POST arrived, or will not arrive.
    PostBody {
        /// The request.
        request: RequestId,
        /// The session.
        sid: Sid,
        /// The body, or why there is none.
        body: PostBody,
    },
    /// A frame arrived on a WebSocket.
    Frame {
        /// The WebSocket.
        conn: ConnId,
        /// The frame.
        frame: Frame,
    },
    /// A frame longer than `MAX_PAYLOAD_BYTES` arrived on a WebSocket; it was not read.
    TooLong {
        /// The WebSocket.
        conn: ConnId,
    },
    /// The client closed a WebSocket, or its connection was lost.
    Closed {
        /// The WebSocket.
        conn: ConnId,
        /// [`Reason::TransportClose`] or [`Reason::TransportError`].
        reason: Reason,
    },
    /// The unsent bytes of a WebSocket exceeded `MAX_BUFFERED_BYTES`: its client reads too slowly.
    Overflowed {
        /// The WebSocket.
        conn: ConnId,
    },
    /// The isolate is short of memory, and this session owes most of it: see [`Server::measure`](super::server::Server::measure).
    Debtor {
        /// The session.
        session: SessionKey,
    },
    /// A timer or the alarm fired: the time that [`Server::next_timeout`](super::server::Server::next_timeout) or
    /// [`Server::next_wakeup`](super::server::Server::next_wakeup) returned may have come.
    Timeout,
    /// The shared heartbeat ticks.
    Tick {
        /// The time of the last pong of each WebSocket that the runtime answered; a WebSocket that sent none is not listed.
        last_pongs: Vec<(ConnId, Timestamp)>,
    },
    /// The attempts that [`Server::begin_due`](super::server::Server::begin_due) has begun are stored: make them.
    Due,
    /// Packets of POSTs still wait: handle the next one.
    Continue,
}

/// The body of a POST, or why there is none.
#[derive(Clone, Debug)]
pub enum PostBody {
    /// The whole body, decoded as UTF-8 with U+FFFD in place of invalid bytes.
    Text(String),
    /// The body is longer than `MAX_PAYLOAD_BYTES`.
    TooLong,
    /// The client disconnected before the body was complete.
    Aborted,
    /// The isolate has no memory for the body.
    Crowded,
}

/// Something that a handler does: the argument of [`Server::perform`](super::server::Server::perform).
#[derive(Clone, Debug)]
pub enum Command {
    /// Let a prepared socket into its namespace.
    Accept {
        /// The socket.
        socket: SocketId,
        /// The index of the app's predicate that matched the namespace; `None` if its name or a template did.
        predicate: Option<u32>,
    },
    /// Refuse a client's CONNECT with `CONNECT_ERROR`; the connection stays.
    Refuse {
        /// The prepared socket.
        socket: SocketId,
        /// The error that is sent to the client.
        error: ConnectError,
    },
    /// Acknowledge a client's event.
    Ack {
        /// The socket that sent the event.
        socket: SocketId,
        /// The acknowledgement id that the client sent with the event.
        id: AckId,
        /// The arguments of the acknowledgement.
        args: Args,
    },
    /// Stop waiting for acknowledgements.
    CancelAck(PendingAckId),
    /// Add sockets to rooms. A socket that would then be in more than `MAX_ROOMS` rooms joins none of them.
    Join {
        /// The sockets.
        to: Recipients,
        /// The rooms.
        rooms: Vec<Room>,
    },
    /// Remove sockets from rooms.
    Leave {
        /// The sockets.
        to: Recipients,
        /// The rooms.
        rooms: Vec<Room>,
    },
    /// Disconnect sockets: each leaves its namespace.
    Disconnect {
        /// The sockets.
        to: Recipients,
        /// Whether to close their sessions, too, with the sockets in all other namespaces.
        close: bool,
    },
    /// Set the data of a socket.
    SetData {
        /// The socket.
        socket: SocketId,
        /// The data as JSON; `None` removes it.
        data: Option<Rc<str>>,
    },
    /// Set the session of a socket, of the app's sessions of users.
    SetUserSession {
        /// The socket.
        socket: SocketId,
        /// The session's key; `None` if it has none.
        session: Option<Rc<str>>,
    },
    /// Set when the token of a socket expires, in place of an earlier time.
    #[cfg(feature = "jwt")]
    SetToken {
        /// The socket.
        socket: SocketId,
        /// The auth object with a new token, as JSON; `None` if it has not changed.
        auth: Option<Rc<str>>,
        /// When the handler of acknowledgements [`TOKEN_EXPIRY`] is called; `None` if the token does not expire.
        expires: Option<Timestamp>,
    },
    /// Record that the `once` handlers of an event were called for a socket.
    MarkOnce {
        /// The socket.
        socket: SocketId,
        /// The event's name.
        event: Box<str>,
    },
    /// Set or cancel a named alarm, whose row is written or deleted already.
    SetAlarm {
        /// The alarm's name; an alarm that is set under a name in use replaces the other.
        name: Box<str>,
        /// The alarm; `None` cancels it.
        alarm: Option<NamedAlarm>,
    },
    /// Note that the handler of a named alarm has ended.
    EndAlarm {
        /// The alarm's name.
        name: Rc<str>,
        /// Whether it has run to its end. If not, it has panicked, and is called again later.
        has_run: bool,
    },
    /// Close every session: the server shuts down.
    Shutdown,
    /// Send a plain Engine.IO message.
    Send {
        /// The session.
        sid: Sid,
        /// The message: text without a type digit, or bytes.
        message: Frame,
    },
    /// End a plain Engine.IO session of which too many messages wait.
    RefuseMessage {
        /// The session.
        sid: Sid,
    },
    /// Close a plain Engine.IO session in good order.
    CloseSession {
        /// The session.
        sid: Sid,
    },
}

/// An event to send to clients: an argument of [`Server::emit`](super::server::Server::emit).
#[derive(Clone, Debug)]
pub struct Emission<'a> {
    /// The recipients.
    pub to: Recipients,
    /// Its name.
    pub event: &'a str,
    /// Its arguments.
    pub args: Args,
    /// Whether the event is dropped for clients that are not ready to receive.
    pub volatile: bool,
    /// Whether handlers that watch outgoing events and packets are not called for it, because one of them emits it.
    pub suppress_hooks: bool,
    /// Whether the clients are to acknowledge the event.
    pub ack: AckRequest,
}

/// Whether an event asks for acknowledgements, and how they are delivered.
#[derive(Clone, Debug)]
pub enum AckRequest {
    /// The event asks for none.
    None,
    /// A handler awaits them, in memory, until the deadline.
    Awaited {
        /// The id for the acknowledgements of all recipients together.
        pending: PendingAckId,
        /// When the acknowledgements that have not arrived count as missing.
        deadline: Timestamp,
    },
    /// The socket's state records that each is owed, and a named handler is called when it arrives.
    Stored {
        /// The recipient, if the event is for a single socket: the handler is called even if that socket is gone.
        asked: Option<SocketRef>,
        /// The handler's name.
        name: Box<str>,
        /// The handler's context, as JSON.
        context: Rc<str>,
        /// When the handler is called without an acknowledgement.
        deadline: Timestamp,
    },
}

/// The recipients of an event or a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// One socket.
    One(SocketId),
    /// The sockets that a target selects.
    Matching(Target),
}

/// A selection of sockets in one namespace: those in at least one of `rooms` (all, if the list is empty), without those
/// in one of `except`, and without `sender`. A socket in several of the rooms is selected once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The namespace.
    pub namespace: Namespace,
    /// The rooms; empty for the whole namespace.
    pub rooms: Vec<Room>,
    /// The rooms whose sockets are left out.
    pub except: Vec<Room>,
    /// The socket that is left out because it sends the event itself.
    pub sender: Option<SocketId>,
}

impl Target {
    /// Returns a target that selects every socket in `namespace`.
    pub const fn namespace(namespace: Namespace) -> Self {
        Self { namespace, rooms: Vec::new(), except: Vec::new(), sender: None }
    }
}
