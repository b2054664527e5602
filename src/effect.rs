//! Everything a world may cause, and where it is written down until the shell performs it.

use core::ops::Range;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::error::{NoAnswer, Reason, Refusal};
use crate::id::{AckId, AskId, ConnId, Namespace, RequestId, Room, SessionKey, Sid, SocketId};
use crate::request::KeptOpening;
use crate::value::{Args, EnginePacket, Frame};

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
    /// Answer an HTTP request.
    Answer {
        /// The request.
        request: RequestId,
        /// The answer.
        answer: Answer,
    },
    /// Write a line to the log: a handler or Dormouse itself failed.
    Log(String),
    /// Write a line of the app's own to the log.
    Note(String),
}

/// The answer to an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
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
    /// The number on the wire.
    pub const fn as_u16(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::TooBig => 1009,
            Self::TryAgainLater => 1013,
        }
    }
}

/// A call of the server's own code.
#[derive(Clone, Debug)]
pub enum Dispatch {
    /// A client wants to join a namespace: it is to be prepared, and then let in or refused.
    Connect {
        /// The client's session.
        session: SessionKey,
        /// The namespace.
        namespace: Namespace,
        /// The client's auth object as JSON; `{}` where it sent none.
        auth: Rc<str>,
    },
    /// A namespace has its first socket.
    NewNamespace {
        /// The namespace, through that socket.
        socket: SocketRef,
    },
    /// A socket is in its namespace.
    Connected {
        /// The socket.
        socket: SocketRef,
    },
    /// A socket sent an event.
    Event {
        /// The socket.
        socket: SocketRef,
        /// The event's name.
        event: Rc<str>,
        /// Its arguments.
        args: Args,
        /// The client's number for the answer, where it asked for one.
        ack: Option<AckId>,
    },
    /// Sockets were sent an event.
    Outgoing {
        /// The sockets.
        sockets: Vec<SocketRef>,
        /// The event's name.
        event: Rc<str>,
        /// Its arguments.
        args: Args,
    },
    /// A socket left its namespace.
    Disconnected {
        /// The socket.
        socket: SocketRef,
        /// What it was.
        view: Rc<SocketView>,
        /// Why.
        reason: Reason,
    },
    /// What a handler awaits is complete.
    Answered {
        /// Its number.
        ask: AskId,
        /// Who answered what, in the order in which it came.
        answers: Vec<(SocketId, Args)>,
        /// Who did not.
        missing: Vec<(SocketId, NoAnswer)>,
    },
    /// A record of an answer is complete.
    Reply {
        /// The socket.
        socket: SocketRef,
        /// What it was, where it is gone.
        view: Option<Rc<SocketView>>,
        /// The handler's name.
        name: Box<str>,
        /// What was kept for the handler, as JSON.
        context: Rc<str>,
        /// The answer, or why there is none.
        answer: Result<Args, NoAnswer>,
    },
    /// A named alarm went off.
    Alarm {
        /// Its name.
        name: Box<str>,
        /// What was kept for its handler, as JSON.
        context: Rc<str>,
    },
    /// Something happened to a connection.
    Conn {
        /// What the connection is now, or was when it was closed.
        conn: ConnView,
        /// What happened.
        event: ConnEvent,
    },
    /// A plain Engine.IO session was opened.
    Opened {
        /// The session.
        sid: Sid,
    },
    /// A plain Engine.IO session sent a message.
    Message {
        /// The session.
        sid: Sid,
        /// The message: text without a type digit, or bytes.
        message: Frame,
    },
    /// A plain Engine.IO session was closed.
    Closed {
        /// The session, as it was called.
        sid: Sid,
        /// Why.
        reason: Reason,
    },
}

/// Something that happens to a connection, whatever it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnEvent {
    /// It polled, and took a WebSocket.
    Upgraded,
    /// Its client sent a packet.
    Packet(EnginePacket),
    /// A packet is on its way to its client.
    PacketCreated(EnginePacket),
    /// It is closed.
    Closed(Reason),
}

/// A socket, by what its handlers are found with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRef {
    /// Its id.
    pub id: SocketId,
    /// Its namespace.
    pub namespace: Namespace,
    /// Which of the app's predicates knew the namespace.
    pub predicate: Option<u32>,
}

/// What a socket was that is gone.
#[derive(Clone, Debug)]
pub struct SocketView {
    /// The rooms it is in, its own first.
    pub rooms: Vec<Room>,
    /// What handlers keep with it, as JSON.
    pub data: Option<Rc<str>>,
    /// What its client sent with CONNECT, as JSON; `{}` where it sent nothing.
    pub auth: Rc<str>,
    /// The request that opened its connection.
    pub opening: KeptOpening,
    /// Its connection.
    pub conn: ConnView,
}

/// What a connection is at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnView {
    /// The session's id.
    pub sid: Sid,
    /// Whether it is on a WebSocket now; it polls otherwise.
    pub is_websocket: bool,
    /// Whether it polled before.
    pub upgraded: bool,
}

/// What a client is told that may not join a namespace (Socket.IO 5, "`CONNECT_ERROR`").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// A sentence.
    pub message: String,
    /// More, where there is more to say, as JSON.
    pub data: Option<String>,
}

/// Effects in order, and the calls of handlers in theirs. Its memory is used again from event to event.
#[derive(Debug, Default)]
pub struct Effects {
    list: Vec<Effect>,
    recipients: Vec<ConnId>,
    dispatches: VecDeque<Dispatch>,
}

impl Effects {
    /// No effects.
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

    /// Where the next broadcast's recipients begin.
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

    /// Whether nothing is written down.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The recipients of a broadcast.
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
