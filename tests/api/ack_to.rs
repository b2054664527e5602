//! Acknowledgements that outlive hibernation: `ack_to`, and the handlers that `on_ack` registers.

use core::time::Duration;

use dormouse::error::{AckError, AckFailure, EmitError};
use dormouse::extract::{AckContext, AckResult};
use dormouse::socket::Reason;
use dormouse::testing::{TestClient, TestEvent};
use dormouse::{Ack, App, Data, Failure, Io, Room, Socket};
use serde::{Deserialize, Serialize};

use crate::kit::{NOTHING, World, answer, awake_and_asleep, clients, heard, with_variable};

const HOUR: Duration = Duration::from_hours(1);

#[derive(Debug, Serialize, Deserialize)]
struct Offer {
    price: u32,
}

/// An app that asks for acknowledgements, and logs the results.
pub(crate) fn app() -> App {
    async fn decided(
        socket: Socket,
        io: Io,
        AckResult(answer): AckResult<(bool, Option<String>)>,
        AckContext(Offer { price }): AckContext<Offer>,
    ) -> Result<(), Failure> {
        let rooms: Vec<String> = socket.rooms().iter().skip(1).map(|room: &Room| room.as_str().to_owned()).collect();
        let told = plain(&answer);
        io.log(format!("{price}: {told} {rooms:?} {}", socket.is_connected()));
        if let Ok((true, _)) = answer {
            socket.emit("sold", price)?;
        }
        Ok(())
    }
    App::new().namespace("/", |ns| {
        ns.on("join", async |socket: Socket| socket.join("room"))
            .on("offer", async |socket: Socket, Data(price): Data<u32>| {
                socket.ack_to("decided", Offer { price }).emit("offer", price)
            })
            .on("offer for", async |socket: Socket, Data((price, millis)): Data<(u32, u64)>| {
                let timeout = Duration::from_millis(millis);
                socket.timeout(timeout).ack_to("decided", Offer { price }).emit("offer", price)
            })
            .on("offer to all", async |io: Io, Data(price): Data<u32>| {
                io.ack_to("decided", Offer { price }).timeout(HOUR).emit("offer", price)
            })
            .on("offer to room", async |socket: Socket, Data(price): Data<u32>| {
                socket.to("room").ack_to("decided", Offer { price }).emit("offer", price)
            })
            .on("offer to id", async |io: Io, socket: Socket, Data(price): Data<u32>| {
                io.to(socket.id()).ack_to("decided", Offer { price }).send(price)
            })
            .on("offer many", async |socket: Socket, Data(times): Data<u32>| {
                for price in 0..times {
                    socket.ack_to("decided", Offer { price }).emit("offer", price)?;
                }
                Ok::<_, EmitError>(())
            })
            .on("mistakes", async |socket: Socket| {
                let unknown = socket.ack_to("unknown", ()).emit("offer", ()).map_err(|error| error.to_string());
                let long = socket.ack_to("decided", "x".repeat(4_095)).emit("offer", ());
                Ack((unknown.err(), long.map_err(|error| error.to_string()).err()))
            })
            .on_ack("decided", decided)
            .on_ack("typed", async |AckResult(answer): AckResult<u32>, io: Io| io.log(plain(&answer)))
            .on("ask typed", async |socket: Socket| socket.ack_to("typed", ()).emit("q", ()))
            .on_disconnect(async |io: Io, reason: Reason| io.log(reason.as_str()))
    })
}

pub(crate) fn offer(client: &TestClient) -> TestEvent {
    let event = client.next_event().expect("an offer");
    assert!(event.ack_id().is_some());
    event
}

pub(crate) fn last(world: &World) -> Option<String> {
    world.logged().last().cloned()
}

#[test]
fn an_acknowledgement_outlives_sleep() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("join", ());
        world.nap();
        anna.emit("offer", 17);
        let event = offer(&anna);
        assert_eq!(event.args.to_json(), "[17]");
        // A pending acknowledgement does not keep the world awake.
        world.sleep();
        world.advance(3 * HOUR);
        world.nap();
        anna.ack(&event, (true, "deal"));
        assert_eq!(world.logged(), [r#"17: Ok((true, Some("deal"))) ["room"] true"#]);
        assert_eq!(heard(&anna), ["sold [17]"]);
        // A second acknowledgement is ignored.
        world.nap();
        anna.ack(&event, (true, "deal"));
        assert_eq!((world.logged().len(), heard(&anna).len()), (1, 0));
    });
}

#[test]
fn at_its_deadline_the_handler_is_called_without_an_acknowledgement() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("offer for", (1, 90_000));
        let event = offer(&anna);
        world.sleep();
        world.advance(Duration::from_millis(89_999));
        assert_eq!(last(world), None);
        world.nap();
        world.advance(Duration::from_millis(1));
        assert_eq!(world.logged(), ["1: Err(Expired) [] true"]);
        world.nap();
        anna.ack(&event, true);
        assert_eq!(world.logged().len(), 1);
        assert!(anna.is_connected());
    });
}

