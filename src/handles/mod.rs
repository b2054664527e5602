//! The handles that handlers hold: the world, its sockets, and what can be done with them.

mod ack_sender;
mod awaited_acks;
mod conn;
mod conn_request;
mod delegate;
mod engine_socket;
mod entries;
mod failure_log;
mod handshake;
mod headers;
mod into_rooms;
mod io;
mod limit;
mod links;
mod notes;
mod operator;
mod outbound;
#[cfg(feature = "sql")]
mod own_tables;
#[cfg(feature = "sql")]
mod query;
mod queue_batch;
mod rate_limit;
mod remote_emission;
mod remote_world;
mod request_accessors;
mod scheduled;
mod socket;
#[cfg(feature = "sql")]
mod sql_params;
#[cfg(feature = "sql")]
mod sql_row;
mod storage;
mod told;
mod undoable;
mod whereabouts;
mod whole_storage;
mod world_api;
mod world_limits;

pub use crate::http::{HttpRequest, HttpResponse};
pub use ack_sender::AckSender;
pub(crate) use ack_sender::AckSlot;
pub(crate) use awaited_acks::AwaitedAcks;
pub use conn::Conn;
pub use conn_request::ConnRequest;
pub(crate) use conn_request::Variables;
pub use engine_socket::EngineSocket;
pub use entries::Entries;
pub(crate) use failure_log::FailedCall;
pub use handshake::Handshake;
pub use headers::Headers;
pub use into_rooms::IntoRooms;
pub use io::Io;
pub use limit::{Limit, LimitState};
pub(crate) use notes::Notes;
pub use operator::{BroadcastOperator, SocketEmitter};
#[cfg(feature = "sql")]
pub use query::Query;
pub use queue_batch::{QueueBatch, QueueMessage};
pub(crate) use queue_batch::{QueueBody, Verdict};
pub use rate_limit::RateLimit;
pub(crate) use remote_emission::RemoteEmission;
pub(crate) use remote_world::{CALLER, CALLING_WORLD, EMIT, ROUTE, ROUTE_PATH};
pub use remote_world::{RemoteWorld, Worlds};
pub use scheduled::Scheduled;
pub use socket::Socket;
pub use storage::Storage;
pub(crate) use undoable::{poll_handler, undoable};
pub(crate) use world_api::{Owner, SESSIONS_ALARM, WorldApi, WorldHandle};
