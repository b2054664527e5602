//! A WebSocket that probes: it wants to take over a session that polls.

use crate::config::Config;
use crate::id::ConnId;
use crate::limits::UPGRADE_NOOP_INTERVAL;
use crate::time::Timestamp;

/// A WebSocket that wants to take a polling session over. It must have done so by a deadline.
#[derive(Debug)]
pub struct Probe {
    /// The WebSocket.
    pub conn: ConnId,
    gives_up: Timestamp,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Nothing was heard on it yet.
    Opened,
    /// `3probe` was sent; a hanging GET gets its next `6` at this time.
    Probed(Timestamp),
}

impl Probe {
    /// Makes a probe of a WebSocket that was accepted at `now`.
    pub fn new(conn: ConnId, now: Timestamp, config: &Config) -> Self {
        Self { conn, gives_up: now.after(config.upgrade_timeout), stage: Stage::Opened }
    }

    /// Sets that `3probe` was sent at `now`: from here on, hanging GETs are to be ended.
    pub fn set_probed(&mut self, now: Timestamp) {
        self.stage = Stage::Probed(now.after(UPGRADE_NOOP_INTERVAL));
    }

    /// Returns whether the WebSocket has had its time.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.gives_up <= now
    }

    /// Returns whether a hanging GET is to be ended now; if so, the next one is in [`UPGRADE_NOOP_INTERVAL`].
    pub fn take_noop(&mut self, now: Timestamp) -> bool {
        match self.stage {
            Stage::Probed(due) if due <= now => {
                self.set_probed(now);
                true
            }
            _ => false,
        }
    }

    /// Returns when the WebSocket has had its time.
    pub const fn gives_up(&self) -> Timestamp {
        self.gives_up
    }

    /// Returns when something must be done about it, while GETs may hang.
    pub fn deadline(&self) -> Timestamp {
        match self.stage {
            Stage::Opened => self.gives_up,
            Stage::Probed(due) => due.min(self.gives_up),
        }
    }
}
