//! Handlers that wait for something, and how the world learns that one can go on.

use core::any::Any;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Wake;

use futures::stream::{FuturesUnordered, Stream};
use futures::task::AtomicWaker;

use crate::handler::{Task, Victim};
use crate::id::SocketId;

/// Is told when something may go on that the world must be called for: a handler that waited, or what was done from
/// outside of a call.
#[derive(Debug, Default)]
pub struct Notify {
    is_woken: AtomicBool,
    waiting: AtomicWaker,
}

impl Notify {
    /// Whether somebody woke it since the last call.
    pub fn take(&self) -> bool {
        self.is_woken.swap(false, Ordering::Relaxed)
    }

    /// Whether somebody woke it since it was last taken.
    pub fn is_woken(&self) -> bool {
        self.is_woken.load(Ordering::Relaxed)
    }

    /// Waits until somebody wakes it. [`take`](Self::take) still tells so.
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

/// The handlers of a world that wait.
#[derive(Debug)]
pub struct Tasks {
    waiting: FuturesUnordered<Running>,
    notify: Arc<Notify>,
}

/// How a handler ended.
#[derive(Debug)]
pub struct Ended {
    /// Whom it was for.
    pub victim: Victim,
    /// The socket whose later events waited for it.
    pub holds: Option<SocketId>,
    /// What is to run next, or what it panicked with.
    pub result: Result<Vec<Task>, Box<dyn Any + Send>>,
}

impl Tasks {
    /// No handlers; `notify` is told when one can go on.
    pub fn new(notify: Arc<Notify>) -> Self {
        Self { waiting: FuturesUnordered::new(), notify }
    }

    /// Starts a handler: one that need not wait has ended at once, another one is kept.
    pub fn start(&mut self, task: Task) -> Option<Ended> {
        let mut running = Running(Some(task));
        // Most handlers never wait, and those that do are polled again right away, with a waker of their own.
        match Pin::new(&mut running).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => ended,
            Poll::Pending => {
                self.waiting.push(running);
                self.notify.wake_by_ref();
                None
            }
        }
    }

    /// Lets those go on that can; gives one that has ended, if one has.
    pub fn next_ended(&mut self) -> Option<Ended> {
        if self.waiting.is_empty() {
            return None;
        }
        let waker = Waker::from(Arc::clone(&self.notify));
        loop {
            match Pin::new(&mut self.waiting).poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(Some(ended))) => return Some(ended),
                // It ended before.
                Poll::Ready(Some(None)) => {}
                Poll::Ready(None) | Poll::Pending => return None,
            }
        }
    }

    /// How many wait.
    pub fn waiting_count(&self) -> usize {
        self.waiting.len()
    }
}

/// A handler, until it has ended.
#[derive(Debug)]
struct Running(Option<Task>);

impl Future for Running {
    type Output = Option<Ended>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(task) = &mut self.0 else { return Poll::Ready(None) };
        // A handler that panicked is not polled again: what it left half done is dropped with it.
        let result = match catch_unwind(AssertUnwindSafe(|| task.future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(next)) => Ok(next),
            Err(panic) => Err(panic),
        };
        Poll::Ready(self.0.take().map(|Task { victim, holds, .. }| Ended { victim, holds, result }))
    }
}
