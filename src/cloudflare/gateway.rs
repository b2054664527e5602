//! Requests as the runtime brings them, and the responses to them.

use core::cell::RefCell;
use core::panic::AssertUnwindSafe;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::http_requests;
use super::http_requests::Endpoint;
use super::runtime;
use super::workers::Workers;
use crate::config::Config;
use crate::core::effect::Response;
use crate::error::Refusal;
use crate::handles::Variables;
use crate::http::RequestHead;
use crate::http::origin;
use crate::http::{CLOSE_MARK, EngineRequest};
use crate::http::{Route, route};
use crate::http::{SUBPROTOCOL, select_subprotocol};
use crate::object::Platform;
use crate::object::Shell;
use crate::object::{Body, Reception};
use crate::routing::App;

/// What the body of a POST may not be: engine.io 4 has no binary payloads.
const OCTET_STREAM: &str = "application/octet-stream";

/// Answers a request that the Worker handed on: with a response where nothing is to be waited for, as for a WebSocket, or with the
/// promise of one.
///
/// # Errors
/// The runtime's own; the client gets a 500.
pub(crate) fn fetch(shell: Rc<RefCell<Shell<Workers>>>, request: JsValue) -> Result<JsValue, JsValue> {
    let head = RequestHead::new(runtime::head_of(&request));
    let app = shell.borrow_mut().app();
    let asked_world = head.asked_world();
    let (world, protocol) = match route(head.path(), asked_world.as_deref(), app.engine_routes().gateway_path()) {
        Route::Gateway { world, protocol } => (world, protocol),
        other => {
            let to = Endpoint::parse(&other);
            return Ok(promise(async move { http_requests::fetch(&shell, &request, &head, to, &app).await }));
        }
    };
    // A block of its own, so that the shell is not borrowed while the request waits.
    let reception = {
        let mut shell = shell.borrow_mut();
        let store = shell.platform.store();
        let variables: Variables = Rc::new(move |name| store.variable(name));
        let is_octets =
            || head.header("content-type").is_some_and(|kind| kind.trim().eq_ignore_ascii_case(OCTET_STREAM));
        match EngineRequest::parse(head.method(), head.is_upgrade(), head.query()) {
            Ok(parsed) => {
                shell.handle_request(parsed, protocol, is_octets, |now| head.to_conn_request(world, now, variables))?
            }
            Err(refusal) => Reception::Refused(refusal),
        }
    };
    let headers = || own_headers(shell.borrow().config(), &head, &app);
    match reception {
        Reception::Accepted(client) => runtime::switch_protocols(&client, upgrade_headers(&head)),
        Reception::SecondWebSocket => {
            let mark = vec![CLOSE_MARK.to_owned(), "1".to_owned()];
            runtime::respond(409, None, [mark, upgrade_headers(&head)].concat())
        }
        Reception::Refused(refusal) => respond(&Response::Refused(refusal), &headers()),
        Reception::Waits(waiting) => Ok(promise(answer(waiting, headers(), None))),
        Reception::Opens { sid, waiting } => {
            Ok(promise(answer(waiting, headers(), app.engine_routes().set_cookie(sid))))
        }
        Reception::WantsBody { request: number, sid, waiting } => {
            let (headers, limits) = (headers(), BodyLimits::new(shell.borrow().config()));
            Ok(promise(async move {
                let body = limits.read(&request).await;
                shell.borrow_mut().handle_body(number, sid, body);
                answer(waiting, headers, None).await
            }))
        }
    }
}

/// The headers of the response that accepts a WebSocket, names and values in turn. The Worker has refused what offers no list.
fn upgrade_headers(head: &RequestHead) -> Vec<String> {
    let selected = head.header(SUBPROTOCOL).and_then(|offered| select_subprotocol(offered).ok());
    selected.map_or_else(Vec::new, |selected| vec![SUBPROTOCOL.to_owned(), selected.to_owned()])
}

/// Waits for the answer to a request that polls or posts.
async fn answer(
    waiting: <Workers as Platform>::Waiting,
    mut headers: Vec<origin::Header>,
    cookie: Option<String>,
) -> Result<JsValue, JsValue> {
    // Without an answer the world lost what it had in memory, and with it this session.
    let answer = waiting.await.unwrap_or(Response::Refused(Refusal::UnknownSid));
    if let Response::Payload(_) = answer {
        headers.extend(cookie.map(|cookie| ("set-cookie", cookie)));
    }
    respond(&answer, &headers)
}

/// The headers that every answer to a request must have. The Worker has refused who may not connect.
pub(crate) fn own_headers(config: &Config, head: &RequestHead, app: &App) -> Vec<origin::Header> {
    let cors = app.engine_routes().cors_options();
    origin::check(head.header("origin"), head.own_origin(), &config.allowed_origins, cors).unwrap_or_default()
}

fn promise(response: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> JsValue {
    future_to_promise(AssertUnwindSafe(response)).into()
}

/// How much of a body is read, and for how long: in bytes and milliseconds.
pub(crate) struct BodyLimits {
    max: f64,
    patience: f64,
}

impl BodyLimits {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            max: runtime::integer_to_js(config.max_payload_bytes as u64),
            patience: runtime::span_to_js(config.body_timeout()),
        }
    }

    pub(crate) async fn read(&self, request: &JsValue) -> Body {
        match JsFuture::from(runtime::read_request(request, self.max, self.patience)).await {
            Ok(body) => match body.as_bool() {
                Some(true) => Body::TooLong,
                Some(false) => Body::Late,
                None if body.is_undefined() => Body::Aborted,
                None => Body::Bytes(Uint8Array::new(&body).to_vec()),
            },
            Err(_) => Body::Aborted,
        }
    }
}

fn respond(answer: &Response, headers: &[origin::Header]) -> Result<JsValue, JsValue> {
    let of = |kind| runtime::flatten(headers, &[("content-type", kind), ("cache-control", "no-store")]);
    match answer {
        Response::Payload(body) => runtime::respond(200, Some(body), of("text/plain; charset=UTF-8")),
        Response::Ok => runtime::respond(200, Some("ok"), of("text/html")),
        Response::TooLong => runtime::respond(413, None, runtime::flatten(headers, &[("cache-control", "no-store")])),
        Response::Refused(refusal) => runtime::respond_json(refusal.status(), &refusal.to_json(), headers),
    }
}
