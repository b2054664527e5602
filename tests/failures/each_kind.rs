//! Every function of an app that fails is logged once, whatever it was called for: awake, and after a nap.

use core::time::Duration;

use dormouse::controller::{Controller, Flow, Reply};

use dormouse::extract::ConnRequest;
use dormouse::internal::{Config, Host, Protocol};
use dormouse::response::HttpResponse;
use dormouse::socket::Reason;
use dormouse::testing::{TestMessage, TestWorld, TestWorlds};
use dormouse::{App, Failure, Io, Socket};
use serde_json::{Value, json};

const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// Returns a handler that fails for the log only, with the name of what it is called for.
macro_rules! fails {
    ($what:literal) => {
        async || Err::<(), _>(Failure::internal(concat!("<", $what, ">")))
    };
}

fn app() -> App {
    let web = Controller::new()
        .on("handler", fails!("controller"))
        .on("after", async || Reply::ok())
        .with(async || Flow::after(async |_| fails!("post function")().await));
    App::new()
        .namespace("/", |ns| {
            ns.on_any(async || {
                // After the controller has failed.
                futures::future::poll_fn({
                    let mut polls = 0;
                    move |cx| {
                        polls += 1;
                        cx.waker().wake_by_ref();
                        if polls > 2 { core::task::Poll::Ready(()) } else { core::task::Poll::Pending }
                    }
                })
                .await;
                fails!("on_any")().await
            })
            .on_connect(fails!("on_connect"))
            .on_disconnecting(fails!("on_disconnecting"))
            .on_disconnect(fails!("on_disconnect"))
            .on("on", fails!("on"))
            .once("once", fails!("once"))
            .on("guarded", async || ())
            .guarded(fails!("guarded"))
            .on("ask", async |socket: Socket| socket.ack_to("asked", ()).emit("question", ()))
            .on_ack("asked", fails!("on_ack"))
            .on("set", async |io: Io| io.set_alarm("bell", Duration::from_secs(1), ()))
            .on("send", async |socket: Socket| socket.emit("sent", ()))
            .on_any_outgoing(fails!("on_any_outgoing"))
            .controller(web)
        })
        .namespace("/closed", |ns| ns.guard(fails!("guard")))
        .namespace("/middleware", |ns| ns.guard_event(fails!("guard_event")).on("x", async || ()))
        .namespace("/fallback", |ns| ns.fallback(fails!("fallback")))
        .namespace("/errors", |ns| ns.on("x", fails!("before on_error")).on_error(fails!("on_error")))
        .namespaces(async || Err::<bool, _>(Failure::internal("<namespaces>")), |ns| ns)
        .namespaces(async || true, |ns| ns)
        .on_new_namespace(fails!("on_new_namespace"))
        .on_alarm("bell", fails!("on_alarm"))
        .route("GET", "/route", async || Err::<HttpResponse, _>(Failure::internal("<route>")))
        .worker_route("GET", "/worker", async || Err::<HttpResponse, _>(Failure::internal("<worker_route>")))
        .on_scheduled(fails!("on_scheduled"))
        .on_queue(fails!("on_queue"))
        .engine(|engine| {
            engine
                .guard(async |request: ConnRequest| match request.query_param("fails").as_deref() {
                    Some("guard") => fails!("guard of requests")().await,
                    _ => Ok(()),
                })
                .allow_request(async |request: ConnRequest| match request.query_param("fails").as_deref() {
                    Some("allow_request") => fails!("allow_request")().await,
                    Some("refused") => Err(Failure::new("NO_TICKET", "a ticket is needed")),
                    _ => Ok(()),
                })
                .on_upgrade(fails!("on_upgrade"))
                .on_packet(fails!("on_packet"))
                .on_packet_create(fails!("on_packet_create"))
                .on_close(fails!("on_close"))
                .raw(|raw| {
                    raw.on_connection(fails!("raw on_connection"))
                        .on_message(fails!("raw on_message"))
                        .on_close(fails!("raw on_close"))
                })
        })
}

/// Returns how many lines of the log have the text of a failure.
fn count(lines: &[String], what: &str) -> usize {
    lines.iter().filter(|line| line.contains(&format!("<{what}>"))).count()
}

fn assert_once(lines: &[String], all: &[&str]) {
    for what in all {
        assert_eq!(count(lines, what), 1, "{what}: {lines:#?}");
    }
}

/// Calls `act` with a world that `nap` hibernates, and with one for which it does nothing; returns what each has logged.
fn logged(act: impl Fn(&TestWorld, &dyn Fn())) -> [Vec<String>; 2] {
    [false, true].map(|sleepy| {
        let world = TestWorld::new(app);
        let nap = || {
            if sleepy {
                world.sleep();
            }
        };
        act(&world, &nap);
        world.log_lines()
    })
}

