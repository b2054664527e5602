//! The sessions of a world: rows of Dormouse's own in its storage. What is written here stays if the handler fails: that a user has logged out
//! is never undone.

use core::time::Duration;
use std::rc::Rc;

use super::options::SessionOptions;
use super::row::{Changes, Row};
use crate::error::Failure;
use crate::handles::{Io, SESSIONS_ALARM, Storage};
use crate::limits::{MAX_SESSION_BYTES, MAX_SESSIONS, SESSION_TOUCH_SHARE, SESSIONS_AT_ONCE, SWEEP_AGAIN_AFTER};
use crate::time::Timestamp;

/// What the keys of rows begin with, before the id.
const ROW: &str = "row:";
/// The row with the number of sessions.
const COUNT: &str = "count";
/// What the keys of the index begin with, before the time of the last use and the id: of sessions without a user, and with one. In each, what
/// was used least recently comes first.
const INDEXES: [&str; 2] = ["visit:", "login:"];
/// The digits of a time in the index, which is then ordered as text.
const DIGITS: usize = 15;

/// The rows of a world.
#[derive(Clone)]
pub(super) struct Rows {
    pub(super) io: Io,
    pub(super) options: Rc<SessionOptions>,
}

/// A session that was read, and when.
pub(super) type Found = (Row, Timestamp);

impl Rows {
    /// Returns the session with this id; `None` if there is none, or it has ended.
    pub(super) fn read(&self, id: &str) -> Result<Option<Found>, Failure> {
        // 32 bytes in base64url: anything else is no id, and need not be looked up.
        if id.len() != 43 {
            return Ok(None);
        }
        let (found, at) = (self.storage().get::<Row>(&key(id))?, self.io.now());
        match found {
            Some(row) if row.ends(&self.options) > at => Ok(Some((row, at))),
            Some(row) => self.remove(id, &row).map(|()| None),
            None => Ok(None),
        }
    }

    /// Writes a new session. If there are as many as there may be, drops some that have no user and were used least recently.
    pub(super) fn create(&self, id: &str) -> Result<Found, Failure> {
        self.make_room()?;
        let (storage, now) = (self.storage(), self.io.now());
        let row = Row::new(now);
        if self.io.alarm(SESSIONS_ALARM).is_none() {
            self.set_alarm(self.shortest())?;
        }
        // A sweep finds what is in the index only.
        storage.put(&index_key(id, &row), &())?;
        storage.put(&key(id), &row)?;
        self.set_count(self.count()?.saturating_add(1))?;
        Ok((row, now))
    }

    /// Makes changes in a session as it is now, which is used now. Returns false if it is not there: it has ended meanwhile, and stays so.
    pub(super) fn update(&self, id: &str, changes: Changes) -> Result<bool, Failure> {
        let Some((mut row, now)) = self.read(id)? else { return Ok(false) };
        let (storage, earlier) = (self.storage(), index_key(id, &row));
        let new_id = row.change(changes);
        if now.since(row.used) >= self.options.idle / SESSION_TOUCH_SHARE {
            row.used = now;
        }
        let bytes = serde_json::to_string(&row)?.len();
        if bytes > MAX_SESSION_BYTES {
            let text = format!("the session has {bytes} bytes of JSON, and may have {MAX_SESSION_BYTES}");
            return Err(Failure::new("SESSION_TOO_LARGE", text));
        }
        let written = new_id.as_deref().unwrap_or(id);
        let indexed = index_key(written, &row);
        if indexed != earlier {
            storage.put(&indexed, &())?;
        }
        storage.put(&key(written), &row)?;
        if new_id.is_some() {
            storage.delete(&key(id))?;
        }
        if indexed != earlier {
            storage.delete(&earlier)?;
        }
        Ok(true)
    }

    /// Deletes a session. Returns false if it is not there.
    pub(super) fn delete(&self, id: &str) -> Result<bool, Failure> {
        match self.storage().get::<Row>(&key(id))? {
            Some(row) => self.remove(id, &row).map(|()| true),
            None => Ok(false),
        }
    }

