//! The examples of FoalTS's page on real-time communication, translated one by one, in its order. Each runs in a world that never
//! sleeps, and in one that slept a moment before each event. `docs/parity-foal.md` has all of the page.
#![cfg(feature = "validation")]
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod advanced;
mod architecture;
mod get_started;
mod messages;
mod server_errors;
mod session_cookies;
mod session_races;
mod session_rules;
mod web_sessions;

use dormouse::testing::{TestClient, TestWorld};
use dormouse::{App, Args};
use serde_json::{Value, json};

/// Runs a dialogue awake, and with a nap before each event.
fn awake_and_asleep(app: fn() -> App, dialogue: impl Fn(&TestWorld)) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        dialogue(&world);
    }
}

/// Sends an event with a callback, and returns what the callback is called with; `None` if it is not called.
fn ask(client: &TestClient, event: &str, payload: impl serde::Serialize) -> Option<Value> {
    let args = Args::one(&payload).unwrap();
    client.emit_with_ack(event, args).args().map(|args| args.parse().unwrap())
}

fn ok(data: impl Into<Value>) -> Value {
    json!({ "status": "ok", "data": data.into() })
}

fn error(error: impl Into<Value>) -> Value {
    json!({ "status": "error", "error": error.into() })
}
