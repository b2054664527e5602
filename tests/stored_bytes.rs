//! A world stores so much of its clients that it can wake, and no more: 24 MB of headers, auth objects, data, rooms and
//! acknowledgements, whoever they are of.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use dormouse::error::JoinError;
use dormouse::extract::AckResult;
use dormouse::internal::limits::{MAX_KEPT_REQUEST_BYTES, MAX_STORED_BYTES};
use dormouse::internal::{Config, Host, Protocol, Response};
use dormouse::{Ack, App, Data, Failure, Io, Socket};
use harness::{SocketNo, To, What};
use serde_json::{Value, json};

const WEBSOCKET: &str = "EIO=4&transport=websocket";
const LONG_AUTH: usize = 16_300;

fn app() -> App {
    App::new().namespace("/other", |ns| ns).namespace("/", |ns| {
        ns.on("join", async |socket: Socket, Data(bytes): Data<usize>| {
            socket.join("x".repeat(bytes))?;
            Ok::<_, JoinError>(Ack(()))
        })
        .on("join all", async |io: Io, Data(bytes): Data<usize>| {
            Ack(match io.sockets_join("y".repeat(bytes)) {
                Err(JoinError::WorldFull(sockets)) => sockets.len(),
                _ => 0,
            })
        })
        .on("set", async |socket: Socket, Data(bytes): Data<usize>| {
            socket.set_data(&"x".repeat(bytes))?;
            Ok::<_, Failure>(Ack(()))
        })
        .on("ask", async |socket: Socket, Data(bytes): Data<usize>| {
            socket.ack_to("noted", "x".repeat(bytes)).emit("question", ())
        })
        .on_ack("noted", async |socket: Socket, AckResult(result): AckResult<()>| {
            socket.emit("noted", result.map_err(|error| error.to_string()).err())
        })
    })
}

fn open(host: &mut Host) -> SocketNo {
    let no = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("accepted");
    host.answers_pings.insert(no);
    no
}

/// Returns the last text that a client got, and takes all.
fn last(host: &mut Host, no: SocketNo) -> String {
    let texts = host.runtime().texts_of(no);
    host.take_said();
    texts.last().cloned().unwrap_or_default()
}

