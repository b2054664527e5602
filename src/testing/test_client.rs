//! A test's handle of a client.

use core::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;

use serde::Serialize;

use super::client_builder::{auth_text, join, parse_namespace};
use super::clients::Clients;
use super::test_event::{ConnectError, Disconnected, TestEvent, arguments};
use crate::id::{AckId, Namespace, SocketId};
use crate::value::{Args, IntoArgs};

/// A client in one namespace of a [`TestWorld`](super::test_world::TestWorld). A clone is another handle of the same client.
///
/// When a method returns, the server has handled what the client did, and all clients have received the resulting events. Without
/// being told to, a client only acks pings and, if it polls, sends the next GET.
///
/// ```
/// use dormouse::testing::{Disconnected, TestEvent, TestWorld};
/// use dormouse::error::AckError;
/// use dormouse::{App, Socket};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on_connect(ask))
/// }
///
/// async fn ask(socket: Socket) -> Result<(), AckError> {
///     let name: String = socket.emit_with_ack("your name?", ()).await?;
///     socket.broadcast().emit("joined", name)?;
///     Ok(())
/// }
///
/// let world = TestWorld::new(app);
/// let (anna, ben) = (world.connect("/"), world.connect("/"));
/// let question = anna.next_event().expect("the question");
/// anna.ack(&question, "Anna");
/// assert_eq!(ben.take_events().last(), Some(&TestEvent::new("joined", "Anna")));
/// anna.close();
/// assert_eq!(anna.disconnected(), Some(Disconnected::ByClient));
/// ```
#[derive(Clone, Debug)]
pub struct TestClient {
    pub(super) clients: Rc<RefCell<Clients>>,
    pub(super) socket: usize,
}

/// The acknowledgement that a client asked for, made by [`TestClient::emit_with_ack`].
#[derive(Clone, Debug)]
pub struct TestAck {
    client: TestClient,
    id: AckId,
}

impl TestClient {
    /// Returns the socket's id, also after the client is disconnected.
    ///
    /// # Panics
    /// Never: a `TestClient` exists only once the server has assigned the id.
    #[expect(clippy::expect_used, reason = "`join` makes no client without one")]
    pub fn id(&self) -> SocketId {
        self.clients.borrow().socket(self.socket).id.expect("a client that joined has an id")
    }

    /// Returns the namespace.
    pub fn namespace(&self) -> Namespace {
        self.clients.borrow().socket(self.socket).namespace.clone()
    }

