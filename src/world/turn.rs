//! One turn of a world: an input, the handlers that it calls, and what they cause.

use core::cell::RefMut;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

use futures::channel::oneshot;
use futures::future::LocalBoxFuture;

use super::culprit;
use super::held_events::HeldEvents;
use super::notify::Notify;
use super::panic_text::panicked;
use super::queued_requests::QueuedRequests;
use super::store::Store;
use super::tasks::{Finished, Tasks};
use super::world_state::WorldState;
use crate::admin::{self, Operation};
use crate::core::account::{AccountId, Payer, Waiting};
use crate::core::debts::Debts;
use crate::core::dispatch::Dispatch;
use crate::core::effect::Effects;
use crate::core::input::{Command, Input};
use crate::core::link::Readings;
use crate::core::meter::{Code, Count};
use crate::core::server::Server;
use crate::dispatch::{Task, start};
use crate::error::{ConnectError, Failure};
use crate::handles::{HttpRequest, HttpResponse, Io, WorldApi, WorldHandle};
use crate::id::{Entropy, Sid, SocketId};
use crate::limits::{MAX_CLIENT_HANDLERS, MAX_CLIENT_WAITING_BYTES, MAX_PENDING_HANDLERS, MAX_WAITING_BYTES};
use crate::log::Record;
use crate::routing::App;
use crate::time::Timestamp;

/// How often waiting handlers are polled in one turn: a handler that can always make progress must not keep the object from its
/// other events.
const MAX_ROUNDS: usize = 64;

/// A world with its handlers, for the shell and tests to drive.
#[derive(Debug)]
pub(crate) struct World {
    pub(super) state: Rc<WorldState>,
    pub(crate) handle: WorldHandle,
    tasks: Tasks,
    held: HeldEvents,
    requests: QueuedRequests,
    notify: Arc<Notify>,
    /// Whether the isolate has no memory for more handlers that wait.
    is_full: bool,
    /// Whether the turn goes on with what an earlier one has left: see [`culprit`].
    is_late: bool,
    /// The tasks of one dispatch. Empty between dispatches, and kept to reuse its memory.
    starting: Vec<Task>,
    /// What the handler was called for in which the core panicked, and the text of the panic.
    panicked: Option<Box<Record>>,
}

impl World {
    /// Returns a world that `app` serves and whose storage is `store`. `notify` is woken when [`handle`](Self::handle) must be
    /// called although no input came. `fx` has the effects so far.
    pub(crate) fn new(server: Server, app: App, store: Rc<dyn Store>, notify: Arc<Notify>, fx: Effects) -> Self {
        let state = Rc::new(WorldState::new(server, app, store, Arc::clone(&notify), fx));
        Self {
            handle: WorldHandle::new(&state),
            tasks: Tasks::new(Arc::clone(&notify), state.payer()),
            state,
            held: HeldEvents::new(),
            requests: QueuedRequests::default(),
            notify,
            is_full: false,
            is_late: false,
            starting: Vec::new(),
            panicked: None,
        }
    }

