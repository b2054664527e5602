//! What a client sends beyond its account, of whatever kind: it counts as refused, and who goes on is closed with 1008.

use dormouse::testing::{TestClient, TestWorld};
use dormouse::{Ack, App, Failure, Io, Socket};

use crate::kit::{answer, clients, napping_with};

/// An app that answers `x`, asks the sender of `ask`, and notes who left.
fn app() -> App {
    App::new().namespace("/", |ns| {
        ns.on("x", async || Ack(1))
            .on("ask", async |socket: Socket| {
                let named: String = socket.emit_with_ack("name", ()).await?;
                Ok::<_, Failure>(Ack(named))
            })
            .on("ask_later", async |socket: Socket| socket.ack_to("named", ()).emit("name", ()))
            .on_ack("named", async |io: Io| io.log("named"))
            .on_disconnect(async |io: Io| io.log("left"))
    })
}

fn is_good(client: &TestClient) -> bool {
    answer(&client.emit_with_ack("x", false)).as_deref() == Some("[1]")
}

fn send(client: &TestClient, packet: &str, times: usize) {
    for _ in 0..times {
        if client.is_connected() {
            client.send_packet(packet);
        }
    }
}

fn lines(world: &TestWorld, end: &str) -> usize {
    world.log().iter().filter(|line| line.ends_with(end)).count()
}

#[test]
fn who_floods_with_acknowledgements_that_nobody_awaits_is_closed() {
    for packet in ["43[]", "430[]", r#"4377["x"]"#, "6"] {
        napping_with(app, &[("MAX_PACKETS_PER_SECOND", "1")], |world| {
            let [anna, ben] = clients(world, "/");
            world.nap();
            send(&anna, packet, 1_000);
            assert!(anna.is_connected(), "{packet}");
            send(&anna, packet, 20);
            assert!(!anna.is_connected(), "{packet}");
            assert!(is_good(&ben));
            assert_eq!((lines(world, "it may"), lines(world, "left")), (if packet.len() > 1 { 2 } else { 1 }, 1));
        });
    }
}

#[test]
fn a_second_acknowledgement_of_the_same_event_is_one_that_nobody_awaits() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("ask", async |io: Io| {
                let answers = io.emit_with_ack::<String>("name", ()).await?;
                Ok::<_, Failure>(Ack(answers.into_iter().map(|(_, name)| name).collect::<Vec<_>>()))
            })
        })
    };
    napping_with(app, &[("MAX_PACKETS_PER_SECOND", "1")], |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        let asked = ben.emit_with_ack("ask", ());
        let question = anna.next_event().expect("a question");
        for _ in 0..1_100 {
            if anna.is_connected() {
                anna.ack(&question, "Anna");
            }
        }
        assert!(!anna.is_connected());
        ben.ack(&ben.next_event().expect("a question"), "Ben");
        assert_eq!(answer(&asked).as_deref(), Some(r#"[["Anna","Ben"]]"#));
    });
}

#[test]
fn an_acknowledgement_that_the_server_asked_for_is_handled_whatever_the_client_owes() {
    napping_with(app, &[("MAX_PACKETS_PER_SECOND", "1")], |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let asked = anna.emit_with_ack("ask", ());
        anna.emit("ask_later", ());
        let questions = anna.take_events();
        send(&anna, "43[]", 500);
        assert!(!is_good(&anna));
        anna.ack(&questions[0], "Anna");
        anna.ack(&questions[1], "Anna");
        assert_eq!(answer(&asked).as_deref(), Some(r#"["Anna"]"#));
        assert_eq!(lines(world, "named"), 1);
    });
}

#[test]
fn long_packets_count_as_more_refusals() {
    napping_with(app, &[("MAX_BYTES_PER_SECOND", "100000")], |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        let long = format!(r#"430["{}"]"#, "x".repeat(900_000));
        // The first two are within the account; each of the others counts as 14.
        send(&anna, &long, 2 + 70);
        assert!(anna.is_connected());
        send(&anna, &long, 3);
        assert!(!anna.is_connected());
        assert!(is_good(&ben));
    });
}

#[test]
fn attachments_of_packets_that_are_refused_count() {
    napping_with(app, &[("MAX_PACKETS_PER_SECOND", "1")], |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        let placeholders: Vec<_> = (0..10).map(|num| format!(r#"{{"_placeholder":true,"num":{num}}}"#)).collect();
        let announced = format!(r#"4510-["x",{}]"#, placeholders.join(","));
        for _ in 0..100 {
            send(&anna, &announced, 1);
            send(&anna, "bAA==", 10);
        }
        assert!(!anna.is_connected());
        assert_eq!(lines(world, "is closed with 1008: it sends or causes more than it may"), 1);
        assert!(is_good(&ben));
    });
}

#[test]
fn who_leaves_its_namespaces_beyond_its_account_is_out_and_still_counted() {
    let app = || app().namespace("/{name}", |ns| ns.on_disconnect(async |io: Io| io.log("left")));
    napping_with(app, &[("MAX_PACKETS_PER_SECOND", "2")], |world| {
        let [anna, ben] = clients(world, "/");
        let others: Vec<_> = (0..8).map(|n| anna.also_connect(&format!("/{n}"))).collect();
        world.nap();
        send(&anna, "43[]", 1_000);
        for other in &others {
            if anna.is_connected() {
                other.disconnect();
            }
        }
        assert_eq!(lines(world, "left"), 8);
        assert!(anna.is_connected());
        assert!(is_good(&ben));
    });
}
