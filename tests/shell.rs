//! The object's shell: it writes few rows, leaves nothing behind, and keeps the world alive when the core panics.
//! `miniflare/panic.test.mjs` tests panics in the real runtime.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::future::pending;
use core::time::Duration;

use bytes::Bytes;
use dormouse::internal::Protocol;
use dormouse::internal::Refusal;
use dormouse::internal::Response;
use dormouse::socket::Sid;
use dormouse::{App, Data, Io, Socket};

use harness::{Bystanders, Host, SocketNo, To, What, apps, sid_of};

fn join(host: &mut Host) -> SocketNo {
    let no = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
    host.text(no, "40");
    no
}

fn panics_at_boo(host: &mut Host) {
    host.runtime_mut().panics_at = Some("boo".to_owned());
    host.runtime_mut().survives_panics = true;
}

fn closed(host: &Host, no: SocketNo) -> Vec<u16> {
    let said = host.runtime().said.iter().filter(|said| said.to == To::Socket(no));
    let codes = said.filter_map(|said| if let What::Closed(code) = said.what { Some(code) } else { None });
    codes.collect()
}

/// A tick writes one row, however many things are due at it.
#[test]
fn a_tick_sets_the_alarm_once() {
    for sleeps in [false, true] {
        let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
        let _bystanders = Bystanders::new(&mut host);
        // A client that joins no namespace, and is closed at a tick for that; and a silent client.
        host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
        join(&mut host);
        for _ in 0..6 {
            if sleeps {
                assert!(host.sleep());
            }
            // What the clients have caused is written.
            host.advance_millis(1_000);
            let (at, before) = (host.runtime().alarm.expect("a heartbeat"), host.runtime().alarms_set);
            let wait = at.since(host.runtime().now);
            host.advance(wait);
            assert_eq!(host.runtime().alarms_set - before, 1, "sleeps: {sleeps}");
        }
        assert_eq!(host.server().session_count(), 2);
    }
}

#[test]
fn messages_set_no_alarm() {
    let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
    let mut bystanders = Bystanders::new(&mut host);
    host.advance_millis(1_000);
    let before = host.runtime().alarms_set;
    for sleeps in [false, true] {
        for _ in 0..10 {
            bystanders.talk(&mut host);
            assert!(!sleeps || host.sleep());
            host.advance_millis(100);
        }
    }
    assert_eq!(host.runtime().alarms_set, before);
}

#[test]
fn a_world_that_everybody_left_has_no_alarm() {
    let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
    let bystanders = Bystanders::new(&mut host);
    host.advance_millis(1_000);
    assert!(host.runtime().alarm.is_some());
    bystanders.go(&mut host);
    host.advance_millis(1_000);
    assert_eq!(host.runtime().alarm, None);
}

