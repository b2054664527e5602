//! Named alarms: when they are due, and what their handlers get.

use crate::time::Timestamp;
use litemap::LiteMap;
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Named alarms: when they are due, and what their handlers get.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    pub(crate) by_name: LiteMap<Box<str>, (Timestamp, Rc<str>)>,
    /// When the first of them is due.
    pub(crate) first: Option<Timestamp>,
    pub(crate) changed: bool,
}

impl Alarms {
    /// Takes note of a change.
    pub(crate) fn note(&mut self) {
        self.first = self.by_name.values().map(|&(at, _)| at).min();
        self.changed = true;
    }
}

/// A named alarm as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedAlarm {
    /// Its name.
    pub name: Box<str>,
    /// When it is due.
    pub at: Timestamp,
    /// What its handler gets, as JSON.
    pub context: Rc<str>,
}

impl NamedAlarm {
    /// The names of the fields, and the time, as they are written.
    const MARKS: usize = 64;

    /// Returns a bound of [`len`](Self::len) that costs nothing: a context is JSON, of which no character takes more than two.
    pub(crate) const fn max_len(name: &str, context: &str) -> usize {
        Self::MARKS + 6 * name.len() + 2 * context.len()
    }

    /// Returns how many bytes an alarm takes at most in the list as it is written.
    pub(crate) fn len(name: &str, context: &str) -> usize {
        let written = |c| match c {
            b'"' | b'\\' => 2,
            0..=0x1f => 6,
            _ => 1,
        };
        Self::MARKS + name.bytes().chain(context.bytes()).map(written).sum::<usize>()
    }
}
