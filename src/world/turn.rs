//! One turn of a world: an input, the handlers that it calls, and what they cause.

use core::cell::{Cell, RefCell, RefMut};
use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

use futures::channel::oneshot;
use futures::future::LocalBoxFuture;
use litemap::LiteMap;

use super::tasks::{Finished, Notify, Tasks};
use crate::admin;
use crate::admin::Operation;
use crate::core::acks::CollectedAcks;
use crate::core::dispatch::{Dispatch, SocketRef};
use crate::core::effect::{Effect, Effects};
use crate::core::input::{Command, Input, Recipients};
use crate::core::server::Server;
use crate::core::view::SocketView;
use crate::dispatch::Task;
use crate::error::ConnectError;
use crate::error::Failure;
use crate::handles::{HttpRequest, HttpResponse, Io, WorldApi, WorldHandle};
use crate::id::{Entropy, Namespace, PendingAckId, Room, SocketId};
use crate::limits::{MAX_DISPATCHES, MAX_PENDING_HANDLERS, MAX_QUEUED_EVENTS, MAX_WAITING_BYTES};
use crate::object::Store;
use crate::routing::App;
use crate::time::Timestamp;

/// How often, in one turn, handlers that wait are asked whether they can go on: one that always can must not keep the object
/// from its other events.
const MAX_ROUNDS: usize = 64;

/// A world with its handlers; what the shell and the tests drive.
#[derive(Debug)]
pub struct World {
    inner: Rc<Inner>,
    handle: WorldHandle,
    tasks: Tasks,
    /// Sockets whose packet middleware is waiting, and the events that wait behind it.
    held: LiteMap<SocketId, VecDeque<Dispatch>>,
    /// The arguments of those events, in bytes.
    held_bytes: usize,
    /// Requests from outside that the next turn begins with.
    requests: Vec<Task>,
    /// Empty, for its memory: what is called for one dispatch.
    starting: Vec<Task>,
}

/// What handlers reach: nothing of it is borrowed while one runs.
struct Inner {
    server: RefCell<Server>,
    fx: RefCell<Effects>,
    app: Rc<App>,
    store: Rc<dyn Store>,
    notify: Arc<Notify>,
    now: Cell<Timestamp>,
    pending_acks: RefCell<LiteMap<PendingAckId, oneshot::Sender<CollectedAcks>>>,
    next_pending_ack: Cell<u64>,
    /// Whether the core runs: a panic is its own then, and no handler's.
    in_core: Cell<bool>,
    /// Whether a turn is under way, which will perform what is done.
    in_turn: Cell<bool>,
}

impl World {
    /// A world that `app` serves. What it keeps is in `store`; `notify` is told when [`handle`](Self::handle) is to be
    /// called without anything else having happened.
    pub fn new(mut server: Server, app: App, store: Rc<dyn Store>, notify: Arc<Notify>) -> Self {
        server.watch_outgoing(app.watches_outgoing());
        let (received, created) = app.engine_routes().watches_packets();
        server.watch_packets(received, created);
        let inner = Rc::new(Inner {
            server: RefCell::new(server),
            fx: RefCell::new(Effects::new()),
            app: Rc::new(app),
            store,
            notify: Arc::clone(&notify),
            now: Cell::new(Timestamp::default()),
            pending_acks: RefCell::new(LiteMap::new()),
            next_pending_ack: Cell::new(0),
            in_core: Cell::new(false),
            in_turn: Cell::new(false),
        });
        let handle = WorldHandle::new(&inner);
        let (tasks, held) = (Tasks::new(notify), LiteMap::new());
        Self { inner, handle, tasks, held, held_bytes: 0, requests: Vec::new(), starting: Vec::new() }
    }

