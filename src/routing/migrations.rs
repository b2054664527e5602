//! Migrations of a world's database.

use core::fmt;

use super::app::App;
use crate::error::Failure;
use crate::handles::Storage;

impl App {
    /// Adds a migration of each world's database: SQL statements, such as `include_str!("1.sql")`, or a function of the
    /// [`Storage`]. Migrations have the numbers 1, 2, 3 and so on, in this order.
    ///
    /// When a world wakes, those that it has not had are run, before anything else of the app, each with its number in one
    /// transaction: at the first wake after a deploy, and whenever a new world begins. A world wakes for its clients, requests and
    /// alarms; heartbeats alone run no migration. A world whose migrations are done reads one number at a wake.
    ///
    /// ```
    /// use dormouse::testing::TestWorld;
    /// use dormouse::{Ack, App, Failure, Storage};
    ///
    /// fn app() -> App {
    ///     App::new()
    ///         .migration(1, "CREATE TABLE purse (name TEXT PRIMARY KEY, coins INTEGER NOT NULL) WITHOUT ROWID")
    ///         .migration(2, "ALTER TABLE purse ADD COLUMN is_open INTEGER NOT NULL DEFAULT 1")
    ///         .migration(3, |storage: &Storage| storage.put("greeting", "Good day"))
    ///         .namespace("/", |ns| ns.on("count", count))
    /// }
    ///
    /// async fn count(storage: Storage) -> Result<Ack<u32>, Failure> {
    ///     Ok(Ack(storage.sql("SELECT count(*) FROM purse WHERE is_open", ()).one()?))
    /// }
    ///
    /// let world = TestWorld::new(app);
    /// let told = world.connect("/").emit_with_ack("count", ()).args().expect("an acknowledgement");
    /// assert_eq!(told.get::<u32>(0)?, Some(0));
    /// # Ok::<(), dormouse::error::DecodeError>(())
    /// ```
    ///
    /// # If a migration fails
    /// It leaves the database as it was, and is tried again at the next wake, such as after the next deploy. Until then no handler of the
    /// app is called in this world: CONNECTs, events and requests to its routes get an error with the code `MIGRATION`, the requests with
    /// the status 503, and alarms and acknowledgements wait. Clients stay connected, but `on_disconnect` is not called for those who
    /// leave. The log has the number, the error and the statement.
    ///
    /// The same happens in a world that has had more migrations than the app has, as after a rollback. Never change or remove a migration
    /// that was deployed: add another one.
    ///
    /// # Panics
    /// At start-up, with the caller's line, if the number is not the next one.
    #[must_use]
    #[track_caller]
    pub fn migration(mut self, number: u32, migration: impl Migration + 'static) -> Self {
        let next = self.migrations.0.len() + 1;
        assert!(
            number as usize == next,
            "the migration {number} cannot be added: the next one has the number {next}, because they are added in their order without gaps"
        );
        self.migrations.0.push(Box::new(migration));
        self
    }

    /// Returns the migrations in their order.
    pub(crate) fn migrations(&self) -> &[Box<dyn Migration>] {
        &self.migrations.0
    }
}

/// The migrations of an app.
#[derive(Default)]
pub(super) struct Migrations(Vec<Box<dyn Migration>>);

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Migrations").field(&self.0.len()).finish()
    }
}

/// What changes a world's database once: SQL statements as a `&'static str`, or a function that takes the world's [`Storage`].
pub trait Migration {
    /// Changes the database. What it has written is undone if it fails.
    ///
    /// # Errors
    /// It fails, and will be tried again.
    fn run(&self, storage: &Storage) -> Result<(), Failure>;
}

impl Migration for &'static str {
    fn run(&self, storage: &Storage) -> Result<(), Failure> {
        let run = storage.sql(self, ()).execute();
        run.map(drop)
            .map_err(|failure| Failure::internal(format!("{}, in the statements: {}", failure.text(), self.trim())))
    }
}

impl<F: Fn(&Storage) -> Result<(), Failure>> Migration for F {
    fn run(&self, storage: &Storage) -> Result<(), Failure> {
        self(storage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the migration 3 cannot be added: the next one has the number 2")]
    fn no_number_is_missing() {
        let _ = App::new().migration(1, "SELECT 1").migration(3, "SELECT 1");
    }

    #[test]
    #[should_panic(expected = "the migration 1 cannot be added: the next one has the number 2")]
    fn no_number_is_there_twice() {
        let _ = App::new().migration(1, "SELECT 1").migration(1, "SELECT 1");
    }

    #[test]
    #[should_panic(expected = "the migration 0 cannot be added")]
    fn the_first_is_one() {
        let _ = App::new().migration(0, "SELECT 1");
    }
}
