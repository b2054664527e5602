//! The object's alarm, which wakes it, and its timer, which runs only while a session needs exact times in memory.

use super::platform::Platform;
use crate::core::engineio::Wakeup;
use crate::core::server::Server;
use crate::time::Timestamp;

/// The state of the object's alarm and timer, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Clock {
    alarm: AlarmState,
    timer: Option<Timestamp>,
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
    /// It is not set.
    Off,
    /// It went off, and more inputs follow before it is set again.
    Ringing,
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
                platform.log_error(&format!("dormouse: the alarm could not be read: {error:?}"));
                self.alarm = AlarmState::Unknown;
                false
            }
        }
    }

    /// Sets the alarm.
    pub(super) fn set_alarm<P: Platform>(&mut self, platform: &mut P, at: Timestamp) {
        platform.set_alarm(at);
        self.alarm = AlarmState::At(at);
    }

    /// Sets the alarm and the timer to the times that the world needs next, if these changed.
    pub(super) fn update<P: Platform>(&mut self, platform: &mut P, server: &mut Server) {
        self.update_timer(platform, server.next_timeout());
        if server.next_wakeup() == Wakeup::Unknown {
            match self.alarm {
                AlarmState::At(at) => server.set_found_wakeup(platform.now(), Some(at)),
                AlarmState::Off => server.set_found_wakeup(platform.now(), None),
                AlarmState::Unknown => {
                    self.alarm = AlarmState::LookedUp;
                    platform.find_alarm();
                }
                AlarmState::LookedUp | AlarmState::Ringing => {}
            }
        }
        match (server.next_wakeup(), self.alarm) {
            (_, AlarmState::Ringing) => {}
            // An alarm that goes off too early costs a wake. Setting it again costs a written row, and would happen with each
            // client that joins in time, and with each pong.
            (Wakeup::At(at), AlarmState::At(known)) if known <= at => {}
            (Wakeup::At(at), _) => self.set_alarm(platform, at),
            (Wakeup::Off, AlarmState::At(_)) => {
                platform.delete_alarm();
                self.alarm = AlarmState::Off;
            }
            // An alarm that was not looked up, and that nothing needs, goes off once without effect.
            _ => {}
        }
    }

    fn update_timer<P: Platform>(&mut self, platform: &mut P, next: Option<Timestamp>) {
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
