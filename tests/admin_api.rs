//! The admin HTTP API: each operation in a world that is awake, and in a hibernated one.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::time::Duration;

use bytes::Bytes;
use dormouse::response::HttpResponse;
use dormouse::routing::Routes;
use dormouse::testing::{Disconnected, TestClient, TestEvent, TestWorld};
use dormouse::{App, Auth, Namespace, Socket};
use serde_json::{Value, json};

fn app() -> App {
    App::new()
        .namespace("/", routes)
        .namespace("/other", routes)
        .namespaces(async |name: Namespace| name.as_str().starts_with("/tenant"), routes)
}

fn routes(ns: Routes) -> Routes {
    ns.on_connect(async |socket: Socket, Auth(auth): Auth<Value>| {
        if let Some(room) = auth.get("room").and_then(Value::as_str) {
            socket.join(room).expect("room for one");
            let _ = socket.set_data(&json!({ "room": room }));
        }
    })
}

struct Scene {
    world: TestWorld,
    sleepy: bool,
    red: TestClient,
    blue: TestClient,
    other: TestClient,
}

impl Scene {
    fn nap(&self) {
        if self.sleepy {
            self.world.sleep();
        }
    }

    /// Calls the API, in the second run with the world hibernated; returns the status and the body.
    fn call(&self, operation: &str, body: &Value) -> (u16, Value) {
        self.nap();
        read(&self.world.admin(operation, body.to_string()).response().expect("an answer"))
    }

    fn heard(&self) -> [Vec<TestEvent>; 3] {
        [&self.red, &self.blue, &self.other].map(TestClient::take_events)
    }
}

/// Returns the status and the body, without how an event was delivered.
fn read(response: &HttpResponse) -> (u16, Value) {
    let (status, mut body) = read_all(response);
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|name, _| !["written", "held", "dropped", "closed"].contains(&&**name));
    }
    (status, body)
}

fn read_all(response: &HttpResponse) -> (u16, Value) {
    let has = |name: &str, value: &str| response.headers.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("content-type", "application/json"), "{response:?}");
    (response.status, serde_json::from_slice(&response.body).expect("JSON"))
}

fn join(world: &TestWorld, namespace: &str, room: &str) -> TestClient {
    world.try_connect(namespace, json!({ "room": room, "token": "secret" })).expect("everybody is let in")
}

fn awake_and_asleep(test: impl Fn(&Scene)) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        let (red, blue) = (join(&world, "/", "red"), join(&world, "/", "blue"));
        let other = join(&world, "/other", "red");
        test(&Scene { world, sleepy, red, blue, other });
    }
}

fn ok(matched: usize) -> (u16, Value) {
    (200, json!({ "status": "ok", "matched": matched }))
}

fn event(args: impl dormouse::value::IntoArgs) -> Vec<TestEvent> {
    vec![TestEvent::new("news", args)]
}

#[test]
fn emit_reaches_who_is_meant() {
    awake_and_asleep(|scene| {
        let news = |fields: Value| {
            let mut call = json!({ "event": "news", "args": [1] });
            let fields = fields.as_object().expect("an object").clone();
            call.as_object_mut().expect("an object").extend(fields);
            scene.call("emit", &call)
        };
        let none = Vec::new;
        assert_eq!(news(json!({})), ok(2));
        assert_eq!(scene.heard(), [event(1), event(1), none()]);
        assert_eq!(news(json!({ "rooms": ["red"] })), ok(1));
        assert_eq!(scene.heard(), [event(1), none(), none()]);
        assert_eq!(news(json!({ "rooms": ["red", "blue"], "except": ["red"] })), ok(1));
        assert_eq!(scene.heard(), [none(), event(1), none()]);
        assert_eq!(news(json!({ "rooms": [scene.blue.id(), scene.blue.id()] })), ok(1));
        assert_eq!(scene.heard(), [none(), event(1), none()]);
        assert_eq!(news(json!({ "namespace": "/other", "volatile": true })), ok(1));
        assert_eq!(scene.heard(), [none(), none(), event(1)]);
        assert_eq!(news(json!({ "rooms": ["nobody"] })), ok(0));
        assert_eq!(news(json!({ "namespace": "/nowhere" })), ok(0));
        assert_eq!(scene.heard(), [none(), none(), none()]);
    });
}

