//! The Worker's decision about a request that is not for a gateway: it responds itself, or forwards the request to a world.

use super::admin_key;
use crate::admin::Operation;
use crate::config::AdminKey;
use crate::error::Failure;
use crate::handles::HttpResponse;
use crate::http::origin as headers;
use crate::http::{ALL_WORLDS, Cors, METRICS, NO_WORLD, Route};
use crate::id::WorldName;
use crate::routing::App;

/// Where a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The Worker, with this response.
    Answer(HttpResponse),
    /// The object of this world.
    World(WorldName),
    /// The Worker, with the counters of all worlds of its isolate.
    Metrics,
}

/// A request without its body.
#[derive(Clone, Copy)]
pub(crate) struct RequestParts<'a> {
    /// The method.
    pub method: &'a str,
    /// Returns the value of a header, by its name.
    pub header: &'a dyn Fn(&str) -> Option<String>,
}

/// Routes a request whose origin is allowed. Returns `None` if it is for neither the app's routes nor the admin HTTP API, which
/// is served only if there is a `key`.
pub(crate) fn route_request(
    route: &Route<'_>,
    head: RequestParts<'_>,
    app: &App,
    key: Option<&AdminKey>,
) -> Option<Destination> {
    match route {
        Route::App { world, path } if app.has_routes() => Some(route_to_app(world, path, head, app)),
        Route::Admin { world, operation } if cfg!(feature = "admin") => {
            Some(route_to_admin_api(world, operation, head, key?).unwrap_or_else(Destination::Answer))
        }
        _ => None,
    }
}

/// Returns where a call to the admin HTTP API is answered.
///
/// # Errors
/// The response, if the call is refused. All calls without the key get the same response.
fn route_to_admin_api(
    world: &str,
    operation: &str,
    head: RequestParts<'_>,
    key: &AdminKey,
) -> Result<Destination, HttpResponse> {
    let not_found = |message: String| HttpResponse::error(404, &Failure::new("NOT_FOUND", message));
    let methods = Operation::parse(operation).map(Operation::methods);
    // Before the check of the key, because browsers send preflights without it.
    if let Some(answer) = methods.and_then(|methods| head.preflight(methods, &Cors::new())) {
        return Err(answer);
    }
    admin_key::check((head.header)("authorization").as_deref(), key)?;
    let methods =
        methods.ok_or_else(|| not_found(format!("No such operation; there are {}", Operation::NAMES.join(", "))))?;
    let destination = match WorldName::parse(world) {
        Some(world) => Destination::World(world),
        None if world == ALL_WORLDS && operation == METRICS => Destination::Metrics,
        None => return Err(not_found(NO_WORLD.to_owned())),
    };
    if !methods.contains(&head.method) {
        let methods = methods.join(", ");
        let failure = Failure::new("METHOD_NOT_ALLOWED", format!("This operation takes {methods}"));
        return Err(HttpResponse::error(405, &failure).with_header("allow", methods));
    }
    Ok(destination)
}

fn route_to_app(world: &WorldName, path: &str, head: RequestParts<'_>, app: &App) -> Destination {
    let methods = app.methods(path);
    if !methods.is_empty()
        && let Some(answer) = head.preflight(&methods, app.engine_routes().cors_options())
    {
        return Destination::Answer(answer);
    }
    app.refuse(head.method, path).map_or_else(|| Destination::World(world.clone()), Destination::Answer)
}

impl RequestParts<'_> {
    /// Returns the response to a preflight; `None` for other requests.
    pub(crate) fn preflight(self, methods: &[&str], cors: &Cors) -> Option<HttpResponse> {
        (self.method == "OPTIONS" && (self.header)("origin").is_some()).then_some(())?;
        (self.header)("access-control-request-method")?;
        let asked = (self.header)("access-control-request-headers");
        let allowed = headers::preflight(&methods.join(","), asked.as_deref(), cors);
        let add = |response: HttpResponse, (name, value)| response.with_header(name, value);
        Some(allowed.into_iter().fold(HttpResponse::empty(204), add))
    }
}

