//! The calls of handlers: a type for each kind of handler. Handlers do not name these types. They decide which
//! extractors a handler may have, and the compiler's messages name them.

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
use crate::handles::{QueueBatch, Scheduled};
use crate::outside::Outside;
use crate::value::{Args, EnginePacket, Frame};

/// A call of a handler. Only the types of this module are calls.
pub trait Call: CallOutcome {}

/// The outcome of a call. Private, so that other crates cannot implement [`Call`].
pub trait CallOutcome: 'static {
    /// The outcome of a handler of this kind.
    type Outcome: 'static;

    /// Returns the outcome of a call whose arguments could not be extracted.
    fn rejected(failure: Failure) -> Self::Outcome;
}

/// A call in the Worker, beside the hooks of connections.
pub trait WorkerCall: Call {
    /// Returns what the Worker reaches.
    #[doc(hidden)]
    fn outside(&self) -> &Outside;
}

/// A call in a world: every call but [`AllowRequest`], [`Requested`], and those of [`WorkerCall`].
pub trait IoCall: Call {
    /// Returns the world, with the namespace of the call, or else the main one.
    fn io(&self) -> Io;
}

/// A call that is about a socket.
pub trait SocketCall: IoCall {
    /// Returns the socket.
    fn socket(&self) -> &Socket;
}

/// The outcome of most handlers.
pub(crate) type Done = Result<(), Failure>;

/// How a [`guard`](crate::routing::EngineRoutes::guard) rejects a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardRejection {
    /// With a response of its own.
    Answered(HttpResponse),
    /// With an error, as express's `next(error)`.
    Failed(Failure),
}

/// An event that a socket sent. All of its handlers share it.
#[derive(Debug)]
pub(crate) struct SentEvent {
    pub(crate) socket: Socket,
    pub(crate) name: Rc<str>,
    pub(crate) args: Args,
    pub(crate) ack: AckSlot,
}

impl SentEvent {
    /// Sends a failure as the acknowledgement if the client still waits for one; returns whether it did.
    pub(crate) fn tell(&self, failure: &Failure) -> bool {
        self.ack.send_with(&self.socket, || self.socket.world.acknowledgement_of(failure))
    }
}

/// What a handler of an event has done.
#[derive(Debug, Default)]
pub struct Handled {
    /// The acknowledgement, if it sends one.
    pub(crate) ack: Option<Args>,
    /// What has failed and is logged and answered already. The handlers of errors are still to be called.
    pub(crate) failures: Option<Rc<[Failure]>>,
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
    ($($name:ident $($sent:ident)?),*) => {$(
        impl IoCall for $name {
            fn io(&self) -> Io {
                self.socket().io()
            }
        }

        impl SocketCall for $name {
            fn socket(&self) -> &Socket {
                &self.$($sent.)?socket
            }
        }
    )*};
}

macro_rules! worker_call {
    ($($name:ident),*) => {$(
        impl WorkerCall for $name {
            fn outside(&self) -> &Outside {
                &self.outside
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
    /// A predicate decides whether a namespace exists.
    Lookup { socket: Socket } -> Result<bool, Failure>, Err
}
call! {
    /// A client wants to join a namespace, and a guard decides.
    Connecting { socket: Socket } -> Done, Err
}
call! {
    /// A namespace got its first socket.
    NewNamespace { io: Io } -> Done, Err
}
call! {
    /// A socket joined its namespace.
    Connected { socket: Socket } -> Done, Err
}
call! {
    /// A socket sent an event.
    Event { sent: Rc<SentEvent> } -> Result<Handled, Failure>, Err
}
call! {
    /// A socket sent an event, and packet middleware decides whether it is handled.
    Incoming { sent: Rc<SentEvent> } -> Done, Err
}
call! {
    /// An event is sent to a socket.
    Outgoing { socket: Socket, name: Rc<str>, args: Rc<Args> } -> Done, Err
}
call! {
    /// A socket leaves its namespace.
    Disconnect { socket: Socket, reason: Reason } -> Done, Err
}
call! {
    /// A client acknowledged an event that was emitted with `ack_to`, or failed to.
    Acked { socket: Socket, ack: Result<Rc<Args>, AckFailure>, context: Rc<str> } -> Done, Err
}
call! {
    /// A handler that was called for a socket failed.
    Failed { socket: Socket, event: Option<Rc<str>>, failure: Failure } -> Done, Err
}
call! {
    /// A named alarm went off, or is given up.
    Alarm { io: Io, name: Rc<str>, template: Option<Rc<str>>, context: Rc<str>, attempt: u32 } -> Done, Err
}
call! {
    /// An HTTP request for a route of the app arrived.
    Http { io: Io, request: Rc<HttpRequest> } -> Result<HttpResponse, Failure>, Err
}
call! {
    /// A session of plain Engine.IO was opened, sent a message or was closed.
    Engine { socket: EngineSocket, message: Option<Frame>, reason: Option<Reason> } -> Done, Err
}
call! {
    /// A request of Engine.IO reached the Worker, and a guard decides whether it goes on.
    Requested { request: ConnRequest } -> Result<(), GuardRejection>, |failure| Err(GuardRejection::Failed(failure))
}
call! {
    /// A client wants to open a session, and a hook decides.
    AllowRequest { request: ConnRequest } -> Done, Err
}
call! {
    /// A connection switched from polling to a WebSocket.
    Upgraded { io: Io, conn: Conn } -> Done, Err
}
call! {
    /// A connection received an Engine.IO packet, or is about to send one.
    ConnPacket { io: Io, conn: Conn, packet: EnginePacket } -> Done, Err
}
call! {
    /// A connection was closed.
    ConnClosed { io: Io, conn: Conn, reason: Reason } -> Done, Err
}
call! {
    /// An HTTP request for a route of the Worker arrived.
    WorkerHttp { outside: Outside, request: Rc<HttpRequest> } -> Result<HttpResponse, Failure>, Err
}
call! {
    /// A cron trigger went off.
    Cron { outside: Outside, event: Scheduled } -> Done, Err
}
call! {
    /// A queue delivered messages.
    Delivery { outside: Outside, batch: QueueBatch } -> Done, Err
}

worker_call!(WorkerHttp, Cron, Delivery);
socket_call!(Lookup, Connecting, Connected, Event sent, Incoming sent, Outgoing, Disconnect, Acked, Failed);
io_call!(NewNamespace, Alarm, Http, Upgraded, ConnPacket, ConnClosed);

impl IoCall for Engine {
    fn io(&self) -> Io {
        self.socket.io()
    }
}
