//! D1 databases of the platform.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::Outside;
use super::binding_kind::D1;
use super::binding_workers::{MAX_BYTES, from_js, parsed, settled};
use super::d1::{CODE, D1Statement};
use crate::error::Failure;

#[wasm_bindgen(module = "/src/outside/d1.js")]
extern "C" {
    #[wasm_bindgen(js_name = query)]
    fn d1_query(db: &JsValue, sql: &str, params: &str, max: f64) -> Promise;
    #[wasm_bindgen(js_name = execute)]
    fn d1_execute(db: &JsValue, sql: &str, params: &str) -> Promise;
    #[wasm_bindgen(js_name = batch)]
    fn d1_batch(db: &JsValue, statements: Vec<String>) -> Promise;
}

/// A D1 database.
#[derive(Clone, Debug)]
pub(super) struct Binding(JsValue);

impl Binding {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        outside.bound(&D1, name).map(Self)
    }

    /// Returns the rows as JSON.
    pub(super) async fn query(&self, sql: &str, params: &str) -> Result<String, Failure> {
        let rows = settled(d1_query(&self.0, sql, params, MAX_BYTES), CODE).await?;
        Ok(rows.as_string().unwrap_or_default())
    }

    pub(super) async fn execute(&self, sql: &str, params: &str) -> Result<u64, Failure> {
        let changed = settled(d1_execute(&self.0, sql, params), CODE).await?;
        Ok(changed.as_f64().map_or(0, from_js))
    }

    pub(super) async fn batch(&self, statements: Vec<D1Statement>) -> Result<Vec<u64>, Failure> {
        let mut flat = Vec::new();
        for D1Statement { sql, params } in statements {
            flat.extend([sql, params?]);
        }
        parsed(&settled(d1_batch(&self.0, flat), CODE).await?)
    }
}
