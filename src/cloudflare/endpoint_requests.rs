//! Requests to a world other than those to its gateway: requests to the app's routes, and calls of the admin HTTP API.

use core::cell::{OnceCell, RefCell};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::channel::oneshot;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

use super::request_body::BodyLimits;
use super::respond::{cors_headers, respond, respond_metrics};
use super::runtime;
use super::workers_platform::Workers;
use crate::admin::Operation;
use crate::core::meter::WakeReason;
use crate::error::Failure;
use crate::handles::{HttpRequest, HttpResponse};
use crate::http::{INNER_PATH, INTERNAL_PREFIX, RequestHead, Route};
use crate::limits::RESPONSE_TIMEOUT;
use crate::object::{Body, Platform as _, Shell, answer_in_time, late};
use crate::routing::App;

/// The endpoint of a request in the world.
pub(crate) enum Endpoint {
    /// A route of the app, with the path after the world's name.
    Route(String),
    /// An operation of the admin HTTP API. The Worker has checked the key.
    Admin(Operation),
}

impl Endpoint {
    /// Returns the endpoint of a route; `None` for routes that the Worker forwards to no world.
    pub(crate) fn parse(route: &Route<'_>, path: &str) -> Option<Self> {
        match *route {
            // The call of another world. Its path has no slash, which that of a client's request begins with.
            Route::NotFound(_) => path.strip_prefix(INNER_PATH).map(|path| Self::Route(path.to_owned())),
            Route::App { path, .. } => Some(Self::Route(path.to_owned())),
            Route::Admin { operation, .. } if cfg!(feature = "admin") => Operation::parse(operation).map(Self::Admin),
            Route::Admin { .. } | Route::Gateway { .. } | Route::Index => None,
        }
    }
}

/// Handles a request that the Worker forwarded.
pub(crate) async fn fetch(
    shell: &RefCell<Shell<Workers>>,
    request: &JsValue,
    head: &RequestHead,
    to: Option<Endpoint>,
    app: &App,
) -> Result<JsValue, JsValue> {
    let Some(to) = to else {
        let failure = Failure::new("NOT_FOUND", "Nothing is here");
        return respond(HttpResponse::error(404, &failure), &[]);
    };
    shell.borrow_mut().note_event(match to {
        Endpoint::Route(_) => WakeReason::Route,
        Endpoint::Admin(_) => WakeReason::Admin,
    });
    // A block of its own, so that the shell is not borrowed while the body is read.
    let (own, limits) = {
        let shell = shell.borrow();
        (cors_headers(shell.config(), head, app), BodyLimits::new(shell.config()))
    };
    if cfg!(feature = "admin") && matches!(to, Endpoint::Admin(Operation::Metrics)) {
        return respond_metrics(&[shell.borrow_mut().measured_meter()], &own);
    }
    if matches!(to, Endpoint::Route(_)) && shell.borrow_mut().is_busy() {
        return respond(HttpResponse::busy(), &own);
    }
    let body = match received(limits.read(request).await) {
        Ok(body) => body,
        Err(refusal) => return respond(refusal, &own),
    };
    let mut request = request_of(head, body);
    shell.borrow().platform.note("a request");
    let answer = match to {
        Endpoint::Route(path) => {
            request.path = path;
            shell.borrow_mut().handle_http(request)
        }
        Endpoint::Admin(operation) => shell.borrow_mut().handle_admin(operation, request),
    };
    let response = answer_in_time(answer, Timer::start(RESPONSE_TIMEOUT)).await.unwrap_or_else(|| {
        let (response, line) = late(head.method(), head.path());
        let mut shell = shell.borrow_mut();
        if shell.config().logs(line.level) {
            shell.platform.log(&line);
        }
        response
    });
    respond(response, &own)
}

/// Returns a request with its body, and without its path.
pub(super) fn request_of(head: &RequestHead, body: Bytes) -> HttpRequest {
    let headers = head.headers().filter(|(name, _)| !name.starts_with(INTERNAL_PREFIX));
    HttpRequest {
        method: head.method().to_owned(),
        path: String::new(),
        query: head.query().into_owned().collect(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body,
        params: Vec::new(),
        world: OnceCell::new(),
    }
}

/// Returns the body of a request.
///
/// # Errors
/// It did not arrive. Returns the response.
pub(super) fn received(body: Body) -> Result<Bytes, HttpResponse> {
    match body {
        Body::Bytes(body) => Ok(body.into()),
        Body::TooLong => Err(HttpResponse::too_long()),
        Body::Crowded => Err(HttpResponse::busy()),
        Body::Aborted | Body::Late => {
            let problem = "the body did not arrive in time, or the connection was lost";
            Err(HttpResponse::failed(&Failure::new(Failure::INVALID_ARGUMENTS, problem)))
        }
    }
}

/// A timer of the runtime. It is stopped when it is dropped, because a running timer keeps the world awake.
pub(super) struct Timer {
    handle: JsValue,
    /// Called by the runtime.
    _ring: Closure<dyn FnMut()>,
    over: oneshot::Receiver<()>,
}

impl Timer {
    pub(super) fn start(after: Duration) -> Self {
        let (sender, over) = oneshot::channel();
        let mut sender = Some(sender);
        let call = move || {
            let _ = sender.take().map(|sender| sender.send(()));
        };
        let ring = Closure::wrap_assert_unwind_safe(Box::new(call) as Box<dyn FnMut()>);
        let handle = runtime::start_timer(after.as_secs_f64() * 1000.0, ring.as_ref());
        Self { handle, _ring: ring, over }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.over.poll_unpin(cx).map(drop)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        runtime::stop_timer(&self.handle);
    }
}
