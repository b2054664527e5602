//! Every way to select the recipients of an event, and the kinds of arguments.

use bytes::Bytes;
use dormouse::error::EmitError;
use dormouse::testing::TestClient;
use dormouse::{Ack, App, Args, Data, Failure, Io, Room, Socket, SocketId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::kit::{World, answer, awake_and_asleep, clients, heard};

/// Emits in one of many ways, selected by `how`.
async fn say(socket: Socket, io: Io, Data((how, id)): Data<(String, SocketId)>) -> Result<(), EmitError> {
    match &*how {
        "socket.emit" => socket.emit("e", 1),
        "socket.send" => socket.send(1),
        "socket.to" => socket.to("red").emit("e", 1),
        "socket.within" => socket.within("red").emit("e", 1),
        "socket.to chain" => socket.to("red").to("blue").emit("e", 1),
        "socket.to list" => socket.to(["red", "blue"]).emit("e", 1),
        "socket.to Vec" => socket.to(vec![Room::new("red"), Room::new("blue")]).send(1),
        "socket.to slice" => socket.to(["red".to_owned(), "blue".to_owned()].as_slice()).emit("e", 1),
        "socket.to its own id" => socket.to(socket.id()).emit("e", 1),
        "socket.to id" => socket.to(id).emit("e", 1),
        "socket.except" => socket.except("red").emit("e", 1),
        "socket.to except" => socket.to("red").except("blue").emit("e", 1),
        "socket.broadcast" => socket.broadcast().emit("e", 1),
        "socket.broadcast except" => socket.broadcast().except(["red", "blue"]).emit("e", 1),
        "socket.local" => socket.local().emit("e", 1),
        "socket.volatile" => socket.volatile().emit("e", 1),
        "socket.compress" => socket.compress(false).emit("e", 1),
        "socket.volatile broadcast" => socket.volatile().broadcast().emit("e", 1),
        "socket.volatile to" => socket.volatile().to("red").emit("e", 1),
        "socket.compress within" => socket.compress(true).within("red").emit("e", 1),
        "socket.volatile except" => socket.volatile().except("red").emit("e", 1),
        "io.emit" => io.emit("e", 1),
        "io.send" => io.send(1),
        "io.to" => io.to("red").emit("e", 1),
        "io.within" => io.within("red").emit("e", 1),
        "io.to chain" => io.to("red").to("blue").except("both").emit("e", 1),
        "io.to list" => io.to(["red", "blue"]).emit("e", 1),
        "io.except" => io.except("red").emit("e", 1),
        "io.except chain" => io.except("red").except(["blue"]).emit("e", 1),
        "io.to its own id" => io.to(socket.id()).emit("e", 1),
        "io.local" => io.local().to("red").emit("e", 1),
        "io.volatile" => io.volatile().emit("e", 1),
        "io.compress" => io.compress(true).to("red").within("blue").local().emit("e", 1),
        "io.to nobody" => io.to("nobody").emit("e", 1),
        "io.socket" => match io.socket(id) {
            Some(other) => other.emit("e", 1),
            None => Ok(()),
        },
        "socket.io" => socket.io().emit("e", 1),
        "io.of" => match io.of("/other") {
            Ok(other) => other.emit("e", 1),
            Err(_) => Ok(()),
        },
        _ => Err(EmitError::UnknownAckHandler(how)),
    }
}

fn who_hears() -> App {
    App::new()
        .namespace("/", |ns| {
            ns.on("join", async |socket: Socket, Data(rooms): Data<Vec<String>>| socket.join(rooms)).on("say", say)
        })
        .namespace("/other", |ns| ns)
}

/// Returns clients: the sender, one in `red`, one in `blue`, one in both, one in neither, and one in another namespace.
fn everybody(world: &World) -> [TestClient; 6] {
    let [sender, red, blue, both, neither] = clients(world, "/");
    let other = world.connect("/other");
    for (client, rooms) in [(&red, &["red"][..]), (&blue, &["blue"]), (&both, &["red", "blue", "both"])] {
        client.emit("join", (rooms,));
    }
    [sender, red, blue, both, neither, other]
}

#[test]
fn every_form_reaches_whom_it_names_once() {
    // The recipients: s(ender), r(ed), b(lue), 2 (both), n(either), o(ther namespace).
    let forms = [
        ("socket.emit", "s"),
        ("socket.send", "s"),
        ("socket.to", "r2"),
        ("socket.within", "r2"),
        ("socket.to chain", "rb2"),
        ("socket.to list", "rb2"),
        ("socket.to Vec", "rb2"),
        ("socket.to slice", "rb2"),
        ("socket.to its own id", ""),
        ("socket.to id", "n"),
        ("socket.except", "bn"),
        ("socket.to except", "r"),
        ("socket.broadcast", "rb2n"),
        ("socket.broadcast except", "n"),
        ("socket.local", "rb2n"),
        ("socket.volatile", "s"),
        ("socket.compress", "s"),
        ("socket.volatile broadcast", "rb2n"),
        ("socket.volatile to", "r2"),
        ("socket.compress within", "r2"),
        ("socket.volatile except", "bn"),
        ("io.emit", "srb2n"),
        ("io.send", "srb2n"),
        ("io.to", "r2"),
        ("io.within", "r2"),
        ("io.to chain", "rb"),
        ("io.to list", "rb2"),
        ("io.except", "sbn"),
        ("io.except chain", "sn"),
        ("io.to its own id", "s"),
        ("io.local", "r2"),
        ("io.volatile", "srb2n"),
        ("io.compress", "rb2"),
        ("io.to nobody", ""),
        ("io.socket", "n"),
        ("socket.io", "srb2n"),
        ("io.of", "o"),
    ];
    awake_and_asleep(who_hears, |world| {
        let everybody = everybody(world);
        for (form, expected) in forms {
            world.nap();
            everybody[0].emit("say", (form, everybody[4].id()));
            let event = if form.ends_with("send") || form == "socket.to Vec" { "message [1]" } else { "e [1]" };
            let mut hearers = String::new();
            for (client, letter) in everybody.iter().zip("srb2no".chars()) {
                let events = heard(client);
                assert!(
                    events.iter().all(|heard| heard == event) && events.len() < 2,
                    "{form}: {letter} heard {events:?}"
                );
                hearers.extend(events.iter().map(|_| letter));
            }
            assert_eq!(hearers, expected, "{form}");
        }
        assert_eq!(world.logged(), [""; 0]);
    });
}

#[derive(Serialize, Deserialize)]
struct Scene {
    name: String,
    tiles: Vec<Tile>,
}

#[derive(Serialize, Deserialize)]
struct Tile {
    image: Bytes,
}

#[test]
fn arguments_are_typed_values_of_any_number() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("none", async |socket: Socket| socket.emit("e", ()))
                .on("one", async |socket: Socket| socket.emit("e", "world"))
                .on("tuple", async |socket: Socket| socket.emit("e", (1, "2", json!({ "3": "4" }), None::<u8>, [5, 6])))
                .on("one array", async |socket: Socket| socket.emit("e", ((1, 2),)))
                .on("list", async |socket: Socket| socket.emit("e", vec![1, 2]))
                .on("raw", async |socket: Socket| {
                    let raw = RawValue::from_string(r#"{"b": 1.50, "a":  [ ]}"#.to_owned())?;
                    socket.emit("e", (raw, true))?;
                    Ok::<_, Failure>(())
                })
                .on("typed", async |socket: Socket, Data((mut scene, n)): Data<(Scene, u8)>| {
                    scene.name.push('!');
                    socket.emit("e", (scene, n))
                })
                .on("pass", async |socket: Socket, args: Args| socket.emit("e", args))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        for (event, expected) in [
            ("none", "e []"),
            ("one", r#"e ["world"]"#),
            ("tuple", r#"e [1,"2",{"3":"4"},null,[5,6]]"#),
            ("one array", "e [[1,2]]"),
            ("list", "e [[1,2]]"),
            ("raw", r#"e [{"b": 1.50, "a":  [ ]},true]"#),
        ] {
            world.nap();
            anna.emit(event, ());
            assert_eq!(heard(&anna), [expected], "{event}");
        }
    });
}

#[test]
fn bytes_may_be_anywhere_in_an_argument() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("typed", async |socket: Socket, Data((mut scene, n)): Data<(Scene, u8)>| {
                scene.tiles.reverse();
                socket.emit("e", (Bytes::from_static(b"zero"), scene, n))
            })
            .on("pass", async |socket: Socket, args: Args| {
                socket.emit("e", args.clone())?;
                Ok::<_, EmitError>(Ack(args))
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        let scene = || {
            let tiles = ["one", "two"].map(|image| Tile { image: image.into() });
            Scene { name: "map".to_owned(), tiles: tiles.into() }
        };
        world.nap();
        anna.emit("typed", (scene(), 7));
        let event = anna.next_event().expect("an event");
        let holder = |n: u8| json!({ "image": { "_placeholder": true, "num": n } });
        let values: Vec<Value> = event.args.to_values().expect("JSON");
        let zero = json!({ "_placeholder": true, "num": 0 });
        assert_eq!(values, [zero, json!({ "name": "map", "tiles": [holder(1), holder(2)] }), json!(7)]);
        assert_eq!(event.args.attachments(), ["zero", "two", "one"]);
        world.nap();
        let ack = anna.emit_with_ack("pass", (scene(), 7));
        let event = anna.next_event().expect("an event");
        assert_eq!(event.args.attachments(), ["one", "two"]);
        assert_eq!(ack.args(), Some(event.args));
    });
}

#[test]
fn a_reserved_name_is_an_error_and_nothing_is_sent() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("say", async |socket: Socket, io: Io, Data(name): Data<String>| {
                let errors = [
                    socket.emit(&name, 1),
                    socket.broadcast().emit(&name, 1),
                    io.emit(&name, 1),
                    socket.ack_to("none", ()).emit(&name, 1),
                    socket.emit_with_ack::<u8>(&name, 1).await.map(|_| ()).map_err(|error| match error {
                        dormouse::error::AckError::Emit(error) => error,
                        other => EmitError::Context(other.to_string()),
                    }),
                ];
                Ack(errors.map(|result| result.map_err(|error| error.to_string()).err()))
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        for name in ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"] {
            let told = answer(&anna.emit_with_ack("say", name)).expect("an answer");
            let message = format!("Socket.IO keeps the event name {name:?} for itself");
            assert_eq!(
                serde_json::from_str::<Value>(&told).ok(),
                Some(json!([message, message, message, message, message]))
            );
        }
        assert_eq!((heard(&anna).len(), heard(&ben).len()), (0, 0));
    });
}

