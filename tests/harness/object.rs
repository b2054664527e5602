//! The object, as `src/durable/object.rs` and `receive.rs` have it: woken, called, put to sleep.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use dormouse::config::Config;
use dormouse::durable::{World, spill};
use dormouse::effect::{Answer, Effects};
use dormouse::error::{Reason, Refusal};
use dormouse::id::{ConnId, RequestId, Sid};
use dormouse::input::Input;
use dormouse::request::{EngineRequest, Layer};
use dormouse::server::Server;
use dormouse::snapshot::Snapshot;
use dormouse::time::Timestamp;
use dormouse::{App, Frame};

use super::alarm::Known;
use super::requests::{Http, HttpNo};
use super::runtime::{Runtime, Said, SocketNo, To, VirtualSocket, What};

/// Events at one instant, after which the clock is taken for stuck.
const MANY_EVENTS: usize = 10_000;

/// One world's object with its runtime and its clients' connections.
#[derive(Debug)]
pub struct Host {
    /// What survives sleep.
    pub runtime: Runtime,
    /// The settings.
    pub config: Config,
    /// Puts the world to sleep after every event, wherever the runtime could.
    pub sleepy: bool,
    /// The WebSockets whose clients answer every ping at once. Neither ping nor pong is noted.
    pub answers_pings: BTreeSet<SocketNo>,
    /// Every request that was ever made.
    pub(super) requests: Vec<Http>,
    pub(super) app: fn() -> App,
    pub(super) awake: Option<Awake>,
    pub(super) known: Known,
    /// The timer in memory.
    pub(super) timer: Option<Timestamp>,
}

/// What the object knows while it is awake.
#[derive(Debug)]
pub struct Awake {
    pub(super) world: World,
    pub(super) fx: Effects,
    /// Which WebSocket is in which slot.
    pub(super) slots: Vec<Option<SocketNo>>,
    pub(super) free: Vec<usize>,
    pub(super) waiting: BTreeMap<RequestId, HttpNo>,
    pub(super) next_request: u32,
    /// Under which session's id sockets may have something in the database.
    pub(super) rows: BTreeMap<ConnId, Sid>,
}

impl Host {
    /// A world that nobody has called yet.
    pub fn new(config: Config, app: fn() -> App) -> Self {
        Self {
            runtime: Runtime::new(config.shares_heartbeat()),
            config,
            sleepy: false,
            answers_pings: BTreeSet::new(),
            requests: Vec::new(),
            app,
            awake: None,
            known: Known::Unknown,
            timer: None,
        }
    }

    /// A WebSocket request; it is refused with an answer or accepted, which opens or upgrades a session.
    ///
    /// # Errors
    /// The answer that the client gets instead of a WebSocket.
    pub fn open_websocket(&mut self, query: &str, layer: Layer) -> Result<SocketNo, Answer> {
        let parsed = EngineRequest::parse("GET", true, form_urlencoded::parse(query.as_bytes()));
        let opened = match parsed {
            Ok(EngineRequest::OpenWebSocket) => {
                let sid = Sid::from_entropy(self.runtime.entropy());
                Ok(self.accept(|conn| Input::OpenWebSocket { conn, sid, layer }))
            }
            Ok(EngineRequest::Upgrade(sid)) if self.wake().world.server.has_session(sid) => {
                Ok(self.accept(|conn| Input::Upgrade { conn, sid }))
            }
            Ok(EngineRequest::Upgrade(_)) => Err(Answer::Refused(Refusal::UnknownSid)),
            Ok(other) => panic!("{other:?} is no WebSocket request"),
            Err(refusal) => Err(Answer::Refused(refusal)),
        };
        self.end_event();
        opened
    }

    /// A WebSocket brings a frame.
    pub fn frame(&mut self, no: SocketNo, frame: Frame) {
        if self.runtime.auto_respond(no, &frame) {
            return;
        }
        if let Some(conn) = self.conn_of(no) {
            let too_long = match &frame {
                Frame::Text(text) => text.encode_utf16().count() > self.config.max_payload_bytes,
                Frame::Binary(bytes) => bytes.len() > self.config.max_payload_bytes,
            };
            self.turn(if too_long { Input::TooLong { conn } } else { Input::Frame { conn, frame } });
        }
        self.end_event();
    }

