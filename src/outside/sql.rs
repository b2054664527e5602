//! SQL in the object's database: statements with their parameters, their results, and transactions.

#[cfg(not(target_arch = "wasm32"))]
mod sql_host;
#[cfg(target_arch = "wasm32")]
mod sql_workers;

use bytes::Bytes;

#[cfg(not(target_arch = "wasm32"))]
use sql_host as platform;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use sql_host::HostDatabase;
#[cfg(target_arch = "wasm32")]
use sql_workers as platform;

use super::Outside;

/// How the platform's errors end if the database is full.
const FULL: &str = "SQLITE_FULL";

/// A value as the platform passes it. SQLite's integers and reals are both JavaScript's numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SqlValue {
    /// `NULL`.
    Null,
    /// `INTEGER` or `REAL`.
    Number(f64),
    /// `TEXT`.
    Text(String),
    /// `BLOB`.
    Blob(Bytes),
}

/// A statement, or several, of which the last has the parameters.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    /// The text.
    pub sql: &'a str,
    /// The parameters.
    pub params: &'a [SqlValue],
    /// Most rows of the result that are read.
    pub max_rows: usize,
}

/// The result of a statement.
#[derive(Debug, Default)]
pub(crate) struct SqlResult {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The values of all rows, one row after the other.
    pub values: Vec<SqlValue>,
    /// How many rows the last `INSERT`, `UPDATE` or `DELETE` in it has changed; counted only if [`Statement::max_rows`] is 0.
    pub changes: u32,
    /// How many rows were written, those of indexes included: what is billed.
    pub written: u32,
    /// Whether rows are missing.
    pub cut: Cut,
}

/// Whether rows of a result are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cut {
    /// None is.
    #[default]
    Not,
    /// There are more than [`Statement::max_rows`].
    Rows,
    /// They have more than [`MAX_STORAGE_RESULT_BYTES`](crate::limits::MAX_STORAGE_RESULT_BYTES).
    Bytes,
}

/// Runs a statement, in the transaction that is open, if one is.
///
/// # Errors
/// That of SQLite or the platform.
pub(crate) fn run(outside: &Outside, statement: &Statement<'_>) -> Result<SqlResult, String> {
    platform::run(outside, statement)
}

/// Calls `body`, which must not unwind, in a transaction, or a savepoint if one is open. If it returns false, undoes what was written to
/// the database within it.
///
/// # Errors
/// The platform failed: nothing is written, and `body` may not have been called.
pub(crate) fn atomic(outside: &Outside, body: &mut dyn FnMut() -> bool) -> Result<(), String> {
    platform::atomic(outside, body)
}

/// Returns the size of the tables in a test, in bytes.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn host_bytes(outside: &Outside) -> Result<u64, String> {
    platform::bytes(outside)
}

/// Returns whether an error says that the database is full.
pub(crate) fn is_full(problem: &str) -> bool {
    problem.ends_with(FULL)
}
