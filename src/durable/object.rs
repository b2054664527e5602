//! The world's object, as the runtime sees it: constructed, called, put to sleep.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};

use futures::channel::oneshot;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::alarm::AlarmClock;
use super::turn::World;
use super::{receive, spill};
use crate::config::{Config, ConfigError};
use crate::effect::{Answer, Effects};
use crate::engine::Header;
use crate::handler::App;
use crate::id::{ConnId, Entropy, RequestId, Sid};
use crate::input::Input;
use crate::limits::UNREAD_DROP_AFTER;
use crate::runtime::{self, Sockets};
use crate::server::Server;
use crate::snapshot::Body;

/// A pong of Engine.IO 4 and the noop that the runtime answers it with, while nobody wakes.
const AUTO_RESPONSE: (&str, &str) = ("3", "6");

/// A world's object. The macro [`world!`](crate::world) makes the class of it that the runtime constructs.
#[derive(Debug)]
pub struct Object(AssertUnwindSafe<Rc<Shell>>);

/// What lives as long as the object's memory. All of it can be lost at any time.
#[derive(Debug)]
pub(super) struct Shell {
    pub(super) state: JsValue,
    pub(super) config: Result<Config, ConfigError>,
    app: fn() -> App,
    /// Never borrowed across an await.
    pub(super) awake: RefCell<Option<Awake>>,
    pub(super) alarm: AlarmClock,
}

/// What the object knows while it is awake.
#[derive(Debug)]
pub(super) struct Awake {
    pub(super) world: World,
    pub(super) sockets: Sockets,
    pub(super) fx: Effects,
    /// Requests that wait for their answer.
    pub(super) requests: BTreeMap<RequestId, oneshot::Sender<Answer>>,
    next_request: u32,
    /// Sessions whose snapshot is in the database.
    pub(super) spilled: BTreeMap<ConnId, Sid>,
}

impl Object {
    /// The object that the runtime constructs with its state and the Worker's variables.
    pub fn new(state: JsValue, env: &JsValue, app: fn() -> App) -> Self {
        let config = Config::parse(|name| runtime::variable(env, name));
        runtime::log(&format!("boot world={}", runtime::world_name(&state)));
        match &config {
            Ok(config) => {
                let (request, response) = if config.shares_heartbeat() {
                    (Some(AUTO_RESPONSE.0), Some(AUTO_RESPONSE.1))
                } else {
                    (None, None)
                };
                if let Err(error) = runtime::set_auto_response(&state, request, response) {
                    runtime::log_error(&format!("dormouse: the auto-response could not be set: {error:?}"));
                }
            }
            Err(error) => runtime::log_error(&format!("dormouse: {error}")),
        }
        Self(AssertUnwindSafe(Rc::new_cyclic(|weak: &Weak<Shell>| Shell {
            state,
            config,
            app,
            awake: RefCell::new(None),
            alarm: AlarmClock::new(Weak::clone(weak)),
        })))
    }

    /// A request that the Worker handed on.
    pub fn fetch(&self, request: JsValue) -> Promise {
        let shell = Rc::clone(&self.0.0);
        future_to_promise(AssertUnwindSafe(async move { receive::fetch(&shell, request).await }))
    }

    /// The alarm went off.
    pub fn alarm(&self) {
        self.0.0.handle_alarm();
    }

    /// A WebSocket brought a message.
    pub fn websocket_message(&self, socket: &JsValue, message: &JsValue) {
        receive::message(&self.0.0, socket, message);
    }

    /// A WebSocket's peer closed it.
    pub fn websocket_close(&self, socket: &JsValue, code: u16) {
        receive::closed(&self.0.0, socket, code);
    }

    /// A WebSocket broke.
    pub fn websocket_error(&self, socket: &JsValue) {
        receive::broken(&self.0.0, socket);
    }
}

