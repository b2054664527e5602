//! What a simulated runtime can be told to do wrong.

use std::rc::Rc;

use super::virtual_runtime::{SocketNo, VirtualPlatform};
use crate::core::meter::Meter;
use crate::id::WorldName;

/// The runtime's error if the database is full.
pub(super) const FULL: &str = "database or disk is full: SQLITE_FULL";

/// The lines of the log, as the runtime prints them.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) lines: Vec<String>,
    /// Whether none are printed.
    pub(super) is_silent: bool,
}

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
    /// Counts anew, as another isolate does.
    pub(super) fn lose_isolate(&mut self) {
        self.meter = Rc::new(Meter::new(WorldName::DEFAULT, self.now));
    }

    /// Panics if the object was told to when it reads this.
    pub(super) fn check_waking(&self, waking: Waking) {
        assert!(self.panics_waking != Some(waking), "the object was told to panic when it reads {waking:?}");
    }
}
