//! The hooks of the Worker, as a test calls them.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// Most polls of a hook.
const MANY_POLLS: usize = 10_000;

/// Runs a hook of the Worker to its end. Here it cannot wait for anything outside the test.
#[expect(clippy::panic, reason = "a hook that waits for something outside can be tested in the real runtime only")]
pub(super) fn finish<T>(judging: impl Future<Output = T>) -> T {
    let mut judging = pin!(judging);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..MANY_POLLS {
        if let Poll::Ready(judged) = judging.as_mut().poll(&mut cx) {
            return judged;
        }
    }
    panic!("`allow_request` or a guard of requests waits for something that does not exist in a test")
}
