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

    /// The session's id. A secret of the client's: who knows it may speak for it while it polls.
    pub const fn id(&self) -> Sid {
        self.sid
    }

    /// The transport's name: `polling` or `websocket`.
    pub const fn transport(&self) -> &'static str {
        if self.is_websocket { "websocket" } else { "polling" }
    }

    /// Whether it polled first and took a WebSocket then.
    pub const fn upgraded(&self) -> bool {
        self.upgraded
    }

    /// The version of Engine.IO that it speaks: 4.
    pub const fn protocol(&self) -> u8 {
        4
    }
}
