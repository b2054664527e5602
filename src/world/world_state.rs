//! The part of a world that its handlers can reach.

use core::cell::{Cell, RefCell, RefMut};
use core::fmt;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Wake;

use futures::channel::oneshot;

use super::ack_waiters::AckWaiters;
use super::late_acks::LateAcks;
use super::notify::Notify;
use super::store::Store;
use super::tasks::PayerCell;
use super::undo_log::UndoLog;
use crate::core::account::Payer;
use crate::core::acks::CollectedAcks;
use crate::core::dispatch::{Dispatch, SocketRef};
use crate::core::effect::{Effect, Effects};
use crate::core::input::{Command, Emission, Input, Recipients};
use crate::core::link::Link;
use crate::core::meter::Awake;
use crate::core::named_alarms::NamedAlarm;
use crate::core::server::Server;
use crate::core::view::SocketView;
use crate::error::JoinError;
use crate::handles::{Owner, SESSIONS_ALARM, WorldApi};
use crate::id::{Entropy, Namespace, PendingAckId, Room, SocketId};
use crate::limits::RETRY_WHEN_WAITING;
use crate::log::{Level, Record};
use crate::outside::Outside;
use crate::routing::App;
use crate::time::Timestamp;

/// The part of a world that its handlers can reach. None of it is borrowed while a handler runs.
pub(crate) struct WorldState {
    pub(super) server: RefCell<Server>,
    pub(super) fx: RefCell<Effects>,
    app: Rc<App>,
    pub(super) store: Rc<dyn Store>,
    notify: Arc<Notify>,
    now: Cell<Timestamp>,
    ack_waiters: RefCell<AckWaiters>,
    late_acks: RefCell<LateAcks>,
    pub(super) undo_log: RefCell<UndoLog>,
    /// Whether a handler runs that has not waited. Most write nothing, so that the log is touched only by those that do.
    pub(super) in_handler: Cell<bool>,
    /// Whether the core runs: a panic is then a panic of the core, not of a handler.
    in_core: Cell<bool>,
    /// Whether a turn is under way: its effects are performed at its end.
    in_turn: Cell<bool>,
    /// The client because of which the handler was called that runs: it is charged.
    pub(super) payer: PayerCell,
    log_level: Option<Level>,
    #[cfg(feature = "sql")]
    pub(super) migration: super::migrate::MigrationState,
}

impl WorldState {
    /// Returns the state of a world that `app` serves.
    pub(crate) fn new(mut server: Server, app: App, store: Rc<dyn Store>, notify: Arc<Notify>, fx: Effects) -> Self {
        server.watch_outgoing(app.watches_outgoing());
        let (received, created) = app.engine_routes().watches_packets();
        server.watch_packets(received, created);
        Self {
            log_level: server.log_level(),
            server: RefCell::new(server),
            fx: RefCell::new(fx),
            app: Rc::new(app),
            store,
            notify,
            now: Cell::new(Timestamp::default()),
            ack_waiters: RefCell::default(),
            late_acks: RefCell::default(),
            undo_log: RefCell::default(),
            in_handler: Cell::new(false),
            in_core: Cell::new(false),
            in_turn: Cell::new(false),
            payer: PayerCell::default(),
            #[cfg(feature = "sql")]
            migration: super::migrate::MigrationState::default(),
        }
    }

    /// Begins a turn. If handles were used since the last one, its effects are appended to theirs.
    pub(crate) fn begin_turn(&self, now: Timestamp) {
        self.now.set(now);
        self.in_turn.set(true);
    }

    /// Ends a turn, whose effects must be performed.
    pub(crate) fn end_turn(&self) {
        self.in_turn.set(false);
        self.payer.set(None);
    }

