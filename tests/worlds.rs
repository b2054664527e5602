//! The Worker's own routes, calls of other worlds, cron triggers and queues, with the worlds awake and asleep.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::rc::Rc;

use dormouse::error::RemoteError;
use dormouse::extract::{HttpRequest, Json, QueueBatch, Scheduled, Worlds};
use dormouse::response::HttpResponse;
use dormouse::testing::{TestEvent, TestMessage, TestWorld, TestWorlds};
use dormouse::{Ack, App, Args, Data, Failure, Io, Socket, Storage};
use serde_json::{Value, json};

fn app() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on_connect(async |socket: Socket| socket.join("all")).on("tell", tell).on("ask", ask).on("join", join)
        })
        .namespace("/game", |ns| ns)
        .route("GET", "/who/{name}", who)
        .route("POST", "/loop", call_itself)
        .route("POST", "/ping", ping)
        .route("POST", "/question", question)
        .route("GET", "/panic", panics)
        .worker_route("POST", "/login", login)
        .worker_route("GET", "/items/{n}", item)
        .worker_route("GET", "/panic", panics)
        .worker_route("GET", "/panic/first", panics_first)
        .worker_route("GET", "/fails", fails)
        .worker_route("POST", "/emit", emit)
        .worker_route("GET", "/remote/{world}", remote)
        .worker_route("POST", "/question", remote_question)
        .on_scheduled(strike)
        .on_queue(deliver)
}

async fn join(socket: Socket, Data(room): Data<String>) -> Result<Ack<()>, Failure> {
    socket.join(room)?;
    Ok(Ack(()))
}

/// Emits to a world, as the arguments say: world, rooms, rooms that are left out, event, and the rest.
async fn tell(io: Io, args: Args) -> Result<Ack<()>, Failure> {
    let (world, to, except, event, data): (String, Vec<String>, Vec<String>, String, bytes::Bytes) = args.parse()?;
    io.other_world(world).to(to).except(except).emit(&event, (data, 7)).await?;
    Ok(Ack(()))
}

async fn ask(io: Io, Data((world, method, path)): Data<(String, String, String)>) -> Result<Ack<Value>, RemoteError> {
    let response = io.other_world(world).timeout(Duration::from_secs(5)).route(&method, &path, "body").await?;
    let body = String::from_utf8_lossy(&response.body).into_owned();
    Ok(Ack(json!([response.status, body])))
}

async fn who(request: Rc<HttpRequest>, storage: Storage) -> Result<HttpResponse, Failure> {
    let count = storage.get::<u32>("count")?.unwrap_or_default() + 1;
    storage.put("count", &count)?;
    let name = request.param("name").unwrap_or_default();
    Ok(HttpResponse::text(200, format!("{name} {:?} {:?} {count}", request.query_param("q"), request.calling_world())))
}

/// Calls another route of its own world.
async fn call_itself(io: Io) -> Result<HttpResponse, RemoteError> {
    io.other_world("red").route("GET", "/who/me", "").await
}

/// Calls the world `blue`, whose route calls this world.
async fn ping(io: Io, Json(depth): Json<u32>) -> Result<HttpResponse, RemoteError> {
    if depth == 0 {
        return Ok(HttpResponse::text(200, "end"));
    }
    let other = if depth % 2 == 0 { "red" } else { "blue" };
    io.other_world(other).route("POST", "/ping", (depth - 1).to_string()).await
}

async fn question(io: Io) -> Result<HttpResponse, Failure> {
    let answers = io.timeout(Duration::from_mins(1)).emit_with_ack::<u32>("question", ()).await;
    Ok(HttpResponse::json(200, &answers.map(|all| all.len()).unwrap_or_default()))
}

#[expect(clippy::panic, reason = "what the route is for")]
async fn panics() -> HttpResponse {
    panic!("what the route is for");
}

#[expect(clippy::panic, reason = "what the route is for")]
fn panics_first() -> core::future::Ready<HttpResponse> {
    panic!("before it can be awaited");
}

async fn fails() -> Result<HttpResponse, Failure> {
    Err(Failure::new("NO", "it fails"))
}

async fn login(request: Rc<HttpRequest>, Json(name): Json<String>) -> HttpResponse {
    HttpResponse::text(201, format!("{name} {:?}", request.query_param("q")))
}

async fn item(request: Rc<HttpRequest>) -> HttpResponse {
    HttpResponse::text(200, request.param("n").unwrap_or_default())
}

