//! The operation `fetch`: returns information about sockets, as Socket.IO's `fetchSockets` does.

use litemap::LiteMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::body::invalid;
use super::redact;
use crate::error::Failure;
use crate::handles::{Conn, Handshake, HttpResponse, Socket};
use crate::id::{Namespace, Room, SocketId};
use crate::limits::MAX_ADMIN_ANSWER_BYTES;
use crate::time::Timestamp;

/// The description of a socket. It has neither the auth object nor the session's id, because anyone who knows these could
/// impersonate the client; what looks like a credential in the headers and the URL is redacted. `data` is the app's own, and
/// shown.
#[derive(Serialize)]
struct SocketInfo<'a> {
    id: SocketId,
    namespace: &'a Namespace,
    rooms: Vec<Room>,
    data: Box<RawValue>,
    handshake: HandshakeInfo<'a>,
    conn: ConnInfo,
}

#[derive(Serialize)]
struct HandshakeInfo<'a> {
    #[serde(serialize_with = "headers")]
    headers: &'a Handshake,
    time: String,
    issued: Timestamp,
    address: &'a str,
    secure: bool,
    xdomain: bool,
    url: &'a str,
    #[serde(serialize_with = "query")]
    query: LiteMap<String, OneOrMany>,
}

/// A parameter of a query, as Node parses it: a text, or a list if it occurs more than once.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Serialize)]
struct ConnInfo {
    transport: &'static str,
    upgraded: bool,
    protocol: u8,
}

/// Returns a response with the descriptions of sockets.
///
/// # Errors
/// The response would be longer than [`MAX_ADMIN_ANSWER_BYTES`].
pub(super) fn describe_all(sockets: &[Socket]) -> Result<HttpResponse, Failure> {
    let mut body = format!(r#"{{"status":"ok","matched":{},"sockets":["#, sockets.len()).into_bytes();
    let mut is_first = true;
    for socket in sockets {
        let (Some(handshake), Some(conn)) = (socket.handshake(), socket.conn()) else { continue };
        if !core::mem::take(&mut is_first) {
            body.push(b',');
        }
        serde_json::to_writer(&mut body, &describe(socket, &handshake, conn)?)?;
        if body.len() > MAX_ADMIN_ANSWER_BYTES {
            return Err(invalid(format!(
                "the response would have more than {MAX_ADMIN_ANSWER_BYTES} bytes; name rooms"
            )));
        }
    }
    body.extend_from_slice(b"]}");
    Ok(HttpResponse::new(200, body).with_header("content-type", "application/json"))
}

fn describe<'a>(socket: &'a Socket, handshake: &'a Handshake, conn: Conn) -> Result<SocketInfo<'a>, Failure> {
    let data = match socket.data::<Option<Box<RawValue>>>()? {
        Some(data) => data,
        None => RawValue::from_string("{}".to_owned())?,
    };
    let (mut query, mut has_secret) = (LiteMap::new(), false);
    for (name, value) in handshake.query() {
        let is_secret = redact::is_secret(&name, &value);
        has_secret |= is_secret;
        // A parameter without a name is a name without a value.
        let name = if is_secret && value.is_empty() { redact::REDACTED.to_owned() } else { name };
        let value = if is_secret { redact::REDACTED.to_owned() } else { value };
        let values = match query.remove(&name) {
            None => OneOrMany::One(value),
            Some(OneOrMany::One(first)) => OneOrMany::Many(vec![first, value]),
            Some(OneOrMany::Many(mut values)) => {
                values.push(value);
                OneOrMany::Many(values)
            }
        };
        query.insert(name, values);
    }
    Ok(SocketInfo {
        id: socket.id(),
        namespace: socket.namespace(),
        rooms: socket.rooms(),
        data,
        handshake: HandshakeInfo {
            headers: handshake,
            time: handshake.time(),
            issued: handshake.issued(),
            address: handshake.address(),
            secure: handshake.is_secure(),
            xdomain: handshake.is_xdomain(),
            url: if has_secret { redact::without_query(handshake.url()) } else { handshake.url() },
            query,
        },
        conn: ConnInfo { transport: conn.transport(), upgraded: conn.upgraded(), protocol: conn.protocol() },
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn headers<S: Serializer>(handshake: &&Handshake, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(handshake.headers().map(|(name, value)| (name, redact::header(name, value))))
}

fn query<S: Serializer>(query: &LiteMap<String, OneOrMany>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(query.iter())
}
