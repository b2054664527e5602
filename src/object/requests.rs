//! Requests become inputs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::attachment;
use super::platform::Platform;
use super::shell::Shell;
use crate::core::handshake_request::Protocol;
use crate::core::input::{Input, PostBody};
use crate::error::{BadRequest, Refusal};
use crate::handles::ConnRequest;
use crate::http::EngineRequest;
use crate::id::{ConnId, RequestId, Sid};
use crate::time::Timestamp;

/// What comes of a request at once.
#[derive(Debug)]
pub enum Reception<P: Platform> {
    /// It has its answer, or waits for it.
    Waits(P::Waiting),
    /// It opens a polling session, unless its answer is a refusal.
    Opens {
        /// The session.
        sid: Sid,
        /// What has its answer.
        waiting: P::Waiting,
    },
    /// A POST whose body is to be read and given to [`Shell::handle_body`].
    WantsBody {
        /// The request.
        request: RequestId,
        /// Its session.
        sid: Sid,
        /// What waits for its answer.
        waiting: P::Waiting,
    },
    /// A WebSocket was accepted: its client's end.
    Accepted(P::Socket),
    /// A second WebSocket of a session is closed once it is open, as the reference server does it: by the Worker, so that a
    /// client that does not answer the close keeps no world awake.
    SecondWebSocket,
    /// It is refused.
    Refused(Refusal),
}

/// A POST's body, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Bytes(Vec<u8>),
    /// It is longer than `MAX_PAYLOAD_BYTES`, and nobody read it.
    TooLong,
    /// The client went away in the middle.
    Aborted,
    /// It did not arrive in time.
    Late,
}

impl<P: Platform> Shell<P> {
    /// A request that the Worker handed on. `octets` tells whether a POST is `application/octet-stream`; `details` gives the
    /// request itself, as it came at that time, where somebody wants to look at it.
    ///
    /// # Errors
    /// The runtime's own, when it does not accept a WebSocket.
    pub fn handle_request(
        &mut self,
        request: EngineRequest,
        protocol: Protocol,
        octets: impl FnOnce() -> bool,
        details: impl FnOnce(Timestamp) -> ConnRequest,
    ) -> Result<Reception<P>, P::Error> {
        Ok(match request {
            EngineRequest::OpenPolling => {
                let details = details(self.platform.now());
                let sid = match self.fresh_sid(&details) {
                    Ok(sid) => sid,
                    Err(refusal) => return Ok(self.refuse(refusal, |_| details)),
                };
                let handshake = Rc::clone(details.handshake());
                let input = |request| Input::OpenPolling { request, sid, protocol, handshake };
                let (_, waiting) = self.hand_on(input, |_| details);
                Reception::Opens { sid, waiting }
            }
            EngineRequest::Poll(sid) => {
                let (_, waiting) = self.hand_on(|request| Input::Poll { request, sid }, details);
                Reception::Waits(waiting)
            }
            EngineRequest::Post(sid) => {
                let octets = octets();
                let (request, waiting) = self.hand_on(|request| Input::Post { request, sid, octets }, details);
                if self.platform.is_waiting(request) {
                    Reception::WantsBody { request, sid, waiting }
                } else {
                    Reception::Waits(waiting)
                }
            }
            EngineRequest::OpenWebSocket => {
                let details = details(self.platform.now());
                let sid = match self.fresh_sid(&details) {
                    Ok(sid) => sid,
                    Err(refusal) => return Ok(self.refuse(refusal, |_| details)),
                };
                let handshake = Rc::clone(details.handshake());
                // Its snapshot is written by the turn that opens it.
                self.accept(None, |conn| Input::OpenWebSocket { conn, sid, protocol, handshake })?
            }
            EngineRequest::Upgrade(sid) if self.server().can_upgrade(sid) => {
                // Nothing else is written for it, and it would not survive sleep.
                self.accept(Some(attachment::PROBE), |conn| Input::Upgrade { conn, sid })?
            }
            EngineRequest::Upgrade(sid) if self.server().has_session(sid) => Reception::SecondWebSocket,
            EngineRequest::Upgrade(_) => self.refuse(Refusal::UnknownSid, details),
        })
    }

    /// The body of a POST that [`handle_request`](Self::handle_request) wanted.
    pub fn handle_body(&mut self, request: RequestId, sid: Sid, body: Body) {
        let body = match body {
            Body::Bytes(bytes) if bytes.len() > self.config.max_payload_bytes => PostBody::TooLong,
            // As engine.io does, and as the runtime has done with a WebSocket's texts.
            Body::Bytes(bytes) => PostBody::Text(
                String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
            Body::TooLong => PostBody::TooLong,
            Body::Aborted => PostBody::Aborted,
            // The core has its own deadline for it, and answers the request.
            Body::Late => return,
        };
        self.turn(Input::PostBody { request, sid, body });
    }

    /// The id of a session that is opened: the app's own, or a random one.
    fn fresh_sid(&mut self, details: &ConnRequest) -> Result<Sid, Refusal> {
        let app = self.app();
        // As in engine.io, whatever goes wrong there costs this one request.
        match catch_unwind(AssertUnwindSafe(|| app.engine_routes().make_id(details))) {
            Ok(None) => Some(Sid::from_entropy(self.platform.entropy())),
            Ok(Some(made)) => Sid::parse(&made).filter(|sid| !self.server().has_session(*sid)),
            Err(_) => None,
        }
        .ok_or(Refusal::BadRequest(BadRequest::IdGenerationError))
    }

    /// Hands a request on; who watches refusals is told if it is refused.
    fn hand_on(
        &mut self,
        input: impl FnOnce(RequestId) -> Input,
        details: impl FnOnce(Timestamp) -> ConnRequest,
    ) -> (RequestId, P::Waiting) {
        let (request, waiting) = self.platform.register();
        self.turn(input(request));
        let (_, loaded) = self.wake();
        if let Some((_, refusal)) = loaded.refused.take().filter(|(refused, _)| *refused == request) {
            self.report(&refusal, details);
        }
        (request, waiting)
    }

    fn refuse(&mut self, refusal: Refusal, details: impl FnOnce(Timestamp) -> ConnRequest) -> Reception<P> {
        self.report(&refusal, details);
        Reception::Refused(refusal)
    }

    fn report(&mut self, refusal: &Refusal, details: impl FnOnce(Timestamp) -> ConnRequest) {
        let app = self.app();
        if app.engine_routes().watches_errors() {
            app.engine_routes().report(&details(self.platform.now()), refusal);
        }
    }

    fn accept(
        &mut self,
        attachment: Option<&str>,
        input: impl FnOnce(ConnId) -> Input,
    ) -> Result<Reception<P>, P::Error> {
        // Awake first: waking takes a socket without an attachment for one that the world is done with.
        let (platform, _) = self.wake();
        let (client, conn) = platform.accept()?;
        if let Some(attachment) = attachment {
            platform.attach(conn, attachment);
        }
        self.turn(input(conn));
        Ok(Reception::Accepted(client))
    }
}
