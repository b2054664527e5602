//! The handle of a world and of one of its namespaces.

use core::future::Future;
use core::time::Duration;
use std::rc::Rc;

use serde::Serialize;

use super::delegate::delegate;
use super::into_rooms::IntoRooms;
use super::operator::BroadcastOperator;
use super::socket::Socket;
use super::storage::Storage;
use super::world_api::WorldHandle;
use crate::core::dispatch::SocketRef;
use crate::core::input::{Command, Recipients, Target};
use crate::core::meter::Awake;
use crate::error::{BroadcastAckError, EmitError, Failure, JoinError};
use crate::id::{Namespace, SocketId};
use crate::limits::{MAX_ALARM_AFTER, MAX_ALARMS, MAX_CONTEXT_BYTES};
use crate::log::{Level, Record};
use crate::time::Timestamp;
use crate::value::{FromArgs, IntoArgs};

/// The world and one of its namespaces: Socket.IO's `io` and `io.of(…)`. As an argument of a handler, it is the handler's own
/// namespace, and `/` in handlers of alarms and HTTP routes; [`of`](Self::of) returns others. It is a handle: it may be cloned, and kept while the world is awake.
///
/// ```
/// use dormouse::testing::{TestEvent, TestWorld};
/// use dormouse::{App, Failure, Io, Socket};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on("start", start)).namespace("/audience", |ns| ns)
/// }
///
/// async fn start(socket: Socket, io: Io) -> Result<(), Failure> {
///     io.except(socket.id()).emit("started", ())?;
///     io.of("/audience")?.emit("curtain", io.sockets().len())?;
///     Ok(())
/// }
///
/// let world = TestWorld::new(app);
/// let (anna, ben, guest) = (world.connect("/"), world.connect("/"), world.connect("/audience"));
/// anna.emit("start", ());
/// assert_eq!(anna.next_event(), None);
/// assert_eq!(ben.next_event(), Some(TestEvent::new("started", ())));
/// assert_eq!(guest.next_event(), Some(TestEvent::new("curtain", 2)));
/// ```
#[derive(Clone, Debug)]
pub struct Io {
    world: WorldHandle,
    namespace: Namespace,
    predicate: Option<u32>,
    suppress_hooks: bool,
}

impl Io {
    pub(crate) const fn new(
        world: WorldHandle,
        namespace: Namespace,
        predicate: Option<u32>,
        suppress_hooks: bool,
    ) -> Self {
        Self { world, namespace, predicate, suppress_hooks }
    }

    /// Returns the world with its main namespace.
    pub(crate) fn main(world: WorldHandle) -> Self {
        Self::new(world, Namespace::main(), None, false)
    }

    /// Returns another namespace of the world. A namespace without sockets is empty, not an error.
    ///
    /// # Errors
    /// The name is not valid for a namespace: it must start with `/` and have no comma.
    pub fn of(&self, name: &str) -> Result<Self, Failure> {
        let no_namespace = || Failure::new("INVALID_NAMESPACE", "a namespace starts with / and has no comma");
        let namespace = Namespace::parse(name).ok_or_else(no_namespace)?;
        // Predicates are called at each CONNECT; a socket of the namespace stores which one accepted it.
        let everybody = Recipients::Matching(Target::namespace(namespace.clone()));
        let known =
            self.world.upgrade().and_then(|world| world.resolve(&everybody).first().and_then(|one| one.predicate));
        Ok(Self::new(self.world.clone(), namespace, known, self.suppress_hooks))
    }

    /// Returns the namespaces of a template that have a socket. In Socket.IO, a parent namespace emits to all of them. The
    /// template must be written as it was registered, such as `/dynamic-{n}`.
    ///
    /// ```
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::error::EmitError;
    /// use dormouse::{App, Io};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("close", close)).namespace("/shop-{name}", |ns| ns)
    /// }
    ///
    /// async fn close(io: Io) -> Result<(), EmitError> {
    ///     io.children("/shop-{name}").iter().try_for_each(|shop| shop.emit("closing", shop.name()))
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let (anna, ben) = (world.connect("/"), world.connect("/shop-tea"));
    /// anna.emit("close", ());
    /// assert_eq!(ben.next_event(), Some(TestEvent::new("closing", "/shop-tea")));
    /// ```
    pub fn children(&self, template: &str) -> Vec<Self> {
        let Some(world) = self.world.upgrade() else { return Vec::new() };
        let child = |name| Self::new(self.world.clone(), name, None, self.suppress_hooks);
        world.children(template).into_iter().map(child).collect()
    }