#[test]
fn a_deadline_wakes_a_world_between_its_pings_and_disturbs_no_heartbeat() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        anna.emit("offer for", (1, 26_000));
        ben.emit("offer for", (2, 25_000));
        ben.emit("offer for", (3, 60_000));
        world.sleep();
        world.advance(Duration::from_secs(25));
        assert_eq!(world.logged(), ["2: Err(Expired) [] true"]);
        world.nap();
        world.advance(Duration::from_secs(1));
        assert_eq!(last(world).as_deref(), Some("1: Err(Expired) [] true"));
        world.nap();
        world.advance(Duration::from_secs(34));
        assert_eq!(last(world).as_deref(), Some("3: Err(Expired) [] true"));
        world.sleep();
        world.advance(10 * HOUR);
        assert!(anna.is_connected() && ben.is_connected() && world.is_asleep());
        // A silent client is still detected.
        anna.stop_reading();
        world.advance(Duration::from_mins(2));
        assert_eq!(last(world).as_deref(), Some("ping timeout"));
        assert!(ben.is_connected());
    });
}

#[test]
fn a_deadline_is_met_with_short_heartbeats_too() {
    with_variable(app, "PING_INTERVAL_MS", "300", |world| {
        let [anna] = clients(world, "/");
        anna.emit("offer for", (1, 1_000));
        world.advance(Duration::from_millis(999));
        assert_eq!(last(world), None);
        world.advance(Duration::from_millis(1));
        assert_eq!(world.logged(), ["1: Err(Expired) [] true"]);
    });
}

#[test]
fn without_a_timeout_a_day_is_waited() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("offer", 1);
        world.sleep();
        world.advance(Duration::from_millis(24 * 3_600_000 - 1));
        assert_eq!(last(world), None);
        world.advance(Duration::from_millis(1));
        assert_eq!(world.logged(), ["1: Err(Expired) [] true"]);
    });
}

#[test]
fn the_handler_is_told_when_the_client_has_left() {
    awake_and_asleep(app, |world| {
        let [anna, _ben] = clients(world, "/");
        anna.emit("join", ());
        anna.emit("offer", 1);
        anna.emit("offer", 2);
        world.nap();
        anna.lose();
        let none = AckFailure::Disconnected;
        let expected = ["1", "2"].map(|price| format!(r#"{price}: Err({none:?}) ["room"] false"#));
        assert_eq!(world.logged(), [&expected[0], &expected[1], "transport error"]);
        world.sleep();
        world.advance(25 * HOUR);
        assert_eq!(world.logged().len(), 3);
    });
}

#[test]
fn a_broadcast_calls_the_handler_for_each_client() {
    awake_and_asleep(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        anna.emit("offer to all", 5);
        let events = [&anna, &ben, &cleo].map(offer);
        world.nap();
        ben.ack(&events[1], true);
        assert_eq!(
            (heard(&ben), last(world)),
            (vec!["sold [5]".to_owned()], Some("5: Ok((true, None)) [] true".to_owned()))
        );
        world.nap();
        cleo.close();
        world.advance(HOUR);
        let expected = [
            "5: Ok((true, None)) [] true",
            "5: Err(Disconnected) [] false",
            "transport close",
            "5: Err(Expired) [] true",
        ];
        assert_eq!(world.logged(), expected);
        // A second acknowledgement is ignored.
        ben.ack(&events[1], true);
        assert_eq!(world.logged().len(), 4);
    });
}

#[test]
fn rooms_and_ids_can_be_asked() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        ben.emit("join", ());
        world.nap();
        anna.emit("offer to room", 1);
        anna.emit("offer to id", 2);
        let [room, own] = [offer(&ben), offer(&anna)];
        assert_eq!((&*own.name, heard(&anna).len()), ("message", 0));
        world.nap();
        ben.ack(&room, false);
        world.nap();
        anna.ack(&own, false);
        assert_eq!(world.logged(), [r#"1: Ok((false, None)) ["room"] true"#, "2: Ok((false, None)) [] true"]);
    });
}

#[test]
fn a_socket_owes_a_hundred_acknowledgements_at_most() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("offer many", 102);
        assert_eq!(world.logged(), ["100: Err(TooMany) [] true", "101: Err(TooMany) [] true"]);
        let events = anna.take_events();
        assert_eq!(events.len(), 100);
        world.nap();
        anna.ack(&events[99], false);
        assert_eq!(last(world).as_deref(), Some("99: Ok((false, None)) [] true"));
        world.nap();
        anna.emit("offer many", 1);
        assert_eq!(anna.take_events().len(), 1);
    });
}

