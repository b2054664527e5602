//! The limits of an app's own rate limits.

/// Most keys of which a rate limit knows what they have used, each at most [`MAX_RATE_KEY_BYTES`] long: 700 kB, of the 128 MB that all
/// worlds of an isolate share. Beyond it, those are forgotten that may do most: whose limit is whole again, which loses nothing, and then
/// the one that is whole soonest.
pub const MAX_RATE_KEYS: usize = 4_096;

/// Most keys of all rate limits of a world together: 1.4 MB, however many events an app limits. Clients decide how many there are, and the
/// other worlds of the isolate share its memory. It is two limits that are full, and 800 new keys a second for ten seconds, which is as long
/// as a limit may take until it is whole.
pub const MAX_WORLD_RATE_KEYS: usize = 8_192;

/// Longest key of a rate limit, in bytes; of a longer one, the beginning counts. An id of a user takes 36.
pub const MAX_RATE_KEY_BYTES: usize = 128;
