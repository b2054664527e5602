//! A record of what hooks and handlers were called with, and helpers for requests.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "every test compiles this and uses its own part of it")]

use core::cell::RefCell;

use dormouse::internal::{Host, Protocol, Refusal, Response};
use dormouse::routing::EngineRoutes;
use dormouse::{App, Data, Socket};
use serde_json::{Value, json};

thread_local! {
    static TOLD: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Records something that no client gets.
pub(crate) fn tell(what: Value) {
    TOLD.with_borrow_mut(|told| told.push(what));
}

/// Returns what was recorded since the last call.
pub(crate) fn take_told() -> Vec<Value> {
    TOLD.take()
}

/// Returns the id of the session that a GET opened.
pub(crate) fn sid_of(host: &Host, http: usize) -> String {
    let Some(Response::Payload(open)) = host.answer_of(http) else { panic!("no session: {:?}", host.answer_of(http)) };
    let open: Value = serde_json::from_str(open.strip_prefix('0').expect("OPEN")).expect("JSON");
    open.get("sid").and_then(Value::as_str).expect("a session id").to_owned()
}

/// The query that opens a session by polling.
pub(crate) const POLLING: &str = "EIO=4&transport=polling";
/// The query that opens a session on a WebSocket.
pub(crate) const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// Sends a GET.
pub(crate) fn get(host: &mut Host, query: &str) -> usize {
    host.request("GET", query, Protocol::SocketIo, false)
}

/// Returns an app with these hooks, and an event `say`, which emits `said` to the others.
pub(crate) fn app_of(engine: impl FnOnce(EngineRoutes) -> EngineRoutes) -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on("say", async |socket: Socket, Data(text): Data<String>| socket.broadcast().emit("said", text))
        })
        .engine(engine)
}

/// Adds a hook that records every refused connection.
pub(crate) fn watched(engine: EngineRoutes) -> EngineRoutes {
    engine.on_connection_error(|error| {
        let sid = error.request().sid();
        tell(json!([error.code(), error.message(), error.context(), sid]));
    })
}

/// Returns the refusal that a request got.
pub(crate) fn refusal(host: &Host, http: usize) -> Refusal {
    match host.answer_of(http) {
        Some(Response::Refused(refusal)) => refusal.clone(),
        other => panic!("no refusal: {other:?}"),
    }
}
