//! The operation `fetch`: returns information about sockets, as Socket.IO's `fetchSockets` does.

use litemap::LiteMap;
use serde_json::value::RawValue;

use super::body::invalid;
use super::redact;
use crate::error::Failure;
use crate::handles::{Conn, Handshake, HttpResponse, Io, Socket};
use crate::id::Room;
use crate::limits::MAX_ADMIN_ANSWER_BYTES;
use crate::time::Timestamp;
use crate::value::json_writer::{push_array, push_bool, push_members, push_number, push_option, push_quoted};

/// Returns a response with the descriptions of sockets.
///
/// # Errors
/// The response would be longer than [`MAX_ADMIN_ANSWER_BYTES`].
pub(super) fn describe_all(io: &Io, sockets: &[Socket]) -> Result<HttpResponse, Failure> {
    let mut body = r#"{"status":"ok","matched":"#.to_owned();
    push_number(sockets.len() as u64, &mut body);
    body.push_str(r#","sockets":["#);
    let mut is_first = true;
    for socket in sockets {
        let (Some(handshake), Some(conn)) = (socket.handshake(), socket.conn()) else { continue };
        if !core::mem::take(&mut is_first) {
            body.push(',');
        }
        describe(socket, &handshake, conn, &mut body)?;
        let link = io.link(socket.id());
        body.push_str(r#","since":"#);
        push_number(handshake.issued().as_millis(), &mut body);
        body.push_str(r#","lastPong":"#);
        push_option(link.and_then(|link| link.last_pong).map(Timestamp::as_millis), &mut body);
        body.push_str(r#","unsentBytes":"#);
        push_number(link.map_or(0, |link| link.unsent) as u64, &mut body);
        body.push_str("}}");
        if body.len() > MAX_ADMIN_ANSWER_BYTES {
            return Err(invalid(format!(
                "the response would have more than {MAX_ADMIN_ANSWER_BYTES} bytes; name rooms"
            )));
        }
    }
    body.push_str("]}");
    Ok(HttpResponse::text(200, body).with_type("application/json"))
}

/// Appends the description of a socket, but for the end of its connection's. It has neither the auth object nor the session's id,
/// because anyone who knows these could impersonate the client; what looks like a credential in the headers and the URL is redacted.
/// `data` is the app's own, and shown.
fn describe(socket: &Socket, handshake: &Handshake, conn: Conn, out: &mut String) -> Result<(), Failure> {
    let data = socket.data::<Option<Box<RawValue>>>()?;
    // A text for each value, as Node parses a query: a list, if the parameter occurs more than once.
    let (mut query, mut has_secret) = (LiteMap::<String, Vec<String>>::new(), false);
    for (name, value) in handshake.query() {
        let is_secret = redact::is_secret(&name, &value);
        has_secret |= is_secret;
        // A parameter without a name is a name without a value.
        let name = if is_secret && value.is_empty() { redact::REDACTED.to_owned() } else { name };
        let value = if is_secret { redact::REDACTED.to_owned() } else { value };
        match query.get_mut(&name) {
            Some(values) => values.push(value),
            None => drop(query.insert(name, vec![value])),
        }
    }
    let url = if has_secret { redact::without_query(handshake.url()) } else { handshake.url() };
    push_text(r#"{"id":"#, socket.id().as_str(), out);
    push_text(r#","namespace":"#, socket.namespace().as_str(), out);
    out.push_str(r#","rooms":"#);
    push_array(&socket.rooms(), out, |room: &Room, out| push_quoted(room.as_str(), out));
    out.push_str(r#","data":"#);
    out.push_str(data.as_ref().map_or("{}", |data| data.get()));
    out.push_str(r#","handshake":{"headers":"#);
    push_members(handshake.headers(), out, |(name, value), out| {
        push_quoted(name, out);
        push_text(":", redact::header(name, value), out);
    });
    push_text(r#","time":"#, &handshake.time(), out);
    out.push_str(r#","issued":"#);
    push_number(handshake.issued().as_millis(), out);
    push_text(r#","address":"#, handshake.address(), out);
    push_bool(r#","secure":"#, handshake.is_secure(), out);
    push_bool(r#","xdomain":"#, handshake.is_xdomain(), out);
    push_text(r#","url":"#, url, out);
    out.push_str(r#","query":"#);
    push_members(query.iter(), out, |(name, values), out| {
        push_quoted(name, out);
        match values.as_slice() {
            [value] => push_text(":", value, out),
            values => {
                out.push(':');
                push_array(values, out, |value, out| push_quoted(value, out));
            }
        }
    });
    push_text(r#"},"conn":{"transport":"#, conn.transport(), out);
    push_bool(r#","upgraded":"#, conn.upgraded(), out);
    out.push_str(r#","protocol":"#);
    push_number(conn.protocol().into(), out);
    Ok(())
}

/// Appends what is before a text, and the text.
fn push_text(before: &str, text: &str, out: &mut String) {
    out.push_str(before);
    push_quoted(text, out);
}
