//! Connecting the clients of a test.

use core::cell::RefCell;
use std::rc::Rc;

use serde::Serialize;

use super::clients::{Clients, Handshake};
use super::test_client::TestClient;
use super::test_event::{ConnectError, Disconnected};
use crate::id::Namespace;

/// A builder for a client that is about to connect, made by [`TestWorld::client`](super::test_world::TestWorld::client).
///
/// ```
/// use dormouse::testing::TestWorld;
/// use dormouse::socket::Conn;
/// use dormouse::{App, Ack, Socket};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns.on("transport", transport))
/// }
///
/// async fn transport(socket: Socket) -> Ack<Option<&'static str>> {
///     Ack(socket.conn().as_ref().map(Conn::transport))
/// }
///
/// let world = TestWorld::new(app);
/// let anna = world.client().polling().query("version", "2").connect("/");
/// let answer = |client: &dormouse::testing::TestClient| {
///     client.emit_with_ack("transport", ()).args().and_then(|args| args.parse::<String>().ok())
/// };
/// assert_eq!(answer(&anna).as_deref(), Some("polling"));
/// anna.upgrade();
/// assert_eq!(answer(&anna).as_deref(), Some("websocket"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "the client does not connect until `connect`, `try_connect` or `start` is called"]
pub struct ClientBuilder {
    clients: Rc<RefCell<Clients>>,
    handshake: Handshake,
    auth: Option<String>,
}

/// A client that has sent CONNECT and may still wait for the response, made by [`ClientBuilder::start`].
#[derive(Clone, Debug)]
pub struct TestConnect {
    clients: Rc<RefCell<Clients>>,
    socket: usize,
}

impl ClientBuilder {
    pub(super) fn new(clients: &Rc<RefCell<Clients>>) -> Self {
        Self { clients: Rc::clone(clients), handshake: Handshake::default(), auth: None }
    }

    /// Sets the auth payload of CONNECT, a JSON object. Without it, the client sends none.
    ///
    /// # Panics
    /// If `auth` cannot be written as JSON.
    #[track_caller]
    pub fn auth(mut self, auth: impl Serialize) -> Self {
        self.auth = Some(auth_text(auth));
        self
    }

    /// Adds a header to the request that opens the connection.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.handshake.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// Adds a query parameter to the request that opens the connection.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.handshake.query.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the client's IP address, as the platform reports it. Without it, the address is empty.
    pub fn address(mut self, address: &str) -> Self {
        address.clone_into(&mut self.handshake.address);
        self
    }

    /// Makes the client connect by `https` or `wss`.
    pub fn secure(mut self) -> Self {
        self.handshake.secure = true;
        self
    }

    /// Makes the client connect by HTTP long-polling. It upgrades only when [`TestClient::upgrade`] is called. While it polls,
    /// the world cannot sleep.
    pub fn polling(mut self) -> Self {
        self.handshake.polling = true;
        self
    }

    /// Connects to a namespace.
    ///
    /// # Panics
    /// If the client is refused, `namespace` is not a valid name, or a guard waits: see [`start`](Self::start).
    #[track_caller]
    #[expect(clippy::panic, reason = "the test expects that the client is accepted")]
    pub fn connect(self, namespace: &str) -> TestClient {
        let clients = Rc::clone(&self.clients);
        match self.try_connect(namespace) {
            Ok(client) => client,
            Err(error) => panic!("{}", clients.borrow().refused(namespace, &error)),
        }
    }

    /// Connects to a namespace.
    ///
    /// # Errors
    /// The error that a refused client receives. Its connection is closed.
    ///
    /// # Panics
    /// If `namespace` is not a valid name, or a guard waits: see [`start`](Self::start).
    #[track_caller]
    pub fn try_connect(self, namespace: &str) -> Result<TestClient, ConnectError> {
        let Self { clients, handshake, auth } = self;
        let namespace = parse_namespace(namespace);
        let connection = clients.borrow_mut().open(&handshake)?;
        let joined = join(&clients, connection, namespace, auth.as_deref());
        if joined.is_err() && clients.borrow().is_open(connection) {
            clients.borrow_mut().end(connection, Disconnected::ByClient);
        }
        joined
    }

    /// Sends CONNECT for a namespace without waiting for the response, which a waiting guard may delay.
    ///
    /// # Errors
    /// The error that the client receives if its connection is refused.
    ///
    /// # Panics
    /// If `namespace` is not a valid name.
    #[track_caller]
    pub fn start(self, namespace: &str) -> Result<TestConnect, ConnectError> {
        let Self { clients, handshake, auth } = self;
        let namespace = parse_namespace(namespace);
        let connection = clients.borrow_mut().open(&handshake)?;
        let socket = clients.borrow_mut().join(connection, namespace, auth.as_deref());
        Ok(TestConnect { clients, socket })
    }
}

impl TestConnect {
    /// Returns the result of the CONNECT, or `None` while the client waits for it.
    ///
    /// # Errors
    /// The error that a refused or disconnected client receives.
    pub fn outcome(&self) -> Option<Result<TestClient, ConnectError>> {
        outcome(&self.clients, self.socket)
    }

    /// Closes the connection.
    pub fn close(self) {
        let mut clients = self.clients.borrow_mut();
        let connection = clients.socket(self.socket).connection;
        clients.end(connection, Disconnected::ByClient);
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "the test expects a response")]
pub(super) fn join(
    clients: &Rc<RefCell<Clients>>,
    connection: usize,
    namespace: Namespace,
    auth: Option<&str>,
) -> Result<TestClient, ConnectError> {
    let name = namespace.as_str().to_owned();
    let socket = clients.borrow_mut().join(connection, namespace, auth);
    let Some(outcome) = outcome(clients, socket) else {
        panic!("the world has not answered the CONNECT to {name}: see `ClientBuilder::start`")
    };
    outcome
}

/// Returns the result of a CONNECT, or `None` while the client waits for it.
fn outcome(clients: &Rc<RefCell<Clients>>, number: usize) -> Option<Result<TestClient, ConnectError>> {
    let all = clients.borrow();
    let socket = all.socket(number);
    if let Some(error) = &socket.refused {
        return Some(Err(error.clone()));
    }
    if let Some(why) = socket.disconnected {
        return Some(Err(ConnectError { message: format!("the connection is no more: {why:?}"), data: None }));
    }
    socket.id.map(|_| Ok(TestClient { clients: Rc::clone(clients), socket: number }))
}

#[track_caller]
#[expect(clippy::panic, reason = "a mistake in the test")]
pub(super) fn parse_namespace(name: &str) -> Namespace {
    match name.parse() {
        Ok(namespace) => namespace,
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "a mistake in the test")]
pub(super) fn auth_text(auth: impl Serialize) -> String {
    match serde_json::to_string(&auth) {
        Ok(text) => text,
        Err(error) => panic!("the auth payload cannot be written as JSON: {error}"),
    }
}
