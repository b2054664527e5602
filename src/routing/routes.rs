//! The handlers of one namespace.

use core::fmt;
use core::panic::Location;

use litemap::LiteMap;

use super::event_modifiers::LastEvent;
use super::handler::{Erased, Handler, erase};
use crate::core::socketio::RESERVED_EVENTS;
use crate::extract::{Acked, Connected, Connecting, Disconnect, Event, Failed, Incoming, Outgoing};

/// The handlers of one namespace. They are registered when a world's object is constructed and never per socket, so
/// that the object can hibernate. Handlers of the same kind are called in the order in which they were registered, and
/// do not wait for each other; guards do.
///
/// A handler may await acknowledgements of clients (`emit_with_ack`): the world stays awake for them. It does not stay
/// awake for something of the app's own, such as a channel: see [`Handler`].
///
/// ```
/// use dormouse::testing::{TestEvent, TestWorld};
/// use dormouse::error::EmitError;
/// use dormouse::routing::Routes;
/// use dormouse::{App, Data, Socket};
///
/// fn app() -> App {
///     App::new().namespace("/", chat).namespace("/team-{name}", chat)
/// }
///
/// fn chat(ns: Routes) -> Routes {
///     ns.on("say", say)
/// }
///
/// async fn say(socket: Socket, Data(text): Data<String>) -> Result<(), EmitError> {
///     socket.broadcast().emit("said", text)
/// }
///
/// let world = TestWorld::new(app);
/// let (anna, ben) = (world.connect("/team-red"), world.connect("/team-red"));
/// anna.emit("say", "hello");
/// assert_eq!(ben.next_event(), Some(TestEvent::new("said", "hello")));
/// ```
#[derive(Default)]
pub struct Routes {
    pub(crate) guards: Vec<Erased<Connecting>>,
    pub(crate) on_connect: Vec<Erased<Connected>>,
    pub(crate) event_guards: Vec<Erased<Incoming>>,
    pub(crate) events: LiteMap<Box<str>, Vec<EventRoute>>,
    pub(crate) on_any: Vec<Erased<Event>>,
    pub(crate) fallback: Option<Erased<Event>>,
    pub(crate) on_any_outgoing: Vec<Erased<Outgoing>>,
    pub(crate) on_disconnecting: Vec<Erased<Disconnect>>,
    pub(crate) on_disconnect: Vec<Erased<Disconnect>>,
    pub(crate) ack_handlers: LiteMap<Box<str>, Erased<Acked>>,
    pub(crate) on_error: Vec<Erased<Failed>>,
    pub(super) last: Option<LastEvent>,
}

/// A handler of an event.
#[derive(Clone)]
pub(crate) struct EventRoute {
    pub(crate) handler: Erased<Event>,
    /// Whether it is called with each socket's first event only.
    pub(crate) once: bool,
    /// Where it was registered, if that was by a controller: such an event has one handler.
    pub(crate) controlled: Option<&'static Location<'static>>,
}

