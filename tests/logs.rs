//! The lines of the log: their fields, and the levels of `LOG`.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::cell::Cell;
use core::time::Duration;
use std::collections::BTreeMap;

use dormouse::extract::{EventName, Json};
use dormouse::response::HttpResponse;
use dormouse::testing::TestWorld;
use dormouse::{Ack, App, Auth, Data, Failure, Io, Level, Socket};
use serde_json::{Value, json};

fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on("refuse", async || Err::<(), _>(Failure::new("TOO_LONG", "the message is too long")))
                .on("ask", ask)
                .on("panic", panics)
                .on("ring", async |io: Io| io.set_alarm("supper", Duration::from_secs(1), ()))
                .on("how many", async |socket: Socket| socket.emit_with_ack::<u32>("?", ()).await.map(|_| ()))
                .on("lines", lines)
                .on("count", async |Data(_): Data<u32>| Ok::<_, Failure>(Ack(())))
        })
        .namespace("/guarded", |ns| ns.guard(async || Err::<(), _>(Failure::new("NO_TICKET", "without a ticket"))))
        .namespace("/typed", |ns| ns.guard(async |Auth(_): Auth<BTreeMap<String, u32>>| {}))
        .namespace("/watched", |ns| {
            ns.on("refuse", async || Err::<(), _>("no")).on_error(async |socket: Socket| socket.emit("sorry", ()))
        })
        .on_alarm("supper", rings)
        .route("POST", "/typed", async |Json(_): Json<u32>| HttpResponse::text(200, ""))
        .route("GET", "/broken", async || Err::<HttpResponse, _>(Failure::new("BROKEN", "it is")))
}

async fn ask(socket: Socket) -> Result<Ack<()>, Failure> {
    socket.timeout(Duration::from_secs(3)).emit_with_ack::<()>("?", ()).await?;
    Ok(Ack(()))
}

#[expect(clippy::panic, reason = "what the event is for")]
async fn panics() {
    panic!("at the worst moment");
}

async fn rings(EventName(name): EventName, io: Io) -> Result<(), Failure> {
    assert!(io.variable("PANICS").is_none(), "{name} panics");
    Err(Failure::new("COLD", "the soup is cold"))
}

async fn lines(io: Io) {
    io.log("a \"word\"");
    io.log_at(Level::Warn, "careful");
    io.log_at(Level::Debug, "details");
    io.log_at(Level::Error, "broken");
}

/// Returns the lines that were logged, parsed, without the name of the world, which all have.
fn lines_of(world: &TestWorld) -> Vec<Value> {
    let parse = |line: &String| {
        let mut line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line.as_object_mut().and_then(|line| line.remove("world")), Some(json!("default")));
        line
    };
    world.log_lines().iter().map(parse).collect()
}

/// Calls `test` with a world that `nap` hibernates, and with one for which `nap` does nothing.
fn awake_and_asleep(variable: (&str, &str), test: impl Fn(&TestWorld, &dyn Fn())) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app).with_variable(variable.0, variable.1);
        let nap = || {
            if sleepy {
                world.sleep();
            }
        };
        test(&world, &nap);
    }
}

#[test]
fn a_failure_is_logged_whether_or_not_the_client_is_told() {
    awake_and_asleep(("LOG", "info"), |world, nap| {
        let anna = world.connect("/");
        nap();
        anna.emit("refuse", ());
        nap();
        assert!(anna.emit_with_ack("refuse", ()).args().is_some());
        let line = |level| {
            json!({
                "level": level, "message": "a handler failed with TOO_LONG: the message is too long", "namespace": "/",
                "socket": anna.id().as_str(), "event": "refuse", "code": "TOO_LONG", "ms": 0
            })
        };
        assert_eq!(lines_of(world), [line("error"), line("warn")]);
    });
}

