//! Who hears an event, and how: what stands between `socket` or `io` and `emit`.

use core::future::Future;
use core::time::Duration;
use std::rc::Rc;

use serde::Serialize;

use super::ack;
use super::ack::Waiting;
use super::into_rooms::IntoRooms;
use super::socket::Socket;
use super::world_api::WorldHandle;
use crate::core::acks::CollectedAcks;
use crate::core::dispatch::SocketRef;
use crate::core::input::{AckRequest, Command, Emission, Recipients, Target};
use crate::core::socketio::RESERVED_EVENTS;
use crate::error::{AckError, BroadcastAckError};
use crate::error::{EmitError, JoinError};
use crate::id::{Namespace, PendingAckId, SocketId};
use crate::limits::{ACK_TIMEOUT, ACK_TO_TIMEOUT, MAX_ACK_TIMEOUT, MAX_ALARM_AFTER, MAX_CONTEXT_BYTES};
use crate::value::{Args, FromArgs, IntoArgs};

/// Emits to many sockets: Socket.IO's `BroadcastOperator`. Made by [`Socket::to`], [`Io::to`](super::io::Io::to) and the like.
///
/// ```
/// use core::time::Duration;
/// use dormouse::testing::TestWorld;
/// use dormouse::error::{BroadcastAckError, EmitError};
/// use dormouse::{App, Ack, Socket};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on_connect(async |socket: Socket| socket.join("voters")).on("count", count))
/// }
///
/// /// How many say yes, and who says nothing within five seconds.
/// async fn count(socket: Socket) -> Result<Ack<(usize, usize)>, EmitError> {
///     let voters = socket.to("voters").timeout(Duration::from_secs(5));
///     let (acks, missing) = match voters.emit_with_ack::<bool>("yes?", ()).await {
///         Ok(answers) => (answers, 0),
///         Err(BroadcastAckError::Incomplete(some)) => (some.acks, some.missing.len()),
///         Err(BroadcastAckError::Emit(error)) => return Err(error),
///     };
///     Ok(Ack((answers.iter().filter(|(_, yes)| *yes).count(), missing)))
/// }
///
/// let world = TestWorld::new(app);
/// let (anna, ben, _silent) = (world.connect("/"), world.connect("/"), world.connect("/"));
/// let counted = anna.emit_with_ack("count", ());
/// ben.ack(&ben.next_event().expect("the question"), true);
/// assert_eq!(counted.answer(), None);
/// world.advance(Duration::from_secs(5));
/// assert_eq!(counted.answer().expect("an answer").parse(), Ok((1, 1)));
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `emit` or another of its last methods"]
pub struct BroadcastOperator {
    world: WorldHandle,
    target: Target,
    predicate: Option<u32>,
    flags: Flags,
}

/// Emits to one socket, with flags. Made by [`Socket::volatile`], [`Socket::timeout`] and the like.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `emit`"]
pub struct SocketEmitter {
    socket: Socket,
    flags: Flags,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) volatile: bool,
    pub(crate) suppress_hooks: bool,
    timeout: Option<Duration>,
    ack_to: Option<AckTo>,
}

/// Whose handler a client's answer goes to, and what that gets beside it.
#[derive(Clone, Debug)]
struct AckTo {
    handler: Box<str>,
    context: Result<Rc<str>, String>,
}

