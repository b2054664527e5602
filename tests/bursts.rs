//! One client's burst closes nobody who reads on, with the default rates: it is told before, and nobody else pays.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::time::Duration;

use dormouse::internal::{Config, Protocol, Response};
use dormouse::{Ack, App, Args, Io, Socket};

use harness::{Host, SocketNo, config, sid_of};

const STEP_MILLIS: u64 = 50;

/// Bytes that a reader of 10 Mbit/s reads in a step.
const READ_IN_A_STEP: usize = 62_500;

/// Bytes that the sender sends at most until it is told.
const BURST: usize = 45_000_000;

const WEBSOCKET: &str = "EIO=4&transport=websocket";

fn relay() -> App {
    App::new().namespace("/", |ns| {
        ns.on("x", async || Ack(1)).on("say", async |socket: Socket, args: Args| socket.broadcast().emit("said", args))
    })
}

/// Returns settings in which nobody is pinged: a pong would wait behind what a client has to read first.
fn patient() -> Config {
    config(&[("PING_INTERVAL_MS", "86400000")])
}

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a WebSocket");
    host.answers_pings.insert(no);
    host.text(no, "40");
    no
}

/// A client that reads 10 Mbit/s.
struct Reader {
    no: SocketNo,
    /// The bytes that it may read by now. Below zero if the last frame was longer.
    budget: isize,
}

impl Reader {
    fn join(host: &mut Host) -> Self {
        let no = join(host);
        host.runtime_mut().sockets[no].stalled = true;
        Self { no, budget: 0 }
    }

    fn read(&mut self, host: &mut Host) {
        let unsent = |host: &Host| host.runtime().sockets[self.no].unsent.cast_signed();
        self.budget += READ_IN_A_STEP.cast_signed();
        while self.budget > 0 {
            let before = unsent(host);
            if !host.runtime_mut().read_one(self.no) {
                self.budget = 0;
                return;
            }
            self.budget -= before - unsent(host);
        }
        // Nobody looks at what it has read.
        host.take_said();
    }
}

fn is_open(host: &Host, no: SocketNo) -> bool {
    host.runtime().sockets[no].open
}

