//! Named alarms: when each is due, and the context of its handler.

use std::rc::Rc;

use litemap::LiteMap;

use serde::{Deserialize, Serialize};

use super::traces::is_trace;
use crate::limits::{MAX_ATTEMPTS, PANIC_BACKOFF, RETRY_GAP};
use crate::time::Timestamp;
use crate::value::objects;

/// The named alarms of a world. An alarm stays in the table until its handler has run: before that is called, the alarm is
/// postponed and counts one attempt more. If the handler aborts the wasm instance, what is stored is true.
#[derive(Debug, Default)]
pub(crate) struct NamedAlarms {
    by_name: LiteMap<Box<str>, Alarm>,
    /// The alarms with an attempt that is begun, and not made yet.
    begun: Vec<Box<str>>,
    /// The alarms whose handlers run. An alarm that was set again meanwhile has no attempts.
    running: Vec<Box<str>>,
    /// When the earliest alarm is due.
    first: Option<Timestamp>,
    /// Whether any is a trace.
    has_traces: bool,
    /// The alarms that were due or postponed: their rows must be deleted or written.
    changed: Vec<Box<str>>,
    /// Whether one was set, deleted or postponed.
    has_moved: bool,
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
    /// How many attempts were begun, none of which has ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
}

#[derive(Debug)]
struct Alarm {
    at: Timestamp,
    context: Rc<str>,
    attempts: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) const fn is_zero(attempts: &u32) -> bool {
    *attempts == 0
}

impl NamedAlarm {
    /// The keys of the rows in storage start with this, and the name follows.
    pub const KEY_PREFIX: &str = "alarm:";

    /// Returns an alarm with this name, its time and its context.
    pub fn new(name: &str, (at, context): &(Timestamp, Rc<str>)) -> Self {
        Self { name: name.into(), at: *at, context: Rc::clone(context), attempts: 0 }
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
        objects::from_str(text)
    }

    /// Returns the text of the row.
    pub fn to_json(&self) -> String {
        // Names, numbers and texts can always be written as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl NamedAlarms {
    /// Returns how many alarms the app has: traces are none of them.
    pub(crate) fn count(&self) -> usize {
        let traces = if self.has_traces() { self.traces().count() } else { 0 };
        self.by_name.len() - traces
    }

    /// Sets or deletes an alarm, whose row the caller has written or deleted.
    pub(crate) fn set(&mut self, name: &str, alarm: Option<NamedAlarm>) {
        self.changed.retain(|changed| &**changed != name);
        match alarm {
            Some(alarm) => self.insert(alarm),
            None => drop(self.by_name.remove(name)),
        }
        self.update();
    }

    fn insert(&mut self, NamedAlarm { name, at, context, attempts }: NamedAlarm) {
        self.by_name.insert(name, Alarm { at, context, attempts });
    }

    /// Returns when an alarm is due, and the context of its handler, as JSON, if it is set. While its handler runs, it is not.
    pub(crate) fn get(&self, name: &str) -> Option<(Timestamp, Rc<str>)> {
        let alarm = self.stored(name).filter(|alarm| alarm.attempts == 0 || !self.running.contains(&alarm.name))?;
        Some((alarm.at, alarm.context))
    }

    /// Returns an alarm as it is stored.
    pub(crate) fn stored(&self, name: &str) -> Option<NamedAlarm> {
        let Alarm { at, context, attempts } = self.by_name.get(name)?;
        Some(NamedAlarm { name: name.into(), at: *at, context: Rc::clone(context), attempts: *attempts })
    }

    /// Returns whether any alarm is a trace. Only the admin HTTP API sets one: without it, nothing that traces is linked.
    pub(crate) const fn has_traces(&self) -> bool {
        cfg!(feature = "admin") && self.has_traces
    }

    /// Returns whether there is the trace that starts with `kind` and goes on with `name`.
    #[inline(never)]
    pub(crate) fn is_traced(&self, kind: &str, name: &str) -> bool {
        self.by_name.contains_key(&*[kind, name].concat())
    }

    /// Returns the traces, and when they end.
    pub(crate) fn traces(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.by_name.iter().filter(|(name, _)| is_trace(name)).map(|(name, alarm)| (&**name, alarm.at))
    }

    /// Returns when the earliest alarm is due.
    pub(crate) const fn first_at(&self) -> Option<Timestamp> {
        self.first
    }

    /// Returns whether an alarm is due.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.first.is_some_and(|at| at <= now)
    }

