//! Rooms, and operations on many sockets at once.

use dormouse::error::JoinError;
use dormouse::socket::Reason;
use dormouse::testing::{Disconnected, TestClient};
use dormouse::{Ack, App, Data, Failure, Io, Room, Socket, SocketId};
use serde_json::{Value, json};

use crate::kit::{NOTHING, World, answer, awake_and_asleep, clients, heard};

/// An app with an event for each operation; `rooms` acknowledges with the socket's rooms, the one of its own id as `me`.
fn app() -> App {
    fn rooms(socket: &Socket) -> Vec<String> {
        let name = |room: &Room| if *room == socket.id().into() { "me".to_owned() } else { room.as_str().to_owned() };
        socket.rooms().iter().map(name).collect()
    }
    fn namespace(ns: dormouse::routing::Routes) -> dormouse::routing::Routes {
        ns.on("join", async |socket: Socket, Data(names): Data<Vec<String>>| {
            socket.join(names)?;
            Ok::<_, JoinError>(Ack(rooms(&socket)))
        })
        .on("join one", async |socket: Socket, Data(name): Data<String>| socket.join(&name))
        .on("leave", async |socket: Socket, Data(names): Data<Vec<String>>| {
            socket.leave(names.as_slice());
            Ack(rooms(&socket))
        })
        .on("leave me", async |socket: Socket| {
            socket.leave(socket.id());
            Ack(rooms(&socket))
        })
        .on("rooms", async |socket: Socket| Ack(rooms(&socket)))
        .on("say", async |io: Io, Data(name): Data<String>| io.to(&name).emit("said", name))
        .on_disconnect(async |socket: Socket, reason: Reason| socket.broadcast().emit("left", reason.as_str()))
    }
    App::new().namespace("/", |ns| namespace(ns).on("many", many)).namespace("/other", namespace)
}

/// Performs one of the operations on many sockets, selected by `what`.
async fn many(io: Io, Data((what, id)): Data<(String, SocketId)>) -> Result<Ack<Value>, Failure> {
    match &*what {
        "join all" => io.sockets_join("all")?,
        "join from a room" => io.within("red").sockets_join(["a", "b"])?,
        "join by id" => io.within(id).sockets_join("picked")?,
        "join in another namespace" => io.of("/other")?.within("red").sockets_join("blue")?,
        "leave all" => io.sockets_leave("all"),
        "leave from a room" => io.within("a").sockets_leave(["a", "b"]),
        "leave by id" => io.to(id).sockets_leave("picked"),
        "disconnect" => io.within("red").disconnect_sockets(false),
        "disconnect and close" => io.local().within("red").disconnect_sockets(true),
        "disconnect by id" => io.within(id).disconnect_sockets(false),
        "disconnect all" => io.disconnect_sockets(true),
        "fetch" => {
            let found = [
                io.sockets().len(),
                io.fetch_sockets().await.len(),
                io.all_sockets().await.len(),
                io.within("red").fetch_sockets().await.len(),
                io.local().within("red").except("blue").all_sockets().await.len(),
                io.of("/other")?.fetch_sockets().await.len(),
                io.within("nobody").fetch_sockets().await.len() + io.within("nobody").sockets().len(),
            ];
            return Ok(Ack(json!(found)));
        }
        _ => return Err(Failure::new("WHAT", what)),
    }
    Ok(Ack(Value::Null))
}

fn ask(client: &TestClient, event: &str, args: Value) -> Value {
    let told = answer(&client.emit_with_ack(event, (args,))).expect("an answer");
    let values: Vec<Value> = serde_json::from_str(&told).expect("JSON");
    values.into_iter().next().unwrap_or_default()
}

fn do_to_many(world: &World, client: &TestClient, what: &str, whom: &TestClient) -> Value {
    world.nap();
    let told = answer(&client.emit_with_ack("many", (what, whom.id()))).expect("an answer");
    let values: Vec<Value> = serde_json::from_str(&told).expect("JSON");
    values.into_iter().next().unwrap_or_default()
}

#[test]
fn a_socket_joins_and_leaves_rooms() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        assert_eq!(ask(&anna, "rooms", json!(null)), json!(["me"]));
        anna.emit("join one", "room 237");
        world.nap();
        assert_eq!(
            ask(&anna, "join", json!(["room 237", "room 238", "room 239"])),
            json!(["me", "room 237", "room 238", "room 239"])
        );
        world.nap();
        ben.emit("say", "room 238");
        assert_eq!(heard(&anna), [r#"said ["room 238"]"#]);
        assert_eq!(ask(&anna, "leave", json!(["room 238", "never joined"])), json!(["me", "room 237", "room 239"]));
        world.nap();
        assert_eq!(ask(&anna, "rooms", json!(null)), json!(["me", "room 237", "room 239"]));
        ben.emit("say", "room 238");
        assert_eq!(heard(&anna), NOTHING);
    });
}

