//! Why an acknowledgement is missing.

use core::fmt;

use super::emit_error::EmitError;
use super::handler_error::HandlerError;
use crate::id::SocketId;
use crate::value::DecodeError;

/// The code of an acknowledgement that does not have the type that was asked for.
pub(crate) const INVALID_ACK: &str = "INVALID_ACK";

/// Why a client sent no acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AckFailure {
    /// The timeout passed.
    Expired,
    /// The client left the namespace or is gone.
    Disconnected,
    /// The client did not get the event, because 100 events that it has not acknowledged are stored for `ack_to` already; or the
    /// acknowledgements of a broadcast that is awaited have more than 16,000,000 bytes.
    TooMany,
}

impl fmt::Display for AckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the client did not acknowledge in time",
            Self::Disconnected => "the client disconnected before it acknowledged",
            Self::TooMany => "too many acknowledgements are awaited already",
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

/// The error of `emit_with_ack` to one socket.
#[derive(Debug)]
#[non_exhaustive]
pub enum AckError {
    /// The event was not sent.
    Emit(EmitError),
    /// The client sent no acknowledgement.
    Failed(AckFailure),
    /// The acknowledgement does not have the type that was asked for.
    Invalid(DecodeError),
}

impl fmt::Display for AckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emit(error) => error.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
            Self::Invalid(error) => write!(f, "the client's acknowledgement: {error}"),
        }
    }
}

impl core::error::Error for AckError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(match self {
            Self::Emit(error) => error,
            Self::Failed(failure) => failure,
            Self::Invalid(error) => error,
        })
    }
}

impl From<EmitError> for AckError {
    fn from(error: EmitError) -> Self {
        Self::Emit(error)
    }
}

impl HandlerError for AckError {
    fn code(&self) -> &str {
        match self {
            Self::Emit(error) => error.code(),
            Self::Failed(failure) => failure.code(),
            Self::Invalid(_) => INVALID_ACK,
        }
    }
}

/// The acknowledgements of a broadcast of which at least one is missing.
#[derive(Debug)]
pub struct IncompleteAcks<T> {
    /// The acknowledgements that came, in the order in which they came.
    pub acks: Vec<(SocketId, T)>,
    /// The sockets without an acknowledgement of the right type, each with the reason.
    pub missing: Vec<(SocketId, AckError)>,
}

/// The error of `emit_with_ack` to many sockets.
#[derive(Debug)]
#[non_exhaustive]
pub enum BroadcastAckError<T> {
    /// The event was not sent.
    Emit(EmitError),
    /// At least one acknowledgement is missing.
    Incomplete(IncompleteAcks<T>),
}

impl<T> fmt::Display for BroadcastAckError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emit(error) => error.fmt(f),
            Self::Incomplete(IncompleteAcks { acks, missing }) => {
                write!(f, "{} clients acknowledged, {} did not", acks.len(), missing.len())
            }
        }
    }
}

impl<T: fmt::Debug> core::error::Error for BroadcastAckError<T> {
    /// Returns the error because of which nothing was sent, or why the first missing client is missing.
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Emit(error) => Some(error),
            Self::Incomplete(IncompleteAcks { missing, .. }) => Some(match missing.first() {
                None | Some((_, AckError::Failed(AckFailure::Expired))) => &Unanswered::Failed(AckFailure::Expired),
                Some((_, AckError::Failed(AckFailure::Disconnected))) => &Unanswered::Failed(AckFailure::Disconnected),
                Some((_, AckError::Failed(AckFailure::TooMany))) => &Unanswered::Failed(AckFailure::TooMany),
                Some((_, AckError::Invalid(_))) => &Unanswered::Invalid,
                Some((_, AckError::Emit(error))) => error,
            }),
        }
    }
}

/// Why the first missing client is missing. By this source, `?` knows a [`BroadcastAckError`] without knowing its `T`.
#[derive(Debug)]
pub(super) enum Unanswered {
    Failed(AckFailure),
    Invalid,
}

impl Unanswered {
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Failed(failure) => failure.code(),
            Self::Invalid => INVALID_ACK,
        }
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Invalid => f.write_str("the client's acknowledgement does not have the type that was asked for"),
        }
    }
}

impl core::error::Error for Unanswered {}

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

#[cfg(test)]
mod tests {
    use core::error::Error;

    use super::*;
    use crate::value::EncodeError;

    /// Returns the text of the last cause of `error`.
    fn root(error: &dyn Error) -> String {
        error.source().map_or_else(|| error.to_string(), root)
    }

    #[test]
    fn every_cause_is_a_source() {
        let emit = || EmitError::from(EncodeError::TooManyAttachments);
        let unsendable = EncodeError::TooManyAttachments.to_string();
        assert_eq!(root(&AckError::Emit(emit())), unsendable);
        assert_eq!(root(&BroadcastAckError::<()>::Emit(emit())), unsendable);
        let failed = || AckError::Failed(AckFailure::TooMany);
        assert_eq!(failed().source().map(ToString::to_string), Some(AckFailure::TooMany.to_string()));
        let missing = vec![(SocketId::from_entropy([0; 15]), failed())];
        let incomplete = BroadcastAckError::<()>::Incomplete(IncompleteAcks { acks: Vec::new(), missing });
        assert_eq!(root(&incomplete), AckFailure::TooMany.to_string());
        assert!(EmitError::TwoAcks.source().is_none());
    }
}
