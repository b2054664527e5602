//! Extractors: the arguments of handlers.
//!
//! [`Extract`] has the table of all of them. [`Data`](crate::Data) and [`Auth`](crate::Auth) are at the crate's root, and so are
//! the handles and values that handlers take as they are, such as [`Socket`](crate::Socket) and [`Args`](crate::Args).

mod ack_arguments;
mod call;
mod claim;
mod conn_arguments;
pub(crate) mod event_arguments;
mod extractor;
mod params;
mod request_arguments;
pub(crate) mod socket_arguments;
mod worker_arguments;
mod world_arguments;

use crate::error::Failure;
use crate::value::reason;

pub use crate::handles::{ConnRequest, HttpRequest, QueueBatch, QueueMessage, Scheduled, Worlds};
pub use ack_arguments::{AckContext, AckResult, AlarmContext, Attempt};
pub(crate) use call::{
    Acked, Alarm, AllowRequest, Call, CallOutcome, ConnClosed, ConnPacket, Connected, Connecting, Cron, Delivery,
    Disconnect, Done, Engine, Event, Failed, GuardRejection, Handled, Http, Incoming, Lookup, NewNamespace, Outgoing,
    Requested, SentEvent, SocketCall, Upgraded, WorkerHttp,
};
pub(crate) use claim::Beside;
pub use event_arguments::EventName;
pub use extractor::Extract;
pub use params::Params;
pub use request_arguments::Json;
pub use socket_arguments::SocketData;
pub use world_arguments::State;

/// The kinds of calls: the `C` of [`Handler`](crate::routing::Handler) and [`Extract`].
pub mod calls {
    pub use super::call::{
        Acked, Alarm, AllowRequest, Call, ConnClosed, ConnPacket, Connected, Connecting, Cron, Delivery, Disconnect,
        Engine, Event, Failed, Handled, Http, Incoming, IoCall, Lookup, NewNamespace, Outgoing, Requested, SocketCall,
        Upgraded, WorkerCall, WorkerHttp,
    };
}

/// The parts of a call that only one argument of a handler may take: the [`Claim`](Extract::Claim) of [`Extract`].
pub mod claims {
    pub use super::claim::{AckData, Acknowledgement, ContextData, EventData, RequestBody};
}

fn invalid(what: &str, error: &serde_json::Error) -> Failure {
    Failure::new(Failure::INVALID_ARGUMENTS, format!("{what}: {}", reason(error)))
}