    /// Begins an attempt at each alarm that is due: they are postponed, and [`take_begun`](Self::take_begun) returns them. Those
    /// with an attempt that did not end go alone, because one of several may abort the wasm instance. Removes those whose last
    /// attempt did not end, and calls `give_up` with each. Returns whether the caller must store the alarms and go on with
    /// `take_begun`.
    pub(crate) fn begin(&mut self, now: Timestamp, mut give_up: impl FnMut(&str, &Rc<str>)) -> bool {
        let Self { by_name, begun, running, changed, .. } = self;
        let due = |alarm: &Alarm| alarm.at <= now;
        let mut goes_alone =
            by_name.iter().all(|(name, alarm)| !due(alarm) || alarm.attempts > 0 || running.contains(name));
        let mut has_begun = false;
        for (name, alarm) in by_name.iter_mut().filter(|(_, alarm)| due(alarm)) {
            changed.push(name.clone());
            if is_trace(name) {
                // It has no handler: it is over.
                alarm.attempts = u32::MAX;
                continue;
            }
            // Its handler waits for something.
            if running.contains(name) {
                alarm.at = now.after(PANIC_BACKOFF);
            } else if alarm.attempts > 0 && !core::mem::take(&mut goes_alone) {
                alarm.at = now.after(RETRY_GAP);
            } else {
                has_begun = true;
                if alarm.attempts >= MAX_ATTEMPTS {
                    give_up(name, &alarm.context);
                }
                alarm.attempts = alarm.attempts.saturating_add(1);
                alarm.at = now.after(PANIC_BACKOFF.saturating_mul(alarm.attempts));
                begun.push(name.clone());
            }
        }
        by_name.retain(|_, alarm| alarm.attempts <= MAX_ATTEMPTS);
        self.update();
        has_begun
    }

    /// Calls `run` with each alarm that [`begin`](Self::begin) has begun, in the order of their names, unless it was set again or
    /// deleted meanwhile. The handler of each must be called, and then [`end`](Self::end).
    pub(crate) fn take_begun(&mut self, mut run: impl FnMut(NamedAlarm)) {
        for name in core::mem::take(&mut self.begun) {
            if let Some(alarm) = self.stored(&name).filter(|alarm| alarm.attempts > 0) {
                run(alarm);
                self.running.push(name);
            }
        }
    }

    /// Handles the end of the handler of an alarm. Unless it was set again meanwhile, it is removed if the handler `has_run`, and
    /// has another attempt if it panicked.
    pub(crate) fn end(&mut self, now: Timestamp, name: &str, has_run: bool) {
        self.running.retain(|running| &**running != name);
        let Some(alarm) = self.by_name.get_mut(name).filter(|alarm| alarm.attempts > 0) else { return };
        if has_run {
            self.by_name.remove(name);
        } else if alarm.attempts >= MAX_ATTEMPTS {
            alarm.at = now;
        } else {
            return;
        }
        self.changed.push(name.into());
        self.update();
    }

    /// Postpones the alarms that are due to `later`.
    pub(crate) fn postpone_due(&mut self, now: Timestamp, later: Timestamp) {
        if self.is_due(now) {
            for (name, alarm) in self.by_name.iter_mut().filter(|(_, alarm)| alarm.at <= now) {
                alarm.at = later;
                self.changed.push(name.clone());
            }
            self.update();
        }
    }

    /// Returns how many alarms the app would have with this one.
    pub(crate) fn count_with(&self, name: &str) -> usize {
        self.count() + usize::from(self.by_name.get(name).is_none())
    }

    /// Returns whether an alarm was set, deleted or postponed since the last call: its row was written, or is to be written now.
    pub(crate) const fn take_moved(&mut self) -> bool {
        core::mem::replace(&mut self.has_moved, false)
    }

    /// Returns the names of the alarms whose rows must be written or deleted since the last call.
    pub(crate) fn take_changed(&mut self) -> Vec<Box<str>> {
        core::mem::take(&mut self.changed)
    }

    /// Restores the stored alarms after hibernation.
    pub(crate) fn restore(&mut self, alarms: Vec<NamedAlarm>) {
        for alarm in alarms {
            self.insert(alarm);
        }
        self.update();
        self.has_moved = false;
    }

    fn update(&mut self) {
        self.has_moved = true;
        self.first = self.by_name.values().map(|alarm| alarm.at).min();
        self.has_traces = self.by_name.keys().any(|name| is_trace(name));
    }
}

#[cfg(all(test, feature = "admin"))]
mod tests {
    use super::*;
    use crate::core::traces::{TRACED_EVENT, TRACED_SOCKET};

    #[test]
    fn traces_are_no_alarms_of_the_app() {
        let mut alarms = NamedAlarms::default();
        let mut set = |name: &str| {
            let alarm = NamedAlarm::new(name, &(Timestamp::from_millis(1), "null".into()));
            alarms.set(name, Some(alarm));
            (alarms.count(), alarms.count_with(name), alarms.count_with("another"))
        };
        assert_eq!(set("tea"), (1, 1, 2));
        assert_eq!(set(&[TRACED_EVENT, "said"].concat()).0, 1);
        assert_eq!(set(&[TRACED_SOCKET, "x"].concat()).0, 1);
        assert_eq!(set("supper"), (2, 2, 3));
    }
}
