//! One Engine.IO session: its transport and its deadline.

use std::rc::Rc;

use crate::config::{ReaderBounds, cost_of};
use crate::core::account::Account;
use crate::core::effect::{Effect, Effects, Response};
use crate::core::handshake_request::Protocol;
use crate::core::link::Link;
use crate::core::table::Identified;
use crate::error::{BadRequest, Refusal};
use crate::id::{ConnId, RequestId, Sid};
use crate::time::{Timestamp, earlier};
use crate::value::Frame;

use super::heartbeat::Heartbeat;
use super::payload;
use super::probe::Probe;

/// An Engine.IO session.
#[derive(Debug)]
pub struct Session {
    /// Its id, which other clients must not learn.
    pub sid: Sid,
    /// Its protocol.
    pub protocol: Protocol,
    /// When it got its present transport, which counts as a sign of life.
    pub since: Timestamp,
    /// Whether it was upgraded from HTTP long-polling.
    pub upgraded: bool,
    /// When it is closed, unless the layer above removes this time.
    pub expires: Option<Timestamp>,
    /// The state of its heartbeat.
    pub heartbeat: Heartbeat,
    /// What its client has caused.
    pub account: Account,
    /// Its transport.
    pub transport: Transport,
}

/// The transport of a session.
#[derive(Debug)]
pub enum Transport {
    /// A WebSocket.
    WebSocket {
        /// The WebSocket.
        conn: ConnId,
    },
    /// HTTP long-polling. It lives in memory only.
    Polling(Polling),
    /// HTTP long-polling of a session that is closed. It lives in memory only.
    Draining(Draining),
}

/// The polling transport of a session.
#[derive(Debug)]
pub struct Polling {
    /// The frames that wait for the next GET.
    buffer: Vec<Frame>,
    /// The payloads of these frames, in bytes.
    buffered_bytes: usize,
    /// When the client last fetched something.
    fetched: Timestamp,
    /// When the client last made a request, or got the response to a GET.
    asked: Timestamp,
    /// The GET that hangs.
    poll: Option<RequestId>,
    /// The POST whose body has not arrived.
    pub posting: Option<RequestId>,
    /// The WebSocket that is to take over.
    pub probe: Option<Probe>,
    /// When it is dropped, unless its client makes a second request before; `None` once it has.
    pub unfollowed_until: Option<Timestamp>,
}

/// What is left of a polling session that was closed: its client learns of the close by a GET for which nothing waits, or on
/// the WebSocket that takes over.
///
/// No GET hangs. What waits is the response to the next GET, and the close is the response to the one after it: a client acts
/// on a close at once, and handles the messages of the same payload later, when it counts as disconnected.
#[derive(Debug)]
pub struct Draining {
    /// The frames that wait for the next GET, or for the WebSocket that takes over.
    frames: Vec<Frame>,
    /// When the client last made a request, or got the response to a GET.
    asked: Timestamp,
    /// When it is removed, whether its client has fetched it or not.
    pub until: Timestamp,
    /// The POST whose body has not arrived.
    pub posting: Option<RequestId>,
    /// The WebSocket that is to take over. A client that was sent `3probe` does not poll again.
    pub probe: Option<Probe>,
}

impl Identified for Session {
    fn id(&self) -> &[u8] {
        self.sid.as_bytes()
    }
}

impl Session {
    /// Returns when the session ends unless its client joins or, if it polls, makes its second request.
    pub fn gives_up(&self) -> Option<Timestamp> {
        let unfollowed_until = match &self.transport {
            Transport::Polling(polling) => polling.unfollowed_until,
            Transport::WebSocket { .. } | Transport::Draining(_) => None,
        };
        earlier(self.expires, unfollowed_until)
    }

    /// Returns whether it has joined: a session of Socket.IO that was in a namespace, or one of plain Engine.IO whose client came
    /// back. Others have a time at which they are closed.
    pub fn has_joined(&self) -> bool {
        self.gives_up().is_none()
    }

