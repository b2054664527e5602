//! The admin HTTP API: performs `POST /api/worlds/<world>/emit` and the other operations in the world, through [`Io`], as a
//! handler would. The Worker has checked the `ADMIN_KEY`.

mod body;
mod emit;
mod fetch_sockets;
mod operation;
mod redact;

use body::Action;
pub use operation::Operation;

use crate::error::Failure;
use crate::handles::{HttpRequest, HttpResponse, Io};

/// Performs an operation and returns the response: always JSON, with `cache-control: no-store`.
pub(crate) async fn answer(io: Io, operation: Operation, request: HttpRequest) -> HttpResponse {
    match perform(&io, operation, &request).await {
        Ok(response) => response.with_header("cache-control", "no-store"),
        Err(failure) => HttpResponse::error(400, &failure),
    }
}

/// One function for all operations, because each function that awaits is a state machine of its own in the wasm.
async fn perform(io: &Io, operation: Operation, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    let (selection, action) = Action::read(operation, request)?;
    let operator = selection.operator(io)?;
    let sockets = operator.clone().fetch_sockets().await;
    match action {
        Action::Emit(emit) => {
            if let Some(asked) = emit::emit(operator, emit)? {
                return Ok(emit::outcome(sockets.len(), &asked.await));
            }
        }
        Action::Join(rooms) => operator.sockets_join(rooms)?,
        Action::Leave(rooms) => operator.sockets_leave(rooms),
        Action::Disconnect { close } => operator.disconnect_sockets(close),
        Action::Fetch => return fetch_sockets::describe_all(&sockets),
    }
    let body = format!(r#"{{"matched":{},"status":"ok"}}"#, sockets.len());
    Ok(HttpResponse::text(200, body).with_type("application/json"))
}
