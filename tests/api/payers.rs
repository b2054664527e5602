//! Who pays for what a handler does: the client because of which it was called, whatever has become of its socket, and nobody else.

use core::time::Duration;

use dormouse::testing::{TestClient, TestWorld};
use dormouse::{Ack, App, Args, Data, Failure, Io, Socket, Storage};
use serde_json::{Value, json};

use crate::kit::{answer, awake_and_napping, clients, gate, heard, napping_with};

/// The rows that a client may cause at once, if it may cause one a second.
const BURST: usize = 100;

fn is_good(client: &TestClient) -> bool {
    let ack = answer(&client.emit_with_ack("x", false)).expect("an answer");
    assert!(ack == "[1]" || ack.contains("RATE_LIMITED"), "{ack}");
    ack == "[1]"
}

fn lines(world: &TestWorld, end: &str) -> usize {
    world.log().iter().filter(|line| line.ends_with(end)).count()
}

async fn write(storage: Storage, io: Io) -> Result<(), Failure> {
    storage.put("last", &1)?;
    io.log("wrote");
    Ok(())
}

/// Runs a test in worlds in which each client may cause one row and one delivery a second.
fn poor(app: fn() -> App, test: impl Fn(&crate::kit::World)) {
    napping_with(app, &[("MAX_ROWS_PER_SECOND", "1"), ("MAX_DELIVERIES_PER_SECOND", "1")], test);
}

#[test]
fn a_client_pays_for_the_handlers_of_sockets_that_it_took_out_of_their_namespaces() {
    fn app() -> App {
        App::new()
            .namespace("/", |ns| ns.on("x", async || Ack(1)))
            .namespace("/disconnect", |ns| ns.on_disconnect(write))
            .namespace("/disconnecting", |ns| ns.on_disconnecting(write))
            .namespace("/ack", |ns| {
                ns.on_connect(async |socket: Socket| socket.ack_to("answer", ()).emit("question", ()))
                    .on_ack("answer", write)
            })
            .namespace("/kicked", |ns| {
                ns.on("out", async |socket: Socket, storage: Storage, io: Io| {
                    socket.disconnect(false);
                    write(storage, io).await
                })
            })
            .namespace("/later", |ns| {
                ns.on("wait", async |storage: Storage, io: Io| {
                    gate("database").await;
                    write(storage, io).await
                })
            })
    }
    for name in ["/disconnect", "/disconnecting", "/ack", "/kicked", "/later"] {
        poor(app, |world| {
            let [anna, ben] = clients(world, "/");
            world.nap();
            for _ in 0..2 * BURST {
                let Ok(other) = anna.try_also_connect(name, json!({})) else { break };
                if name == "/kicked" {
                    other.emit("out", ());
                } else {
                    other.emit("wait", ());
                    other.disconnect();
                }
                if name == "/later" {
                    world.open("database");
                }
            }
            assert_eq!(lines(world, "wrote"), BURST + 1, "{name}");
            assert!(!is_good(&anna));
            assert!(is_good(&ben));
            world.advance(Duration::from_secs(2));
            assert!(is_good(&anna));
        });
    }
}

#[test]
fn a_client_pays_for_the_handlers_of_namespaces_that_it_creates() {
    fn app() -> App {
        App::new()
            .on_new_namespace(write)
            .namespace("/", |ns| ns.on("x", async || Ack(1)))
            .namespace("/room-{n}", |ns| ns)
    }
    poor(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        for n in 0..2 * BURST {
            let Ok(other) = anna.try_also_connect(&format!("/room-{n}"), json!({})) else { break };
            other.disconnect();
        }
        assert_eq!(lines(world, "wrote"), BURST + 1);
        assert!(!is_good(&anna));
    });
}

#[test]
fn handlers_of_outgoing_events_are_charged_to_the_sender() {
    fn app() -> App {
        App::new().namespace("/", |ns| {
            ns.on("x", async || Ack(1))
                .on("say", async |socket: Socket, args: Args| socket.broadcast().emit("said", args))
                .on("later", async |socket: Socket| {
                    gate("database").await;
                    socket.broadcast().emit("said", ())
                })
                .on_any_outgoing(write)
        })
    }
    napping_with(app, &[("MAX_ROWS_PER_SECOND", "1")], |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        for _ in 0..48 {
            anna.emit("say", 1);
        }
        anna.emit("later", ());
        anna.emit("later", ());
        world.open("database");
        assert_eq!(lines(world, "wrote"), BURST);
        assert!(is_good(&anna));
        for _ in 0..30 {
            anna.emit("say", 1);
        }
        assert_eq!(lines(world, "wrote"), BURST + 2);
        assert!(!is_good(&anna));
        // A second sender has an account of its own, and so have those who were sent something.
        assert!(is_good(&ben) && is_good(&cleo));
        ben.emit("say", 1);
        assert_eq!(heard(&cleo).len(), 52);
    });
}

