//! What the Worker makes of a request that is for no gateway: an answer of its own, or a world's.

use super::cors;
use super::route::Route;
use crate::handler::{App, HttpResponse};
use crate::id::WorldName;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This is the answer, and no world is asked.
    Answer(HttpResponse),
    /// The world answers.
    World(WorldName),
}

/// A request without its body.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    /// The method.
    pub method: &'a str,
    /// Finds a header by its name.
    pub header: &'a dyn Fn(&str) -> Option<String>,
}

/// Judges a request of an origin that may ask; `None` where no app's route can be.
pub fn judge(route: &Route<'_>, head: Head<'_>, app: &App) -> Option<Verdict> {
    match route {
        Route::App { world, path } if app.has_routes() => Some(judge_route(world, path, head, app)),
        _ => None,
    }
}

fn judge_route(world: &WorldName, path: &str, head: Head<'_>, app: &App) -> Verdict {
    let methods = app.methods(path);
    if !methods.is_empty()
        && let Some(answer) = head.preflight(&methods)
    {
        return Verdict::Answer(answer);
    }
    app.refuse(head.method, path).map_or_else(|| Verdict::World(world.clone()), Verdict::Answer)
}

impl Head<'_> {
    /// The answer, if a page's browser asks what it may.
    fn preflight(self, methods: &[&str]) -> Option<HttpResponse> {
        (self.method == "OPTIONS" && (self.header)("origin").is_some()).then_some(())?;
        (self.header)("access-control-request-method")?;
        let asked = (self.header)("access-control-request-headers");
        let headers = cors::preflight(&methods.join(","), asked.as_deref());
        let add = |response: HttpResponse, (name, value)| response.with_header(name, value);
        Some(headers.into_iter().fold(HttpResponse::empty(204), add))
    }
}

impl core::fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Head").field("method", &self.method).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::route::route;

    async fn nothing() -> HttpResponse {
        HttpResponse::empty(204)
    }

    fn app() -> App {
        App::new().route("GET", "/scores/{n}", nothing).route("DELETE", "/scores/{n}", nothing)
    }

    fn verdict(method: &str, path: &str, headers: &[(&str, &str)]) -> Option<Verdict> {
        let header = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        judge(&route(path, None), Head { method, header: &header }, &app())
    }

    fn status(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        match verdict(method, path, headers) {
            Some(Verdict::Answer(response)) => response.status,
            Some(Verdict::World(_)) => 0,
            None => 1,
        }
    }

    #[test]
    fn only_what_a_route_is_for_reaches_a_world() {
        assert_eq!(verdict("GET", "/w/alpha/scores/1", &[]), WorldName::parse("alpha").map(Verdict::World));
        for (method, path, expected) in [
            ("HEAD", "/w/alpha/scores/1", 0),
            ("DELETE", "/w/alpha/scores/1", 0),
            ("POST", "/w/alpha/scores/1", 405),
            ("OPTIONS", "/w/alpha/scores/1", 405),
            ("GET", "/w/alpha/scores", 404),
            ("GET", "/w/alpha/", 404),
            ("GET", "/w/a.b/scores/1", 1),
            ("GET", "/scores/1", 1),
            ("GET", "/w/alpha/socket.io/", 1),
        ] {
            assert_eq!(status(method, path, &[]), expected, "{method} {path}");
        }
        let none = judge(&route("/w/alpha/x", None), Head { method: "GET", header: &|_| None }, &App::new());
        assert_eq!(none, None);
    }

    #[test]
    fn preflights_are_answered_with_the_paths_methods() {
        let asks = [
            ("origin", "https://a"),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "x-a"),
        ];
        let Some(Verdict::Answer(response)) = verdict("OPTIONS", "/w/alpha/scores/1", &asks) else {
            panic!("no answer")
        };
        assert_eq!(response.status, 204);
        for (name, value) in
            [("access-control-allow-methods", "DELETE,GET,HEAD"), ("access-control-allow-headers", "x-a")]
        {
            assert!(response.headers.contains(&(name.to_owned(), value.to_owned())), "{response:?}");
        }
        assert_eq!(status("OPTIONS", "/w/alpha/x", &asks), 404);
        assert_eq!(status("OPTIONS", "/w/alpha/scores/1", &asks[..1]), 405);
    }
}
