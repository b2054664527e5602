//! What applies to the event handler that was registered last: guards and rate limits.

use core::cell::RefCell;
use core::future::ready;
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::handler::{Erased, Handler, erase};
use super::routes::Routes;
use crate::error::Failure;
use crate::extract::{Disconnect, Event, Handled, Incoming};
use crate::handles::RateLimit;

/// The event whose handler was registered last.
pub(super) struct LastEvent {
    event: Box<str>,
    guarded: Option<Rc<Guarded>>,
}

/// A handler with guards of its own. An app without them does not link it.
struct Guarded {
    guards: RefCell<Vec<Erased<Incoming>>>,
    handler: Erased<Event>,
}

impl LastEvent {
    pub(super) fn new(event: &str) -> Self {
        Self { event: event.into(), guarded: None }
    }
}

impl Routes {
    /// Guards the handler that [`on`](Self::on) or [`once`](Self::once) has just registered: it is called only if the guard returns `Ok`. An
    /// `Err` refuses that event only, and is handled as if the handler had returned it. Several guards and limits of a handler are asked in
    /// the order in which they are written. Other handlers of the same event are not guarded.
    ///
    /// Later events of the socket do not wait for such a guard, as they do for [`guard_event`](Self::guard_event). An event of
    /// [`once`](Self::once) that is refused counts as the first one.
    ///
    /// ```
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::{App, Data, Failure, Socket};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("join", join).on("say", say).guarded(is_member))
    /// }
    ///
    /// async fn join(socket: Socket) -> Result<(), Failure> {
    ///     Ok(socket.join("members")?)
    /// }
    ///
    /// async fn is_member(socket: Socket) -> Result<(), Failure> {
    ///     if socket.rooms().iter().any(|room| room.as_str() == "members") { Ok(()) } else { Err(Failure::new("NO_MEMBER", "join first")) }
    /// }
    ///
    /// async fn say(socket: Socket, Data(text): Data<String>) -> Result<(), Failure> {
    ///     Ok(socket.broadcast().emit("said", text)?)
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let (anna, ben) = (world.connect("/"), world.connect("/"));
    /// anna.emit("say", "too early");
    /// anna.emit("join", ());
    /// anna.emit("say", "hello");
    /// assert_eq!(ben.take_events(), [TestEvent::new("said", "hello")]);
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if no handler of an event was registered just before.
    #[must_use]
    #[track_caller]
    pub fn guarded<M>(self, guard: impl Handler<Incoming, M>) -> Self {
        self.guard_last(erase(guard))
    }

    /// Limits how often the handler that [`on`](Self::on) or [`once`](Self::once) has just registered is called: for each socket, or as
    /// [`Limit::by`](super::Limit::by) and [`Limit::by_world`](super::Limit::by_world) say. A client that asks for an acknowledgement is told
    /// `{"code":"RATE_LIMITED","message":…,"retryAfterMs":…}`; otherwise the event is dropped. Both are logged as warnings.
    ///
    /// ```
    /// use dormouse::routing::Limit;
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{Ack, App};
    /// use serde_json::Value;
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("roll", async || Ack(4)).limit(Limit::per_second(5).burst(10)))
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// let roll = || anna.emit_with_ack("roll", ()).args().expect("an acknowledgement").parse::<Value>();
    /// for _ in 0..10 {
    ///     assert_eq!(roll()?, 4);
    /// }
    /// let refused = roll()?;
    /// assert_eq!(refused["error"]["code"], "RATE_LIMITED");
    /// assert_eq!(refused["error"]["retryAfterMs"], 200);
    /// # Ok::<(), dormouse::error::DecodeError>(())
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if no handler of an event was registered just before, or if the limit needs more than ten
    /// seconds to be whole again: see [`RateLimit`].
    #[must_use]
    #[track_caller]
    pub fn limit(mut self, limit: impl Into<RateLimit>) -> Self {
        let limit = limit.into();
        limit.check_span();
        self.on_disconnect.extend(forgetter(&limit));
        self.guard_last(guard_of(limit))
    }

    /// Limits how often clients send events of any name, as packet middleware: see [`guard_event`](Self::guard_event) and [`limit`](Self::limit).
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the limit needs more than ten seconds to be whole again: see [`RateLimit`].
    #[must_use]
    #[track_caller]
    pub fn limit_events(mut self, limit: impl Into<RateLimit>) -> Self {
        let limit = limit.into();
        limit.check_span();
        self.on_disconnect.extend(forgetter(&limit));
        self.event_guards.push(guard_of(limit));
        self
    }

    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the program, which its author must meet before its users do")]
    fn guard_last(mut self, guard: Erased<Incoming>) -> Self {
        let found = self.last.as_mut().and_then(|last| {
            let route = self.events.get_mut(&last.event)?.last_mut()?;
            Some((last, route))
        });
        let Some((last, route)) = found else {
            panic!(
                "a guard or limit is for the handler of an event that is registered just before it, by `on` or `once`"
            )
        };
        if let Some(guarded) = &last.guarded {
            guarded.guards.borrow_mut().push(guard);
        } else {
            let guards = RefCell::new(vec![guard]);
            let guarded = Rc::new(Guarded { guards, handler: Rc::clone(&route.handler) });
            last.guarded = Some(Rc::clone(&guarded));
            route.handler = Rc::new(move |call| call_guarded(Rc::clone(&guarded), call));
        }
        self
    }
}

fn guard_of(limit: RateLimit) -> Erased<Incoming> {
    Rc::new(move |call| Box::pin(ready(limit.check(&call.sent.socket))))
}

/// Returns the handler that forgets a socket that has gone, if the limit is for each socket.
pub(crate) fn forgetter(limit: &RateLimit) -> Option<Erased<Disconnect>> {
    let limit = limit.is_by_socket().then(|| limit.clone())?;
    Some(Rc::new(move |call: Disconnect| {
        limit.forget(call.socket.id());
        Box::pin(ready(Ok(())))
    }))
}

fn call_guarded(guarded: Rc<Guarded>, call: Event) -> LocalBoxFuture<'static, Result<Handled, Failure>> {
    Box::pin(async move {
        // Nothing is added after start-up.
        let guards = guarded.guards.borrow().clone();
        for guard in guards {
            guard(Incoming { sent: Rc::clone(&call.sent) }).await?;
        }
        (guarded.handler)(call).await
    })
}
