//! The handle of a client in a namespace.

use core::future::Future;
use core::time::Duration;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::conn::Conn;
use super::delegate::delegate;
use super::handshake::Handshake;
use super::into_rooms::{IntoRooms, rooms_of};
use super::io::Io;
use super::operator::{BroadcastOperator, SocketEmitter};
use super::world_api::WorldHandle;
use crate::core::dispatch::SocketRef;
use crate::core::input::{Command, Recipients};
use crate::core::view::{GoneSocket, SocketView};
use crate::error::{AckError, EmitError, Failure, JoinError};
use crate::id::{Namespace, Room, SocketId};
use crate::limits::MAX_DATA_BYTES;
use crate::value::{FromArgs, IntoArgs, json};

/// A client in a namespace. It is a handle: clones are the same socket. It may outlive the socket; its methods do nothing then.
#[derive(Clone, Debug)]
pub struct Socket {
    pub(crate) world: WorldHandle,
    pub(crate) target: SocketRef,
    /// The socket as it was when it left its namespace, if the handler is called because of that.
    gone: Option<Rc<GoneSocket>>,
    /// Whether events emitted through this handle do not call the handlers of outgoing events.
    pub(crate) suppress_hooks: bool,
}

impl PartialEq for Socket {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Socket {}

impl Socket {
    pub(crate) const fn new(
        world: WorldHandle,
        target: SocketRef,
        gone: Option<Rc<GoneSocket>>,
        suppress_hooks: bool,
    ) -> Self {
        Self { world, target, gone, suppress_hooks }
    }

    /// Returns the socket's id, which is unique to this namespace and connection.
    pub const fn id(&self) -> SocketId {
        self.target.id
    }

    /// Returns the name of the socket's namespace.
    pub const fn namespace(&self) -> &Namespace {
        &self.target.namespace
    }

    /// Returns the part of the namespace's name that its template calls `name`, such as `n` in `/dynamic-{n}`. `None` if the
    /// namespace has no template, or the template has no such part.
    pub fn param(&self, name: &str) -> Option<String> {
        self.world.upgrade()?.namespace_param(&self.target.namespace, name)
    }

    /// Returns the socket's namespace: Socket.IO's `socket.nsp`.
    pub fn io(&self) -> Io {
        Io::new(self.world.clone(), self.target.namespace.clone(), self.target.predicate, self.suppress_hooks)
    }

    /// Whether the socket is connected to its namespace.
    pub fn is_connected(&self) -> bool {
        self.look(|view| view.is_connected).unwrap_or_default()
    }

    /// Returns the request that opened the connection, with the client's auth. `None` if the socket is gone, unless the handler
    /// is called because it left.
    pub fn handshake(&self) -> Option<Handshake> {
        self.look(|view| Handshake::of(view.facts))
    }

    /// Returns the socket's connection, which sockets in other namespaces may share. `None` if the socket is gone, unless the
    /// handler is called because it left.
    pub fn conn(&self) -> Option<Conn> {
        self.look(|view| view.conn.as_ref().map(Conn::new)).flatten()
    }

    /// Returns the socket's rooms, its own first; in `on_disconnecting` and `on_disconnect`, the rooms that it was in.
    pub fn rooms(&self) -> Vec<Room> {
        self.look(|view| view.facts.rooms()).unwrap_or_default()
    }

    /// Returns the data that [`set_data`](Self::set_data) stored with the socket, or `T`'s default if there is none.
    ///
    /// # Errors
    /// The data is not a `T`.
    pub fn data<T: DeserializeOwned + Default>(&self) -> Result<T, Failure> {
        match self.data_as_json() {
            Some(json) => Ok(json::from_str(&json)?),
            None => Ok(T::default()),
        }
    }

    // What is not generic is in the wasm once.
    fn data_as_json(&self) -> Option<Rc<str>> {
        self.look(|view| view.facts.data().cloned()).flatten()
    }

    /// Returns the key of the socket's session, of the app's sessions of users.
    pub(crate) fn user_session(&self) -> Option<Rc<str>> {
        self.look(|view| view.facts.user_session().cloned()).flatten()
    }

