//! SQL in tests on the host: SQLite in memory, which refuses what the runtime refuses.

use core::cell::{Cell, RefCell};
use core::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{Null, ValueRef};
use rusqlite::{Batch, Connection};

use super::{Cut, SqlResult, SqlValue, Statement};
use crate::limits::{MAX_SQL_PARAMS, MAX_SQL_STATEMENT_BYTES, MAX_STORAGE_RESULT_BYTES, SQL_VALUE_BYTES};
use crate::outside::Outside;

/// The error of the runtime if the database is full.
const FULL: &str = "database or disk is full: SQLITE_FULL";

/// The pragmas that the runtime allows (`ALLOWED_PRAGMAS` in workerd).
const PRAGMAS: [&str; 18] = [
    "table_list",
    "table_info",
    "table_xinfo",
    "data_version",
    "page_size",
    "case_sensitive_like",
    "foreign_keys",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "recursive_triggers",
    "reverse_unordered_selects",
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "quick_check",
];

/// The modules of virtual tables that the runtime has.
const MODULES: [&str; 4] = ["fts5", "fts5vocab", "rtree", "rtree_i32"];

/// The database of a world in tests. It is made at the first statement.
#[derive(Default)]
pub(crate) struct HostDatabase {
    connection: RefCell<Option<Connection>>,
    /// How many transactions are open, one in the other.
    depth: Cell<usize>,
    /// Whether the statement is Dormouse's own, which may begin and end transactions.
    is_trusted: Arc<AtomicBool>,
    is_full: Cell<bool>,
}

impl HostDatabase {
    /// Sets whether nothing can be written that needs more room.
    pub(crate) fn set_full(&self, is_full: bool) {
        self.is_full.set(is_full);
    }

    fn with<T>(&self, call: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, String> {
        let mut connection = self.connection.borrow_mut();
        let connection = match &mut *connection {
            Some(connection) => connection,
            none => none.insert(open(Arc::clone(&self.is_trusted)).map_err(|error| error.to_string())?),
        };
        call(connection).map_err(|error| match error {
            rusqlite::Error::InvalidParameterName(text) => text,
            error => error.to_string(),
        })
    }

    /// Does the same with statements of Dormouse's own.
    fn trusted<T>(&self, call: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, String> {
        self.is_trusted.store(true, Ordering::Relaxed);
        let done = self.with(call);
        self.is_trusted.store(false, Ordering::Relaxed);
        done
    }

    fn control(&self, sql: &str) -> Result<(), String> {
        self.trusted(|connection| connection.execute_batch(sql))
    }
}

impl fmt::Debug for HostDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostDatabase").field("depth", &self.depth).finish_non_exhaustive()
    }
}

fn open(is_trusted: Arc<AtomicBool>) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    let as_limit = |limit: usize| i32::try_from(limit).unwrap_or(i32::MAX);
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_SQL_LENGTH, as_limit(MAX_SQL_STATEMENT_BYTES)),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, as_limit(MAX_SQL_PARAMS)),
        // Of `setupSecurity` in workerd.
        (Limit::SQLITE_LIMIT_LENGTH, 4 * 1024 * 1024),
        (Limit::SQLITE_LIMIT_COLUMN, 100),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
    ] {
        connection.set_limit(limit, value)?;
    }
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        if is_trusted.load(Ordering::Relaxed) || is_allowed(context.action) {
            Authorization::Allow
        } else {
            Authorization::Deny
        }
    }))?;
    Ok(connection)
}