#[test]
fn no_line_quotes_what_a_client_sent() {
    awake_and_asleep(("LOG", "debug"), |world, nap| {
        let anna = world.connect("/");
        nap();
        let told: Value = anna.emit_with_ack("count", "hunter2").args().expect("it is told").parse().expect("an error");
        assert!(told.to_string().contains("hunter2"), "{told}");
        anna.emit("count", ());
        nap();
        anna.emit("how many", ());
        anna.ack(&anna.next_event().expect("it is asked"), "hunter2");
        nap();
        let refused = world.try_connect("/typed", json!({ "token": "hunter2" })).expect_err("no number");
        assert!(refused.message.contains("hunter2"), "{refused:?}");
        nap();
        let response = world.request("POST", "/typed", "\"hunter2\"");
        assert!(response.status == 400 && String::from_utf8_lossy(&response.body).contains("hunter2"), "{response:?}");
        let lines = world.log_lines();
        assert!(!lines.iter().any(|line| line.contains("hunter2")), "{lines:#?}");
        let failed: Vec<String> = world.log().into_iter().filter(|message| message.contains(" failed with ")).collect();
        let expected = [
            "a handler failed with INVALID_ARGUMENTS: argument 1",
            "a handler failed with INVALID_ARGUMENTS: argument 1 is missing",
            "a handler failed with INVALID_ACK: the client's acknowledgement",
            "a guard failed with INVALID_ARGUMENTS: auth",
            "the handler of a request failed with INVALID_ARGUMENTS: the body",
        ];
        assert_eq!(failed, expected);
    });
}

#[test]
fn a_guard_that_fails_is_logged_within_the_bound_of_warnings() {
    awake_and_asleep(("LOG", "info"), |world, nap| {
        let anna = world.connect("/");
        for _ in 0..2 {
            nap();
            world.try_connect("/guarded", json!({})).expect_err("it has no ticket");
        }
        let mut lines = lines_of(world);
        for line in &mut lines {
            let id = line.as_object_mut().and_then(|line| line.remove("socket")).expect("the socket");
            assert_ne!(id, anna.id().as_str());
            let expected = json!({
                "level": "warn", "message": "a guard failed with NO_TICKET: without a ticket", "namespace": "/guarded",
                "code": "NO_TICKET", "ms": 0
            });
            assert_eq!(*line, expected);
        }
        assert_eq!(lines.len(), 2);
    });
    let world = TestWorld::new(app);
    for _ in 0..150 {
        world.try_connect("/guarded", json!({})).expect_err("it has no ticket");
    }
    assert!((100..110).contains(&world.log().len()), "{}", world.log().len());
}

#[test]
fn a_failure_that_error_handlers_get_is_a_warning() {
    let world = TestWorld::new(app);
    let anna = world.connect("/watched");
    anna.emit("refuse", ());
    let line = &lines_of(&world)[0];
    assert_eq!(
        (&line["level"], &line["code"], &line["namespace"]),
        (&json!("warn"), &json!("ERROR"), &json!("/watched"))
    );
}

#[test]
fn a_line_says_how_long_the_handler_took() {
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    anna.emit("ask", ());
    world.advance(Duration::from_secs(3));
    let line = &lines_of(&world)[0];
    assert_eq!((&line["code"], &line["ms"]), (&json!("ACK_TIMEOUT"), &json!(3_000)), "{line}");
}

#[test]
fn a_panic_says_the_event_and_an_alarm_its_name() {
    awake_and_asleep(("PANICS", "yes"), |world, nap| {
        let anna = world.connect("/");
        nap();
        anna.emit("panic", ());
        anna.emit("ring", ());
        nap();
        world.advance(Duration::from_secs(2));
        let mut lines = lines_of(world);
        for line in &mut lines {
            assert!(line.as_object_mut().is_some_and(|line| line.remove("reference").is_some()), "{line}");
        }
        let message = "a handler of an event panicked: at the worst moment; the event is lost, the world goes on";
        let of_event = json!({
            "level": "error", "message": message, "namespace": "/", "socket": anna.id().as_str(), "event": "panic",
            "code": "PANIC"
        });
        let message = "a handler of an alarm, which has another attempt or is given up, panicked: supper panics; the event is \
                       lost, the world goes on";
        let of_alarm = json!({ "level": "error", "message": message, "event": "supper", "code": "PANIC" });
        assert_eq!(lines, [of_event, of_alarm]);
    });
}

