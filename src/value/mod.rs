//! What travels: frames on a transport, and the arguments of an event, which [`Args`] at the crate's root holds.

pub(crate) mod args;
mod attached;
mod decode;
pub(crate) mod decode_error;
mod deserialize_methods;
pub(crate) mod encode;
mod engine_packet;
pub(crate) mod json;
mod missing;

use std::rc::Rc;

use bytes::Bytes;

pub(crate) use args::Args;
pub use args::FromArgs;
pub(crate) use decode_error::{DecodeError, echoed, reason};
pub(crate) use encode::EncodeError;
pub use encode::IntoArgs;
pub use engine_packet::{EnginePacket, PacketKind};

pub use crate::time::Timestamp;

/// A text as JSON. Small objects are put together around it: `json!` makes a tree first, and brings all that into the wasm.
pub(crate) fn quoted(text: &str) -> String {
    // A text always serialises.
    serde_json::to_string(text).unwrap_or_default()
}

/// One Engine.IO packet as a WebSocket carries it: text with its type digit in front, or the bytes of a binary message,
/// which has none (Engine.IO 4, "Packet encoding"). Cloning shares the contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text frame.
    Text(Rc<str>),
    /// A binary frame.
    Binary(Bytes),
}

impl Frame {
    /// A text frame of `text`.
    pub fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// The frame's length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether the frame has no contents.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
