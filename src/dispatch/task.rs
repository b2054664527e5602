//! Calls of handlers.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{self, Poll};
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::event_call::EventCall;
use super::report::Report;
use crate::core::account::{AccountId, Payer};
use crate::core::input::Command;
use crate::error::{ConnectError, Failure};
use crate::extract::{Call, Done, SentEvent};
use crate::handles::{WorldHandle, undoable};
use crate::id::{Namespace, SocketId};
use crate::routing::Erased;

/// A call of one or more handlers, as a future.
pub(crate) struct Task {
    /// What the handler is called for.
    pub origin: Origin,
    /// The socket whose later events are held until it is done.
    pub holds: Option<SocketId>,
    /// The size of the handler's arguments, in bytes, which stay in memory while it waits.
    pub bytes: usize,
    /// The future; it returns the tasks to run next.
    pub work: Work,
}

/// The future of a task.
pub(crate) enum Work {
    /// A handler of an event. Most tasks are this variant, which needs no future around the handler's own.
    Event(EventCall),
    /// Anything else.
    Other(LocalBoxFuture<'static, Vec<Task>>),
}

impl Future for Work {
    type Output = Vec<Task>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Vec<Task>> {
        match self.get_mut() {
            Self::Event(call) => Pin::new(call).poll(cx).map(|()| Vec::new()),
            Self::Other(future) => future.as_mut().poll(cx),
        }
    }
}

/// What a handler is called for. If the handler panics, it decides which client gets an error.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A client that joins a namespace.
    Connecting(WorldHandle, SocketId, Namespace),
    /// An event that a socket sent.
    Event(Rc<SentEvent>),
    /// A socket that expects no acknowledgement.
    Socket(SocketId, Namespace),
    /// A socket, at the cost of another client, or of a session that it has left. Without an account, nobody pays.
    Charged(SocketId, Namespace, Option<AccountId>),
    /// An alarm, which has another attempt after a panic.
    Alarm(WorldHandle, Rc<str>),
    /// A namespace that a socket has created by joining it.
    NewNamespace(SocketId),
    /// A connection, by its name for the log. Without an account, nobody pays.
    Session(&'static str, Option<AccountId>),
    /// Anything else, by its name for the log.
    Other(&'static str),
}

impl Origin {
    /// Returns the client because of which the handler is called, if any.
    pub(crate) fn payer(&self) -> Option<Payer> {
        match self {
            Self::Event(event) => Some(Payer::Socket(event.socket.id())),
            Self::Connecting(_, socket, _) | Self::Socket(socket, _) | Self::NewNamespace(socket) => {
                Some(Payer::Socket(*socket))
            }
            Self::Charged(_, _, account) | Self::Session(_, account) => account.map(Payer::Account),
            Self::Alarm(..) | Self::Other(_) => None,
        }
    }

    /// Handles the end of the handler. If it has not run to its end, it has panicked: sends an error to the client that waits for a
    /// response, if one does.
    pub(crate) fn handle_end(&self, has_run: bool) {
        match self {
            Self::Alarm(world, name) => world.perform(Command::EndAlarm { name: Rc::clone(name), has_run }),
            _ if has_run => {}
            Self::Connecting(world, socket, _) => {
                let error = ConnectError { message: "Internal error".to_owned(), data: None };
                world.perform(Command::Refuse { socket: *socket, error });
            }
            Self::Event(event) => {
                let failure = Failure::new("INTERNAL_ERROR", "The handler of this event failed");
                event.ack.send(&event.socket, failure.to_args());
            }
            Self::Socket(..) | Self::Charged(..) | Self::NewNamespace(_) | Self::Session(..) | Self::Other(_) => {}
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting(_, _, namespace) => write!(f, "a CONNECT to {}", namespace.as_str()),
            Self::Event(event) => write_socket(f, event.socket.id(), event.socket.namespace()),
            Self::Socket(id, namespace) | Self::Charged(id, namespace, _) => write_socket(f, *id, namespace),
            Self::Alarm(_, name) => write!(f, "the alarm {name:?}, which has another attempt or is given up,"),
            Self::NewNamespace(_) => f.write_str("on_new_namespace"),
            Self::Session(what, _) | Self::Other(what) => f.write_str(what),
        }
    }
}

fn write_socket(f: &mut fmt::Formatter<'_>, id: SocketId, namespace: &Namespace) -> fmt::Result {
    write!(f, "the socket {id} in {}", namespace.as_str())
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("origin", &self.origin).field("holds", &self.holds).finish_non_exhaustive()
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

impl Task {
    /// Returns a task that runs a future.
    pub(crate) fn new(origin: Origin, running: impl Future<Output = ()> + 'static) -> Self {
        let work = Work::Other(Box::pin(async move {
            running.await;
            Vec::new()
        }));
        Self { origin, holds: None, bytes: 0, work }
    }
}

/// Appends a call for each of `handlers`; their failures go to `report`.
pub(crate) fn run_all<C: Call<Outcome = Done> + Clone>(
    handlers: &[Erased<C>],
    call: &C,
    origin: &dyn Fn() -> Origin,
    report: &Report,
    tasks: &mut Vec<Task>,
) {
    for handler in handlers {
        let (handler, call) = (Rc::clone(handler), call.clone());
        push(Box::new(move || handler(call)), origin, report, tasks);
    }
}

/// A handler that is not called yet, with its arguments. Boxed, so that `push` is compiled once, not once for each type of call.
type Ready = Box<dyn FnOnce() -> LocalBoxFuture<'static, Done>>;

fn push(handler: Ready, origin: &dyn Fn() -> Origin, report: &Report, tasks: &mut Vec<Task>) {
    let report = report.clone();
    tasks.push(Task::new(origin(), async move {
        // Called inside the future, so that a panic before the first await costs only the event.
        if let Err(failure) = undoable(report.world(), handler).await {
            report.fail(failure).await;
        }
    }));
}
