//! The worlds of a test and its Worker, which call each other.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Waker};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::Wake;

use futures::channel::oneshot;
use futures::future::LocalBoxFuture;

use super::clients::Clients;
use super::host::Host;
use super::virtual_runtime::VirtualPlatform;
use crate::config::Config;
use crate::handles::HttpRequest;
use crate::http::INTERNAL_PREFIX;
use crate::id::WorldName;
use crate::limits::MAX_WORLD_ANSWER_BYTES;
use crate::log::Record;
use crate::outside::{CallError, Deployed, Outgoing, OutgoingCall, Outside, WorldAnswer};
use crate::routing::App;
use crate::time::Timestamp;

/// Most rounds of calls after one event; more mean that handlers call each other without end.
const MANY_ROUNDS: usize = 1_000;

/// The worlds of a test and its Worker.
pub(super) struct Deployment {
    this: Weak<Self>,
    app: Cell<fn() -> App>,
    /// The Worker's instance of the app.
    worker: RefCell<Rc<App>>,
    config: Config,
    variables: Vec<(String, String)>,
    worlds: RefCell<BTreeMap<String, Member>>,
    /// What the Worker reaches.
    outside: Outside,
    /// The Worker's handlers that wait.
    tasks: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
    /// The calls without an answer.
    open: RefCell<Vec<OpenCall>>,
    /// Set when one of them can go on.
    woken: Arc<Woken>,
    is_settling: Cell<bool>,
    now: Cell<Timestamp>,
    /// What the Worker logged.
    pub(super) log: RefCell<Vec<Record>>,
}

/// Whether a handler of the Worker can go on.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A world.
struct Member {
    clients: Rc<RefCell<Clients>>,
    outgoing: Rc<Outgoing>,
}

/// A call of a world that has not answered.
struct OpenCall {
    caller: Option<String>,
    world: String,
    /// The number of the response.
    number: usize,
    due: Timestamp,
    reply: oneshot::Sender<Result<WorldAnswer, CallError>>,
}

