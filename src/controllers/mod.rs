//! Controllers: events by name with hooks before them, and answers of one form.

pub(crate) mod calls;
mod context;
mod controller;
mod hook;
mod http_hook;
mod limits_of_events;
mod message_call;
#[cfg(feature = "validation")]
mod payload_checks;
mod render;
mod reply;

pub use calls::{Payload, User};
pub use context::Context;
pub use controller::Controller;
pub use hook::{Flow, Hook, HookFunction, IntoHook, PostFunction};
pub use http_hook::http_hook;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use message_call::reply as handle_message;
#[cfg(feature = "validation")]
pub use payload_checks::{validate, validate_schema};
pub use render::render_error;
pub use reply::{ErrorResponse, Reply, Response};
