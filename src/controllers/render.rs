//! The response to a failure.

use super::context::Context;
use super::reply::Reply;
use crate::error::Failure;
use crate::handles::Socket;

/// Returns the response to a failure, as a controller without a handler of errors answers. A [`Failure`] of the app's own, or of an
/// error that says what clients are told, is `{"status":"error","error":{"code":…,"message":…}}`. Every other error is the code
/// `INTERNAL_SERVER_ERROR` with the message `An internal server error has occurred.`; what has failed is in the log beside the
/// `reference` of the response, and in the response as `details` if the Worker variable `DEBUG` is `true`.
///
/// What refuses a payload, such as `Valid<T>`, is `{"code":"VALIDATION_PAYLOAD_ERROR","payload":[…]}`, without a message.
pub fn render_error(failure: &Failure, context: &Context) -> Reply {
    refused_payload(failure).unwrap_or_else(|| Reply::of_error(context.socket().world.error_of(failure)))
}

/// Returns the response to a payload that does not fit. As that of the hook [`validate`](super::validate), it is no failure of the app:
/// nobody but the client hears of it. `None` if it is another error.
#[cfg(feature = "validation")]
pub(super) fn refused_payload(failure: &Failure) -> Option<Reply> {
    failure.to_payload_error().map(Reply::of_error)
}

#[cfg(not(feature = "validation"))]
pub(super) const fn refused_payload(_: &Failure) -> Option<Reply> {
    None
}

/// Whether failures of controllers are logged: unless the Worker variable `LOG_ERRORS` is `false`.
pub(crate) fn logs_errors(socket: &Socket) -> bool {
    let set = socket.world.upgrade().and_then(|world| world.variable("LOG_ERRORS"));
    set.is_none_or(|value| value != "false")
}
