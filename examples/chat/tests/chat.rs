//! Tests of the chat without a runtime: each runs once with the world awake, and once with hibernation after every event.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::time::Duration;

use dormouse::testing::{ConnectError, TestClient, TestEvent, TestWorld};
use serde_json::{Value, json};

/// Returns a world that stays awake and one that hibernates after every event: the same must hold in both.
fn worlds() -> [TestWorld; 2] {
    [false, true].map(|sleepy| {
        let world = TestWorld::new(chat::app);
        world.sleep_after_every_event(sleepy);
        world
    })
}

fn try_connect(world: &TestWorld, name: &str, key: u64) -> Result<TestClient, ConnectError> {
    world.try_connect("/", json!({ "name": name, "key": key }))
}

/// Connects a client and enters a room, then drops the events that it has received.
fn somebody(world: &TestWorld, name: &str, room: &str) -> TestClient {
    let key = name.bytes().map(u64::from).sum();
    let client = try_connect(world, name, key).expect("nobody else has the name");
    ask(&client, "enter", room);
    client.take_events();
    client
}

fn ask(client: &TestClient, event: &str, argument: &str) -> Value {
    let answer = client.emit_with_ack(event, argument).args().expect("an acknowledgement");
    answer.parse().expect("JSON")
}

fn code_of(answer: &Value) -> &str {
    answer["error"]["code"].as_str().expect("an error")
}

fn texts(history: &Value) -> Vec<&str> {
    history.as_array().expect("a list").iter().filter_map(|message| message["text"].as_str()).collect()
}

#[test]
fn a_message_is_heard_in_its_room() {
    for world in worlds() {
        let [anna, ben] = ["Anna", "Ben"].map(|name| somebody(&world, name, "lobby"));
        let cleo = somebody(&world, "Cleo", "garden");
        anna.take_events();
        ben.take_events();
        let message = ask(&anna, "say", " good night ");
        assert_eq!(message, json!({ "from": "Anna", "text": "good night", "at": world.now() }));
        let heard = ben.next_event().expect("the message");
        assert_eq!((&*heard.name, heard.args.parse()), ("said", Ok(message)));
        assert_eq!((anna.take_events(), cleo.take_events()), (vec![], vec![]));
    }
}

#[test]
fn a_room_remembers_its_last_messages() {
    for world in worlds() {
        let anna = somebody(&world, "Anna", "lobby");
        for number in 0..105 {
            ask(&anna, "say", &number.to_string());
            // Each message is a row, of which a client may write ten a second.
            world.advance(Duration::from_millis(100));
        }
        anna.close();
        world.advance(Duration::from_hours(24));
        world.sleep();
        let ben = somebody(&world, "Ben", "garden");
        let history = ask(&ben, "enter", "lobby");
        assert_eq!(texts(&history), (5..105).map(|number: u32| number.to_string()).collect::<Vec<_>>());
        assert_eq!(ask(&ben, "enter", "garden"), json!([]));
    }
}

#[test]
fn who_is_where_is_known_to_all() {
    for world in worlds() {
        let anna = somebody(&world, "Anna", "lobby");
        let people = |room: &str, names: &[&str]| TestEvent::new("people", (room, names));

        let ben = try_connect(&world, "Ben", 1).expect("the name is free");
        let rooms = [people("lobby", &["Anna"]), people("kitchen", &[]), people("garden", &[])];
        assert_eq!(ben.take_events(), rooms);
        ask(&ben, "enter", "lobby");
        assert_eq!(anna.take_events(), [people("lobby", &["Anna", "Ben"])]);
        ask(&ben, "enter", "kitchen");
        assert_eq!(anna.take_events(), [people("lobby", &["Anna"]), people("kitchen", &["Ben"])]);
        ben.lose();
        assert_eq!(anna.take_events(), [people("kitchen", &[])]);
        assert_eq!(world.log(), Vec::<String>::new());
    }
}

#[test]
fn typing_is_seen_by_the_others_in_the_room() {
    for world in worlds() {
        let [anna, ben] = ["Anna", "Ben"].map(|name| somebody(&world, name, "lobby"));
        let cleo = somebody(&world, "Cleo", "garden");
        for client in [&anna, &ben] {
            client.take_events();
        }
        anna.emit("typing", ());
        assert_eq!(ben.take_events(), [TestEvent::new("typing", "Anna")]);
        assert_eq!((anna.take_events(), cleo.take_events()), (vec![], vec![]));
    }
}

#[test]
fn a_name_is_its_owners() {
    for world in worlds() {
        let anna = try_connect(&world, "Anna", 1).expect("the name is free");
        let error = try_connect(&world, " anna ", 2).expect_err("somebody else has the name");
        assert_eq!(
            error,
            ConnectError {
                message: "Somebody called anna is here already".to_owned(),
                data: Some(json!({ "code": "NAME_TAKEN" }))
            }
        );
        let tab = try_connect(&world, "Anna", 1).expect("another tab of hers");
        for tab in [&anna, &tab] {
            ask(tab, "enter", "lobby");
        }
        let last = tab.take_events().pop();
        assert_eq!(last, Some(TestEvent::new("people", ("lobby", ["Anna"]))));
        anna.close();
        assert!(try_connect(&world, "Anna", 2).is_err());
        tab.close();
        assert!(try_connect(&world, "Anna", 2).is_ok());
    }
}

#[test]
fn bad_names_are_refused() {
    for world in worlds() {
        for (name, code) in [("", "EMPTY"), (" \n", "EMPTY"), (&*"x".repeat(25), "TOO_LONG")] {
            let error = try_connect(&world, name, 1).expect_err("no name");
            assert_eq!(error.data, Some(json!({ "code": code })), "{error}");
        }
        let error = world.try_connect("/", json!({ "name": "Anna" })).expect_err("no key");
        assert_eq!(error.message, "auth: missing field `key`");
        assert!(try_connect(&world, &"ü".repeat(24), 1).is_ok());
    }
}

#[test]
fn what_cannot_be_is_answered() {
    for world in worlds() {
        let anna = try_connect(&world, "Anna", 1).expect("the name is free");
        assert_eq!(code_of(&ask(&anna, "say", "too early")), "IN_NO_ROOM");
        assert_eq!(code_of(&ask(&anna, "enter", "attic")), "NO_SUCH_ROOM");
        ask(&anna, "enter", "lobby");
        assert_eq!(code_of(&ask(&anna, "say", " ")), "EMPTY");
        let answer = ask(&anna, "say", &"é".repeat(501));
        assert_eq!(answer["error"]["message"], "A message has at most 500 characters, not 501");
        assert_eq!(ask(&anna, "say", &"é".repeat(500))["from"], "Anna");
        let no_text = anna.emit_with_ack("say", json!({ "text": 1 })).args().expect("an acknowledgement");
        assert_eq!(code_of(&no_text.parse().expect("JSON")), "INVALID_ARGUMENTS");
    }
}
