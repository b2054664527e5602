//! A handler's response becomes the runtime's.

use wasm_bindgen::JsValue;

use super::cors;
use crate::handler::HttpResponse;
use crate::runtime;

/// Makes the runtime's response, with the headers that every answer to the request must have.
///
/// # Errors
/// The runtime's own, when it does not take the parts.
pub fn respond(response: HttpResponse, own: &[cors::Header]) -> Result<JsValue, JsValue> {
    let HttpResponse { status, headers, body } = response;
    runtime::respond_bytes(status, &body, cors::join(headers, own))
}
