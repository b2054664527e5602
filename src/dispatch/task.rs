//! Calls of handlers.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{self, Poll};
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::awaited_response::AwaitedResponse;
use super::event_call::EventCall;
use super::report::Report;
use crate::core::account::{AccountId, Payer};
use crate::core::input::Command;
use crate::error::Failure;
use crate::extract::{Call, Done, SentEvent};
use crate::handles::{WorldHandle, undoable};
use crate::id::{Namespace, SocketId};
use crate::log::Record;
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
    /// What no task follows. No other future is around it: an `async` block has room for a future twice, where it is captured and where
    /// it is awaited.
    Alone(LocalBoxFuture<'static, ()>),
    /// Anything else.
    Other(LocalBoxFuture<'static, Vec<Task>>),
}

impl Future for Work {
    type Output = Vec<Task>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Vec<Task>> {
        match self.get_mut() {
            Self::Event(call) => Pin::new(call).poll(cx).map(|()| Vec::new()),
            Self::Alone(future) => future.as_mut().poll(cx).map(|()| Vec::new()),
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
    /// A request to one of the app's routes, or to the admin HTTP API.
    Request(Rc<AwaitedResponse>),
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
            Self::Alarm(..) | Self::Request(_) => None,
        }
    }

    /// Returns what the log calls it.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Connecting(..) => "a CONNECT",
            Self::Event(_) => "an event",
            Self::Socket(..) | Self::Charged(..) => "a socket",
            Self::Alarm(..) => "an alarm, which has another attempt or is given up,",
            Self::NewNamespace(_) => "on_new_namespace",
            Self::Request(_) => "an HTTP request",
            Self::Session(what, _) => what,
        }
    }

    /// Adds to a line what the handler was called for.
    #[inline(never)]
    pub(crate) fn describe(&self, record: &mut Record) {
        let (socket, namespace) = match self {
            Self::Connecting(_, id, namespace) | Self::Socket(id, namespace) | Self::Charged(id, namespace, _) => {
                (*id, Some(namespace))
            }
            Self::Event(event) => {
                record.event = Some(Rc::clone(&event.name));
                (event.socket.id(), Some(event.socket.namespace()))
            }
            Self::Alarm(_, name) => {
                record.event = Some(Rc::clone(name));
                return;
            }
            Self::NewNamespace(id) => (*id, None),
            Self::Session(..) | Self::Request(_) => return,
        };
        record.socket = Some(socket);
        record.namespace = namespace.cloned();
    }

    /// Handles the end of the handler. If it panicked, sends the error to the client that waits for a response, if one does.
    pub(crate) fn handle_end(&self, panic: Option<Failure>) {
        if let Self::Alarm(world, name) = self {
            world.perform(Command::EndAlarm { name: Rc::clone(name), has_run: panic.is_none() });
        }
        let Some(failure) = panic else { return };
        match self {
            Self::Connecting(world, socket, _) => {
                world.perform(Command::Refuse { socket: *socket, error: world.refusal_of(&failure) });
            }
            Self::Event(event) => {
                event.tell(&failure);
            }
            Self::Request(request) => request.fail(&failure),
            Self::Alarm(..) | Self::Socket(..) | Self::Charged(..) | Self::NewNamespace(_) | Self::Session(..) => {}
        }
    }
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
        Self { origin, holds: None, bytes: 0, work: Work::Alone(Box::pin(running)) }
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
        let began = report.world().now();
        // Called inside the future, so that a panic before the first await costs only the event.
        if let Err(failure) = undoable(report.world(), handler).await {
            report.log(&failure, false, began);
            // Boxed: the future of every call would be twice as large.
            Box::pin(report.fail(failure)).await;
        }
    }));
}
