//! One world's object with its runtime and its clients' connections.

use core::cell::RefMut;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::test_request::AppResponse;
use super::virtual_runtime::{HttpNo, Said, SocketNo, To, VirtualPlatform, What};
use crate::config::Config;
use crate::core::effect::Response;
use crate::core::handshake_request::{HandshakeRequest, Protocol};
use crate::core::server::Server;
use crate::error::{Reason, Refusal};
use crate::handles::{ConnRequest, Variables};
use crate::id::WorldName;
use crate::object::{Body, Reception, Shell};
use crate::routing::{App, Rejection};
use crate::time::Timestamp;
use crate::value::Frame;

/// Events at one instant, after which the clock is taken for stuck.
const MANY_EVENTS: usize = 10_000;

/// A world on the host, whose clock moves when it is told to, so that it can be put to sleep wherever the runtime could.
///
/// It runs the shell that runs in the object. What it cannot show is whether the runtime behaves as assumed.
#[derive(Debug)]
pub struct Host {
    /// Puts the world to sleep after every event, wherever the runtime could.
    pub sleepy: bool,
    /// The WebSockets whose clients answer every ping at once. Neither ping nor pong is noted.
    pub answers_pings: BTreeSet<SocketNo>,
    /// What requests say that open sessions, besides their URL and time.
    pub handshake: HandshakeRequest,
    pub(super) shell: Shell<VirtualPlatform>,
    /// To requests to the app's routes, by the order in which they were made.
    pub(super) responses: Vec<AppResponse>,
    app: fn() -> App,
    /// The app as the Worker has it.
    worker: App,
    /// How often the world was called at this instant because it wanted to be.
    at_once: usize,
}

impl Host {
    /// A world that nobody has called yet.
    pub fn new(config: Config, app: fn() -> App) -> Self {
        let shell = Shell::new(VirtualPlatform::default(), config, app);
        let handshake = HandshakeRequest::default();
        let (responses, worker) = (Vec::new(), app());
        Self { sleepy: false, answers_pings: BTreeSet::new(), handshake, shell, responses, app, worker, at_once: 0 }
    }

