//! The shell of a world: wakes it, passes inputs to it, and recovers from its panics. It reaches the runtime through
//! [`Platform`] only.

use super::alarm_and_timer::{AlarmChange, Clock};
use super::perform::readings;
use super::platform::Platform;
use super::sleeping_heartbeat;
use super::wake::LoadedWorld;
use crate::admin::Operation;
use crate::config::Config;
use crate::core::engineio::SleepingTick;
use crate::core::input::Input;
use crate::core::meter::{Count, WakeReason};
use crate::core::server::Server;
use crate::error::Reason;
#[cfg(not(target_arch = "wasm32"))]
use crate::handles::Io;
use crate::handles::{HttpRequest, HttpResponse};
use crate::id::ConnId;
use crate::log::{Level, Record};
use crate::routing::App;
use crate::time::Timestamp;
use crate::value::Frame;
use crate::world::{Notify, text_of};
use core::any::Any;
use core::cell::RefMut;
use futures::channel::oneshot;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

/// A pong of Engine.IO 4, and the noop with which the runtime answers it without waking the object.
const AUTO_RESPONSE: (&str, &str) = ("3", "6");

/// The state of an object in memory. All of it can be lost at any time.
#[derive(Debug)]
pub struct Shell<P> {
    /// The runtime.
    pub platform: P,
    pub(super) config: Config,
    app: fn() -> App,
    loaded: Option<LoadedWorld>,
    clock: Clock,
    notify: Arc<Notify>,
    constructed: Timestamp,
    /// What woke the world since the object was constructed.
    woken_by: Option<WakeReason>,
}

impl<P: Platform> Shell<P> {
    /// Returns the shell of an object that was just constructed. It reads nothing before the first input.
    pub fn new(mut platform: P, config: Config, app: fn() -> App) -> Self {
        platform.set_log_level(config.log);
        let auto_response = config.shares_heartbeat().then_some(AUTO_RESPONSE);
        if let Err(error) = platform.set_auto_response(auto_response) {
            platform.log(&Record::error(format_args!("the auto-response could not be set: {error:?}")));
        }
        let constructed = platform.now();
        let (clock, notify) = (Clock::default(), Arc::default());
        Self { platform, config, app, loaded: None, clock, notify, constructed, woken_by: None }
    }

    /// Notes what an event is. If the world sleeps, the event wakes it, and is counted.
    pub fn note_event(&mut self, event: WakeReason) {
        if self.woken_by.is_none() {
            self.woken_by = Some(event);
            self.platform.meter().wake(self.platform.now(), event);
            if self.config.logs(Level::Debug) {
                log_wake(&mut self.platform, event.as_str());
            }
        }
    }

    /// Returns the settings.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Returns whether the world has not been loaded since the object was constructed.
    pub const fn is_asleep(&self) -> bool {
        self.loaded.is_none()
    }

    /// Drops what the world has in memory. Must be called when the runtime has constructed its object anew: it drops the previous one
    /// only when it collects garbage, and until then all that it kept would be in memory twice.
    pub fn forget(&mut self) {
        self.loaded = None;
    }

