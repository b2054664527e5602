//! The storage of a simulated world, and what stands in for the rest of the platform.

use core::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::faults::FULL;
use crate::core::named_alarms::NamedAlarm;
use crate::outside::Outside;
use crate::time::Timestamp;
use crate::world::Store;

/// A world's storage besides its sessions.
#[derive(Debug, Default)]
pub(crate) struct VirtualStore {
    pub(super) texts: RefCell<BTreeMap<String, String>>,
    /// The deployment's variables.
    pub(super) variables: RefCell<BTreeMap<String, String>>,
    pub(super) outside: Outside,
    /// The most bytes of all keys and texts; `None` for no bound.
    pub(super) capacity: Cell<Option<usize>>,
}

impl VirtualStore {
    /// Returns an error if there is no room for a text in place of the one that its key has.
    pub(super) fn check_room(&self, key: &str, text: &str) -> Result<(), String> {
        let Some(capacity) = self.capacity.get() else { return Ok(()) };
        let earlier = self.texts.borrow().get(key).map_or(0, |earlier| key.len() + earlier.len());
        let bytes = self.bytes() - earlier + key.len() + text.len();
        if bytes > capacity { Err(FULL.to_owned()) } else { Ok(()) }
    }

    pub(super) fn bytes(&self) -> usize {
        self.texts.borrow().iter().map(|(key, text)| key.len() + text.len()).sum()
    }
}

impl Store for VirtualStore {
    fn read(&self, key: &str) -> Result<Option<String>, String> {
        Ok(self.texts.borrow().get(key).cloned())
    }

    fn write(&self, key: &str, text: Option<&str>) -> Result<(), String> {
        match text {
            Some(text) => {
                self.check_room(key, text)?;
                self.texts.borrow_mut().insert(key.to_owned(), text.to_owned())
            }
            None => self.texts.borrow_mut().remove(key),
        };
        Ok(())
    }

    fn keys(&self, prefix: &str) -> Result<Vec<String>, String> {
        Ok(self.texts.borrow().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }

    fn alarms(&self) -> Result<Vec<String>, String> {
        let is_alarm = |key: &str| key.starts_with(NamedAlarm::KEY_PREFIX);
        Ok(self.texts.borrow().iter().filter(|(key, _)| is_alarm(key)).map(|(_, text)| text.clone()).collect())
    }

    fn first_alarm(&self) -> Result<Option<Timestamp>, String> {
        let at = |text: &String| serde_json::from_str(text).map(|alarm: NamedAlarm| alarm.at);
        let times: Result<Vec<_>, _> = self.alarms()?.iter().map(at).collect();
        times.map(|times| times.into_iter().min()).map_err(|error| error.to_string())
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.borrow().get(name).cloned()
    }

    fn outside(&self) -> Outside {
        self.outside.clone()
    }
}
