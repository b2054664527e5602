//! The trait through which the shell reaches the runtime: the Workers runtime in an object, a simulated one in tests.

use core::any::Any;
use core::fmt;
use std::rc::Rc;

use bytes::Bytes;

use crate::config::ReaderBounds;
use crate::core::effect::Response;
use crate::core::meter::Meter;
use crate::core::snapshot::Parts;
use crate::id::{ConnId, Entropy, RequestId, Sid};
use crate::log::{Level, Record};
#[cfg(not(target_arch = "wasm32"))]
use crate::outside::Entered;
use crate::time::Timestamp;
use crate::value::Frame;
use crate::world::Store;

/// What rows of a session have, besides attachments of an unfinished packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKind {
    /// Its headers and auth objects.
    Texts,
    /// Its state, with these or without.
    Body,
}

/// The head of the roster, which is read without the members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RosterHead {
    /// How many members there are.
    pub members: u32,
    /// How often the handlers of those who are lost were called without reaching the end.
    pub attempts: u32,
    /// Whether the world may have gone to sleep before later changes were written.
    pub may_lag: bool,
}

/// What was found about readers while packets were sent to them.
#[derive(Debug, Default)]
pub struct Readers {
    /// The WebSockets that were slow before a packet.
    pub slow: Vec<ConnId>,
    /// What the senders of the packets are charged, in bytes: see [`ReaderBounds::queued`].
    pub queued: usize,
}

/// A runtime that calls one world's [`Shell`](super::shell::Shell) and is called by it.
///
/// Errors that concern one WebSocket or one row are logged or returned; they never unwind.
pub trait Platform {
    /// A WebSocket of the runtime.
    type Socket;
    /// A receiver of the response to a request.
    type Waiting;
    /// An error of the runtime.
    type Error: fmt::Debug;

    /// Returns the time, which stands still while code runs.
    fn now(&self) -> Timestamp;

    /// Returns the counters of the world, which survive its sleep as long as the isolate lives.
    fn meter(&self) -> &Rc<Meter>;

    /// Returns random bytes for an id.
    fn entropy(&mut self) -> Entropy;

    /// Sets the level up to which lines are written; `None` if none is, not even by [`log`](Self::log).
    fn set_log_level(&mut self, level: Option<Level>);

    /// Writes a line to the log, with the name of the world. The caller has compared its level.
    fn log(&mut self, record: &Record);

    /// Handles the payload of a panic in a turn, which is a bug of Dormouse. The world is read again after this returns.
    fn panicked(&mut self, panic: Box<dyn Any + Send>);

    /// Sets the text frame that the runtime answers without waking the object, and its answer; `None` for none.
    ///
    /// # Errors
    /// The runtime failed.
    fn set_auto_response(&mut self, pair: Option<(&str, &str)>) -> Result<(), Self::Error>;

    /// Numbers the WebSockets that the runtime kept, from 0 on, and returns their attachments in that order. Earlier numbers
    /// become invalid. WebSockets that were closed by [`close`](Self::close) get no number. From now on, `readers` decide which
    /// WebSockets are slow.
    fn wake(&mut self, readers: ReaderBounds) -> impl Iterator<Item = String> + use<Self>;

    /// Notes the WebSocket whose snapshot is read next; `None` when all are read. If the object is lost meanwhile,
    /// [`wake`](Self::wake) may close it.
    fn reading(&mut self, conn: Option<ConnId>);

    /// Returns how many times in a row the object was lost while it woke, or while it handled an event that it causes by itself,
    /// as far as that is known at the last [`wake`](Self::wake).
    fn aborts(&self) -> u32;

    /// Accepts a WebSocket that hibernates with the object, and numbers it; returns the client's end.
    ///
    /// # Errors
    /// The runtime failed.
    fn accept(&mut self) -> Result<(Self::Socket, ConnId), Self::Error>;

    /// Returns the number of a WebSocket; `None` if the world has closed it.
    fn conn_of(&self, socket: &Self::Socket) -> Option<ConnId>;

