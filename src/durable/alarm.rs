//! The world's alarm, which wakes it, and the timer, which only runs while somebody polls.

use std::cell::{Cell, RefCell};
use std::panic::AssertUnwindSafe;
use std::rc::Weak;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::object::Shell;
use super::spill;
use crate::config::Config;
use crate::engine::Header;
use crate::engine::heartbeat::Asleep;
use crate::id::ConnId;
use crate::input::Input;
use crate::runtime;
use crate::server::{Alarm, Server};
use crate::time::Timestamp;

const PING: &str = "2";

/// What is known of the object's alarm and timer.
#[derive(Debug)]
pub(super) struct AlarmClock {
    shell: Weak<Shell>,
    alarm: Cell<Known>,
    timer: RefCell<Option<(Timestamp, JsValue)>>,
    /// Called by the timer; kept, because the runtime calls it again and again.
    ring: RefCell<Option<Closure<dyn FnMut()>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// The object woke and has not looked.
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

impl AlarmClock {
    pub(super) fn new(shell: Weak<Shell>) -> Self {
        Self { shell, alarm: Cell::new(Known::Unknown), timer: RefCell::new(None), ring: RefCell::new(None) }
    }

    /// Sets alarm and timer to what the world needs, if that changed.
    pub(super) fn follow(&self, state: &JsValue, server: &mut Server) {
        self.follow_timer(server.next_timeout());
        if server.next_alarm() == Alarm::Unknown {
            match self.alarm.get() {
                Known::At(at) => server.set_alarm_found(runtime::now(), Some(at)),
                Known::Off => server.set_alarm_found(runtime::now(), None),
                Known::Unknown => {
                    self.alarm.set(Known::Asked);
                    self.look_up(state);
                }
                Known::Asked | Known::Ringing => {}
            }
        }
        match (server.next_alarm(), self.alarm.get()) {
            // Where nothing sleeps anyway, one that rings too early is cheaper than one that is set anew at each pong.
            (_, Known::Ringing) => {}
            (Alarm::At(at), Known::At(known)) if known == at || (known < at && !server.shares_heartbeat()) => {}
            (Alarm::At(at), _) => {
                runtime::set_alarm(state, runtime::time_to_js(at));
                self.alarm.set(Known::At(at));
            }
            // One that was set before the world slept and that nobody needs rings once more, for nothing.
            (Alarm::Off, Known::At(_)) => {
                runtime::delete_alarm(state);
                self.alarm.set(Known::Off);
            }
            _ => {}
        }
    }

    fn follow_timer(&self, next: Option<Timestamp>) {
        let mut timer = self.timer.borrow_mut();
        if timer.as_ref().map(|(at, _)| *at) == next {
            return;
        }
        if let Some((_, running)) = timer.take() {
            runtime::stop_timer(&running);
        }
        let Some(at) = next else { return };
        let shell = Weak::clone(&self.shell);
        let mut ring = self.ring.borrow_mut();
        let ring = ring.get_or_insert_with(|| {
            Closure::wrap_assert_unwind_safe(Box::new(move || {
                if let Some(shell) = shell.upgrade() {
                    shell.alarm.timer.borrow_mut().take();
                    shell.turn(Input::Timeout);
                }
            }) as Box<dyn FnMut()>)
        });
        let wait = runtime::time_to_js(at) - runtime::time_to_js(runtime::now());
        *timer = Some((at, runtime::start_timer(wait, ring.as_ref())));
    }

    /// Asks for the alarm's time; nothing waits for the answer.
    fn look_up(&self, state: &JsValue) {
        let shell = Weak::clone(&self.shell);
        let found = runtime::find_alarm(state);
        spawn_local(AssertUnwindSafe(async move {
            let found = JsFuture::from(found).await;
            let Some(shell) = shell.upgrade() else { return };
            match found {
                Ok(at) if shell.alarm.alarm.get() == Known::Asked => {
                    let at = at.as_f64().map(runtime::time_from_js);
                    shell.alarm.alarm.set(at.map_or(Known::Off, Known::At));
                    shell.turn(Input::Continue);
                }
                Ok(_) => {}
                Err(error) => {
                    runtime::log_error(&format!("dormouse: the alarm could not be read: {error:?}"));
                    shell.alarm.alarm.set(Known::Unknown);
                }
            }
        }));
    }
}

impl Shell {
    /// The alarm went off: it is set no more.
    pub(super) fn handle_alarm(&self) {
        let Ok(config) = &self.config else { return };
        let now = runtime::now();
        self.alarm.alarm.set(Known::Off);
        let asleep = self.awake.borrow().is_none();
        if asleep {
            match self.heartbeat_asleep(now, config) {
                Asleep::Well { next } => {
                    if let Some(at) = next {
                        runtime::set_alarm(&self.state, runtime::time_to_js(at));
                        self.alarm.alarm.set(Known::At(at));
                    }
                    return;
                }
                Asleep::MustWake => {}
            }
        }
        if self.with(|awake| awake.world.server.is_tick_due(now)) != Some(true) {
            return self.turn(Input::Timeout);
        }
        // What was due besides comes first: who is closed now is not pinged.
        self.alarm.alarm.set(Known::Ringing);
        self.turn(Input::Timeout);
        self.alarm.alarm.set(Known::Off);
        let heard = self.with(|awake| {
            let (slots, times) = (awake.sockets.heard_slots(), awake.sockets.heard_times());
            slots.into_iter().map(ConnId).zip(times.into_iter().map(runtime::time_from_js)).collect()
        });
        self.turn(Input::Tick { heard: heard.unwrap_or_default() });
    }

    /// A heartbeat that rebuilds nothing: pings all, if everybody is well.
    fn heartbeat_asleep(&self, now: Timestamp, config: &Config) -> Asleep {
        let Some(pulses) = self.pulses() else { return Asleep::MustWake };
        let found = Asleep::judge(now, config, &pulses);
        if let Asleep::Well { .. } = found {
            runtime::ping_all(&self.state, PING);
        }
        found
    }

    /// What is written of each socket for the heartbeat, and when it was heard; `None` when something cannot be read.
    fn pulses(&self) -> Option<Vec<(Header, Timestamp)>> {
        let pulses = runtime::pulses(&self.state);
        let pairs = pulses.chunks_exact(2).map(|pair| match pair {
            [attachment, heard] => {
                let header = spill::read_header(&attachment.as_string()?)?;
                Some((header, runtime::time_from_js(heard.as_f64()?)))
            }
            _ => None,
        });
        pairs.collect()
    }
}
