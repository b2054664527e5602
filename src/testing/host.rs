//! One world's object with a simulated runtime.

use core::cell::RefMut;
use core::time::Duration;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::faults::FULL;
use super::test_request::AppResponse;
use super::virtual_runtime::{HttpNo, Said, SocketNo, To, VirtualPlatform, What};
use super::worker_hooks::finish;
use crate::config::Config;
use crate::core::effect::Response;
use crate::core::handshake_request::{HandshakeRequest, Protocol};
use crate::core::server::Server;
use crate::error::{Reason, Refusal};
use crate::handles::{ConnRequest, Variables};
use crate::object::{Body, Platform as _, Reception, Shell};
use crate::routing::{App, Rejection};
use crate::time::Timestamp;
use crate::value::Frame;

/// Most events at one instant; more mean that the clock is stuck.
pub(super) const MANY_EVENTS: usize = 10_000;

/// A world on the host. Its clock moves only when told to, and it can hibernate wherever the runtime could.
///
/// It runs the shell of the deployed object. It cannot show whether the real runtime behaves as assumed here.
#[derive(Debug)]
pub struct Host {
    /// Whether the world hibernates after every event, wherever the runtime could.
    pub sleepy: bool,
    /// Whether an event is one turn only: what the world leaves for later turns waits for [`next_turn`](Self::next_turn).
    pub single_turns: bool,
    /// The WebSockets whose clients answer every ping at once. Neither the ping nor the pong is recorded.
    pub answers_pings: BTreeSet<SocketNo>,
    /// The handshake of requests that open sessions; URL and time are set for each request.
    pub handshake: HandshakeRequest,
    pub(super) shell: Shell<VirtualPlatform>,
    /// The responses to requests to the app's routes, in the order of the requests.
    pub(super) responses: Vec<AppResponse>,
    app: fn() -> App,
    /// The Worker's instance of the app.
    worker: App,
    /// How often the timer or the alarm fired at the current instant.
    at_once: (Timestamp, usize),
}

impl Host {
    /// Creates a world that has not been called yet.
    pub fn new(config: Config, app: fn() -> App) -> Self {
        let platform = VirtualPlatform::default();
        platform.stored.outside.crossings().advance(platform.now);
        let shell = Shell::new(platform, config, app);
        let (handshake, worker) = (HandshakeRequest::default(), app());
        Self {
            sleepy: false,
            single_turns: false,
            answers_pings: BTreeSet::new(),
            handshake,
            shell,
            responses: Vec::new(),
            app,
            worker,
            at_once: (Timestamp::default(), 0),
        }
    }

    fn variables(&self) -> Variables {
        let stored = Rc::clone(&self.runtime().stored);
        Rc::new(move |name| stored.variables.borrow().get(name).cloned())
    }

    /// Returns the simulated runtime, whose data survives hibernation.
    pub const fn runtime(&self) -> &VirtualPlatform {
        &self.shell.platform
    }

    /// Returns the simulated runtime, whose data survives hibernation.
    pub const fn runtime_mut(&mut self) -> &mut VirtualPlatform {
        &mut self.shell.platform
    }

    /// Returns the settings.
    pub const fn config(&self) -> &Config {
        self.shell.config()
    }

    /// Sends a WebSocket request. If it is accepted, it opens or upgrades a session.
    ///
    /// # Errors
    /// The response that the client gets instead of a WebSocket.
    pub fn open_websocket(&mut self, query: &str, protocol: Protocol) -> Result<SocketNo, Response> {
        let opened = match self.receive("GET", true, query, protocol, false) {
            Reception::Accepted(no) => Ok(no),
            Reception::SecondWebSocket => Ok(self.runtime_mut().open_and_close()),
            Reception::Refused(refusal) => Err(Response::Refused(refusal)),
            // The shell never treats a GET with an upgrade header as a poll or a POST.
            Reception::Waits(http)
            | Reception::Opens { waiting: http, .. }
            | Reception::WantsBody { waiting: http, .. } => Err(self.answer_of(http).cloned().unwrap_or(Response::Ok)),
        };
        self.end_event();
        opened
    }

    /// Delivers a client's frame on a WebSocket.
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

    /// Delivers a client's text frame on a WebSocket.
    pub fn text(&mut self, no: SocketNo, text: &str) {
        self.frame(no, Frame::text(text));
    }

    /// Ends a WebSocket: its client closed it, or the connection broke.
    pub fn gone(&mut self, no: SocketNo, reason: Reason) {
        self.runtime_mut().lose(no);
        self.shell.handle_gone(&no, reason);
        self.end_event();
    }

