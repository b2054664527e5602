//! From something that happened to the handlers that are called for it.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{self, Poll};
use std::rc::Rc;

use futures::future::LocalBoxFuture;

use super::event::EventCall;
use crate::core::dispatch::{Dispatch, SocketRef};
use crate::core::input::Command;
use crate::error::ConnectError;
use crate::error::Failure;
use crate::extract::{
    Acked, Alarm, Call, Connected, Connecting, Disconnect, Done, Failed, Lookup, NewNamespace, Outgoing, SocketCall,
};
use crate::handles::AckSlot;
use crate::handles::Io;
use crate::handles::Socket;
use crate::handles::WorldHandle;
use crate::id::{Namespace, SocketId};
use crate::routing::App;
use crate::routing::Erased;
use crate::routing::Routes;

/// A call of a handler that runs.
pub struct Task {
    /// Whom it is for.
    pub origin: Origin,
    /// The socket whose later events wait until it is done.
    pub holds: Option<SocketId>,
    /// What it was called with and keeps while it waits, in bytes.
    pub bytes: usize,
    /// It; what it gives is to run next.
    pub work: Work,
}

/// What is polled until a task is done.
pub enum Work {
    /// The handler of an event. Most tasks are such, and have no future around the handler's own.
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

/// Whom a handler is called for: who is to be told if it panics.
#[derive(Debug)]
pub enum Origin {
    /// A client that wants to join a namespace.
    Connecting(WorldHandle, SocketId, Namespace),
    /// A socket that sent an event.
    Event(SocketId, Namespace, AckSlot),
    /// A socket that nobody has to answer.
    Socket(SocketId, Namespace),
    /// An Engine.IO session, an alarm.
    Other(&'static str),
}

impl Origin {
    /// Tells the client that waits for an answer, if one does.
    pub fn handle_panic(&self) {
        match self {
            Self::Connecting(world, socket, _) => {
                let error = ConnectError { message: "Internal error".to_owned(), data: None };
                world.perform(Command::Refuse { socket: *socket, error });
            }
            Self::Event(.., ack) => {
                let failure = Failure::new("INTERNAL_ERROR", "The handler of this event failed");
                ack.send(failure.to_args());
            }
            Self::Socket(..) | Self::Other(_) => {}
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting(_, _, namespace) => write!(f, "a CONNECT to {}", namespace.as_str()),
            Self::Event(id, namespace, _) | Self::Socket(id, namespace) => {
                write!(f, "the socket {id} in {}", namespace.as_str())
            }
            Self::Other(what) => f.write_str(what),
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
    pub(crate) fn new(origin: Origin, running: impl Future<Output = ()> + 'static) -> Self {
        let work = Work::Other(Box::pin(async move {
            running.await;
            Vec::new()
        }));
        Self { origin, holds: None, bytes: 0, work }
    }
}

impl App {
    /// The handlers to be called for `dispatch`, each to be polled once, in order, before anything else happens. A client that
    /// connects has been given the socket `prepared`. They are appended to `tasks`.
    pub fn start(
        self: &Rc<Self>,
        world: &WorldHandle,
        dispatch: Dispatch,
        prepared: Option<SocketId>,
        tasks: &mut Vec<Task>,
    ) {
        match dispatch {
            Dispatch::Event { socket, event, args, ack } => self.event(world, socket, event, args, ack, tasks),
            other => tasks.extend(self.start_other(world, other, prepared)),
        }
    }

    fn start_other(self: &Rc<Self>, world: &WorldHandle, dispatch: Dispatch, prepared: Option<SocketId>) -> Vec<Task> {
        let handle = |socket, gone| Socket::new(world.clone(), socket, gone, false);
        match dispatch {
            Dispatch::Connect { namespace, .. } => {
                prepared.map(|socket| self.connect(world, socket, namespace)).into_iter().collect()
            }
            Dispatch::NewNamespace { socket } if self.is_dynamic(&socket.namespace) => {
                let io = Io::new(world.clone(), socket.namespace, socket.predicate, false);
                let origin = || Origin::Other("on_new_namespace");
                let report = Report::of(world);
                run_all(&self.on_new_namespace, &NewNamespace { io }, origin, &report)
            }
            Dispatch::Connected { socket } => self.run_for(
                &socket,
                |routes| &routes.on_connect,
                || Connected { socket: handle(socket.clone(), None) },
            ),
            Dispatch::Outgoing { sockets, event: name, args } => {
                let args = Rc::new(args);
                let run = |socket: SocketRef| {
                    self.run_for(
                        &socket,
                        |routes| &routes.on_any_outgoing,
                        || Outgoing {
                            socket: Socket::new(world.clone(), socket.clone(), None, true),
                            name: Rc::clone(&name),
                            args: Rc::clone(&args),
                        },
                    )
                };
                sockets.into_iter().flat_map(run).collect()
            }
            Dispatch::Disconnected { socket, gone, reason } => {
                let call = || Disconnect { socket: handle(socket.clone(), Some(Rc::clone(&gone))), reason };
                let mut tasks = self.run_for(&socket, |routes| &routes.on_disconnecting, call);
                tasks.extend(self.run_for(&socket, |routes| &routes.on_disconnect, call));
                tasks
            }
            Dispatch::StoredAck { socket, gone, name, context, answer } => {
                let Some(routes) = self.routes(&socket.namespace, socket.predicate) else { return Vec::new() };
                let handlers: Vec<_> = routes.ack_handlers.get(&name).cloned().into_iter().collect();
                if handlers.is_empty() {
                    lost(world, &format!("an answer for the `on_ack` {name:?}"));
                }
                let call = Acked { socket: handle(socket, gone), answer: answer.map(Rc::new), context };
                let report = Report::Routes(Rc::clone(routes), call.socket.clone(), None);
                let origin = || Origin::Socket(call.socket.id(), call.socket.namespace().clone());
                run_all(&handlers, &call, origin, &report)
            }
            Dispatch::Alarm { name, context } => {
                let handlers: Vec<_> = self.alarm_handler(&name).cloned().into_iter().collect();
                if handlers.is_empty() {
                    lost(world, &format!("the alarm {name:?}"));
                }
                let call = Alarm { io: Io::main(world.clone()), name: name.into(), context };
                run_all(&handlers, &call, || Origin::Other("an alarm"), &Report::of(world))
            }
            Dispatch::Conn { conn, event } => self.conn_event(world, &conn, event),
            Dispatch::Opened { sid } => self.plain_engine(world, sid, None, None),
            Dispatch::Message { sid, message } => self.plain_engine(world, sid, Some(message), None),
            Dispatch::Closed { sid, reason } => self.plain_engine(world, sid, None, Some(reason)),
            Dispatch::NewNamespace { .. } | Dispatch::AcksCollected { .. } | Dispatch::Event { .. } => Vec::new(),
        }
    }

    /// Finds out whose namespace it is, and whether its guards let the client in.
    fn connect(self: &Rc<Self>, world: &WorldHandle, id: SocketId, namespace: Namespace) -> Task {
        let (app, world) = (Rc::clone(self), world.clone());
        let origin = Origin::Connecting(world.clone(), id, namespace.clone());
        Task::new(origin, async move {
            let socket_ref = |predicate| SocketRef { id, namespace: namespace.clone(), predicate };
            let socket = |predicate| Socket::new(world.clone(), socket_ref(predicate), None, false);
            let refuse = |error| world.perform(Command::Refuse { socket: id, error });
            let mut found = app.routes(&namespace, None).cloned().map(|routes| (None, routes));
            if found.is_none() {
                for (index, (predicate, routes)) in (0..).zip(&app.predicates) {
                    match predicate(Lookup { socket: socket(Some(index)) }).await {
                        Ok(true) => {
                            found = Some((Some(index), Rc::clone(routes)));
                            break;
                        }
                        Ok(false) => {}
                        Err(failure) => {
                            log(&world, &format!("a predicate asked about {}", namespace.as_str()), &failure);
                        }
                    }
                }
            }
            let Some((predicate, routes)) = found else {
                return refuse(ConnectError { message: "Invalid namespace".to_owned(), data: None });
            };
            for guard in &routes.guards {
                if let Err(failure) = guard(Connecting { socket: socket(predicate) }).await {
                    return refuse(failure.into_refused());
                }
            }
            world.perform(Command::Accept { socket: id, predicate });
        })
    }

    fn run_for<C: SocketCall + Call<Outcome = Done> + Clone>(
        &self,
        socket: &SocketRef,
        handlers: impl FnOnce(&Routes) -> &Vec<Erased<C>>,
        call: impl FnOnce() -> C,
    ) -> Vec<Task> {
        let Some(routes) = self.routes(&socket.namespace, socket.predicate) else { return Vec::new() };
        let handlers = handlers(routes);
        if handlers.is_empty() {
            return Vec::new();
        }
        let call = call();
        let report = Report::Routes(Rc::clone(routes), call.socket().clone(), None);
        run_all(handlers, &call, || Origin::Socket(socket.id, socket.namespace.clone()), &report)
    }
}

pub(crate) fn run_all<C: Call<Outcome = Done> + Clone>(
    handlers: &[Erased<C>],
    call: &C,
    origin: impl Fn() -> Origin,
    report: &Report,
) -> Vec<Task> {
    let mut tasks = Vec::with_capacity(handlers.len());
    for handler in handlers {
        let (handler, call) = (Rc::clone(handler), call.clone());
        tasks.push(reporting(origin(), Box::new(move || handler(call)), report.clone()));
    }
    tasks
}

/// A handler that is not called yet, whatever it is called with: behind it, nothing is made once for each kind.
type Ready = Box<dyn FnOnce() -> LocalBoxFuture<'static, Done>>;

fn reporting(origin: Origin, handler: Ready, report: Report) -> Task {
    Task::new(origin, async move {
        // In here, so that one that panics before it awaits costs only its event.
        if let Err(failure) = handler().await {
            report.fail(failure).await;
        }
    })
}

/// Where a failure goes that no client is told of.
#[derive(Clone)]
pub(crate) enum Report {
    /// To a namespace's error handlers.
    Routes(Rc<Routes>, Socket, Option<Rc<str>>),
    /// To the log.
    Log(WorldHandle),
}

impl Report {
    pub(crate) fn of(world: &WorldHandle) -> Self {
        Self::Log(world.clone())
    }

    pub(crate) async fn fail(self, failure: Failure) {
        match self {
            Self::Routes(routes, socket, event) if !routes.on_error.is_empty() => {
                for handler in &routes.on_error {
                    let failed = Failed { socket: socket.clone(), event: event.clone(), failure: failure.clone() };
                    handler(failed).await;
                }
            }
            Self::Routes(_, socket, event) => {
                let what = event.map_or_else(|| "a handler".to_owned(), |event| format!("the handler of {event:?}"));
                let of = format!("{what} of the socket {} in {}", socket.id(), socket.namespace().as_str());
                log(&socket.world, &of, &failure);
            }
            Self::Log(world) => log(&world, "a handler", &failure),
        }
    }
}

/// A handler that was registered when something was asked for may be gone after a deploy.
fn lost(world: &WorldHandle, what: &str) {
    if let Some(world) = world.upgrade() {
        world.log(format!("{what} is lost: the app has no handler of this name any more"));
    }
}

fn log(world: &WorldHandle, who: &str, failure: &Failure) {
    if let Some(world) = world.upgrade() {
        world.log(format!("{who} failed with {}: {}", failure.code(), failure.message()));
    }
}
