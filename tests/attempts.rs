//! What a world does by itself, such as its alarms, is attempted three times at most if it does not end, and costs nobody else
//! anything. `miniflare/aborts.test.mjs` tests aborts of the wasm instance, for which a panic in the shell and the loss of the
//! memory stand here.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;

use core::future::pending;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dormouse::extract::{AckResult, AlarmContext, Attempt, EventName};
use dormouse::internal::{Protocol, Waking};
use dormouse::{App, Auth, Data, Failure, Io, Socket, Storage};

use harness::{Bystanders, Host, SocketNo, To, What, apps, shared_heartbeat};

/// An app whose handlers panic in the shell (`boo`), panic, or wait for ever.
fn app() -> App {
    async fn rings(io: Io, EventName(name): EventName, Attempt(attempt): Attempt) -> Result<(), Failure> {
        io.log(format!("{name} {attempt} {}", io.alarm(&name).is_some()));
        match &*name {
            "boo" => io.emit("boo", ())?,
            "panics" => panic!("a bug of the app"),
            "waits" => pending::<()>().await,
            "heals" if attempt == 1 => panic!("a bug of the app"),
            _ => {}
        }
        Ok(())
    }
    let app = App::new()
        .namespace("/", |ns| {
            ns.on("set", async |io: Io, Data((name, millis)): Data<(String, u64)>| {
                io.set_alarm(&name, Duration::from_millis(millis), "context")
            })
            .on("ask", async |socket: Socket, Data(name): Data<String>| {
                socket.ack_to(&name, ()).timeout(Duration::from_secs(1)).emit("asked", ())
            })
            .on_ack("boo", async |io: Io, AckResult(ack): AckResult<()>| {
                io.log(format!("acked {}", ack.is_ok()));
                io.emit("boo", ())
            })
            .on_ack("fine", async |io: Io| io.log("fine is acked"))
            .on_error(async |io: Io, failure: Failure| io.log(format!("on_error {}", failure.code())))
            .on_disconnect(async |io: Io| io.emit("boo", ()))
        })
        .namespace("/guarded", |ns| ns.guard(guard))
        .on_alarm_given_up(async |io: Io, EventName(name): EventName, AlarmContext(context): AlarmContext<String>| {
            io.log(format!("given up {name} {context}"));
        });
    ["boo", "panics", "waits", "heals", "fine"].into_iter().fold(app, |app, name| app.on_alarm(name, rings))
}

/// Waits for ever when it is called for the first time; panics in the shell if the auth says so.
async fn guard(io: Io, storage: Storage, Auth(auth): Auth<serde_json::Value>) -> Result<(), Failure> {
    let name = auth["name"].as_str().unwrap_or_default().to_owned();
    io.log(format!("guard {name}"));
    if storage.get::<bool>(&name)?.is_none() {
        storage.put(&name, &true)?;
        pending::<()>().await;
    }
    if name == "boo" {
        io.of("/")?.emit("boo", ())?;
    }
    Ok(())
}

/// A world with a client in `/`. If it is `sleepy`, it hibernates wherever it can.
fn world(sleepy: bool) -> (Host, SocketNo) {
    let mut host = Host::new(shared_heartbeat(), app);
    host.sleepy = sleepy;
    let no = open(&mut host);
    host.text(no, "40");
    host.answers_pings.insert(no);
    host.runtime_mut().panics_at = Some("boo".to_owned());
    host.runtime_mut().survives_panics = true;
    (host, no)
}

fn open(host: &mut Host) -> SocketNo {
    host.open_websocket("EIO=4&transport=websocket", Protocol::SocketIo).expect("a WebSocket")
}

/// Returns the lines that were logged since the last call and begin with one of these words.
fn logged(host: &mut Host, words: &[&str]) -> Vec<String> {
    let log = core::mem::take(&mut host.runtime_mut().log);
    log.into_iter().filter(|line| words.iter().any(|word| line.starts_with(word))).collect()
}

fn is_alive(host: &mut Host) -> bool {
    let no = open(host);
    host.text(no, "40");
    host.runtime().texts_of(no).iter().any(|text| text.starts_with("40{"))
}

