//! What the tests of controllers share.

use core::cell::RefCell;
use core::fmt;

use dormouse::App;
use dormouse::testing::{TestClient, TestWorld};
use serde_json::{Value, json};

thread_local! {
    /// What the functions of the test have done, in order.
    static STEPS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn step(text: impl Into<String>) {
    STEPS.with_borrow_mut(|steps| steps.push(text.into()));
}

pub(crate) fn steps() -> Vec<String> {
    STEPS.take()
}

/// Runs a dialogue awake, and with naps in between.
pub(crate) fn awake_and_asleep(app: fn() -> App, dialogue: impl Fn(&TestWorld)) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        dialogue(&world);
        steps();
    }
}

pub(crate) fn answer(client: &TestClient, event: &str, payload: impl serde::Serialize) -> Option<Value> {
    let args = dormouse::Args::one(&payload).unwrap();
    client.emit_with_ack(event, args).args().map(|args| args.parse().unwrap())
}

pub(crate) fn internal() -> Value {
    json!({ "code": "INTERNAL_SERVER_ERROR", "message": "An internal server error has occurred." })
}

#[derive(Debug)]
pub(crate) struct PermissionDenied;

impl fmt::Display for PermissionDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the table users is locked")
    }
}

impl core::error::Error for PermissionDenied {}
