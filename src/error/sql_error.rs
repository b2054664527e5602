//! The error of an SQL statement.

use core::error::Error;
use core::fmt;

/// Why an SQL statement, or the reading of its result, failed: the source of the [`Failure`](crate::Failure) that `Query`'s methods return.
/// It is internal, so that clients are told a reference only; an app asks for it where it expects one:
///
/// ```
/// use dormouse::error::SqlError;
/// use dormouse::testing::TestWorld;
/// use dormouse::{Ack, App, Data, Failure, Storage};
///
/// async fn take(storage: Storage, Data(name): Data<String>) -> Result<Ack<()>, Failure> {
///     match storage.sql("INSERT INTO name SELECT ?", (name,)).execute() {
///         Ok(_) => Ok(Ack(())),
///         Err(failure) => match failure.downcast_ref() {
///             Some(SqlError::Constraint(_)) => Err(Failure::new("TAKEN", "somebody has this name")),
///             _ => Err(failure),
///         },
///     }
/// }
///
/// let world = TestWorld::new(|| {
///     App::new()
///         .migration(1, "CREATE TABLE name (name TEXT PRIMARY KEY) WITHOUT ROWID")
///         .namespace("/", |ns| ns.on("take", take))
/// });
/// let anna = world.connect("/");
/// anna.emit("take", "anna");
/// let told = anna.emit_with_ack("take", "anna").args().expect("an acknowledgement");
/// assert_eq!(told.get::<serde_json::Value>(0)?.expect("an error")["error"]["code"], "TAKEN");
/// # Ok::<(), dormouse::error::DecodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlError {
    /// The database is full.
    Full(String),
    /// A constraint failed, such as that of a primary key, `UNIQUE`, `NOT NULL`, `CHECK` or a foreign key.
    Constraint(String),
    /// SQLite, the runtime or Dormouse refuses the statement or its parameters.
    Refused(String),
    /// There are more or fewer rows than the method returns.
    RowCount(String),
    /// There are more rows or bytes than one call reads.
    TooMuch(String),
    /// A row does not have the type that it is read as.
    Row(String),
}

impl SqlError {
    /// Returns the error for what the platform says. `is_full` if the database is.
    pub(crate) fn of_platform(problem: String, is_full: bool) -> Self {
        if is_full {
            Self::Full(problem)
        } else if problem.contains("constraint failed") {
            Self::Constraint(problem)
        } else {
            Self::Refused(problem)
        }
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Full(text)
        | Self::Constraint(text)
        | Self::Refused(text)
        | Self::RowCount(text)
        | Self::TooMuch(text)
        | Self::Row(text)) = self;
        f.write_str(text)
    }
}

impl Error for SqlError {}
