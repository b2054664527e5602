//! The order of events and their handlers, with handlers that wait.

use dormouse::error::EmitError;
use dormouse::{Ack, App, Args, Data, Io, Socket};

use crate::kit::{NOTHING, answer, awake_and_asleep, awake_and_napping, clients, gate, heard};

fn app() -> App {
    App::new().namespace("/", |ns| {
        ns.on("say", async |socket: Socket, args: Args| socket.broadcast().emit("said", args))
            .on("slow", async |socket: Socket, Data(text): Data<String>| {
                socket.broadcast().emit("before", &text)?;
                gate("slow").await;
                socket.broadcast().emit("after", &text)?;
                Ok::<_, EmitError>(Ack(text))
            })
            .on("two", async |io: Io| {
                io.emit("first", 1)?;
                gate("slow").await;
                io.emit("first", 2)
            })
            .on("two", async |io: Io| io.emit("second", 1))
    })
}

#[test]
fn a_clients_events_reach_handlers_in_order() {
    awake_and_asleep(app, |world| {
        let [anna, ben] = clients(world, "/");
        let polling = world.client().polling().connect("/");
        for n in 0..100 {
            anna.emit("say", n);
        }
        let expected: Vec<String> = (0..100).map(|n| format!("said [{n}]")).collect();
        assert_eq!((heard(&ben), heard(&polling)), (expected.clone(), expected.clone()));
        for n in 0..100 {
            polling.emit("say", n);
        }
        assert_eq!(heard(&ben), expected);
    });
}

#[test]
fn a_handler_that_waits_blocks_nobody_not_even_its_own_socket() {
    awake_and_napping(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("slow", "one");
        ben.emit("say", 1);
        anna.emit("say", 2);
        // As in Node, later events of the same client do not wait for the handler, and what it emitted before waiting is sent.
        assert_eq!(heard(&cleo), [r#"before ["one"]"#, "said [1]", "said [2]"]);
        assert_eq!(answer(&ack), None);
        world.open("slow");
        assert_eq!(heard(&cleo), [r#"after ["one"]"#]);
        assert_eq!(answer(&ack).as_deref(), Some(r#"["one"]"#));
    });
}

#[test]
fn handlers_of_one_event_do_not_wait_for_each_other() {
    awake_and_napping(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("two", ());
        assert_eq!(heard(&anna), ["first [1]", "second [1]"]);
        world.open("slow");
        assert_eq!(heard(&anna), ["first [2]"]);
    });
}

#[test]
fn handlers_that_wait_go_on_in_the_order_in_which_they_can() {
    awake_and_napping(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        let acks =
            [(&anna, "one"), (&ben, "two"), (&anna, "three")].map(|(client, text)| client.emit_with_ack("slow", text));
        assert_eq!(heard(&cleo), [r#"before ["one"]"#, r#"before ["two"]"#, r#"before ["three"]"#]);
        world.open("slow");
        assert_eq!(heard(&cleo), [r#"after ["one"]"#, r#"after ["two"]"#, r#"after ["three"]"#]);
        assert!(acks.iter().all(|ack| ack.args().is_some()));
    });
}

#[test]
fn what_a_handler_does_takes_effect_at_once() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("x", async |socket: Socket, io: Io| {
                socket.join("red").expect("room for one");
                let joined = io.within("red").fetch_sockets().await.len();
                socket.leave("red");
                socket.set_data(&7).expect("short");
                let data: u32 = socket.data().expect("a number");
                Ack((joined, io.within("red").fetch_sockets().await.len(), data))
            })
        })
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        assert_eq!(answer(&anna.emit_with_ack("x", ())).as_deref(), Some("[1,0,7]"));
    });
}

#[test]
fn a_handler_whose_socket_left_goes_on() {
    awake_and_napping(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("slow", "one");
        anna.close();
        assert_eq!(heard(&ben), [r#"before ["one"]"#]);
        world.open("slow");
        assert_eq!(heard(&ben), [r#"after ["one"]"#]);
        assert_eq!(world.logged(), NOTHING);
    });
}

#[test]
fn a_handler_that_waits_is_lost_with_the_memory_and_its_client_is_not() {
    awake_and_napping(app, |world| {
        let [anna, ben] = clients(world, "/");
        let ack = anna.emit_with_ack("slow", "one");
        world.lose_memory();
        world.open("slow");
        assert_eq!((heard(&ben), answer(&ack)), (vec![r#"before ["one"]"#.to_owned()], None));
        anna.emit("say", 1);
        assert_eq!(heard(&ben), ["said [1]"]);
    });
}
