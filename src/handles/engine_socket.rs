//! The handle of a plain Engine.IO session.

use super::conn::Conn;
use super::handshake::Handshake;
use super::io::Io;
use super::world_api::WorldHandle;
use crate::core::handshake_request::LazyHandshake;
use crate::core::input::Command;
use crate::id::Sid;
use crate::value::Frame;

/// A plain Engine.IO session. It is a handle and may outlive the session; its methods do nothing then.
#[derive(Clone, Debug)]
pub struct EngineSocket {
    world: WorldHandle,
    conn: Conn,
    handshake: LazyHandshake,
}

impl EngineSocket {
    pub(crate) const fn new(world: WorldHandle, conn: Conn, handshake: LazyHandshake) -> Self {
        Self { world, conn, handshake }
    }

    /// Returns the session's id. It is a secret of the client: anyone who knows it can impersonate a client that polls.
    pub const fn id(&self) -> Sid {
        self.conn.id()
    }

    /// Returns the session's connection and its transport, as they were when the handler was called.
    pub const fn conn(&self) -> Conn {
        self.conn
    }

    /// Returns the request that opened the session: engine.io's `socket.request`. It has no auth, and is empty in the `on_close` of a
    /// session that was lost with the object's process.
    pub fn handshake(&self) -> Handshake {
        Handshake::without_auth(&self.handshake)
    }

    /// Sends a message: a text or bytes.
    pub fn send(&self, message: Frame) {
        self.world.perform(Command::Send { sid: self.id(), message });
    }

    /// Closes the session.
    pub fn close(&self) {
        self.world.perform(Command::CloseSession { sid: self.id() });
    }

    pub(crate) fn io(&self) -> Io {
        Io::main(self.world.clone())
    }
}
