//! Catch-all handlers of outgoing events: `on_any_outgoing`.

use core::cell::Cell;

use dormouse::extract::EventName;
use dormouse::testing::TestWorld;
use dormouse::{Ack, App, Args, Io, Socket, SocketId};

use crate::kit::{World, awake_and_asleep, clients, heard};

fn app() -> App {
    async fn outgoing(io: Io, id: SocketId, EventName(name): EventName, args: Args) {
        io.log(format!("{id} {name} {}", args.to_json()));
    }
    App::new()
        .namespace("/", |ns| {
            ns.on_any_outgoing(outgoing)
                .prepend_any_outgoing(async |io: Io| io.log("first"))
                .on_any_outgoing(async |socket: Socket, io: Io, EventName(name): EventName| {
                    // Events that this handler itself emits call no `on_any_outgoing` handlers.
                    if &*name == "echo" {
                        socket.emit("recursion", ())?;
                        io.to(socket.id()).emit("recursion", ())?;
                    }
                    Ok::<_, dormouse::error::EmitError>(())
                })
                .on("say", async |socket: Socket, args: Args| socket.emit("said", args))
                .on("tell", async |socket: Socket, args: Args| socket.broadcast().emit("told", args))
                .on("nobody", async |io: Io| io.to("nobody").emit("told", ()))
                .on("echo", async |socket: Socket| socket.emit("echo", ()))
                .on("ack", async || Ack(1))
                .on("ask", async |socket: Socket| drop(socket.emit_with_ack::<u8>("q", ())))
                .on("reply", async |socket: Socket| socket.ack_to("r", ()).emit("q", ()))
                .on_ack("r", async || ())
        })
        .namespace("/quiet", |ns| ns.on("say", async |socket: Socket, args: Args| socket.emit("said", args)))
}

fn taken(world: &World, before: usize) -> Vec<String> {
    world.logged().split_off(before)
}

#[test]
fn it_is_called_for_each_socket_that_is_sent_an_event() {
    awake_and_asleep(app, |world| {
        let [anna, ben, cleo] = clients(world, "/");
        world.nap();
        anna.emit("say", (1, 2));
        assert_eq!(world.logged(), ["first", &format!("{} said [1,2]", anna.id())]);
        world.nap();
        anna.emit("tell", 3);
        let told = |id| format!("{id} told [3]");
        assert_eq!(taken(world, 2), ["first", &told(ben.id()), "first", &told(cleo.id())]);
        world.nap();
        anna.emit("nobody", ());
        assert_eq!(world.logged().len(), 6);
        assert_eq!([&anna, &ben, &cleo].map(heard), [["said [1,2]"], ["told [3]"], ["told [3]"]]);
    });
}

#[test]
fn it_hears_questions_and_no_acknowledgements() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        let ack = anna.emit_with_ack("ack", ());
        assert!(ack.args().is_some());
        assert_eq!(world.logged(), [""; 0]);
        anna.emit("ask", ());
        anna.emit("reply", ());
        let q = format!("{} q []", anna.id());
        assert_eq!(world.logged(), ["first", &q, "first", &q]);
    });
}

#[test]
fn what_it_emits_itself_calls_it_no_more() {
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("echo", ());
        assert_eq!(heard(&anna), ["echo []", "recursion []", "recursion []"]);
        assert_eq!(world.logged(), ["first", &format!("{} echo []", anna.id())]);
    });
}

#[test]
fn another_namespace_is_not_watched() {
    awake_and_asleep(app, |world: &World| {
        let world: &TestWorld = world;
        let [anna] = clients(world, "/quiet");
        anna.emit("say", 1);
        assert_eq!(heard(&anna), ["said [1]"]);
        assert_eq!(world.log(), [""; 0]);
    });
}

/// Whether a client is ready for a volatile event is decided when it is sent, after the handlers were called.
#[test]
fn it_hears_volatile_events_that_are_dropped_and_not_what_guards_emit() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.guard(async |socket: Socket| socket.emit("welcome", ()))
                .on_any_outgoing(outgoing_name)
                .on("fill", async |io: Io| io.emit("fill", "x".repeat(5_000)))
                .on("position", async |socket: Socket| socket.broadcast().volatile().emit("position", ()))
        })
    };
    awake_and_asleep(app, |world| {
        let [anna, ben] = [world.connect("/"), world.connect("/")];
        assert_eq!([heard(&anna), heard(&ben)], [["welcome []"]; 2]);
        assert_eq!(world.logged(), [""; 0]);
        ben.stop_reading();
        anna.emit("fill", ());
        world.nap();
        anna.emit("position", ());
        assert_eq!(taken(world, 0), ["fill", "fill", "position"]);
        ben.read_again();
        assert_eq!(ben.take_events().len(), 1, "the event that was dropped");
    });
}

async fn outgoing_name(io: Io, EventName(name): EventName) {
    io.log(&*name);
}

/// If an `on_any_outgoing` handler fails, events that the error handler emits must not call it again.
#[test]
fn its_errors_end_although_their_handler_emits() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on_any_outgoing(async |io: Io, EventName(name): EventName| {
                io.log(&*name);
                let calls = CALLS.get() + 1;
                CALLS.set(calls);
                // A bound, so that this test ends even if it fails.
                if calls < 1_000 { Err("failed") } else { Ok(()) }
            })
            .on_error(async |socket: Socket| drop(socket.emit("error", ())))
            .on("say", async |socket: Socket| socket.emit("said", ()))
        })
    };
    awake_and_asleep(app, |world| {
        CALLS.set(0);
        let [anna] = clients(world, "/");
        world.nap();
        anna.emit("say", ());
        assert!(CALLS.get() < 10, "{} calls for one event", CALLS.get());
        assert_eq!(heard(&anna).first().map(String::as_str), Some("said []"));
    });
}

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}
