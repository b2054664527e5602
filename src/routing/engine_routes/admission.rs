//! Admission: which requests reach a world, and the responses to those that do not.

use super::EngineRoutes;
#[cfg(target_arch = "wasm32")]
use super::WorkerHooks;
use crate::config::Transports;
use crate::error::HandlerError;
use crate::error::{BadRequest, Failure, Refusal};
use crate::extract::{AllowRequest, GuardRejection, Requested};
use crate::handles::ConnRequest;
use crate::handles::HttpResponse;
use crate::http::EngineRequest;
use crate::http::SUBPROTOCOL;
use crate::http::check_protocol;
use crate::http::opens;
use crate::log::{Level, Record};
use crate::routing::failure_line::failed;
use crate::routing::outcome::IntoOutcome;
use core::fmt;
use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

/// A connection that was refused: the argument of engine.io's `connection_error`.
pub struct ConnectionError<'a> {
    request: &'a ConnRequest,
    refusal: &'a Refusal,
}

/// Why a request does not reach its world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// It is refused with a code of engine.io's.
    Refused(Refusal),
    /// A [`guard`](EngineRoutes::guard) or [`allow_request`](EngineRoutes::allow_request) failed: how the request is refused, and the
    /// line for the log.
    Failed(Refusal, Box<Record>),
    /// A [`guard`](EngineRoutes::guard) sent this response.
    Answered(HttpResponse),
}

impl ConnectionError<'_> {
    /// Returns the request. If it named a session, that session may still exist.
    pub const fn request(&self) -> &ConnRequest {
        self.request
    }

    /// Returns engine.io's code, such as 1.
    pub const fn code(&self) -> u8 {
        self.refusal.code()
    }

    /// Returns engine.io's message for the code, such as `Session ID unknown`. The message that was sent to the client
    /// may say more.
    pub fn message(&self) -> &str {
        match self.refusal {
            Refusal::Forbidden(_) => "Forbidden",
            other => other.message(),
        }
    }

    /// Returns the details: an object with engine.io's members, such as `{"sid":"…"}`, `{"transport":"…"}`,
    /// `{"method":"…"}`, `{"protocol":3}`, or `{"message":"…"}` with code 4. With code 3, it has a `name` such as
    /// `TRANSPORT_MISMATCH`, `TRANSPORT_HANDSHAKE_ERROR`, `PROTOCOL_MISMATCH`, `MIDDLEWARE_FAILURE` and
    /// `ID_GENERATION_ERROR`. The names `WORLD_FULL`, `HEADERS_TOO_LONG` and `BAD_SUBPROTOCOLS` are Dormouse's own.
    pub fn context(&self) -> Value {
        let request = self.request;
        match self.refusal {
            Refusal::UnknownTransport => json!({ "transport": request.transport() }),
            Refusal::UnknownSid => json!({ "sid": request.sid() }),
            Refusal::BadHandshakeMethod => json!({ "method": request.method() }),
            Refusal::BadRequest(what @ BadRequest::TransportMismatch) => {
                // Only the world knows the transport of a session, and it checks that of requests that poll only.
                let is_poll = request.transport().as_deref() == Some("polling") && !request.is_upgrade();
                if is_poll {
                    json!({ "name": what.name(), "transport": "polling", "previousTransport": "websocket" })
                } else {
                    json!({ "name": what.name(), "transport": request.transport() })
                }
            }
            Refusal::BadRequest(what) => json!({ "name": what.name() }),
            Refusal::Forbidden(message) => json!({ "message": message }),
            // engine.io treats every `EIO` but 4 as its third revision.
            Refusal::UnsupportedProtocol => json!({ "protocol": 3 }),
            Refusal::Full => json!({ "name": "WORLD_FULL" }),
            // Never reported: it ends a session that exists.
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
    /// Returns the response; `is_upgrade` is whether the request asks for a WebSocket.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn into_response(self, is_upgrade: bool) -> HttpResponse {
        match self {
            // engine.io's response. Only clients other than browsers can read it.
            Self::Failed(Refusal::Forbidden(message), _) if is_upgrade => HttpResponse::text(400, message),
            Self::Refused(refusal) | Self::Failed(refusal, _) => Self::refused(&refusal),
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
    /// Decides whether a request may reach its world, in the Worker: calls the guards, checks the protocol and, if the
    /// request opens a session, calls the `allow_request` hooks. Reports refusals. `served` are the transports that are served.
    ///
    /// # Errors
    /// The request must not reach its world.
    // Boxed: inlined into the Worker's own future, LLVM makes wasm of it that does not validate, in builds that unwind.
    pub(crate) fn admit<'a>(
        &'a self,
        request: &'a ConnRequest,
        served: Transports,
    ) -> LocalBoxFuture<'a, Result<EngineRequest, Rejection>> {
        Box::pin(async move {
            let checked = self.check_request(request, served).await;
            match &checked {
                Err(Rejection::Refused(refusal) | Rejection::Failed(refusal, _)) => self.report(request, refusal),
                Ok(_) | Err(Rejection::Answered(_)) => {}
            }
            checked
        })
    }

    /// Calls the hooks of refused connections. A refusal that ends an existing session is not reported.
    pub(crate) fn report(&self, request: &ConnRequest, refusal: &Refusal) {
        if matches!(refusal, Refusal::BadRequest(BadRequest::TransportError) | Refusal::BodyTimeout) {
            return;
        }
        for watch in &self.connection_errors {
            watch(&ConnectionError { request, refusal });
        }
    }

    /// Returns what calls the hooks that run in the Worker. If the app has none, [`check_protocol`] alone decides.
    #[cfg(target_arch = "wasm32")]
    pub(crate) const fn worker_hooks(&self) -> Option<&'static WorkerHooks> {
        self.worker_hooks
    }

    /// Returns whether there are hooks of refused connections.
    pub(crate) const fn watches_errors(&self) -> bool {
        !self.connection_errors.is_empty()
    }

    async fn check_request(&self, request: &ConnRequest, served: Transports) -> Result<EngineRequest, Rejection> {
        for guard in &self.guards {
            match guard(Requested { request: request.clone() }).await {
                Ok(()) => {}
                Err(GuardRejection::Answered(response)) => return Err(Rejection::Answered(response)),
                Err(GuardRejection::Failed(failure)) => {
                    let refusal = Refusal::BadRequest(BadRequest::MiddlewareFailure);
                    return Err(rejected(&failure, request, refusal));
                }
            }
        }
        let parsed = check_protocol(
            request.method(),
            request.is_upgrade(),
            request.query(),
            request.header(SUBPROTOCOL),
            self.kept.measure(request.url().len(), request.headers()),
            served,
        )
        .map_err(refused)?;
        if !opens(parsed) {
            return Ok(parsed);
        }
        for ask in &self.allow {
            if let Err(failure) = ask(AllowRequest { request: request.clone() }).await {
                return Err(rejected(&failure, request, Refusal::Forbidden(told(&failure, request))));
            }
        }
        Ok(parsed)
    }
}