    /// Emits an event.
    ///
    /// # Panics
    /// If the client is not connected, or `args` cannot be written as arguments.
    #[track_caller]
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        self.connected().emit(self.socket, event, &arguments(args), false);
    }

    /// Emits an event and asks for an acknowledgement.
    ///
    /// # Panics
    /// If the client is not connected, or `args` cannot be written as arguments.
    #[track_caller]
    pub fn emit_with_ack(&self, event: &str, args: impl IntoArgs) -> TestAck {
        let id = self.connected().emit(self.socket, event, &arguments(args), true);
        TestAck { client: self.clone(), id }
    }

    /// Acknowledges an event of the server.
    ///
    /// # Panics
    /// If the event asks for no acknowledgement, the client is not connected, or `args` cannot be written as arguments.
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn ack(&self, event: &TestEvent, args: impl IntoArgs) {
        let Some(id) = event.ack else { panic!("the event {:?} asks for no answer", event.name) };
        self.connected().ack(self.socket, id, &arguments(args));
    }

    /// Takes the oldest received event, or returns `None` if there is none.
    pub fn next_event(&self) -> Option<TestEvent> {
        self.clients.borrow_mut().socket_mut(self.socket).events.pop_front()
    }

    /// Takes all received events, oldest first.
    pub fn take_events(&self) -> Vec<TestEvent> {
        self.clients.borrow_mut().socket_mut(self.socket).events.drain(..).collect()
    }

    /// Joins another namespace on the same connection, without auth.
    ///
    /// # Panics
    /// If the client is refused, its connection is closed, `namespace` is not a valid name, or a guard waits.
    #[track_caller]
    #[expect(clippy::panic, reason = "the test expects that the client is accepted")]
    pub fn also_connect(&self, namespace: &str) -> Self {
        match self.try_join(namespace, None) {
            Ok(client) => client,
            Err(error) => panic!("{}", self.clients.borrow().refused(namespace, &error)),
        }
    }

    /// Joins another namespace on the same connection, which stays open even if the client is refused.
    ///
    /// # Errors
    /// The error that a refused client receives.
    ///
    /// # Panics
    /// If the connection is closed, `namespace` is not a valid name, `auth` cannot be written as JSON, or a guard waits.
    #[track_caller]
    pub fn try_also_connect(&self, namespace: &str, auth: impl Serialize) -> Result<Self, ConnectError> {
        self.try_join(namespace, Some(&auth_text(auth)))
    }

    /// Leaves the namespace. The connection stays open.
    ///
    /// # Panics
    /// If the client is not connected.
    #[track_caller]
    pub fn disconnect(&self) {
        self.connected().leave(self.socket);
    }

    /// Closes the connection, and with it leaves all of its namespaces.
    ///
    /// # Panics
    /// If the connection is closed.
    #[track_caller]
    pub fn close(&self) {
        self.end(Disconnected::ByClient);
    }

    /// Breaks the connection, as a lost network does, with all of its namespaces. The server notices a broken WebSocket at once,
    /// and the loss of a polling client at its ping timeout.
    ///
    /// # Panics
    /// If the connection is closed.
    #[track_caller]
    pub fn lose(&self) {
        self.end(Disconnected::Lost);
    }

    /// Makes the client read nothing more, neither events nor pings. A polling client still receives the response to its pending
    /// GET.
    pub fn stop_reading(&self) {
        self.set_reading(false);
    }

    /// Makes the client read again, beginning with what was sent to it in the meantime.
    pub fn read_again(&self) {
        self.set_reading(true);
    }

    /// Upgrades a polling client to a WebSocket, as a JavaScript client does by itself. The world's clock advances by 100 ms.
    ///
    /// # Panics
    /// If the client does not poll, its connection is closed, or the server refuses the upgrade.
    #[track_caller]
    pub fn upgrade(&self) {
        let mut clients = self.open_connection();
        let connection = clients.socket(self.socket).connection;
        assert!(clients.upgrade(connection), "this client cannot upgrade");
    }

    /// Sends a raw Engine.IO packet, such as `4` and a Socket.IO packet. Use it to test how the server treats clients that
    /// violate the protocol.
    ///
    /// # Panics
    /// If the connection is closed.
    #[track_caller]
    pub fn send_packet(&self, text: &str) {
        let mut clients = self.open_connection();
        let connection = clients.socket(self.socket).connection;
        clients.send_packet(connection, text);
    }

    /// Returns whether the client is in its namespace.
    pub fn is_connected(&self) -> bool {
        self.disconnected().is_none()
    }

    /// Returns why the client is no longer in its namespace, or `None` while it is connected.
    pub fn disconnected(&self) -> Option<Disconnected> {
        self.clients.borrow().socket(self.socket).disconnected
    }

    fn set_reading(&self, reading: bool) {
        let connection = self.clients.borrow().socket(self.socket).connection;
        self.clients.borrow_mut().set_reading(connection, reading);
    }

    #[track_caller]
    fn connected(&self) -> RefMut<'_, Clients> {
        if let Some(why) = self.disconnected() {
            not_connected(why);
        }
        self.clients.borrow_mut()
    }

    #[track_caller]
    fn end(&self, why: Disconnected) {
        let mut clients = self.open_connection();
        let connection = clients.socket(self.socket).connection;
        clients.end(connection, why);
    }

    #[track_caller]
    fn try_join(&self, namespace: &str, auth: Option<&str>) -> Result<Self, ConnectError> {
        let namespace = parse_namespace(namespace);
        let connection = self.open_connection().socket(self.socket).connection;
        join(&self.clients, connection, namespace, auth)
    }

    #[track_caller]
    fn open_connection(&self) -> RefMut<'_, Clients> {
        let clients = self.clients.borrow_mut();
        let socket = clients.socket(self.socket);
        if !clients.is_open(socket.connection) {
            not_connected(socket.disconnected.unwrap_or(Disconnected::Lost));
        }
        clients
    }
}

impl TestAck {
    /// Returns the acknowledgement's arguments, or `None` if it has not arrived.
    pub fn args(&self) -> Option<Args> {
        let clients: Ref<'_, Clients> = self.client.clients.borrow();
        clients.socket(self.client.socket).acks.get(&self.id).cloned()
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "a mistake in the test")]
fn not_connected(why: Disconnected) -> ! {
    panic!("this client is not connected any more: {why:?}")
}
