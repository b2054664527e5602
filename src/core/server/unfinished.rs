//! When packets whose attachments have not all arrived are stored: attachments mostly arrive at once, and to write a snapshot
//! for each of them would cost more than the packet itself.

use crate::core::table::DeadlineQueue;
use crate::id::SessionKey;
use crate::limits::UNFINISHED_STORED_AFTER;
use crate::time::Timestamp;

/// Where the unfinished packet of a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// There is none.
    #[default]
    Nothing,
    /// In memory, until this time.
    InMemory(Timestamp),
    /// In the snapshot.
    Stored,
    /// In the snapshot, without the attachments that arrived since; those are in memory until this time.
    Behind(Timestamp),
}

/// The unfinished packets that are in memory. They keep the world awake until they are complete or stored.
#[derive(Debug, Default)]
pub(crate) struct UnfinishedPackets(DeadlineQueue);

impl Unfinished {
    /// Returns whether it keeps the world awake until it is stored.
    pub(crate) const fn is_in_memory(self) -> bool {
        matches!(self, Self::InMemory(_) | Self::Behind(_))
    }

    /// Returns whether the snapshot has the packet.
    pub(crate) const fn is_stored(self) -> bool {
        matches!(self, Self::Stored | Self::Behind(_))
    }
}

impl UnfinishedPackets {
    /// Handles the text or an attachment of a packet that is not complete with it. Those that follow do not delay the time at
    /// which it is stored: a client could keep the world awake with them.
    pub(crate) fn handle_part(&mut self, now: Timestamp, session: SessionKey, unfinished: &mut Unfinished) {
        let until = now.after(UNFINISHED_STORED_AFTER);
        *unfinished = match *unfinished {
            Unfinished::Nothing => Unfinished::InMemory(until),
            Unfinished::Stored => Unfinished::Behind(until),
            Unfinished::InMemory(_) | Unfinished::Behind(_) => return,
        };
        self.0.insert(until, 0, session.0);
    }

    /// Handles the end of a packet, or that there is none; returns whether the snapshot has it.
    pub(crate) fn end(&mut self, session: SessionKey, unfinished: &mut Unfinished) -> bool {
        if let Unfinished::InMemory(until) | Unfinished::Behind(until) = *unfinished {
            self.0.remove(until, 0, session.0);
        }
        core::mem::take(unfinished).is_stored()
    }

    /// Returns when the first packet is to be stored.
    pub(crate) fn next_timeout(&self) -> Option<Timestamp> {
        self.0.first_at()
    }

    /// Removes and returns a session whose packet is to be stored now.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<SessionKey> {
        let (at, what, session) = self.0.first_until(now)?;
        self.0.remove(at, what, session);
        Some(SessionKey(session))
    }
}
