//! The sessions of a world: rows in its storage.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::options::SessionOptions;
use super::row::Row;
use crate::error::Failure;
use crate::handles::{Io, Storage};
use crate::limits::{MAX_SESSION_BYTES, MAX_SESSIONS};
use crate::time::Timestamp;

/// The rows of sessions are in the app's own storage under keys with this prefix.
const ROW: &str = "dormouse.session.";
/// The row with the number of sessions.
const COUNT: &str = "dormouse.sessions";
/// The alarm that deletes sessions.
pub(super) const SWEEP: &str = "dormouse.sessions";

/// The rows of a world.
#[derive(Clone)]
pub(super) struct Rows {
    pub(super) io: Io,
    pub(super) options: Rc<SessionOptions>,
}

/// A session that was read.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Found {
    pub(super) row: Row,
    /// When it was read.
    pub(super) at: Timestamp,
}

impl Rows {
    /// Returns the session with this id; `None` if there is none, or it has ended.
    pub(super) fn read(&self, id: &str) -> Result<Option<Found>, Failure> {
        // 32 bytes in base64url: anything else is no id, and need not be looked up.
        if id.len() != 43 {
            return Ok(None);
        }
        let (found, at) = (self.storage().get::<Row>(&key(id))?, self.io.now());
        match found {
            Some(row) if row.ends(&self.options) > at => Ok(Some(Found { row, at })),
            Some(_) => {
                self.delete(id)?;
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Writes a session, which is used now.
    pub(super) fn write(&self, id: &str, mut row: Row, is_new: bool) -> Result<(), Failure> {
        row.used = self.io.now();
        if is_new {
            row.created = row.used;
        }
        let bytes = serde_json::to_string(&row)?.len();
        if bytes > MAX_SESSION_BYTES {
            let text = format!("the session has {bytes} bytes of JSON, and may have {MAX_SESSION_BYTES}");
            return Err(Failure::new("SESSION_TOO_LARGE", text));
        }
        self.storage().put(&key(id), &row)?;
        if is_new {
            self.set_count(self.count()?.saturating_add(1))?;
            self.schedule(row.ends(&self.options))?;
        }
        Ok(())
    }

    /// Deletes a session, if it is there.
    pub(super) fn delete(&self, id: &str) -> Result<(), Failure> {
        let key = key(id);
        if self.storage().get::<Row>(&key)?.is_some() {
            self.storage().delete(&key)?;
            self.set_count(self.count()?.saturating_sub(1))?;
        }
        Ok(())
    }

    /// Makes room for one more: if there are as many as there may be, deletes an eighth of them, those without a user that were used least
    /// recently.
    pub(super) fn make_room(&self) -> Result<(), Failure> {
        if self.count()? < MAX_SESSIONS {
            return Ok(());
        }
        let storage = self.storage();
        let (mut total, mut strangers): (usize, Vec<(Timestamp, String)>) = (0, Vec::new());
        for key in storage.keys(ROW)? {
            let Some(row) = storage.get::<Row>(&key)? else { continue };
            total += 1;
            if row.user.is_none() {
                strangers.push((row.used, key));
            }
        }
        strangers.sort_unstable();
        strangers.truncate(MAX_SESSIONS / 8);
        for (_, key) in &strangers {
            storage.delete(key)?;
        }
        let left = total.saturating_sub(strangers.len());
        self.set_count(left)?;
        if left < MAX_SESSIONS {
            return Ok(());
        }
        Err(Failure::new("TOO_MANY_SESSIONS", format!("there are {left} sessions of users, and no room for another")))
    }

    /// Deletes the sessions that have ended. Sets the alarm again, if any are left.
    pub(super) fn sweep(&self) -> Result<(), Failure> {
        let (storage, now) = (self.storage(), self.io.now());
        let (mut left, mut first) = (0, None::<Timestamp>);
        for key in storage.keys(ROW)? {
            match storage.get::<Row>(&key)?.map(|row| row.ends(&self.options)) {
                Some(ends) if ends > now => {
                    left += 1;
                    first = Some(first.map_or(ends, |first| first.min(ends)));
                }
                _ => storage.delete(&key)?,
            }
        }
        self.set_count(left)?;
        match first {
            Some(ends) => self.set_alarm(ends),
            None => Ok(()),
        }
    }

    /// Sets the alarm for a session that ends then, unless it is set already: it is earlier then, as sessions live on when they are used.
    fn schedule(&self, ends: Timestamp) -> Result<(), Failure> {
        if self.io.alarm(SWEEP).is_some() { Ok(()) } else { self.set_alarm(ends) }
    }

    fn set_alarm(&self, ends: Timestamp) -> Result<(), Failure> {
        // Not for each session that ends by itself: a sweep reads all rows.
        let after = ends.since(self.io.now()).max(self.options.idle.min(self.options.absolute));
        self.io.set_alarm(SWEEP, after, ())
    }

    fn count(&self) -> Result<usize, Failure> {
        Ok(self.storage().get(COUNT)?.unwrap_or_default())
    }

    fn set_count(&self, count: usize) -> Result<(), Failure> {
        self.storage().put(COUNT, &count)
    }

    fn storage(&self) -> Storage {
        self.io.storage()
    }
}

fn key(id: &str) -> String {
    [ROW, id].concat()
}
