//! The shell of a world: wakes it, gives it what happens, and survives its mistakes. It knows no runtime but through
//! [`Platform`].

use core::cell::RefMut;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

use futures::channel::oneshot;

use super::alarm::Clock;
use super::platform::Platform;
use super::spill::{self, Read};
use super::tasks::Notify;
use super::turn::World;
use crate::admin::Operation;
use crate::config::Config;
use crate::effect::Effects;
use crate::error::{Reason, Refusal};
use crate::handler::{App, HttpRequest, HttpResponse};
use crate::id::{ConnId, RequestId, Sid};
use crate::input::Input;
use crate::server::{NamedAlarm, Server};
use crate::snapshot::{Parts, Snapshot};
use crate::table::Dense;
use crate::value::Frame;

/// A pong of Engine.IO 4 and the noop that the runtime answers it with, while nobody wakes.
const AUTO_RESPONSE: (&str, &str) = ("3", "6");

/// What lives as long as the object's memory. All of it can be lost at any time.
#[derive(Debug)]
pub struct Shell<P> {
    /// What the shell runs on.
    pub platform: P,
    pub(super) config: Config,
    app: fn() -> App,
    pub(super) awake: Option<Awake>,
    pub(super) clock: Clock,
    notify: Arc<Notify>,
}

/// Where the named alarms are kept.
pub(super) const ALARMS_KEY: &str = "alarms";

/// What the object knows while it is awake.
#[derive(Debug)]
pub(super) struct Awake {
    pub(super) world: World,
    pub(super) fx: Effects,
    /// What sockets have in the database.
    pub(super) rows: Dense<Rows>,
    /// The request that was refused last, and how.
    pub(super) refused: Option<(RequestId, Refusal)>,
}

/// What a socket has in the database.
#[derive(Debug)]
pub(super) struct Rows {
    /// Its session's id, which names the rows.
    pub(super) sid: Sid,
    /// Whether its snapshot did not fit into its attachment.
    pub(super) has_body: bool,
    /// The long attachments of its unfinished packet.
    pub(super) parts: Vec<usize>,
}

impl<P: Platform> Shell<P> {
    /// The shell of an object that was just constructed. Nothing is read before something happens.
    pub fn new(mut platform: P, config: Config, app: fn() -> App) -> Self {
        let auto_response = config.shares_heartbeat().then_some(AUTO_RESPONSE);
        if let Err(error) = platform.set_auto_response(auto_response) {
            platform.log_error(&format!("dormouse: the auto-response could not be set: {error:?}"));
        }
        Self { platform, config, app, awake: None, clock: Clock::default(), notify: Arc::default() }
    }

    /// The settings.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Whether nothing has needed the world's tables since the object was constructed.
    pub const fn is_asleep(&self) -> bool {
        self.awake.is_none()
    }

    /// The core, awake. Not to be held while anything is handled.
    pub fn server(&mut self) -> RefMut<'_, Server> {
        let (_, awake) = self.wake();
        awake.world.server()
    }

    /// The app that serves the world, awake.
    pub fn app(&mut self) -> Rc<App> {
        let (_, awake) = self.wake();
        Rc::clone(awake.world.app())
    }

    /// Is woken when [`handle_woken`](Self::handle_woken) is to be called.
    pub fn notify(&self) -> Arc<Notify> {
        Arc::clone(&self.notify)
    }

    /// A handler that waited may go on, or something was done from outside.
    pub fn handle_woken(&mut self) {
        // Nothing waits in a world that sleeps.
        if !self.is_asleep() {
            self.turn(Input::Continue);
        }
    }

    /// A request to one of the app's routes. The answer comes when its handler gives it.
    pub fn handle_http(&mut self, request: HttpRequest) -> oneshot::Receiver<HttpResponse> {
        let (_, awake) = self.wake();
        let answer = awake.world.handle_http(request);
        self.turn(Input::Continue);
        answer
    }

    /// A call at the admin door, by somebody who has the key.
    pub fn handle_admin(&mut self, operation: Operation, request: HttpRequest) -> oneshot::Receiver<HttpResponse> {
        let (_, awake) = self.wake();
        let answer = awake.world.handle_admin(operation, request);
        self.turn(Input::Continue);
        answer
    }

    /// A WebSocket brought a message of so many UTF-16 units or bytes; `read` copies it out of the runtime.
    pub fn handle_message(&mut self, socket: &P::Socket, length: usize, read: impl FnOnce() -> Frame) {
        let Some(conn) = self.conn_of(socket) else { return };
        // What is too long in characters is too long in bytes, and is not copied.
        if length > self.config.max_payload_bytes {
            self.turn(Input::TooLong { conn });
        } else {
            self.turn(Input::Frame { conn, frame: read() });
        }
    }

    /// A WebSocket is gone.
    pub fn handle_gone(&mut self, socket: &P::Socket, reason: Reason) {
        let Some(conn) = self.conn_of(socket) else { return };
        self.turn(Input::Closed { conn, reason });
        // A turn that panicked gave out the numbers anew.
        if let Some(conn) = self.conn_of(socket) {
            let (platform, awake) = self.wake();
            awake.forget_rows(platform, conn);
            platform.close(conn, 1000);
        }
    }

    /// Handles an input: the one way into the world. A panic on the way is a bug of Dormouse: what lived in memory only
    /// is given up, the rest is read again from what is written.
    pub(super) fn turn(&mut self, input: Input) {
        let culprit = match &input {
            Input::Frame { conn, .. }
            | Input::TooLong { conn }
            | Input::Closed { conn, .. }
            | Input::OpenWebSocket { conn, .. }
            | Input::Upgrade { conn, .. } => Some(*conn),
            _ => None,
        };
        let (platform, awake) = self.wake();
        let turned = catch_unwind(AssertUnwindSafe(|| awake.turn(platform, input)));
        if let Err(panic) = turned {
            platform.panicked(panic);
            platform.log_error("dormouse: bug: an event panicked; the world is read again from its snapshots");
            if let Some(conn) = culprit {
                platform.close(conn, 1011);
            }
            // Gone before it is read again, so that what panicked is not met a second time.
            self.awake = None;
            self.platform.drop_requests();
            let now = self.platform.now();
            let (platform, awake) = self.wake();
            awake.world.server().postpone_due(now);
            awake.write_all(platform);
        }
        self.follow();
    }

    /// The world, read again if it sleeps, and what it runs on.
    pub(super) fn wake(&mut self) -> (&mut P, &mut Awake) {
        let Self { platform, config, app, awake, notify, .. } = self;
        let awake = awake.get_or_insert_with(|| Awake::new(platform, config, *app, notify));
        (platform, awake)
    }

    fn conn_of(&mut self, socket: &P::Socket) -> Option<ConnId> {
        let (platform, _) = self.wake();
        platform.conn_of(socket)
    }
}