async fn emit(
    worlds: Worlds,
    Json((world, namespace, text)): Json<(String, String, String)>,
) -> Result<HttpResponse, Failure> {
    worlds.world(world).of(namespace).emit("news", text).await?;
    Ok(HttpResponse::empty(204))
}

async fn remote(worlds: Worlds, request: Rc<HttpRequest>) -> Result<HttpResponse, RemoteError> {
    worlds.world(request.param("world").unwrap_or_default()).route("GET", "/who/you?q=1", "").await
}

async fn remote_question(worlds: Worlds) -> Result<HttpResponse, RemoteError> {
    worlds.world("red").route("POST", "/question", "").await
}

async fn strike(worlds: Worlds, Scheduled { cron, .. }: Scheduled) -> Result<(), RemoteError> {
    worlds.world(if cron == "bad" { "no world!" } else { "red" }).emit("clock", cron).await
}

/// Acknowledges what it can read, retries `later`, and fails at `stop`.
async fn deliver(worlds: Worlds, batch: QueueBatch) -> Result<(), Failure> {
    for message in batch.messages() {
        match message.json::<String>()?.as_str() {
            "later" => message.retry(Some(Duration::from_secs(u64::from(message.attempts()) * 10))),
            "stop" => return Err(Failure::new("STOP", "stopped")),
            text => {
                worlds.world("red").emit("message", (text, batch.queue())).await?;
                message.ack();
            }
        }
    }
    Ok(())
}

/// Calls `check` with the world awake, and again with it hibernated.
fn awake_and_asleep(world: &TestWorld, check: impl Fn(&str)) {
    check("awake");
    world.sleep();
    check("asleep");
}

fn text(response: &HttpResponse) -> (u16, String) {
    (response.status, String::from_utf8_lossy(&response.body).into_owned())
}

