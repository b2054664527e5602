//! What handlers return.

use crate::error::{Failure, HandlerError};
use crate::extract::Handled;
use crate::handles::HttpResponse;
use crate::value::{Args, IntoArgs};

/// The acknowledgement of an event: a tuple is several arguments, everything else is one. Nothing is sent if the client
/// did not ask for an acknowledgement, or if it was sent already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack<T>(pub T);

/// A value that a handler may return where the outcome `O` is expected.
#[diagnostic::on_unimplemented(
    message = "a handler cannot give back `{Self}` here",
    label = "`{Self}` is not an outcome of this handler",
    note = "a handler gives back nothing, `dormouse::Ack<T>` as an event's acknowledgement, or a `Result` of these",
    note = "an event of a controller gives back nothing, `Response<T>`, `Reply`, `ErrorResponse<T>`, or a `Result` of these",
    note = "the error of a `Result` implements `dormouse::error::HandlerError`; `dormouse::Failure` takes every error by `?`",
    note = "a predicate of namespaces gives back `bool`, an HTTP route `HttpResponse`",
    note = "a guard of connections gives back nothing, or a `Result` whose error is an `HttpResponse` or a `HandlerError`"
)]
pub trait IntoOutcome<O> {
    /// Returns the outcome.
    fn into_outcome(self) -> O;
}

impl IntoOutcome<()> for () {
    fn into_outcome(self) {}
}

impl IntoOutcome<Result<bool, Failure>> for bool {
    fn into_outcome(self) -> Result<bool, Failure> {
        Ok(self)
    }
}

impl<E: HandlerError> IntoOutcome<Result<bool, Failure>> for Result<bool, E> {
    fn into_outcome(self) -> Result<bool, Failure> {
        self.map_err(HandlerError::into_failure)
    }
}

impl IntoOutcome<Result<HttpResponse, Failure>> for HttpResponse {
    fn into_outcome(self) -> Result<HttpResponse, Failure> {
        Ok(self)
    }
}

impl<E: HandlerError> IntoOutcome<Result<HttpResponse, Failure>> for Result<HttpResponse, E> {
    fn into_outcome(self) -> Result<HttpResponse, Failure> {
        self.map_err(HandlerError::into_failure)
    }
}

// A response on either way. With failures beside responses, it is a `RouteError`.
impl IntoOutcome<Result<HttpResponse, Failure>> for Result<HttpResponse, HttpResponse> {
    fn into_outcome(self) -> Result<HttpResponse, Failure> {
        let (Ok(response) | Err(response)) = self;
        Ok(response)
    }
}

impl IntoOutcome<Result<(), Failure>> for () {
    fn into_outcome(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<E: HandlerError> IntoOutcome<Result<(), Failure>> for Result<(), E> {
    fn into_outcome(self) -> Result<(), Failure> {
        self.map_err(HandlerError::into_failure)
    }
}

/// The outcome of an event's handler.
type EventOutcome = Result<Handled, Failure>;

const fn acknowledged(args: Args) -> Handled {
    Handled { ack: Some(args), failures: None }
}

impl IntoOutcome<EventOutcome> for () {
    fn into_outcome(self) -> EventOutcome {
        Ok(Handled::default())
    }
}

impl<T: IntoArgs> IntoOutcome<EventOutcome> for Ack<T> {
    fn into_outcome(self) -> EventOutcome {
        self.0.into_args().map(acknowledged).map_err(HandlerError::into_failure)
    }
}

impl<R: IntoOutcome<EventOutcome>> IntoOutcome<EventOutcome> for Option<R> {
    fn into_outcome(self) -> EventOutcome {
        self.map_or_else(|| Ok(Handled::default()), IntoOutcome::into_outcome)
    }
}

impl<R: IntoOutcome<EventOutcome>, E: HandlerError> IntoOutcome<EventOutcome> for Result<R, E> {
    fn into_outcome(self) -> EventOutcome {
        self.map_err(HandlerError::into_failure).and_then(IntoOutcome::into_outcome)
    }
}
