//! A simulated runtime: the data that it keeps while the object hibernates, and what it does without waking the object.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::faults::{Disk, FULL, Printed, Waking};
use super::virtual_store::VirtualStore;
use crate::config::{ReaderBounds, cost_of};
use crate::core::effect::Response;
use crate::core::meter::Meter;
use crate::core::snapshot::Parts;
use crate::id::{ConnId, RequestId, Sid, WorldName};
use crate::object::{Platform as _, RosterHead, RowKind};
use crate::time::Timestamp;
use crate::value::Frame;

/// The index of a WebSocket, in the order of acceptance.
pub type SocketNo = usize;

/// The index of a request, in the order of arrival.
pub type HttpNo = usize;

/// The simulated runtime. All of its data survives the object's hibernation, except the timer, the numbers of WebSockets and the
/// pending requests.
#[derive(Debug)]
pub struct VirtualPlatform {
    /// The clock's time.
    pub now: Timestamp,
    /// Every WebSocket that was ever accepted.
    pub sockets: Vec<VirtualSocket>,
    /// The object's one alarm.
    pub alarm: Option<Timestamp>,
    /// How often the alarm was set: each time writes a row, which is billed.
    pub alarms_set: usize,
    /// How many rows of sessions were written or deleted: each is billed.
    pub rows_written: usize,
    /// The sessions' rows in the object's database: snapshots that do not fit into attachments.
    pub spilled: BTreeMap<(Sid, RowKind), Vec<Vec<u8>>>,
    /// The rows of long attachments of unfinished packets.
    pub parts: BTreeMap<Sid, Parts>,
    /// The roster: its head, and its lines.
    pub(super) roster: Option<(RosterHead, Vec<u8>)>,
    /// How many rows of the roster were written or deleted: each is billed.
    pub roster_rows: usize,
    /// The messages of the lines that the object logged.
    pub log: Vec<String>,
    pub(super) printed: Printed,
    /// What clients have received and the test has not taken.
    pub said: Vec<Said>,
    /// Makes the object panic when it sends a frame with this text, to simulate a bug of Dormouse.
    pub panics_at: Option<String>,
    /// Makes the object panic when it wakes and reads this, to simulate a bug of Dormouse.
    pub panics_waking: Option<Waking>,
    /// How many times in a row the object was lost while it woke.
    pub aborts: u32,
    /// Whether the object survives its own panics, as it does in the runtime. If not, they fail the test.
    pub survives_panics: bool,
    /// Makes the runtime refuse an attachment with this text, as it does one that is too long.
    pub refuses: Option<String>,
    /// The bytes of the bodies of requests that the isolate reads.
    pub bodies: usize,
    /// The bytes of the long responses to GETs that clients do not read; `None` if they read them.
    pub unread: Option<BTreeMap<Sid, usize>>,
    /// How often the object asked to be ended.
    pub(super) ends: usize,
    /// The time of the in-memory timer.
    pub(super) timer: Option<Timestamp>,
    /// Whether the object asked for the alarm's time and has not been told.
    pub(super) is_asked_for_alarm: bool,
    /// Whether an alarm could not be set, and the object has not been told.
    pub(super) has_alarm_failed: bool,
    /// When what is written gets to the disk.
    pub disk: Disk,
    /// How often the object waits for what it wrote to be on the disk.
    pub(super) syncs: usize,
    /// Every request so far.
    pub(super) requests: Vec<Http>,
    pub(super) waiting: BTreeSet<HttpNo>,
    /// The WebSocket of each number, by the number.
    pub(super) numbered: Vec<Option<SocketNo>>,
    pub(super) free: Vec<usize>,
    pub(super) readers: ReaderBounds,
    pub(super) auto_response: Option<(String, String)>,
    pub(super) ids_made: u64,
    pub(super) stored: Rc<VirtualStore>,
    /// What the isolate has counted.
    pub(super) meter: Rc<Meter>,
}

/// The server's end of a WebSocket.
#[derive(Debug, Default)]
pub struct VirtualSocket {
    /// Whether the WebSocket is open in both directions.
    pub open: bool,
    /// The attachment that the object wrote; `None` before the first, and after the object closed the WebSocket.
    pub attachment: Option<String>,
    /// When the runtime last answered a frame of this WebSocket by itself.
    pub last_pong: Option<Timestamp>,
    /// Whether the client has stopped reading.
    pub stalled: bool,
    /// The bytes that the client has not read.
    pub unsent: usize,
    /// The frames that the client has not read.
    pub(super) unread: Vec<Frame>,
    pub(super) watch: Watch,
}

