//! Why an Engine.IO request is refused.

use crate::value::quoted;

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
    /// [`MAX_HANDSHAKE_REQUEST_BYTES`](crate::limits::MAX_HANDSHAKE_REQUEST_BYTES); 431, as Node answers it.
    HandshakeTooLong,
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
            Self::BadRequest(_) | Self::Full | Self::BodyTimeout | Self::BadSubprotocols | Self::HandshakeTooLong => 3,
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
            Self::HandshakeTooLong => 431,
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
            Self::HandshakeTooLong => "The URL and headers of this request are longer than 16384 bytes",
        }
    }

    /// The response's body: `{"code":N,"message":"…"}`, the code a number.
    pub fn to_json(&self) -> String {
        format!(r#"{{"code":{},"message":{}}}"#, self.code(), quoted(self.message()))
    }
}
