//! The path of Socket.IO's gateway.

/// The path of Socket.IO's gateway, at the root and below a world's path; it starts and ends with a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GatewayPath(Box<str>);

impl GatewayPath {
    #[track_caller]
    pub(crate) fn new(path: &str) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
        assert!(path.starts_with('/'), "the path {path:?} does not start with /");
        assert!(
            path.chars().all(is_plain)
                && !path.contains("//")
                && !path.split('/').any(|part| part == "." || part == ".."),
            "the path {path:?} is not as browsers send it; use letters, digits and - . _ ~ between single slashes"
        );
        let path = format!("{}/", path.trim_end_matches('/'));
        let is_taken =
            path == "/" || path == "/engine.io/" || path.starts_with("/w/") || path.starts_with("/api/worlds/");
        assert!(
            !is_taken,
            "the path {path:?} is taken: for the index, plain Engine.IO, the worlds' own paths or the admin API"
        );
        Self(path.into())
    }

    /// Returns the path.
    pub(crate) const fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for GatewayPath {
    fn default() -> Self {
        Self("/socket.io/".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_may_be_left_out() {
        assert_eq!(GatewayPath::new("/real-time"), GatewayPath::new("/real-time/"));
        assert_eq!(GatewayPath::new("/api/v1.0/").as_str(), "/api/v1.0/");
    }

    #[test]
    fn an_invalid_or_taken_path_is_refused_at_start_up() {
        for path in
            ["", "realtime", "/", "/a//b", "/a?b", "/a b", "/ä", "/../a", "/engine.io", "/w/a", "/api/worlds/x", "/{x}"]
        {
            assert!(std::panic::catch_unwind(|| GatewayPath::new(path)).is_err(), "{path:?}");
        }
    }
}
