//! The operators between `socket` or `io` and `emit`: they select the sockets that get an event, and set its options.

use core::future::Future;
use core::time::Duration;

use serde::Serialize;

use super::awaited_acks;
use super::awaited_acks::AwaitedAcks;
use super::into_rooms::{IntoRooms, rooms_of};
use super::outbound::{EmitOptions, Outbound, emitter_methods};
use super::socket::Socket;
use super::world_api::WorldHandle;
use crate::core::input::{Command, Recipients, Target};
use crate::error::{AckError, BroadcastAckError, EmitError, JoinError};
use crate::id::{Namespace, SocketId};
use crate::value::{Args, FromArgs, IntoArgs};

/// An emitter for many sockets: Socket.IO's `BroadcastOperator`. [`Socket::to`], [`Io::to`](super::io::Io::to) and similar
/// methods return it.
///
/// ```
/// use core::time::Duration;
/// use dormouse::testing::TestWorld;
/// use dormouse::error::BroadcastAckError;
/// use dormouse::{Ack, App, Socket};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on_connect(async |socket: Socket| socket.join("voters")).on("count", count))
/// }
///
/// /// Counts those who say yes, and those who say nothing within five seconds.
/// async fn count(socket: Socket) -> Result<Ack<(usize, usize)>, BroadcastAckError<bool>> {
///     let voters = socket.to("voters").timeout(Duration::from_secs(5));
///     let (acks, missing) = match voters.emit_with_ack::<bool>("yes?", ()).await {
///         Ok(acks) => (acks, 0),
///         Err(BroadcastAckError::Incomplete(some)) => (some.acks, some.missing.len()),
///         Err(error) => return Err(error),
///     };
///     Ok(Ack((acks.iter().filter(|(_, yes)| *yes).count(), missing)))
/// }
///
/// let world = TestWorld::new(app);
/// let (anna, ben, _silent) = (world.connect("/"), world.connect("/"), world.connect("/"));
/// let counted = anna.emit_with_ack("count", ());
/// ben.ack(&ben.next_event().expect("the question"), true);
/// assert_eq!(counted.args(), None);
/// world.advance(Duration::from_secs(5));
/// assert_eq!(counted.args().expect("an acknowledgement").parse(), Ok((1, 1)));
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `emit` or another of its last methods"]
pub struct BroadcastOperator {
    world: WorldHandle,
    target: Target,
    predicate: Option<u32>,
    options: EmitOptions,
}

/// An emitter for one socket, with options. [`Socket::volatile`], [`Socket::timeout`] and similar methods return it.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `emit`"]
pub struct SocketEmitter {
    socket: Socket,
    options: EmitOptions,
}

impl SocketEmitter {
    pub(super) fn new(socket: Socket) -> Self {
        let options = EmitOptions { suppress_hooks: socket.suppress_hooks, ..EmitOptions::default() };
        Self { socket, options }
    }

    emitter_methods!();

    /// Targets all other sockets in any of these rooms, instead of the socket itself.
    pub fn to(self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.broadcast().to(rooms)
    }

    /// Targets all other sockets in the namespace that are in none of these rooms, instead of the socket itself.
    pub fn except(self, rooms: impl IntoRooms) -> BroadcastOperator {
        self.broadcast().except(rooms)
    }

    /// Targets all other sockets in the namespace, instead of the socket itself.
    pub fn broadcast(self) -> BroadcastOperator {
        let Self { socket, options } = self;
        let sender = Some(socket.id());
        let target = Target { sender, ..Target::namespace(socket.namespace().clone()) };
        BroadcastOperator { predicate: socket.target.predicate, world: socket.world, target, options }
    }

    /// Emits an event at once, and returns the client's acknowledgement when it arrives. The world stays awake while it is
    /// awaited; use [`ack_to`](Self::ack_to) for acknowledgements that may take longer.
    ///
    /// The future returns an error if the event cannot be sent, the [`timeout`](Self::timeout) is longer than ten minutes,
    /// [`ack_to`](Self::ack_to) was called, the client did not acknowledge in time or disconnected, or its acknowledgement is not
    /// a `T`.
    pub fn emit_with_ack<T: FromArgs + 'static>(
        self,
        event: &str,
        args: impl IntoArgs,
    ) -> impl Future<Output = Result<T, AckError>> + 'static {
        awaited_acks::one(self.outbound().emit_with_ack(event, args.into_args()))
    }

    fn outbound(self) -> Outbound {
        let Self { socket: Socket { world, target, .. }, options } = self;
        let (namespace, predicate) = (target.namespace, target.predicate);
        Outbound { world, to: Recipients::One(target.id), namespace, predicate, options }
    }
}

impl BroadcastOperator {
    pub(super) fn new(world: WorldHandle, namespace: Namespace, predicate: Option<u32>, suppress_hooks: bool) -> Self {
        let options = EmitOptions { suppress_hooks, ..EmitOptions::default() };
        Self { world, target: Target::namespace(namespace), predicate, options }
    }

