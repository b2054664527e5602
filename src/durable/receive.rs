//! Runtime events become inputs.

use bytes::Bytes;
use futures::channel::oneshot;
use js_sys::{JsString, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::object::{Shell, entropy};
use super::spill;
use crate::config::Config;
use crate::edge::cors;
use crate::edge::route::layer_of;
use crate::effect::Answer;
use crate::error::{Reason, Refusal};
use crate::id::{ConnId, RequestId, Sid};
use crate::input::{Input, PostBody};
use crate::request::{CLOSE_MARK, EngineRequest, Layer};
use crate::runtime;
use crate::value::Frame;

/// A request that the Worker handed on.
pub(super) async fn fetch(shell: &Shell, request: JsValue) -> Result<JsValue, JsValue> {
    let config = match &shell.config {
        Ok(config) => config,
        Err(error) => {
            let body = serde_json::json!({ "message": error.to_string() }).to_string();
            return runtime::respond_json(500, &body, &[]);
        }
    };
    let parts: &runtime::Request = request.unchecked_ref();
    let (method, url) = (parts.method(), parts.url());
    let (own, path, query) = runtime::split_url(&url);
    let origin = runtime::header(&request, "origin");
    // The Worker refused who may not connect; what is left are the headers of the answer.
    let headers = cors::check(origin.as_deref(), own, &config.allowed_origins).unwrap_or_default();
    let websocket = runtime::header(&request, "upgrade").is_some_and(|to| to.eq_ignore_ascii_case("websocket"));
    let layer = layer_of(path).unwrap_or(Layer::SocketIo);
    let fresh = || Sid::from_entropy(entropy());
    let waiting = match EngineRequest::parse(&method, websocket, form_urlencoded::parse(query.as_bytes())) {
        Ok(EngineRequest::OpenPolling) => {
            handle(shell, |request| Input::OpenPolling { request, sid: fresh(), layer }).map(|(_, waiting)| waiting)
        }
        Ok(EngineRequest::Poll(sid)) => {
            handle(shell, |request| Input::Poll { request, sid }).map(|(_, waiting)| waiting)
        }
        Ok(EngineRequest::Post(sid)) => {
            let octets = runtime::header(&request, "content-type")
                .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/octet-stream"));
            post(shell, sid, &request, octets, config).await
        }
        Ok(EngineRequest::OpenWebSocket) => {
            return accept(shell, spill::PROBE, |conn| Input::OpenWebSocket { conn, sid: fresh(), layer });
        }
        Ok(EngineRequest::Upgrade(sid)) if shell.with(|awake| awake.world.server.can_upgrade(sid)) == Some(true) => {
            return accept(shell, spill::PROBE, |conn| Input::Upgrade { conn, sid });
        }
        // A second WebSocket of a session is closed once it is open, as the reference server does it: by the Worker, so that
        // a client that does not answer the close keeps no world awake.
        Ok(EngineRequest::Upgrade(sid)) if shell.with(|awake| awake.world.server.has_session(sid)) == Some(true) => {
            return runtime::respond(409, None, vec![CLOSE_MARK.to_owned(), "1".to_owned()]);
        }
        Ok(EngineRequest::Upgrade(_)) => return respond(&Answer::Refused(Refusal::UnknownSid), &headers),
        Err(refusal) => return respond(&Answer::Refused(refusal), &headers),
    };
    let answer = match waiting {
        Some(waiting) => waiting.await.ok(),
        None => None,
    };
    // Without an answer the world lost what it had in memory, and with it this session.
    respond(&answer.unwrap_or(Answer::Refused(Refusal::UnknownSid)), &headers)
}

/// A WebSocket brought a message.
pub(super) fn message(shell: &Shell, socket: &JsValue, message: &JsValue) {
    let Some(conn) = conn_of(shell, socket) else { return };
    let max = shell.config.as_ref().map_or(0, |config| config.max_payload_bytes);
    let frame = if let Some(text) = message.dyn_ref::<JsString>() {
        // What is too long in characters is too long in bytes, and is not copied.
        if text.length() as usize > max {
            return shell.turn(Input::TooLong { conn });
        }
        Frame::text(message.as_string().unwrap_or_default())
    } else {
        let bytes = Uint8Array::new(message);
        if bytes.length() as usize > max {
            return shell.turn(Input::TooLong { conn });
        }
        Frame::Binary(Bytes::from(bytes.to_vec()))
    };
    shell.turn(Input::Frame { conn, frame });
}

/// A WebSocket's peer closed it, or the connection was lost, which the reference server calls a close, too.
pub(super) fn closed(shell: &Shell, socket: &JsValue, code: u16) {
    runtime::end_socket(socket, code);
    gone(shell, socket, Reason::TransportClose);
}

/// A WebSocket broke: the only word of it.
pub(super) fn broken(shell: &Shell, socket: &JsValue) {
    runtime::end_socket(socket, 1011);
    gone(shell, socket, Reason::TransportError);
}

fn gone(shell: &Shell, socket: &JsValue, reason: Reason) {
    let Some(conn) = conn_of(shell, socket) else { return };
    shell.turn(Input::Closed { conn, reason });
    // A turn that panicked gave out the numbers anew.
    if let Some(ConnId(slot)) = conn_of(shell, socket) {
        shell.with(|awake| {
            awake.forget_rows(&shell.state, ConnId(slot));
            awake.sockets.close(slot, 1000);
        });
    }
}

/// The number of a WebSocket; `None` when the world is done with it.
fn conn_of(shell: &Shell, socket: &JsValue) -> Option<ConnId> {
    let slot = shell.with(|awake| awake.sockets.slot(socket))?;
    u32::try_from(slot).ok().map(ConnId)
}

fn handle(shell: &Shell, input: impl FnOnce(RequestId) -> Input) -> Option<(RequestId, oneshot::Receiver<Answer>)> {
    let (request, waiting) = shell.register()?;
    shell.turn(input(request));
    Some((request, waiting))
}

async fn post(
    shell: &Shell,
    sid: Sid,
    http: &JsValue,
    octets: bool,
    config: &Config,
) -> Option<oneshot::Receiver<Answer>> {
    let (request, mut waiting) = handle(shell, |request| Input::Post { request, sid, octets })?;
    if let Ok(Some(answer)) = waiting.try_recv() {
        let (sender, answered) = oneshot::channel();
        // The receiver is right here.
        let _ = sender.send(answer);
        return Some(answered);
    }
    let max = runtime::integer_to_js(config.max_payload_bytes as u64);
    // A session that sends nothing else for so long has lost its heartbeat.
    let patience = runtime::span_to_js(config.ping_interval.saturating_add(config.ping_timeout));
    let body = match JsFuture::from(runtime::read_request(http, max, patience)).await {
        Ok(body) if body.is_truthy() && body.as_bool().is_none() => {
            String::from_utf8(Uint8Array::new(&body).to_vec()).map_or(PostBody::NotText, PostBody::Text)
        }
        Ok(body) if body.as_bool() == Some(true) => PostBody::TooLong,
        _ => PostBody::Aborted,
    };
    shell.turn(Input::PostBody { request, sid, body });
    Some(waiting)
}

fn accept(shell: &Shell, attachment: &str, input: impl FnOnce(ConnId) -> Input) -> Result<JsValue, JsValue> {
    // Awake first: waking takes a socket without an attachment for one that the world is done with.
    let accepted = shell.with(|awake| {
        let pair = runtime::accept_websocket(&shell.state)?;
        let [client, server] = pair.as_slice() else { return Err(JsValue::from_str("no WebSocketPair")) };
        let slot = awake.sockets.add(server);
        // What nothing else is written for does not survive sleep.
        awake.sockets.attach(slot, attachment);
        Ok((client.clone(), ConnId(slot)))
    });
    let (client, conn) = accepted.unwrap_or_else(|| Err(JsValue::from_str("the configuration is refused")))?;
    shell.turn(input(conn));
    runtime::switch_protocols(&client)
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
