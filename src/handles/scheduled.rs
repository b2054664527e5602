//! A cron trigger that went off.

use crate::time::Timestamp;

/// A cron trigger that went off, for the handlers of [`on_scheduled`](crate::App::on_scheduled).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scheduled {
    /// The expression, as `wrangler.toml` has it, such as `0 * * * *`.
    pub cron: String,
    /// The time that it was scheduled for.
    pub time: Timestamp,
}

impl Scheduled {
    pub(crate) const fn new(cron: String, time: Timestamp) -> Self {
        Self { cron, time }
    }
}
