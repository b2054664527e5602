//! The migrations of a world's database, and a world that could not be migrated: it calls no handler of the app.

use core::cell::{Cell, RefCell};

use super::turn::World;
use super::world_state::WorldState;
use crate::core::dispatch::Dispatch;
use crate::core::input::Command;
use crate::error::Failure;
use crate::handles::{HttpResponse, Storage, WorldApi as _, WorldHandle};
use crate::time::Timestamp;

/// The key of the number of the last migration, among the rows that the app cannot reach.
const KEY: &str = "migration";

/// What clients are told.
const CODE: &str = "MIGRATION";
const TEXT: &str = "The world's database cannot be used now";

/// The state of a world's migrations.
#[derive(Debug, Default)]
pub(super) struct MigrationState {
    /// The world, for those that are functions.
    world: RefCell<Option<WorldHandle>>,
    /// Whether one has failed.
    is_held: Cell<bool>,
    /// Whether one runs.
    is_running: Cell<bool>,
}

impl World {
    /// Runs the migrations that the world has not had.
    ///
    /// # Errors
    /// One has failed, and left the database as it was. From now on, no handler of the app is called.
    pub(crate) fn migrate(&self) -> Result<(), String> {
        if self.state.app().migrations().is_empty() {
            return Ok(());
        }
        *self.state.migration.world.borrow_mut() = Some(self.handle.clone());
        let migrated = self.state.migrate();
        self.state.migration.is_held.set(migrated.is_err());
        migrated
    }

    /// Returns the response to a request if no handler of the app may be called.
    pub(crate) fn refusal(&self) -> Option<HttpResponse> {
        self.is_held().then(|| HttpResponse::error(503, &Failure::new(CODE, TEXT)))
    }

    /// Whether no handler of the app may be called.
    pub(crate) fn is_held(&self) -> bool {
        self.state.migration.is_held.get()
    }

    /// Postpones what is due by itself, such as alarms: no handler may be called.
    pub(crate) fn postpone_due(&self, now: Timestamp) {
        self.state.server().postpone_due(now);
    }
}

impl WorldState {
    pub(super) fn migrate(&self) -> Result<(), String> {
        let (app, world) = (self.app(), self.migration.world.borrow().clone());
        let Some(world) = world else { return Ok(()) };
        let (storage, last) = (Storage::new(world), app.migrations().len());
        let done = match self.store.read(KEY)? {
            Some(number) => number.parse().map_err(|_| format!("the number of the last migration is {number:?}"))?,
            None => 0,
        };
        if done > last {
            return Err(format!(
                "the database has had {done} migrations, and the app has {last}: deploy an app that has them all"
            ));
        }
        for (number, migration) in (1..).zip(app.migrations()).skip(done) {
            let result = self.migrate_by(&mut || {
                migration.run(&storage)?;
                self.write_recorded(KEY.to_owned(), Some(&number.to_string()), true).map_err(Failure::of_storage)
            });
            result.map_err(|problem| format!("the migration {number} has failed and is undone: {problem}"))?;
        }
        Ok(())
    }

    /// Forgets which migrations were run, and runs all of them: the tables are deleted. The caller has begun a transaction.
    ///
    /// # Errors
    /// A migration has failed, or it is one that calls this.
    pub(super) fn migrate_anew(&self) -> Result<(), String> {
        if self.app().migrations().is_empty() {
            return Ok(());
        }
        if self.migration.is_running.get() {
            return Err("a migration cannot call `Storage::delete_all`, which runs all migrations: delete keys and tables by name".to_owned());
        }
        self.write_recorded(KEY.to_owned(), None, true)?;
        self.migrate()
    }

    fn migrate_by(&self, run: &mut dyn FnMut() -> Result<(), Failure>) -> Result<(), String> {
        let mut result = Ok(());
        self.migration.is_running.set(true);
        let kept = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.transaction(&mut || {
                result = run();
                result.is_ok()
            })
        }));
        self.migration.is_running.set(false);
        match kept {
            Ok(kept) => kept.and(result.map_err(|failure| failure.text().into_owned())),
            Err(panic) => Err(format!("it panicked: {}", super::text_of(&*panic))),
        }
    }

    /// Removes the next dispatch and returns it. Those that a world that is held refuses or leaves out are skipped.
    pub(super) fn next_if_migrated(&self) -> Option<Dispatch> {
        loop {
            let dispatch = self.fx.borrow_mut().next_dispatch()?;
            if !self.migration.is_held.get() || matches!(dispatch, Dispatch::AcksCollected { .. }) {
                return Some(dispatch);
            }
            self.refuse(dispatch);
        }
    }

    fn refuse(&self, dispatch: Dispatch) {
        match dispatch {
            Dispatch::Connect { socket } => {
                let error = Failure::new(CODE, TEXT).to_refused(None);
                self.perform(Command::Refuse { socket: socket.id, error });
            }
            Dispatch::Event { socket, ack: Some(id), .. } => {
                let args = Failure::new(CODE, TEXT).to_args(None);
                self.perform(Command::Ack { socket: socket.id, id, args });
            }
            _ => {}
        }
    }
}
