//! Clients that send, cause or keep more than they may: they are told and in the end closed, and nobody else notices.

use core::time::Duration;

use bytes::Bytes;
use dormouse::error::EmitError;
use dormouse::routing::Routes;
use dormouse::testing::{TestAck, TestClient};
use dormouse::{Ack, App, Args, Data, Failure, Io, Socket, Storage};
use serde_json::{Value, json};

use crate::kit::{answer, awake_and_napping, clients, gate, heard, napping_with};

const LIMITED: &str = "This client sends or causes more than it may";

fn told(ack: &TestAck) -> Option<Value> {
    answer(ack).map(|text| serde_json::from_str(&text).expect("JSON"))
}

fn asked(client: &TestClient, event: &str) -> Option<Value> {
    told(&client.emit_with_ack(event, json!(false)))
}

fn limited(retry_after: u64) -> Value {
    let error = json!({ "code": "RATE_LIMITED", "message": LIMITED, "retryAfterMs": retry_after });
    json!([{ "status": "error", "error": error }])
}

fn busy() -> Value {
    json!([{ "status": "error", "error": { "code": "BUSY", "message": "Too many events wait to be handled" } }])
}

/// An app that answers `x`, and passes `say` on to everybody else.
fn relay() -> App {
    App::new().namespace("/", |ns| {
        ns.on("x", async || Ack(1))
            .on("say", async |socket: Socket, args: Args| socket.broadcast().emit("said", args))
            .on("wave", async |socket: Socket, args: Args| socket.broadcast().volatile().emit("waved", args))
    })
}

#[test]
fn who_sends_too_many_packets_is_told_when_to_go_on() {
    napping_with(relay, &[("MAX_PACKETS_PER_SECOND", "10")], |world| {
        let [anna, ben] = clients(world, "/");
        // Its CONNECT was the first packet.
        let acks: Vec<_> = (1..100).map(|_| anna.emit_with_ack("x", false)).collect();
        assert!(acks.iter().all(|ack| told(ack) == Some(json!([1]))));
        world.advance(Duration::from_secs(11));
        world.nap();
        let acks: Vec<_> = (0..103).map(|_| anna.emit_with_ack("x", false)).collect();
        assert!(acks[..100].iter().all(|ack| told(ack) == Some(json!([1]))));
        assert_eq!(told(&acks[100]), Some(limited(100)));
        assert_eq!(told(&acks[102]), Some(limited(300)));
        assert_eq!(asked(&ben, "x"), Some(json!([1])));
        world.advance(Duration::from_millis(400));
        assert_eq!(asked(&anna, "x"), Some(json!([1])));
        assert!(anna.is_connected());
    });
}

#[test]
fn who_sends_too_many_bytes_is_told() {
    napping_with(relay, &[("MAX_BYTES_PER_SECOND", "1000")], |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("x", "x".repeat(20_000));
        let Some(told) = asked(&anna, "x") else { panic!("no answer") };
        assert_eq!(told[0]["error"]["code"], "RATE_LIMITED");
        assert_eq!(asked(&ben, "x"), Some(json!([1])));
        world.advance(Duration::from_secs(11));
        assert_eq!(asked(&anna, "x"), Some(json!([1])));
    });
}

#[test]
fn who_causes_too_many_deliveries_is_told_and_its_volatile_ones_are_dropped_first() {
    napping_with(relay, &[("MAX_DELIVERIES_PER_SECOND", "10")], |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        for _ in 0..26 {
            anna.emit("say", "hi");
        }
        assert_eq!(heard(&ben).len(), 26);
        anna.emit("wave", ());
        anna.emit("say", "hi");
        assert_eq!(heard(&ben), [r#"said ["hi"]"#]);
        for _ in 0..30 {
            anna.emit("say", "hi");
        }
        assert_eq!(heard(&cleo).len(), 26 + 1 + 24);
        assert_eq!(asked(&anna, "x"), Some(limited(200)));
        // What others send still reaches everybody.
        cleo.emit("say", "ho");
        assert_eq!(heard(&anna), [r#"said ["ho"]"#]);
        world.advance(Duration::from_secs(11));
        anna.emit("wave", ());
        assert_eq!(heard(&cleo), ["waved []"]);
    });
}

#[test]
fn a_handler_that_waited_still_charges_its_client() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("x", async || Ack(1)).on("later", async |socket: Socket| {
                gate("database").await;
                for _ in 0..60 {
                    socket.broadcast().emit("said", ())?;
                }
                Ok::<_, EmitError>(())
            })
        })
    };
    napping_with(app, &[("MAX_DELIVERIES_PER_SECOND", "10")], |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        anna.emit("later", ());
        assert_eq!(asked(&anna, "x"), Some(json!([1])));
        world.open("database");
        assert_eq!((heard(&ben).len(), heard(&cleo).len()), (60, 60));
        assert_eq!(asked(&anna, "x"), Some(limited(2_000)));
        assert_eq!(asked(&ben, "x"), Some(json!([1])));
    });
}

