//! Queues of the platform.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::Outside;
use super::binding_kind::QUEUE;
use super::binding_workers::settled;
use super::queue::CODE;
use crate::error::Failure;

#[wasm_bindgen(module = "/src/outside/queue.js")]
extern "C" {
    #[wasm_bindgen(js_name = send)]
    fn queue_send(queue: &JsValue, messages: &str) -> Promise;
}

/// A queue.
#[derive(Clone, Debug)]
pub(super) struct Binding(JsValue);

impl Binding {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        outside.bound(&QUEUE, name).map(Self)
    }

    /// Sends messages: a list, as JSON.
    pub(super) async fn send(&self, messages: &str) -> Result<(), Failure> {
        settled(queue_send(&self.0, messages), CODE).await.map(drop)
    }
}