    /// A WebSocket brings a text frame.
    pub fn text(&mut self, no: SocketNo, text: &str) {
        self.frame(no, Frame::text(text));
    }

    /// A WebSocket's peer closes it, or it breaks.
    pub fn gone(&mut self, no: SocketNo, reason: Reason) {
        self.runtime.sockets[no].open = false;
        if let Some(conn) = self.conn_of(no) {
            self.turn(Input::Closed { conn, reason });
            if let Some(awake) = &mut self.awake {
                awake.forget_rows(&mut self.runtime, conn);
                awake.close(&mut self.runtime, conn, 1000);
            }
        }
        self.end_event();
    }

    /// Lets time pass: the timer and the alarm go off when they are due.
    pub fn advance(&mut self, span: Duration) {
        let until = self.runtime.now.after(span);
        let mut at_once = 0;
        while let Some(next) = [self.timer, self.runtime.alarm].into_iter().flatten().min().filter(|at| *at <= until) {
            let heard = self.runtime.said.len();
            at_once = if next > self.runtime.now { 0 } else { at_once + 1 };
            assert!(at_once < MANY_EVENTS, "the world wants to be called again and again at {next:?}");
            self.runtime.now = self.runtime.now.max(next);
            if self.timer == Some(next) {
                self.timer = None;
                self.turn(Input::Timeout);
            } else {
                self.runtime.alarm = None;
                self.handle_alarm();
            }
            self.end_event();
            self.answer_pings(heard);
        }
        self.runtime.now = until;
    }

    /// Answers the pings among what was said since `heard`.
    fn answer_pings(&mut self, heard: usize) {
        let ping = What::Frame(Frame::text("2"));
        for no in self.answers_pings.clone() {
            let said = self.runtime.said.get(heard..).unwrap_or_default();
            let Some(place) = said.iter().position(|said| said.to == To::Socket(no) && said.what == ping) else {
                continue;
            };
            self.runtime.said.remove(heard + place);
            let before = self.runtime.said.len();
            self.text(no, "3");
            // What the runtime answers the pong with, as clients ignore it.
            self.runtime.said.truncate(before);
        }
    }

    /// Lets milliseconds pass.
    pub fn advance_millis(&mut self, millis: u64) {
        self.advance(Duration::from_millis(millis));
    }

    /// Puts the world to sleep: its memory is gone, the runtime keeps what it keeps. Does nothing and says so where the
    /// runtime could not: while a request waits or a timer runs, because a session polls.
    pub fn sleep(&mut self) -> bool {
        let Some(awake) = &self.awake else { return true };
        if !awake.waiting.is_empty() || self.timer.is_some() {
            return false;
        }
        self.lose_memory();
        true
    }

    /// Whether nothing has woken the world since it was put to sleep.
    pub const fn is_asleep(&self) -> bool {
        self.awake.is_none()
    }

    /// The object's memory is lost, whatever it was doing, as after a deploy that kept the sockets, or a panic.
    pub fn lose_memory(&mut self) {
        self.timer = None;
        self.known = Known::Unknown;
        for (_, http) in self.awake.take().map(|awake| awake.waiting).unwrap_or_default() {
            // The future's sender is gone, and `receive.rs` says what that means.
            self.answer(http, Answer::Refused(Refusal::UnknownSid));
        }
    }

    /// The core, awake.
    pub fn server(&mut self) -> &mut Server {
        &mut self.wake().world.server
    }

    /// What clients got since the last call.
    pub fn take_said(&mut self) -> Vec<Said> {
        core::mem::take(&mut self.runtime.said)
    }

    pub(super) fn end_event(&mut self) {
        if self.sleepy {
            self.sleep();
        }
    }

    /// Handles an input: the one way into the world.
    pub(super) fn turn(&mut self, input: Input) {
        self.wake();
        let Self { runtime, awake: Some(awake), config, requests, .. } = self else { return };
        awake.turn(runtime, requests, config, input);
        self.follow();
    }

