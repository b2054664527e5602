//! The operation `emit`: emits an event, and may return the clients' acknowledgements.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::value::RawValue;

use super::body::{Emit, invalid};
use super::delivery::Emitted;
use crate::core::acks::CollectedAcks;
use crate::core::socketio::check_placeholders;
use crate::error::{Failure, HandlerError as _};
use crate::handles::{AwaitedAcks, BroadcastOperator, HttpResponse, Io};
use crate::limits::MAX_ATTACHMENTS;
use crate::value::Args;
use crate::value::json_writer::{push_array, push_quoted};

/// Emits an event; returns its acknowledgements if the call asks for them, or else the end of the turn.
///
/// # Errors
/// The arguments or the timeout are invalid, or the event cannot be emitted.
pub(super) fn emit(io: &Io, sockets: BroadcastOperator, call: Emit) -> Result<AwaitedAcks, Failure> {
    let Emit { event, args, attachments, volatile, ack } = call;
    let args = arguments(&args, attachments)?;
    let sockets = if volatile { sockets.volatile() } else { sockets };
    let Some(ack) = ack else {
        sockets.emit(&event, args).map_err(|error| invalid(error.to_string()))?;
        return Ok(io.end_of_turn());
    };
    let asked = sockets.timeout(ack.timeout()?).emit_with_raw_acks(&event, args);
    asked.map_err(|error| invalid(error.to_string()))
}

impl Emitted {
    /// Returns a response with what became of the event. If acknowledgements were asked for, it has those that arrived, and the sockets
    /// that sent none.
    pub(super) fn outcome(&self, io: &Io, acks: &CollectedAcks) -> HttpResponse {
        let mut body = "{".to_owned();
        self.write(io, &mut body);
        if self.asks {
            self.write_acks(io, acks, &mut body);
        }
        body.push_str(r#","status":"ok"}"#);
        HttpResponse::text(200, body).with_type("application/json")
    }

    fn write_acks(&self, io: &Io, CollectedAcks { acks, missing }: &CollectedAcks, body: &mut String) {
        body.push_str(r#","acks":"#);
        push_array(acks.iter(), body, |(socket, args), out| {
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
        push_array(missing.iter(), body, |(socket, why), out| {
            out.push_str(r#"{"socket":"#);
            push_quoted(socket.as_str(), out);
            out.push_str(r#","reason":"#);
            push_quoted(why.code(), out);
            if let Some(delivery) = self.delivery(io, *socket) {
                out.push_str(r#","delivery":"#);
                push_quoted(delivery, out);
            }
            out.push('}');
        });
    }
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
