//! A test's handle of several worlds and the Worker.

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

use bytes::Bytes;

use super::deployment::Deployment;
use super::std_clock;
use super::test_queue::{TestBatch, TestMessage};
use super::test_world::{TestWorld, parse_config};
use crate::config::Config;
use crate::error::Failure;
use crate::handles::{HttpRequest, HttpResponse, QueueBatch, Scheduled};
use crate::http::default_page;
use crate::id::WorldName;
use crate::routing::{App, WorkerEnd, WorkerSide};
use crate::time::Timestamp;

/// The worlds of an app, which call each other, and its Worker. They have one clock.
///
/// ```
/// use dormouse::extract::{Json, Worlds};
/// use dormouse::response::HttpResponse;
/// use dormouse::testing::{TestEvent, TestWorlds};
/// use dormouse::{App, Failure};
///
/// fn app() -> App {
///     App::new().namespace("/", |ns| ns).worker_route("POST", "/news", news)
/// }
///
/// async fn news(worlds: Worlds, Json((world, text)): Json<(String, String)>) -> Result<HttpResponse, Failure> {
///     worlds.world(world).emit("news", text).await?;
///     Ok(HttpResponse::empty(204))
/// }
///
/// let worlds = TestWorlds::new(app);
/// let (red, blue) = (worlds.world("red"), worlds.world("blue"));
/// let (anna, ben) = (red.connect("/"), blue.connect("/"));
/// red.sleep();
/// blue.sleep();
/// assert_eq!(worlds.request("POST", "/news", r#"["red","tea"]"#).status, 204);
/// assert_eq!(anna.next_event(), Some(TestEvent::new("news", "tea")));
/// assert!(blue.is_asleep());
/// ```
#[derive(Clone, Debug)]
pub struct TestWorlds {
    pub(super) deployment: Rc<Deployment>,
}

/// A request to the Worker whose response may be pending.
#[derive(Clone, Debug)]
pub struct TestWorkerResponse(Rc<RefCell<Option<HttpResponse>>>);

impl TestWorlds {
    /// Creates the worlds of `app`, with the default settings. Each is made when it is called.
    ///
    /// # Panics
    /// If the sources of the package under test call `Instant::now` or `SystemTime::now` of std: see [`TestWorld::new`].
    #[track_caller]
    pub fn new(app: fn() -> App) -> Self {
        std_clock::check_sources();
        Self { deployment: Deployment::new(app, Config::default(), Vec::new()) }
    }

    /// Sets a Worker variable. Call it before any world is called.
    ///
    /// # Panics
    /// If the value is invalid, as it would be in the Worker, or a world exists already.
    #[must_use]
    #[track_caller]
    pub fn with_variable(self, name: &str, value: &str) -> Self {
        assert!(self.names().is_empty(), "{name} is set too late: set it before a world is called");
        let mut variables = self.deployment.variables().to_vec();
        variables.push((name.to_owned(), value.to_owned()));
        Self { deployment: Deployment::new(self.deployment.app(), parse_config(&variables), variables) }
    }

    /// Returns a world, which is made if nobody has called it.
    ///
    /// # Panics
    /// If no world can have this name.
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn world(&self, name: &str) -> TestWorld {
        let Some(name) = WorldName::parse(name) else {
            panic!("no world can be called {name:?}: it takes 1 to 64 characters of A-Z, a-z, 0-9, _ and -")
        };
        TestWorld::of(&self.deployment, &name)
    }

    /// Returns the names of the worlds that were called, by clients, handlers or [`world`](Self::world).
    pub fn names(&self) -> Vec<String> {
        self.deployment.names()
    }

    /// Returns the time of the clock.
    pub fn now(&self) -> Timestamp {
        self.deployment.now()
    }

    /// Advances the clock of all worlds; see [`TestWorld::advance`].
    pub fn advance(&self, span: Duration) {
        self.deployment.advance(self.now().after(span));
    }

    /// Sends a request to the Worker's own routes and returns the response. `path` may have a query.
    ///
    /// # Panics
    /// If the handler waits before it responds, as for a client of a world: see [`begin_request`](Self::begin_request).
    #[track_caller]
    #[expect(clippy::panic, reason = "the test expects a response")]
    pub fn request(&self, method: &str, path: &str, body: impl Into<Bytes>) -> HttpResponse {
        match self.begin_request(HttpRequest::new(method, path).with_body(body)).response() {
            Some(response) => response,
            None => panic!("the handler of {method} {path} waits: use `TestWorlds::begin_request`"),
        }
    }