    /// Returns when something is due for the session. The tick of the shared heartbeat is not a session's deadline.
    pub fn deadline(&self) -> Option<Timestamp> {
        let heartbeat = match self.heartbeat {
            Heartbeat::Resting(at) | Heartbeat::Pinged(at) => Some(at),
            Heartbeat::Shared(_) => None,
        };
        match &self.transport {
            Transport::WebSocket { .. } => earlier(heartbeat, self.expires),
            Transport::Polling(polling) => {
                earlier(earlier(heartbeat, self.gives_up()), polling.probe.as_ref().map(Probe::deadline))
            }
            Transport::Draining(draining) => {
                earlier(Some(draining.until), draining.probe.as_ref().map(Probe::gives_up))
            }
        }
    }
}

impl Transport {
    /// Returns the slot for the POST whose body has not arrived; `None` for a transport without POSTs.
    pub const fn posting_mut(&mut self) -> Option<&mut Option<RequestId>> {
        match self {
            Self::WebSocket { .. } => None,
            Self::Polling(polling) => Some(&mut polling.posting),
            Self::Draining(draining) => Some(&mut draining.posting),
        }
    }

    /// Returns the slot for the WebSocket that is to take over; `None` for a transport that cannot be upgraded.
    pub const fn probe_mut(&mut self) -> Option<&mut Option<Probe>> {
        match self {
            Self::WebSocket { .. } => None,
            Self::Polling(polling) => Some(&mut polling.probe),
            Self::Draining(draining) => Some(&mut draining.probe),
        }
    }

    /// Returns since when nothing has come from a client that polls or drains and has no GET that hangs; `None` for others.
    pub const fn silent_since(&self) -> Option<Timestamp> {
        match self {
            Self::Polling(Polling { poll: None, asked, .. }) => Some(*asked),
            Self::Draining(draining) => Some(draining.asked),
            Self::Polling(_) | Self::WebSocket { .. } => None,
        }
    }

    /// Returns whether a WebSocket may probe this transport: it can be upgraded, and no other WebSocket probes it.
    pub const fn can_be_probed(&self) -> bool {
        match self {
            Self::WebSocket { .. } => false,
            Self::Polling(polling) => polling.probe.is_none(),
            Self::Draining(draining) => draining.probe.is_none(),
        }
    }
}

impl Polling {
    /// Returns the transport of a session that is opened at `now`, and whose client must make its second request before
    /// `unfollowed_until`.
    pub const fn new(now: Timestamp, unfollowed_until: Timestamp) -> Self {
        Self {
            buffer: Vec::new(),
            buffered_bytes: 0,
            fetched: now,
            asked: now,
            poll: None,
            posting: None,
            probe: None,
            unfollowed_until: Some(unfollowed_until),
        }
    }

    /// Sends frames: at once if a GET hangs, otherwise with the next GET. Returns whether the client was slow before: between two
    /// GETs, a client is only late.
    pub fn send(&mut self, now: Timestamp, frames: &[Frame], bounds: ReaderBounds, fx: &mut Effects) -> bool {
        let waited = cost_of(self.buffered_bytes, self.buffer.len());
        let is_slow = bounds.is_slow(waited, now.since(self.fetched));
        let bytes = bytes_of(frames);
        fx.add_deliveries(1, bytes);
        self.buffered_bytes += bytes;
        self.buffer.extend_from_slice(frames);
        self.flush(now, bounds, fx);
        is_slow
    }

    /// Returns what the sender of a packet is charged because the client does not read as fast: see [`ReaderBounds::queued`].
    pub fn queued(&self, frames: &[Frame], bounds: ReaderBounds) -> usize {
        bounds.queued(cost_of(self.buffered_bytes, self.buffer.len()), cost_of(bytes_of(frames), frames.len()))
    }

