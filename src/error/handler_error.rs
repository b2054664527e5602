//! The errors that handlers may return.

use core::fmt;

use serde_json::Value;

use super::failure::Failure;
use super::join_error::JoinError;
use crate::id::InvalidName;
use crate::value::{DecodeError, EncodeError};

/// The code of errors that have no code of their own.
pub(super) const DEFAULT_CODE: &str = "ERROR";

/// The code of arguments that do not have the types that a handler takes.
pub(super) const INVALID_ARGUMENTS: &str = "INVALID_ARGUMENTS";

/// The code of payloads that do not keep the rules of their type or schema.
pub(crate) const VALIDATION_PAYLOAD_ERROR: &str = "VALIDATION_PAYLOAD_ERROR";

/// The code of a client without a valid token.
pub(crate) const INVALID_TOKEN: &str = "INVALID_TOKEN";

/// An error that a handler may return.
///
/// A client that asked for an acknowledgement gets `{"status":"error","error":{"code":…,"message":…}}`. If a
/// [`guard`](crate::routing::Routes::guard) returns the error, the client gets a `CONNECT_ERROR` with the message and with
/// [`data`](Self::data). The namespace's [`on_error`](crate::routing::Routes::on_error) is called with it in any case.
///
/// Implement it for what clients may read. `serde_json::Error` and `Box<dyn Error>` implement it, too, but are
/// [internal](Failure#what-clients-are-told): clients are not told their texts.
///
/// ```
/// #[derive(Debug)]
/// enum SayError { TooLong, Muted { minutes: u32 } }
///
/// impl std::fmt::Display for SayError {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         match self {
///             Self::TooLong => f.write_str("the message is too long"),
///             Self::Muted { minutes } => write!(f, "you are muted for {minutes} minutes"),
///         }
///     }
/// }
///
/// impl dormouse::error::HandlerError for SayError {
///     fn code(&self) -> &str {
///         match self {
///             Self::TooLong => "TOO_LONG",
///             Self::Muted { .. } => "MUTED",
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what a client is told when a handler fails with it",
    note = "implement `dormouse::error::HandlerError` for it (it needs `Display`; `code` has a default)",
    note = "or let the handler return `Result<_, dormouse::Failure>`: `?` turns every error into that"
)]
pub trait HandlerError: fmt::Display {
    /// Returns the code, which is for programs; the text of the error is for people. `ERROR` by default.
    fn code(&self) -> &str {
        DEFAULT_CODE
    }

    /// Returns the data for a client whose CONNECT is refused: `err.data` in the client. Without it, `err.data` is `{"code":…}`,
    /// or is missing if [`code`](Self::code) is the default.
    fn data(&self) -> Option<Value> {
        None
    }

    // A `Failure` is one already: to build it from its parts would link the code that clones and writes JSON values into every app.
    #[doc(hidden)]
    fn to_failure(&self) -> Failure {
        let failure = Failure::new(self.code().to_owned(), self.to_string());
        match self.data() {
            Some(data) => failure.with_data(data),
            None => failure,
        }
    }

    // An error that is another library's keeps its type.
    #[doc(hidden)]
    fn into_failure(self) -> Failure
    where
        Self: Sized,
    {
        self.to_failure()
    }
}

impl HandlerError for String {}

impl HandlerError for &str {}

impl HandlerError for core::convert::Infallible {}

impl HandlerError for EncodeError {}

impl HandlerError for InvalidName {}

impl HandlerError for DecodeError {
    fn code(&self) -> &str {
        INVALID_ARGUMENTS
    }
}

impl HandlerError for JoinError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooManyRooms(_) => "TOO_MANY_ROOMS",
            Self::WorldFull(_) => "WORLD_FULL",
            Self::NameTooLong(_) => "ROOM_NAME_TOO_LONG",
        }
    }
}
