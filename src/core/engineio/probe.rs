//! A WebSocket that probes: it is to take over a session that polls.

use crate::config::Config;
use crate::id::ConnId;
use crate::limits::UPGRADE_NOOP_INTERVAL;
use crate::time::Timestamp;

/// A WebSocket that is to take over a polling session, by a deadline.
#[derive(Debug)]
pub struct Probe {
    /// The WebSocket.
    pub conn: ConnId,
    gives_up: Timestamp,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// No packet has arrived on it yet.
    Opened,
    /// `3probe` was sent. If a GET hangs at this time, its response is `6`.
    Probed(Timestamp),
}

impl Probe {
    /// Creates the probe of a WebSocket that was accepted at `now`.
    pub fn new(conn: ConnId, now: Timestamp, config: &Config) -> Self {
        Self { conn, gives_up: now.after(config.upgrade_timeout), stage: Stage::Opened }
    }

    /// Records that `3probe` was sent at `now`: from then on, hanging GETs must be answered.
    pub fn set_probed(&mut self, now: Timestamp) {
        self.stage = Stage::Probed(now.after(UPGRADE_NOOP_INTERVAL));
    }

    /// Returns whether the deadline of the upgrade has passed.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.gives_up <= now
    }

    /// Returns whether a hanging GET must be answered now; if so, the next time is [`UPGRADE_NOOP_INTERVAL`] later.
    pub fn take_noop(&mut self, now: Timestamp) -> bool {
        match self.stage {
            Stage::Probed(due) if due <= now => {
                self.set_probed(now);
                true
            }
            _ => false,
        }
    }

    /// Returns the deadline of the upgrade.
    pub const fn gives_up(&self) -> Timestamp {
        self.gives_up
    }

    /// Returns when a hanging GET must be answered or the upgrade has failed, whichever is earlier.
    pub fn deadline(&self) -> Timestamp {
        match self.stage {
            Stage::Opened => self.gives_up,
            Stage::Probed(due) => due.min(self.gives_up),
        }
    }
}