impl Shell {
    /// Handles an input: the one way into the world. A panic on the way is a bug of Dormouse: what lived in memory only
    /// is given up, the rest is read again from what is written.
    pub(super) fn turn(&self, input: Input) {
        let Ok(config) = &self.config else { return };
        let mut slot = self.awake.borrow_mut();
        let awake = slot.get_or_insert_with(|| self.wake(config));
        let culprit = match &input {
            Input::Frame { conn, .. } => Some(*conn),
            _ => None,
        };
        let turned = catch_unwind(AssertUnwindSafe(|| awake.turn(&self.state, input)));
        if turned.is_err() {
            runtime::log_error("dormouse: bug: an event panicked; the world is read again from its snapshots");
            if let Some(ConnId(conn)) = culprit {
                awake.sockets.close(conn, 1011);
            }
            *slot = Some(self.wake(config));
        }
        if let Some(awake) = slot.as_mut() {
            self.alarm.follow(&self.state, &mut awake.world.server);
        }
    }

    /// Looks at the world, waking it if it sleeps.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Awake) -> T) -> Option<T> {
        let config = self.config.as_ref().ok()?;
        Some(look(self.awake.borrow_mut().get_or_insert_with(|| self.wake(config))))
    }

    /// Reads every WebSocket's snapshot.
    fn wake(&self, config: &Config) -> Awake {
        let now = runtime::now();
        let max_buffered = runtime::integer_to_js(config.max_buffered_bytes as u64);
        let sockets = Sockets::new(&self.state, max_buffered, runtime::span_to_js(UNREAD_DROP_AFTER));
        let mut server = Server::new(config.clone());
        let mut spilled = BTreeMap::new();
        for (slot, attachment) in (0..).zip(sockets.wake()) {
            let conn = ConnId(slot);
            let restored = self
                .read(&attachment.as_string().unwrap_or_default(), conn, &mut spilled)
                .and_then(|(header, body)| server.restore(now, conn, header, body).map_err(|fault| fault.to_string()));
            if let Err(problem) = restored {
                runtime::log_error(&format!("dormouse: a socket is closed that cannot be read again: {problem}"));
                sockets.close(conn.0, 1000);
            }
        }
        server.finish_restore();
        let world = World::new(server, (self.app)());
        Awake { world, sockets, fx: Effects::new(), requests: BTreeMap::new(), next_request: 0, spilled }
    }

    fn read(
        &self,
        attachment: &str,
        conn: ConnId,
        spilled: &mut BTreeMap<ConnId, Sid>,
    ) -> Result<(Header, Body), String> {
        match spill::read(attachment) {
            Some(spill::Read::Whole(header, body)) => Ok((header, body)),
            Some(spill::Read::Spilled(header, sid)) => {
                let rows = runtime::read_spill(&self.state, sid.as_str()).map_err(|error| format!("{error:?}"))?;
                let rows: Vec<Vec<u8>> = rows.iter().map(js_sys::Uint8Array::to_vec).collect();
                spilled.insert(conn, sid);
                let body = spill::read_spilled(&rows).ok_or("its rows are damaged")?;
                Ok((header, body))
            }
            Some(spill::Read::Probe) => Err("its session polled and was lost".to_owned()),
            None => Err("its snapshot is of another version".to_owned()),
        }
    }
}

impl Awake {
    /// The number of a request that is about to be handled, and where its answer will come.
    pub(super) fn register(&mut self) -> (RequestId, oneshot::Receiver<Answer>) {
        let request = RequestId(self.next_request);
        self.next_request = self.next_request.wrapping_add(1);
        let (sender, receiver) = oneshot::channel();
        self.requests.insert(request, sender);
        (request, receiver)
    }
}

/// Random bytes for an id.
///
/// The runtime's `crypto` does not fail; without randomness there is no safe id and nothing to go on with.
#[expect(clippy::expect_used, reason = "no id can be made without randomness, and the runtime always has some")]
pub(super) fn entropy() -> Entropy {
    let mut entropy = Entropy::default();
    getrandom::fill(&mut entropy).expect("the runtime has randomness");
    entropy
}
