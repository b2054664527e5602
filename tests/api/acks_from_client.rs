//! Acknowledgements that handlers await in memory: `emit_with_ack`, to one client and to many.

use core::time::Duration;

use bytes::Bytes;
use dormouse::error::{AckError, AckFailure, BroadcastAckError, EmitError, IncompleteAcks};
use dormouse::testing::{TestClient, TestEvent};
use dormouse::{Ack, App, Data, Io, Socket, SocketId};

use crate::kit::{NOTHING, World, answer, awake_and_asleep, clients, heard};

const SECOND: Duration = Duration::from_secs(1);

fn told<T: core::fmt::Debug>(answer: Result<T, AckError>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(AckError::Failed(none)) => format!("{none:?}"),
        Err(AckError::Invalid(error)) => format!("invalid: {error}"),
        Err(AckError::Emit(EmitError::Timeout(timeout))) => format!("too long: {timeout:?}"),
        Err(AckError::Emit(error)) => error.to_string(),
        Err(error) => format!("{error}"),
    }
}

/// An app whose handlers ask one client for an acknowledgement, and log the result.
fn app() -> App {
    App::new().namespace("/", |ns| {
        ns.on("ask", async |socket: Socket, io: Io| io.log(told(socket.emit_with_ack::<(u32, String)>("q", 1).await)))
            .on("ask other", async |io: Io, Data(id): Data<SocketId>| {
                let other = io.socket(id).expect("another socket");
                let answer: Result<u32, AckError> = other.timeout(SECOND).emit_with_ack("q", ("?", 2)).await;
                Ack(told(answer))
            })
            .on("ask for long", async |socket: Socket, io: Io, Data(seconds): Data<u64>| {
                let timeout = Duration::from_secs(seconds);
                io.log(told(socket.timeout(timeout).emit_with_ack::<()>("q", ()).await));
            })
            .on("ask the gone", async |socket: Socket, io: Io| {
                socket.disconnect(false);
                io.log(told(socket.emit_with_ack::<()>("q", ()).await));
            })
            .on("ask volatile", async |socket: Socket, io: Io| {
                io.log(told(socket.volatile().emit_with_ack::<u32>("q", ()).await));
            })
            .on("ask twice", async |socket: Socket, io: Io| {
                let both =
                    futures::future::join(socket.emit_with_ack::<u32>("q", 1), socket.emit_with_ack::<u32>("q", 2));
                let (first, second) = both.await;
                io.log(format!("{} {}", told(first), told(second)));
            })
            .on("drop the question", async |socket: Socket, io: Io| {
                drop(socket.emit_with_ack::<u32>("q", ()));
                io.log("dropped");
            })
    })
}

fn question(client: &TestClient) -> TestEvent {
    let event = client.next_event().expect("a question");
    assert_eq!((&*event.name, event.ack_id().is_some()), ("q", true));
    event
}

#[test]
fn an_answer_is_awaited() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("ask", ());
        let event = question(&anna);
        assert_eq!(event.args.to_json(), "[1]");
        assert_eq!(world.logged(), NOTHING);
        anna.ack(&event, (7, "seven"));
        assert_eq!(world.logged(), [r#"(7, "seven")"#]);
        // Nothing keeps the world awake any more.
        world.sleep();
    });
}

#[test]
fn an_answer_of_another_client_or_a_second_one_is_none() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        let ack = ben.emit_with_ack("ask other", anna.id());
        let event = question(&anna);
        assert_eq!(event.args.to_json(), r#"["?",2]"#);
        ben.ack(&event, 1);
        assert_eq!(answer(&ack), None);
        anna.ack(&event, 2);
        anna.ack(&event, 3);
        assert_eq!(answer(&ack).as_deref(), Some(r#"["2"]"#));
        assert_eq!(world.logged(), NOTHING);
    });
}

#[test]
fn an_answer_that_is_not_what_was_wanted_is_an_error() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("ask", ());
        anna.ack(&question(&anna), "seven");
        assert_eq!(world.logged(), [r#"invalid: argument 1: invalid type: string "seven", expected u32"#]);
    });
}