    /// Reads every WebSocket's snapshot, if the world sleeps.
    pub(super) fn wake(&mut self) -> &mut Awake {
        let Self { runtime, config, app, .. } = self;
        self.awake.get_or_insert_with(|| Awake::new(runtime, config, *app))
    }

    /// The number of a WebSocket; `None` when the world is done with it.
    fn conn_of(&mut self, no: SocketNo) -> Option<ConnId> {
        let slot = self.wake().slots.iter().position(|held| *held == Some(no))?;
        u32::try_from(slot).ok().map(ConnId)
    }

    fn accept(&mut self, input: impl FnOnce(ConnId) -> Input) -> SocketNo {
        let no = self.runtime.sockets.len();
        self.runtime.sockets.push(VirtualSocket { open: true, ..Default::default() });
        self.runtime.say(To::Socket(no), What::Accepted);
        let conn = self.wake().add(no);
        // What nothing else is written for does not survive sleep.
        self.runtime.attach(no, Some(spill::PROBE));
        self.turn(input(conn));
        no
    }
}

impl Awake {
    fn new(runtime: &mut Runtime, config: &Config, app: fn() -> App) -> Self {
        let mut awake = Self {
            world: World::new(Server::new(config.clone()), app()),
            fx: Effects::new(),
            slots: Vec::new(),
            free: Vec::new(),
            waiting: BTreeMap::new(),
            next_request: 0,
            rows: BTreeMap::new(),
        };
        for no in 0..runtime.sockets.len() {
            let Some(attachment) = runtime.sockets[no].attachment.clone() else { continue };
            let conn = awake.add(no);
            match spill::read(&attachment) {
                // It only probed: its session polled, in memory, and is lost.
                Some(spill::Read::Probe) => awake.close(runtime, conn, 1000),
                read => {
                    if let Err(problem) = awake.restore(runtime, conn, read) {
                        runtime.log.push(format!("a socket is closed that cannot be read again: {problem}"));
                        awake.close(runtime, conn, 1000);
                    }
                }
            }
        }
        let server = &awake.world.server;
        let is_known = |sid: &String| Sid::parse(sid).is_some_and(|sid| server.has_session(sid));
        runtime.spilled.retain(|sid, _| is_known(sid));
        runtime.parts.retain(|sid, _| is_known(sid));
        awake
    }

    fn restore(&mut self, runtime: &Runtime, conn: ConnId, read: Option<spill::Read>) -> Result<(), String> {
        let (header, body) = match read {
            Some(spill::Read::Whole(header, body)) => (header, body),
            Some(spill::Read::Spilled(header, sid)) => {
                let rows = runtime.spilled.get(sid.as_str()).cloned().unwrap_or_default();
                (header, spill::read_spilled(&rows).ok_or("its rows are damaged")?)
            }
            Some(spill::Read::Probe) | None => return Err("its snapshot is of another version".to_owned()),
        };
        let sid = body.sid;
        let written = body.has_parts().then(|| runtime.parts.get(sid.as_str()).cloned());
        let parts = written.flatten().unwrap_or_default();
        let snapshot = Snapshot { header, body, parts };
        self.world.server.restore(runtime.now, conn, snapshot).map_err(|fault| fault.to_string())?;
        self.rows.insert(conn, sid);
        Ok(())
    }

    pub(super) fn add(&mut self, no: SocketNo) -> ConnId {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot] = Some(no);
        ConnId(u32::try_from(slot).expect("few sockets"))
    }

    pub(super) fn socket(&self, conn: ConnId) -> Option<SocketNo> {
        *self.slots.get(conn.0 as usize)?
    }

    pub(super) fn close(&mut self, runtime: &mut Runtime, conn: ConnId, code: u16) {
        let Some(no) = self.socket(conn) else { return };
        runtime.attach(no, None);
        let slot = conn.0 as usize;
        self.slots[slot] = None;
        self.free.push(slot);
        runtime.close(no, code);
    }
}
