//! Responses of handlers, converted to the runtime's responses.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::runtime;
use crate::config::Config;
use crate::core::meter::Meter;
use crate::handles::HttpResponse;
use crate::http::{RequestHead, origin};
use crate::routing::App;
use crate::value::json_writer::push_number;
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
    let HttpResponse { status, headers, body, .. } = response;
    runtime::respond_bytes(status, &body, origin::join(headers, own))
}

/// Returns a response with the counters of worlds.
///
/// # Errors
/// The runtime does not accept a header.
pub(crate) fn respond_metrics(meters: &[Rc<Meter>], own: &[origin::HeaderPair]) -> Result<JsValue, JsValue> {
    let mut text = String::new();
    for meter in meters {
        text.push_str(meter.world());
        for number in meter.numbers() {
            text.push(' ');
            push_number(number, &mut text);
        }
        text.push('\n');
    }
    runtime::respond_metrics(&text, runtime::flatten(own, &[]))
}

/// Returns a response whose JSON body is an error message.
///
/// # Errors
/// The runtime does not accept the status, the body or a header.
pub(crate) fn respond_message(status: u16, message: &str, own: &[origin::HeaderPair]) -> Result<JsValue, JsValue> {
    runtime::respond_json(status, &format!(r#"{{"message":{}}}"#, quoted(message)), own)
}
