//! A test's handle of a world.

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

/// A world without the Workers runtime. Its clock moves only by [`advance`](Self::advance) and [`TestClient::upgrade`].
#[derive(Debug)]
pub struct TestWorld {
    pub(super) clients: Rc<RefCell<Clients>>,
    app: fn() -> App,
    variables: Vec<(String, String)>,
}

impl TestWorld {
    /// Creates a world of `app`, with the default settings.
    pub fn new(app: fn() -> App) -> Self {
        let clients = Clients::new(Host::new(Config::default(), app));
        Self { clients: Rc::new(RefCell::new(clients)), app, variables: Vec::new() }
    }

    /// Sets a Worker variable, such as `PING_INTERVAL_MS`. Call it before any client connects: it creates the world anew.
    ///
    /// # Panics
    /// If the value is invalid, as it would be in the Worker, or a client of the world exists already.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn with_variable(self, name: &str, value: &str) -> Self {
        let Self { clients, app, mut variables } = self;
        assert!(Rc::strong_count(&clients) == 1, "{name} is set too late: set it before a client connects");
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

    /// Connects a client to a namespace by WebSocket, without auth.
    ///
    /// # Panics
    /// If the client is refused, `namespace` is not a valid name, or a guard waits: see [`ClientBuilder::start`].
    #[track_caller]
    pub fn connect(&self, namespace: &str) -> TestClient {
        self.client().connect(namespace)
    }

    /// Connects a client to a namespace by WebSocket, with an auth payload.
    ///
    /// # Errors
    /// The error that a refused client receives: from a guard of the namespace, or before that from
    /// [`allow_request`](crate::routing::EngineRoutes::allow_request) or a guard of requests. Its connection is closed.
    ///
    /// # Panics
    /// If `auth` cannot be written as JSON, `namespace` is not a valid name, or a guard waits: see [`ClientBuilder::start`].
    #[track_caller]
    pub fn try_connect(&self, namespace: &str, auth: impl Serialize) -> Result<TestClient, ConnectError> {
        self.client().auth(auth).try_connect(namespace)
    }

    /// Returns a builder for a client with other settings, such as headers or long-polling.
    pub fn client(&self) -> ClientBuilder {
        ClientBuilder::new(&self.clients)
    }

    /// Returns the time of the world's clock.
    pub fn now(&self) -> Timestamp {
        self.clients.borrow().host.runtime().now
    }

    /// Advances the clock by `span`. Pings, which clients answer at once, and timeouts happen when they are due. Before that,
    /// handlers resume that waited for something of the test's own, such as a channel; for those, `span` may be zero.
    pub fn advance(&self, span: Duration) {
        let until = self.now().after(span);
        let mut clients = self.clients.borrow_mut();
        clients.host.handle_woken();
        clients.listen();
        while clients.host.advance_to_next(until) {
            clients.listen();
        }
    }

    /// Hibernates the world, as the runtime does after about ten seconds without an event: its memory is lost, its WebSockets
    /// stay open, and the next event wakes it. A handler that waits for something that keeps no world awake, such as a channel of
    /// the test's own, is dropped with the memory, as in the runtime.
    ///
    /// # Panics
    /// If something keeps the world awake, such as a polling client; the message says what.
    #[track_caller]
    pub fn sleep(&self) {
        let mut clients = self.clients.borrow_mut();
        let is_asleep = clients.host.sleep();
        assert!(is_asleep, "the world cannot sleep: {}", clients.host.held_awake_by().unwrap_or_default());
    }

    /// Sets whether the world hibernates after every event, if nothing keeps it awake. A correct app behaves the same with it.
    pub fn sleep_after_every_event(&self, sleepy: bool) {
        self.clients.borrow_mut().host.sleepy = sleepy;
    }

    /// Drops the world's memory even while something keeps it awake, as a deploy does: waiting handlers are dropped, polling
    /// clients lose their sessions, and WebSockets stay open.
    pub fn lose_memory(&self) {
        let mut clients = self.clients.borrow_mut();
        clients.host.lose_memory();
        clients.listen();
    }

    /// Ends the world's process as a crash does: its memory is lost, and the connections of all clients are. What is stored stays.
    /// When the world is called next, the handlers for clients that are gone are called, such as those of
    /// [`on_disconnect`](crate::routing::Routes::on_disconnect).
    pub fn crash(&self) {
        let mut clients = self.clients.borrow_mut();
        clients.host.crash();
        clients.listen();
    }

    /// Deploys another app: drops the world's memory as [`lose_memory`](Self::lose_memory) does, and uses `app` from then on.
    pub fn redeploy(&self, app: fn() -> App) {
        let mut clients = self.clients.borrow_mut();
        clients.host.redeploy_app(app);
        clients.listen();
    }

    /// Sets whether the world's database is full. Then nothing can be written to it that needs more room, and the platform's alarm
    /// cannot be set; what is there can be read and deleted. [`Storage::put`](crate::Storage::put) and
    /// [`Io::set_alarm`](crate::Io::set_alarm) return an error with the code `STORAGE`, and the world goes on.
    pub fn set_storage_full(&self, is_full: bool) {
        self.clients.borrow().host.runtime().set_full(is_full);
    }

    /// Returns whether the world is hibernating.
    pub fn is_asleep(&self) -> bool {
        self.clients.borrow().host.is_asleep()
    }

    /// Returns all lines that were logged, such as a handler's panic.
    pub fn log(&self) -> Vec<String> {
        self.clients.borrow().host.runtime().log.clone()
    }
}
