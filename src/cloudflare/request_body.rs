//! The bodies of requests.

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::runtime;
use crate::config::Config;
use crate::limits::MAX_BODIES_BYTES;
use crate::object::Body;
use crate::time::Timestamp;

/// The bounds of a request's body, as numbers for JavaScript.
pub(crate) struct BodyLimits {
    max_bytes: f64,
    timeout_ms: f64,
    /// What all bodies that the isolate reads may have.
    most_bytes: f64,
}

impl BodyLimits {
    /// Returns the bounds for a configuration.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            max_bytes: runtime::integer_to_js(config.max_payload_bytes as u64),
            timeout_ms: runtime::span_to_js(config.body_timeout()),
            most_bytes: runtime::integer_to_js(config.max_payload_bytes.max(MAX_BODIES_BYTES) as u64),
        }
    }

    /// Sets when the body must have arrived.
    pub(crate) fn until(self, due: Timestamp) -> Self {
        Self { timeout_ms: runtime::span_to_js(due.since(runtime::now())), ..self }
    }

    /// Reads the body of a request, within the bounds.
    pub(crate) async fn read(&self, request: &JsValue) -> Body {
        let Self { max_bytes, timeout_ms, most_bytes } = *self;
        match JsFuture::from(runtime::read_request(request, max_bytes, timeout_ms, most_bytes)).await {
            Ok(body) => match body.as_bool() {
                Some(true) => Body::TooLong,
                Some(false) => Body::Late,
                None if body.is_undefined() => Body::Aborted,
                None if body.is_null() => Body::Crowded,
                None => {
                    let bytes = Uint8Array::new(&body).to_vec();
                    runtime::drop_bytes(&body);
                    Body::Bytes(bytes)
                }
            },
            Err(_) => Body::Aborted,
        }
    }
}
