//! An app with a hook of every kind. The query of a client's request selects what the hooks do with it.

use dormouse::cookie::Cookie;
use dormouse::error::EmitError;
use dormouse::extract::ConnRequest;
use dormouse::response::{Headers, HttpResponse};
use dormouse::routing::{ConnectionError, Cors, EngineRoutes};
use dormouse::socket::{Conn, Reason};
use dormouse::value::{EnginePacket, PacketKind};
use dormouse::{Ack, App, Args, Failure, Io};
use serde_json::json;

fn app() -> App {
    App::new().namespace("/", |ns| ns.on("say", async |args: Args| Ack(args))).engine(hooks)
}

fn hooks(engine: EngineRoutes) -> EngineRoutes {
    let cors = Cors::new().allowed_headers(["x-token"]).exposed_headers(["x-each"]).credentials(false);
    engine
        .path("/realtime")
        .guard(guard)
        .guard(failing_guard)
        .allow_request(allow)
        .initial_headers(initial_headers)
        .headers(|headers, request| {
            headers.set("x-each", request.method());
            // Hooks cannot set this header: the selected subprotocol is sent.
            headers.set("sec-websocket-protocol", "of-the-hook");
        })
        .on_connection_error(tell_error)
        .generate_id(make_id)
        .cookie(Cookie::build("session").secure(true).into())
        .cors(cors)
        .on_upgrade(async |conn: Conn, io: Io| io.log(format!("upgraded to {}", conn.transport())))
        .on_packet(tell_packet)
        .on_packet_create(tell_created)
        .on_close(async |reason: Reason, io: Io| io.log(format!("closed: {reason}")))
}

/// Answers `?guard=answer` with a response of its own. `failing_guard` refuses `?guard=fail`.
async fn guard(request: ConnRequest) -> Result<(), HttpResponse> {
    match request.query_param("guard").as_deref() {
        Some("answer") => Err(HttpResponse::text(418, "short and stout").with_header("x-guard", "yes")),
        _ => Ok(()),
    }
}

async fn failing_guard(request: ConnRequest) -> Result<(), &'static str> {
    if request.query_param("guard").as_deref() == Some("fail") { Err("failed") } else { Ok(()) }
}

/// Denies `?deny=TEXT` with the text, after an `.await`.
async fn allow(request: ConnRequest) -> Result<(), Failure> {
    runtime::later().await;
    request.insert(Note("allowed"));
    match request.query_param("deny") {
        Some(text) => Err(Failure::new("DENIED", text)),
        None => Ok(()),
    }
}

struct Note(&'static str);

fn initial_headers(headers: &mut Headers, request: &ConnRequest) {
    headers.set("x-initial", request.world());
    headers.set("x-note", request.get::<Note>().map_or("none", |note| note.0));
    headers.append("set-cookie", "first=1");
    headers.append("set-cookie", "second=2");
    // HTTP does not allow this name or this value: both headers are left out, and the rest is sent.
    headers.set("not a name", "1");
    headers.set("x-not-a-value", "1\r\nx-smuggled: 1");
}

/// Returns the session id of `?id=ID`, or else an id made from the WebSocket's key or the header `x-key`.
fn make_id(request: &ConnRequest) -> String {
    request.query_param("id").unwrap_or_else(|| {
        let key = request.header("sec-websocket-key").or(request.header("x-key")).unwrap_or("none");
        key.chars().filter(char::is_ascii_alphanumeric).collect()
    })
}

fn tell_error(error: &ConnectionError<'_>) {
    let line = json!([error.code(), error.message(), error.context(), error.request().world()]);
    runtime::log(&format!("refused {line}"));
}

async fn tell_packet(packet: EnginePacket, io: Io) {
    if packet.kind == PacketKind::Message {
        io.log("packet message");
    }
}

async fn tell_created(packet: EnginePacket, io: Io) -> Result<(), EmitError> {
    io.log(format!("created {}", packet.kind.as_str()));
    // The hook is not called for a packet that the hook itself emits.
    io.emit("created", packet.kind.as_str())
}

#[cfg(target_arch = "wasm32")]
mod runtime {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = console)]
        pub fn log(line: &str);
    }

    /// Waits for a promise of the runtime.
    pub(crate) async fn later() {
        let promise = js_sys::Promise::resolve(&JsValue::NULL);
        let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod runtime {
    pub(crate) const fn log(_: &str) {}

    pub(crate) fn later() -> core::future::Ready<()> {
        core::future::ready(())
    }
}

dormouse::world!(World, app);
