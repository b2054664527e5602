//! A handler's response becomes the runtime's.

use wasm_bindgen::JsValue;

use super::cors;
use crate::handler::HttpResponse;
use crate::runtime;
use crate::value::quoted;

/// Makes the runtime's response, with the headers that every answer to the request must have.
///
/// # Errors
/// The runtime's own, when it does not take the parts.
pub fn respond(response: HttpResponse, own: &[cors::Header]) -> Result<JsValue, JsValue> {
    let HttpResponse { status, headers, body } = response;
    runtime::respond_bytes(status, &body, cors::join(headers, own))
}

/// Makes a response whose JSON body says what is wrong.
///
/// # Errors
/// The runtime's own, when it does not take the parts.
pub fn respond_message(status: u16, message: &str, own: &[cors::Header]) -> Result<JsValue, JsValue> {
    runtime::respond_json(status, &format!(r#"{{"message":{}}}"#, quoted(message)), own)
}
