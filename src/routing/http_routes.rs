//! HTTP routes: from a request to the handler that answers it.

use std::rc::Rc;

use bytes::Bytes;
use futures::future::LocalBoxFuture;
use percent_encoding::percent_decode_str;

use super::app::App;
use super::handler::Erased;
use crate::error::Failure;
use crate::extract::Http;
use crate::handles::{HttpRequest, HttpResponse, Io, WorldHandle, undoable};

/// If a path has no route of `HEAD`, its route of `GET` answers `HEAD`, and the body is left out.
const HEAD: (&str, &str) = ("HEAD", "GET");

impl App {
    /// Returns the response to a request without a route: 404, or 405 with the methods of its path. `None` if there is
    /// a route.
    pub(crate) fn refuse(&self, method: &str, path: &str) -> Option<HttpResponse> {
        if self.route_of(method, path).is_some() {
            return None;
        }
        let methods = self.methods(path);
        if methods.is_empty() {
            let message = "The app has no route on this path. A world's gateway is /w/<world>/socket.io/";
            return Some(HttpResponse::error(404, &Failure::new("NOT_FOUND", message)));
        }
        let methods = methods.join(", ");
        let message = format!("{method} is not allowed on this path; it takes {methods}");
        let response = HttpResponse::error(405, &Failure::new("METHOD_NOT_ALLOWED", message));
        Some(response.with_header("allow", methods))
    }

    /// Returns the methods for which a path has routes, with `HEAD` where there is `GET`; empty if it has none.
    pub(crate) fn methods(&self, path: &str) -> Vec<&str> {
        let here = self.http.iter().filter(|(_, router)| router.at(path).is_ok());
        let mut methods: Vec<&str> = here.map(|(method, _)| &**method).collect();
        if methods.contains(&HEAD.1) && !methods.contains(&HEAD.0) {
            methods.push(HEAD.0);
        }
        methods
    }

    /// Returns the response to a request: that of its route, or the refusal if there is none.
    pub(crate) fn respond(
        &self,
        world: &WorldHandle,
        mut request: HttpRequest,
    ) -> LocalBoxFuture<'static, HttpResponse> {
        let Some((params, handler)) = self.route_of(&request.method, &request.path) else {
            let refused = self.refuse(&request.method, &request.path).unwrap_or_else(HttpResponse::lost);
            return Box::pin(core::future::ready(refused));
        };
        let Some(params) = params else {
            let failure = Failure::new(Failure::INVALID_ARGUMENTS, "a part of the path is not UTF-8");
            return Box::pin(core::future::ready(HttpResponse::failed(&failure)));
        };
        request.params = params;
        let is_head = request.method == HEAD.0;
        let (world, call) = (world.clone(), Http { io: Io::main(world.clone()), request: Rc::new(request) });
        Box::pin(async move {
            // Called in the future, so that a handler that panics before its first await costs only its request.
            let responded = undoable(&world, || handler(call)).await;
            let mut response = responded.unwrap_or_else(|failure| HttpResponse::failed(&failure));
            if is_head {
                response.body = Bytes::new();
            }
            response
        })
    }

    /// Returns the handler of a request, with the parts of the path that its template names: `None` if one of them is
    /// not UTF-8.
    fn route_of(&self, method: &str, path: &str) -> Option<(Option<Params>, Erased<Http>)> {
        let find = |method: &str| self.http.get(method)?.at(path).ok();
        let found = find(method).or_else(|| find(HEAD.1).filter(|_| method == HEAD.0))?;
        let decode = |(name, value): (&str, &str)| {
            let value = percent_decode_str(value).decode_utf8().ok()?;
            Some((name.to_owned(), value.into_owned()))
        };
        let handler = self.http_handlers.get(*found.value)?;
        Some((found.params.iter().map(decode).collect(), Rc::clone(handler)))
    }
}

type Params = Vec<(String, String)>;

#[cfg(test)]
mod tests {
    use super::*;

    async fn nothing() -> HttpResponse {
        HttpResponse::empty(204)
    }

    fn status(app: &App, method: &str, path: &str) -> Option<u16> {
        app.refuse(method, path).map(|response| response.status)
    }

    #[test]
    fn a_request_without_a_route_is_refused() {
        let app =
            App::new().route("get", "/a/{n}", nothing).route("PUT", "/a/{n}", nothing).route("POST", "/b", nothing);
        assert_eq!(status(&app, "GET", "/a/1"), None);
        assert_eq!(status(&app, "HEAD", "/a/1"), None);
        assert_eq!(status(&app, "POST", "/b"), None);
        for (method, path) in [("GET", "/"), ("GET", "/a"), ("GET", "/a/"), ("GET", "/a/1/2"), ("POST", "/b/")] {
            assert_eq!(status(&app, method, path), Some(404), "{method} {path}");
        }
        let refused = app.refuse("DELETE", "/a/1").expect("no such route");
        assert_eq!(refused.status, 405);
        assert!(refused.headers.contains(&("allow".to_owned(), "GET, PUT, HEAD".to_owned())), "{refused:?}");
        assert_eq!(status(&app, "HEAD", "/b"), Some(405));
        assert_eq!(status(&app, "post", "/b"), Some(405));
    }
}
