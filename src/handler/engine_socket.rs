//! What handlers of plain Engine.IO are given.

use super::door::WorldHandle;
use crate::id::SessionKey;
use crate::input::Command;
use crate::value::Frame;

/// A plain Engine.IO session. A handle; it must not be kept after the session was closed, because the place may be another
/// one's then.
#[derive(Clone, Debug)]
pub struct EngineSocket {
    world: WorldHandle,
    session: SessionKey,
}

impl EngineSocket {
    pub(super) const fn new(world: WorldHandle, session: SessionKey) -> Self {
        Self { world, session }
    }

    /// Sends a message.
    pub fn send(&self, message: Frame) {
        self.world.perform(Command::Send { session: self.session, message });
    }

    /// Closes the session.
    pub fn close(&self) {
        self.world.perform(Command::Close { session: self.session });
    }
}
