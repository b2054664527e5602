//! The platform: the Worker, the class of the Durable Object, and the JavaScript that both use. Everything except the macro is
//! for wasm32 only.

mod export;

#[cfg(target_arch = "wasm32")]
mod abort_handler;
#[cfg(target_arch = "wasm32")]
mod endpoint_requests;
#[cfg(target_arch = "wasm32")]
mod gateway_hooks;
#[cfg(target_arch = "wasm32")]
mod kept_bytes;
#[cfg(target_arch = "wasm32")]
mod object_class;
#[cfg(target_arch = "wasm32")]
mod object_fetch;
#[cfg(target_arch = "wasm32")]
mod request_body;
#[cfg(target_arch = "wasm32")]
mod respond;
#[cfg(target_arch = "wasm32")]
mod runtime;
#[cfg(target_arch = "wasm32")]
mod session_rows;
#[cfg(target_arch = "wasm32")]
mod socket_bounds;
#[cfg(target_arch = "wasm32")]
mod triggers;
#[cfg(target_arch = "wasm32")]
mod worker_entry;
#[cfg(target_arch = "wasm32")]
mod worker_requests;
#[cfg(target_arch = "wasm32")]
mod workers_platform;
#[cfg(target_arch = "wasm32")]
mod workers_store;

// The macro `world!` uses these in the crate that calls it.
#[cfg(target_arch = "wasm32")]
pub(crate) use gateway_hooks::WORKER_HOOKS;
#[cfg(target_arch = "wasm32")]
pub use js_sys::Promise;
#[cfg(target_arch = "wasm32")]
pub use object_class::Object;
#[cfg(target_arch = "wasm32")]
pub use triggers::{queue, scheduled};
#[cfg(target_arch = "wasm32")]
pub use wasm_bindgen;
#[cfg(target_arch = "wasm32")]
pub use worker_entry::fetch;
#[cfg(target_arch = "wasm32")]
pub(crate) use worker_requests::serve_worker_route;
