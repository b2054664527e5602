//! A socket and its connection, as handlers may see them.

use core::fmt;
use std::rc::Rc;

use super::handshake_request::HandshakeRequest;
use crate::id::{Room, Sid};

/// What handlers may know of a socket: a new fact is added here and where it is kept.
pub trait SocketFacts: fmt::Debug {
    /// Returns the rooms that it is in, its own first.
    fn rooms(&self) -> Vec<Room>;
    /// Returns what handlers keep with it, as JSON.
    fn data(&self) -> Option<&Rc<str>>;
    /// Returns what its client sent with CONNECT, as JSON; `{}` where it sent nothing.
    fn auth(&self) -> &Rc<str>;
    /// Returns the request that opened its connection.
    fn handshake(&self) -> &Rc<HandshakeRequest>;
    /// Whether an event's handlers for its first time were called.
    fn had_once(&self, event: &str) -> bool;
}

/// A socket with its connection: as it is, or as it was when it left its namespace.
#[derive(Clone, Debug)]
pub struct SocketView<'a> {
    /// The socket.
    pub facts: &'a dyn SocketFacts,
    /// Whether it is in its namespace, neither on its way into it nor gone.
    pub is_connected: bool,
    /// Its connection.
    pub conn: Option<ConnView>,
}

/// A socket that is gone, kept for the handlers that are called because of it.
#[derive(Debug)]
pub struct GoneSocket<S: ?Sized = dyn SocketFacts> {
    conn: ConnView,
    facts: S,
}

impl<S: SocketFacts + 'static> GoneSocket<S> {
    /// Keeps a socket that has left its namespace, with its connection as it was then.
    pub fn keep(facts: S, conn: ConnView) -> Rc<GoneSocket> {
        Rc::new(Self { conn, facts })
    }
}

impl GoneSocket {
    /// Returns the socket as it was.
    pub fn view(&self) -> SocketView<'_> {
        SocketView { facts: &self.facts, is_connected: false, conn: Some(self.conn.clone()) }
    }
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