    /// What the world knows. Not to be held while anything is handled.
    pub fn server(&mut self) -> RefMut<'_, Server> {
        self.inner.server.borrow_mut()
    }

    /// The app that serves the world.
    pub fn app(&self) -> &Rc<App> {
        &self.inner.app
    }

    /// Handles an input and calls the handlers for it; the effects are appended to `fx`. `entropy` makes ids. While
    /// [`Server::has_more`], perform them and go on with [`Input::Continue`].
    ///
    /// A panic in a handler costs the event that it was called for: the client is told if it asked for an answer, and a line
    /// is logged.
    pub fn handle(&mut self, now: Timestamp, input: Input, entropy: &mut dyn FnMut() -> Entropy, fx: &mut Effects) {
        core::mem::swap(&mut *self.inner.fx.borrow_mut(), fx);
        self.inner.now.set(now);
        self.inner.in_turn.set(true);
        self.inner.handle(input);
        for request in core::mem::take(&mut self.requests) {
            self.start(request);
        }
        self.run(entropy);
        self.inner.in_turn.set(false);
        core::mem::swap(&mut *self.inner.fx.borrow_mut(), fx);
    }

    /// A request to one of the app's routes; [`handle`](Self::handle) is to be called next. The answer comes when the handler
    /// gives it; a sender that is gone means that it panicked.
    pub fn handle_http(&mut self, request: HttpRequest) -> oneshot::Receiver<HttpResponse> {
        self.answer(|app, world| app.respond(world, request))
    }

    /// A call at the admin door; as [`handle_http`](Self::handle_http).
    pub fn handle_admin(&mut self, operation: Operation, request: HttpRequest) -> oneshot::Receiver<HttpResponse> {
        self.answer(|_, world| Box::pin(admin::answer(Io::main(world.clone()), operation, request)))
    }

    fn answer(
        &mut self,
        respond: impl FnOnce(&App, &WorldHandle) -> LocalBoxFuture<'static, HttpResponse>,
    ) -> oneshot::Receiver<HttpResponse> {
        let (sender, receiver) = oneshot::channel();
        let response = if self.is_busy() {
            let failure = Failure::new("BUSY", "Too many requests wait to be answered");
            Box::pin(core::future::ready(HttpResponse::error(503, &failure)))
        } else {
            respond(&self.inner.app, &self.handle)
        };
        // Not polled before the turn has begun: until then, the time is that of the last one.
        self.requests.push(Task::answering(self.handle.clone(), response, sender));
        receiver
    }

    /// Calls handlers until nothing is left that can go on.
    fn run(&mut self, entropy: &mut dyn FnMut() -> Entropy) {
        let mut dispatches = 0;
        for _ in 0..MAX_ROUNDS {
            while dispatches < MAX_DISPATCHES {
                let next = self.inner.fx.borrow_mut().next_dispatch();
                let Some(dispatch) = next else { break };
                self.dispatch(dispatch, entropy);
                dispatches += 1;
            }
            if dispatches >= MAX_DISPATCHES {
                break;
            }
            if !self.inner.notify.take() {
                return;
            }
            while let Some(ended) = self.tasks.next_finished() {
                self.end(ended);
            }
        }
        self.inner.notify.wake_by_ref();
    }

    fn dispatch(&mut self, dispatch: Dispatch, entropy: &mut dyn FnMut() -> Entropy) {
        match dispatch {
            Dispatch::AcksCollected { pending, acks } => {
                let sender = self.inner.pending_acks.borrow_mut().remove(&pending);
                // A handler that does not wait any more needs no acknowledgement.
                let _ = sender.map(|sender| sender.send(acks));
            }
            Dispatch::Connect { session, ref namespace, ref auth } => {
                let socket = SocketId::from_entropy(entropy());
                let (namespace, auth) = (namespace.clone(), auth.clone());
                self.inner.perform(Command::Prepare { session, namespace, socket, auth });
                if self.is_busy() {
                    let error = ConnectError { message: "The server is busy".to_owned(), data: None };
                    self.inner.perform(Command::Refuse { socket, error });
                } else if self.inner.server.borrow().socket(socket).is_some() {
                    self.start_all(dispatch, Some(socket));
                }
            }
            Dispatch::Connected { ref socket } if !self.is_connected(socket.id) => {}
            Dispatch::Event { ref socket, .. } if !self.is_connected(socket.id) => {}
            Dispatch::Event { ref socket, ref args, .. } => {
                let (is_busy, bytes) = (self.is_busy(), args.len_bytes());
                match self.held.get_mut(&socket.id) {
                    Some(queue) if queue.len() < MAX_QUEUED_EVENTS && !is_busy => {
                        self.held_bytes = self.held_bytes.saturating_add(bytes);
                        queue.push_back(dispatch);
                    }
                    None if !is_busy => self.start_all(dispatch, None),
                    _ => self.refuse_busy(dispatch),
                }
            }
            // A client that speaks faster than its messages are handled has no other way to be told.
            Dispatch::Message { sid, .. } if self.is_busy() => {
                self.inner.log("a session of plain Engine.IO is closed: too many of its messages wait".to_owned());
                self.inner.perform(Command::Close { sid });
            }
            // Those who only look on can do without.
            Dispatch::Outgoing { event, .. } if self.is_busy() => {
                self.inner.log(format!("no handler is called for the outgoing event {event:?}: too many wait"));
            }
            Dispatch::Conn { ref event, .. } if self.is_busy() && self.inner.app.engine_routes().watches(event) => {
                self.inner.log("no handler is called for an event of a connection: too many wait".to_owned());
            }
            other => self.start_all(other, None),
        }
    }

    fn start_all(&mut self, dispatch: Dispatch, prepared: Option<SocketId>) {
        let mut tasks = core::mem::take(&mut self.starting);
        self.inner.app.start(&self.handle, dispatch, prepared, &mut tasks);
        for task in tasks.drain(..) {
            self.start(task);
        }
        self.starting = tasks;
    }

    fn start(&mut self, task: Task) {
        if let Some(socket) = task.holds {
            self.held.insert(socket, VecDeque::new());
        }
        if let Some(ended) = self.tasks.start(task) {
            self.end(ended);
        }
    }

    fn end(&mut self, Finished { origin, holds, result, .. }: Finished) {
        match result {
            Ok(next) => next.into_iter().for_each(|task| self.start(task)),
            Err(panic) if self.inner.in_core.get() => resume_unwind(panic),
            Err(_) => {
                self.inner.log(format!("a handler of {origin} panicked; the event is lost, the world goes on"));
                origin.handle_panic();
            }
        }
        if let Some(socket) = holds {
            let waiting = self.held.remove(&socket).unwrap_or_default();
            let bytes = waiting.iter().map(|dispatch| match dispatch {
                Dispatch::Event { args, .. } => args.len_bytes(),
                _ => 0,
            });
            self.held_bytes = self.held_bytes.saturating_sub(bytes.sum());
            // The first of them may hold the others up again; they are dispatched in order, before anything newer.
            self.inner.fx.borrow_mut().push_dispatches_first(waiting);
        }
    }

    fn is_connected(&self, socket: SocketId) -> bool {
        self.inner.server.borrow().is_connected(socket)
    }

    fn is_busy(&self) -> bool {
        self.tasks.waiting_count() >= MAX_PENDING_HANDLERS
            || self.tasks.waiting_bytes().saturating_add(self.held_bytes) >= MAX_WAITING_BYTES
    }

    fn refuse_busy(&self, dispatch: Dispatch) {
        let Dispatch::Event { socket, event, ack, .. } = dispatch else { return };
        let failure = Failure::new("BUSY", "Too many events wait to be handled");
        self.inner.log(format!("the event {event:?} of the socket {} is refused: {failure}", socket.id));
        if let Some(id) = ack {
            self.inner.perform(Command::Ack { socket: socket.id, id, args: failure.to_args() });
        }
    }
}

