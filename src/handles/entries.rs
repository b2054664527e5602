//! Ranges of the values that a world stores by key.

use serde::de::DeserializeOwned;

use super::storage::{Storage, gone};
use super::world_api::WorldApi;
use crate::error::Failure;
use crate::limits::{MAX_STORAGE_RESULT_BYTES, MAX_STORAGE_ROWS};
use crate::value::json;

impl Storage {
    /// Returns the entries whose keys start with `prefix`, in the order of their keys, which is that of their UTF-8 bytes. The methods
    /// of [`Entries`] choose some of them, and read them.
    ///
    /// ```
    /// use dormouse::{Ack, Data, Failure, Storage};
    ///
    /// /// Returns ten messages, and those after `last` when it is called again.
    /// async fn page(storage: Storage, Data(last): Data<Option<String>>) -> Result<Ack<Vec<(String, String)>>, Failure> {
    ///     let mut entries = storage.entries("message/").limit(10);
    ///     if let Some(last) = &last {
    ///         entries = entries.after(last);
    ///     }
    ///     Ok(Ack(entries.all()?))
    /// }
    /// # dormouse::App::new().namespace("/", |ns| ns.on("page", page));
    /// ```
    pub fn entries(&self, prefix: &str) -> Entries {
        Entries { storage: self.clone(), prefix: prefix.to_owned(), after: None, is_reverse: false, limit: usize::MAX }
    }
}

/// Entries of a world's storage, which are read by [`all`](Self::all) or [`keys`](Self::keys): see [`Storage::entries`].
#[derive(Clone, Debug)]
#[must_use = "nothing is read before `all` or `keys` is called"]
pub struct Entries {
    storage: Storage,
    prefix: String,
    after: Option<String>,
    is_reverse: bool,
    limit: usize,
}

impl Entries {
    /// Leaves out everything up to this key, which need not be there: where the last call ended, the next one goes on. In
    /// reverse order, these are the keys that are greater.
    pub fn after(mut self, key: &str) -> Self {
        self.after = Some(key.to_owned());
        self
    }

    /// Begins with the last key.
    pub const fn reverse(mut self) -> Self {
        self.is_reverse = true;
        self
    }

    /// Reads so many entries at most.
    pub const fn limit(mut self, entries: usize) -> Self {
        self.limit = entries;
        self
    }

    /// Reads the keys and values.
    ///
    /// # Errors
    /// A value is not a `T`; there are more than 10,000 entries or 8 MB of them; the platform failed, or
    /// the world is gone.
    pub fn all<T: DeserializeOwned>(self) -> Result<Vec<(String, T)>, Failure> {
        let rows = self.read()?.into_iter();
        rows.map(|(key, text)| match json::from_str(&text) {
            Ok(value) => Ok((key, value)),
            Err(error) => Err(Failure::from(error)),
        })
        .collect()
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// As [`all`](Self::all), but for the values.
    pub fn keys(self) -> Result<Vec<String>, Failure> {
        Ok(self.read()?.into_iter().map(|(key, _)| key).collect())
    }

    fn read(self) -> Result<Vec<(String, String)>, Failure> {
        let Some(world) = self.storage.world.upgrade() else { return Err(gone()) };
        // One more shows that there are more.
        let max_rows = self.limit.min(MAX_STORAGE_ROWS + 1);
        let found = self.read_range(&*world, max_rows).map_err(Failure::of_storage)?;
        match found {
            Some(found) if found.len() <= MAX_STORAGE_ROWS => Ok(found),
            Some(_) => Err(too_much(format_args!("more than {MAX_STORAGE_ROWS} entries"))),
            None => Err(too_much(format_args!("more than {MAX_STORAGE_RESULT_BYTES} bytes"))),
        }
    }

    #[cfg(target_arch = "wasm32")]
    fn read_range(&self, world: &dyn WorldApi, max_rows: usize) -> Result<Option<Vec<(String, String)>>, String> {
        let (from, until) = self.range(self.storage.owner.key_prefix());
        let range = (&*from, &*until);
        let outside = world.outside();
        let found =
            crate::outside::stored_entries::read(&outside, range, self.is_reverse, max_rows, MAX_STORAGE_RESULT_BYTES)?;
        let cut = |(mut key, text): (String, String)| {
            key.drain(..self.storage.owner.key_prefix().len().min(key.len()));
            (key, text)
        };
        Ok(found.map(|found| found.into_iter().map(cut).collect()))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn read_range(&self, world: &dyn WorldApi, max_rows: usize) -> Result<Option<Vec<(String, String)>>, String> {
        let (from, until) = self.range("");
        let mut keys = world.keys(self.storage.owner, &self.prefix)?;
        keys.retain(|key| *key >= from && (until.is_empty() || *key < until));
        if self.is_reverse {
            keys.reverse();
        }
        let (mut found, mut bytes) = (Vec::new(), 0);
        for key in keys.into_iter().take(max_rows) {
            let text = world.read(self.storage.owner, &key)?.unwrap_or_default();
            bytes += key.len() + text.len();
            if bytes > MAX_STORAGE_RESULT_BYTES {
                return Ok(None);
            }
            found.push((key, text));
        }
        Ok(Some(found))
    }

    /// Returns the first key, and the one behind the last; empty if there is none behind it.
    fn range(&self, table: &str) -> (String, String) {
        let (mut from, mut until) = (format!("{table}{}", self.prefix), behind(&format!("{table}{}", self.prefix)));
        if let Some(after) = &self.after {
            let mut after = format!("{table}{after}");
            if !self.is_reverse {
                after.push('\0');
                from = from.max(after);
            } else if until.is_empty() || after < until {
                until = after;
            }
        }
        (from, until)
    }
}

/// Returns the first text behind all that start with `prefix`; empty if there is none.
fn behind(prefix: &str) -> String {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // Texts are ordered as their characters are, in UTF-8 as well.
        let next = (last..=char::MAX).nth(1);
        if let Some(next) = next {
            text.push(next);
            break;
        }
    }
    text
}

fn too_much(what: core::fmt::Arguments<'_>) -> Failure {
    Failure::internal(format!(
        "the range has {what}, which is as much as one call reads: set a limit, and go on after the last key"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_a_prefix() {
        assert_eq!(behind("app:"), "app;");
        assert_eq!(behind("a\u{d7ff}"), "a\u{e000}");
        assert_eq!(behind("a\u{10ffff}"), "b");
        assert_eq!(behind("\u{10ffff}"), "");
        assert_eq!(behind(""), "");
    }
}
