//! Worlds in which clients are told why something failed, and what an acknowledgement says.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use dormouse::App;
use dormouse::testing::{TestAck, TestWorld};
use serde_json::Value;

/// Runs a test in a world that never sleeps, and in one that sleeps after every event unless something keeps it awake.
pub(crate) fn awake_and_asleep(app: fn() -> App, test: impl Fn(&TestWorld)) {
    for sleepy in [false, true] {
        let world = debugged(app);
        world.sleep_after_every_event(sleepy);
        test(&world);
    }
}

/// Returns a world with the variable `DEBUG`.
pub(crate) fn debugged(app: fn() -> App) -> TestWorld {
    TestWorld::new(app).with_variable("DEBUG", "true")
}

/// Returns the only argument of an acknowledgement.
pub(crate) fn answer(ack: &TestAck) -> Value {
    let args = ack.args().expect("an acknowledgement");
    args.parse::<Value>().expect("an argument")
}

/// Returns the code and the message of the error that was told.
pub(crate) fn code(ack: &TestAck) -> (String, String) {
    let error = answer(ack)["error"].take();
    let pair = match error["details"].as_str() {
        Some(details) => details.split_once(": "),
        None => error["code"].as_str().zip(error["message"].as_str()),
    };
    pair.map(|(code, text)| (code.to_owned(), text.to_owned())).expect("an error")
}
