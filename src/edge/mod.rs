//! Stage 1: the Worker. Answers everything that needs no world, so that a bad request never wakes one, and hands the
//! rest to the world's object.

mod admin_key;
mod route_request;

#[cfg(target_arch = "wasm32")]
pub(crate) use route_request::{Destination, RequestParts, route_request};
