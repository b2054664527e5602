//! Traces: what the log tells of a socket or an event, awake and after a nap.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::time::Duration;

use dormouse::extract::EventName;
use dormouse::testing::{TestClient, TestWorld};
use dormouse::{Ack, App, Args, Data, Failure, Io, Socket};
use serde_json::Value;

fn app() -> App {
    App::new().namespace("/", |ns| {
        ns.guard_event(
            async |EventName(name): EventName| {
                if &*name == "forbidden" { Err(Failure::new("FORBIDDEN", "not this one")) } else { Ok(()) }
            },
        )
        .on_connect(async |socket: Socket| socket.join("all"))
        .on("say", async |socket: Socket, args: Args| {
            socket.to("all").emit("said", args)?;
            Ok::<_, Failure>(Ack(()))
        })
        .on("whisper", async |socket: Socket, io: Io, Data((to, text)): Data<(String, String)>| {
            let _ = socket;
            io.to(to).volatile().emit("whispered", text)
        })
        .on("ask", async |io: Io| {
            io.timeout(Duration::from_secs(5)).emit_with_ack::<u32>("question", ()).await.map(|_| ())
        })
    })
}

/// Calls `test` with a world that `nap` hibernates, and with one for which `nap` does nothing. Nothing but traces is logged.
fn awake_and_asleep(test: impl Fn(&TestWorld, &dyn Fn())) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app).with_variable("LOG", "error");
        let nap = || {
            if sleepy {
                world.sleep();
            }
        };
        test(&world, &nap);
    }
}

/// Makes a call that must succeed, and returns its response.
fn trace(world: &TestWorld, query: &str) -> String {
    let response = world.admin(&format!("trace?{query}"), "").response().expect("a response");
    let text = String::from_utf8_lossy(&response.body).into_owned();
    assert_eq!(response.status, 200, "{text}");
    text
}

fn trace_socket(world: &TestWorld, client: &TestClient) {
    assert_eq!(
        trace(world, &format!("socket={}", client.id())),
        format!(r#"{{"status":"ok","traces":[{{"socket":"{}","secondsLeft":300}}]}}"#, client.id())
    );
}

/// Returns the code, the socket's place among `clients`, and the event of each line since `from`.
fn told(world: &TestWorld, from: usize, clients: &[&TestClient]) -> Vec<(String, Option<usize>, String)> {
    let tell = |line: &String| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        assert!(text("message").starts_with("trace: ") || text("code") == "FORBIDDEN", "{line}");
        let place = clients.iter().position(|client| client.id().as_str() == text("socket"));
        (text("code"), place, text("event"))
    };
    world.log_lines().get(from..).unwrap_or_default().iter().map(tell).collect()
}

fn line(code: &str, place: usize, event: &str) -> (String, Option<usize>, String) {
    (code.to_owned(), Some(place), event.to_owned())
}

#[test]
fn a_traced_socket_is_followed_from_what_it_sends_to_its_end() {
    awake_and_asleep(|world, nap| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        trace_socket(world, &anna);
        nap();
        anna.emit_with_ack("say", "hello");
        nap();
        anna.emit("forbidden", ());
        nap();
        ben.emit("say", "hello yourself");
        nap();
        ben.emit("ask", ());
        let question = anna.take_events().pop().expect("the question");
        anna.ack(&question, 7);
        for question in ben.take_events() {
            if &*question.name == "question" {
                ben.ack(&question, 7);
            }
        }
        nap();
        anna.close();
        let expected = [
            line("RECEIVED", 0, "say"),
            line("NOT_A_RECIPIENT", 0, "said"),
            line("WRITTEN", 0, ""),
            line("RECEIVED", 0, "forbidden"),
            line("FORBIDDEN", 0, "forbidden"),
            line("WRITTEN", 0, "said"),
            line("WRITTEN", 0, "question"),
            line("ACKNOWLEDGED", 0, ""),
            line("transport close", 0, ""),
        ];
        assert_eq!(told(world, 0, &[&anna]), expected, "{:#?}", world.log_lines());
        let by_ben = format!("trace: written by {}, 20 bytes; 0 bytes are unsent before it", ben.id());
        assert!(world.log().contains(&by_ben), "{:#?}", world.log());
    });
}

