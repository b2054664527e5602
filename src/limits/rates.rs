//! The limits of an app's own rate limits.

/// Most keys of which a rate limit knows what they have used, each at most [`MAX_RATE_KEY_BYTES`] long: 700 kB, of the 128 MB that all
/// worlds of an isolate share. Beyond it, those are forgotten that may do most: whose limit is whole again, which loses nothing, and then
/// the one that is whole soonest.
pub const MAX_RATE_KEYS: usize = 4_096;

/// Longest key of a rate limit, in bytes; of a longer one, the beginning counts. An id of a user takes 36.
pub const MAX_RATE_KEY_BYTES: usize = 128;
