//! The Workers runtime.

pub mod export;

#[cfg(target_arch = "wasm32")]
mod gateway;
#[cfg(target_arch = "wasm32")]
mod http_requests;
#[cfg(target_arch = "wasm32")]
pub(crate) mod object_class;
#[cfg(target_arch = "wasm32")]
mod respond;
#[cfg(target_arch = "wasm32")]
mod runtime;
#[cfg(target_arch = "wasm32")]
pub(crate) mod worker_entry;
#[cfg(target_arch = "wasm32")]
mod workers;
