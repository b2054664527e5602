//! The platform of an object: the Workers runtime.

use core::any::Any;
use core::cell::RefCell;
use core::fmt;
use core::panic::AssertUnwindSafe;
use std::rc::{Rc, Weak};

use bytes::Bytes;
use futures::channel::oneshot;
use js_sys::Uint8Array;
use litemap::LiteMap;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::abort_handler;
use super::kept_bytes;
use super::runtime;
use super::runtime::Sockets;
use super::session_rows;
use super::session_rows::{first_row, take_bytes};
use super::socket_bounds::{bytes_of, new_sockets, note_readers, volatile_bytes};
use super::workers_store::WorkersStore;
use crate::config::ReaderBounds;
use crate::core::effect::Response;
use crate::core::meter::Meter;
use crate::core::snapshot::Parts;
use crate::id::{ConnId, Entropy, RequestId, Sid};
use crate::limits::{MANY_ABORTS, MAX_SPILL_ROW_BYTES};
use crate::log::{Level, Record};
use crate::object::meters;
use crate::object::{Platform, Readers, RosterHead, RowKind, Shell, Unfinished, Unowned};
use crate::time::Timestamp;
use crate::value::Frame;
use crate::world::Store;

/// The number of ids for which random bytes are fetched at once.
const IDS_AT_ONCE: usize = 16;

/// Callbacks of the runtime, outside of any call of the object.
pub(crate) struct Callbacks {
    /// The shell that they call.
    pub shell: Weak<RefCell<Shell<Workers>>>,
    /// Returns whether the world has no sessions.
    pub is_deserted: Box<dyn FnMut() -> bool>,
    /// Called when the timer goes off.
    pub timer: Box<dyn FnMut()>,
    /// Called with the time of the alarm when it has been looked up; `None` if the alarm is not set.
    pub alarm_found: Rc<dyn Fn(Result<Option<Timestamp>, JsValue>)>,
    /// Called with the error when the alarm could not be set or deleted.
    pub alarm_failed: Box<dyn FnMut(JsValue)>,
    /// Called when everything that was written is on the disk.
    pub synced: Box<dyn FnMut()>,
}

/// The Workers runtime of one object.
pub(crate) struct Workers {
    pub(super) state: JsValue,
    store: Rc<WorkersStore>,
    sockets: Sockets,
    meter: Rc<Meter>,
    /// The recipients of the broadcast that is being sent.
    slots: Vec<u32>,
    /// Called by `sockets`.
    is_deserted: Closure<dyn FnMut() -> bool>,
    /// The timer that was started last.
    timer: JsValue,
    /// Called by every timer.
    ring: Closure<dyn FnMut()>,
    alarm_found: Rc<dyn Fn(Result<Option<Timestamp>, JsValue>)>,
    alarm_failed: Closure<dyn FnMut(JsValue)>,
    /// Called after every `sync`.
    synced: Closure<dyn FnMut()>,
    /// Random bytes that are not used yet. The runtime returns many as fast as few.
    random: Vec<u8>,
    next_request: u32,
    /// Held by the object, and by each request that is being read or whose handler has not answered.
    shell: Weak<RefCell<Shell<Self>>>,
    /// The requests that wait for their response.
    requests: LiteMap<RequestId, oneshot::Sender<Response>>,
}

impl Workers {
    /// Returns the platform of the object with this state, in a deployment with the variables `env`.
    pub(crate) fn new(state: JsValue, env: JsValue, callbacks: Callbacks) -> Self {
        let Callbacks { shell, is_deserted, timer, alarm_found, alarm_failed, synced } = callbacks;
        let is_deserted = Closure::wrap_assert_unwind_safe(is_deserted);
        Self {
            sockets: new_sockets(&state, ReaderBounds::default(), &is_deserted),
            store: Rc::new(WorkersStore::new(state.clone(), env)),
            meter: meters::of(&runtime::world_name(&state), runtime::now()),
            state,
            slots: Vec::new(),
            is_deserted,
            timer: JsValue::UNDEFINED,
            ring: Closure::wrap_assert_unwind_safe(timer),
            alarm_found,
            alarm_failed: Closure::wrap_assert_unwind_safe(alarm_failed),
            synced: Closure::wrap_assert_unwind_safe(synced),
            random: Vec::new(),
            next_request: 0,
            shell,
            requests: LiteMap::new(),
        }
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").finish_non_exhaustive()
    }
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callbacks").finish_non_exhaustive()
    }
}

impl Platform for Workers {
    type Socket = JsValue;
    type Waiting = oneshot::Receiver<Response>;
    type Error = JsValue;

    fn now(&self) -> Timestamp {
        runtime::now()
    }

    fn meter(&self) -> &Rc<Meter> {
        &self.meter
    }

