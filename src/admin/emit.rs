//! The operation `emit`: emits an event, and may return the clients' acknowledgements.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::body::{Emit, invalid};
use crate::core::acks::CollectedAcks;
use crate::core::socketio::check_placeholders;
use crate::error::{Failure, HandlerError as _};
use crate::handles::{BroadcastOperator, HttpResponse};
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
    /// The attachments that the placeholders in the arguments name, in base64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<String>,
}

#[derive(Serialize)]
struct Missing {
    socket: SocketId,
    reason: String,
}

/// Emits an event; returns a future of the acknowledgements if the call asks for them.
///
/// # Errors
/// The arguments or the timeout are invalid, or the event cannot be emitted.
pub(super) fn emit(
    sockets: BroadcastOperator,
    call: Emit,
) -> Result<Option<impl Future<Output = CollectedAcks> + 'static>, Failure> {
    let Emit { event, args, attachments, volatile, ack } = call;
    let args = arguments(&args, attachments)?;
    let sockets = if volatile { sockets.volatile() } else { sockets };
    let Some(ack) = ack else {
        sockets.emit(&event, args).map_err(|error| invalid(error.to_string()))?;
        return Ok(None);
    };
    let asked = sockets.timeout(ack.timeout()?).emit_with_raw_acks(&event, args);
    asked.map(Some).map_err(|error| invalid(error.to_string()))
}

/// Returns a response with the acknowledgements that arrived, and the sockets that sent none.
///
/// # Errors
/// An acknowledgement cannot be written as JSON.
pub(super) fn outcome(matched: usize, acks: CollectedAcks) -> Result<HttpResponse, Failure> {
    let CollectedAcks { acks, missing } = acks;
    let missing = missing.iter().map(|(socket, why)| Missing { socket: *socket, reason: why.code().to_owned() });
    let outcome = Outcome {
        status: "ok",
        matched,
        acks: acks.iter().map(|(socket, args)| read(*socket, args)).collect::<Result<_, _>>()?,
        missing: missing.collect(),
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
