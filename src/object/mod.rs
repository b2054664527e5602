//! The Durable Object's shell.

mod alarm;
pub(crate) mod attachment;
mod persist;
mod platform;
mod requests;
mod response_timeout;
mod shell;
mod wake;

pub use platform::{Platform, Store};
pub use requests::{Body, Reception};
pub use response_timeout::answer_or_late;
pub use shell::Shell;
