//! Responses of handlers, converted to the runtime's responses.

use wasm_bindgen::JsValue;

use super::runtime;
use crate::config::Config;
use crate::handles::HttpResponse;
use crate::http::{RequestHead, origin};
use crate::routing::App;
use crate::value::quoted;

/// Returns the CORS headers that every response to a request must have. The Worker has refused requests from pages that may not
/// connect.
pub(crate) fn cors_headers(config: &Config, head: &RequestHead, app: &App) -> Vec<origin::HeaderPair> {
    let cors = app.engine_routes().cors_options();
    origin::check(head.header("origin"), head.own_origin(), config, cors).unwrap_or_default()
}

/// Returns the runtime's response, with the headers `own`, which every response to the request must have.
///
/// # Errors
/// The runtime does not accept the status, the body or a header.
pub(crate) fn respond(response: HttpResponse, own: &[origin::HeaderPair]) -> Result<JsValue, JsValue> {
    let HttpResponse { status, headers, body } = response;
    runtime::respond_bytes(status, &body, origin::join(headers, own))
}

/// Returns a response whose JSON body is an error message.
///
/// # Errors
/// The runtime does not accept the status, the body or a header.
pub(crate) fn respond_message(status: u16, message: &str, own: &[origin::HeaderPair]) -> Result<JsValue, JsValue> {
    runtime::respond_json(status, &format!(r#"{{"message":{}}}"#, quoted(message)), own)
}