macro_rules! flags {
    () => {
        /// Clients that are not ready do without what is emitted: those with unsent bytes in their way, and those between
        /// two polls.
        ///
        /// ```
        /// use dormouse::testing::{TestEvent, TestWorld};
        /// use dormouse::{App, Data, Socket};
        ///
        /// fn app() -> App {
        ///     App::new().namespace("/", |ns| ns.on("move", moved))
        /// }
        ///
        /// async fn moved(socket: Socket, Data(place): Data<u32>) {
        ///     let _ = socket.volatile().emit("moved", place);
        ///     let _ = socket.broadcast().volatile().emit("moved", place);
        /// }
        ///
        /// let world = TestWorld::new(app);
        /// let anna = world.connect("/");
        /// let slow = world.client().polling().connect("/");
        /// slow.stop_reading();
        /// (1..=3).for_each(|place| anna.emit("move", place));
        /// assert_eq!(anna.take_events().len(), 3);
        /// slow.read_again(); // It hears of the first, which answered its poll; those after it came between two polls.
        /// assert_eq!(slow.take_events(), [TestEvent::new("moved", 1)]);
        /// ```
        pub const fn volatile(mut self) -> Self {
            self.flags.volatile = true;
            self
        }

        /// Taken for the sake of code that comes from Socket.IO, and without effect: the runtime compresses all frames of
        /// a connection or none (see the README on `no_web_socket_compression`).
        pub const fn compress(self, _compress: bool) -> Self {
            self
        }

        /// How long clients have for their answer: up to ten minutes for an `emit_with_ack`, which keeps the world awake
        /// (60 s unless this is said), and up to a hundred years for a `ack_to` (a day unless this is said).
        pub const fn timeout(mut self, timeout: Duration) -> Self {
            self.flags.timeout = Some(timeout);
            self
        }

        /// PendingAcks for an answer without waiting for it: a record is kept with each socket, and the handler that is registered
        /// by [`on_ack`](crate::routing::Routes::on_ack) is called with the client's answer and `context`, however often the
        /// world slept in between; or without an answer, when the client has had its time or is gone. `context` may have
        /// 4,096 bytes of JSON.
        ///
        /// ```
        /// use dormouse::testing::{TestEvent, TestWorld};
        /// use dormouse::error::EmitError;
        /// use dormouse::extract::{AckContext, AckResult};
        /// use dormouse::{App, Socket};
        ///
        /// fn app() -> App {
        ///     App::new().namespace("/", |ns| ns.on_connect(ask).on_ack("colour", choose))
        /// }
        ///
        /// async fn ask(socket: Socket) -> Result<(), EmitError> {
        ///     socket.ack_to("colour", ("team", 7)).emit("which colour?", ())
        /// }
        ///
        /// async fn choose(socket: Socket, AckContext((team, n)): AckContext<(String, u32)>, AckResult(answer): AckResult<String>) {
        ///     let colour = answer.unwrap_or_else(|_| "grey".to_owned());
        ///     let _ = socket.emit("chosen", (team, n, colour));
        /// }
        ///
        /// let world = TestWorld::new(app);
        /// let anna = world.connect("/");
        /// let question = anna.next_event().expect("the question");
        /// world.sleep();
        /// anna.ack(&question, "red");
        /// assert_eq!(anna.next_event(), Some(TestEvent::new("chosen", ("team", 7, "red"))));
        /// ```
        pub fn ack_to(mut self, handler: &str, context: impl Serialize) -> Self {
            let context = serde_json::to_string(&context).map_err(|error| error.to_string()).and_then(|json| {
                if json.len() > MAX_CONTEXT_BYTES {
                    return Err(format!("it has {} bytes, and may have {MAX_CONTEXT_BYTES}", json.len()));
                }
                Ok(Rc::from(json))
            });
            self.flags.ack_to = Some(AckTo { handler: handler.into(), context });
            self
        }
    };
}

impl SocketEmitter {
    pub(crate) fn new(socket: Socket) -> Self {
        let flags = Flags { suppress_hooks: socket.suppress_hooks, ..Flags::default() };
        Self { socket, flags }
    }

    flags!();

    /// To everybody else in these rooms, instead of to the socket.
    pub fn to(self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.broadcast().to(rooms)
    }

    /// The same as [`to`](Self::to): Socket.IO's `in`, which is a word of Rust's.
    pub fn within(self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.to(rooms)
    }

    /// To everybody else who is not in these rooms, instead of to the socket.
    pub fn except(self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.broadcast().except(rooms)
    }

    /// To everybody else in the namespace, instead of to the socket.
    pub fn broadcast(self) -> BroadcastOperator {
        let Self { socket, flags } = self;
        let sender = Some(socket.id());
        let target = Target { sender, ..Target::namespace(socket.namespace().clone()) };
        BroadcastOperator { predicate: socket.target.predicate, world: socket.world, target, flags }
    }

