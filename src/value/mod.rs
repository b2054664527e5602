//! Frames of a transport, and the arguments of events and acknowledgements ([`Args`], at the crate's root).

pub(crate) mod args;
mod attached;
mod decode;
pub(crate) mod decode_error;
mod deserialize_methods;
pub(crate) mod encode;
pub(crate) mod encode_error;
mod engine_packet;
pub(crate) mod json;
pub(crate) mod json_writer;
mod missing;
pub(crate) mod objects;
mod placed;
mod spread;
mod taken;

use std::rc::Rc;

use bytes::Bytes;

pub(crate) use args::Args;
pub use args::FromArgs;
pub(crate) use decode_error::{DecodeError, echoed, reason, without_reason};
pub use encode::IntoArgs;
pub(crate) use encode_error::EncodeError;
pub use engine_packet::{EnginePacket, PacketKind};

pub use crate::time::Timestamp;

/// Returns `text` as a JSON string. Small objects are formatted around it: `json!` builds a tree first, and that code would make
/// the wasm larger.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    json_writer::push_quoted(text, &mut quoted);
    quoted
}

/// One WebSocket frame: a text, or the bytes of a binary message. An Engine.IO packet in a text frame begins with its type digit;
/// a binary frame has no digit (Engine.IO 4, "Packet encoding"). Cloning shares the contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text frame.
    Text(Rc<str>),
    /// A binary frame.
    Binary(Bytes),
}

impl Frame {
    /// Creates a text frame.
    pub fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// Returns the length in bytes; of a text, in UTF-8.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Returns whether the frame is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
