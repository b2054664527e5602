//! A socket's data, its handshake and its connection.

use core::time::Duration;

use dormouse::socket::Handshake;
use dormouse::testing::TestClient;
use dormouse::{Ack, App, Auth, Data, Failure, Io, Namespace, Socket, SocketId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kit::{answer, awake_and_asleep, clients};

fn ask(client: &TestClient, event: &str, args: Value) -> Value {
    let told = answer(&client.emit_with_ack(event, (args,))).expect("an answer");
    let values: Vec<Value> = serde_json::from_str(&told).expect("JSON");
    values.into_iter().next().unwrap_or_default()
}

#[derive(Default, Serialize, Deserialize)]
struct Player {
    name: String,
    points: u32,
}

fn players() -> App {
    App::new().namespace("/", |ns| {
        ns.on("name", async |socket: Socket, Data(name): Data<String>| {
            let player: Player = socket.data()?;
            socket.set_data(&Player { name, ..player })
        })
        .on("score", async |socket: Socket| {
            let mut player: Player = socket.data()?;
            player.points += 1;
            socket.set_data(&player)?;
            Ok::<_, Failure>(Ack(player.points))
        })
        .on("all", async |io: Io| {
            let players: Vec<Player> = io.fetch_sockets().await.iter().map(Socket::data).collect::<Result<_, _>>()?;
            let mut names: Vec<String> =
                players.into_iter().map(|one| format!("{} {}", one.name, one.points)).collect();
            names.sort();
            Ok::<_, Failure>(Ack((names,)))
        })
        .on("set", async |socket: Socket, Data(length): Data<usize>| {
            socket.set_data(&"x".repeat(length))?;
            Ok::<_, Failure>(Ack(length))
        })
        .on("length", async |socket: Socket| socket.data::<String>().map(|data| Ack(data.len())))
        .on_disconnect(async |socket: Socket, io: Io| {
            io.log(socket.data::<Player>()?.name);
            Ok::<_, Failure>(())
        })
    })
}

#[test]
fn data_is_typed_and_survives() {
    awake_and_asleep(players, |world| {
        let [anna, ben] = clients(world, "/");
        anna.emit("name", "anna");
        world.nap();
        assert_eq!(ask(&anna, "score", json!(null)), json!(1));
        world.nap();
        assert_eq!(ask(&anna, "score", json!(null)), json!(2));
        world.nap();
        assert_eq!(ask(&ben, "all", json!(null)), json!([" 0", "anna 2"]));
        // Data need not be an object.
        assert_eq!(ask(&ben, "set", json!(3)), json!(3));
        world.nap();
        assert_eq!(ask(&ben, "length", json!(null)), json!(3));
        let told = ask(&ben, "score", json!(null));
        assert_eq!(told["status"], "error");
        // Readable in on_disconnect, and not by the next client.
        anna.lose();
        assert_eq!(world.logged()[1..], ["anna"]);
        let [again] = clients(world, "/");
        assert_eq!(ask(&again, "score", json!(null)), json!(1));
    });
}

#[test]
fn data_may_be_long_but_not_too_long() {
    awake_and_asleep(players, |world| {
        let [anna] = clients(world, "/");
        // Two quotation marks are stored, too.
        assert_eq!(ask(&anna, "set", json!(65_534)), json!(65_534));
        world.nap();
        let told = ask(&anna, "set", json!(65_535));
        let problem = "a socket's data has 65537 bytes, and may have 65536";
        assert_eq!(told["error"], json!({ "code": "DATA_TOO_LONG", "message": problem }));
        world.nap();
        assert_eq!(ask(&anna, "length", json!(null)), json!(65_534));
    });
}

/// An app whose handlers return what they know about their client.
fn looking() -> App {
    fn look(handshake: &Handshake) -> Value {
        json!({
            "url": handshake.url(),
            "query": handshake.query().collect::<Vec<_>>(),
            "v": handshake.query_param("v"),
            "headers": handshake.headers().collect::<Vec<_>>(),
            "cookie": handshake.header("cookie"),
            "xdomain": handshake.is_xdomain(),
            "secure": handshake.is_secure(),
            "address": handshake.address(),
            "issued": handshake.issued().as_millis(),
            "time": handshake.time(),
            "auth": handshake.auth::<Value>().unwrap_or_default(),
        })
    }
    App::new()
        .namespace("/", |ns| {
            ns.on("look", async |handshake: Handshake, socket: Socket| {
                assert_eq!(socket.handshake().map(|own| look(&own)), Some(look(&handshake)));
                Ack(look(&handshake))
            })
            .on("auth", async |Auth(auth): Auth<Value>| Ack(auth))
            .on("conn", async |socket: Socket| {
                let conn = socket.conn();
                Ack(conn
                    .map(|conn| json!([conn.transport(), conn.upgraded(), conn.protocol(), conn.id().as_str().len()])))
            })
            .on("ids", async |id: SocketId, ns: Namespace, socket: Socket| {
                Ack(json!([
                    id == socket.id(),
                    ns == *socket.namespace(),
                    socket.io().name().as_str(),
                    socket.param("n")
                ]))
            })
            .on("count", async |io: Io| Ack(io.clients_count()))
            .on_disconnect(async |handshake: Handshake, socket: Socket, io: Io| {
                let conn = socket.conn().map(|conn| (conn.transport(), conn.upgraded()));
                io.log(format!("{} {conn:?}", handshake.query_param("v").unwrap_or_default()));
            })
        })
        .namespace("/other", |ns| ns.on("auth", async |Auth(auth): Auth<Value>| Ack(auth)))
}

#[test]
fn the_handshake_is_that_of_the_first_request() {
    awake_and_asleep(looking, |world| {
        world.advance(Duration::from_millis(500));
        let client = world.client().header("Cookie", "a=b").header("Origin", "https://example.com").query("v", "1 & ü");
        let anna = client.auth(json!({ "token": "abc" })).connect("/");
        world.advance(Duration::from_mins(3));
        world.nap();
        let url = "/socket.io/?EIO=4&transport=websocket&v=1+%26+%C3%BC";
        let expected = json!({
            "url": url,
            "query": [["EIO", "4"], ["transport", "websocket"], ["v", "1 & ü"]],
            "v": "1 & ü",
            "headers": [["origin", "https://example.com"]],
            "cookie": null,
            "xdomain": true,
            "secure": false,
            "address": "",
            "issued": 1_800_000_000_500_u64,
            "time": "Fri Jan 15 2027 08:00:00 GMT+0000 (Coordinated Universal Time)",
            "auth": { "token": "abc" },
        });
        assert_eq!(ask(&anna, "look", json!(null)), expected);
        assert_eq!(ask(&anna, "ids", json!(null)), json!([true, true, "/", null]));
    });
}

/// The app of `looking`, which also keeps two headers that are not kept otherwise.
fn keeping() -> App {
    looking().engine(|engine| engine.keep_headers(["Cookie", "x-device"]))
}

#[test]
fn an_app_keeps_more_headers_if_it_says_so() {
    awake_and_asleep(keeping, |world| {
        let client = || world.client().header("Cookie", "a=b").header("Authorization", "c").header("X-Device", "d");
        for (client, polls) in [(client(), false), (client().polling(), true)] {
            let anna = client.header("x-other", "e").connect("/");
            if polls {
                anna.upgrade();
            }
            world.nap();
            let told = ask(&anna, "look", json!(null));
            assert_eq!(told["headers"], json!([["cookie", "a=b"], ["x-device", "d"]]));
        }
    });
}

#[test]
fn the_platform_says_where_a_client_comes_from() {
    awake_and_asleep(looking, |world| {
        let anna = world.client().address("203.0.113.7").secure().connect("/");
        world.nap();
        let told = ask(&anna, "look", json!(null));
        assert_eq!(
            (&told["address"], &told["secure"], &told["xdomain"]),
            (&json!("203.0.113.7"), &json!(true), &json!(false))
        );
        // The next client has its own address.
        let [ben] = clients(world, "/");
        assert_eq!(ask(&ben, "look", json!(null))["address"], "");
    });
}

#[test]
fn auth_is_each_namespaces_own() {
    awake_and_asleep(looking, |world| {
        let anna = world.try_connect("/", json!({ "token": 1 })).expect("let in");
        let other = anna.try_also_connect("/other", json!({ "token": 2 })).expect("let in");
        let [none] = clients(world, "/other");
        world.nap();
        assert_eq!(ask(&anna, "auth", json!(null)), json!({ "token": 1 }));
        assert_eq!(ask(&other, "auth", json!(null)), json!({ "token": 2 }));
        assert_eq!(ask(&none, "auth", json!(null)), json!({}));
    });
}

#[test]
fn a_connection_that_upgrades_keeps_its_first_request() {
    awake_and_asleep(looking, |world| {
        let anna = world.client().polling().header("cookie", "a=b").query("v", "first").connect("/");
        assert_eq!(ask(&anna, "conn", json!(null)), json!(["polling", false, 4, 20]));
        let before = ask(&anna, "look", json!(null));
        anna.upgrade();
        world.nap();
        assert_eq!(ask(&anna, "conn", json!(null)), json!(["websocket", true, 4, 20]));
        world.nap();
        assert_eq!(ask(&anna, "look", json!(null)), before);
        assert_eq!(before["query"], json!([["EIO", "4"], ["transport", "polling"], ["v", "first"]]));
        world.nap();
        anna.lose();
        assert_eq!(world.logged(), [r#"first Some(("websocket", true))"#]);
        let direct = world.connect("/");
        assert_eq!(ask(&direct, "conn", json!(null)), json!(["websocket", false, 4, 20]));
    });
}

#[test]
fn clients_are_counted_whatever_they_joined() {
    awake_and_asleep(looking, |world| {
        let anna = world.connect("/");
        let _same = anna.also_connect("/other");
        let _other = world.connect("/other");
        world.nap();
        assert_eq!(ask(&anna, "count", json!(null)), json!(2));
        let polling = world.client().polling().connect("/other");
        assert_eq!(ask(&anna, "count", json!(null)), json!(3));
        polling.close();
        world.nap();
        assert_eq!(ask(&anna, "count", json!(null)), json!(2));
    });
}
