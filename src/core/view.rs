//! What a socket and its connection are at a moment.

use super::handshake_request::LazyHandshake;
use crate::id::{Room, Sid};
use std::rc::Rc;

/// What a socket was that is gone.
#[derive(Clone, Debug)]
pub struct SocketView {
    /// The rooms it is in, its own first.
    pub rooms: Vec<Room>,
    /// What handlers keep with it, as JSON.
    pub data: Option<Rc<str>>,
    /// What its client sent with CONNECT, as JSON; `{}` where it sent nothing.
    pub auth: Rc<str>,
    /// The request that opened its connection.
    pub handshake: LazyHandshake,
    /// Its connection.
    pub conn: ConnView,
}

/// What a connection is at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnView {
    /// The session's id.
    pub sid: Sid,
    /// Whether it is on a WebSocket now; it polls otherwise.
    pub is_websocket: bool,
    /// Whether it polled before.
    pub upgraded: bool,
}
