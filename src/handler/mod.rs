//! Stage 6: user code. Handlers are plain async functions that are registered once, when a world's object is constructed, and
//! never per socket: a world that slept constructs them again and knows everything it knew.

mod ack;
mod app;
mod call;
mod claim;
mod conn;
mod door;
mod engine;
mod engine_socket;
mod event;
mod extract;
mod failure;
mod handle;
mod handshake;
mod http;
mod io;
mod operator;
mod reply;
mod rooms;
mod routes;
mod run;
mod serve;
mod socket;
mod storage;
mod unroute;

pub use ack::{AckError, AckSender, BroadcastAckError, Unanswered};
pub use app::App;
pub use conn::Conn;
pub use door::{Answered, Door, WorldHandle};
pub(crate) use engine::Variables;
pub use engine::{ConnRequest, ConnectionError, Cors, Denied, EngineRoutes, GatewayPath, Headers, Turned, judge_alone};
pub use engine_socket::EngineSocket;
pub use extract::{Answer, Auth, Context, Data, EventName, Extract, Json, SocketData};
pub use failure::{EmitError, Failure, HandlerError, JoinError};
pub use handle::{ExtractAll, Handler, HandlerFn};
pub use handshake::Handshake;
pub use http::{HttpRequest, HttpResponse};
pub use io::Io;
pub use operator::{BroadcastOperator, SocketEmitter};
pub use reply::{IntoOutcome, Reply};
pub use rooms::IntoRooms;
pub use routes::Routes;
pub use run::{Task, Victim, Work};
pub use socket::Socket;
pub use storage::Storage;

/// What extractors may take for themselves: the [`Claim`](Extract::Claim) of [`Extract`].
pub mod claims {
    pub use super::claim::{Acknowledgement, AnswerData, Beside, ContextData, EventData, RequestBody};
}

/// What handlers may be called for: the `C` of [`Handler`] and [`Extract`].
pub mod calls {
    pub use super::call::{
        Alarm, AllowRequest, Answered, Call, ConnClosed, ConnPacket, Connected, Connecting, Disconnect, Engine, Event,
        Failed, Http, Incoming, IoCall, Lookup, NewNamespace, Outgoing, Requested, SocketCall, Upgraded,
    };
}
