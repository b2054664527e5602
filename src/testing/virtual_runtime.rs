//! A runtime that is all data: what it keeps while the object sleeps, and what it does without waking it.

use core::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::core::effect::Response;
use crate::core::snapshot::Parts;
use crate::id::{ConnId, RequestId, Sid};
use crate::object::Platform as _;
use crate::time::Timestamp;
use crate::value::Frame;

/// A WebSocket, by the order in which they were accepted.
pub type SocketNo = usize;

/// A request, by the order in which they were made.
pub type HttpNo = usize;

/// What the runtime keeps: all but the timer, the numbers of WebSockets and the requests survives the object's sleep.
#[derive(Debug)]
pub struct VirtualPlatform {
    /// The time.
    pub now: Timestamp,
    /// Every WebSocket that was ever accepted.
    pub sockets: Vec<VirtualSocket>,
    /// The object's one alarm.
    pub alarm: Option<Timestamp>,
    /// How often it was set: each time is a row written, which costs.
    pub alarms_set: usize,
    /// What sessions have in the object's database: snapshots that do not fit into attachments.
    pub spilled: BTreeMap<Sid, Vec<Vec<u8>>>,
    /// And long attachments of packets that are not complete.
    pub parts: BTreeMap<Sid, Parts>,
    /// Lines that the object logged.
    pub log: Vec<String>,
    /// What clients got and have not been asked about.
    pub said: Vec<Said>,
    /// A text at whose sending the object panics: what a bug of Dormouse would do.
    pub panics_at: Option<String>,
    /// Whether the object survives its own panics, as it does in the runtime. Where it does not, they fail the test.
    pub survives_panics: bool,
    /// The timer in memory.
    pub(super) timer: Option<Timestamp>,
    /// Whether the object asked for the alarm and was not told yet.
    pub(super) is_asked_for_alarm: bool,
    /// Every request that was ever made.
    pub(super) requests: Vec<Http>,
    pub(super) waiting: BTreeSet<HttpNo>,
    /// Which WebSocket has which number.
    pub(super) numbered: Vec<Option<SocketNo>>,
    pub(super) free: Vec<usize>,
    pub(super) max_unsent: usize,
    pub(super) auto_response: Option<(String, String)>,
    pub(super) ids_made: u64,
    pub(super) stored: Rc<VirtualStore>,
}

/// What a world keeps besides its sessions.
#[derive(Debug, Default)]
pub(crate) struct VirtualStore {
    pub(super) texts: RefCell<BTreeMap<String, String>>,
    /// The deployment's variables.
    pub(super) variables: RefCell<BTreeMap<String, String>>,
}

/// A WebSocket's server end.
#[derive(Debug, Default)]
pub struct VirtualSocket {
    /// Whether it is open in both directions.
    pub open: bool,
    /// What the object wrote down about it.
    pub attachment: Option<String>,
    /// When the runtime answered a frame of it last.
    pub last_pong: Option<Timestamp>,
    /// Whether its client has stopped reading.
    pub stalled: bool,
    /// Bytes that its client has not read.
    pub unsent: usize,
    /// The frames that they are.
    pub(super) unread: Vec<Frame>,
}

/// A request and what became of it.
#[derive(Debug, Default)]
pub(super) struct Http {
    /// Where a POST's body belongs that has not come yet.
    pub(super) body_due: Option<(RequestId, Sid)>,
    /// The answer, once.
    pub(super) answer: Option<Response>,
}

/// Something that a client got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// On which connection.
    pub to: To,
    /// What.
    pub what: What,
}

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A WebSocket.
    Socket(SocketNo),
    /// A request.
    Request(HttpNo),
}

/// What a connection brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A WebSocket was accepted.
    Accepted,
    /// A WebSocket's frame.
    Frame(Frame),
    /// The WebSocket was closed by the server, with this code.
    Closed(u16),
    /// A request's answer.
    Response(Response),
}

impl Default for VirtualPlatform {
    /// Nothing has happened yet.
    fn default() -> Self {
        Self {
            now: Timestamp::from_millis(1_800_000_000_000),
            sockets: Vec::new(),
            alarm: None,
            alarms_set: 0,
            spilled: BTreeMap::new(),
            stored: Rc::default(),
            parts: BTreeMap::new(),
            log: Vec::new(),
            said: Vec::new(),
            panics_at: None,
            survives_panics: false,
            timer: None,
            is_asked_for_alarm: false,
            requests: Vec::new(),
            waiting: BTreeSet::new(),
            numbered: Vec::new(),
            free: Vec::new(),
            max_unsent: 0,
            auto_response: None,
            ids_made: 0,
        }
    }
}

