//! The Durable Object's shell: wakes the world, passes inputs of the platform to it, and stores what changed.

mod alarm_and_timer;
pub(crate) mod attachment;
mod awake;
mod engine_requests;
mod isolate;
mod late_writes;
mod log_window;
// Only the platform's isolate has several worlds.
#[cfg(any(test, target_arch = "wasm32"))]
pub(crate) mod meters;
mod pay;
mod perform;
mod persist;
mod platform;
// Only the platform's object waits for a handler.
#[cfg(any(test, target_arch = "wasm32"))]
mod response_timeout;
mod roster;
mod row_budget;
mod shell;
mod sleeping_heartbeat;
mod spilled_rows;
mod status;
mod stored_alarms;
mod traced_delivery;
mod wake;

#[cfg(target_arch = "wasm32")]
pub(crate) use engine_requests::refused;
pub use engine_requests::{Body, Reception};
pub use platform::{Platform, Readers, RosterHead, RowKind, Unfinished, Unowned};
#[cfg(target_arch = "wasm32")]
pub(crate) use response_timeout::{answer_in_time, late};
pub use shell::Shell;
