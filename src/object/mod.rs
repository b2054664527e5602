//! The Durable Object's shell.

mod alarm;
pub(crate) mod attachment;
mod persist;
mod platform;
mod requests;
// The object waits for a handler in the runtime alone.
#[cfg(any(test, target_arch = "wasm32"))]
mod response_timeout;
mod shell;
mod wake;

pub use platform::Platform;
pub use requests::{Body, Reception};
#[cfg(target_arch = "wasm32")]
pub use response_timeout::answer_or_late;
pub use shell::Shell;
