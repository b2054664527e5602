//! The admin HTTP API: performs `POST /api/worlds/<world>/emit` and the other operations in the world, through [`Io`], as a
//! handler would. The Worker has checked the `ADMIN_KEY`.

mod body;
mod delivery;
mod emit;
mod fetch_sockets;
mod operation;
mod redact;
mod trace_call;

use core::future::ready;

use futures::future::LocalBoxFuture;

use body::Action;
use delivery::Emitted;
pub use operation::Operation;

use crate::error::Failure;
use crate::handles::{AwaitedAcks, HttpRequest, HttpResponse, Io};

/// Performs an operation and returns the response: always JSON, with `cache-control: no-store`.
pub(crate) fn answer(io: Io, operation: Operation, request: HttpRequest) -> LocalBoxFuture<'static, HttpResponse> {
    // Not in the future: what follows a wait stays in the wasm, even where nothing reaches it.
    if !cfg!(feature = "admin") {
        return Box::pin(ready(HttpResponse::empty(404)));
    }
    Box::pin(answer_call(io, operation, request))
}

async fn answer_call(io: Io, operation: Operation, request: HttpRequest) -> HttpResponse {
    match perform(&io, operation, &request).await {
        Ok(response) => response.with_header("cache-control", "no-store"),
        // Whoever has the key may read everything.
        Err(failure) => HttpResponse::told(400, &failure, Some(&failure.text())),
    }
}

/// One function for all operations that awaits once, because what awaits is a state machine in the wasm, which holds all that it has.
async fn perform(io: &Io, operation: Operation, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    match begin(io, operation, request)? {
        Begun::Ended(response) => Ok(response),
        Begun::Emitted(emitted, awaited) => Ok(emitted.outcome(io, &awaited.all().await)),
    }
}

/// An operation that is performed, but for what must be awaited.
enum Begun {
    Ended(HttpResponse),
    /// An emitted event, and its acknowledgements or, without any, the end of the turn.
    Emitted(Emitted, AwaitedAcks),
}

fn begin(io: &Io, operation: Operation, request: &HttpRequest) -> Result<Begun, Failure> {
    if operation == Operation::Trace {
        return trace_call::trace(io, request).map(Begun::Ended);
    }
    let (selection, action) = Action::read(operation, request)?;
    let operator = selection.operator(io)?;
    let sockets = operator.sockets();
    let matched = sockets.len();
    match action {
        Action::Emit(emit) => {
            let emitted = Emitted::new(io, sockets, &emit);
            return emit::emit(io, operator, emit).map(|awaited| Begun::Emitted(emitted, awaited));
        }
        Action::Join(rooms) => operator.sockets_join(rooms)?,
        Action::Leave(rooms) => operator.sockets_leave(rooms),
        Action::Disconnect { close } => operator.disconnect_sockets(close),
        Action::Fetch => return fetch_sockets::describe_all(io, &sockets).map(Begun::Ended),
    }
    let body = format!(r#"{{"matched":{matched},"status":"ok"}}"#);
    Ok(Begun::Ended(HttpResponse::text(200, body).with_type("application/json")))
}