#[test]
fn who_goes_on_although_it_is_refused_is_closed_with_1008() {
    napping_with(relay, &[("MAX_PACKETS_PER_SECOND", "1")], |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        for _ in 0..1_200 {
            if anna.is_connected() {
                anna.emit("x", false);
            }
        }
        assert!(!anna.is_connected());
        assert_eq!(asked(&ben, "x"), Some(json!([1])));
        let logged = world.logged();
        assert_eq!(logged.len(), 2, "{logged:?}");
        assert!(logged[0].ends_with("is refused: it sends or causes more than it may"));
        assert!(logged[1].ends_with("is closed with 1008: it sends or causes more than it may"));
    });
}

#[test]
fn who_sends_faster_than_others_read_is_told_and_they_stay() {
    napping_with(relay, &[("MAX_QUEUED_BYTES_PER_SECOND", "300000")], |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        ben.stop_reading();
        let long = "x".repeat(240_000);
        for _ in 0..14 {
            anna.emit("say", &long);
        }
        // The first two are not queued: until then, ben might read as fast as anna sends.
        assert_eq!(asked(&anna, "x"), Some(json!([1])));
        anna.emit("say", &long);
        assert!(asked(&anna, "x").is_some_and(|told| told[0]["error"]["code"] == "RATE_LIMITED"));
        anna.emit("say", "refused");
        assert_eq!(asked(&cleo, "x"), Some(json!([1])));
        ben.read_again();
        assert_eq!((heard(&ben).len(), heard(&cleo).len()), (15, 15));
        assert!(ben.is_connected());
        world.advance(Duration::from_secs(11));
        assert_eq!(asked(&anna, "x"), Some(json!([1])));
    });
}

#[test]
fn rows_are_charged_to_whose_event_wrote_them() {
    let app = || {
        App::new().on_alarm("later", async || {}).namespace("/", |ns| {
            ns.on("x", async || Ack(1)).on("put", async |storage: Storage, io: Io| {
                storage.put("last", &1)?;
                io.set_alarm("later", Duration::from_mins(1), ())
            })
        })
    };
    napping_with(app, &[("MAX_ROWS_PER_SECOND", "1")], |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        // Each is a row for what is put, one for the alarm, and one for the object's own alarm.
        for _ in 0..33 {
            anna.emit("put", ());
        }
        assert_eq!(asked(&anna, "x"), Some(json!([1])));
        anna.emit("put", ());
        assert_eq!(asked(&anna, "x"), Some(limited(2_000)));
        assert_eq!(asked(&ben, "x"), Some(json!([1])));
    });
}

#[test]
fn an_event_that_is_too_large_for_so_many_is_an_error_where_it_is_emitted() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("all", async |io: Io, args: Args| {
                io.emit("heard", args)?;
                Ok::<_, EmitError>(Ack(1))
            })
            .on("ask", async |io: Io, args: Args| {
                io.emit_with_ack::<Value>("heard", args).await?;
                Ok::<_, Failure>(Ack(1))
            })
        })
    };
    awake_and_napping(app, |world| {
        let [anna, ben] = clients(world, "/");
        let _others: [TestClient; 70] = clients(world, "/");
        world.nap();
        let long = "x".repeat(950_000);
        for event in ["all", "ask"] {
            let told = told(&anna.emit_with_ack(event, &long)).expect("an answer");
            assert_eq!(told[0]["error"]["code"], "EVENT_TOO_LARGE", "{told}");
        }
        assert!(heard(&ben).is_empty());
        assert_eq!(told(&anna.emit_with_ack("all", "short")), Some(json!([1])));
        assert_eq!(heard(&ben), [r#"heard ["short"]"#]);
    });
}

#[test]
fn a_namespace_is_not_joined_by_who_sends_too_much() {
    let app = || App::new().namespace("/", |ns| ns.on("x", async || Ack(1))).namespace("/more", |ns| ns);
    napping_with(app, &[("MAX_PACKETS_PER_SECOND", "1")], |world| {
        let [anna] = clients(world, "/");
        world.nap();
        for _ in 0..20 {
            anna.emit("x", false);
        }
        let error = anna.try_also_connect("/more", json!({})).expect_err("not let in");
        assert_eq!(error.message, LIMITED);
        assert_eq!(error.data.expect("data")["code"], "RATE_LIMITED");
        world.advance(Duration::from_secs(40));
        anna.try_also_connect("/more", json!({})).expect("let in");
    });
}

#[test]
fn a_socket_that_floods_a_waiting_guard_is_told_when_to_go_on() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.guard_event(async |Data(waits): Data<bool>| {
                if waits {
                    gate("database").await;
                }
            })
            .on("x", async || Ack(1))
        })
    };
    awake_and_napping(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("x", true);
        let acks: Vec<_> = (0..1_002).map(|_| anna.emit_with_ack("x", false)).collect();
        // A thousand wait; the others are refused, and other sockets are not affected.
        assert!(acks[..1_000].iter().all(|ack| ack.args().is_none()));
        for ack in &acks[1_000..] {
            assert_eq!(told(ack), Some(limited(1_000)));
        }
        assert_eq!(asked(&ben, "x"), Some(json!([1])));
        world.open("database");
        assert!(acks[..1_000].iter().all(|ack| answer(ack).as_deref() == Some("[1]")));
    });
}