/// Asks for an acknowledgement; returns it.
fn ask(host: &mut Host, no: SocketNo) -> String {
    host.take_said();
    host.text(no, r#"427["x"]"#);
    host.runtime().texts_of(no).into_iter().find(|text| text.starts_with("437")).unwrap_or_default()
}

/// Sends events of `size` bytes as fast as it can until it is told to wait, and goes on all the same for ten seconds.
fn send_burst(host: &mut Host, readers: &mut [Reader], size: usize, loses_memory: bool) -> SocketNo {
    let sender = join(host);
    let event = format!(r#"42["say","{}"]"#, "x".repeat(size));
    let mut steps = |host: &mut Host, steps| {
        for _ in 0..steps {
            host.advance_millis(STEP_MILLIS);
            for reader in readers.iter_mut() {
                reader.read(host);
            }
        }
    };
    let mut sent = 0;
    // Small events are refused so often that the client is closed with 1008.
    while is_open(host, sender) && !ask(host, sender).contains("RATE_LIMITED") {
        assert!(sent < BURST, "the sender of {size} bytes was not told");
        for _ in 0..(2_000_000 / size).clamp(1, 500) {
            host.text(sender, &event);
            sent += size;
        }
        steps(host, 1);
    }
    if loses_memory {
        host.lose_memory();
    }
    for _ in 0..40 {
        if is_open(host, sender) {
            host.text(sender, &event);
        }
        steps(host, 5);
    }
    sender
}

#[test]
fn a_burst_closes_nobody_whatever_the_size_of_its_events_and_the_number_of_readers() {
    for size in [1_000, 60_000, 200_000, 950_000] {
        // What one client may cause anew after that, twenty readers cannot leave in the isolate's memory.
        for (count, loses_memory) in [(1, false), (1, true), (3, true), (20, false)] {
            let mut host = Host::new(patient(), relay);
            let mut readers: Vec<_> = (0..count).map(|_| Reader::join(&mut host)).collect();
            send_burst(&mut host, &mut readers, size, loses_memory);
            let closed = readers.iter().filter(|reader| !is_open(&host, reader.no)).count();
            assert_eq!(closed, 0, "{closed} of {count} readers were closed by events of {size} bytes");
        }
    }
}

#[test]
fn nobody_pays_for_the_burst_of_another_client() {
    for count in [1, 3, 20] {
        let mut host = Host::new(patient(), relay);
        let (innocent, mut readers) = (join(&mut host), Vec::new());
        readers.extend((0..count).map(|_| Reader::join(&mut host)));
        let sender = send_burst(&mut host, &mut readers, 60_000, false);
        assert!(is_open(&host, sender));
        host.text(innocent, &format!(r#"42["say","{}"]"#, "y".repeat(300_000)));
        assert_eq!(ask(&mut host, innocent), "437[1]", "{count} readers");
        host.text(innocent, r#"42["say","and on"]"#);
        assert_eq!(ask(&mut host, innocent), "437[1]", "{count} readers");
    }
}

/// What the app sends by itself is not charged to the client that sent something last.
#[test]
fn nobody_pays_for_what_an_alarm_sends() {
    fn app() -> App {
        relay()
            .namespace("/clock", |ns| ns.on("set", async |io: Io| io.set_alarm("picture", Duration::from_secs(1), ())))
            .on_alarm("picture", async |io: Io| (0..12).try_for_each(|_| io.emit("picture", "z".repeat(900_000))))
    }
    for sleeps in [false, true] {
        let mut host = Host::new(patient(), app);
        let innocent = join(&mut host);
        host.text(innocent, "40/clock,");
        host.text(innocent, r#"42/clock,["set"]"#);
        if sleeps {
            assert!(host.sleep());
        }
        let readers: Vec<_> = (0..5).map(|_| Reader::join(&mut host)).collect();
        host.text(innocent, r#"42["say","hi"]"#);
        host.advance_millis(1_000);
        assert!(host.runtime().sockets[readers[0].no].unsent > 10_000_000, "the alarm sent nothing");
        assert_eq!(ask(&mut host, innocent), "437[1]");
    }
}

/// A client that polls counts as one on a WebSocket does.
#[test]
fn a_burst_ends_no_polling_session() {
    for size in [60_000, 200_000, 950_000] {
        for count in [1, 20] {
            let mut host = Host::new(patient(), relay);
            let pollers: Vec<_> = (0..count).map(|_| poller(&mut host)).collect();
            let sender = join(&mut host);
            let event = format!(r#"42["say","{}"]"#, "x".repeat(size));
            let mut is_told = false;
            for _ in 0..BURST / size {
                host.text(sender, &event);
                is_told = is_told || ask(&mut host, sender).contains("RATE_LIMITED");
                if is_told {
                    break;
                }
            }
            assert!(is_told, "the sender of {size} bytes to {count} was not told");
            for sid in &pollers {
                assert!(get(&mut host, sid).is_some(), "a session of {count} was ended by events of {size} bytes");
            }
        }
    }
}

/// Opens a session that polls and joins `/`.
fn poller(host: &mut Host) -> String {
    let http = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
    let Some(Response::Payload(open)) = host.answer_of(http) else { panic!("no OPEN packet") };
    let sid = sid_of(open);
    host.post(&sid, b"40");
    assert!(get(host, &sid).is_some_and(|body| body.starts_with("40")));
    sid
}

/// Returns the response to a GET; `None` if the session is gone.
fn get(host: &mut Host, sid: &str) -> Option<String> {
    let http = host.poll(sid);
    match host.answer_of(http) {
        Some(Response::Payload(body)) => Some(body.clone()),
        Some(Response::Refused(_)) => None,
        other => panic!("{other:?}"),
    }
}