    /// Sends a packet to one WebSocket; notes whether that was slow before, and what the sender is charged. Nothing is sent to a WebSocket that is closing, and
    /// no volatile packet to one with more than `VOLATILE_UNSENT_BYTES` unsent bytes.
    ///
    /// A WebSocket is slow if its client does not get on, however fast others send to it. Its unsent frames
    /// cost their payloads and an overhead for each. With at most [`ReaderBounds::fine`] it is not slow, and nothing is
    /// remembered. Above, it is watched: whenever its unsent bytes are found to be fewer than before plus what was queued since, it
    /// gets on, and its clock restarts. It is slow if its clock is at `SLOW_READER_AFTER`, or the cost is above
    /// [`ReaderBounds::most`]. This is decided before each packet, so that one large packet marks nobody as slow. The watch is in
    /// memory, where unsent bytes keep the object; if it is lost all the same, the clock begins anew. A client that stalls while
    /// nobody sends is found by its ping timeout.
    fn send(&mut self, conn: ConnId, frames: &[Frame], volatile: bool, readers: &mut Readers);

    /// Does the same with many WebSockets, in one call out of wasm.
    fn broadcast(&mut self, conns: &[ConnId], frames: &[Frame], volatile: bool, readers: &mut Readers);

    /// Returns what the unsent frames of each WebSocket cost, as in [`send`](Self::send), by its number.
    fn unsent(&self) -> Vec<u32>;

    /// Returns the bytes that the client of each WebSocket has not read, by its number; 0 where the runtime cannot measure that.
    fn unsent_bytes(&self) -> Vec<u32>;

    /// Returns what no session of the world owes, but the isolate keeps.
    fn unowned(&self) -> Unowned;

    /// Returns the size of the object's database, in bytes; 0 if it is not known.
    fn database_bytes(&self) -> u64;

    /// Returns the bytes of the responses to GETs that clients have not read, by session. Short ones are not counted.
    fn unread(&self) -> Vec<(Sid, usize)>;

    /// Cuts off the response that the client of a session has not read.
    fn cut_off(&mut self, sid: Sid);

    /// Ends the object, with all of its WebSockets and requests, after this event. The runtime constructs it again.
    fn abort(&mut self);

    /// Writes the attachment of a WebSocket, which survives sleep.
    ///
    /// # Errors
    /// The runtime refuses it.
    fn attach(&mut self, conn: ConnId, attachment: &str) -> Result<(), Self::Error>;

    /// Closes a WebSocket. Its number becomes free, and it is not restored when the world wakes.
    fn close(&mut self, conn: ConnId, code: u16);

    /// Returns the time of the last pong of each WebSocket whose pongs the runtime answered.
    fn last_pongs(&self) -> Vec<(ConnId, Timestamp)>;

    /// Returns the attachment of every WebSocket and the time of its last pong, for the heartbeat of a sleeping world. Assigns no
    /// numbers.
    fn liveness(&self) -> impl Iterator<Item = (String, Timestamp)>;

    /// Sends a text frame to every WebSocket. Assigns no numbers.
    fn ping_all(&mut self, ping: &str);

    /// Writes rows of the session `sid`, in place of the last ones.
    ///
    /// # Errors
    /// The runtime failed.
    fn write_rows(&mut self, sid: Sid, kind: RowKind, rows: &[Vec<u8>]) -> Result<(), Self::Error>;

    /// Writes one long attachment of the unfinished packet of the session `sid`; `place` is its index in the packet. Each place
    /// is written once.
    ///
    /// # Errors
    /// The runtime failed.
    fn write_part(&mut self, sid: Sid, place: usize, bytes: &Bytes) -> Result<(), Self::Error>;

    /// Reads what [`write_rows`](Self::write_rows) wrote; empty if nothing was written.
    ///
    /// # Errors
    /// The runtime failed.
    fn read_rows(&mut self, sid: Sid, kind: RowKind) -> Result<Vec<Vec<u8>>, Self::Error>;

    /// Reads what [`write_part`](Self::write_part) wrote.
    ///
    /// # Errors
    /// The runtime failed.
    fn read_parts(&mut self, sid: Sid) -> Result<Parts, Self::Error>;

    /// Deletes what [`write_rows`](Self::write_rows) wrote.
    ///
    /// # Errors
    /// The runtime failed.
    fn delete_rows(&mut self, sid: Sid, kind: RowKind) -> Result<(), Self::Error>;

