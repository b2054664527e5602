//! The operation `emit`: emits an event, and may return the clients' acknowledgements.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::value::RawValue;

use super::body::{Emit, invalid};
use crate::core::acks::CollectedAcks;
use crate::core::socketio::check_placeholders;
use crate::error::{Failure, HandlerError as _};
use crate::handles::{BroadcastOperator, HttpResponse};
use crate::limits::MAX_ATTACHMENTS;
use crate::value::Args;
use crate::value::json_writer::{push_array, push_number, push_quoted};

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
pub(super) fn outcome(matched: usize, acks: &CollectedAcks) -> HttpResponse {
    let CollectedAcks { acks, missing } = acks;
    let mut body = r#"{"status":"ok","matched":"#.to_owned();
    push_number(matched as u64, &mut body);
    body.push_str(r#","acks":"#);
    push_array(acks.iter(), &mut body, |(socket, args), out| {
        out.push_str(r#"{"socket":"#);
        push_quoted(socket.as_str(), out);
        out.push_str(r#","args":["#);
        out.push_str(args.elements());
        out.push(']');
        if !args.attachments().is_empty() {
            // The attachments that the placeholders in the arguments name, in base64.
            out.push_str(r#","attachments":"#);
            push_array(args.attachments(), out, |bytes, out| push_quoted(&STANDARD.encode(bytes), out));
        }
        out.push('}');
    });
    body.push_str(r#","missing":"#);
    push_array(missing.iter(), &mut body, |(socket, why), out| {
        out.push_str(r#"{"socket":"#);
        push_quoted(socket.as_str(), out);
        out.push_str(r#","reason":"#);
        push_quoted(why.code(), out);
        out.push('}');
    });
    body.push('}');
    HttpResponse::text(200, body).with_type("application/json")
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