/// Since when the client of a WebSocket does not get on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watch {
    /// The unsent bytes after the last packet, if the client has read nothing since.
    expected: usize,
    /// The start of the clock; `None` while the WebSocket is not watched.
    since: Option<Timestamp>,
}

/// A request and its state.
#[derive(Debug, Default)]
pub(super) struct Http {
    /// The request and session of a POST whose body has not arrived.
    pub(super) body_due: Option<(RequestId, Sid)>,
    /// The session of a GET.
    pub(super) polls: Option<Sid>,
    /// The response, if there is one.
    pub(super) answer: Option<Response>,
}

/// A record of something that a client received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The time.
    pub at: Timestamp,
    /// The connection.
    pub to: To,
    /// The content.
    pub what: What,
}

/// A connection: a WebSocket or a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A WebSocket.
    Socket(SocketNo),
    /// A request.
    Request(HttpNo),
}

/// What a client received on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A WebSocket was accepted.
    Accepted,
    /// A frame on a WebSocket.
    Frame(Frame),
    /// The server closed the WebSocket, with this code.
    Closed(u16),
    /// The response to a request.
    Response(Response),
}

impl Default for VirtualPlatform {
    /// Creates a runtime in which nothing has happened.
    fn default() -> Self {
        let now = Timestamp::from_millis(1_800_000_000_000);
        Self {
            now,
            meter: Rc::new(Meter::new(WorldName::DEFAULT, now)),
            sockets: Vec::new(),
            alarm: None,
            alarms_set: 0,
            rows_written: 0,
            spilled: BTreeMap::new(),
            stored: Rc::default(),
            parts: BTreeMap::new(),
            roster: None,
            roster_rows: 0,
            log: Vec::new(),
            printed: Printed::default(),
            said: Vec::new(),
            panics_at: None,
            panics_waking: None,
            aborts: 0,
            survives_panics: false,
            refuses: None,
            bodies: 0,
            unread: None,
            ends: 0,
            timer: None,
            is_asked_for_alarm: false,
            has_alarm_failed: false,
            disk: Disk::Fast,
            syncs: 0,
            requests: Vec::new(),
            waiting: BTreeSet::new(),
            numbered: Vec::new(),
            free: Vec::new(),
            readers: ReaderBounds::default(),
            auto_response: None,
            ids_made: 0,
        }
    }
}

impl VirtualPlatform {
    /// Returns the text frames that a WebSocket's client has received and the test has not taken.
    pub fn texts_of(&self, no: SocketNo) -> Vec<String> {
        let of = |said: &Said| match &said.what {
            What::Frame(Frame::Text(text)) if said.to == To::Socket(no) => Some(text.to_string()),
            _ => None,
        };
        self.said.iter().filter_map(of).collect()
    }

    /// Sets whether the database is full: nothing can be written then that needs more room, and no alarm set.
    pub fn set_full(&self, is_full: bool) {
        self.stored.capacity.set(is_full.then(|| self.stored.bytes()));
        #[cfg(feature = "sql")]
        self.stored.outside.fakes.of::<crate::outside::sql::HostDatabase>().set_full(is_full);
    }

    /// Returns an error if the database is full.
    pub(super) fn check_room(&self) -> Result<(), String> {
        if self.stored.capacity.get().is_some() { Err(FULL.to_owned()) } else { Ok(()) }
    }

    /// Returns whether the object waited for what it wrote, and that is on the disk now.
    pub(super) fn take_synced(&mut self) -> bool {
        self.disk == Disk::Fast && core::mem::replace(&mut self.syncs, 0) > 0
    }

    /// Drops what does not survive the loss of the object's memory.
    pub(super) fn lose_memory(&mut self) {
        self.timer = None;
        (self.is_asked_for_alarm, self.has_alarm_failed, self.syncs) = (false, false, 0);
        self.drop_requests();
    }

    /// Ends all WebSockets without an event for the object.
    pub(super) fn drop_sockets(&mut self) {
        for no in 0..self.sockets.len() {
            self.socket(no).attachment = None;
            self.close_socket(no, 1006);
            self.lose(no);
        }
    }

