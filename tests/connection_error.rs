//! The refused connections that `on_connection_error` reports: engine.io's `connection_error`.

#[path = "support/told/mod.rs"]
mod told;

use dormouse::App;
use dormouse::internal::{Config, Host, Protocol, Response, limits};
use serde_json::{Value, json};
use told::{POLLING, WEBSOCKET, app_of, get, refusal, sid_of, take_told, watched};

fn app() -> App {
    app_of(watched)
}

#[test]
fn refusals_are_told_as_engine_io_tells_them() {
    for sleepy in [false, true] {
        let mut host = Host::new(Config::default(), app);
        host.sleepy = sleepy;
        let nobody = "n".repeat(20);
        let cases = [
            ("GET", "EIO=4&transport=abc".to_owned(), json!([0, "Transport unknown", { "transport": "abc" }, null])),
            ("GET", "EIO=4".to_owned(), json!([0, "Transport unknown", { "transport": null }, null])),
            ("GET", format!("{POLLING}&sid={nobody}"), json!([1, "Session ID unknown", { "sid": nobody }, nobody])),
            ("POST", format!("{POLLING}&sid={nobody}"), json!([1, "Session ID unknown", { "sid": nobody }, nobody])),
            ("GET", format!("{POLLING}&sid=*"), json!([1, "Session ID unknown", { "sid": "*" }, "*"])),
            ("PUT", POLLING.to_owned(), json!([2, "Bad handshake method", { "method": "PUT" }, null])),
            ("GET", WEBSOCKET.to_owned(), json!([3, "Bad request", { "name": "TRANSPORT_HANDSHAKE_ERROR" }, null])),
            (
                "GET",
                "EIO=3&transport=polling".to_owned(),
                json!([5, "Unsupported protocol version", { "protocol": 3 }, null]),
            ),
        ];
        for (method, query, told) in cases {
            let http = host.request(method, &query, Protocol::SocketIo, false);
            assert!(matches!(host.answer_of(http), Some(Response::Refused(_))), "{query}");
            assert_eq!(take_told(), [told], "{query}");
        }
        assert!(host.open_websocket(&format!("{WEBSOCKET}&sid={nobody}"), Protocol::SocketIo).is_err());
        assert_eq!(take_told(), [json!([1, "Session ID unknown", { "sid": nobody }, nobody])]);
    }
}

#[test]
fn a_poll_of_a_session_on_a_websocket_is_told() {
    for sleeps in [false, true] {
        let mut host = Host::new(Config::default(), app);
        let opened = get(&mut host, POLLING);
        let sid = sid_of(&host, opened);
        let socket = host.open_websocket(&format!("{WEBSOCKET}&sid={sid}"), Protocol::SocketIo).expect("an upgrade");
        host.text(socket, "2probe");
        host.text(socket, "5");
        if sleeps {
            assert!(host.sleep());
        }
        let http = host.poll(&sid);
        assert_eq!(refusal(&host, http).code(), 3);
        let context = json!({ "name": "TRANSPORT_MISMATCH", "transport": "polling", "previousTransport": "websocket" });
        assert_eq!(take_told(), [json!([3, "Bad request", context, sid])]);
    }
}

#[test]
fn what_ends_a_session_refuses_no_connection() {
    let mut host = Host::new(Config::default(), app);
    let opened = get(&mut host, POLLING);
    let sid = sid_of(&host, opened);
    host.poll(&sid);
    let second = host.poll(&sid);
    assert_eq!(refusal(&host, second).code(), 3);
    assert_eq!(take_told(), [] as [Value; 0]);
}

#[test]
fn an_offer_of_subprotocols_that_is_no_list_is_refused_before_its_world_wakes() {
    let mut host = Host::new(Config::default(), app);
    let offer = |host: &mut Host, offered: &str| {
        host.handshake.headers = vec![("sec-websocket-protocol".to_owned(), offered.to_owned())];
        host.open_websocket(WEBSOCKET, Protocol::SocketIo)
    };
    for bad in ["a,,b", "a, a", "a b", ""] {
        let Err(Response::Refused(refusal)) = offer(&mut host, bad) else { panic!("{bad:?} is accepted") };
        assert_eq!((refusal.code(), refusal.status()), (3, 400));
        let [told] = &*take_told() else { panic!("told once") };
        assert_eq!(told.pointer("/2/name"), Some(&json!("BAD_SUBPROTOCOLS")));
    }
    assert!(host.is_asleep());
    assert!(offer(&mut host, "a, b").is_ok());
    // Only WebSockets have subprotocols: by polling, the header is ignored.
    host.handshake.headers = vec![("sec-websocket-protocol".to_owned(), "a,,b".to_owned())];
    let http = get(&mut host, POLLING);
    assert!(matches!(host.answer_of(http), Some(Response::Payload(_))));
}

#[test]
fn an_opening_that_is_too_long_is_refused_before_its_world_wakes() {
    let mut host = Host::new(Config::default(), app);
    host.handshake.headers = vec![("cookie".to_owned(), "x".repeat(limits::MAX_HANDSHAKE_REQUEST_BYTES))];
    let http = get(&mut host, POLLING);
    assert_eq!((refusal(&host, http).code(), refusal(&host, http).status()), (3, 431));
    assert!(host.is_asleep());
    let [told] = &*take_told() else { panic!("told once") };
    assert_eq!(told.pointer("/2/name"), Some(&json!("HEADERS_TOO_LONG")));

    // What a session would keep has a bound of its own.
    host.handshake.headers = vec![("referer".to_owned(), "x".repeat(limits::MAX_KEPT_REQUEST_BYTES))];
    let http = get(&mut host, POLLING);
    assert_eq!((refusal(&host, http).code(), refusal(&host, http).status()), (3, 431));
    assert!(host.is_asleep());
    host.handshake.headers = vec![("cookie".to_owned(), "x".repeat(limits::MAX_KEPT_REQUEST_BYTES))];
    let http = get(&mut host, POLLING);
    assert!(matches!(host.answer_of(http), Some(Response::Payload(_))));

    host.handshake.headers.clear();
    let opened = get(&mut host, POLLING);
    let sid = sid_of(&host, opened);
    host.handshake.headers = vec![("cookie".to_owned(), "x".repeat(limits::MAX_HANDSHAKE_REQUEST_BYTES))];
    let http = host.poll(&sid);
    assert_eq!(host.answer_of(http), None, "nothing of it is kept");
}