    /// Deletes what [`write_part`](Self::write_part) wrote.
    ///
    /// # Errors
    /// The runtime failed.
    fn delete_parts(&mut self, sid: Sid) -> Result<(), Self::Error>;

    /// Returns the sessions that have rows of [`write_rows`](Self::write_rows) or [`write_part`](Self::write_part).
    ///
    /// # Errors
    /// The runtime failed.
    fn spilled(&mut self) -> Result<Vec<Sid>, Self::Error>;

    /// Reads the head of the roster, without the members; `None` if nothing was written.
    ///
    /// # Errors
    /// The runtime failed.
    fn read_roster_head(&mut self) -> Result<Option<RosterHead>, Self::Error>;

    /// Reads the lines of the roster: one for each member.
    ///
    /// # Errors
    /// The runtime failed.
    fn read_roster(&mut self) -> Result<Vec<String>, Self::Error>;

    /// Writes the roster in place of the last one; deletes it if there are no members. With `None` for the lines, writes the head
    /// only. The lines are written in rows of [`MAX_SPILL_ROW_BYTES`](crate::limits::MAX_SPILL_ROW_BYTES).
    ///
    /// # Errors
    /// The runtime failed.
    fn write_roster(&mut self, head: RosterHead, lines: Option<&[u8]>) -> Result<(), Self::Error>;

    /// Returns the storage of the world.
    fn store(&self) -> Rc<dyn Store>;

    /// Notes that handlers of the world run, until the returned value is dropped; `None` if they need nothing of the outside.
    #[cfg(not(target_arch = "wasm32"))]
    fn enter(&self) -> Option<Entered> {
        None
    }

    /// Waits until everything that was written is on the disk. Then
    /// [`Shell::handle_synced`](super::shell::Shell::handle_synced) must be called, in an event of its own.
    fn sync(&mut self);

    /// Sets the object's only alarm. When it goes off, the runtime calls
    /// [`Shell::handle_alarm`](super::shell::Shell::handle_alarm), even if the object hibernates. If it cannot be set,
    /// [`Shell::handle_alarm_failed`](super::shell::Shell::handle_alarm_failed) is called later.
    fn set_alarm(&mut self, at: Timestamp);

    /// Deletes the object's alarm. A failure is handled as that of [`set_alarm`](Self::set_alarm).
    fn delete_alarm(&mut self);

    /// Looks up the time of the alarm. The result is passed later to
    /// [`Shell::handle_alarm_found`](super::shell::Shell::handle_alarm_found).
    fn find_alarm(&mut self);

    /// Starts the only timer in memory, which keeps the object awake. When it goes off,
    /// [`Shell::handle_timer`](super::shell::Shell::handle_timer) is called.
    fn start_timer(&mut self, at: Timestamp);

    /// Stops the timer, which was started and has not gone off.
    fn stop_timer(&mut self);

    /// Numbers a request that is about to be handled. Numbers are not reused while the object lives, even if the world is read
    /// again.
    fn register(&mut self) -> (RequestId, Self::Waiting);

    /// Returns what the runtime has not finished.
    fn unfinished(&self) -> Unfinished;

    /// Returns whether a request has no response yet.
    /// Responds to a request.
    fn respond(&mut self, request: RequestId, response: Response);

    /// Refuses all waiting requests, because the world lost what it had in memory, including their sessions.
    fn drop_requests(&mut self);
}

/// What the isolate keeps and no session of the world owes, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unowned {
    /// What is unsent of the WebSockets that the world has closed.
    pub closing: usize,
    /// What has arrived of the bodies of requests, of all worlds of the isolate.
    pub bodies: usize,
}

/// What a runtime has not finished, and what keeps its object in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Requests of polling sessions without a response.
    pub requests: usize,
    /// Requests whose bodies are being read or whose handlers have not answered, besides the one that asks.
    pub calls: usize,
    /// WebSockets that the world has closed and whose clients have not answered the close.
    pub closing: usize,
    /// Bytes that the clients of all WebSockets have not read, closed ones included.
    pub unsent: u64,
}
