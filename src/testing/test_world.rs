//! A test's handle of a world.

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

use bytes::Bytes;
use serde::Serialize;

use super::client_builder::ClientBuilder;
use super::clients::Clients;
use super::deployment::Deployment;
use super::std_clock;
use super::test_client::TestClient;
use super::test_event::ConnectError;
use super::test_worlds::TestWorlds;
use crate::config::Config;
use crate::handles::HttpResponse;
use crate::id::WorldName;
use crate::routing::App;
use crate::time::Timestamp;
use crate::world::Store as _;

/// A world without the Workers runtime. Its clock moves only by [`advance`](Self::advance) and [`TestClient::upgrade`].
#[derive(Debug)]
pub struct TestWorld {
    pub(super) clients: Rc<RefCell<Clients>>,
    deployment: Rc<Deployment>,
}

impl TestWorld {
    /// Creates a world of `app`, with the default settings.
    ///
    /// # Panics
    /// If the sources of the package under test call `Instant::now` or `SystemTime::now` of std, which panic on Workers: use
    /// [`Io::now`](crate::Io::now).
    #[track_caller]
    pub fn new(app: fn() -> App) -> Self {
        std_clock::check_sources();
        Self::of(&Deployment::new(app, Config::default(), Vec::new()), &WorldName::default())
    }

    /// Returns a world of a deployment.
    pub(super) fn of(deployment: &Rc<Deployment>, name: &WorldName) -> Self {
        Self { clients: deployment.world(name), deployment: Rc::clone(deployment) }
    }

    /// Returns the same world by another name, made anew.
    pub(super) fn renamed(self, name: &WorldName) -> Self {
        let Self { deployment, .. } = self;
        let (config, variables) = (deployment.config().clone(), deployment.variables().to_vec());
        Self::of(&Deployment::new(deployment.app(), config, variables), name)
    }

    /// Returns the worlds of the app, of which this one is called `default`: for an app whose worlds call each other, or whose Worker has
    /// routes.
    pub fn worlds(&self) -> TestWorlds {
        TestWorlds { deployment: Rc::clone(&self.deployment) }
    }

    /// Sends a request to one of the Worker's own routes, as [`TestWorlds::request`] does.
    ///
    /// ```
    /// use dormouse::App;
    /// use dormouse::response::HttpResponse;
    /// use dormouse::testing::TestWorld;
    ///
    /// let app = || App::new().worker_route("GET", "/motto", async || HttpResponse::text(200, "rest"));
    /// assert_eq!(TestWorld::new(app).worker_request("GET", "/motto", "").body, "rest");
    /// ```
    ///
    /// # Panics
    /// If the handler waits before it responds: see [`TestWorlds::begin_request`].
    #[track_caller]
    pub fn worker_request(&self, method: &str, path: &str, body: impl Into<Bytes>) -> HttpResponse {
        self.worlds().request(method, path, body)
    }

    /// Sets a Worker variable, such as `PING_INTERVAL_MS`. Call it before any client connects: it creates the world anew.
    ///
    /// # Panics
    /// If the value is invalid, as it would be in the Worker, or a client of the world exists already.
    #[must_use]
    #[track_caller]
    pub fn with_variable(self, name: &str, value: &str) -> Self {
        let Self { clients, deployment } = self;
        // The deployment has the world, too.
        let is_unused = Rc::strong_count(&clients) == 2 && deployment.names().len() == 1;
        assert!(is_unused, "{name} is set too late: set it before a client connects");
        let mut variables = deployment.variables().to_vec();
        variables.push((name.to_owned(), value.to_owned()));
        let world = clients.borrow().host.outside().world_name();
        Self::of(&Deployment::new(deployment.app(), parse_config(&variables), variables), &world)
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
        self.deployment.advance(self.now().after(span));
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
        self.deployment.redeploy(app);
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

    /// Returns the keys of the world's table that start with `prefix`.
    pub(crate) fn stored_keys(&self, prefix: &str) -> Vec<String> {
        self.clients.borrow().host.runtime().stored.keys(prefix).unwrap_or_default()
    }

    /// Returns what the world has counted, in the order of [`Meter::numbers`](crate::core::meter::Meter::numbers).
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.clients.borrow().host.runtime().meter.numbers().collect()
    }

    /// Returns the messages of all lines that were logged, such as those of [`Io::log`](crate::Io::log) and of a handler's panic.
    /// The variable `LOG` says which lines are logged, as in the Worker.
    pub fn log(&self) -> Vec<String> {
        self.clients.borrow().host.runtime().log.clone()
    }

    /// Returns all lines that were logged as the Worker prints them: each is a JSON object with the members `level` and `message`,
    /// and `world`, `namespace`, `socket`, `event`, `code` and `ms` where they apply.
    pub fn log_lines(&self) -> Vec<String> {
        self.clients.borrow().host.runtime().printed.lines.clone()
    }
}

/// Returns the settings that variables make.
///
/// # Panics
/// If one is invalid.
#[track_caller]
#[expect(clippy::panic, reason = "a mistake in the test")]
pub(super) fn parse_config(variables: &[(String, String)]) -> Config {
    let set = |name: &str| variables.iter().rev().find(|(set, _)| set == name).map(|(_, value)| value.clone());
    match Config::parse(set) {
        Ok(config) => config,
        Err(error) => panic!("{error}"),
    }
}
