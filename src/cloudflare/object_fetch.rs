//! Requests to the gateway of a world, which serves Engine.IO.

use core::cell::RefCell;
use core::panic::AssertUnwindSafe;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use super::endpoint_requests;
use super::endpoint_requests::Endpoint;
use super::request_body::BodyLimits;
use super::respond::cors_headers;
use super::runtime;
use super::workers_platform::Workers;
use crate::core::effect::Response;
use crate::error::Refusal;
use crate::handles::{ConnRequest, Variables};
use crate::http::{CLOSE_MARK, EngineRequest, RequestHead, Route, SUBPROTOCOL, origin, route, select_subprotocol};
use crate::id::Sid;
use crate::object::{Platform, Reception, Shell};

/// The content type that a POST must not have: Engine.IO 4 has no binary payloads.
const OCTET_STREAM: &str = "application/octet-stream";

/// A GET of a session, whose response is watched.
struct Polled {
    /// The state of the object.
    state: JsValue,
    sid: Sid,
    /// How long its client may take to read the response: as long as it may be silent.
    timeout_ms: f64,
}

impl Polled {
    fn new(shell: &Shell<Workers>, sid: Sid) -> Self {
        let timeout_ms = runtime::span_to_js(shell.config().body_timeout());
        Self { state: shell.platform.state.clone(), sid, timeout_ms }
    }
}

/// Handles a request that the Worker forwarded. Returns a response if nothing has to be awaited, as for a WebSocket, and the
/// promise of a response otherwise.
///
/// # Errors
/// The runtime failed; the client gets a 500.
pub(crate) fn fetch(shell: Rc<RefCell<Shell<Workers>>>, request: JsValue) -> Result<JsValue, JsValue> {
    shell.borrow().platform.note("a request");
    let head = RequestHead::new(runtime::head_of(&request));
    let app = shell.borrow_mut().app();
    let asked_world = head.asked_world();
    let (world, protocol) = match route(head.path(), asked_world.as_deref(), app.engine_routes().gateway_path()) {
        Route::Gateway { world, protocol } => (world, protocol),
        other => {
            let to = Endpoint::parse(&other, head.path());
            return Ok(promise(async move { endpoint_requests::fetch(&shell, &request, &head, to, &app).await }));
        }
    };
    // A block of its own, so that the shell is not borrowed while the request waits.
    let (reception, polled) = {
        let mut shell = shell.borrow_mut();
        let store = shell.platform.store();
        let variables: Variables = Rc::new(move |name| store.variable(name));
        let is_octets =
            || head.header("content-type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case(OCTET_STREAM));
        match EngineRequest::parse(head.method(), head.is_upgrade(), head.query(), shell.config().transports) {
            Ok(parsed) => {
                let polled = match parsed {
                    EngineRequest::Poll(sid) => Some(Polled::new(&shell, sid)),
                    _ => None,
                };
                let reception = shell.handle_request(parsed, protocol, is_octets, |now| {
                    let method = head.method().to_owned();
                    ConnRequest::new(method, world, head.is_upgrade(), head.to_handshake(now), variables)
                })?;
                (reception, polled)
            }
            Err(refusal) => (Reception::Refused(refusal), None),
        }
    };
    let headers = || cors_headers(shell.borrow().config(), &head, &app);
    match reception {
        Reception::Accepted(client) => runtime::switch_protocols(&client, upgrade_headers(&head)),
        Reception::SecondWebSocket => {
            let mark = vec![CLOSE_MARK.to_owned(), "1".to_owned()];
            runtime::respond(409, None, [mark, upgrade_headers(&head)].concat())
        }
        Reception::Refused(refusal) => respond(&Response::Refused(refusal), &headers(), None),
        Reception::Waits(waiting) => Ok(promise(answer(waiting, headers(), None, polled))),
        Reception::Opens { sid, waiting } => {
            Ok(promise(answer(waiting, headers(), app.engine_routes().set_cookie(sid), None)))
        }
        Reception::WantsBody { request: number, sid, due, waiting } => {
            let (headers, limits) = (headers(), BodyLimits::new(shell.borrow().config()).until(due));
            Ok(promise(async move {
                let body = limits.read(&request).await;
                {
                    let mut shell = shell.borrow_mut();
                    shell.platform.note("a request");
                    shell.handle_body(number, sid, body);
                }
                answer(waiting, headers, None, None).await
            }))
        }
    }
}

/// Returns the headers of the response that accepts a WebSocket: names and values, in turn. The Worker has refused a request with
/// an invalid list of subprotocols.
fn upgrade_headers(head: &RequestHead) -> Vec<String> {
    let selected = head.header(SUBPROTOCOL).and_then(|offered| select_subprotocol(offered).ok());
    selected.map_or_else(Vec::new, |selected| vec![SUBPROTOCOL.to_owned(), selected.to_owned()])
}

/// Waits for the response to a GET or POST of a polling session.
async fn answer(
    waiting: <Workers as Platform>::Waiting,
    mut headers: Vec<origin::HeaderPair>,
    cookie: Option<String>,
    polled: Option<Polled>,
) -> Result<JsValue, JsValue> {
    // The sender is dropped without a response if the world lost what it had in memory, including this session.
    let answer = waiting.await.unwrap_or(Response::Refused(Refusal::UnknownSid));
    if let Response::Payload(_) = answer {
        headers.extend(cookie.map(|cookie| ("set-cookie", cookie)));
    }
    respond(&answer, &headers, polled)
}

fn promise(response: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> JsValue {
    runtime::or_lost(&future_to_promise(AssertUnwindSafe(response))).into()
}

fn respond(answer: &Response, headers: &[origin::HeaderPair], polled: Option<Polled>) -> Result<JsValue, JsValue> {
    let of = |kind| runtime::flatten(headers, &[("content-type", kind), ("cache-control", "no-store")]);
    match answer {
        Response::Payload(body) if let Some(Polled { state, sid, timeout_ms }) = polled => {
            let headers = of("text/plain; charset=UTF-8");
            runtime::respond_payload(&state, sid.as_str(), body, headers, timeout_ms)
        }
        Response::Payload(body) => runtime::respond(200, Some(body), of("text/plain; charset=UTF-8")),
        Response::Ok => runtime::respond(200, Some("ok"), of("text/html")),
        Response::TooLong => runtime::respond(413, None, runtime::flatten(headers, &[("cache-control", "no-store")])),
        Response::Refused(refusal) => runtime::respond_json(refusal.status(), &refusal.to_json(), headers),
    }
}