#[test]
fn a_socket_stays_in_the_room_of_its_id() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        assert_eq!(ask(&anna, "leave me", json!(null)), json!(["me"]));
        world.nap();
        ben.emit("say", anna.id());
        assert_eq!(heard(&anna), [format!(r#"said ["{}"]"#, anna.id())]);
        // Others may join it, as any other room.
        ben.emit("join one", anna.id());
        world.nap();
        anna.emit("say", anna.id());
        assert_eq!((heard(&anna).len(), heard(&ben).len()), (1, 1));
    });
}

#[test]
fn a_socket_in_two_rooms_hears_once() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on_connect(async |socket: Socket| socket.join(["red", "blue"]))
                .on("say", async |io: Io| io.to(["red", "blue"]).to("red").emit("said", ()))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("say", ());
        assert_eq!((heard(&anna), heard(&ben)), (vec!["said []".to_owned()], vec!["said []".to_owned()]));
    });
}

#[test]
fn rooms_are_left_with_the_namespace() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        anna.emit("join one", "red");
        world.nap();
        anna.disconnect();
        let again = anna.also_connect("/");
        world.nap();
        ben.emit("say", "red");
        assert_eq!(heard(&again), NOTHING);
        assert_eq!(ask(&again, "rooms", json!(null)), json!(["me"]));
    });
}

#[test]
fn many_sockets_join_and_leave_at_once() {
    awake_and_asleep(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        let [other] = clients(world, "/other");
        for client in [&anna, &ben, &other] {
            client.emit("join one", "red");
        }
        let rooms = || [&anna, &ben, &cleo, &other].map(|client| ask(client, "rooms", json!(null)));
        do_to_many(world, &anna, "join all", &anna);
        do_to_many(world, &anna, "join from a room", &anna);
        do_to_many(world, &anna, "join by id", &cleo);
        do_to_many(world, &anna, "join in another namespace", &anna);
        let red = json!(["me", "a", "all", "b", "red"]);
        assert_eq!(rooms(), [red.clone(), red, json!(["me", "all", "picked"]), json!(["me", "blue", "red"])]);
        do_to_many(world, &anna, "leave all", &anna);
        do_to_many(world, &anna, "leave by id", &cleo);
        do_to_many(world, &anna, "leave from a room", &anna);
        assert_eq!(rooms(), [json!(["me", "red"]), json!(["me", "red"]), json!(["me"]), json!(["me", "blue", "red"])]);
    });
}

#[test]
fn sockets_are_fetched_and_counted() {
    awake_and_asleep(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        let [_other] = clients(world, "/other");
        anna.emit("join one", "red");
        ben.emit("join one", "red");
        ben.emit("join one", "blue");
        assert_eq!(do_to_many(world, &anna, "fetch", &anna), json!([3, 3, 3, 2, 1, 1, 0]));
        cleo.close();
        assert_eq!(do_to_many(world, &anna, "fetch", &anna), json!([2, 2, 2, 2, 1, 1, 0]));
    });
}

