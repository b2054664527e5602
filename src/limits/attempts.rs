//! The limits of what a world does by itself, of what it does again after a panic or an abort, and of the roster, from which it knows
//! whom it lost in a crash.

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

/// How long a change of the members of a world, or of the acknowledgements that they owe, waits to be written to the
/// roster: those who come or go together cost one row. The wait is a timer, which is billed as the time of an object
/// that is awake: half a second costs four fifths of a row, so that a longer wait saves nothing.
pub const ROSTER_DELAY: Duration = Duration::from_millis(500);

/// How long a change of the object's alarm waits that a client has caused and that nothing needs at once. The runtime delays what is sent
/// while a write is under way: a client has connected and has its first answers by then. It is longer than [`ROSTER_DELAY`], so that the
/// timer of the roster changes the alarm, too, in the same write, and a client that reloads its page causes neither a deletion nor a new alarm.
pub const ALARM_DELAY: Duration = Duration::from_secs(1);

/// Time between two writes of the roster, in the long run: clients that join and leave in a loop cost a row in each.
pub const ROSTER_INTERVAL: Duration = Duration::from_secs(5);

/// Writes of the roster that may be made without [`ROSTER_INTERVAL`] between them: the clients of a table connect again
/// within a second or two after a deploy.
pub const ROSTER_BURST: u32 = 4;

/// Longest data, auth and rooms of a socket in the roster, in bytes each. The whole roster is written when a client
/// joins or leaves, because rows are billed by their number.
pub const MAX_ROSTER_VALUE_BYTES: usize = 2_048;

/// Length of the roster, in bytes, from which on data, auth and rooms are left out: a row. A world of 1,000 clients has
/// 200 to 1,000 bytes for each.
pub const MAX_FULL_ROSTER_BYTES: usize = 1_000_000;

/// Most bytes of the roster; members beyond are not in it. It is built in memory, and 32,768 clients have 6 MB without
/// data, auth and rooms.
pub const MAX_ROSTER_BYTES: usize = 10_000_000;