    /// Panics if the runtime has no random bytes, because no safe id can be made then. Its `crypto` does not fail.
    #[expect(clippy::expect_used, reason = "no id can be made without randomness, and the runtime always has some")]
    fn entropy(&mut self) -> Entropy {
        let mut entropy = Entropy::default();
        if self.random.len() < entropy.len() {
            // Stored only after it is filled: if that fails, no later id is made of zeros.
            let mut fresh = vec![0; IDS_AT_ONCE * entropy.len()];
            getrandom::fill(&mut fresh).expect("the runtime has randomness");
            self.random = fresh;
        }
        let rest = self.random.len() - entropy.len();
        for (to, byte) in entropy.iter_mut().zip(self.random.drain(rest..)) {
            *to = byte;
        }
        entropy
    }

    fn set_log_level(&mut self, level: Option<Level>) {
        runtime::set_log_level(level);
    }

    fn log(&mut self, record: &Record) {
        runtime::log(record, Some(&self.state));
    }

    /// Does nothing: the panic hook has logged the panic.
    fn panicked(&mut self, _: Box<dyn Any + Send>) {}

    fn set_auto_response(&mut self, pair: Option<(&str, &str)>) -> Result<(), JsValue> {
        let (request, response) = pair.unzip();
        runtime::set_auto_response(&self.state, request, response)
    }

    fn wake(&mut self, readers: ReaderBounds) -> impl Iterator<Item = String> + use<> {
        abort_handler::note_reading(Some(ConnId(0)));
        self.sockets = new_sockets(&self.state, readers, &self.is_deserted);
        self.sockets.wake(MANY_ABORTS).into_iter().map(|attachment| attachment.as_string().unwrap_or_default())
    }

    fn reading(&mut self, conn: Option<ConnId>) {
        abort_handler::note_reading(conn);
    }

    fn aborts(&self) -> u32 {
        self.sockets.aborts()
    }

    fn accept(&mut self) -> Result<(JsValue, ConnId), JsValue> {
        let client = self.sockets.accept()?;
        Ok((client, ConnId(self.sockets.newest())))
    }

    fn conn_of(&self, socket: &JsValue) -> Option<ConnId> {
        u32::try_from(self.sockets.slot(socket)).ok().map(ConnId)
    }

    fn send(&mut self, conn: ConnId, frames: &[Frame], volatile: bool, readers: &mut Readers) {
        if volatile && !self.sockets.is_ready(conn.0, volatile_bytes()) {
            return;
        }
        // The first frame carries the size of the packet, which is measured once.
        let (mut count, bytes) = (frames.len(), bytes_of(frames));
        for frame in frames {
            note_readers(
                readers,
                match frame {
                    Frame::Text(text) => self.sockets.send(conn.0, text, count, bytes),
                    Frame::Binary(binary) => self.sockets.send_bytes(conn.0, binary, count, bytes),
                },
            );
            count = 0;
        }
    }

    fn broadcast(&mut self, conns: &[ConnId], frames: &[Frame], volatile: bool, readers: &mut Readers) {
        self.slots.clear();
        self.slots.extend(conns.iter().map(|conn| conn.0));
        if volatile {
            self.slots = self.sockets.ready(&self.slots, volatile_bytes());
        }
        let bytes = bytes_of(frames);
        let found = if let [Frame::Text(text)] = frames {
            self.sockets.broadcast(&self.slots, text, bytes)
        } else {
            let frame_to_js = |frame: &Frame| match frame {
                Frame::Text(text) => JsValue::from_str(text),
                Frame::Binary(bytes) => Uint8Array::from(&**bytes).into(),
            };
            self.sockets.broadcast_frames(&self.slots, frames.iter().map(frame_to_js).collect(), bytes)
        };
        note_readers(readers, found);
    }

    fn unsent(&self) -> Vec<u32> {
        self.sockets.unsent()
    }

    fn unsent_bytes(&self) -> Vec<u32> {
        self.sockets.unsent_bytes()
    }

    fn unowned(&self) -> Unowned {
        kept_bytes::unowned(&self.sockets)
    }

    fn database_bytes(&self) -> u64 {
        runtime::integer_from_js(runtime::database_bytes(&self.state))
    }

    fn unread(&self) -> Vec<(Sid, usize)> {
        kept_bytes::unread(&self.state)
    }

    fn cut_off(&mut self, sid: Sid) {
        runtime::cut_off(&self.state, sid.as_str());
    }

    fn abort(&mut self) {
        self.sockets.abort();
    }

    fn attach(&mut self, conn: ConnId, attachment: &str) -> Result<(), JsValue> {
        self.sockets.attach(conn.0, attachment)
    }

    fn close(&mut self, conn: ConnId, code: u16) {
        self.sockets.close(conn.0, code);
    }

    fn last_pongs(&self) -> Vec<(ConnId, Timestamp)> {
        let (slots, times) = (self.sockets.pong_slots(), self.sockets.pong_times());
        slots.into_iter().map(ConnId).zip(times.into_iter().map(runtime::time_from_js)).collect()
    }