#[test]
fn what_cannot_be_sent_is_an_error_and_nothing_is_sent() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("it is broken"))
        }
    }
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("broken", async |socket: Socket| socket.emit("e", (1, Broken)))
                .on("too many", async |socket: Socket| socket.emit("e", (vec![Bytes::from_static(b"x"); 11],)))
                .on("answer", async || Ack(Broken))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        for (event, problem) in [("broken", "it is broken"), ("too many", "10"), ("answer", "it is broken")] {
            world.nap();
            let told = answer(&anna.emit_with_ack(event, ())).expect("an answer");
            assert!(told.contains(problem) && told.contains(r#""status":"error""#), "{told}");
        }
        assert_eq!(heard(&anna).len(), 0);
    });
}

#[test]
fn what_is_emitted_to_who_is_gone_is_no_error() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("x", async |socket: Socket, io: Io| {
                socket.disconnect(false);
                assert!(!socket.is_connected() && io.socket(socket.id()).is_none());
                socket.emit("e", 1)?;
                assert_eq!(socket.join("nowhere"), Ok(()));
                assert!(io.within("nowhere").fetch_sockets().await.is_empty());
                socket.broadcast().emit("e", 2)
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("x", ());
        assert_eq!((heard(&anna), heard(&ben)), (vec![], vec!["e [2]".to_owned()]));
        assert_eq!(world.logged(), [""; 0]);
    });
}

