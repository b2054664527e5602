//! Why an event was not emitted.

use core::fmt;

use super::handler_error::HandlerError;
use crate::value::EncodeError;

/// Why an event was not emitted. The server's own code is to blame.
#[non_exhaustive]
pub enum EmitError {
    /// Socket.IO reserves this event name.
    Reserved(String),
    /// The arguments cannot be sent.
    Arguments(EncodeError),
    /// The context of an `ack_to` cannot be kept; the text says why.
    Context(String),
    /// The namespace has no `on_ack` handler of this name.
    UnknownAckHandler(String),
    /// The timeout is longer than the ten minutes for which an acknowledgement may be awaited in memory.
    Timeout(core::time::Duration),
    /// The event has this many bytes for all of its recipients together, more than the 64,000,000 that fit into the memory of an
    /// isolate.
    TooLarge(usize),
    /// The acknowledgement is awaited, and `ack_to` names a handler for it as well.
    TwoAcks,
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserved(event) => write!(f, "Socket.IO keeps the event name {event:?} for itself"),
            Self::Arguments(error) => error.fmt(f),
            Self::Context(problem) => write!(f, "the context of `ack_to` cannot be kept: {problem}"),
            Self::UnknownAckHandler(name) => write!(f, "the namespace has no `on_ack` called {name:?}"),
            Self::Timeout(asked) => write!(
                f,
                "an acknowledgement is awaited for {} s at most, not for {} s; use `ack_to` for longer timeouts",
                crate::limits::MAX_ACK_TIMEOUT.as_secs(),
                asked.as_secs()
            ),
            Self::TooLarge(bytes) => {
                let most = crate::limits::MAX_EMISSION_BYTES;
                write!(f, "the event has {bytes} bytes for all recipients together, and may have {most}")
            }
            Self::TwoAcks => {
                f.write_str("an acknowledgement is either awaited or sent to the handler of `ack_to`, not both")
            }
        }
    }
}

// A derived one would bring the formatter of `Duration` into the wasm of every app that converts the error.
impl fmt::Debug for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmitError({:?}, \"{self}\")", self.code())
    }
}

impl core::error::Error for EmitError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Arguments(error) => Some(error),
            _ => None,
        }
    }
}

impl HandlerError for EmitError {
    fn code(&self) -> &'static str {
        match self {
            Self::Reserved(_) => "RESERVED_EVENT",
            Self::Arguments(_) => "UNSENDABLE_ARGUMENTS",
            Self::Context(_) => "INVALID_CONTEXT",
            Self::UnknownAckHandler(_) => "UNKNOWN_ACK_HANDLER",
            Self::Timeout(_) => "TIMEOUT_TOO_LONG",
            Self::TooLarge(_) => "EVENT_TOO_LARGE",
            Self::TwoAcks => "TWO_ACKS",
        }
    }
}

impl From<EncodeError> for EmitError {
    fn from(error: EncodeError) -> Self {
        Self::Arguments(error)
    }
}