impl<P> Drop for Shell<P> {
    fn drop(&mut self) {
        // Whoever waits to be woken holds its own waker through it, and would wait for ever.
        self.notify.wake_by_ref();
    }
}

impl Awake {
    /// Reads every WebSocket's snapshot.
    fn new<P: Platform>(platform: &mut P, config: &Config, app: fn() -> App, notify: &Arc<Notify>) -> Self {
        let mut server = Server::new(config.clone());
        let mut rows = Dense::default();
        for (number, attachment) in (0..).zip(platform.wake(config.max_buffered_bytes)) {
            let conn = ConnId(number);
            match spill::read(&attachment) {
                // It only probed: its session polled, in memory, and is lost.
                Some(Read::Probe) => platform.close(conn, 1000),
                read => match restore(platform, conn, read, &mut server) {
                    Ok(restored) => {
                        if restored.has_body || !restored.parts.is_empty() {
                            rows.insert(conn, restored);
                        }
                    }
                    Err(problem) => {
                        platform
                            .log_error(&format!("dormouse: a socket is closed that cannot be read again: {problem}"));
                        platform.close(conn, 1000);
                    }
                },
            }
        }
        if let Err(error) = sweep(platform, &server) {
            platform.log_error(&format!("dormouse: old snapshots could not be deleted: {error:?}"));
        }
        match read_alarms(platform) {
            Ok(alarms) => server.restore_alarms(alarms),
            Err(problem) => platform.log_error(&format!("dormouse: the named alarms could not be read: {problem}")),
        }
        let world = World::new(server, app(), platform.store(), Arc::clone(notify));
        Self { world, fx: Effects::new(), rows, refused: None }
    }
}

impl Rows {
    pub(super) const fn new(sid: Sid) -> Self {
        Self { sid, has_body: false, parts: Vec::new() }
    }
}

/// Deletes what sessions left that are not there any more: they were lost without an event, as in a deploy.
fn sweep<P: Platform>(platform: &mut P, server: &Server) -> Result<(), P::Error> {
    for sid in platform.spilled()?.into_iter().filter(|sid| !server.has_session(*sid)) {
        platform.delete_body(sid)?;
        platform.delete_parts(sid)?;
    }
    Ok(())
}

/// The named alarms as they were written.
pub(super) fn read_alarms(platform: &impl Platform) -> Result<Vec<NamedAlarm>, String> {
    match platform.store().read(ALARMS_KEY)? {
        Some(text) => serde_json::from_str(&text).map_err(|error| error.to_string()),
        None => Ok(Vec::new()),
    }
}

/// Puts a session back; gives what it has in the database.
fn restore<P: Platform>(
    platform: &mut P,
    conn: ConnId,
    read: Option<Read>,
    server: &mut Server,
) -> Result<Rows, String> {
    let failed = |error: P::Error| format!("{error:?}");
    let (header, body, has_body) = match read {
        Some(Read::Whole(header, body)) => (header, body, false),
        Some(Read::Spilled(header, sid)) => {
            let rows = platform.read_body(sid).map_err(failed)?;
            (header, spill::read_spilled(&rows).ok_or("its rows are damaged")?, true)
        }
        Some(Read::Probe) | None => return Err("its snapshot is of another version".to_owned()),
    };
    let sid = body.sid;
    let parts = if body.has_parts() { platform.read_parts(sid).map_err(failed)? } else { Parts::new() };
    let written = parts.keys().copied().collect();
    let now = platform.now();
    server.restore(now, conn, Snapshot { header, body, parts }).map_err(|fault| fault.to_string())?;
    Ok(Rows { sid, has_body, parts: written })
}
