//! HTTP routes, in a world that is awake and in a hibernated one.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::rc::Rc;

use dormouse::error::BroadcastAckError;
use dormouse::extract::{HttpRequest, Json};
use dormouse::response::{HttpResponse, RouteError};
use dormouse::testing::{Disconnected, TestEvent, TestWorld};
use dormouse::{App, Failure, Io, Socket};
use serde_json::{Value, json};

fn app() -> App {
    App::new()
        .namespace("/", |ns| ns.on_connect(async |socket: Socket| socket.join("all")))
        .route("GET", "/hello/{name}", hello)
        .route("HEAD", "/own", async || HttpResponse::empty(202))
        .route("GET", "/own", async || HttpResponse::empty(200))
        .route("POST", "/announce", announce)
        .route("POST", "/ask", ask)
        .route("GET", "/panic", panics)
        .route("GET", "/panic/first", panics_first)
        .route("GET", "/wrong", wrong)
        .route("POST", "/kick", kick)
        .route("POST", "/number", number)
        .route("GET", "/never", core::future::pending::<HttpResponse>)
}

async fn hello(request: Rc<HttpRequest>) -> HttpResponse {
    let name = request.param("name").unwrap_or_default();
    HttpResponse::text(200, format!("{} {name} {:?}", request.method, request.query_param("q")))
}

async fn announce(io: Io, Json(text): Json<String>) -> Result<HttpResponse, Failure> {
    io.to("all").emit("announced", text)?;
    Ok(HttpResponse::json(200, &io.sockets().len()))
}

async fn ask(io: Io) -> Result<HttpResponse, BroadcastAckError<Value>> {
    let answers = io.timeout(Duration::from_secs(5)).emit_with_ack::<Value>("question", ()).await?;
    Ok(HttpResponse::json(200, &answers.into_iter().map(|(_, answer)| answer).collect::<Vec<_>>()))
}

/// Fails by a response, by a failure and by another library's error.
async fn number(request: Rc<HttpRequest>) -> Result<HttpResponse, RouteError> {
    let text = core::str::from_utf8(&request.body)?;
    if text.is_empty() {
        Err(HttpResponse::text(418, "no number"))?;
    }
    let number: u32 = text.parse()?;
    if number == 0 {
        Err(Failure::new("ZERO", "the number is zero"))?;
    }
    Ok(HttpResponse::json(200, &number))
}

async fn kick(io: Io) -> HttpResponse {
    io.disconnect_sockets(true);
    HttpResponse::empty(204)
}

#[expect(clippy::panic, reason = "what the route is for")]
fn panics_first(_: Io) -> core::future::Ready<HttpResponse> {
    panic!("before it can be awaited");
}

#[expect(clippy::panic, reason = "what the route is for")]
async fn panics() -> HttpResponse {
    panic!("what the route is for");
}

async fn wrong() -> HttpResponse {
    HttpResponse::text(200, "all the same")
        .with_header("location", "/\r\nset-cookie: evil=1")
        .with_header("x-right", "1")
}

/// Calls `test` with a world that `nap` hibernates, and with one for which `nap` does nothing.
fn awake_and_asleep(test: impl Fn(&TestWorld, &dyn Fn())) {
    for sleepy in [false, true] {
        let world = TestWorld::new(app);
        let nap = || {
            if sleepy {
                world.sleep();
            }
        };
        test(&world, &nap);
    }
}

fn text(response: &HttpResponse) -> &str {
    core::str::from_utf8(&response.body).expect("text")
}