impl Deployment {
    /// Returns a deployment without worlds.
    pub(super) fn new(app: fn() -> App, config: Config, variables: Vec<(String, String)>) -> Rc<Self> {
        let worker = Rc::new(app());
        let (outside, now) = (Outside::default(), VirtualPlatform::default().now);
        outside.crossings().advance(now);
        outside.set_variables(&variables);
        Rc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            app: Cell::new(app),
            worker: RefCell::new(worker),
            config,
            variables,
            worlds: RefCell::default(),
            outside,
            tasks: RefCell::default(),
            open: RefCell::default(),
            woken: Arc::default(),
            is_settling: Cell::new(false),
            now: Cell::new(now),
            log: RefCell::default(),
        })
    }

    /// Returns a world, which is made if nobody has called it.
    pub(super) fn world(&self, name: &WorldName) -> Rc<RefCell<Clients>> {
        let mut worlds = self.worlds.borrow_mut();
        let member = worlds.entry(name.as_str().to_owned()).or_insert_with(|| {
            let mut host = Host::new(self.config.clone(), self.app.get());
            host.set_now(self.now.get());
            let outside = host.outside().clone();
            outside.fakes.set(Deployed(self.outside.deployed()));
            outside.fakes.set(Outgoing::of(Some(name.clone())));
            outside.fakes.set(RefCell::new(name.clone()));
            self.variables.iter().for_each(|(name, value)| host.set_variable(name, value));
            let clients = Clients::new(host, name.as_str().to_owned(), Weak::clone(&self.this));
            Member { clients: Rc::new(RefCell::new(clients)), outgoing: outside.fakes.of::<Outgoing>() }
        });
        Rc::clone(&member.clients)
    }

    /// Returns the names of the worlds that somebody has called.
    pub(super) fn names(&self) -> Vec<String> {
        self.worlds.borrow().keys().cloned().collect()
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    pub(super) fn app(&self) -> fn() -> App {
        self.app.get()
    }

    /// Returns the Worker's instance of the app.
    pub(super) fn worker(&self) -> Rc<App> {
        Rc::clone(&self.worker.borrow())
    }

    /// Uses another app in the Worker, and in worlds that are made from now on.
    pub(super) fn redeploy(&self, app: fn() -> App) {
        self.app.set(app);
        *self.worker.borrow_mut() = Rc::new(app());
    }

    /// Returns what the Worker reaches.
    pub(super) fn outside(&self) -> Outside {
        let worker = self.worker.borrow();
        Outside { links: worker.links(), states: worker.states(), ..self.outside.clone() }
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// Runs a handler of the Worker, until it waits for something.
    pub(super) fn run(&self, task: LocalBoxFuture<'static, ()>) {
        self.tasks.borrow_mut().push(task);
        self.settle(None);
    }

    /// Advances the clocks of all worlds.
    pub(super) fn advance(&self, until: Timestamp) {
        for name in self.names() {
            self.with(&name, &mut None, |clients| {
                clients.host.handle_woken();
                clients.listen();
            });
        }
        while let Some(at) = self.next_due().filter(|at| *at <= until) {
            self.set_clocks(at);
            if !self.expire(at) && !self.resume() {
                let due = |name: &String| self.with(name, &mut None, |clients| clients.host.next_due()).flatten();
                let Some(name) = self.names().into_iter().find(|name| due(name).is_some_and(|due| due <= at)) else {
                    continue;
                };
                self.with(&name, &mut None, |clients| {
                    clients.host.advance_to_next(at);
                    clients.listen();
                });
            }
        }
        self.set_clocks(until);
    }

    /// Lets everything happen that can: calls, answers, and handlers that wait for them. `current` is the world that is borrowed.
    pub(super) fn settle(&self, mut current: Option<&mut Clients>) {
        if self.is_settling.replace(true) {
            return;
        }
        let mut rounds = 0;
        while self.settle_once(&mut current) {
            rounds += 1;
            assert!(rounds < MANY_ROUNDS, "handlers of worlds call each other without end");
        }
        self.is_settling.set(false);
    }

    fn settle_once(&self, current: &mut Option<&mut Clients>) -> bool {
        let waker = Waker::from(Arc::clone(&self.woken));
        let mut tasks = self.tasks.take();
        let entered = self.outside.clone().enter();
        tasks.retain_mut(|task| task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(entered);
        self.tasks.borrow_mut().extend(tasks);
        let is_woken = self.woken.0.swap(false, Ordering::Relaxed);

        let mut calls: Vec<_> =
            self.outside.fakes.of::<Outgoing>().take().into_iter().map(|call| (None, call)).collect();
        for (name, member) in &*self.worlds.borrow() {
            calls.extend(member.outgoing.take().into_iter().map(|call| (Some(name.clone()), call)));
        }
        let is_calling = !calls.is_empty();
        for (caller, call) in calls {
            self.deliver(caller, call, current);
        }

        let mut has_answered = false;
        for call in self.open.take() {
            let response =
                self.with(&call.world, current, |clients| clients.host.response(call.number).cloned()).flatten();
            let Some(response) = response else {
                self.open.borrow_mut().push(call);
                continue;
            };
            has_answered = true;
            let (status, headers, body) = (response.status, response.headers, response.body);
            let is_long = body.len() > MAX_WORLD_ANSWER_BYTES as usize;
            let answer = if is_long { Err(CallError::TooLong) } else { Ok(WorldAnswer { status, headers, body }) };
            self.answer(call, answer, current);
        }
        is_woken || is_calling || has_answered
    }

    fn deliver(&self, caller: Option<String>, outgoing: OutgoingCall, current: &mut Option<&mut Clients>) {
        let OutgoingCall { call, reply } = outgoing;
        self.world(&call.world);
        let mut request = HttpRequest::new(call.method, call.path).with_body(call.body);
        request.query = call.query;
        request.headers = call.headers;
        // As the object does.
        request.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with(INTERNAL_PREFIX));
        let world = call.world.as_str().to_owned();
        let sent = self.with(&world, current, |clients| {
            let number = clients.host.http(None, request);
            clients.listen();
            (number, clients.host.runtime().now)
        });
        let Some((number, now)) = sent else { return };
        self.open.borrow_mut().push(OpenCall { caller, world, number, due: now.after(call.timeout), reply });
    }

    fn answer(&self, call: OpenCall, answer: Result<WorldAnswer, CallError>, current: &mut Option<&mut Clients>) {
        // The caller may be gone.
        let _ = call.reply.send(answer);
        if let Some(caller) = call.caller {
            self.with(&caller, current, |clients| {
                clients.host.handle_woken();
                clients.listen();
            });
        }
    }

    /// Ends the calls that are late; returns whether there were any.
    fn expire(&self, now: Timestamp) -> bool {
        let (late, open): (Vec<_>, Vec<_>) = self.open.take().into_iter().partition(|call| call.due <= now);
        self.open.replace(open);
        let any = !late.is_empty();
        for call in late {
            self.answer(call, Err(CallError::Timeout), &mut None);
        }
        self.settle(None);
        any
    }

    /// Resumes the handlers whose waits are over, which the clocks have woken; returns whether there were any.
    fn resume(&self) -> bool {
        let mut any = self.woken.0.load(Ordering::Relaxed);
        for name in self.names() {
            let resumed = self.with(&name, &mut None, |clients| {
                let is_woken = clients.host.shell.notify().is_woken();
                if is_woken {
                    clients.host.handle_woken();
                    clients.listen();
                }
                is_woken
            });
            any |= resumed == Some(true);
        }
        self.settle(None);
        any
    }

    fn next_due(&self) -> Option<Timestamp> {
        let of_worlds = self.names();
        let of_worlds =
            of_worlds.iter().filter_map(|name| self.with(name, &mut None, |clients| clients.host.next_due()).flatten());
        let of_worker = self.outside.crossings().next();
        of_worlds.chain(of_worker).chain(self.open.borrow().iter().map(|call| call.due)).min()
    }

    fn set_clocks(&self, at: Timestamp) {
        self.now.set(self.now.get().max(at));
        self.outside.crossings().advance(self.now.get());
        for name in self.names() {
            self.with(&name, &mut None, |clients| {
                let at = clients.host.runtime().now.max(at);
                clients.host.set_now(at);
            });
        }
    }

    /// Calls `call` with a world.
    fn with<T>(
        &self,
        name: &str,
        current: &mut Option<&mut Clients>,
        call: impl FnOnce(&mut Clients) -> T,
    ) -> Option<T> {
        if let Some(current) = current.as_deref_mut().filter(|current| current.name == name) {
            return Some(call(current));
        }
        let clients = self.worlds.borrow().get(name).map(|member| Rc::clone(&member.clients))?;
        let mut clients = clients.borrow_mut();
        Some(call(&mut clients))
    }
}

impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deployment").field("worlds", &self.names()).finish_non_exhaustive()
    }
}
