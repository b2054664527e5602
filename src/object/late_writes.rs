//! Snapshots that wait for their sessions' budgets of rows. They are in memory until then, and a timer keeps the world awake.

use crate::core::table::DeadlineQueue;
use crate::id::ConnId;
use crate::time::Timestamp;

/// The WebSockets whose snapshots wait, by the time at which they are written.
#[derive(Debug, Default)]
pub(super) struct LateWrites(DeadlineQueue);

impl LateWrites {
    /// Adds a WebSocket.
    pub(super) fn insert(&mut self, at: Timestamp, conn: ConnId) {
        self.0.insert(at, u64::from(conn.0), 0);
    }

    /// Removes a WebSocket, because its session ended.
    pub(super) fn remove(&mut self, at: Timestamp, conn: ConnId) {
        self.0.remove(at, u64::from(conn.0), 0);
    }

    /// Returns when the first snapshot is to be written.
    pub(super) fn first_at(&self) -> Option<Timestamp> {
        self.0.first_at()
    }

    /// Removes and returns a WebSocket whose snapshot is to be written now.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<ConnId> {
        let (at, conn, _) = self.0.first_until(now)?;
        self.0.remove(at, conn, 0);
        u32::try_from(conn).ok().map(ConnId)
    }
}
