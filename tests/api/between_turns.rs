//! What happens outside of a turn, and what a turn causes after the client is gone.

use core::cell::RefCell;
use core::time::Duration;

use dormouse::socket::Reason;
use dormouse::testing::TestWorld;
use dormouse::{App, Data, Io, Socket};

use crate::kit::{awake_and_napping, clients, heard};

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
    // The first is the response to the pending GET; the second is more than may be unsent when the DISCONNECT comes.
    anna.emit("say", "x");
    anna.emit("say", "x".repeat(900));
    anna.emit("say", "x".repeat(900));
    anna.emit("kick", ());
    assert_eq!(world.log(), ["server namespace disconnect", "server namespace disconnect"]);
}