    fn remove(&self, id: &str, row: &Row) -> Result<(), Failure> {
        self.storage().delete(&key(id))?;
        self.storage().delete(&index_key(id, row))?;
        self.set_count(self.count()?.saturating_sub(1))
    }

    fn make_room(&self) -> Result<(), Failure> {
        if self.count()? < MAX_SESSIONS {
            return Ok(());
        }
        self.sweep_ended()?;
        if self.count()? >= MAX_SESSIONS {
            for entry in self.oldest(INDEXES[0])? {
                self.remove_entry(&entry)?;
            }
        }
        let left = self.count()?;
        if left < MAX_SESSIONS {
            return Ok(());
        }
        Err(Failure::new("TOO_MANY_SESSIONS", format!("there are {left} sessions of users, and no room for another")))
    }

    /// Deletes sessions that have ended. Sets the alarm again, if any are left.
    pub(super) fn sweep(&self) -> Result<(), Failure> {
        // First, so that whatever goes wrong is tried again.
        self.set_alarm(self.shortest())?;
        if self.sweep_ended()? {
            return self.set_alarm(SWEEP_AGAIN_AFTER);
        }
        let mut first = None::<Timestamp>;
        for index in INDEXES {
            let used = self.storage().entries(index).limit(1).keys()?.first().and_then(|entry| used_of(entry));
            first = first.into_iter().chain(used).min();
        }
        let Some(used) = first else {
            self.set_count(0)?;
            return self.io.clear_alarm(SESSIONS_ALARM);
        };
        // Not for each session that ends by itself.
        self.set_alarm(used.after(self.options.idle).since(self.io.now()).max(self.shortest()))
    }

    /// Deletes a portion of the sessions that were not used for so long that they have ended. Returns whether there may be more.
    fn sweep_ended(&self) -> Result<bool, Failure> {
        let (mut has_more, now) = (false, self.io.now());
        for index in INDEXES {
            let entries = self.oldest(index)?;
            let has_ended = |entry: &&String| used_of(entry).is_none_or(|used| used.after(self.options.idle) <= now);
            let ended: Vec<_> = entries.iter().take_while(has_ended).collect();
            has_more |= ended.len() == SESSIONS_AT_ONCE;
            for entry in ended {
                self.remove_entry(entry)?;
            }
        }
        Ok(has_more)
    }

    /// Returns a portion of an index.
    fn oldest(&self, index: &str) -> Result<Vec<String>, Failure> {
        self.storage().entries(index).limit(SESSIONS_AT_ONCE).keys()
    }

    /// Deletes an entry of an index, and its session, if that is not in another entry: a database that was full may have kept both.
    fn remove_entry(&self, entry: &str) -> Result<(), Failure> {
        let id = entry.get(INDEXES[0].len() + DIGITS..).unwrap_or_default();
        match self.storage().get::<Row>(&key(id))? {
            Some(row) if index_key(id, &row) == entry => self.remove(id, &row),
            _ => self.storage().delete(entry),
        }
    }

    fn set_alarm(&self, after: Duration) -> Result<(), Failure> {
        self.io.set_alarm(SESSIONS_ALARM, after, ())
    }

    /// Returns how long a session lives at least.
    fn shortest(&self) -> Duration {
        self.options.idle.min(self.options.absolute)
    }

    fn count(&self) -> Result<usize, Failure> {
        Ok(self.storage().get(COUNT)?.unwrap_or_default())
    }

    fn set_count(&self, count: usize) -> Result<(), Failure> {
        if count == 0 { self.storage().delete(COUNT) } else { self.storage().put(COUNT, &count) }
    }

    fn storage(&self) -> Storage {
        self.io.session_rows()
    }
}

fn key(id: &str) -> String {
    [ROW, id].concat()
}

fn index_key(id: &str, row: &Row) -> String {
    let [visit, login] = INDEXES;
    let index = if row.user.is_some() { login } else { visit };
    format!("{index}{:0DIGITS$}{id}", row.used.as_millis())
}

/// Returns when the session of an entry of an index was last used.
fn used_of(entry: &str) -> Option<Timestamp> {
    let from = INDEXES[0].len();
    Some(Timestamp::from_millis(entry.get(from..from + DIGITS)?.parse().ok()?))
}
