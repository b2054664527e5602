//! The clock.

use std::time::Instant;

/// Returns the current time.
#[expect(clippy::disallowed_methods, reason = "only the server's core must not read a clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
