//! `dormouse::testing`, used through the public API as users do.

use core::time::Duration;

use dormouse::error::EmitError;
use dormouse::extract::{AckContext, AckResult, EventName};
use dormouse::routing::Routes;
use dormouse::socket::{Handshake, Reason};
use dormouse::testing::{ConnectError, Disconnected, TestClient, TestEvent, TestWorld};
use dormouse::{Ack, App, Args, Auth, Data, Failure, Socket};
use serde_json::{Value, json};

fn app() -> App {
    App::new().namespace("/", routes).namespace("/other", routes)
}

fn routes(ns: Routes) -> Routes {
    ns.guard(guard)
        .on_connect(async |socket: Socket, Auth(auth): Auth<Value>| socket.emit("hello", (auth,)))
        .on("join", async |socket: Socket, Data(room): Data<String>| socket.join(room))
        .on("say", async |socket: Socket, Data((room, _)): Data<(String, Value)>, args: Args| {
            socket.to(room).emit("said", &args)?;
            Ok::<_, EmitError>(Ack(args))
        })
        .on("quiet", async || {})
        .on("leave", async |socket: Socket| socket.disconnect(false))
        .on("hang up", async |socket: Socket| socket.disconnect(true))
        .on("panic", panics)
        .on("ask all", ask_all)
        .on("ask back", ask_back)
        .on_ack("number", answered_back)
        .on("handshake", async |handshake: Handshake| {
            Ack((handshake.header("accept-language").map(str::to_owned), handshake.query_param("k")))
        })
        .fallback(async |socket: Socket, EventName(name): EventName, args: Args| socket.broadcast().emit(&name, args))
        .on_disconnect(async |socket: Socket, reason: Reason| socket.broadcast().emit("left", reason.as_str()))
}

async fn guard(Auth(auth): Auth<Value>) -> Result<(), Failure> {
    match auth.get("banned") {
        Some(until) => Err(Failure::new("BANNED", "You may not come in").with_data(until.clone())),
        None => Ok(()),
    }
}

#[expect(clippy::panic, reason = "what the event is for")]
async fn panics() {
    panic!("what the event is for");
}

/// Asks all other clients for a number, and acknowledges with the sum after the last answer.
async fn ask_all(socket: Socket) -> Result<Ack<u32>, Failure> {
    let numbers = socket.broadcast().emit_with_ack::<u32>("number?", ()).await?;
    Ok(Ack(numbers.into_iter().map(|(_, number)| number).sum()))
}

/// Asks the client itself for a number with `ack_to`, so that the world may hibernate until the answer.
async fn ask_back(socket: Socket) -> Result<(), EmitError> {
    socket.ack_to("number", 5).emit("number?", ())
}

async fn answered_back(
    socket: Socket,
    AckResult(number): AckResult<u32>,
    AckContext(more): AckContext<u32>,
) -> Result<(), EmitError> {
    socket.emit("sum", number.unwrap_or_default() + more)
}

/// Returns a world that stays awake, and one that hibernates after every event. Clients see no difference.
fn worlds() -> impl Iterator<Item = TestWorld> {
    [false, true].into_iter().map(|sleepy| {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleepy);
        world
    })
}

fn greeted(client: TestClient) -> TestClient {
    assert_eq!(client.next_event(), Some(TestEvent::new("hello", (json!({}),))));
    client
}

fn left(reason: &str) -> TestEvent {
    TestEvent::new("left", (reason,))
}

#[test]
fn clients_hear_each_other() {
    for world in worlds() {
        let [anna, ben, cleo] = [(); 3].map(|()| greeted(world.connect("/")));
        assert_ne!(anna.id(), ben.id());
        for client in [&anna, &ben] {
            client.emit("join", ("red",));
        }
        anna.emit("say", ("red", 7));
        assert_eq!(ben.take_events(), [TestEvent::new("said", ("red", 7))]);
        anna.emit("picture", (&bytes::Bytes::from_static(b"png"), "map"));
        for client in [ben, cleo] {
            let event = client.next_event().expect("the picture");
            assert_eq!(&*event.name, "picture");
            let (picture, name): (bytes::Bytes, String) = event.args.parse().expect("two arguments");
            assert_eq!((&*picture, &*name), (&b"png"[..], "map"));
            assert_eq!(client.next_event(), None);
        }
        assert_eq!(anna.next_event(), None);
    }
}

