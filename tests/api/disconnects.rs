//! How sockets leave, and what their handlers can read: each of Socket.IO's reasons.

use core::time::Duration;

use dormouse::routing::Routes;
use dormouse::socket::Reason;
use dormouse::testing::{Disconnected, TestClient};
use dormouse::{Ack, App, Io, Socket};

use crate::kit::{NOTHING, World, awake_and_asleep, clients, heard, with_variable};

/// An app that logs what handlers know about a socket that leaves.
fn app() -> App {
    fn who(socket: &Socket) -> String {
        let rooms: Vec<String> = socket.rooms().iter().skip(1).map(|room| room.as_str().to_owned()).collect();
        let is_own = socket.rooms().first() == Some(&socket.id().into());
        format!("{rooms:?} {is_own} {}", socket.is_connected())
    }
    fn routes(ns: Routes) -> Routes {
        ns.on_connect(async |socket: Socket| socket.join("red"))
            .on("leave", async |socket: Socket| socket.disconnect(false))
            .on("hang up", async |socket: Socket| socket.disconnect(true))
            .on("close", async |io: Io| io.close())
            .on("count", async |io: Io| Ack(io.clients_count()))
            .on_disconnecting(async |socket: Socket, reason: Reason, io: Io| {
                io.log(format!("disconnecting: {reason} {}", who(&socket)));
                // Reaches the other sockets in its rooms, not the socket itself.
                let _ = socket.to(socket.rooms()).emit("leaves", reason.as_str());
                let _ = socket.emit("too late", ());
            })
            .on_disconnect(async |socket: Socket, reason: Reason, io: Io| {
                io.log(format!("disconnect: {reason} {} {}", who(&socket), io.sockets().len()));
            })
    }
    App::new().namespace("/", routes).namespace("/other", routes)
}