    /// Returns the core; wakes the world if necessary. The caller must drop it before an input is handled.
    pub fn server(&mut self) -> RefMut<'_, Server> {
        let (_, loaded) = self.wake();
        loaded.world.server()
    }

    /// Returns the app that serves the world; wakes the world if necessary.
    pub fn app(&mut self) -> Rc<App> {
        let (_, loaded) = self.wake();
        Rc::clone(loaded.world.app())
    }

    /// Returns the world, for tests that use it between two turns; wakes it if necessary.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn io(&mut self) -> Io {
        let (_, loaded) = self.wake();
        Io::main(loaded.world.handle.clone())
    }

    /// Returns the waker of the world. When it is woken, [`handle_woken`](Self::handle_woken) must be called.
    pub fn notify(&self) -> Arc<Notify> {
        Arc::clone(&self.notify)
    }

    /// Returns whether the world has done so much that the runtime's other events must come before
    /// [`handle_woken`](Self::handle_woken).
    pub fn is_spent(&self) -> bool {
        self.loaded.as_ref().is_some_and(|loaded| loaded.world.is_spent())
    }

    /// Runs a turn for waiting handlers that can make progress, and for methods of handles that were called between two turns.
    pub fn handle_woken(&mut self) {
        // No handler waits in a world that sleeps.
        if let Some(loaded) = &mut self.loaded {
            loaded.world.effects().begin();
            self.turn(Input::Continue);
        }
    }

    /// Returns whether a request to one of the app's routes would be refused now, so that its body need not be read.
    pub fn is_busy(&mut self) -> bool {
        let (_, loaded) = self.wake();
        loaded.world.set_full(loaded.share.is_full());
        loaded.world.is_busy()
    }

    /// Handles a request to one of the app's routes. Returns the receiver of the response.
    pub fn handle_http(&mut self, request: HttpRequest) -> oneshot::Receiver<HttpResponse> {
        self.note_event(WakeReason::Route);
        let (_, loaded) = self.wake();
        #[cfg(feature = "sql")]
        if let Some(refusal) = loaded.world.refusal() {
            let answer = loaded.world.respond(refusal);
            self.turn(Input::Continue);
            return answer;
        }
        let answer = loaded.world.handle_http(request);
        self.turn(Input::Continue);
        answer
    }

    /// Handles a call of the admin HTTP API. The Worker has checked the key. Returns the receiver of the response.
    pub fn handle_admin(&mut self, operation: Operation, request: HttpRequest) -> oneshot::Receiver<HttpResponse> {
        self.note_event(WakeReason::Admin);
        let known = match operation {
            _ if !cfg!(feature = "admin") => None,
            Operation::Awake => Some(self.describe_awake()),
            Operation::Status => Some(self.describe_status()),
            _ => None,
        };
        let (platform, loaded) = self.wake();
        if cfg!(feature = "admin") && matches!(operation, Operation::Emit | Operation::Fetch) {
            loaded.world.set_readings(readings(platform));
        }
        let answer = match known {
            Some(response) => loaded.world.respond(response),
            None => loaded.world.handle_admin(operation, request),
        };
        self.turn(Input::Continue);
        answer
    }

    /// Handles a message of a WebSocket. `length` is its length in UTF-16 units or bytes; `read` copies it out of the runtime.
    pub fn handle_message(&mut self, socket: &P::Socket, length: usize, read: impl FnOnce() -> Frame) {
        self.note_event(WakeReason::Message);
        let Some(conn) = self.conn_of(socket) else { return };
        // A text with too many UTF-16 units has too many bytes as well, and need not be copied.
        if length > self.config.max_payload_bytes {
            self.turn(Input::TooLong { conn });
        } else {
            self.turn(Input::Frame { conn, frame: read() });
        }
    }

    /// Handles the end of a WebSocket.
    pub fn handle_gone(&mut self, socket: &P::Socket, reason: Reason) {
        self.note_event(WakeReason::Close);
        let Some(conn) = self.conn_of(socket) else { return };
        self.turn(Input::Closed { conn, reason });
        // If the turn panicked, the WebSockets were numbered anew.
        if let Some(conn) = self.conn_of(socket) {
            let (platform, loaded) = self.wake();
            if !loaded.world.server().has_waiting(conn) {
                loaded.delete_rows(platform, conn);
                platform.close(conn, 1000);
            }
        }
    }

    /// Handles the alarm, which went off and is not set any more.
    pub fn handle_alarm(&mut self) {
        self.clock.note_alarm_works();
        self.ring();
    }

    /// Handles a failure of [`Platform::set_alarm`] or [`Platform::delete_alarm`].
    pub fn handle_alarm_failed(&mut self, problem: &str) {
        self.clock.handle_failed(&mut self.platform, problem);
    }

    fn ring(&mut self) {
        let now = self.platform.now();
        self.clock.note_alarm_off();
        if self.is_asleep()
            && let SleepingTick::Well { next } = sleeping_heartbeat::tick(&mut self.platform, &self.config, now)
        {
            self.platform.meter().add(Count::SleepingTicks, 1);
            if let Some(at) = next {
                self.clock.set_alarm(&mut self.platform, at);
            }
            return;
        }
        let is_alarm_due = self.server().is_alarm_due(now);
        self.note_event(if is_alarm_due { WakeReason::Alarm } else { WakeReason::Heartbeat });
        let is_tick_due = self.server().is_tick_due(now);
        if !is_tick_due {
            self.turn(Input::Timeout);
            return self.end_own_event();
        }
        // Other deadlines come first, so that a client that is closed now is not pinged.
        self.clock.ring();
        self.turn(Input::Timeout);
        self.clock.note_alarm_off();
        let last_pongs = self.platform.last_pongs();
        self.turn(Input::Tick { last_pongs });
        self.end_own_event();
    }

    /// Handles the result of [`Platform::find_alarm`]: the alarm's time; `None` when it is not set.
    pub fn handle_alarm_found(&mut self, found: Result<Option<Timestamp>, P::Error>) {
        if self.clock.take_alarm(&mut self.platform, found) {
            self.turn(Input::Continue);
        }
    }

    /// Handles the timer, which went off.
    pub fn handle_timer(&mut self) {
        self.clock.timer_fired();
        if self.clock.is_alarm_due(self.platform.now()) {
            self.ring();
        } else {
            self.turn(Input::Timeout);
        }
        self.end_own_event();
    }

    /// Notes that an event that the world causes by itself has ended.
    const fn end_own_event(&mut self) {
        if let Some(loaded) = &mut self.loaded {
            loaded.is_cautious = false;
        }
    }

    /// Handles the end of [`Platform::sync`]: makes the attempts that were begun.
    pub fn handle_synced(&mut self) {
        // A world that was read again since has begun nothing.
        if !self.is_asleep() {
            self.turn(Input::Due);
        }
    }

    /// Does at once what the timers of the roster and of the alarm would do soon. For a simulated runtime, in which no time passes
    /// before an object goes to sleep.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn write_late(&mut self) {
        if let Some(loaded) = &mut self.loaded {
            let now = self.platform.now();
            loaded.expedite_roster(&mut self.platform, now);
            let also = loaded.next_due(now);
            self.clock.update(&mut self.platform, &mut loaded.world.server(), also, AlarmChange::Now);
        }
    }

    /// Handles an input; every input of the world passes through here. A panic is a bug of Dormouse: what was in memory only is
    /// lost, and the rest is read again from the snapshots.
    pub(super) fn turn(&mut self, input: Input) {
        let culprit = match &input {
            Input::Frame { conn, .. }
            | Input::TooLong { conn }
            | Input::Closed { conn, .. }
            | Input::OpenWebSocket { conn, .. }
            | Input::Upgrade { conn, .. } => Some(*conn),
            _ => None,
        };
        let (mut platform, mut loaded, mut clock) = self.wake_with_clock();
        #[cfg(not(target_arch = "wasm32"))]
        let _entered = platform.enter();
        let turned = catch_unwind(AssertUnwindSafe(|| loaded.turn(platform, input)));
        let change = match turned {
            Ok(change) => change,
            Err(panic) => {
                self.recover(panic, culprit);
                (platform, loaded, clock) = self.wake_with_clock();
                AlarmChange::Now
            }
        };
        let also = loaded.next_due(platform.now());
        clock.update(platform, &mut loaded.world.server(), also, change);
        if change == AlarmChange::Synced {
            platform.sync();
        }
    }

    /// Reads the world again after a turn that panicked because of `culprit`, as far as that is known.
    #[cold]
    fn recover(&mut self, panic: Box<dyn Any + Send>, culprit: Option<ConnId>) {
        let about = self.loaded.as_mut().and_then(|loaded| loaded.world.take_panicked());
        let mut record = about.unwrap_or_else(|| Record::new(Level::Error, text_of(&*panic))).code("PANIC");
        record.message.insert_str(0, "bug: an event panicked: ");
        record.message.push_str("; the world is read again from its snapshots");
        self.platform.panicked(panic);
        self.platform.log(&record);
        // Before the world is read again, so that the same connection cannot cause a second panic.
        if let Some(conn) = culprit {
            self.platform.close(conn, 1011);
        }
        self.loaded = None;
        self.platform.drop_requests();
        let now = self.platform.now();
        let (platform, loaded, _) = self.wake_with_clock();
        loaded.world.server().postpone_due(now);
        loaded.write_all(platform);
    }

    /// Returns when the timer and the alarm go off, and when the object was constructed.
    pub(super) const fn times(&self) -> (Option<Timestamp>, Option<Timestamp>, Timestamp) {
        let (timer, alarm) = self.clock.times();
        (timer, alarm, self.constructed)
    }

    /// Returns the platform and the world, which is loaded first if it sleeps.
    pub(super) fn wake(&mut self) -> (&mut P, &mut LoadedWorld) {
        let (platform, loaded, _) = self.wake_with_clock();
        (platform, loaded)
    }

    fn wake_with_clock(&mut self) -> (&mut P, &mut LoadedWorld, &mut Clock) {
        let Self { platform, config, app, loaded, clock, notify, .. } = self;
        let loaded = loaded.get_or_insert_with(|| LoadedWorld::new(platform, config, *app, notify));
        (platform, loaded, clock)
    }

    fn conn_of(&mut self, socket: &P::Socket) -> Option<ConnId> {
        let (platform, ..) = self.wake_with_clock();
        platform.conn_of(socket)
    }
}

#[cold]
#[inline(never)]
fn log_wake<P: Platform>(platform: &mut P, why: &'static str) {
    platform.log(&Record::new(Level::Debug, "wake".to_owned()).event(Some(why.into())));
}

impl<P> Drop for Shell<P> {
    fn drop(&mut self) {
        // Ends the task that waits for `notify`: it holds its own waker through it, and would never be dropped.
        self.notify.wake_by_ref();
    }
}