impl VirtualPlatform {
    /// The text frames that a WebSocket got so far and that were not taken.
    pub fn texts_of(&self, no: SocketNo) -> Vec<String> {
        let of = |said: &Said| match &said.what {
            What::Frame(Frame::Text(text)) if said.to == To::Socket(no) => Some(text.to_string()),
            _ => None,
        };
        self.said.iter().filter_map(of).collect()
    }

    /// The object's memory is lost.
    pub(super) fn lose_memory(&mut self) {
        self.timer = None;
        self.is_asked_for_alarm = false;
        self.drop_requests();
    }

    /// What keeps the object awake.
    pub(super) fn held_awake_by(&self) -> Option<&'static str> {
        match (self.waiting.is_empty(), self.timer) {
            (false, _) => Some("a request waits for its answer, as one does while a client polls"),
            (true, Some(_)) => Some(
                "a timer runs, as one does while a handler waits for an answer, or until a client that polled is gone",
            ),
            (true, None) => None,
        }
    }

    /// What the runtime does with a frame by itself; false when the object must be asked.
    pub(super) fn auto_respond(&mut self, no: SocketNo, frame: &Frame) -> bool {
        let response = self.auto_response.as_ref().filter(|(request, _)| *frame == Frame::text(request.as_str()));
        let Some(response) = response.map(|(_, response)| Frame::text(response.as_str())) else { return false };
        self.socket(no).last_pong = Some(self.now);
        self.send_frame(no, &response);
        true
    }

    /// What the Worker does with a second WebSocket of a session.
    pub(super) fn open_and_close(&mut self) -> SocketNo {
        let no = self.open();
        self.close_socket(no, 1000);
        no
    }

    /// A request that the Worker answered without asking the object.
    pub(super) fn add_answered(&mut self, answer: Response) -> HttpNo {
        let (_, http) = self.register();
        self.give(http, answer);
        http
    }

    pub(super) fn open(&mut self) -> SocketNo {
        let no = self.sockets.len();
        self.sockets.push(VirtualSocket { open: true, ..Default::default() });
        self.say(To::Socket(no), What::Accepted);
        no
    }

    /// `ws.send`.
    pub(super) fn send_frame(&mut self, no: SocketNo, frame: &Frame) {
        let socket = self.socket(no);
        if socket.open && socket.stalled {
            socket.unsent += frame.len();
            socket.unread.push(frame.clone());
        } else if socket.open {
            self.say(To::Socket(no), What::Frame(frame.clone()));
        }
    }

    /// The client reads on.
    pub(super) fn read_on(&mut self, no: SocketNo) {
        let socket = self.socket(no);
        (socket.stalled, socket.unsent) = (false, 0);
        for frame in core::mem::take(&mut socket.unread) {
            self.say(To::Socket(no), What::Frame(frame));
        }
    }

    /// `ws.close`.
    pub(super) fn close_socket(&mut self, no: SocketNo, code: u16) {
        if core::mem::take(&mut self.socket(no).open) {
            self.say(To::Socket(no), What::Closed(code));
        }
    }

    /// Gives a request its answer: one, and never another.
    pub(super) fn give(&mut self, http: HttpNo, answer: Response) {
        assert!(self.waiting.remove(&http), "request {http} has its answer and gets {answer:?}");
        if let Some(request) = self.requests.get_mut(http) {
            request.answer = Some(answer.clone());
        }
        self.say(To::Request(http), What::Response(answer));
    }

    fn say(&mut self, to: To, what: What) {
        let at = self.now;
        self.said.push(Said { at, to, what });
    }

    #[expect(clippy::indexing_slicing, reason = "a number that was not given out is the test's mistake")]
    pub(super) fn socket(&mut self, no: SocketNo) -> &mut VirtualSocket {
        &mut self.sockets[no]
    }

    pub(super) fn number(&mut self, no: SocketNo) -> ConnId {
        let number = self.free.pop().unwrap_or(self.numbered.len());
        self.numbered.resize(self.numbered.len().max(number + 1), None);
        if let Some(place) = self.numbered.get_mut(number) {
            *place = Some(no);
        }
        ConnId(u32::try_from(number).unwrap_or(u32::MAX))
    }

    pub(super) fn numbered(&self, conn: ConnId) -> Option<SocketNo> {
        *self.numbered.get(conn.0 as usize)?
    }
}