#[test]
fn an_alarm_that_fails_and_a_request_say_which() {
    let world = TestWorld::new(app);
    world.connect("/").emit("ring", ());
    world.advance(Duration::from_secs(2));
    assert_eq!(world.request("GET", "/broken", "").status, 500);
    let lines = lines_of(&world);
    assert_eq!(
        (&lines[0]["event"], &lines[0]["code"], &lines[0]["level"]),
        (&json!("supper"), &json!("COLD"), &json!("error"))
    );
    assert_eq!(
        (&lines[1]["event"], &lines[1]["code"], &lines[1]["level"]),
        (&json!("GET /broken"), &json!("BROKEN"), &json!("warn"))
    );
}

#[test]
fn the_level_decides_which_lines_are_written() {
    for (level, written) in [
        ("off", &[][..]),
        ("error", &["broken"]),
        ("warn", &["careful", "broken"]),
        ("info", &["a \"word\"", "careful", "broken"]),
        ("", &["a \"word\"", "careful", "broken"]),
    ] {
        awake_and_asleep(("LOG", level), |world, nap| {
            let anna = world.connect("/");
            nap();
            anna.emit("lines", ());
            assert_eq!(world.log(), written, "{level}");
        });
    }
}

#[test]
fn nothing_is_written_if_the_log_is_off() {
    let world = TestWorld::new(app).with_variable("LOG", "off");
    let anna = world.connect("/");
    anna.emit("panic", ());
    anna.emit("refuse", ());
    world.set_storage_full(true);
    assert!(world.admin("trace?event=refuse", "").response().is_some());
    assert_eq!(world.log_lines(), Vec::<String>::new());
}

#[test]
fn at_debug_one_sees_who_comes_and_goes_and_why_the_world_wakes() {
    let seen = Cell::new(0);
    awake_and_asleep(("LOG", "debug"), |world, nap| {
        let anna = world.connect("/");
        let ben = world.connect("/");
        nap();
        anna.disconnect();
        nap();
        ben.lose();
        nap();
        world.try_connect("/guarded", json!({})).expect_err("it has no ticket");
        let lines = lines_of(world);
        let of = |message: &str| lines.iter().filter(|line| line["message"] == message).cloned().collect::<Vec<_>>();
        let line = |message: &str, id: &str, code: Option<&str>| {
            let mut line = json!({ "level": "debug", "message": message, "namespace": "/", "socket": id });
            if let Some(code) = code {
                line["code"] = code.into();
            }
            line
        };
        let (anna, ben) = (anna.id(), ben.id());
        assert_eq!(of("connect"), [line("connect", anna.as_str(), None), line("connect", ben.as_str(), None)]);
        let left = [
            line("disconnect", anna.as_str(), Some("client namespace disconnect")),
            line("disconnect", ben.as_str(), Some("transport error")),
        ];
        assert_eq!(of("disconnect"), left);
        let refused =
            json!({ "level": "debug", "message": "connect_error", "namespace": "/guarded", "code": "NO_TICKET" });
        assert_eq!(of("connect_error"), [refused]);
        let wakes: Vec<_> = of("wake").iter().map(|line| line["event"].clone()).collect();
        let because = ["connection", "message", "close", "connection"];
        assert!(wakes == because || wakes == because[..1], "{wakes:?}");
        seen.set(seen.get() + wakes.len());
    });
    assert_eq!(seen.get(), 1 + 4, "awake, and asleep");
}