#[test]
fn who_does_not_answer_in_time_is_waited_for_no_longer() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        let ack = ben.emit_with_ack("ask other", anna.id());
        let event = question(&anna);
        world.advance(Duration::from_millis(999));
        assert_eq!(answer(&ack), None);
        world.advance(Duration::from_millis(1));
        assert_eq!(answer(&ack).as_deref(), Some(r#"["Expired"]"#));
        world.sleep();
        // Too late.
        anna.ack(&event, 2);
        assert_eq!(world.logged(), NOTHING);
        assert!(anna.is_connected());
    });
}

#[test]
fn without_a_timeout_a_minute_is_waited() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("ask", ());
        world.advance(Duration::from_millis(59_999));
        assert_eq!(world.logged(), NOTHING);
        world.advance(Duration::from_millis(1));
        assert_eq!(world.logged(), ["Expired"]);
    });
}

#[test]
fn nobody_waits_longer_than_ten_minutes_in_memory() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("ask for long", 601);
        assert_eq!(world.logged(), ["too long: 601s"]);
        assert_eq!(heard(&anna), NOTHING);
        anna.emit("ask for long", 600);
        assert_eq!(heard(&anna), ["q []"]);
        world.advance(Duration::from_mins(10));
        assert_eq!(world.logged(), ["too long: 601s", "Expired"]);
    });
}

#[test]
fn who_is_gone_gives_no_answer() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        let ack = ben.emit_with_ack("ask other", anna.id());
        assert_eq!(answer(&ack), None);
        anna.lose();
        assert_eq!(answer(&ack).as_deref(), Some(r#"["Disconnected"]"#));
        world.nap();
        ben.emit("ask the gone", ());
        assert_eq!(world.logged(), ["Disconnected"]);
    });
}

#[test]
fn a_volatile_question_may_be_answered() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("ask volatile", ());
        anna.ack(&question(&anna), 7);
        assert_eq!(world.logged(), ["7"]);
    });
}

#[test]
fn an_answer_may_be_binary() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("ask", async |socket: Socket| {
                let (image, note): (Bytes, String) = socket.emit_with_ack("image?", Bytes::from_static(b"old")).await?;
                socket.emit("image", (note, image))?;
                Ok::<_, AckError>(())
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("ask", ());
        let event = anna.next_event().expect("a question");
        assert_eq!(event.args.attachments(), ["old"]);
        anna.ack(&event, (Bytes::from_static(b"new"), "note"));
        let event = anna.next_event().expect("an image");
        assert_eq!(event.args.to_json(), r#"["note",{"_placeholder":true,"num":0}]"#);
        assert_eq!(event.args.attachments(), ["new"]);
    });
}

#[test]
fn two_questions_are_told_apart() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("ask twice", ());
        let [first, second] = [question(&anna), question(&anna)];
        anna.ack(&second, 20);
        anna.ack(&first, 10);
        assert_eq!(world.logged(), ["10 20"]);
    });
}

#[test]
fn an_answer_that_nobody_awaits_any_more_is_dropped() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("drop the question", ());
        let event = question(&anna);
        world.sleep();
        anna.ack(&event, 7);
        assert_eq!(world.logged(), ["dropped"]);
    });
}

/// A handler that waits is lost with the object's memory. A late acknowledgement for it must not match a later event.
#[test]
fn a_late_answer_answers_no_later_question() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        anna.emit("ask", ());
        let before = question(&anna);
        world.lose_memory();
        world.advance(Duration::from_millis(1));
        anna.emit("ask", ());
        let after = question(&anna);
        assert_ne!(before.ack_id(), after.ack_id());
        anna.ack(&before, (1, "old"));
        assert_eq!(world.logged(), NOTHING);
        anna.ack(&after, (2, "new"));
        assert_eq!(world.logged(), [r#"(2, "new")"#]);
    });
}

/// An app whose handlers ask many clients.
fn many() -> App {
    fn told(answers: Result<Vec<(SocketId, u32)>, BroadcastAckError<u32>>) -> String {
        match answers {
            Ok(answers) => format!("{:?}", answers.into_iter().map(|(_, answer)| answer).collect::<Vec<_>>()),
            Err(BroadcastAckError::Incomplete(IncompleteAcks { acks: answers, missing })) => {
                let answers: Vec<_> = answers.into_iter().map(|(_, answer)| answer).collect();
                let missing: Vec<_> = missing.iter().map(|(id, why)| format!("{id} {why}")).collect();
                format!("{answers:?} {missing:?}")
            }
            Err(error) => error.to_string(),
        }
    }
    App::new().namespace("/", |ns| {
        ns.on("join", async |socket: Socket| socket.join("room"))
            .on("ask all", async |io: Io| io.log(told(io.timeout(10 * SECOND).emit_with_ack("q", ()).await)))
            .on("ask room", async |io: Io| io.log(told(io.to("room").timeout(SECOND).emit_with_ack("q", ()).await)))
            .on("ask others", async |socket: Socket, io: Io| {
                io.log(told(socket.broadcast().timeout(SECOND).emit_with_ack("q", ()).await));
            })
            .on("ask without timeout", async |io: Io| io.log(told(io.emit_with_ack("q", ()).await)))
            .on("ask reserved", async |io: Io| io.log(told(io.emit_with_ack("connect", ()).await)))
    })
}

