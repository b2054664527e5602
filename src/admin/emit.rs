//! Emits an event, and returns the clients' acknowledgements.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::body::{Emit, invalid};
use crate::core::acks::CollectedAcks;
use crate::core::socketio::check_placeholders;
use crate::error::{Failure, HandlerError as _};
use crate::handles::{BroadcastOperator, HttpResponse, Io};
use crate::id::SocketId;
use crate::limits::MAX_ATTACHMENTS;
use crate::value::Args;

/// The result of a call that asked for acknowledgements.
#[derive(Serialize)]
struct Outcome {
    status: &'static str,
    matched: usize,
    acks: Vec<ClientAck>,
    missing: Vec<Missing>,
}

#[derive(Serialize)]
struct ClientAck {
    socket: SocketId,
    args: Box<RawValue>,
    /// The attachments of the placeholders in the arguments, in base64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<String>,
}

#[derive(Serialize)]
struct Missing {
    socket: SocketId,
    reason: String,
}

/// Emits an event. If acknowledgements are asked for, waits until all have arrived or the timeout is over.
///
/// # Errors
/// The event cannot be emitted.
pub(super) async fn emit(io: &Io, call: Emit) -> Result<HttpResponse, Failure> {
    let Emit { target, event, args, attachments, volatile, ack } = call;
    let args = arguments(&args, attachments)?;
    let Some(ack) = ack else {
        let send = |sockets: BroadcastOperator| {
            let sockets = if volatile { sockets.volatile() } else { sockets };
            sockets.emit(&event, args).map_err(|error| invalid(error.to_string()))
        };
        return target.each(io, send).await;
    };
    let sockets = target.operator(io)?.timeout(ack.timeout()?);
    let sockets = if volatile { sockets.volatile() } else { sockets };
    let matched = sockets.clone().all_sockets().await.len();
    let asked = sockets.emit_with_raw_acks(&event, args).map_err(|error| invalid(error.to_string()))?;
    let CollectedAcks { acks, missing } = asked.await;
    let outcome = Outcome {
        status: "ok",
        matched,
        acks: acks.iter().map(|(socket, args)| read(*socket, args)).collect::<Result<_, _>>()?,
        missing: missing
            .iter()
            .map(|(socket, why)| Missing { socket: *socket, reason: why.code().to_owned() })
            .collect(),
    };
    Ok(HttpResponse::json(200, &outcome))
}

/// Returns the arguments. If the call has attachments, every placeholder must name one of them; if it has none, what looks like a
/// placeholder is ordinary data.
fn arguments(args: &[Box<RawValue>], attachments: Option<Vec<String>>) -> Result<Args, Failure> {
    let elements = args.iter().map(|element| element.get()).collect::<Vec<_>>().join(",");
    let Some(attachments) = attachments else { return Ok(Args::from_written(elements, Vec::new())) };
    let count = attachments.len();
    if count > MAX_ATTACHMENTS {
        return Err(invalid(format!("there are {count} attachments, and may be {MAX_ATTACHMENTS}")));
    }
    if check_placeholders(&format!("[{elements}]"), count).is_err() {
        let problem = format!("a placeholder in args names none of the {count} attachments, or is nested too deep");
        return Err(invalid(problem));
    }
    let decode = |(number, text): (usize, &String)| {
        let bytes = STANDARD.decode(text).map_err(|error| invalid(format!("attachment {number}: {error}")))?;
        Ok(Bytes::from(bytes))
    };
    Ok(Args::from_written(elements, attachments.iter().enumerate().map(decode).collect::<Result<_, Failure>>()?))
}

fn read(socket: SocketId, args: &Args) -> Result<ClientAck, Failure> {
    let attachments = args.attachments().iter().map(|bytes| STANDARD.encode(bytes)).collect();
    Ok(ClientAck { socket, args: RawValue::from_string(args.to_json())?, attachments })
}
