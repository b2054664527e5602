//! The admin HTTP API tells what became of an event, and whether clients read what is sent to them.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::time::Duration;

use dormouse::App;
use dormouse::response::HttpResponse;
use dormouse::testing::{TestClient, TestWorld};
use serde_json::{Value, json};

fn app() -> App {
    App::new().namespace("/", |ns| ns)
}

fn read(response: &HttpResponse) -> Value {
    assert_eq!(response.status, 200, "{response:?}");
    serde_json::from_slice(&response.body).expect("JSON")
}

fn emit(world: &TestWorld, call: &Value) -> Value {
    read(&world.admin("emit", call.to_string()).response().expect("an answer"))
}

/// Returns the connection of a client, as `fetch` tells it.
fn conn(world: &TestWorld, client: &TestClient) -> Value {
    let call = json!({ "rooms": [client.id()] }).to_string();
    let mut told = read(&world.admin("fetch", call).response().expect("an answer"));
    told.pointer_mut("/sockets/0/conn").expect("a connection").take()
}

#[test]
fn what_is_written_is_told_from_what_waits() {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        let (_anna, stalled) = (world.connect("/"), world.connect("/"));
        if sleepy {
            world.sleep();
        }
        // Clients that poll, or do not read, keep the world awake.
        let poller = world.client().polling().connect("/");
        stalled.stop_reading();
        let counts = |written: u64, held: u64, dropped: u64, closed: u64| {
            json!({
                "status": "ok", "matched": 3, "written": written, "held": held, "dropped": dropped, "closed": closed
            })
        };
        assert_eq!(emit(&world, &json!({ "event": "a" })), counts(3, 0, 0, 0), "all have read what came before");
        assert_eq!(emit(&world, &json!({ "event": "b" })), counts(2, 1, 0, 0), "this client polls at once");
        poller.stop_reading();
        assert_eq!(emit(&world, &json!({ "event": "c" })), counts(2, 1, 0, 0), "its last GET hangs");
        assert_eq!(emit(&world, &json!({ "event": "d" })), counts(1, 2, 0, 0));
        assert_eq!(emit(&world, &json!({ "event": "e", "volatile": true })), counts(1, 1, 1, 0));
        let long = "x".repeat(900_000);
        for _ in 0..3 {
            emit(&world, &json!({ "event": "long", "args": [long] }));
        }
        world.advance(Duration::from_secs(11));
        let mut told = emit(&world, &json!({ "event": "long", "args": [long] }));
        assert_eq!(told, counts(1, 2, 0, 2), "they read nothing for ten seconds");
        told = emit(&world, &json!({ "event": "f" }));
        assert_eq!(told.get("matched"), Some(&json!(1)));
    }
}

#[test]
fn a_missing_acknowledgement_says_whether_its_client_has_the_event() {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        let (reader, stalled) = (world.connect("/"), world.connect("/"));
        let (answers, leaves) = (world.connect("/"), world.connect("/"));
        if sleepy {
            world.sleep();
        }
        stalled.stop_reading();
        let asked = world.admin("emit", json!({ "event": "ask", "ack": { "timeoutMs": 5000 } }).to_string());
        answers.ack(&answers.next_event().expect("the event"), ());
        leaves.close();
        assert_eq!(asked.response(), None);
        world.advance(Duration::from_secs(5));
        let told = read(&asked.response().expect("the time is over"));
        let expected = json!({
            "status": "ok", "matched": 4, "written": 4, "held": 0, "dropped": 0, "closed": 1,
            "acks": [{ "socket": answers.id(), "args": [] }],
            "missing": [
                { "socket": leaves.id(), "reason": "DISCONNECTED" },
                { "socket": reader.id(), "reason": "ACK_TIMEOUT", "delivery": "written" },
                { "socket": stalled.id(), "reason": "ACK_TIMEOUT", "delivery": "held" },
            ],
        });
        assert_eq!(told, expected);
    }
}

#[test]
fn fetch_says_when_clients_were_heard_and_what_they_have_not_read() {
    let begun = 1_800_000_000_000_u64;
    for interval in ["25000", "5000"] {
        let world = TestWorld::new(app).with_variable("PING_INTERVAL_MS", interval);
        let shares = interval == "25000";
        let anna = world.connect("/");
        let told = |last_pong: Value, unsent: u64| {
            json!({
                "transport": "websocket", "upgraded": false, "protocol": 4,
                "since": begun, "lastPong": last_pong, "unsentBytes": unsent,
            })
        };
        assert_eq!(conn(&world, &anna), told(Value::Null, 0));
        world.advance(Duration::from_secs(27));
        let last_pong = json!(begun + 25_000);
        assert_eq!(conn(&world, &anna), told(last_pong.clone(), 0));
        if shares {
            world.sleep();
            assert_eq!(conn(&world, &anna), told(last_pong.clone(), 0), "the runtime knows it after sleep");
        }
        anna.stop_reading();
        emit(&world, &json!({ "event": "ten" }));
        assert_eq!(conn(&world, &anna), told(last_pong, 9));
    }
    let world = TestWorld::new(app);
    let poller = world.client().polling().connect("/");
    world.advance(Duration::from_secs(1));
    poller.stop_reading();
    emit(&world, &json!({ "event": "one" }));
    emit(&world, &json!({ "event": "ten" }));
    let expected = json!({
        "transport": "polling", "upgraded": false, "protocol": 4,
        "since": begun, "lastPong": begun + 1_000, "unsentBytes": 9,
    });
    assert_eq!(conn(&world, &poller), expected);
}