/// Whether the runtime allows this in a statement of the app (`isAuthorized` in workerd).
fn is_allowed(action: AuthAction<'_>) -> bool {
    match action {
        AuthAction::Pragma { pragma_name, pragma_value } => {
            // `page_size` may be read only.
            PRAGMAS.contains(&pragma_name) && (pragma_name != "page_size" || pragma_value.is_none())
        }
        AuthAction::CreateVtable { module_name, .. } | AuthAction::DropVtable { module_name, .. } => {
            MODULES.iter().any(|module| module.eq_ignore_ascii_case(module_name))
        }
        AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Attach { .. }
        | AuthAction::Detach { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::DropTempTable { .. }
        | AuthAction::CreateTempIndex { .. }
        | AuthAction::DropTempIndex { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::DropTempTrigger { .. }
        | AuthAction::CreateTempView { .. }
        | AuthAction::DropTempView { .. } => false,
        _ => true,
    }
}

pub(super) fn run(outside: &Outside, statement: &Statement<'_>) -> Result<SqlResult, String> {
    let database = outside.fakes.of::<HostDatabase>();
    let is_full = database.is_full.get();
    database.with(|connection| {
        let before = connection.total_changes();
        let mut result = None;
        let mut bound = 0;
        let mut statements = Batch::new(connection, statement.sql);
        while let Some(mut prepared) = statements.next()? {
            if bound > 0 {
                return Err(problem("When executing multiple SQL statements in a single call, only the last statement can have parameters."));
            }
            if is_full && !prepared.readonly() && grows(&prepared.expanded_sql().unwrap_or_default()) {
                return Err(problem(FULL));
            }
            bound = prepared.parameter_count();
            if bound > 0 && bound != statement.params.len() {
                return Err(problem("Wrong number of parameter bindings for SQL query."));
            }
            for (index, value) in (1..=bound).zip(statement.params) {
                match value {
                    SqlValue::Null => prepared.raw_bind_parameter(index, Null)?,
                    SqlValue::Number(number) => prepared.raw_bind_parameter(index, number)?,
                    SqlValue::Text(text) => prepared.raw_bind_parameter(index, text)?,
                    SqlValue::Blob(bytes) => prepared.raw_bind_parameter(index, &**bytes)?,
                }
            }
            result = Some(read(&mut prepared, statement.max_rows)?);
        }
        let Some(mut result) = result else { return Err(problem("SQL code did not contain a statement.")) };
        if bound != statement.params.len() {
            return Err(problem("Wrong number of parameter bindings for SQL query."));
        }
        let count = |rows: u64| u32::try_from(rows).unwrap_or(u32::MAX);
        result.written = count(connection.total_changes() - before);
        result.changes = if result.written == 0 { 0 } else { count(connection.changes()) };
        Ok(result)
    })
}

/// An error with a text of the runtime.
fn problem(text: &str) -> rusqlite::Error {
    rusqlite::Error::InvalidParameterName(text.to_owned())
}

/// Whether a statement may need more room in the database.
fn grows(sql: &str) -> bool {
    let first = sql.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    !["delete", "drop", "pragma"].iter().any(|word| word.eq_ignore_ascii_case(first))
}

fn read(prepared: &mut rusqlite::Statement<'_>, max_rows: usize) -> rusqlite::Result<SqlResult> {
    let columns: Vec<String> = prepared.column_names().map(str::to_owned).collect();
    let (mut values, mut cut, mut found, mut bytes) = (Vec::new(), Cut::Not, 0, 0);
    let mut rows = prepared.raw_query();
    while let Some(row) = rows.next()? {
        if found == max_rows {
            cut = Cut::Rows;
            break;
        }
        found += 1;
        for index in 0..columns.len() {
            let value = value_of(row.get_ref(index)?);
            // As JavaScript counts.
            bytes += SQL_VALUE_BYTES
                + match &value {
                    SqlValue::Text(text) => text.encode_utf16().count(),
                    SqlValue::Blob(bytes) => bytes.len(),
                    SqlValue::Null | SqlValue::Number(_) => 0,
                };
            values.push(value);
        }
        if bytes > MAX_STORAGE_RESULT_BYTES {
            cut = Cut::Bytes;
            break;
        }
    }
    Ok(SqlResult { columns, values, cut, ..SqlResult::default() })
}

/// Returns a value as the runtime passes it.
fn value_of(value: ValueRef<'_>) -> SqlValue {
    match value {
        ValueRef::Null => SqlValue::Null,
        #[expect(clippy::cast_precision_loss, reason = "the runtime's numbers are JavaScript's")]
        ValueRef::Integer(integer) => SqlValue::Number(integer as f64),
        ValueRef::Real(real) => SqlValue::Number(real),
        ValueRef::Text(text) => SqlValue::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(blob) => SqlValue::Blob(Bytes::copy_from_slice(blob)),
    }
}

pub(super) fn atomic(outside: &Outside, body: &mut dyn FnMut() -> bool) -> Result<(), String> {
    let database = outside.fakes.of::<HostDatabase>();
    let depth = database.depth.get();
    database.control(&format!("SAVEPOINT dormouse_{depth}"))?;
    database.depth.set(depth + 1);
    let keeps = body();
    database.depth.set(depth);
    let release = || database.control(&format!("RELEASE dormouse_{depth}"));
    let roll_back = || database.control(&format!("ROLLBACK TO dormouse_{depth}"));
    if !keeps {
        roll_back()?;
        return release();
    }
    // A foreign key may be broken that was deferred. Then the savepoint is still there.
    release().or_else(|problem| roll_back().and_then(|()| release()).and(Err(problem)))
}

pub(super) fn bytes(outside: &Outside) -> Result<u64, String> {
    // As `getDatabaseSize` in workerd.
    let pages = "(SELECT * FROM pragma_page_count) - (SELECT * FROM pragma_freelist_count)";
    let statement = format!("SELECT ({pages}) * (SELECT * FROM pragma_page_size)");
    let read = |connection: &Connection| connection.query_row(&statement, (), |row| row.get::<_, i64>(0));
    Ok(outside.fakes.of::<HostDatabase>().trusted(read)?.unsigned_abs())
}