impl core::fmt::Debug for RequestParts<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RequestParts").field("method", &self.method).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn route(path: &str) -> Route<'_> {
        crate::http::route(path, None, "/socket.io/")
    }

    async fn nothing() -> HttpResponse {
        HttpResponse::empty(204)
    }

    fn app() -> App {
        App::new().route("GET", "/scores/{n}", nothing).route("DELETE", "/scores/{n}", nothing)
    }

    const KEY: (&str, &str) = ("authorization", "Bearer 0123456789abcdef");

    fn key() -> AdminKey {
        let config = Config::parse(|name| (name == "ADMIN_KEY").then(|| "0123456789abcdef".to_owned()));
        config.expect("valid").admin_key.expect("a key")
    }

    fn destination(method: &str, path: &str, headers: &[(&str, &str)]) -> Option<Destination> {
        let header = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        route_request(&route(path), RequestParts { method, header: &header }, &app(), Some(&key()))
    }

    fn status(method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
        match destination(method, path, headers) {
            Some(Destination::Answer(response)) => response.status,
            Some(Destination::World(_) | Destination::Metrics) => 0,
            None => 1,
        }
    }

    #[test]
    fn only_what_a_route_is_for_reaches_a_world() {
        assert_eq!(destination("GET", "/w/alpha/scores/1", &[]), WorldName::parse("alpha").map(Destination::World));
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
        let none = route_request(
            &route("/w/alpha/x"),
            RequestParts { method: "GET", header: &|_| None },
            &App::new(),
            Some(&key()),
        );
        assert_eq!(none, None);
    }

    #[test]
    fn preflights_are_answered_with_the_paths_methods() {
        let asks = [
            ("origin", "https://a"),
            ("access-control-request-method", "DELETE"),
            ("access-control-request-headers", "x-a"),
        ];
        let Some(Destination::Answer(response)) = destination("OPTIONS", "/w/alpha/scores/1", &asks) else {
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

    #[test]
    fn a_call_with_the_key_reaches_a_world() {
        for (method, operation) in [
            ("POST", "emit"),
            ("POST", "join"),
            ("POST", "leave"),
            ("POST", "disconnect"),
            ("POST", "fetch"),
            ("GET", "fetch"),
            ("GET", "status"),
            ("GET", "metrics"),
        ] {
            let path = format!("/api/worlds/alpha/{operation}");
            assert_eq!(
                destination(method, &path, &[KEY]),
                WorldName::parse("alpha").map(Destination::World),
                "{method} {path}"
            );
        }
        for (method, path, expected) in [
            ("GET", "/api/worlds/alpha/emit", 405),
            ("GET", "/api/worlds/alpha", 0),
            ("POST", "/api/worlds/alpha", 405),
            ("GET", "/api/worlds/a.b", 404),
            ("GET", "/api/worlds/a*/metrics", 404),
            ("GET", "/api/worlds/*/status", 404),
            ("GET", "/metrics", 0),
            ("POST", "/metrics", 405),
            ("HEAD", "/api/worlds/alpha/fetch", 405),
            ("OPTIONS", "/api/worlds/alpha/emit", 405),
            ("POST", "/api/worlds/alpha/", 404),
            ("POST", "/api/worlds/alpha/emit/", 404),
            ("POST", "/api/worlds/alpha/shutdown", 404),
            ("POST", "/api/worlds//emit", 404),
            ("POST", "/api/worlds/a.b/emit", 404),
            ("POST", "/api/worlds/a%2Fb/emit", 404),
        ] {
            assert_eq!(status(method, path, &[KEY]), expected, "{method} {path}");
        }
    }

    #[test]
    fn without_the_key_every_call_gets_the_same() {
        let refused = destination("POST", "/api/worlds/alpha/emit", &[]).expect("there is a key");
        assert_eq!(status("POST", "/api/worlds/alpha/emit", &[]), 401);
        for (method, path) in [
            ("GET", "/api/worlds/alpha/emit"),
            ("OPTIONS", "/api/worlds/alpha/emit"),
            ("POST", "/api/worlds/beta/fetch"),
            ("POST", "/api/worlds/a.b/emit"),
            ("POST", "/api/worlds/alpha/shutdown"),
            ("GET", "/api/worlds/alpha"),
            ("GET", "/metrics"),
        ] {
            let wrong = ("authorization", "Bearer 0123456789abcdeg");
            assert_eq!(destination(method, path, &[wrong]).as_ref(), Some(&refused), "{method} {path}");
        }
        let header = |name: &str| (name == KEY.0).then(|| KEY.1.to_owned());
        let head = RequestParts { method: "POST", header: &header };
        for path in ["/api/worlds/alpha/emit", "/api/worlds/alpha", "/metrics"] {
            assert_eq!(route_request(&route(path), head, &app(), None), None, "no key, no API");
        }
    }

    #[test]
    fn a_preflight_of_a_call_needs_no_key() {
        let asks = [("origin", "https://a"), ("access-control-request-method", "POST")];
        assert_eq!(status("OPTIONS", "/api/worlds/alpha/emit", &asks), 204);
        assert_eq!(status("OPTIONS", "/api/worlds/a.b/emit", &asks), 204);
    }
}
