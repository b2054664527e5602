//! Everything that can happen to a world.

use std::rc::Rc;

use super::dispatch::SocketRef;
use super::handshake_request::{HandshakeRequest, Protocol};
use crate::error::ConnectError;
use crate::error::Reason;
use crate::id::{AckId, ConnId, Namespace, PendingAckId, RequestId, Room, Sid, SocketId};
use crate::time::Timestamp;
use crate::value::{Args, Frame};

/// Something that happened, for [`Server::handle`](super::server::Server::handle).
#[derive(Clone, Debug)]
pub enum Input {
    /// A GET without a session id: `request` opens a polling session, which will be called `sid`.
    OpenPolling {
        /// The request that gets the OPEN packet.
        request: RequestId,
        /// A fresh id.
        sid: Sid,
        /// What the session speaks.
        protocol: Protocol,
        /// The request itself, for handlers to read.
        handshake: Rc<HandshakeRequest>,
    },
    /// A WebSocket without a session id was accepted as `conn`: it opens the session `sid`.
    OpenWebSocket {
        /// The accepted WebSocket.
        conn: ConnId,
        /// A fresh id.
        sid: Sid,
        /// What the session speaks.
        protocol: Protocol,
        /// The request itself, for handlers to read.
        handshake: Rc<HandshakeRequest>,
    },
    /// A WebSocket that names the session `sid` was accepted as `conn`: it wants to be that session's transport.
    Upgrade {
        /// The accepted WebSocket.
        conn: ConnId,
        /// The session it names.
        sid: Sid,
    },
    /// A GET of the session `sid`.
    Poll {
        /// The request that gets the payload.
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
    /// The body of a POST.
    PostBody {
        /// The request.
        request: RequestId,
        /// The session.
        sid: Sid,
        /// The body, or why there is none.
        body: PostBody,
    },
    /// A WebSocket brought a frame.
    Frame {
        /// The WebSocket.
        conn: ConnId,
        /// What it brought.
        frame: Frame,
    },
    /// A WebSocket brought a frame longer than `MAX_PAYLOAD_BYTES`, which was not read.
    TooLong {
        /// The WebSocket.
        conn: ConnId,
    },
    /// A WebSocket is gone: the peer closed it, or it broke.
    Closed {
        /// The WebSocket.
        conn: ConnId,
        /// [`Reason::TransportClose`] or [`Reason::TransportError`].
        reason: Reason,
    },
    /// A WebSocket's unsent bytes passed the bound.
    Overflowed {
        /// The WebSocket.
        conn: ConnId,
    },
    /// The time that [`Server::next_timeout`](super::server::Server::next_timeout) or
    /// [`Server::next_wakeup`](super::server::Server::next_wakeup) asked for may have come.
    Timeout,
    /// The shared heartbeat's tick: every WebSocket with the time of its last pong that the runtime answered.
    Tick {
        /// When each WebSocket was heard last; one that is not listed was never heard.
        last_pongs: Vec<(ConnId, Timestamp)>,
    },
    /// There is more of a POST to work through.
    Continue,
}

/// A POST's body as far as it was read.
#[derive(Clone, Debug)]
pub enum PostBody {
    /// All of it, with U+FFFD for what is not UTF-8.
    Text(String),
    /// It is longer than `MAX_PAYLOAD_BYTES`.
    TooLong,
    /// The client went away before its end.
    Aborted,
}

/// What a handler did, for [`Server::perform`](super::server::Server::perform).
#[derive(Clone, Debug)]
pub enum Command {
    /// Let a prepared socket in.
    Accept {
        /// The socket.
        socket: SocketId,
        /// Which of the app's predicates knew the namespace; `None` where its name says whose it is.
        predicate: Option<u32>,
    },
    /// Refuse a client's CONNECT with `CONNECT_ERROR`; the connection stays.
    Refuse {
        /// The prepared socket.
        socket: SocketId,
        /// The error that the client gets.
        error: ConnectError,
    },
    /// Emit an event.
    Emit(Emission),
    /// Acknowledge a client's event.
    Ack {
        /// The socket that sent the event.
        socket: SocketId,
        /// Its number for the event.
        id: AckId,
        /// The arguments of the acknowledgement.
        args: Args,
    },
    /// Wait no longer for acknowledgements.
    CancelAck(PendingAckId),
    /// Put sockets into rooms, each into all of them, or into none where these would be too many.
    Join {
        /// The sockets.
        to: Recipients,
        /// The rooms.
        rooms: Vec<Room>,
    },
    /// Take sockets out of rooms.
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
        /// Close their sessions, too, with all of their namespaces.
        close: bool,
    },
    /// Keep something with a socket.
    SetData {
        /// The socket.
        socket: SocketId,
        /// JSON; `None` for nothing.
        data: Option<Rc<str>>,
    },
    /// An event's handlers for its first time were called for a socket.
    MarkOnce {
        /// The socket.
        socket: SocketId,
        /// The event.
        event: Box<str>,
    },
    /// Set an alarm, or take it back.
    SetAlarm {
        /// Its name: one alarm each.
        name: Box<str>,
        /// When it is due, and what its handler gets, as JSON; `None` takes it back.
        alarm: Option<(Timestamp, Rc<str>)>,
    },
    /// Close every connection: the server shuts down.
    Shutdown,
    /// Send a plain Engine.IO message.
    Send {
        /// The session.
        sid: Sid,
        /// The message: text without a type digit, or bytes.
        message: Frame,
    },
    /// Close a plain Engine.IO session in good order.
    CloseSession {
        /// The session.
        sid: Sid,
    },
}

/// An event on its way to clients.
#[derive(Clone, Debug)]
pub struct Emission {
    /// Who hears it.
    pub to: Recipients,
    /// Its name.
    pub event: Rc<str>,
    /// Its arguments.
    pub args: Args,
    /// Whether clients that are not ready do without it.
    pub volatile: bool,
    /// Whether handlers of outgoing events are not to be called for it: it comes from one of them.
    pub suppress_hooks: bool,
    /// What is to become of the clients' acknowledgements.
    pub ack: AckRequest,
}

/// What is to become of the acknowledgements of an event.
#[derive(Clone, Debug)]
pub enum AckRequest {
    /// The clients send none.
    None,
    /// A handler awaits it, in memory, until the deadline.
    Awaited {
        /// The number for the acknowledgements of all clients.
        pending: PendingAckId,
        /// When those that are missing are given up.
        deadline: Timestamp,
    },
    /// Each is stored until it comes, and a handler is called with it.
    Stored {
        /// The socket, where only one gets the event: its handler is called even if it is gone.
        asked: Option<SocketRef>,
        /// The handler's name.
        name: Box<str>,
        /// What the handler is called with beside the acknowledgement, as JSON.
        context: Rc<str>,
        /// When the handler is called without an acknowledgement.
        deadline: Timestamp,
    },
}

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// One socket.
    One(SocketId),
    /// Those of a namespace that a target names.
    Matching(Target),
}

/// The sockets of a namespace that are in one of `rooms` (in any, when the list is empty), not in
/// one of `except`, and not `sender`. A socket in several of the rooms hears it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The namespace.
    pub namespace: Namespace,
    /// The rooms; empty for the whole namespace.
    pub rooms: Vec<Room>,
    /// The rooms whose members do not hear it.
    pub except: Vec<Room>,
    /// The socket that does not hear it.
    pub sender: Option<SocketId>,
}

impl Target {
    /// Returns the target of every socket in `namespace`.
    pub const fn namespace(namespace: Namespace) -> Self {
        Self { namespace, rooms: Vec::new(), except: Vec::new(), sender: None }
    }
}