    /// Returns the effects.
    pub(crate) fn effects(&self) -> RefMut<'_, Effects> {
        self.fx.borrow_mut()
    }

    /// Lets the core handle an input.
    pub(crate) fn handle(&self, input: Input, entropy: &mut dyn FnMut() -> Entropy) {
        self.run_core(|server, now, fx| server.handle(now, input, entropy, fx));
    }

    pub(super) fn run_core(&self, call: impl FnOnce(&mut Server, Timestamp, &mut Effects)) {
        // A value that a handler held, such as `AwaitedAcks`, may be dropped while the core runs. Its command can be ignored,
        // because it could only cancel what is over.
        let Ok(mut server) = self.server.try_borrow_mut() else { return };
        self.in_core.set(true);
        call(&mut server, self.now.get(), &mut self.fx.borrow_mut());
        self.in_core.set(false);
    }

    /// Whether the core runs or has panicked.
    pub(crate) const fn is_in_core(&self) -> bool {
        self.in_core.get()
    }

    /// Returns the cell that has the client because of which the running handler was called.
    pub(crate) fn payer(&self) -> PayerCell {
        Rc::clone(&self.payer)
    }

    /// Adds the call of a handler to the work of the turn.
    pub(crate) fn count_call(&self) {
        self.fx.borrow_mut().add_work(1);
    }

    /// Returns whether as much was done in the turn as one may do.
    pub(crate) fn is_spent(&self) -> bool {
        self.fx.borrow().is_spent()
    }

    /// Refuses an event of a socket whose client has too many waiting handlers.
    pub(crate) fn refuse_event(&self, dispatch: Dispatch) {
        let Dispatch::Event { socket, event, ack, .. } = dispatch else { return };
        self.run_core(|server, now, fx| server.refuse_event(now, socket.id, (&event, ack), RETRY_WHEN_WAITING, fx));
    }

    /// Removes the next dispatch and returns it.
    pub(crate) fn next_dispatch(&self) -> Option<Dispatch> {
        // A dispatch is large: it is not moved once more for nothing.
        #[cfg(not(feature = "sql"))]
        return self.fx.borrow_mut().next_dispatch();
        #[cfg(feature = "sql")]
        self.next_if_migrated()
    }

    /// Inserts dispatches before all others, in order.
    pub(crate) fn push_dispatches_first(&self, dispatches: VecDeque<Dispatch>) {
        self.fx.borrow_mut().push_dispatches_first(dispatches);
    }

    /// Passes acknowledgements to the handler that awaits them.
    pub(crate) fn complete_acks(&self, pending: PendingAckId, acks: CollectedAcks) {
        let Some(acks) = self.late_acks.borrow_mut().hold(pending, acks) else { return };
        self.pass_acks(pending, acks);
    }

    /// Passes acknowledgements to the handler that awaits them, also those that come at the end of their turn.
    pub(crate) fn pass_acks(&self, pending: PendingAckId, acks: CollectedAcks) {
        let sender = self.ack_waiters.borrow_mut().remove(pending);
        // The handler may be gone.
        let _ = sender.map(|sender| sender.send(acks));
    }

    /// Returns the acknowledgements that come at the end of their turn.
    pub(crate) fn late_acks(&self) -> RefMut<'_, LateAcks> {
        self.late_acks.borrow_mut()
    }

    /// Returns the core.
    pub(crate) fn server(&self) -> RefMut<'_, Server> {
        self.server.borrow_mut()
    }

    /// Whether a socket is in its namespace or joins it.
    pub(crate) fn has_socket(&self, socket: SocketId) -> bool {
        self.server.borrow().socket(socket).is_some()
    }

    /// Whether a socket is in its namespace.
    pub(crate) fn is_connected(&self, socket: SocketId) -> bool {
        self.server.borrow().is_connected(socket)
    }

    /// Notes that the `on_connect` handlers of a socket are called now; returns `false` if it has left, and they must not be.
    pub(crate) fn announce(&self, socket: SocketId) -> bool {
        self.server.borrow_mut().announce(socket)
    }

    /// Returns the app that serves the world.
    pub(crate) const fn app(&self) -> &Rc<App> {
        &self.app
    }

    fn push(&self, effect: Effect) {
        self.fx.borrow_mut().push(effect);
        self.wake_outside_turn();
    }

    fn wake_outside_turn(&self) {
        if !self.in_turn.get() {
            self.notify.wake_by_ref();
        }
    }
}

impl WorldApi for WorldState {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn perform(&self, command: Command) {
        if let Command::CancelAck(pending) = command {
            self.ack_waiters.borrow_mut().remove(pending);
            self.late_acks.borrow_mut().cancel(pending);
        }
        // A handler that disconnects its own socket goes on at the cost of the same client.
        if let (Command::Disconnect { .. }, Some(payer)) = (&command, self.payer.get()) {
            self.payer.set(self.server().account_of(payer).map(Payer::Account));
        }
        let payer = self.payer.get();
        self.run_core(|server, now, fx| server.perform(now, payer, command, fx));
        self.wake_outside_turn();
    }

    fn emit(&self, emission: Emission<'_>) -> Result<(), usize> {
        let (payer, mut sent) = (self.payer.get(), Ok(()));
        self.run_core(|server, now, fx| sent = server.emit(now, payer, emission, fx));
        self.wake_outside_turn();
        sent
    }

    fn await_acks(&self) -> (PendingAckId, oneshot::Receiver<CollectedAcks>) {
        self.ack_waiters.borrow_mut().add()
    }

