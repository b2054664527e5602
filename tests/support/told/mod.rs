//! What hooks and handlers were told, and requests by hand.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that meets the unexpected is to fail")]

use core::cell::RefCell;

use dormouse::internal::Host;
use dormouse::internal::Protocol;
use dormouse::internal::Response;
use serde_json::Value;

thread_local! {
    static TOLD: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Notes something that no client hears of.
pub fn tell(what: Value) {
    TOLD.with_borrow_mut(|told| told.push(what));
}

/// What was noted since the last call.
pub fn take_told() -> Vec<Value> {
    TOLD.take()
}

/// The id of the session that a GET opened.
pub fn sid_of(host: &Host, http: usize) -> String {
    let Some(Response::Payload(open)) = host.answer_of(http) else { panic!("no session: {:?}", host.answer_of(http)) };
    let open: Value = serde_json::from_str(open.strip_prefix('0').expect("OPEN")).expect("JSON");
    open.get("sid").and_then(Value::as_str).expect("a session id").to_owned()
}

/// The query that opens a session by polling.
pub const POLLING: &str = "EIO=4&transport=polling";
/// The query that opens a session on a WebSocket.
pub const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// A GET.
pub fn get(host: &mut Host, query: &str) -> usize {
    host.request("GET", query, Protocol::SocketIo, false)
}