#[test]
fn a_route_is_found_and_its_parts_are_decoded() {
    awake_and_asleep(|world, nap| {
        for (method, path, expected) in [
            ("GET", "/hello/anna", r"GET anna None"),
            ("GET", "/hello/J%C3%BCrgen%2Fx?q=a+b", r#"GET Jürgen/x Some("a b")"#),
            ("HEAD", "/hello/anna", ""),
        ] {
            nap();
            let response = world.request(method, path, "");
            assert_eq!((response.status, text(&response)), (200, expected), "{method} {path}");
        }
        for (method, path, expected) in [
            ("HEAD", "/own", 202),
            ("GET", "/own", 200),
            ("GET", "/hello/%ff", 400),
            ("POST", "/hello/anna", 405),
            ("GET", "/hello/", 404),
            ("GET", "/announce", 405),
        ] {
            nap();
            assert_eq!(world.request(method, path, "").status, expected, "{method} {path}");
        }
    });
}

#[test]
fn a_route_emits() {
    awake_and_asleep(|world, nap| {
        let [anna, ben] = [(); 2].map(|()| world.connect("/"));
        nap();
        let response = world.request("POST", "/announce", r#""tea""#);
        assert_eq!((response.status, text(&response)), (200, "2"));
        for client in [&anna, &ben] {
            assert_eq!(client.take_events(), [TestEvent::new("announced", "tea")]);
        }
        nap();
        let response = world.request("POST", "/announce", "[");
        assert_eq!(response.status, 400);
        assert!(text(&response).contains("INVALID_ARGUMENTS"), "{}", text(&response));
        nap();
        assert_eq!(world.request("POST", "/announce", vec![b' '; 1_000_001]).status, 413);
        assert_eq!(world.request("POST", "/kick", "").status, 204);
        assert_eq!(anna.disconnected(), Some(Disconnected::ByServer));
    });
}

#[test]
fn a_route_awaits_answers() {
    awake_and_asleep(|world, nap| {
        let [anna, ben] = [(); 2].map(|()| world.connect("/"));
        let ask = || {
            let request = HttpRequest::new("POST", "/ask");
            world.begin_request(request)
        };
        nap();
        let asked = ask();
        let [first, second] = [&anna, &ben].map(|client| client.next_event().expect("the question"));
        anna.ack(&first, 1);
        assert_eq!(asked.response(), None);
        ben.ack(&second, 2);
        assert_eq!(text(&asked.response().expect("an answer")), "[1,2]");
        nap();
        let asked = ask();
        anna.ack(&anna.next_event().expect("the question"), 1);
        world.advance(Duration::from_secs(4));
        assert_eq!(asked.response(), None);
        world.advance(Duration::from_secs(1));
        let response = asked.response().expect("an answer");
        assert_eq!(response.status, 500);
        let error: Value = serde_json::from_slice(&response.body).expect("JSON");
        let message = "1 clients acknowledged, 1 did not";
        assert_eq!(error, json!({ "status": "error", "error": { "code": "ACK_TIMEOUT", "message": message } }));
    });
}

#[test]
fn a_world_that_answers_a_request_does_not_sleep() {
    let world = TestWorld::new(app);
    let anna = world.connect("/");
    world.sleep_after_every_event(true);
    let request = HttpRequest::new("POST", "/ask");
    let asked = world.begin_request(request);
    assert!(!world.is_asleep());
    anna.ack(&anna.next_event().expect("the question"), ());
    assert_eq!(asked.response().map(|response| response.status), Some(500), "the answer has no argument");
    assert!(world.is_asleep());
}

#[test]
fn the_error_of_a_route_may_be_a_response_or_a_failure() {
    for sleeps in [false, true] {
        let world = TestWorld::new(app);
        world.sleep_after_every_event(sleeps);
        let ask = |body: &'static str| {
            let response = world.request("POST", "/number", body);
            (response.status, response.body_text().into_owned())
        };
        assert_eq!(ask("7"), (200, "7".to_owned()));
        assert_eq!(ask(""), (418, "no number".to_owned()));
        assert!(!world.log().iter().any(|line| line.contains("failed with")), "{:?}", world.log());
        let (status, body) = ask("0");
        assert!(status == 500 && body.contains("ZERO"), "{status}: {body}");
        let (status, body) = ask("seven");
        assert!(status == 500 && body.contains("reference") && !body.contains("digit"), "{status}: {body}");
        assert!(world.log().iter().any(|line| line.contains("invalid digit")), "{:?}", world.log());
    }
}

#[test]
fn a_route_that_panics_costs_its_request() {
    awake_and_asleep(|world, nap| {
        let anna = world.connect("/");
        for path in ["/panic", "/panic/first"] {
            nap();
            let response = world.request("GET", path, "");
            assert_eq!(response.status, 500);
            assert!(text(&response).contains("INTERNAL_SERVER_ERROR"), "{}", text(&response));
        }
        assert!(world.log().iter().any(|line| line.contains("an HTTP request panicked")), "{:?}", world.log());
        assert!(anna.is_connected());
    });
}

#[test]
fn a_header_that_is_none_does_not_cost_the_response() {
    awake_and_asleep(|world, nap| {
        nap();
        let response = world.request("GET", "/wrong", "");
        assert_eq!((response.status, text(&response)), (200, "all the same"));
        let names: Vec<&str> = response.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["content-type", "x-right"]);
        assert!(world.log().iter().any(|line| line.contains("\"location\"")), "{:?}", world.log());
    });
}

#[test]
fn no_more_requests_wait_than_a_world_can_hold() {
    let world = TestWorld::new(app);
    let never = || {
        let request = HttpRequest::new("GET", "/never");
        world.begin_request(request).response()
    };
    for _ in 0..dormouse::internal::limits::MAX_PENDING_HANDLERS {
        assert_eq!(never(), None);
    }
    assert_eq!(never().map(|response| response.status), Some(503));
}
