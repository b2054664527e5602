//! The alarm and the timer, as in `src/durable/alarm.rs`.

use dormouse::engine::Header;
use dormouse::engine::heartbeat::Asleep;
use dormouse::id::ConnId;
use dormouse::input::Input;
use dormouse::server::Alarm;
use dormouse::time::Timestamp;
use dormouse::{Frame, durable::spill};

use super::object::Host;

/// What the object knows of its alarm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    /// It woke and has not looked.
    Unknown,
    /// It is set to this time.
    At(Timestamp),
    /// It is not set.
    Off,
    /// It rings: what comes of it is not all known yet.
    Ringing,
}

impl Host {
    /// Sets alarm and timer to what the world needs, if that changed.
    pub(super) fn follow(&mut self) {
        let Some(awake) = &self.awake else { return };
        self.timer = awake.world.server.next_timeout();
        if awake.world.server.next_alarm() == Alarm::Unknown && self.known != Known::Ringing {
            // Where it is not known, the runtime tells a moment later, and nothing waits for that.
            let (now, found) = (self.runtime.now, self.runtime.alarm);
            self.known = found.map_or(Known::Off, Known::At);
            self.server().set_alarm_found(now, found);
        }
        let shares = self.config.shares_heartbeat();
        match (self.server().next_alarm(), self.known) {
            (_, Known::Ringing) => {}
            (Alarm::At(at), Known::At(known)) if known == at || (known < at && !shares) => {}
            (Alarm::At(at), _) => self.set_alarm(Some(at)),
            // One that was set before the world slept and that nobody needs rings once more, for nothing.
            (Alarm::Off, Known::At(_)) => self.set_alarm(None),
            _ => {}
        }
    }

    /// The alarm went off: it is set no more.
    pub(super) fn handle_alarm(&mut self) {
        self.known = Known::Off;
        if self.awake.is_none()
            && let Asleep::Well { next } = self.heartbeat_asleep()
        {
            self.set_alarm(next);
            return;
        }
        let now = self.runtime.now;
        if !self.server().is_tick_due(now) {
            return self.turn(Input::Timeout);
        }
        self.known = Known::Ringing;
        self.turn(Input::Timeout);
        self.known = Known::Off;
        let slots = self.wake().slots.clone();
        let heard = slots.into_iter().enumerate().filter_map(|(slot, no)| {
            let conn = ConnId(u32::try_from(slot).ok()?);
            Some((conn, self.runtime.sockets[no?].heard?))
        });
        let heard = heard.collect();
        self.turn(Input::Tick { heard });
    }

    /// A heartbeat that rebuilds nothing: pings all, if everybody is well.
    fn heartbeat_asleep(&mut self) -> Asleep {
        let Some(pulses) = self.pulses() else { return Asleep::MustWake };
        let found = Asleep::judge(self.runtime.now, &self.config, &pulses);
        if let Asleep::Well { .. } = found {
            for no in 0..self.runtime.sockets.len() {
                if self.runtime.sockets[no].attachment.is_some() {
                    self.runtime.send(no, &Frame::text("2"));
                }
            }
        }
        found
    }

    /// What is written of each socket for the heartbeat, and when it was heard; `None` when something cannot be read.
    fn pulses(&self) -> Option<Vec<(Header, Timestamp)>> {
        let written =
            self.runtime.sockets.iter().filter_map(|socket| Some((socket.attachment.as_ref()?, socket.heard)));
        written.map(|(text, heard)| Some((spill::read_header(text)?, heard.unwrap_or_default()))).collect()
    }

    fn set_alarm(&mut self, at: Option<Timestamp>) {
        self.runtime.alarm = at;
        self.known = at.map_or(Known::Off, Known::At);
    }
}
