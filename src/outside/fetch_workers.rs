//! Requests by the runtime.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

use super::Outside;
use super::binding_kind::BindingKind;
use super::binding_workers::{MAX_BYTES, settled, take_bytes};
use super::requests::CODE;
use crate::error::Failure;
use crate::http::{HttpRequest, HttpResponse};
use crate::limits::FETCH_TIMEOUT;

#[wasm_bindgen(module = "/src/outside/fetch.js")]
extern "C" {
    type Sent;
    #[wasm_bindgen(constructor)]
    fn new(
        service: &JsValue,
        method: &str,
        url: &str,
        headers: Vec<String>,
        body: Option<&[u8]>,
        max: f64,
        timeout: f64,
    ) -> Sent;
    #[wasm_bindgen(method, getter)]
    fn response(this: &Sent) -> Promise;
    #[wasm_bindgen(method)]
    fn end(this: &Sent);
}

/// A request that ends when it is dropped, because it keeps the world awake.
struct Running(Sent);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A service binding.
#[derive(Clone, Debug)]
pub(super) struct Binding(JsValue);

impl Binding {
    pub(super) fn new(outside: &Outside, kind: &BindingKind, name: &str) -> Result<Self, Failure> {
        outside.bound(kind, name).map(Self)
    }

    pub(super) async fn fetch(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        send(&self.0, request).await
    }
}

pub(super) async fn fetch(request: HttpRequest) -> Result<HttpResponse, Failure> {
    send(&JsValue::UNDEFINED, request).await
}

async fn send(service: &JsValue, request: HttpRequest) -> Result<HttpResponse, Failure> {
    let HttpRequest { method, path, headers, body, .. } = request;
    let headers = headers.into_iter().flat_map(|(name, value)| [name, value]).collect();
    let body = (!body.is_empty()).then_some(&*body);
    let timeout = FETCH_TIMEOUT.as_secs_f64() * 1_000.0;
    let sent = Running(Sent::new(service, &method, &path, headers, body, MAX_BYTES, timeout));
    let parts: Array = settled(sent.0.response(), CODE).await?.unchecked_into();
    let head = parts.get(0).as_string().unwrap_or_default();
    let mut lines = head.split('\n');
    let status = lines.next().and_then(|status| status.parse().ok()).unwrap_or_default();
    let response = HttpResponse::new(status, take_bytes(&parts.get(1)));
    Ok(core::iter::from_fn(|| lines.next().zip(lines.next()))
        .fold(response, |response, (name, value)| response.with_header(name, value)))
}