    /// Sets the key of the socket's session if the socket still has the one that is `expected`: a message that waited must not undo
    /// what another one has done meanwhile. Returns whether it had.
    pub(crate) fn replace_user_session(&self, expected: Option<&str>, session: Option<&str>) -> bool {
        let is_expected = self.user_session().as_deref() == expected;
        if is_expected && expected != session {
            self.world.perform(Command::SetUserSession { socket: self.id(), session: session.map(Into::into) });
        }
        is_expected
    }

    /// Stores data with the socket: Socket.IO's `socket.data`. It survives sleep, is readable on the sockets that
    /// [`fetch_sockets`](BroadcastOperator::fetch_sockets) returns, and may have 65,536 bytes of JSON. Guards may set it, too.
    ///
    /// ```
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::extract::SocketData;
    /// use dormouse::{App, Failure, Socket};
    ///
    /// #[derive(Default, serde::Deserialize, serde::Serialize)]
    /// struct Player { moves: u32 }
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on("move", moved))
    /// }
    ///
    /// async fn moved(socket: Socket, SocketData(player): SocketData<Player>) -> Result<(), Failure> {
    ///     let player = Player { moves: player.moves + 1 };
    ///     socket.set_data(&player)?;
    ///     Ok(socket.emit("moves", player.moves)?)
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// anna.emit("move", ());
    /// world.sleep();
    /// anna.emit("move", ());
    /// assert_eq!(anna.take_events(), [TestEvent::new("moves", 1), TestEvent::new("moves", 2)]);
    /// ```
    ///
    /// # Errors
    /// The data cannot be written as JSON, or is too long, or the world keeps as much of its clients as it may; the earlier data
    /// stays.
    pub fn set_data<T: Serialize + ?Sized>(&self, data: &T) -> Result<(), Failure> {
        self.set_data_as_json(serde_json::to_string(data)?)
    }

    fn set_data_as_json(&self, json: String) -> Result<(), Failure> {
        if json.len() > MAX_DATA_BYTES {
            let problem = format!("a socket's data has {} bytes, and may have {MAX_DATA_BYTES}", json.len());
            return Err(Failure::new("DATA_TOO_LONG", problem));
        }
        if self.world.upgrade().is_some_and(|world| !world.can_store_data(self.id(), json.len())) {
            let problem =
                format!("the world keeps as much of its clients as it may; this data has {} bytes", json.len());
            return Err(Failure::new("WORLD_FULL", problem));
        }
        self.world.perform(Command::SetData { socket: self.id(), data: Some(json.into()) });
        Ok(())
    }

    /// Joins rooms: all of them, or none. Guards may call it, too; the socket is in the rooms once the guards have accepted it. A
    /// socket may be in 10,000 rooms besides its own. The name of a room may have 4,096 bytes.
    ///
    /// ```
    /// use dormouse::testing::TestWorld;
    /// use dormouse::error::JoinError;
    /// use dormouse::{App, Data, Failure, Socket};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns.on_connect(greet).on("enter", enter))
    /// }
    ///
    /// async fn greet(socket: Socket) -> Result<(), JoinError> {
    ///     socket.join("lobby")
    /// }
    ///
    /// async fn enter(socket: Socket, Data(room): Data<String>) -> Result<(), Failure> {
    ///     socket.join(&room)?;
    ///     socket.to(room).emit("entered", socket.id())?;
    ///     Ok(())
    /// }
    /// # TestWorld::new(app).connect("/").emit("enter", "kitchen");
    /// ```
    ///
    /// # Errors
    /// The socket would be in too many rooms, or a name is too long. A socket that is gone is no error.
    pub fn join(&self, rooms: impl IntoRooms) -> Result<(), JoinError> {
        self.world.join(Recipients::One(self.id()), rooms_of(rooms))
    }

    /// Leaves rooms. The socket stays in the room of its own id.
    pub fn leave(&self, rooms: impl IntoRooms) {
        self.world.perform(Command::Leave { to: Recipients::One(self.id()), rooms: rooms_of(rooms) });
    }

