//! What is known of the connection of a socket: whether its client gets what is sent to it.

use crate::id::ConnId;
use crate::time::Timestamp;

/// What the runtime knows of the WebSockets of a world at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// The bytes that the client of each WebSocket has not read, by its number.
    pub unsent: Vec<u32>,
    /// When the runtime last answered a pong of each WebSocket of which it has, in the order of their numbers.
    pub last_pongs: Vec<(ConnId, Timestamp)>,
}

impl Readings {
    /// Returns the bytes that the client of a WebSocket has not read.
    pub fn unsent(&self, conn: ConnId) -> usize {
        self.unsent.get(conn.0 as usize).map_or(0, |unsent| *unsent as usize)
    }

    /// Returns when the runtime last answered a pong of a WebSocket.
    pub fn last_pong(&self, conn: ConnId) -> Option<Timestamp> {
        let place = self.last_pongs.binary_search_by_key(&conn.0, |(conn, _)| conn.0).ok()?;
        self.last_pongs.get(place).map(|(_, at)| *at)
    }
}

/// The connection of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The bytes that its client has not read; of one that polls, those that wait for the next GET.
    pub unsent: usize,
    /// When its client last answered a ping; of one that polls, when it last made a request or got the response to a GET. `None` if it
    /// has answered none.
    pub last_pong: Option<Timestamp>,
    /// Whether what is sent now waits until the client goes on.
    pub holds: bool,
    /// Whether the client is ready for what is volatile.
    pub is_ready: bool,
}