#[test]
fn many_sockets_are_disconnected_from_the_namespace() {
    awake_and_asleep(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        let other = ben.also_connect("/other");
        for client in [&ben, &other] {
            client.emit("join one", "red");
        }
        do_to_many(world, &anna, "disconnect", &anna);
        assert_eq!(ben.disconnected(), Some(Disconnected::ByServer));
        assert!(other.is_connected() && cleo.is_connected());
        assert_eq!(heard(&cleo), [r#"left ["server namespace disconnect"]"#]);
        // The connection stays open.
        world.nap();
        assert_eq!(ask(&other, "rooms", json!(null)), json!(["me", "red"]));
        let again = ben.also_connect("/");
        do_to_many(world, &anna, "disconnect by id", &again);
        assert_eq!(again.disconnected(), Some(Disconnected::ByServer));
        assert_eq!(heard(&cleo), [r#"left ["server namespace disconnect"]"#]);
    });
}

#[test]
fn many_sockets_are_disconnected_and_their_connections_closed() {
    awake_and_asleep(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        let other = ben.also_connect("/other");
        let [listener] = clients(world, "/other");
        ben.emit("join one", "red");
        do_to_many(world, &anna, "disconnect and close", &anna);
        assert!(!ben.is_connected() && !other.is_connected());
        assert_eq!(heard(&cleo), [r#"left ["server namespace disconnect"]"#]);
        assert_eq!(heard(&listener), [r#"left ["server namespace disconnect"]"#]);
        world.nap();
        // The client that asks is disconnected, too, so it gets no acknowledgement.
        anna.emit("many", ("disconnect all", anna.id()));
        assert!(!anna.is_connected() && !cleo.is_connected() && listener.is_connected());
        world.nap();
        let [again] = clients(world, "/");
        assert_eq!(do_to_many(world, &again, "fetch", &again), json!([1, 1, 1, 0, 0, 1, 0]));
    });
}

#[test]
fn a_fetched_socket_does_what_every_socket_does() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("all", async |socket: Socket, io: Io| {
                for other in io.sockets().into_iter().filter(|other| *other != socket) {
                    other.emit("picked", other.id())?;
                    other.join("picked")?;
                    other.set_data("picked")?;
                }
                Ok::<_, Failure>(Ack(io.within("picked").fetch_sockets().await.len()))
            })
            .on("end", async |io: Io| {
                io.within("picked").fetch_sockets().await.iter().for_each(|other| other.disconnect(true));
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        assert_eq!(ask(&anna, "all", json!(null)), json!(2));
        for client in [&ben, &cleo] {
            assert_eq!(heard(client), [format!(r#"picked ["{}"]"#, client.id())]);
        }
        world.nap();
        anna.emit("end", ());
        assert!(anna.is_connected() && !ben.is_connected() && !cleo.is_connected());
    });
}

/// An app in which sockets join many rooms; `join all` acknowledges with the sockets that could not join.
fn crowded() -> App {
    fn names(from: u32, to: u32) -> Vec<String> {
        (from..to).map(|n| n.to_string()).collect()
    }
    App::new().namespace("/", |ns| {
        ns.on("join", async |socket: Socket, Data((from, to)): Data<(u32, u32)>| {
            socket.join(names(from, to))?;
            Ok::<_, JoinError>(Ack(socket.rooms().len()))
        })
        .on("join all", async |io: Io, Data((from, to)): Data<(u32, u32)>| {
            Ack(match io.sockets_join(names(from, to)) {
                Ok(()) => Vec::new(),
                Err(JoinError::TooManyRooms(sockets)) => sockets,
                Err(other) => panic!("{other}"),
            })
        })
        .on("join by name", async |socket: Socket, Data(name): Data<String>| Ok::<_, Failure>(socket.join(name)?))
        .on("join all by name", async |io: Io, Data(name): Data<String>| io.sockets_join(name))
        .on("count", async |socket: Socket| Ack(socket.rooms().len()))
    })
}

#[test]
fn a_socket_is_in_ten_thousand_rooms_at_most() {
    awake_and_asleep(crowded, |world| {
        let [anna] = clients(world, "/");
        assert_eq!(answer(&anna.emit_with_ack("join", (0, 10_000))).as_deref(), Some("[10001]"));
        world.nap();
        let problem = format!("the socket {} would be in more than 10000 rooms; leave some first", anna.id());
        let error = json!({ "status": "error", "error": { "code": "TOO_MANY_ROOMS", "message": problem } });
        assert_eq!(answer(&anna.emit_with_ack("join", (9_999, 10_001))), Some(json!([error]).to_string()));
        world.nap();
        // Rooms that it is in already are not counted again.
        assert_eq!(answer(&anna.emit_with_ack("join", (0, 10_000))).as_deref(), Some("[10001]"));
        assert_eq!(world.logged(), NOTHING);
    });
}

#[test]
fn who_asks_many_sockets_to_join_is_told_which_cannot() {
    awake_and_asleep(crowded, |world| {
        let [anna, ben] = clients(world, "/");
        assert_eq!(answer(&anna.emit_with_ack("join", (0, 9_999))).as_deref(), Some("[10000]"));
        world.nap();
        let told = answer(&ben.emit_with_ack("join all", (10_000, 10_002)));
        assert_eq!(told, Some(json!([[anna.id()]]).to_string()));
        world.nap();
        assert_eq!(answer(&anna.emit_with_ack("count", ())).as_deref(), Some("[10000]"), "all of the rooms or none");
        assert_eq!(answer(&ben.emit_with_ack("count", ())).as_deref(), Some("[3]"));
        assert_eq!(answer(&ben.emit_with_ack("join all", (10_000, 10_001))).as_deref(), Some("[[]]"));
    });
}

#[test]
fn the_name_of_a_room_has_its_bound() {
    awake_and_asleep(crowded, |world| {
        let [anna] = clients(world, "/");
        let problem = "the name of a room has 4097 bytes, and may have 4096; use a shorter one";
        let error = json!({ "status": "error", "error": { "code": "ROOM_NAME_TOO_LONG", "message": problem } });
        for event in ["join by name", "join all by name"] {
            world.nap();
            let told = answer(&anna.emit_with_ack(event, "x".repeat(4_097)));
            assert_eq!(told, Some(json!([error]).to_string()), "{event}");
        }
        world.nap();
        anna.emit("join by name", "x".repeat(4_096));
        assert_eq!(answer(&anna.emit_with_ack("count", ())).as_deref(), Some("[2]"));
        assert_eq!(world.logged(), NOTHING);
    });
}
