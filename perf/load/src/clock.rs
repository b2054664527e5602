//! The time.

use std::time::Instant;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the server's core has no clock; what measures it has one")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
