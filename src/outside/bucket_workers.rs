//! R2 buckets of the platform.

use bytes::Bytes;
use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::Outside;
use super::binding_kind::BUCKET;
use super::binding_workers::{MAX_BYTES, parsed, settled, take_bytes};
use super::bucket::{BucketObject, BucketObjects, CODE};
use crate::error::Failure;

#[wasm_bindgen(module = "/src/outside/bucket.js")]
extern "C" {
    #[wasm_bindgen(js_name = get)]
    fn bucket_get(bucket: &JsValue, key: &str, max: f64) -> Promise;
    #[wasm_bindgen(js_name = head)]
    fn bucket_head(bucket: &JsValue, key: &str) -> Promise;
    #[wasm_bindgen(js_name = put)]
    fn bucket_put(bucket: &JsValue, key: &str, bytes: &[u8], content_type: Option<&str>) -> Promise;
    #[wasm_bindgen(js_name = remove)]
    fn bucket_remove(bucket: &JsValue, key: &str) -> Promise;
    #[wasm_bindgen(js_name = list)]
    fn bucket_list(bucket: &JsValue, prefix: &str, cursor: Option<&str>) -> Promise;
}

/// An R2 bucket.
#[derive(Clone, Debug)]
pub(super) struct Binding(JsValue);

impl Binding {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        outside.bound(&BUCKET, name).map(Self)
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        let bytes = settled(bucket_get(&self.0, key, MAX_BYTES), CODE).await?;
        Ok((!bytes.is_null()).then(|| take_bytes(&bytes).into()))
    }

    pub(super) async fn head(&self, key: &str) -> Result<Option<BucketObject>, Failure> {
        let object = settled(bucket_head(&self.0, key), CODE).await?;
        if object.is_null() { Ok(None) } else { parsed(&object).map(Some) }
    }

    pub(super) async fn put(&self, key: &str, bytes: &[u8], content_type: Option<&str>) -> Result<(), Failure> {
        settled(bucket_put(&self.0, key, bytes, content_type), CODE).await.map(drop)
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), Failure> {
        settled(bucket_remove(&self.0, key), CODE).await.map(drop)
    }

    pub(super) async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<BucketObjects, Failure> {
        parsed(&settled(bucket_list(&self.0, prefix, cursor), CODE).await?)
    }
}
