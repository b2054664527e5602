//! The bindings of a deployment, and calls of them.

use js_sys::{Promise, Uint8Array};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::Outside;
use super::binding_kind::BindingKind;
use crate::error::Failure;
use crate::id::WorldName;
use crate::limits::MAX_FETCHED_BYTES;
use crate::value::json;

/// [`MAX_FETCHED_BYTES`], for JavaScript.
pub(super) const MAX_BYTES: f64 = to_js(MAX_FETCHED_BYTES as u64);

#[wasm_bindgen(module = "/src/outside/binding.js")]
extern "C" {
    fn bound(env: &JsValue, name: &str, method: &str) -> JsValue;
}

#[wasm_bindgen(module = "/src/cloudflare/runtime.js")]
extern "C" {
    #[wasm_bindgen(js_name = variable)]
    fn variable_of(env: &JsValue, name: &str) -> Option<String>;
    #[wasm_bindgen(js_name = textOf)]
    fn text_of(error: &JsValue) -> String;
    #[wasm_bindgen(js_name = drop)]
    fn drop_bytes(bytes: &JsValue);
    #[wasm_bindgen(js_name = worldName)]
    fn world_name(state: &JsValue) -> String;
}

impl Outside {
    /// Returns a binding.
    pub(super) fn bound(&self, kind: &BindingKind, name: &str) -> Result<JsValue, Failure> {
        let found = bound(&self.env, name, kind.method);
        if found.is_undefined() { Err(kind.missing(name)) } else { Ok(found) }
    }

    /// Returns a variable or secret.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        variable_of(&self.env, name)
    }

    /// Returns the name of the world.
    pub(crate) fn world_name(&self) -> WorldName {
        WorldName::parse(&world_name(&self.state)).unwrap_or_default()
    }
}

/// Waits for a call. What the runtime throws becomes an error with this code.
pub(super) async fn settled(call: Promise, code: &'static str) -> Result<JsValue, Failure> {
    JsFuture::from(call).await.map_err(|error| Failure::of_outside(code, text_of(&error)))
}

/// Copies bytes out of the runtime, which need not keep them until it collects garbage.
pub(super) fn take_bytes(value: &JsValue) -> Vec<u8> {
    let bytes = Uint8Array::new(value);
    let copy = bytes.to_vec();
    drop_bytes(&bytes);
    copy
}

/// Parses a text of the runtime that is JSON.
pub(super) fn parsed<T: DeserializeOwned>(text: &JsValue) -> Result<T, Failure> {
    Ok(json::from_str(&text.as_string().unwrap_or_default())?)
}

/// Converts a whole number for JavaScript.
#[expect(clippy::cast_precision_loss, reason = "times and sizes stay below 2^53")]
pub(super) const fn to_js(number: u64) -> f64 {
    number as f64
}

/// Converts a number from JavaScript to a whole number: drops the fraction, and saturates.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, which is what is meant")]
pub(super) const fn from_js(number: f64) -> u64 {
    number as u64
}
