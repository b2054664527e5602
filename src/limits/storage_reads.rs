//! The limits of what is read from a world's storage at once, and of SQL statements.

/// Most rows that one call reads from a world's storage: of a statement's result, or of entries. Each becomes a value in memory, and
/// the runtime has nothing else to do for the world meanwhile.
pub const MAX_STORAGE_ROWS: usize = 10_000;

/// Most bytes that one call reads from a world's storage. They are in memory three times while they are read: in JavaScript, as text in
/// Rust, and as values. All worlds of an isolate share 128 MB.
pub const MAX_STORAGE_RESULT_BYTES: usize = 8_000_000;

/// What a value in a result counts besides its text or its bytes.
#[cfg(feature = "sql")]
pub const SQL_VALUE_BYTES: usize = 8;

/// Longest SQL statement, in bytes: the platform's own limit.
#[cfg(feature = "sql")]
pub const MAX_SQL_STATEMENT_BYTES: usize = 100_000;

/// Most parameters of an SQL statement: the platform's own limit.
#[cfg(feature = "sql")]
pub const MAX_SQL_PARAMS: usize = 100;

/// Largest integer that an SQL parameter, an integer of a result, or one in a message of a queue may be, and the negative of the
/// smallest: JavaScript's numbers, which the platform passes, have no more digits.
pub const MAX_SQL_INTEGER: u64 = (1 << 53) - 1;
