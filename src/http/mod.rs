//! The HTTP that the Worker and the object both need: requests, routes, origins and headers.

mod cors;
mod engine_request;
mod internal_headers;
mod kept_headers;
mod subprotocol;
mod token;

pub use cors::Cors;
pub use engine_request::EngineRequest;
pub(crate) use engine_request::{check_protocol, opens};
#[cfg(target_arch = "wasm32")]
pub(crate) use internal_headers::CLOSE_MARK;
pub(crate) use internal_headers::INTERNAL_PREFIX;
pub(crate) use kept_headers::KeptHeaders;
pub(crate) use subprotocol::SUBPROTOCOL;
#[cfg(target_arch = "wasm32")]
pub(crate) use subprotocol::select_subprotocol;
pub(crate) use token::is_token;

// Only the platform's Worker and object route requests.
#[cfg(any(test, target_arch = "wasm32"))]
pub(crate) mod origin;
#[cfg(any(test, target_arch = "wasm32"))]
mod request_head;
#[cfg(any(test, target_arch = "wasm32"))]
mod route;
#[cfg(target_arch = "wasm32")]
pub(crate) use request_head::RequestHead;
#[cfg(target_arch = "wasm32")]
pub(crate) use route::NO_PATH;
#[cfg(any(test, target_arch = "wasm32"))]
pub(crate) use route::{NO_WORLD, Route, route};