#[test]
fn an_empty_list_of_rooms_is_everybody() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("io", async |io: Io| io.to(Vec::<Room>::new()).emit("e", io.to([""; 0]).fetch_sockets().await.len()))
                .on("socket", async |socket: Socket| socket.to(Vec::<Room>::new()).emit("e", ()))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("io", ());
        assert_eq!([heard(&anna), heard(&ben)], [["e [2]"]; 2]);
        world.nap();
        anna.emit("socket", ());
        assert_eq!((heard(&anna), heard(&ben)), (vec![], vec!["e []".to_owned()]));
    });
}

#[test]
fn a_sockets_id_is_what_its_client_was_told() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("who am I", async |socket: Socket, id: SocketId| Ack((socket.id(), id)))
                .on("who", async |io: Io, Data(id): Data<SocketId>| Ack(io.socket(id).map(|socket| socket.id())))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        for client in [&anna, &ben] {
            world.nap();
            let ack = client.emit_with_ack("who am I", ());
            assert_eq!(answer(&ack), Some(json!([client.id(), client.id()]).to_string()));
        }
        world.nap();
        assert_eq!(answer(&anna.emit_with_ack("who", ben.id())), Some(json!([ben.id()]).to_string()));
        assert_eq!(ben.id().to_string().len(), 20);
    });
}
