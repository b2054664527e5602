//! Calls without a world.

use dormouse::Failure;
use dormouse::controller::{Context, Controller, Payload, Response};
use dormouse::testing::{Call, TestEvent};
use serde_json::json;

fn users() -> Controller {
    Controller::new().on("create", async |ctx: Context, Payload(name): Payload<String>| {
        ctx.socket().emit("welcome", &name)?;
        ctx.socket().broadcast().emit("refresh", ())?;
        Ok::<_, Failure>(Response(name))
    })
}

#[test]
fn a_controller_is_called_without_a_world() {
    let call = Call::new("create", "Anna");
    assert_eq!(call.answer(&users()), Some(json!({ "status": "ok", "data": "Anna" })));
    assert_eq!(call.received(), [TestEvent::new("welcome", "Anna")]);
    assert_eq!(call.broadcast(), [TestEvent::new("refresh", ())]);
}

#[test]
#[should_panic(expected = "has no event \"delete\"")]
fn a_call_of_an_event_that_is_not_there_fails() {
    let _ = Call::new("delete", 1).answer(&users());
}
