//! All worlds of an isolate share its memory: if it is short, the session that takes most of it goes, in whichever world, and
//! nobody else.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use bytes::Bytes;
use dormouse::internal::limits::{MAX_WAITING_BYTES, MEASURE_INTERVAL};
use dormouse::internal::{Protocol, Response};
use dormouse::value::Frame;
use dormouse::{App, Io};

use harness::{Host, SocketNo, To, What, apps, sid_of};

/// `ISOLATE_BYTES`.
const ISOLATE_BYTES: usize = 64_000_000;

fn host() -> Host {
    // One sender stands for many here, whose accounts would pass what they send together.
    Host::new(harness::config(&[("MAX_QUEUED_BYTES_PER_SECOND", "1000000000")]), apps::echo)
}

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
    host.answers_pings.insert(no);
    host.text(no, "40");
    no
}

/// Has the world send so many megabytes to all clients that do not read, in packets of 250 kB.
fn fill(host: &mut Host, sender: SocketNo, megabytes: usize) {
    let packet = format!(r#"42["broadcast","{}"]"#, "x".repeat(250_000));
    for _ in 0..4 * megabytes {
        host.text(sender, &packet);
    }
}

fn stalled(host: &mut Host) -> SocketNo {
    let no = join(host);
    host.runtime_mut().sockets[no].stalled = true;
    no
}

/// Begins a packet with ten attachments, three of which arrive: 2.7 MB.
fn begin_packet(host: &mut Host, no: SocketNo) {
    let places = (0..10).map(|num| format!(r#"{{"_placeholder":true,"num":{num}}}"#)).collect::<Vec<_>>().join(",");
    host.text(no, &format!(r#"4510-["broadcast",{places}]"#));
    for _ in 0..3 {
        host.frame(no, Frame::Binary(Bytes::from(vec![7; 900_000])));
    }
}

fn is_open(host: &Host, no: SocketNo) -> bool {
    host.runtime().sockets[no].open
}

fn open_count(host: &Host, of: &[SocketNo]) -> usize {
    of.iter().filter(|&&no| is_open(host, no)).count()
}

fn closed_with(host: &mut Host, no: SocketNo) -> Option<u16> {
    host.take_said().into_iter().find_map(|said| match said.what {
        What::Closed(code) if said.to == To::Socket(no) => Some(code),
        _ => None,
    })
}

fn memory_lines(host: &Host) -> usize {
    host.runtime().log.iter().filter(|line| line.contains("short of memory")).count()
}

fn assert_answers(host: &mut Host, no: SocketNo) {
    host.take_said();
    host.text(no, r#"42["message","still here"]"#);
    assert_eq!(host.runtime().texts_of(no), [r#"42["message-back","still here"]"#]);
}

/// The world of the largest debtor has no turn by itself: it looks when its timer goes off.
#[test]
fn the_largest_debtor_of_all_worlds_goes_and_no_other() {
    let (mut one, mut other) = (host(), host());
    let (sender, debtor) = (join(&mut one), stalled(&mut one));
    fill(&mut one, sender, 15);
    let other_sender = join(&mut other);
    let readers: Vec<_> = (0..20).map(|_| stalled(&mut other)).collect();
    for _ in 0..10 {
        fill(&mut other, other_sender, 1);
        // They get on.
        for &reader in &readers {
            (0..3).for_each(|_| assert!(other.runtime_mut().read_one(reader)));
        }
    }
    assert!(is_open(&one, debtor) && open_count(&other, &readers) == 20);
    for host in [&mut one, &mut other] {
        host.advance(MEASURE_INTERVAL);
    }
    assert_eq!(closed_with(&mut one, debtor), Some(1013));
    assert_eq!((memory_lines(&one), memory_lines(&other)), (1, 0));
    assert_eq!(open_count(&other, &readers), 20);
    assert_answers(&mut one, sender);
    assert_answers(&mut other, other_sender);
}

/// Until the largest debtor's world looks, nothing is added.
#[test]
fn events_are_refused_while_there_is_no_memory_at_all() {
    let (mut one, mut other) = (host(), host());
    let sender = join(&mut one);
    let debtors: Vec<_> = (0..4).map(|_| stalled(&mut one)).collect();
    fill(&mut one, sender, 15);
    assert_eq!(open_count(&one, &debtors), 4);
    let other_sender = join(&mut other);
    let readers: Vec<_> = (0..12).map(|_| stalled(&mut other)).collect();
    fill(&mut other, other_sender, 3);
    let ask = |other: &mut Host| {
        other.take_said();
        other.text(other_sender, r#"420["message-with-ack",1]"#);
        other.runtime().texts_of(other_sender).concat()
    };
    let answer = ask(&mut other);
    assert!(answer.contains("BUSY"), "{answer}");
    // None of them reads when it is closed: what is unsent is dropped with the object only.
    one.advance(MEASURE_INTERVAL);
    assert_eq!(open_count(&one, &debtors), 0);
    assert!(one.runtime().log.iter().any(|line| line.contains("it aborts")));
    other.advance(MEASURE_INTERVAL);
    assert_eq!(ask(&mut other), "430[1]");
    assert_eq!(open_count(&other, &readers), 12);
}

#[test]
fn unfinished_packets_of_many_worlds_do_not_fill_the_isolate() {
    let mut hosts: Vec<_> = (0..6).map(|_| host()).collect();
    let bystanders: Vec<_> = hosts.iter_mut().map(join).collect();
    let mut open = 0;
    let mut greedy: Vec<Vec<SocketNo>> = vec![Vec::new(); hosts.len()];
    for _ in 0..24 {
        for (host, greedy) in hosts.iter_mut().zip(&mut greedy) {
            let no = join(host);
            begin_packet(host, no);
            greedy.push(no);
        }
        open = hosts.iter().zip(&greedy).map(|(host, greedy)| open_count(host, greedy)).sum();
        // What is not measured yet is a packet of each world.
        assert!(open * 2_700_000 <= ISOLATE_BYTES + 6 * 2_700_000, "{open} packets are kept");
    }
    assert!(open > 15, "{open} packets are kept");
    for (host, bystander) in hosts.iter_mut().zip(bystanders) {
        assert_answers(host, bystander);
    }
}

/// What is in the snapshots is charged when the world wakes, too.
#[test]
fn what_snapshots_keep_is_charged_awake_and_after_a_nap() {
    for naps in [false, true] {
        let (mut one, mut other) = (host(), host());
        let (bystander, greedy) = (join(&mut one), join(&mut one));
        begin_packet(&mut one, greedy);
        if naps {
            // The packet is stored after a while, which a timer waits for.
            one.advance_millis(8_000);
            other.advance_millis(8_000);
            assert!(one.sleep());
            assert_answers(&mut one, bystander);
        }
        // Each has less than the one above.
        let other_sender = join(&mut other);
        let readers: Vec<_> = (0..30).map(|_| stalled(&mut other)).collect();
        fill(&mut other, other_sender, 2);
        fill(&mut other, other_sender, 1);
        other.advance(MEASURE_INTERVAL);
        let closed = 30 - open_count(&other, &readers);
        assert!(closed > 0, "each of them owes more: {naps}");
        assert!(is_open(&one, greedy));
        assert_answers(&mut one, bystander);
    }
}

/// To close a session does not end its handlers: nobody else pays for them.
#[test]
fn handlers_that_wait_for_ever_cost_no_neighbour_its_connection() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("wait", async |_: dormouse::Args| core::future::pending::<()>().await)
                .on("message", async |io: Io, args: dormouse::Args| io.emit("message-back", args))
        })
    };
    let mut host = Host::new(harness::shared_heartbeat(), app);
    let (bystander, greedy) = (join(&mut host), join(&mut host));
    let packet = format!(r#"42["wait","{}"]"#, "x".repeat(900_000));
    for _ in 0..MAX_WAITING_BYTES / 900_000 + 2 {
        host.text(greedy, &packet);
    }
    host.gone(greedy, dormouse::socket::Reason::TransportClose);
    let mut neighbour = self::host();
    let sender = join(&mut neighbour);
    let readers: Vec<_> = (0..10).map(|_| stalled(&mut neighbour)).collect();
    fill(&mut neighbour, sender, 4);
    neighbour.advance(MEASURE_INTERVAL);
    assert_eq!(open_count(&neighbour, &readers), 10);
    assert!(is_open(&host, bystander));
}

/// Frames of a broadcast are in memory once, however many clients have not fetched them.
#[test]
fn shared_frames_that_wait_for_a_poll_are_not_charged_in_full() {
    let mut host = host();
    let sender = join(&mut host);
    let pollers: Vec<_> = (0..200)
        .map(|_| {
            let http = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
            let Some(Response::Payload(open)) = host.answer_of(http) else { panic!("no OPEN packet") };
            let sid = sid_of(open);
            host.post(&sid, b"40");
            host.poll(&sid);
            sid
        })
        .collect();
    fill(&mut host, sender, 5);
    assert_eq!(memory_lines(&host), 0);
    assert!(pollers.iter().all(|sid| sid.parse().is_ok_and(|sid| host.server().has_session(sid))));
}
