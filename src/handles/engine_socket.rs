//! What handlers of plain Engine.IO are given.

use super::io::Io;
use super::world_api::WorldHandle;
use crate::core::input::Command;
use crate::id::Sid;
use crate::value::Frame;

/// A plain Engine.IO session. A handle, which may outlive the session: what is done to one that is closed does nothing.
#[derive(Clone, Debug)]
pub struct EngineSocket {
    world: WorldHandle,
    sid: Sid,
}

impl EngineSocket {
    pub(crate) const fn new(world: WorldHandle, sid: Sid) -> Self {
        Self { world, sid }
    }

    /// The session's id. A secret of the client's: who knows it may speak for it while it polls.
    pub const fn id(&self) -> Sid {
        self.sid
    }

    /// Sends a message.
    pub fn send(&self, message: Frame) {
        self.world.perform(Command::Send { sid: self.sid, message });
    }

    /// Closes the session.
    pub fn close(&self) {
        self.world.perform(Command::Close { sid: self.sid });
    }

    pub(crate) fn io(&self) -> Io {
        Io::main(self.world.clone())
    }
}
