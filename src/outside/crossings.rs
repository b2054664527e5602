//! What handlers of a simulated world wait for outside of it, by the test's clock.

use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Outside;
use crate::time::Timestamp;

thread_local! {
    /// The worlds whose handlers run, the innermost last: `fetch` and `sleep` are functions, and belong to the world that polls them.
    static ENTERED: RefCell<Vec<Outside>> = const { RefCell::new(Vec::new()) };
}

/// The clock, and the waits that are not over.
#[derive(Debug, Default)]
pub(crate) struct Crossings {
    now: Cell<Timestamp>,
    /// How long a call of the outside takes.
    pub(crate) latency: Cell<Duration>,
    waits: RefCell<BTreeMap<(Timestamp, u64), Waker>>,
    begun: Cell<u64>,
}

impl Crossings {
    /// Returns the time.
    pub(crate) fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// Returns when the next wait is over.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.waits.borrow().keys().next().map(|(at, _)| *at)
    }

    /// Sets the time, and wakes the handlers whose waits are over.
    pub(crate) fn advance(&self, now: Timestamp) {
        self.now.set(now);
        let due = {
            let mut waits = self.waits.borrow_mut();
            let later = waits.split_off(&(now.after(Duration::from_millis(1)), 0));
            core::mem::replace(&mut *waits, later)
        };
        due.into_values().for_each(Waker::wake);
    }
}

/// A world whose handlers run; until it is dropped.
#[derive(Debug)]
pub struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        ENTERED.with_borrow_mut(Vec::pop);
    }
}

impl Outside {
    /// Notes that handlers of this world run.
    pub(crate) fn enter(self) -> Entered {
        ENTERED.with_borrow_mut(|entered| entered.push(self));
        Entered(())
    }

    /// Returns the world whose handler calls this; `None` outside of every `TestWorld`.
    pub(super) fn current() -> Option<Self> {
        ENTERED.with_borrow(|entered| entered.last().cloned())
    }

    /// Returns the clock, and the waits that are not over.
    pub(crate) fn crossings(&self) -> Rc<Crossings> {
        self.fakes.of()
    }

    /// Returns the time of the test's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.crossings().now()
    }

    /// Waits as long as a call of the outside takes. What is outside is never there at once: a handler that asks has waited.
    pub(super) async fn cross(&self) {
        let crossings = self.crossings();
        let latency = crossings.latency.get();
        Wait::new(crossings, latency).await;
    }
}

/// A wait by the test's clock. It is over at the earliest when it is polled for the second time.
#[derive(Debug)]
pub(super) struct Wait {
    crossings: Rc<Crossings>,
    state: State,
}

#[derive(Debug)]
enum State {
    New(Duration),
    Waits(Timestamp, u64),
    Over,
}

impl Wait {
    pub(super) const fn new(crossings: Rc<Crossings>, span: Duration) -> Self {
        Self { crossings, state: State::New(span) }
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { crossings, state } = &mut *self;
        match *state {
            State::New(Duration::ZERO) => {
                *state = State::Over;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            State::New(span) => {
                let (at, number) = (crossings.now().after(span), crossings.begun.get());
                crossings.begun.set(number + 1);
                crossings.waits.borrow_mut().insert((at, number), cx.waker().clone());
                *state = State::Waits(at, number);
                Poll::Pending
            }
            State::Waits(at, number) => match crossings.waits.borrow_mut().get_mut(&(at, number)) {
                Some(waker) => {
                    waker.clone_from(cx.waker());
                    Poll::Pending
                }
                None => Poll::Ready(()),
            },
            State::Over => Poll::Ready(()),
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let State::Waits(at, number) = self.state {
            self.crossings.waits.borrow_mut().remove(&(at, number));
        }
    }
}