    /// Returns the core. The caller must drop it before an input is handled.
    pub(crate) fn server(&mut self) -> RefMut<'_, Server> {
        self.state.server()
    }

    /// Returns the effects. The caller must drop them before an input is handled.
    pub(crate) fn effects(&self) -> RefMut<'_, Effects> {
        self.state.effects()
    }

    /// Returns the core and the effects. The caller must drop both before an input is handled.
    pub(crate) fn core(&mut self) -> (RefMut<'_, Server>, RefMut<'_, Effects>) {
        (self.state.server(), self.state.effects())
    }

    /// Returns whether as much was done in the turn as one may do.
    pub(crate) fn is_spent(&self) -> bool {
        self.state.is_spent()
    }

    /// Returns whether there are calls of handlers.
    pub(crate) fn has_dispatches(&self) -> bool {
        self.state.effects().has_dispatches()
    }

    /// Begins attempts at what is due: see [`Server::begin_due`].
    pub(crate) fn begin_due(&self, now: Timestamp) -> bool {
        self.state.server().begin_due(now, &mut self.state.effects())
    }

    /// Returns what each session owes; `unsent` is the cost of the unsent frames of each WebSocket, by its number, and `unread` are the
    /// bytes of the responses that clients have not read.
    pub(crate) fn measure(&self, unsent: &[u32], unread: &[(Sid, usize)]) -> Debts {
        let mut debts = self.state.server().measure(unsent, unread);
        debts.unowned = debts.unowned.saturating_add(self.waiting_bytes());
        debts
    }

    /// Sets whether nothing may be added to what sessions owe: the isolate has no memory for it.
    pub(crate) fn set_full(&mut self, is_full: bool) {
        if self.is_full != is_full {
            self.is_full = is_full;
            self.state.server().set_full(is_full);
        }
    }

    /// Returns whether acknowledgements have come that wait for the end of the turn.
    pub(crate) fn has_late_acks(&self) -> bool {
        self.state.late_acks().have_come()
    }

    /// Sets what the runtime knows of the WebSockets now, for calls of the admin HTTP API.
    pub(crate) fn set_readings(&self, readings: Readings) {
        self.state.late_acks().set_readings(readings);
    }

    /// Passes on the acknowledgements that have waited for the end of the turn.
    pub(crate) fn pass_late_acks(&self) {
        let come = self.state.late_acks().take();
        for (pending, acks) in come {
            self.state.pass_acks(pending, acks);
        }
    }

    /// Notes what the world has at `now`, for its counters.
    pub(crate) fn gauge(&self, now: Timestamp) {
        self.state.effects().meter().set_gauges(now, self.state.server().gauges());
    }

    /// Returns the app that serves the world.
    pub(crate) fn app(&self) -> &Rc<App> {
        self.state.app()
    }

    /// Returns what the handler was called for in which the core panicked, with the text of the panic.
    pub(crate) fn take_panicked(&mut self) -> Option<Box<Record>> {
        self.panicked.take()
    }

    /// Returns how many handlers wait, and how many events are held behind them.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.tasks.waiting_count(), self.held.count())
    }

    /// Handles an input and calls the handlers for it; appends to the [`effects`](Self::effects). `entropy` returns random bytes for
    /// ids. While [`Server::has_more`], perform the effects and continue with [`Input::Continue`].
    ///
    /// Unless it `calls_handlers`, those that the input requests are never called.
    ///
    /// A handler that panics costs its event: the client gets an error if it asked for an acknowledgement, and a line is logged.
    pub(crate) fn handle(
        &mut self,
        now: Timestamp,
        input: Input,
        calls_handlers: bool,
        entropy: &mut dyn FnMut() -> Entropy,
    ) {
        self.is_late = matches!(input, Input::Continue) || self.state.effects().has_dispatches();
        self.state.begin_turn(now);
        // Also if not, because a turn that panicked may have left one.
        culprit::clear();
        if self.is_late {
            self.note_next();
        }
        self.state.handle(input, entropy);
        while !calls_handlers && self.state.next_dispatch().is_some() {}
        for request in self.requests.take() {
            self.start(request);
        }
        self.run();
        culprit::clear();
        self.state.end_turn();
    }

    /// Notes whose packet is handled next.
    fn note_next(&self) {
        let server = self.state.server();
        if let Some(session) = server.next_in_inbox() {
            culprit::note(server.conn_of_session(session));
        }
    }

    /// Adds a request to one of the app's routes; the next [`handle`](Self::handle) starts its handler. Returns the receiver of
    /// the response; the sender is dropped if the handler panics.
    pub(crate) fn handle_http(&mut self, request: HttpRequest) -> oneshot::Receiver<HttpResponse> {
        self.answer(|app, world| app.respond(world, request))
    }

    /// Adds a request to the admin HTTP API, as [`handle_http`](Self::handle_http) does.
    pub(crate) fn handle_admin(
        &mut self,
        operation: Operation,
        request: HttpRequest,
    ) -> oneshot::Receiver<HttpResponse> {
        self.answer(|_, world| admin::answer(Io::main(world.clone()), operation, request))
    }

    fn answer(
        &mut self,
        respond: impl FnOnce(&App, &WorldHandle) -> LocalBoxFuture<'static, HttpResponse>,
    ) -> oneshot::Receiver<HttpResponse> {
        if self.is_busy() {
            return self.respond(HttpResponse::busy());
        }
        let response = respond(self.state.app(), &self.handle);
        self.requests.push(self.handle.clone(), response)
    }

    /// Adds a request whose response is known; the next [`handle`](Self::handle) answers it.
    pub(crate) fn respond(&mut self, response: HttpResponse) -> oneshot::Receiver<HttpResponse> {
        self.requests.push(self.handle.clone(), Box::pin(core::future::ready(response)))
    }

    /// Calls handlers until none is left that can make progress.
    fn run(&mut self) {
        for _ in 0..MAX_ROUNDS {
            while !self.state.is_spent() {
                let Some(dispatch) = self.state.next_dispatch() else { break };
                self.state.count_call();
                self.dispatch(dispatch);
            }
            if self.state.is_spent() {
                break;
            }
            if !self.notify.take() {
                return;
            }
            culprit::clear();
            while let Some(ended) = self.tasks.next_finished() {
                self.handle_finished(ended);
            }
        }
        self.go_on_later();
    }

    /// Makes sure that [`handle`](Self::handle) is called again, after the other events of the runtime that are due.
    pub(crate) fn go_on_later(&self) {
        self.notify.wake_by_ref();
    }

    fn dispatch(&mut self, dispatch: Dispatch) {
        match dispatch {
            Dispatch::AcksCollected { pending, acks } => self.state.complete_acks(pending, acks),
            Dispatch::Connect { ref socket } if !self.state.has_socket(socket.id) => {}
            Dispatch::Connect { socket } if self.is_busy() => {
                let error = ConnectError::new("BUSY", "The server is busy");
                self.state.perform(Command::Refuse { socket: socket.id, error });
            }
            Dispatch::Connected { ref socket } if !self.state.announce(socket.id) => {}
            Dispatch::Event { ref socket, .. } if !self.state.is_connected(socket.id) => {}
            Dispatch::Event { ref socket, .. } => {
                let socket = socket.id;
                if self.is_busy() {
                    self.refuse_busy(dispatch);
                } else if self.held.is_full(socket) || self.is_client_busy(socket) {
                    self.state.refuse_event(dispatch);
                } else if self.held.is_held(socket) {
                    self.held.push(socket, dispatch);
                } else {
                    self.start_all(dispatch);
                }
            }
            // Plain Engine.IO has no error message for a client that sends faster than its messages are handled.
            Dispatch::Message { ref conn, .. } if self.is_busy() || self.is_account_busy(conn.account) => {
                self.state.perform(Command::RefuseMessage { sid: conn.sid });
            }
            // These handlers only observe.
            Dispatch::Outgoing { event, .. } if self.is_busy() => {
                self.log_busy("no handler is called for an outgoing event", Some(event));
            }
            Dispatch::Conn { ref event, .. } if !self.state.app().engine_routes().watches(event) => {}
            Dispatch::Conn { ref conn, .. } if self.is_busy() || self.is_account_busy(conn.account) => {
                self.log_busy("no handler is called for an event of a connection", None);
            }
            other => self.start_all(other),
        }
    }

    fn start_all(&mut self, dispatch: Dispatch) {
        let mut tasks = core::mem::take(&mut self.starting);
        start(self.state.app(), &self.handle, dispatch, &mut tasks);
        for task in tasks.drain(..) {
            self.start(task);
        }
        self.starting = tasks;
    }

    fn start(&mut self, task: Task) {
        if let Some(socket) = task.holds {
            self.held.hold(socket);
        }
        let (state, bytes) = (&self.state, task.bytes);
        if self.is_late {
            match task.origin.payer() {
                Some(payer) => culprit::note(state.server().conn_of_payer(payer)),
                None => culprit::clear(),
            }
        }
        if let Some(ended) = self.tasks.start(task, |payer| state.server().begin_waiting(payer, bytes)) {
            self.handle_finished(ended);
        }
    }

    fn handle_finished(&mut self, Finished { origin, holds, bytes, account, result }: Finished) {
        if let Some(account) = account {
            self.state.server().end_waiting(account, bytes);
        }
        let failure = match result {
            Ok(next) => {
                for task in next {
                    self.start(task);
                }
                None
            }
            Err(panic) => {
                self.state.end_handler(true);
                let is_in_core = self.state.is_in_core();
                let (record, failure) = panicked(&*panic, &origin, is_in_core);
                if is_in_core {
                    self.panicked = Some(record);
                    resume_unwind(panic);
                }
                self.state.effects().meter().add(Count::Panics, 1);
                self.state.log(record.code("PANIC"));
                Some(failure)
            }
        };
        origin.handle_end(failure);
        if let Some(socket) = holds {
            // Before newer events, in order; the packet middleware of the first one may hold back the others again.
            self.state.push_dispatches_first(self.held.release(socket));
        }
    }

    /// Returns whether nothing more may wait: too much does already, or the isolate has no memory for it.
    pub(crate) fn is_busy(&self) -> bool {
        self.tasks.waiting_count() >= MAX_PENDING_HANDLERS || self.waiting_bytes() >= MAX_WAITING_BYTES || self.is_full
    }

    const fn waiting_bytes(&self) -> usize {
        self.tasks.waiting_bytes().saturating_add(self.held.bytes())
    }

    /// Returns whether the handlers of a socket's client that wait are as many as they may be, or keep as many bytes.
    fn is_client_busy(&self, socket: SocketId) -> bool {
        if !self.may_be_busy() {
            return false;
        }
        let server = self.state.server();
        let Waiting { handlers, bytes } = server.waiting_of(Payer::Socket(socket));
        let held: usize = server.sockets_of(socket).into_iter().map(|socket| self.held.bytes_of(socket)).sum();
        handlers >= MAX_CLIENT_HANDLERS || bytes.saturating_add(held) >= MAX_CLIENT_WAITING_BYTES
    }

    /// Does the same for the account of a connection.
    fn is_account_busy(&self, account: Option<AccountId>) -> bool {
        let Some(account) = account.filter(|_| self.may_be_busy()) else { return false };
        let Waiting { handlers, bytes } = self.state.server().waiting_of(Payer::Account(account));
        handlers >= MAX_CLIENT_HANDLERS || bytes >= MAX_CLIENT_WAITING_BYTES
    }

    /// Returns false if no client can have too many waiting handlers: nobody has more than all together, who almost always have less.
    fn may_be_busy(&self) -> bool {
        self.tasks.waiting_count() >= MAX_CLIENT_HANDLERS || self.waiting_bytes() >= MAX_CLIENT_WAITING_BYTES
    }

    fn log_busy(&self, what: &str, event: Option<Rc<str>>) {
        self.state.log(Record::error(format_args!("{what}: too many wait")).event(event).code("BUSY"));
    }

    fn refuse_busy(&self, dispatch: Dispatch) {
        let Dispatch::Event { socket, event, ack, .. } = dispatch else { return };
        self.state.effects().meter().add(Count::Refused(Code::Busy), 1);
        let failure = Failure::new("BUSY", "Too many events wait to be handled");
        let record = Record::warn(format_args!("an event is refused: too many wait to be handled"));
        self.state.log(record.of(&socket.namespace, Some(socket.id)).event(Some(event)).code("BUSY"));
        if let Some(id) = ack {
            self.state.perform(Command::Ack { socket: socket.id, id, args: failure.to_args(None) });
        }
    }
}
