//! A world whose database is full runs on: its clients join and are pinged, and what could not be written is told to whoever asked.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::time::Duration;

use dormouse::internal::Protocol;
use dormouse::value::Frame;
use dormouse::{Ack, App, Data, Failure, Io, Storage};
use serde_json::Value;

use harness::{Host, SocketNo, What, shared_heartbeat};

/// An app with the events `set(milliseconds, context)`, `clear`, `put(key, value)`, `get(key)` and `echo`.
fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on("set", async |io: Io, Data((millis, context)): Data<(u64, Value)>| {
                io.set_alarm("bell", Duration::from_millis(millis), context).map(Ack)
            })
            .on("clear", async |io: Io| io.clear_alarm("bell").map(Ack))
            .on("put", async |storage: Storage, Data((key, value)): Data<(String, Value)>| {
                storage.put(&key, &value).map(Ack)
            })
            .on("get", async |storage: Storage, Data(key): Data<String>| {
                Ok::<_, Failure>(Ack(storage.get::<Value>(&key)?))
            })
            .on("echo", async |Data(value): Data<Value>| Ack(value))
            .on("join", async |socket: dormouse::Socket, Data(rooms): Data<Vec<String>>| socket.join(rooms).map(Ack))
        })
        .on_alarm("bell", async |io: Io| io.emit("rang", ()))
}

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
    host.text(no, "40");
    host.answers_pings.insert(no);
    no
}

