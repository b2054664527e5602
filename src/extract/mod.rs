//! The arguments of handlers.

mod argument;
mod call;
mod claim;
mod conn_argument;

pub use crate::handles::{ConnRequest, HttpRequest};
pub use argument::{AckContext, AckResult, AlarmContext, Auth, Data, EventName, Extract, Json, SocketData};
pub(crate) use call::{
    Acked, Alarm, AllowRequest, Call, ConnClosed, ConnPacket, Connected, Connecting, Disconnect, Done, Engine, Event,
    Failed, GuardRejection, Http, Incoming, Lookup, NewNamespace, Outgoing, Requested, SocketCall, Upgraded,
};
pub(crate) use claim::Beside;

/// What handlers may be called for: the `C` of [`Handler`](crate::routing::Handler) and [`Extract`].
pub mod calls {
    pub use super::call::{
        Acked, Alarm, AllowRequest, Call, ConnClosed, ConnPacket, Connected, Connecting, Disconnect, Engine, Event,
        Failed, Http, Incoming, IoCall, Lookup, NewNamespace, Outgoing, Requested, SocketCall, Upgraded,
    };
}

/// What extractors may take for themselves: the [`Claim`](Extract::Claim) of [`Extract`].
pub mod claims {
    pub use super::claim::{AckData, Acknowledgement, Beside, ContextData, EventData, RequestBody};
}