    /// Sends a request with headers, or one whose handler waits before it responds. A query in the path is parsed and appended to `query`.
    pub fn begin_request(&self, mut request: HttpRequest) -> TestWorkerResponse {
        if let Some((path, query)) = request.path.split_once('?') {
            let length = path.len();
            request.query.extend(form_urlencoded::parse(query.as_bytes()).into_owned());
            request.path.truncate(length);
        }
        let response = Rc::new(RefCell::new(None));
        let app = self.deployment.worker();
        let handlers = app.worker().map(WorkerSide::handlers);
        let found = match handlers.filter(|handlers| !handlers.routes.methods(&request.path).is_empty()) {
            None => Err(by_default(&request)),
            Some(handlers) => handlers.find(&request.method, &request.path),
        };
        match found {
            Err(known) => {
                response.replace(Some(known));
            }
            Ok(_) if request.body.len() > self.deployment.config().max_payload_bytes => {
                response.replace(Some(HttpResponse::too_long()));
            }
            Ok(route) => {
                let is_debug = deployment_variable(&self.deployment, "DEBUG").as_deref() == Some("true");
                let (deployment, slot) = (Rc::clone(&self.deployment), Rc::clone(&response));
                let running = route.run(deployment.outside(), request, is_debug);
                let weak = Rc::downgrade(&deployment);
                deployment.run(Box::pin(async move {
                    let WorkerEnd { result, log } = running.await;
                    weak.upgrade().into_iter().for_each(|deployment| deployment.log.borrow_mut().extend(log.clone()));
                    slot.replace(Some(result));
                }));
            }
        }
        TestWorkerResponse(response)
    }

    /// Calls the handlers of a cron trigger, as if it went off now. `cron` is its expression.
    ///
    /// # Errors
    /// The failure of the first handler that failed.
    ///
    /// # Panics
    /// If a handler waits for something that does not happen by itself, as for a client of a world.
    #[track_caller]
    pub fn scheduled(&self, cron: &str) -> Result<(), Failure> {
        let event = Scheduled::new(cron.to_owned(), self.now());
        self.run_event("a cron trigger", self.deployment.worker().run_scheduled(self.deployment.outside(), event))
    }

    /// Delivers messages of a queue to the handlers, and returns what becomes of the messages.
    ///
    /// # Panics
    /// If a handler waits for something that does not happen by itself, as for a client of a world.
    #[track_caller]
    pub fn queue(&self, queue: &str, messages: impl IntoIterator<Item = TestMessage>) -> TestBatch {
        let now = self.now();
        let messages = messages.into_iter().enumerate().map(|(number, message)| message.into_message(number, now));
        let batch = QueueBatch::new(queue, messages.collect());
        let running = self.deployment.worker().run_queue(self.deployment.outside(), batch.clone());
        let result = self.run_event("a queue", running);
        TestBatch::new(&batch, result)
    }

    /// Returns the messages of the lines that the Worker logged. Each world has a log of its own.
    pub fn log(&self) -> Vec<String> {
        self.deployment.log.borrow().iter().map(|record| record.message.clone()).collect()
    }

    #[track_caller]
    #[expect(clippy::panic, reason = "the test expects an end")]
    fn run_event(
        &self,
        what: &str,
        running: futures::future::LocalBoxFuture<'static, WorkerEnd<Result<(), Failure>>>,
    ) -> Result<(), Failure> {
        let ended = Rc::new(RefCell::new(None));
        let slot = Rc::clone(&ended);
        self.deployment.run(Box::pin(async move {
            slot.replace(Some(running.await));
        }));
        let Some(WorkerEnd { result, log }) = ended.take() else { panic!("a handler of {what} waits") };
        self.deployment.log.borrow_mut().extend(log);
        result
    }
}

impl TestWorkerResponse {
    /// Returns the response, or `None` while it is pending.
    pub fn response(&self) -> Option<HttpResponse> {
        self.0.borrow().clone()
    }
}

fn deployment_variable(deployment: &Deployment, name: &str) -> Option<String> {
    deployment.variables().iter().rev().find(|(set, _)| set == name).map(|(_, value)| value.clone())
}

/// Returns the response to a request whose path has no route.
fn by_default(request: &HttpRequest) -> HttpResponse {
    match default_page(&request.method, &request.path) {
        Some(page) => HttpResponse::text(200, page).with_type("application/json"),
        None => HttpResponse::error(404, &Failure::new("NOT_FOUND", "The Worker has no route on this path")),
    }
}
