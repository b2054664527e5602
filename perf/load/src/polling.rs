//! Connects a client that begins with polling and upgrades, in the steps of `engine.io-client`.
//!
//! Each client has one connection for its GETs and one for its POST, as a browser has. `engine.io-client` sends its CONNECT and
//! its probe at the same time and in either order. Here, the CONNECT comes first, so that every client makes the same requests:
//! three GETs, a POST and a WebSocket.

use http::header::HOST;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::task::spawn_local;
use tokio::try_join;
use tokio_websockets::Message;

use crate::client::{say, text};
use crate::dialect::Dialect;
use crate::error::{Error, Wrong};
use crate::payload::Mark;
use crate::target::{Socket, Target};

/// Separates the packets of a response.
const SEPARATOR: char = '\u{1e}';

/// The fields of the open packet that this module reads.
#[derive(Debug, Deserialize)]
struct Open {
    sid: String,
    upgrades: Vec<String>,
}

/// Connects by polling, upgrades, and waits for the acknowledgement of an event with `bytes` bytes over the WebSocket.
///
/// # Errors
/// A connection or a request fails, or a packet is not the expected one.
pub(crate) async fn connect(target: &Target, client: usize, bytes: usize) -> Result<Socket, Error> {
    let mut gets = Requests::open(target, client).await?;
    let sid = sid_of(client, &gets.get("EIO=4&transport=polling").await?)?;
    let query = format!("EIO=4&transport=polling&sid={sid}");

    let mut posts = Requests::open(target, client).await?;
    let (body, posted) = try_join!(gets.get(&query), posts.post(&query, "40"))?;
    check(client, "ok to a POST", posted == "ok", &posted)?;
    check(client, "the answer to CONNECT", body.starts_with("40{") && !body.contains(SEPARATOR), &body)?;

    // The server ends this GET with a noop as soon as it has the probe, so that no GET is pending at the upgrade.
    let (body, mut socket) = try_join!(gets.get(&query), probe(target, client, &sid))?;
    check(client, "a noop", body.split(SEPARATOR).all(|packet| packet == "6"), &body)?;
    say(&mut socket, client, vec![Message::text("5")]).await?;

    let payload = Mark { seq: 0, sender: client }.payload(bytes);
    let (ask, wanted) = Dialect::SocketIo.ask(0, &payload);
    say(&mut socket, client, vec![ask]).await?;
    let answer = text(&mut socket, client, "an answer after the upgrade").await?;
    check(client, "an answer after the upgrade", answer == wanted, &answer)?;
    Ok(socket)
}

/// Opens a WebSocket for the session, and probes it.
async fn probe(target: &Target, client: usize, sid: &str) -> Result<Socket, Error> {
    let mut socket = target.websocket(client, &format!("EIO=4&transport=websocket&sid={sid}")).await?;
    say(&mut socket, client, vec![Message::text("2probe")]).await?;
    let answer = text(&mut socket, client, "the answer to the probe").await?;
    check(client, "the answer to the probe", answer == "3probe", &answer)?;
    Ok(socket)
}

/// Returns the session's id from the response to the first GET.
///
/// # Errors
/// The response has no open packet, or the session cannot be upgraded.
fn sid_of(client: usize, body: &str) -> Result<String, Wrong> {
    let wrong = || Wrong::Handshake { client, wanted: "an open packet with an upgrade", got: body.to_owned() };
    let packet = body.strip_prefix('0').ok_or_else(wrong)?;
    let open: Open = serde_json::from_str(packet).map_err(|_| wrong())?;
    let upgradable = open.upgrades.iter().any(|upgrade| upgrade == "websocket");
    upgradable.then_some(open.sid).ok_or_else(wrong)
}

fn check(client: usize, wanted: &'static str, is_right: bool, got: &str) -> Result<(), Wrong> {
    if is_right { Ok(()) } else { Err(Wrong::Handshake { client, wanted, got: got.to_owned() }) }
}

/// A connection for successive requests.
struct Requests<'a> {
    target: &'a Target,
    client: usize,
    sender: SendRequest<Full<Bytes>>,
}

impl<'a> Requests<'a> {
    async fn open(target: &'a Target, client: usize) -> Result<Self, Error> {
        let stream = TokioIo::new(target.stream(client).await?);
        let failed = |source| Wrong::Request { client, request: "connecting".to_owned(), source };
        let (sender, connection) = handshake(stream).await.map_err(failed)?;
        // The connection ends with its sender, and its errors are those of its requests.
        spawn_local(connection);
        Ok(Self { target, client, sender })
    }

    async fn get(&mut self, query: &str) -> Result<String, Error> {
        self.ask(Method::GET, query, "").await
    }

    async fn post(&mut self, query: &str, body: &'static str) -> Result<String, Error> {
        self.ask(Method::POST, query, body).await
    }

    /// Sends a request and returns the body of the response.
    ///
    /// # Errors
    /// The request fails, or the status is not 200.
    async fn ask(&mut self, method: Method, query: &str, body: &'static str) -> Result<String, Error> {
        let (client, path) = (self.client, self.target.path(self.client, query));
        let failed = |source| Wrong::Request { client, request: format!("{method} {path}"), source };
        let mut request = Request::builder().method(&method).uri(&path).header(HOST, self.target.host());
        if method == Method::POST {
            request = request.header(http::header::CONTENT_TYPE, "text/plain;charset=UTF-8");
        }
        let request = request.body(Full::from(body)).map_err(|error| Error::Usage(format!("--url: {error}")))?;
        let response = self.sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let bytes = response.into_body().collect().await.map_err(failed)?.to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        check(client, "status 200", status == StatusCode::OK, &format!("{status}: {text}"))?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sid_is_in_an_open_packet_with_an_upgrade() {
        let open =
            r#"0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        assert_eq!(sid_of(0, open).unwrap(), "abc");
        for other in ["", "0", "0{}", "40{}", r#"{"sid":"abc"}"#, r#"0{"sid":"abc","upgrades":[]}"#] {
            assert!(matches!(sid_of(7, other), Err(Wrong::Handshake { client: 7, .. })), "{other}");
        }
    }
}
