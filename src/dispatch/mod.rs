//! From something that happened to the handlers that are called for it.

mod connection;
mod event;
mod task;

#[cfg(test)]
pub use task::Work;
pub use task::{Origin, Task};
