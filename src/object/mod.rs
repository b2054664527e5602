//! The Durable Object's shell: wakes the world, passes inputs of the platform to it, and stores what changed.

pub(crate) mod attachment;
mod clock;
mod persist;
mod platform;
mod requests;
// Only the platform's object waits for a handler.
#[cfg(any(test, target_arch = "wasm32"))]
mod response_timeout;
mod shell;
mod sleeping_heartbeat;
mod spilled_rows;
mod stored_world;
mod wake;

pub use platform::Platform;
pub use requests::{Body, Reception};
#[cfg(target_arch = "wasm32")]
pub(crate) use response_timeout::answer_or_late;
pub use shell::Shell;