const ALARM: [&str; 7] = ["boo", "panics", "waits", "heals", "fine", "given up", "the alarm"];
const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn an_alarm_whose_object_is_lost_is_given_up_after_three_attempts() {
    for sleepy in [false, true] {
        let (mut host, no) = world(sleepy);
        host.text(no, r#"42["set","waits",1000]"#);
        for (wait, attempt) in [(MINUTE, 1), (MINUTE, 2), (2 * MINUTE, 3)] {
            host.advance(wait);
            assert_eq!(logged(&mut host, &ALARM), [format!("waits {attempt} false")], "sleepy: {sleepy}");
            host.lose_memory();
        }
        host.advance(3 * MINUTE);
        let lines = logged(&mut host, &ALARM);
        let [line, told] = &*lines else { panic!("{lines:?}") };
        assert!(line.starts_with("the alarm is given up: "), "{line}");
        assert_eq!(told, "given up waits context");
        host.advance(60 * MINUTE);
        assert_eq!(logged(&mut host, &ALARM), [""; 0]);
        assert!(is_alive(&mut host));
    }
}

#[test]
fn an_alarm_that_panics_is_given_up_at_once_after_three_attempts() {
    for sleepy in [false, true] {
        let (mut host, no) = world(sleepy);
        host.text(no, r#"42["set","panics",1000]"#);
        host.advance(3 * MINUTE);
        assert_eq!(logged(&mut host, &ALARM[..6]), ["panics 1 false", "panics 2 false"], "sleepy: {sleepy}");
        host.advance(2 * MINUTE);
        assert_eq!(logged(&mut host, &ALARM[..6]), ["panics 3 false", "given up panics context"], "sleepy: {sleepy}");
        host.advance(60 * MINUTE);
        assert_eq!(logged(&mut host, &ALARM), [""; 0]);
    }
}

#[test]
fn an_alarm_that_succeeds_has_no_other_attempt() {
    for sleepy in [false, true] {
        let (mut host, no) = world(sleepy);
        host.text(no, r#"42["set","heals",1000]"#);
        host.text(no, r#"42["set","fine",1000]"#);
        host.advance(60 * MINUTE);
        let lines = logged(&mut host, &ALARM);
        assert_eq!(lines, ["fine 1 false", "heals 1 false", "heals 2 false"], "sleepy: {sleepy}");
    }
}

/// The turn of the first attempts is lost for all of them, so that each has a second one; those are alone.
#[test]
fn an_alarm_that_aborts_costs_the_others_one_attempt() {
    for sleepy in [false, true] {
        let (mut host, no) = world(sleepy);
        for name in ["boo", "fine", "heals"] {
            host.text(no, &format!(r#"42["set","{name}",1000]"#));
        }
        host.advance(60 * MINUTE);
        // What a turn logs behind a panic is lost with it.
        let lines = logged(&mut host, &ALARM[1..]);
        let [fine, heals, line, told] = &*lines else { panic!("{lines:?}") };
        assert_eq!((&**fine, &**heals), ("fine 2 false", "heals 2 false"), "sleepy: {sleepy}");
        assert!(line.starts_with("the alarm is given up: "), "{line}");
        assert_eq!(told, "given up boo context");
        assert!(is_alive(&mut host));
    }
}

#[test]
fn an_acknowledgement_whose_handler_aborts_is_given_up_after_three_attempts() {
    for sleepy in [false, true] {
        let (mut host, no) = world(sleepy);
        let other = open(&mut host);
        host.text(other, "40");
        host.answers_pings.insert(other);
        host.text(no, r#"42["ask","boo"]"#);
        host.text(other, r#"42["ask","fine"]"#);
        host.advance(60 * MINUTE);
        let words = ["fine is acked", "on_error", "the handler of an acknowledgement", "bug"];
        let lines = logged(&mut host, &words);
        let bugs = lines.iter().filter(|line| line.contains("bug")).count();
        let others: Vec<_> = lines.iter().filter(|line| !line.contains("bug")).collect();
        assert_eq!(bugs, 3, "sleepy: {sleepy}, {lines:?}");
        let [fine, given_up, told] = &*others else { panic!("{lines:?}") };
        assert_eq!((&***fine, &***told), ("fine is acked", "on_error GIVEN_UP"));
        assert!(given_up.starts_with("the handler of an acknowledgement is given up"), "{given_up}");
        assert!(is_alive(&mut host));
    }
}

#[test]
fn a_connect_whose_guard_aborts_after_hibernation_is_refused_after_three_attempts() {
    let (mut host, _) = world(false);
    let clients = ["boo", "fine"].map(|name| {
        let no = open(&mut host);
        host.text(no, &format!(r#"40/guarded,{{"name":"{name}"}}"#));
        no
    });
    assert!(host.sleep());
    host.runtime_mut().log.clear();
    for _ in 0..6 {
        host.advance(Duration::from_secs(1));
        let no = open(&mut host);
        host.gone(no, dormouse::socket::Reason::TransportClose);
    }
    let lines = logged(&mut host, &["bug", "a CONNECT"]);
    assert_eq!(lines.iter().filter(|line| line.contains("bug")).count(), 3, "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("a CONNECT that was not decided is given up")), "{lines:?}");
    let [refused, joined] = clients.map(|no| host.runtime().texts_of(no).pop().unwrap_or_default());
    assert_eq!(refused, r#"44/guarded,{"message":"An internal server error has occurred."}"#);
    assert!(joined.starts_with("40/guarded,{"), "{joined}");
}

#[test]
fn a_snapshot_that_panics_closes_its_socket_only() {
    let mut host = Host::new(shared_heartbeat(), apps::echo);
    let mut bystanders = Bystanders::new(&mut host);
    let culprit = open(&mut host);
    host.text(culprit, "40");
    let other = open(&mut host);
    host.text(other, "40");
    assert!(host.sleep());
    host.runtime_mut().panics_waking = Some(Waking::Snapshot(culprit));
    host.runtime_mut().survives_panics = true;
    bystanders.talk(&mut host);
    let closed = host.runtime().said.iter().filter(|said| matches!(said.what, What::Closed(_)));
    assert_eq!(
        closed.map(|said| (said.to, said.what.clone())).collect::<Vec<_>>(),
        [(To::Socket(culprit), What::Closed(1011))]
    );
    assert_eq!(host.server().session_count(), 3);
    assert!(host.sleep());
    bystanders.talk(&mut host);
}

/// A panic outside of a snapshot is not repeated for ever, and what can be left out is.
#[test]
fn a_world_wakes_without_what_panics() {
    for waking in [Waking::Rows, Waking::Roster] {
        let mut host = Host::new(shared_heartbeat(), apps::echo);
        let mut bystanders = Bystanders::new(&mut host);
        assert!(host.sleep());
        host.runtime_mut().log.clear();
        host.runtime_mut().panics_waking = Some(waking);
        host.runtime_mut().survives_panics = true;
        bystanders.talk(&mut host);
        let lines = logged(&mut host, &["bug: the world wakes without what panicked"]);
        assert_eq!(lines.len(), 1, "{waking:?}: {lines:?}");
        host.runtime_mut().panics_waking = None;
        assert!(host.sleep());
        bystanders.talk(&mut host);
    }
}

#[test]
fn a_world_that_cannot_wake_fails_the_event_and_tries_again_at_the_next() {
    let mut host = Host::new(shared_heartbeat(), apps::echo);
    let mut bystanders = Bystanders::new(&mut host);
    assert!(host.sleep());
    host.runtime_mut().panics_waking = Some(Waking::Sockets);
    host.runtime_mut().survives_panics = true;
    for _ in 0..2 {
        let event = AssertUnwindSafe(|| host.text(0, r#"42["lost"]"#));
        catch_unwind(event).expect_err("the event fails");
    }
    host.runtime_mut().panics_waking = None;
    bystanders.talk(&mut host);
}

/// Each wake reads all that is left, so that one event must not do so for thousands.
#[test]
fn many_snapshots_that_panic_cost_several_events() {
    let mut host = Host::new(shared_heartbeat(), apps::echo);
    let clients: Vec<_> = (0..40).map(|_| open(&mut host)).collect();
    assert!(host.sleep());
    host.runtime_mut().panics_waking = Some(Waking::Snapshots);
    host.runtime_mut().survives_panics = true;
    let left = |host: &Host| clients.iter().filter(|no| host.runtime().sockets[**no].open).count();
    for left_after in [24, 8, 0] {
        let last = clients[39];
        let event = AssertUnwindSafe(|| host.text(last, "40"));
        assert_eq!(catch_unwind(event).is_err(), left_after > 0);
        assert_eq!(left(&host), left_after);
    }
    host.runtime_mut().panics_waking = None;
    assert!(is_alive(&mut host));
}

/// The handlers of sessions that end at a tick are not called if the last two ticks aborted.
#[test]
fn a_world_that_aborted_twice_wakes_without_what_it_was_about_to_do() {
    let (mut host, no) = world(true);
    host.text(no, r#"42["set","fine",90000]"#);
    // A client that is silent from now on: its handler of `on_disconnect` panics in the shell.
    let silent = open(&mut host);
    host.text(silent, "40");
    host.advance(Duration::from_secs(30));
    host.runtime_mut().log.clear();
    host.runtime_mut().aborts = 2;
    host.advance(MINUTE);
    assert_eq!(logged(&mut host, &["bug", "fine"]), [""; 0]);
    assert_eq!(host.server().session_count(), 1);
    host.runtime_mut().aborts = 0;
    host.advance(2 * MINUTE);
    assert_eq!(logged(&mut host, &["bug", "fine"]), ["fine 1 false"]);
}
