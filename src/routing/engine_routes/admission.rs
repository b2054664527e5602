//! Which requests reach a world, and what those are told that do not.

use super::EngineRoutes;
use crate::error::{BadRequest, Refusal};
use crate::error::{Failure, HandlerError};
use crate::extract::{AllowRequest, GuardRejection, Requested};
use crate::handles::ConnRequest;
use crate::handles::HttpResponse;
use crate::http::EngineRequest;
use crate::http::SUBPROTOCOL;
use crate::http::check_protocol;
use crate::http::opens;
use crate::routing::outcome::IntoOutcome;
use core::fmt;
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

/// A connection that was refused: what engine.io's `connection_error` is told.
pub struct ConnectionError<'a> {
    request: &'a ConnRequest,
    refusal: &'a Refusal,
}

/// Why a request does not reach its world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// It is refused, as the client reads in engine.io's words.
    Refused(Refusal),
    /// [`allow_request`](EngineRoutes::allow_request) said no, with this message.
    Forbidden(String),
    /// A [`guard`](EngineRoutes::guard) answered it.
    Answered(HttpResponse),
}

impl ConnectionError<'_> {
    /// The request. It may have named a session, and that session may go on.
    pub const fn request(&self) -> &ConnRequest {
        self.request
    }

    /// engine.io's number, such as 1.
    pub const fn code(&self) -> u8 {
        self.refusal.code()
    }

    /// engine.io's sentence for the number, such as `Session ID unknown`. What the client was told may say more.
    pub fn message(&self) -> &str {
        match self.refusal {
            Refusal::Forbidden(_) => "Forbidden",
            other => other.message(),
        }
    }

    /// What more there is to say: an object with engine.io's members, such as `{"sid":"…"}`, `{"transport":"…"}`,
    /// `{"method":"…"}`, `{"message":"…"}` where it was forbidden, `{"protocol":3}`, or with code 3 a `name` such as
    /// `TRANSPORT_MISMATCH`, `TRANSPORT_HANDSHAKE_ERROR`, `PROTOCOL_MISMATCH`, `MIDDLEWARE_FAILURE` and
    /// `ID_GENERATION_ERROR`. The names `WORLD_FULL`, `HEADERS_TOO_LONG` and `BAD_SUBPROTOCOLS` are
    /// Dormouse's own.
    pub fn context(&self) -> Value {
        let request = self.request;
        match self.refusal {
            Refusal::UnknownTransport => json!({ "transport": request.transport() }),
            Refusal::UnknownSid => json!({ "sid": request.sid() }),
            Refusal::BadHandshakeMethod => json!({ "method": request.method() }),
            Refusal::BadRequest(what @ BadRequest::TransportMismatch) => {
                // Only the session's world knows what it is on, and judges only requests that poll.
                let is_poll = request.transport().as_deref() == Some("polling") && !request.is_upgrade();
                if is_poll {
                    json!({ "name": what.name(), "transport": "polling", "previousTransport": "websocket" })
                } else {
                    json!({ "name": what.name(), "transport": request.transport() })
                }
            }
            Refusal::BadRequest(what) => json!({ "name": what.name() }),
            Refusal::Forbidden(message) => json!({ "message": message }),
            // engine.io takes everything that is not 4 for its third revision.
            Refusal::UnsupportedProtocol => json!({ "protocol": 3 }),
            Refusal::Full => json!({ "name": "WORLD_FULL" }),
            // Reported to nobody: it ends a session that exists.
            Refusal::BodyTimeout => json!({ "name": "BODY_TIMEOUT" }),
            Refusal::BadSubprotocols => json!({ "name": "BAD_SUBPROTOCOLS" }),
            Refusal::HandshakeTooLong => json!({ "name": "HEADERS_TOO_LONG" }),
        }
    }
}

impl fmt::Debug for ConnectionError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionError").field("request", self.request).field("refusal", self.refusal).finish()
    }
}