    /// Sends a request without a body, or the head of a POST. `octets` means the content type `application/octet-stream`.
    ///
    /// # Panics
    /// If the request asks for a WebSocket.
    #[expect(clippy::panic, reason = "a mistake in the test")]
    pub fn request(&mut self, method: &str, query: &str, protocol: Protocol, octets: bool) -> HttpNo {
        let http = match self.receive(method, false, query, protocol, octets) {
            Reception::Waits(http) | Reception::Opens { waiting: http, .. } => http,
            Reception::WantsBody { request, sid, waiting: http, .. } => {
                if let Some(post) = self.runtime_mut().requests.get_mut(http) {
                    post.body_due = Some((request, sid));
                }
                http
            }
            Reception::Refused(refusal) => self.refused(Response::Refused(refusal)),
            reception => panic!("{method} ?{query} is not a plain request: {reception:?}"),
        };
        self.end_event();
        http
    }

    /// Delivers the body of a POST. It is ignored if the POST has its response already.
    pub fn body(&mut self, http: HttpNo, body: Body) {
        let Some(post) = self.runtime_mut().requests.get_mut(http) else { return };
        // If there is a response already, the memory was lost, and with it the future that reads the body.
        let (Some((request, sid)), None) = (post.body_due.take(), &post.answer) else { return };
        self.shell.handle_body(request, sid, body);
        self.end_event();
    }

    /// Records a request that the Worker answered with `answer`, without calling the object.
    pub fn refused(&mut self, answer: Response) -> HttpNo {
        self.runtime_mut().add_answered(answer)
    }

    /// Returns the response to a request, if there is one.
    pub fn answer_of(&self, http: HttpNo) -> Option<&Response> {
        self.runtime().requests.get(http)?.answer.as_ref()
    }

    /// Returns whether a POST waits for its body.
    pub fn is_body_due(&self, http: HttpNo) -> bool {
        self.runtime().requests.get(http).is_some_and(|post| post.body_due.is_some())
    }

    /// Returns the number of all requests so far.
    pub const fn request_count(&self) -> usize {
        self.runtime().requests.len()
    }

    /// Returns the requests without a response.
    pub fn unanswered(&self) -> Vec<HttpNo> {
        (0..self.request_count()).filter(|&http| self.answer_of(http).is_none()).collect()
    }

    /// Resumes handlers that waited for something of the test's own, as the runtime does by itself.
    pub fn handle_woken(&mut self) {
        self.end_event();
    }

    /// Runs the next turn that the world left for later; returns false if it left none.
    pub fn next_turn(&mut self) -> bool {
        let is_woken = self.shell.notify().is_woken();
        if is_woken {
            self.shell.handle_woken();
            self.take_responses();
        }
        is_woken
    }

    /// Advances the clock by `span`. The timer and the alarm fire when they are due.
    ///
    /// # Panics
    /// If they fire again and again at one instant.
    pub fn advance(&mut self, span: Duration) {
        let until = self.runtime().now.after(span);
        while self.advance_to_next(until) {}
    }

    /// Advances the clock until the timer or the alarm fires, and returns true. If neither is due by `until`, sets the clock to
    /// `until` and returns false.
    ///
    /// # Panics
    /// If they fire again and again at one instant.
    pub fn advance_to_next(&mut self, until: Timestamp) -> bool {
        let VirtualPlatform { now, timer, alarm, .. } = *self.runtime();
        let waits = self.outside().crossings().next();
        let Some(next) = [timer, alarm, waits].into_iter().flatten().min().filter(|at| *at <= until) else {
            self.set_now(now.max(until));
            return false;
        };
        let last_pongs = self.runtime().said.len();
        // Not told by the clock: that of several worlds is moved before.
        self.at_once = if next > self.at_once.0 { (next, 0) } else { (self.at_once.0, self.at_once.1 + 1) };
        assert!(self.at_once.1 < MANY_EVENTS, "the timer or the alarm fires again and again at {next:?}");
        self.set_now(now.max(next));
        if timer == Some(next) {
            self.runtime_mut().timer = None;
            self.shell.handle_timer();
        } else if alarm == Some(next) {
            self.runtime_mut().alarm = None;
            self.shell.handle_alarm();
        }
        self.end_event();
        self.answer_pings(last_pongs);
        true
    }

    /// Advances the clock by milliseconds.
    pub fn advance_millis(&mut self, millis: u64) {
        self.advance(Duration::from_millis(millis));
    }

