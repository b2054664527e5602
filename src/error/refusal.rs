//! Why an Engine.IO request is refused.

use crate::value::quoted;

/// Why a request is refused, with engine.io's error code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 0: the transport is neither `polling` nor `websocket`.
    UnknownTransport,
    /// 1: no session has this id, or its world lost it.
    UnknownSid,
    /// 2: a request without a session id that is not a GET.
    BadHandshakeMethod,
    /// 3: a request that the session does not accept now, or that does not open a session.
    BadRequest(BadRequest),
    /// 4: this client may not connect; the text is the message.
    Forbidden(String),
    /// 5: `EIO` is not 4.
    UnsupportedProtocol,
    /// The world is full; 503, so that clients try again later.
    Full,
    /// The body of a POST did not arrive in time ([`BODY_TIMEOUT`](crate::limits::BODY_TIMEOUT)); 408.
    BodyTimeout,
    /// The header `Sec-WebSocket-Protocol` is not a list of different names, or the list is too long.
    BadSubprotocols,
    /// The URL and headers that open a session are longer than
    /// [`MAX_HANDSHAKE_REQUEST_BYTES`](crate::limits::MAX_HANDSHAKE_REQUEST_BYTES), or those that it keeps than
    /// [`MAX_KEPT_REQUEST_BYTES`](crate::limits::MAX_KEPT_REQUEST_BYTES); 431, as Node answers it.
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
    /// A guard of the app failed.
    MiddlewareFailure,
    /// The app's own function for session ids returned an invalid id or the id of an existing session, or panicked.
    IdGenerationError,
    /// The end or a fault of an existing connection: engine.io reports it to the client only, not as a refused connection.
    TransportError,
}

impl BadRequest {
    /// Returns engine.io's name.
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
    /// Returns engine.io's error code.
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

    /// Returns the HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Forbidden(_) => 403,
            Self::BodyTimeout => 408,
            Self::Full => 503,
            Self::HandshakeTooLong => 431,
            _ => 400,
        }
    }

    /// Returns the message: engine.io's own, if it has one.
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
            Self::HandshakeTooLong => {
                "The URL and headers of this request are longer than 16384 bytes, or those that are kept than 8192"
            }
        }
    }

    /// Returns the body of the response: `{"code":N,"message":"…"}`, where the code is a number.
    pub fn to_json(&self) -> String {
        format!(r#"{{"code":{},"message":{}}}"#, self.code(), quoted(self.message()))
    }
}
