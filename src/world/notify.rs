//! The waker of a world.

use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll};
use std::sync::Arc;
use std::task::Wake;

use futures::task::AtomicWaker;

/// Wakes the world when a waiting handler can make progress, or when something was done outside of a turn.
#[derive(Debug, Default)]
pub struct Notify {
    is_woken: AtomicBool,
    waiting: AtomicWaker,
}

impl Notify {
    /// Returns whether it was woken since the last call of this method.
    pub fn take(&self) -> bool {
        self.is_woken.swap(false, Ordering::Relaxed)
    }

    /// Whether it was woken since [`take`](Self::take) was last called.
    pub fn is_woken(&self) -> bool {
        self.is_woken.load(Ordering::Relaxed)
    }

    /// Waits until it is woken; [`take`](Self::take) returns `true` then.
    pub fn poll_woken(&self, cx: &Context<'_>) -> Poll<()> {
        self.waiting.register(cx.waker());
        if self.is_woken.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Wake for Notify {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Relaxed);
        self.waiting.wake();
    }
}
