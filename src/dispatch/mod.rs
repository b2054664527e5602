//! From something that happened to the handlers that are called for it.

mod connecting;
mod connection;
mod event;
mod event_call;
mod report;
mod start;
mod task;

pub use start::start;
#[cfg(test)]
pub use task::Work;
pub use task::{Origin, Task};
