//! The handle of a plain Engine.IO session.

use super::io::Io;
use super::world_api::WorldHandle;
use crate::core::input::Command;
use crate::id::Sid;
use crate::value::Frame;

/// A plain Engine.IO session. It is a handle and may outlive the session; its methods do nothing then.
#[derive(Clone, Debug)]
pub struct EngineSocket {
    world: WorldHandle,
    sid: Sid,
}

impl EngineSocket {
    pub(crate) const fn new(world: WorldHandle, sid: Sid) -> Self {
        Self { world, sid }
    }

    /// Returns the session's id. It is a secret of the client: anyone who knows it can impersonate a client that polls.
    pub const fn id(&self) -> Sid {
        self.sid
    }

    /// Sends a message: a text or bytes.
    pub fn send(&self, message: Frame) {
        self.world.perform(Command::Send { sid: self.sid, message });
    }

    /// Closes the session.
    pub fn close(&self) {
        self.world.perform(Command::CloseSession { sid: self.sid });
    }

    pub(crate) fn io(&self) -> Io {
        Io::main(self.world.clone())
    }
}
