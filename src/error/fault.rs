//! Faults, by who is to blame for them.

use core::fmt;

/// A fault, by who is to blame for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The peer broke the protocol: its session is refused or closed, as the protocol requires.
    Peer(PeerFault),
    /// The server's own code asked for something impossible, and gets this as an `Err`.
    Misuse(String),
    /// Dormouse has a bug: one session is closed and the text is logged.
    Bug(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(fault) => fault.fmt(f),
            Self::Misuse(text) => write!(f, "misuse: {text}"),
            Self::Bug(text) => write!(f, "bug: {text}"),
        }
    }
}

impl core::error::Error for Fault {}

impl From<PeerFault> for Fault {
    fn from(fault: PeerFault) -> Self {
        Self::Peer(fault)
    }
}

/// A packet that a peer must not send, by what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerFault {
    /// An Engine.IO packet that is empty, of an unknown type, or not text where it must be.
    EnginePacket,
    /// Base64 that is not base64.
    Base64,
    /// A Socket.IO packet of an unknown type.
    PacketType,
    /// A number of attachments that is missing, not a number, or too high.
    AttachmentCount,
    /// Attachments of one packet that are too long together.
    AttachmentBytes,
    /// A placeholder that names no attachment, or JSON around placeholders that is nested deeper than
    /// [`MAX_JSON_DEPTH`](crate::limits::MAX_JSON_DEPTH).
    Placeholder,
    /// Text in the middle of a packet's attachments, or an attachment that no packet announced.
    Reconstruction,
    /// An acknowledgement id with too many digits.
    AckId,
    /// A payload that the packet's type does not take.
    Payload,
    /// An event name that Socket.IO reserves.
    ReservedEvent,
    /// A packet for a namespace that the client has not joined, or a CONNECT to one that it has joined.
    NamespaceState,
}

impl fmt::Display for PeerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EnginePacket => "an Engine.IO packet that is empty or of an unknown type",
            Self::Base64 => "a binary packet that is not base64",
            Self::PacketType => "a Socket.IO packet of an unknown type",
            Self::AttachmentCount => "a binary packet without a valid number of attachments",
            Self::AttachmentBytes => "a packet whose attachments are too long together",
            Self::Placeholder => "a binary packet whose placeholders do not fit its attachments",
            Self::Reconstruction => "text between a packet and its attachments, or an attachment without a packet",
            Self::AckId => "an acknowledgement id with too many digits",
            Self::Payload => "a payload that its packet's type does not take",
            Self::ReservedEvent => "an event name that Socket.IO keeps for itself",
            Self::NamespaceState => "a packet for a namespace that is not joined, or a second CONNECT to one that is",
        })
    }
}
