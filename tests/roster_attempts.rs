//! The handlers of clients that were lost are attempted three times at most, also if the isolate is lost with them, and also where the
//! database is full.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;
#[path = "support/told/mod.rs"]
mod told;

use core::time::Duration;

use dormouse::internal::{Disk, Protocol};
use dormouse::{App, Data, Io};
use serde_json::{Value, json};

use harness::{Host, SocketNo, shared_heartbeat};
use told::{WEBSOCKET, take_told, tell};

const NOTHING: [Value; 0] = [];
const A_SECOND: Duration = Duration::from_secs(1);
/// The default of `PING_INTERVAL_MS`.
const PING_INTERVAL: Duration = Duration::from_secs(25);

fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on_disconnect(async || tell(json!("out"))).on("set", async |io: Io, Data(millis): Data<u64>| {
                io.set_alarm("bell", Duration::from_millis(millis), ())
            })
        })
        .on_alarm("bell", async || tell(json!("rang")))
}

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a WebSocket");
    host.text(no, "40");
    host.answers_pings.insert(no);
    no
}

fn lines(host: &Host, text: &str) -> usize {
    host.runtime().log.iter().filter(|line| line.contains(text)).count()
}

/// Runs a test in a world that stays awake where it can sleep, and in one that sleeps wherever it can.
fn awake_and_asleep(test: impl Fn(&mut Host)) {
    for sleepy in [false, true] {
        let mut host = Host::new(shared_heartbeat(), app);
        host.sleepy = sleepy;
        take_told();
        test(&mut host);
    }
}

/// Lets what was written get to the disk.
fn sync(host: &mut Host) {
    host.runtime_mut().disk = Disk::Fast;
    host.handle_woken();
    host.runtime_mut().disk = Disk::Slow;
}

/// What is not on the disk when a handler takes the isolate would never have happened: the attempt would not be counted.
#[test]
fn the_handlers_are_called_when_it_is_on_the_disk_that_they_are_attempted() {
    awake_and_asleep(|host| {
        join(host);
        host.advance(A_SECOND);
        host.crash();
        // From now on, the isolate is lost before the world could sleep.
        host.sleepy = false;
        host.runtime_mut().disk = Disk::Slow;
        for attempt in 1..=3 {
            let _other = join(host);
            host.advance(A_SECOND);
            assert_eq!(take_told(), NOTHING, "attempt {attempt}");
            sync(host);
            assert_eq!(take_told(), ["out"], "attempt {attempt}");
            // The handler takes the isolate with it, and all WebSockets.
            host.crash();
        }
        assert_eq!(lines(host, "crashed too often"), 0);
        join(host);
        sync(host);
        host.advance(A_SECOND);
        assert_eq!(take_told(), NOTHING);
        assert_eq!(lines(host, "crashed too often"), 1, "{:?}", host.runtime().log);
    });
}

#[test]
fn an_alarm_that_is_due_meanwhile_rings() {
    awake_and_asleep(|host| {
        let no = join(host);
        host.text(no, r#"42["set",30000]"#);
        host.advance(A_SECOND);
        host.crash();
        host.runtime_mut().now = host.runtime().now.after(PING_INTERVAL * 2);
        host.runtime_mut().disk = Disk::Slow;
        host.advance(A_SECOND);
        assert_eq!(take_told(), NOTHING);
        sync(host);
        assert_eq!(take_told(), ["out", "rang"]);
    });
}

#[test]
fn in_a_full_database_nobody_is_taken_for_lost_who_left() {
    awake_and_asleep(|host| {
        let (anna, ben) = (join(host), join(host));
        host.advance(A_SECOND);
        host.runtime_mut().set_full(true);
        host.gone(anna, dormouse::socket::Reason::TransportClose);
        assert_eq!(take_told(), ["out"]);
        host.advance(A_SECOND * 90);
        assert!(lines(host, "the roster could not be written") > 0, "{:?}", host.runtime().log);
        host.crash();
        join(host);
        host.advance(A_SECOND * 90);
        assert_eq!(take_told(), NOTHING, "the roster is deleted");

        // There is room again.
        host.runtime_mut().set_full(false);
        host.advance(A_SECOND * 90);
        host.crash();
        host.advance(PING_INTERVAL * 3);
        assert_eq!(take_told(), ["out"], "of {ben} nobody knows any more");
    });
}

#[test]
fn after_a_crash_a_full_database_allows_one_attempt() {
    awake_and_asleep(|host| {
        join(host);
        host.advance(A_SECOND);
        host.runtime_mut().set_full(true);
        host.crash();
        let _next = join(host);
        assert_eq!(take_told(), ["out"]);
        host.crash();
        join(host);
        host.advance(PING_INTERVAL);
        assert_eq!(take_told(), NOTHING);
    });
}
