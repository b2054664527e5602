//! A request of a connection's, read from the runtime's.

use wasm_bindgen::{JsCast, JsValue};

use crate::handler::{ConnRequest, Variables};
use crate::id::WorldName;
use crate::request::Opening;
use crate::runtime;
use crate::time::Timestamp;

/// Whether a request asks for a WebSocket.
pub fn is_upgrade(request: &JsValue) -> bool {
    runtime::header(request, "upgrade").is_some_and(|to| to.eq_ignore_ascii_case("websocket"))
}

/// A request to a world that came at `issued`, in a deployment with these variables.
pub fn read(request: &JsValue, world: WorldName, issued: Timestamp, variables: Variables) -> ConnRequest {
    let parts: &runtime::Request = request.unchecked_ref();
    let (method, url) = (parts.method(), parts.url());
    let (origin, _, _) = runtime::split_url(&url);
    let opening = Opening {
        headers: runtime::header_pairs(request),
        issued,
        address: runtime::header(request, "cf-connecting-ip").unwrap_or_default(),
        url: url.strip_prefix(origin).unwrap_or(&url).to_owned(),
        secure: origin.starts_with("https:"),
    };
    ConnRequest::new(method, world, is_upgrade(request), opening, variables)
}
