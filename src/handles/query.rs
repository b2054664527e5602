//! SQL in a world's database.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::own_tables::named_own_table;
use super::sql_params::params_of;
use super::sql_row::read_row;
use super::storage::{Storage, gone};
use crate::error::{Failure, SqlError};
use crate::limits::{MAX_SQL_PARAMS, MAX_SQL_STATEMENT_BYTES, MAX_STORAGE_RESULT_BYTES, MAX_STORAGE_ROWS};
use crate::outside::sql::{Cut, SqlResult, SqlValue, Statement, is_full, run};

impl Storage {
    /// Returns an SQL statement for the world's database, with its parameters. A method of [`Query`] runs it.
    ///
    /// ```
    /// use dormouse::{Ack, App, Data, Failure, Storage};
    ///
    /// #[derive(serde::Deserialize, serde::Serialize)]
    /// struct Purse { name: String, coins: u32 }
    ///
    /// async fn rich(storage: Storage, Data(coins): Data<u32>) -> Result<Ack<Vec<Purse>>, Failure> {
    ///     let purses = storage.sql("SELECT name, coins FROM purse WHERE coins > ? ORDER BY coins DESC LIMIT 10", (coins,));
    ///     Ok(Ack(purses.all()?))
    /// }
    ///
    /// async fn earn(storage: Storage, Data((name, coins)): Data<(String, u32)>) -> Result<Ack<bool>, Failure> {
    ///     let changed = storage.sql("UPDATE purse SET coins = coins + ? WHERE name = ?", (coins, name)).execute()?;
    ///     Ok(Ack(changed == 1))
    /// }
    ///
    /// let app = App::new()
    ///     .migration(1, "CREATE TABLE purse (name TEXT PRIMARY KEY, coins INTEGER NOT NULL) WITHOUT ROWID")
    ///     .namespace("/", |ns| ns.on("rich", rich).on("earn", earn));
    /// ```
    ///
    /// # Parameters
    /// A tuple, array or vector has a value for each `?`, and any other value is the only one; `()` is none. A value is a number, a text, a
    /// `bool` (1 or 0), bytes as [`Bytes`](bytes::Bytes), an enum's variant without data (its name), or an `Option` or newtype of these.
    /// Write JSON as a text. Never put what a client sent into the statement itself.
    ///
    /// # Numbers
    /// The runtime passes all numbers as JavaScript's: a parameter is a `REAL` until a column of the type `INTEGER` makes an integer of
    /// it, so give columns their types. An integer beyond 2^53 - 1 is refused as a parameter, and is no integer in a result: store it as
    /// `TEXT`. A `bool` reads 0 as false.
    ///
    /// # Statements
    /// Several may be one text, of which the last has the parameters and the result. The runtime refuses `BEGIN`, `COMMIT` and
    /// `SAVEPOINT`: use [`transaction`](Self::transaction). It refuses `ATTACH`, temporary tables, and most `PRAGMA`s. Dormouse's own tables
    /// have the names `stored`, `spilled` and `roster`, and a statement that has one of these as a name is refused. The names of SQLite
    /// itself (`sqlite_…`) and of the platform (`_cf_…`) are taken as well.
    ///
    /// # If a handler fails
    /// What a statement has written stays, if it was not within a [`transaction`](Self::transaction): unlike
    /// [`put`](Self::put), it is not undone when the handler fails. To undo it, SQLite would have to begin a transaction before each
    /// handler, and everything that the handler sends would wait for the disk.
    ///
    /// # If the database is full
    /// The error is [`SqlError::Full`]. SQLite undoes the statement alone only if it may insert several rows and fail by a constraint:
    /// `INSERT INTO purse SELECT ?, ?` into a table with a `PRIMARY KEY` and `WITHOUT ROWID`. After an `INSERT … VALUES` that
    /// finds no room, the runtime resets the object: what was written since its last commit is lost, and its clients connect again.
    pub fn sql<'a>(&self, statement: &'a str, params: impl Serialize) -> Query<'a> {
        Query { storage: self.clone(), statement, params: params_of(&params) }
    }

    pub(super) fn delete_tables(&self) -> Result<(), Failure> {
        // A foreign key may name a table that is deleted first.
        self.sql("PRAGMA defer_foreign_keys = on", ()).execute()?;
        // Virtual tables go before the tables that they are made of, and views and triggers before what they name.
        let objects = "SELECT type, name FROM sqlite_schema WHERE type != 'index' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
            AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT IN ('stored', 'spilled', 'roster') \
            ORDER BY type DESC, sql LIKE 'CREATE VIRTUAL%' DESC";
        for (kind, name) in self.sql(objects, ()).all::<(String, String)>()? {
            let statement = format!("DROP {kind} IF EXISTS \"{}\"", name.replace('"', "\"\""));
            self.sql(&statement, ()).execute()?;
        }
        let Some(world) = self.world.upgrade() else { return Err(gone()) };
        world.migrate_anew().map_err(Failure::of_storage)
    }
}

