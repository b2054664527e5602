//! The world's object, as the runtime sees it: constructed, called, put to sleep.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};

use bytes::Bytes;
use futures::channel::oneshot;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::alarm::AlarmClock;
use super::turn::World;
use super::{receive, spill};
use crate::config::{Config, ConfigError};
use crate::effect::{Answer, Effects};
use crate::handler::App;
use crate::id::{ConnId, Entropy, RequestId, Sid};
use crate::input::Input;
use crate::limits::UNREAD_DROP_AFTER;
use crate::runtime::{self, Sockets};
use crate::server::Server;
use crate::snapshot::{Parts, Snapshot};
use crate::time::Timestamp;

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
    /// The number of the next request. Older than what is awake: a request may wait while the world is read again.
    next_request: Cell<u32>,
    /// Whether nobody is in the world, for the sockets to ask.
    is_deserted: Closure<dyn FnMut() -> bool>,
}

/// What the object knows while it is awake.
#[derive(Debug)]
pub(super) struct Awake {
    pub(super) world: World,
    pub(super) sockets: Sockets,
    pub(super) fx: Effects,
    /// Requests that wait for their answer.
    pub(super) requests: BTreeMap<RequestId, oneshot::Sender<Answer>>,
    /// What sockets have in the database.
    pub(super) rows: BTreeMap<ConnId, Rows>,
    /// The recipients of the broadcast that is performed.
    pub(super) slots: Vec<u32>,
}

/// What a socket has in the database.
#[derive(Debug)]
pub(super) struct Rows {
    /// Its session's id, which names the rows.
    pub(super) sid: Sid,
    /// Whether its snapshot did not fit into its attachment.
    pub(super) has_body: bool,
    /// The long attachments of its unfinished packet.
    pub(super) parts: BTreeSet<usize>,
}

impl Rows {
    pub(super) const fn new(sid: Sid) -> Self {
        Self { sid, has_body: false, parts: BTreeSet::new() }
    }
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
            next_request: Cell::new(0),
            is_deserted: {
                let shell = Weak::clone(weak);
                let is_deserted = move || {
                    let sessions = shell.upgrade().and_then(|shell| shell.with(|a| a.world.server.session_count()));
                    sessions == Some(0)
                };
                Closure::wrap_assert_unwind_safe(Box::new(is_deserted) as Box<dyn FnMut() -> bool>)
            },
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
            Input::Frame { conn, .. }
            | Input::TooLong { conn }
            | Input::Closed { conn, .. }
            | Input::OpenWebSocket { conn, .. }
            | Input::Upgrade { conn, .. } => Some(*conn),
            _ => None,
        };
        let turned = catch_unwind(AssertUnwindSafe(|| awake.turn(&self.state, input)));
        if turned.is_err() {
            runtime::log_error("dormouse: bug: an event panicked; the world is read again from its snapshots");
            if let Some(ConnId(conn)) = culprit {
                awake.sockets.close(conn, 1011);
            }
            // Gone before it is read again, so that what panicked is not met a second time.
            *slot = None;
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

    /// The number of a request that is about to be handled, and where its answer will come.
    pub(super) fn register(&self) -> Option<(RequestId, oneshot::Receiver<Answer>)> {
        let request = RequestId(self.next_request.get());
        self.next_request.set(request.0.wrapping_add(1));
        let (sender, receiver) = oneshot::channel();
        self.with(|awake| awake.requests.insert(request, sender))?;
        Some((request, receiver))
    }

    /// Reads every WebSocket's snapshot.
    fn wake(&self, config: &Config) -> Awake {
        let now = runtime::now();
        let max_buffered = runtime::integer_to_js(config.max_buffered_bytes as u64);
        let drop_after = runtime::span_to_js(UNREAD_DROP_AFTER);
        let sockets = Sockets::new(&self.state, max_buffered, drop_after, self.is_deserted.as_ref());
        let mut server = Server::new(config.clone());
        let (mut rows, mut sids) = (BTreeMap::new(), Vec::new());
        for (slot, attachment) in (0..).zip(sockets.wake()) {
            let conn = ConnId(slot);
            match spill::read(&attachment.as_string().unwrap_or_default()) {
                // It only probed: its session polled, in memory, and is lost.
                Some(spill::Read::Probe) => sockets.close(slot, 1000),
                read => match self.restore(now, conn, read, &mut server) {
                    Ok(restored) => {
                        sids.push(restored.sid.to_string());
                        if restored.has_body || !restored.parts.is_empty() {
                            rows.insert(conn, restored);
                        }
                    }
                    Err(problem) => {
                        runtime::log_error(&format!(
                            "dormouse: a socket is closed that cannot be read again: {problem}"
                        ));
                        sockets.close(slot, 1000);
                    }
                },
            }
        }
        if let Err(error) = runtime::sweep_spilled(&self.state, sids) {
            runtime::log_error(&format!("dormouse: old snapshots could not be deleted: {error:?}"));
        }
        let world = World::new(server, (self.app)());
        Awake { world, sockets, fx: Effects::new(), requests: BTreeMap::new(), rows, slots: Vec::new() }
    }

    /// Puts a session back; gives what it has in the database.
    fn restore(
        &self,
        now: Timestamp,
        conn: ConnId,
        read: Option<spill::Read>,
        server: &mut Server,
    ) -> Result<Rows, String> {
        let failed = |error: JsValue| format!("{error:?}");
        let (header, body, has_body) = match read {
            Some(spill::Read::Whole(header, body)) => (header, body, false),
            Some(spill::Read::Spilled(header, sid)) => {
                let rows = runtime::read_body(&self.state, sid.as_str()).map_err(failed)?;
                let rows: Vec<Vec<u8>> = rows.iter().map(Uint8Array::to_vec).collect();
                (header, spill::read_spilled(&rows).ok_or("its rows are damaged")?, true)
            }
            Some(spill::Read::Probe) | None => return Err("its snapshot is of another version".to_owned()),
        };
        let sid = body.sid;
        let parts: Parts = if body.has_parts() {
            let places = runtime::read_part_places(&self.state, sid.as_str()).map_err(failed)?;
            let parts = runtime::read_parts(&self.state, sid.as_str()).map_err(failed)?;
            let mut long: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
            for (place, part) in places.into_iter().zip(parts) {
                long.entry(place as usize).or_default().extend(part.to_vec());
            }
            long.into_iter().map(|(place, bytes)| (place, Bytes::from(bytes))).collect()
        } else {
            Parts::new()
        };
        let written = parts.keys().copied().collect();
        server.restore(now, conn, Snapshot { header, body, parts }).map_err(|fault| fault.to_string())?;
        Ok(Rows { sid, has_body, parts: written })
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
