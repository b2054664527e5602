//! Requests of a test to a world's routes and to the admin HTTP API.

use core::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use futures::channel::oneshot;

use super::clients::Clients;
use super::host::Host;
use super::test_world::TestWorld;
use crate::admin::Operation;
use crate::handles::{HttpRequest, HttpResponse};

/// A request whose response may be pending.
#[derive(Clone, Debug)]
pub struct TestResponse {
    clients: Rc<RefCell<Clients>>,
    number: usize,
}

/// The response to a request, or the channel that will deliver it.
#[derive(Debug)]
pub(super) enum AppResponse {
    Waits(oneshot::Receiver<HttpResponse>),
    Came(HttpResponse),
}

impl TestWorld {
    /// Sends a request to one of the app's [`route`](crate::routing::App::route)s and returns the response. `path` is the part of
    /// the URL's path after the world's name, and may have a query.
    ///
    /// ```
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::extract::Json;
    /// use dormouse::response::HttpResponse;
    /// use dormouse::{App, Failure, Io};
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns).route("POST", "/announcements", announce)
    /// }
    ///
    /// async fn announce(io: Io, Json(text): Json<String>) -> Result<HttpResponse, Failure> {
    ///     io.emit("announced", text)?;
    ///     Ok(HttpResponse::empty(204))
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// world.sleep();
    /// assert_eq!(world.request("POST", "/announcements", r#""tea at four""#).status, 204);
    /// assert_eq!(anna.next_event(), Some(TestEvent::new("announced", "tea at four")));
    /// assert_eq!(world.request("GET", "/announcements", "").status, 405);
    /// ```
    ///
    /// # Panics
    /// If the handler waits before it responds: see [`begin_request`](Self::begin_request).
    #[track_caller]
    #[expect(clippy::panic, reason = "the test expects a response")]
    pub fn request(&self, method: &str, path: &str, body: impl Into<Bytes>) -> HttpResponse {
        match self.begin_request(HttpRequest::new(method, path).with_body(body)).response() {
            Some(response) => response,
            None => panic!("the handler of {method} {path} waits: use `TestWorld::begin_request`"),
        }
    }

    /// Sends a request with headers, or one whose handler waits before it responds, such as for a client's acknowledgement. A
    /// query in the path is parsed and appended to `query`.
    pub fn begin_request(&self, mut request: HttpRequest) -> TestResponse {
        if let Some((path, query)) = request.path.split_once('?') {
            let length = path.len();
            request.query.extend(form_urlencoded::parse(query.as_bytes()).into_owned());
            request.path.truncate(length);
        }
        let mut clients = self.clients.borrow_mut();
        let number = clients.host.http(None, request);
        clients.listen();
        TestResponse { clients: Rc::clone(&self.clients), number }
    }

    /// Calls the admin HTTP API as an authorized caller: `POST /api/worlds/<world>/<operation>`, with the operation `emit`,
    /// `join`, `leave`, `disconnect`, `fetch` or `trace`, or a GET with `status` or `awake`. `operation` may have a query, such as
    /// `trace?event=say`. The response may be pending while clients have not acknowledged.
    ///
    /// ```
    /// use dormouse::testing::{TestEvent, TestWorld};
    /// use dormouse::App;
    ///
    /// fn app() -> App {
    ///     App::new().namespace("/", |ns| ns)
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let anna = world.connect("/");
    /// world.sleep();
    /// let call = world.admin("emit", r#"{"event":"news","args":["tea",4]}"#);
    /// assert_eq!(call.response().expect("an answer").body, r#"{"matched":1,"written":1,"held":0,"dropped":0,"closed":0,"status":"ok"}"#);
    /// assert_eq!(anna.next_event(), Some(TestEvent::new("news", ("tea", 4))));
    /// ```
    ///
    /// # Panics
    /// If there is no such operation.
    #[track_caller]
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn admin(&self, operation: &str, body: impl Into<Bytes>) -> TestResponse {
        let (operation, query) = operation.split_once('?').unwrap_or((operation, ""));
        let Some(call) = Operation::parse(operation) else {
            panic!("the admin HTTP API has no operation {operation:?}")
        };
        let mut request = HttpRequest::new("POST", "").with_body(body);
        request.query.extend(form_urlencoded::parse(query.as_bytes()).into_owned());
        let mut clients = self.clients.borrow_mut();
        let number = clients.host.http(Some(call), request);
        clients.listen();
        TestResponse { clients: Rc::clone(&self.clients), number }
    }
}

impl TestResponse {
    /// Returns the response, or `None` while it is pending.
    pub fn response(&self) -> Option<HttpResponse> {
        self.clients.borrow().host.response(self.number).cloned()
    }
}

impl Host {
    /// Sends a request to one of the app's routes, or to the admin HTTP API if `call` is given. Returns the index of its
    /// response, which is pending while the handler waits.
    pub fn http(&mut self, call: Option<Operation>, request: HttpRequest) -> usize {
        let is_too_long = request.body.len() > self.config().max_payload_bytes;
        let response = if is_too_long {
            // As in the deployed object, a body over the limit does not reach the handler.
            AppResponse::Came(HttpResponse::too_long())
        } else {
            AppResponse::Waits(match call {
                Some(operation) => self.shell.handle_admin(operation, request),
                None => self.shell.handle_http(request),
            })
        };
        self.responses.push(response);
        self.end_event();
        self.responses.len() - 1
    }

    /// Returns the response with this index, if it has arrived.
    pub fn response(&self, number: usize) -> Option<&HttpResponse> {
        match self.responses.get(number)? {
            AppResponse::Came(response) => Some(response),
            AppResponse::Waits(_) => None,
        }
    }

    /// Takes the responses that have arrived from their channels.
    pub(super) fn take_responses(&mut self) {
        for response in &mut self.responses {
            let AppResponse::Waits(receiver) = response else { continue };
            match receiver.try_recv() {
                Ok(None) => {}
                Ok(Some(came)) => *response = AppResponse::Came(came),
                Err(oneshot::Canceled) => *response = AppResponse::Came(HttpResponse::lost()),
            }
        }
    }

    pub(super) fn is_responding(&self) -> bool {
        self.responses.iter().any(|response| matches!(response, AppResponse::Waits(_)))
    }
}
