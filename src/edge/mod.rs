//! The Worker's decisions about requests to the app's routes and to the admin HTTP API. The Worker responds itself if no world is
//! needed, so that a bad request never wakes one; it forwards all other requests to the world's object.

mod admin_key;
mod route_request;

#[cfg(target_arch = "wasm32")]
pub(crate) use route_request::{Destination, RequestParts, route_request};