/// The runtime delays what is sent after a write: the alarm is not touched while a client connects, gets its first answer or goes, but
/// at most a second later. A client that reloads its page causes neither a deletion nor a new alarm.
#[test]
fn nobody_waits_for_the_alarm() {
    for upgrades in [false, true] {
        let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
        let connect = |host: &mut Host| {
            if !upgrades {
                return join(host);
            }
            let http = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
            let Some(Response::Payload(open)) = host.answer_of(http) else { panic!("no handshake") };
            let query = format!("EIO=4&transport=websocket&sid={}", sid_of(open));
            let no = host.open_websocket(&query, Protocol::SocketIo).expect("an upgrade");
            for text in ["2probe", "5", "40"] {
                host.text(no, text);
            }
            no
        };
        let first = connect(&mut host);
        host.text(first, r#"420["message-with-ack",7]"#);
        assert!(host.runtime().texts_of(first).iter().any(|text| text == "430[7]"), "upgrades: {upgrades}");
        assert_eq!((host.runtime().alarm, host.runtime().alarms_set), (None, 0), "upgrades: {upgrades}");
        host.advance_millis(1_000);
        let at = host.runtime().alarm.expect("a heartbeat");
        assert_eq!(at.since(host.runtime().now), Duration::from_secs(24), "it counts from when the client came");

        host.gone(first, dormouse::socket::Reason::TransportClose);
        assert_eq!(host.runtime().alarm, Some(at));
        host.advance_millis(100);
        let again = connect(&mut host);
        host.advance_millis(1_000);
        assert_eq!((host.runtime().alarm, host.runtime().alarms_set), (Some(at), 1), "it is early, which does no harm");

        host.gone(again, dormouse::socket::Reason::TransportClose);
        assert_eq!(host.runtime().alarm, Some(at));
        host.advance_millis(1_000);
        assert_eq!(host.runtime().alarm, None);
    }
}

/// A named alarm and the object's alarm are lost together, or neither is: they are written in one event.
#[test]
fn the_alarm_for_a_named_alarm_is_set_at_once() {
    let mut host = Host::new(harness::shared_heartbeat(), || {
        App::new()
            .namespace("/", |ns| ns.on("set", async |io: Io| io.set_alarm("supper", Duration::from_mins(1), ())))
            .on_alarm("supper", async || {})
    });
    let no = join(&mut host);
    assert_eq!(host.runtime().alarm, None);
    host.text(no, r#"42["set"]"#);
    assert!(host.runtime().alarm.is_some());
}

/// If a snapshot fits into its attachment again, its row is deleted.
#[test]
fn what_spilled_is_deleted_when_it_fits_again() {
    for sleepy in [false, true] {
        let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
        host.sleepy = sleepy;
        let no = join(&mut host);
        let rooms: Vec<String> = (0..2_000).map(|room| format!(r#""room {room}""#)).collect();
        let rooms = rooms.join(",");
        host.text(no, &format!(r#"42["join",{rooms}]"#));
        assert_eq!(host.runtime().spilled.len(), 1);
        host.text(no, &format!(r#"42["leave",{rooms}]"#));
        assert!(host.runtime().spilled.is_empty(), "sleepy: {sleepy}");
    }
}

/// A deploy closes connections without notifying the object.
#[test]
fn what_sessions_left_is_deleted_when_the_world_wakes() {
    let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
    let [stays, goes] = [join(&mut host), join(&mut host)];
    let rooms: Vec<String> = (0..2_000).map(|room| format!(r#""room {room}""#)).collect();
    for no in [stays, goes] {
        host.text(no, &format!(r#"42["join",{}]"#, rooms.join(",")));
    }
    let lost: Sid = "lost".parse().expect("valid");
    host.runtime_mut().parts.insert(lost, [(0, Bytes::from_static(b"a part"))].into_iter().collect());
    host.runtime_mut().sockets[goes].attachment = None;
    assert!(host.sleep());
    assert_eq!(host.server().session_count(), 1);
    assert_eq!((host.runtime().spilled.len(), host.runtime().parts.len()), (1, 0));
}

#[test]
fn a_panic_costs_whose_event_met_it() {
    let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
    let mut bystanders = Bystanders::new(&mut host);
    let culprit = join(&mut host);
    panics_at_boo(&mut host);
    host.text(culprit, r#"42["broadcast","boo"]"#);
    assert_eq!(closed(&host, culprit), [1011]);
    assert_eq!(host.server().session_count(), 2);
    bystanders.talk(&mut host);
    assert!(host.runtime().log.iter().any(|line| line.contains("bug")), "{:?}", host.runtime().log);
    assert!(host.sleep());
    bystanders.talk(&mut host);
}

/// The panic comes while a session is opened, when its WebSocket has no snapshot yet.
#[test]
fn a_panic_costs_whose_connection_was_about_to_be_opened() {
    for sleepy in [false, true] {
        let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
        host.sleepy = sleepy;
        let mut bystanders = Bystanders::new(&mut host);
        host.runtime_mut().panics_at = Some("pingInterval".to_owned());
        host.runtime_mut().survives_panics = true;
        let culprit = host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket");
        assert_eq!(closed(&host, culprit), [1011], "sleepy: {sleepy}");
        assert!(host.sleep());
        assert_eq!(host.server().session_count(), 2, "sleepy: {sleepy}");
        bystanders.talk(&mut host);
        host.runtime_mut().panics_at = None;
        join(&mut host);
        bystanders.talk(&mut host);
        assert_eq!(host.server().session_count(), 3, "sleepy: {sleepy}");
    }
}

#[test]
fn a_panic_costs_who_polls_its_session() {
    let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
    let mut bystanders = Bystanders::new(&mut host);
    let open = host.request("GET", "EIO=4&transport=polling", Protocol::SocketIo, false);
    let Some(Response::Payload(open)) = host.answer_of(open) else { panic!("there is room") };
    let sid = sid_of(open);
    let poll = host.poll(&sid);
    let culprit = join(&mut host);
    panics_at_boo(&mut host);
    host.text(culprit, r#"42["broadcast","boo"]"#);
    let lost = Response::Refused(Refusal::UnknownSid);
    assert_eq!(host.answer_of(poll), Some(&lost));
    let next = host.poll(&sid);
    assert_eq!(host.answer_of(next), Some(&lost));
    bystanders.talk(&mut host);
    assert!(host.sleep(), "something keeps the world awake");
}

/// What a panic makes the world store must not lack what is to be handled again only in the next turn.
#[test]
fn a_panic_costs_no_connect_that_waits_for_its_guard() {
    fn app() -> App {
        App::new()
            .namespace("/", |ns| {
                ns.on("ask", async |socket: Socket| {
                    socket.timeout(Duration::from_secs(1)).ack_to("answered", ()).emit("question", ())
                })
                .on("broadcast", async |socket: Socket, Data(text): Data<String>| socket.broadcast().emit("said", text))
                .on_ack("answered", async || ())
            })
            .namespace("/slow", |ns| {
                ns.guard(async |io: Io| {
                    io.log("asked");
                    pending::<()>().await;
                })
            })
    }
    let asked = |host: &Host| host.runtime().log.iter().filter(|line| *line == "asked").count();
    let mut host = Host::new(harness::shared_heartbeat(), app);
    let [guest, culprit] = [join(&mut host), join(&mut host)];
    host.text(guest, "40/slow,");
    host.text(guest, r#"42["ask"]"#);
    assert_eq!(asked(&host), 1);
    // The acknowledgement is due when the panic comes: it is postponed, and so the guest's snapshot is written anew.
    host.runtime_mut().now = host.runtime().now.after(Duration::from_secs(1));
    panics_at_boo(&mut host);
    host.text(culprit, r#"42["broadcast","boo"]"#);
    assert_eq!(closed(&host, culprit), [1011]);
    assert!(host.sleep());
    host.text(guest, r#"42["broadcast","hello"]"#);
    assert_eq!(asked(&host), 2);
}

/// Such a session is closed, which calls handlers after everything else was stored.
#[test]
fn what_handlers_change_after_a_snapshot_was_refused_is_stored() {
    fn app() -> App {
        App::new().namespace("/", |ns| {
            ns.on("join", async |socket: Socket, Data(room): Data<String>| socket.join(room))
                .on("meet", async |io: Io| io.to("bereaved").emit("met", ()))
                .on_disconnect(async |socket: Socket| socket.broadcast().sockets_join("bereaved"))
        })
    }
    let mut host = Host::new(harness::shared_heartbeat(), app);
    let [culprit, other] = [join(&mut host), join(&mut host)];
    host.runtime_mut().refuses = Some("boo".to_owned());
    host.text(culprit, r#"42["join","boo"]"#);
    assert_eq!(closed(&host, culprit), [1011]);
    assert!(host.sleep());
    host.text(other, r#"42["meet"]"#);
    assert_eq!(host.runtime().texts_of(other).last().map(String::as_str), Some(r#"42["met"]"#));
}

/// Makes sure that no other test passes although the core panicked.
#[test]
#[should_panic(expected = "the object was told to panic")]
fn a_panic_that_nobody_asked_for_fails_its_test() {
    let mut host = Host::new(harness::shared_heartbeat(), apps::echo);
    let no = join(&mut host);
    host.runtime_mut().panics_at = Some("boo".to_owned());
    host.text(no, r#"42["message","boo"]"#);
}
