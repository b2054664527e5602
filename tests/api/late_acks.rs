//! Acknowledgements that arrive after nobody waits for them any more, or that expire.

use core::cell::Cell;
use core::time::Duration;

use dormouse::error::{AckError, AckFailure, BroadcastAckError, EmitError};
use dormouse::extract::AckResult;
use dormouse::{Ack, App, Data, Io, Socket};

use crate::ack_to::{app, last, offer, plain};
use crate::kit::{NOTHING, answer, awake_and_asleep, clients, heard};

/// A handler that always asks again must not prevent other events from being handled.
#[test]
fn who_asks_again_when_there_are_too_many_holds_up_nobody() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("ask", async |socket: Socket| {
                for _ in 0..MANY_ASKED {
                    socket.ack_to("again", ()).emit("q", ())?;
                }
                Ok::<_, EmitError>(())
            })
            .on_ack("again", async |socket: Socket, AckResult(answer): AckResult<()>| {
                let calls = CALLS.get() + 1;
                CALLS.set(calls);
                // A bound, so that this test ends even if it fails.
                if matches!(answer, Err(AckError::Failed(AckFailure::TooMany))) && calls < 20_000 {
                    socket.ack_to("again", ()).emit("q", ())?;
                }
                Ok::<_, EmitError>(())
            })
            .on("x", async || Ack("fine"))
        })
    };
    awake_and_asleep(app, |world| {
        CALLS.set(0);
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("ask", ());
        // The handler was called in further turns, and other events were handled in between.
        assert_eq!(answer(&ben.emit_with_ack("x", ())).as_deref(), Some(r#"["fine"]"#));
        assert_eq!(anna.take_events().len(), 100);
    });
}

/// One more than the acknowledgements that a socket may owe.
const MANY_ASKED: usize = 101;

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// Acknowledgement ids keep rising, even if the namespace was empty for a moment.
#[test]
fn a_late_acknowledgement_matches_nothing_new_after_the_namespace_was_empty() {
    let app = || {
        App::new().namespace("/other", |ns| ns).namespace("/", |ns| {
            ns.on("await", async |socket: Socket, io: Io| {
                let answer = socket.emit_with_ack::<u32>("q", ()).await;
                io.log(format!("awaited {:?}", answer.map_err(|error| error.to_string())));
            })
            .on("note", async |socket: Socket| socket.ack_to("r", ()).emit("q", ()))
            .on_ack("r", async |io: Io, AckResult(answer): AckResult<u32>| io.log(format!("noted {answer:?}")))
        })
    };
    awake_and_asleep(app, |world| {
        // All on one connection, because the late acknowledgement must come from it.
        let connection = world.connect("/other");
        for (first, second) in [("await", "await"), ("await", "note"), ("note", "await"), ("note", "note")] {
            let anna = connection.also_connect("/");
            world.nap();
            anna.emit(first, ());
            let old = offer(&anna);
            anna.disconnect();
            world.nap();
            let again = connection.also_connect("/");
            // Ids rise with the clock, and no real world hibernates and wakes within one millisecond.
            world.advance(Duration::from_millis(1));
            world.nap();
            again.emit(second, ());
            let new = offer(&again);
            assert_ne!(old.ack_id(), new.ack_id(), "{first}, {second}");
            let before = world.logged().len();
            again.ack(&old, 1);
            assert_eq!(world.logged().len(), before, "{first}, {second}");
            again.ack(&new, 2);
            assert_eq!(last(world), Some(format!("{second}{} Ok(2)", if second == "await" { "ed" } else { "d" })));
            again.disconnect();
        }
    });
}

#[test]
fn an_acknowledgement_is_awaited_or_stored_and_not_both() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on_ack("r", async |io: Io| io.log("noted"))
                .on("one", async |socket: Socket| {
                    let asked = socket.ack_to("r", ()).emit_with_ack::<u32>("q", ()).await;
                    Ack(matches!(asked, Err(AckError::Emit(_))))
                })
                .on("many", async |io: Io| {
                    let asked = io.ack_to("r", ()).emit_with_ack::<u32>("q", ()).await;
                    Ack(matches!(asked, Err(BroadcastAckError::Emit(_))))
                })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        for how in ["one", "many"] {
            world.nap();
            assert_eq!(answer(&anna.emit_with_ack(how, ())).as_deref(), Some("[true]"), "{how}");
            assert_eq!(heard(&anna), NOTHING);
        }
    });
}

#[test]
fn an_acknowledgement_whose_handler_is_gone_after_a_deploy_is_logged() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("offer", 1);
        anna.emit("offer", 2);
        let events = [offer(&anna), offer(&anna)];
        world.redeploy(|| App::new().namespace("/", |ns| ns.on("x", async || Ack("fine"))));
        anna.ack(&events[0], true);
        let logged = world.logged();
        assert!(logged.len() == 1 && world.log_lines()[0].contains(r#""event":"decided""#), "{logged:?}");
        world.nap();
        assert_eq!(answer(&anna.emit_with_ack("x", ())).as_deref(), Some(r#"["fine"]"#));
        world.nap();
        anna.close();
        assert_eq!(world.log_lines().iter().filter(|line| line.contains(r#""event":"decided""#)).count(), 2);
    });
}

/// A client's acknowledgements expire separately in each namespace; after leaving one, it still owes those of the others.
#[test]
fn acknowledgements_of_one_client_expire_each_for_itself() {
    let app = || {
        let routes = |ns: dormouse::routing::Routes| {
            ns.on("ask", async |socket: Socket, Data(millis): Data<u64>| {
                socket.timeout(Duration::from_millis(millis)).ack_to("r", ()).emit("q", ())
            })
            .on_ack("r", async |io: Io, AckResult(answer): AckResult<u32>| {
                io.log(format!("{} {}", io.name().as_str(), plain(&answer)));
            })
        };
        App::new().namespace("/", routes).namespace("/a", routes).namespace("/b", routes)
    };
    awake_and_asleep(app, |world| {
        let [main] = clients(world, "/");
        let [a, b] = ["/a", "/b"].map(|name| main.also_connect(name));
        for (client, millis) in [(&main, 3_000), (&a, 1_000), (&b, 2_000), (&main, 2_000)] {
            client.emit("ask", millis);
        }
        a.disconnect();
        assert_eq!(world.logged(), ["/a Err(Disconnected)"]);
        world.nap();
        world.advance(Duration::from_millis(2_999));
        assert_eq!(world.logged(), ["/a Err(Disconnected)", "/b Err(Expired)", "/ Err(Expired)"]);
        world.nap();
        world.advance(Duration::from_millis(1));
        assert_eq!(world.logged().len(), 4);
    });
}