impl Inner {
    fn handle(&self, input: Input) {
        // Something that a handler holds may be dropped while the core runs, and would only tell it that it is gone.
        let Ok(mut server) = self.server.try_borrow_mut() else { return };
        self.in_core.set(true);
        server.handle(self.now.get(), input, &mut self.fx.borrow_mut());
        self.in_core.set(false);
    }
}

impl Inner {
    fn push(&self, effect: Effect) {
        self.fx.borrow_mut().push(effect);
        if !self.in_turn.get() {
            self.notify.wake_by_ref();
        }
    }
}

impl WorldApi for Inner {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn perform(&self, command: Command) {
        if let Command::CancelAck(pending) = command {
            self.pending_acks.borrow_mut().remove(&pending);
        }
        self.handle(Input::Command(command));
        if !self.in_turn.get() {
            self.notify.wake_by_ref();
        }
    }

    fn await_acks(&self) -> (PendingAckId, oneshot::Receiver<CollectedAcks>) {
        let pending = PendingAckId(self.next_pending_ack.get());
        self.next_pending_ack.set(pending.0.wrapping_add(1));
        let (sender, receiver) = oneshot::channel();
        self.pending_acks.borrow_mut().insert(pending, sender);
        (pending, receiver)
    }

    fn with_socket(&self, socket: SocketId, look: &mut dyn FnMut(&SocketView<'_>)) {
        if let Some(view) = self.server.borrow().socket_view(socket) {
            look(&view);
        }
    }

    fn resolve(&self, to: &Recipients) -> Vec<SocketRef> {
        self.server.borrow_mut().resolve(to)
    }

    fn without_room_for(&self, to: &Recipients, rooms: &[Room]) -> Vec<SocketId> {
        self.server.borrow_mut().without_room_for(to, rooms)
    }

    fn namespaces(&self) -> Vec<Namespace> {
        self.server.borrow().namespaces()
    }

    fn children(&self, template: &str) -> Vec<Namespace> {
        let mut names = self.namespaces();
        names.retain(|name| self.app.is_child(name, template));
        names
    }

    fn namespace_param(&self, namespace: &Namespace, name: &str) -> Option<String> {
        self.app.param(namespace, name)
    }

    fn lacks_ack_handler(&self, namespace: &Namespace, predicate: Option<u32>, name: &str) -> bool {
        self.app.lacks_ack_handler(namespace, predicate, name)
    }

    fn has_alarm_handler(&self, name: &str) -> bool {
        self.app.alarm_handler(name).is_some()
    }

    fn clients_count(&self) -> usize {
        self.server.borrow().clients_count()
    }

    fn alarm(&self, name: &str) -> Option<(Timestamp, Rc<str>)> {
        self.server.borrow().alarm(name)
    }

    fn alarms_with(&self, name: &str, context: &str) -> (usize, usize) {
        self.server.borrow().alarms_with(name, context)
    }

    fn read(&self, key: &str) -> Result<Option<String>, String> {
        self.store.read(&format!("{USER_KEY}{key}"))
    }

    fn write(&self, key: &str, value: Option<&str>) -> Result<(), String> {
        self.store.write(&format!("{USER_KEY}{key}"), value)
    }

    fn keys(&self, prefix: &str) -> Result<Vec<String>, String> {
        let keys = self.store.keys(&format!("{USER_KEY}{prefix}"))?;
        Ok(keys.iter().filter_map(|key| key.strip_prefix(USER_KEY)).map(str::to_owned).collect())
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.store.variable(name)
    }

    fn note(&self, line: String) {
        self.push(Effect::Note(line));
    }

    fn log(&self, line: String) {
        self.push(Effect::Log(line));
    }
}

/// What the app's keys begin with, so that none is the shell's own.
const USER_KEY: &str = "app:";

impl core::fmt::Debug for Inner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Inner").field("app", &self.app).field("now", &self.now).finish_non_exhaustive()
    }
}
