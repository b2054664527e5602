//! The Durable Object's shell: wakes the world, passes inputs of the platform to it, and stores what changed.

mod alarm_and_timer;
pub(crate) mod attachment;
mod awake;
mod engine_requests;
mod isolate;
mod late_writes;
mod log_window;
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
mod stored_alarms;
mod wake;

pub use engine_requests::{Body, Reception};
pub use platform::{Platform, Readers, RosterHead, RowKind, Unfinished, Unowned};
#[cfg(target_arch = "wasm32")]
pub(crate) use response_timeout::answer_or_late;
pub use shell::Shell;