/// Sends an event and returns the arguments of its acknowledgement, as JSON.
fn ask(host: &mut Host, no: SocketNo, event: &str) -> String {
    let before = host.runtime().texts_of(no).len();
    host.text(no, &format!("421{event}"));
    let heard = host.runtime().texts_of(no);
    let ack = heard[before..].iter().find_map(|text| text.strip_prefix("431")).unwrap_or_default();
    // The reference is random.
    ack.split_once(r#","reference":"#).map_or(ack, |(before, _)| before).to_owned()
}

const FULL: &str = r#"[{"error":{"code":"INTERNAL_SERVER_ERROR","message":"An internal server error has occurred.""#;

fn rings(host: &Host, no: SocketNo) -> usize {
    host.runtime().texts_of(no).iter().filter(|text| *text == r#"42["rang"]"#).count()
}

fn complaints(host: &Host) -> usize {
    host.runtime().log.iter().filter(|line| line.contains("the alarm could not be set")).count()
}

/// Runs a test in a world that stays awake where it can sleep, and in one that sleeps wherever it can.
fn awake_and_asleep(test: impl Fn(&mut Host)) {
    for sleepy in [false, true] {
        let mut host = Host::new(shared_heartbeat(), app);
        host.sleepy = sleepy;
        test(&mut host);
    }
}

#[test]
fn the_first_join_of_a_full_world_works_and_its_heartbeat_goes_on() {
    awake_and_asleep(|host| {
        host.runtime_mut().set_full(true);
        let (anna, silent) = (join(host), join(host));
        host.answers_pings.remove(&silent);
        assert_eq!(ask(host, anna, r#"["echo",7]"#), "[7]");
        assert_eq!(host.runtime().alarm, None);
        assert!(!host.sleep(), "the timer keeps it awake");
        // The pings are answered, and the silent client is found.
        for _ in 0..8 {
            host.advance_millis(25_000);
        }
        assert!(host.runtime().sockets[anna].open);
        assert!(!host.runtime().sockets[silent].open, "nothing was sent to it");
        assert_eq!(complaints(host), 1, "{:?}", host.runtime().log);
        assert_eq!(ask(host, anna, r#"["echo",8]"#), "[8]");

        // With the next ping, the alarm is set again, and the world sleeps.
        host.runtime_mut().set_full(false);
        host.advance_millis(25_000);
        assert!(host.runtime().alarm.is_some());
        assert!(host.sleep());
        let before = host.runtime().alarms_set;
        host.advance_millis(250_000);
        assert_eq!(host.runtime().alarms_set - before, 10);
        assert!(host.runtime().sockets[anna].open);
        assert!(host.sleep());
    });
}

/// The tick of a sleeping world cannot set the next alarm.
#[test]
fn a_world_that_becomes_full_while_it_sleeps_keeps_its_heartbeat() {
    awake_and_asleep(|host| {
        let anna = join(host);
        assert!(host.sleep());
        host.runtime_mut().set_full(true);
        host.advance_millis(100_000);
        assert!(host.runtime().sockets[anna].open);
        assert_eq!(host.runtime().alarm, None);
        let pinged = |host: &Host| {
            let frames = host.runtime().said.iter();
            frames.filter(|said| said.what == What::Frame(Frame::text("2"))).count()
        };
        host.answers_pings.clear();
        let before = pinged(host);
        host.advance_millis(25_000);
        assert_eq!(pinged(host) - before, 1);
        assert_eq!(complaints(host), 1);
        host.text(anna, "3");
        host.runtime_mut().set_full(false);
        host.advance_millis(25_000);
        assert!(host.runtime().alarm.is_some());
    });
}

#[test]
fn what_cannot_be_put_is_told_and_what_was_there_stays() {
    awake_and_asleep(|host| {
        let anna = join(host);
        assert_eq!(ask(host, anna, r#"["put","a",1]"#), "[]");
        host.runtime_mut().set_full(true);
        assert_eq!(ask(host, anna, r#"["put","a","longer"]"#), FULL);
        assert_eq!(ask(host, anna, r#"["put","b",2]"#), FULL);
        assert_eq!(ask(host, anna, r#"["get","a"]"#), "[1]");
        assert_eq!(ask(host, anna, r#"["get","b"]"#), "[null]");
        host.runtime_mut().set_full(false);
        assert_eq!(ask(host, anna, r#"["put","a",3]"#), "[]");
        assert_eq!(ask(host, anna, r#"["get","a"]"#), "[3]");
    });
}

#[test]
fn an_alarm_that_cannot_be_stored_is_told_and_the_earlier_one_stays() {
    awake_and_asleep(|host| {
        let anna = join(host);
        assert_eq!(ask(host, anna, r#"["set",60000,null]"#), "[]");
        host.runtime_mut().set_full(true);
        assert_eq!(ask(host, anna, r#"["set",1000,"a context"]"#), FULL);
        host.advance_millis(59_000);
        assert_eq!(rings(host, anna), 0);
        host.advance_millis(1_000);
        assert_eq!(rings(host, anna), 1);
        // Its row is deleted, which needs no room.
        host.lose_memory();
        host.advance_millis(60_000);
        assert_eq!(rings(host, anna), 1);

        host.runtime_mut().set_full(false);
        assert_eq!(ask(host, anna, r#"["set",1000,"a context"]"#), "[]");
        host.advance_millis(1_000);
        assert_eq!(rings(host, anna), 2);
    });
}

/// A stored alarm rings at its time although the object's own alarm cannot be set any more.
#[test]
fn a_stored_alarm_rings_by_a_timer() {
    awake_and_asleep(|host| {
        let anna = join(host);
        ask(host, anna, r#"["set",90000,null]"#);
        host.runtime_mut().set_full(true);
        host.advance_millis(90_000);
        assert_eq!(rings(host, anna), 1);
        assert_eq!(ask(host, anna, r#"["clear"]"#), "[]");
    });
}

/// Only who needs a row that cannot be written is closed.
#[test]
fn a_snapshot_that_needs_a_row_costs_its_session_only() {
    awake_and_asleep(|host| {
        let (anna, ben) = (join(host), join(host));
        let rooms: Vec<String> = (0..2_000).map(|room| format!(r#""room {room}""#)).collect();
        host.runtime_mut().set_full(true);
        assert_eq!(ask(host, ben, r#"["join",["lobby"]]"#), "[]");
        ask(host, anna, &format!(r#"["join",[{}]]"#, rooms.join(",")));
        assert!(!host.runtime().sockets[anna].open);
        assert_eq!(ask(host, ben, r#"["echo",7]"#), "[7]");
        assert!(host.runtime().sockets[ben].open);
    });
}
