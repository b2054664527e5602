//! From a URL to a world.

use crate::id::WorldName;
use crate::request::Layer;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To a world.
    Gateway {
        /// The world.
        world: WorldName,
        /// What it is to speak.
        layer: Layer,
    },
    /// To the page that says what this is.
    Index,
    /// To nothing; the text says what there is.
    NotFound(&'static str),
}

const NO_PATH: &str = "Nothing is here. A world's gateway is /w/<world>/socket.io/ or /socket.io/?world=<world>";
const NO_WORLD: &str = "No world can have this name: it takes 1 to 64 characters of A-Z, a-z, 0-9, _ and -";

/// The path of the gateway that speaks `layer`, below a world's or at the root.
pub const fn gateway(layer: Layer) -> &'static str {
    match layer {
        Layer::SocketIo => "/socket.io/",
        Layer::EngineIo => "/engine.io/",
    }
}

/// What a request to a gateway's path speaks.
pub fn layer_of(path: &str) -> Option<Layer> {
    [Layer::SocketIo, Layer::EngineIo].into_iter().find(|&layer| path.ends_with(gateway(layer)))
}

/// Routes a path; `world` is the query's, which counts where the path names none.
pub fn route(path: &str, world: Option<&str>) -> Route {
    if path == "/" {
        return Route::Index;
    }
    let Some(layer) = layer_of(path) else { return Route::NotFound(NO_PATH) };
    let name = match path.strip_prefix("/w/").and_then(|rest| rest.strip_suffix(gateway(layer))) {
        Some(name) => name,
        None if path == gateway(layer) => world.unwrap_or(WorldName::DEFAULT),
        None => return Route::NotFound(NO_PATH),
    };
    WorldName::parse(name).map_or(Route::NotFound(NO_WORLD), |world| Route::Gateway { world, layer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(path: &str, query: Option<&str>) -> Option<String> {
        match route(path, query) {
            Route::Gateway { world, layer: Layer::SocketIo } => Some(world.as_str().to_owned()),
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
    fn other_paths_and_names_are_not_found() {
        for path in [
            "/socket.io",
            "/w/alpha/socket.io",
            "/w/a/b/socket.io/",
            "/x/socket.io/",
            "/w//socket.io/",
            "/w/a.b/socket.io/",
        ] {
            assert!(matches!(route(path, None), Route::NotFound(_)), "{path}");
        }
        assert_eq!(route("/socket.io/", Some("a b")), Route::NotFound(NO_WORLD));
        assert_eq!(route("/socket.io/", Some("")), Route::NotFound(NO_WORLD));
        assert_eq!(route("/", None), Route::Index);
        assert!(matches!(route("/engine.io/", None), Route::Gateway { layer: Layer::EngineIo, .. }));
    }
}
