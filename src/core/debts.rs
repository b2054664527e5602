//! What sessions owe: the memory that the isolate keeps for each.

use crate::id::SessionKey;

/// The memory that a world's sessions take, in bytes.
#[derive(Debug, Default)]
pub struct Debts {
    by_session: Vec<usize>,
    /// What keeps the world awake of it: unsent frames, frames that wait for a GET, and unfinished packets that are not stored.
    pub pinned: usize,
    /// What sessions owe that are gone, and was handed out to their clients.
    pub orphaned: usize,
    /// What no session owes: arguments of waiting handlers, and acknowledgements that are collected for one of them, which wait on
    /// when their client is closed.
    pub unowned: usize,
}

impl Debts {
    /// Charges bytes to a session.
    pub fn add(&mut self, session: SessionKey, bytes: usize) {
        if self.by_session.len() <= session.0 {
            self.by_session.resize(session.0.saturating_add(1), 0);
        }
        if let Some(owed) = self.by_session.get_mut(session.0) {
            *owed = owed.saturating_add(bytes);
        }
    }

    /// Charges bytes to a session that keep the world awake.
    pub fn add_waiting(&mut self, session: SessionKey, bytes: usize) {
        self.add(session, bytes);
        self.pinned = self.pinned.saturating_add(bytes);
    }

    /// Returns what all sessions owe, those that are gone included.
    pub fn owed(&self) -> usize {
        self.by_session.iter().fold(self.orphaned, |all, bytes| all.saturating_add(*bytes))
    }

    /// Returns the session that owes most, and how much.
    pub fn largest(&self) -> Option<(SessionKey, usize)> {
        let mut largest = None;
        let mut most = 0;
        for (place, &bytes) in self.by_session.iter().enumerate() {
            if bytes > most {
                (largest, most) = (Some((SessionKey(place), bytes)), bytes);
            }
        }
        largest
    }
}
