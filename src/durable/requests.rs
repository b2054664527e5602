//! Requests become inputs.

use std::rc::Rc;

use super::platform::Platform;
use super::shell::Shell;
use super::spill;
use crate::error::Refusal;
use crate::id::{ConnId, RequestId, Sid};
use crate::input::{Input, PostBody};
use crate::request::{EngineRequest, Layer, Opening};
use crate::time::Timestamp;

/// What comes of a request at once.
#[derive(Debug)]
pub enum Reception<P: Platform> {
    /// It has its answer, or waits for it.
    Waits(P::Waiting),
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
    /// The client went away in the middle, or took too long.
    Aborted,
}

impl<P: Platform> Shell<P> {
    /// A request that the Worker handed on. `octets` tells whether a POST is `application/octet-stream`.
    ///
    /// # Errors
    /// The runtime's own, when it does not accept a WebSocket.
    pub fn handle_request(
        &mut self,
        request: EngineRequest,
        layer: Layer,
        octets: impl FnOnce() -> bool,
        opening: impl FnOnce(Timestamp) -> Opening,
    ) -> Result<Reception<P>, P::Error> {
        Ok(match request {
            EngineRequest::OpenPolling => {
                let opening = Rc::new(opening(self.platform.now()));
                let sid = self.fresh_sid();
                let (_, waiting) = self.hand_on(|request| Input::OpenPolling { request, sid, layer, opening });
                Reception::Waits(waiting)
            }
            EngineRequest::Poll(sid) => {
                let (_, waiting) = self.hand_on(|request| Input::Poll { request, sid });
                Reception::Waits(waiting)
            }
            EngineRequest::Post(sid) => {
                let octets = octets();
                let (request, waiting) = self.hand_on(|request| Input::Post { request, sid, octets });
                if self.platform.is_waiting(request) {
                    Reception::WantsBody { request, sid, waiting }
                } else {
                    Reception::Waits(waiting)
                }
            }
            EngineRequest::OpenWebSocket => {
                let opening = Rc::new(opening(self.platform.now()));
                let sid = self.fresh_sid();
                self.accept(|conn| Input::OpenWebSocket { conn, sid, layer, opening })?
            }
            EngineRequest::Upgrade(sid) if self.server().can_upgrade(sid) => {
                self.accept(|conn| Input::Upgrade { conn, sid })?
            }
            EngineRequest::Upgrade(sid) if self.server().has_session(sid) => Reception::SecondWebSocket,
            EngineRequest::Upgrade(_) => Reception::Refused(Refusal::UnknownSid),
        })
    }

    /// The body of a POST that [`handle_request`](Self::handle_request) wanted.
    pub fn handle_body(&mut self, request: RequestId, sid: Sid, body: Body) {
        let body = match body {
            Body::Bytes(bytes) if bytes.len() > self.config.max_payload_bytes => PostBody::TooLong,
            Body::Bytes(bytes) => String::from_utf8(bytes).map_or(PostBody::NotText, PostBody::Text),
            Body::TooLong => PostBody::TooLong,
            Body::Aborted => PostBody::Aborted,
        };
        self.turn(Input::PostBody { request, sid, body });
    }

    fn fresh_sid(&mut self) -> Sid {
        Sid::from_entropy(self.platform.entropy())
    }

    fn hand_on(&mut self, input: impl FnOnce(RequestId) -> Input) -> (RequestId, P::Waiting) {
        let (request, waiting) = self.platform.register();
        self.turn(input(request));
        (request, waiting)
    }

    fn accept(&mut self, input: impl FnOnce(ConnId) -> Input) -> Result<Reception<P>, P::Error> {
        // Awake first: waking takes a socket without an attachment for one that the world is done with.
        let (platform, _) = self.wake();
        let (client, conn) = platform.accept()?;
        // What nothing else is written for does not survive sleep.
        platform.attach(conn, spill::PROBE);
        self.turn(input(conn));
        Ok(Reception::Accepted(client))
    }
}
