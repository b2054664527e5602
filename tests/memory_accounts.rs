//! What clients make an isolate keep is in an account: announcements of packets, collected acknowledgements, packets that wait. If
//! there is no memory for an event, it is refused, and nobody is closed who owes little.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use bytes::Bytes;
use dormouse::internal::limits::{
    MAX_BODIES_BYTES, MAX_STORED_BYTES, MEASURE_INTERVAL, SLOW_READER_AFTER, UNFINISHED_STORED_AFTER,
};
use dormouse::internal::{Protocol, Response};
use dormouse::value::Frame;
use dormouse::{Ack, App, Args, Io, Socket};

use harness::{Body, Host, HttpNo, SocketNo, To, What, apps, config, sid_of};

/// Long enough for an unfinished packet to be stored, with rows for which a session has to wait.
const STORED_AFTER_MILLIS: u64 = 10_000;

fn host() -> Host {
    // One sender stands for many here, whose accounts would pass what they send together.
    Host::new(config(&[("MAX_QUEUED_BYTES_PER_SECOND", "1000000000")]), apps::echo)
}

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
    host.answers_pings.insert(no);
    host.text(no, "40");
    no
}

fn is_open(host: &Host, no: SocketNo) -> bool {
    host.runtime().sockets[no].open
}

fn open_of(host: &Host, of: &[SocketNo]) -> Vec<SocketNo> {
    of.iter().copied().filter(|&no| is_open(host, no)).collect()
}

/// Returns the codes with which clients were closed, and takes what clients were sent.
fn close_codes(host: &mut Host) -> Vec<u16> {
    let code = |said: harness::Said| if let What::Closed(code) = said.what { Some(code) } else { None };
    host.take_said().into_iter().filter_map(code).collect()
}

fn lines(host: &Host, text: &str) -> usize {
    host.runtime().log.iter().filter(|line| line.contains(text)).count()
}

