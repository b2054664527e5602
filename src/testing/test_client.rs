//! A client, as a test handles it.

use core::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;

use serde::Serialize;

use super::client_builder::{auth_text, join, parse_namespace};
use super::clients::Clients;
use super::test_event::{ConnectError, Disconnected, TestEvent, arguments};
use crate::id::{AckId, Namespace, SocketId};
use crate::value::{Args, IntoArgs};

/// A client in one namespace of a [`TestWorld`](super::test_world::TestWorld). Cloning it gives another handle of the same client.
///
/// What it does has happened, and everybody has heard of it, when the method returns. By itself it does only what every
/// client does: it answers pings, and polls again where it polls.
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

/// The answer that a client asked for.
#[derive(Clone, Debug)]
pub struct TestAck {
    client: TestClient,
    id: AckId,
}

impl TestClient {
    /// The socket's id. It stays what it was when the client is disconnected.
    ///
    /// # Panics
    /// Never: a client without an id is refused.
    #[expect(clippy::expect_used, reason = "`join` makes no client without one")]
    pub fn id(&self) -> SocketId {
        self.clients.borrow().socket(self.socket).id.expect("a client that joined has an id")
    }

    /// The namespace.
    pub fn namespace(&self) -> Namespace {
        self.clients.borrow().socket(self.socket).namespace.clone()
    }

    /// Emits an event.
    ///
    /// # Panics
    /// When the client is not connected, or `args` cannot be written as arguments.
    #[track_caller]
    pub fn emit(&self, event: &str, args: impl IntoArgs) {
        self.connected().emit(self.socket, event, &arguments(args), false);
    }

    /// Emits an event and asks for an answer.
    ///
    /// # Panics
    /// When the client is not connected, or `args` cannot be written as arguments.
    #[track_caller]
    pub fn emit_with_ack(&self, event: &str, args: impl IntoArgs) -> TestAck {
        let id = self.connected().emit(self.socket, event, &arguments(args), true);
        TestAck { client: self.clone(), id }
    }

    /// Answers an event of the server that asked for it.
    ///
    /// # Panics
    /// When it did not ask, the client is not connected, or `args` cannot be written as arguments.
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn ack(&self, event: &TestEvent, args: impl IntoArgs) {
        let Some(id) = event.ack else { panic!("the event {:?} asks for no answer", event.name) };
        self.connected().ack(self.socket, id, &arguments(args));
    }

    /// Takes the first event that was heard and not taken yet.
    pub fn next_event(&self) -> Option<TestEvent> {
        self.clients.borrow_mut().socket_mut(self.socket).events.pop_front()
    }

    /// Takes all events that were heard and not taken yet.
    pub fn take_events(&self) -> Vec<TestEvent> {
        self.clients.borrow_mut().socket_mut(self.socket).events.drain(..).collect()
    }

    /// Joins another namespace on the same connection, without auth.
    ///
    /// # Panics
    /// When the client is refused, or its connection is closed.
    #[track_caller]
    #[expect(clippy::panic, reason = "the test expects to be let in")]
    pub fn also_connect(&self, namespace: &str) -> Self {
        match self.try_join(namespace, None) {
            Ok(client) => client,
            Err(error) => panic!("the world refuses a client in {namespace}: {error}"),
        }
    }

    /// Joins another namespace on the same connection, which stays open either way.
    ///
    /// # Errors
    /// What the client is told instead.
    ///
    /// # Panics
    /// When the connection is closed, or `auth` cannot be written as JSON.
    #[track_caller]
    pub fn try_also_connect(&self, namespace: &str, auth: impl Serialize) -> Result<Self, ConnectError> {
        self.try_join(namespace, Some(&auth_text(auth)))
    }

    /// Leaves the namespace. The connection stays.
    ///
    /// # Panics
    /// When the client is not connected.
    #[track_caller]
    pub fn disconnect(&self) {
        self.connected().leave(self.socket);
    }

    /// Closes the connection, with all of its namespaces.
    ///
    /// # Panics
    /// When it is closed.
    #[track_caller]
    pub fn close(&self) {
        self.end(Disconnected::ByClient);
    }

    /// The connection breaks, with all of its namespaces. Of one that polls, the world learns when pings are not answered.
    ///
    /// # Panics
    /// When it is closed.
    #[track_caller]
    pub fn lose(&self) {
        self.end(Disconnected::Lost);
    }

    /// The client reads nothing more: neither events nor pings. One that polls still gets the answer to the GET that
    /// hangs.
    pub fn stop_reading(&self) {
        self.set_reading(false);
    }

    /// The client reads again, and first what was sent to it meanwhile.
    pub fn read_again(&self) {
        self.set_reading(true);
    }

    /// A client that polls takes a WebSocket, as JavaScript's does by itself; 100 ms pass.
    ///
    /// # Panics
    /// When it does not poll, or the world refuses.
    #[track_caller]
    pub fn upgrade(&self) {
        let mut clients = self.open_connection();
        let connection = clients.socket(self.socket).connection;
        assert!(clients.upgrade(connection), "this client cannot upgrade");
    }

    /// Sends an Engine.IO packet that no client in good order would send, as it is written: `4` and a Socket.IO packet, or
    /// something else. For tests of what becomes of clients that break the rules.
    ///
    /// # Panics
    /// When the connection is closed.
    #[track_caller]
    pub fn send_packet(&self, text: &str) {
        let mut clients = self.open_connection();
        let connection = clients.socket(self.socket).connection;
        clients.send_packet(connection, text);
    }

    /// Whether the client is in its namespace.
    pub fn is_connected(&self) -> bool {
        self.disconnected().is_none()
    }

    /// Why the client is not in its namespace any more.
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
    /// The answer; `None` while there is none.
    pub fn answer(&self) -> Option<Args> {
        let clients: Ref<'_, Clients> = self.client.clients.borrow();
        clients.socket(self.client.socket).answers.get(&self.id).cloned()
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "a mistake in the test")]
fn not_connected(why: Disconnected) -> ! {
    panic!("this client is not connected any more: {why:?}")
}
