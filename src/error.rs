//! What goes wrong, who is to blame, and what the wire says about it.

use core::fmt;

use crate::value::quoted;

/// A failure, by who is to blame for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The other side broke the protocol: its session is refused or closed, as the protocol says.
    Peer(PeerFault),
    /// The server's own code asked for what cannot be: it gets this as an `Err`.
    Misuse(String),
    /// Dormouse itself is wrong: one session is closed and the text is logged.
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

/// What a peer sent that it must not send.
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
    /// A placeholder that names no attachment, or JSON nested deeper than
    /// [`MAX_JSON_DEPTH`](crate::limits::MAX_JSON_DEPTH) around them.
    Placeholder,
    /// Text in the middle of a packet's attachments, or an attachment that no packet announced.
    Reconstruction,
    /// An acknowledgement id too long to be one.
    AckId,
    /// A payload that is not what its packet's type takes.
    Payload,
    /// An event name that Socket.IO keeps for itself.
    ReservedEvent,
    /// A packet for a namespace that the client has not joined, or a CONNECT to one that it has.
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

/// Why a request is refused, as engine.io numbers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 0: neither `polling` nor `websocket`.
    UnknownTransport,
    /// 1: no session has this id, or its world lost it.
    UnknownSid,
    /// 2: a session is opened with GET only.
    BadHandshakeMethod,
    /// 3: not a request that this session can take now.
    BadRequest(BadRequest),
    /// 4: this client may not connect; the text says why.
    Forbidden(String),
    /// 5: `EIO` is not 4.
    UnsupportedProtocol,
    /// The world is full; 503, so that clients come again later.
    Full,
    /// The body of a POST did not arrive in time ([`BODY_TIMEOUT`](crate::limits::BODY_TIMEOUT)); 408.
    BodyTimeout,
    /// What the header `Sec-WebSocket-Protocol` offers is not a list of different names.
    BadSubprotocols,
    /// The URL and headers that open a session are longer than
    /// [`MAX_OPENING_BYTES`](crate::limits::MAX_OPENING_BYTES); 431, as Node answers it.
    OpeningTooLong,
}

/// What is bad about a request that is refused with code 3: engine.io's `context.name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRequest {
    /// The session is on another transport than the request names.
    TransportMismatch,
    /// A session is opened on a WebSocket without `Upgrade: websocket`, or by polling with it.
    TransportHandshakeError,
    /// The session was opened with another `EIO`.
    ProtocolMismatch,
    /// A guard of the app's failed.
    MiddlewareFailure,
    /// The app made a session id that is none, or that is taken.
    IdGenerationError,
    /// No refused connection, but the end or a fault of one that exists: engine.io tells nobody but the client.
    TransportError,
}

impl BadRequest {
    /// engine.io's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TransportMismatch => "TRANSPORT_MISMATCH",
            Self::TransportHandshakeError => "TRANSPORT_HANDSHAKE_ERROR",
            Self::ProtocolMismatch => "PROTOCOL_MISMATCH",
            Self::MiddlewareFailure => "MIDDLEWARE_FAILURE",
            Self::IdGenerationError => "ID_GENERATION_ERROR",
            Self::TransportError => "TRANSPORT_ERROR",
        }
    }
}

impl Refusal {
    /// engine.io's number.
    pub const fn code(&self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSid => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest(_) | Self::Full | Self::BodyTimeout | Self::BadSubprotocols | Self::OpeningTooLong => 3,
            Self::Forbidden(_) => 4,
            Self::UnsupportedProtocol => 5,
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Forbidden(_) => 403,
            Self::BodyTimeout => 408,
            Self::Full => 503,
            Self::OpeningTooLong => 431,
            _ => 400,
        }
    }

    /// The sentence that goes with the number; engine.io's own where it has one.
    pub fn message(&self) -> &str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSid => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest(_) => "Bad request",
            Self::Forbidden(message) => message,
            Self::UnsupportedProtocol => "Unsupported protocol version",
            Self::Full => "This world has no room for another session",
            Self::BodyTimeout => "The body of this request did not arrive in time",
            Self::BadSubprotocols => "Sec-WebSocket-Protocol must be a comma-separated list of different names",
            Self::OpeningTooLong => "The URL and headers of this request are longer than 16384 bytes",
        }
    }

    /// The response's body: `{"code":N,"message":"…"}`, the code a number.
    pub fn to_json(&self) -> String {
        format!(r#"{{"code":{},"message":{}}}"#, self.code(), quoted(self.message()))
    }
}

/// Why a socket was disconnected, in Socket.IO's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The server's code disconnected the socket.
    ServerNamespaceDisconnect,
    /// The client left the namespace.
    ClientNamespaceDisconnect,
    /// The client did not answer a ping in time.
    PingTimeout,
    /// The client closed the connection, or it was lost.
    TransportClose,
    /// The connection failed, or the client broke Engine.IO's rules.
    TransportError,
    /// The client sent an Engine.IO packet that cannot be read.
    ParseError,
    /// The client broke Socket.IO's rules: it sent a packet that cannot be read, or one that its state does not allow, such as
    /// a second CONNECT.
    ForcedClose,
    /// The client joined no namespace in time. No handler of a socket is called with it, as there is no socket; the connection
    /// itself ends with [`ForcedClose`](Self::ForcedClose).
    ForcedServerClose,
    /// The server's code closed the world.
    ServerShuttingDown,
}

impl Reason {
    /// The words that Socket.IO's documentation lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ServerNamespaceDisconnect => "server namespace disconnect",
            Self::ClientNamespaceDisconnect => "client namespace disconnect",
            Self::PingTimeout => "ping timeout",
            Self::TransportClose => "transport close",
            Self::TransportError => "transport error",
            Self::ParseError => "parse error",
            Self::ForcedClose => "forced close",
            Self::ForcedServerClose => "forced server close",
            Self::ServerShuttingDown => "server shutting down",
        }
    }

    /// The same of the connection, which knows no namespaces: whatever the server's code closed it for is a forced close.
    pub const fn of_connection(self) -> Self {
        match self {
            Self::ServerNamespaceDisconnect | Self::ForcedServerClose | Self::ServerShuttingDown => Self::ForcedClose,
            other => other,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why there is no answer from a client that was asked for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoAnswer {
    /// The client had its time.
    Expired,
    /// The client left the namespace or is gone.
    Disconnected,
    /// So many of the client's answers are awaited already that it was not asked
    /// ([`MAX_PENDING_REPLIES`](crate::limits::MAX_PENDING_REPLIES)), or what the others answered is too long to keep more.
    TooMany,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the client did not answer in time",
            Self::Disconnected => "the client disconnected before it answered",
            Self::TooMany => "too many answers are awaited already",
        })
    }
}

impl core::error::Error for NoAnswer {}
