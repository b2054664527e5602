//! Why another world did not do what it was called for.

use core::fmt;
use core::time::Duration;

use super::emit_error::EmitError;
use super::failure::Failure;
use super::handler_error::HandlerError;
use crate::value::EncodeError;

/// Why another world did not do what it was called for. A handler that returns it tells its client the code and the text, but not what the
/// platform or the other world said; behind `?` in a handler that returns a [`Failure`], it is internal.
#[derive(Debug)]
#[non_exhaustive]
pub enum RemoteError {
    /// No world can have this name: it takes 1 to 64 characters of `A-Z`, `a-z`, `0-9`, `_` and `-`.
    InvalidWorld(String),
    /// No namespace can have this name: it starts with `/` and has no comma.
    InvalidNamespace(String),
    /// The app is not [linked](crate::App::linked_worlds): its worlds cannot be called.
    NotLinked,
    /// The event cannot be emitted.
    Emit(EmitError),
    /// The world did not answer within this time. It may have done what it was called for.
    Timeout(Duration),
    /// The world refused, with this status and this text.
    Refused(u16, String),
    /// The platform failed, with this text. The world may have done what it was called for.
    Failed(String),
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidWorld(name) => {
                write!(f, "no world can be called {name:?}: it takes 1 to 64 characters of A-Z, a-z, 0-9, _ and -")
            }
            Self::InvalidNamespace(name) => {
                write!(f, "no namespace can be called {name:?}: it starts with / and has no comma")
            }
            Self::NotLinked => {
                f.write_str("the worlds of this app cannot call each other; add `.linked_worlds()` to its `App`")
            }
            Self::Emit(error) => error.fmt(f),
            Self::Timeout(after) => write!(f, "the other world did not answer within {} ms", after.as_millis()),
            Self::Refused(status, text) => write!(f, "the other world refused with {status}: {text}"),
            Self::Failed(text) => write!(f, "the other world could not be called: {text}"),
        }
    }
}

impl core::error::Error for RemoteError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Emit(error) => Some(error),
            _ => None,
        }
    }
}

impl HandlerError for RemoteError {
    fn code(&self) -> &str {
        match self {
            Self::InvalidWorld(_) => "INVALID_WORLD",
            Self::InvalidNamespace(_) => "INVALID_NAMESPACE",
            Self::NotLinked => "WORLDS_NOT_LINKED",
            Self::Emit(error) => error.code(),
            Self::Timeout(_) => "WORLD_TIMEOUT",
            Self::Refused(..) => "WORLD_REFUSED",
            Self::Failed(_) => "WORLD_FAILED",
        }
    }

    fn to_failure(&self) -> Failure {
        match self {
            // What the platform or the other world said is not for clients.
            Self::Refused(..) | Self::Failed(_) => Failure::internal(self.to_string()),
            _ => Failure::new(self.code().to_owned(), self.to_string()),
        }
    }
}

impl From<EmitError> for RemoteError {
    fn from(error: EmitError) -> Self {
        Self::Emit(error)
    }
}

impl From<EncodeError> for RemoteError {
    fn from(error: EncodeError) -> Self {
        Self::Emit(error.into())
    }
}