    /// Disconnects the socket from its namespace; with `close`, closes the client's connection, with all of its namespaces.
    pub fn disconnect(&self, close: bool) {
        self.world.perform(Command::Disconnect { to: Recipients::One(self.id()), close });
    }

    delegate! { emitter:
        /// Emits an event to this client only: a tuple is several arguments, everything else is one.
        ///
        /// # Errors
        /// The event's name is reserved, or an argument cannot be sent; nothing is sent then. A socket that is gone is no
        /// error.
        pub fn emit(&self, event: &str, args: impl IntoArgs) -> Result<(), EmitError>;

        /// Emits the event `message`, as Socket.IO's `send` does.
        ///
        /// # Errors
        /// The same as those of [`emit`](Self::emit).
        pub fn send(&self, args: impl IntoArgs) -> Result<(), EmitError>;

        /// Targets all other sockets in any of these rooms, never this socket itself. To emit to the room of this socket's own
        /// id, use [`Io::to`].
        pub fn to(&self, rooms: impl IntoRooms) -> BroadcastOperator;

        /// The same as [`to`](Self::to): Socket.IO's `in`, which is a keyword in Rust.
        pub fn within(&self, rooms: impl IntoRooms) -> BroadcastOperator;

        /// Targets all other sockets in the namespace that are in none of these rooms.
        pub fn except(&self, rooms: impl IntoRooms) -> BroadcastOperator;

        /// Targets all other sockets in the namespace.
        pub fn broadcast(&self) -> BroadcastOperator;

        /// Drops the event if this client is not ready; see [`SocketEmitter::volatile`].
        pub fn volatile(&self) -> SocketEmitter;

        /// Does nothing; see [`SocketEmitter::compress`].
        pub fn compress(&self, compress: bool) -> SocketEmitter;

        /// Sets how long this client has to acknowledge; see [`SocketEmitter::timeout`].
        pub fn timeout(&self, timeout: Duration) -> SocketEmitter;

        /// Sends the acknowledgement to a handler; see [`SocketEmitter::ack_to`].
        pub fn ack_to(&self, handler: &str, context: impl Serialize) -> SocketEmitter;
    }

    /// Targets all other sockets in the namespace that are connected to this object. Today, a world is one object.
    pub fn local(&self) -> BroadcastOperator {
        self.broadcast()
    }

    /// Emits an event at once, and returns the client's acknowledgement when it arrives, up to 60 s later. Use
    /// [`timeout`](SocketEmitter::timeout) for another time, and [`ack_to`](SocketEmitter::ack_to) for an acknowledgement during
    /// which the world may hibernate. For the errors, see [`SocketEmitter::emit_with_ack`].
    ///
    /// ```
    /// use dormouse::error::AckError;
    /// use dormouse::Socket;
    ///
    /// async fn ask(socket: Socket) -> Result<(), AckError> {
    ///     let name: String = socket.emit_with_ack("what is your name?", ()).await?;
    ///     let _ = socket.broadcast().emit("joined", name);
    ///     Ok(())
    /// }
    /// # dormouse::App::new().namespace("/", |ns| ns.on_connect(ask));
    /// ```
    pub fn emit_with_ack<T: FromArgs + 'static>(
        &self,
        event: &str,
        args: impl IntoArgs,
    ) -> impl Future<Output = Result<T, AckError>> + 'static {
        self.emitter().emit_with_ack(event, args)
    }

    fn emitter(&self) -> SocketEmitter {
        SocketEmitter::new(self.clone())
    }

    /// Whether the `once` handlers of an event were called, or need not be because the socket is gone.
    pub(crate) fn had_once(&self, event: &str) -> bool {
        self.look(|view| view.facts.had_once(event)).unwrap_or(true)
    }

    /// Calls `read` with the socket, as it is or as this handle keeps it, and returns the result. `None` if the socket is gone.
    fn look<T>(&self, read: impl Fn(&SocketView<'_>) -> T) -> Option<T> {
        if let Some(gone) = &self.gone {
            return Some(read(&gone.view()));
        }
        let mut found = None;
        self.world.upgrade()?.with_socket(self.id(), &mut |view| found = Some(read(view)));
        found
    }
}
