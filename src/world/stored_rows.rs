//! The rows that handlers write, and how a handler's writes are undone.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::undo_log::Earlier;
use super::world_state::WorldState;
use crate::core::account::Cost;
use crate::core::input::Command;
use crate::core::meter::Count;
use crate::core::named_alarms::NamedAlarm;
use crate::handles::WorldApi;
use crate::log::{Level, Record};

impl WorldState {
    /// Charges the client because of which the running handler was called for a row.
    pub(super) fn charge_row(&self) {
        if let Some(payer) = self.payer.get() {
            self.run_core(|server, now, _| server.charge(now, payer, Cost::Rows, 1));
        }
    }

    /// Writes a row, or deletes it, at the cost of the client because of which the running handler was called; records what was there.
    /// `is_there` is false if there is no row.
    pub(super) fn write_row(&self, key: String, text: Option<&str>, is_there: bool) -> Result<(), String> {
        self.charge_row();
        self.fx.borrow().meter().add(Count::Rows, 1);
        self.write_recorded(key, text, is_there)
    }

    /// Writes a row, or deletes it; records what was there, if a handler or transaction may have to undo it.
    pub(super) fn write_recorded(&self, key: String, text: Option<&str>, is_there: bool) -> Result<(), String> {
        self.begin_log();
        if !self.undo_log.borrow().lacks(&key) {
            return self.store.write(&key, text);
        }
        let earlier = if is_there { self.store.read(&key)? } else { None };
        let earlier = Earlier { key, text: earlier };
        self.undo_log.borrow().check_room(&earlier)?;
        self.store.write(&earlier.key, text)?;
        self.undo_log.borrow_mut().record(earlier);
        Ok(())
    }

    /// Writes a row of Dormouse's own, or deletes it: it is not undone if the handler fails.
    pub(super) fn write_own_row(&self, key: &str, text: Option<&str>) -> Result<(), String> {
        self.charge_row();
        self.fx.borrow().meter().add(Count::Rows, 1);
        self.store.write(key, text)
    }

    /// Begins to record for the handler that runs, at its first write.
    pub(super) fn begin_log(&self) {
        let mut undo_log = self.undo_log.borrow_mut();
        if self.in_handler.get() && !undo_log.is_recording() {
            undo_log.begin();
        }
    }

    /// Ends the recording of the handler that ran. If it failed, undoes what it has written.
    #[inline]
    pub(super) fn end_log(&self, has_failed: bool) {
        if has_failed {
            self.fx.borrow().meter().add(Count::Failures, 1);
        }
        if !self.in_handler.replace(false) || !self.undo_log.borrow().is_recording() {
            return;
        }
        while has_failed && self.undo_log.borrow().is_recording() {
            if let Err(problem) = self.undo() {
                self.log(Record::new(Level::Error, problem));
            }
        }
        self.undo_log.borrow_mut().clear();
    }

    /// Calls `body`. If that panics or returns false, undoes what it has written. Otherwise, a handler that fails later does not.
    pub(super) fn transact(&self, body: &mut dyn FnMut() -> bool) -> Result<(), String> {
        let (mut called, mut undone) = (Ok(false), Ok(()));
        let mut call = || {
            self.begin_log();
            self.undo_log.borrow_mut().begin();
            called = catch_unwind(AssertUnwindSafe(&mut *body));
            let is_kept = matches!(called, Ok(true));
            if !is_kept {
                undone = self.undo();
            }
            is_kept
        };
        // SQLite undoes what was written by SQL, and once more what the log has undone, which also has what is in memory.
        #[cfg(feature = "sql")]
        let done = crate::outside::sql::atomic(&self.store.outside(), &mut call);
        #[cfg(not(feature = "sql"))]
        let done = {
            call();
            Ok(())
        };
        match (called, &done) {
            (Ok(true), Ok(())) => self.undo_log.borrow_mut().keep(self.in_handler.get()),
            // SQLite refused to keep it, as where a row is missing that a deferred foreign key names.
            (Ok(true), Err(_)) => undone = self.undo(),
            // It is undone, or was not called.
            (Ok(false), _) => {}
            (Err(panic), _) => resume_unwind(panic),
        }
        done.and(undone)
    }

    /// Charges the client because of which the running handler was called for rows, and counts them.
    #[cfg(feature = "sql")]
    pub(super) fn charge(&self, rows: u32) {
        if let Some(payer) = self.payer.get() {
            self.run_core(|server, now, _| server.charge(now, payer, Cost::Rows, rows as usize));
        }
        self.fx.borrow().meter().add(Count::Rows, rows as usize);
    }

    /// Undoes what the innermost transaction has written, or the handler.
    pub(super) fn undo(&self) -> Result<(), String> {
        let mut result = Ok(());
        loop {
            let earlier = self.undo_log.borrow_mut().undo();
            let Some(Earlier { key, text }) = earlier else { return result };
            if let Err(problem) = self.store.write(&key, text.as_deref()) {
                result = Err(format!("a write could not be undone: {problem}"));
            }
            // If the core has panicked, the world is read again.
            if let Some(name) = key.strip_prefix(NamedAlarm::KEY_PREFIX)
                && !self.is_in_core()
            {
                let alarm = text.and_then(|text| NamedAlarm::parse(&text).ok());
                self.perform(Command::SetAlarm { name: name.into(), alarm });
            }
        }
    }
}
