//! The shell of a world: wakes it, gives it what happens, and survives its mistakes. It knows no runtime but through
//! [`Platform`].

use super::alarm::Clock;
use super::platform::Platform;
use super::wake::LoadedWorld;
use crate::admin::Operation;
use crate::config::Config;
use crate::core::input::Input;
use crate::core::server::Server;
use crate::error::Reason;
use crate::handles::{HttpRequest, HttpResponse};
use crate::id::ConnId;
use crate::routing::App;
use crate::value::Frame;
use crate::world::Notify;
use core::cell::RefMut;
use futures::channel::oneshot;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

/// A pong of Engine.IO 4 and the noop that the runtime answers it with, while nobody wakes.
const AUTO_RESPONSE: (&str, &str) = ("3", "6");

/// What lives as long as the object's memory. All of it can be lost at any time.
#[derive(Debug)]
pub struct Shell<P> {
    /// What the shell runs on.
    pub platform: P,
    pub(crate) config: Config,
    app: fn() -> App,
    pub(crate) loaded: Option<LoadedWorld>,
    pub(crate) clock: Clock,
    notify: Arc<Notify>,
}

impl<P: Platform> Shell<P> {
    /// The shell of an object that was just constructed. Nothing is read before something happens.
    pub fn new(mut platform: P, config: Config, app: fn() -> App) -> Self {
        let auto_response = config.shares_heartbeat().then_some(AUTO_RESPONSE);
        if let Err(error) = platform.set_auto_response(auto_response) {
            platform.log_error(&format!("dormouse: the auto-response could not be set: {error:?}"));
        }
        Self { platform, config, app, loaded: None, clock: Clock::default(), notify: Arc::default() }
    }

    /// The settings.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Whether nothing has needed the world's tables since the object was constructed.
    pub const fn is_asleep(&self) -> bool {
        self.loaded.is_none()
    }

    /// The core, awake. Not to be held while anything is handled.
    pub fn server(&mut self) -> RefMut<'_, Server> {
        let (_, loaded) = self.wake();
        loaded.world.server()
    }

    /// The app that serves the world, awake.
    pub fn app(&mut self) -> Rc<App> {
        let (_, loaded) = self.wake();
        Rc::clone(loaded.world.app())
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
        let (_, loaded) = self.wake();
        let answer = loaded.world.handle_http(request);
        self.turn(Input::Continue);
        answer
    }

    /// A call at the admin door, by somebody who has the key.
    pub fn handle_admin(&mut self, operation: Operation, request: HttpRequest) -> oneshot::Receiver<HttpResponse> {
        let (_, loaded) = self.wake();
        let answer = loaded.world.handle_admin(operation, request);
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
            let (platform, loaded) = self.wake();
            loaded.forget_rows(platform, conn);
            platform.close(conn, 1000);
        }
    }

    /// Handles an input: the one way into the world. A panic on the way is a bug of Dormouse: what lived in memory only
    /// is given up, the rest is read again from what is written.
    pub(crate) fn turn(&mut self, input: Input) {
        let culprit = match &input {
            Input::Frame { conn, .. }
            | Input::TooLong { conn }
            | Input::Closed { conn, .. }
            | Input::OpenWebSocket { conn, .. }
            | Input::Upgrade { conn, .. } => Some(*conn),
            _ => None,
        };
        let (platform, loaded) = self.wake();
        let turned = catch_unwind(AssertUnwindSafe(|| loaded.turn(platform, input)));
        if let Err(panic) = turned {
            platform.panicked(panic);
            platform.log_error("dormouse: bug: an event panicked; the world is read again from its snapshots");
            if let Some(conn) = culprit {
                platform.close(conn, 1011);
            }
            // SessionEnded before it is read again, so that what panicked is not met a second time.
            self.loaded = None;
            self.platform.drop_requests();
            let now = self.platform.now();
            let (platform, loaded) = self.wake();
            loaded.world.server().postpone_due(now);
            loaded.write_all(platform);
        }
        self.follow();
    }

    /// The world, read again if it sleeps, and what it runs on.
    pub(crate) fn wake(&mut self) -> (&mut P, &mut LoadedWorld) {
        let Self { platform, config, app, loaded, notify, .. } = self;
        let loaded = loaded.get_or_insert_with(|| LoadedWorld::new(platform, config, *app, notify));
        (platform, loaded)
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
