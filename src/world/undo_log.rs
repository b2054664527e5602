//! The log of what was written, so that it can be undone.

use crate::limits::{MAX_UNDO_BYTES, MAX_UNDO_SEARCHED};

/// The earlier state of what a handler has written, and the transactions within it. It is empty for most handlers, which write
/// nothing.
#[derive(Debug, Default)]
pub(crate) struct UndoLog {
    writes: Vec<Earlier>,
    /// How many writes there were when the handler began, and each transaction in the other. If it is empty, nothing is recorded.
    begins: Vec<usize>,
    /// The size of all keys and texts, in bytes.
    bytes: usize,
}

/// A row of storage before it was written.
#[derive(Debug)]
pub(crate) struct Earlier {
    /// The row's key.
    pub key: String,
    /// The row's text; `None` if there was no row.
    pub text: Option<String>,
}

impl UndoLog {
    /// Begins to record for a handler, or for a transaction.
    pub(crate) fn begin(&mut self) {
        self.begins.push(self.writes.len());
    }

    /// Forgets everything, and records nothing until the next handler or transaction.
    pub(crate) fn clear(&mut self) {
        self.writes.clear();
        self.begins.clear();
        self.bytes = 0;
    }

    /// Returns whether the earlier state of a row must be recorded before it is written.
    pub(crate) fn lacks(&self, key: &str) -> bool {
        let Some(&begin) = self.begins.last() else { return false };
        self.writes.iter().skip(begin).rev().take(MAX_UNDO_SEARCHED).all(|earlier| earlier.key != key)
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
        self.bytes = self.bytes.saturating_add(earlier.bytes());
        self.writes.push(earlier);
    }

    /// Ends the innermost transaction, and keeps what it wrote: only the one around it may undo that, not the handler `in_handler`.
    pub(crate) fn keep(&mut self, in_handler: bool) {
        let begin = self.begins.pop().unwrap_or_default();
        if self.begins.is_empty() {
            self.clear();
        } else if in_handler && self.begins.len() == 1 {
            // What was there before the handler would undo the transaction's write of the same key, too.
            let kept = self.writes.split_off(begin);
            self.writes.retain(|earlier| kept.iter().all(|write| write.key != earlier.key));
            self.bytes = self.writes.iter().map(Earlier::bytes).sum();
        }
    }

    /// Removes the last write of the innermost transaction, or of the handler, and returns it. `None` if there is none; then it has
    /// ended.
    pub(crate) fn undo(&mut self) -> Option<Earlier> {
        // The last first: there was room for each of these states, even in a full database.
        if self.writes.len() > *self.begins.last()? {
            let earlier = self.writes.pop()?;
            self.bytes = self.bytes.saturating_sub(earlier.bytes());
            return Some(earlier);
        }
        self.begins.pop();
        if self.begins.is_empty() {
            self.clear();
        }
        None
    }

    /// Returns whether anything is recorded.
    pub(crate) const fn is_recording(&self) -> bool {
        !self.begins.is_empty()
    }
}

impl Earlier {
    fn bytes(&self) -> usize {
        self.key.len().saturating_add(self.text.as_ref().map_or(0, String::len))
    }
}