    /// Sets a variable of the deployment, for handlers to read.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.runtime_mut().stored.variables.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    fn variables(&self) -> Variables {
        let stored = Rc::clone(&self.runtime().stored);
        Rc::new(move |name| stored.variables.borrow().get(name).cloned())
    }

    /// What survives sleep.
    pub const fn runtime(&self) -> &VirtualPlatform {
        &self.shell.platform
    }

    /// What survives sleep.
    pub const fn runtime_mut(&mut self) -> &mut VirtualPlatform {
        &mut self.shell.platform
    }

    /// The settings.
    pub const fn config(&self) -> &Config {
        self.shell.config()
    }

    /// A WebSocket request; it is refused with an answer or accepted, which opens or upgrades a session.
    ///
    /// # Errors
    /// The answer that the client gets instead of a WebSocket.
    pub fn open_websocket(&mut self, query: &str, protocol: Protocol) -> Result<SocketNo, Response> {
        let opened = match self.receive("GET", true, query, protocol, false) {
            Reception::Accepted(no) => Ok(no),
            Reception::SecondWebSocket => Ok(self.runtime_mut().open_and_close()),
            Reception::Refused(refusal) => Err(Response::Refused(refusal)),
            // A GET with an upgrade header is nothing else.
            Reception::Waits(http)
            | Reception::Opens { waiting: http, .. }
            | Reception::WantsBody { waiting: http, .. } => Err(self.answer_of(http).cloned().unwrap_or(Response::Ok)),
        };
        self.end_event();
        opened
    }

    /// A WebSocket brings a frame.
    pub fn frame(&mut self, no: SocketNo, frame: Frame) {
        if self.runtime_mut().auto_respond(no, &frame) {
            return;
        }
        let length = match &frame {
            Frame::Text(text) => text.encode_utf16().count(),
            Frame::Binary(bytes) => bytes.len(),
        };
        self.shell.handle_message(&no, length, || frame);
        self.end_event();
    }

    /// A WebSocket brings a text frame.
    pub fn text(&mut self, no: SocketNo, text: &str) {
        self.frame(no, Frame::text(text));
    }

    /// A WebSocket's peer closes it, or it breaks.
    pub fn gone(&mut self, no: SocketNo, reason: Reason) {
        self.runtime_mut().socket(no).open = false;
        self.shell.handle_gone(&no, reason);
        self.end_event();
    }

    /// A request without a body, or the head of a POST: `octets` says that it is `application/octet-stream`.
    ///
    /// # Panics
    /// When it asks for a WebSocket.
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn request(&mut self, method: &str, query: &str, protocol: Protocol, octets: bool) -> HttpNo {
        let http = match self.receive(method, false, query, protocol, octets) {
            Reception::Waits(http) | Reception::Opens { waiting: http, .. } => http,
            Reception::WantsBody { request, sid, waiting: http } => {
                if let Some(post) = self.runtime_mut().requests.get_mut(http) {
                    post.body_due = Some((request, sid));
                }
                http
            }
            Reception::Refused(refusal) => self.refused(Response::Refused(refusal)),
            reception => panic!("{method} ?{query} is no plain request: {reception:?}"),
        };
        self.end_event();
        http
    }

    /// The body of a POST; one that was answered at its head already is not read.
    pub fn body(&mut self, http: HttpNo, body: Body) {
        let Some(post) = self.runtime_mut().requests.get_mut(http) else { return };
        // Where there is an answer, the memory was lost, and with it the future that reads the body.
        let (Some((request, sid)), None) = (post.body_due.take(), &post.answer) else { return };
        self.shell.handle_body(request, sid, body);
        self.end_event();
    }

    /// A GET of a session.
    pub fn poll(&mut self, sid: &str) -> HttpNo {
        self.request("GET", &format!("EIO=4&transport=polling&sid={sid}"), Protocol::SocketIo, false)
    }

    /// A whole POST of a session.
    pub fn post(&mut self, sid: &str, body: &[u8]) -> HttpNo {
        let http = self.request("POST", &format!("EIO=4&transport=polling&sid={sid}"), Protocol::SocketIo, false);
        self.body(http, Body::Bytes(body.to_vec()));
        http
    }

    /// Notes a WebSocket request that got `answer` instead of a WebSocket.
    pub fn refused(&mut self, answer: Response) -> HttpNo {
        self.runtime_mut().add_answered(answer)
    }

    /// The answer of a request, if it has come.
    pub fn answer_of(&self, http: HttpNo) -> Option<&Response> {
        self.runtime().requests.get(http)?.answer.as_ref()
    }

    /// Whether a POST waits for its body.
    pub fn is_body_due(&self, http: HttpNo) -> bool {
        self.runtime().requests.get(http).is_some_and(|post| post.body_due.is_some())
    }

    /// How many requests there ever were.
    pub const fn request_count(&self) -> usize {
        self.runtime().requests.len()
    }

    /// The requests that have no answer yet.
    pub fn unanswered(&self) -> Vec<HttpNo> {
        (0..self.request_count()).filter(|&http| self.answer_of(http).is_none()).collect()
    }

    /// Lets handlers go on that waited for something of the test's own, as a runtime would by itself.
    pub fn handle_woken(&mut self) {
        self.end_event();
    }

    /// Lets time pass: the timer and the alarm go off when they are due.
    ///
    /// # Panics
    /// When the world wants to be called again and again at one instant.
    pub fn advance(&mut self, span: Duration) {
        let until = self.runtime().now.after(span);
        while self.advance_to_next(until) {}
    }

    /// Lets time pass until the timer or the alarm goes off; false where neither does by `until`, which it is then.
    ///
    /// # Panics
    /// When the world wants to be called again and again at one instant.
    pub fn advance_to_next(&mut self, until: Timestamp) -> bool {
        let VirtualPlatform { now, timer, alarm, .. } = *self.runtime();
        let Some(next) = [timer, alarm].into_iter().flatten().min().filter(|at| *at <= until) else {
            self.runtime_mut().now = now.max(until);
            return false;
        };
        let last_pongs = self.runtime().said.len();
        self.at_once = if next > now { 0 } else { self.at_once + 1 };
        assert!(self.at_once < MANY_EVENTS, "the world wants to be called again and again at {next:?}");
        self.runtime_mut().now = now.max(next);
        if timer == Some(next) {
            self.runtime_mut().timer = None;
            self.shell.handle_timer();
        } else {
            self.runtime_mut().alarm = None;
            self.shell.handle_alarm();
        }
        self.end_event();
        self.answer_pings(last_pongs);
        true
    }

    /// Lets milliseconds pass.
    pub fn advance_millis(&mut self, millis: u64) {
        self.advance(Duration::from_millis(millis));
    }

    /// Puts the world to sleep: its memory is gone, the runtime keeps what it keeps. Does nothing and says so where the
    /// runtime could not: while a request waits or a timer runs, because a session polls.
    pub fn sleep(&mut self) -> bool {
        if self.is_asleep() {
            return true;
        }
        if self.held_awake_by().is_some() {
            return false;
        }
        self.lose_memory();
        true
    }

    /// What keeps the world from sleeping.
    pub fn held_awake_by(&self) -> Option<&'static str> {
        self.runtime()
            .held_awake_by()
            .or_else(|| self.is_responding().then_some("a request to a route waits for its answer"))
    }

    /// Whether nothing has woken the world since it was put to sleep.
    pub const fn is_asleep(&self) -> bool {
        self.shell.is_asleep()
    }

    /// The object's memory is lost, whatever it was doing, as after a deploy that kept the sockets, or a panic.
    pub fn lose_memory(&mut self) {
        self.redeploy(self.config().clone());
    }

    /// The object's memory is lost, and it is constructed again with another app, in the Worker too.
    pub fn redeploy_app(&mut self, app: fn() -> App) {
        (self.app, self.worker) = (app, app());
        self.lose_memory();
    }

    /// The object's memory is lost, and it is constructed again with other settings.
    pub fn redeploy(&mut self, config: Config) {
        let mut platform = core::mem::take(self.runtime_mut());
        platform.lose_memory();
        self.shell = Shell::new(platform, config, self.app);
        self.take_responses();
    }

    /// The core, awake.
    pub fn server(&mut self) -> RefMut<'_, Server> {
        self.shell.server()
    }

    /// What clients got since the last call.
    pub fn take_said(&mut self) -> Vec<Said> {
        core::mem::take(&mut self.runtime_mut().said)
    }

    fn receive(
        &mut self,
        method: &str,
        websocket: bool,
        query: &str,
        protocol: Protocol,
        octets: bool,
    ) -> Reception<VirtualPlatform> {
        let engine = self.worker.engine_routes();
        let url = format!("{}?{query}", engine.gateway_path());
        let handshake = HandshakeRequest { url, issued: self.runtime().now, ..self.handshake.clone() };
        let details = ConnRequest::new(method.to_owned(), WorldName::default(), websocket, handshake, self.variables());
        match finish(engine.admit(&details)) {
            Ok(request) => {
                let Ok(reception) = self.shell.handle_request(request, protocol, || octets, |_| details);
                reception
            }
            Err(Rejection::Refused(refusal)) => Reception::Refused(refusal),
            Err(Rejection::Forbidden(message)) => Reception::Refused(Refusal::Forbidden(message)),
            // Whatever the guard's answer is, the client does not get in.
            Err(Rejection::Answered(response)) => {
                Reception::Refused(Refusal::Forbidden(String::from_utf8_lossy(&response.body).into_owned()))
            }
        }
    }

    pub(super) fn end_event(&mut self) {
        // The runtime tells a moment later, and nothing waits for that.
        if core::mem::take(&mut self.runtime_mut().is_asked_for_alarm) {
            let alarm = self.runtime().alarm;
            self.shell.handle_alarm_found(Ok(alarm));
        }
        // As a runtime would, a moment later.
        for _ in 0..MANY_EVENTS {
            if !self.shell.notify().is_woken() {
                break;
            }
            self.shell.handle_woken();
        }
        self.take_responses();
        if self.sleepy {
            self.sleep();
        }
    }

    /// Answers the pings among what was said since `heard`.
    fn answer_pings(&mut self, last_pong: usize) {
        let ping = What::Frame(Frame::text("2"));
        for no in self.answers_pings.clone() {
            let said = self.runtime().said.get(last_pong..).unwrap_or_default();
            let Some(place) = said.iter().position(|said| said.to == To::Socket(no) && said.what == ping) else {
                continue;
            };
            self.runtime_mut().said.remove(last_pong + place);
            let before = self.runtime().said.len();
            self.text(no, "3");
            // What the runtime answers the pong with, as clients ignore it.
            self.runtime_mut().said.truncate(before);
        }
    }
}

/// What the Worker's hooks say, which have nothing to wait for here.
#[expect(clippy::panic, reason = "what waits for something outside can be tested in the real runtime only")]
fn finish<T>(judging: impl Future<Output = T>) -> T {
    let mut judging = pin!(judging);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..MANY_EVENTS {
        if let Poll::Ready(judged) = judging.as_mut().poll(&mut cx) {
            return judged;
        }
    }
    panic!("`allow_request` or a guard of requests waits for something that no test can bring")
}
