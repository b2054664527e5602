//! A socket and its connection, as handlers see them.

use core::fmt;
use std::rc::Rc;

use super::account::AccountId;
use super::handshake_request::HandshakeRequest;
use crate::id::{Room, Sid};

/// The facts about a socket that handlers may read.
pub trait SocketFacts {
    /// Returns the rooms of the socket, the room of its own id first.
    fn rooms(&self) -> Vec<Room>;
    /// Returns the data that handlers set, as JSON.
    fn data(&self) -> Option<&Rc<str>>;
    /// Returns the key of the socket's session, of the app's sessions of users.
    fn user_session(&self) -> Option<&Rc<str>>;
    /// Returns the auth object that the client sent with CONNECT, as JSON; `{}` if it sent none.
    fn auth(&self) -> &Rc<str>;
    /// Returns the request that opened the session.
    fn handshake(&self) -> &Rc<HandshakeRequest>;
    /// Returns whether the `once` handlers of an event were called.
    fn had_once(&self, event: &str) -> bool;
}

// Without the facts: the code that formats all of them would be in the wasm of every app.
impl fmt::Debug for dyn SocketFacts + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SocketFacts")
    }
}

/// A socket with its connection: as it is, or as it was when it left its namespace.
#[derive(Clone, Debug)]
pub struct SocketView<'a> {
    /// The socket.
    pub facts: &'a dyn SocketFacts,
    /// Whether it is in its namespace: it was accepted and has not left.
    pub is_connected: bool,
    /// Its connection; `None` if its session is gone.
    pub conn: Option<ConnView>,
}

/// A socket that left its namespace, kept for the handlers that are called because it left.
#[derive(Debug)]
pub struct GoneSocket<S: ?Sized = dyn SocketFacts> {
    conn: ConnView,
    account: Option<AccountId>,
    facts: S,
}

impl<S: SocketFacts + 'static> GoneSocket<S> {
    /// Keeps a socket that has left its namespace, with its connection as it was then, and its client's account if the session goes
    /// on.
    pub fn keep(facts: S, conn: ConnView, account: Option<AccountId>) -> Rc<GoneSocket> {
        Rc::new(Self { conn, account, facts })
    }
}

impl GoneSocket {
    /// Returns the account of its client; `None` if the session has ended.
    pub const fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// Returns the socket as it was.
    pub fn view(&self) -> SocketView<'_> {
        SocketView { facts: &self.facts, is_connected: false, conn: Some(self.conn.clone()) }
    }
}

/// The state of a connection at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnView {
    /// The session's id.
    pub sid: Sid,
    /// Whether its transport is a WebSocket; otherwise it is HTTP long-polling.
    pub is_websocket: bool,
    /// Whether it was upgraded from HTTP long-polling.
    pub upgraded: bool,
    /// The account of its client, which is valid until the session ends.
    pub account: Option<AccountId>,
}