impl Routes {
    /// Registers connection middleware: Socket.IO's `namespace.use`. Guards are called in order before a client joins,
    /// each after the one before it has returned `Ok`. An `Err` refuses the client with `CONNECT_ERROR`: `err.message`
    /// is the error's text, and `err.data` is its [`data`](crate::error::HandlerError::data), or `{"code":…}` if it has
    /// a code and no data.
    ///
    /// A guard may prepare the socket: rooms that it joins and data that is set are kept, and events that are emitted
    /// to it are sent when it has joined. Until then, it cannot be asked for acknowledgements: `emit_with_ack` ends
    /// with `Disconnected` at once, and `ack_to` calls its handler with `Disconnected`.
    ///
    /// ```
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{App, Auth, Failure, Socket};
    /// use serde_json::json;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Ticket { token: String }
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.guard(is_member))
    /// }
    ///
    /// async fn is_member(socket: Socket, Auth(ticket): Auth<Ticket>) -> Result<(), Failure> {
    ///     if ticket.token != "secret" {
    ///         return Err(Failure::new("NO_MEMBER", "members only"));
    ///     }
    ///     Ok(socket.join("members")?)
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// assert!(world.try_connect("/", json!({ "token": "secret" })).is_ok());
    /// let refused = world.try_connect("/", json!({ "token": "a guess" })).expect_err("no member");
    /// assert_eq!(refused.message, "members only");
    /// assert_eq!(refused.data, Some(json!({ "code": "NO_MEMBER" })));
    /// ```
    #[must_use]
    pub fn guard<M>(mut self, handler: impl Handler<Connecting, M>) -> Self {
        self.guards.push(erase(handler));
        self
    }

    /// Registers a handler that is called when a client has joined the namespace, after the response to its CONNECT was
    /// sent.
    #[must_use]
    pub fn on_connect<M>(mut self, handler: impl Handler<Connected, M>) -> Self {
        self.on_connect.push(erase(handler));
        self
    }

    /// Registers packet middleware: Socket.IO's `socket.use`. It is called with every event, before the event's
    /// handlers. Several are called in order, each after the one before it has returned `Ok`. After an `Err`, the
    /// event's handlers are not called; the error goes to [`on_error`](Self::on_error), and to the client if it asked
    /// for an acknowledgement. While middleware waits, up to 1,000 later events of the same socket wait behind it; more
    /// are refused with `BUSY`.
    ///
    /// ```
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{App, Args, Data, Ack};
    /// use serde_json::{Value, json};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.guard_event(is_short).on("say", async |text: Args| Ack(text)))
    /// }
    ///
    /// async fn is_short(Data(text): Data<String>) -> Result<(), &'static str> {
    ///     if text.len() > 5 { Err("too long") } else { Ok(()) }
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// let answer = |text: &str| anna.emit_with_ack("say", text).args().expect("an acknowledgement");
    /// assert_eq!(answer("hello").parse::<String>()?, "hello");
    /// let refused = json!({ "status": "error", "error": { "code": "ERROR", "message": "too long" } });
    /// assert_eq!(answer("good night").parse::<Value>()?, refused);
    /// # Ok::<(), dormouse::error::DecodeError>(())
    /// ```
    #[must_use]
    pub fn guard_event<M>(mut self, handler: impl Handler<Incoming, M>) -> Self {
        self.event_guards.push(erase(handler));
        self
    }

    /// Registers a handler of the events with this name. An event may have several handlers, also beside one of a
    /// [`controller`](Self::controller); the first acknowledgement of them is sent.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the name is reserved for Socket.IO, such as `connect` and `disconnect`.
    #[must_use]
    #[track_caller]
    pub fn on<M>(self, event: &str, handler: impl Handler<Event, M>) -> Self {
        self.add_last(event, EventRoute { handler: erase(handler), once: false, controlled: None })
    }

    /// Registers a handler of each socket's first event with this name.
    ///
    /// ```
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{App, Socket};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.once("ready", async |socket: Socket| socket.emit("started", ())))
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// anna.emit("ready", ());
    /// assert_eq!(anna.take_events().len(), 1);
    /// world.sleep();
    /// anna.emit("ready", ());
    /// assert_eq!(anna.take_events().len(), 0);
    /// ```
    ///
    /// # Panics
    /// The same as those of [`on`](Self::on).
    #[must_use]
    #[track_caller]
    pub fn once<M>(self, event: &str, handler: impl Handler<Event, M>) -> Self {
        self.add_last(event, EventRoute { handler: erase(handler), once: true, controlled: None })
    }

    /// Registers a handler of every event, which is called before packet middleware and the event's own handlers:
    /// Socket.IO's `onAny`.
    #[must_use]
    pub fn on_any<M>(mut self, handler: impl Handler<Event, M>) -> Self {
        self.on_any.push(erase(handler));
        self.last = None;
        self
    }

    /// Registers a handler of every event, before those that are registered already: Socket.IO's `prependAny`.
    #[must_use]
    pub fn prepend_any<M>(mut self, handler: impl Handler<Event, M>) -> Self {
        self.on_any.insert(0, erase(handler));
        self.last = None;
        self
    }

    /// Registers the handler of every event whose name has no handler of [`on`](Self::on) or [`once`](Self::once).
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the namespace has a fallback already.
    #[must_use]
    #[track_caller]
    pub fn fallback<M>(mut self, handler: impl Handler<Event, M>) -> Self {
        let previous = self.fallback.replace(erase(handler));
        assert!(previous.is_none(), "the namespace has two fallbacks");
        self.last = None;
        self
    }

    /// Registers the handler of acknowledgements of events that were emitted with
    /// [`ack_to`](crate::handles::SocketEmitter::ack_to) and this name. It is also called if the client did not
    /// acknowledge in time or is gone.
    ///
    /// The world may hibernate until the client acknowledges. In this example it does, and when an hour has passed
    /// without an acknowledgement, it wakes and calls the handler:
    ///
    /// ```
    /// use core::time::Duration;
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::error::{AckError, EmitError, AckFailure};
    /// use dormouse::extract::{AckContext, AckResult};
    /// use dormouse::{App, Socket};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on_connect(ask).on_ack("dinner", dinner))
    /// }
    ///
    /// async fn ask(socket: Socket) -> Result<(), EmitError> {
    ///     socket.ack_to("dinner", "Thursday").timeout(Duration::from_secs(3600)).emit("coming?", ())
    /// }
    ///
    /// async fn dinner(socket: Socket, AckContext(day): AckContext<String>, AckResult(answer): AckResult<bool>) -> Result<(), EmitError> {
    ///     let said = match answer {
    ///         Ok(true) => "comes",
    ///         Ok(false) => "does not come",
    ///         Err(AckError::Failed(AckFailure::Expired)) => "has not answered",
    ///         Err(_) => "is gone",
    ///     };
    ///     socket.emit("noted", (day, said))
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let (anna, ben) = (world.connect("/"), world.connect("/"));
    /// world.sleep();
    /// let question = anna.next_event().expect("the question");
    /// anna.ack(&question, true);
    /// assert_eq!(anna.next_event(), Some(TestEvent::new("noted", ("Thursday", "comes"))));
    ///
    /// world.sleep();
    /// world.advance(Duration::from_secs(3600));
    /// ben.next_event().expect("the question");
    /// assert_eq!(ben.next_event(), Some(TestEvent::new("noted", ("Thursday", "has not answered"))));
    /// ```
    ///
    /// # Panics
    /// At start-up, with the caller's line, if this name has a handler already.
    #[must_use]
    #[track_caller]
    pub fn on_ack<M>(mut self, name: &str, handler: impl Handler<Acked, M>) -> Self {
        let previous = self.ack_handlers.insert(name.into(), erase(handler));
        assert!(previous.is_none(), "`on_ack` has two handlers named {name:?}");
        self
    }

    /// Registers a handler that is called when a socket is about to leave the namespace, with the
    /// [`Reason`](crate::error::Reason). [`Socket::rooms`](crate::handles::Socket::rooms) still returns its rooms.
    /// Events that are emitted to the socket itself reach nobody. It is called for the same clients as
    /// [`on_disconnect`](Self::on_disconnect).
    #[must_use]
    pub fn on_disconnecting<M>(mut self, handler: impl Handler<Disconnect, M>) -> Self {
        self.on_disconnecting.push(erase(handler));
        self
    }

    /// Registers a handler that is called when a client has left the namespace or is gone, with the
    /// [`Reason`](crate::error::Reason). For a client that leaves before [`on_connect`](Self::on_connect), neither is called.
    ///
    /// If the world's process is lost, as in a crash, the handler is called afterwards, with `transport close`: within a ping interval,
    /// or before somebody connects. It is called once, or again if it is interrupted by a crash; after three, it is given up. The
    /// socket then has its data and rooms as of half a second after a client last joined or left. Data, auth and rooms of more than
    /// 2,048 bytes each are empty, and so is the handshake. A client that joined less than half a second before the crash is missed, and
    /// one that left in that time is reported again; if clients come and go all the time, this is up to a ping interval.
    #[must_use]
    pub fn on_disconnect<M>(mut self, handler: impl Handler<Disconnect, M>) -> Self {
        self.on_disconnect.push(erase(handler));
        self
    }

    /// Registers a handler that is called with the [`Failure`](crate::error::Failure) of every other handler of the
    /// namespace, whether or not a client was told: with those of events, acknowledged or not, and with those of guards and
    /// of what happens to a socket. With or without such a handler, the failure is logged. Panics are only logged.
    ///
    /// The socket of a client that a [`guard`](Self::guard) refuses is known until the handler first waits.
    ///
    /// ```
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::error::EmitError;
    /// use dormouse::extract::EventName;
    /// use dormouse::{App, Data, Failure, Ack, Socket};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("roll", roll).on_error(failed))
    /// }
    ///
    /// async fn roll(Data(sides): Data<u32>) -> Ack<u32> {
    ///     Ack(sides / 2)
    /// }
    ///
    /// async fn failed(socket: Socket, event: Option<EventName>, failure: Failure) {
    ///     let event = event.map(|EventName(name)| name.to_string());
    ///     let _ = socket.emit("oops", (event, failure.code()));
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// anna.emit("roll", "six");
    /// assert_eq!(anna.next_event(), Some(TestEvent::new("oops", ("roll", "INVALID_ARGUMENTS"))));
    /// ```
    #[must_use]
    pub fn on_error<M>(mut self, handler: impl Handler<Failed, M>) -> Self {
        self.on_error.push(erase(handler));
        self
    }

    #[track_caller]
    fn add_last(self, event: &str, route: EventRoute) -> Self {
        let mut routes = self.add(event, route);
        routes.last = Some(LastEvent::new(event));
        routes
    }

    #[track_caller]
    fn add(mut self, event: &str, route: EventRoute) -> Self {
        let reserved = RESERVED_EVENTS.contains(&event);
        assert!(!reserved, "Socket.IO keeps the event name {event:?} for itself: see on_connect and on_disconnect");
        match self.events.get_mut(event) {
            Some(routes) => routes.push(route),
            None => drop(self.events.insert(event.into(), vec![route])),
        }
        self
    }

    /// Adds an event of a controller, which was registered at `at`.
    #[track_caller]
    pub(crate) fn add_controlled(self, event: &str, handler: Erased<Event>, at: &'static Location<'static>) -> Self {
        let earlier = self.events.get(event).and_then(|routes| routes.iter().find_map(|route| route.controlled));
        let twice =
            |earlier| format!("the event {event:?} is registered twice by controllers: at {earlier} and at {at}");
        assert!(earlier.is_none(), "{}", earlier.map(twice).unwrap_or_default());
        let mut routes = self.add(event, EventRoute { handler, once: false, controlled: Some(at) });
        routes.last = None;
        routes
    }

    /// Returns the handlers of an event, and whether the event must be marked, because its `once` handlers are among
    /// them; `None` if no handler is called for the event, those of every event included. `had` returns whether the `once` handlers
    /// were called for the socket before.
    pub(crate) fn handlers_of(
        &self,
        event: &str,
        had: impl FnOnce() -> bool,
    ) -> Option<(impl Iterator<Item = &Erased<Event>>, bool)> {
        let (routes, fallback) = match self.events.get(event) {
            Some(routes) => (routes.as_slice(), None),
            None if self.fallback.is_none() && self.on_any.is_empty() => return None,
            None => (&[][..], self.fallback.as_ref()),
        };
        let is_first = routes.iter().any(|route| route.once) && !had();
        let called = routes.iter().filter(move |route| !route.once || is_first);
        Some((called.map(|route| &route.handler).chain(fallback), is_first))
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("events", &self.events.keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}