    /// Returns the namespaces that have a socket.
    pub fn namespaces(&self) -> Vec<Namespace> {
        self.world.upgrade().map(|world| world.namespaces()).unwrap_or_default()
    }

    /// Returns the namespace's name.
    pub const fn name(&self) -> &Namespace {
        &self.namespace
    }

    /// Returns the current time. It stands still while code runs, as the platform's clock does.
    pub fn now(&self) -> Timestamp {
        self.world.upgrade().map(|world| world.now()).unwrap_or_default()
    }

    /// Returns since when the world is awake, and what woke it; `None` if the world is gone. An app can send it to its clients, as it
    /// is JSON when it is sent.
    ///
    /// ```
    /// use dormouse::awake::WakeReason;
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{Ack, App, Io};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("awake?", async |io: Io| Ack(io.awake().map(|awake| (awake.reason, awake.wakes)))))
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// let asked = || anna.emit_with_ack("awake?", ()).args().expect("an acknowledgement");
    /// assert_eq!(asked().to_json(), r#"[["connection",1]]"#);
    /// world.sleep();
    /// assert_eq!(asked().to_json(), r#"[["message",2]]"#);
    /// ```
    pub fn awake(&self) -> Option<Awake> {
        self.world.upgrade().map(|world| world.awake())
    }

    /// Returns the socket with this id, if it is in the namespace and connected to this object. Today, a world is one object.
    pub fn socket(&self, id: SocketId) -> Option<Socket> {
        let found = self.world.upgrade()?.resolve(&Recipients::One(id));
        let found = found.into_iter().find(|socket| socket.namespace == self.namespace)?;
        Some(self.handle(found))
    }

    /// Returns how many clients are connected to this object, on any transport and in any namespaces: Socket.IO's
    /// `io.engine.clientsCount`. Today, a world is one object, and these are all.
    pub fn clients_count(&self) -> usize {
        self.world.upgrade().map_or(0, |world| world.clients_count())
    }

    delegate! { operator:
        /// Returns the sockets in the namespace that are connected to this object: Socket.IO's `namespace.sockets`.
        /// `io.sockets().len()` counts them. Today, a world is one object, and these are all;
        /// [`fetch_sockets`](Self::fetch_sockets) will find those of all objects if a world is several.
        pub fn sockets(&self) -> Vec<Socket>;

        /// Returns the sockets in the namespace, of the whole world; see [`BroadcastOperator::fetch_sockets`].
        ///
        /// ```
        /// use dormouse::testing::TestWorld;
        /// use dormouse::{App, Io, Ack};
        ///
        /// fn app() -> App {
        ///     App::new().namespace("/", |ns| ns.on("count", count))
        /// }
        ///
        /// async fn count(io: Io) -> Ack<(usize, usize)> {
        ///     Ack((io.fetch_sockets().await.len(), io.within("lobby").fetch_sockets().await.len()))
        /// }
        ///
        /// let world = TestWorld::new(app);
        /// let anna = world.connect("/");
        /// assert_eq!(anna.emit_with_ack("count", ()).args().expect("an acknowledgement").parse(), Ok((1, 0)));
        /// ```
        pub fn fetch_sockets(&self) -> impl Future<Output = Vec<Socket>> + 'static;

        /// Returns the ids of the sockets in the namespace, of the whole world: Socket.IO's `allSockets`.
        pub fn all_sockets(&self) -> impl Future<Output = Vec<SocketId>> + 'static;

        /// Emits an event to every socket in the namespace: a tuple is several arguments, everything else is one.
        ///
        /// # Errors
        /// The event's name is reserved, or an argument cannot be sent; nothing is sent then.
        pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<(), EmitError>;

        /// Emits the event `message`, as Socket.IO's `send` and `write` do.
        ///
        /// # Errors
        /// The same as those of [`emit`](Self::emit).
        pub fn send(&self, args: impl IntoArgs) -> Result<(), EmitError>;

        /// Targets every socket in any of these rooms.
        pub fn to(&self, rooms: impl IntoRooms) -> BroadcastOperator;

        /// The same as [`to`](Self::to): Socket.IO's `in`, which is a keyword in Rust.
        pub fn within(&self, rooms: impl IntoRooms) -> BroadcastOperator;

        /// Targets every socket that is in none of these rooms.
        pub fn except(&self, rooms: impl IntoRooms) -> BroadcastOperator;

        /// Targets the sockets that are connected to this object. Today, a world is one object, and these are all.
        pub fn local(&self) -> BroadcastOperator;

        /// Drops the event for clients that are not ready; see [`BroadcastOperator::volatile`].
        pub fn volatile(&self) -> BroadcastOperator;

        /// Does nothing; see [`BroadcastOperator::compress`].
        pub fn compress(&self, compress: bool) -> BroadcastOperator;

        /// Sets how long each client has to acknowledge; see [`BroadcastOperator::timeout`].
        pub fn timeout(&self, timeout: Duration) -> BroadcastOperator;

        /// Sends the acknowledgements to a handler; see [`BroadcastOperator::ack_to`].
        pub fn ack_to(&self, handler: &str, context: impl Serialize) -> BroadcastOperator;

        /// Makes every socket in the namespace join rooms.
        ///
        /// # Errors
        /// The same as those of [`BroadcastOperator::sockets_join`].
        pub fn sockets_join(&self, rooms: impl IntoRooms) -> Result<(), JoinError>;

        /// Makes every socket in the namespace leave rooms.
        pub fn sockets_leave(&self, rooms: impl IntoRooms);

        /// Disconnects every socket from the namespace; with `close`, closes their connections, with all of their namespaces.
        pub fn disconnect_sockets(&self, close: bool);
    }

    /// Emits an event to every socket in the namespace, and returns their acknowledgements. For the timeout and the errors, see
    /// [`BroadcastOperator::emit_with_ack`].
    pub fn emit_with_ack<T: FromArgs + 'static>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> impl Future<Output = Result<Vec<(SocketId, T)>, BroadcastAckError<T>>> + 'static {
        self.operator().emit_with_ack(event, args)
    }

    /// Closes every connection to the world, in all of its namespaces: Socket.IO's `io.close()`. The reason is
    /// `server shutting down`. Clients may connect again.
    pub fn close(&self) {
        self.world.perform(Command::Shutdown);
    }

    /// Returns the world's storage, which all of its namespaces share.
    pub fn storage(&self) -> Storage {
        Storage::new(self.world.clone())
    }

    pub(crate) fn session_rows(&self) -> Storage {
        Storage::of_sessions(self.world.clone())
    }

    /// Sets an alarm: a `setTimeout` that does not keep the world awake. When `after` has passed, never earlier, the handler that
    /// [`on_alarm`](crate::routing::App::on_alarm) registered under this name is called with `context`, whether or not the world
    /// slept: once, or again if it did not run to its end. An alarm of the same name that is not due yet is replaced. `context` may
    /// have 4,096 bytes of JSON; an `after` of more than a hundred years is shortened to that. The alarm is stored when this
    /// returns. If the handler that set it fails before it first waits, it is undone: see [`Storage`].
    ///
    /// ```
    /// use core::time::Duration;
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::error::EmitError;
    /// use dormouse::extract::AlarmContext;
    /// use dormouse::{App, Data, Failure, Io};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("remind", remind)).on_alarm("reminder", due)
    /// }
    ///
    /// async fn remind(io: Io, Data(text): Data<String>) -> Result<(), Failure> {
    ///     io.set_alarm("reminder", Duration::from_secs(3600), text)
    /// }
    ///
    /// async fn due(io: Io, AlarmContext(text): AlarmContext<String>) -> Result<(), EmitError> {
    ///     io.emit("reminder", text)
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// anna.emit("remind", "tea");
    /// world.sleep();
    /// world.advance(Duration::from_secs(3600));
    /// assert_eq!(anna.next_event(), Some(TestEvent::new("reminder", "tea")));
    /// ```
    ///
    /// # Errors
    /// There is no handler of this name, the context cannot be written as JSON or is too long, 400 alarms are set already, or the
    /// platform could not store the alarm (`STORAGE`), as when the database is full. The earlier alarm of this name stays.
    pub fn set_alarm(&self, name: &str, after: Duration, context: impl Serialize) -> Result<(), Failure> {
        let Some(world) = self.world.upgrade() else { return Ok(()) };
        let context = serde_json::to_string(&context)?;
        let invalid = |problem: String| Failure::new("INVALID_ALARM", problem);
        if !world.has_alarm_handler(name) {
            return Err(invalid(format!("the app has no `on_alarm` called {name:?}")));
        }
        if context.len() > MAX_CONTEXT_BYTES {
            let problem = format!("its context has {} bytes, and may have {MAX_CONTEXT_BYTES}", context.len());
            return Err(invalid(problem));
        }
        if world.alarms_with(name) > MAX_ALARMS {
            return Err(invalid(format!("the world has {MAX_ALARMS} alarms already")));
        }
        let alarm = (world.now().after(after.min(MAX_ALARM_AFTER)), Rc::from(context));
        world.set_alarm(name, Some(alarm)).map_err(Failure::of_storage)
    }

    /// Removes an alarm, if it is set.
    ///
    /// # Errors
    /// The platform could not delete the stored alarm (`STORAGE`). The alarm stays.
    pub fn clear_alarm(&self, name: &str) -> Result<(), Failure> {
        let Some(world) = self.world.upgrade() else { return Ok(()) };
        world.set_alarm(name, None).map_err(Failure::of_storage)
    }

    /// Returns the time at which an alarm is due, if it is set.
    pub fn alarm(&self, name: &str) -> Option<Timestamp> {
        self.world.upgrade()?.alarm(name).map(|(at, _)| at)
    }

    /// Returns a variable or secret of the deployment, such as a key that signs tokens; `None` if it is not set. In tests,
    /// `dormouse::testing::TestWorld::with_variable` sets one.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.world.upgrade()?.variable(name)
    }

    /// Writes a line to the Worker's log, with the level *info* and the name of the world. It is written if the variable `LOG` is
    /// `info` or `debug`, and cut after 8,192 bytes.
    pub fn log(&self, line: impl Into<String>) {
        self.log_at(Level::Info, line);
    }

    /// Writes a line to the Worker's log, as [`log`](Self::log) does, with another level.
    ///
    /// ```
    /// use dormouse::{App, Io, Level};
    /// use dormouse::testing::TestWorld;
    ///
    /// async fn sweep(io: Io) {
    ///     io.log_at(Level::Warn, "nobody sweeps here any more");
    /// }
    ///
    /// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("sweep", sweep)));
    /// world.connect("/").emit("sweep", ());
    /// assert_eq!(world.log(), ["nobody sweeps here any more"]);
    /// ```
    pub fn log_at(&self, level: Level, line: impl Into<String>) {
        if let Some(world) = self.world.upgrade().filter(|world| world.logs(level)) {
            world.note(Record::new(level, line.into()));
        }
    }

    /// Sets the end of a trace, by the name of its alarm, or ends it.
    ///
    /// # Errors
    /// The platform could not store it.
    pub(crate) fn set_trace(&self, name: &str, until: Option<Timestamp>) -> Result<(), String> {
        let Some(world) = self.world.upgrade() else { return Ok(()) };
        world.set_alarm(name, until.map(|at| (at, "0".into())))
    }

    /// Calls `describe` with the name of each alarm that is a trace, and when it ends.
    pub(crate) fn each_trace(&self, describe: &mut dyn FnMut(&str, Timestamp)) {
        if let Some(world) = self.world.upgrade() {
            world.each_trace(describe);
        }
    }

    pub(super) const fn world_handle(&self) -> &WorldHandle {
        &self.world
    }

    fn operator(&self) -> BroadcastOperator {
        BroadcastOperator::new(self.world.clone(), self.namespace.clone(), self.predicate, self.suppress_hooks)
    }

    fn handle(&self, socket: SocketRef) -> Socket {
        Socket::new(self.world.clone(), socket, None, self.suppress_hooks)
    }
}