#[test]
fn a_traced_event_says_to_how_many_it_goes() {
    awake_and_asleep(|world, nap| {
        let clients = [world.connect("/"), world.connect("/"), world.connect("/")];
        trace(world, "event=said");
        nap();
        clients[0].emit("say", "hello");
        nap();
        world.admin("emit", r#"{"event":"said","rooms":["nobody"]}"#);
        let lines = world.log();
        let by = format!("trace: emitted by {} to 2 sockets, 11 bytes", clients[0].id());
        assert_eq!(lines, [by.as_str(), "trace: emitted by the world itself to 0 sockets, 4 bytes"]);
    });
}

#[test]
fn what_a_slow_client_does_not_get_is_held_back_or_dropped() {
    awake_and_asleep(|world, nap| {
        let (anna, ben) = (world.connect("/"), world.connect("/"));
        trace_socket(world, &anna);
        nap();
        // From here on, what it has not read keeps the world awake.
        anna.stop_reading();
        ben.emit("say", "x".repeat(5_000));
        ben.emit("say", "x");
        ben.emit("whisper", (anna.id().as_str(), "psst"));
        let codes: Vec<_> = told(world, 0, &[&anna]).into_iter().map(|(code, ..)| code).collect();
        assert_eq!(codes, ["WRITTEN", "HELD", "DROPPED"]);
    });
}

/// A client that polls keeps its world awake: the trace is set before it comes, and by its event.
#[test]
fn what_a_client_that_polls_gets_waits_for_its_next_get() {
    awake_and_asleep(|world, nap| {
        let ben = world.connect("/");
        trace(world, "event=said");
        nap();
        let anna = world.client().polling().connect("/");
        let traces = trace(world, &format!("socket={}", anna.id()));
        assert!(traces.contains(r#"{"event":"said","secondsLeft":300}"#), "{traces}");
        ben.emit("say", "x");
        let codes: Vec<_> = told(world, 0, &[&anna]).into_iter().map(|(code, ..)| code).collect();
        assert!(codes == ["EMITTED", "WRITTEN"] || codes == ["EMITTED", "HELD"], "{codes:?}");
    });
}

#[test]
fn connections_are_traced_by_the_names_of_their_events() {
    awake_and_asleep(|world, nap| {
        trace(world, "event=connect");
        trace(world, "event=disconnect");
        nap();
        let anna = world.connect("/");
        nap();
        anna.lose();
        assert_eq!(world.log(), ["trace: connect", "trace: disconnect"]);
    });
}

#[test]
fn a_trace_ends_by_itself_or_by_a_call() {
    awake_and_asleep(|world, nap| {
        let anna = world.connect("/");
        trace(world, "event=say&seconds=60");
        trace_socket_and_end(world, &anna);
        nap();
        anna.emit("say", ());
        assert_eq!(told(world, 0, &[&anna]), [line("RECEIVED", 0, "say")]);
        world.advance(Duration::from_secs(61));
        nap();
        anna.emit("say", ());
        assert_eq!(world.log().len(), 1);
        assert_eq!(trace(world, "event=say&seconds=0"), r#"{"status":"ok","traces":[]}"#);
    });
}

fn trace_socket_and_end(world: &TestWorld, client: &TestClient) {
    trace(world, &format!("socket={}", client.id()));
    let left = trace(world, &format!("socket={}&seconds=0", client.id()));
    assert_eq!(left, r#"{"status":"ok","traces":[{"event":"say","secondsLeft":60}]}"#);
}

#[test]
fn invalid_calls_say_why() {
    let world = TestWorld::new(app);
    for n in 0..10 {
        trace(&world, &format!("event={n}"));
    }
    for (query, problem) in [
        ("", "takes either socket"),
        ("socket=x&event=y", "takes either socket"),
        ("socket=x", "takes either socket"),
        ("event=say&seconds=3601", "from 0, which switches the trace off, to 3600"),
        ("event=say&seconds=-1", "from 0, which switches the trace off, to 3600"),
        ("event=say", "ten traces are on"),
    ] {
        let response = world.admin(&format!("trace?{query}"), "").response().expect("a response");
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert!(response.status == 400 && text.contains(problem), "{query}: {text}");
    }
}
