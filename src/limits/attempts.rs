//! The limits of what a world does by itself, and of what it does again after a panic or an abort.

use core::time::Duration;

/// Delay before work that panicked or aborted is retried, for each attempt so far: retrying at once could loop for ever,
/// and each abort of the wasm instance costs every world of the isolate what it has in memory.
pub const PANIC_BACKOFF: Duration = Duration::from_mins(1);

/// Most attempts at something that a world does by itself: an alarm, the handler of an acknowledgement that did not
/// arrive, a guard that is called again after hibernation. If the last one does not end either, it is given up, because
/// each attempt may have aborted the wasm instance.
pub const MAX_ATTEMPTS: u32 = 3;

/// Delay between two retries: each has a turn of its own, so that what aborts is not taken for its neighbours.
pub const RETRY_GAP: Duration = Duration::from_secs(1);

/// How often the handlers of clients that were lost are called again after a crash while they were called.
pub const MAX_ROSTER_ATTEMPTS: u32 = 3;

/// The aborts in a row after which a world wakes without what it was about to do, and without the WebSocket at which its wake stopped.
/// After one, it could be that what aborted belonged to another world or event; with more, each costs all worlds of the isolate
/// what they have in memory.
pub const MANY_ABORTS: u32 = 2;

/// Most things that a world leaves out at once because they panic while it wakes, most of them snapshots: all that are left are read
/// again after each. The event that wakes the world fails then, and the next one goes on.
pub const MAX_WAKE_PANICS: usize = 16;