#[test]
fn a_world_in_which_too_many_handlers_wait_is_busy() {
    let app = || {
        let routes = |ns: Routes| {
            ns.on("wait", async || {
                gate("database").await;
                Ack(1)
            })
            .on("x", async || Ack(2))
            .on_disconnect(async |io: Io| io.emit("left", ()))
            .on_any_outgoing(async |io: Io| io.log("outgoing"))
        };
        App::new().namespace("/", routes).engine(|engine| engine.on_close(async |io: Io| io.log("closed")))
    };
    awake_and_napping(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        let others: [TestClient; 9] = clients(world, "/");
        world.nap();
        let all = others.iter().chain([&anna]);
        let acks: Vec<_> = all.flat_map(|client| (0..1_000).map(|_| client.emit_with_ack("wait", ()))).collect();
        let last = acks.last().expect("an event");
        assert_eq!(last.args(), None);
        assert_eq!(asked(&ben, "x"), Some(busy()));
        let refused = world.client().try_connect("/").expect_err("not let in");
        assert_eq!(refused.message, "The server is busy");
        assert!(anna.is_connected() && ben.is_connected());
        let logged = world.logged().len();
        cleo.close();
        assert_eq!(heard(&ben), ["left []"]);
        let problems = [
            "no handler is called for an event of a connection: too many wait",
            "no handler is called for an outgoing event: too many wait",
        ];
        assert_eq!(world.logged()[logged..], problems);
        world.open("database");
        assert_eq!(answer(last).as_deref(), Some("[1]"));
        assert_eq!(asked(&ben, "x"), Some(json!([2])));
    });
}

/// Sends events of 900,000 bytes, nearly the maximum, that have to wait. The bytes that are kept for them are bounded, whether
/// a handler or packet middleware waits, because all worlds of an isolate share its memory.
fn flood(app: fn() -> App, events: usize, long: impl Fn() -> Args) {
    awake_and_napping(app, |world| {
        let [anna, ben] = clients(world, "/");
        let others: [TestClient; 9] = clients(world, "/");
        world.nap();
        let of_anna: Vec<_> = (0..events).map(|_| anna.emit_with_ack("wait", long())).collect();
        let is_kept = |ack: &&TestAck| answer(ack).is_none();
        // Its own bound is far below the world's, so that one client does not make it busy for others.
        assert!((4..=6).contains(&of_anna.iter().filter(is_kept).count()));
        assert!(of_anna.iter().filter(|ack| !is_kept(ack)).all(|ack| told(ack) == Some(limited(1_000))));
        let of_others: Vec<_> =
            others.iter().flat_map(|client| (0..5).map(|_| client.emit_with_ack("wait", long()))).collect();
        let acks: Vec<_> = of_anna.iter().chain(&of_others).collect();
        let kept: Vec<_> = acks.iter().filter(|ack| is_kept(ack)).collect();
        assert!((30..=40).contains(&kept.len()), "{} are kept", kept.len());
        assert!(of_others.iter().filter(|ack| !is_kept(ack)).all(|ack| told(ack) == Some(busy())));
        assert!(anna.is_connected() && ben.is_connected());
        while kept.iter().any(|ack| answer(ack).is_none()) {
            world.open("database");
        }
        assert!(kept.into_iter().all(|ack| told(ack) == Some(json!(["done"]))));
        // After that, events are accepted again.
        let again = anna.emit_with_ack("wait", long());
        world.open("database");
        assert_eq!(told(&again), Some(json!(["done"])));
    });
}

fn waiting_handler() -> App {
    async fn wait(args: Args) -> Ack<&'static str> {
        gate("database").await;
        assert_eq!(args.len(), 1);
        Ack("done")
    }
    App::new().namespace("/", |ns| ns.on("wait", wait))
}

fn waiting_middleware() -> App {
    App::new().namespace("/", |ns| ns.guard_event(async || gate("database").await).on("wait", async || Ack("done")))
}

fn long_bytes() -> Args {
    Args::one(&Bytes::from(vec![0; 900_000])).expect("arguments")
}

#[test]
fn long_events_that_wait_are_bounded_in_bytes() {
    flood(waiting_handler, 20, long_bytes);
    flood(waiting_middleware, 20, long_bytes);
}

#[test]
fn long_texts_that_wait_are_bounded_in_bytes() {
    let long = || Args::one(&"x".repeat(900_000)).expect("arguments");
    flood(waiting_handler, 20, long);
}
