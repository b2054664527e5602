//! An Engine.IO packet, as handlers look at it.

use super::Frame;

/// An Engine.IO packet: its type, and its data where it has some.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnginePacket {
    /// Its type.
    pub kind: PacketKind,
    /// A message's text, without the type digit, or its bytes; `probe` of a ping that has it.
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
    /// `noop`, or another one that nobody needs to mind.
    Noop,
}

impl PacketKind {
    /// engine.io's word for it.
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
