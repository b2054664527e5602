//! The calls of the app's handlers that the core requests.

use super::account::AccountId;
use super::acks::CollectedAcks;
use super::handshake_request::LazyHandshake;
use super::view::ConnView;
use super::view::GoneSocket;
use crate::error::{AckFailure, Reason};
use crate::id::{AckId, Namespace, PendingAckId, SocketId};
use crate::value::{Args, EnginePacket, Frame};
use std::rc::Rc;

/// A call of the app's handlers.
#[derive(Clone, Debug)]
pub enum Dispatch {
    /// A client asks to join a namespace: its socket is prepared, and the guards accept or refuse it.
    Connect {
        /// The prepared socket. Its `predicate` is not set: no predicate has been called for its namespace yet.
        socket: SocketRef,
    },
    /// A namespace got its first socket.
    NewNamespace {
        /// That socket.
        socket: SocketRef,
    },
    /// A socket joined its namespace.
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
        /// The acknowledgement id, if the client asks for an acknowledgement.
        ack: Option<AckId>,
    },
    /// An event is sent to sockets.
    Outgoing {
        /// The recipients.
        sockets: Vec<SocketRef>,
        /// The event's name.
        event: Rc<str>,
        /// Its arguments.
        args: Args,
        /// The account of the client because of which it is sent, if there is one.
        payer: Option<AccountId>,
    },
    /// A socket left its namespace.
    Disconnected {
        /// The socket.
        socket: SocketRef,
        /// Its state when it left.
        gone: Rc<GoneSocket>,
        /// Why.
        reason: Reason,
    },
    /// The wait of a handler for acknowledgements is over: all arrived, or those that are missing failed.
    AcksCollected {
        /// The id of the wait.
        pending: PendingAckId,
        /// The acknowledgements that arrived, and the sockets without one.
        acks: CollectedAcks,
    },
    /// A stored acknowledgement arrived or failed.
    StoredAck {
        /// The socket.
        socket: SocketRef,
        /// Its last state, if it left its namespace.
        gone: Option<Rc<GoneSocket>>,
        /// The handler's name.
        name: Box<str>,
        /// The handler's context, as JSON.
        context: Rc<str>,
        /// The acknowledgement, or why there is none.
        result: Result<Args, AckFailure>,
    },
    /// The handler of a stored acknowledgement is given up: no attempt to call it has ended.
    AckGivenUp {
        /// The socket that owed the acknowledgement.
        socket: SocketRef,
    },
    /// A named alarm is due, or is given up.
    Alarm {
        /// Its name.
        name: Rc<str>,
        /// The handler's context, as JSON.
        context: Rc<str>,
        /// Which handler is called.
        call: AlarmCall,
    },
    /// Something happened to a connection.
    Conn {
        /// The connection's state, now or when it was closed.
        conn: ConnView,
        /// What happened.
        event: ConnEvent,
    },
    /// A plain Engine.IO session was opened.
    Opened {
        /// The session.
        conn: ConnView,
        /// The request that opened it.
        handshake: LazyHandshake,
    },
    /// A plain Engine.IO session sent a message.
    Message {
        /// The session.
        conn: ConnView,
        /// The request that opened it.
        handshake: LazyHandshake,
        /// The message: text without a type digit, or bytes.
        message: Frame,
    },
    /// A plain Engine.IO session was closed.
    Closed {
        /// The session as it was.
        conn: ConnView,
        /// The request that opened it; unknown if the object's process was lost.
        handshake: LazyHandshake,
        /// Why.
        reason: Reason,
    },
}

/// The handler that is called for a named alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmCall {
    /// The alarm's own, with the number of the attempt, from 1 on.
    Attempt(u32),
    /// The one for alarms that are given up.
    GivenUp,
}

/// Something that happens to a connection, with Socket.IO or plain Engine.IO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnEvent {
    /// It was upgraded from HTTP long-polling to a WebSocket.
    Upgraded,
    /// The client sent a packet.
    Packet(EnginePacket),
    /// A packet for the client was created.
    PacketCreated(EnginePacket),
    /// It was closed.
    Closed(Reason),
}

/// A reference to a socket, with all that is needed to find its handlers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRef {
    /// Its id.
    pub id: SocketId,
    /// Its namespace.
    pub namespace: Namespace,
    /// The index of the app's predicate that matched the namespace; `None` if its name or a template did.
    pub predicate: Option<u32>,
}
