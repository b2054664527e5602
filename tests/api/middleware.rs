//! Middleware: `guard` for connections, `guard_event` for events.

use dormouse::error::{EmitError, HandlerError};
use dormouse::extract::EventName;
use dormouse::testing::ConnectError;
use dormouse::{Ack, App, Args, Auth, Data, Failure, Io, Namespace, Socket, SocketId};
use serde_json::{Value, json};

use crate::kit::{NOTHING, answer, awake_and_asleep, awake_and_napping, clients, gate, heard};

#[derive(serde::Deserialize)]
struct Ticket {
    name: String,
}

#[derive(Debug)]
struct NotAuthorized;

impl core::fmt::Display for NotAuthorized {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("not authorized")
    }
}

impl HandlerError for NotAuthorized {
    fn data(&self) -> Option<Value> {
        Some(json!({ "content": "Please retry later" }))
    }
}

async fn named(socket: Socket, io: Io, Auth(ticket): Auth<Ticket>) -> Result<(), NotAuthorized> {
    io.log(format!("guard 1: {}", ticket.name));
    if ticket.name == "mallory" {
        return Err(NotAuthorized);
    }
    socket.set_data(&ticket.name).expect("short");
    Ok(())
}

/// An app with two guards that prepare the socket; the second reads what the first one stored.
fn prepared() -> App {
    App::new().namespace("/", |ns| {
        ns.guard(named)
            .guard(async |socket: Socket, io: Io| {
                let name: String = socket.data()?;
                io.log(format!("guard 2: {name}"));
                if name == "nobody" {
                    return Err(Failure::new("NOBODY", "nobody may come").with_data(7));
                }
                assert!(!socket.is_connected() && io.sockets().iter().all(|other| *other != socket), "not in yet");
                socket.join(["lobby", &name])?;
                socket.emit("welcome", name)?;
                Ok(())
            })
            .on_connect(async |socket: Socket, io: Io| {
                assert!(socket.is_connected() && io.socket(socket.id()).is_some_and(|found| found == socket));
                let rooms: Vec<String> = socket.rooms().iter().skip(1).map(|room| room.as_str().to_owned()).collect();
                socket.emit("in", (socket.data::<String>()?, rooms))?;
                socket.to("lobby").emit("came", socket.data::<String>()?)?;
                Ok::<_, Failure>(())
            })
            .on("who", async |socket: Socket| socket.data::<String>().map(Ack))
    })
}

