//! Effects: what the core tells the shell to do, and the list of them that the shell performs.

use super::dispatch::Dispatch;
use super::meter::{Count, Meter};
use crate::error::Refusal;
use crate::id::{ConnId, RequestId, SessionKey};
use crate::limits::{BYTES_PER_WORK, TURN_WORK};
use crate::log::Record;
use crate::value::Frame;
use core::ops::Range;
use std::collections::VecDeque;
use std::rc::Rc;

/// Something that the shell must do. The order of effects counts.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send frames to one WebSocket.
    Send {
        /// The WebSocket.
        conn: ConnId,
        /// The frames, in order.
        frames: Vec<Frame>,
        /// Whether to drop the frames if the client is not ready to receive.
        volatile: bool,
        /// The session that is charged if the client does not read as fast.
        payer: Option<SessionKey>,
    },
    /// Send the same frames to many WebSockets.
    Broadcast {
        /// The recipients, as a range for [`Effects::recipients`].
        recipients: Range<usize>,
        /// The frames, in order, encoded once.
        frames: Vec<Frame>,
        /// Whether to skip clients that are not ready to receive.
        volatile: bool,
        /// The session that is charged if clients do not read as fast.
        payer: Option<SessionKey>,
    },
    /// Log what becomes of the packet that is sent to a WebSocket next, because it is traced.
    Trace {
        /// The WebSocket.
        conn: ConnId,
        /// Whether the packet is dropped if the client is not ready to receive.
        volatile: bool,
        /// The line, whose message is how it ends.
        record: Box<Record>,
    },
    /// Close a WebSocket. The core has removed it already, and ignores frames that still arrive on it.
    Close {
        /// The WebSocket.
        conn: ConnId,
        /// The close code.
        code: CloseCode,
    },
    /// Respond to an HTTP request.
    Respond {
        /// The request.
        request: RequestId,
        /// The response.
        response: Response,
    },
    /// Log a problem of a handler, of a client or of Dormouse itself, if `LOG` has its level.
    Log(Box<Record>),
    /// Log what must be seen however many errors there are.
    Alert(Box<Record>),
    /// Log a line that somebody asked for: the app wrote it, or the host set `LOG` to debug.
    Note(Box<Record>),
}

/// The response to an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// To a GET: packets, as a payload.
    Payload(String),
    /// To a POST: `ok`.
    Ok,
    /// To a POST whose body is too long: 413 without a body.
    TooLong,
    /// To any request: an error as engine.io writes it.
    Refused(Refusal),
}

/// Why the server closes a WebSocket (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// 1000: a regular close, or one for which Engine.IO has no code of its own.
    Normal,
    /// 1008: the client caused more than it may.
    PolicyViolation,
    /// 1009: a message was too long.
    TooBig,
    /// 1013: the client reads too slowly; try again later.
    TryAgainLater,
}

impl CloseCode {
    /// Returns the number on the wire.
    pub const fn as_u16(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::PolicyViolation => 1008,
            Self::TooBig => 1009,
            Self::TryAgainLater => 1013,
        }
    }
}

/// A list of effects and a queue of handler calls. Their memory is reused from input to input.
#[derive(Debug)]
pub struct Effects {
    list: Vec<Effect>,
    recipients: Vec<ConnId>,
    dispatches: VecDeque<Dispatch>,
    /// The work of the turn so far: see [`TURN_WORK`].
    work: usize,
    /// The session that pays for what is sent next.
    payer: Option<SessionKey>,
    meter: Rc<Meter>,
}

impl Effects {
    /// Creates an empty list, whose effects are counted by `meter`.
    pub fn new(meter: Rc<Meter>) -> Self {
        let (list, recipients, dispatches) = (Vec::new(), Vec::new(), VecDeque::new());
        Self { list, recipients, dispatches, work: 0, payer: None, meter }
    }

