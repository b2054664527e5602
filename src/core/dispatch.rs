//! The calls of the app's handlers that the core asks for.

use super::acks::CollectedAcks;
use super::view::ConnView;
use super::view::GoneSocket;
use crate::error::{AckFailure, Reason};
use crate::id::{AckId, Namespace, PendingAckId, Sid, SocketId};
use crate::value::{Args, EnginePacket, Frame};
use std::rc::Rc;

/// A call of the server's own code.
#[derive(Clone, Debug)]
pub enum Dispatch {
    /// A client asks to join a namespace: its socket is prepared, to be let in or refused.
    Connect {
        /// The prepared socket. No predicate was asked about its namespace yet.
        socket: SocketRef,
    },
    /// A namespace has its first socket.
    NewNamespace {
        /// The namespace, through that socket.
        socket: SocketRef,
    },
    /// A socket is in its namespace.
    Connected {
        /// The socket.
        socket: SocketRef,
    },
    /// A socket sent an event.
    Event {
        /// The socket.
        socket: SocketRef,
        /// The event's name.
        event: Rc<str>,
        /// Its arguments.
        args: Args,
        /// The id for the acknowledgement, where the client wants one.
        ack: Option<AckId>,
    },
    /// Sockets were sent an event.
    Outgoing {
        /// The sockets.
        sockets: Vec<SocketRef>,
        /// The event's name.
        event: Rc<str>,
        /// Its arguments.
        args: Args,
    },
    /// A socket left its namespace.
    Disconnected {
        /// The socket.
        socket: SocketRef,
        /// What it was.
        gone: Rc<GoneSocket>,
        /// Why.
        reason: Reason,
    },
    /// The acknowledgements that a handler awaits are complete.
    AcksCollected {
        /// Its number.
        pending: PendingAckId,
        /// The acknowledgements that came, and the sockets that sent none.
        acks: CollectedAcks,
    },
    /// A stored acknowledgement came, or will not come.
    StoredAck {
        /// The socket.
        socket: SocketRef,
        /// What it was, where it is gone.
        gone: Option<Rc<GoneSocket>>,
        /// The handler's name.
        name: Box<str>,
        /// What was kept for the handler, as JSON.
        context: Rc<str>,
        /// The acknowledgement, or why there is none.
        result: Result<Args, AckFailure>,
    },
    /// A named alarm went off.
    Alarm {
        /// Its name.
        name: Box<str>,
        /// What was kept for its handler, as JSON.
        context: Rc<str>,
    },
    /// Something happened to a connection.
    Conn {
        /// What the connection is now, or was when it was closed.
        conn: ConnView,
        /// What happened.
        event: ConnEvent,
    },
    /// A plain Engine.IO session was opened.
    Opened {
        /// The session.
        sid: Sid,
    },
    /// A plain Engine.IO session sent a message.
    Message {
        /// The session.
        sid: Sid,
        /// The message: text without a type digit, or bytes.
        message: Frame,
    },
    /// A plain Engine.IO session was closed.
    Closed {
        /// The session, as it was called.
        sid: Sid,
        /// Why.
        reason: Reason,
    },
}

/// Something that happens to a connection, whatever it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnEvent {
    /// It polled, and took a WebSocket.
    Upgraded,
    /// Its client sent a packet.
    Packet(EnginePacket),
    /// A packet is on its way to its client.
    PacketCreated(EnginePacket),
    /// It is closed.
    Closed(Reason),
}

/// A socket, by what its handlers are found with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRef {
    /// Its id.
    pub id: SocketId,
    /// Its namespace.
    pub namespace: Namespace,
    /// Which of the app's predicates knew the namespace.
    pub predicate: Option<u32>,
}
