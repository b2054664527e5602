//! Timers by the test's clock.

use core::time::Duration;

use super::Outside;
use super::crossings::Wait;

/// Waits until the test's clock has moved by as much.
#[expect(clippy::panic, reason = "a mistake in the test: nothing moves a clock there")]
pub(super) async fn pause(span: Duration) {
    let Some(outside) = Outside::current() else {
        panic!("`dormouse::sleep` waits outside of every TestWorld, so that no clock ends it")
    };
    Wait::new(outside.crossings(), span).await;
}