    /// Handles a GET: responds with what waits, or lets it hang.
    ///
    /// # Errors
    /// Another GET hangs already.
    pub fn poll(
        &mut self,
        now: Timestamp,
        request: RequestId,
        bounds: ReaderBounds,
        fx: &mut Effects,
    ) -> Result<(), Refusal> {
        if self.poll.is_some() {
            return Err(Refusal::BadRequest(BadRequest::TransportError));
        }
        self.poll = Some(request);
        self.asked = now;
        self.flush(now, bounds, fx);
        Ok(())
    }

    /// Returns what is known of the connection.
    pub const fn link(&self) -> Link {
        let is_ready = self.poll.is_some();
        Link { unsent: self.buffered_bytes, last_pong: Some(self.asked), holds: !is_ready, is_ready }
    }

    /// Returns whether a GET hangs.
    pub const fn is_polled(&self) -> bool {
        self.poll.is_some()
    }

    /// Handles the head of a POST.
    ///
    /// # Errors
    /// The body of another POST has not arrived.
    pub fn post(&mut self, now: Timestamp, request: RequestId) -> Result<(), RequestId> {
        self.asked = now;
        self.posting.replace(request).map_or(Ok(()), Err)
    }

    /// Responds with a payload to the GET that hangs, if one does; returns whether one did.
    pub fn respond_payload(&mut self, now: Timestamp, body: impl Into<String>, fx: &mut Effects) -> bool {
        self.asked = now;
        self.respond(Response::Payload(body.into()), fx)
    }

    /// Responds to the GET that hangs, if one does; returns whether one did.
    pub fn respond(&mut self, response: Response, fx: &mut Effects) -> bool {
        let Some(request) = self.poll.take() else { return false };
        fx.push(Effect::Respond { request, response });
        true
    }

    /// Removes and returns the frames that wait, for the transport that takes over.
    pub fn take_buffer(&mut self) -> Vec<Frame> {
        self.buffered_bytes = 0;
        core::mem::take(&mut self.buffer)
    }

    /// Returns the memory that the frames take that wait, in bytes; `sharers` is the number of sessions that may share them.
    pub fn owed(&self, sharers: usize) -> usize {
        owed(&self.buffer, sharers)
    }

    /// Returns what is left of the session after it is closed, to be kept until `until`.
    pub fn drain(&mut self, until: Timestamp) -> Draining {
        let (posting, probe) = (self.posting.take(), self.probe.take());
        Draining { frames: self.take_buffer(), asked: self.asked, until, posting, probe }
    }

    fn flush(&mut self, now: Timestamp, bounds: ReaderBounds, fx: &mut Effects) {
        if self.poll.is_some() && !self.buffer.is_empty() {
            self.fetched = now;
            let body = payload::take(&mut self.buffer, bounds.fine);
            self.buffered_bytes = bytes_of(&self.buffer);
            self.respond_payload(now, body, fx);
        }
    }
}

impl Draining {
    /// Returns the memory that the frames take that wait, in bytes; `sharers` is the number of sessions that may share them.
    pub fn owed(&self, sharers: usize) -> usize {
        owed(&self.frames, sharers)
    }

    /// Removes the frames of the next payload, and returns it; `None` if only the close is left.
    pub fn take_payload(&mut self, now: Timestamp, bounds: ReaderBounds) -> Option<String> {
        self.asked = now;
        (!self.frames.is_empty()).then(|| payload::take(&mut self.frames, bounds.fine))
    }

    /// Removes and returns all frames that wait.
    pub fn take_frames(&mut self) -> Vec<Frame> {
        core::mem::take(&mut self.frames)
    }
}

/// Returns a session's part of the memory that frames take. Frames of a broadcast are shared.
fn owed(frames: &[Frame], sharers: usize) -> usize {
    let part = |frame: &Frame| match frame {
        Frame::Text(text) => text.len() / Rc::strong_count(text),
        Frame::Binary(bytes) if bytes.is_unique() => bytes.len(),
        Frame::Binary(bytes) => bytes.len() / sharers.max(1),
    };
    size_of_val(frames) + frames.iter().map(part).sum::<usize>()
}

fn bytes_of(frames: &[Frame]) -> usize {
    frames.iter().map(Frame::len).sum()
}
