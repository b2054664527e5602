//! The operation `awake` of the admin HTTP API: everything that keeps a world awake is counted, and nothing else.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use core::future::pending;

use dormouse::extract::HttpRequest;
use dormouse::internal::{Config, Host, Operation, Protocol, Response};
use dormouse::response::HttpResponse;
use dormouse::{App, Failure, Socket};
use serde_json::{Value, json};

const WEBSOCKET: &str = "EIO=4&transport=websocket";

fn app() -> App {
    App::new().namespace("/", |ns| {
        ns.on("wait", async || pending::<()>().await).guard_event(async |_: Socket| {
            pending::<()>().await;
            Ok::<_, Failure>(())
        })
    })
}

fn awake(host: &mut Host) -> Value {
    let number = host.http(Some(Operation::Awake), HttpRequest::new("GET", ""));
    let response: &HttpResponse = host.response(number).expect("the answer is there at once");
    assert_eq!(response.status, 200);
    let mut told: Value = serde_json::from_slice(&response.body).expect("JSON");
    let fields = told.as_object_mut().expect("an object");
    assert_eq!(fields.remove("status"), Some(json!("ok")));
    assert!(fields.remove("inMemoryMs").is_some_and(|ms| ms.is_u64()));
    assert!(fields.contains_key("alarmAt"));
    fields.retain(|_, value| *value != json!(0));
    fields.retain(|name, _| name != "alarmAt" && name != "calls");
    told
}

fn open_polling(host: &mut Host) -> String {
    let opened = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
    let Some(Response::Payload(open)) = host.answer_of(opened) else { panic!("no OPEN packet") };
    let sid = open.split(r#""sid":""#).nth(1).and_then(|rest| rest.split('"').next());
    sid.expect("a session's id").to_owned()
}

#[test]
fn what_keeps_a_world_awake_is_counted() {
    for sleepy in [false, true] {
        let mut host = Host::new(Config::default(), app);
        host.sleepy = sleepy;
        assert_eq!(awake(&mut host), json!({}));
        let socket = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a session");
        host.text(socket, "40");
        // Who is in is written after half a second.
        host.advance_millis(600);
        assert_eq!(awake(&mut host), json!({ "webSockets": 1 }), "it lets the world sleep");

        let sid = open_polling(&mut host);
        let told = awake(&mut host);
        assert!(told["timerAt"].is_u64(), "{told}");
        assert_eq!(told["polling"], json!(1));
        host.poll(&sid);
        host.request("POST", &format!("EIO=4&transport=polling&sid={sid}"), Protocol::SocketIo, false);
        host.open_websocket(&format!("{WEBSOCKET}&sid={sid}"), Protocol::SocketIo).expect("a probe");
        let mut told = awake(&mut host);
        assert!(told.as_object_mut().and_then(|fields| fields.remove("timerAt")).is_some());
        assert_eq!(
            told,
            json!({ "webSockets": 1, "polling": 1, "probing": 1, "hangingGets": 1, "openPosts": 1, "requests": 2 })
        );
    }
}

#[test]
fn handlers_that_wait_are_counted_with_the_events_behind_them() {
    let mut host = Host::new(Config::default(), app);
    let socket = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a session");
    host.text(socket, "40");
    host.advance_millis(600);
    for _ in 0..3 {
        host.text(socket, r#"42["wait"]"#);
    }
    assert_eq!(awake(&mut host), json!({ "webSockets": 1, "waitingHandlers": 1, "heldEvents": 2 }));
    // They do not keep the world awake by themselves: a nap loses them.
    assert!(host.sleep());
    assert_eq!(awake(&mut host), json!({ "webSockets": 1 }));
}

#[test]
fn a_closed_client_that_does_not_read_is_counted() {
    let mut host = Host::new(Config::default(), app);
    let socket = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a session");
    host.runtime_mut().sockets[socket].stalled = true;
    host.text(socket, "40");
    let told = awake(&mut host);
    assert!(told["unsentBytes"].as_u64().is_some_and(|bytes| bytes > 0), "{told}");
    host.text(socket, "41");
    host.text(socket, "1");
    let told = awake(&mut host);
    assert_eq!((&told["closingWebSockets"], &told["webSockets"]), (&json!(1), &Value::Null), "{told}");
}
