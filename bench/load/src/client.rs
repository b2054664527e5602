//! One client: its connection, its handshake, and then its part on the [`Stage`].

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::Uri;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, Message, WebSocketStream};

use crate::dialect::Dialect;
use crate::error::{Error, Wrong};
use crate::rounds::excerpt;
use crate::stage::{Frames, Stage};

/// How long a handshake may take, from the connection to the last answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client's WebSocket.
pub type Socket = WebSocketStream<TcpStream>;

/// Where the server is, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Target {
    uri: Uri,
    address: SocketAddr,
    dialect: Dialect,
    rooms: usize,
}

impl Target {
    /// Looks the server's name up. Clients are spread over so many rooms; with none, they are in none.
    pub async fn find(uri: &Uri, dialect: Dialect, rooms: usize) -> Result<Self, Error> {
        let none = || Error::Usage(format!("--url: there is no address in {uri}"));
        let host = uri.host().ok_or_else(none)?.trim_matches(['[', ']']);
        let found = lookup_host((host, uri.port_u16().unwrap_or(80))).await;
        let address = found.map_err(Error::os(format!("looking up {host}")))?.next().ok_or_else(none)?;
        Ok(Self { uri: uri.clone(), address, dialect, rooms })
    }

    /// Connects, and joins the default namespace where there are namespaces.
    pub async fn connect(&self, client: usize) -> Result<Socket, Error> {
        let slow = |_| Wrong::Slow { client, wanted: "a WebSocket and its handshake", seconds: PATIENCE.as_secs() };
        timeout(PATIENCE, self.shake_hands(client)).await.map_err(slow)?
    }

    async fn shake_hands(&self, client: usize) -> Result<Socket, Error> {
        let uri = self.uri_of(client)?;
        let stream = self.stream(client).await?;
        let upgraded = ClientBuilder::from_uri(uri).connect_on(stream).await;
        let (mut socket, _) = upgraded.map_err(|source| Wrong::Connection { client, source })?;
        if self.dialect == Dialect::SocketIo {
            expect(&mut socket, client, "0{", "the open packet").await?;
            say(&mut socket, client, vec![Message::text("40")]).await?;
            expect(&mut socket, client, "40{", "the answer to CONNECT").await?;
        }
        Ok(socket)
    }

    async fn stream(&self, client: usize) -> Result<TcpStream, Error> {
        let connected = TcpStream::connect(self.address).await;
        let stream = connected.map_err(|source| match source.kind() {
            // The server's doing; anything else, such as too many open files, is not.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::TimedOut => {
                Wrong::Connection { client, source: source.into() }.into()
            }
            _ => Error::os("connecting")(source),
        })?;
        stream.set_nodelay(true).map_err(Error::os("setting TCP_NODELAY"))?;
        Ok(stream)
    }

    fn uri_of(&self, client: usize) -> Result<Uri, Error> {
        let mut query: Vec<String> = self.uri.query().map(str::to_owned).into_iter().collect();
        if self.dialect == Dialect::SocketIo {
            query.push("EIO=4&transport=websocket".to_owned());
        }
        if let Some(room) = client.checked_rem(self.rooms) {
            query.push(format!("room={room}"));
        }
        let mark = if query.is_empty() { "" } else { "?" };
        let authority = self.uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let uri = format!("ws://{authority}{}{mark}{}", self.uri.path(), query.join("&"));
        uri.parse().map_err(|error| Error::Usage(format!("--url: {uri}: {error}")))
    }
}

/// Has a client hear and say what the stage wants, until its connection ends.
pub async fn serve(mut socket: Socket, client: usize, mut outbox: UnboundedReceiver<Frames>, stage: Rc<Stage>) {
    let wrong = loop {
        let done = tokio::select! {
            biased;
            frame = socket.next() => heard(client, frame).and_then(|frame| stage.hear(client, &frame)),
            Some(frames) = outbox.recv() => say(&mut socket, client, frames).await,
        };
        if let Err(wrong) = done {
            break wrong;
        }
    };
    stage.fail(wrong);
}

/// Writes the frames of a message at once.
async fn say(socket: &mut Socket, client: usize, frames: Frames) -> Result<(), Wrong> {
    let failed = |source| Wrong::Connection { client, source };
    for frame in frames {
        socket.feed(frame).await.map_err(failed)?;
    }
    socket.flush().await.map_err(failed)
}

async fn expect(socket: &mut Socket, client: usize, start: &str, wanted: &'static str) -> Result<(), Wrong> {
    let frame = heard(client, socket.next().await)?;
    if frame.as_text().is_some_and(|text| text.starts_with(start)) {
        return Ok(());
    }
    Err(Wrong::Handshake { client, wanted, got: excerpt(&frame) })
}

/// What came, if it is a frame that says something.
fn heard(client: usize, frame: Option<Result<Message, tokio_websockets::Error>>) -> Result<Message, Wrong> {
    match frame {
        Some(Ok(frame)) => match frame.as_close() {
            Some((code, reason)) => Err(Wrong::Closed { client, how: format!("{} {reason}", u16::from(code)) }),
            None => Ok(frame),
        },
        Some(Err(source)) => Err(Wrong::Connection { client, source }),
        None => Err(Wrong::Closed { client, how: "no close frame".to_owned() }),
    }
}
