//! Requests to a world that are not Engine.IO's: those to the app's routes, and those at the admin door.

use core::cell::RefCell;

use wasm_bindgen::{JsCast, JsValue};

use super::receive::BodyLimits;
use super::requests::Body;
use super::shell::Shell;
use super::workers::Workers;
use crate::admin::Operation;
use crate::edge::cors::check;
use crate::edge::respond::respond;
use crate::edge::route::Route;
use crate::handler::{Cors, Failure, HttpRequest, HttpResponse};
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
    respond(answer.await.unwrap_or_else(|_| HttpResponse::lost()), &own)
}
