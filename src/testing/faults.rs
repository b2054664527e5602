//! What a simulated runtime can be told to do wrong.

use super::virtual_runtime::{SocketNo, VirtualPlatform};

/// When what is written gets to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// At once, after the event.
    Fast,
    /// Not yet.
    Slow,
}

/// What an object reads when it wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waking {
    /// The list of its WebSockets.
    Sockets,
    /// The snapshot of one WebSocket.
    Snapshot(SocketNo),
    /// The snapshot of any WebSocket.
    Snapshots,
    /// The sessions that have rows.
    Rows,
    /// The roster.
    Roster,
}

impl VirtualPlatform {
    /// Panics if the object was told to when it reads this.
    pub(super) fn check_waking(&self, waking: Waking) {
        assert!(self.panics_waking != Some(waking), "the object was told to panic when it reads {waking:?}");
    }
}