fn assert_answers(host: &mut Host, no: SocketNo) {
    host.take_said();
    host.text(no, r#"42["message","still here"]"#);
    assert_eq!(host.runtime().texts_of(no), [r#"42["message-back","still here"]"#]);
}

/// Announces a packet with one attachment, which does not follow.
fn announce(host: &mut Host, no: SocketNo, bytes: usize) {
    host.text(no, &format!(r#"451-["message",{{"_placeholder":true,"num":0}},"{}"]"#, "x".repeat(bytes)));
}

#[test]
fn announcements_are_charged_and_a_world_that_stored_them_can_wake() {
    let mut host = Host::new(config(&[("ISOLATE_BYTES", "40000000")]), apps::echo);
    let bystander = join(&mut host);
    let greedy: Vec<_> = (0..60).map(|_| join(&mut host)).collect();
    host.take_said();
    for &no in &greedy {
        announce(&mut host, no, 900_000);
    }
    let awake = open_of(&host, &greedy).len();
    assert!((35..=40_000_000 / 900_000 + 2).contains(&awake), "{awake} announcements are kept");
    assert!(close_codes(&mut host).iter().all(|&code| code == 1013));
    assert_eq!(lines(&host, "short of memory"), 60 - awake);

    host.advance(UNFINISHED_STORED_AFTER);
    host.advance_millis(STORED_AFTER_MILLIS);
    let left = open_of(&host, &greedy);
    assert!((20..=MAX_STORED_BYTES / 900_000).contains(&left.len()), "{} announcements are stored", left.len());
    assert!(close_codes(&mut host).iter().all(|&code| code == 1013));
    for sleeps in [false, true] {
        assert!(!sleeps || host.sleep(), "{:?}", host.held_awake_by());
        assert_answers(&mut host, bystander);
        let stored = host.server().stored_bytes();
        assert!((20 * 900_000..=MAX_STORED_BYTES).contains(&stored), "{stored} bytes are stored");
        // Those that stay are whole.
        let no = left[usize::from(sleeps)];
        host.take_said();
        host.frame(no, Frame::Binary(Bytes::from_static(&[7])));
        assert_eq!(host.runtime().texts_of(no).len(), 1);
        let fewer = host.server().stored_bytes();
        assert!(stored - fewer > 900_000, "a packet that is complete is not stored any more");
    }
}

/// Has a world send so many megabytes to each of so many clients that do not read.
fn fill(host: &mut Host, clients: usize, megabytes: usize) {
    let sender = join(host);
    for _ in 0..clients {
        let no = join(host);
        host.runtime_mut().sockets[no].stalled = true;
    }
    let packet = format!(r#"42["broadcast","{}"]"#, "x".repeat(250_000));
    for _ in 0..4 * megabytes {
        host.text(sender, &packet);
    }
}

#[test]
fn a_client_that_owes_little_is_refused_and_not_closed_while_there_is_no_memory() {
    for sleeps in [false, true] {
        let mut other = host();
        let anna = join(&mut other);
        // Two worlds, none of which has all of it: the debtors of the first go when its timer goes off.
        let (mut first, mut second) = (host(), host());
        fill(&mut first, 4, 15);
        fill(&mut second, 12, 3);
        other.take_said();
        other.text(anna, r#"452-7["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#);
        let told = other.runtime().texts_of(anna).concat();
        assert!(told.starts_with("437[{") && told.contains("BUSY"), "{told}");
        assert_eq!(lines(&other, "short of memory"), 1);
        if sleeps {
            other.advance_millis(8_000);
            assert!(other.sleep(), "{:?}", other.held_awake_by());
        }
        // Its attachments are dropped, and what comes after them is heard.
        for _ in 0..2 {
            other.frame(anna, Frame::Binary(Bytes::from_static(&[1])));
        }
        first.advance(MEASURE_INTERVAL);
        assert!(is_open(&other, anna));
        assert_answers(&mut other, anna);
        other.take_said();
        other.text(anna, r#"451-8["message-with-ack",{"_placeholder":true,"num":0}]"#);
        other.frame(anna, Frame::Binary(Bytes::from_static(&[1])));
        assert_eq!(other.runtime().texts_of(anna), [r#"461-8[{"_placeholder":true,"num":0}]"#]);
    }
}

fn asking() -> App {
    App::new().namespace("/", |ns| {
        ns.on("ask all", async |io: Io, socket: Socket| {
            let _ = io.emit_with_ack::<String>("question", ()).await;
            socket.emit("asked", ())
        })
        .on("ping", async |args: Args| Ack(args))
    })
}

/// Returns the id of the acknowledgement that the last question asks for.
fn asked(host: &mut Host, no: SocketNo) -> String {
    let texts = host.runtime().texts_of(no);
    let question = texts.iter().rev().find(|text| text.contains("question")).expect("a question");
    question.chars().skip(2).take_while(char::is_ascii_digit).collect()
}

#[test]
fn acknowledgements_that_are_collected_are_charged() {
    let small = || config(&[("ISOLATE_BYTES", "6000000")]);
    let (mut one, mut other) = (Host::new(small(), asking), Host::new(small(), asking));
    let bystander = join(&mut other);
    let voters: Vec<_> = (0..20).map(|_| join(&mut one)).collect();
    one.take_said();
    one.text(voters[0], r#"42["ask all"]"#);
    let answer = "x".repeat(900_000);
    for &no in &voters[1..] {
        let id = asked(&mut one, no);
        one.text(no, &format!(r#"43{id}["{answer}"]"#));
    }
    assert_eq!(open_of(&one, &voters).len(), 20, "to close them would free nothing");
    other.take_said();
    other.text(bystander, r#"421["ping",1]"#);
    let told = other.runtime().texts_of(bystander).concat();
    assert!(told.contains("BUSY"), "{told}");
    // With the last answer, the handler has them, and they are not kept any more.
    let id = asked(&mut one, voters[0]);
    one.text(voters[0], &format!("43{id}[1]"));
    assert!(one.runtime().texts_of(voters[0]).iter().any(|text| text.contains("asked")));
    one.advance(2 * SLOW_READER_AFTER);
    one.text(voters[1], r#"422["ping",2]"#);
    other.take_said();
    other.text(bystander, r#"423["ping",3]"#);
    assert_eq!(other.runtime().texts_of(bystander), ["433[3]"]);
}

fn relay() -> App {
    App::new()
        .namespace("/", |ns| ns.on("say", async |socket: Socket, args: Args| socket.broadcast().emit("said", args)))
}

#[test]
fn small_packets_that_wait_cost_more_than_their_payload() {
    let rates = [("MAX_PAYLOAD_BYTES", "100000"), ("MAX_PACKETS_PER_SECOND", "1000000000")];
    for naps in [false, true] {
        let mut host = Host::new(config(&rates), relay);
        let (anna, ben) = (join(&mut host), join(&mut host));
        let readers: Vec<_> = (0..1_000).map(|_| join(&mut host)).collect();
        if naps {
            assert!(host.sleep());
        }
        host.single_turns = true;
        host.take_said();
        // Nothing of it is handled before the next turn.
        host.text(anna, r#"42["say",0]"#);
        let mut sent = 0;
        while is_open(&host, anna) && sent < 10_000 {
            host.text(anna, r#"42["say",1]"#);
            sent += 1;
        }
        assert!((1_000..4_000).contains(&sent), "{sent} packets wait");
        let closed =
            host.take_said().into_iter().find(|said| said.to == To::Socket(anna) && said.what == What::Closed(1008));
        assert!(closed.is_some());
        host.single_turns = false;
        host.handle_woken();
        assert!(is_open(&host, ben) && open_of(&host, &readers).len() == 1_000);
    }
}

/// Joins by polling; returns the session's id.
fn join_polling(host: &mut Host) -> String {
    let http = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
    let Some(Response::Payload(open)) = host.answer_of(http) else { panic!("no OPEN packet") };
    let sid = sid_of(open);
    host.post(&sid, b"40");
    host.poll(&sid);
    sid
}

fn has_session(host: &mut Host, sid: &str) -> bool {
    sid.parse().is_ok_and(|sid| host.server().has_session(sid))
}

/// To close a client that does not read frees nothing until its connection is lost.
#[test]
fn what_closed_clients_do_not_read_is_counted_and_ends_their_object_and_no_other() {
    let (mut one, mut other) = (host(), host());
    let bystander = join(&mut other);
    for expected in [false, false, false, true] {
        // Each is closed with what may wait for it: 16 MB. Four of them are more than all worlds may take.
        fill(&mut one, 1, 17);
        let lines = one.runtime().log.iter().filter(|line| line.contains("it aborts")).count();
        assert_eq!(lines > 0, expected, "{lines}");
    }
    let closing: usize = one.runtime().sockets.iter().map(|socket| socket.unsent).sum();
    assert_eq!(closing, 0, "the object was ended");
    assert!(one.runtime().sockets.iter().all(|socket| !socket.open));
    // Their clients connect again.
    let again = join(&mut one);
    assert_answers(&mut one, again);
    assert!(is_open(&other, bystander));
    assert_answers(&mut other, bystander);
}

#[test]
fn what_is_arriving_and_what_is_closing_leaves_less_for_others() {
    let (mut one, mut other) = (host(), host());
    let bystander = join(&mut other);
    fill(&mut one, 5, 12);
    let ask = |other: &mut Host| {
        other.take_said();
        other.text(bystander, r#"421["message-with-ack",1]"#);
        other.runtime().texts_of(bystander).concat()
    };
    assert_eq!(ask(&mut other), "431[1]");
    // As much as a host with a longer `MAX_PAYLOAD_BYTES` may read at once. This is known when a world is measured.
    (one.runtime_mut().bodies, other.runtime_mut().bodies) = (4 * MAX_BODIES_BYTES, 4 * MAX_BODIES_BYTES);
    let sender = join(&mut other);
    let reader = join(&mut other);
    other.runtime_mut().sockets[reader].stalled = true;
    for _ in 0..10 {
        other.text(sender, &format!(r#"42["broadcast","{}"]"#, "x".repeat(900_000)));
    }
    assert_eq!(open_of(&other, &[bystander, sender]).len(), 2);
    let told = ask(&mut other);
    assert!(told.contains("BUSY"), "{told}");
    (one.runtime_mut().bodies, other.runtime_mut().bodies) = (0, 0);
    one.advance(MEASURE_INTERVAL);
    assert_eq!(ask(&mut other), "431[1]");
}

/// The response to a GET is memory until its client has read it, and a client may ask for the next one before.
#[test]
fn responses_that_are_not_read_are_charged_and_cut_off_with_their_sessions() {
    let mut host = Host::new(config(&[("ISOLATE_BYTES", "20000000")]), apps::echo);
    let bystander = join(&mut host);
    let sender = join(&mut host);
    let pollers: Vec<_> = (0..60).map(|_| join_polling(&mut host)).collect();
    host.runtime_mut().unread = Some(std::collections::BTreeMap::new());
    for _ in 0..3 {
        for sid in &pollers {
            host.poll(sid);
        }
        host.text(sender, &format!(r#"42["broadcast","{}"]"#, "x".repeat(500_000)));
        host.advance(MEASURE_INTERVAL);
        let kept: usize = host.runtime().unread.iter().flatten().map(|(_, bytes)| bytes).sum();
        assert!((10_000_000..=20_000_000).contains(&kept), "{kept} bytes are kept");
    }
    let left = pollers.iter().filter(|sid| has_session(&mut host, sid)).count();
    assert!((20..=40).contains(&left), "{left} of 60 sessions are left");
    assert_eq!(lines(&host, "short of memory"), 60 - left);
    // What was handed out to those that are closed is cut off.
    let unread: Vec<_> = host.runtime().unread.iter().flatten().map(|(sid, _)| *sid).collect();
    assert!(unread.into_iter().all(|sid| host.server().has_session(sid)));
    assert!(is_open(&host, bystander));
    assert_answers(&mut host, bystander);
}

fn head_of_post(host: &mut Host, sid: &str) -> HttpNo {
    host.request("POST", &format!("EIO=4&transport=polling&sid={sid}"), Protocol::SocketIo, false)
}

#[test]
fn a_session_has_one_body_under_way_also_while_it_drains() {
    let mut host = Host::new(config(&[]), apps::echo);
    let sid = join_polling(&mut host);
    // What it has not fetched drains.
    host.post(&sid, br#"42["close"]"#);
    assert!(has_session(&mut host, &sid));
    let (first, second) = (head_of_post(&mut host, &sid), head_of_post(&mut host, &sid));
    assert!(host.is_body_due(first));
    assert!(matches!(host.answer_of(second), Some(Response::Refused(_))), "{:?}", host.answer_of(second));
    assert!(!has_session(&mut host, &sid));

    // One after the other is fine.
    let sid = join_polling(&mut host);
    host.post(&sid, br#"42["close"]"#);
    for _ in 0..3 {
        let post = host.post(&sid, b"");
        assert_eq!(host.answer_of(post), Some(&Response::Ok));
    }
    assert!(has_session(&mut host, &sid));
}

#[test]
fn a_session_whose_body_the_isolate_has_no_memory_for_is_closed() {
    let mut host = host();
    let [sid, other] = [join_polling(&mut host), join_polling(&mut host)];
    let post = head_of_post(&mut host, &sid);
    host.body(post, Body::Crowded);
    assert_eq!(host.answer_of(post), Some(&Response::TooLong));
    assert_eq!(lines(&host, "no memory for the body"), 1);
    assert!(!has_session(&mut host, &sid) && has_session(&mut host, &other));
}
