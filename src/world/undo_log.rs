//! The log of what was written, so that it can be undone.

use std::rc::Rc;

use crate::core::table::ByName;
use crate::limits::MAX_UNDO_BYTES;
use crate::time::Timestamp;

/// The earlier state of what a handler has written, or a transaction within it. It is empty for most handlers, which write nothing.
#[derive(Debug, Default)]
pub(crate) struct UndoLog {
    /// That of the handler and of each transaction in the other, the innermost last. If it is empty, nothing is recorded.
    levels: Vec<Level>,
    /// The size of all keys and texts, in bytes.
    bytes: usize,
}

/// What was written, by its key. A key is recorded when it is first written.
type Level = ByName<Earlier>;

/// A row of storage before it was written.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    /// The row's key.
    pub key: String,
    /// The row's text; `None` if there was no row.
    pub text: Option<String>,
    /// The named alarm whose row this is.
    pub alarm: Option<EarlierAlarm>,
}

/// A named alarm before it was set or deleted.
#[derive(Debug)]
pub(crate) struct EarlierAlarm {
    /// Its name.
    pub name: Box<str>,
    /// When it was due, and its context as JSON; `None` if it was not set.
    pub alarm: Option<(Timestamp, Rc<str>)>,
}

impl UndoLog {
    /// Begins to record for a handler. What an earlier one wrote stays.
    pub(crate) fn begin_handler(&mut self) {
        self.clear();
        self.begin();
    }

    /// Begins to record for a transaction.
    pub(crate) fn begin(&mut self) {
        self.levels.push(Level::default());
    }

    /// Forgets everything, and records nothing until the next handler or transaction.
    pub(crate) fn clear(&mut self) {
        self.levels.clear();
        self.bytes = 0;
    }

    /// Returns whether the earlier state of a row must be recorded before it is written.
    pub(crate) fn lacks(&self, key: &str) -> bool {
        self.levels.last().is_some_and(|level| level.get(key).is_none())
    }

    /// Returns an error if there is no room for a row.
    pub(crate) fn check_room(&self, earlier: &Earlier) -> Result<(), String> {
        if self.bytes.saturating_add(earlier.bytes()) <= MAX_UNDO_BYTES {
            return Ok(());
        }
        Err(format!("what a handler replaces before it first waits, or a transaction, may have {MAX_UNDO_BYTES} bytes"))
    }

    /// Records a row that was written.
    pub(crate) fn record(&mut self, earlier: Earlier) {
        if let Some(level) = self.levels.last_mut() {
            self.bytes = self.bytes.saturating_add(earlier.bytes());
            let key = earlier.key.clone();
            level.change(&key, |recorded| *recorded = earlier);
        }
    }

    /// Ends the innermost transaction, and keeps what it wrote: the one around it may undo that.
    pub(crate) fn keep(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        if self.levels.is_empty() {
            return self.clear();
        }
        for earlier in level.into_values() {
            if self.lacks(&earlier.key) {
                self.record(earlier);
            }
        }
    }

    /// Ends the innermost transaction; returns what must be restored, with the rows that were not there first: a full database has
    /// room for the others when these are deleted.
    pub(crate) fn undo(&mut self) -> impl Iterator<Item = Earlier> + use<> {
        let level = self.levels.pop().unwrap_or_default();
        if self.levels.is_empty() {
            self.clear();
        }
        let (added, changed): (Vec<_>, Vec<_>) = level.into_values().partition(|earlier| earlier.text.is_none());
        added.into_iter().chain(changed)
    }

    /// Returns whether anything is recorded.
    pub(crate) const fn is_recording(&self) -> bool {
        !self.levels.is_empty()
    }
}

impl Earlier {
    fn bytes(&self) -> usize {
        self.key.len().saturating_add(self.text.as_ref().map_or(0, String::len))
    }
}
