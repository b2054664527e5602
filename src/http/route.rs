//! The routes of the Worker: from a URL to a world.

use crate::core::handshake_request::Protocol;
use crate::id::WorldName;

/// The target of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// The gateway of a world.
    Gateway {
        /// The world.
        world: WorldName,
        /// The protocol of the gateway.
        protocol: Protocol,
    },
    /// A route of the app in a world, if the app has one for the path.
    App {
        /// The world.
        world: WorldName,
        /// The rest of the path, after the world's name.
        path: &'a str,
    },
    /// The admin HTTP API, if it is served.
    Admin {
        /// The name of the world, which is not checked yet.
        world: &'a str,
        /// The name of the operation, which is not checked yet.
        operation: &'a str,
    },
    /// The page at `/`.
    Index,
    /// Nothing; the text is the error message.
    NotFound(&'static str),
}

/// The error message for an unknown path.
pub(crate) const NO_PATH: &str =
    "Nothing is here. A world's gateway is /w/<world>/socket.io/ or /socket.io/?world=<world>";

/// The error message for an invalid world name.
pub(crate) const NO_WORLD: &str = "No world can have this name: it takes 1 to 64 characters of A-Z, a-z, 0-9, _ and -";

/// The start of every path of the admin HTTP API, before the world's name.
const ADMIN: &str = "/api/worlds/";

/// The operation of a path that names only a world.
const STATUS: &str = "status";

/// The operation that may be called for all worlds: its path is at the root.
pub(crate) const METRICS: &str = "metrics";

/// The world of an operation that is called for all of them. No world has this name.
pub(crate) const ALL_WORLDS: &str = "*";

/// The path of the gateway that serves plain Engine.IO, below a world's path or at the root.
const ENGINE_IO: &str = "/engine.io/";

/// Routes a path. `world` is the world in the query, which is used if the path names none; without both, it is the default world.
/// `socket_io` is the path of the gateway that serves Socket.IO.
pub(crate) fn route<'a>(path: &'a str, world: Option<&str>, socket_io: &str) -> Route<'a> {
    if path == "/" {
        return Route::Index;
    }
    if let Some(operation) = path.strip_prefix('/').filter(|path| *path == METRICS) {
        return Route::Admin { world: ALL_WORLDS, operation };
    }
    if let Some(rest) = path.strip_prefix(ADMIN).filter(|rest| !rest.is_empty()) {
        let (world, operation) = rest.split_once('/').unwrap_or((rest, STATUS));
        return Route::Admin { world, operation };
    }
    let below = path.strip_prefix("/w/").and_then(|rest| rest.split_at_checked(rest.find('/')?));
    let (name, path) = below.unwrap_or_else(|| (world.unwrap_or(WorldName::DEFAULT), path));
    let gateways = [(socket_io, Protocol::SocketIo), (ENGINE_IO, Protocol::EngineIo)];
    let protocol = gateways.into_iter().find(|(gateway, _)| path == *gateway).map(|(_, protocol)| protocol);
    match (WorldName::parse(name), protocol) {
        (_, None) if below.is_none() => Route::NotFound(NO_PATH),
        (None, _) => Route::NotFound(NO_WORLD),
        (Some(world), Some(protocol)) => Route::Gateway { world, protocol },
        (Some(world), None) => Route::App { world, path },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route<'a>(path: &'a str, world: Option<&str>) -> Route<'a> {
        crate::http::route(path, world, "/socket.io/")
    }

    fn world(path: &str, query: Option<&str>) -> Option<String> {
        match route(path, query) {
            Route::Gateway { world, protocol: Protocol::SocketIo } => Some(world.as_str().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn worlds_are_named_by_path_or_query() {
        assert_eq!(world("/w/alpha/socket.io/", None).as_deref(), Some("alpha"));
        assert_eq!(world("/w/alpha/socket.io/", Some("beta")).as_deref(), Some("alpha"));
        assert_eq!(world("/socket.io/", None).as_deref(), Some("default"));
        assert_eq!(world("/socket.io/", Some("beta")).as_deref(), Some("beta"));
    }

    #[test]
    fn an_app_may_have_another_path() {
        let app = crate::routing::App::new().engine(|engine| engine.path("/api/realtime"));
        let gateway = |path, name| {
            let route = crate::http::route(path, None, app.engine_routes().gateway_path());
            let world = WorldName::parse(name).expect("a name");
            assert_eq!(route, Route::Gateway { world, protocol: Protocol::SocketIo });
        };
        gateway("/w/alpha/api/realtime/", "alpha");
        gateway("/api/realtime/", "default");
        for path in ["/w/alpha/socket.io/", "/socket.io/", "/api/realtime", "/w/alpha/realtime/"] {
            let route = crate::http::route(path, None, app.engine_routes().gateway_path());
            assert!(matches!(route, Route::NotFound(_) | Route::App { .. }), "{path}");
        }
    }

    #[test]
    fn other_paths_and_names_are_not_found() {
        for path in ["/socket.io", "/x/socket.io/", "/w/alpha", "/w", "/W/alpha/socket.io/"] {
            assert_eq!(route(path, Some("a b")), Route::NotFound(NO_PATH), "{path}");
        }
        for path in ["/w//socket.io/", "/w/a.b/socket.io/", "/w//", "/w/a.b/", "/w/a%20b/x"] {
            assert_eq!(route(path, None), Route::NotFound(NO_WORLD), "{path}");
        }
        assert_eq!(route("/socket.io/", Some("a b")), Route::NotFound(NO_WORLD));
        assert_eq!(route("/socket.io/", Some("")), Route::NotFound(NO_WORLD));
        assert_eq!(route("/", None), Route::Index);
        assert!(matches!(route("/engine.io/", None), Route::Gateway { protocol: Protocol::EngineIo, .. }));
    }

    #[test]
    fn what_is_below_a_world_and_no_gateway_may_be_the_apps() {
        let alpha = || WorldName::parse("alpha").expect("a name");
        for (path, below) in [
            ("/w/alpha/", "/"),
            ("/w/alpha/socket.io", "/socket.io"),
            ("/w/alpha/b/socket.io/", "/b/socket.io/"),
            ("/w/alpha/x/y", "/x/y"),
            ("/w/alpha//socket.io/", "//socket.io/"),
        ] {
            assert_eq!(route(path, Some("beta")), Route::App { world: alpha(), path: below }, "{path}");
        }
    }

    #[test]
    fn a_call_names_a_world_and_an_operation() {
        assert_eq!(route("/api/worlds/a b/x/y", None), Route::Admin { world: "a b", operation: "x/y" });
        assert_eq!(route("/api/worlds//", None), Route::Admin { world: "", operation: "" });
        assert_eq!(route("/api/worlds/alpha", None), Route::Admin { world: "alpha", operation: "status" });
        for path in ["/api/worlds/", "/api/worlds", "/api/", "/API/worlds/alpha/emit", "/metrics/", "/w/metrics"] {
            assert_eq!(route(path, None), Route::NotFound(NO_PATH), "{path}");
        }
        assert_eq!(route("/metrics", None), Route::Admin { world: ALL_WORLDS, operation: "metrics" });
    }
}
