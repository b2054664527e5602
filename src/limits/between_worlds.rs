//! The limits of calls of other worlds.

use core::time::Duration;

/// How long a call of another world waits for its answer by default. The caller stays awake as long, and a call that wakes a world takes
/// some milliseconds.
pub const WORLD_CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Most bytes of the body of an answer of another world. It is in memory as a whole, up to twice: an isolate has 128 MB.
pub const MAX_WORLD_ANSWER_BYTES: u32 = 8_000_000;
