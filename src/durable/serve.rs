//! Requests to a world that are not Engine.IO's: those to the app's routes, and those at the admin door.

use core::cell::RefCell;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use futures::FutureExt as _;
use futures::channel::oneshot;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use super::late::answer_or_late;
use super::receive::BodyLimits;
use super::requests::Body;
use super::shell::Shell;
use super::workers::Workers;
use crate::admin::Operation;
use crate::edge::cors::check;
use crate::edge::respond::respond;
use crate::edge::route::Route;
use crate::handler::{Cors, Failure, HttpRequest, HttpResponse};
use crate::limits::RESPONSE_TIMEOUT;
use crate::request::INTERNAL_PREFIX;
use crate::runtime;

/// Who answers a request.
enum To<'a> {
    /// A route of the app's on this path.
    Route(&'a str),
    /// The admin door: the Worker has seen the key.
    Door(Operation),
}

impl<'a> To<'a> {
    /// `None` for what the Worker hands on to no world.
    fn parse(route: &Route<'a>) -> Option<Self> {
        match *route {
            Route::App { path, .. } => Some(Self::Route(path)),
            Route::Door { operation, .. } => Operation::parse(operation).map(Self::Door),
            Route::Gateway { .. } | Route::Index | Route::NotFound(_) => None,
        }
    }
}

/// A request that the Worker handed on because somebody answers it.
pub(super) async fn fetch(
    shell: &RefCell<Shell<Workers>>,
    request: &JsValue,
    to: Route<'_>,
    cors: &Cors,
) -> Result<JsValue, JsValue> {
    let Some(to) = To::parse(&to) else {
        let failure = Failure::new("NOT_FOUND", "Nothing is here");
        return respond(HttpResponse::error(404, &failure), &[]);
    };
    let parts: &runtime::Request = request.unchecked_ref();
    let (method, url) = (parts.method(), parts.url());
    let (own, _, query) = runtime::split_url(&url);
    let origin = runtime::header(request, "origin");
    // A block of its own, so that the shell is not borrowed while the body comes.
    let (own, limits) = {
        let shell = shell.borrow();
        let own = check(origin.as_deref(), own, &shell.config().allowed_origins, cors).unwrap_or_default();
        (own, BodyLimits::new(shell.config()))
    };
    let body = match limits.read(request).await {
        Body::Bytes(body) => body.into(),
        Body::TooLong => return respond(HttpResponse::too_long(), &own),
        Body::Aborted => {
            let failure = Failure::new(Failure::INVALID_ARGUMENTS, "the body did not come to its end in time");
            return respond(HttpResponse::failed(&failure), &own);
        }
    };
    let mut request = HttpRequest {
        method,
        path: String::new(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: runtime::header_pairs(request),
        body,
        params: Vec::new(),
    };
    request.headers.retain(|(name, _)| !name.starts_with(INTERNAL_PREFIX));
    let answer = match to {
        To::Route(path) => {
            path.clone_into(&mut request.path);
            shell.borrow_mut().handle_http(request)
        }
        To::Door(operation) => shell.borrow_mut().handle_admin(operation, request),
    };
    respond(answer_or_late(answer, Timer::start(RESPONSE_TIMEOUT)).await, &own)
}

/// A timer of the runtime's, which is stopped with whoever waits for it: one that runs keeps the world awake.
struct Timer {
    handle: JsValue,
    /// Called by the runtime.
    _ring: Closure<dyn FnMut()>,
    over: oneshot::Receiver<()>,
}

impl Timer {
    fn start(after: Duration) -> Self {
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
