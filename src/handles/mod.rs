//! The handles that handlers hold: the world, its sockets, and what can be done with them.

mod ack_sender;
mod awaited_acks;
mod conn;
mod conn_request;
mod delegate;
mod engine_socket;
mod handshake;
mod headers;
mod http_message;
mod into_rooms;
mod io;
mod operator;
mod outbound;
mod request_accessors;
mod socket;
mod storage;
mod undoable;
mod world_api;

pub use ack_sender::AckSender;
pub(crate) use ack_sender::AckSlot;
pub use conn::Conn;
pub use conn_request::ConnRequest;
pub(crate) use conn_request::Variables;
pub use engine_socket::EngineSocket;
pub use handshake::Handshake;
pub use headers::Headers;
pub use http_message::{HttpRequest, HttpResponse};
pub use into_rooms::IntoRooms;
pub use io::Io;
pub use operator::{BroadcastOperator, SocketEmitter};
pub use socket::Socket;
pub use storage::Storage;
pub(crate) use undoable::{poll_handler, undoable};
pub(crate) use world_api::{WorldApi, WorldHandle};