/// An SQL statement with its parameters: see [`Storage::sql`].
#[derive(Debug)]
#[must_use = "a statement does nothing before it is run by `all`, `one`, `optional` or `execute`"]
pub struct Query<'a> {
    storage: Storage,
    statement: &'a str,
    params: Result<Vec<SqlValue>, String>,
}

impl Query<'_> {
    /// Runs the statement, and returns all rows. A struct reads columns by their names, a tuple by their order, and any other type a
    /// single column.
    ///
    /// # Errors
    /// Of all methods: an internal error, whose source is an [`SqlError`]. The statement or a parameter is refused, a
    /// constraint failed, the database is full, a row is not a `T`, or there are more than 10,000 rows or 8 MB of them. A statement has
    /// at most 100,000 bytes and 100 parameters, and a value or a row 2 MB. Also, the world is gone.
    pub fn all<T: DeserializeOwned>(self) -> Result<Vec<T>, Failure> {
        let result = self.run(MAX_STORAGE_ROWS)?;
        match result.cut {
            Cut::Not => {}
            Cut::Rows => return Err(too_much(format_args!("more than {MAX_STORAGE_ROWS} rows"))),
            Cut::Bytes => return Err(too_much(format_args!("more than {MAX_STORAGE_RESULT_BYTES} bytes"))),
        }
        // Rows without columns are none.
        let rows = result.values.chunks(result.columns.len().max(1));
        rows.map(|values| read_row(&result.columns, values).map_err(of_row)).collect()
    }

    /// Runs the statement, and returns its only row.
    ///
    /// # Errors
    /// There is no row or more than one; otherwise those of [`all`](Self::all).
    pub fn one<T: DeserializeOwned>(self) -> Result<T, Failure> {
        self.optional()?
            .ok_or_else(|| SqlError::RowCount("the statement returned no row: read it by `optional`".to_owned()).into())
    }

    /// Runs the statement, and returns its only row; `None` if there is none.
    ///
    /// # Errors
    /// There is more than one row; otherwise those of [`all`](Self::all).
    pub fn optional<T: DeserializeOwned>(self) -> Result<Option<T>, Failure> {
        let result = self.run(1)?;
        match result.cut {
            Cut::Not if result.values.is_empty() => Ok(None),
            Cut::Not => read_row(&result.columns, &result.values).map(Some).map_err(of_row),
            Cut::Rows => Err(SqlError::RowCount(
                "the statement returned more than one row: add LIMIT 1, or read them by `all`".to_owned(),
            )
            .into()),
            Cut::Bytes => Err(too_much(format_args!("more than {MAX_STORAGE_RESULT_BYTES} bytes"))),
        }
    }

    /// Runs the statement, and returns how many rows the last `INSERT`, `UPDATE` or `DELETE` in it has changed: those that it names, not
    /// those of triggers and foreign keys.
    ///
    /// # Errors
    /// Those of [`all`](Self::all), but for the rows.
    pub fn execute(self) -> Result<u64, Failure> {
        Ok(self.run(0)?.changes.into())
    }

    fn run(self, max_rows: usize) -> Result<SqlResult, Failure> {
        let Some(world) = self.storage.world.upgrade() else { return Err(gone()) };
        let sql = self.statement;
        let params = self.params.map_err(SqlError::Refused)?;
        check(sql, params.len()).map_err(SqlError::Refused)?;
        let result = run(&world.outside(), &Statement { sql, params: &params, max_rows }).map_err(|problem| {
            let is_full = is_full(&problem);
            SqlError::of_platform(problem, is_full)
        })?;
        if result.written > 0 {
            world.charge_rows(result.written);
        }
        Ok(result)
    }
}

/// Checks what the platform would not, or not with its reason.
fn check(sql: &str, params: usize) -> Result<(), String> {
    if sql.len() > MAX_SQL_STATEMENT_BYTES {
        return Err(format!("the statement has {} bytes, and may have {MAX_SQL_STATEMENT_BYTES}", sql.len()));
    }
    if params > MAX_SQL_PARAMS {
        return Err(format!("the statement has {params} parameters, and may have {MAX_SQL_PARAMS}"));
    }
    named_own_table(sql)
        .map_or(Ok(()), |name| Err(format!("{name:?} is the name of one of Dormouse's own tables: choose another one")))
}

fn too_much(what: core::fmt::Arguments<'_>) -> Failure {
    SqlError::TooMuch(format!("the result has {what}, which is as much as one call reads: add a LIMIT")).into()
}

fn of_row(problem: String) -> Failure {
    SqlError::Row(problem).into()
}
