//! Cron triggers and queues.

use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::app::App;
use super::failure_line::failed;
use super::handler::{Erased, Handler, erase};
use super::worker_side::{WorkerEnd, run_caught};
use crate::error::Failure;
use crate::extract::{Call, CallOutcome, Cron, Delivery, Done};
use crate::handles::{QueueBatch, Scheduled};
use crate::log::Level;
use crate::outside::Outside;

impl App {
    /// Registers a handler of the cron triggers in `wrangler.toml`: `[triggers]` with `crons = ["0 * * * *"]`. It is called in the Worker,
    /// takes [`Scheduled`] and [`Worlds`](crate::extract::Worlds), and wakes only the worlds that it calls. Several handlers are called in
    /// order; each is called even if one before it failed. A failure is logged, and counts as one in the platform's list of past events,
    /// which does not try again.
    ///
    /// The Worker must export the event: `dormouse::world!(World, app, scheduled)`.
    ///
    /// ```
    /// use dormouse::error::RemoteError;
    /// use dormouse::extract::{Scheduled, Worlds};
    /// use dormouse::testing::{TestEvent, TestWorlds};
    /// use dormouse::App;
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns).on_scheduled(strike)
    /// }
    ///
    /// async fn strike(worlds: Worlds, at: Scheduled) -> Result<(), RemoteError> {
    ///     worlds.world("lobby").emit("clock", at.cron).await
    /// }
    ///
    /// dormouse::world!(World, app, scheduled);
    ///
    /// let worlds = TestWorlds::new(app);
    /// let anna = worlds.world("lobby").connect("/");
    /// worlds.scheduled("0 * * * *")?;
    /// assert_eq!(anna.next_event(), Some(TestEvent::new("clock", "0 * * * *")));
    /// # Ok::<(), dormouse::Failure>(())
    /// ```
    #[must_use]
    pub fn on_scheduled<M>(mut self, handler: impl Handler<Cron, M>) -> Self {
        self.worker_handlers().scheduled.push(erase(handler));
        self
    }

    /// Registers a handler of the batches of messages that the queues in `wrangler.toml` deliver: `[[queues.consumers]]`. It is called in the
    /// Worker, and takes the [`QueueBatch`] and [`Worlds`](crate::extract::Worlds). If it returns an error or panics, the messages are
    /// delivered again that it has not acknowledged. Several handlers are called in order with the same batch, until one fails.
    ///
    /// The Worker must export the event: `dormouse::world!(World, app, queue)`, or `dormouse::world!(World, app, scheduled, queue)` for both.
    ///
    /// ```
    /// use core::time::Duration;
    /// use dormouse::extract::{QueueBatch, Worlds};
    /// use dormouse::testing::{TestEvent, TestMessage, TestWorlds};
    /// use dormouse::App;
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns).on_queue(tell)
    /// }
    ///
    /// async fn tell(worlds: Worlds, batch: QueueBatch) {
    ///     for message in batch.messages() {
    ///         let Ok((world, text)) = message.json::<(String, String)>() else { continue };
    ///         if worlds.world(world).emit("told", text).await.is_err() {
    ///             message.retry(Some(Duration::from_secs(10)));
    ///         }
    ///     }
    /// }
    ///
    /// let worlds = TestWorlds::new(app);
    /// let anna = worlds.world("red").connect("/");
    /// let told = worlds.queue("news", [TestMessage::json(("red", "tea")), TestMessage::json(("no world!", "tea"))]);
    /// assert_eq!(anna.next_event(), Some(TestEvent::new("told", "tea")));
    /// assert_eq!((told.acknowledged(), told.retried()), (vec![0], vec![(1, Some(Duration::from_secs(10)))]));
    /// ```
    #[must_use]
    pub fn on_queue<M>(mut self, handler: impl Handler<Delivery, M>) -> Self {
        self.worker_handlers().queues.push(erase(handler));
        self
    }

    /// Calls the handlers of cron triggers. The result is the first failure.
    pub(crate) fn run_scheduled(
        &self,
        outside: Outside,
        event: Scheduled,
    ) -> LocalBoxFuture<'static, WorkerEnd<Result<(), Failure>>> {
        let handlers = self.worker().map(|worker| worker.handlers().scheduled.clone()).unwrap_or_default();
        let call = Cron { outside, event };
        Box::pin(run("a cron trigger", handlers, call, false))
    }

    /// Calls the handlers of queues. The result is the first failure.
    pub(crate) fn run_queue(
        &self,
        outside: Outside,
        batch: QueueBatch,
    ) -> LocalBoxFuture<'static, WorkerEnd<Result<(), Failure>>> {
        let handlers = self.worker().map(|worker| worker.handlers().queues.clone()).unwrap_or_default();
        Box::pin(run("a queue", handlers, Delivery { outside, batch }, true))
    }
}

/// Calls the handlers in order; until the first failure, if that `ends` the event.
async fn run<C: Call + CallOutcome<Outcome = Done> + Clone>(
    what: &'static str,
    handlers: Vec<Erased<C>>,
    call: C,
    ends: bool,
) -> WorkerEnd<Result<(), Failure>> {
    let (mut result, mut log) = (Ok(()), Vec::new());
    if handlers.is_empty() {
        result = Err(Failure::new("NO_HANDLER", format!("the app has no handler for {what}")));
    }
    for handler in handlers {
        let call = call.clone();
        let handler = Rc::clone(&handler);
        let called = run_caught(move || handler(call)).await;
        let Err(failure) = called.and_then(|ended| ended) else { continue };
        log.push(failed(Level::Error, &failure, what));
        if result.is_ok() {
            result = Err(failure);
        }
        if ends {
            break;
        }
    }
    WorkerEnd { result, log }
}
