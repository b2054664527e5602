//! A handler's response becomes the runtime's.

use wasm_bindgen::JsValue;

use super::runtime;
use crate::handles::HttpResponse;
use crate::http::origin;
use crate::value::quoted;

/// Makes the runtime's response, with the headers that every answer to the request must have.
///
/// # Errors
/// The runtime's own, when it does not take the parts.
pub fn respond(response: HttpResponse, own: &[origin::Header]) -> Result<JsValue, JsValue> {
    let HttpResponse { status, headers, body } = response;
    runtime::respond_bytes(status, &body, origin::join(headers, own))
}

/// Makes a response whose JSON body says what is wrong.
///
/// # Errors
/// The runtime's own, when it does not take the parts.
pub fn respond_message(status: u16, message: &str, own: &[origin::Header]) -> Result<JsValue, JsValue> {
    runtime::respond_json(status, &format!(r#"{{"message":{}}}"#, quoted(message)), own)
}
