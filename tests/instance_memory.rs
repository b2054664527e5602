//! The memory of the wasm instance, which all worlds of an isolate share and which never shrinks: what their clients send and leave
//! there has a bound, however many worlds there are, and whoever sends it.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use bytes::Bytes;
use dormouse::internal::limits::{MEASURE_BYTES, MEASURE_INTERVAL};
use dormouse::internal::{Protocol, Response};
use dormouse::value::Frame;
use harness::{Host, SocketNo, To, What, apps, sid_of};

/// A quarter of the default of `ISOLATE_BYTES`, so that the tests are fast.
const ISOLATE_BYTES: &str = "16000000";

/// What may be in the instance: an eighth more.
const BOUND: usize = 18_000_000;

fn host() -> Host {
    Host::new(harness::config(&[("ISOLATE_BYTES", ISOLATE_BYTES)]), apps::echo)
}

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
    host.answers_pings.insert(no);
    host.text(no, "40");
    no
}

/// Returns what the worlds have received and keep, in bytes.
fn kept(hosts: &mut [Host]) -> usize {
    let received = hosts.iter_mut().map(|host| host.server().received_bytes());
    received.map(|(unfinished, waiting)| unfinished + waiting).sum()
}

fn code_of(host: &mut Host, no: SocketNo) -> Option<u16> {
    host.take_said().into_iter().find_map(|said| match said.what {
        What::Closed(code) if said.to == To::Socket(no) => Some(code),
        _ => None,
    })
}

fn assert_answers(host: &mut Host, no: SocketNo) {
    host.take_said();
    host.text(no, r#"42["message","still here"]"#);
    while host.next_turn() {}
    assert_eq!(host.runtime().texts_of(no), [r#"42["message-back","still here"]"#]);
}

/// Begins a packet of ten attachments, of which so many of 900 kB arrive.
fn begin_packet(host: &mut Host, no: SocketNo, attachments: usize) {
    let places = (0..10).map(|num| format!(r#"{{"_placeholder":true,"num":{num}}}"#)).collect::<Vec<_>>().join(",");
    host.text(no, &format!(r#"4510-["message",{places}]"#));
    for _ in 0..attachments {
        host.frame(no, Frame::Binary(Bytes::from(vec![7; 900_000])));
    }
}

/// Each world stays below what is overlooked until it is measured.
#[test]
fn many_worlds_with_little_each_do_not_fill_the_instance() {
    let begin_text = |host: &mut Host, no| {
        let long = "x".repeat(900_000);
        host.text(no, &format!(r#"451-["message",{{"_placeholder":true,"num":0}},"{long}"]"#));
    };
    let begin_attachment = |host: &mut Host, no| begin_packet(host, no, 1);
    for begin in [&begin_text as &dyn Fn(&mut Host, SocketNo), &begin_attachment] {
        let mut hosts: Vec<_> = (0..30).map(|_| host()).collect();
        let bystanders: Vec<_> = hosts.iter_mut().map(join).collect();
        for place in 0..hosts.len() {
            let no = join(&mut hosts[place]);
            begin(&mut hosts[place], no);
            let all = kept(&mut hosts);
            assert!(all <= BOUND + MEASURE_BYTES, "{all} bytes are kept");
        }
        assert!(kept(&mut hosts) > BOUND / 2, "what fits is kept");
        // Those that owe most go within a second, though nothing happens to their worlds.
        for host in &mut hosts {
            host.advance(MEASURE_INTERVAL);
        }
        let all = kept(&mut hosts);
        assert!(all <= BOUND / 9 * 8, "{all} bytes are kept");
        for (host, bystander) in hosts.iter_mut().zip(bystanders) {
            assert_answers(host, bystander);
        }
    }
}

/// Its world has no turn by itself, and the packet is to be stored much later.
#[test]
fn the_largest_unfinished_packet_of_all_worlds_goes_and_no_other() {
    let (mut one, mut other) = (host(), host());
    let greedy = join(&mut one);
    let others: Vec<_> = (0..7).map(|_| join(&mut other)).collect();
    for host in [&mut one, &mut other] {
        host.advance(MEASURE_INTERVAL);
    }
    begin_packet(&mut one, greedy, 4);
    for &no in &others {
        begin_packet(&mut other, no, 2);
    }
    one.advance(MEASURE_INTERVAL);
    other.advance(MEASURE_INTERVAL);
    assert_eq!(code_of(&mut one, greedy), Some(1013));
    assert!(others.iter().all(|&no| other.runtime().sockets[no].open));
}

/// Frames that arrive while a world is busy wait in memory, and the runtime does not wait with the next ones.
#[test]
fn frames_for_worlds_that_are_busy_do_not_fill_the_instance() {
    let mut hosts: Vec<_> = (0..3).map(|_| host()).collect();
    let mut senders = Vec::new();
    for host in &mut hosts {
        host.single_turns = true;
        let (bystander, senders_here): (_, Vec<_>) = (join(host), (0..8).map(|_| join(host)).collect());
        while host.next_turn() {}
        // It is busy with what somebody posted.
        let opened = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
        let Some(Response::Payload(open)) = host.answer_of(opened) else { panic!("not opened") };
        let sid = sid_of(open);
        host.post(&sid, b"40");
        while host.next_turn() {}
        host.post(&sid, vec![r#"42["message",1]"#; 5_000].join("\u{1e}").as_bytes());
        senders.push((bystander, senders_here));
    }
    let frame = format!(r#"42["message","{}"]"#, "x".repeat(400_000));
    // The largest debtors are in the first world, which has no turn meanwhile: those of the others could fill the instance.
    for (world, (count, frames)) in [(4, 9), (8, 3), (8, 3)].into_iter().enumerate() {
        for &sender in senders[world].1.iter().take(count) {
            (0..frames).for_each(|_| hosts[world].text(sender, &frame));
            let all = kept(&mut hosts);
            assert!(all <= BOUND + MEASURE_BYTES, "{all} bytes are kept");
        }
    }
    assert!(kept(&mut hosts) > BOUND / 2, "what fits is kept");
    for (host, (bystander, _)) in hosts.iter_mut().zip(&senders) {
        // Small packets may wait.
        host.text(*bystander, &format!(r#"42["message","{}"]"#, "x".repeat(30_000)));
        assert!(host.runtime().sockets[*bystander].open);
    }
    for host in &mut hosts {
        while host.next_turn() {}
    }
    for (host, (bystander, _)) in hosts.iter_mut().zip(senders) {
        assert_answers(host, bystander);
    }
    assert_eq!(kept(&mut hosts), 0);
}
