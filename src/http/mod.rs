//! The HTTP that the Worker and the object both need: requests, routes, origins and headers.

mod cookie_header;
mod cors;
mod default_pages;
mod engine_request;
mod http_message;
mod internal_headers;
mod kept_headers;
mod subprotocol;
mod token;

pub(crate) use cookie_header::cookie_of;
pub use cors::Cors;
pub(crate) use default_pages::default_page;
pub use engine_request::EngineRequest;
pub(crate) use engine_request::{check_protocol, opens};
pub use http_message::{HttpRequest, HttpResponse};
#[cfg(target_arch = "wasm32")]
pub(crate) use internal_headers::CLOSE_MARK;
#[cfg(target_arch = "wasm32")]
pub(crate) use internal_headers::INNER_PATH;
pub(crate) use internal_headers::INTERNAL_PREFIX;
pub(crate) use kept_headers::KeptHeaders;
pub(crate) use subprotocol::SUBPROTOCOL;
#[cfg(target_arch = "wasm32")]
pub(crate) use subprotocol::select_subprotocol;

// Only the platform's Worker and object route requests.
#[cfg(any(test, target_arch = "wasm32"))]
pub(crate) mod origin;
#[cfg(any(test, target_arch = "wasm32"))]
mod request_head;
#[cfg(any(test, target_arch = "wasm32"))]
mod route;
#[cfg(target_arch = "wasm32")]
pub(crate) use origin::HeaderPair;
#[cfg(target_arch = "wasm32")]
pub(crate) use request_head::RequestHead;
#[cfg(target_arch = "wasm32")]
pub(crate) use route::NO_PATH;
#[cfg(any(test, target_arch = "wasm32"))]
pub(crate) use route::{ALL_WORLDS, METRICS, NO_WORLD, Route, route};
