//! How many rows a session may cause.

use crate::limits::{ROW_BURST, ROW_INTERVAL};
use crate::time::Timestamp;

/// The budget of one session: a row each [`ROW_INTERVAL`] on average, and as many at once as [`ROW_BURST`] has intervals.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowBudget {
    /// Until when the rows so far use up the rate.
    used_until: Timestamp,
}

impl RowBudget {
    /// The budget of a session that has caused no row.
    pub(super) const UNUSED: Self = Self { used_until: Timestamp::from_millis(0) };

    /// Returns the budget of a session that had rows before a nap. How many it had caused is not known, and a client must not get
    /// more of them by naps.
    pub(super) fn used_up(now: Timestamp) -> Self {
        Self { used_until: now.after(ROW_BURST) }
    }

    /// Returns when rows may be written, if not at `now`.
    pub(super) fn wait(self, now: Timestamp) -> Option<Timestamp> {
        (self.used_until > now.after(ROW_BURST)).then(|| self.used_until.before(ROW_BURST))
    }

    /// Notes that rows were written or deleted at `now`.
    pub(super) fn spend(&mut self, now: Timestamp, rows: usize) {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.used_until = self.used_until.max(now).after(ROW_INTERVAL.saturating_mul(rows));
    }
}