impl Rejection {
    /// The answer to a request that asks for a WebSocket, or for anything else.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn into_response(self, is_upgrade: bool) -> HttpResponse {
        match self {
            // What engine.io says to a client that is no browser: these cannot read it.
            Self::Forbidden(message) if is_upgrade => HttpResponse::text(400, message),
            Self::Forbidden(message) => Self::refused(&Refusal::Forbidden(message)),
            Self::Refused(refusal) => Self::refused(&refusal),
            Self::Answered(response) => response,
        }
    }

    #[cfg(target_arch = "wasm32")]
    fn refused(refusal: &Refusal) -> HttpResponse {
        HttpResponse::text(refusal.status(), refusal.to_json())
            .with_type("application/json")
            .with_header("cache-control", "no-store")
    }
}

impl EngineRoutes {
    /// Judges a request, in the Worker: its guards, the protocol, and whether it may open a session. Those who watch are told
    /// of a refusal.
    ///
    /// # Errors
    /// The request does not reach its world.
    // Boxed: inside the Worker's own future, LLVM makes wasm of it that does not validate, where panics unwind.
    pub(crate) fn admit<'a>(
        &'a self,
        request: &'a ConnRequest,
    ) -> LocalBoxFuture<'a, Result<EngineRequest, Rejection>> {
        Box::pin(async move {
            let judged = self.judge(request).await;
            match &judged {
                Err(Rejection::Refused(refusal)) => self.report(request, refusal),
                Err(Rejection::Forbidden(message)) => self.report(request, &Refusal::Forbidden(message.clone())),
                Ok(_) | Err(Rejection::Answered(_)) => {}
            }
            judged
        })
    }

    /// Tells those who watch that a connection is refused.
    pub(crate) fn report(&self, request: &ConnRequest, refusal: &Refusal) {
        if matches!(refusal, Refusal::BadRequest(BadRequest::TransportError) | Refusal::BodyTimeout) {
            return;
        }
        for watch in &self.connection_errors {
            watch(&ConnectionError { request, refusal });
        }
    }

    /// Whether the app has a say in the Worker: where it has none, [`check_protocol`] says all.
    #[cfg(target_arch = "wasm32")]
    pub(crate) const fn looks_at_requests(&self) -> bool {
        !self.guards.is_empty() || !self.allow.is_empty() || self.watches_errors() || self.changes_headers()
    }

    /// Whether anybody watches refusals.
    pub(crate) const fn watches_errors(&self) -> bool {
        !self.connection_errors.is_empty()
    }

    async fn judge(&self, request: &ConnRequest) -> Result<EngineRequest, Rejection> {
        for guard in &self.guards {
            match guard(Requested { request: request.clone() }).await {
                Ok(()) => {}
                Err(GuardRejection::Answered(response)) => return Err(Rejection::Answered(response)),
                Err(GuardRejection::Failed(_)) => {
                    return Err(refused(Refusal::BadRequest(BadRequest::MiddlewareFailure)));
                }
            }
        }
        let (handshake, is_upgrade) = (request.handshake(), request.is_upgrade());
        let parsed = check_protocol(
            request.method(),
            is_upgrade,
            request.query(),
            handshake.header(SUBPROTOCOL),
            handshake.bytes(),
        )
        .map_err(refused)?;
        if !opens(parsed) {
            return Ok(parsed);
        }
        for ask in &self.allow {
            if let Err(failure) = ask(AllowRequest { request: request.clone() }).await {
                return Err(Rejection::Forbidden(failure.message().to_owned()));
            }
        }
        Ok(parsed)
    }
}

const fn refused(refusal: Refusal) -> Rejection {
    Rejection::Refused(refusal)
}

/// What a guard of requests gives back.
// What makes one is hidden, because the type is the crate's own: `EngineRoutes::guard` says what a guard may return. Were the two
// without a parameter recommended, the compiler would not say of an error of the app's what it lacks.
type Judged = Result<(), GuardRejection>;

#[doc(hidden)]
#[diagnostic::do_not_recommend]
impl IntoOutcome<Judged> for () {
    fn into_outcome(self) -> Judged {
        Ok(())
    }
}

#[doc(hidden)]
#[diagnostic::do_not_recommend]
impl IntoOutcome<Judged> for Result<(), HttpResponse> {
    fn into_outcome(self) -> Judged {
        self.map_err(GuardRejection::Answered)
    }
}

#[doc(hidden)]
impl<E: HandlerError> IntoOutcome<Judged> for Result<(), E> {
    fn into_outcome(self) -> Judged {
        self.map_err(|error| GuardRejection::Failed(Failure::from_handler_error(&error)))
    }
}
