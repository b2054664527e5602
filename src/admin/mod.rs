//! The admin HTTP API: performs `POST /api/worlds/<world>/emit` and the other operations in the world, through [`Io`], as a
//! handler would. The Worker has checked the `ADMIN_KEY`.

mod body;
mod emit;
mod fetch_sockets;
mod operation;
mod redact;

use body::Action;
pub use operation::Operation;

use crate::core::acks::CollectedAcks;
use crate::error::Failure;
use crate::handles::{HttpRequest, HttpResponse, Io};

/// Performs an operation and returns the response: always JSON, with `cache-control: no-store`.
pub(crate) async fn answer(io: Io, operation: Operation, request: HttpRequest) -> HttpResponse {
    match perform(&io, operation, &request).await {
        Ok(response) => response.with_header("cache-control", "no-store"),
        Err(failure) => HttpResponse::error(400, &failure),
    }
}

/// One function for all operations that awaits once, because what awaits is a state machine in the wasm, which holds all that it has.
async fn perform(io: &Io, operation: Operation, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    match begin(io, operation, request)? {
        Begun::Ended(response) => Ok(response),
        Begun::Asked(matched, asked) => Ok(emit::outcome(matched, &asked.await)),
    }
}

/// An operation that is performed, but for the acknowledgements.
enum Begun<A> {
    Ended(HttpResponse),
    /// The number of sockets, and the future of their acknowledgements.
    Asked(usize, A),
}

fn begin(
    io: &Io,
    operation: Operation,
    request: &HttpRequest,
) -> Result<Begun<impl Future<Output = CollectedAcks> + 'static>, Failure> {
    let (selection, action) = Action::read(operation, request)?;
    let operator = selection.operator(io)?;
    let sockets = operator.sockets();
    let matched = sockets.len();
    match action {
        Action::Emit(emit) => {
            if let Some(asked) = emit::emit(operator, emit)? {
                return Ok(Begun::Asked(matched, asked));
            }
        }
        Action::Join(rooms) => operator.sockets_join(rooms)?,
        Action::Leave(rooms) => operator.sockets_leave(rooms),
        Action::Disconnect { close } => operator.disconnect_sockets(close),
        Action::Fetch => return fetch_sockets::describe_all(&sockets).map(Begun::Ended),
    }
    let body = format!(r#"{{"matched":{matched},"status":"ok"}}"#);
    Ok(Begun::Ended(HttpResponse::text(200, body).with_type("application/json")))
}
