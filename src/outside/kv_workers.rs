//! KV namespaces of the platform.

use bytes::Bytes;
use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::Outside;
use super::binding_kind::KV;
use super::binding_workers::{MAX_BYTES, parsed, settled, take_bytes, to_js};
use super::kv::{CODE, KvKeys};
use crate::error::Failure;

#[wasm_bindgen(module = "/src/outside/kv.js")]
extern "C" {
    #[wasm_bindgen(js_name = get)]
    fn kv_get(kv: &JsValue, key: &str, max: f64) -> Promise;
    #[wasm_bindgen(js_name = put)]
    fn kv_put(kv: &JsValue, key: &str, value: &[u8], ttl: Option<f64>) -> Promise;
    #[wasm_bindgen(js_name = remove)]
    fn kv_remove(kv: &JsValue, key: &str) -> Promise;
    #[wasm_bindgen(js_name = list)]
    fn kv_list(kv: &JsValue, prefix: &str, cursor: Option<&str>) -> Promise;
}

/// A KV namespace.
#[derive(Clone, Debug)]
pub(super) struct Binding(JsValue);

impl Binding {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        outside.bound(&KV, name).map(Self)
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        let value = settled(kv_get(&self.0, key, MAX_BYTES), CODE).await?;
        Ok((!value.is_null()).then(|| take_bytes(&value).into()))
    }

    pub(super) async fn put(&self, key: &str, value: &[u8], ttl: Option<u64>) -> Result<(), Failure> {
        settled(kv_put(&self.0, key, value, ttl.map(to_js)), CODE).await.map(drop)
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), Failure> {
        settled(kv_remove(&self.0, key), CODE).await.map(drop)
    }

    pub(super) async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<KvKeys, Failure> {
        parsed(&settled(kv_list(&self.0, prefix, cursor), CODE).await?)
    }
}
