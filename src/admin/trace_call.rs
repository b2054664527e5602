//! The operation `trace`: switches a trace of a socket or of an event on or off, and returns those that are on. It takes its fields
//! from the query.

use core::time::Duration;

use super::body::invalid;
use crate::core::traces::{TRACED_EVENT, TRACED_SOCKET};
use crate::error::Failure;
use crate::handles::{HttpRequest, HttpResponse, Io};
use crate::id::SocketId;
use crate::limits::{MAX_LOG_FIELD_BYTES, MAX_TRACE_TIME, MAX_TRACES, TRACE_TIME};
use crate::value::json_writer::{push_number, push_quoted};

/// Makes the change that a POST asks for, and returns a response with the traces that are on.
///
/// # Errors
/// The call names none or two, or for too long; too many are on; the platform could not store it.
#[inline(never)]
pub(super) fn trace(io: &Io, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    if request.method != "GET" {
        change(io, request)?;
    }
    let mut body = r#"{"status":"ok","traces":["#.to_owned();
    let (now, mut mark) = (io.now().as_millis(), "");
    io.each_trace(&mut |name, until| {
        body.push_str(core::mem::replace(&mut mark, ","));
        let (key, name) = match name.strip_prefix(TRACED_SOCKET) {
            Some(id) => (r#"{"socket":"#, id),
            None => (r#"{"event":"#, name.strip_prefix(TRACED_EVENT).unwrap_or(name)),
        };
        body.push_str(key);
        push_quoted(name, &mut body);
        body.push_str(r#","secondsLeft":"#);
        push_number(until.as_millis().saturating_sub(now).div_ceil(1_000), &mut body);
        body.push('}');
    });
    body.push_str("]}");
    Ok(HttpResponse::text(200, body).with_type("application/json"))
}

fn change(io: &Io, request: &HttpRequest) -> Result<(), Failure> {
    let (kind, name) = match (request.query_param("socket"), request.query_param("event")) {
        (Some(id), None) if SocketId::parse(id).is_some() => (TRACED_SOCKET, id),
        (None, Some(name)) if name.len() <= MAX_LOG_FIELD_BYTES => (TRACED_EVENT, name),
        _ => {
            return Err(invalid("the query takes either socket, the id of one, or event, a name of 256 bytes at most"));
        }
    };
    let seconds = request.query_param("seconds").map_or(Ok(TRACE_TIME.as_secs()), str::parse);
    let Some(seconds) = seconds.ok().filter(|seconds| *seconds <= MAX_TRACE_TIME.as_secs()) else {
        return Err(invalid("seconds must be from 0, which switches the trace off, to 3600"));
    };
    let name = [kind, name].concat();
    let mut others = 0;
    io.each_trace(&mut |other, _| others += usize::from(*other != *name));
    if seconds > 0 && others >= MAX_TRACES {
        return Err(invalid("ten traces are on: switch one off, by seconds=0"));
    }
    let until = (seconds > 0).then(|| io.now().after(Duration::from_secs(seconds)));
    io.set_trace(&name, until).map_err(Failure::of_storage)
}
