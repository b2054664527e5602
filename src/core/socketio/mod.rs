//! Messages <-> packets.

mod codec;
mod decoder;
mod packet;
mod placeholders;

pub use codec::{encode_ack, encode_connect, encode_connect_error, encode_disconnect, encode_event};
pub use decoder::Decoder;
pub use packet::{Packet, RESERVED_EVENTS};
pub use placeholders::check_placeholders;
