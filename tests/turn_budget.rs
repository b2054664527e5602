//! A turn of a world is short, however much a client asks for at once: the rest is done in later turns, between which the
//! isolate's other objects run.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use dormouse::internal::{Protocol, Response};
use dormouse::socket::Reason;
use dormouse::{App, Args, Io, Socket};
use harness::{Host, SocketNo, To, What, config, sid_of};

/// The work of one turn, in deliveries, and what its last packet may add.
const TURN: usize = 1_000 + 100;

fn relay() -> App {
    App::new().namespace("/", |ns| {
        ns.on("say", async |socket: Socket, args: Args| socket.broadcast().emit("said", args))
            .on("out", async |io: Io| io.disconnect_sockets(false))
            .on_disconnect(async |io: Io| io.log("left"))
    })
}

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
    host.text(no, "40");
    no
}

/// Joins by polling; returns the session's id.
fn poll(host: &mut Host) -> String {
    let opened = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
    let Some(Response::Payload(open)) = host.answer_of(opened) else { panic!("not opened") };
    let sid = sid_of(open);
    host.post(&sid, b"40");
    while host.next_turn() {}
    sid
}

fn world(readers: usize) -> (Host, Vec<SocketNo>) {
    let mut host = Host::new(config(&[]), relay);
    let readers = (0..readers).map(|_| join(&mut host)).collect();
    host.single_turns = true;
    while host.next_turn() {}
    host.take_said();
    (host, readers)
}

/// Runs a test in a world with so many readers, and in one that slept since they joined.
fn awake_and_after_a_nap(readers: usize, test: impl Fn(Host, Vec<SocketNo>)) {
    let (host, readers_of_it) = world(readers);
    test(host, readers_of_it);
    let (mut host, readers_of_it) = world(readers);
    assert!(host.sleep(), "{:?}", host.held_awake_by());
    test(host, readers_of_it);
}

fn payload(packets: impl Iterator<Item = String>) -> Vec<u8> {
    packets.collect::<Vec<_>>().join("\u{1e}").into_bytes()
}

/// Returns the event frames that the world sent since the last call.
fn delivered(host: &mut Host) -> usize {
    host.take_said().iter().filter(|said| matches!((said.to, &said.what), (To::Socket(_), What::Frame(_)))).count()
}