/// Returns how a request is rejected whose hook has failed, with the line for the log.
fn rejected(failure: &Failure, request: &ConnRequest, refusal: Refusal) -> Rejection {
    // Without the query, which may have a token.
    let path = request.url().split('?').next().unwrap_or_default();
    let line = failed(Level::Warn, failure, &[request.method(), " ", path].concat());
    Rejection::Failed(refusal, Box::new(line))
}

/// Returns what a client is told of the failure of a hook: of an internal one, where the log has its text.
fn told(failure: &Failure, request: &ConnRequest) -> String {
    let Some(reference) = failure.reference() else { return failure.message().to_owned() };
    let mut told = [failure.message(), " Reference: ", reference].concat();
    if request.variable("DEBUG").as_deref() == Some("true") {
        told.push_str(". ");
        told.push_str(&failure.text());
    }
    told
}

const fn refused(refusal: Refusal) -> Rejection {
    Rejection::Refused(refusal)
}

/// The outcome of a guard of requests.
// Its implementations are hidden, because the type is private: `EngineRoutes::guard` says what a guard may return. The
// two without a type parameter are not recommended, so that the compiler's message names the trait that an app's own
// error lacks.
type GuardOutcome = Result<(), GuardRejection>;

#[doc(hidden)]
#[diagnostic::do_not_recommend]
impl IntoOutcome<GuardOutcome> for () {
    fn into_outcome(self) -> GuardOutcome {
        Ok(())
    }
}

#[doc(hidden)]
#[diagnostic::do_not_recommend]
impl IntoOutcome<GuardOutcome> for Result<(), HttpResponse> {
    fn into_outcome(self) -> GuardOutcome {
        self.map_err(GuardRejection::Answered)
    }
}

#[doc(hidden)]
impl<E: HandlerError> IntoOutcome<GuardOutcome> for Result<(), E> {
    fn into_outcome(self) -> GuardOutcome {
        self.map_err(|error| GuardRejection::Failed(error.into_failure()))
    }
}