#[test]
fn guards_are_called_in_order_and_prepare_the_socket() {
    awake_and_asleep(prepared, |world| {
        let anna = world.try_connect("/", json!({ "name": "anna" })).expect("she may come");
        assert_eq!(heard(&anna), [r#"welcome ["anna"]"#, r#"in ["anna",["anna","lobby"]]"#]);
        assert_eq!(world.logged(), ["guard 1: anna", "guard 2: anna"]);
        world.nap();
        let ben = world.try_connect("/", json!({ "name": "ben" })).expect("he may come");
        assert_eq!(heard(&ben), [r#"welcome ["ben"]"#, r#"in ["ben",["ben","lobby"]]"#]);
        assert_eq!(heard(&anna), [r#"came ["ben"]"#]);
        world.nap();
        let ack = anna.emit_with_ack("who", ());
        assert_eq!(answer(&ack).as_deref(), Some(r#"["anna"]"#));
    });
}

#[test]
fn an_error_of_a_guard_is_what_the_client_is_told() {
    awake_and_asleep(prepared, |world| {
        let anna = world.try_connect("/", json!({ "name": "anna" })).expect("she may come");
        anna.take_events();
        world.nap();
        let error = world.try_connect("/", json!({ "name": "mallory" })).expect_err("he may not");
        let data = Some(json!({ "content": "Please retry later" }));
        assert_eq!(error, ConnectError { message: "not authorized".to_owned(), data });
        // The guards behind it are not called, and no other client is told.
        assert_eq!(
            world.logged(),
            ["guard 1: anna", "guard 2: anna", "guard 1: mallory", "a guard failed with ERROR: not authorized"]
        );
        assert_eq!(heard(&anna), NOTHING);
        let error = world.client().polling().auth(json!({ "name": "nobody" })).try_connect("/").expect_err("no");
        assert_eq!(error, ConnectError { message: "nobody may come".to_owned(), data: Some(json!(7)) });
        // The refused socket has left no room behind that gets events.
        assert_eq!(heard(&anna), NOTHING);
    });
}

#[test]
fn a_guard_whose_arguments_cannot_be_had_refuses() {
    awake_and_asleep(prepared, |world| {
        let error = world.try_connect("/", json!({ "nam": "anna" })).expect_err("no name");
        assert_eq!(error.message, "auth: missing field `name`");
        assert!(world.try_connect("/", json!({ "name": "anna" })).is_ok());
    });
}

/// An app with a guard that waits.
fn waiting() -> App {
    App::new().namespace("/", |ns| {
        ns.guard(async |io: Io, Auth(auth): Auth<Value>| {
            if auth == json!({}) {
                return Ok(());
            }
            io.log("asked");
            gate("database").await;
            io.log("told");
            if auth["name"] == "mallory" { Err("not authorized") } else { Ok(()) }
        })
        .on_connect(async |socket: Socket| socket.broadcast().emit("came", ()))
        .on("x", async |args: Args| Ack(args))
    })
}

#[test]
fn a_guard_may_wait_and_holds_nobody_else() {
    awake_and_napping(waiting, |world| {
        let [ben] = clients(world, "/");
        world.nap();
        let anna = world.client().auth(json!({ "name": "anna" })).start("/").expect("a connection");
        let mallory = world.client().auth(json!({ "name": "mallory" })).polling().start("/").expect("a connection");
        assert!(anna.outcome().is_none() && mallory.outcome().is_none());
        let ack = ben.emit_with_ack("x", 1);
        assert_eq!(answer(&ack).as_deref(), Some("[1]"));
        assert_eq!(heard(&ben), NOTHING);
        world.open("database");
        let anna = anna.outcome().expect("an answer").expect("she is let in");
        let error = mallory.outcome().expect("an answer").expect_err("he is not");
        assert_eq!(error.message, "not authorized");
        assert_eq!(heard(&ben), ["came []"]);
        let ack = anna.emit_with_ack("x", 2);
        assert_eq!(answer(&ack).as_deref(), Some("[2]"));
    });
}

#[test]
fn who_leaves_while_a_guard_waits_is_forgotten() {
    awake_and_napping(waiting, |world| {
        let [ben] = clients(world, "/");
        world.nap();
        world.client().auth(json!({ "name": "anna" })).start("/").expect("a connection").close();
        world.open("database");
        assert_eq!(heard(&ben), NOTHING);
        assert_eq!(world.logged(), ["asked", "told"]);
        world.sleep();
        let ack = ben.emit_with_ack("x", 1);
        assert_eq!(answer(&ack).as_deref(), Some("[1]"));
    });
}

/// An app with packet middleware: one that forbids an event, and one that waits.
fn packets() -> App {
    App::new().namespace("/", |ns| {
        ns.guard_event(async |EventName(name): EventName, io: Io| {
            io.log(format!("guard 1: {name}"));
            if &*name == "forbidden" { Err(Failure::new("FORBIDDEN", "unauthorized event")) } else { Ok(()) }
        })
        .guard_event(async |EventName(name): EventName, args: Args, io: Io| {
            io.log(format!("guard 2: {name} {}", args.to_json()));
            if &*name == "slow" {
                gate("database").await;
            }
        })
        .on_any(async |EventName(name): EventName, io: Io| io.log(format!("any: {name}")))
        .fallback(async |socket: Socket, EventName(name): EventName, args: Args| {
            socket.emit("done", &*name)?;
            Ok::<_, EmitError>(Ack(args))
        })
        .on_error(async |io: Io, id: SocketId, ns: Namespace, event: Option<EventName>, failure: Failure| {
            assert!(io.socket(id).is_some());
            let event = event.map(|EventName(event)| event);
            io.log(format!("error in {}: {event:?} {} {failure}", ns.as_str(), failure.code()));
        })
    })
}

#[test]
fn packet_middleware_sees_events_in_order_before_their_handlers() {
    awake_and_asleep(packets, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("x", (1, "two"));
        assert_eq!(world.logged(), ["any: x", "guard 1: x", r#"guard 2: x [1,"two"]"#]);
        assert_eq!(heard(&anna), [r#"done ["x"]"#]);
        assert_eq!(answer(&ack).as_deref(), Some(r#"[1,"two"]"#));
    });
}

#[test]
fn an_event_that_packet_middleware_rejects_goes_to_on_error_and_to_who_asked() {
    awake_and_asleep(packets, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("forbidden", ());
        let rejected =
            ["any: forbidden", "guard 1: forbidden", r#"error in /: Some("forbidden") FORBIDDEN unauthorized event"#];
        assert_eq!(world.logged(), rejected);
        assert_eq!(heard(&anna), NOTHING);
        world.nap();
        let ack = anna.emit_with_ack("forbidden", ());
        let told = r#"[{"status":"error","error":{"code":"FORBIDDEN","message":"unauthorized event"}}]"#;
        assert_eq!(
            answer(&ack).map(|text| serde_json::from_str::<Value>(&text).expect("JSON")),
            serde_json::from_str(told).ok()
        );
        assert_eq!(world.logged()[3..], rejected);
        anna.emit("x", ());
        assert_eq!(heard(&anna), [r#"done ["x"]"#]);
    });
}

#[test]
fn while_packet_middleware_waits_later_events_of_the_socket_wait_behind_it() {
    awake_and_napping(packets, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("slow", 1);
        let acks = ["x", "forbidden", "slow", "y"].map(|event| anna.emit_with_ack(event, ()));
        assert_eq!(heard(&anna), NOTHING);
        ben.emit("x", ());
        assert_eq!(heard(&ben), [r#"done ["x"]"#]);
        world.open("database");
        // The second `slow` delays the events behind it, too.
        assert_eq!(heard(&anna), [r#"done ["slow"]"#, r#"done ["x"]"#]);
        assert!(acks[1].args().is_some() && acks[2].args().is_none());
        world.open("database");
        assert_eq!(heard(&anna), [r#"done ["slow"]"#, r#"done ["y"]"#]);
        assert!(acks.iter().all(|ack| ack.args().is_some()));
    });
}

#[test]
fn events_of_a_socket_that_left_while_packet_middleware_waited_are_lost() {
    awake_and_napping(packets, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("slow", 1);
        anna.emit("x", ());
        anna.disconnect();
        world.open("database");
        let again = anna.also_connect("/");
        again.emit("y", ());
        assert_eq!(heard(&again), [r#"done ["y"]"#]);
        assert_eq!(heard(&ben), NOTHING);
        let calls = world.logged();
        assert!(!calls.iter().any(|line| line == "guard 1: x"), "{calls:?}");
        world.sleep();
    });
}

#[test]
fn data_that_a_guard_takes_is_checked() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.guard_event(async |Data(n): Data<u32>| if n > 9 { Err("too large") } else { Ok(()) })
                .fallback(async |Data(n): Data<u32>| Ack(n))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        let [small, large, text] = [json!(9), json!(10), json!("9")].map(|n| anna.emit_with_ack("x", (n,)));
        assert_eq!(answer(&small).as_deref(), Some("[9]"));
        assert!(answer(&large).is_some_and(|told| told.contains(r#""message":"too large""#)));
        assert!(answer(&text).is_some_and(|told| told.contains(r#""code":"INVALID_ARGUMENTS""#)));
    });
}

/// A guard that waits is lost with the memory; the CONNECT is not, and its guards are called again.
#[test]
fn a_guard_that_waited_when_the_world_slept_is_asked_again() {
    awake_and_napping(waiting, |world| {
        let [ben] = clients(world, "/");
        let anna = world.client().auth(json!({ "name": "anna" })).start("/").expect("a connection");
        let mallory = world.client().auth(json!({ "name": "mallory" })).start("/").expect("a connection");
        for asked in [2, 4, 6] {
            assert_eq!(world.logged().iter().filter(|line| *line == "asked").count(), asked);
            assert!(anna.outcome().is_none() && mallory.outcome().is_none());
            if asked < 6 {
                world.sleep();
                let ack = ben.emit_with_ack("x", 1);
                assert_eq!(answer(&ack).as_deref(), Some("[1]"));
            }
        }
        world.open("database");
        let anna = anna.outcome().expect("an answer").expect("she is let in");
        let error = mallory.outcome().expect("an answer").expect_err("he is not");
        assert_eq!(error.message, "not authorized");
        assert_eq!(heard(&ben), ["came []"]);
        world.nap();
        assert_eq!(answer(&anna.emit_with_ack("x", 2)).as_deref(), Some("[2]"));
        assert_eq!(world.logged().iter().filter(|line| *line == "told").count(), 2);
    });
}