#[test]
fn a_post_of_thousands_of_events_takes_many_short_turns() {
    awake_and_after_a_nap(40, |mut host, readers| {
        let sid = poll(&mut host);
        host.take_said();
        let body = payload((0..3_000).map(|number| format!(r#"42["say",{number}]"#)));
        let post = host.post(&sid, &body);
        // It is answered when its packets are taken in, as in the reference server.
        assert_eq!(host.answer_of(post), Some(&Response::Ok));
        let (mut turns, mut heard) = (vec![], vec![]);
        loop {
            heard.extend(host.runtime().texts_of(readers[39]));
            turns.push(delivered(&mut host));
            if !host.next_turn() {
                break;
            }
        }
        assert!(turns.iter().all(|&sent| sent <= TURN), "{turns:?}");
        assert_eq!(turns.iter().sum::<usize>(), 3_000 * 40);
        let expected: Vec<_> = (0..3_000).map(|number| format!(r#"42["said",{number}]"#)).collect();
        assert!(heard.iter().filter(|text| text.starts_with("42")).eq(&expected), "the order is kept");
    });
}

#[test]
fn packets_without_a_delivery_take_many_short_turns() {
    for packet in ["43[]", "430[]", "6", r#"42["nothing"]"#] {
        awake_and_after_a_nap(1, |mut host, _| {
            let sid = poll(&mut host);
            host.post(&sid, &payload((0..9_000).map(|_| packet.to_owned())));
            let turns = core::iter::from_fn(|| host.next_turn().then_some(())).count();
            assert!((8..=30).contains(&turns), "{turns} turns for {packet}");
        });
    }
}

#[test]
fn what_pollers_get_counts_as_what_others_get() {
    awake_and_after_a_nap(1, |mut host, readers| {
        let sids: Vec<_> = (0..40).map(|_| poll(&mut host)).collect();
        host.take_said();
        host.text(readers[0], r#"42["say","first"]"#);
        let sender = join(&mut host);
        while host.next_turn() {}
        for number in 0..200 {
            host.text(sender, &format!(r#"42["say",{number}]"#));
        }
        // Each is heard by the one on a WebSocket as soon as it is sent to those who poll.
        let mut turns = vec![];
        loop {
            host.take_said();
            if !host.next_turn() {
                break;
            }
            turns.push(delivered(&mut host));
        }
        assert!(turns.iter().all(|&sent| sent <= TURN / 40), "{turns:?}");
        assert!(turns.len() >= 6, "{turns:?}");
        let get = host.poll(&sids[39]);
        let Some(Response::Payload(payload)) = host.answer_of(get) else { panic!("nothing waits") };
        assert_eq!(payload.split('\u{1e}').filter(|packet| packet.starts_with("42")).count(), 201);
    });
}

#[test]
fn clients_that_post_take_turns() {
    let (mut host, readers) = world(40);
    let (anna, ben) = (poll(&mut host), poll(&mut host));
    host.take_said();
    host.post(&anna, &payload((0..1_000).map(|_| r#"42["say","a"]"#.to_owned())));
    host.post(&ben, br#"42["say","b"]"#);
    host.next_turn();
    let heard = host.runtime().texts_of(readers[0]);
    assert!(heard.iter().any(|text| text.contains(r#""b""#)), "ben does not wait for all that anna asked for");
    assert!(heard.len() < 200, "and anna waits for her later turns");
}

#[test]
fn frames_after_an_upgrade_stay_behind_what_was_posted_before_it() {
    let (mut host, readers) = world(40);
    let sid = poll(&mut host);
    host.take_said();
    host.post(&sid, &payload((0..500).map(|number| format!(r#"42["say",{number}]"#))));
    let query = format!("EIO=4&transport=websocket&sid={sid}");
    let upgraded = host.open_websocket(&query, Protocol::SocketIo).expect("a WebSocket");
    host.text(upgraded, "2probe");
    host.text(upgraded, "5");
    for number in 500..510 {
        host.text(upgraded, &format!(r#"42["say",{number}]"#));
    }
    while host.next_turn() {}
    let heard: Vec<_> = host.runtime().texts_of(readers[7]).into_iter().filter(|text| text.starts_with("42")).collect();
    let expected: Vec<_> = (0..510).map(|number| format!(r#"42["said",{number}]"#)).collect();
    assert_eq!(heard, expected);
}

#[test]
fn handlers_that_one_event_causes_are_called_in_many_short_turns() {
    let (mut host, _) = world(3_000);
    let anna = join(&mut host);
    while host.next_turn() {}
    let before = host.runtime().log.len();
    host.text(anna, r#"42["out"]"#);
    let first = host.runtime().log.len() - before;
    assert!(first <= TURN, "{first} handlers in one turn");
    while host.next_turn() {}
    assert_eq!(host.runtime().log.len() - before, 3_001);
}

#[test]
fn a_client_that_posts_more_than_may_wait_is_closed_and_nobody_else() {
    let (mut host, readers) = world(40);
    let sid = poll(&mut host);
    let body = payload((0..50_000).map(|_| r#"42["say","aaaaaaa"]"#.to_owned()));
    for _ in 0..6 {
        host.post(&sid, &body);
    }
    let post = host.post(&sid, b"2");
    assert!(matches!(host.answer_of(post), Some(Response::Refused(_))), "the session is gone");
    while host.next_turn() {}
    assert_eq!(host.server().session_count(), readers.len());
}

#[test]
fn frames_that_arrive_in_a_busy_moment_wait_for_a_later_turn() {
    for (leaves, sleeps) in [(false, false), (true, false), (false, true), (true, true)] {
        let (mut host, readers) = world(40);
        assert!(!sleeps || host.sleep(), "{:?}", host.held_awake_by());
        let (anna, ben) = (join(&mut host), join(&mut host));
        while host.next_turn() {}
        host.take_said();
        for number in 0..200 {
            host.text(anna, &format!(r#"42["say",{number}]"#));
        }
        host.text(ben, r#"42["say","b"]"#);
        if leaves {
            // What a client sent before it left is handled before its end.
            host.gone(anna, Reason::TransportClose);
            assert_eq!(host.server().clients_count(), 42);
        }
        let (mut turns, mut heard) = (vec![], vec![]);
        loop {
            heard.extend(host.runtime().texts_of(readers[7]));
            turns.push(delivered(&mut host));
            if !host.next_turn() {
                break;
            }
        }
        assert!(turns.iter().all(|&sent| sent <= TURN), "{turns:?}");
        let place = heard.iter().position(|text| text.contains(r#""b""#)).expect("ben is heard");
        assert!(place < 100, "ben does not wait for all that anna sent");
        heard.retain(|text| text.starts_with("42") && !text.contains(r#""b""#));
        let expected: Vec<_> = (0..200).map(|number| format!(r#"42["said",{number}]"#)).collect();
        assert_eq!(heard, expected);
        assert_eq!(host.server().clients_count(), if leaves { 41 } else { 42 });
        if leaves {
            assert_eq!(host.runtime().log.iter().filter(|line| line.ends_with("left")).count(), 1);
            let again = join(&mut host);
            host.text(again, r#"42["say","c"]"#);
            while host.next_turn() {}
            assert!(host.runtime().texts_of(readers[7]).iter().any(|text| text.contains(r#""c""#)));
        }
    }
}

/// Opens a session by polling that has not joined; returns its id.
fn open(host: &mut Host) -> String {
    let opened = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
    let Some(Response::Payload(open)) = host.answer_of(opened) else { panic!("not opened") };
    sid_of(open)
}

/// Has clients send events with the numbers 0 to 299, with turns that end at each of their steps; asserts that all are heard.
fn assert_heard(say: impl Fn(&mut Host, usize)) {
    awake_and_after_a_nap(1, |mut host, readers| {
        let mut heard = Vec::new();
        for number in 0..300 {
            for _ in 0..number % 5 {
                host.text(readers[0], r#"42["nothing"]"#);
            }
            say(&mut host, number);
            if number % 10 == 0 {
                while host.next_turn() {}
                heard.extend(host.runtime().texts_of(readers[0]));
                host.take_said();
            }
        }
        while host.next_turn() {}
        heard.extend(host.runtime().texts_of(readers[0]));
        let lost: Vec<_> = (0..300).filter(|number| !heard.contains(&said(*number))).collect();
        assert!(lost.is_empty(), "{lost:?} were lost");
    });
}

fn say(number: usize) -> String {
    format!(r#"42["say",{number}]"#)
}

fn said(number: usize) -> String {
    format!(r#"42["said",{number}]"#)
}

#[test]
fn an_event_behind_a_connect_is_heard_wherever_the_turn_ends() {
    assert_heard(|host, number| {
        let sid = open(host);
        host.post(&sid, format!("40\u{1e}{}", say(number)).as_bytes());
    });
}

#[test]
fn an_event_before_the_end_of_its_client_is_heard_wherever_the_turn_ends() {
    for end in ["41", "1"] {
        assert_heard(|host, number| {
            let sid = open(host);
            host.post(&sid, b"40");
            host.post(&sid, format!("{}\u{1e}{end}", say(number)).as_bytes());
        });
        assert_heard(|host, number| {
            let sid = open(host);
            host.post(&sid, b"40");
            host.post(&sid, say(number).as_bytes());
            host.post(&sid, end.as_bytes());
        });
    }
    assert_heard(|host, number| {
        let no = join(host);
        host.text(no, &say(number));
        host.gone(no, Reason::TransportClose);
    });
}
