//! These tests need no runtime: `TestWorld` runs the same code as the deployed object, with a clock of its own, and sleeps when told to.

use dormouse::testing::{ConnectError, TestClient, TestEvent, TestWorld};
use serde_json::{Value, json};

use {{crate_name}}::app;

/// Returns a world that stays awake, and one that sleeps after every event: the same must hold in both.
fn worlds() -> [TestWorld; 2] {
    [false, true].map(|sleepy| {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        world
    })
}

fn join(world: &TestWorld, name: &str) -> Result<TestClient, ConnectError> {
    world.try_connect("/", json!({ "name": name }))
}

#[test]
fn what_is_said_is_heard_by_the_others_and_counted() {
    for world in worlds() {
        let [anna, ben] = ["Anna", "Ben"].map(|name| join(&world, name).unwrap());
        for count in 1..=3 {
            let answer = anna.emit_with_ack("say", "good night").args().unwrap();
            assert_eq!(answer.parse(), Ok(count));
            let said = TestEvent::new("said", ("Anna", "good night"));
            assert_eq!(ben.take_events(), [said]);
        }
        assert_eq!(anna.take_events(), []);
    }
}

#[test]
fn nobody_connects_without_a_name() {
    for world in worlds() {
        let refused = join(&world, " ").unwrap_err();
        assert_eq!(refused.data, Some(json!({ "code": "NO_NAME" })));
        assert!(world.try_connect("/", Value::Null).is_err());
    }
}
