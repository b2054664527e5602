//! An Engine.IO packet, as handlers see it.

use super::Frame;

/// An Engine.IO packet: its type, and its data, if it has any.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnginePacket {
    /// The packet's type.
    pub kind: PacketKind,
    /// The text of a message, without the type digit, or its bytes; `probe` for a ping that carries it; otherwise `None`.
    pub data: Option<Frame>,
}

/// The type of an Engine.IO packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PacketKind {
    /// `close`: the client closes the connection.
    Close,
    /// `ping`.
    Ping,
    /// `pong`.
    Pong,
    /// `message`: a Socket.IO packet, or a message of plain Engine.IO.
    Message,
    /// `upgrade`.
    Upgrade,
    /// `noop`, and every received packet that has no effect, such as an `open` from a client.
    Noop,
}

impl PacketKind {
    /// Returns the type's name in engine.io, such as `"message"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Message => "message",
            Self::Upgrade => "upgrade",
            Self::Noop => "noop",
        }
    }
}
