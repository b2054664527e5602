//! What happens outside of a turn, and what a turn causes after the client is gone.

use core::cell::RefCell;
use core::time::Duration;

use dormouse::error::EmitError;
use dormouse::socket::Reason;
use dormouse::testing::TestWorld;
use dormouse::{App, Data, Io, Socket};
use serde_json::json;

use crate::kit::{NOTHING, awake_and_asleep, awake_and_napping, clients, heard};

thread_local! {
    static KEPT: RefCell<Option<Socket>> = const { RefCell::new(None) };
}

/// A task that the app started by itself may use a handle while the world is awake and handles nothing.
#[test]
fn what_a_handle_does_between_two_turns_is_performed() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("keep", async |socket: Socket| KEPT.set(Some(socket)))
                .on("ping", async |socket: Socket| socket.emit("pong", ()))
                .on_disconnect(async |io: Io| io.emit("left", ()))
        })
    };
    awake_and_napping(app, |world| {
        let [anna, ben] = clients(world, "/");
        world.nap();
        anna.emit("keep", ());
        let kept = KEPT.take().expect("a socket");
        kept.emit("late", (1,)).expect("emitted");
        kept.broadcast().emit("late", (2,)).expect("emitted");
        world.advance(Duration::ZERO);
        assert_eq!(heard(&anna), ["late [1]"]);
        assert_eq!(heard(&ben), ["late [2]"]);

        // It comes before what the next turn does.
        kept.emit("late", (3,)).expect("emitted");
        anna.emit("ping", ());
        assert_eq!(heard(&anna), ["late [3]", "pong []"]);

        // Its handlers are called, too.
        kept.disconnect(false);
        world.advance(Duration::ZERO);
        assert_eq!(heard(&ben), ["left []"]);
        assert!(!anna.is_connected());
    });
}

/// A world with a client that polls cannot hibernate, so there is only one run.
#[test]
fn a_polling_client_with_too_much_unsent_leaves_with_its_handlers() {
    let app = || {
        App::new().namespace("/", |ns| {
            ns.on("say", async |io: Io, Data(text): Data<String>| io.emit("said", text))
                .on("kick", async |io: Io| io.disconnect_sockets(false))
                .on_disconnect(async |io: Io, reason: Reason| io.log(reason.as_str()))
        })
    };
    let world = TestWorld::new(app).with_variable("MAX_BUFFERED_BYTES", "1000");
    let anna = world.connect("/");
    let ben = world.client().polling().connect("/");
    ben.stop_reading();
    // The first is the response to the pending GET; the others are more than may be unsent when the DISCONNECT comes.
    anna.emit("say", "x");
    for _ in 0..9 {
        anna.emit("say", "x".repeat(900));
    }
    anna.emit("kick", ());
    assert_eq!(world.log(), ["server namespace disconnect", "server namespace disconnect"]);
}

/// An app that logs the calls of handlers in `/rooms/{n}`. Its guard sends more than a polling client may have unsent.
fn rooms() -> App {
    App::new()
        .namespace("/rooms/{n}", |ns| {
            ns.guard(async |socket: Socket| {
                for _ in 0..10 {
                    socket.emit("history", "x".repeat(900))?;
                }
                Ok::<_, EmitError>(())
            })
            .on_connect(async |io: Io| io.log("joined"))
            .on_disconnecting(async |io: Io| io.log("leaving"))
            .on_disconnect(async |io: Io| io.log("left"))
        })
        .on_new_namespace(async |io: Io| io.log("new"))
}

/// The response to CONNECT ends the session. To handlers, the socket has never been there.
#[test]
fn a_client_that_overflows_when_it_is_accepted_has_no_handlers_called() {
    let world = TestWorld::new(rooms).with_variable("MAX_BUFFERED_BYTES", "1000");
    let ben = world.client().polling().start("/rooms/1").expect("a connection");
    assert!(ben.outcome().is_some_and(|outcome| outcome.is_err()));
    assert_eq!(world.log(), NOTHING);
    // A client that may have more unsent joins.
    let world = TestWorld::new(rooms);
    let ben = world.client().polling().connect("/rooms/1");
    ben.close();
    assert_eq!(world.log(), ["new", "joined", "leaving", "left"]);
}

/// The handlers of `on_disconnect` undo what those of `on_connect` did.
#[test]
fn a_socket_that_leaves_before_its_on_connect_has_no_on_disconnect() {
    let app = || {
        App::new()
            .namespace("/", |ns| ns.on_disconnect(async |io: Io| io.log("left /")))
            .namespace("/closed/{n}", |ns| {
                ns.on_connect(async |io: Io| io.log("joined"))
                    .on_disconnecting(async |io: Io| io.log("leaving"))
                    .on_disconnect(async |io: Io| io.log("left"))
            })
            .on_new_namespace(async |io: Io| io.disconnect_sockets(false))
    };
    awake_and_asleep(app, |world| {
        let [anna] = clients(world, "/");
        assert!(anna.try_also_connect("/closed/1", json!({})).is_err());
        assert_eq!(world.logged(), NOTHING);
        anna.disconnect();
        assert_eq!(world.logged(), ["left /"]);
    });
}
