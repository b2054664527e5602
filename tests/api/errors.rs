//! Errors and panics of handlers: each is acknowledged, handled by `on_error`, or logged.

use core::time::Duration;

use dormouse::error::{AckError, AckFailure, BroadcastAckError, EmitError, HandlerError, IncompleteAcks};
use dormouse::extract::EventName;
use dormouse::routing::Routes;
use dormouse::testing::TestClient;
use dormouse::{Ack, App, Args, Data, Failure, Io, Socket, SocketId};
use serde_json::{Value, json};

use crate::kit::{NOTHING, World, answer, awake_and_asleep, awake_and_napping, clients, gate, heard};

#[derive(Debug)]
struct Muted {
    minutes: u32,
}

impl core::fmt::Display for Muted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "you are muted for {} minutes", self.minutes)
    }
}

impl HandlerError for Muted {
    fn code(&self) -> &'static str {
        "MUTED"
    }
}

async fn panics(socket: Socket) {
    let _ = socket.emit("about to panic", ());
    panic!("what the event is for");
}

fn faults(ns: Routes) -> Routes {
    ns.on("typed", async |Data((n, text)): Data<(u32, String)>| Ack((n, text)))
        .on("muted", async |Data(minutes): Data<u32>| Err::<(), _>(Muted { minutes }))
        .on("question mark", async |Data(text): Data<String>| {
            let n: u32 = text.parse()?;
            Ok::<_, Failure>(Ack(n))
        })
        .on("text", async || Err::<Ack<u8>, _>("just a sentence"))
        .on("panic", panics)
        .on("panic later", async |socket: Socket| {
            gate("later").await;
            panics(socket).await;
        })
        .on("two", async || Err::<(), _>("the first one"))
        .on("two", async || Err::<(), _>("the second one"))
        .on("fine", async || Ack("fine"))
        .on_disconnect(async || Err::<(), _>("nobody asked"))
        .on_connect(async |socket: Socket| if socket.param("n").is_some() { Err("at connect") } else { Ok(()) })
}

/// An app with a namespace without error handlers (`/`), and ones with two of them (`/watched-{n}`).
fn app() -> App {
    App::new().namespace("/", faults).namespace("/watched-{n}", |ns| {
        faults(ns)
            .on_error(async |io: Io, id: SocketId, event: Result<EventName, Failure>, failure: Failure| {
                let event = event.map(|EventName(name)| name.to_string()).unwrap_or_default();
                io.log(format!("{event:?} {} {failure} {}", failure.code(), io.socket(id).is_some()));
            })
            .on_error(async |socket: Socket, failure: Failure| {
                let _ = socket.emit("error", failure.message());
            })
    })
}

fn told(client: &TestClient, event: &str, args: Value) -> Value {
    let ack = client.emit_with_ack(event, (args,));
    serde_json::from_str(&answer(&ack).expect("an answer")).expect("JSON")
}

fn error(code: &str, message: &str) -> Value {
    json!([{ "status": "error", "error": { "code": code, "message": message } }])
}

/// Returns the reference of an internal error of which a client was told nothing else.
fn reference(mut told: Value) -> String {
    let reference = told[0]["error"].as_object_mut().and_then(|error| error.remove("reference"));
    assert_eq!(told, error("INTERNAL_SERVER_ERROR", "An internal server error has occurred."));
    reference.and_then(|reference| Some(reference.as_str()?.to_owned())).expect("a reference")
}