    fn liveness(&self) -> impl Iterator<Item = (String, Timestamp)> {
        let mut liveness = runtime::liveness(&self.state).into_iter();
        core::iter::from_fn(move || {
            let attachment = liveness.next()?.as_string().unwrap_or_default();
            let last_pong = liveness.next()?.as_f64().unwrap_or_default();
            Some((attachment, runtime::time_from_js(last_pong)))
        })
    }

    fn ping_all(&mut self, ping: &str) {
        runtime::ping_all(&self.state, ping);
    }

    fn write_rows(&mut self, sid: Sid, kind: RowKind, rows: &[Vec<u8>]) -> Result<(), JsValue> {
        let rows = rows.iter().map(|row| Uint8Array::from(row.as_slice())).collect();
        runtime::write_rows(&self.state, sid.as_str(), first_row(kind), rows)
    }

    fn write_part(&mut self, sid: Sid, place: usize, bytes: &Bytes) -> Result<(), JsValue> {
        let place = u32::try_from(place).unwrap_or_default();
        runtime::write_part(&self.state, sid.as_str(), place, bytes, MAX_SPILL_ROW_BYTES)
    }

    fn read_rows(&mut self, sid: Sid, kind: RowKind) -> Result<Vec<Vec<u8>>, JsValue> {
        let rows = runtime::read_rows(&self.state, sid.as_str(), first_row(kind))?;
        Ok(rows.iter().map(take_bytes).collect())
    }

    fn read_parts(&mut self, sid: Sid) -> Result<Parts, JsValue> {
        session_rows::read_parts(&self.state, sid)
    }

    fn delete_rows(&mut self, sid: Sid, kind: RowKind) -> Result<(), JsValue> {
        runtime::delete_rows(&self.state, sid.as_str(), first_row(kind))
    }

    fn delete_parts(&mut self, sid: Sid) -> Result<(), JsValue> {
        runtime::delete_parts(&self.state, sid.as_str())
    }

    fn spilled(&mut self) -> Result<Vec<Sid>, JsValue> {
        Ok(runtime::spilled_sids(&self.state)?.iter().filter_map(|sid| Sid::parse(sid)).collect())
    }

    fn read_roster_head(&mut self) -> Result<Option<RosterHead>, JsValue> {
        let numbers = runtime::read_roster_head(&self.state)?;
        let &[members, attempts, may_lag] = numbers.as_slice() else { return Ok(None) };
        Ok(Some(RosterHead { members, attempts, may_lag: may_lag > 0 }))
    }

    fn read_roster(&mut self) -> Result<Vec<String>, JsValue> {
        runtime::read_roster(&self.state)
    }

    fn write_roster(&mut self, head: RosterHead, lines: Option<&[u8]>) -> Result<(), JsValue> {
        let RosterHead { members, attempts, may_lag } = head;
        runtime::write_roster(&self.state, members, attempts, may_lag, lines, MAX_SPILL_ROW_BYTES)
    }

    fn store(&self) -> Rc<dyn Store> {
        Rc::clone(&self.store) as Rc<dyn Store>
    }

    fn sync(&mut self) {
        runtime::sync(&self.state, self.synced.as_ref());
    }

    fn set_alarm(&mut self, at: Timestamp) {
        runtime::set_alarm(&self.state, runtime::time_to_js(at), self.alarm_failed.as_ref());
    }

    fn delete_alarm(&mut self) {
        runtime::delete_alarm(&self.state, self.alarm_failed.as_ref());
    }

    fn find_alarm(&mut self) {
        let alarm_found = Rc::clone(&self.alarm_found);
        let found = runtime::find_alarm(&self.state);
        spawn_local(AssertUnwindSafe(async move {
            let found = JsFuture::from(found).await.map(|at| at.as_f64().map(runtime::time_from_js));
            alarm_found(found);
        }));
    }

    fn start_timer(&mut self, at: Timestamp) {
        let wait = runtime::time_to_js(at) - runtime::time_to_js(runtime::now());
        self.timer = runtime::start_timer(wait, self.ring.as_ref());
    }

    fn stop_timer(&mut self) {
        runtime::stop_timer(&self.timer);
    }

    fn register(&mut self) -> (RequestId, oneshot::Receiver<Response>) {
        let request = RequestId(self.next_request);
        self.next_request = self.next_request.wrapping_add(1);
        let (sender, receiver) = oneshot::channel();
        self.requests.insert(request, sender);
        (request, receiver)
    }

    fn unfinished(&self) -> Unfinished {
        // Without the object itself, and without the call that asks.
        let calls = self.shell.strong_count().saturating_sub(2);
        kept_bytes::unfinished(&self.sockets, self.requests.len(), calls)
    }

    fn respond(&mut self, request: RequestId, response: Response) {
        if let Some(waiting) = self.requests.remove(&request) {
            // A request whose receiver is gone needs no response.
            let _ = waiting.send(response);
        }
    }

    fn drop_requests(&mut self) {
        // A request whose sender is dropped is refused with an unknown session id: see `object_fetch::answer`.
        self.requests.clear();
    }
}