    /// Hibernates the world: its memory is lost, the runtime's data stays. Returns whether it sleeps: it does not while something
    /// keeps it awake, such as a pending request or a timer.
    pub fn sleep(&mut self) -> bool {
        if self.is_asleep() {
            return true;
        }
        self.shell.write_late();
        if core::mem::take(&mut self.runtime_mut().has_alarm_failed) {
            self.shell.handle_alarm_failed(FULL);
        }
        if self.held_awake_by().is_some() {
            return false;
        }
        self.lose_memory();
        true
    }

    /// Returns what keeps the world awake, or `None` if it could hibernate.
    pub fn held_awake_by(&self) -> Option<&'static str> {
        self.runtime()
            .held_awake_by()
            .or_else(|| self.waits_outside())
            .or_else(|| self.is_responding().then_some("a request to a route waits for its answer"))
            .or_else(|| self.is_calling().then_some("a handler waits for the answer of another world"))
    }

    /// Returns whether nothing has woken the world since it went to sleep.
    pub const fn is_asleep(&self) -> bool {
        self.shell.is_asleep()
    }

    /// Drops the object's memory, even while something keeps it awake, as a deploy that keeps the sockets does.
    pub fn lose_memory(&mut self) {
        self.redeploy(self.config().clone());
    }

    /// Ends the object's process, as a crash does: what is in memory is lost, and so are all WebSockets and requests. The rows and
    /// the alarm stay.
    pub fn crash(&mut self) {
        self.runtime_mut().drop_sockets();
        self.runtime_mut().lose_isolate();
        self.lose_memory();
    }

    /// Drops the object's memory and constructs the object again with another app, which the Worker uses, too.
    pub fn redeploy_app(&mut self, app: fn() -> App) {
        (self.app, self.worker) = (app, app());
        self.runtime_mut().lose_isolate();
        self.lose_memory();
    }

    /// Drops the object's memory and constructs the object again with other settings.
    pub fn redeploy(&mut self, config: Config) {
        let mut platform = core::mem::take(self.runtime_mut());
        platform.lose_memory();
        self.shell = Shell::new(platform, config, self.app);
        self.take_responses();
    }

    /// Returns the core, after waking the world if it sleeps.
    pub fn server(&mut self) -> RefMut<'_, Server> {
        self.shell.server()
    }

    /// Takes what clients have received since the last call.
    pub fn take_said(&mut self) -> Vec<Said> {
        core::mem::take(&mut self.runtime_mut().said)
    }

    #[expect(clippy::panic, reason = "the simulated runtime does not fail here")]
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
        let details =
            ConnRequest::new(method.to_owned(), self.outside().world_name(), websocket, handshake, self.variables());
        let _entered = self.outside().clone().enter();
        match finish(engine.admit(&details, self.config().transports)) {
            Ok(request) => match self.shell.handle_request(request, protocol, || octets, |_| details) {
                Ok(reception) => reception,
                Err(error) => panic!("the simulated runtime accepts every WebSocket: {error}"),
            },
            Err(Rejection::Refused(refusal)) => Reception::Refused(refusal),
            Err(Rejection::Failed(refusal, line)) => {
                if self.config().logs(line.level) {
                    self.runtime_mut().log(&line);
                }
                Reception::Refused(refusal)
            }
            // A guard that responds by itself refuses the client.
            Err(Rejection::Answered(response)) => {
                Reception::Refused(Refusal::Forbidden(String::from_utf8_lossy(&response.body).into_owned()))
            }
        }
    }

    pub(super) fn end_event(&mut self) {
        for _ in 0..MANY_EVENTS {
            // The runtime looks the alarm up and sets it asynchronously; nothing waits for the result.
            if core::mem::take(&mut self.runtime_mut().is_asked_for_alarm) {
                let alarm = self.runtime().alarm;
                self.shell.handle_alarm_found(Ok(alarm));
            } else if core::mem::take(&mut self.runtime_mut().has_alarm_failed) {
                self.shell.handle_alarm_failed(FULL);
            } else if self.runtime_mut().take_synced() {
                self.shell.handle_synced();
            } else if core::mem::take(&mut self.runtime_mut().ends) > 0 {
                self.crash();
            } else if !self.single_turns && self.shell.notify().is_woken() {
                // The runtime polls woken handlers in a later task.
                self.shell.handle_woken();
            } else {
                break;
            }
        }
        self.take_responses();
        if self.sleepy {
            self.sleep();
        }
    }

    /// Answers the pings among the records from the index `last_pong` on, and removes these pings.
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
            // Drops the runtime's reply to the pong, which clients ignore.
            self.runtime_mut().said.truncate(before);
        }
    }
}
