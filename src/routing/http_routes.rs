//! HTTP routes: from a request to the handler that answers it.

use std::rc::Rc;

use bytes::Bytes;
use futures::future::LocalBoxFuture;

use super::app::App;
use super::handler::Erased;
use super::http_table::{HEAD, Params, not_allowed, not_utf8};
use crate::error::Failure;
use crate::extract::Http;
use crate::handles::{FailedCall, HttpRequest, HttpResponse, Io, WorldHandle, undoable};

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
        Some(not_allowed(method, &methods))
    }

    /// Returns the methods for which a path has routes, with `HEAD` where there is `GET`; empty if it has none.
    pub(crate) fn methods(&self, path: &str) -> Vec<&str> {
        self.http.methods(path)
    }

    /// Returns the response to a request: that of its route, or the refusal if there is none.
    pub(crate) fn respond(
        &self,
        world: &WorldHandle,
        mut request: HttpRequest,
    ) -> LocalBoxFuture<'static, HttpResponse> {
        let Some((params, handler)) = self.route_of(&request.method, &request.path) else {
            // A call of another world: no path of a client's request is without a slash.
            if let Some(receive) = self.receive.filter(|_| !request.path.starts_with('/')) {
                return receive(self, world, request);
            }
            let refused = self.refuse(&request.method, &request.path).unwrap_or_else(HttpResponse::lost);
            return Box::pin(core::future::ready(refused));
        };
        let Some(params) = params else {
            return Box::pin(core::future::ready(not_utf8()));
        };
        request.params = params;
        let is_head = request.method == HEAD.0;
        let request = Rc::new(request);
        let (world, call) = (world.clone(), Http { io: Io::main(world.clone()), request: Rc::clone(&request) });
        Box::pin(async move {
            let began = world.now();
            // Called in the future, so that a handler that panics before its first await costs only its request.
            let responded = undoable(&world, || handler(call)).await;
            let mut response = match responded {
                Ok(response) => response,
                Err(failure) => {
                    let event = Rc::from([&*request.method, " ", &*request.path].concat());
                    let call = FailedCall { who: "the handler of a request", began, socket: None, event: Some(&event) };
                    world.log_failure(&failure, true, call);
                    world.response_of(&failure)
                }
            };
            if is_head {
                response.body = Bytes::new();
            }
            response
        })
    }

    /// Returns the handler of a request, with the parts of the path that its template names: `None` if one of them is
    /// not UTF-8.
    fn route_of(&self, method: &str, path: &str) -> Option<(Option<Params>, Erased<Http>)> {
        let (params, number) = self.http.find(method, path)?;
        Some((params, Rc::clone(self.http_handlers.get(number)?)))
    }
}

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