    /// Returns the counters of the world.
    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Appends an effect.
    pub fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }

    /// Appends a line about a problem.
    pub(crate) fn push_log(&mut self, record: Box<Record>) {
        self.push(Effect::Log(record));
    }

    /// Appends frames for one WebSocket.
    pub(crate) fn push_send(&mut self, conn: ConnId, frames: Vec<Frame>, volatile: bool) {
        self.add_deliveries(1, bytes_of(&frames));
        self.push(Effect::Send { conn, frames, volatile, payer: self.payer });
    }

    /// Sets the session that pays for what is sent from now on; `None` if nobody does.
    pub(crate) const fn set_payer(&mut self, payer: Option<SessionKey>) {
        self.payer = payer;
    }

    /// Returns the session that pays for what is sent.
    pub(crate) const fn payer(&self) -> Option<SessionKey> {
        self.payer
    }

    /// Adds packets to clients, of `bytes` bytes each, to the work of the turn, and counts them.
    pub(crate) fn add_deliveries(&mut self, deliveries: usize, bytes: usize) {
        self.meter.add(Count::Sent, deliveries);
        self.meter.add(Count::SentBytes, deliveries.saturating_mul(bytes));
        self.add_work(deliveries.saturating_mul(1 + bytes / BYTES_PER_WORK));
    }

    /// Adds to the work of the turn.
    pub(crate) const fn add_work(&mut self, work: usize) {
        self.work = self.work.saturating_add(work);
    }

    /// Returns whether as much was done since [`begin`](Self::begin) as may be done before the runtime's other events come.
    pub(crate) const fn is_spent(&self) -> bool {
        self.work >= TURN_WORK
    }

    /// Begins to count work anew: the runtime's other events came in between.
    pub(crate) const fn begin(&mut self) {
        self.work = 0;
    }

    /// Appends a call of handlers.
    pub fn push_dispatch(&mut self, dispatch: Dispatch) {
        self.dispatches.push_back(dispatch);
    }

    /// Removes and returns the next call of handlers. The effects that it causes are appended to those in the list.
    pub fn next_dispatch(&mut self) -> Option<Dispatch> {
        self.dispatches.pop_front()
    }

    /// Inserts calls of handlers before all others, in the order given.
    pub fn push_dispatches_first(&mut self, dispatches: VecDeque<Dispatch>) {
        for dispatch in dispatches.into_iter().rev() {
            self.dispatches.push_front(dispatch);
        }
    }

    /// Returns whether there are calls of handlers.
    pub(crate) fn has_dispatches(&self) -> bool {
        !self.dispatches.is_empty()
    }

    /// Returns the index at which the next broadcast's recipients begin.
    pub(crate) const fn mark(&self) -> usize {
        self.recipients.len()
    }

    /// Adds a recipient to the broadcast that began at the last mark.
    pub(crate) fn push_recipient(&mut self, conn: ConnId) {
        self.recipients.push(conn);
    }

    /// Appends a broadcast to all recipients that were added since `mark`, if there are any.
    pub(crate) fn push_broadcast(&mut self, mark: usize, frames: Vec<Frame>, volatile: bool) {
        let recipients = mark..self.recipients.len();
        if !recipients.is_empty() {
            self.add_deliveries(recipients.len(), bytes_of(&frames));
            self.push(Effect::Broadcast { recipients, frames, volatile, payer: self.payer });
        }
    }

    /// Removes and returns the effects, in order. The recipients stay until [`Effects::recycle`] gets the list back.
    pub fn take(&mut self) -> Vec<Effect> {
        core::mem::take(&mut self.list)
    }

    /// Returns the recipients of a broadcast.
    pub fn recipients(&self, range: &Range<usize>) -> &[ConnId] {
        self.recipients.get(range.clone()).unwrap_or_default()
    }

    /// Takes back the list that [`Effects::take`] returned, when all of it is performed, to reuse its memory. Removes the
    /// recipients, unless there are effects again.
    pub fn recycle(&mut self, mut spent: Vec<Effect>) {
        if self.list.is_empty() {
            spent.clear();
            self.list = spent;
            self.recipients.clear();
        }
    }
}

fn bytes_of(frames: &[Frame]) -> usize {
    frames.iter().map(Frame::len).sum()
}
