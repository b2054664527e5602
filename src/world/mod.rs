//! One turn of a world.

mod ack_waiters;
pub(crate) mod culprit;
mod held_events;
mod late_acks;
#[cfg(feature = "sql")]
mod migrate;
mod notify;
mod panic_text;
mod queued_requests;
mod store;
mod stored_rows;
mod tasks;
mod turn;
mod undo_log;
mod world_state;

pub(crate) use notify::Notify;
pub(crate) use panic_text::text_of;
pub use store::Store;
pub(crate) use turn::World;
