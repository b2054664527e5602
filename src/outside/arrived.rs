//! A request that arrived at the Worker, for those who may not name the types of JavaScript.

use core::fmt;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsValue;

use super::{Links, Outside, States};
use crate::config::Config;
use crate::http::{HeaderPair, RequestHead};

/// A request that arrived at the Worker, whose body is not read.
pub(crate) struct Arrived<'a> {
    pub request: &'a JsValue,
    pub env: &'a JsValue,
    /// The execution context.
    pub context: &'a JsValue,
    pub head: &'a RequestHead,
    /// The headers that every response must have.
    pub own: &'a [HeaderPair],
    pub config: &'a Rc<Config>,
}

impl Arrived<'_> {
    /// Returns what its handler reaches.
    pub(crate) fn outside(&self, links: Option<Links>, states: States) -> Outside {
        Outside { env: self.env.clone(), state: self.context.clone(), links, states }
    }
}

/// A response to come.
pub(crate) struct ToCome(pub Promise);

impl fmt::Debug for Arrived<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Arrived")
    }
}

impl fmt::Debug for ToCome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToCome")
    }
}
