//! Guards of HTTP requests as hooks of events.

use std::rc::Rc;

use serde_json::{Value, json};

use super::calls::Hooked;
use super::context::Context;
use super::hook::{Flow, FlowOutcome, Hook};
use super::reply::{Reply, unsent};
use crate::error::Failure;
use crate::extract::{GuardRejection, Requested};
use crate::handles::{ConnRequest, HttpResponse, Variables};
use crate::routing::{Handler, erase};

/// Returns a hook that calls a guard of HTTP requests with the request that opened the socket's connection: its world, method, URL,
/// query, headers and cookies, as far as the session keeps them (see
/// [`EngineRoutes::keep_headers`](crate::routing::EngineRoutes::keep_headers)). The request is the same for each message. Values that hooks have set by [`Context::set_state`](super::Context::set_state) are those of
/// [`ConnRequest::get`], and the other way round.
///
/// A guard that refuses with a response whose status is 400 or more ends the chain with the error
/// `{"statusCode":401,"statusMessage":"UNAUTHORIZED","body":…}`; the body is JSON if the response says so, and missing if it is empty.
/// One that refuses with an error fails with it. A response of another status is a mistake of the app: an internal error.
///
/// ```
/// use dormouse::controller::{Controller, http_hook};
/// use dormouse::extract::ConnRequest;
/// use dormouse::response::HttpResponse;
///
/// async fn from_our_page(request: ConnRequest) -> Result<(), HttpResponse> {
///     match request.header("origin") {
///         Some("https://example.com") => Ok(()),
///         _ => Err(HttpResponse::empty(403)),
///     }
/// }
///
/// let _ = Controller::new().hook(http_hook(from_our_page));
/// ```
pub fn http_hook<M>(guard: impl Handler<Requested, M>) -> Hook {
    let guard = erase(guard);
    Hook::of(Rc::new(move |call: Hooked| {
        let (guard, request) = (Rc::clone(&guard), opening_request(&call.context));
        Box::pin(async move {
            match guard(Requested { request: request? }).await {
                Ok(()) => Ok(Flow::Next),
                Err(GuardRejection::Failed(failure)) => Err(failure),
                Err(GuardRejection::Answered(response)) => refused(&response),
            }
        })
    }))
}

/// Returns the request that opened the connection of the socket.
fn opening_request(context: &Context) -> Result<ConnRequest, Failure> {
    let socket = context.socket();
    let handshake = socket.handshake().ok_or_else(|| Failure::new("DISCONNECTED", "the socket is gone"))?;
    let world = socket.world.clone();
    let variables: Variables = Rc::new(move |name| world.upgrade()?.variable(name));
    // Every session is opened by a GET, which is an upgrade if its query says so: the Worker refuses all others.
    let method = "GET".to_owned();
    let is_upgrade = handshake.query_param("transport").is_some_and(|transport| transport == "websocket");
    let (request, notes) = (handshake.to_request(), Rc::clone(context.notes()));
    Ok(ConnRequest::with_notes(method, socket.world(), is_upgrade, request, variables, notes))
}

fn refused(response: &HttpResponse) -> FlowOutcome {
    let HttpResponse { status, body, .. } = response;
    if *status < 400 {
        let text = format!(
            "a guard of requests responded with the status {status}: as a hook, it may refuse with 400 or more only"
        );
        return Err(Failure::internal(text));
    }
    let mut kinds = response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let is_json = kinds.any(|(_, kind)| kind.starts_with("application/json"));
    let text = || Value::from(String::from_utf8_lossy(body).into_owned());
    let shown = if is_json { serde_json::from_slice(body).unwrap_or_else(|_| text()) } else { text() };
    let message = reason_phrase(*status);
    let error = if body.is_empty() {
        json!({ "statusCode": status, "statusMessage": message })
    } else {
        json!({ "statusCode": status, "statusMessage": message, "body": shown })
    };
    Reply::error(&error).map(Flow::Respond).map_err(unsent)
}

/// Returns the name of a status in capitals, as FoalTS writes it; the class of those that are rare.
const fn reason_phrase(status: u16) -> &'static str {
    match status {
        400 => "BAD REQUEST",
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 => "NOT FOUND",
        405 => "METHOD NOT ALLOWED",
        409 => "CONFLICT",
        429 => "TOO MANY REQUESTS",
        500 => "INTERNAL SERVER ERROR",
        501 => "NOT IMPLEMENTED",
        503 => "SERVICE UNAVAILABLE",
        402..=499 => "CLIENT ERROR",
        _ => "SERVER ERROR",
    }
}
