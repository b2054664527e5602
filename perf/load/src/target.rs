//! The server's address, and connections to it.

use std::io;
use std::net::SocketAddr;

use http::Uri;
use http::uri::Authority;
use tokio::net::{TcpStream, lookup_host};
use tokio_websockets::{ClientBuilder, WebSocketStream};

use crate::error::{Error, Wrong};

/// A client's WebSocket.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// A server's address, and the number of rooms.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    uri: Uri,
    authority: Authority,
    address: SocketAddr,
    rooms: usize,
}

impl Target {
    /// Looks up the server's name. Clients are spread over `rooms` rooms; with 0, they join none.
    pub(crate) async fn find(uri: &Uri, rooms: usize) -> Result<Self, Error> {
        let none = || Error::Usage(format!("--url: there is no address in {uri}"));
        let authority = uri.authority().cloned().ok_or_else(none)?;
        let host = authority.host().trim_matches(['[', ']']);
        let found = lookup_host((host, authority.port_u16().unwrap_or(80))).await;
        let address = found.map_err(Error::os(format!("looking up {host}")))?.next().ok_or_else(none)?;
        Ok(Self { uri: uri.clone(), authority, address, rooms })
    }

    /// Opens a TCP connection, with `TCP_NODELAY`.
    pub(crate) async fn stream(&self, client: usize) -> Result<TcpStream, Error> {
        let connected = TcpStream::connect(self.address).await;
        let stream = connected.map_err(|source| match source.kind() {
            // These are the server's fault; others, such as too many open files, are not.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::TimedOut => {
                Wrong::Connection { client, source: source.into() }.into()
            }
            _ => Error::os("connecting")(source),
        })?;
        stream.set_nodelay(true).map_err(Error::os("setting TCP_NODELAY"))?;
        Ok(stream)
    }

    /// Opens a WebSocket with `query` and the client's room in its query.
    pub(crate) async fn websocket(&self, client: usize, query: &str) -> Result<Socket, Error> {
        let uri =
            Uri::builder().scheme("ws").authority(self.authority.clone()).path_and_query(self.path(client, query));
        let uri = uri.build().map_err(|error| Error::Usage(format!("--url: {error}")))?;
        let stream = self.stream(client).await?;
        let upgraded = ClientBuilder::from_uri(uri).connect_on(stream).await;
        let (socket, _) = upgraded.map_err(|source| Wrong::Connection { client, source })?;
        Ok(socket)
    }

    /// Returns the path with the URL's query, `query` and the client's room.
    pub(crate) fn path(&self, client: usize, query: &str) -> String {
        let room = client.checked_rem(self.rooms).map(|room| format!("room={room}")).unwrap_or_default();
        let queries = [self.uri.query().unwrap_or_default(), query, &room];
        let query = queries.into_iter().filter(|query| !query.is_empty()).collect::<Vec<_>>().join("&");
        format!("{}{}{query}", self.uri.path(), if query.is_empty() { "" } else { "?" })
    }

    /// Returns the value for the header `host`.
    pub(crate) fn host(&self) -> &str {
        self.authority.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &'static str, rooms: usize) -> Target {
        let uri = Uri::from_static(uri);
        let authority = uri.authority().unwrap().clone();
        Target { uri, authority, address: ([127, 0, 0, 1], 1).into(), rooms }
    }

    #[test]
    fn a_path_has_all_queries() {
        let plain = target("ws://127.0.0.1:1/socket.io/", 0);
        assert_eq!(plain.path(3, "EIO=4"), "/socket.io/?EIO=4");
        assert_eq!(plain.path(3, ""), "/socket.io/");
        let rooms = target("ws://127.0.0.1:1/parties/bench/world?a=b", 2);
        assert_eq!(rooms.path(3, ""), "/parties/bench/world?a=b&room=1");
        assert_eq!(rooms.path(4, "EIO=4"), "/parties/bench/world?a=b&EIO=4&room=0");
    }
}