    fn with_socket(&self, socket: SocketId, look: &mut dyn FnMut(&SocketView<'_>)) {
        if let Some(view) = self.server.borrow().socket_view(socket) {
            look(&view);
        }
    }

    fn resolve(&self, to: &Recipients) -> Vec<SocketRef> {
        self.server.borrow_mut().resolve(to)
    }

    fn check_join(&self, to: &Recipients, rooms: &[Room]) -> Result<(), JoinError> {
        self.server.borrow_mut().check_join(to, rooms)
    }

    fn can_store_data(&self, socket: SocketId, bytes: usize) -> bool {
        self.server.borrow().can_store_data(socket, bytes)
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

    fn link(&self, socket: SocketId) -> Option<Link> {
        self.server.borrow().link(socket, self.late_acks.borrow().readings())
    }

    fn end_turn_first(&self, pending: PendingAckId, is_asked: bool) {
        self.late_acks.borrow_mut().add(pending, is_asked);
    }

    fn awake(&self) -> Awake {
        self.fx.borrow().meter().awake()
    }

    fn clients_count(&self) -> usize {
        self.server.borrow().clients_count()
    }

    fn alarm(&self, name: &str) -> Option<(Timestamp, Rc<str>)> {
        self.server.borrow().alarm(name)
    }

    fn alarms_with(&self, name: &str) -> usize {
        self.server.borrow().alarms_with(name)
    }

    fn set_alarm(&self, name: &str, alarm: Option<(Timestamp, Rc<str>)>) -> Result<(), String> {
        if alarm.is_none() && self.alarm(name).is_none() {
            return Ok(());
        }
        let alarm = alarm.map(|alarm| NamedAlarm::new(name, &alarm));
        // Also the alarm whose handler runs, and sets it again.
        let is_there = self.server.borrow().stored_alarm(name).is_some();
        // The object's own alarm may move, which is billed as another row.
        self.charge_row();
        let (key, text) = (NamedAlarm::key(name), alarm.as_ref().map(NamedAlarm::to_json));
        if name == SESSIONS_ALARM {
            self.write_own_row(&key, text.as_deref())?;
        } else {
            self.write_row(key, text.as_deref(), is_there)?;
        }
        self.perform(Command::SetAlarm { name: name.into(), alarm });
        Ok(())
    }

    fn read(&self, owner: Owner, key: &str) -> Result<Option<String>, String> {
        self.store.read(&[owner.key_prefix(), key].concat())
    }

    fn write(&self, owner: Owner, key: &str, value: Option<&str>) -> Result<(), String> {
        let key = [owner.key_prefix(), key].concat();
        if owner == Owner::App { self.write_row(key, value, true) } else { self.write_own_row(&key, value) }
    }

    fn keys(&self, owner: Owner, prefix: &str) -> Result<Vec<String>, String> {
        let keys = self.store.keys(&[owner.key_prefix(), prefix].concat())?;
        Ok(keys.iter().filter_map(|key| key.strip_prefix(owner.key_prefix())).map(str::to_owned).collect())
    }

    fn begin_handler(&self) {
        self.in_handler.set(true);
    }

    fn end_handler(&self, has_failed: bool) {
        self.end_log(has_failed);
    }

    fn transaction(&self, body: &mut dyn FnMut() -> bool) -> Result<(), String> {
        self.transact(body)
    }

    #[cfg(feature = "sql")]
    fn charge_rows(&self, rows: u32) {
        self.charge(rows);
    }

    #[cfg(feature = "sql")]
    fn migrate_anew(&self) -> Result<(), String> {
        Self::migrate_anew(self)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.store.variable(name)
    }

    fn outside(&self) -> Outside {
        Outside { states: self.app.states(), links: self.app.links(), ..self.store.outside() }
    }

    fn logs(&self, level: Level) -> bool {
        self.log_level >= Some(level)
    }

    fn note(&self, record: Box<Record>) {
        self.push(Effect::Note(record));
    }

    fn log(&self, record: Box<Record>) {
        // What is traced is written in any case.
        let is_traced = self.is_traced(record.socket, record.event.as_deref());
        self.push(if is_traced { Effect::Note(record) } else { Effect::Log(record) });
    }

    fn is_traced(&self, socket: Option<SocketId>, event: Option<&str>) -> bool {
        // Not while the core runs, which has traced what it does.
        self.server.try_borrow().is_ok_and(|server| server.is_traced(socket, event))
    }

    fn each_trace(&self, describe: &mut dyn FnMut(&str, Timestamp)) {
        self.server.borrow().each_trace(describe);
    }
}

impl fmt::Debug for WorldState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorldState").field("app", &self.app).field("now", &self.now).finish_non_exhaustive()
    }
}