fn join(host: &mut Host, no: SocketNo, auth: usize) -> String {
    host.text(no, &format!(r#"40{{"token":"{}"}}"#, "x".repeat(auth)));
    last(host, no)
}

fn ask(host: &mut Host, no: SocketNo, event: &str, bytes: usize) -> Value {
    host.text(no, &format!("421{}", json!([event, bytes])));
    let answer = last(host, no);
    serde_json::from_str(answer.strip_prefix("431").unwrap_or(&answer)).unwrap_or(Value::String(answer))
}

/// Fills a world with clients of long auth objects and headers; returns those that joined.
fn full() -> (Host, Vec<SocketNo>) {
    let mut host = Host::new(Config::default(), app);
    host.handshake.headers = vec![("referer".to_owned(), "x".repeat(MAX_KEPT_REQUEST_BYTES - 200))];
    let mut joined = Vec::new();
    loop {
        let no = open(&mut host);
        let told = join(&mut host, no, LONG_AUTH);
        if told.is_empty() || told.contains("WORLD_FULL") {
            break;
        }
        assert!(told.starts_with("40{"), "{told}");
        joined.push(no);
        assert!(joined.len() < 2_000, "{}", host.server().stored_bytes());
    }
    (host, joined)
}

#[test]
fn a_world_that_stores_all_it_may_takes_nothing_more_and_wakes() {
    let (mut host, joined) = full();
    for is_asleep in [false, true] {
        if is_asleep {
            let before = host.server().stored_bytes();
            // A snapshot may wait for the client's budget of rows.
            host.advance_millis(60_000);
            assert!(host.sleep(), "{:?}", host.held_awake_by());
            let after = host.server().stored_bytes();
            assert!(after.abs_diff(before) < before / 1_000, "{before} before the nap, {after} after it");
        }
        let client = joined[0];
        host.text(client, &format!(r#"40/other,{{"token":"{}"}}"#, "x".repeat(LONG_AUTH)));
        let told = last(&mut host, client);
        assert!(told.starts_with("44/other,") && told.contains("WORLD_FULL"), "{told}");
        assert_eq!(ask(&mut host, client, "set", 65_000)[0]["error"]["code"], "WORLD_FULL");
        let mut rooms = 0;
        // One for each, so that none of them makes room for others.
        while ask(&mut host, joined[1 + rooms], "join", 3_000 + rooms) == json!([]) {
            rooms += 1;
            assert!(rooms < 20);
        }
        assert_eq!(ask(&mut host, client, "join", 4_000)[0]["error"]["code"], "WORLD_FULL");
        assert!(ask(&mut host, client, "join all", 3_000)[0].as_u64() > Some(500));
        host.text(client, r#"42["ask",4000]"#);
        assert!(last(&mut host, client).contains("too many"), "it is told at once");
        let another = open_or_refused(&mut host);
        assert_eq!(another, Some(1013), "by WebSocket");
        let http = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
        let Some(Response::Refused(refusal)) = host.answer_of(http) else { panic!("{:?}", host.answer_of(http)) };
        assert_eq!(refusal.status(), 503);
        assert!(host.server().stored_bytes() <= MAX_STORED_BYTES * 1_001 / 1_000);
    }
    // Whoever goes makes room.
    for &no in &joined[100..103] {
        host.gone(no, dormouse::socket::Reason::TransportClose);
    }
    let no = open(&mut host);
    assert!(join(&mut host, no, 1_000).starts_with("40{"));
}

/// Clients that make a world store much of them keep no others out, and no others from what is stored of them.
#[test]
fn the_largest_clients_of_a_full_world_make_room_for_small_ones() {
    for is_asleep in [false, true] {
        let (mut host, joined) = full();
        host.handshake.headers.clear();
        let rate = |host: &mut Host, no| ask(host, no, "set", 1_000);
        let mut small: Vec<SocketNo> = Vec::new();
        // 300 KB of them.
        for number in 0..100 {
            if is_asleep && number % 25 == 0 {
                host.advance_millis(60_000);
                assert!(host.sleep(), "{:?}", host.held_awake_by());
            }
            let no = open(&mut host);
            let told = join(&mut host, no, 1_500);
            assert!(told.starts_with("40{"), "{told}");
            // It may be told that the world is full, once.
            assert!((0..2).any(|_| rate(&mut host, no) == json!([])));
            small.push(no);
        }
        let open = |host: &Host, no: &&SocketNo| host.runtime().sockets[**no].open;
        assert_eq!(small.iter().filter(|no| open(&host, no)).count(), 100);
        let left = joined.iter().filter(|no| open(&host, no)).count();
        assert!((joined.len() - 20..joined.len() - 8).contains(&left), "{left} of {}", joined.len());
        assert!(host.server().stored_bytes() <= MAX_STORED_BYTES);
        assert_eq!(
            host.runtime().log.iter().filter(|line| line.contains("stores as much")).count(),
            joined.len() - left
        );
    }
}

/// Opens a session; returns the code with which its WebSocket is closed, if it is.
fn open_or_refused(host: &mut Host) -> Option<u16> {
    host.take_said();
    let no = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("accepted");
    host.take_said().iter().find_map(|said| match said.what {
        What::Closed(code) if said.to == To::Socket(no) => Some(code),
        _ => None,
    })
}

/// What 1,000 clients of long headers and auth objects could make a world store: 31 MB of each kind of secret, and more of it.
#[test]
fn what_is_stored_is_counted_as_it_comes_and_goes() {
    for sleeps in [false, true] {
        let mut host = Host::new(Config::default(), app);
        let [anna, ben] = [open(&mut host), open(&mut host)];
        let session = host.server().stored_bytes() / 2;
        assert!(join(&mut host, anna, 5_000).starts_with("40{"));
        assert!(join(&mut host, ben, 10).starts_with("40{"));
        let mut before = host.server().stored_bytes();
        assert!((5_000..6_500).contains(&before), "{before}");
        let nap = |host: &mut Host| assert!(!sleeps || host.sleep());
        let grew = |host: &mut Host, before: &mut usize| {
            let now = host.server().stored_bytes();
            let signed = |bytes: usize| i64::try_from(bytes).expect("small");
            let grew = signed(now) - signed(*before);
            *before = now;
            grew
        };
        nap(&mut host);
        grew(&mut host, &mut before);
        for (event, bytes, expected) in
            [("set", 1_000, 1_002), ("set", 400, -600), ("join", 500, 503), ("join", 500, 0), ("join all", 100, 206)]
        {
            ask(&mut host, ben, event, bytes);
            nap(&mut host);
            assert_eq!(grew(&mut host, &mut before), expected, "{event} {bytes}, sleeps: {sleeps}");
        }
        host.text(anna, r#"42["ask",200]"#);
        nap(&mut host);
        assert!((200..300).contains(&grew(&mut host, &mut before)));
        host.text(anna, "41");
        nap(&mut host);
        assert!((-5_800..-5_300).contains(&grew(&mut host, &mut before)));
        host.gone(ben, dormouse::socket::Reason::TransportClose);
        assert!(host.server().stored_bytes() <= session * 2);
        host.gone(anna, dormouse::socket::Reason::TransportClose);
        assert_eq!(host.server().stored_bytes(), 0);
    }
}
