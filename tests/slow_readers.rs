//! A client is slow if it does not get on, not if others send fast: on a WebSocket, and by polling.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::time::Duration;

use dormouse::internal::limits::{FRAME_OVERHEAD_BYTES, MAX_UNSENT_BUFFERS, SLOW_READER_AFTER};
use dormouse::internal::{Protocol, Response};

use harness::{Host, SocketNo, To, What, apps, sid_of};

const MAX_BUFFERED_BYTES: usize = 1_000_000;

/// A packet as a sender's, with `bytes` bytes of payload.
fn packet(bytes: usize) -> String {
    format!(r#"42["broadcast","{}"]"#, "x".repeat(bytes))
}

/// What the others get for it.
fn said(bytes: usize) -> String {
    format!(r#"42["said","{}"]"#, "x".repeat(bytes))
}

/// Returns a world in an isolate that has memory for all of it, in which a client may send as many packets as it wants.
fn host() -> Host {
    let variables =
        ["ISOLATE_BYTES", "MAX_PACKETS_PER_SECOND", "MAX_QUEUED_BYTES_PER_SECOND"].map(|name| (name, "1000000000"));
    Host::new(harness::config(&variables), apps::echo)
}

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
    host.answers_pings.insert(no);
    host.text(no, "40");
    no
}

fn stalled(host: &mut Host) -> SocketNo {
    let no = join(host);
    host.runtime_mut().sockets[no].stalled = true;
    no
}

/// Opens a session that polls and joins `/`.
fn poller(host: &mut Host) -> String {
    let http = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
    let Some(Response::Payload(open)) = host.answer_of(http) else { panic!("no OPEN packet") };
    let sid = sid_of(open);
    host.post(&sid, b"40");
    let joined = take(host, &sid);
    assert!(joined.is_some_and(|body| body.starts_with("40")));
    sid
}

/// Returns the response to a GET; `None` if the session is gone.
fn take(host: &mut Host, sid: &str) -> Option<String> {
    let http = host.poll(sid);
    match host.answer_of(http) {
        Some(Response::Payload(body)) => Some(body.clone()),
        Some(Response::Refused(_)) => None,
        other => panic!("{other:?}"),
    }
}

fn is_open(host: &Host, no: SocketNo) -> bool {
    host.runtime().sockets[no].open
}

fn closed_with(host: &mut Host, no: SocketNo) -> Option<u16> {
    host.take_said().into_iter().find_map(|said| match said.what {
        What::Closed(code) if said.to == To::Socket(no) => Some(code),
        _ => None,
    })
}

/// 60 packets of 240 kB in two seconds, to 20 clients that read a packet every 200 ms, which is 10 Mbit/s.
#[test]
fn a_burst_closes_no_client_that_reads_on() {
    let mut host = host();
    let sender = join(&mut host);
    let readers: Vec<_> = (0..20).map(|_| stalled(&mut host)).collect();
    let mut most = 0;
    for n in 1..=60 {
        host.text(sender, &packet(240_000));
        host.advance_millis(33);
        most = most.max(host.runtime().sockets[readers[0]].unsent);
        if n % 6 == 0 {
            for &reader in &readers {
                host.runtime_mut().read_one(reader);
            }
        }
    }
    assert!(most > 10 * MAX_BUFFERED_BYTES, "{most} bytes were unsent at most");
    for _ in 0..60 {
        host.advance_millis(200);
        host.text(sender, r#"42["broadcast","and on"]"#);
        for &reader in &readers {
            host.runtime_mut().read_one(reader);
        }
    }
    assert_eq!(readers.iter().filter(|&&reader| !is_open(&host, reader)).count(), 0, "readers were closed");
}

/// However long a client takes for all that waits, it gets on.
#[test]
fn a_client_that_gets_on_slowly_is_not_closed() {
    // Its pongs wait for what it has to read first.
    let mut host = Host::new(harness::config(&[("PING_INTERVAL_MS", "86400000")]), apps::echo);
    let (sender, reader) = (join(&mut host), stalled(&mut host));
    for _ in 0..10 {
        host.text(sender, &packet(240_000));
    }
    for _ in 0..9 {
        host.advance(SLOW_READER_AFTER.saturating_sub(Duration::from_millis(1)));
        host.runtime_mut().read_one(reader);
        host.text(sender, r#"42["broadcast","and on"]"#);
        assert!(is_open(&host, reader));
    }
}

#[test]
fn a_client_that_stalls_is_closed_at_the_next_packet_after_the_time() {
    let mut host = host();
    let (sender, reader, other) = (join(&mut host), stalled(&mut host), join(&mut host));
    for _ in 0..6 {
        host.text(sender, &packet(240_000));
    }
    // It stalls while it has little unsent: nothing is remembered.
    let idle = stalled(&mut host);
    host.advance(SLOW_READER_AFTER.saturating_sub(Duration::from_millis(1)));
    host.text(sender, &packet(1));
    assert!(is_open(&host, reader));
    host.advance_millis(1);
    host.text(sender, &packet(1));
    assert_eq!(closed_with(&mut host, reader), Some(1013));
    assert!(is_open(&host, idle) && is_open(&host, other) && is_open(&host, sender));
}

/// Unsent bytes keep the object in memory. If it is lost all the same, such as by a deploy, the clock begins anew.
#[test]
fn a_client_that_stalls_is_closed_after_the_memory_was_lost() {
    let mut host = host();
    let (sender, reader) = (join(&mut host), stalled(&mut host));
    for _ in 0..6 {
        host.text(sender, &packet(240_000));
    }
    host.lose_memory();
    host.text(sender, &packet(1));
    host.advance(SLOW_READER_AFTER);
    assert!(is_open(&host, reader));
    host.text(sender, &packet(1));
    assert_eq!(closed_with(&mut host, reader), Some(1013));
    assert!(is_open(&host, sender));
}

#[test]
fn a_client_for_which_too_much_waits_is_closed_at_once() {
    let mut host = host();
    let (sender, reader) = (join(&mut host), stalled(&mut host));
    let fits = MAX_UNSENT_BUFFERS * MAX_BUFFERED_BYTES / (900_000 + FRAME_OVERHEAD_BYTES + 100);
    for _ in 0..fits {
        host.text(sender, &packet(900_000));
        assert!(is_open(&host, reader));
    }
    host.text(sender, &packet(900_000));
    host.text(sender, &packet(1));
    assert_eq!(closed_with(&mut host, reader), Some(1013));
}

/// The payloads of these frames are not 300 kB, but the runtime needs a kilobyte for each.
#[test]
fn small_frames_count_what_they_cost() {
    let mut host = host();
    let (sender, reader) = (join(&mut host), stalled(&mut host));
    for _ in 0..MAX_UNSENT_BUFFERS * MAX_BUFFERED_BYTES / FRAME_OVERHEAD_BYTES + 2 {
        host.text(sender, &packet(1));
    }
    assert!(host.runtime().sockets[reader].unsent < MAX_BUFFERED_BYTES / 2);
    assert_eq!(closed_with(&mut host, reader), Some(1013));
}

/// Between two GETs, a client is only late. Nobody has a second GET that hangs here: all of them fetch the packets later.
#[test]
fn three_large_packets_end_no_polling_session() {
    let mut host = host();
    let sender = join(&mut host);
    // More than 70 would be more bytes than one event may have in all.
    let pollers: Vec<_> = (0..70).map(|_| poller(&mut host)).collect();
    for _ in 0..3 {
        host.text(sender, &packet(900_000));
        host.advance_millis(500);
    }
    host.text(sender, &packet(1));
    for sid in &pollers {
        // Each response has one of them: the next GET gets on.
        assert_eq!(take(&mut host, sid), Some(said(900_000)));
        assert_eq!(take(&mut host, sid), Some(said(900_000)));
        assert_eq!(take(&mut host, sid), Some(said(900_000) + "\u{1e}" + &said(1)));
    }
}

#[test]
fn a_polling_client_that_fetches_nothing_is_closed_after_the_time() {
    let mut host = host();
    let sender = join(&mut host);
    let (late, slow) = (poller(&mut host), poller(&mut host));
    for _ in 0..3 {
        host.text(sender, &packet(900_000));
    }
    host.advance(SLOW_READER_AFTER.saturating_sub(Duration::from_millis(1)));
    host.text(sender, &packet(1));
    assert!(take(&mut host, &late).is_some());
    host.advance_millis(1);
    host.text(sender, &packet(1));
    assert_eq!(take(&mut host, &slow), None);
    assert!(take(&mut host, &late).is_some());
    assert!(is_open(&host, sender));
}

#[test]
fn a_polling_client_for_which_too_much_waits_is_closed_at_once() {
    let mut host = host();
    let (sender, sid) = (join(&mut host), poller(&mut host));
    for _ in 0..MAX_UNSENT_BUFFERS + 3 {
        host.text(sender, &packet(950_000));
    }
    assert_eq!(take(&mut host, &sid), None);
}

/// What waits for a session that is closed comes in several payloads, too, and the close after all of them.
#[test]
fn a_closed_polling_client_gets_everything_before_the_close() {
    let mut host = host();
    let (sender, sid) = (join(&mut host), poller(&mut host));
    for _ in 0..2 {
        host.text(sender, &packet(900_000));
    }
    host.text(sender, r#"42["close others silently"]"#);
    assert_eq!(take(&mut host, &sid), Some(said(900_000)));
    assert_eq!(take(&mut host, &sid), Some(said(900_000) + "\u{1e}41"));
    assert_eq!(take(&mut host, &sid).as_deref(), Some("6\u{1e}1"));
    assert_eq!(take(&mut host, &sid), None);
}