    /// Returns what keeps the object awake, or `None` if it could hibernate.
    pub(super) fn held_awake_by(&self) -> Option<&'static str> {
        match (self.waiting.is_empty(), self.timer) {
            (false, _) => Some("a request waits for its answer, as one does while a client polls"),
            (true, Some(_)) => Some(
                "a timer runs, as one does while a handler waits for an acknowledgement, until a polling client is gone, until a \
                 packet whose attachments have not arrived is stored, or while no alarm can be set",
            ),
            (true, None) if self.syncs > 0 => Some("what was written is not on the disk"),
            (true, None) => None,
        }
    }

    /// Answers a frame by the auto-response. Returns false if there is none for it, and the object must handle it.
    pub(super) fn auto_respond(&mut self, no: SocketNo, frame: &Frame) -> bool {
        let response = self.auto_response.as_ref().filter(|(request, _)| *frame == Frame::text(request.as_str()));
        let Some(response) = response.map(|(_, response)| Frame::text(response.as_str())) else { return false };
        self.socket(no).last_pong = Some(self.now);
        self.send_frame(no, &response);
        true
    }

    /// Accepts and closes a WebSocket, as the Worker does with a second one of a session.
    pub(super) fn open_and_close(&mut self) -> SocketNo {
        let no = self.open();
        self.close_socket(no, 1000);
        no
    }

    /// Records a request that the Worker answered without calling the object.
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

    /// Sends a frame, as `ws.send` does.
    pub(super) fn send_frame(&mut self, no: SocketNo, frame: &Frame) {
        let socket = self.socket(no);
        if socket.open && socket.stalled {
            socket.unsent += frame.len();
            socket.unread.push(frame.clone());
        } else if socket.open {
            self.say(To::Socket(no), What::Frame(frame.clone()));
        }
    }

    /// Returns whether a WebSocket is slow before a packet; the rule is that of
    /// [`Platform::send`](crate::object::Platform::send).
    pub(super) fn is_slow(&mut self, no: SocketNo, packet: &[Frame]) -> bool {
        let (now, readers) = (self.now, self.readers);
        let VirtualSocket { unsent, unread, watch, .. } = self.socket(no);
        let cost = cost_of(*unsent, unread.len());
        if cost <= readers.fine {
            watch.since = None;
            return false;
        }
        let gets_on = *unsent < watch.expected;
        let since = watch.since.filter(|_| !gets_on).unwrap_or(now);
        let bytes: usize = packet.iter().map(Frame::len).sum();
        *watch = Watch { expected: unsent.saturating_add(bytes), since: Some(since) };
        readers.is_slow(cost, now.since(since))
    }

    /// Makes a client that has stopped reading read one frame; returns whether there was one.
    pub fn read_one(&mut self, no: SocketNo) -> bool {
        let socket = self.socket(no);
        if socket.unread.is_empty() {
            return false;
        }
        let frame = socket.unread.remove(0);
        socket.unsent = socket.unsent.saturating_sub(frame.len());
        self.say(To::Socket(no), What::Frame(frame));
        true
    }

    /// Makes the client read again, beginning with the waiting frames.
    pub(super) fn read_on(&mut self, no: SocketNo) {
        let socket = self.socket(no);
        (socket.stalled, socket.unsent) = (false, 0);
        for frame in core::mem::take(&mut socket.unread) {
            self.say(To::Socket(no), What::Frame(frame));
        }
    }

    /// Closes the WebSocket, as `ws.close` does.
    pub(super) fn close_socket(&mut self, no: SocketNo, code: u16) {
        if core::mem::take(&mut self.socket(no).open) {
            self.say(To::Socket(no), What::Closed(code));
        }
    }

    /// Records the response to a request, which must have none yet.
    pub(super) fn give(&mut self, http: HttpNo, answer: Response) {
        assert!(self.waiting.remove(&http), "request {http} has a response already, and gets another: {answer:?}");
        if let Some(request) = self.requests.get_mut(http) {
            request.answer = Some(answer.clone());
        }
        self.hold_response(http);
        self.say(To::Request(http), What::Response(answer));
    }

    fn say(&mut self, to: To, what: What) {
        let at = self.now;
        self.said.push(Said { at, to, what });
    }

    #[expect(clippy::indexing_slicing, reason = "an unknown index is a mistake in the test")]
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
