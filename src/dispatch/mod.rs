//! From something that happened to the handlers that are called for it.

mod connection;
mod event;
mod task;

pub use task::{Task, Victim, Work};
