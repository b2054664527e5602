//! The stage from messages to Socket.IO packets, and back.

mod codec;
mod decoder;
mod packet;
mod placeholders;

pub use codec::{encode_ack, encode_event};
pub(crate) use codec::{encode_connect, encode_connect_error, encode_disconnect};
pub use decoder::Decoder;
pub(crate) use decoder::GivenUp;
pub use packet::Packet;
pub(crate) use packet::RESERVED_EVENTS;
pub(crate) use placeholders::check_placeholders;
