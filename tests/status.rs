//! The operation `status` of the admin HTTP API, and what a world counts.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use core::time::Duration;

use dormouse::extract::HttpRequest;
use dormouse::internal::{Config, Host, Operation, Protocol};
use dormouse::response::HttpResponse;
use dormouse::testing::{TestClient, TestWorld};
use dormouse::{Ack, App, Failure, Io, Socket};
use serde_json::{Value, json};

fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on("join", async |socket: Socket| socket.join(["red", "blue"]))
                .on("tell", async |io: Io| io.emit("told", ()))
                .on("ask", async || Ack(()))
                .on("fail", async || Err::<(), _>(Failure::new("NO", "no")))
                .on("panic", async |_: Socket| -> () { panic!("oops") })
                .on("store", async |io: Io| io.storage().put("key", "value"))
                .on("remind", async |io: Io| io.set_alarm("reminder", Duration::from_secs(1), ()))
        })
        .namespace("/other", |ns| ns)
        .on_alarm("reminder", async || {})
}

fn call(host: &mut Host, operation: Operation) -> HttpResponse {
    let number = host.http(Some(operation), HttpRequest::new("GET", ""));
    host.response(number).expect("an answer").clone()
}

fn status(host: &mut Host) -> Value {
    let response = call(host, Operation::Status);
    assert_eq!(response.status, 200);
    assert!(response.headers.contains(&("cache-control".to_owned(), "no-store".to_owned())), "{response:?}");
    serde_json::from_slice(&response.body).expect("JSON")
}

#[test]
fn a_world_says_what_it_has_awake_and_after_sleep() {
    let mut host = Host::new(Config::default(), app);
    let begun = host.runtime().now.as_millis();
    let [one, other] =
        [0; 2].map(|_| host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a session"));
    host.text(one, "40");
    host.text(one, "40/other,");
    host.text(other, "40");
    host.text(one, r#"42["join"]"#);
    host.text(other, r#"42["join"]"#);
    host.text(one, r#"42["store"]"#);
    host.advance_millis(600);
    let expected = json!({
        "status": "ok", "world": "default", "reason": "connection", "since": begun, "wakes": 1, "countedSince": begun,
        "webSockets": 2, "polling": 0, "draining": 0, "sockets": 3, "rooms": 2, "alarms": 0, "unsentBytes": 0,
        "sessionRows": 0, "moreNamespaces": 0,
        "namespaces": [{ "name": "/", "sockets": 2, "rooms": 2 }, { "name": "/other", "sockets": 1, "rooms": 0 }],
    });
    let check = |host: &mut Host, expected: &Value| {
        let mut told = status(host);
        let fields = told.as_object_mut().expect("an object");
        assert!(fields.remove("databaseBytes").is_some_and(|bytes| bytes.as_u64() > Some(0)));
        // The row of the value, the roster's, and the alarm's.
        assert!(fields.remove("rowsWritten").is_some_and(|rows| rows.as_u64() >= Some(3)));
        assert_eq!(told, *expected);
    };
    check(&mut host, &expected);

    assert!(host.sleep());
    let mut later = expected.clone();
    (later["reason"], later["wakes"], later["since"]) = (json!("admin"), json!(2), json!(begun + 600));
    check(&mut host, &later);
    host.text(other, "41");
    host.runtime_mut().sockets[one].stalled = true;
    host.text(one, r#"42["tell"]"#);
    let told = status(&mut host);
    assert_eq!((&told["sockets"], &told["rooms"], &told["unsentBytes"]), (&json!(2), &json!(2), &json!(10)), "{told}");
    host.text(one, "41");
    assert_eq!(status(&mut host)["rooms"], json!(0));
}

/// Returns the metrics in the order of their numbers, each with its label's value if it has one.
fn metrics() -> Vec<String> {
    let (_, table) = include_str!("../src/cloudflare/metrics.js").split_once("const METRICS = `\n").expect("the table");
    let (table, _) = table.split_once('`').expect("its end");
    let mut metrics = Vec::new();
    for line in table.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split(' ');
        let name = words.next().unwrap_or_default();
        match words.next() {
            None => metrics.push(name.to_owned()),
            Some(_) => metrics.extend(words.map(|value| format!("{name} {value}"))),
        }
    }
    metrics
}

#[track_caller]
fn assert_counted(world: &TestWorld, expected: &[(&str, u64)]) {
    let numbers = dormouse::internal::numbers(world);
    let counted: Vec<(String, u64)> = metrics().into_iter().zip(numbers).collect();
    for (name, value) in expected {
        let found = counted.iter().find(|(metric, _)| metric == name).map(|(_, number)| number);
        assert_eq!(found, Some(value), "{name} in {counted:?}");
    }
}

#[test]
fn everything_is_counted_and_sleep_forgets_nothing() {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        let nap = || {
            if sleepy {
                world.sleep();
            }
        };
        let emit = |client: &TestClient, event: &str| {
            nap();
            client.emit(event, ());
        };
        for event in ["join", "tell", "tell", "fail", "panic", "store", "remind"] {
            emit(&anna, event);
        }
        nap();
        assert!(ben.emit_with_ack("ask", ()).args().is_some());
        world.advance(Duration::from_secs(2));
        ben.close();
        let refused = world.try_connect("/nowhere", json!({})).expect_err("there is no such namespace");
        assert_eq!(refused.message, "Invalid namespace");
        nap();
        let _ = world.admin("emit", r#"{"event":"a"}"#);
        assert_counted(
            &world,
            &[
                ("connections_opened_total websocket", 3),
                ("connections_closed_total transport_close", 2),
                ("events_received_total", 8),
                ("broadcasts_total", 3),
                ("deliveries_total", 5),
                ("acks_sent_total", 1),
                ("handler_failures_total", 2),
                ("handler_panics_total", 1),
                ("alarms_due_total", 1),
                ("refusals_total CONNECT_ERROR", 1),
                ("connections", 1),
                ("sockets", 1),
                ("rooms", 2),
                ("unsent_bytes", 0),
            ],
        );
        world.crash();
        let _ = world.admin("emit", r#"{"event":"a"}"#);
        assert_counted(&world, &[("events_received_total", 0), ("wakes_total admin", 1), ("sockets", 0)]);
    }
}
