//! What a handler of plain Engine.IO is given.

use crate::id::SessionKey;
use crate::input::Command;
use crate::value::Frame;

/// A plain Engine.IO session, while its handler runs.
#[derive(Debug)]
pub struct EngineSocket<'a> {
    session: SessionKey,
    commands: &'a mut Vec<Command>,
}

impl<'a> EngineSocket<'a> {
    pub(super) const fn new(session: SessionKey, commands: &'a mut Vec<Command>) -> Self {
        Self { session, commands }
    }

    /// Sends a message.
    pub fn send(&mut self, message: Frame) {
        self.commands.push(Command::Send { session: self.session, message });
    }

    /// Closes the session.
    pub fn close(&mut self) {
        self.commands.push(Command::Close { session: self.session });
    }
}
