//! Calls the handlers that are registered for something that happened.

mod awaited_response;
mod connect_guards;
mod engine_events;
mod event;
mod event_call;
mod report;
mod start;
mod task;

pub(crate) use awaited_response::AwaitedResponse;
pub(crate) use start::start;
#[cfg(test)]
pub(crate) use task::Work;
pub(crate) use task::{Origin, Task};