#[test]
fn events_that_ask_for_acknowledgements_are_deliveries() {
    fn app() -> App {
        App::new().namespace("/", |ns| {
            ns.on("x", async || Ack(1))
                .on("all", async |socket: Socket| {
                    let _ = socket.broadcast().emit_with_ack::<Value>("asked", ()).await;
                })
                .on("noted", async |socket: Socket| socket.broadcast().ack_to("noted", ()).emit("asked", ()))
                .on("self", async |socket: Socket| socket.ack_to("noted", ()).emit("asked", ()))
                .on_ack("noted", async || {})
        })
    }
    for event in ["all", "noted"] {
        poor(app, |world| {
            let [anna, ben, cleo] = clients(world, "/");
            world.nap();
            for _ in 0..100 {
                anna.emit(event, ());
            }
            assert_eq!((heard(&ben).len(), heard(&cleo).len()), (6, 6), "{event}");
            assert!(!is_good(&anna));
            cleo.emit(event, ());
            assert_eq!((heard(&anna).len(), heard(&ben).len()), (1, 1), "{event}");
            // To ask oneself costs nothing.
            for _ in 0..15 {
                ben.emit("self", ());
            }
            assert!(is_good(&ben) && is_good(&cleo));
        });
    }
}

#[test]
fn a_nap_does_not_forgive_what_one_event_has_caused() {
    fn app() -> App {
        App::new().namespace("/", |ns| {
            ns.on("x", async || Ack(1))
                .on("put", async |storage: Storage, io: Io| {
                    (0..BURST).try_for_each(|n| storage.put(&format!("k{n}"), &1))?;
                    io.log("did much");
                    Ok::<_, Failure>(())
                })
                .on("say", async |socket: Socket, io: Io| {
                    (0..30).try_for_each(|_| socket.broadcast().emit("said", ()))?;
                    io.log("did much");
                    Ok::<_, Failure>(())
                })
        })
    }
    // In four minutes, with as much in advance as may be.
    for (event, most) in [("put", 4), ("say", 9)] {
        poor(app, |world| {
            let [anna, ben] = clients(world, "/");
            for _ in 0..22 {
                anna.emit(event, ());
                world.advance(Duration::from_secs(11));
                world.nap();
            }
            assert_eq!(lines(world, "did much"), most, "{event}");
            assert!(!is_good(&anna));
            assert!(is_good(&ben));
            world.advance(Duration::from_secs(101));
            world.nap();
            assert!(is_good(&anna));
        });
    }
}

#[test]
fn what_a_waiting_handler_sends_to_its_own_client_is_no_delivery() {
    fn app() -> App {
        App::new().namespace("/", |ns| {
            ns.on("x", async || Ack(1)).on("later", async |socket: Socket, Data(times): Data<usize>| {
                gate("database").await;
                for _ in 0..times {
                    socket.emit("said", ())?;
                }
                Ok::<_, Failure>(())
            })
        })
    }
    poor(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("later", 100);
        world.open("database");
        assert_eq!(heard(&anna).len(), 100);
        assert!(is_good(&anna));
    });
}

#[test]
fn handlers_that_have_finished_do_not_count_as_waiting() {
    fn app() -> App {
        App::new().namespace("/", |ns| {
            ns.on("x", async || Ack(1)).on("wait", async || {
                gate("database").await;
                Ack(1)
            })
        })
    }
    awake_and_napping(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        for _ in 0..2 {
            let mut acks: Vec<_> = (0..1_000).map(|_| anna.emit_with_ack("wait", ())).collect();
            assert!(!is_good(&anna), "a thousand wait");
            assert!(is_good(&ben));
            // One of another client does not count for her.
            acks.push(ben.emit_with_ack("wait", ()));
            world.open("database");
            assert!(acks.iter().all(|ack| answer(ack).as_deref() == Some("[1]")));
            assert!(is_good(&anna));
        }
    });
}
