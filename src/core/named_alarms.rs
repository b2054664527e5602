//! Named alarms: when each is due, and the context of its handler.

use std::rc::Rc;

use litemap::LiteMap;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The named alarms of a world.
#[derive(Debug, Default)]
pub(crate) struct NamedAlarms {
    by_name: LiteMap<Box<str>, (Timestamp, Rc<str>)>,
    /// When the earliest alarm is due.
    first: Option<Timestamp>,
    /// The alarms that were due or postponed: their rows must be deleted or written.
    changed: Vec<Box<str>>,
}

/// A named alarm, as it is stored: in a row of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedAlarm {
    /// Its name.
    pub name: Box<str>,
    /// When it is due.
    pub at: Timestamp,
    /// The context of its handler, as JSON.
    pub context: Rc<str>,
}

impl NamedAlarm {
    /// The keys of the rows in storage start with this, and the name follows.
    pub const KEY_PREFIX: &str = "alarm:";

    /// Returns an alarm with this name, its time and its context.
    pub fn new(name: &str, (at, context): &(Timestamp, Rc<str>)) -> Self {
        Self { name: name.into(), at: *at, context: Rc::clone(context) }
    }

    /// Returns the key of the row of the alarm with this name.
    pub fn key(name: &str) -> String {
        [Self::KEY_PREFIX, name].concat()
    }

    /// Parses the text of a row.
    ///
    /// # Errors
    /// The text is not that of an alarm.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Returns the text of the row.
    pub fn to_json(&self) -> String {
        // Names, numbers and texts can always be written as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl NamedAlarms {
    /// Sets or deletes an alarm, whose row the caller has written or deleted.
    pub(crate) fn set(&mut self, name: Box<str>, alarm: Option<(Timestamp, Rc<str>)>) {
        self.changed.retain(|changed| *changed != name);
        match alarm {
            Some(alarm) => self.by_name.insert(name, alarm),
            None => self.by_name.remove(&name),
        };
        self.update();
    }

    /// Returns when an alarm is due, and the context of its handler, as JSON.
    pub(crate) fn get(&self, name: &str) -> Option<(Timestamp, Rc<str>)> {
        self.by_name.get(name).cloned()
    }

    /// Returns when the earliest alarm is due.
    pub(crate) const fn first_at(&self) -> Option<Timestamp> {
        self.first
    }

    /// Removes the alarms that are due, and calls `take` with each, in the order of their names.
    pub(crate) fn take_due(&mut self, now: Timestamp, mut take: impl FnMut(&str, &Rc<str>)) {
        if self.is_due(now) {
            self.by_name.retain(|name, (at, context)| {
                let is_due = *at <= now;
                if is_due {
                    take(name, context);
                    self.changed.push(name.clone());
                }
                !is_due
            });
            self.update();
        }
    }

    /// Postpones the alarms that are due to `later`.
    pub(crate) fn postpone_due(&mut self, now: Timestamp, later: Timestamp) {
        if self.is_due(now) {
            for (name, (at, _)) in self.by_name.iter_mut().filter(|(_, (at, _))| *at <= now) {
                *at = later;
                self.changed.push(name.clone());
            }
            self.update();
        }
    }

    /// Returns how many alarms there would be with this one.
    pub(crate) fn count_with(&self, name: &str) -> usize {
        self.by_name.len() + usize::from(self.by_name.get(name).is_none())
    }

    /// Returns the names of the alarms whose rows must be written or deleted since the last call.
    pub(crate) fn take_changed(&mut self) -> Vec<Box<str>> {
        core::mem::take(&mut self.changed)
    }

    /// Restores the stored alarms after hibernation.
    pub(crate) fn restore(&mut self, alarms: Vec<NamedAlarm>) {
        for NamedAlarm { name, at, context } in alarms {
            self.by_name.insert(name, (at, context));
        }
        self.update();
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.first.is_some_and(|at| at <= now)
    }

    fn update(&mut self) {
        self.first = self.by_name.values().map(|&(at, _)| at).min();
    }
}
