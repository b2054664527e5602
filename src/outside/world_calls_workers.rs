//! Calls of other worlds, through the binding of the class of worlds.

use bytes::Bytes;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::Outside;
use super::world_calls::{CallError, WorldAnswer, WorldCall};
use crate::config::Placement;
use crate::config::placement::{Jurisdiction, LocationHint};
use crate::http::INNER_PATH;
use crate::limits::MAX_WORLD_ANSWER_BYTES;

#[wasm_bindgen(module = "/src/outside/worlds.js")]
extern "C" {
    #[wasm_bindgen(js_name = callWorld)]
    fn call_world(
        env: &JsValue,
        world: &str,
        jurisdiction: Option<&str>,
        hint: Option<&str>,
        method: &str,
        path: &str,
        headers: Vec<String>,
        body: &[u8],
        max: f64,
        timeout: f64,
    ) -> js_sys::Promise;
    #[wasm_bindgen(js_name = ownWorld)]
    fn own_world(state: &JsValue) -> Option<String>;
}

#[wasm_bindgen(module = "/src/cloudflare/runtime.js")]
extern "C" {
    #[wasm_bindgen(js_name = textOf)]
    fn text_of(error: &JsValue) -> String;
}

impl Outside {
    /// Returns the name of the own world; `None` in the Worker.
    pub(crate) fn own_world(&self) -> Option<String> {
        own_world(&self.state)
    }

    /// Calls another world.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn call_world(self, call: WorldCall) -> Result<WorldAnswer, CallError> {
        let place = self.links.and_then(|links| links.place);
        let Placement { location_hint, jurisdiction, .. } =
            place.map(|place| place(call.world.as_str())).unwrap_or_default();
        let mut query = form_urlencoded::Serializer::new(format!("{INNER_PATH}{}?", call.path));
        query.extend_pairs(&call.query);
        let answered = JsFuture::from(call_world(
            &self.env,
            call.world.as_str(),
            jurisdiction.map(Jurisdiction::as_str),
            location_hint.map(LocationHint::as_str),
            &call.method,
            &query.finish(),
            call.headers.into_iter().flat_map(|(name, value)| [name, value]).collect(),
            &call.body,
            f64::from(MAX_WORLD_ANSWER_BYTES),
            call.timeout.as_secs_f64() * 1000.0,
        ));
        match answered.await {
            Ok(answer) => match answer.as_bool() {
                Some(true) => Err(CallError::TooLong),
                Some(false) => Err(CallError::Timeout),
                None => read(&Array::from(&answer)).ok_or_else(|| CallError::Failed("no answer".to_owned())),
            },
            Err(error) => Err(CallError::Failed(text_of(&error))),
        }
    }
}

/// Reads what `callWorld` returned: the status, the body, and names and values of headers, in turn.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and a status is small")]
fn read(answer: &Array) -> Option<WorldAnswer> {
    let status = answer.get(0).as_f64()? as u16;
    let body = Bytes::from(Uint8Array::new(&answer.get(1)).to_vec());
    let mut texts = answer.iter().skip(2).map(|text| text.as_string().unwrap_or_default());
    let headers = core::iter::from_fn(|| texts.next().zip(texts.next())).collect();
    Some(WorldAnswer { status, headers, body })
}
