//! What the Worker answers by itself where the app has neither a file nor a route.

/// The page at `/`.
const INDEX: &str = concat!(
    r#"{"message":"A Dormouse server runs here. A client of Socket.IO connects to a world by "#,
    r#"io(url, { path: '/w/<world>/socket.io/' })"}"#
);

/// The answer at `/health`.
const HEALTHY: &str = r#"{"status":"ok"}"#;

/// Returns the page at a path: JSON.
pub(crate) fn default_page(method: &str, path: &str) -> Option<&'static str> {
    let page = match path {
        "/" => INDEX,
        "/health" => HEALTHY,
        _ => return None,
    };
    matches!(method, "GET" | "HEAD").then_some(page)
}
