//! What handlers are called for. Handlers name none of these types: each says which extractors a kind of handler may have, and
//! the compiler's messages name them.

use std::rc::Rc;

use crate::error::Failure;
use crate::error::{AckFailure, Reason};
use crate::handles::AckSlot;
use crate::handles::Conn;
use crate::handles::ConnRequest;
use crate::handles::EngineSocket;
use crate::handles::Io;
use crate::handles::Socket;
use crate::handles::{HttpRequest, HttpResponse};
use crate::value::{Args, EnginePacket, Frame};

/// A call of a handler. Only the types of this module are calls.
pub trait Call: CallOutcome {}

/// What becomes of a call. Not public, so that nobody else makes calls.
pub trait CallOutcome: 'static {
    /// What a handler of this kind gives back.
    type Outcome: 'static;

    /// What it gives back when its arguments cannot be had.
    fn rejected(failure: Failure) -> Self::Outcome;
}

/// A call that is about a namespace, or the main one.
pub trait IoCall: Call {
    /// The world, from that namespace.
    fn io(&self) -> Io;
}

/// A call that is about a socket.
pub trait SocketCall: IoCall {
    /// The socket.
    fn socket(&self) -> &Socket;
}

/// What most handlers give back.
pub(crate) type Done = Result<(), Failure>;

/// How a [`guard`](crate::routing::EngineRoutes::guard) turns a request away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardRejection {
    /// With an answer of its own.
    Answered(HttpResponse),
    /// It failed, as express's `next(error)`.
    Failed(Failure),
}

macro_rules! call {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? } -> $outcome:ty, $rejected:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name { $(pub(crate) $field: $type),* }

        impl Call for $name {}

        impl CallOutcome for $name {
            type Outcome = $outcome;

            fn rejected(failure: Failure) -> $outcome {
                let rejected: fn(Failure) -> $outcome = $rejected;
                rejected(failure)
            }
        }
    };
}

macro_rules! socket_call {
    ($($name:ident),*) => {$(
        impl IoCall for $name {
            fn io(&self) -> Io {
                self.socket.io()
            }
        }

        impl SocketCall for $name {
            fn socket(&self) -> &Socket {
                &self.socket
            }
        }
    )*};
}

macro_rules! io_call {
    ($($name:ident),*) => {$(
        impl IoCall for $name {
            fn io(&self) -> Io {
                self.io.clone()
            }
        }
    )*};
}

call! {
    /// A predicate is asked whether a namespace exists.
    Lookup { socket: Socket } -> Result<bool, Failure>, Err
}
call! {
    /// A client wants to join a namespace.
    Connecting { socket: Socket } -> Done, Err
}
call! {
    /// A namespace has its first socket.
    NewNamespace { io: Io } -> Done, Err
}
call! {
    /// A socket is in its namespace.
    Connected { socket: Socket } -> Done, Err
}
call! {
    /// A socket sent an event.
    Event { socket: Socket, name: Rc<str>, args: Rc<Args>, ack: AckSlot } -> Result<Option<Args>, Failure>, Err
}
call! {
    /// A socket sent an event, which packet middleware judges.
    Incoming { socket: Socket, name: Rc<str>, args: Rc<Args> } -> Done, Err
}
call! {
    /// A socket is sent an event.
    Outgoing { socket: Socket, name: Rc<str>, args: Rc<Args> } -> Done, Err
}
call! {
    /// A socket leaves its namespace.
    Disconnect { socket: Socket, reason: Reason } -> Done, Err
}
call! {
    /// A client answered an event, or did not.
    Acked { socket: Socket, answer: Result<Rc<Args>, AckFailure>, context: Rc<str> } -> Done, Err
}
call! {
    /// A handler of a socket's failed.
    Failed { socket: Socket, event: Option<Rc<str>>, failure: Failure } -> (), |_| ()
}
call! {
    /// A named alarm went off.
    Alarm { io: Io, name: Rc<str>, context: Rc<str> } -> Done, Err
}
call! {
    /// A request came for the world.
    Http { io: Io, request: Rc<HttpRequest> } -> HttpResponse, |failure| HttpResponse::failed(&failure)
}
call! {
    /// A plain Engine.IO session was opened, or sent a message, or was closed.
    Engine { socket: EngineSocket, message: Option<Frame>, reason: Option<Reason> } -> Done, Err
}
call! {
    /// A request of a connection's reached the Worker, which asks its guards.
    Requested { request: ConnRequest } -> Result<(), GuardRejection>, |failure| Err(GuardRejection::Failed(failure))
}
call! {
    /// A client wants to open a session.
    AllowRequest { request: ConnRequest } -> Done, Err
}
call! {
    /// A connection took a WebSocket.
    Upgraded { io: Io, conn: Conn } -> Done, Err
}
call! {
    /// A connection brought an Engine.IO packet, or is to take one.
    ConnPacket { io: Io, conn: Conn, packet: EnginePacket } -> Done, Err
}
call! {
    /// A connection is closed.
    ConnClosed { io: Io, conn: Conn, reason: Reason } -> Done, Err
}

socket_call!(Lookup, Connecting, Connected, Event, Incoming, Outgoing, Disconnect, Acked, Failed);
io_call!(NewNamespace, Alarm, Http, Upgraded, ConnPacket, ConnClosed);

impl IoCall for Engine {
    fn io(&self) -> Io {
        self.socket.io()
    }
}