    emitter_methods!();

    /// Targets the sockets in any of these rooms, in addition to the rooms that were named before. A socket in several rooms
    /// gets the event once.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        rooms.into_rooms(&mut self.target.rooms);
        self
    }

    /// Leaves out the sockets in any of these rooms.
    pub fn except(mut self, rooms: impl IntoRooms) -> Self {
        rooms.into_rooms(&mut self.target.except);
        self
    }

    /// Targets the sockets of this object only. Today, a world is one object, and these are all.
    pub const fn local(self) -> Self {
        self
    }

    /// Emits an event at once, and returns one acknowledgement for each client when all have arrived. The world stays awake while
    /// they are awaited.
    ///
    /// The future returns [`BroadcastAckError::Incomplete`] if a client did not acknowledge before the
    /// [`timeout`](Self::timeout), disconnected, or sent an acknowledgement that is not a `T`: the error has the acknowledgements
    /// that arrived, and the sockets whose acknowledgements are missing. It returns [`BroadcastAckError::Emit`] if the event
    /// cannot be sent, the timeout is longer than ten minutes, or [`ack_to`](Self::ack_to) was called.
    pub fn emit_with_ack<T: FromArgs + 'static>(
        self,
        event: &str,
        args: impl IntoArgs,
    ) -> impl Future<Output = Result<Vec<(SocketId, T)>, BroadcastAckError<T>>> + 'static {
        awaited_acks::many(self.outbound().emit_with_ack(event, args.into_args()))
    }

    /// Emits an event at once, and returns the acknowledgements unparsed, with the sockets that sent none. They come at the end of the turn.
    ///
    /// # Errors
    /// The event cannot be sent as it is, or the timeout is too long; nothing is sent then.
    pub(crate) fn emit_with_raw_acks(self, event: &str, args: Args) -> Result<AwaitedAcks, EmitError> {
        Ok(self.outbound().emit_with_ack(event, Ok(args))?.at_end_of_turn())
    }

    /// Returns the sockets, of the whole world. It is async because a world may be several objects one day;
    /// [`sockets`](Self::sockets), which returns the sockets of this object only, is not.
    pub fn fetch_sockets(self) -> impl Future<Output = Vec<Socket>> + 'static {
        futures::future::lazy(move |_| self.sockets())
    }

    /// Returns the ids of the sockets, as [`fetch_sockets`](Self::fetch_sockets) does: Socket.IO's `allSockets`.
    pub async fn all_sockets(self) -> Vec<SocketId> {
        self.fetch_sockets().await.iter().map(Socket::id).collect()
    }

    /// Returns the sockets that are connected to this object, at once: `io.within("lobby").sockets()`. Today, a world is one object, and
    /// these are all.
    ///
    /// ```
    /// use dormouse::{Ack, App, Io};
    ///
    /// async fn who_is_in(io: Io) -> Ack<Vec<String>> {
    ///     let here = io.within("lobby").sockets();
    ///     Ack(here.iter().filter_map(|socket| socket.data().ok()).collect())
    /// }
    /// # let _ = App::new().namespace("/", |ns| ns.on("who", who_is_in));
    /// ```
    pub fn sockets(&self) -> Vec<Socket> {
        let Self { world, target, options, .. } = self;
        let all = Recipients::Matching(target.clone());
        let found = world.upgrade().map(|world| world.resolve(&all)).unwrap_or_default();
        found.into_iter().map(|socket| Socket::new(world.clone(), socket, None, options.suppress_hooks)).collect()
    }

    /// Makes each socket join all of these rooms, or none; see [`Socket::join`].
    ///
    /// # Errors
    /// [`JoinError::TooManyRooms`] names the sockets that would be in too many rooms; all other sockets joined. With
    /// [`JoinError::NameTooLong`], no socket joined.
    pub fn sockets_join(self, rooms: impl IntoRooms) -> Result<(), JoinError> {
        self.world.join(Recipients::Matching(self.target), rooms_of(rooms))
    }

    /// Makes the sockets leave rooms.
    pub fn sockets_leave(self, rooms: impl IntoRooms) {
        self.world.perform(Command::Leave { to: Recipients::Matching(self.target), rooms: rooms_of(rooms) });
    }

    /// Disconnects the sockets from the namespace; with `close`, closes their connections, with all of their namespaces.
    pub fn disconnect_sockets(self, close: bool) {
        self.world.perform(Command::Disconnect { to: Recipients::Matching(self.target), close });
    }

    fn outbound(self) -> Outbound {
        let Self { world, target, predicate, options } = self;
        let namespace = target.namespace.clone();
        Outbound { world, to: Recipients::Matching(target), namespace, predicate, options }
    }
}