    /// Emits to the socket.
    ///
    /// # Errors
    /// The name is reserved, or something cannot be sent as it is; nothing is sent. A socket that is gone is no error.
    pub fn emit(self, event: &str, args: impl IntoArgs) -> Result<(), EmitError> {
        let Self { socket, flags } = self;
        emit(
            &socket.world,
            Recipients::One(socket.id()),
            socket.namespace(),
            socket.target.predicate,
            flags,
            event,
            args,
        )
    }

    /// Emits `message`, as Socket.IO's `send` does.
    ///
    /// # Errors
    /// As of [`emit`](Self::emit).
    pub fn send(self, args: impl IntoArgs) -> Result<(), EmitError> {
        self.emit("message", args)
    }

    /// Emits at once, and gives the client's answer when it comes. Whoever awaits it keeps the world awake; see
    /// [`ack_to`](Self::ack_to) for answers that take their time.
    pub fn emit_with_ack<T: FromArgs + 'static>(
        self,
        event: &str,
        args: impl IntoArgs,
    ) -> impl Future<Output = Result<T, AckError>> + 'static {
        let Self { socket, flags } = self;
        ack::one(await_acks(&socket.world, Recipients::One(socket.id()), &flags, event, args))
    }
}

impl BroadcastOperator {
    pub(crate) fn new(world: WorldHandle, namespace: Namespace, predicate: Option<u32>, suppress_hooks: bool) -> Self {
        let flags = Flags { suppress_hooks, ..Flags::default() };
        Self { world, target: Target::namespace(namespace), predicate, flags }
    }

    flags!();

    /// Also to who is in one of these rooms; a socket in several hears the event once.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        rooms.into_rooms(&mut self.target.rooms);
        self
    }

    /// The same as [`to`](Self::to): Socket.IO's `in`, which is a word of Rust's.
    pub fn within(self, rooms: impl IntoRooms) -> Self {
        self.to(rooms)
    }

    /// Not to who is in one of these rooms.
    pub fn except(mut self, rooms: impl IntoRooms) -> Self {
        rooms.into_rooms(&mut self.target.except);
        self
    }

    /// To the sockets of this object only: today, a world is one object, and these are all.
    pub const fn local(self) -> Self {
        self
    }

    /// Emits.
    ///
    /// # Errors
    /// The name is reserved, or something cannot be sent as it is; nothing is sent.
    pub fn emit(self, event: &str, args: impl IntoArgs) -> Result<(), EmitError> {
        let Self { world, target, predicate, flags } = self;
        let namespace = target.namespace.clone();
        emit(&world, Recipients::Matching(target), &namespace, predicate, flags, event, args)
    }

    /// Emits `message`, as Socket.IO's `send` does.
    ///
    /// # Errors
    /// As of [`emit`](Self::emit).
    pub fn send(self, args: impl IntoArgs) -> Result<(), EmitError> {
        self.emit("message", args)
    }

    /// Emits at once, and gives one answer for each client when all have answered; otherwise, at the timeout, those that
    /// came and who is missing. Whoever awaits it keeps the world awake.
    pub fn emit_with_ack<T: FromArgs + 'static>(
        self,
        event: &str,
        args: impl IntoArgs,
    ) -> impl Future<Output = Result<Vec<(SocketId, T)>, BroadcastAckError<T>>> + 'static {
        let Self { world, target, flags, .. } = self;
        ack::many(await_acks(&world, Recipients::Matching(target), &flags, event, args))
    }

    /// Emits at once, and gives the clients' answers as they come, unparsed, and who gave none.
    ///
    /// # Errors
    /// Nothing is sent.
    pub(crate) fn emit_with_raw_acks(
        self,
        event: &str,
        args: Args,
    ) -> Result<impl Future<Output = CollectedAcks> + 'static, EmitError> {
        let Self { world, target, flags, .. } = self;
        Ok(await_acks(&world, Recipients::Matching(target), &flags, event, args)?.all())
    }

    /// Returns the sockets of the whole world: a future, because a world may be several objects one day.
    /// [`Io::sockets`](super::io::Io::sockets) needs none: it is about this object.
    pub fn fetch_sockets(self) -> impl Future<Output = Vec<Socket>> + 'static {
        futures::future::lazy(|_| self.sockets())
    }

    /// Returns the ids of the sockets, as [`fetch_sockets`](Self::fetch_sockets) does: Socket.IO's `allSockets`.
    pub async fn all_sockets(self) -> Vec<SocketId> {
        self.fetch_sockets().await.iter().map(Socket::id).collect()
    }

    pub(crate) fn sockets(self) -> Vec<Socket> {
        let Self { world, target, flags, .. } = self;
        let found = world.upgrade().map(|world| world.resolve(&Recipients::Matching(target))).unwrap_or_default();
        found.into_iter().map(|socket| Socket::new(world.clone(), socket, None, flags.suppress_hooks)).collect()
    }

    /// Makes each socket join all of these rooms, or none; see [`Socket::join`].
    ///
    /// # Errors
    /// Some would be in too many rooms: they are named, and all others joined. Or a name is too long: none joined.
    pub fn sockets_join(self, rooms: impl IntoRooms) -> Result<(), JoinError> {
        self.world.join(Recipients::Matching(self.target), rooms.to_rooms())
    }

    /// Takes them out of rooms.
    pub fn sockets_leave(self, rooms: impl IntoRooms) {
        self.world.perform(Command::Leave { to: Recipients::Matching(self.target), rooms: rooms.to_rooms() });
    }

    /// Disconnects the sockets from the namespace; with `close`, closes their connections, with all of their namespaces.
    pub fn disconnect_sockets(self, close: bool) {
        self.world.perform(Command::Disconnect { to: Recipients::Matching(self.target), close });
    }
}

