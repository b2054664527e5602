//! Stage 4: messages <-> Socket.IO packets (Socket.IO 5), per session.

mod ack;
mod attachments;
mod codec;
mod packet;
mod placeholders;

pub use ack::{Asks, Complete};
pub use attachments::{Decoder, Partial};
pub use codec::{encode_ack, encode_connect, encode_connect_error, encode_disconnect, encode_event};
pub use packet::{Packet, RESERVED_EVENTS};
pub use placeholders::check_placeholders;
