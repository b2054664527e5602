//! Everything a world may cause, and where it is written down until the shell performs it.

use super::dispatch::Dispatch;
use crate::error::Refusal;
use crate::id::{ConnId, RequestId};
use crate::value::Frame;
use core::ops::Range;
use std::collections::VecDeque;

/// Something to be done, in the order in which it was written down.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send frames to one WebSocket.
    Send {
        /// The WebSocket.
        conn: ConnId,
        /// The frames, in order.
        frames: Vec<Frame>,
        /// Not if the client is not ready for it.
        volatile: bool,
    },
    /// Send the same frames to many WebSockets.
    Broadcast {
        /// Where in [`Effects::recipients`] they stand.
        recipients: Range<usize>,
        /// The frames, in order, encoded once.
        frames: Vec<Frame>,
        /// Not to clients that are not ready for it.
        volatile: bool,
    },
    /// Close a WebSocket. It is gone for the core: nothing more is heard from it.
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
    /// Write a line to the log: a handler or Dormouse itself failed.
    Log(String),
    /// Write a line of the app's own to the log.
    Note(String),
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
    /// To any: engine.io's error.
    Refused(Refusal),
}

/// Why the server closes a WebSocket (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// 1000: nothing is wrong, or the protocol says no more.
    Normal,
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
            Self::TooBig => 1009,
            Self::TryAgainLater => 1013,
        }
    }
}

/// Effects in order, and the calls of handlers in theirs. Its memory is used again from event to event.
#[derive(Debug, Default)]
pub struct Effects {
    list: Vec<Effect>,
    recipients: Vec<ConnId>,
    dispatches: VecDeque<Dispatch>,
}

impl Effects {
    /// Makes a list without effects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes an effect down.
    pub fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }

    /// Writes a call of the handlers down.
    pub fn push_dispatch(&mut self, dispatch: Dispatch) {
        self.dispatches.push_back(dispatch);
    }

    /// Takes the next call of the handlers out. What they cause comes behind the effects written down so far.
    pub fn next_dispatch(&mut self) -> Option<Dispatch> {
        self.dispatches.pop_front()
    }

    /// Writes calls down that come before all others.
    pub fn push_dispatches_first(&mut self, dispatches: VecDeque<Dispatch>) {
        for dispatch in dispatches.into_iter().rev() {
            self.dispatches.push_front(dispatch);
        }
    }

    /// Returns where the next broadcast's recipients begin.
    pub(crate) const fn mark(&self) -> usize {
        self.recipients.len()
    }

    /// Adds a recipient to the broadcast that began at the last mark.
    pub(crate) fn push_recipient(&mut self, conn: ConnId) {
        self.recipients.push(conn);
    }

    /// Writes a broadcast to all recipients since `mark` down, if there are any.
    pub(crate) fn push_broadcast(&mut self, mark: usize, frames: Vec<Frame>, volatile: bool) {
        let recipients = mark..self.recipients.len();
        if !recipients.is_empty() {
            self.push(Effect::Broadcast { recipients, frames, volatile });
        }
    }

    /// Takes the effects out, in order, to be given back by [`Effects::recycle`]; the recipients stay until then.
    pub fn take(&mut self) -> Vec<Effect> {
        core::mem::take(&mut self.list)
    }

    /// Returns whether nothing is written down.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the recipients of a broadcast.
    pub fn recipients(&self, range: &Range<usize>) -> &[ConnId] {
        self.recipients.get(range.clone()).unwrap_or_default()
    }

    /// Takes back what [`Effects::take`] gave, when all of it is done, and keeps the memory.
    pub fn recycle(&mut self, mut spent: Vec<Effect>) {
        if self.list.is_empty() {
            spent.clear();
            self.list = spent;
        }
        self.recipients.clear();
    }
}
