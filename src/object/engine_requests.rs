//! Engine.IO requests, which become inputs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::attachment;
use super::platform::Platform;
use super::shell::Shell;
use crate::core::handshake_request::Protocol;
use crate::core::input::{Input, PostBody};
use crate::core::meter::WakeReason;
use crate::error::{BadRequest, Refusal};
use crate::handles::ConnRequest;
use crate::http::EngineRequest;
use crate::id::{ConnId, RequestId, Sid};
use crate::log::{Level, Record};
use crate::time::Timestamp;

/// The immediate result of a request.
#[derive(Debug)]
pub enum Reception<P: Platform> {
    /// The response exists already, or will follow.
    Waits(P::Waiting),
    /// The request opens a polling session, unless the response is a refusal.
    Opens {
        /// The session.
        sid: Sid,
        /// The receiver of the response.
        waiting: P::Waiting,
    },
    /// A POST. The caller must read its body and pass it to [`Shell::handle_body`].
    WantsBody {
        /// The request.
        request: RequestId,
        /// Its session.
        sid: Sid,
        /// When the body must have arrived.
        due: Timestamp,
        /// The receiver of the response.
        waiting: P::Waiting,
    },
    /// The WebSocket was accepted; this is the client's end.
    Accepted(P::Socket),
    /// A second WebSocket of a session. As in the reference server, it is closed as soon as it is open. The Worker does that, so
    /// that a client that does not answer the close cannot keep the world awake.
    SecondWebSocket,
    /// The request is refused.
    Refused(Refusal),
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The whole body.
    Bytes(Vec<u8>),
    /// The body is longer than `MAX_PAYLOAD_BYTES`, and was not read.
    TooLong,
    /// The connection was lost before its end.
    Aborted,
    /// The body did not arrive in time.
    Late,
    /// The body was the largest of those that the isolate read, when these had more than
    /// [`MAX_BODIES_BYTES`](crate::limits::MAX_BODIES_BYTES), and was dropped.
    Crowded,
}

/// Returns the line of the log about a connection that is refused, with engine.io's code.
#[inline(never)]
#[cfg_attr(
    target_arch = "wasm32",
    expect(clippy::unnecessary_box_returns, reason = "as the functions that make a record")
)]
pub(crate) fn refused(refusal: &Refusal) -> Box<Record> {
    let message = ["a connection is refused: ", refusal.message()].concat();
    Record::new(Level::Debug, message).code(refusal.code().to_string())
}

impl<P: Platform> Shell<P> {
    /// Handles a request that the Worker forwarded. `octets` returns whether a POST is `application/octet-stream`; `details`
    /// returns the request as hooks see it, with the time at which it arrived.
    ///
    /// # Errors
    /// The runtime did not accept a WebSocket.
    pub fn handle_request(
        &mut self,
        request: EngineRequest,
        protocol: Protocol,
        octets: impl FnOnce() -> bool,
        details: impl FnOnce(Timestamp) -> ConnRequest,
    ) -> Result<Reception<P>, P::Error> {
        self.note_event(match request {
            EngineRequest::Poll(_) | EngineRequest::Post(_) => WakeReason::Message,
            _ => WakeReason::Connection,
        });
        Ok(match request {
            EngineRequest::OpenPolling => {
                let details = details(self.platform.now());
                let sid = match self.fresh_sid(&details) {
                    Ok(sid) => sid,
                    Err(refusal) => return Ok(self.refuse(refusal, |_| details)),
                };
                let handshake = details.clone().into_kept(self.app().engine_routes().kept_headers());
                let input = |request| Input::OpenPolling { request, sid, protocol, handshake };
                let (_, waiting) = self.run_request(input, |_| details);
                Reception::Opens { sid, waiting }
            }
            EngineRequest::Poll(sid) => {
                let (_, waiting) = self.run_request(|request| Input::Poll { request, sid }, details);
                Reception::Waits(waiting)
            }
            EngineRequest::Post(sid) => {
                let octets = octets();
                let (request, waiting) = self.run_request(|request| Input::Post { request, sid, octets }, details);
                match self.server().body_due(request) {
                    Some(due) => Reception::WantsBody { request, sid, due, waiting },
                    None => Reception::Waits(waiting),
                }
            }
            EngineRequest::OpenWebSocket => {
                let details = details(self.platform.now());
                let sid = match self.fresh_sid(&details) {
                    Ok(sid) => sid,
                    Err(refusal) => return Ok(self.refuse(refusal, |_| details)),
                };
                let handshake = details.into_kept(self.app().engine_routes().kept_headers());
                // No attachment: the turn that opens the session writes its snapshot.
                self.accept(None, |conn| Input::OpenWebSocket { conn, sid, protocol, handshake })?
            }
            EngineRequest::Upgrade(sid) if self.server().can_upgrade(sid) => {
                // The probe gets no snapshot; without an attachment it would not survive sleep.
                self.accept(Some(attachment::PROBE), |conn| Input::Upgrade { conn, sid })?
            }
            EngineRequest::Upgrade(sid) if self.server().has_session(sid) => Reception::SecondWebSocket,
            EngineRequest::Upgrade(_) => self.refuse(Refusal::UnknownSid, details),
        })
    }

    /// Handles the body of a POST, for [`Reception::WantsBody`].
    pub fn handle_body(&mut self, request: RequestId, sid: Sid, body: Body) {
        let body = match body {
            Body::Bytes(bytes) if bytes.len() > self.config.max_payload_bytes => PostBody::TooLong,
            // Invalid UTF-8 becomes U+FFFD, as in engine.io, and as in the runtime's text frames of WebSockets.
            Body::Bytes(bytes) => PostBody::Text(
                String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            ),
            Body::TooLong => PostBody::TooLong,
            Body::Aborted => PostBody::Aborted,
            Body::Crowded => PostBody::Crowded,
            // The core has a deadline of its own for the body, and answers the request.
            Body::Late => return,
        };
        self.turn(Input::PostBody { request, sid, body });
    }

    /// Returns the id of a new session: the app's own, or a random one.
    fn fresh_sid(&mut self, details: &ConnRequest) -> Result<Sid, Refusal> {
        let app = self.app();
        // As in engine.io, an error in the app's function costs this one request.
        match catch_unwind(AssertUnwindSafe(|| app.engine_routes().make_id(details))) {
            Ok(None) => Some(Sid::from_entropy(self.platform.entropy())),
            Ok(Some(made)) => Sid::parse(&made).filter(|sid| !self.server().has_session(*sid)),
            Err(_) => None,
        }
        .ok_or(Refusal::BadRequest(BadRequest::IdGenerationError))
    }

    /// Registers a request and runs its turn; reports the refusal to the app if the request is refused.
    fn run_request(
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
        if self.config.logs(Level::Debug) {
            self.platform.log(&refused(refusal));
        }
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
        // The world wakes first, because waking closes every WebSocket without an attachment: it takes it for a closed one.
        let (platform, _) = self.wake();
        let (client, conn) = platform.accept()?;
        if let Some(attachment) = attachment {
            // Without it, the probe ends when the world has slept.
            let _ = platform.attach(conn, attachment);
        }
        self.turn(input(conn));
        Ok(Reception::Accepted(client))
    }
}
