//! What the Worker and the object both need of HTTP.

mod cors;
mod engine_request;
mod internal_headers;
mod subprotocol;
mod token;

pub use cors::Cors;
pub use engine_request::{EngineRequest, check_protocol, opens};
#[cfg(target_arch = "wasm32")]
pub use internal_headers::CLOSE_MARK;
pub use internal_headers::INTERNAL_PREFIX;
pub use subprotocol::SUBPROTOCOL;
#[cfg(target_arch = "wasm32")]
pub use subprotocol::select_subprotocol;
pub use token::is_token;

// Requests are routed by the Worker and its object alone.
#[cfg(any(test, target_arch = "wasm32"))]
pub mod origin;
#[cfg(any(test, target_arch = "wasm32"))]
mod request_head;
#[cfg(any(test, target_arch = "wasm32"))]
mod route;
#[cfg(target_arch = "wasm32")]
pub use request_head::RequestHead;
#[cfg(target_arch = "wasm32")]
pub use route::NO_PATH;
#[cfg(any(test, target_arch = "wasm32"))]
pub use route::{NO_WORLD, Route, route};