#[test]
fn a_client_that_polls_is_like_the_others() {
    for world in worlds() {
        let anna = greeted(world.client().polling().header("accept-language", "de").query("k", "v w").connect("/"));
        let ben = greeted(world.connect("/"));
        anna.emit("picture", (bytes::Bytes::from_static(b"png"),));
        ben.emit("picture", (bytes::Bytes::from_static(b"gif"),));
        let picture = |client: &TestClient| client.next_event().map(|event| event.args.attachments().to_vec());
        assert_eq!((picture(&ben), picture(&anna)), (Some(vec!["png".into()]), Some(vec!["gif".into()])));
        let ack = anna.emit_with_ack("say", ("red", 7));
        assert_eq!(ack.args().expect("an acknowledgement").to_json(), r#"["red",7]"#);
        world.advance(Duration::from_mins(5));
        assert!(anna.is_connected());
        anna.close();
        assert_eq!(ben.next_event(), Some(left("transport close")));
        world.sleep();
    }
}

#[test]
fn who_asks_is_answered_or_waits() {
    for world in worlds() {
        let anna = world.connect("/");
        let [first, never, second] =
            ["say", "quiet", "say"].map(|event| anna.emit_with_ack(event, ("red", event.len())));
        assert_eq!(first.args().map(|args| args.to_json()), Some(r#"["red",3]"#.to_owned()));
        assert_eq!(second.args(), first.args());
        assert_eq!(never.args(), None);
    }
}

#[test]
fn a_handler_may_wait_for_clients_to_answer() {
    for world in worlds() {
        let [anna, ben, cleo] = [(); 3].map(|()| greeted(world.connect("/")));
        let sum = anna.emit_with_ack("ask all", ());
        let asked = |client: &TestClient| client.next_event().expect("a question");
        ben.ack(&asked(&ben), 3);
        assert_eq!(sum.args(), None);
        cleo.ack(&asked(&cleo), 4);
        assert_eq!(sum.args(), Some(Args::one(&7).expect("a number")));
    }
}

#[test]
#[should_panic(expected = "the world cannot sleep: a timer runs, as one does while a handler waits")]
fn a_world_whose_handler_waits_does_not_sleep() {
    let world = TestWorld::new(app);
    let [anna, _ben] = [(); 2].map(|()| world.connect("/"));
    anna.emit("ask all", ());
    world.sleep();
}

#[test]
fn a_world_may_sleep_until_a_client_answers() {
    for world in worlds() {
        let anna = greeted(world.connect("/"));
        anna.emit("ask back", ());
        world.sleep();
        let question = anna.next_event().expect("a question");
        anna.ack(&question, 7);
        assert_eq!(anna.take_events(), [TestEvent::new("sum", (12,))]);
    }
}

#[test]
fn a_handshake_is_kept() {
    for world in worlds() {
        for polling in [false, true] {
            let builder = world.client().header("Accept-Language", "de").query("k", "v w");
            let anna = if polling { builder.polling() } else { builder }.connect("/");
            let answer = anna.emit_with_ack("handshake", ()).args().expect("an acknowledgement");
            assert_eq!(answer.to_json(), r#"["de","v w"]"#);
        }
    }
}

#[test]
fn a_client_may_be_in_several_namespaces() {
    for world in worlds() {
        let anna = greeted(world.connect("/"));
        let other = anna.try_also_connect("/other", json!({ "token": 1 })).expect("there is such a namespace");
        assert_eq!(other.next_event(), Some(TestEvent::new("hello", (json!({ "token": 1 }),))));
        let ben = greeted(world.connect("/other"));
        other.emit("news", ());
        assert_eq!(ben.next_event(), Some(TestEvent::new("news", ())));
        other.disconnect();
        assert_eq!(ben.next_event(), Some(left("client namespace disconnect")));
        assert_eq!(other.disconnected(), Some(Disconnected::ByClient));
        assert!(anna.is_connected());
        let again = greeted(anna.also_connect("/other"));
        again.emit("news", ());
        assert_eq!(ben.next_event(), Some(TestEvent::new("news", ())));
        assert_eq!(anna.take_events(), []);
    }
}

#[test]
fn who_is_refused_is_told_why() {
    for world in worlds() {
        let invalid = ConnectError { message: "Invalid namespace".to_owned(), data: None };
        assert_eq!(world.try_connect("/nowhere", json!({})).expect_err("no such namespace"), invalid);
        let anna = world.connect("/");
        assert_eq!(anna.try_also_connect("/nowhere", json!({})).expect_err("no such namespace"), invalid);
        assert!(anna.is_connected());
        let banned = ConnectError { message: "You may not come in".to_owned(), data: Some(json!(2030)) };
        assert_eq!(world.try_connect("/", json!({ "banned": 2030 })).expect_err("banned"), banned);
        assert!(world.client().query("EIO", "3").try_connect("/").is_err());
        let error = world.try_connect("/", "no object").expect_err("auth is an object");
        assert!(error.message.contains("the connection is no more"), "{error}");
    }
}

#[test]
#[should_panic(expected = "the world refuses a client in /nowhere: Invalid namespace")]
fn who_expects_to_be_let_in_fails() {
    let _ = TestWorld::new(app).connect("/nowhere");
}

#[test]
fn clients_know_why_they_are_disconnected() {
    for world in worlds() {
        let listener = greeted(world.connect("/"));
        for (end, why, reason) in [
            ("leave", Disconnected::ByServer, "server namespace disconnect"),
            ("hang up", Disconnected::ByServer, "server namespace disconnect"),
            ("close", Disconnected::ByClient, "transport close"),
            ("lose", Disconnected::Lost, "transport error"),
        ] {
            let client = world.connect("/");
            match end {
                "close" => client.close(),
                "lose" => client.lose(),
                event => client.emit(event, ()),
            }
            assert_eq!(client.disconnected(), Some(why));
            assert_eq!(listener.next_event(), Some(left(reason)));
        }
    }
}

#[test]
#[should_panic(expected = "this client is not connected any more: ByServer")]
fn who_left_says_nothing() {
    let anna = TestWorld::new(app).connect("/");
    anna.emit("leave", ());
    anna.emit("say", ("red", 7));
}

#[test]
fn who_reads_nothing_is_closed() {
    for interval in ["300", "25000"] {
        for sleepy in [false, true] {
            for polling in [false, true] {
                let world = TestWorld::new(app).with_variable("PING_INTERVAL_MS", interval);
                world.sleep_after_every_event(sleepy);
                let anna = greeted(world.connect("/"));
                let builder = world.client();
                let ben = if polling { builder.polling() } else { builder }.connect("/");
                ben.stop_reading();
                let began = world.now();
                world.advance(Duration::from_mins(2));
                assert_eq!(world.now().since(began), Duration::from_mins(2));
                assert_eq!(anna.next_event(), Some(left("ping timeout")));
                // A polling client that has stopped polling gets no close.
                assert!(polling || ben.disconnected() == Some(Disconnected::Closed(Some(1000))));
                assert!(anna.is_connected());
            }
        }
    }
}

#[test]
fn an_idle_world_sleeps_through_its_heartbeats() {
    let world = TestWorld::new(app);
    let [anna, ben] = [(); 2].map(|()| greeted(world.connect("/")));
    world.sleep();
    world.advance(Duration::from_hours(1));
    assert!(world.is_asleep());
    anna.emit("morning", ());
    assert_eq!(ben.next_event(), Some(TestEvent::new("morning", ())));
}

#[test]
#[should_panic(expected = "the world cannot sleep: a request waits for its answer")]
fn a_world_in_which_somebody_polls_does_not_sleep() {
    let world = TestWorld::new(app);
    let _anna = world.client().polling().connect("/");
    world.sleep();
}

#[test]
fn a_handler_that_panics_is_in_the_log() {
    for world in worlds() {
        let anna = world.connect("/");
        anna.emit("panic", ());
        assert!(anna.is_connected());
        assert!(world.log().iter().any(|line| line.contains("panicked")), "{:?}", world.log());
    }
}

#[test]
#[should_panic(expected = "PING_INTERVAL_MS")]
fn a_variable_that_the_worker_refuses_is_refused() {
    let _ = TestWorld::new(app).with_variable("PING_INTERVAL_MS", "soon");
}

#[test]
#[should_panic(expected = "asks for no answer")]
fn what_asks_for_no_answer_gets_none() {
    let anna = TestWorld::new(app).connect("/");
    let hello = anna.next_event().expect("a greeting");
    anna.ack(&hello, ());
}

#[test]
#[should_panic(expected = "this client cannot upgrade")]
fn who_has_a_websocket_cannot_upgrade() {
    TestWorld::new(app).connect("/").upgrade();
}

#[test]
#[should_panic(expected = "the world has not answered the CONNECT to /: see `ClientBuilder::start`")]
fn who_expects_to_be_let_in_does_not_wait() {
    let waits = || App::new().namespace("/", |ns| ns.guard(async || core::future::pending::<()>().await));
    TestWorld::new(waits).connect("/");
}

#[test]
fn a_world_lives_for_weeks() {
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    // Of heartbeats alone, these are more than fire at one instant before a test is given up.
    world.advance(Duration::from_hours(24 * 7));
    assert!(anna.is_connected());
}
