//! Named alarms: when each is due, and the context of its handler.

use std::rc::Rc;

use litemap::LiteMap;

use serde::{Deserialize, Serialize};

use crate::limits::MAX_ALARMS_BYTES;
use crate::time::Timestamp;

/// The named alarms of a world.
#[derive(Debug, Default)]
pub(crate) struct NamedAlarms {
    by_name: LiteMap<Box<str>, (Timestamp, Rc<str>)>,
    /// When the earliest alarm is due.
    first: Option<Timestamp>,
    has_changed: bool,
}

/// A named alarm.
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
    /// Bytes for the field names and the time in the stored JSON.
    const MARKS: usize = 64;

    /// Returns an upper bound of [`len`](Self::len) without reading the texts. The context is JSON already, so that none of its
    /// bytes takes more than two when it is written as a string.
    pub(super) const fn max_len(name: &str, context: &str) -> usize {
        Self::MARKS + 6 * name.len() + 2 * context.len()
    }

    /// Returns an upper bound of the bytes that an alarm takes in the stored list.
    pub(super) fn len(name: &str, context: &str) -> usize {
        let written = |c| match c {
            b'"' | b'\\' => 2,
            0..=0x1f => 6,
            _ => 1,
        };
        Self::MARKS + name.bytes().chain(context.bytes()).map(written).sum::<usize>()
    }
}

impl NamedAlarms {
    /// Sets or deletes an alarm.
    pub(crate) fn set(&mut self, name: Box<str>, alarm: Option<(Timestamp, Rc<str>)>) {
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
                }
                !is_due
            });
            self.update();
        }
    }

    /// Postpones the alarms that are due to `later`.
    pub(crate) fn postpone_due(&mut self, now: Timestamp, later: Timestamp) {
        if self.is_due(now) {
            for (_, (at, _)) in self.by_name.iter_mut().filter(|(_, (at, _))| *at <= now) {
                *at = later;
            }
            self.update();
        }
    }

    /// Returns how many alarms there would be with this one, and an upper bound of their bytes as stored. The texts are read
    /// only where the quick bound exceeds [`MAX_ALARMS_BYTES`].
    pub(crate) fn size_with(&self, name: &str, context: &str) -> (usize, usize) {
        let others = || self.by_name.iter().filter(|(other, _)| &***other != name);
        let bytes = |len: fn(&str, &str) -> usize| {
            others().fold(len(name, context), |bytes, (name, (_, context))| bytes.saturating_add(len(name, context)))
        };
        let most = bytes(NamedAlarm::max_len);
        (others().count() + 1, if most > MAX_ALARMS_BYTES { bytes(NamedAlarm::len) } else { most })
    }

    /// Returns whether an alarm changed since the last call.
    pub(crate) const fn take_changed(&mut self) -> bool {
        core::mem::replace(&mut self.has_changed, false)
    }

    /// Returns the alarms as they are stored.
    pub(crate) fn snapshot(&self) -> Vec<NamedAlarm> {
        let alarms = self.by_name.iter();
        alarms
            .map(|(name, (at, context))| NamedAlarm { name: name.clone(), at: *at, context: context.clone() })
            .collect()
    }

    /// Restores the stored alarms after hibernation.
    pub(crate) fn restore(&mut self, alarms: Vec<NamedAlarm>) {
        for NamedAlarm { name, at, context } in alarms {
            self.by_name.insert(name, (at, context));
        }
        self.update();
        self.has_changed = false;
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.first.is_some_and(|at| at <= now)
    }

    fn update(&mut self) {
        self.first = self.by_name.values().map(|&(at, _)| at).min();
        self.has_changed = true;
    }
}
