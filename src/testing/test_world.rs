//! A world, as a test handles it.

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

use serde::Serialize;

use super::client_builder::ClientBuilder;
use super::clients::Clients;
use super::host::Host;
use super::test_client::TestClient;
use super::test_event::ConnectError;
use crate::config::Config;
use crate::routing::App;
use crate::time::Timestamp;

/// A world without a runtime, whose clock stands still between two calls of [`advance`](Self::advance).
#[derive(Debug)]
pub struct TestWorld {
    pub(super) clients: Rc<RefCell<Clients>>,
    app: fn() -> App,
    variables: Vec<(String, String)>,
}

impl TestWorld {
    /// A world that `app` serves, with the default settings.
    pub fn new(app: fn() -> App) -> Self {
        let clients = Clients::new(Host::new(Config::default(), app));
        Self { clients: Rc::new(RefCell::new(clients)), app, variables: Vec::new() }
    }

    /// The same world with a Worker variable set, such as `PING_INTERVAL_MS`; to be called before anybody connects.
    ///
    /// # Panics
    /// When the variable is refused, as it would be in the Worker, or somebody has connected.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn with_variable(self, name: &str, value: &str) -> Self {
        let Self { clients, app, mut variables } = self;
        assert!(Rc::strong_count(&clients) == 1, "{name} comes too late: somebody has connected");
        variables.push((name.to_owned(), value.to_owned()));
        let set = |name: &str| variables.iter().rev().find(|(set, _)| set == name).map(|(_, value)| value.clone());
        let config = match Config::parse(set) {
            Ok(config) => config,
            Err(error) => panic!("{error}"),
        };
        let mut host = Host::new(config, app);
        for (name, value) in &variables {
            host.set_variable(name, value);
        }
        Self { clients: Rc::new(RefCell::new(Clients::new(host))), app, variables }
    }

    /// A client connects to a namespace on a WebSocket, without auth.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn connect(&self, namespace: &str) -> TestClient {
        self.client().connect(namespace)
    }

    /// A client connects to a namespace on a WebSocket with an auth object.
    ///
    /// # Errors
    /// What the client is told instead, by a guard of the namespace, or before that by
    /// [`allow_request`](crate::routing::EngineRoutes::allow_request) or a guard of requests. Its connection is closed.
    ///
    /// # Panics
    /// When `auth` cannot be written as JSON.
    #[track_caller]
    pub fn try_connect(&self, namespace: &str, auth: impl Serialize) -> Result<TestClient, ConnectError> {
        self.client().auth(auth).try_connect(namespace)
    }

    /// A client that connects in another way.
    pub fn client(&self) -> ClientBuilder {
        ClientBuilder::new(&self.clients)
    }

    /// The time of the world's clock.
    pub fn now(&self) -> Timestamp {
        self.clients.borrow().host.runtime().now
    }

    /// Lets time pass. What is due happens at its time: pings, which clients answer at once, and timeouts. A handler that
    /// waits for something of the test's own, such as a channel, goes on first; no time need pass for that.
    pub fn advance(&self, span: Duration) {
        let until = self.now().after(span);
        let mut clients = self.clients.borrow_mut();
        clients.host.handle_woken();
        clients.listen();
        while clients.host.advance_to_next(until) {
            clients.listen();
        }
    }

    /// Puts the world to sleep, as the runtime does after some ten seconds of silence: its memory is gone, its
    /// connections stay. The next event wakes it. Handlers that wait for something that does not keep a world awake, such as a
    /// channel of the test's own, are lost with the memory, as they are in the runtime, and never go on.
    ///
    /// # Panics
    /// When something keeps the world awake, such as a client that polls; the message says what.
    #[track_caller]
    pub fn sleep(&self) {
        let mut clients = self.clients.borrow_mut();
        let is_asleep = clients.host.sleep();
        assert!(is_asleep, "the world cannot sleep: {}", clients.host.held_awake_by().unwrap_or_default());
    }

    /// From now on puts the world to sleep after every event, wherever the runtime could: nothing may change by that.
    pub fn sleep_after_every_event(&self, sleepy: bool) {
        self.clients.borrow_mut().host.sleepy = sleepy;
    }

    /// The memory of the world is lost, whatever it was doing, as at a deploy: handlers that wait are never heard of again,
    /// clients that poll must come again, WebSockets stay.
    pub fn lose_memory(&self) {
        let mut clients = self.clients.borrow_mut();
        clients.host.lose_memory();
        clients.listen();
    }

    /// Another app is deployed: the world's memory is lost as by [`lose_memory`](Self::lose_memory), and `app` serves it
    /// from then on.
    pub fn redeploy(&self, app: fn() -> App) {
        let mut clients = self.clients.borrow_mut();
        clients.host.redeploy_app(app);
        clients.listen();
    }

    /// Whether the world sleeps.
    pub fn is_asleep(&self) -> bool {
        self.clients.borrow().host.is_asleep()
    }

    /// The lines that were logged, such as that a handler panicked.
    pub fn log(&self) -> Vec<String> {
        self.clients.borrow().host.runtime().log.clone()
    }
}