/// Returns whether exactly one line of the log has the reference, and this text.
fn is_logged(world: &World, reference: &str, text: &str) -> bool {
    let lines = world.log_lines();
    let lines: Vec<_> = lines.iter().filter(|line| line.contains(&format!(r#""reference":"{reference}""#))).collect();
    matches!(*lines, [line] if line.starts_with(r#"{"level":"error""#) && line.contains(text))
}

#[test]
fn who_asks_is_told_what_went_wrong() {
    awake_and_asleep(app, |world| {
        for namespace in ["/", "/watched-1"] {
            let [anna] = clients(world, namespace);
            let logged = world.logged();
            let typed = "argument 1: invalid type: string \"one\", expected u32";
            for (event, args, code, message) in [
                ("typed", json!("one"), "INVALID_ARGUMENTS", typed),
                ("typed", json!(1), "INVALID_ARGUMENTS", "argument 2 is missing"),
                ("muted", json!(5), "MUTED", "you are muted for 5 minutes"),
                ("text", json!(0), "ERROR", "just a sentence"),
                ("two", json!(0), "ERROR", "the first one"),
            ] {
                world.nap();
                assert_eq!(told(&anna, event, args), error(code, message));
            }
            assert_eq!(told(&anna, "question mark", json!("7")), json!([7]));
            // The second handler's error is told to nobody, or to the handlers of errors, which hear of the others as well.
            let news = world.logged().split_off(logged.len());
            let expected = if namespace == "/" { 1 } else { 6 };
            assert!(news.len() == expected && news[expected - 1].contains("the second one"), "{news:?}");
            world.nap();
            let internal = reference(told(&anna, "question mark", json!("seven")));
            assert!(is_logged(world, &internal, "invalid digit found in string"), "{:?}", world.log_lines());
        }
    });
}

#[test]
fn the_namespaces_error_handlers_are_called() {
    awake_and_asleep(app, |world| {
        let anna = world.connect("/watched-1");
        assert_eq!(world.logged(), [r#""" ERROR at connect true"#]);
        assert_eq!(heard(&anna), [r#"error ["at connect"]"#]);
        world.nap();
        anna.emit("muted", 5);
        assert_eq!(world.logged()[1..], [r#""muted" MUTED you are muted for 5 minutes true"#]);
        assert_eq!(heard(&anna), [r#"error ["you are muted for 5 minutes"]"#]);
        world.nap();
        anna.emit("typed", "one");
        assert!(world.logged()[2].starts_with(r#""typed" INVALID_ARGUMENTS argument 1:"#));
        world.nap();
        anna.close();
        assert_eq!(world.logged()[3..], [r#""" ERROR nobody asked false"#]);
    });
}

#[test]
fn without_error_handlers_they_are_logged() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("muted", 5);
        let muted = "a handler failed with MUTED: you are muted for 5 minutes";
        assert_eq!(world.logged(), [muted]);
        world.nap();
        anna.lose();
        assert_eq!(world.logged(), [muted, "a handler failed with ERROR: nobody asked"]);
    });
}

#[test]
fn a_handler_that_panics_costs_its_event_only() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        let internal = reference(told(&anna, "panic", json!(0)));
        assert!(is_logged(world, &internal, "what the event is for"), "{:?}", world.log_lines());
        // What the handler did before the panic is kept.
        assert_eq!(heard(&anna), ["about to panic []"]);
        anna.emit("panic", ());
        let line = "a handler of an event panicked: what the event is for; the event is lost, the world goes on";
        assert_eq!(world.logged(), [line, line]);
        world.nap();
        for client in [&anna, &ben] {
            assert_eq!(told(client, "fine", json!(0)), json!(["fine"]));
        }
    });
}

#[test]
fn a_handler_may_panic_after_it_waited() {
    awake_and_napping(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("panic later", ());
        assert_eq!(answer(&ack), None);
        world.open("later");
        let told: Value = serde_json::from_str(&answer(&ack).expect("an answer")).expect("JSON");
        assert!(is_logged(world, &reference(told), "what the event is for"), "{:?}", world.log_lines());
        assert_eq!(world.logged().len(), 1);
    });
}

#[test]
fn a_guard_that_panics_lets_nobody_in() {
    let app = || {
        App::new()
            .namespace("/", |ns| ns)
            .namespace("/guarded", |ns| ns.guard(panics).on_connect(async |io: Io| io.log("never")))
    };
    awake_and_asleep(app, |world: &World| {
        let [anna] = clients(world, "/");
        world.nap();
        let error = anna.try_also_connect("/guarded", json!({})).expect_err("not let in");
        assert_eq!(error.message, "An internal server error has occurred.");
        let data = error.data.unwrap_or_default();
        assert_eq!(data["code"], "INTERNAL_SERVER_ERROR");
        assert!(is_logged(world, data["reference"].as_str().unwrap_or_default(), "what the event is for"));
        assert!(world.logged().iter().all(|line| line.contains("a CONNECT panicked")));
        assert!(anna.is_connected());
        assert_eq!(heard(&anna), NOTHING);
    });
}

/// In the runtime, a timer or request that a handler waits for keeps the object awake; a channel of the test does not.
#[test]
fn a_handler_that_waits_is_lost_when_the_test_puts_the_world_to_sleep() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("wait", async |io: Io| {
                gate("database").await;
                io.log("never");
                Ack(1)
            })
            .on("x", async || Ack(2))
        })
    };
    awake_and_napping(app, |world| {
        let [anna] = clients(world, "/");
        let lost = anna.emit_with_ack("wait", ());
        world.sleep();
        assert_eq!(answer(&anna.emit_with_ack("x", ())).as_deref(), Some("[2]"));
        world.open("database");
        assert_eq!((answer(&lost), world.logged()), (None, vec![]));
    });
}

/// Dormouse's own errors keep their codes when `?` converts them to a `Failure`.
#[test]
fn a_question_mark_keeps_codes() {
    fn same<E: HandlerError>(error: E) -> String
    where
        Failure: From<E>,
    {
        let of = Failure::from_handler_error(&error);
        assert_eq!(Failure::from(error), of);
        of.code().to_owned()
    }
    fn broadcasts<T: core::fmt::Debug + 'static>(answer: T) {
        let answers = vec![("aaaaaaaaaaaaaaaaaaaa".parse().expect("an id"), answer)];
        let missing = Vec::new();
        assert_eq!(same(BroadcastAckError::Incomplete(IncompleteAcks { acks: answers, missing })), "ACK_TIMEOUT");
        let reserved = || EmitError::Reserved("connect".to_owned());
        assert_eq!(same(BroadcastAckError::<T>::Emit(reserved())), same(reserved()));
        assert_eq!(same(AckError::Emit(reserved())), same(reserved()));
    }
    broadcasts(1_u32);
    broadcasts("text".to_owned());
    broadcasts(());
    broadcasts(Args::new());
    broadcasts(json!({}));
    for none in [AckFailure::Expired, AckFailure::Disconnected, AckFailure::TooMany] {
        assert_eq!(same(AckError::Failed(none)), same(none));
    }
    for emit in [
        EmitError::UnknownAckHandler("r".to_owned()),
        EmitError::Timeout(Duration::MAX),
        EmitError::Context(String::new()),
    ] {
        same(emit);
    }
}

#[test]
fn a_broadcasts_code_reaches_the_client_through_a_question_mark() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("ask", async |io: Io| {
                let answers = io.timeout(Duration::from_secs(1)).emit_with_ack::<u32>("q", ()).await?;
                Ok::<_, Failure>(Ack(answers.len()))
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna, _ben] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("ask", ());
        world.advance(Duration::from_secs(1));
        let told: Value = serde_json::from_str(&answer(&ack).expect("an answer")).expect("JSON");
        assert_eq!(told, error("ACK_TIMEOUT", "0 clients acknowledged, 2 did not"));
    });
}
