//! The limits of what handlers ask of the outside: other servers, bindings, timers.

use core::time::Duration;

/// Longest body of a response to `fetch`, and longest value of KV, R2 and D1 that a handler reads, in bytes. It is in memory at once, in
/// the runtime and in the wasm instance, and an isolate has 128 MB; the runtime lets an object wait for six requests at a time.
pub const MAX_FETCHED_BYTES: usize = 8_000_000;

/// How long a `fetch` may take, with the body of its response: an outgoing request keeps its world awake, and a server that never answers
/// would do so for ever.
pub const FETCH_TIMEOUT: Duration = Duration::from_mins(1);

/// Longest `sleep`: 24 days. The runtime's `setTimeout` counts milliseconds in 31 bits, and what is longer ends at once.
pub const MAX_SLEEP: Duration = Duration::from_hours(24 * 24);

/// Shortest time to live of a value in KV: the platform refuses less.
pub const MIN_KV_TTL: Duration = Duration::from_mins(1);

/// Longest key of KV, in bytes: the platform refuses more.
pub const MAX_KV_KEY_BYTES: usize = 512;
