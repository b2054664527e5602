//! What survives the end of the object's process: the handlers for clients that are gone, and for acknowledgements that they owed,
//! are called afterwards. `miniflare/crash.test.mjs` kills the real runtime.
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/harness/mod.rs"]
mod harness;
#[path = "support/told/mod.rs"]
mod told;

use core::time::Duration;

use dormouse::extract::{AckContext, AckResult};
use dormouse::internal::{Host, Protocol, SocketNo};
use dormouse::socket::Reason;
use dormouse::testing::{TestClient, TestWorld};
use dormouse::{Ack, App, Auth, Failure, Socket};
use serde_json::{Value, json};

use told::{POLLING, WEBSOCKET, get, sid_of, take_told, tell};

const NOTHING: [Value; 0] = [];
/// The default of `PING_INTERVAL_MS`.
const PING_INTERVAL: Duration = Duration::from_secs(25);
/// More than the roster's delay.
const A_SECOND: Duration = Duration::from_secs(1);

fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on_connect(async |socket: Socket, Auth(auth): Auth<Value>| {
                let name = auth.get("name").and_then(Value::as_str).unwrap_or_default();
                socket.set_data(name)?;
                tell(json!(["in", name]));
                socket.join("guests")?;
                Ok::<_, Failure>(())
            })
            .on("owe", async |socket: Socket| {
                let name: String = socket.data()?;
                socket.ack_to("noted", name).emit("q", ())?;
                Ok::<_, Failure>(())
            })
            .on_ack("noted", async |AckContext(name): AckContext<String>, AckResult(ack): AckResult<u32>| {
                tell(json!(["ack", name, ack.map_or_else(|error| error.to_string(), |ack| ack.to_string())]));
            })
            .on_disconnecting(async |socket: Socket| {
                tell(json!(["leaving", socket.data::<String>()?, socket.rooms().len()]));
                Ok::<_, Failure>(())
            })
            .on_disconnect(async |socket: Socket, reason: Reason| {
                tell(json!(["out", socket.data::<String>()?, reason.as_str(), socket.is_connected()]));
                Ok::<_, Failure>(())
            })
        })
        .namespace("/other", |ns| ns.on_disconnect(async |socket: Socket| tell(json!(["other", socket.param("x")]))))
}

fn join(world: &TestWorld, name: &str) -> TestClient {
    world.try_connect("/", json!({ "name": name })).expect("nobody is refused")
}

/// What the handlers are told when a client without debts is gone.
fn gone(name: &str) -> [Value; 2] {
    [json!(["leaving", name, 2]), json!(["out", name, "transport close", false])]
}

fn owed(name: &str) -> Value {
    json!(["ack", name, disconnected()])
}

fn disconnected() -> String {
    dormouse::error::AckFailure::Disconnected.to_string()
}

/// Runs a test with a world that stays awake before the crash, and with one that sleeps.
fn awake_and_asleep(test: impl Fn(&TestWorld, &dyn Fn())) {
    for sleeps in [false, true] {
        let world = TestWorld::new(app);
        take_told();
        test(&world, &|| {
            if sleeps {
                world.sleep();
            } else {
                world.advance(A_SECOND);
            }
        });
    }
}

#[test]
fn the_handlers_of_those_who_were_in_are_called_once_after_a_crash() {
    awake_and_asleep(|world, rest| {
        let names: Vec<_> = (0..42).map(|n| format!("guest {n}")).collect();
        let clients: Vec<_> = names.iter().map(|name| join(world, name)).collect();
        for client in &clients[..8] {
            client.emit("owe", ());
        }
        rest();
        take_told();
        world.crash();
        assert_eq!(take_told(), NOTHING);
        // Nobody connects: the alarm of the heartbeat is still set.
        world.advance(PING_INTERVAL);
        let told = take_told();
        for (n, name) in names.iter().enumerate() {
            let times = |what: &Value| told.iter().filter(|told| *told == what).count();
            let [leaving, out] = gone(name);
            assert_eq!((times(&leaving), times(&out), times(&owed(name))), (1, 1, usize::from(n < 8)), "{name}");
        }
        assert_eq!(told.len(), 42 * 2 + 8);
        // Once: neither a nap nor a second crash calls them again.
        world.advance(A_SECOND);
        world.sleep();
        let _late = join(world, "late");
        world.sleep();
        world.crash();
        world.advance(PING_INTERVAL);
        assert_eq!(take_told(), [vec![json!(["in", "late"])], gone("late").to_vec()].concat());
        assert_eq!(world.log(), Vec::<String>::new());
    });
}

