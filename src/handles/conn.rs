//! A socket's connection.

use crate::core::view::ConnView;
use crate::id::Sid;

/// The Engine.IO connection below a socket: Socket.IO's `socket.conn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conn {
    sid: Sid,
    is_websocket: bool,
    upgraded: bool,
}

impl Conn {
    pub(crate) const fn new(conn: &ConnView) -> Self {
        Self { sid: conn.sid, is_websocket: conn.is_websocket, upgraded: conn.upgraded }
    }

    /// Returns the session's id. It is a secret of the client: anyone who knows it can impersonate a client that polls.
    pub const fn id(&self) -> Sid {
        self.sid
    }

    /// Returns the transport's name: `polling` or `websocket`.
    pub const fn transport(&self) -> &'static str {
        if self.is_websocket { "websocket" } else { "polling" }
    }

    /// Whether the connection was upgraded from polling to a WebSocket.
    pub const fn upgraded(&self) -> bool {
        self.upgraded
    }

    /// Returns the version of Engine.IO: 4.
    pub const fn protocol(&self) -> u8 {
        4
    }
}
