//! The world's alarm, which wakes it, and the timer, which only runs while somebody polls.

use super::attachment;
use super::platform::Platform;
use super::shell::Shell;
use super::wake::read_alarms;
use crate::core::engineio::SleepingTick;
use crate::core::engineio::Wakeup;
use crate::core::input::Input;
use crate::time::Timestamp;

const PING: &str = "2";

/// What is known of the object's alarm and timer.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    alarm: AlarmState,
    timer: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum AlarmState {
    /// The object woke and has not looked.
    #[default]
    Unknown,
    /// It is being looked up.
    Asked,
    /// It is set to this time.
    At(Timestamp),
    /// It is not set.
    Off,
    /// It rings: what comes of it is not all known yet.
    Ringing,
}

impl<P: Platform> Shell<P> {
    /// The alarm went off: it is set no more.
    pub fn handle_alarm(&mut self) {
        let now = self.platform.now();
        self.clock.alarm = AlarmState::Off;
        if self.is_asleep() {
            match self.heartbeat_asleep(now) {
                SleepingTick::Well { next } => {
                    if let Some(at) = next {
                        self.set_alarm(at);
                    }
                    return;
                }
                SleepingTick::MustWake => {}
            }
        }
        let is_tick_due = self.server().is_tick_due(now);
        if !is_tick_due {
            return self.turn(Input::Timeout);
        }
        // What was due besides comes first: who is closed now is not pinged.
        self.clock.alarm = AlarmState::Ringing;
        self.turn(Input::Timeout);
        self.clock.alarm = AlarmState::Off;
        let (platform, _) = self.wake();
        let last_pongs = platform.last_pongs();
        self.turn(Input::Tick { last_pongs });
    }

    /// The answer to [`Platform::find_alarm`]: the alarm's time; `None` when it is not set.
    pub fn handle_alarm_found(&mut self, found: Result<Option<Timestamp>, P::Error>) {
        match found {
            Ok(at) if self.clock.alarm == AlarmState::Asked => {
                self.clock.alarm = at.map_or(AlarmState::Off, AlarmState::At);
                self.turn(Input::Continue);
            }
            Ok(_) => {}
            Err(error) => {
                self.platform.log_error(&format!("dormouse: the alarm could not be read: {error:?}"));
                self.clock.alarm = AlarmState::Unknown;
            }
        }
    }

    /// The timer went off.
    pub fn handle_timer(&mut self) {
        self.clock.timer = None;
        self.turn(Input::Timeout);
    }

    /// Sets alarm and timer to what the world needs, if that changed.
    pub(crate) fn follow(&mut self) {
        let next = self.server().next_timeout();
        self.follow_timer(next);
        let next = self.server().next_alarm();
        if next == Wakeup::Unknown {
            let now = self.platform.now();
            match self.clock.alarm {
                AlarmState::At(at) => self.server().set_alarm_found(now, Some(at)),
                AlarmState::Off => self.server().set_alarm_found(now, None),
                AlarmState::Unknown => {
                    self.clock.alarm = AlarmState::Asked;
                    self.platform.find_alarm();
                }
                AlarmState::Asked | AlarmState::Ringing => {}
            }
        }
        let next = self.server().next_alarm();
        match (next, self.clock.alarm) {
            (_, AlarmState::Ringing) => {}
            // One that rings too early costs a wake. One that is set anew costs a row written, and that with each client that
            // joins in time, or with each pong.
            (Wakeup::At(at), AlarmState::At(known)) if known <= at => {}
            (Wakeup::At(at), _) => self.set_alarm(at),
            // One that was set before the world slept and that nobody needs rings once more, for nothing.
            (Wakeup::Off, AlarmState::At(_)) => {
                self.platform.delete_alarm();
                self.clock.alarm = AlarmState::Off;
            }
            _ => {}
        }
    }

    fn follow_timer(&mut self, next: Option<Timestamp>) {
        if self.clock.timer == next {
            return;
        }
        if self.clock.timer.is_some() {
            self.platform.stop_timer();
        }
        if let Some(at) = next {
            self.platform.start_timer(at);
        }
        self.clock.timer = next;
    }

    fn set_alarm(&mut self, at: Timestamp) {
        self.platform.set_alarm(at);
        self.clock.alarm = AlarmState::At(at);
    }

    /// A heartbeat that rebuilds nothing: pings all, if everybody is well.
    fn heartbeat_asleep(&mut self, now: Timestamp) -> SleepingTick {
        let read = |(attachment, last_pong): (String, _)| Some((attachment::read_header(&attachment)?, last_pong));
        // Where something cannot be read, waking finds out what.
        let Some(liveness) = self.platform.liveness().map(read).collect::<Option<Vec<_>>>() else {
            return SleepingTick::MustWake;
        };
        let Ok(alarms) = read_alarms(&self.platform) else { return SleepingTick::MustWake };
        let named = alarms.iter().map(|alarm| alarm.at).min();
        let found = SleepingTick::judge(now, &self.config, &liveness, named);
        if let SleepingTick::Well { .. } = found {
            self.platform.ping_all(PING);
        }
        found
    }
}