fn emit(
    world: &WorldHandle,
    to: Recipients,
    namespace: &Namespace,
    predicate: Option<u32>,
    flags: Flags,
    event: &str,
    args: impl IntoArgs,
) -> Result<(), EmitError> {
    check_event(event)?;
    let args = args.into_args()?;
    let Some(world) = world.upgrade() else { return Ok(()) };
    let Flags { volatile, suppress_hooks, timeout, ack_to } = flags;
    let ack = match ack_to {
        None => AckRequest::None,
        Some(AckTo { handler: name, context }) => {
            if world.lacks_ack_handler(namespace, predicate, &name) {
                return Err(EmitError::UnknownAckHandler(name.into()));
            }
            let deadline = world.now().after(timeout.unwrap_or(ACK_TO_TIMEOUT).min(MAX_ALARM_AFTER));
            let asked = asked_one(&to, namespace, predicate);
            AckRequest::Stored { asked, name, context: context.map_err(EmitError::Context)?, deadline }
        }
    };
    world.perform(Command::Emit(Emission { to, event: event.into(), args, volatile, suppress_hooks, ack }));
    Ok(())
}

fn await_acks(
    handle: &WorldHandle,
    to: Recipients,
    flags: &Flags,
    event: &str,
    args: impl IntoArgs,
) -> Result<Waiting, EmitError> {
    check_event(event)?;
    let args = args.into_args()?;
    if flags.ack_to.is_some() {
        return Err(EmitError::TwoAcks);
    }
    let timeout = flags.timeout.unwrap_or(ACK_TIMEOUT);
    if timeout > MAX_ACK_TIMEOUT {
        return Err(EmitError::Timeout(timeout));
    }
    let Some(world) = handle.upgrade() else {
        // Nobody is left to answer: the same as a world that is gone while it is awaited.
        let (_, receiver) = futures::channel::oneshot::channel();
        return Ok(Waiting::new(handle.clone(), PendingAckId(0), receiver));
    };
    let (pending, receiver) = world.await_acks();
    let ack = AckRequest::Awaited { pending, deadline: world.now().after(timeout) };
    let (volatile, suppress_hooks) = (flags.volatile, flags.suppress_hooks);
    world.perform(Command::Emit(Emission { to, event: event.into(), args, volatile, suppress_hooks, ack }));
    Ok(Waiting::new(handle.clone(), pending, receiver))
}

fn asked_one(to: &Recipients, namespace: &Namespace, predicate: Option<u32>) -> Option<SocketRef> {
    match to {
        Recipients::One(id) => Some(SocketRef { id: *id, namespace: namespace.clone(), predicate }),
        Recipients::Matching(_) => None,
    }
}

fn check_event(event: &str) -> Result<(), EmitError> {
    if RESERVED_EVENTS.contains(&event) {
        return Err(EmitError::Reserved(event.to_owned()));
    }
    Ok(())
}
