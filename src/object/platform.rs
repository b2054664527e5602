//! What the shell asks of the runtime: in the object that is the Workers runtime, in tests one that is all data.

use core::any::Any;
use core::fmt;
use std::rc::Rc;

use bytes::Bytes;

use crate::core::effect::Response;
use crate::core::snapshot::Parts;
use crate::id::{ConnId, Entropy, RequestId, Sid};
use crate::time::Timestamp;
use crate::value::Frame;
use crate::world::Store;

/// A runtime that calls one world's [`Shell`](super::shell::Shell) and is called by it.
///
/// What the runtime throws about one WebSocket or one row costs that one: it is logged or given back, and never unwinds.
pub trait Platform {
    /// A WebSocket, as the runtime hands it over.
    type Socket;
    /// What the runtime waits with until a request is answered.
    type Waiting;
    /// Why the runtime did not do what it was asked for.
    type Error: fmt::Debug;

    /// The time. It stands still while code runs.
    fn now(&self) -> Timestamp;

    /// Random bytes for an id.
    fn entropy(&mut self) -> Entropy;

    /// Writes a line to the log.
    fn log(&mut self, line: &str);

    /// Writes a line to the log that says what is wrong.
    fn log_error(&mut self, line: &str);

    /// Is told that a turn panicked: a bug of Dormouse. When this returns, the world is read again.
    fn panicked(&mut self, panic: Box<dyn Any + Send>);

    /// Makes the runtime answer the text frame `request` with `response` by itself, without waking the object; `None`:
    /// makes it answer nothing.
    ///
    /// # Errors
    /// The runtime's own.
    fn set_auto_response(&mut self, pair: Option<(&str, &str)>) -> Result<(), Self::Error>;

    /// Gives every WebSocket that the runtime kept a number, counting from 0, and gives their attachments in that order;
    /// all earlier numbers are void. One that was closed by [`close`](Self::close) gets none. With more than
    /// `max_unsent` unsent bytes, a WebSocket is slow from now on.
    fn wake(&mut self, max_unsent: usize) -> impl Iterator<Item = String> + use<Self>;

    /// Accepts a WebSocket so that it outlives the object's memory, and numbers it; gives its client's end.
    ///
    /// # Errors
    /// The runtime's own.
    fn accept(&mut self) -> Result<(Self::Socket, ConnId), Self::Error>;

    /// The number of a WebSocket; `None` when the world is done with it.
    fn conn_of(&self, socket: &Self::Socket) -> Option<ConnId>;

    /// Sends a packet to one WebSocket; says whether it was slow before. One that is closing takes nothing, and one that has
    /// unsent bytes no volatile packet.
    fn send(&mut self, conn: ConnId, frames: &[Frame], volatile: bool) -> bool;

    /// Sends a packet to many WebSockets, in one call out of wasm; those that were slow before it are
    /// added to `slow`. A volatile packet goes past those that have unsent bytes.
    fn broadcast(&mut self, conns: &[ConnId], frames: &[Frame], volatile: bool, slow: &mut Vec<ConnId>);

    /// Writes a WebSocket's attachment, which survives sleep; false when the runtime does not take it.
    fn attach(&mut self, conn: ConnId, attachment: &str) -> bool;

    /// Closes a WebSocket for good: its number is free, and it is not to come back to life when the world wakes.
    fn close(&mut self, conn: ConnId, code: u16);

    /// When the WebSockets were heard last whose frames the runtime answered by itself.
    fn last_pongs(&self) -> Vec<(ConnId, Timestamp)>;

    /// Every WebSocket's attachment and when it was heard, without numbering them: what a world that sleeps is judged by.
    fn liveness(&self) -> impl Iterator<Item = (String, Timestamp)>;

    /// Sends a text frame to every WebSocket, without numbering them.
    fn ping_all(&mut self, ping: &str);

    /// Writes what did not fit into the attachment of the session `sid`, in the place of what was there.
    ///
    /// # Errors
    /// The runtime's own.
    fn write_body(&mut self, sid: Sid, rows: &[Vec<u8>]) -> Result<(), Self::Error>;

    /// Writes a long attachment of the unfinished packet of the session `sid`; each place is written once.
    ///
    /// # Errors
    /// The runtime's own.
    fn write_part(&mut self, sid: Sid, place: usize, bytes: &Bytes) -> Result<(), Self::Error>;

    /// Reads what [`write_body`](Self::write_body) wrote; nothing, if it wrote nothing.
    ///
    /// # Errors
    /// The runtime's own.
    fn read_body(&mut self, sid: Sid) -> Result<Vec<Vec<u8>>, Self::Error>;

    /// Reads what [`write_part`](Self::write_part) wrote.
    ///
    /// # Errors
    /// The runtime's own.
    fn read_parts(&mut self, sid: Sid) -> Result<Parts, Self::Error>;

    /// Deletes what [`write_body`](Self::write_body) wrote.
    ///
    /// # Errors
    /// The runtime's own.
    fn delete_body(&mut self, sid: Sid) -> Result<(), Self::Error>;

    /// Deletes what [`write_part`](Self::write_part) wrote.
    ///
    /// # Errors
    /// The runtime's own.
    fn delete_parts(&mut self, sid: Sid) -> Result<(), Self::Error>;

    /// The sessions that have something written by [`write_body`](Self::write_body) or [`write_part`](Self::write_part).
    ///
    /// # Errors
    /// The runtime's own.
    fn spilled(&mut self) -> Result<Vec<Sid>, Self::Error>;

    /// What the world keeps besides its sessions.
    fn store(&self) -> Rc<dyn Store>;

    /// Sets the object's one alarm; it goes off as [`Shell::handle_alarm`](super::shell::Shell::handle_alarm), asleep or not.
    fn set_alarm(&mut self, at: Timestamp);

    /// Deletes the object's alarm.
    fn delete_alarm(&mut self);

    /// PendingAcks for the alarm's time. The answer comes later, as
    /// [`Shell::handle_alarm_found`](super::shell::Shell::handle_alarm_found), and nothing waits for it.
    fn find_alarm(&mut self);

    /// Starts the one timer in memory, which keeps the object awake; it goes off as
    /// [`Shell::handle_timer`](super::shell::Shell::handle_timer).
    fn start_timer(&mut self, at: Timestamp);

    /// Stops the timer that was started and has not gone off.
    fn stop_timer(&mut self);

    /// Numbers a request that is about to be handled. No number comes twice while the object lives, however often the world
    /// is read again meanwhile.
    fn register(&mut self) -> (RequestId, Self::Waiting);

    /// Whether a request has no answer yet.
    fn is_waiting(&self, request: RequestId) -> bool;

    /// Answers a request.
    fn respond(&mut self, request: RequestId, response: Response);

    /// Answers all requests that wait: the world lost what it had in memory, and with it their sessions.
    fn drop_requests(&mut self);
}