#[test]
fn a_client_that_connects_again_is_told_gone_before_it_is_told_in() {
    awake_and_asleep(|world, rest| {
        let _anna = join(world, "anna");
        rest();
        world.crash();
        take_told();
        let _again = join(world, "anna");
        assert_eq!(take_told(), [gone("anna").to_vec(), vec![json!(["in", "anna"])]].concat());
        world.advance(PING_INTERVAL);
        assert_eq!(take_told(), NOTHING);
    });
}

#[test]
fn nobody_is_told_gone_who_left_before_the_crash_or_acknowledged() {
    awake_and_asleep(|world, rest| {
        let (anna, ben) = (join(world, "anna"), join(world, "ben"));
        anna.emit("owe", ());
        ben.emit("owe", ());
        rest();
        let owed_event = ben.take_events().remove(0);
        ben.ack(&owed_event, 7);
        anna.close();
        rest();
        take_told();
        world.crash();
        world.advance(PING_INTERVAL);
        assert_eq!(take_told(), gone("ben"));
    });
}

#[test]
fn nobody_is_told_gone_twice_who_left() {
    awake_and_asleep(|world, rest| {
        for _ in 0..20 {
            let anna = join(world, "anna");
            rest();
            anna.close();
            rest();
            take_told();
            world.crash();
            let ben = join(world, "ben");
            assert_eq!(take_told(), [json!(["in", "ben"])]);
            ben.close();
            rest();
        }
    });
}

