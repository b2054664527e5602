//! Requests as the runtime brings them, and the responses to them.

use core::cell::RefCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::platform::Platform as _;
use super::requests::{Body, Reception};
use super::serve;
use super::shell::Shell;
use super::workers::Workers;
use crate::config::Config;
use crate::edge::route::{Route, route};
use crate::edge::{cors, request as received};
use crate::effect::Answer;
use crate::error::Refusal;
use crate::handler::Variables;
use crate::request::{CLOSE_MARK, EngineRequest};
use crate::runtime;

/// A request that the Worker handed on.
pub(super) async fn fetch(shell: &RefCell<Shell<Workers>>, request: JsValue) -> Result<JsValue, JsValue> {
    let parts: &runtime::Request = request.unchecked_ref();
    let (method, url) = (parts.method(), parts.url());
    let (own, path, query) = runtime::split_url(&url);
    let origin = runtime::header(&request, "origin");
    let query = || form_urlencoded::parse(query.as_bytes());
    let asked_world = query().find(|(key, _)| key == "world").map(|(_, value)| value);
    let app = shell.borrow_mut().app();
    let engine = app.engine_routes();
    let (world, layer) = match route(path, asked_world.as_deref(), engine.gateway_path()) {
        Route::Gateway { world, layer } => (world, layer),
        other => return serve::fetch(shell, &request, other, engine.cors_options()).await,
    };
    let parsed = EngineRequest::parse(&method, received::is_upgrade(&request), query());
    let is_octets = || {
        runtime::header(&request, "content-type")
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/octet-stream"))
    };
    // A block of its own, so that the shell is not borrowed while the request waits.
    let (mut headers, reception, limits) = {
        let mut shell = shell.borrow_mut();
        // The Worker refused who may not connect; what is left are the headers of the answer.
        let allowed = &shell.config().allowed_origins;
        let headers = cors::check(origin.as_deref(), own, allowed, engine.cors_options()).unwrap_or_default();
        let store = shell.platform.store();
        let variables: Variables = Rc::new(move |name| store.variable(name));
        let reception = match parsed {
            Ok(parsed) => {
                shell.handle_request(parsed, layer, is_octets, |now| received::read(&request, world, now, variables))?
            }
            Err(refusal) => Reception::Refused(refusal),
        };
        (headers, reception, BodyLimits::new(shell.config()))
    };
    let mut cookie = None;
    let waiting = match reception {
        Reception::Waits(waiting) => waiting,
        Reception::Opens { sid, waiting } => {
            cookie = engine.set_cookie(sid);
            waiting
        }
        Reception::WantsBody { request: number, sid, waiting } => {
            let body = limits.read(&request).await;
            shell.borrow_mut().handle_body(number, sid, body);
            waiting
        }
        Reception::Accepted(client) => return runtime::switch_protocols(&client),
        Reception::SecondWebSocket => {
            return runtime::respond(409, None, vec![CLOSE_MARK.to_owned(), "1".to_owned()]);
        }
        Reception::Refused(refusal) => return respond(&Answer::Refused(refusal), &headers),
    };
    // Without an answer the world lost what it had in memory, and with it this session.
    let answer = waiting.await.unwrap_or(Answer::Refused(Refusal::UnknownSid));
    if let Answer::Payload(_) = answer {
        headers.extend(cookie.map(|cookie| ("set-cookie", cookie)));
    }
    respond(&answer, &headers)
}

/// How much of a body is read, and for how long: in bytes and milliseconds.
pub(super) struct BodyLimits {
    max: f64,
    patience: f64,
}

impl BodyLimits {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            max: runtime::integer_to_js(config.max_payload_bytes as u64),
            // A session that sends nothing else for so long has lost its heartbeat.
            patience: runtime::span_to_js(config.ping_interval.saturating_add(config.ping_timeout)),
        }
    }

    pub(super) async fn read(&self, request: &JsValue) -> Body {
        match JsFuture::from(runtime::read_request(request, self.max, self.patience)).await {
            Ok(body) if body.is_truthy() && body.as_bool().is_none() => Body::Bytes(Uint8Array::new(&body).to_vec()),
            Ok(body) if body.as_bool() == Some(true) => Body::TooLong,
            _ => Body::Aborted,
        }
    }
}

fn respond(answer: &Answer, headers: &[cors::Header]) -> Result<JsValue, JsValue> {
    let of = |kind| runtime::flatten(headers, &[("content-type", kind), ("cache-control", "no-store")]);
    match answer {
        Answer::Payload(body) => runtime::respond(200, Some(body), of("text/plain; charset=UTF-8")),
        Answer::Ok => runtime::respond(200, Some("ok"), of("text/html")),
        Answer::TooLong => runtime::respond(413, None, runtime::flatten(headers, &[("cache-control", "no-store")])),
        Answer::Refused(refusal) => runtime::respond_json(refusal.status(), &refusal.to_json(), headers),
    }
}