#[test]
fn mistakes_of_who_asks_are_errors_and_nothing_is_sent() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("mistakes", ());
        let unknown = r#""the namespace has no `on_ack` called \"unknown\"""#;
        let long = r#""the context of `ack_to` cannot be kept: it has 4097 bytes, and may have 4096""#;
        assert_eq!(answer(&ack), Some(format!("[{unknown},{long}]")));
        assert_eq!(heard(&anna), NOTHING);
    });
}

#[test]
fn an_acknowledgement_of_another_type_is_told_to_the_handler() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("ask typed", ());
        let event = offer(&anna);
        world.nap();
        anna.ack(&event, "text");
        assert_eq!(world.logged(), [r#"Err(argument 1: invalid type: string "text", expected u32)"#]);
    });
}

/// Returns a result in the form in which it is logged here.
pub(crate) fn plain<T: core::fmt::Debug>(answer: &Result<T, AckError>) -> String {
    match answer {
        Ok(answer) => format!("Ok({answer:?})"),
        Err(AckError::Failed(none)) => format!("Err({none:?})"),
        Err(AckError::Invalid(error)) => format!("Err({error})"),
        Err(error) => format!("{error:?}"),
    }
}

/// After a hibernation, acknowledgements of earlier events may still arrive, so new events must have other ids.
#[test]
fn an_old_acknowledgement_matches_no_new_id() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("offer for", (1, 1_000));
        let old = offer(&anna);
        world.advance(Duration::from_secs(1));
        assert_eq!(world.logged().len(), 1);
        world.sleep();
        for price in 2..5 {
            world.nap();
            anna.emit("offer", price);
        }
        anna.ack(&old, true);
        assert_eq!(world.logged().len(), 1);
        let events = anna.take_events();
        assert!(events.iter().all(|event| event.ack_id() != old.ack_id()));
        for (event, price) in events.iter().zip(2..) {
            world.nap();
            anna.ack(event, false);
            assert_eq!(last(world), Some(format!("{price}: Ok((false, None)) [] true")));
        }
    });
}

#[test]
fn acknowledgements_of_two_namespaces_are_separate() {
    let app = || {
        let routes = |ns: dormouse::routing::Routes| {
            ns.on("ask", async |socket: Socket| socket.ack_to("r", ()).emit("q", ())).on_ack(
                "r",
                async |io: Io, AckResult(answer): AckResult<u32>| {
                    io.log(format!("{} {}", io.name().as_str(), plain(&answer)));
                },
            )
        };
        App::new().namespace("/", routes).namespace("/t-{n}", routes).namespaces(async || true, routes)
    };
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        let [template, predicate] = ["/t-1", "/any"].map(|name| main.also_connect(name));
        let clients = [&main, &template, &predicate];
        let events = clients.map(|client| {
            client.emit("ask", ());
            offer(client)
        });
        for (n, (client, event)) in clients.into_iter().zip(&events).enumerate() {
            world.nap();
            client.ack(event, n);
        }
        assert_eq!(world.logged(), ["/ Ok(0)", "/t-1 Ok(1)", "/any Ok(2)"]);
    });
}

/// It is not known which predicate's handlers an empty namespace would have, so emitting to it is no error and asks nobody.
#[test]
fn an_empty_namespace_is_asked_in_vain() {
    let app = || {
        App::new()
            .namespace("/", |ns| {
                ns.on("ask", async |io: Io, Data(name): Data<String>| {
                    io.of(&name)?.ack_to("r", ()).emit("q", ())?;
                    Ok::<_, Failure>(Ack("asked"))
                })
            })
            .namespaces(async || true, |ns| ns.on_ack("r", async |io: Io| io.log("answered")))
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        let ask = |name: &str| answer(&anna.emit_with_ack("ask", name)).expect("an answer");
        assert_eq!(ask("/nobody"), r#"["asked"]"#);
        let ben = anna.also_connect("/somebody");
        world.nap();
        assert_eq!(ask("/somebody"), r#"["asked"]"#);
        ben.ack(&offer(&ben), ());
        assert_eq!(world.logged(), ["answered"]);
        assert!(ask("/").contains("no `on_ack` called"));
    });
}

/// Before a client has joined, a guard can emit events to it, but cannot ask it for an acknowledgement.
#[test]
fn a_guard_cannot_ask() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.guard(async |socket: Socket, io: Io| {
                socket.emit("hello", ())?;
                let asked = socket.emit_with_ack::<()>("q", ()).await;
                io.log(asked.map_err(|error| error.to_string()).err().unwrap_or_default());
                Ok::<_, Failure>(())
            })
        })
    };
    awake_and_asleep(app, |world| {
        let anna = world.connect("/");
        assert_eq!(heard(&anna), ["hello []"]);
        assert_eq!(world.logged(), ["the client disconnected before it acknowledged"]);
    });
}
