//! Requests to a world that are not Engine.IO's: those to the app's routes.

use core::cell::RefCell;

use wasm_bindgen::{JsCast, JsValue};

use super::receive::{BodyLimits, headers};
use super::requests::Body;
use super::shell::Shell;
use super::workers::Workers;
use crate::edge::cors;
use crate::edge::respond::respond;
use crate::edge::route::Route;
use crate::handler::{Failure, HttpRequest, HttpResponse};
use crate::request::INTERNAL_PREFIX;
use crate::runtime;

/// A request that the Worker handed on because there is a route for it.
pub(super) async fn fetch(
    shell: &RefCell<Shell<Workers>>,
    request: &JsValue,
    to: Route<'_>,
) -> Result<JsValue, JsValue> {
    let parts: &runtime::Request = request.unchecked_ref();
    let (method, url) = (parts.method(), parts.url());
    let (own, _, query) = runtime::split_url(&url);
    let origin = runtime::header(request, "origin");
    // A block of its own, so that the shell is not borrowed while the body comes.
    let (own, limits) = {
        let shell = shell.borrow();
        let own = cors::check(origin.as_deref(), own, &shell.config().allowed_origins).unwrap_or_default();
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
        headers: headers(request),
        body,
        params: Vec::new(),
    };
    request.headers.retain(|(name, _)| !name.starts_with(INTERNAL_PREFIX));
    let answer = match to {
        Route::App { path, .. } => {
            path.clone_into(&mut request.path);
            shell.borrow_mut().handle_http(request)
        }
        // The Worker hands on nothing else.
        Route::Gateway { .. } | Route::Index | Route::NotFound(_) => {
            let failure = Failure::new("NOT_FOUND", "Nothing is here");
            return respond(HttpResponse::error(404, &failure), &own);
        }
    };
    respond(answer.await.unwrap_or_else(|_| HttpResponse::lost()), &own)
}