#[test]
fn those_of_a_socket() {
    for lines in logged(|world, nap| {
        let anna = world.connect("/");
        nap();
        for event in ["on", "once", "guarded", "ask"] {
            anna.emit(event, ());
            nap();
        }
        anna.ack(&anna.next_event().expect("the question"), ());
        nap();
        anna.disconnect();
    }) {
        assert_once(&lines, &["on_connect", "on", "once", "guarded", "on_ack", "on_disconnecting", "on_disconnect"]);
        assert_eq!(count(&lines, "on_any"), 4, "once for each event: {lines:#?}");
        assert_eq!(count(&lines, "on_any_outgoing"), 1, "{lines:#?}");
    }
}

#[test]
fn those_of_a_controller_and_beside_it() {
    for event in ["handler", "after"] {
        for lines in logged(|world, nap| {
            let anna = world.connect("/");
            nap();
            anna.emit_with_ack(event, ()).args().expect("an answer");
        }) {
            assert_once(&lines, &[if event == "after" { "post function" } else { "controller" }, "on_any"]);
        }
    }
}

#[test]
fn those_of_namespaces() {
    for lines in logged(|world, nap| {
        nap();
        world.try_connect("/closed", json!({})).expect_err("it is refused");
        nap();
        for namespace in ["/middleware", "/fallback", "/errors", "/any"] {
            let client = world.connect(namespace);
            nap();
            client.emit("x", ());
            nap();
        }
    }) {
        let all = ["guard", "guard_event", "fallback", "before on_error", "on_error", "namespaces", "on_new_namespace"];
        assert_once(&lines, &all);
    }
}

#[test]
fn those_of_alarms_and_routes() {
    for lines in logged(|world, nap| {
        world.connect("/").emit("set", ());
        nap();
        world.advance(Duration::from_secs(2));
        nap();
        world.request("GET", "/route", "");
    }) {
        assert_once(&lines, &["on_alarm", "route"]);
    }
}

#[test]
fn those_of_connections_and_plain_sessions() {
    for sleepy in [false, true] {
        let mut host = Host::new(Config::default(), app);
        host.sleepy = sleepy;
        let plain = host.open_websocket(WEBSOCKET, Protocol::EngineIo).expect("a session");
        host.text(plain, "4hello");
        host.gone(plain, Reason::TransportError);
        let lines = host.runtime().log.clone();
        assert_once(&lines, &["raw on_connection", "raw on_message", "raw on_close", "on_packet", "on_close"]);
    }
    for lines in logged(|world, nap| {
        let anna = world.client().polling().connect("/");
        anna.upgrade();
        nap();
    }) {
        assert_eq!(count(&lines, "on_upgrade"), 1, "{lines:#?}");
        assert!(count(&lines, "on_packet_create") > 0, "{lines:#?}");
    }
}

#[test]
fn those_of_the_worker() {
    let worlds = TestWorlds::new(app);
    assert_eq!(worlds.request("GET", "/worker", "").status, 500);
    worlds.scheduled("0 * * * *").expect_err("it fails");
    worlds.queue("news", [TestMessage::json(1)]);
    assert_once(&worlds.log(), &["worker_route", "on_scheduled", "on_queue"]);
}

#[test]
fn those_that_refuse_a_request_of_a_client() {
    let lines = |fails: &str| {
        let [awake, asleep] = logged(|world, nap| {
            nap();
            let error = world.client().query("fails", fails).try_connect("/").expect_err("it is refused");
            let is_named = world.log_lines().iter().any(|line| {
                let line: Value = serde_json::from_str(line).expect("JSON");
                line["reference"].as_str().is_some_and(|reference| error.message.contains(reference))
            });
            assert!(!error.message.contains('<'), "{}", error.message);
            assert_eq!(is_named, fails == "allow_request", "the client is told where to look: {}", error.message);
            assert!(world.is_asleep() || !world.log_lines().is_empty());
        });
        assert_eq!(awake.len(), asleep.len());
        awake
    };
    assert_once(&lines("guard"), &["guard of requests"]);
    assert_once(&lines("allow_request"), &["allow_request"]);
    let refused = lines("refused");
    let told: Vec<Value> = refused.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let line = told.iter().find(|line| line["code"] == "NO_TICKET").expect("a line");
    assert_eq!((&line["level"], &line["event"]), (&json!("warn"), &json!("GET /socket.io/")));
    assert!(!line.to_string().contains("fails="), "the query may have a token: {line}");
}

#[test]
fn with_debug_a_client_that_may_not_connect_is_told_the_text() {
    let world = TestWorld::new(app).with_variable("DEBUG", "true");
    let error = world.client().query("fails", "allow_request").try_connect("/").expect_err("it is refused");
    assert!(error.message.contains("<allow_request>"), "{}", error.message);
}
