//! The object's alarm, which wakes it, and its timer, which runs only while a session needs exact times in memory, or while the
//! alarm cannot be set.

use super::platform::Platform;
use crate::core::engineio::Wakeup;
use crate::core::meter::Count;
use crate::core::server::Server;
use crate::limits::ALARM_DELAY;
use crate::log::Record;
use crate::time::{Timestamp, earlier};

/// The state of the object's alarm and timer, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Clock {
    alarm: AlarmState,
    timer: Option<Timestamp>,
    /// By when the alarm is changed, which the world needs at another time; `None` if it is as it should be.
    change_by: Option<Timestamp>,
    /// Whether it was logged that the alarm cannot be set.
    has_complained: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum AlarmState {
    /// The object woke and has not looked up the alarm.
    #[default]
    Unknown,
    /// It is being looked up.
    LookedUp,
    /// It is set to this time.
    At(Timestamp),
    /// It should be set to this time, but the runtime failed. The timer keeps the time; at the next one, it is tried again.
    Failed(Timestamp),
    /// It is not set.
    Off,
    /// It went off, and more inputs follow before it is set again.
    Ringing,
}

/// When a turn lets the alarm be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AlarmChange {
    /// Within [`ALARM_DELAY`]: a client may wait for what the turn sends or for what comes next, and a change is a write, which delays
    /// them. If the object is lost before it is made, the alarm goes off once without effect, or the world has no alarm. Then its
    /// WebSockets are lost, too, and the roster has nobody yet: it is written by a timer, and the alarm is changed with it at the latest.
    /// Only a deploy or an abort of the wasm instance can keep the WebSockets; then the alarm is set at the next event, which is the close
    /// of a client that misses its pings at the latest.
    Later,
    /// Now: no client has caused the turn; or it has changed a named alarm, whose row is lost with the alarm, or neither is.
    Now,
    /// Now, and [`Platform::sync`] must follow: the alarm makes the next attempt if the one that the turn has begun loses the object.
    Synced,
}

impl Clock {
    /// Notes that the alarm went off. Nothing sets it again before [`note_alarm_off`](Self::note_alarm_off).
    pub(super) const fn ring(&mut self) {
        self.alarm = AlarmState::Ringing;
    }

    /// Notes that the alarm is not set.
    pub(super) const fn note_alarm_off(&mut self) {
        self.alarm = AlarmState::Off;
    }

    /// Notes that the runtime's alarm went off: it can be set.
    pub(super) const fn note_alarm_works(&mut self) {
        self.has_complained = false;
    }

    /// Returns whether the timer went off in place of the alarm.
    pub(super) fn is_alarm_due(&self, now: Timestamp) -> bool {
        matches!(self.alarm, AlarmState::Failed(at) if at <= now)
    }

    /// Handles a failure of [`Platform::set_alarm`] or [`Platform::delete_alarm`].
    pub(super) fn handle_failed<P: Platform>(&mut self, platform: &mut P, problem: &str) {
        // Once, not with every ping.
        if !core::mem::replace(&mut self.has_complained, true) {
            platform.log(&Record::error(format_args!(
                "the alarm could not be set: {problem}; a timer keeps its time, and the world awake, until it can"
            )));
        }
        match self.alarm {
            AlarmState::At(at) => {
                self.alarm = AlarmState::Failed(at);
                self.update_timer(platform, self.timer);
            }
            AlarmState::Off => self.alarm = AlarmState::Unknown,
            _ => {}
        }
    }

    /// Notes that the timer went off.
    pub(super) const fn timer_fired(&mut self) {
        self.timer = None;
    }

    /// Handles the result of [`Platform::find_alarm`]; returns whether the world needs a turn for it.
    pub(super) fn take_alarm<P: Platform>(
        &mut self,
        platform: &mut P,
        found: Result<Option<Timestamp>, P::Error>,
    ) -> bool {
        match found {
            Ok(at) if self.alarm == AlarmState::LookedUp => {
                self.alarm = at.map_or(AlarmState::Off, AlarmState::At);
                true
            }
            Ok(_) => false,
            Err(error) => {
                platform.log(&Record::error(format_args!("the alarm could not be read: {error:?}")));
                self.alarm = AlarmState::Unknown;
                false
            }
        }
    }

    /// Returns when the timer and the alarm go off; `None` if one is not set, or not known.
    pub(super) const fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let alarm = match self.alarm {
            AlarmState::At(at) => Some(at),
            _ => None,
        };
        (self.timer, alarm)
    }

    /// Sets the alarm.
    pub(super) fn set_alarm<P: Platform>(&mut self, platform: &mut P, at: Timestamp) {
        let meter = platform.meter();
        meter.add(Count::AlarmsSet, 1);
        meter.add(Count::Rows, 1);
        platform.set_alarm(at);
        self.alarm = AlarmState::At(at);
    }

    /// Sets the alarm and the timer to the times that the world needs next, if these changed. At `also`, the shell needs the timer
    /// for something of its own.
    pub(super) fn update<P: Platform>(
        &mut self,
        platform: &mut P,
        server: &mut Server,
        also: Option<Timestamp>,
        change: AlarmChange,
    ) {
        let mut wakeup = server.next_wakeup();
        if wakeup == Wakeup::Unknown {
            match self.alarm {
                AlarmState::At(at) | AlarmState::Failed(at) => server.set_found_wakeup(platform.now(), Some(at)),
                AlarmState::Off => server.set_found_wakeup(platform.now(), None),
                AlarmState::Unknown => {
                    self.alarm = AlarmState::LookedUp;
                    platform.find_alarm();
                }
                AlarmState::LookedUp | AlarmState::Ringing => {}
            }
            wakeup = server.next_wakeup();
        }
        let now = platform.now();
        let wanted = match (wakeup, self.alarm) {
            (_, AlarmState::Ringing) => None,
            // An alarm that goes off too early costs a wake. Setting it again costs a written row, and would happen with each
            // client that joins in time, and with each pong.
            (Wakeup::At(at), AlarmState::At(known) | AlarmState::Failed(known)) if known <= at => None,
            (Wakeup::At(at), _) => Some(Some(at)),
            (Wakeup::Off, AlarmState::At(_) | AlarmState::Failed(_)) => Some(None),
            // An alarm that was not looked up, and that nothing needs, goes off once without effect.
            _ => None,
        };
        let is_soon = |at: Timestamp| at <= now.after(ALARM_DELAY);
        self.change_by = match wanted {
            Some(at) if change == AlarmChange::Later && !at.is_some_and(is_soon) => {
                self.change_by.or(Some(now.after(ALARM_DELAY)))
            }
            Some(Some(at)) => {
                self.set_alarm(platform, at);
                None
            }
            Some(None) => {
                platform.delete_alarm();
                self.alarm = AlarmState::Off;
                None
            }
            None => None,
        };
        self.update_timer(platform, earlier(earlier(server.next_timeout(), also), self.change_by));
    }

    fn update_timer<P: Platform>(&mut self, platform: &mut P, next: Option<Timestamp>) {
        let next = match self.alarm {
            AlarmState::Failed(at) => earlier(next, Some(at)),
            _ => next,
        };
        if self.timer == next {
            return;
        }
        if self.timer.is_some() {
            platform.stop_timer();
        }
        if let Some(at) = next {
            platform.start_timer(at);
        }
        self.timer = next;
    }
}