#[test]
fn the_workers_routes_wake_no_world() {
    let worlds = TestWorlds::new(app);
    let red = worlds.world("red");
    let _anna = red.connect("/");
    red.sleep();
    assert_eq!(text(&worlds.request("POST", "/login?q=1", r#""Anna""#)), (201, r#"Anna Some("1")"#.to_owned()));
    assert_eq!(text(&worlds.request("GET", "/items/J%C3%BCrgen", "")), (200, "Jürgen".to_owned()));
    assert_eq!(text(&worlds.request("HEAD", "/items/1", "")), (200, String::new()));
    for (method, path, body, status) in [
        ("GET", "/login", "", 405),
        ("POST", "/login", "[", 400),
        ("GET", "/items/%ff", "", 400),
        ("GET", "/items", "", 404),
        ("GET", "/panic", "", 500),
        ("GET", "/panic/first", "", 500),
        ("GET", "/fails", "", 500),
        ("GET", "/health", "", 200),
        ("GET", "/", "", 200),
        ("POST", "/", "", 404),
    ] {
        assert_eq!(worlds.request(method, path, body).status, status, "{method} {path}");
    }
    let long = worlds.request("POST", "/login", " ".repeat(1_000_001));
    assert_eq!(long.status, 413);
    assert!(red.is_asleep());
    assert_eq!(worlds.names(), ["red"]);
    let lines = worlds.log();
    assert!(lines.iter().any(|line| line == "a handler of the Worker failed with NO: it fails"), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.contains("panicked")).count(), 2, "{lines:?}");
    let told: Value = serde_json::from_slice(&worlds.request("GET", "/panic", "").body).expect("JSON");
    assert_eq!(told["error"]["code"], Failure::INTERNAL);
    assert!(told["error"]["reference"].is_string() && told["error"]["details"].is_null(), "{told}");
}

#[test]
fn an_app_without_routes_of_the_worker_has_a_page_and_is_healthy() {
    let worlds = TestWorlds::new(|| App::new().namespace("/", |ns| ns));
    assert_eq!(text(&worlds.request("GET", "/health", "")), (200, r#"{"status":"ok"}"#.to_owned()));
    assert!(text(&worlds.request("GET", "/", "")).1.contains("/w/<world>/socket.io/"));
    assert!(worlds.names().is_empty());
    let own = || App::new().worker_route("GET", "/health", async || HttpResponse::text(200, "fine"));
    assert_eq!(text(&TestWorlds::new(own).request("GET", "/health", "")), (200, "fine".to_owned()));
}

#[test]
fn the_worker_reaches_worlds() {
    let worlds = TestWorlds::new(app);
    let red = worlds.world("red");
    let (anna, ben) = (red.connect("/"), red.connect("/game"));
    awake_and_asleep(&red, |when| {
        assert_eq!(worlds.request("POST", "/emit", json!(["red", "/game", when]).to_string()).status, 204);
        assert_eq!(ben.take_events(), [TestEvent::new("news", when)]);
        assert!(anna.take_events().is_empty(), "another namespace");
    });
    for (world, namespace, code) in [("no world!", "/", "INVALID_WORLD"), ("red", "game", "INVALID_NAMESPACE")] {
        let refused = worlds.request("POST", "/emit", json!([world, namespace, "x"]).to_string());
        assert_eq!(refused.status, 500, "{code}");
    }
    assert_eq!(text(&worlds.request("GET", "/remote/blue", "")), (200, r#"you Some("1") Some("") 1"#.to_owned()));
    assert_eq!(worlds.names(), ["blue", "red"]);
    worlds.world("blue").sleep();
    assert_eq!(text(&worlds.request("GET", "/remote/blue", "")), (200, r#"you Some("1") Some("") 2"#.to_owned()));
}

#[test]
fn a_world_emits_to_another_one() {
    let worlds = TestWorlds::new(app);
    let (red, blue) = (worlds.world("red"), worlds.world("blue"));
    let (anna, ben, carl) = (red.connect("/"), blue.connect("/"), blue.connect("/"));
    assert!(ben.emit_with_ack("join", "b").args().is_some());
    assert!(carl.emit_with_ack("join", "c").args().is_some());
    let bytes = bytes::Bytes::from_static(b"\0\xff");
    awake_and_asleep(&blue, |when| {
        let to_b: (&str, [&str; 1], [&str; 0], &str, _) = ("blue", ["b"], [], when, bytes.clone());
        assert!(anna.emit_with_ack("tell", to_b).args().is_some(), "{when}");
        assert_eq!(ben.take_events(), [TestEvent::new(when, (bytes.clone(), 7))]);
        assert!(carl.take_events().is_empty());
        let not_b: (&str, [&str; 0], [&str; 1], &str, _) = ("blue", [], ["b"], when, bytes.clone());
        assert!(anna.emit_with_ack("tell", not_b).args().is_some(), "{when}");
        assert_eq!(carl.take_events(), [TestEvent::new(when, (bytes.clone(), 7))]);
        assert!(ben.take_events().is_empty());
    });
    // The caller may have slept, too.
    red.sleep();
    let to_b: (&str, [&str; 1], [&str; 0], &str, _) = ("blue", ["b"], [], "again", bytes);
    assert!(anna.emit_with_ack("tell", to_b).args().is_some());
    assert_eq!(ben.take_events().len(), 1);
    assert!(anna.take_events().is_empty());
}

fn asked(client: &dormouse::testing::TestClient, world: &str, method: &str, path: &str) -> Value {
    let ack = client.emit_with_ack("ask", (world, method, path));
    ack.args().expect("an acknowledgement").parse().expect("JSON")
}

#[test]
fn a_world_calls_a_route_of_another_one() {
    let worlds = TestWorlds::new(app);
    let anna = worlds.world("red").connect("/");
    assert_eq!(asked(&anna, "blue", "GET", "/who/a%20b?q=%26"), json!([200, r#"a b Some("&") Some("red") 1"#]));
    worlds.world("blue").sleep();
    worlds.world("red").sleep();
    assert_eq!(asked(&anna, "blue", "GET", "/who/x"), json!([200, r#"x None Some("red") 2"#]));
    assert_eq!(asked(&anna, "blue", "GET", "/nothing")[0], 404);
    assert_eq!(asked(&anna, "blue", "GET", "nothing")[0], 404);
    assert_eq!(asked(&anna, "blue", "DELETE", "/who/x")[0], 405);
    assert_eq!(asked(&anna, "blue", "GET", "/panic")[0], 500);
    // No path is another call.
    assert_eq!(asked(&anna, "blue", "POST", "emit")[0], 404);
    assert_eq!(asked(&anna, "no world!", "GET", "/who/x")["error"]["code"], "INVALID_WORLD");
    let client = HttpRequest::new("GET", "/who/x");
    let own = worlds.world("blue").begin_request(client).response().expect("an answer");
    assert_eq!(text(&own), (200, "x None None 3".to_owned()), "a client is no world");
}

#[test]
fn a_world_calls_itself() {
    let worlds = TestWorlds::new(app);
    let red = worlds.world("red");
    awake_and_asleep(&red, |when| {
        let response = red.request("POST", "/loop", "");
        assert!(text(&response).1.starts_with(r#"me None Some("red")"#), "{when}: {response:?}");
    });
    assert_eq!(text(&red.request("POST", "/ping", "6")), (200, "end".to_owned()));
}

#[test]
fn a_test_of_one_world_makes_the_others() {
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    world.sleep();
    assert_eq!(asked(&anna, "blue", "GET", "/who/x"), json!([200, r#"x None Some("default") 1"#]));
    assert_eq!(world.worlds().names(), ["blue", "default"]);
}

#[test]
fn worlds_that_are_not_linked_cannot_be_called() {
    let unlinked = || App::new().namespace("/", |ns| ns.on("ask", ask)).route("GET", "/who/{name}", who);
    let world = TestWorld::new(unlinked);
    let anna = world.connect("/");
    let told = asked(&anna, "blue", "GET", "/who/x");
    assert_eq!(told["error"]["code"], "WORLDS_NOT_LINKED");
    assert!(told["error"]["message"].as_str().is_some_and(|text| text.contains(".linked_worlds()")), "{told}");
    // What is no path of a client has no effect either.
    assert_eq!(world.request("POST", "emit", "").status, 404);
}

#[test]
fn a_world_that_does_not_answer_is_not_waited_for() {
    let worlds = TestWorlds::new(app);
    let (red, blue) = (worlds.world("red"), worlds.world("blue"));
    let (anna, ben) = (red.connect("/"), blue.connect("/"));
    let ack = anna.emit_with_ack("ask", ("blue", "POST", "/question"));
    assert_eq!(ben.next_event().map(|event| event.name), Some("question".into()));
    assert_eq!(ack.args(), None);
    assert!(std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| red.sleep())).is_err(), "its handler waits");
    worlds.advance(Duration::from_secs(5));
    let told: Value = ack.args().expect("an acknowledgement").parse().expect("JSON");
    assert_eq!(told["error"]["code"], "WORLD_TIMEOUT");
    red.sleep();
}

#[test]
fn a_handler_of_the_worker_waits_for_clients() {
    let worlds = TestWorlds::new(app);
    let anna = worlds.world("red").connect("/");
    worlds.world("red").sleep();
    let response = worlds.begin_request(HttpRequest::new("POST", "/question"));
    assert_eq!(response.response(), None);
    anna.ack(&anna.next_event().expect("the question"), 1);
    assert_eq!(response.response().map(|response| text(&response)), Some((200, "1".to_owned())));
}

#[test]
fn a_cron_trigger_reaches_worlds() {
    let worlds = TestWorlds::new(app);
    let red = worlds.world("red");
    let anna = red.connect("/");
    awake_and_asleep(&red, |_| {
        assert_eq!(worlds.scheduled("0 * * * *"), Ok(()));
        assert_eq!(anna.take_events(), [TestEvent::new("clock", "0 * * * *")]);
    });
    assert_eq!(worlds.scheduled("bad").expect_err("no world").code(), "INVALID_WORLD");
    assert_eq!(worlds.log().len(), 1);
}

#[test]
fn a_queue_reaches_worlds() {
    let worlds = TestWorlds::new(app);
    let red = worlds.world("red");
    let anna = red.connect("/");
    awake_and_asleep(&red, |when| {
        let messages =
            [TestMessage::json(when), TestMessage::json("later").attempts(2), TestMessage::bytes(&b"\"bytes\""[..])];
        let batch = worlds.queue("news", messages);
        assert_eq!(batch.result(), Ok(()));
        assert_eq!(batch.acknowledged(), [0, 2]);
        assert_eq!(batch.retried(), [(1, Some(Duration::from_secs(20)))]);
        assert_eq!(
            anna.take_events(),
            [TestEvent::new("message", (when, "news")), TestEvent::new("message", ("bytes", "news"))]
        );
    });
    let batch = worlds.queue("news", ["one", "stop", "two"].map(TestMessage::json));
    assert_eq!(batch.result().expect_err("it stops").code(), "STOP");
    assert_eq!((batch.acknowledged(), batch.retried()), (vec![0], vec![(1, None), (2, None)]));
    let none = TestWorlds::new(App::new).queue("news", [TestMessage::json(1)]);
    assert_eq!(none.retried(), [(0, None)]);
}
