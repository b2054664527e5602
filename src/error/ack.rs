//! Why an acknowledgement is missing.

use super::emit::EmitError;
use super::handler_error::HandlerError;
use crate::id::SocketId;
use crate::value::DecodeError;
use core::fmt;

/// Why there is no answer from a client that was asked for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AckFailure {
    /// The client had its time.
    Expired,
    /// The client left the namespace or is gone.
    Disconnected,
    /// So many of the client's answers are awaited already that it was not asked
    /// ([`MAX_STORED_ACKS`](crate::limits::MAX_STORED_ACKS)), or what the others answered is too long to keep more.
    TooMany,
}

impl fmt::Display for AckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the client did not answer in time",
            Self::Disconnected => "the client disconnected before it answered",
            Self::TooMany => "too many answers are awaited already",
        })
    }
}

impl core::error::Error for AckFailure {}

impl HandlerError for AckFailure {
    fn code(&self) -> &str {
        match self {
            Self::Expired => "ACK_TIMEOUT",
            Self::Disconnected => "DISCONNECTED",
            Self::TooMany => "BUSY",
        }
    }
}

/// Why there is no answer to `emit_with_ack`.
#[derive(Debug)]
#[non_exhaustive]
pub enum AckError {
    /// Nothing was sent.
    Emit(EmitError),
    /// The client did not answer.
    Failed(AckFailure),
    /// The client's answer is not what was wanted.
    Invalid(DecodeError),
}

impl fmt::Display for AckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emit(error) => error.fmt(f),
            Self::Failed(none) => none.fmt(f),
            Self::Invalid(error) => write!(f, "the client's answer: {error}"),
        }
    }
}

impl core::error::Error for AckError {}

impl From<EmitError> for AckError {
    fn from(error: EmitError) -> Self {
        Self::Emit(error)
    }
}

impl HandlerError for AckError {
    fn code(&self) -> &str {
        match self {
            Self::Emit(error) => error.code(),
            Self::Failed(none) => none.code(),
            Self::Invalid(_) => "INVALID_ACK",
        }
    }
}

/// Not every client answered a broadcast.
#[derive(Debug)]
pub struct IncompleteAcks<T> {
    /// The answers that came, in the order in which they came.
    pub acks: Vec<(SocketId, T)>,
    /// Who gave none, or none that could be read, and why.
    pub missing: Vec<(SocketId, AckError)>,
}

/// Why a broadcast has no complete answer.
#[derive(Debug)]
pub enum BroadcastAckError<T> {
    /// Nothing was sent.
    Emit(EmitError),
    /// Somebody did not answer.
    Incomplete(IncompleteAcks<T>),
}

impl<T> fmt::Display for BroadcastAckError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emit(error) => error.fmt(f),
            Self::Incomplete(IncompleteAcks { acks, missing }) => {
                write!(f, "{} clients answered, {} did not", acks.len(), missing.len())
            }
        }
    }
}

impl<T: fmt::Debug> core::error::Error for BroadcastAckError<T> {
    /// Why nothing was sent, or why the first of those who are missing did not answer.
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Emit(error) => Some(error),
            Self::Incomplete(IncompleteAcks { missing, .. }) => {
                Some(missing.first().map_or(&AckFailure::Expired as _, |(_, why)| why as _))
            }
        }
    }
}

impl<T> HandlerError for BroadcastAckError<T> {
    fn code(&self) -> &str {
        match self {
            Self::Emit(error) => error.code(),
            Self::Incomplete(IncompleteAcks { missing, .. }) => {
                missing.first().map_or_else(|| AckFailure::Expired.code(), |(_, why)| why.code())
            }
        }
    }
}
