//! The bounds of sessions.

use core::time::Duration;

/// Most bytes of a session's row, as JSON: the same as a socket's data may have, and far below a value of the storage. It is read at each
/// message of a socket that uses sessions.
pub const MAX_SESSION_BYTES: usize = 65_536;

/// Most sessions of a world. A client can make one by each connection: when there are so many, [`SESSIONS_AT_ONCE`] are dropped, those
/// that have no user and were used least recently. Where all of them have a user, no other is made.
pub const MAX_SESSIONS: usize = 10_000;

/// Most sessions that are deleted at once, of those without a user and of the others: a turn must not last long.
pub const SESSIONS_AT_ONCE: usize = 100;

/// How long after a sweep that found more the next one follows.
pub const SWEEP_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a session lives without being used, unless the app says otherwise: FoalTS' default.
pub const SESSION_IDLE: Duration = Duration::from_mins(15);

/// How long a session lives at most, unless the app says otherwise: FoalTS' default.
pub const SESSION_ABSOLUTE: Duration = Duration::from_hours(7 * 24);

/// The part of the idle time after which the use of a session is written, if nothing else of it has changed. A row for each message
/// would be billed, and hold back what is sent.
pub const SESSION_TOUCH_SHARE: u32 = 10;