#[test]
fn arguments_pass_through_as_they_are() {
    awake_and_asleep(|scene| {
        let args = r#"[ 1.50, {"b":1,"a":[2e1,null]} , "\ud800", {"_placeholder":true,"num":0}]"#;
        scene.nap();
        let body = format!(r#" {{"event":"news","rooms":["red"],"args":{args}}}"#);
        assert_eq!(read(&scene.world.admin("emit", body).response().expect("an answer")), ok(1));
        let heard = scene.red.next_event().expect("the event");
        assert_eq!(heard.args.to_json(), r#"[1.50,{"b":1,"a":[2e1,null]},"\ud800",{"_placeholder":true,"num":0}]"#);
        // Nested too deeply for a recursive parser.
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        scene.nap();
        let call = scene.world.admin("emit", format!(r#"{{"event":"news","rooms":["red"],"args":[{deep}]}}"#));
        assert_eq!(read(&call.response().expect("an answer")), ok(1));
        assert_eq!(scene.red.next_event().expect("the event").args.to_json().len(), 100_002);
    });
}

#[test]
fn attachments_go_with_their_placeholders() {
    awake_and_asleep(|scene| {
        let args = json!([{ "image": { "_placeholder": true, "num": 1 } }, { "_placeholder": true, "num": 0 }]);
        let call = json!({ "event": "news", "rooms": ["red"], "args": args, "attachments": ["cG5n", ""] });
        assert_eq!(scene.call("emit", &call), ok(1));
        let heard = scene.red.next_event().expect("the event").args;
        assert_eq!(heard.attachments(), [Bytes::from_static(b"png"), Bytes::new()]);
        assert_eq!(heard.get::<Bytes>(1).expect("binary").as_deref(), Some(&b"png"[..]));
        let call = json!({ "event": "news", "rooms": ["red"], "args": ["no more"], "attachments": [], "ack": {} });
        scene.nap();
        let asked = scene.world.admin("emit", call.to_string());
        let question = scene.red.next_event().expect("the event");
        assert_eq!(question.args.to_json(), r#"["no more"]"#);
        scene.red.ack(&question, Bytes::from_static(b"png"));
        assert_eq!(read(&asked.response().expect("an answer")).1["acks"][0]["attachments"], json!(["cG5n"]));
    });
}

#[test]
fn answers_come_back_with_who_gave_none() {
    awake_and_asleep(|scene| {
        let third = join(&scene.world, "/", "green");
        scene.nap();
        let body = json!({ "event": "ask", "args": ["?"], "ack": { "timeoutMs": 5000 } });
        let call = scene.world.admin("emit", body.to_string());
        let [red, blue] = [&scene.red, &scene.blue].map(|client| client.next_event().expect("the question"));
        scene.red.ack(&red, (1, Bytes::from_static(b"png")));
        scene.world.advance(Duration::from_secs(2));
        scene.blue.ack(&blue, ());
        third.close();
        let (status, answer) = read(&call.response().expect("all have answered or are gone"));
        assert_eq!(status, 200);
        let first = json!({
            "socket": scene.red.id(), "args": [1, { "_placeholder": true, "num": 0 }], "attachments": ["cG5n"]
        });
        let expected = json!({
            "status": "ok",
            "matched": 3,
            "acks": [first, { "socket": scene.blue.id(), "args": [] }],
            "missing": [{ "socket": third.id(), "reason": "DISCONNECTED" }],
        });
        assert_eq!(answer, expected);

        scene.nap();
        let call = scene.world.admin("emit", json!({ "event": "ask", "ack": {}, "rooms": ["red"] }).to_string());
        scene.world.advance(Duration::from_millis(59_999));
        assert_eq!(call.response(), None);
        scene.world.advance(Duration::from_millis(1));
        let missing = json!([{ "socket": scene.red.id(), "reason": "ACK_TIMEOUT", "delivery": "written" }]);
        let expected = json!({ "status": "ok", "matched": 1, "acks": [], "missing": missing });
        assert_eq!(read(&call.response().expect("an answer")), (200, expected));

        let nobody = scene.call("emit", &json!({ "event": "ask", "ack": {}, "rooms": ["nobody"] }));
        assert_eq!(nobody, (200, json!({ "status": "ok", "matched": 0, "acks": [], "missing": [] })));
    });
}

#[test]
fn join_and_leave_move_sockets() {
    awake_and_asleep(|scene| {
        assert_eq!(scene.call("join", &json!({ "rooms": ["red", "blue"], "join": ["a", "b"] })), ok(2));
        assert_eq!(scene.call("leave", &json!({ "rooms": [scene.red.id()], "leave": ["b"] })), ok(1));
        assert_eq!(scene.call("emit", &json!({ "event": "news", "rooms": ["a"] })), ok(2));
        assert_eq!(scene.call("emit", &json!({ "event": "news", "rooms": ["b"] })), ok(1));
        assert_eq!(scene.heard().map(|events| events.len()), [1, 2, 0]);
        assert_eq!(scene.call("join", &json!({ "namespace": "/other", "join": ["a"] })), ok(1));
        assert_eq!(scene.call("emit", &json!({ "event": "news", "rooms": ["a"] })), ok(2), "its own rooms");
    });
}

#[test]
fn disconnect_ends_sockets_or_connections() {
    awake_and_asleep(|scene| {
        let also_red = scene.red.also_connect("/other");
        assert_eq!(scene.call("disconnect", &json!({ "rooms": ["red"] })), ok(1));
        assert_eq!(scene.red.disconnected(), Some(Disconnected::ByServer));
        assert!(also_red.is_connected() && scene.blue.is_connected());
        assert_eq!(scene.call("disconnect", &json!({ "namespace": "/other", "close": true })), ok(2));
        assert!(!also_red.is_connected() && !scene.other.is_connected());
        assert_eq!(scene.call("disconnect", &json!({})), ok(1));
        assert!(!scene.blue.is_connected());
        assert_eq!(scene.call("disconnect", &json!({})), ok(0));
    });
}

#[test]
fn fetch_tells_about_sockets_and_keeps_their_secrets() {
    awake_and_asleep(|scene| {
        let client = scene.world.client().header("origin", "https://a").query("k", "v").query("k", "w");
        let client = client.auth(json!({ "room": "green", "token": "secret" })).connect("/");
        let (status, told) = scene.call("fetch", &json!({ "rooms": ["green"] }));
        assert_eq!((status, &told["status"], &told["matched"]), (200, &json!("ok"), &json!(1)));
        let socket = &told["sockets"][0];
        assert_eq!(socket["id"], json!(client.id()));
        assert_eq!(socket["namespace"], json!("/"));
        assert_eq!(socket["rooms"], json!([client.id(), "green"]));
        assert_eq!(socket["data"], json!({ "room": "green" }));
        let since = 1_800_000_000_000_u64;
        let conn = json!({
            "transport": "websocket", "upgraded": false, "protocol": 4, "since": since, "lastPong": null, "unsentBytes": 0
        });
        assert_eq!(socket["conn"], conn);
        let handshake = &socket["handshake"];
        assert_eq!(handshake["headers"], json!({ "origin": "https://a" }));
        assert_eq!(handshake["query"], json!({ "EIO": "4", "transport": "websocket", "k": ["v", "w"] }));
        assert_eq!(handshake["issued"], json!(1_800_000_000_000_u64));
        assert_eq!(handshake["xdomain"], json!(true));
        for name in ["time", "address", "secure", "url"] {
            assert!(handshake.get(name).is_some(), "{name}");
        }
        assert!(!told.to_string().contains("secret"), "{told}");
        assert_eq!(scene.call("fetch", &json!({})).1["matched"], json!(3));
        assert_eq!(scene.call("fetch", &json!({ "namespace": "/nowhere" })).1["sockets"], json!([]));
        let plain = scene.world.connect("/");
        assert_eq!(scene.call("fetch", &json!({ "rooms": [plain.id()] })).1["sockets"][0]["data"], json!({}));
    });
}

#[test]
fn fetch_redacts_what_looks_like_a_credential() {
    awake_and_asleep(|scene| {
        let mut client = scene.world.client().header("user-agent", "Firefox").query("room", "red");
        for name in ["cookie", "authorization", "proxy-authorization", "x-api-key", "sec-websocket-protocol"] {
            client = client.header(name, "hunter2");
        }
        client = client.header("referer", "https://a.example/page?token=hunter2&b=1");
        let client = client.query("access_token", "hunter2").query("access_token", "hunter2").connect("/");
        let (_, told) = scene.call("fetch", &json!({ "rooms": [client.id()] }));
        assert!(!told.to_string().contains("hunter2"), "{told}");
        let handshake = &told["sockets"][0]["handshake"];
        assert_eq!(handshake["headers"]["user-agent"], json!("Firefox"));
        assert_eq!(handshake["query"]["room"], json!("red"));
        assert_eq!(handshake["query"]["access_token"], json!(["[redacted]", "[redacted]"]));
        let url = handshake["url"].as_str().expect("a text");
        assert!(url.ends_with("/socket.io/"), "{url}");
    });
}

#[test]
fn namespaces_of_predicates_are_reached() {
    awake_and_asleep(|scene| {
        let tenant = join(&scene.world, "/tenant-1", "red");
        assert_eq!(scene.call("emit", &json!({ "namespace": "/tenant-1", "event": "news" })), ok(1));
        assert_eq!(tenant.take_events(), event(()));
        assert_eq!(scene.call("fetch", &json!({ "namespace": "/tenant-1" })).1["matched"], json!(1));
    });
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason() {
    awake_and_asleep(|scene| {
        let deep = format!(r#"{{"event":{}"#, "[".repeat(100_000));
        let long = format!(r#"{{"{}":1}}"#, "x".repeat(100_000));
        for (operation, body, problem) in [
            ("emit", "", "no JSON object"),
            ("disconnect", "[]", "no JSON object"),
            ("disconnect", "null", "no JSON object"),
            ("emit", r#"{"event":"news""#, "EOF"),
            ("emit", r#"{"event":"news"} {}"#, "trailing"),
            ("emit", "{}", "missing field `event`"),
            ("emit", r#"{"event":1}"#, "expected a string"),
            ("emit", r#"{"event":"a","args":"b"}"#, "expected a sequence"),
            ("emit", r#"{"event":"a","args":{}}"#, "expected a sequence"),
            ("emit", r#"{"event":"a","room":["red"]}"#, "unknown field `room`"),
            ("emit", r#"{"event":"a","event":"b"}"#, "duplicate field"),
            ("emit", r#"{"event":"a","rooms":"red"}"#, "expected a sequence"),
            ("emit", r#"{"event":"a","rooms":[1]}"#, "expected a string"),
            ("emit", r#"{"event":"a","namespace":"other"}"#, "starts with /"),
            ("emit", r#"{"event":"a","namespace":"/a,b"}"#, "no comma"),
            ("emit", r#"{"event":"a","volatile":"yes"}"#, "expected a boolean"),
            ("emit", r#"{"event":"connect"}"#, "keeps the event name"),
            ("emit", r#"{"event":"disconnecting","ack":{}}"#, "keeps the event name"),
            ("emit", r#"{"event":"a","ack":true}"#, "invalid type"),
            ("emit", r#"{"event":"a","ack":{"timeoutMs":0}}"#, "from 1 to 600000"),
            ("emit", r#"{"event":"a","ack":{"timeoutMs":600001}}"#, "from 1 to 600000"),
            ("emit", r#"{"event":"a","ack":{"timeoutMs":-1}}"#, "invalid value"),
            ("emit", r#"{"event":"a","ack":{"timeout":1}}"#, "unknown field"),
            ("emit", r#"{"event":"a","attachments":"cG5n"}"#, "expected a sequence"),
            ("emit", r#"{"event":"a","attachments":[1]}"#, "expected a string"),
            ("emit", r#"{"event":"a","attachments":["cG5n","cG5"]}"#, "attachment 1: "),
            ("emit", r#"{"event":"a","attachments":["cG5n\n"]}"#, "attachment 0: "),
            ("emit", r#"{"event":"a","attachments":["","","","","","","","","","",""]}"#, "may be 10"),
            (
                "emit",
                r#"{"event":"a","args":[{"_placeholder":true,"num":1}],"attachments":[""]}"#,
                "names none of the 1",
            ),
            ("emit", r#"{"event":"a","args":[{"_placeholder":true,"num":0}],"attachments":[]}"#, "names none of the 0"),
            ("emit", r#"{"event":"a","args":[[{"_placeholder":true}]],"attachments":[""]}"#, "names none"),
            ("join", r#"{"rooms":["red"]}"#, "missing field `join`"),
            ("join", r#"{"leave":["red"]}"#, "unknown field `leave`"),
            ("leave", r#"{"leave":"red"}"#, "expected a sequence"),
            ("disconnect", r#"{"close":1}"#, "expected a boolean"),
            ("fetch", r#"{"auth":true}"#, "unknown field `auth`"),
            ("emit", &*deep, "expected a string"),
            ("emit", &*long, "unknown field"),
            ("emit", "{\"event\":\"\u{1}\"}", "control character"),
        ] {
            scene.nap();
            let (status, answer) = read(&scene.world.admin(operation, body.to_owned()).response().expect("an answer"));
            let shown: String = body.chars().take(80).collect();
            assert_eq!((status, &answer["status"]), (400, &json!("error")), "{operation} {shown}");
            assert_eq!(answer["error"]["code"], json!("INVALID_REQUEST"), "{operation} {shown}");
            let message = answer["error"]["message"].as_str().expect("a text");
            assert!(message.contains(problem) && message.chars().count() <= 301, "{operation} {shown}: {message}");
        }
        scene.nap();
        let not_text = scene.world.admin("emit", Bytes::from_static(b"{\"event\":\"\xff\"}")).response();
        assert_eq!(read(&not_text.expect("an answer")).0, 400);
        let huge = scene.world.admin("emit", vec![b' '; 1_000_001]).response();
        assert_eq!(read(&huge.expect("an answer")).0, 413);
        assert_eq!(scene.heard().map(|events| events.len()), [0, 0, 0]);
        assert!(scene.red.is_connected() && scene.blue.is_connected());
    });
}

#[test]
fn an_answer_is_bounded() {
    let world = TestWorld::new(|| {
        App::new().namespace("/", |ns| {
            ns.on_connect(async |socket: Socket| {
                let _ = socket.set_data(&"x".repeat(60_000));
            })
        })
    });
    let clients: Vec<TestClient> = (0..270).map(|_| world.connect("/")).collect();
    let (status, answer) = read(&world.admin("fetch", "{}").response().expect("an answer"));
    assert_eq!(status, 400);
    assert!(answer["error"]["message"].as_str().is_some_and(|message| message.contains("name rooms")), "{answer}");
    let one = json!({ "rooms": [clients[0].id()] }).to_string();
    assert_eq!(read(&world.admin("fetch", one).response().expect("an answer")).0, 200);
}

#[test]
fn who_asks_sockets_to_join_too_much_is_told() {
    awake_and_asleep(|scene| {
        let told = |body: Value| {
            let (status, body) = scene.call("join", &body);
            (status, body["error"].clone())
        };
        let problem = "the name of a room has 4097 bytes, and may have 4096; use a shorter one";
        let error = json!({ "code": "ROOM_NAME_TOO_LONG", "message": problem });
        assert_eq!(told(json!({ "join": ["x".repeat(4_097)] })), (400, error));
        let names: Vec<String> = (1..10_000).map(|n| n.to_string()).collect();
        assert_eq!(scene.call("join", &json!({ "rooms": ["red"], "join": names })), ok(1));
        let problem = format!("the socket {} would be in more than 10000 rooms; leave some first", scene.red.id());
        let error = json!({ "code": "TOO_MANY_ROOMS", "message": problem });
        assert_eq!(told(json!({ "join": ["one more"] })), (400, error));
        assert_eq!(scene.call("fetch", &json!({ "rooms": ["one more"] })).1["matched"], 1, "the other one joined");
    });
}