fn expect(world: &World, reason: &str, left: usize) {
    let logged = world.logged();
    let expected = [
        format!(r#"disconnecting: {reason} ["red"] true false"#),
        format!(r#"disconnect: {reason} ["red"] true false {left}"#),
    ];
    assert_eq!(logged[logged.len().saturating_sub(2)..], expected);
}

/// Lets one of two clients leave, and asserts the reason and that the other one stays.
fn leaves(reason: &str, how: fn(&World, &TestClient)) {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        how(world, &anna);
        expect(world, reason, 1);
        assert_eq!(heard(&ben), [format!(r#"leaves ["{reason}"]"#)]);
        assert_eq!(heard(&anna), NOTHING);
        assert_eq!(world.logged().len(), 2);
        assert!(ben.is_connected());
    });
}

#[test]
fn the_server_disconnects_a_socket() {
    leaves("server namespace disconnect", |_, anna| {
        anna.emit("leave", ());
        assert_eq!(anna.disconnected(), Some(Disconnected::ByServer));
    });
}

#[test]
fn the_client_leaves_the_namespace() {
    leaves("client namespace disconnect", |_, anna| anna.disconnect());
}

#[test]
fn the_client_closes_the_connection() {
    leaves("transport close", |_, anna| anna.close());
}

#[test]
fn the_connection_is_lost() {
    leaves("transport error", |_, anna| anna.lose());
}

#[test]
fn the_client_does_not_answer_pings() {
    leaves("ping timeout", |world, anna| {
        anna.stop_reading();
        world.advance(Duration::from_mins(2));
        anna.read_again();
    });
}

#[test]
fn a_packet_cannot_be_read() {
    leaves("parse error", |_, anna| anna.send_packet("what?"));
}

#[test]
fn the_client_breaks_the_rules_of_socket_io() {
    leaves("forced close", |_, anna| anna.send_packet("49"));
    // Text where an attachment is expected.
    leaves("forced close", |_, anna| {
        anna.send_packet(r#"451-["x",{"_placeholder":true,"num":0}]"#);
        anna.send_packet(r#"42["x"]"#);
    });
}

#[test]
fn the_client_is_in_no_state_for_its_packet() {
    leaves("forced close", |_, anna| anna.send_packet(r#"42/other,["x"]"#));
    // A second CONNECT to a joined namespace.
    leaves("forced close", |_, anna| anna.send_packet("40"));
}

#[test]
fn closing_the_connection_disconnects_from_every_namespace() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        let other = anna.also_connect("/other");
        world.nap();
        anna.emit("hang up", ());
        assert!(!anna.is_connected() && !other.is_connected() && ben.is_connected());
        let reasons: Vec<String> =
            world.logged().iter().filter(|line| line.starts_with("disconnect:")).cloned().collect();
        assert_eq!(reasons.len(), 2);
        assert!(reasons.iter().all(|line| line.contains("server namespace disconnect")));
        assert_eq!(heard(&ben), [r#"leaves ["server namespace disconnect"]"#]);
    });
}

#[test]
fn who_is_leaving_has_its_rooms_and_is_found_by_nobody() {
    let app = || {
        App::new().namespace("/", |ns| {
            let found = async |socket: Socket, io: Io| {
                let (own, all) = (socket.rooms().len(), io.sockets().len());
                let in_room = io.to("red").fetch_sockets().await.len();
                io.log(format!("{own} {in_room} {all} {}", io.socket(socket.id()).is_some()));
            };
            ns.on_connect(async |socket: Socket| socket.join("red")).on("look", found).on_disconnecting(found)
        })
    };
    awake_and_asleep(app, |world| {
        let [anna, _ben] = clients(world, "/");
        world.nap();
        anna.emit("look", ());
        world.nap();
        anna.close();
        assert_eq!(world.logged(), ["2 2 2 true", "2 1 1 false"]);
    });
}

#[test]
fn the_server_shuts_down() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        let other = world.connect("/other");
        let polling = world.client().polling().connect("/");
        anna.emit("close", ());
        assert!([&anna, &ben, &other, &polling].iter().all(|client| !client.is_connected()));
        let logged = world.logged();
        let disconnects = logged.iter().filter(|line| line.starts_with("disconnect: server shutting down"));
        assert_eq!((disconnects.count(), logged.len()), (4, 8));
        world.sleep();
        // Clients can connect again.
        let [again] = clients(world, "/");
        assert!(again.is_connected());
    });
}

#[test]
fn who_joins_nothing_in_time_is_closed() {
    with_variable(app, "CONNECT_TIMEOUT_MS", "1000", |world| {
        let [anna] = clients(world, "/");
        let refused = world.client().start("/nowhere").expect("a connection");
        assert_eq!(
            refused.outcome().and_then(Result::err).map(|error| error.message).as_deref(),
            Some("Invalid namespace")
        );
        let count = || anna.emit_with_ack("count", ()).args().map(|args| args.to_json());
        world.advance(Duration::from_millis(999));
        assert_eq!(count().as_deref(), Some("[2]"));
        world.nap();
        world.advance(Duration::from_millis(1));
        assert_eq!(count().as_deref(), Some("[1]"));
        // A client that has joined a namespace once may stay.
        let other = anna.also_connect("/other");
        other.disconnect();
        world.advance(Duration::from_mins(1));
        assert!(anna.is_connected());
    });
}

#[test]
fn a_client_that_polls_leaves_for_the_same_reasons() {
    for (how, reason) in [
        (TestClient::close as fn(&TestClient), "transport close"),
        (TestClient::disconnect, "client namespace disconnect"),
        (|client| client.emit("leave", ()), "server namespace disconnect"),
        (|client| client.send_packet("what?"), "parse error"),
        (|client| client.send_packet("49"), "forced close"),
    ] {
        awake_and_asleep(app, |world| {
            let polling = world.client().polling().connect("/");
            how(&polling);
            expect(world, reason, 0);
        });
    }
}

#[test]
fn the_last_events_arrive_before_the_disconnect() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("leave", async |socket: Socket| {
                socket.emit("bye", 1)?;
                socket.disconnect(true);
                socket.emit("never", 2)
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        let polling = world.client().polling().connect("/");
        for client in [&anna, &polling] {
            client.emit("leave", ());
            assert_eq!(heard(client), ["bye [1]"]);
            assert_eq!(client.disconnected(), Some(Disconnected::ByServer));
        }
    });
}
