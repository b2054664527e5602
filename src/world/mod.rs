//! One turn of a world.

mod ack_waiters;
pub(crate) mod culprit;
mod held_events;
mod notify;
mod queued_requests;
mod store;
mod tasks;
mod turn;
mod undo_log;
mod world_state;

pub(crate) use notify::Notify;
pub use store::Store;
pub(crate) use turn::World;
