//! `Io::awake`: since when a world is awake, what woke it, and how often it woke.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::time::Duration;

use dormouse::awake::WakeReason;
use dormouse::extract::HttpRequest;
use dormouse::internal::{Config, Host, Protocol};
use dormouse::response::HttpResponse;
use dormouse::testing::TestWorld;
use dormouse::{App, Failure, Io};
use serde_json::{Value, json};

fn app() -> App {
    App::new()
        .namespace("/", |ns| ns.on("remind", async |io: Io| io.set_alarm("reminder", Duration::from_secs(15), ())))
        .on_alarm("reminder", async || {})
        .route("GET", "/awake", async |io: Io| {
            let json = serde_json::to_string(&io.awake().expect("a world"))?;
            Ok::<_, Failure>(HttpResponse::text(200, json))
        })
}

/// Returns what a route says. If the world sleeps, the route itself wakes it.
fn awake(world: &TestWorld) -> (WakeReason, Value) {
    let body = world.request("GET", "/awake", "").body;
    let told: Value = serde_json::from_slice(&body).expect("JSON");
    let reason = [
        WakeReason::Connection,
        WakeReason::Message,
        WakeReason::Close,
        WakeReason::Alarm,
        WakeReason::Heartbeat,
        WakeReason::Route,
        WakeReason::Admin,
    ];
    let reason = reason.into_iter().find(|reason| told.get("reason") == Some(&json!(reason.as_str())));
    (reason.expect("a reason"), told)
}

#[test]
fn what_woke_the_world_is_known_until_it_sleeps() {
    let world = TestWorld::new(app);
    let begun = world.now().as_millis();
    let anna = world.connect("/");
    world.advance(Duration::from_secs(2));
    anna.emit("remind", ());
    let first = json!({ "since": begun, "reason": "connection", "wakes": 1, "countedSince": begun });
    assert_eq!(awake(&world), (WakeReason::Connection, first), "what comes later does not wake it");

    world.sleep();
    world.advance(Duration::from_secs(15));
    let alarm = json!({ "since": begun + 17_000, "reason": "alarm", "wakes": 2, "countedSince": begun });
    assert_eq!(awake(&world), (WakeReason::Alarm, alarm));

    world.sleep();
    anna.emit("anything", ());
    assert_eq!(awake(&world).0, WakeReason::Message);
    world.sleep();
    world.connect("/").close();
    assert_eq!(awake(&world).0, WakeReason::Connection);
    world.sleep();
    anna.close();
    assert_eq!(awake(&world).0, WakeReason::Close);
    world.sleep();
    let _ = world.admin("emit", r#"{"event":"a"}"#);
    assert_eq!(awake(&world).0, WakeReason::Admin);
    world.sleep();
    let (reason, told) = awake(&world);
    assert_eq!((reason, told.get("wakes")), (WakeReason::Route, Some(&json!(7))));
}

#[test]
fn the_heartbeat_wakes_a_world_only_for_a_client_that_must_be_closed() {
    let mut host = Host::new(Config::default(), app);
    host.sleepy = true;
    let socket = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a session");
    host.text(socket, "40");
    host.answers_pings.insert(socket);
    host.advance(Duration::from_mins(10));
    assert!(host.is_asleep());
    host.sleepy = false;
    host.answers_pings.clear();
    host.advance(Duration::from_mins(2));
    let number = host.http(None, HttpRequest::new("GET", "/awake"));
    let body = &host.response(number).expect("an answer").body;
    let told: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(
        (told.get("reason"), told.get("wakes")),
        (Some(&json!("heartbeat")), Some(&json!(3))),
        "the others were the client's"
    );
}

#[test]
fn another_isolate_counts_anew() {
    let world = TestWorld::new(app);
    let _anna = world.connect("/");
    world.advance(Duration::from_secs(5));
    world.crash();
    let now = world.now().as_millis();
    let expected = json!({ "since": now, "reason": "route", "wakes": 1, "countedSince": now });
    assert_eq!(awake(&world).1, expected);
}