fn connect(host: &mut Host, name: &str) -> SocketNo {
    let no = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a WebSocket");
    host.answers_pings.insert(no);
    host.text(no, &format!(r#"40{{"name":"{name}"}}"#));
    no
}

#[test]
fn a_table_that_comes_and_goes_costs_two_rows_and_its_messages_none() {
    let mut host = Host::new(harness::shared_heartbeat(), app);
    let table: Vec<_> = (0..6).map(|n| connect(&mut host, &n.to_string())).collect();
    host.advance(A_SECOND);
    assert_eq!(host.runtime().roster_rows, 1);
    for _ in 0..20 {
        host.text(table[0], r#"42["hello"]"#);
        host.advance(A_SECOND * 11);
        host.sleep();
    }
    assert_eq!(host.runtime().roster_rows, 1);
    for no in table {
        host.gone(no, Reason::TransportClose);
    }
    host.advance(A_SECOND);
    assert_eq!(host.runtime().roster_rows, 2);
}

/// Whatever a client does, it causes less than a row in a second; and if the world goes to sleep before all of it is written,
/// nobody is told gone again.
#[test]
fn clients_that_come_and_go_all_the_time_cost_a_row_in_five_seconds() {
    for stays in [false, true] {
        let mut host = Host::new(harness::shared_heartbeat(), app);
        let _stays = stays.then(|| connect(&mut host, "stays"));
        for _ in 0..1_000 {
            let no = connect(&mut host, "anna");
            host.text(no, r#"42["owe"]"#);
            host.advance_millis(200);
            host.gone(no, Reason::TransportClose);
            host.advance_millis(40);
        }
        let rows = host.runtime().roster_rows;
        assert!(rows < 60 && (rows > 0) == stays, "{rows} rows in 240 s");
        take_told();
        host.sleep();
        let late = connect(&mut host, "late");
        assert_eq!(take_told(), [json!(["in", "late"])]);
        host.advance(A_SECOND);
        host.gone(late, Reason::TransportClose);
        assert_eq!(take_told(), gone("late"));
        host.advance(PING_INTERVAL * 3);
        host.crash();
        connect(&mut host, "again");
        let told = if stays { gone("stays").to_vec() } else { Vec::new() };
        assert_eq!(take_told(), [told, vec![json!(["in", "again"])]].concat());
    }
}

#[test]
fn a_world_of_a_thousand_is_in_one_row_and_a_large_one_in_few() {
    for (guests, debts, rows) in [(1_000, 0, 1), (600, 15, 4)] {
        fn app() -> App {
            App::new().namespace("/", |ns| {
                ns.on("owe", async |socket: Socket| socket.ack_to("noted", "x".repeat(300)).emit("q", ()))
                    .on_ack("noted", async |AckResult(_): AckResult<u32>| tell(json!("ack")))
                    .on_disconnect(async || tell(json!("out")))
            })
        }
        let mut host = Host::new(harness::shared_heartbeat(), app);
        for _ in 0..guests {
            let no = connect(&mut host, "guest");
            for _ in 0..debts {
                host.text(no, r#"42["owe"]"#);
            }
        }
        host.advance(A_SECOND);
        assert_eq!(host.runtime().roster_rows, rows);
        host.crash();
        take_told();
        host.advance(PING_INTERVAL);
        let told = take_told();
        assert_eq!(told.iter().filter(|told| **told == "out").count(), guests);
        assert_eq!(told.len(), guests * (1 + debts));
        let _late = connect(&mut host, "late");
        host.advance(A_SECOND);
        host.crash();
        host.advance(PING_INTERVAL);
        assert_eq!(take_told(), ["out"]);
    }
}

#[test]
fn a_deploy_that_keeps_the_sockets_tells_nobody() {
    awake_and_asleep(|world, rest| {
        let anna = join(world, "anna");
        anna.emit("owe", ());
        rest();
        take_told();
        world.redeploy(app);
        world.advance(PING_INTERVAL);
        world.advance(PING_INTERVAL);
        assert_eq!(take_told(), NOTHING);
        let event = anna.take_events().remove(0);
        anna.ack(&event, 7);
        assert_eq!(take_told(), [json!(["ack", "anna", "7"])]);
    });
}

#[test]
fn data_is_as_of_the_last_write_and_long_data_is_left_out() {
    let world = TestWorld::new(app);
    let _anna = join(&world, &"a".repeat(3_000));
    world.advance(A_SECOND);
    world.crash();
    take_told();
    world.advance(PING_INTERVAL);
    assert_eq!(take_told(), gone(""));
}

/// They have no alarm, so that they are found when somebody calls.
#[test]
fn clients_that_polled_are_told_gone_at_the_next_contact() {
    let mut host = Host::new(harness::shared_heartbeat(), app);
    let http = get(&mut host, POLLING);
    let sid = sid_of(&host, http);
    host.post(&sid, br#"40{"name":"anna"}"#);
    host.advance(A_SECOND);
    take_told();
    host.crash();
    host.advance(PING_INTERVAL);
    assert_eq!(take_told(), NOTHING);
    host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a WebSocket");
    assert_eq!(take_told(), gone("anna"));
}

/// A crash in the middle: the handlers are called again. After three, they are given up with a line in the log, and the world lives.
#[test]
fn handlers_that_crash_are_called_three_times() {
    fn crashing() -> App {
        let left = async |socket: Socket| {
            tell(json!("out"));
            socket.io().emit("boo", ())
        };
        App::new().namespace("/", |ns| ns.on_disconnect(left).on("x", async || Ack("fine")))
    }
    let mut host = Host::new(harness::shared_heartbeat(), crashing);
    let mut join = || {
        let no = host.open_websocket(WEBSOCKET, Protocol::SocketIo).expect("a WebSocket");
        host.text(no, "40");
        no
    };
    let [lost, stays] = [join(), join()];
    host.advance(A_SECOND);
    host.lose_memory();
    let runtime = host.runtime_mut();
    runtime.panics_at = Some("boo".to_owned());
    runtime.survives_panics = true;
    runtime.sockets[lost].attachment = None;
    take_told();
    host.advance(PING_INTERVAL);
    assert_eq!(take_told(), ["out", "out", "out"]);
    let given_up = host.runtime().log.iter().filter(|line| line.contains("crashed too often")).count();
    assert_eq!(given_up, 1, "{:?}", host.runtime().log);
    host.runtime_mut().said.clear();
    host.text(stays, r#"420["x"]"#);
    assert_eq!(host.runtime().texts_of(stays), [r#"430["fine"]"#]);
    host.lose_memory();
    host.advance(PING_INTERVAL);
    assert_eq!(take_told(), NOTHING);
}
