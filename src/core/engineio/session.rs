//! One Engine.IO session: its transport, and the time by which something must happen to it.

use crate::core::effect::{Effect, Effects, Response};
use crate::core::handshake_request::Protocol;
use crate::core::table::Identified;
use crate::error::{BadRequest, Refusal};
use crate::id::{ConnId, RequestId, Sid};
use crate::time::Timestamp;
use crate::value::Frame;

use super::heartbeat::Heartbeat;
use super::payload;
use super::probe::Probe;

/// A session.
#[derive(Debug)]
pub struct Session {
    /// Its secret name.
    pub sid: Sid,
    /// What it speaks.
    pub protocol: Protocol,
    /// When it took its present transport; shows that it was alive then.
    pub since: Timestamp,
    /// Whether it polled before it took its WebSocket.
    pub upgraded: bool,
    /// When it is closed, unless the layer above takes that back.
    pub expires: Option<Timestamp>,
    /// Where it is in its heartbeat.
    pub heartbeat: Heartbeat,
    /// How it is reached.
    pub transport: Transport,
}

/// How a session is reached.
#[derive(Debug)]
pub enum Transport {
    /// By a WebSocket.
    WebSocket {
        /// The WebSocket.
        conn: ConnId,
    },
    /// By HTTP long-polling. Lives in memory only.
    Polling(Polling),
    /// By HTTP long-polling, and closed. Lives in memory only.
    Draining(Draining),
}

/// The polling transport of a session.
#[derive(Debug, Default)]
pub struct Polling {
    /// What waits for the next GET.
    buffer: Vec<Frame>,
    buffered_bytes: usize,
    /// The GET that hangs.
    poll: Option<RequestId>,
    /// The POST whose body is under way.
    pub posting: Option<RequestId>,
    /// The WebSocket that wants to take over.
    pub probe: Option<Probe>,
}

/// What is left of a polling session that was closed: its client learns of the close from the second GET, or on the
/// WebSocket that takes over.
///
/// No GET hangs: what waits is the response to the next one, and the close is the response to the one after it. A client acts on
/// a close at once and hands messages of the same payload on later, when it counts as disconnected.
#[derive(Debug)]
pub struct Draining {
    /// What waits for the next GET, or for the WebSocket that takes over.
    frames: Vec<Frame>,
    /// When it is dropped, read or not.
    pub until: Timestamp,
    /// The WebSocket that wants to take over. A client that was sent `3probe` has stopped polling for good.
    pub probe: Option<Probe>,
}

impl Identified for Session {
    fn id(&self) -> &[u8] {
        self.sid.as_bytes()
    }
}

impl Session {
    /// Returns when something must happen to the session if nothing happens before. The shared heartbeat is no session's own.
    pub fn deadline(&self) -> Option<Timestamp> {
        let heartbeat = match self.heartbeat {
            Heartbeat::Resting(at) | Heartbeat::Pinged(at) => Some(at),
            Heartbeat::Shared(_) => None,
        };
        match &self.transport {
            Transport::WebSocket { .. } => earliest([heartbeat, self.expires]),
            Transport::Polling(polling) => {
                earliest([heartbeat, self.expires, polling.probe.as_ref().map(Probe::deadline)])
            }
            Transport::Draining(draining) => {
                earliest([Some(draining.until), draining.probe.as_ref().map(Probe::gives_up)])
            }
        }
    }
}

impl Transport {
    /// Returns the place of the WebSocket that wants to take over; `None` for a transport that no WebSocket can take over.
    pub const fn probe_mut(&mut self) -> Option<&mut Option<Probe>> {
        match self {
            Self::WebSocket { .. } => None,
            Self::Polling(polling) => Some(&mut polling.probe),
            Self::Draining(draining) => Some(&mut draining.probe),
        }
    }

    /// Returns whether a WebSocket may want to take over: no other does.
    pub const fn can_be_probed(&self) -> bool {
        match self {
            Self::WebSocket { .. } => false,
            Self::Polling(polling) => polling.probe.is_none(),
            Self::Draining(draining) => draining.probe.is_none(),
        }
    }
}

impl Polling {
    /// Sends frames: now, if a GET hangs, with the next one otherwise. Returns the bytes that waited before, so
    /// that one large packet does not mark a client as slow.
    pub fn send(&mut self, frames: &[Frame], fx: &mut Effects) -> usize {
        let waited = self.buffered_bytes;
        if self.poll.is_some() && self.buffer.is_empty() {
            self.respond_payload(payload::join(frames), fx);
        } else {
            self.buffered_bytes += frames.iter().map(Frame::len).sum::<usize>();
            self.buffer.extend_from_slice(frames);
            self.flush(fx);
        }
        waited
    }

    /// Takes a GET: responds with what waits, or lets it hang.
    ///
    /// # Errors
    /// Another GET hangs already.
    pub fn poll(&mut self, request: RequestId, fx: &mut Effects) -> Result<(), Refusal> {
        if self.poll.is_some() {
            return Err(Refusal::BadRequest(BadRequest::TransportError));
        }
        self.poll = Some(request);
        self.flush(fx);
        Ok(())
    }

    /// Returns whether a GET hangs.
    pub const fn is_polled(&self) -> bool {
        self.poll.is_some()
    }

    /// Responds with a payload to the GET that hangs, if one does; returns whether one did.
    pub fn respond_payload(&mut self, body: impl Into<String>, fx: &mut Effects) -> bool {
        self.respond(Response::Payload(body.into()), fx)
    }

    /// Responds to the GET that hangs, if one does; returns whether one did.
    pub fn respond(&mut self, response: Response, fx: &mut Effects) -> bool {
        let Some(request) = self.poll.take() else { return false };
        fx.push(Effect::Respond { request, response });
        true
    }

    /// Takes what waits, for the transport that takes over.
    pub fn take_buffer(&mut self) -> Vec<Frame> {
        self.buffered_bytes = 0;
        core::mem::take(&mut self.buffer)
    }

    /// Closes the session: returns what is left of it until this time.
    pub fn drain(&mut self, until: Timestamp) -> Draining {
        Draining { frames: self.take_buffer(), until, probe: self.probe.take() }
    }

    fn flush(&mut self, fx: &mut Effects) {
        if self.poll.is_some() && !self.buffer.is_empty() {
            let frames = self.take_buffer();
            self.respond_payload(payload::join(&frames), fx);
        }
    }
}

impl Draining {
    /// Takes what waits; empty when only the close is left.
    pub fn take_frames(&mut self) -> Vec<Frame> {
        core::mem::take(&mut self.frames)
    }
}

fn earliest<const N: usize>(times: [Option<Timestamp>; N]) -> Option<Timestamp> {
    times.into_iter().flatten().min()
}
