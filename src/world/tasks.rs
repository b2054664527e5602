//! Handlers that wait for something.

use core::any::Any;
use core::cell::Cell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

use futures::stream::{FuturesUnordered, Stream};
use futures::task::AtomicWaker;

use super::notify::Notify;
use crate::core::account::{AccountId, Payer};
use crate::dispatch::{Origin, Task};
use crate::id::SocketId;

/// The cell that has the client because of which the running handler was called.
pub(crate) type PayerCell = Rc<Cell<Option<Payer>>>;

/// The waiting handlers of a world.
#[derive(Debug)]
pub(crate) struct Tasks {
    waiting: FuturesUnordered<Running>,
    notify: Arc<Notify>,
    payer: PayerCell,
    /// The size of the waiting handlers' arguments, in bytes.
    waiting_bytes: usize,
    /// The waker for the next handler. Most handlers never wait; the waker is then used for the one after.
    waker: Arc<StableWaker>,
}

/// A handler that has finished.
#[derive(Debug)]
pub(crate) struct Finished {
    /// What it was called for.
    pub origin: Origin,
    /// The socket whose later events were held for it.
    pub holds: Option<SocketId>,
    /// The size of its arguments, in bytes.
    pub bytes: usize,
    /// The account of the client because of which it was called, if it has waited.
    pub account: Option<AccountId>,
    /// The tasks to run next, or the panic.
    pub result: Result<Vec<Task>, Box<dyn Any + Send>>,
}

impl Tasks {
    /// Returns a list without handlers; `notify` is woken when one can make progress, and `payer` is set while one runs.
    pub(crate) fn new(notify: Arc<Notify>, payer: PayerCell) -> Self {
        Self { waiting: FuturesUnordered::new(), notify, payer, waiting_bytes: 0, waker: Arc::default() }
    }

    /// Starts a handler. Returns it if it finished at once; otherwise it is kept, and `account_of` returns the account of the client
    /// because of which it was called.
    pub(crate) fn start(
        &mut self,
        mut task: Task,
        account_of: impl FnOnce(Payer) -> Option<AccountId>,
    ) -> Option<Finished> {
        self.payer.set(task.origin.payer());
        // Nothing is registered with the waker yet: a handler that waits is polled again right away.
        match poll_task(&mut task, &self.waker) {
            Poll::Ready(result) => Some(Finished::new(task, None, result)),
            Poll::Pending => {
                self.waiting_bytes = self.waiting_bytes.saturating_add(task.bytes);
                // The handler may have disconnected the socket.
                let account = self.payer.get().and_then(account_of);
                let (waker, payer) = (core::mem::take(&mut self.waker), Rc::clone(&self.payer));
                self.waiting.push(Running { task: Some(task), account, waker, payer });
                self.notify.wake_by_ref();
                None
            }
        }
    }

    /// Polls the handlers that can make progress; returns one that has finished, if any.
    pub(crate) fn next_finished(&mut self) -> Option<Finished> {
        if self.waiting.is_empty() {
            return None;
        }
        let waker = Waker::from(Arc::clone(&self.notify));
        loop {
            match Pin::new(&mut self.waiting).poll_next(&mut Context::from_waker(&waker)) {
                Poll::Ready(Some(Some(ended))) => {
                    self.waiting_bytes = self.waiting_bytes.saturating_sub(ended.bytes);
                    return Some(ended);
                }
                // It finished before.
                Poll::Ready(Some(None)) => {}
                Poll::Ready(None) | Poll::Pending => return None,
            }
        }
    }

    /// Returns the size of the waiting handlers' arguments, in bytes.
    pub(crate) const fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Returns how many handlers wait.
    pub(crate) fn waiting_count(&self) -> usize {
        self.waiting.len()
    }
}

/// A handler until it has finished.
#[derive(Debug)]
struct Running {
    task: Option<Task>,
    /// The account of the client because of which it was called.
    account: Option<AccountId>,
    waker: Arc<StableWaker>,
    payer: PayerCell,
}

impl Future for Running {
    type Output = Option<Finished>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.waker.0.register(cx.waker());
        let Self { task, account, waker, payer } = &mut *self;
        let Some(running) = task else { return Poll::Ready(None) };
        payer.set(account.map(Payer::Account));
        let result = ready!(poll_task(running, waker));
        Poll::Ready(task.take().map(|task| Finished::new(task, *account, result)))
    }
}

/// Polls a handler. One that panicked must not be polled again: its state is dropped with it.
fn poll_task(task: &mut Task, waker: &Arc<StableWaker>) -> Poll<Result<Vec<Task>, Box<dyn Any + Send>>> {
    let waker = Waker::from(Arc::clone(waker));
    match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut task.work).poll(&mut Context::from_waker(&waker)))) {
        Ok(polled) => polled.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    }
}

impl Finished {
    fn new(task: Task, account: Option<AccountId>, result: Result<Vec<Task>, Box<dyn Any + Send>>) -> Self {
        let Task { origin, holds, bytes, .. } = task;
        Self { origin, holds, bytes, account, result }
    }
}

/// The one waker with which a handler is polled from its first poll to its last. Some futures need that: `worker::Delay` wakes
/// the first waker that it was polled with.
#[derive(Debug, Default)]
struct StableWaker(AtomicWaker);

impl Wake for StableWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use core::cell::RefCell;

    use crate::dispatch::Work;

    #[test]
    fn a_future_may_wake_the_first_waker_that_it_was_polled_with() {
        let notify = Arc::<Notify>::default();
        let mut tasks = Tasks::new(Arc::clone(&notify), PayerCell::default());
        let first = Rc::new(RefCell::new(None::<Waker>));
        let kept = Rc::clone(&first);
        let mut is_done = false;
        let waits = core::future::poll_fn(move |cx| {
            if core::mem::replace(&mut is_done, kept.borrow().is_some()) {
                return Poll::Ready(Vec::new());
            }
            kept.borrow_mut().get_or_insert_with(|| cx.waker().clone());
            Poll::Pending
        });
        let task =
            Task { origin: Origin::Session("a test", None), holds: None, bytes: 0, work: Work::Other(Box::pin(waits)) };
        assert!(tasks.start(task, |_| None).is_none());
        while notify.take() {
            assert!(tasks.next_finished().is_none());
        }

        let first = first.borrow_mut().take();
        first.into_iter().for_each(Waker::wake);
        assert!(notify.take(), "it can make progress");
        assert!(tasks.next_finished().is_some());
    }
}