fn last(world: &World) -> Option<String> {
    world.logged().last().cloned()
}

#[test]
fn a_broadcast_has_one_answer_for_each_client() {
    awake_and_asleep(many, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        for client in [&ben, &cleo] {
            client.emit("join", ());
        }
        world.nap();
        anna.emit("ask all", ());
        for (n, client) in [&ben, &anna, &cleo].into_iter().enumerate() {
            assert_eq!(last(world), None);
            client.ack(&question(client), n);
        }
        assert_eq!(last(world).as_deref(), Some("[0, 1, 2]"));
        world.nap();
        anna.emit("ask room", ());
        assert_eq!(heard(&anna), NOTHING);
        for client in [&ben, &cleo] {
            client.ack(&question(client), 7);
        }
        assert_eq!(last(world).as_deref(), Some("[7, 7]"));
        world.nap();
        cleo.emit("ask others", ());
        for (n, client) in [&anna, &ben].into_iter().enumerate() {
            client.ack(&question(client), n);
        }
        assert_eq!(last(world).as_deref(), Some("[0, 1]"));
        world.sleep();
    });
}

#[test]
fn a_broadcast_tells_at_its_timeout_who_answered_and_who_did_not() {
    awake_and_asleep(many, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        anna.emit("ask all", ());
        let late = question(&cleo);
        ben.ack(&question(&ben), 5);
        anna.ack(&question(&anna), "five");
        world.advance(10 * SECOND);
        let missing = |client: &TestClient, why: &str| format!("{:?}", format!("{} {why}", client.id()));
        let expired = missing(&cleo, "the client did not acknowledge in time");
        let invalid =
            missing(&anna, r#"the client's acknowledgement: argument 1: invalid type: string "five", expected u32"#);
        assert_eq!(last(world), Some(format!("[5] [{expired}, {invalid}]")));
        world.sleep();
        cleo.ack(&late, 6);
        assert_eq!(world.logged().len(), 1);
    });
}

#[test]
fn a_broadcast_does_not_wait_for_who_leaves() {
    awake_and_asleep(many, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("ask all", ());
        anna.ack(&question(&anna), 1);
        assert_eq!(last(world), None);
        ben.close();
        let why = format!("{:?}", format!("{} {}", ben.id(), AckFailure::Disconnected));
        assert_eq!(last(world), Some(format!("[1] [{why}]")));
    });
}

#[test]
fn a_broadcast_to_nobody_has_all_its_answers_at_once() {
    awake_and_asleep(many, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("ask room", ());
        assert_eq!(last(world).as_deref(), Some("[]"));
        anna.emit("ask reserved", ());
        assert_eq!(last(world).as_deref(), Some(r#"Socket.IO keeps the event name "connect" for itself"#));
    });
}

#[test]
fn a_broadcast_waits_a_minute_unless_it_is_told() {
    awake_and_asleep(many, |world| {
        let [anna] = clients(world, "/");
        anna.emit("ask without timeout", ());
        world.advance(Duration::from_millis(59_999));
        assert_eq!(last(world), None);
        world.advance(Duration::from_millis(1));
        assert!(last(world).is_some_and(|line| line.contains("did not acknowledge in time")));
    });
}

#[test]
fn a_client_that_polls_answers_too() {
    awake_and_asleep(many, |world| {
        let [anna] = clients(world, "/");
        let ben = world.client().polling().connect("/");
        anna.emit("ask all", ());
        for (n, client) in [&ben, &anna].into_iter().enumerate() {
            client.ack(&question(client), n);
        }
        assert_eq!(last(world).as_deref(), Some("[0, 1]"));
    });
}
